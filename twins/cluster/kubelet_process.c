/*
 * A pod's process from the start of its containers until it is ready, and when
 * it is started again.
 */
#include "twins/base/hash.h"
#include "twins/cluster/kubelet_inner.h"
#include "twins/cluster/life.h"
#include "twins/cluster/probe.h"
#include "twins/cluster/probe_ticks.h"
#include "twins/cluster/start_order.h"
#include "twins/cluster/volumes.h"
#include "twins/kernel/dist.h"
#include "twins/kernel/random.h"
#include "twins/world/cpu.h"
#include "twins/world/memory.h"

/* ---- the pod runs --------------------------------------------------- */

static tw_time startup_of(struct tw_world *world, uint32_t replica)
{
	const struct tw_replica *it = &world->model->replicas[replica];
	const struct tw_dist *law = world->model->lives[it->revision].startup;

	if (!law)
		return world->model->restart_delay;
	return tw_dist_sample(
		law, tw_draw(world->seed,
			     tw_hash_combine(
				     it->hash, world->replicas[replica].life),
			     TW_DRAW_ARRIVAL, 0));
}

void tw_kubelet_ready(struct tw_world *world, uint32_t replica)
{
	struct tw_pod *pod = pod_at(world, replica);
	tw_time wait = pod_min_ready(world, replica);

	pod->ready_since = tw_world_now(world);
	if (wait)
		pod_next(
			world, replica, pod->ready_since + wait, POD_AVAILABLE);
	tw_pod_see_ready(world, replica);
}

static void set_ready(struct tw_world *world, uint32_t replica)
{
	world->replicas[replica].ready = true;
	pod_tap(world, TW_TAP_POD_READY, replica);
	pod_publish(world, replica);
	tw_kubelet_ready(world, replica);
}

/* ---- until it has started ------------------------------------------- */

/* A probe that only needs the process can be told in advance: until it listens
 * each tick fails. */
static bool outcome(struct tw_world *world, uint32_t replica,
	enum tw_probe_worker worker, tw_time startup, tw_time *at)
{
	const struct tw_pod_life *life = pod_life(world, replica);
	const struct tw_probe_plan *plan =
		worker == TW_WORKER_STARTUP ? &life->starts : &life->liveness;
	tw_time begun = tw_pod_of(world, replica)->begun;

	return tw_probe_outcome(
		tw_probe_base(world, replica, worker, plan->period), plan,
		begun, begun + startup, at);
}

static struct tw_readiness readiness_of(
	const struct tw_world *world, uint32_t replica)
{
	const struct tw_pod_life *life = pod_life(world, replica);

	return tw_readiness_of(
		world, replica, life->probe_delay, life->probe_period);
}

void tw_kubelet_started(struct tw_world *world, uint32_t replica)
{
	struct tw_readiness readiness;

	if (tw_probes_start(world, replica))
		return;
	if (!pod_life(world, replica)->probed) {
		set_ready(world, replica);
		return;
	}
	readiness = readiness_of(world, replica);
	pod_next(world, replica,
		tw_readiness_first(&readiness, tw_world_now(world)), POD_PROBE);
}

/* A startup probe holds the others off; without one liveness counts from the
 * start. */
static void see_start(struct tw_world *world, uint32_t replica, tw_time startup)
{
	const struct tw_pod_life *life = pod_life(world, replica);
	tw_time at;

	if (tw_probes_watch_start(world, replica))
		return;
	if (!life->starts.on) {
		if (life->liveness.on && !tw_probes_liveness(world, replica) &&
			!outcome(world, replica, TW_WORKER_LIVENESS, startup,
				&at))
			pod_next(world, replica, at, POD_LIVENESS_KILLS);
		tw_kubelet_started(world, replica);
		return;
	}
	if (outcome(world, replica, TW_WORKER_STARTUP, startup, &at))
		pod_next(world, replica, at, POD_STARTED);
	else
		pod_next(world, replica, at, POD_STARTUP_KILLS);
}

/* Its process begins to start up. */
static void begin_process(struct tw_world *world, uint32_t replica)
{
	struct tw_pod *pod = pod_at(world, replica);
	tw_time startup = startup_of(world, replica);

	pod->begun = tw_world_now(world);
	pod->starting = true;
	pod->successes = 0;
	pod_next(world, replica, pod->begun + startup, POD_LISTENS);
	see_start(world, replica, startup);
}

/* As an init container would, before any probe: it looks again a second later
 * whether those whom it needs are ready. `fresh`: a new pod, whose data may
 * have to come from a backup. */
