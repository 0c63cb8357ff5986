/*
 * When a series of values changed: D. S. Matteson, N. A. James, "A
 * nonparametric approach for multiple change point analysis of multivariate
 * data", J. Am. Stat. Assoc. 109 (2014) 334-345 (E-divisive). The series is
 * cut where the energy distance of the two sides is largest, as long as a
 * permutation test with drawn permutations, seeded and so the same every time,
 * finds that by chance in less than `alpha` of them.
 */
#ifndef TW_GATE_CHANGES_H
#define TW_GATE_CHANGES_H

#include "twins/base/vector.h"

#include <stdint.h>

/* Values before the first change, and between two. */
#define TW_CHANGE_LEAST 5

struct tw_change {
	size_t at;	      /* the first value of what is new */
	double before, after; /* medians of what lies between changes */
	double p;
};

TW_VEC_TYPE(tw_changes, struct tw_change);

/* Finite values, in order of time; the changes are added in that order. */
void tw_changes_of(const double *values, size_t n, double alpha, uint64_t seed,
	struct tw_changes *to);

#endif
