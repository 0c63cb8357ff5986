#include "tests/unit/test.h"
#include "tests/unit/gate/fixture.h"

#define P99    "p99(latency) <= baseline * 1.10 + 1ms"
#define ERRORS "ratio(errors) <= baseline + 0.1pp"

START_TEST(few_samples)
{
	struct fixture f;
	const struct tw_group *g;

	/* 100 a run, 299 needed: pools of 3 from 8 runs, two of them. */
	fixture_init(&f, 8);
	for (size_t i = 0; i < 8; i++) {
		add_calls(&f.b, i, "GET /", 100, 10 * TW_MS, 0);
		add_calls(&f.c, i, "GET /", 100, 10 * TW_MS, 0);
	}
	g = judge(&f, P99)->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_IDENTICAL);
	ck_assert_uint_eq(g->pool, 3);
	g = judge(&f, "p99.9(latency) <= baseline * 1.1")->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_FEW_SAMPLES);
	ck_assert_uint_eq(g->calls_needed, 2995);
	/* A limit of 0.1% needs 3000 calls, one of 1% 300. */
	g = judge(&f, "ratio(errors) <= 0.1%")->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_FEW_SAMPLES);
	g = judge(&f, "ratio(errors) <= 1%")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_WITHIN);
	g = judge(&f, ERRORS)->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_IDENTICAL);
	fixture_release(&f);
}
END_TEST

/* None of few failed: the numbers alone leave room for more than the margin,
 * where the change reaches these calls. */
START_TEST(zero_failures)
{
	struct fixture f;
	const struct tw_group *g;

	fixture_init(&f, 4);
	for (size_t i = 0; i < 4; i++) {
		add_calls(&f.b, i, "GET /", 100, TW_MS, 0);
		add_calls(&f.c, i, "GET /", 100, 2 * TW_MS, 0);
	}
	g = judge(&f, "ratio(errors) <= baseline + 0.5pp")->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_FEW_SAMPLES);
	ck_assert(g->excess_high > 0 && g->detects > 0.01);
	/* 765 calls: z^2 (1 - M) / M. */
	ck_assert_uint_ge(g->calls_needed, 765);
	ck_assert_uint_le(g->calls_needed, 865);
	ck_assert_ptr_nonnull(strstr(g->advice, "--runs 8"));
	g = judge(&f, "ratio(errors) <= baseline + 1pp")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_IDENTICAL);
	/* Nothing is asked for that could be seen or not. */
	g = judge(&f, "ratio(errors) <= baseline")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_IDENTICAL);
	/* Exact: 1 - 0.025^(1 / 400) = 0.918%. */
	g = judge(&f, "ratio(errors) <= 0.91%")->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_FEW_SAMPLES);
	g = judge(&f, "ratio(errors) <= 0.92%")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_WITHIN);
	fixture_release(&f);

	fixture_init(&f, 4);
	for (size_t i = 0; i < 4; i++) {
		add_calls(&f.b, i, "GET /", 100, TW_MS, 0);
		add_calls(&f.c, i, "GET /", 100, TW_MS, 0);
	}
	g = judge(&f, "ratio(errors) <= baseline + 0.5pp")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_IDENTICAL);
	fixture_release(&f);
}
END_TEST

/* Two of 400 in each run are no failure beyond 0.1pp yet; eight are. */
START_TEST(few_failures)
{
	struct fixture f;
	const struct tw_group *g;

	for (uint64_t failed = 1; failed <= 4; failed += 3) {
		fixture_init(&f, 4);
		for (size_t i = 0; i < 4; i++) {
			add_calls(&f.b, i, "GET /", 400, TW_MS, 0);
			add_calls(&f.c, i, "GET /", 400, 2 * TW_MS, failed);
		}
		g = judge(&f, ERRORS)->groups.v[0];
		if (failed == 1)
			expect_group(g, TW_VERDICT_INCONCLUSIVE,
				TW_REASON_FEW_SAMPLES);
		else
			expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
		ck_assert((g->excess_low > 0) == (g->p < 0.025));
		fixture_release(&f);
	}
}
END_TEST

/* Each side has its own weather: nothing below that can be asked for. */
START_TEST(margin_below_noise)
{
	struct fixture f;
	const struct tw_group *g;

	fixture_init(&f, 8);
	for (size_t i = 0; i < 8; i++) {
		add_calls(&f.b, i, "GET /", 500,
			(tw_time)(100e6 * (1 + 0.2 * normal(1, i))), 0);
		add_calls(&f.c, i, "GET /", 500,
			(tw_time)(100e6 * (1 + 0.2 * normal(2, i))), 0);
	}
	g = judge(&f, "p99(latency) <= baseline * 1.01")->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_BELOW_NOISE);
	ck_assert(g->has_noise && g->noise > g->margin);
	ck_assert_ptr_nonnull(strstr(g->advice, "allow at least"));
	ck_assert_ptr_nonnull(strstr(g->advice, "runs (--runs "));
	g = judge(&f, "p99(latency) <= baseline * 3")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_WITHIN);
	ck_assert(g->detects > g->margin);
	fixture_release(&f);
}
END_TEST

TW_TESTS("gate/judge_decide", few_samples, zero_failures, few_failures,
	margin_below_noise)
