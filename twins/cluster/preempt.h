/*
 * Preemption: which pods of lower priority go so that one fits.
 *
 * On each node where a filter failed that their going can help, all pods of
 * lower priority are thought away; if the pod fits then, as many of them as
 * possible stay, those that a disruption budget guards first, the more
 * important first (higher priority, then earlier start). Of the nodes the one
 * is taken with the fewest broken budgets, then the lowest highest priority
 * among its victims, the lowest sum of priorities, the fewest victims, the
 * latest start of its most important victim; then the first of the model. The
 * victims are deleted with their grace; the pod is *nominated* for the node:
 * pods of no higher priority leave it its room until it is scheduled.
 *
 * Source: Kubernetes 1.36, pkg/scheduler/framework/plugins/defaultpreemption
 * and framework/preemption/preemption.go. All nodes are looked at: the
 * reference looks at 10% of them, at least 100, from a random one on. A
 * DaemonSet's pod looks at its own node alone.
 */
#ifndef TW_CLUSTER_PREEMPT_H
#define TW_CLUSTER_PREEMPT_H

#include "twins/cluster/pods.h"

/* A pod that would have to go. */
struct tw_victim {
	uint32_t replica;
	int64_t priority;
	tw_time started;
	bool breaks; /* a budget */
	bool stays;
};

TW_VEC_TYPE(tw_victims, struct tw_victim);

/* What a node would cost. */
struct tw_candidate {
	uint32_t node; /* TW_NONE: none */
	bool waits; /* it may not ask: room is being made, or it never does */
	struct tw_victims victims; /* to be released */
	uint32_t breaks, n;
	int64_t highest;
	double sum;
	tw_time latest;
};

/* The pod fits nowhere: where room can be made for it. `why`, where not NULL,
 * gets to know why nowhere. */
void tw_preempt_find(struct tw_world *world, uint32_t replica,
	struct tw_candidate *to, struct tw_buf *why);
/* The same of this node, where the pod has to stand; `why` gets all of it. */
void tw_preempt_find_on(struct tw_world *world, uint32_t replica, uint32_t node,
	struct tw_candidate *to, struct tw_buf *why);
/* The pod has to stand on a node that its volumes refuse, which nobody's going
 * changes: `why` gets all of it. */
void tw_preempt_not_on(
	struct tw_world *world, const char *reason, struct tw_buf *why);
/* Makes it: the pod is nominated, the victims are deleted. */
void tw_preempt(struct tw_world *world, uint32_t replica,
	const struct tw_candidate *candidate);

/* Pods that are nominated take up room for a pod of this priority, or do so no
 * longer. `replica` itself is left out. */
void tw_nominated_hold(struct tw_world *world, uint32_t replica, bool hold);
/* It has a node, is gone, or nobody's going would help it any more. */
void tw_nominated_clear(struct tw_world *world, uint32_t replica);

#endif