static void start_process(struct tw_world *world, uint32_t replica, bool fresh)
{
	tw_time now = tw_world_now(world), restores;

	if (!tw_start_is_ordered(world, replica)) {
		begin_process(world, replica);
		return;
	}
	if (tw_start_waits(world, replica)) {
		pod_next(world, replica, now + TW_S,
			fresh ? POD_MAY_START : POD_MAY_START_AGAIN);
		return;
	}
	restores = fresh ? tw_start_restores(world, replica) : 0;
	if (restores)
		pod_next(world, replica, now + restores, POD_RESTORED);
	else
		begin_process(world, replica);
}

void tw_kubelet_run(struct tw_world *world, uint32_t replica)
{
	struct tw_pod *pod = pod_at(world, replica);
	bool again = pod->again;

	tw_cpu_stand(world, replica);
	pod->again = false;
	pod->started = tw_world_now(world);
	tw_pod_move(world, replica, TW_POD_RUNNING);
	if (again)
		pod_tap(world, TW_TAP_RESTARTED, replica);
	else if (pod_life(world, replica)->n_containers ||
		 tw_volumes_has_any(world, replica))
		pod_tap(world, TW_TAP_STARTED, replica);
	start_process(world, replica, !again);
}

/* ---- started again -------------------------------------------------- */

bool tw_kubelet_restarts(const struct tw_world *world, uint32_t replica)
{
	const struct tw_pod_life *life;

	if (!world->replicas[replica].managed ||
		tw_pod_of(world, replica)->state != TW_POD_RUNNING)
		return false;
	life = pod_life(world, replica);
	return life->startup || life->probed || life->starts.on ||
	       life->liveness.on;
}

bool tw_kubelet_starts_by_steps(const struct tw_world *world, uint32_t replica)
{
	return tw_kubelet_restarts(world, replica) ||
	       pod_life(world, replica)->n_init;
}

void tw_kubelet_restart(struct tw_world *world, uint32_t replica, tw_time wait)
{
	pod_at(world, replica)->starting = false;
	pod_next(world, replica, tw_world_now(world) + wait, POD_START_AGAIN);
}

static void start_again(struct tw_world *world, uint32_t replica)
{
	pod_tap(world, TW_TAP_RESTARTED, replica);
	start_process(world, replica, false);
}

void tw_kubelet_reached(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_pod *pod = pod_at(world, replica);
	bool known = it->ready;

	it->ready = true;
	tw_probes_go_on(world, replica);
	if (known) { /* nobody has noticed */
		if (!pod->available)
			pod_next(world, replica,
				pod->ready_since +
					pod_min_ready(world, replica),
				POD_AVAILABLE);
		return;
	}
	pod_tap(world, TW_TAP_POD_READY, replica);
	pod_publish(world, replica);
	tw_kubelet_ready(world, replica);
}

static void listens(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];

	pod_at(world, replica)->starting = false;
	tw_world_touch(world, service);
	it->health = TW_UP;
	service->capacity += it->workers;
	pod_tap(world, TW_TAP_LISTENS, replica);
	tw_memory_start(world, replica);
}

static void probe(struct tw_world *world, uint32_t replica)
{
	const struct tw_pod_life *life = pod_life(world, replica);
	struct tw_pod *pod = pod_at(world, replica);
	struct tw_readiness readiness;

	if (world->replicas[replica].health == TW_UP)
		pod->successes++;
	if (pod->successes >= life->probe_success) {
		set_ready(world, replica);
		return;
	}
	readiness = readiness_of(world, replica);
	pod_next(world, replica,
		tw_readiness_next(&readiness, tw_world_now(world)), POD_PROBE);
}

/* ---- events --------------------------------------------------------- */

bool tw_kubelet_process_event(
	struct tw_world *world, uint32_t replica, uint32_t what)
{
	switch (what) {
	case POD_LISTENS:
		listens(world, replica);
		return true;
	case POD_MAY_START:
		start_process(world, replica, true);
		return true;
	case POD_MAY_START_AGAIN:
		start_process(world, replica, false);
		return true;
	case POD_RESTORED:
		begin_process(world, replica);
		return true;
	case POD_PROBE:
		probe(world, replica);
		return true;
	case POD_STARTED:
		tw_kubelet_started(world, replica);
		return true;
	case POD_STARTUP_KILLS:
		tw_cluster_crash(world, replica, TW_STARTUP_FAILED);
		return true;
	case POD_LIVENESS_KILLS:
		tw_cluster_crash(world, replica, TW_LIVENESS_FAILED);
		return true;
	case POD_START_AGAIN:
		start_again(world, replica);
		return true;
	default:
		return false;
	}
}
