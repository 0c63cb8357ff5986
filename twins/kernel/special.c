/*
 * Density factors are written around their peak: with
 *
 *	Gamma(a) = sqrt(2 pi / a) (a / e)^a exp(rest(a)),
 *	deviance(x, a) = (x - a) / a - log(x / a) >= 0,
 *
 *	x^a exp(-x) / Gamma(a) = sqrt(a / 2 pi) exp(-a deviance(x, a) - rest(a))
 *
 * and likewise for the beta: nothing large cancels, whatever the parameters
 * (the idea is C. Loader's, "Fast and accurate computation of binomial
 * probabilities", 2000).
 *
 * Inverses are Newton's on log P as a function of log x (gamma) or of
 * log(x / (1 - x)) (beta). Both are concave and increase, since the densities
 * of these variables are log-concave; a bracket guards each step.
 */
#include "twins/kernel/special.h"

#include "twins/base/assert.h"
#include "twins/kernel/fmath.h"

#include <stdbool.h>

#define HALF_LOG_2PI 0x1.d67f1c864beb5p-1
#define INV_2PI	     0x1.45f306dc9c883p-3
#define TINY	     1e-300
#define PRECISION    0x1p-53
#define MOST_TERMS   1000000

/* The series of rest(a) for a >= 10 (DLMF 5.11.1): the next term is below
 * 3e-17. */
static double rest_series(double a)
{
	double z = 1 / (a * a);

	return (1.0 / 12 -
		       z * (1.0 / 360 -
				   z * (1.0 / 1260 -
					       z * (1.0 / 1680 -
							   z * (1.0 / 1188 -
								       z * (691.0 / 360360 -
										   z / 156)))))) /
	       a;
}

static double stirling(double a)
{
	return (a - 0.5) * tw_log(a) - a + HALF_LOG_2PI;
}

double tw_lgamma(double x)
{
	double below = 1;

	tw_assert(x > 0);
	if (x < 1e-300)
		return -tw_log(x);
	for (; x < 10; x += 1)
		below *= x;
	return stirling(x) + rest_series(x) - tw_log(below);
}

static double rest(double a)
{
	return a >= 10 ? rest_series(a) : tw_lgamma(a) - stirling(a);
}

static double deviance(double x, double a)
{
	double t = (x - a) / a, sum = 0, power = 1;

	if (t < -0.1 || t > 0.1)
		return t - tw_log(x / a);
	for (int k = 2; k < 20; k++) {
		sum += power / k;
		power *= -t;
	}
	return t * t * sum;
}

/* x times the density of gamma(a) at x. */
static double gamma_factor(double a, double x)
{
	return sqrt(a * INV_2PI) * tw_exp(-a * deviance(x, a) - rest(a));
}

/* DLMF 8.7.1. */
static double gamma_series(double a, double x)
{
	double term = 1 / a, sum = term;

	for (int n = 1; n < MOST_TERMS && term > sum * PRECISION; n++) {
		term *= x / (a + n);
		sum += term;
	}
	return sum;
}

/* One step of the modified Lentz evaluation of a continued fraction (W. J.
 * Lentz 1976, I. J. Thompson and A. R. Barnett 1986). */
struct fraction {
	double value, c, d;
};

static double lentz(struct fraction *f, double a, double b)
{
	double factor;

	f->d = b + a * f->d;
	f->c = b + a / f->c;
	if (f->d > -TINY && f->d < TINY)
		f->d = TINY;
	if (f->c > -TINY && f->c < TINY)
		f->c = TINY;
	f->d = 1 / f->d;
	factor = f->c * f->d;
	f->value *= factor;
	return factor < 1 ? 1 - factor : factor - 1;
}

/* DLMF 8.9.2 in its even part. */
static double gamma_fraction(double a, double x)
{
	double b = x + 1 - a;
	struct fraction f = {.c = 1 / TINY, .d = 1 / b, .value = 1 / b};

	for (int n = 1; n < MOST_TERMS; n++) {
		b += 2;
		if (lentz(&f, -n * (n - a), b) <= PRECISION)
			break;
	}
	return f.value;
}

/* Both tails: the smaller is computed, where it matters. */
static void gamma_tails(double a, double x, double *lower, double *upper)
{
	double factor;

	tw_assert(a > 0 && x >= 0);
	if (x == 0) {
		*lower = 0;
		*upper = 1;
		return;
	}
	factor = gamma_factor(a, x);
	if (x < a + 1) {
		*lower = factor * gamma_series(a, x);
		*upper = 1 - *lower;
	} else {
		*upper = factor * gamma_fraction(a, x);
		*lower = 1 - *upper;
	}
}

double tw_gamma_lower(double a, double x)
{
	double lower, upper;

	gamma_tails(a, x, &lower, &upper);
	return lower;
}

double tw_gamma_upper(double a, double x)
{
	double lower, upper;

	gamma_tails(a, x, &lower, &upper);
	return upper;
}

/* log of a tail's probability at y, and its slope there. */
struct tail {
	double a, b;
	bool upper;
	double (*log_of)(const struct tail *tail, double y, double *slope);
};

/* The y where log_of() is log(p), searched for from `y`. */
static double solve(const struct tail *tail, double p, double y)
{
	double goal = tw_log(p), lo = -HUGE_VAL, hi = HUGE_VAL, slope, miss;

	for (int i = 0; i < 200; i++) {
		double next;

		miss = tail->log_of(tail, y, &slope) - goal;
		if (miss == 0)
			break;
		if ((miss < 0) != tail->upper)
			lo = y;
		else
			hi = y;
		next = y - miss / slope;
		if (!(next > y - 4))
			next = y - 4;
		if (!(next < y + 4))
			next = y + 4;
		if (!(next > lo && next < hi))
			next = isfinite(lo) && isfinite(hi) ? 0.5 * (lo + hi)
							    : y;
		if (next - y < 1e-15 && y - next < 1e-15)
			return next;
		y = next;
	}
	return y;
}

