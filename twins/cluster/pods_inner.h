/*
 * Private to the files that make up a pod's life: pods.c, kubelet.c,
 * kubelet_process.c.
 */
#ifndef TW_CLUSTER_PODS_INNER_H
#define TW_CLUSTER_PODS_INNER_H

#include "twins/cluster/pods.h"

/* What a TW_EV_POD is about. */
enum pod_next {
	POD_AVAILABLE,
	POD_TERM,
	POD_RELIST,
	/* The kubelet's. */
	POD_LISTENS,
	POD_MAY_START,
	POD_MAY_START_AGAIN,
	POD_RESTORED,
	POD_PROBE,
	POD_PULL_AGAIN,
	POD_INIT_ENDS,
	POD_INIT_FAILS,
	POD_SIDECAR_KILLED,
	POD_STARTED, /* as its startup probe finds */
	POD_STARTUP_KILLS,
	POD_LIVENESS_KILLS,
	POD_START_AGAIN,
};

/* pkg/kubelet/pleg: how often the kubelet looks at its containers. */
#define POD_RELISTED TW_S

static inline void pod_tap(
	struct tw_world *world, enum tw_tap_kind kind, uint32_t replica)
{
	tw_world_tap(world, .kind = kind,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica);
}

/* Nothing comes of it where the pod's `life` is another one by then. */
static inline void pod_next(struct tw_world *world, uint32_t replica,
	tw_time at, enum pod_next what)
{
	tw_queue_schedule(&world->queue, at, TW_CLASS_WORLD, TW_EV_POD, replica,
		(uint64_t)world->replicas[replica].life << 8 | what);
}

static inline void pod_publish(struct tw_world *world, uint32_t replica)
{
	tw_queue_schedule(&world->queue,
		tw_world_now(world) + world->model->endpoint_delay,
		TW_CLASS_WORLD, TW_EV_LIST, replica, 0);
}

static inline uint32_t pod_revision(
	const struct tw_world *world, uint32_t replica)
{
	return world->model->replicas[replica].revision;
}

static inline struct tw_pod *pod_at(struct tw_world *world, uint32_t replica)
{
	return &world->pods->all[replica];
}

static inline const struct tw_pod_life *pod_life(
	const struct tw_world *world, uint32_t replica)
{
	return &world->model->lives[pod_revision(world, replica)];
}

/* Its owner's minReadySeconds. */
static inline tw_time pod_min_ready(
	const struct tw_world *world, uint32_t replica)
{
	uint32_t w = world->model->workload_of[pod_revision(world, replica)];

	return world->model->workloads[w].min_ready;
}

/* pods.c: it is counted as what it is now. */
void tw_pod_move(
	struct tw_world *world, uint32_t replica, enum tw_pod_state state);
/* Whether it is ready, as the world has it by now. */
void tw_pod_see_ready(struct tw_world *world, uint32_t replica);

#endif
