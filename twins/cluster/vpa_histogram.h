/*
 * The recommender's histogram: buckets that grow exponentially, and samples
 * whose weight halves each half-life.
 *
 * Source: kubernetes/autoscaler, vertical-pod-autoscaler 1.5,
 * pkg/recommender/util/{histogram,histogram_options,decaying_histogram}.go.
 * There is no interpolation: a percentile is the end of its bucket, so it is
 * up to 5% more than any sample.
 */
#ifndef TW_CLUSTER_VPA_HISTOGRAM_H
#define TW_CLUSTER_VPA_HISTOGRAM_H

#include "twins/base/memory.h"
#include "twins/base/units.h"

#include <stdbool.h>

/* Bucket n begins at first * (ratio^n - 1) / (ratio - 1); the last one begins
 * at `most` or after it. */
struct tw_vpa_scale {
	const double *starts; /* of each bucket */
	uint32_t n;
	double epsilon; /* less weight than that is none */
};

void tw_vpa_scale_init(struct tw_vpa_scale *scale, struct tw_arena *arena,
	double most, double first, double ratio, double epsilon);
/* The bucket of a value; the first or the last one of what lies outside. */
uint32_t tw_vpa_bucket(const struct tw_vpa_scale *scale, double value);

struct tw_vpa_histogram {
	const struct tw_vpa_scale *scale;
	double *weight; /* by bucket */
	double total;
	uint32_t min, max; /* buckets with weight; min > max: none */
	tw_time half_life;
	tw_time reference; /* weights are relative to it */
};

void tw_vpa_histogram_init(struct tw_vpa_histogram *it, struct tw_arena *arena,
	const struct tw_vpa_scale *scale, tw_time half_life);
/* `weight` >= 0; `at` may be before others'. */
void tw_vpa_histogram_add(
	struct tw_vpa_histogram *it, double value, double weight, tw_time at);
/* One that was added so is not there any more. */
void tw_vpa_histogram_subtract(
	struct tw_vpa_histogram *it, double value, double weight, tw_time at);
bool tw_vpa_histogram_is_empty(const struct tw_vpa_histogram *it);
/* `p`: 0..1; 0 where it is empty. */
double tw_vpa_histogram_percentile(const struct tw_vpa_histogram *it, double p);

#endif