static double gamma_log_of(const struct tail *tail, double y, double *slope)
{
	double x = tw_exp(y), lower, upper, factor;

	factor = gamma_factor(tail->a, x);
	gamma_tails(tail->a, x, &lower, &upper);
	*slope = tail->upper ? -factor / upper : factor / lower;
	return tw_log(tail->upper ? upper : lower);
}

double tw_gamma_inverse_log(double a, double p, double q)
{
	struct tail tail = {.a = a, .upper = q < p, .log_of = gamma_log_of};
	double least, guess, z;

	tw_assert(a > 0 && p > 0 && q > 0);
	/* The first term of the series: exact enough for x below 1e-17. */
	least = (tw_log(p) + tw_lgamma(a + 1)) / a;
	if (least < -39)
		return least;
	/* E. B. Wilson and M. M. Hilferty, PNAS 17 (1931) 684-688. */
	z = tail.upper ? -tw_normal_inverse(q) : tw_normal_inverse(p);
	guess = 1 - 1 / (9 * a) + z / (3 * sqrt(a));
	if (guess > 0.3)
		guess = tw_log(a) + 3 * tw_log(guess);
	else
		guess = least < 1 ? least : 1;
	return solve(&tail, tail.upper ? q : p, guess);
}

double tw_gamma_inverse(double a, double p)
{
	return tw_exp(tw_gamma_inverse_log(a, p, 1 - p));
}

/* x y times the density of beta(a, b) at x, where y = 1 - x. */
static double beta_factor(double a, double b, double x, double y)
{
	double n = a + b;
	double e = a * deviance(n * x, a) + b * deviance(n * y, b);

	return sqrt(a / n * b * INV_2PI) *
	       tw_exp(rest(n) - rest(a) - rest(b) - e);
}

/* DLMF 8.17.22. */
static double beta_fraction(double a, double b, double x)
{
	struct fraction f = {.value = 1, .c = 1, .d = 0};

	f.d = 1 - (a + b) * x / (a + 1);
	if (f.d > -TINY && f.d < TINY)
		f.d = TINY;
	f.d = 1 / f.d;
	f.value = f.d;
	for (int m = 1; m < MOST_TERMS; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x /
			     ((a + 2 * m) * (a + 2 * m + 1));

		lentz(&f, even, 1);
		if (lentz(&f, odd, 1) <= PRECISION)
			break;
	}
	return f.value;
}

static void beta_tails(
	double a, double b, double x, double y, double *lower, double *upper)
{
	double factor;

	tw_assert(a > 0 && b > 0 && x >= 0 && y >= 0);
	if (x == 0 || y == 0) {
		*lower = x == 0 ? 0 : 1;
		*upper = 1 - *lower;
		return;
	}
	factor = beta_factor(a, b, x, y);
	if (x <= (a + 1) / (a + b + 2)) {
		*lower = factor * beta_fraction(a, b, x) / a;
		*upper = 1 - *lower;
	} else {
		*upper = factor * beta_fraction(b, a, y) / b;
		*lower = 1 - *upper;
	}
}

double tw_beta_lower(double a, double b, double x)
{
	double lower, upper;

	beta_tails(a, b, x, 1 - x, &lower, &upper);
	return lower;
}

static double beta_log_of(const struct tail *tail, double y, double *slope)
{
	double x = 1 / (1 + tw_exp(-y)), rest_x = 1 / (1 + tw_exp(y));
	double lower, upper, factor;

	factor = beta_factor(tail->a, tail->b, x, rest_x);
	beta_tails(tail->a, tail->b, x, rest_x, &lower, &upper);
	*slope = tail->upper ? -factor / upper : factor / lower;
	return tw_log(tail->upper ? upper : lower);
}

/* log(x / (1 - x)) for the x with P(X <= x) = p, P(X > x) = q. */
static double beta_inverse_logit(double a, double b, double p, double q)
{
	struct tail tail = {
		.a = a, .b = b, .upper = q < p, .log_of = beta_log_of};

	return solve(&tail, tail.upper ? q : p, tw_log(a / b));
}

double tw_beta_inverse(double a, double b, double p)
{
	tw_assert(p >= 0 && p <= 1);
	if (p == 0 || p == 1)
		return p;
	return 1 / (1 + tw_exp(-beta_inverse_logit(a, b, p, 1 - p)));
}

double tw_normal_cdf(double z)
{
	double lower, upper;

	gamma_tails(0.5, 0.5 * z * z, &lower, &upper);
	return z < 0 ? 0.5 * upper : 0.5 + 0.5 * lower;
}

double tw_student_cdf(double t, double df)
{
	double n = df + t * t, lower, upper;

	beta_tails(0.5, 0.5 * df, t * t / n, df / n, &lower, &upper);
	return t < 0 ? 0.5 * upper : 0.5 + 0.5 * lower;
}

double tw_student_inverse(double p, double df)
{
	double tail = 2 * (p < 0.5 ? p : 1 - p), t;

	tw_assert(p > 0 && p < 1 && df > 0);
	if (p == 0.5)
		return 0;
	t = sqrt(
		df * tw_exp(beta_inverse_logit(0.5, 0.5 * df, 1 - tail, tail)));
	return p < 0.5 ? -t : t;
}
