#include "tests/unit/test.h"

#include "twins/kernel/dist.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/random.h"
#include "twins/kernel/special.h"

/* The distributions that the tests of all of them walk over. */
enum { KINDS = 15 };

struct world {
	struct tw_arena arena;
	struct tw_error error;
	struct tw_dist dists[KINDS];
	double mean[KINDS], variance[KINDS]; /* closed forms; -1: none */
};

static const struct tw_quantile measured[] = {{0, TW_MS}, {0.5, 2 * TW_MS},
	{0.9, 3 * TW_MS}, {0.99, 20 * TW_MS}, {0.999, 20 * TW_MS},
	{1, 100 * TW_MS}};
static const struct tw_quantile inner[] = {
	{0.25, TW_MS}, {0.5, 2 * TW_MS}, {0.99, 50 * TW_MS}};

static void add_gamma(struct world *w, int i, double shape)
{
	double mean = (double)(4 * TW_MS);

	ck_assert_int_eq(tw_dist_gamma(&w->dists[i], 4 * TW_MS, shape,
				 &w->arena, &w->error),
		0);
	w->mean[i] = mean;
	w->variance[i] = mean * mean / shape;
}

static void world_init(struct world *w)
{
	struct tw_dist *d = w->dists;
	struct tw_error *e = &w->error;
	double ms = (double)TW_MS;
	int bad = 0;

	tw_arena_init(&w->arena);
	for (int i = 0; i < KINDS; i++)
		w->mean[i] = w->variance[i] = -1;
	bad |= tw_dist_constant(&d[0], 3 * TW_MS, e);
	w->mean[0] = 3 * ms, w->variance[0] = 0;
	bad |= tw_dist_uniform(&d[1], TW_MS, 4 * TW_MS, e);
	w->mean[1] = 2.5 * ms, w->variance[1] = 9 * ms * ms / 12;
	bad |= tw_dist_exponential(&d[2], 5 * TW_MS, e);
	w->mean[2] = 5 * ms, w->variance[2] = 25 * ms * ms;
	bad |= tw_dist_lognormal_mean(&d[3], 2 * TW_MS, 1.5, e);
	w->mean[3] = 2 * ms, w->variance[3] = 2.25 * 4 * ms * ms;
	bad |= tw_dist_pareto(&d[4], TW_MS, 5, e);
	w->mean[4] = 1.25 * ms, w->variance[4] = ms * ms * 5 / (16.0 * 3);
	add_gamma(w, 5, 0.05);
	add_gamma(w, 6, 0.5);
	add_gamma(w, 7, 1);
	add_gamma(w, 8, 4);
	add_gamma(w, 9, 37.5);
	add_gamma(w, 10, 20000);
	bad |= tw_dist_empirical(&d[11], measured, 6, &w->arena, e);
	bad |= tw_dist_empirical(&d[12], inner, 3, &w->arena, e);
	bad |= tw_dist_empirical(&d[13], inner, 1, &w->arena, e);
	w->mean[13] = ms, w->variance[13] = 0;
	bad |= tw_dist_lognormal(&d[14], (struct tw_quantile){0.99, 7 * TW_MS},
		(struct tw_quantile){0.5, 1800 * TW_US}, e);
	ck_assert_int_eq(bad, 0);
}

static void world_release(struct world *w)
{
	tw_arena_release(&w->arena);
}

static void is_near(double got, double exact, double relative)
{
	double error = exact != 0 ? got / exact - 1 : got;

	ck_assert_msg(error <= relative && error >= -relative,
		"got %.17g, not %.17g", got, exact);
}

/* The integral over p of the value (power 1) or its square about `about`:
 * the middle rule in the normal score, whose tails it resolves. */
static double moment(const struct tw_dist *dist, double about, int power)
{
	enum { STEPS = 60000 };
	double sum = 0, before = 0;

	for (int i = 1; i <= STEPS; i++) {
		double z = -8.2 + 16.4 * i / STEPS;
		double p = i == STEPS ? 1 : tw_normal_cdf(z);
		double middle = 0.5 * (before + p), x;

		if (middle >= 1)
			break;
		x = tw_dist_quantile(dist, middle) - about;
		sum += (power == 1 ? x : x * x) * (p - before);
		before = p;
	}
	return sum;
}

