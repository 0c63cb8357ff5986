#include "twins/cluster/probe.h"

#include "twins/cluster/kubelet.h"
#include "twins/cluster/life.h"
#include "twins/cluster/pods.h"
#include "twins/cluster/probe_ticks.h"
#include "twins/cluster/prober.h"
#include "twins/cluster/versions.h"
#include "twins/world/pause.h"

enum which { READINESS, LIVENESS, STARTUP, PROBES };

static const enum tw_probe_worker workers[] = {
	[READINESS] = TW_WORKER_READINESS,
	[LIVENESS] = TW_WORKER_LIVENESS,
	[STARTUP] = TW_WORKER_STARTUP,
};

struct tw_probe_state {
	struct tw_prober prober;
	/* The last that waited when the probe came; TW_NONE: nobody did. */
	uint32_t before, before_generation;
	bool refused; /* the queue was full */
	/* Its worker's ticks: where they begin, the next, the last. */
	tw_time base, next, asked;
};

static const struct tw_probe_plan *plan_of(
	const struct tw_world *world, uint32_t replica, enum which which)
{
	const struct tw_probe_plans *plans =
		&world->model->probes[world->model->replicas[replica].revision];

	return which == READINESS  ? &plans->readiness
	       : which == LIVENESS ? &plans->liveness
				   : &plans->startup;
}

static struct tw_probe_state *state_of(
	const struct tw_world *world, uint32_t replica, enum which which)
{
	return &world->probes[replica * PROBES + which];
}

static uint32_t turn_of(const struct tw_world *world, uint32_t replica)
{
	return world->replicas[replica].managed
		       ? tw_pod_of(world, replica)->turn & 0xffffff
		       : 0;
}

static uint64_t payload(
	const struct tw_world *world, uint32_t replica, enum which which)
{
	return (uint64_t)turn_of(world, replica) << 40 |
	       (uint64_t)world->replicas[replica].life << 8 | which;
}

static void schedule(struct tw_world *world, uint32_t replica, tw_time after,
	enum tw_event_kind kind, enum which which)
{
	tw_queue_schedule(&world->queue, tw_world_now(world) + after,
		TW_CLASS_WORLD, (uint16_t)kind, replica,
		payload(world, replica, which));
}

static tw_time base_of(
	const struct tw_world *world, uint32_t replica, enum which which)
{
	return tw_probe_base(world, replica, workers[which],
		plan_of(world, replica, which)->period);
}

/* By the release. */
static bool shifts(const struct tw_world *world)
{
	return tw_kubernetes_of(world->model->kubernetes)->asking_shifts_ticks;
}

/* The tick that counts: another one that was due comes to nothing. */
static void schedule_tick(
	struct tw_world *world, uint32_t replica, enum which which, tw_time at)
{
	state_of(world, replica, which)->next = at;
	schedule(world, replica, at - tw_world_now(world), TW_EV_PROBE, which);
}

/* The tick after `after`, where nobody asks by hand. */
static void schedule_after(struct tw_world *world, uint32_t replica,
	enum which which, tw_time after)
{
	schedule_tick(world, replica, which,
		tw_probe_tick(state_of(world, replica, which)->base,
			plan_of(world, replica, which)->period, after));
}

/* ---- one probe ------------------------------------------------------ */

/* It comes in behind whoever waits. */
static void ask(struct tw_world *world, uint32_t replica, enum which which)
{
	const struct tw_world_replica *it = &world->replicas[replica];
	struct tw_probe_state *state = state_of(world, replica, which);

	state->refused =
		it->queue_length && it->queue_length >= it->queue_limit;
	state->before = it->queue_length ? it->queue_last : TW_NONE;
	if (state->before != TW_NONE)
		state->before_generation =
			world->tasks[state->before].generation;
	schedule(world, replica, plan_of(world, replica, which)->timeout,
		TW_EV_PROBED, which);
}

/* Has it been answered when its time is up? */
static bool is_answered(
	const struct tw_world *world, uint32_t replica, enum which which)
{
	const struct tw_probe_state *state = state_of(world, replica, which);
	const struct tw_world_replica *it = &world->replicas[replica];
	const struct tw_task *before;

	if (it->health != TW_UP)
		return false;
	if (!plan_of(world, replica, which)->served)
		return true;
	if (state->refused || tw_is_paused(world, replica))
		return false;
	if (state->before == TW_NONE)
		return true;
	before = &world->tasks[state->before];
	return before->generation != state->before_generation ||
	       before->state != TW_TASK_QUEUED;
}

/* ---- what comes of it ----------------------------------------------- */

