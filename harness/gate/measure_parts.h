/*
 * Private to measuring: what its parts share.
 *
 *	measure.c		groups, cells, gauges
 *	measure_slices.c	what is measured slice by slice
 */
#ifndef TW_GATE_MEASURE_PARTS_H
#define TW_GATE_MEASURE_PARTS_H

#include "harness/gate/measure.h"

struct tw_gauge_sum {
	uint64_t slices;
	double worst; /* share of a slice */
	uint32_t max;
	uint32_t killed;	/* of one service and run */
	int64_t busy, capacity; /* or throttled, computing */
};

/* recovery_time looks at what its inner check selects. */
const struct tw_check *tw_check_selecting(const struct tw_check *check);
bool tw_check_is_gauge(const struct tw_check *check);

bool tw_gauge_takes(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_gauge *gauge);
bool tw_window_takes(const struct tw_check *check,
	const struct tw_group_key *group, enum tw_window window);
/* The window that most of a slice lies in: by its middle. */
enum tw_window tw_slice_window(const struct tw_observation *obs, size_t slice);
/* Nothing of it was looked at. */
bool tw_slice_is_warmup(const struct tw_observation *obs, size_t slice);

void tw_gauge_add(const struct tw_check *check,
	const struct tw_gauge_slice *slice, struct tw_gauge_sum *sum);
double tw_gauge_value(
	const struct tw_check *check, const struct tw_gauge_sum *sum);

/* The mean of the runs' times; censored where one of them is. */
struct tw_sample tw_measure_recovery(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t first,
	size_t n);

/* The mean of the runs' times in which the inner check holds. */
struct tw_sample tw_measure_time(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t first,
	size_t n);
/* Of the runs' worst windows, the mean. */
struct tw_sample tw_measure_burn(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t first,
	size_t n);

#endif