START_TEST(moments_are_those_of_the_closed_forms)
{
	struct world w;

	world_init(&w);
	for (int i = 0; i < KINDS; i++) {
		double mean = moment(&w.dists[i], 0, 1);

		is_near(mean, tw_dist_mean(&w.dists[i]), 1e-3);
		if (w.mean[i] >= 0)
			is_near(tw_dist_mean(&w.dists[i]), w.mean[i], 1e-12);
		if (w.variance[i] > 0)
			is_near(moment(&w.dists[i], mean, 2), w.variance[i],
				0.02);
	}
	world_release(&w);
}
END_TEST

START_TEST(stratified_samples_have_the_mean)
{
	struct world w;

	world_init(&w);
	for (int i = 0; i < KINDS; i++) {
		double sum = 0;

		for (uint32_t k = 0; k < 100000; k++)
			sum += (double)tw_dist_sample(&w.dists[i],
				(k + tw_draw(1, k, 0, 0)) / 100000);
		is_near(sum / 100000, tw_dist_mean(&w.dists[i]), 0.01);
	}
	world_release(&w);
}
END_TEST

START_TEST(samples_rise_with_u)
{
	struct world w;

	world_init(&w);
	for (int i = 0; i < KINDS; i++) {
		tw_time last = tw_dist_sample(&w.dists[i], 0x1p-53), x;

		ck_assert_int_ge(last, 0);
		for (int k = 1; k < 50000; k++) {
			x = tw_dist_sample(&w.dists[i], k / 50000.0);
			ck_assert(x >= last);
			last = x;
		}
		for (int k = 16; k <= 53; k++) {
			x = tw_dist_sample(
				&w.dists[i], 1 - 1.0 / (double)(1ULL << k));
			ck_assert(x >= last);
			last = x;
		}
	}
	world_release(&w);
}
END_TEST

START_TEST(gamma_meets_its_quantiles_and_erlang_the_exponential)
{
	static const double shapes[] = {0.01, 0.05, 0.5, 1, 3, 100, 1e5};
	struct tw_arena arena;
	struct tw_error error;
	struct tw_dist gamma, exponential;

	tw_arena_init(&arena);
	for (size_t i = 0; i < 7; i++) {
		double shape = shapes[i], worst = 0;

		tw_dist_gamma(&gamma, TW_S, shape, &arena, &error);
		for (uint32_t k = 0; k < 3000; k++) {
			double u = tw_draw(3, k, 0, 0), exact, got;

			if (k % 3 == 1)
				u *= 1e-6 * u;
			if (k % 3 == 2)
				u = 1 - tw_uniform_of((uint64_t)(u * 1e15));
			got = tw_dist_quantile(&gamma, u);
			exact = 1e9 / shape *
				tw_exp(tw_gamma_inverse_log(shape, u, 1 - u));
			if (exact < 1e-3) /* far below a nanosecond */
				continue;
			got = got / exact - 1;
			got = got < 0 ? -got : got;
			worst = got > worst ? got : worst;
		}
		ck_assert_msg(worst < 2e-6, "shape %g: %g", shape, worst);
	}
	tw_dist_gamma(&gamma, TW_S, 1, &arena, &error);
	tw_dist_exponential(&exponential, TW_S, &error);
	for (int i = 1; i < 1000; i++)
		is_near(tw_dist_quantile(&gamma, i / 1000.0),
			tw_dist_quantile(&exponential, i / 1000.0), 1e-6);
	tw_arena_release(&arena);
}
END_TEST

START_TEST(quantiles_are_met_where_they_were_given)
{
	struct world w;

	world_init(&w);
	is_near(tw_dist_quantile(&w.dists[14], 0.5), 1.8e6, 1e-12);
	is_near(tw_dist_quantile(&w.dists[14], 0.99), 7e6, 1e-12);
	for (int i = 1; i < 5; i++)
		is_near(tw_dist_quantile(&w.dists[11], measured[i].p),
			(double)measured[i].value, 1e-12);
	is_near(tw_dist_quantile(&w.dists[11], 0.25), 1.5e6, 1e-12);
	is_near(tw_dist_quantile(&w.dists[11], 0x1p-53), 1e6, 1e-12);
	is_near(tw_dist_quantile(&w.dists[11], 1 - 0x1p-53), 1e8, 1e-12);
	/* Nothing is made up beyond what was given. */
	is_near(tw_dist_quantile(&w.dists[12], 0.01), 1e6, 1e-12);
	is_near(tw_dist_quantile(&w.dists[12], 0.9999), 5e7, 1e-12);
	/* Between two, it is the lognormal through both. */
	tw_dist_lognormal(&w.dists[0], inner[1], inner[2], &w.error);
	is_near(tw_dist_quantile(&w.dists[12], 0.8),
		tw_dist_quantile(&w.dists[0], 0.8), 1e-12);
	world_release(&w);
}
END_TEST

