/*
 * What keeps the cluster autoscaler from removing a node, beside pods that find
 * no other place:
 *
 *	a budget     has no room for all of its pods that are on the node, at
 *		     once (core/scaledown/pdb/basic.go, CanRemovePods); or two
 *		     budgets cover a pod, which is never evicted then
 *	a pod	     that nobody makes anew (simulator/drainability/rules/
 *		     replicated)
 *	kube-system  a pod of it that no budget covers (rules/system;
 *		     skip-nodes-with-system-pods is on)
 *
 * Not looked at: local storage, the annotation safe-to-evict.
 *
 * Source: kubernetes/autoscaler, cluster-autoscaler 1.34.0, FAQ.md ("What types
 * of pods can prevent CA from removing a node?").
 */
#ifndef TW_CLUSTER_NODE_HELD_H
#define TW_CLUSTER_NODE_HELD_H

#include "twins/world/standing.h"
#include "twins/world/world.h"

/* Whether it is a DaemonSet's, which no other node has to take. */
bool tw_pod_is_of_node(const struct tw_world *world, uint32_t replica);

/* Whether a pod of the control plane is there, if only to stop. */
bool tw_pod_is_on(
	const struct tw_world *world, uint32_t replica, uint32_t node);
/* `pods`: those on the node. */
bool tw_node_is_held(const struct tw_world *world, uint32_t node,
	const struct tw_standing *pods);

#endif
