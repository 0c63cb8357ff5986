/*
 * Distributions of times, sampled by inversion: one uniform u in (0, 1) a
 * sample, and a sample never falls when u rises (to within a rounding of 1 ns)
 * nor, for a fixed u, when a mean, a quantile, a minimum or a factor rises.
 * So common random numbers keep two sides of a comparison together.
 *
 * A struct tw_dist is a value: copy it freely. Tables (gamma, empirical) live
 * in the arena given to the constructor, unchanged after that.
 *
 * Constructors return -1 with *error (TW_E_USAGE, no position) where the
 * parameters describe no distribution. Times are ns and not negative.
 *
 * Errors (tests/unit/kernel): quantiles 1e-12 relative, of gamma 2e-6; means
 * 1e-9 relative.
 */
#ifndef TW_KERNEL_DIST_H
#define TW_KERNEL_DIST_H

#include "twins/base/error.h"
#include "twins/base/units.h"

enum tw_dist_kind {
	TW_DIST_CONSTANT,    /* a: the value */
	TW_DIST_UNIFORM,     /* a: min, b: max */
	TW_DIST_EXPONENTIAL, /* a: mean */
	TW_DIST_LOGNORMAL,   /* a: median, b: sigma of the log */
	TW_DIST_GAMMA,	     /* a: mean, b: shape */
	TW_DIST_PARETO,	     /* a: min, b: alpha */
	TW_DIST_EMPIRICAL,   /* a: factor on the table's values */
};

/* Zeroed, it is the constant 0. */
struct tw_dist {
	enum tw_dist_kind kind;
	double a, b;
	const struct tw_dist_table *table;
};

/* value: P(X <= value) = p. */
struct tw_quantile {
	double p;
	tw_time value;
};

int tw_dist_constant(
	struct tw_dist *dist, tw_time value, struct tw_error *error);
int tw_dist_uniform(
	struct tw_dist *dist, tw_time min, tw_time max, struct tw_error *error);
int tw_dist_exponential(
	struct tw_dist *dist, tw_time mean, struct tw_error *error);
/* Through two quantiles, 0 < p < 1, in either order; the values > 0, the
 * greater p having no smaller value. */
int tw_dist_lognormal(struct tw_dist *dist, struct tw_quantile one,
	struct tw_quantile other, struct tw_error *error);
/* cv = standard deviation / mean, >= 0. */
int tw_dist_lognormal_mean(
	struct tw_dist *dist, tw_time mean, double cv, struct tw_error *error);
/* Shape from 0.01 to 1e6; a whole number k is Erlang(k); the variance is
 * mean^2 / shape. */
int tw_dist_gamma(struct tw_dist *dist, tw_time mean, double shape,
	struct tw_arena *arena, struct tw_error *error);
/* P(X > x) = (min / x)^alpha; min > 0, alpha > 0. The mean is infinite up to
 * alpha = 1 (HUGE_VAL). */
int tw_dist_pareto(struct tw_dist *dist, tw_time min, double alpha,
	struct tw_error *error);
/*
 * Through n >= 1 quantiles with 0 <= p <= 1, p rising strictly, values not
 * falling. Between two of them the distribution is the lognormal through both
 * (log of the value linear in the normal score of p); next to p = 0, p = 1 or
 * a value of 0 it is uniform. Nothing is made up outside: below the first p
 * and above the last the value stays what it is there.
 */
int tw_dist_empirical(struct tw_dist *dist, const struct tw_quantile *points,
	size_t n, struct tw_arena *arena, struct tw_error *error);

/* Rounded to the ns, at most TW_NEVER / 4. */
tw_time tw_dist_sample(const struct tw_dist *dist, double u);
/* The value at p, 0 < p < 1, in ns and fractions. */
double tw_dist_quantile(const struct tw_dist *dist, double p);
/* In ns; HUGE_VAL where it is infinite. */
double tw_dist_mean(const struct tw_dist *dist);

/* Every value times `factor` (finite, >= 0); the table is shared. */
void tw_dist_scale(struct tw_dist *dist, double factor);
/* Every quantile is the same double. */
bool tw_dist_equal(const struct tw_dist *x, const struct tw_dist *y);

/* Appends one line for people, the same for equal distributions:
 * "lognormal p50=1.8ms p99=7ms", "gamma mean=2ms shape=4". Times are rounded
 * to four digits. */
void tw_dist_text(const struct tw_dist *dist, struct tw_buf *out);

#endif
