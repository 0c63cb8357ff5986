/*
 * The cluster autoscaler: nodes of a group come when pods find no room, and go
 * when they are not needed. A group is a model's `nodes:` with a `max`.
 *
 *	scan	   each 10 s; when in its first period is drawn for each run
 *	pending	   pods that the scheduler found no node for, without those
 *		   that nodes on their way will hold
 *	volumes	   a pod whose claim is bound asks for a node from where its
 *		   volume is reached, and goes nowhere else when its node is to
 *		   be removed; of nodes that come, any number is taken
 *	options	   of each group with room: how many nodes of its shape would
 *		   hold how many of these pods, the largest first, each on the
 *		   first node where it fits (BinpackingNodeEstimator)
 *	expander   least-waste: the option that leaves the least CPU and memory
 *		   idle; random: any
 *	a node	   is there, Ready, `provisioning` after that
 *	unneeded   less than half of its CPU and of its memory is requested,
 *		   and its pods fit elsewhere; for 10 minutes, and 10 minutes
 *		   after the last one came, it is cordoned, drained, removed:
 *		   one a scan; unless a pod of it holds it (node_held.h)
 *
 * Not modelled: topology and pod affinity in the search (a node that comes may
 * not help), DaemonSets on new nodes (one with a DaemonSet's pod is not
 * removed), unready nodes, back-off of groups that fail.
 *
 * Source: kubernetes/autoscaler, cluster-autoscaler 1.34.0, FAQ.md and
 * config/autoscaling_options.go (scan-interval 10 s, scale-down-unneeded-time
 * and -delay-after-add 10 min, scale-down-utilization-threshold 0.5, expander
 * least-waste); expander/waste/waste.go.
 */
#ifndef TW_CLUSTER_NODE_GROUPS_H
#define TW_CLUSTER_NODE_GROUPS_H

#include "twins/world/world.h"

/* After the workloads; nothing where no group may grow. */
void tw_node_groups_init(struct tw_world *world);

/* TW_EV_NODE_GROUP; false: another kind. */
bool tw_node_groups_event(struct tw_world *world, const struct tw_event *event);

#endif
