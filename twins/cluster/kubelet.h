/*
 * The kubelet of a pod's node, as far as it starts pods; pods.h tells the
 * whole of their life.
 */
#ifndef TW_CLUSTER_KUBELET_H
#define TW_CLUSTER_KUBELET_H

#include "twins/world/world.h"

/* A pod was bound to its node, which is there. */
void tw_kubelet_start(struct tw_world *world, uint32_t replica);
/* It is ready, however that was found out. */
void tw_kubelet_ready(struct tw_world *world, uint32_t replica);

/* Its process listens; a tick of its readiness probe. */
void tw_kubelet_listens(struct tw_world *world, uint32_t replica);
void tw_kubelet_probe(struct tw_world *world, uint32_t replica);

#endif
