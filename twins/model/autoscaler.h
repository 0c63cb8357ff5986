/*
 * An autoscaler as its object says: what it scales, by which metrics, and how
 * fast. The words are those of autoscaling/v2.
 *
 * Source: Kubernetes 1.36, autoscaling/v2 types, and
 * pkg/apis/autoscaling/v2/defaults.go for the defaults. Values are in
 * thousandths, times ns.
 */
#ifndef TW_MODEL_AUTOSCALER_H
#define TW_MODEL_AUTOSCALER_H

#include "twins/base/units.h"

#include <stdbool.h>
#include <stddef.h>

enum tw_hpa_source {
	TW_HPA_RESOURCE,
	TW_HPA_CONTAINER, /* ContainerResource */
	TW_HPA_PODS,
	TW_HPA_OBJECT,
	TW_HPA_EXTERNAL,
	TW_HPA_UNKNOWN, /* a type that does not exist */
};

enum tw_hpa_target {
	TW_HPA_UTILIZATION,   /* per cent of the requests */
	TW_HPA_AVERAGE_VALUE, /* per pod */
	TW_HPA_VALUE,
};

enum tw_hpa_select { TW_HPA_MAX, TW_HPA_MIN, TW_HPA_DISABLED };

struct tw_hpa_policy {
	bool percent; /* of the size when the period began; else pods */
	int64_t value;
	tw_time period;
};

/* One direction of `behavior`. */
struct tw_hpa_rules {
	enum tw_hpa_select select;
	tw_time window; /* stabilizationWindowSeconds */
	const struct tw_hpa_policy *policies;
	size_t n;
};

/* DefaultCPUUtilization: where an autoscaler names no metric. */
#define TW_HPA_CPU_UTILIZATION 80

/* --horizontal-pod-autoscaler-{sync-period,downscale-stabilization,
 * cpu-initialization-period,initial-readiness-delay,tolerance} of
 * kube-controller-manager (pkg/controller/podautoscaler/config/v1alpha1/
 * defaults.go). */
#define TW_HPA_SYNC_PERIOD     (15 * TW_S)
#define TW_HPA_DOWNSCALE       (300 * TW_S)
#define TW_HPA_CPU_INIT	       (300 * TW_S)
#define TW_HPA_READINESS_DELAY (30 * TW_S)
#define TW_HPA_TOLERANCE       0.1

#endif
