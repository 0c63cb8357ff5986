/*
 * Rates, that is counts of calls that went one way out of all calls, where a
 * count is small: then the spread between runs says little (none failed in
 * any run: no spread at all), and the counts themselves bound the rate.
 *
 * alpha is one-sided: each bound is wrong with at most that probability.
 */
#ifndef TW_GATE_RATES_H
#define TW_GATE_RATES_H

#include <stdint.h>

struct tw_bounds {
	double low, high;
};

/* Exact: C. J. Clopper, E. S. Pearson, Biometrika 26 (1934). n > 0, x <= n. */
struct tw_bounds tw_rate_exact(uint64_t x, uint64_t n, double alpha);

/* The score interval: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927). */
struct tw_bounds tw_rate_wilson(uint64_t x, uint64_t n, double alpha);

struct tw_rate {
	uint64_t x, n;
};

/*
 * Of c - factor * b, from Wilson's bounds of each: R. G. Newcombe, Statistics
 * in Medicine 17 (1998) 873-890, method 10; with a factor: G. Y. Zou, A.
 * Donner, Statistics in Medicine 27 (2008) 1693-1702. For independent rates;
 * where both had the same luck it is on the side of caution.
 */
struct tw_bounds tw_rate_difference(
	struct tw_rate c, struct tw_rate b, double factor, double alpha);

/*
 * The smallest rate that would have shown, with the probability `power`, that
 * it is beyond factor * b + add: the least count whose bound is beyond, and
 * the rate at which at least that count comes up with this probability. More
 * than 1: none would have.
 */
double tw_rate_detectable(struct tw_rate b, uint64_t n, double factor,
	double add, double alpha, double power);

/*
 * The same requests on both sides: `broken` failed on the second alone,
 * `fixed` on the first alone. The probability of so many broken ones or more
 * where either way is as likely: the exact test of Q. McNemar, Psychometrika
 * 12 (1947), by the binomial distribution. 1 where neither happened.
 */
double tw_mcnemar(uint64_t broken, uint64_t fixed);

#endif
