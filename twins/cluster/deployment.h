/*
 * The Deployment controller's arithmetic: how many pods a rollout starts and
 * stops, and what its condition is. Pure functions; deployments.c runs them.
 *
 * Source: Kubernetes 1.36, pkg/controller/deployment/{rolling,sync,progress,
 * recreate}.go and util/deployment_util.go. Counts are pods; times ns.
 */
#ifndef TW_CLUSTER_DEPLOYMENT_H
#define TW_CLUSTER_DEPLOYMENT_H

#include "twins/base/units.h"

#include <stdbool.h>
#include <stddef.h>

#define TW_NO_DEADLINE INT32_MAX /* seconds; the field's largest value */

/* "25%" or "3" of `desired` pods. False: it is neither. */
bool tw_deployment_share(
	const char *text, int64_t desired, bool round_up, int64_t *to);
/* maxSurge rounds up, maxUnavailable down; both 0: one may be unavailable. */
bool tw_deployment_fenceposts(const char *surge_text,
	const char *unavailable_text, int64_t desired, int64_t *surge,
	int64_t *unavailable);

struct tw_deployment {
	int64_t desired, surge, unavailable; /* resolved */
	bool recreate;
};

int64_t tw_deployment_max_unavailable(const struct tw_deployment *d);
int64_t tw_deployment_min_available(const struct tw_deployment *d);

/* A ReplicaSet as one sync sees it. */
struct tw_replica_set {
	int64_t replicas; /* that it wants */
	int64_t available;
	int64_t status_replicas;    /* that it has */
	int64_t annotation;	    /* max-replicas; < 0: none */
	int64_t desired_annotation; /* desired-replicas; < 0: none */
	uint32_t age;		    /* rank: 0 is the newest */
	bool is_new, deleting;
	bool outdated; /* out: see tw_deployment_outdated() */
};

/* How far the new set may grow (NewRSNewReplicas); `total`: what all sets
 * want. */
int64_t tw_deployment_new_size(
	const struct tw_deployment *d, int64_t total, int64_t new_size);
/* Its size after a sync (reconcileNewReplicaSet). */
int64_t tw_deployment_reconcile_new(
	const struct tw_deployment *d, int64_t total, int64_t new_size);
/* How many unhealthy pods of old sets go, at most `most`; sets are changed,
 * oldest first. */
int64_t tw_deployment_clean_up(
	struct tw_replica_set *old, size_t n, int64_t most);
/* Available pods of old sets go as far as enough stay; returns how many. */
int64_t tw_deployment_scale_down(const struct tw_deployment *d,
	struct tw_replica_set *old, size_t n, int64_t new_available);
/* Both, as one sync does where the new set was not scaled. */
int64_t tw_deployment_reconcile_old(const struct tw_deployment *d,
	struct tw_replica_set *old, size_t n,
	const struct tw_replica_set *new_set);

/* The deployment's size was changed in a rollout: each set's share. */
void tw_deployment_scale(
	const struct tw_deployment *d, struct tw_replica_set *sets, size_t n);
int64_t tw_deployment_fraction(const struct tw_deployment *d, int64_t replicas,
	int64_t annotation, int64_t status_replicas);

struct tw_deployment_status {
	int64_t total, updated, ready, available;
};

bool tw_deployment_complete(
	int64_t desired, const struct tw_deployment_status *status);
bool tw_deployment_progressing(const struct tw_deployment_status *old,
	const struct tw_deployment_status *now);

/* Of the condition Progressing. */
enum tw_progress {
	TW_PROGRESS_OTHER,
	TW_PROGRESS_UPDATED,   /* ReplicaSetUpdated */
	TW_PROGRESS_AVAILABLE, /* NewReplicaSetAvailable */
	TW_PROGRESS_EXCEEDED,  /* ProgressDeadlineExceeded */
};

/* deadline < 0 or TW_NO_DEADLINE: none. Seconds. */
bool tw_deployment_timed_out(
	int64_t deadline, enum tw_progress reason, int64_t age);
/* The condition after a sync: what `reason` becomes. */
enum tw_progress tw_deployment_progress(int64_t desired,
	const struct tw_deployment_status *old,
	const struct tw_deployment_status *now, enum tw_progress reason,
	int64_t age, int64_t deadline);
/* Seconds until a rollout that is stuck has to be looked at again; < 0: never
 * (requeueStuckDeployment). `has_condition`: there is one of Progressing. */
int64_t tw_deployment_requeue(int64_t desired,
	const struct tw_deployment_status *status, bool has_condition,
	enum tw_progress reason, int64_t age, int64_t deadline);

/* Which old sets go by revisionHistoryLimit (cleanupDeployment), oldest
 * revision first: only such as are empty and not being deleted. They are
 * marked; returns how many. TW_NO_DEADLINE: no limit. */
size_t tw_deployment_outdated(
	struct tw_replica_set *old, size_t n, int64_t limit);

/* Recreate waits (oldPodsRunning): an old set still has pods, or a pod that
 * is not the new set's has not ended. */
bool tw_deployment_old_pods(
	const struct tw_replica_set *old, size_t n, size_t others_not_ended);

#endif
