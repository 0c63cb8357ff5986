/*
 * The autoscaler's arithmetic: how many replicas one metric asks for. Pure
 * functions; hpa.h makes a decision of them.
 *
 * Source: Kubernetes 1.36, pkg/controller/podautoscaler/replica_calculator.go
 * and metrics/utilization.go. Values are in thousandths (of cores, bytes,
 * requests/s); times are ns on the clock of `now`. Ratios are binary64, as
 * they are there: 55 of 50 is 1.1, and what a tolerance of 0.1 makes of it
 * hangs on the last bit (tw_hpa_tolerance.by_difference).
 */
#ifndef TW_CLUSTER_HPA_REPLICAS_H
#define TW_CLUSTER_HPA_REPLICAS_H

#include "twins/model/autoscaler.h"

#include <stdint.h>

enum tw_hpa_phase {
	TW_HPA_PENDING,
	TW_HPA_RUNNING,
	TW_HPA_SUCCEEDED,
	TW_HPA_FAILED,
};

/* A pod that the selector selects, with its sample of the metric. */
struct tw_hpa_pod {
	enum tw_hpa_phase phase;
	bool deleting;
	bool has_condition; /* Ready */
	bool ready;
	bool has_start; /* status.startTime */
	bool has_sample;
	bool has_request;
	bool stranger; /* the metrics have it, the selector has not: nothing
			* but its sample counts */
	tw_time ready_change; /* of the condition: lastTransitionTime */
	tw_time start;
	tw_time sampled, window; /* of the sample */
	int64_t value;
	int64_t request; /* of the resource, of all its containers or one */
};

struct tw_hpa_tolerance {
	double up, down;
	/* Before 1.33: |1 - ratio| <= up. Since then: 1 - down <= ratio <=
	 * 1 + up. At a ratio of 1.1 they differ. */
	bool by_difference;
};

struct tw_hpa_timing {
	tw_time cpu_init, ready_delay;
};

enum tw_hpa_group {
	TW_HPA_READY, /* it counts */
	TW_HPA_UNREADY,
	TW_HPA_MISSING, /* no sample */
	TW_HPA_IGNORED, /* failed, or being deleted */
};

/* Where a pod belongs (groupPods). `cpu`: the metric is the resource cpu. */
enum tw_hpa_group tw_hpa_group_of(const struct tw_hpa_pod *pod, bool cpu,
	const struct tw_hpa_timing *timing, tw_time now);

/* What one container asks for. */
struct tw_hpa_container {
	const char *name;
	bool has_request;
	bool init;    /* an init container … */
	bool sidecar; /* … that stays */
	int64_t request;
};

/* spec.resources of a pod. */
struct tw_hpa_pod_level {
	bool has_request; /* of this resource */
	int64_t request;
};

/*
 * A pod's request of a resource (calculateRequests): that of `container`, or
 * of all where that is NULL. `pod_level`, where the pod has resources of its
 * own (NULL: it has not), is taken before the containers', of which then not
 * each needs a request. False: one that is needed is missing.
 */
bool tw_hpa_request(const struct tw_hpa_container *containers, size_t n,
	const char *container, const struct tw_hpa_pod_level *pod_level,
	int64_t *to);

enum tw_hpa_error {
	TW_HPA_OK,
	TW_HPA_NO_METRICS,	  /* nothing was returned */
	TW_HPA_NO_USABLE_METRICS, /* of no pod that counts */
	TW_HPA_NO_KNOWN_PODS,	  /* requests of the sampled ones are 0 */
	TW_HPA_NO_REQUEST,
	TW_HPA_NO_PODS,	 /* the selector selects none */
	TW_HPA_BAD_TYPE, /* of the metric */
};

struct tw_hpa_ask {
	enum tw_hpa_source source;
	enum tw_hpa_target type;
	int64_t target; /* per cent, or thousandths */
	bool cpu;	/* resource, container: which one */
	struct tw_hpa_tolerance tolerance;
	struct tw_hpa_timing timing;
	int64_t current; /* spec.replicas of the target */
	int64_t status;	 /* status.replicas */
	const struct tw_hpa_pod *pods;
	size_t n_pods;
	const int64_t *values; /* object: one; external: all that fit */
	size_t n_values;
	tw_time now;
};

struct tw_hpa_answer {
	enum tw_hpa_error error;
	int64_t replicas;
	int64_t utilization; /* per cent */
	int64_t value;	     /* of a pod, or of the object; thousandths */
};

void tw_hpa_replicas(const struct tw_hpa_ask *ask, struct tw_hpa_answer *to);

#endif
