/*
 * The order in which processes start, and what a backup brings back.
 *
 * A service may say which others it needs (`starts-after`): a process of it
 * that is started, by a new pod or again in its own, looks each second whether
 * one pod of each of them is ready, and starts then; its startup time (of one
 * that is started again: restart-delay) counts from there. Kubernetes knows no
 * such order: it is what entrypoints and init containers that wait for a port
 * do.
 *
 * A pod that replaces one on a lost node has none of its data (`restore`).
 * Where another pod of the service is ready it gets them from there, in no time
 * of its own; else they come from a backup, before its process starts. A pod
 * that runs again on its own node, as all of a StatefulSet do, has them still.
 */
#ifndef TW_CLUSTER_START_ORDER_H
#define TW_CLUSTER_START_ORDER_H

#include "twins/world/world.h"

/* Whether anything of this is said of its service. */
static inline bool tw_start_is_ordered(
	const struct tw_world *world, uint32_t replica)
{
	uint32_t service = world->model->replicas[replica].service;

	return service != TW_NONE &&
	       (world->model->services[service].n_after ||
		       world->model->services[service].restore);
}

/* True: somebody is not ready, which is told once. */
bool tw_start_waits(struct tw_world *world, uint32_t replica);
/* How long its data take, ns; told where they do. */
tw_time tw_start_restores(struct tw_world *world, uint32_t replica);

#endif
