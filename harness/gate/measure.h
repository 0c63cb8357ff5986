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
	/* ns: beyond which a call is slow; tw_measure_threshold(). */
	int64_t threshold;
};

TW_VEC_TYPE(tw_group_keys, struct tw_group_key);

/* By the labels that both have, in their order. */
int tw_labels_compare(
	const char *const a[TW_LABELS], const char *const b[TW_LABELS]);

/* Adds the groups that occur in these runs and are not in `keys` yet; sorted
 * by the labels' values. A check without `by` has one group if anything
 * matches at all. */
void tw_measure_groups(const struct tw_check *check, struct tw_runs runs,
	struct tw_arena *arena, struct tw_group_keys *keys);

/* Runs first .. first + n - 1, added up. */
struct tw_sample tw_measure(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t first,
	size_t n);

/* Beyond which a call of this group is slow: what the check says, or the
 * quantile of all calls of both sides together. 0 for other checks. */
int64_t tw_measure_threshold(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs baseline,
	struct tw_runs candidate);

static inline bool tw_check_is_distance(const struct tw_check *check)
{
	return check->aggregate == TW_AGG_DISTANCE ||
	       check->aggregate == TW_AGG_KS ||
	       check->aggregate == TW_AGG_SHIFT;
}

/* How far apart two runs are; not present where one has no calls. */
struct tw_sample tw_measure_distance(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs a, size_t run_a,
	struct tw_runs b, size_t run_b);

/* The latencies of the calls that match in one run, added to *to. */
void tw_measure_latency(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t run,
	struct tw_histogram *to);

/* Whether a check is an alert rule, too: it has a condition of its own
 * (recovery_time: what is to hold; time: what is not to), or is a burn rate
 * with a limit that is no baseline's. */
bool tw_check_rings(const struct tw_check *check);
/*
 * Of one run with a fault, and a check that rings: when it would, evaluated at
 * the end of each slice, counted from the first fault's begin. Censored: it
 * never would.
 */
struct tw_sample tw_measure_detection(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_observation *obs);

/* Whether a fault ends in it, after the warm-up: what recovery_time needs. */
bool tw_measure_sees_end(const struct tw_observation *obs);

/* Does this series count for this group? For what looks closer (blame.h). */
bool tw_measure_takes(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_cell *cell);

#endif
