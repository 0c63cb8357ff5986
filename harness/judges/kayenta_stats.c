#include "harness/judges/kayenta_stats.h"

#include "twins/base/memory.h"
#include "twins/kernel/fmath.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

static double absolute(double x)
{
	return x < 0 ? -x : x;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double mean_of(const double *values, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += values[i];
	return sum / (double)n;
}

/* Squares about the mean, summed. */
static double squares(const double *values, size_t n, double mean)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (values[i] - mean) * (values[i] - mean);
	return sum;
}

/* ---- order statistics --------------------------------------------------- */

static double percentile_of(const double *sorted, size_t n, double p)
{
	double at = (double)(n - 1) * p / 100, whole = tw_floor(at);
	size_t i = (size_t)whole;

	if (i + 1 >= n)
		return sorted[n - 1];
	return sorted[i] + (at - whole) * (sorted[i + 1] - sorted[i]);
}

double tw_kayenta_percentile(const double *values, size_t n, double p)
{
	double *sorted, at;

	if (!n)
		return NAN;
	sorted = tw_calloc(n, sizeof *sorted);
	memcpy(sorted, values, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, compare);
	at = percentile_of(sorted, n, p);
	tw_free(sorted);
	return at;
}

void tw_kayenta_iqr(const double *values, size_t n, double factor, bool gently,
	bool *outlier)
{
	double q1 = tw_kayenta_percentile(values, n, 25);
	double q3 = tw_kayenta_percentile(values, n, 75);
	double low = q1 - factor * (q3 - q1), high = q3 + factor * (q3 - q1);
	double p1 = tw_kayenta_percentile(values, n, 1);
	double p99 = tw_kayenta_percentile(values, n, 99);

	if (gently && p1 < low)
		low = p1;
	if (gently && p99 > high)
		high = p99;
	for (size_t i = 0; i < n; i++)
		outlier[i] = values[i] < low || values[i] > high;
}

void tw_kayenta_ksigma(const double *values, size_t n, double k, bool *outlier)
{
	double mean = n ? mean_of(values, n) : 0;
	double sd = n ? sqrt(squares(values, n, mean) / (double)n) : 0;

	for (size_t i = 0; i < n; i++)
		outlier[i] = absolute(values[i] - mean) > k * sd;
}

struct tw_kayenta_summary tw_kayenta_summarise(const double *values, size_t n)
{
	struct tw_kayenta_summary it = {.n = n};

	if (!n)
		return it;
	it.min = it.max = values[0];
	for (size_t i = 1; i < n; i++) {
		it.min = values[i] < it.min ? values[i] : it.min;
		it.max = values[i] > it.max ? values[i] : it.max;
	}
	it.mean = mean_of(values, n);
	if (n > 1)
		it.std = sqrt(squares(values, n, it.mean) / (double)(n - 1));
	return it;
}

/* ---- effects ------------------------------------------------------------ */

double tw_kayenta_mean_ratio(
	const double *x, size_t n, const double *y, size_t m)
{
	double a = mean_of(x, n), b = mean_of(y, m);

	return a == 0 || b == 0 ? NAN : a / b;
}

double tw_kayenta_cles(const double *x, size_t n, const double *y, size_t m)
{
	double above = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < m; k++)
			above += x[i] > y[k] ? 1 : x[i] == y[k] ? 0.5 : 0;
	return above / ((double)n * (double)m);
}

double tw_kayenta_cohen_d(const double *x, size_t n, const double *y, size_t m)
{
	double a = mean_of(x, n), b = mean_of(y, m);
	double pooled =
		(squares(x, n, a) + squares(y, m, b)) / (double)(n + m - 2);

	return absolute(a - b) / sqrt(pooled);
}

/* ---- the test ----------------------------------------------------------- */

struct ranked {
	double value;
	bool is_x;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

struct sample {
	const double *x, *y;
	size_t n, m;
	struct ranked *scratch;
};

static double deviate(const struct sample *s, double mu)
{
	double n = (double)s->n, m = (double)s->m, ranks = 0, ties = 0, d;
	size_t all = s->n + s->m;

	for (size_t i = 0; i < s->n; i++)
		s->scratch[i] = (struct ranked){s->x[i] - mu, true};
	for (size_t i = 0; i < s->m; i++)
		s->scratch[s->n + i] = (struct ranked){s->y[i], false};
	qsort(s->scratch, all, sizeof *s->scratch, compare_ranked);
	for (size_t i = 0, end; i < all; i = end) {
		double t, mine = 0;

		for (end = i; end < all &&
			      s->scratch[end].value == s->scratch[i].value;
			end++)
			mine += s->scratch[end].is_x;
		t = (double)(end - i);
		ranks += mine * (double)(i + 1 + end) / 2;
		ties += t * t * t - t;
	}
	d = ranks - n * (n + 1) / 2 - n * m / 2;
	d -= d > 0 ? 0.5 : d < 0 ? -0.5 : 0;
	return d /
	       sqrt(n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1))));
}

