/*
 * How fast an autoscaler may change its mind and its target: stabilisation
 * windows, limits and policies. Pure functions of a log that the caller keeps.
 *
 * Source: Kubernetes 1.36, pkg/controller/podautoscaler/horizontal.go:
 * stabilizeRecommendation, convertDesiredReplicasWithRules,
 * stabilizeRecommendationWithBehaviors, convertDesiredReplicasWithBehaviorRate,
 * storeScaleEvent. Reasons are those of the conditions there.
 */
#ifndef TW_CLUSTER_HPA_BEHAVIOR_H
#define TW_CLUSTER_HPA_BEHAVIOR_H

#include "twins/base/vector.h"
#include "twins/model/autoscaler.h"

#include <stdint.h>

struct tw_hpa_recommendation {
	tw_time at;
	int64_t replicas;
};

struct tw_hpa_change {
	tw_time at;
	int64_t replicas; /* that were added, or taken away; > 0 */
	bool outdated;
};

TW_VEC_TYPE(tw_hpa_recommendations, struct tw_hpa_recommendation);
TW_VEC_TYPE(tw_hpa_changes, struct tw_hpa_change);

enum tw_hpa_limit {
	TW_HPA_WITHIN_RANGE,
	TW_HPA_SCALE_UP_LIMIT,
	TW_HPA_SCALE_DOWN_LIMIT,
	TW_HPA_TOO_MANY,
	TW_HPA_TOO_FEW,
};

/* "DesiredWithinRange", "ScaleUpLimit" … */
const char *tw_hpa_limit_reason(enum tw_hpa_limit limit);

/* ---- without `behavior` ---------------------------------------------- */

/* The highest of the wanted size and of what was recommended in the window.
 * What was wanted is logged. */
int64_t tw_hpa_stabilize(struct tw_hpa_recommendations *log, tw_time window,
	int64_t desired, tw_time now);
/* At most twice as many, or 4, at once; between min and max. */
int64_t tw_hpa_limit_default(int64_t current, int64_t desired, int64_t min,
	int64_t max, enum tw_hpa_limit *limit);

/* ---- with it --------------------------------------------------------- */

int64_t tw_hpa_stabilize_both(struct tw_hpa_recommendations *log,
	tw_time up_window, tw_time down_window, int64_t current,
	int64_t desired, tw_time now);

struct tw_hpa_history {
	struct tw_hpa_changes up, down;
};

struct tw_hpa_bounds {
	const struct tw_hpa_rules *up, *down;
	int64_t min, max;
};

int64_t tw_hpa_limit_rate(const struct tw_hpa_bounds *bounds,
	const struct tw_hpa_history *history, int64_t current, int64_t desired,
	tw_time now, enum tw_hpa_limit *limit);

/* What changed within the period. */
int64_t tw_hpa_changed(
	const struct tw_hpa_changes *changes, tw_time period, tw_time now);
/* Logs a change; one that no policy looks back to gives up its place. */
void tw_hpa_log_change(struct tw_hpa_changes *changes,
	const struct tw_hpa_rules *rules, int64_t change, tw_time now);

#endif
