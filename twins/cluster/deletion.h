/*
 * Which pods of a ReplicaSet go first when it shrinks.
 *
 * Source: Kubernetes 1.36, pkg/controller/controller_utils.go,
 * ActivePodsWithRanks, and pkg/controller/replicaset/replica_set.go,
 * getPodsToDelete. Ages: ns; < 0: the time is not set.
 */
#ifndef TW_CLUSTER_DELETION_H
#define TW_CLUSTER_DELETION_H

#include "twins/base/units.h"

#include <stdbool.h>
#include <stddef.h>

enum tw_pod_phase { TW_PHASE_PENDING, TW_PHASE_UNKNOWN, TW_PHASE_RUNNING };

struct tw_pod_standing {
	bool assigned; /* to a node */
	enum tw_pod_phase phase;
	bool ready;
	int64_t cost;  /* annotation controller.kubernetes.io/
			* pod-deletion-cost */
	uint32_t rank; /* active pods of the same owner on its node */
	tw_time ready_age, created_age;
	uint32_t restarts, sidecar_restarts;
	uint64_t tie; /* decides where nothing else does: a hash of names */
};

/* < 0: a goes first; 0: neither does, but for the tie. */
int tw_deletion_compare(const struct tw_pod_standing *a,
	const struct tw_pod_standing *b, bool with_cost);
/* Without cost, rank and buckets of age (ActivePods). */
int tw_deletion_compare_plain(
	const struct tw_pod_standing *a, const struct tw_pod_standing *b);
/* Which `diff` of n go first (getPodsToDelete); fills gone[n]. */
void tw_deletion_select(const struct tw_pod_standing *pods, size_t n,
	size_t diff, bool with_cost, bool *gone);

#endif
