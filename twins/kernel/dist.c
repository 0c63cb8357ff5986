#include "twins/kernel/dist.h"

#include "twins/base/assert.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/special.h"

#include <stdio.h>

#define LONGEST ((double)(TW_NEVER / 4))

/*
 * Gamma: log of the quantile of the unit-mean gamma at the normal score z of
 * u, a smooth function of z, as cubic Hermite pieces with exact slopes. The
 * grid reaches beyond the scores of 2^-53 and 1 - 2^-53, so there is no tail
 * left over.
 */
#define GRID_STEPS 16 /* a unit of z */
#define GRID_REACH 8.5
#define GRID_N	   (17 * GRID_STEPS + 1)

#define HALF_LOG_2PI 0x1.d67f1c864beb5p-1

/* Steps of Simpson's rule over a piece of an empirical distribution. */
#define MEAN_STEPS 1024

struct point {
	double y;     /* log of the value */
	double rise;  /* gamma: of y over a step of the grid */
	double p, z;  /* empirical: the probability, its normal score */
	double value; /* empirical */
};

struct tw_dist_table {
	size_t n;
	struct point point[];
};

static int check_time(const char *what, tw_time value, struct tw_error *error)
{
	char text[TW_TIME_TEXT];

	if (value >= 0 && value <= TW_NEVER / 4)
		return 0;
	return tw_fail(error, TW_E_USAGE,
		"%s of %s: it must lie between 0 and 73 years", what,
		tw_time_text(value, text));
}

int tw_dist_constant(
	struct tw_dist *dist, tw_time value, struct tw_error *error)
{
	*dist = (struct tw_dist){TW_DIST_CONSTANT, .a = (double)value};
	return check_time("a value", value, error);
}

int tw_dist_uniform(
	struct tw_dist *dist, tw_time min, tw_time max, struct tw_error *error)
{
	char a[TW_TIME_TEXT], b[TW_TIME_TEXT];

	*dist = (struct tw_dist){
		TW_DIST_UNIFORM, .a = (double)min, .b = (double)max};
	if (check_time("a minimum", min, error) ||
		check_time("a maximum", max, error))
		return -1;
	if (max < min)
		return tw_fail(error, TW_E_USAGE,
			"the maximum %s is below the minimum %s",
			tw_time_text(max, a), tw_time_text(min, b));
	return 0;
}

int tw_dist_exponential(
	struct tw_dist *dist, tw_time mean, struct tw_error *error)
{
	*dist = (struct tw_dist){TW_DIST_EXPONENTIAL, .a = (double)mean};
	return check_time("a mean", mean, error);
}

static int check_between(double p, struct tw_error *error)
{
	char text[TW_REAL_TEXT];

	if (p > 0 && p < 1)
		return 0;
	if (!isfinite(p))
		p = -1;
	return tw_fail(error, TW_E_USAGE,
		"a quantile at %s: it must lie between 0 and 1",
		tw_real_text(p, text));
}

/* Up to nine digits after the point, none in vain: "50", "99.9". */
#define DECIMAL_TEXT 32

static const char *decimal(double value, char to[static DECIMAL_TEXT])
{
	int64_t billionths = (int64_t)tw_round(value * 1e9);
	int n = snprintf(to, DECIMAL_TEXT, "%lld.%09lld",
		(long long)(billionths / 1000000000),
		(long long)(billionths % 1000000000));

	while (to[n - 1] == '0')
		n--;
	to[to[n - 1] == '.' ? n - 1 : n] = 0;
	return to;
}

static int fail_order(
	struct tw_quantile low, struct tw_quantile high, struct tw_error *error)
{
	char a[TW_TIME_TEXT], b[TW_TIME_TEXT];
	char p[DECIMAL_TEXT], q[DECIMAL_TEXT];

	return tw_fail(error, TW_E_USAGE, "p%s (%s) is below p%s (%s)",
		decimal(high.p * 100, q), tw_time_text(high.value, b),
		decimal(low.p * 100, p), tw_time_text(low.value, a));
}

int tw_dist_lognormal(struct tw_dist *dist, struct tw_quantile one,
	struct tw_quantile other, struct tw_error *error)
{
	double z, log_low, rise;

