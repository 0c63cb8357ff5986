/*
 * What differs between releases of Kubernetes: one table. The default is 1.36;
 * a model says `kubernetes: "1.29"` for an older cluster. Constants that have
 * been the same since 1.26 stand where they are used, with their source.
 */
#ifndef TW_CLUSTER_VERSIONS_H
#define TW_CLUSTER_VERSIONS_H

#include "twins/base/units.h"

#include <stdbool.h>

struct tw_kubernetes {
	int minor; /* from this release on */
	/* node-monitor-grace-period (kube-controller-manager,
	 * cmd/kube-controller-manager/app/options/nodelifecyclecontroller.go):
	 * 40 s, 50 s since 1.31. */
	tw_time node_grace;
	/* NodeResourcesBalancedAllocation is 100 (1 - deviation); since 1.36
	 * 50 + (50 + after - before) / 2 (pkg/scheduler/framework/plugins/
	 * noderesources/balanced_allocation.go). */
	bool old_balance;
	/* PodDisruptionBudget's unhealthyPodEvictionPolicy counts
	 * (PDBUnhealthyPodEvictionPolicy: beta and on since 1.27). */
	bool unhealthy_policy;
	/* minDomains of a spread counts (MinDomainsInPodTopologySpread: on
	 * since 1.27). */
	bool min_domains;
	/* An autoscaler's tolerance: |1 - ratio| <= tolerance; since 1.33
	 * 1 - down <= ratio <= 1 + up (podautoscaler/replica_calculator.go,
	 * Tolerances). In binary64 they differ at a ratio of 1.1. */
	bool tolerance_by_difference;
};

/* Of the release 1.`minor`; one that is older than the table is like its
 * first, one that is newer like its last. */
const struct tw_kubernetes *tw_kubernetes_of(int minor);

#endif