START_TEST(scaling_moves_every_quantile)
{
	struct world w;

	world_init(&w);
	for (int i = 0; i < KINDS; i++) {
		struct tw_dist twice = w.dists[i];

		ck_assert(tw_dist_equal(&twice, &w.dists[i]));
		tw_dist_scale(&twice, 2);
		ck_assert(!tw_dist_equal(&twice, &w.dists[i]));
		for (int k = 1; k < 100; k++)
			is_near(tw_dist_quantile(&twice, k / 100.0),
				2 * tw_dist_quantile(&w.dists[i], k / 100.0),
				1e-14);
		is_near(tw_dist_mean(&twice), 2 * tw_dist_mean(&w.dists[i]),
			1e-12);
		tw_dist_scale(&twice, 0.5);
		ck_assert(tw_dist_equal(&twice, &w.dists[i]));
		tw_dist_scale(&twice, 0);
		ck_assert_int_eq(tw_dist_sample(&twice, 0.9), 0);
	}
	for (int i = 0; i < KINDS; i++)
		for (int k = 0; k < i; k++)
			ck_assert(!tw_dist_equal(&w.dists[i], &w.dists[k]));
	world_release(&w);
}
END_TEST

START_TEST(heavy_tails_end_at_the_longest_time)
{
	struct tw_error error;
	struct tw_dist dist;

	ck_assert_int_eq(tw_dist_pareto(&dist, TW_S, 0.2, &error), 0);
	ck_assert_int_eq(tw_dist_sample(&dist, 1 - 0x1p-53), TW_NEVER / 4);
	ck_assert(tw_dist_mean(&dist) == HUGE_VAL);
	ck_assert_int_eq(tw_dist_sample(&(struct tw_dist){0}, 0.5), 0);
}
END_TEST

static void has_text(const struct tw_dist *dist, const char *text)
{
	struct tw_buf buf = {0};

	tw_dist_text(dist, &buf);
	ck_assert_str_eq(tw_buf_text(&buf), text);
	tw_buf_release(&buf);
}

START_TEST(texts_are_canonical)
{
	struct world w;

	world_init(&w);
	has_text(&w.dists[0], "constant 3ms");
	has_text(&w.dists[1], "uniform min=1ms max=4ms");
	has_text(&w.dists[2], "exponential mean=5ms");
	has_text(&w.dists[4], "pareto min=1ms alpha=5");
	has_text(&w.dists[9], "gamma mean=4ms shape=37.5");
	has_text(&w.dists[10], "gamma mean=4ms shape=20000");
	has_text(&w.dists[5], "gamma mean=4ms shape=0.05");
	has_text(&w.dists[11], "empirical p0=1ms p50=2ms p90=3ms p99=20ms "
			       "p99.9=20ms p100=100ms");
	has_text(&w.dists[14], "lognormal p50=1.8ms p99=7ms");
	world_release(&w);
}
END_TEST

static int lognormal(
	struct tw_error *e, double p, tw_time a, double q, tw_time b)
{
	struct tw_dist dist;

	return tw_dist_lognormal(&dist, (struct tw_quantile){p, a},
		(struct tw_quantile){q, b}, e);
}

static int empirical(
	struct tw_error *e, double p, tw_time a, double q, tw_time b)
{
	struct tw_quantile points[] = {{p, a}, {q, b}};
	struct tw_arena arena;
	struct tw_dist dist;
	int status;

	tw_arena_init(&arena);
	status = tw_dist_empirical(&dist, points, 2, &arena, e);
	tw_arena_release(&arena);
	return status;
}