	if (check_between(one.p, error) || check_between(other.p, error) ||
		check_time("a quantile", one.value, error) ||
		check_time("a quantile", other.value, error))
		return -1;
	if (other.p < one.p) {
		struct tw_quantile low = other;

		other = one;
		one = low;
	}
	if (one.p == other.p)
		return tw_fail(error, TW_E_USAGE,
			"two different quantiles are needed");
	if (other.value < one.value)
		return fail_order(one, other, error);
	if (one.value == 0)
		return tw_fail(
			error, TW_E_USAGE, "a lognormal time is above 0");
	z = tw_normal_inverse(one.p);
	log_low = tw_log((double)one.value);
	rise = (tw_log((double)other.value) - log_low) /
	       (tw_normal_inverse(other.p) - z);
	*dist = (struct tw_dist){TW_DIST_LOGNORMAL,
		.a = (double)one.value * tw_exp(-rise * z), .b = rise};
	return 0;
}

int tw_dist_lognormal_mean(
	struct tw_dist *dist, tw_time mean, double cv, struct tw_error *error)
{
	double variance;

	if (check_time("a mean", mean, error))
		return -1;
	if (!(cv >= 0 && cv <= 1e6))
		return tw_fail(error, TW_E_USAGE,
			"the coefficient of variation must be 0 to 1e6");
	variance = tw_log1p(cv * cv);
	*dist = (struct tw_dist){TW_DIST_LOGNORMAL,
		.a = (double)mean * tw_exp(-0.5 * variance),
		.b = sqrt(variance)};
	return 0;
}

/* The log of the gamma's quantile y at the normal score z, and dy / dz: the
 * normal density over that of log X. */
static double gamma_at(double shape, double z, double *slope)
{
	double y = tw_gamma_inverse_log(
		shape, tw_normal_cdf(z), tw_normal_cdf(-z));

	*slope = tw_exp(-0.5 * z * z - HALF_LOG_2PI - shape * y + tw_exp(y) +
			tw_lgamma(shape));
	return y;
}

int tw_dist_gamma(struct tw_dist *dist, tw_time mean, double shape,
	struct tw_arena *arena, struct tw_error *error)
{
	struct tw_dist_table *table;

	if (check_time("a mean", mean, error))
		return -1;
	if (!(shape >= 0.01 && shape <= 1e6))
		return tw_fail(error, TW_E_USAGE,
			"the shape of a gamma must be from 0.01 to 1e6");
	*dist = (struct tw_dist){TW_DIST_GAMMA, .a = (double)mean, .b = shape};
	table = tw_arena_alloc(
		arena, 1, sizeof *table + GRID_N * sizeof *table->point);
	table->n = GRID_N;
	for (int i = 0; i < GRID_N; i++) {
		double z = (double)i / GRID_STEPS - GRID_REACH;
		double slope, y = gamma_at(shape, z, &slope);

		table->point[i] = (struct point){
			.y = y - tw_log(shape), .rise = slope / GRID_STEPS};
	}
	dist->table = table;
	return 0;
}

int tw_dist_pareto(
	struct tw_dist *dist, tw_time min, double alpha, struct tw_error *error)
{
	*dist = (struct tw_dist){TW_DIST_PARETO, .a = (double)min, .b = alpha};
	if (check_time("a minimum", min, error))
		return -1;
	if (min == 0)
		return tw_fail(error, TW_E_USAGE,
			"the minimum of a Pareto time must be above 0");
	if (!(alpha > 0 && alpha <= 1e6))
		return tw_fail(error, TW_E_USAGE,
			"the alpha of a Pareto time must be above 0");
	return 0;
}

static int check_points(
	const struct tw_quantile *points, size_t n, struct tw_error *error)
{
	if (!n)
		return tw_fail(error, TW_E_USAGE, "no quantile is given");
	for (size_t i = 0; i < n; i++) {
		if (points[i].p != 0 && points[i].p != 1 &&
			check_between(points[i].p, error))
			return -1;
		if (check_time("a quantile", points[i].value, error))
			return -1;
		if (i && points[i].p <= points[i - 1].p)
			return tw_fail(error, TW_E_USAGE,
				"quantiles must be in rising order, each once");
		if (i && points[i].value < points[i - 1].value)
			return fail_order(points[i - 1], points[i], error);
	}
	return 0;
}

