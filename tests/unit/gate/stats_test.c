#include "tests/unit/test.h"
#include "tests/unit/gate/fixture.h"

#define NEAR(a, b, by) ck_assert_double_eq_tol(a, b, by)

/* Student's t, two-sided 95%: any printed table. */
START_TEST(against_tables)
{
	static const struct {
		size_t n;
		double t;
	} rows[] = {{2, 12.706}, {3, 4.303}, {4, 3.182}, {6, 2.571}, {8, 2.365},
		{11, 2.228}, {21, 2.086}, {31, 2.042}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		double values[40];
		struct tw_interval got;
		size_t n = rows[i].n;

		for (size_t k = 0; k < n; k++)
			values[k] = (double)k;
		got = tw_interval_of(values, n, 0.95);
		NEAR(got.mean, (double)(n - 1) / 2, 1e-12);
		NEAR((got.high - got.mean) * sqrt((double)n) / got.sd,
			rows[i].t, 6e-4);
		NEAR(got.high - got.mean, got.mean - got.low, 1e-12);
	}
}
END_TEST

START_TEST(equal_values_have_no_spread)
{
	const double values[] = {0.1, 0.1, 0.1};
	struct tw_interval got = tw_interval_of(values, 3, 0.95);

	ck_assert(got.sd == 0 && got.low == 0.1 && got.high == 0.1);
	ck_assert(got.p == 0);
	got = tw_interval_of(values, 1, 0.95);
	ck_assert(got.low < -1e300 && got.high > 1e300);
}
END_TEST

START_TEST(p_agrees_with_the_interval)
{
	double values[8];
	size_t beyond = 0;

	for (uint64_t s = 0; s < 2000; s++) {
		struct tw_interval got;

		for (uint64_t i = 0; i < 8; i++)
			values[i] = normal(s, i) + 0.5;
		got = tw_interval_of(values, 8, 0.95);
		ck_assert((got.low > 0) == (got.p < 0.025));
		beyond += got.low > 0;
	}
	ck_assert(beyond > 100 && beyond < 1000);
}
END_TEST

START_TEST(samples_needed)
{
	ck_assert_uint_eq(tw_samples_needed(0.5), 5);
	ck_assert_uint_eq(tw_samples_needed(0.9), 29);
	ck_assert_uint_eq(tw_samples_needed(0.95), 59);
	ck_assert_uint_eq(tw_samples_needed(0.99), 299);
	ck_assert_uint_eq(tw_samples_needed(0.999), 2995);
}
END_TEST

/*
 * Whoever makes the runs that are told has an answer in 4 of 5 gates, whatever
 * the truth: 2000 gates of 4 to 8 runs whose true mean is anything. (The
 * width of the interval alone would be right in half of them.)
 */
START_TEST(runs_needed)
{
	struct tw_interval seen = {.n = 100, .mean = 0, .sd = 2};
	size_t told = 0, decided = 0;

	ck_assert_uint_eq(tw_runs_needed(&seen, 0.95), TW_RUNS_CAP + 1);
	/* By scipy's Student distribution. */
	seen = (struct tw_interval){.n = 8, .mean = 0.8, .sd = 1};
	ck_assert_uint_eq(tw_runs_needed(&seen, 0.95), 14);
	seen.mean = -0.5;
	ck_assert_uint_eq(tw_runs_needed(&seen, 0.95), 69);
	seen.mean = 0.3;
	ck_assert_uint_eq(tw_runs_needed(&seen, 0.95), 212);
	seen = (struct tw_interval){.n = 4, .mean = 1, .sd = 2};
	ck_assert_uint_eq(tw_runs_needed(&seen, 0.95), 71);
	for (uint64_t g = 0; g < 2000; g++) {
		double v[TW_RUNS_CAP], mean = 3 * draw(g, 77) - 1.5;
		size_t n = 4 + g % 5, more;

		for (uint64_t i = 0; i < TW_RUNS_CAP; i++)
			v[i] = normal(g, i) + mean;
		seen = tw_interval_of(v, n, 0.95);
		more = tw_runs_needed(&seen, 0.95);
		if (seen.low > 0 || seen.high <= 0)
			continue;
		ck_assert_uint_gt(more, n);
		if (more > TW_RUNS_CAP)
			continue;
		told++;
		seen = tw_interval_of(v, more, 0.95);
		decided += seen.low > 0 || seen.high <= 0;
	}
	ck_assert_uint_gt(told, 500);
	ck_assert_uint_ge(decided * 100, told * 80);
	ck_assert_uint_le(decided * 100, told * 92);
}
END_TEST

/*
 * At a true excess of exactly 0 a false pass and a false fail are each at
 * most 2.5%: counted over 20,000 gates of 8 runs (the standard error of such
 * a share is 0.11%), once with ordinary and once with skewed differences.
 */
START_TEST(error_rates_at_the_margin)
{
	const uint64_t gates = 20000;

	for (int skewed = 0; skewed < 2; skewed++) {
		uint64_t passed = 0, failed = 0;

		for (uint64_t g = 0; g < gates; g++) {
			double v[8];
			struct tw_interval got;

			for (uint64_t i = 0; i < 8; i++)
				v[i] = normal(g * 2 + skewed, i);
			/* Skew of about 1 and mean 0: a chi-square's part. */
			for (uint64_t i = 0; skewed && i < 8; i++)
				v[i] = v[i] + 0.18 * (v[i] * v[i] - 1);
			got = tw_interval_of(v, 8, 0.95);
			passed += got.high <= 0;
			failed += got.low > 0;
		}
		if (skewed) {
			/* Known: t leans to the short tail. */
			ck_assert_uint_lt(failed, gates * 25 / 1000);
			ck_assert_uint_lt(passed, gates * 55 / 1000);
		} else {
			ck_assert_uint_lt(failed, gates * 285 / 10000);
			ck_assert_uint_lt(passed, gates * 285 / 10000);
			ck_assert_uint_gt(failed, gates * 215 / 10000);
			ck_assert_uint_gt(passed, gates * 215 / 10000);
		}
	}
}
END_TEST

TW_TESTS("gate/stats", against_tables, equal_values_have_no_spread,
	p_agrees_with_the_interval, samples_needed, runs_needed,
	error_rates_at_the_margin)
