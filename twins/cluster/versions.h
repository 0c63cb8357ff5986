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
	/* NodeResourcesBalancedAllocation scores pods that request nothing;
	 * since 1.33 it leaves them out (kubernetes#130260). */
	bool balance_all;
	/* It and NodeResourcesFit count the CPU of a RuntimeClass's overhead
	 * in whole cores, rounded up as thousandths, where they score a pod:
	 * 250m as 1m (pkg/scheduler/framework/plugins/noderesources/
	 * resource_allocation.go of 1.26, Quantity.Value()). */
	bool whole_overhead;
	/* PodTopologySpread gives each node 100 where a pod has nothing to
	 * spread; since 1.27 it is skipped then (PreScore, Skip). */
	bool spread_always;
	/* A pod that is larger than a node is told that preemption found no
	 * victims there; since 1.34 that it is not helpful
	 * (kubernetes#131345). */
	bool small_nodes_helpable;
	/* "untolerated taint {key: value}"; "untolerated taint(s)" since 1.34
	 * (kubernetes#134740 and its cherry picks). */
	bool names_taints;
	/* What preemption found ends in "..": recorded of 1.26.5; reports of
	 * 1.29 and later end in one. */
	bool two_stops;
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
	/* The kubelet asks whether a pod may use an image that is there
	 * (KubeletEnsureSecretPulledImages: beta and on since 1.35), and says
	 * so (pkg/kubelet/images/image_manager.go). */
	bool checks_pulled_images;
	/* Pods can be resized as they run (InPlacePodVerticalScaling: beta and
	 * on since 1.33; KEP-1287). */
	bool resizes_in_place;
	/* Memory limits of running containers can be lowered (since 1.34,
	 * where nothing beyond them is in use; KEP-1287). */
	bool lowers_memory_limits;
	/* "Scaled up replica set x from 2 to 3"; before it was "to 3 from 2"
	 * (pkg/controller/deployment/sync.go; kubernetes/kubernetes#125118, of
	 * May 2024, so 1.31's). */
	bool scaled_from_to;
	/* Readiness that is asked by hand is asked again a period later, and so
	 * on; before 1.32 the ticks of its worker stayed where they were
	 * (pkg/kubelet/prober/worker.go; kubernetes#119089). */
	bool asking_shifts_ticks;
	/* A StatefulSet's maxUnavailable counts (MaxUnavailableStatefulSet: off
	 * in 1.36 and, from 1.35.4 on, in 1.35, where the API drops the field;
	 * kubernetes#137904; on since 1.37, kubernetes#139466). */
	bool set_unavailable;
};

/* Of the release 1.`minor`; one that is older than the table is like its
 * first, one that is newer like its last. */
const struct tw_kubernetes *tw_kubernetes_of(int minor);

#endif
