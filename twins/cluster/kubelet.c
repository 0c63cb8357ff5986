#include "twins/cluster/kubelet.h"

#include "twins/base/hash.h"
#include "twins/cluster/pods_inner.h"
#include "twins/cluster/probe.h"
#include "twins/kernel/dist.h"
#include "twins/world/cpu.h"
#include "twins/world/memory.h"

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

/* Its container runs, from now on. */
void tw_kubelet_start(struct tw_world *world, uint32_t replica)
{
	struct tw_pod *pod = pod_at(world, replica);
	const struct tw_pod_life *life = pod_life(world, replica);
	tw_time now = tw_world_now(world);

	tw_cpu_stand(world, replica);
	pod->started = now;
	pod->successes = 0;
	tw_pod_move(world, replica, TW_POD_RUNNING);
	pod_next(world, replica, now + startup_of(world, replica), POD_LISTENS);
	if (tw_probes_start(world, replica))
		return;
	if (life->probed)
		pod_next(world, replica, now + life->probe_delay, POD_PROBE);
	else
		set_ready(world, replica);
}

void tw_kubelet_listens(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];

	tw_world_touch(world, service);
	it->health = TW_UP;
	service->capacity += it->workers;
	pod_tap(world, TW_TAP_LISTENS, replica);
	tw_memory_start(world, replica);
}

void tw_kubelet_probe(struct tw_world *world, uint32_t replica)
{
	const struct tw_pod_life *life = pod_life(world, replica);
	struct tw_pod *pod = pod_at(world, replica);

	if (world->replicas[replica].health == TW_UP)
		pod->successes++;
	if (pod->successes >= life->probe_success)
		set_ready(world, replica);
	else
		pod_next(world, replica,
			tw_world_now(world) + life->probe_period, POD_PROBE);
}
