/*
 * Eviction under memory pressure: a kubelet that is short of memory ends pods,
 * one at a time, before the kernel kills (oom.h), in the order of pressure.h.
 *
 * Each 10 s it looks; where less than 100Mi of the node's memory is left beside
 * what its pods use (their model's memory; what else runs on a node is not
 * known), the node has the condition MemoryPressure, and the pod that ranks
 * first goes, with a grace period of 1 s; it looks again once that is gone. A
 * pod of a system-critical priority stays. The condition lasts until nothing
 * of it was seen for 5 minutes; meanwhile the node has the taint
 * node.kubernetes.io/memory-pressure:NoSchedule, which pods of the class
 * BestEffort do not tolerate (model/pods.c).
 *
 * The owner of a pod that was evicted makes another one, as of one that was
 * deleted (a Job counts a failure). The pod that failed is not kept.
 *
 * Nothing of it acts where nobody gives the memory of nodes or of services, or
 * where the control plane does not act.
 *
 * Source: Kubernetes 1.36, pkg/kubelet/eviction/{eviction_manager.go,
 * helpers.go}; pkg/kubelet/kubelet.go, evictionMonitoringPeriod; KubeletConfig
 * evictionHard (memory.available<100Mi), evictionPressureTransitionPeriod;
 * pkg/controller/nodelifecycle, nodeConditionToTaintKeyStatusMap.
 */
#ifndef TW_CLUSTER_EVICTION_H
#define TW_CLUSTER_EVICTION_H

#include "twins/world/world.h"

/* After the nodes and the memory. `aligned`: kubelets look at multiples of
 * 10 s. */
void tw_eviction_init(struct tw_world *world, bool aligned);

/* TW_EV_PRESSURE; false: another kind. */
bool tw_eviction_event(struct tw_world *world, const struct tw_event *event);

#endif
