#include "twins/cluster/probe.h"

#include "twins/base/hash.h"
#include "twins/cluster/crash.h"
#include "twins/cluster/life.h"
#include "twins/cluster/pods.h"
#include "twins/cluster/prober.h"
#include "twins/world/pause.h"

enum which { READINESS, LIVENESS, PROBES };

struct tw_probe_state {
	struct tw_prober prober;
	/* The last that waited when the probe came; TW_NONE: nobody did. */
	uint32_t before, before_generation;
	bool refused; /* the queue was full */
};

static const struct tw_probe_plan *plan_of(
	const struct tw_world *world, uint32_t replica, enum which which)
{
	const struct tw_probe_plans *plans =
		&world->model->probes[world->model->replicas[replica].revision];

	return which == READINESS ? &plans->readiness : &plans->liveness;
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

static void kill_container(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	tw_time wait = tw_crash(&it->backoff, tw_world_now(world)) +
		       world->model->restart_delay;
	const char *cause = tw_observation_name(
		&world->obs, "Unhealthy: liveness probe failed");

	tw_observation_incident(&world->obs,
		&(struct tw_incident){
			.at = tw_world_now(world),
			.back = wait,
			.replica = tw_observation_name(&world->obs,
				world->model->replicas[replica].name),
			.cause = cause,
		});
	tw_world_tap(world, .kind = TW_TAP_KILLED,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica,
		.cause = cause);
	/* Who is unready is counted already: killing counts it again. */
	if (!it->ready && !it->managed) {
		tw_world_touch(world, &world->services[it->service]);
		world->services[it->service].unavailable--;
	}
	tw_cluster_kill(world, replica, wait);
}

/* The worker has its answer. */
static void answered(
	struct tw_world *world, uint32_t replica, enum which which, bool well)
{
	const struct tw_probe_plan *plan = plan_of(world, replica, which);
	struct tw_prober *prober = &state_of(world, replica, which)->prober;
	const struct tw_probe_config config = {
		.type = which == READINESS ? TW_READINESS : TW_LIVENESS,
		.success = plan->success,
		.failure = plan->failure};
	const struct tw_probed found = {.container = prober->container,
		.state = TW_CONTAINER_RUNNING,
		.started = true,
		.restarts = true,
		.answers = well};

	tw_prober_step(prober, &config, &found);
	if (which == READINESS)
		set_ready(world, replica, prober->result == TW_PROBE_SUCCESS);
	else if (prober->result == TW_PROBE_FAILURE)
		kill_container(world, replica);
}

/* ---- events --------------------------------------------------------- */

/* Another container; here it is ready once it is up. */
static void see_container(
	struct tw_world *world, uint32_t replica, enum which which)
{
	*state_of(world, replica, which) = (struct tw_probe_state){
		.prober = {.container = world->replicas[replica].life + 1U,
			.result = TW_PROBE_SUCCESS},
		.before = TW_NONE};
}

static void begin(struct tw_world *world, uint32_t replica, enum which which)
{
	const struct tw_probe_plan *plan = plan_of(world, replica, which);

	see_container(world, replica, which);
	schedule(
		world, replica, plan->delay + plan->period, TW_EV_PROBE, which);
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
	/* It died since; it is probed anew once it runs. */
	if ((uint32_t)(event->b >> 8) != it->life) {
		if (event->kind == TW_EV_PROBE && is_there(world, replica))
			begin(world, replica, which);
		return true;
	}
	if (event->kind == TW_EV_PROBE) {
		schedule(world, replica, plan_of(world, replica, which)->period,
			TW_EV_PROBE, which);
		if (it->health == TW_UP)
			ask(world, replica, which);
	} else if (it->health == TW_UP) {
		answered(world, replica, which,
			is_answered(world, replica, which));
	}
	return true;
}

bool tw_probes_start(struct tw_world *world, uint32_t replica)
{
	if (!world->probes)
		return false;
	for (enum which w = READINESS; w < PROBES; w++) {
		const struct tw_probe_plan *plan = plan_of(world, replica, w);

		if (!plan->on)
			continue;
		see_container(world, replica, w);
		if (w == READINESS)
			state_of(world, replica, w)->prober.result =
				TW_PROBE_FAILURE;
		schedule(world, replica, plan->delay, TW_EV_PROBE, w);
	}
	return plan_of(world, replica, READINESS)->on;
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
		for (enum which w = READINESS; w < PROBES; w++) {
			const struct tw_probe_plan *plan = plan_of(world, r, w);
			uint64_t key = tw_hash_combine(
				model->replicas[r].hash, w + 1U);

			if (!plan->on)
				continue;
			see_container(world, r, w);
			schedule(world, r,
				(tw_time)((double)plan->period *
					  tw_draw(world->seed, key,
						  TW_DRAW_ARRIVAL, 1)),
				TW_EV_PROBE, w);
		}
	}
}
