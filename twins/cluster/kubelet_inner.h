/*
 * Private to the kubelet's files: kubelet.c (containers, one after the other)
 * and kubelet_process.c (a pod's process, once all of them have been started).
 */
#ifndef TW_CLUSTER_KUBELET_INNER_H
#define TW_CLUSTER_KUBELET_INNER_H

#include "twins/cluster/kubelet.h"
#include "twins/cluster/pods_inner.h"

/* The pod's containers run, from now on. */
void tw_kubelet_run(struct tw_world *world, uint32_t replica);
/* A TW_EV_POD that is about its process; false: about another thing. */
bool tw_kubelet_process_event(
	struct tw_world *world, uint32_t replica, uint32_t what);

#endif
