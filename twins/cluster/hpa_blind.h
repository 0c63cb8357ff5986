/*
 * Why an autoscaler could not read a metric, in the words of its event: "failed
 * to get cpu utilization: missing request for cpu in container server of Pod
 * cart-1".
 *
 * Source: Kubernetes 1.36, pkg/controller/podautoscaler/horizontal.go
 * (computeStatusForResourceMetricGeneric), replica_calculator.go and
 * metrics/client.go.
 */
#ifndef TW_CLUSTER_HPA_BLIND_H
#define TW_CLUSTER_HPA_BLIND_H

#include "twins/cluster/hpa.h"
#include "twins/world/world.h"

/* Of the first invalid metric of a decision, and its reading. */
void tw_hpa_blind_text(const struct tw_world *world, uint32_t autoscaler,
	const struct tw_hpa_reading *reading,
	const struct tw_hpa_decision *decision, struct tw_buf *to);

#endif
