/*
 * Looking at a gate before all of its runs are made, without fooling oneself.
 *
 * Whoever looks several times and stops when the answer is clear finds more
 * than there is: 20 looks at 5% make 24%. Here each look has a level of its
 * own, and the levels of all looks add up to alpha (Bonferroni, so that the
 * bound holds for any dependence between looks and exactly for Student's t of
 * few runs). The interval of every look is then right at all looks at once: the
 * repeated confidence intervals of C. Jennison, B. W. Turnbull (J. R. Stat.
 * Soc. B 51, 1989), which may be stopped at for any reason, also when time is
 * up. How alpha is shared out is the power family of K. Kim, D. L. DeMets
 * (Biometrika 74, 1987) with the exponent 2: by n of N runs alpha (n/N)^2 is
 * spent, so that little is lost where all runs are needed.
 *
 * Looks are at `first` runs, then each time at half as many again, rounded up,
 * at last at `most`; a last step shorter than the one before it is joined to
 * that: it would take much of alpha away from the last look and bring hardly a
 * run to it (docs/statistics.md, Looks). Only the number of runs counts, not the hour: whatever
 * the threads and the parts that a gate is run in, the looks are the same.
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

/* The share of alpha of the last look that is at n runs or before; 1 where
 * there is but one look. Before the first one: 1 (it was never planned). */
double tw_look_share(const struct tw_looks *looks, size_t n);

#endif
