#include "tests/unit/test.h"

#include "harness/gate/pairs.h"
#include "tests/unit/gate/fixture.h"

#define ERRORS "ratio(errors) by (endpoint) <= baseline + 50pp"

static void failed(struct side *side, size_t run, const char *endpoint,
	uint64_t position, uint64_t pass)
{
	tw_vec_push(&side->obs[run].failed,
		((struct tw_example){.key = position * 100 + pass,
			.position = position,
			.service = "shop/frontend",
			.endpoint = endpoint}));
}

static void calls(struct fixture *f, size_t runs)
{
	fixture_init(f, runs);
	for (size_t i = 0; i < runs; i++) {
		add_calls(&f->b, i, "GET /", 1000, TW_MS, 5);
		add_calls(&f->c, i, "GET /", 1000, TW_MS, 5);
		add_calls(&f->b, i, "GET /x", 1000, TW_MS, 5);
		add_calls(&f->c, i, "GET /x", 1000, TW_MS, 5);
	}
}

START_TEST(which_broke)
{
	struct fixture f;
	const struct tw_pairs *pairs;

	calls(&f, 2);
	failed(&f.b, 0, "GET /", 7, 0); /* in both */
	failed(&f.c, 0, "GET /", 7, 0);
	failed(&f.b, 0, "GET /", 8, 0); /* mended */
	failed(&f.c, 0, "GET /", 8, 1); /* the next pass of it */
	failed(&f.c, 0, "GET /", 9, 0);
	failed(&f.c, 1, "GET /", 9, 0);
	failed(&f.c, 1, "GET /x", 11, 0); /* of another group */
	pairs = judge(&f, ERRORS)->groups.v[0]->pairs;
	ck_assert_ptr_nonnull(pairs);
	ck_assert_uint_eq(pairs->broken, 3);
	ck_assert_uint_eq(pairs->mended, 1);
	/* 7 and both passes of 8 fail in one run of two. */
	ck_assert_uint_eq(pairs->noise, 3);
	ck_assert_uint_eq(pairs->broke, 1);
	ck_assert_uint_eq(pairs->mends, 0);
	ck_assert_double_eq_tol(pairs->p, 0.5, 1e-12);
	ck_assert(pairs->share == 1);
	ck_assert_uint_eq(pairs->requests.n, 2);
	ck_assert_uint_eq(pairs->requests.v[0].position, 9);
	ck_assert_uint_eq(pairs->requests.v[0].runs, 2);
	ck_assert_str_eq(pairs->requests.v[0].endpoint, "GET /");
	pairs = judge(&f, ERRORS)->groups.v[1]->pairs;
	ck_assert_uint_eq(pairs->broken, 1);
	fixture_release(&f);
}
END_TEST

/* What one side may have left out is left out of both. */
START_TEST(samples_are_cut_alike)
{
	struct fixture f;
	const struct tw_pairs *pairs;
	uint64_t below = UINT64_MAX / 4;
	size_t kept = 0;

	calls(&f, 1);
	for (uint64_t i = 1; i <= 200; i++) {
		failed(&f.c, 0, "GET /", i, 0);
		if (tw_hash_mix(i * 100) < below) {
			kept++;
			if (i > 100)
				failed(&f.b, 0, "GET /", i, 0);
		}
	}
	ck_assert_uint_gt(kept, 20);
	f.b.obs[0].failed_below = below;
	pairs = judge(&f, ERRORS)->groups.v[0]->pairs;
	ck_assert_uint_eq(pairs->broken, kept - f.b.obs[0].failed.n);
	ck_assert_uint_eq(pairs->mended, 0);
	ck_assert_double_eq_tol(pairs->share, 0.25, 1e-9);
	fixture_release(&f);
}
END_TEST

/* What any run may have left out is left out of all: noise is told by all. */
START_TEST(the_smallest_sample_counts)
{
	struct fixture f;
	const struct tw_pairs *pairs;

	calls(&f, 2);
	for (uint64_t i = 1; i <= 200; i++)
		for (size_t r = 0; r < 2; r++)
			failed(&f.c, r, "GET /", i, 0);
	f.b.obs[0].failed_below = UINT64_MAX / 2;
	f.c.obs[1].failed_below = UINT64_MAX / 8;
	f.b.obs[1].failed_below = UINT64_MAX / 4;
	pairs = judge(&f, ERRORS)->groups.v[0]->pairs;
	ck_assert_double_eq_tol(pairs->share, 0.125, 1e-9);
	ck_assert_uint_gt(pairs->broke, 10);
	ck_assert_uint_lt(pairs->broke, 45);
	ck_assert_uint_eq(pairs->broken, 2 * pairs->broke);
	fixture_release(&f);
}
END_TEST

