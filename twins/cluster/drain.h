/*
 * kubectl drain on the virtual clock: the nodes are cordoned, then one after
 * the other emptied: each of its pods but those of DaemonSets is evicted
 * through the eviction API (budget.h), or deleted where that is asked for; one
 * that a budget keeps is tried again 5 s later; what was deleted is waited for,
 * looked at each second.
 *
 * A node where some pod may not be deleted is not drained at all: it stays
 * cordoned, nothing is evicted there, and the next node has its turn. Such are,
 * by the options that are not given, pods of DaemonSets (--ignore-daemonsets;
 * even then they stay), pods with an emptyDir (--delete-emptydir-data) and pods
 * without a controller (--force).
 *
 * Source: Kubernetes 1.36, staging/src/k8s.io/kubectl/pkg/drain/drain.go
 * (evictPods: "will retry after 5s"; waitForDelete, each second) and
 * cmd/drain/drain.go (RunDrain: cordons all, then drains one after the other,
 * "continuing command"); pkg/drain/filters.go for who may not be deleted and in
 * what words (a pod is told by the first filter that refuses it). Of several
 * reasons kubectl prints the order of a Go map; here it is the filters'.
 */
#ifndef TW_CLUSTER_DRAIN_H
#define TW_CLUSTER_DRAIN_H

#include "twins/cluster/pods.h"

struct tw_drain_options {
	tw_time grace;	 /* --grace-period; TW_POD_GRACE: the pods' own */
	tw_time timeout; /* --timeout of each node; 0: none */
	bool delete;	 /* --disable-eviction: no budget is asked */
	bool force, ignore_daemonsets;
	bool delete_local; /* --delete-emptydir-data */
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
