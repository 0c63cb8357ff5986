/*
 * The HorizontalPodAutoscaler's decision: one reconciliation, from samples to
 * the size of the target, with its conditions and events in Kubernetes' words.
 * Pure but for the log of its own state; autoscale.h makes it in the run.
 *
 * Source: Kubernetes 1.36, pkg/controller/podautoscaler/horizontal.go,
 * reconcileAutoscaler and computeReplicasForMetrics.
 */
#ifndef TW_CLUSTER_HPA_H
#define TW_CLUSTER_HPA_H

#include "twins/base/text.h"
#include "twins/cluster/hpa_behavior.h"
#include "twins/cluster/hpa_replicas.h"

/* A metric of the autoscaler and what was read of it. */
struct tw_hpa_reading {
	enum tw_hpa_source source;
	enum tw_hpa_target type;
	int64_t target;
	const char *name;   /* "cpu", "requests_per_second" */
	const char *object; /* object: the kind of the described one */
	const struct tw_hpa_pod *pods;
	size_t n_pods;
	const int64_t *values;
	size_t n_values;
};

struct tw_hpa_rule {
	int64_t min, max;
	const struct tw_hpa_rules *up, *down; /* NULL: no `behavior` */
	struct tw_hpa_tolerance tolerance;
	struct tw_hpa_timing timing;
	tw_time downscale; /* window where there is no `behavior` */
};

/* What it remembers from sync to sync. */
struct tw_hpa_state {
	struct tw_hpa_recommendations recommendations;
	struct tw_hpa_history history;
	bool begun;
};

void tw_hpa_state_release(struct tw_hpa_state *state);

/* Of the conditions AbleToScale, ScalingActive and ScalingLimited. */
struct tw_hpa_condition {
	bool is;	    /* True */
	const char *reason; /* NULL: not set in this sync */
};

struct tw_hpa_decision {
	int64_t replicas;	 /* of the target, from now on */
	bool rescale;		 /* they change */
	int64_t proposed;	 /* by the metrics; < 0: they were not asked, or
				  * gave nothing */
	int64_t metric;		 /* which one decided; < 0: none */
	int64_t invalid;	 /* metrics that gave nothing */
	int64_t first_invalid;	 /* < 0: none */
	enum tw_hpa_error error; /* of that one */
	struct tw_hpa_answer answer; /* of the metric that decided */
	enum tw_hpa_limit limit;
	struct tw_hpa_condition able, active, limited;
	const char *why; /* of a change: above max, below min; NULL: metrics */
};

/* What one sync sees: a reading a metric (one at least), and how many replicas
 * the target asks for and has. */
struct tw_hpa_view {
	const struct tw_hpa_reading *readings;
	size_t n;
	int64_t spec_replicas, status_replicas;
	tw_time now;
};

void tw_hpa_sync(const struct tw_hpa_rule *rule, const struct tw_hpa_view *view,
	struct tw_hpa_state *state, struct tw_hpa_decision *to);

/* "cpu resource utilization (percentage of request)" */
void tw_hpa_metric_name(
	const struct tw_hpa_reading *reading, struct tw_buf *to);
/* "New size: 4; reason: cpu resource utilization (percentage of request) above
 * target", as in the event SuccessfulRescale. */
void tw_hpa_message(const struct tw_hpa_decision *decision,
	const struct tw_hpa_reading *readings, int64_t was, struct tw_buf *to);
/* Why a metric gave nothing: the condition's reason, "FailedGetResourceMetric",
 * and its message. */
const char *tw_hpa_failure_reason(
	const struct tw_hpa_reading *reading, enum tw_hpa_error error);
const char *tw_hpa_error_text(enum tw_hpa_error error);

#endif
