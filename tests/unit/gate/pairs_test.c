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
	ck_assert_double_eq_tol(pairs->p, 5 / 16.0, 1e-12);
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

TW_TESTS("gate/pairs", which_broke, samples_are_cut_alike, not_of_other_checks)
