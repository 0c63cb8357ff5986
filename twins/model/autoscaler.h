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

#include "twins/base/vector.h"
#include "twins/model/value.h"

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

/* What a direction of `behavior` says where it says nothing: up at most 4 pods
 * or 100% each 15 s, without a window; down 100% each 15 s, and 300 s
 * (autoscaling/v2 defaults.go). */
void tw_hpa_default_rules(bool up, struct tw_hpa_rules *to);

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

/* --metric-resolution of metrics-server, as its manifests set it
 * (components.yaml). */
#define TW_METRIC_RESOLUTION (15 * TW_S)
/* Prometheus behind an adapter: kube-prometheus scrapes each 30 s, the
 * adapter's usual query is a rate over 2 minutes (prometheus-adapter,
 * deploy/manifests/config-map.yaml). */
#define TW_SCRAPE_INTERVAL (30 * TW_S)
#define TW_RATE_WINDOW	   (120 * TW_S)

/* cluster-autoscaler 1.34, config/autoscaling_options.go. */
#define TW_SCAN_INTERVAL (10 * TW_S)
#define TW_UNNEEDED_TIME (600 * TW_S)
#define TW_AFTER_ADD	 (600 * TW_S)
#define TW_LEAST_USED	 0.5
/* Nobody's figure: a cloud's machine, its image and its kubelet. */
#define TW_PROVISIONING (120 * TW_S)

/* KEDA, ScaledObject: pollingInterval, cooldownPeriod, maxReplicaCount. */
#define TW_KEDA_POLLING	 (30 * TW_S)
#define TW_KEDA_COOLDOWN (300 * TW_S)
#define TW_KEDA_MAX	 100

/* ---- as it is written ------------------------------------------------ */

struct tw_spec_hpa_metric {
	enum tw_hpa_source source;
	struct tw_text type;	   /* as written, where it is unknown */
	struct tw_text name;	   /* of the resource or the metric */
	struct tw_text container;  /* ContainerResource */
	struct tw_text object;	   /* Object: "Service/cart" */
	struct tw_int utilization; /* per cent */
	struct tw_int average_value, value; /* thousandths */
	struct tw_int activation; /* KEDA: more than that wakes it; default 0 */
	const struct tw_origin *origin;
};

struct tw_spec_hpa_policy {
	struct tw_text type; /* "Pods", "Percent" */
	struct tw_int value;
	struct tw_int period; /* ns */
};

struct tw_spec_hpa_rules {
	struct tw_text select; /* "Max", "Min", "Disabled" */
	struct tw_int window;  /* ns */
	struct tw_real tolerance;
	bool has_policies; /* those here, not the defaults */
	TW_VEC(struct tw_spec_hpa_policy) policies;
};

struct tw_spec_autoscaler {
	const char *key;  /* "namespace/name" */
	const char *kind; /* "HorizontalPodAutoscaler", "ScaledObject" */
	const char *namespace, *name;
	struct tw_text target_kind, target_name;
	struct tw_int min, max; /* replicas; default 1, of KEDA 0 and 100 */
	TW_VEC(struct tw_spec_hpa_metric) metrics;
	bool has_behavior;
	struct tw_spec_hpa_rules up, down;
	/* KEDA. */
	struct tw_int polling, cooldown; /* ns */
	struct tw_int idle;		 /* replicas; default 0 */
	const struct tw_origin *origin;
};

/* What a metric of a name is in the twin: a model's `metrics:`. */
enum tw_measure {
	TW_MEASURE_REQUEST_RATE, /* requests/s that replicas took */
	TW_MEASURE_IN_FLIGHT,	 /* requests in replicas, queues included */
	TW_MEASURE_QUEUE,	 /* requests in their queues */
	TW_MEASURE_VALUE,	 /* a number that does not change */
};

struct tw_spec_metric {
	const char *name;
	struct tw_int measure;	/* enum tw_measure */
	struct tw_text service; /* default: that of the scaled pods */
	struct tw_real value;
	const struct tw_origin *origin;
};

/* A model's `autoscaling:`: how the cluster's controllers are set. */
struct tw_spec_autoscaling {
	struct tw_int sync_period, downscale_stabilization,
		cpu_initialization_period, initial_readiness_delay;
	struct tw_real tolerance;
	struct tw_int metrics_server; /* 0: there is none */
	struct tw_int metric_resolution, scrape_interval, rate_window;
	/* The cluster autoscaler. */
	struct tw_int scan_interval, unneeded_time, delay_after_add;
	struct tw_real utilization_threshold;
	struct tw_int expander; /* 0: least-waste, 1: random */
	/* Of VerticalPodAutoscalers (vertical.h). */
	struct tw_int vpa_recommender_interval, vpa_updater_interval,
		vpa_history;
	struct tw_int vpa_min_replicas;
	struct tw_real vpa_eviction_tolerance;
};

#endif
