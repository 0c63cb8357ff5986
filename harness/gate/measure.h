/*
 * What a check measures in observations: the groups that occur, and one
 * number a group from one run or from several added up. What each measure
 * means is written in check.h.
 */
#ifndef TW_GATE_MEASURE_H
#define TW_GATE_MEASURE_H

#include "harness/gate/check.h"
#include "twins/observe/observation.h"

/* One side: its runs, in order. */
struct tw_runs {
	const struct tw_observation *const *v;
	size_t n;
};

struct tw_sample {
	bool present; /* false: nothing matched, value is 0 */
	/* recovery_time: it never held again, up to `value` after the fault */
	bool censored;
	double value;	/* tw_check_unit() */
	uint64_t calls; /* that it rests on; slices for gauges */
	uint64_t part;	/* of these, for ratios: those that went so */
};

/* Values of labels; NULL where not grouped by. In the observation's memory. */
struct tw_group_key {
	const char *labels[TW_LABELS];
};

TW_VEC_TYPE(tw_group_keys, struct tw_group_key);

/* Adds the groups that occur in these runs and are not in `keys` yet; sorted
 * by the labels' values. A check without `by` has one group if anything
 * matches at all. */
void tw_measure_groups(const struct tw_check *check, struct tw_runs runs,
	struct tw_arena *arena, struct tw_group_keys *keys);

/* Runs first .. first + n - 1, added up. */
struct tw_sample tw_measure(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t first,
	size_t n);

/* The latencies of the calls that match in one run, added to *to. */
void tw_measure_latency(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t run,
	struct tw_histogram *to);

/* Whether a fault ends in it, after the warm-up: what recovery_time needs. */
bool tw_measure_sees_end(const struct tw_observation *obs);

/* Does this series count for this group? For what looks closer (blame.h). */
bool tw_measure_takes(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_cell *cell);

#endif
