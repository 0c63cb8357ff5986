/*
 * Private to judging: what is at hand for one group.
 *
 *	judge.c		scenarios and checks
 *	judge_group.c	from the runs of a group to its values
 *	judge_interval.c from its values to intervals, noise and power
 *	judge_pool.c	quantiles of runs that have too few calls each
 *	judge_decide.c	from the interval to a verdict, and its words
 */
#ifndef TW_GATE_JUDGING_H
#define TW_GATE_JUDGING_H

#include "harness/gate/judge.h"
#include "harness/gate/stats.h"

/* A ratio rests on at least this many calls in all (judge.h). */
#define TW_RATIO_CALLS 60
/* Fewer events than this on both sides together say more by their number than
 * by how it differs between runs. */
#define TW_SPARSE 30
/* The same of requests that differ between the two sides. */
#define TW_SPARSE_PAIRS 100

/*
 * What is too much, as a line: sign * (candidate - (factor * baseline + add))
 * above 0. One for most checks; `within` has one above and one below.
 */
struct tw_line {
	double factor, add, sign;
};

struct tw_judging {
	const struct tw_check *check;
	const struct tw_group_key *key;
	struct tw_runs baseline, candidate;
	const struct tw_judge_options *options;
	struct tw_arena *arena;
	struct tw_group *group;
	enum tw_unit unit;
	bool relative;
	double confidence; /* of this look, two-sided */

	size_t n; /* values: runs */
	size_t valid;
	bool pooled;	/* a run has too few calls for its quantile */
	bool short_of;	/* too few samples for a pass */
	bool identical; /* each value the same on both sides */
	bool sparse;	/* a ratio of few events: bounded by their number */
	size_t never;	/* runs in which the candidate never recovered ... */
	size_t unseen;	/* ... and too short to be sure of it */
	struct tw_sample *b, *c;
	double *own; /* of a shift: each run of the baseline's from its first */
	double *excess[2], *difference; /* of the valid ones, by line */
	double *kept;			/* baselines of the valid ones */
	struct tw_interval interval;	/* of the worse line's excess */
};

/* Of quotients, which are judged by their logarithms (check.h). */
static inline bool tw_judge_is_shift(const struct tw_judging *j)
{
	return j->check->aggregate == TW_AGG_SHIFT;
}

/* How far a value is above the limit, in what the excess is counted in. */
double tw_judge_apart(const struct tw_judging *j, double value, double limit);

/* The line at this baseline: a floor may make it another. */
struct tw_line tw_judge_line(
	const struct tw_check *check, double baseline, bool lower);
static inline size_t tw_judge_lines(const struct tw_check *check)
{
	return check->compare == TW_WITHIN ? 2 : 1;
}

/* Fills in the intervals of j->group, what noise there is, and what would have
 * been caught. At least one value is valid. */
void tw_judge_intervals(struct tw_judging *j);
/* The histograms of each run, the quantile of all of them together, and how
 * far that would move with other runs (judge_pool.c). */
struct tw_interval tw_judge_pooled(struct tw_judging *j, bool lower);

void tw_decide(struct tw_judging *j, enum tw_verdict verdict,
	enum tw_reason reason, const char *why, const char *advice);
/* In some run it never held again. */
void tw_decide_never(struct tw_judging *j);
void tw_decide_by_interval(struct tw_judging *j);
/* With equal values on both sides the candidate is within any limit that the
 * baseline itself would meet. */
bool tw_passes_as_equal(const struct tw_judging *j);
void tw_decide_equal(struct tw_judging *j);

#endif
