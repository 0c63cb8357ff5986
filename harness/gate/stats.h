/*
 * The statistics of the judge: pure, in a fixed order, no libm.
 *
 * The unit is the run, never the request: requests of one run share its
 * weather, so that their number says nothing about the next run. Baseline
 * and candidate of a run share their random numbers, so that the differences
 * by run are what is looked at (a paired comparison).
 */
#ifndef TW_GATE_STATS_H
#define TW_GATE_STATS_H

#include <stddef.h>

/* Two-sided: 2.5% on each side. One-sided 2.5% is what ICH E9 (Statistical
 * Principles for Clinical Trials, 1998, 3.5 with 5.5) asks of a claim of
 * non-inferiority: half the usual 5%, on the side of caution. */
#define TW_CONFIDENCE 0.95

/* More runs than this are not asked for. */
#define TW_RUNS_CAP 1000

struct tw_interval {
	size_t n;
	double mean, sd;  /* sd: of one value, n - 1 in the denominator */
	double low, high; /* of the mean; n = 1: -+HUGE_VAL */
	double p;	  /* one-sided, of "the true mean is <= 0" */
};

/* Student's t. n >= 1, all values finite. With sd = 0 low = mean = high. */
struct tw_interval tw_interval_of(
	const double *values, size_t n, double confidence);

/*
 * Runs in all with which an interval around 0, of which the first seen->n are
 * these, is likely (TW_RUNS_LIKELY) not to be around 0 any more: TW_RUNS_CAP +
 * 1 where these would not do. The mean of all N runs is expected to be near
 * this one's, yet further from it the more there are: by sd sqrt(1/n - 1/N), of
 * which n runs know as much as Student's t with n - 1 degrees of freedom
 * (predictive power: D. J. Spiegelhalter, L. S. Freedman, P. R. Blackburn,
 * Controlled Clinical Trials 7, 1986, 8-17). To ask for as many as the
 * interval's width alone needs would be right in half of the gates.
 */
#define TW_RUNS_LIKELY 0.8
size_t tw_runs_needed(const struct tw_interval *seen, double confidence);

/*
 * The least number of calls of which the largest is above the true quantile
 * with 95% confidence: q^n <= 5%. p50 5, p90 29, p95 59, p99 299, p99.9 2995
 * (order statistics; H. A. David, H. N. Nagaraja, Order Statistics, 7.1).
 */
size_t tw_samples_needed(double quantile);

/*
 * The smallest true mean of values with this spread of which the interval
 * begins above 0 with the probability `power`: (t_(1 - alpha) + t_power) times
 * the standard error, the usual approximation to the noncentral t (e.g. S. A.
 * Julious, Statistics in Medicine 23, 2004, 1921-1986, 3). n > 1.
 */
double tw_detectable(double sd, size_t n, double confidence, double power);

/*
 * How far the means of two sets of n such values are apart by chance, at
 * most, with this confidence: what comparing the baseline with itself gives.
 * The spread is taken from neighbours (J. von Neumann, Ann. Math. Statist. 12,
 * 1941), so that a drift of the machine is not taken for noise. n > 1.
 */
double tw_noise_floor(const double *values, size_t n, double confidence);

/*
 * Which of n findings to keep so that at most the share q of those kept is
 * there by chance, in the mean: Y. Benjamini, Y. Hochberg, J. R. Stat. Soc. B
 * 57 (1995) 289-300. The largest p that is kept; below 0 where none is. The
 * values are put in order.
 */
double tw_false_discovery(double *p, size_t n, double q);

#endif
