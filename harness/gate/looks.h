/*
 * Looking at a gate before all of its runs are made, without fooling oneself.
 *
 * Whoever looks several times and stops when the answer is clear finds more
 * than there is: 20 looks at 5% make 24%. Here each look has a level of its
 * own, such that one that errs at any of them comes in alpha of gates and no
 * more. The interval of every look is then right at all looks at once: the
 * repeated confidence intervals of C. Jennison, B. W. Turnbull (J. R. Stat.
 * Soc. B 51, 1989), which may be stopped at for any reason, also when time is
 * up. How alpha is shared out is the power family of K. Kim, D. L. DeMets
 * (Biometrika 74, 1987) with the exponent 2: by n of N runs alpha (n/N)^2 is
 * spent, so that little is lost where all runs are needed. The levels are those
 * of which just that comes, for Student's t of runs that do not depend on each
 * other (boundaries.h). They add up to more than alpha, by up to two thirds of
 * it: the levels of a plain sum (Bonferroni) find less, docs/statistics.md,
 * Looks.
 *
 * Looks are at `first` runs, then each time at half as many again, rounded up,
 * at last at `most`; a last step shorter than the one before it is joined to
 * that: it would take much of alpha away from the last look and bring hardly a
 * run to it (docs/statistics.md, Looks). Only the number of runs counts, not
 * the hour: whatever the threads and the parts that a gate is run in, the looks
 * are the same.
 */
#ifndef TW_GATE_LOOKS_H
#define TW_GATE_LOOKS_H

#include <stddef.h>

struct tw_looks {
	size_t first, most; /* first = most: one look */
};

/* The runs of the look after the one at n; n = 0: of the first. n = most: 0. */
size_t tw_look_next(const struct tw_looks *looks, size_t n);

/* The number of the last look that is at n runs or before: 1 is the first. */
size_t tw_look_number(const struct tw_looks *looks, size_t n);

/* Of so many looks at most: the last is then at 10^10 runs and more. */
#define TW_LOOKS_MAX 64

/* Errors that the levels are made for: alpha, and each time an eighth. Below
 * the last one those of a sum do, which are right for any. */
#define TW_LOOK_ERRORS 4

/* One look of a plan. */
struct tw_look {
	double alpha; /* one-sided, of all looks; 0: this is the only one */
	/* Its level, as a share of the error of all: of alpha / 8^i. */
	double share[TW_LOOK_ERRORS];
	double sum; /* likewise, where all of them add up to 1 */
};

/* The levels of all looks; made by tw_look_plan(). */
struct tw_look_plan {
	struct tw_looks looks;
	double alpha;
	size_t n, at[TW_LOOKS_MAX];
	struct tw_look look[TW_LOOKS_MAX];
};

/* Nothing is done where it is the plan of these already; else it takes some
 * 10 ms for each ten looks and error. 0 < alpha < 0.5. */
void tw_look_plan(
	const struct tw_looks *looks, double alpha, struct tw_look_plan *plan);

/* The last look that is at n runs or before. Zeroed where there is but one, and
 * before the first one (it was never planned). */
struct tw_look tw_look_at(const struct tw_look_plan *plan, size_t n);

/* The level of t at this look: one-sided, of all looks together `alpha`. */
double tw_look_level(const struct tw_look *look, double alpha);

/* The smallest error of all looks at which this p (one-sided, of this look by
 * itself) would have been beyond; one that is not known to it is rounded up. */
double tw_look_p(const struct tw_look *look, double p);

#endif