int tw_dist_empirical(struct tw_dist *dist, const struct tw_quantile *points,
	size_t n, struct tw_arena *arena, struct tw_error *error)
{
	struct tw_dist_table *table;

	if (check_points(points, n, error))
		return -1;
	table = tw_arena_alloc(
		arena, 1, sizeof *table + n * sizeof *table->point);
	table->n = n;
	for (size_t i = 0; i < n; i++) {
		struct point *point = &table->point[i];

		point->p = points[i].p;
		point->value = (double)points[i].value;
		if (point->p > 0 && point->p < 1 && point->value > 0) {
			point->z = tw_normal_inverse(point->p);
			point->y = tw_log(point->value);
		}
	}
	*dist = (struct tw_dist){TW_DIST_EMPIRICAL, .a = 1, .table = table};
	return 0;
}

static double gamma_value(const struct tw_dist_table *table, double p)
{
	double t = (tw_normal_inverse(p) + GRID_REACH) * GRID_STEPS;
	int i = (int)t;
	const struct point *a = &table->point[i], *b = a + 1;
	double rise = b->y - a->y, s = t - i;

	/* Hermite's cubic from (0, a) to (1, b). */
	return tw_exp(
		a->y + s * (a->rise + s * (3 * rise - 2 * a->rise - b->rise +
						  s * (a->rise + b->rise -
							      2 * rise))));
}

/* Between a and b the value is uniform rather than lognormal. */
static bool is_uniform(const struct point *a, const struct point *b)
{
	return a->p == 0 || b->p == 1 || a->value == 0;
}

static double empirical_value(const struct tw_dist_table *table, double p)
{
	const struct point *a = table->point, *end = a + table->n, *b;

	if (p <= a->p)
		return a->value;
	for (b = a + 1; b < end && b->p <= p; b++)
		a++;
	if (b == end || a->value == b->value)
		return a->value;
	if (is_uniform(a, b))
		return a->value +
		       (b->value - a->value) * ((p - a->p) / (b->p - a->p));
	return tw_exp(a->y + (b->y - a->y) * ((tw_normal_inverse(p) - a->z) /
						     (b->z - a->z)));
}

static inline double quantile(const struct tw_dist *dist, double p)
{
	switch (dist->kind) {
	case TW_DIST_CONSTANT:
		return dist->a;
	case TW_DIST_UNIFORM:
		return dist->a + (dist->b - dist->a) * p;
	case TW_DIST_EXPONENTIAL:
		return -dist->a * tw_log(1 - p);
	case TW_DIST_LOGNORMAL:
		return dist->a * tw_exp(dist->b * tw_normal_inverse(p));
	case TW_DIST_GAMMA:
		return dist->a * gamma_value(dist->table, p);
	case TW_DIST_PARETO:
		return dist->a * tw_exp(tw_log(1 - p) * (-1 / dist->b));
	case TW_DIST_EMPIRICAL:
		return dist->a * empirical_value(dist->table, p);
	}
	tw_unreachable();
}

double tw_dist_quantile(const struct tw_dist *dist, double p)
{
	tw_assert(p > 0 && p < 1);
	return quantile(dist, p);
}

tw_time tw_dist_sample(const struct tw_dist *dist, double u)
{
	double value = dist->kind == TW_DIST_EXPONENTIAL
			       ? -dist->a * tw_log_below_1(1 - u)
			       : quantile(dist, u);

	return value < LONGEST ? (tw_time)(value + 0.5) : TW_NEVER / 4;
}

/* The integral of the value over p from a to b: Simpson's rule in z. */
static double piece_mean(const struct point *a, const struct point *b)
{
	double width = (b->z - a->z) / MEAN_STEPS, sum = 0;

	if (is_uniform(a, b) || a->value == b->value)
		return 0.5 * (a->value + b->value) * (b->p - a->p);
	for (int i = 0; i <= MEAN_STEPS; i++) {
		double weight = i == 0 || i == MEAN_STEPS ? 1 : 2 << (i & 1);
		double z = a->z + i * width;
		double y = a->y + (b->y - a->y) * ((double)i / MEAN_STEPS);

		sum += weight * tw_exp(y - 0.5 * z * z - HALF_LOG_2PI);
	}
	return sum * width / 3;
}