static void count_ready(
	struct tw_world *world, struct tw_world_service *service, bool ready)
{
	tw_world_touch(world, service);
	service->unavailable += ready ? -1U : 1U;
	if (service->unavailable > service->worst_unavailable)
		service->worst_unavailable = service->unavailable;
}

static void set_ready(struct tw_world *world, uint32_t replica, bool ready)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];

	if (it->ready == ready)
		return;
	it->ready = ready;
	if (it->managed)
		tw_pods_changed(world, replica);
	else
		count_ready(world, service, ready);
	tw_world_tap(world, .kind = ready ? TW_TAP_POD_READY : TW_TAP_UNREADY,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica);
	tw_queue_schedule(&world->queue,
		tw_world_now(world) + world->model->endpoint_delay,
		TW_CLASS_WORLD, TW_EV_LIST, replica, 0);
}

static void kill_container(
	struct tw_world *world, uint32_t replica, const char *cause)
{
	const struct tw_world_replica *it = &world->replicas[replica];

	/* Who is unready is counted already: killing counts it again. */
	if (!it->ready && !it->managed) {
		tw_world_touch(world, &world->services[it->service]);
		world->services[it->service].unavailable--;
	}
	tw_cluster_crash(world, replica, cause);
}

/* It is not ready by what was just found, and was before, or has just started:
 * the kubelet syncs it, and has it asked by hand. */
static void ask_by_hand(struct tw_world *world, uint32_t replica, bool was)
{
	struct tw_probe_state *state = state_of(world, replica, READINESS);
	tw_time now = tw_world_now(world), at = now;

	if (!was) {
		struct tw_readiness it;

		if (!world->replicas[replica].managed)
			return;
		it = tw_readiness_of(world, replica, 0, 1);
		at = it.begun + TW_PROBE_SYNCED_AGAIN;
		if (it.startup || state->asked >= at)
			return;
	}
	if (at < now)
		at = now;
	if (shifts(world) || at < state->next)
		schedule_tick(world, replica, READINESS, at);
}

/* The worker has its answer. */
static void answered(
	struct tw_world *world, uint32_t replica, enum which which, bool well)
{
	static const enum tw_probe_type types[] = {[READINESS] = TW_READINESS,
		[LIVENESS] = TW_LIVENESS,
		[STARTUP] = TW_STARTUP};
	const struct tw_probe_plan *plan = plan_of(world, replica, which);
	struct tw_prober *prober = &state_of(world, replica, which)->prober;
	const struct tw_probe_config config = {.type = types[which],
		.success = plan->success,
		.failure = plan->failure};
	const struct tw_probed found = {.container = prober->container,
		.state = TW_CONTAINER_RUNNING,
		.started = which != STARTUP,
		.restarts = true,
		.answers = well};
	bool was = prober->result == TW_PROBE_SUCCESS;

	/* Asked twice before its answer was known, by a short period. */
	if (prober->on_hold)
		return;
	tw_prober_step(prober, &config, &found);
	if (which == READINESS) {
		set_ready(world, replica, prober->result == TW_PROBE_SUCCESS);
		if (prober->result != TW_PROBE_SUCCESS)
			ask_by_hand(world, replica, was);
	} else if (prober->result == TW_PROBE_FAILURE)
		kill_container(world, replica,
			which == LIVENESS ? TW_LIVENESS_FAILED
					  : TW_STARTUP_FAILED);
	else if (which == STARTUP && prober->result == TW_PROBE_SUCCESS)
		tw_kubelet_started(world, replica);
}

/* ---- events --------------------------------------------------------- */

/* Another container, of the same worker; here it is ready once it is up. */
static void see_container(
	struct tw_world *world, uint32_t replica, enum which which)
{
	struct tw_probe_state *state = state_of(world, replica, which);

	*state = (struct tw_probe_state){
		.prober = {.container = world->replicas[replica].life + 1U,
			.result = TW_PROBE_SUCCESS},
		.before = TW_NONE,
		.base = state->base};
}

/* At a tick. */
static void begin(struct tw_world *world, uint32_t replica, enum which which)
{
	see_container(world, replica, which);
	schedule_after(world, replica, which,
		tw_world_now(world) + plan_of(world, replica, which)->delay);
}

/* Its process runs, and does not listen yet: it refuses. */
static bool is_starting(const struct tw_world *world, uint32_t replica)
{
	return world->replicas[replica].managed &&
	       tw_pod_of(world, replica)->starting;
}

