/*
 * What a run saw as numbers over time, as a monitoring system would have
 * sampled it: the food of other people's judges.
 *
 * Slices of a run keep counts, errors, time-outs, and of latencies the sum and
 * the largest. So mean(latency), max(latency), ratio(errors), ratio(timeouts)
 * and rate(requests) have a value each interval; every other measure (a
 * quantile, retries, gauges) has one value a run. Intervals without a call are
 * NaN, but for a rate, which is 0 there. Slices of the warm-up are left out,
 * and what is left over at the end is no interval.
 *
 * Units: latencies in seconds (Prometheus: base units), ratios in ones, rates
 * per second.
 */
#ifndef TW_JUDGES_SERIES_H
#define TW_JUDGES_SERIES_H

#include "harness/gate/measure.h"

TW_VEC_TYPE(tw_series, double);

/* Whether slices are enough for it. */
bool tw_series_has_time(const struct tw_check *measure);

/* Of one run; `interval` in ns, 0: a slice. Appends to a vector of the arena.
 */
void tw_series_of(const struct tw_check *measure,
	const struct tw_observation *run, tw_time interval,
	struct tw_arena *arena, struct tw_series *to);

/* How many calls each slice has that a measure looks at, after the warm-up. */
void tw_series_calls(const struct tw_check *measure,
	const struct tw_observation *run, struct tw_arena *arena,
	struct tw_series *to);

/* The value of the whole run, or of all of them together; NaN: no data. */
double tw_series_whole(const struct tw_check *measure, struct tw_runs runs,
	size_t first, size_t n);

/* How long a run is judged: from the warm-up's end. */
tw_time tw_series_length(const struct tw_observation *run);

/* Reads a measure, `p99(latency{service="shop/cart"})`, as the left side of a
 * check. NULL where an error was added. */
const struct tw_check *tw_series_parse(struct tw_arena *arena,
	struct tw_str text, struct tw_pos pos, struct tw_diags *diags);

#endif