START_TEST(parameters_that_describe_nothing_are_refused)
{
	struct tw_error e;
	struct tw_dist d;

	ck_assert_int_eq(tw_dist_constant(&d, -1, &e), -1);
	ck_assert_int_eq(e.code, TW_E_USAGE);
	ck_assert_int_eq(tw_dist_constant(&d, TW_NEVER, &e), -1);
	ck_assert_int_eq(tw_dist_uniform(&d, 2, 1, &e), -1);
	ck_assert_int_eq(tw_dist_exponential(&d, -5, &e), -1);
	ck_assert_int_eq(tw_dist_pareto(&d, 0, 2, &e), -1);
	ck_assert_int_eq(tw_dist_pareto(&d, 1, 0, &e), -1);
	ck_assert_int_eq(tw_dist_pareto(&d, 1, NAN, &e), -1);
	ck_assert_int_eq(tw_dist_lognormal_mean(&d, 1, -1, &e), -1);
	ck_assert_int_eq(tw_dist_gamma(&d, 1, 0, NULL, &e), -1);
	ck_assert_int_eq(tw_dist_gamma(&d, 1, 1e7, NULL, &e), -1);
	ck_assert_int_eq(tw_dist_gamma(&d, -1, 1, NULL, &e), -1);
	ck_assert_int_eq(tw_dist_empirical(&d, NULL, 0, NULL, &e), -1);
	ck_assert_int_eq(lognormal(&e, 0.5, 7, 0.99, 2), -1);
	ck_assert_str_eq(e.message, "p99 (2ns) is below p50 (7ns)");
	ck_assert_int_eq(lognormal(&e, 0.99, 2, 0.5, 7), -1);
	ck_assert_str_eq(e.message, "p99 (2ns) is below p50 (7ns)");
	ck_assert_int_eq(lognormal(&e, 0.5, 7, 0.5, 8), -1);
	ck_assert_int_eq(lognormal(&e, 0, 7, 0.5, 8), -1);
	ck_assert_int_eq(lognormal(&e, 0.5, 7, 1, 8), -1);
	ck_assert_int_eq(lognormal(&e, NAN, 7, 0.9, 8), -1);
	ck_assert_int_eq(lognormal(&e, 0.5, 0, 0.9, 8), -1);
	ck_assert_int_eq(lognormal(&e, 0.5, 8, 0.9, 8), 0);
	ck_assert_int_eq(empirical(&e, 0.9, 1, 0.5, 2), -1);
	ck_assert_int_eq(empirical(&e, 0.5, 1, 0.5, 2), -1);
	ck_assert_int_eq(empirical(&e, 0.5, 3, 0.9, 2), -1);
	ck_assert_str_eq(e.message, "p90 (2ns) is below p50 (3ns)");
	ck_assert_int_eq(empirical(&e, -0.1, 1, 0.9, 2), -1);
	ck_assert_int_eq(empirical(&e, 0.5, 1, 1.1, 2), -1);
	ck_assert_int_eq(empirical(&e, 0.5, -1, 0.9, 2), -1);
	ck_assert_int_eq(empirical(&e, 0, 0, 1, 0), 0);
}
END_TEST

/* As in fmath_test.c: a change means that results depend on the build. */
START_TEST(samples_are_the_same_in_every_build)
{
	uint64_t digest = 1;
	struct world w;

	world_init(&w);
	for (int i = 0; i < KINDS; i++) {
		for (uint32_t k = 0; k < 5000; k++) {
			digest ^= (uint64_t)tw_dist_sample(
				&w.dists[i], tw_draw(9, k, 0, 0));
			digest *= UINT64_C(0x100000001b3);
		}
		digest ^= (uint64_t)(tw_dist_mean(&w.dists[i]) * 1024);
	}
	ck_assert_msg(digest == UINT64_C(0x9f2dfd0be07fe73a), "0x%llx",
		(unsigned long long)digest);
	world_release(&w);
}
END_TEST

TW_TESTS("kernel/dist", moments_are_those_of_the_closed_forms,
	stratified_samples_have_the_mean, samples_rise_with_u,
	gamma_meets_its_quantiles_and_erlang_the_exponential,
	quantiles_are_met_where_they_were_given, scaling_moves_every_quantile,
	heavy_tails_end_at_the_longest_time, texts_are_canonical,
	parameters_that_describe_nothing_are_refused,
	samples_are_the_same_in_every_build)