static void tick(struct tw_world *world, uint32_t replica, enum which which)
{
	struct tw_probe_state *state = state_of(world, replica, which);

	state->asked = tw_world_now(world);
	if (which == READINESS && shifts(world))
		state->base = state->asked;
	/* A startup probe that has its answer is over. */
	if (which != STARTUP || !state->prober.on_hold)
		schedule_after(world, replica, which, state->asked);
	if (world->replicas[replica].health == TW_UP)
		ask(world, replica, which);
	else if (is_starting(world, replica))
		answered(world, replica, which, false);
}

/* And not being deleted. */
static bool is_there(const struct tw_world *world, uint32_t replica)
{
	return !world->replicas[replica].managed ||
	       tw_pod_of(world, replica)->state == TW_POD_RUNNING;
}

bool tw_probes_event(struct tw_world *world, const struct tw_event *event)
{
	uint32_t replica = event->a;
	enum which which = (enum which)(event->b & 0xff);
	const struct tw_world_replica *it = &world->replicas[replica];

	if (event->kind != TW_EV_PROBE && event->kind != TW_EV_PROBED)
		return false;
	/* Another pod has its name since. */
	if ((uint32_t)(event->b >> 40) != turn_of(world, replica))
		return true;
	if (event->kind == TW_EV_PROBE &&
		state_of(world, replica, which)->next != tw_world_now(world))
		return true;
	/* It died since; it is probed anew once it runs, by whoever starts
	 * it. */
	if ((uint32_t)(event->b >> 8) != it->life) {
		if (event->kind == TW_EV_PROBE && is_there(world, replica) &&
			!tw_kubelet_restarts(world, replica))
			begin(world, replica, which);
		return true;
	}
	if (event->kind == TW_EV_PROBE)
		tick(world, replica, which);
	else if (it->health == TW_UP) {
		answered(world, replica, which,
			is_answered(world, replica, which));
	}
	return true;
}

/* Its container runs, or has started, as its startup probe says. */
static void probe_from_start(
	struct tw_world *world, uint32_t replica, enum which which)
{
	const struct tw_probe_plan *plan = plan_of(world, replica, which);
	struct tw_probe_state *state = state_of(world, replica, which);
	tw_time now = tw_world_now(world), first;

	see_container(world, replica, which);
	state->base = base_of(world, replica, which);
	if (which != LIVENESS)
		state->prober.result = which == READINESS ? TW_PROBE_FAILURE
							  : TW_PROBE_UNKNOWN;
	if (which == READINESS) {
		struct tw_readiness it = tw_readiness_of(
			world, replica, plan->delay, plan->period);

		schedule_tick(
			world, replica, which, tw_readiness_first(&it, now));
		return;
	}
	first = tw_probe_first(
		state->base, plan, tw_pod_of(world, replica)->begun);
	if (first > now)
		schedule_tick(world, replica, which, first);
	else
		schedule_after(world, replica, which, now);
}

bool tw_probes_watch_start(struct tw_world *world, uint32_t replica)
{
	if (!world->probes || !plan_of(world, replica, STARTUP)->on)
		return false;
	probe_from_start(world, replica, STARTUP);
	return true;
}

bool tw_probes_liveness(const struct tw_world *world, uint32_t replica)
{
	return world->probes && plan_of(world, replica, LIVENESS)->on;
}

bool tw_probes_start(struct tw_world *world, uint32_t replica)
{
	if (!world->probes)
		return false;
	for (enum which w = READINESS; w <= LIVENESS; w++)
		if (plan_of(world, replica, w)->on)
			probe_from_start(world, replica, w);
	return plan_of(world, replica, READINESS)->on;
}

void tw_probes_go_on(struct tw_world *world, uint32_t replica)
{
	if (!world->probes || !tw_kubelet_restarts(world, replica))
		return;
	for (enum which w = READINESS; w <= LIVENESS; w++) {
		if (!plan_of(world, replica, w)->on)
			continue;
		see_container(world, replica, w);
		schedule_after(world, replica, w, tw_world_now(world));
	}
}

void tw_probes_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;

	if (!model->probes)
		return;
	world->probes = tw_new_array(&world->arena,
		(size_t)model->n_replicas * PROBES, struct tw_probe_state);
	for (uint32_t r = 0; r < model->n_replicas; r++) {
		if (model->replicas[r].service == TW_NONE ||
			!is_there(world, r))
			continue;
		for (enum which w = READINESS; w <= LIVENESS; w++) {
			if (!plan_of(world, r, w)->on)
				continue;
			see_container(world, r, w);
			state_of(world, r, w)->base = base_of(world, r, w);
			schedule_tick(world, r, w, state_of(world, r, w)->base);
		}
	}
}