static double empirical_mean(const struct tw_dist_table *table)
{
	const struct point *first = table->point;
	const struct point *last = first + table->n - 1;
	double sum = first->p * first->value + (1 - last->p) * last->value;

	for (; first < last; first++)
		sum += piece_mean(first, first + 1);
	return sum;
}

double tw_dist_mean(const struct tw_dist *dist)
{
	switch (dist->kind) {
	case TW_DIST_CONSTANT:
	case TW_DIST_EXPONENTIAL:
	case TW_DIST_GAMMA:
		return dist->a;
	case TW_DIST_UNIFORM:
		return 0.5 * (dist->a + dist->b);
	case TW_DIST_LOGNORMAL:
		return dist->a * tw_exp(0.5 * dist->b * dist->b);
	case TW_DIST_PARETO:
		if (dist->b <= 1)
			return HUGE_VAL;
		return dist->a * dist->b / (dist->b - 1);
	case TW_DIST_EMPIRICAL:
		return dist->a * empirical_mean(dist->table);
	}
	tw_unreachable();
}

void tw_dist_scale(struct tw_dist *dist, double factor)
{
	tw_assert(factor >= 0 && isfinite(factor));
	if (factor == 0)
		*dist = (struct tw_dist){TW_DIST_CONSTANT, .a = 0};
	dist->a *= factor;
	if (dist->kind == TW_DIST_UNIFORM)
		dist->b *= factor;
}

static bool table_equal(
	const struct tw_dist_table *x, const struct tw_dist_table *y)
{
	if (x == y)
		return true;
	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (x->point[i].p != y->point[i].p ||
			x->point[i].value != y->point[i].value)
			return false;
	return true;
}

bool tw_dist_equal(const struct tw_dist *x, const struct tw_dist *y)
{
	if (x->kind != y->kind || x->a != y->a || x->b != y->b)
		return false;
	/* A gamma's table follows from its shape. */
	return x->kind != TW_DIST_EMPIRICAL || table_equal(x->table, y->table);
}

/* " p50=1.8ms", "constant 2ms". */
static void add_time(struct tw_buf *out, const char *before, double value)
{
	char text[TW_TIME_TEXT];
	tw_time ns = value < LONGEST ? (tw_time)(value + 0.5) : TW_NEVER / 4;

	tw_buf_add_text(out, before);
	tw_buf_add_text(out, tw_time_text(ns, text));
}

static void add_real(struct tw_buf *out, const char *before, double value)
{
	char text[DECIMAL_TEXT];

	tw_buf_add_text(out, before);
	tw_buf_add_text(out, decimal(value, text));
}

void tw_dist_text(const struct tw_dist *dist, struct tw_buf *out)
{
	switch (dist->kind) {
	case TW_DIST_CONSTANT:
		add_time(out, "constant ", dist->a);
		return;
	case TW_DIST_UNIFORM:
		add_time(out, "uniform min=", dist->a);
		add_time(out, " max=", dist->b);
		return;
	case TW_DIST_EXPONENTIAL:
		add_time(out, "exponential mean=", dist->a);
		return;
	case TW_DIST_LOGNORMAL:
		add_time(out, "lognormal p50=", dist->a);
		add_time(out, " p99=", tw_dist_quantile(dist, 0.99));
		return;
	case TW_DIST_GAMMA:
		add_time(out, "gamma mean=", dist->a);
		add_real(out, " shape=", dist->b);
		return;
	case TW_DIST_PARETO:
		add_time(out, "pareto min=", dist->a);
		add_real(out, " alpha=", dist->b);
		return;
	case TW_DIST_EMPIRICAL:
		tw_buf_add_text(out, "empirical");
		for (size_t i = 0; i < dist->table->n; i++) {
			const struct point *point = &dist->table->point[i];

			add_real(out, " p", point->p * 100);
			add_time(out, "=", dist->a * point->value);
		}
		return;
	}
	tw_unreachable();
}
