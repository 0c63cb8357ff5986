/*
 * The statistics of Kayenta's NetflixACAJudge, to its last digit: what it does
 * is the point, not what would be better. Values in no unit.
 *
 * What is odd about them is Kayenta's: roots are searched to 1e-4 in the unit
 * of the metric, so that microseconds given in seconds are lost in it, and the
 * continuity correction is kept for the estimate (R drops it there).
 */
#ifndef TW_JUDGES_KAYENTA_STATS_H
#define TW_JUDGES_KAYENTA_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* p in percent; linear between order statistics at (n - 1) p / 100 (R-7 of
 * Hyndman and Fan, The American Statistician 50(4), 1996). NaN of nothing. */
double tw_kayenta_percentile(const double *values, size_t n, double p);

/* Outliers are marked. Tukey's fences: below Q1 - factor IQR or above Q3 +
 * factor IQR; `gently`: only beyond the first and 99th percentile too. */
void tw_kayenta_iqr(const double *values, size_t n, double factor, bool gently,
	bool *outlier);
/* Further from the mean than k population standard deviations. */
void tw_kayenta_ksigma(const double *values, size_t n, double k, bool *outlier);

struct tw_kayenta_summary {
	double min, max, mean, std; /* n - 1; all 0 of nothing */
	size_t n;
};
struct tw_kayenta_summary tw_kayenta_summarise(const double *values, size_t n);

/* Effect sizes of x over y. NaN where a mean is 0. */
double tw_kayenta_mean_ratio(
	const double *x, size_t n, const double *y, size_t m);
/* P(X > Y), ties counting half (McGraw and Wong, Psychological Bulletin 111,
 * 1992). */
double tw_kayenta_cles(const double *x, size_t n, const double *y, size_t m);
/* Distance of the means in pooled standard deviations. */
double tw_kayenta_cohen_d(const double *x, size_t n, const double *y, size_t m);

/* Mann and Whitney's statistic of x - mu against y as a normal deviate, with
 * the correction for ties and half a rank for continuity. */
double tw_kayenta_wilcoxon(
	double mu, const double *x, size_t n, const double *y, size_t m);

struct tw_kayenta_shift {
	double low, high, estimate; /* of x - y */
};

/* The shift's confidence interval and Hodges-Lehmann estimate: roots of the
 * statistic, found by Brent's method with a tolerance of 1e-4 as R's uniroot
 * has it. Neither side is empty, and not all values are the same. */
struct tw_kayenta_shift tw_kayenta_shift_of(const double *x, size_t n,
	const double *y, size_t m, double confidence);

#endif
