/*
 * kubectl drain on the virtual clock: the nodes are cordoned, then one after
 * the other emptied: each of its pods but those of DaemonSets is evicted
 * through the eviction API (budget.h), or deleted where that is asked for; one
 * that a budget keeps is tried again 5 s later; what was deleted is waited for,
 * looked at each second.
 *
 * Source: Kubernetes 1.36, staging/src/k8s.io/kubectl/pkg/drain/drain.go
 * (evictPods: "will retry after 5s"; waitForDelete, each second) and
 * cmd/drain/drain.go (RunDrain: cordons all, then drains one after the other).
 */
#ifndef TW_CLUSTER_DRAIN_H
#define TW_CLUSTER_DRAIN_H

#include "twins/cluster/pods.h"

struct tw_drain_options {
	tw_time grace;	 /* --grace-period; TW_POD_GRACE: the pods' own */
	tw_time timeout; /* --timeout of each node; 0: none */
	bool delete;	 /* --disable-eviction: no budget is asked */
};

/* `nodes` by node, and both stay as they are. */
void tw_drain_start(struct tw_world *world, const bool *nodes,
	const struct tw_drain_options *options);

/* How many nodes somebody began to drain and that are not yet, into the
 * observation. */
void tw_drains_finish(struct tw_world *world);

/* TW_EV_DRAIN; false: another kind. */
bool tw_drain_event(struct tw_world *world, const struct tw_event *event);

#endif