/*
 * False alarms of 2000 gates in which nothing changed: half of the requests
 * that fail do so in a share of the runs of their own, the other half flip
 * once and for all, either way. And all of five that broke are found.
 */
START_TEST(noise_is_dropped_first)
{
	const size_t n = 3;
	size_t alarms = 0, tested = 0;

	for (uint64_t g = 0; g < 2000; g++) {
		struct fixture f;
		const struct tw_pairs *pairs;

		calls(&f, n);
		for (uint64_t i = 0; i < 40; i++) {
			bool once = i % 2;
			double rate = draw(g, i + 50);

			for (size_t k = 0; k < 2 * n; k++) {
				uint64_t at = once ? 500 * (k / n) : 1000 + k;

				if (draw(g, i * 1000 + at) < rate)
					failed(k < n ? &f.b : &f.c, k % n,
						"GET /", i, 0);
			}
		}
		pairs = judge(&f, ERRORS)->groups.v[0]->pairs;
		tested += pairs->broke + pairs->mends > 0;
		alarms += pairs->p <= 0.025;
		if (!g) {
			size_t before = pairs->broke;

			for (uint64_t i = 100; i < 105; i++)
				for (size_t k = 0; k < n; k++)
					failed(&f.c, k, "GET /", i, 0);
			pairs = judge(&f, ERRORS)->groups.v[0]->pairs;
			ck_assert_uint_eq(pairs->broke, before + 5);
			ck_assert_uint_eq(pairs->requests.v[0].runs, n);
		}
		fixture_release(&f);
	}
	ck_assert_uint_gt(tested, 1900);
	/* 50 and two standard deviations. */
	ck_assert_uint_le(alarms, 64);
}
END_TEST

/*
 * Eighty requests fail on both sides, and in each run one broke and another
 * was mended: runs do not differ at all, and yet these few leave room for more
 * than the margin.
 */
START_TEST(few_that_differ)
{
	struct fixture f;
	const struct tw_group *g;

	fixture_init(&f, 4);
	for (size_t r = 0; r < 4; r++) {
		add_calls(&f.b, r, "GET /", 1000, TW_MS, 21);
		add_calls(&f.c, r, "GET /", 1000, 2 * TW_MS, 21);
		for (uint64_t i = 0; i < 20; i++) {
			failed(&f.b, r, "GET /", i, 0);
			failed(&f.c, r, "GET /", i, 0);
		}
		failed(&f.b, r, "GET /", 100 + r, 0);
		failed(&f.c, r, "GET /", 200 + r, 0);
	}
	g = judge(&f, "ratio(errors) <= baseline + 0.1pp")->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_FEW_SAMPLES);
	ck_assert_uint_eq(g->pairs->broken, 4);
	ck_assert_uint_eq(g->pairs->mended, 4);
	g = judge(&f, "ratio(errors) <= baseline + 1pp")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_IDENTICAL);
	fixture_release(&f);
}
END_TEST

START_TEST(not_of_other_checks)
{
	struct fixture f;

	calls(&f, 2);
	ck_assert_ptr_null(judge(&f, "p50(latency) <= 1s")->groups.v[0]->pairs);
	cell_of(&f.c, 0, "shop/frontend", "shop/cart", "GET /", TW_CLIENT)
		->count = 10;
	ck_assert_ptr_nonnull(
		judge(&f, "ratio(errors) <= 1%")->groups.v[0]->pairs);
	ck_assert_ptr_null(judge(&f, "ratio(errors{service=~\".*\"}) <= 1%")
				   ->groups.v[0]
				   ->pairs);
	side_release(&f.b);
	f.b = (struct side){0};
	ck_assert_ptr_null(
		judge(&f, "ratio(errors) <= 1%")->groups.v[0]->pairs);
	fixture_release(&f);
}
END_TEST

TW_TESTS("gate/pairs", which_broke, samples_are_cut_alike,
	the_smallest_sample_counts, noise_is_dropped_first, few_that_differ,
	not_of_other_checks)
