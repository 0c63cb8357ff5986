#include "twins/cluster/attempt.h"

#include "twins/cluster/sched_queue.h"
#include "twins/cluster/volumes.h"

#define NOWHERE UINT32_MAX

/* ---- one attempt ---------------------------------------------------- */

/* A DaemonSet's pod has its own. */
static void look_at_own(
	struct tw_world *world, struct tw_attempt *it, struct tw_buf *why)
{
	const struct tw_scheduler *s = &world->pods->scheduler;
	const struct tw_replica *replica = &world->model->replicas[it->replica];
	uint32_t own = world->model->revisions[replica->revision]
			       .own_nodes[replica->ordinal];
	struct tw_sched_reason refusal =
		tw_sched_volumes_refuse(s->volumes, own);

	if (refusal.status != TW_SCHED_OK) {
		if (why)
			tw_preempt_not_on(world, refusal.text, why);
	} else if (tw_scheduler_has_room(
			   s, tw_pod_class(world, it->replica), own))
		it->node = own;
	else
		tw_preempt_find_on(
			world, it->replica, own, &it->candidate, why);
}

static void decide(struct tw_world *world, uint32_t replica,
	struct tw_attempt *to, struct tw_buf *why)
{
	struct tw_scheduler *s = &world->pods->scheduler;
	const struct tw_replica *it = &world->model->replicas[replica];
	uint32_t nominated = tw_pod_of(world, replica)->nominated;

	if (world->model->revisions[it->revision].own_nodes) {
		look_at_own(world, to, why);
		return;
	}
	if (nominated && tw_scheduler_fits(s, tw_pod_class(world, replica),
				 nominated - 1)) {
		to->node = nominated - 1;
		return;
	}
	to->node = tw_scheduler_choose(
		s, tw_pod_class(world, replica), it->hash, why);
	if (to->node == NOWHERE)
		tw_preempt_find(world, replica, &to->candidate, why);
}

void tw_attempt_begin(struct tw_world *world, uint32_t replica,
	struct tw_attempt *to, struct tw_buf *why)
{
	struct tw_pod_volumes volumes;

	*to = (struct tw_attempt){.replica = replica,
		.held = true,
		.node = NOWHERE,
		.candidate = {.node = TW_NONE}};
	tw_nominated_hold(world, replica, true);
	if (world->volumes)
		tw_volumes_ask(world, replica, &volumes);
	decide(world, replica, to, why);
	if (world->volumes)
		tw_volumes_asked(world);
}

static void let_go(struct tw_world *world, struct tw_attempt *attempt)
{
	if (attempt->held)
		tw_nominated_hold(world, attempt->replica, false);
	attempt->held = false;
}

void tw_attempt_preempt(struct tw_world *world, struct tw_attempt *attempt)
{
	let_go(world, attempt);
	if (attempt->candidate.node != TW_NONE)
		tw_preempt(world, attempt->replica, &attempt->candidate);
}

void tw_attempt_end(struct tw_world *world, struct tw_attempt *attempt)
{
	let_go(world, attempt);
	tw_vec_release(&attempt->candidate.victims);
}

/* ---- those whose turn it is ----------------------------------------- */

static void tell(struct tw_world *world, uint32_t replica,
	enum tw_tap_kind kind, const char *node, const char *cause)
{
	tw_world_tap(world, .kind = kind,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica,
		.node = node, .cause = cause);
}

static void failed(struct tw_world *world,
	const struct tw_sched_waiting *waiting, struct tw_attempt *attempt,
	const char *why)
{
	struct tw_pod *pod = &world->pods->all[waiting->pod];

	pod->attempts++;
	if (why)
		tell(world, waiting->pod, TW_TAP_PENDING, NULL, why);
	tw_sched_queue_park(world->pods->queue, waiting, pod->attempts,
		tw_world_now(world));
	if (attempt->candidate.node == TW_NONE && !attempt->candidate.waits) {
		let_go(world, attempt);
		tw_nominated_clear(world, waiting->pod);
	}
	tw_attempt_preempt(world, attempt);
}

/* Why is told of its first failure. */
static void schedule(
	struct tw_world *world, const struct tw_sched_waiting *waiting)
{
	bool tells = (world->tap || world->chronicle) &&
		     !tw_pod_of(world, waiting->pod)->attempts;
	struct tw_attempt attempt;
	struct tw_buf why = {0};
	uint32_t node;

	tw_attempt_begin(world, waiting->pod, &attempt, tells ? &why : NULL);
	node = attempt.node;
	if (node == NOWHERE)
		failed(world, waiting, &attempt,
			tells ? tw_buf_text(&why) : NULL);
	tw_attempt_end(world, &attempt);
	tw_buf_release(&why);
	if (node == NOWHERE)
		return;
	tw_nominated_clear(world, waiting->pod);
	tell(world, waiting->pod, TW_TAP_SCHEDULED,
		world->model->nodes[node].name, NULL);
	tw_pod_bind(world, waiting->pod, node);
}

/* An event for those whose back-off ends, one at a time. */
static void wait_for_parked(struct tw_world *world)
{
	struct tw_pods *pods = world->pods;
	tw_time at = pods->queue->next_check;

	if (at == pods->wakes_at)
		return;
	pods->wakes_at = at;
	if (at != TW_NEVER)
		tw_queue_schedule(&world->queue, at, TW_CLASS_WORLD,
			TW_EV_SCHEDULE, 0, 0);
}

void tw_pods_schedule(struct tw_world *world)
{
	struct tw_sched_queue *queue = world->pods->queue;
	tw_time now = tw_world_now(world);
	struct tw_sched_waiting it;

	if (queue->next_check <= now)
		tw_sched_queue_advance(queue, now);
	while (tw_sched_queue_take(queue, &it))
		if (world->replicas[it.pod].life == it.turn &&
			tw_pod_of(world, it.pod)->state == TW_POD_PENDING)
			schedule(world, &it);
	wait_for_parked(world);
}