double tw_kayenta_wilcoxon(
	double mu, const double *x, size_t n, const double *y, size_t m)
{
	struct sample s = {x, y, n, m, tw_calloc(n + m + 1, sizeof *s.scratch)};
	double z = deviate(&s, mu);

	tw_free(s.scratch);
	return z;
}

/* ---- its roots ---------------------------------------------------------- */

#define TOLERANCE 1e-4
#define STEPS	  1000

/* Three points of Brent's search: b is the best, the root lies between b and
 * c, a was b before. */
struct bracket {
	double a, b, c, fa, fb, fc;
};

static double tolerance_at(double b)
{
	return 2 * DBL_EPSILON * absolute(b) + TOLERANCE / 2;
}

/* The step from b by interpolation, if that is worth it; else by halves. */
/* `before`: the step that led to where it stood before b and c changed places.
 */
static double step_of(const struct bracket *k, double before, double tolerance)
{
	double half = (k->c - k->b) / 2;
	double span = k->c - k->b, s, p, q;

	if (absolute(before) < tolerance || absolute(k->fa) <= absolute(k->fb))
		return half;
	s = k->fb / k->fa;
	if (k->a == k->c) {
		p = span * s;
		q = 1 - s;
	} else {
		double t = k->fb / k->fc, r = k->fa / k->fc;

		p = s * (span * r * (r - t) - (k->b - k->a) * (t - 1));
		q = (r - 1) * (t - 1) * (s - 1);
	}
	if (p > 0)
		q = -q;
	else
		p = -p;
	if (p < 0.75 * span * q - absolute(tolerance * q) / 2 &&
		p < absolute(before * q / 2))
		return p / q;
	return half;
}

/*
 * R. P. Brent, Algorithms for Minimization without Derivatives (1973), chapter
 * 4, with the tolerance and the order of steps of R's zeroin: where it stops
 * decides what Kayenta says of small numbers.
 */
static double root(const struct sample *s, double low, double high, double z)
{
	struct bracket k = {
		low, high, low, deviate(s, low) - z, deviate(s, high) - z, 0};

	k.fc = k.fa;
	if (k.fa == 0)
		return low;
	for (int i = 0; i < STEPS && k.fb != 0; i++) {
		double tolerance, step, before = k.b - k.a;

		if (absolute(k.fc) < absolute(k.fb))
			k = (struct bracket){k.b, k.c, k.b, k.fb, k.fc, k.fb};
		tolerance = tolerance_at(k.b);
		if (absolute(k.c - k.b) / 2 <= tolerance || k.fb == 0)
			break;
		step = step_of(&k, before, tolerance);
		if (absolute(step) < tolerance)
			step = step > 0 ? tolerance : -tolerance;
		k.a = k.b;
		k.fa = k.fb;
		k.b += step;
		k.fb = deviate(s, k.b) - z;
		if ((k.fb > 0 && k.fc > 0) || (k.fb < 0 && k.fc < 0)) {
			k.c = k.a;
			k.fc = k.fa;
		}
	}
	return k.b;
}

static double crossing(
	const struct sample *s, double low, double high, double z)
{
	if (deviate(s, low) - z <= 0)
		return low;
	if (deviate(s, high) - z >= 0)
		return high;
	return root(s, low, high, z);
}

struct tw_kayenta_shift tw_kayenta_shift_of(
	const double *x, size_t n, const double *y, size_t m, double confidence)
{
	struct tw_kayenta_summary a = tw_kayenta_summarise(x, n);
	struct tw_kayenta_summary b = tw_kayenta_summarise(y, m);
	struct sample s = {x, y, n, m, tw_calloc(n + m + 1, sizeof *s.scratch)};
	double low = a.min - b.max, high = a.max - b.min;
	double q = tw_normal_inverse(1 - (1 - confidence) / 2);
	struct tw_kayenta_shift shift = {
		crossing(&s, low, high, q),
		crossing(&s, low, high, -q),
		crossing(&s, low, high, 0),
	};

	tw_free(s.scratch);
	return shift;
}
