/*
 * Quantiles of times, and how far two distributions of them are apart.
 */
#ifndef TW_GATE_QUANTILE_H
#define TW_GATE_QUANTILE_H

#include "twins/observe/histogram.h"

/*
 * F. E. Harrell, C. E. Davis, "A new distribution-free quantile estimator",
 * Biometrika 69 (1982) 635-640: a mean of all order statistics, weighted by
 * the Beta((n + 1) q, (n + 1)(1 - q)) distribution of the rank. Values of one
 * bucket count as its middle, within min and max. 0 while empty.
 */
double tw_quantile(const struct tw_histogram *histogram, double q);

/* Wasserstein's distance of order 1: the area between the two distribution
 * functions, in ns; that is how far a value has to be moved, in the mean.
 * Buckets by their middles. Neither is empty. */
double tw_distance_wasserstein(
	const struct tw_histogram *a, const struct tw_histogram *b);

/* Kolmogorov's and Smirnov's: the most that the two distribution functions
 * are apart at one point, 0 .. 1. */
double tw_distance_ks(
	const struct tw_histogram *a, const struct tw_histogram *b);

/*
 * How many times as long the values of b are as those of a: the median of all
 * quotients of one of b and one of a, that is the estimate of J. L. Hodges, E.
 * L. Lehmann, Ann. Math. Statist. 34 (1963) 598-611, for the logarithms. Where
 * b is a with all times f times as long it is f, and a long tail does not
 * move it: of log-normal times it knows as much as 95% of the calls would tell
 * the best estimate (3 / pi), the quotient of the two medians 64% (2 / pi).
 * Values spread evenly over their bucket. Neither is empty; exactly 1 where
 * both are the same.
 */
double tw_distance_shift(
	const struct tw_histogram *a, const struct tw_histogram *b);

#endif
