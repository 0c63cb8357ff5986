/*
 * PodDisruptionBudgets and the eviction API.
 *
 * Source: Kubernetes 1.36, pkg/controller/disruption/disruption.go
 * (getExpectedPodCount, countHealthyPods, updatePdbStatus) and
 * pkg/registry/core/pod/storage/eviction.go. Percentages round up.
 *
 *	expected   maxUnavailable, and minAvailable in percent: what the
 *		   owners of its pods want; minAvailable as a number: its
 *		   pods, those being deleted too
 *	healthy	   Ready, and not being deleted
 *	allowed	   healthy - desired; none where nothing is expected, and none
 *		   where the size of an owner is needed that has none (a
 *		   DaemonSet, a Job: no scale subresource)
 *
 * The controller's status is taken as up to date: here it lags by nothing.
 */
#ifndef TW_CLUSTER_BUDGET_H
#define TW_CLUSTER_BUDGET_H

#include "twins/base/text.h"
#include "twins/world/world.h"

struct tw_budget_status {
	int64_t expected, desired, healthy, allowed; /* pods */
};

struct tw_budget_status tw_budget_status(
	const struct tw_world *world, const struct tw_pod_budget *budget);

enum tw_eviction {
	TW_EVICT_CREATED = 201,
	TW_EVICT_TOO_MANY = 429, /* the budget: try again */
	TW_EVICT_FAILED = 500,	 /* several budgets for one pod */
};

/* Whether the pod may be evicted now. `why`, where not NULL, gets the API's
 * message of a refusal. */
enum tw_eviction tw_eviction_allowed(
	const struct tw_world *world, uint32_t replica, struct tw_buf *why);
/* Evicts it where it may be. `grace` as of tw_pod_delete(). */
enum tw_eviction tw_evict(struct tw_world *world, uint32_t replica,
	int64_t grace, struct tw_buf *why);

#endif
