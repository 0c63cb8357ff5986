#include "tests/unit/test.h"
#include "tests/unit/gate/fixture.h"

#define P99    "p99(latency) <= baseline * 1.10 + 1ms"
#define ERRORS "ratio(errors) <= baseline + 0.1pp"

START_TEST(identical_passes)
{
	struct fixture f;
	const struct tw_group *g;

	fixture_init(&f, 4);
	latencies(&f, 1, 0);
	g = judge(&f, P99)->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_IDENTICAL);
	ck_assert(g->candidate == g->baseline);
	ck_assert_ptr_null(g->blame);
	fixture_release(&f);
}
END_TEST

START_TEST(within_and_beyond)
{
	struct fixture f;
	const struct tw_group *g;

	fixture_init(&f, 8);
	latencies(&f, 1.02, 0.01);
	g = judge(&f, P99)->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_WITHIN);
	ck_assert(g->low > 0 && g->low < g->high && g->excess_high <= 0);
	fixture_release(&f);

	fixture_init(&f, 8);
	latencies(&f, 1.4, 0.01);
	g = judge(&f, P99)->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	ck_assert(g->excess_low > 0 && g->p < 0.001);
	ck_assert_ptr_nonnull(g->blame);
	ck_assert_ptr_nonnull(strstr(g->why, "must be at most"));
	fixture_release(&f);
}
END_TEST

START_TEST(noise_asks_for_more_runs)
{
	struct fixture f;
	const struct tw_group *g;

	fixture_init(&f, 3);
	for (size_t i = 0; i < 3; i++) {
		add_calls(&f.b, i, "GET /", 500, 100 * TW_MS, 0);
		add_calls(&f.c, i, "GET /", 500, (tw_time)(90 + 20 * i) * TW_MS,
			0);
	}
	g = judge(&f, "p99(latency) <= baseline * 1.05")->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_NOISE);
	ck_assert_uint_gt(g->more_runs, 0);
	ck_assert_ptr_nonnull(strstr(g->advice, "more runs"));
	fixture_release(&f);
}
END_TEST

START_TEST(one_run_is_inconclusive)
{
	struct fixture f;

	fixture_init(&f, 1);
	latencies(&f, 1, 0);
	expect_group(judge(&f, P99)->groups.v[0], TW_VERDICT_INCONCLUSIVE,
		TW_REASON_ONE_RUN);
	expect_group(judge(&f, "p99(latency) <= 1h")->groups.v[0],
		TW_VERDICT_INCONCLUSIVE, TW_REASON_ONE_RUN);
	f.options.same_system = true;
	expect_group(judge(&f, P99)->groups.v[0], TW_VERDICT_PASS,
		TW_REASON_IDENTICAL);
	fixture_release(&f);
}
END_TEST

START_TEST(no_data_never_passes)
{
	struct fixture f;
	struct tw_check_result *r;

	fixture_init(&f, 2);
	for (size_t i = 0; i < 2; i++) {
		add_calls(&f.b, i, "GET /gone", 500, TW_MS, 0);
		add_calls(&f.c, i, "GET /new", 500, TW_MS, 0);
	}
	r = judge(&f, "ratio(errors) by (endpoint) <= baseline");
	ck_assert_uint_eq(r->groups.n, 2);
	expect_group(r->groups.v[0], TW_VERDICT_INCONCLUSIVE, TW_REASON_GONE);
	ck_assert_str_eq(r->groups.v[0]->title, "GET /gone");
	expect_group(r->groups.v[1], TW_VERDICT_INCONCLUSIVE, TW_REASON_NEW);
	r = judge(&f, "ratio(errors{service=\"shop/fronted\"}) <= baseline");
	expect_group(
		r->groups.v[0], TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_DATA);
	ck_assert_str_eq(
		r->suggestion, "did you mean service=\"shop/frontend\"?");
	side_release(&f.b);
	f.b = (struct side){0};
	r = judge(&f, "ratio(errors) <= baseline");
	expect_group(
		r->groups.v[0], TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_BASELINE);
	r = judge(&f, "ratio(errors) <= 5%");
	expect_group(r->groups.v[0], TW_VERDICT_PASS, TW_REASON_WITHIN);
	fixture_release(&f);
}
END_TEST

START_TEST(errors)
{
	struct fixture f;
	const struct tw_group *g;

	fixture_init(&f, 6);
	for (size_t i = 0; i < 6; i++) {
		add_calls(&f.b, i, "GET /", 1000, TW_MS, 2 + i % 2);
		add_calls(&f.c, i, "GET /", 1000, TW_MS, 20 + i);
	}
	g = judge(&f, ERRORS)->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	ck_assert_double_eq_tol(g->baseline, 0.0025, 1e-12);
	ck_assert_double_eq_tol(g->candidate, 0.0225, 1e-12);
	g = judge(&f, "ratio(errors) >= 1%")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_WITHIN);
	fixture_release(&f);
}
END_TEST

START_TEST(strict_comparison)
{
	struct fixture f;

	fixture_init(&f, 2);
	for (size_t i = 0; i < 2; i++) {
		add_calls(&f.b, i, "GET /", 1000, TW_MS, 0);
		add_calls(&f.c, i, "GET /", 1000, TW_MS, 0);
	}
	expect_group(judge(&f, "ratio(errors) <= baseline")->groups.v[0],
		TW_VERDICT_PASS, TW_REASON_IDENTICAL);
	expect_group(judge(&f, "ratio(errors) < baseline")->groups.v[0],
		TW_VERDICT_FAIL, TW_REASON_BEYOND);
	fixture_release(&f);
}
END_TEST

START_TEST(rates_and_gauges)
{
	struct fixture f;
	const struct tw_group *g;

	fixture_init(&f, 2);
	for (size_t i = 0; i < 2; i++) {
		struct side *sides[] = {&f.b, &f.c};

		for (int k = 0; k < 2; k++) {
			struct tw_gauge gauge = {.service = "shop/cart"};

			add_calls(sides[k], i, "GET /", 6000, TW_MS, 0);
			tw_vec_push(&gauge.slices,
				(struct tw_gauge_slice){.replicas = 3,
					.unavailable = 1 + k,
					.queue = 7,
					.busy = 50,
					.capacity = 100});
			tw_vec_push(&gauge.slices,
				(struct tw_gauge_slice){.replicas = 3,
					.queue = 9,
					.busy = 30,
					.capacity = 100,
					.computing = 80,
					.throttled = 20});
			tw_vec_push(&sides[k]->obs[i].gauges, gauge);
		}
	}
	g = judge(&f, "rate(requests) >= 99/s")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_WITHIN);
	ck_assert_double_eq(g->candidate, 100);
	g = judge(&f, "max(queue) by (service) <= 8")->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	ck_assert_str_eq(g->title, "shop/cart");
	g = judge(&f, "utilization <= 40%")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_WITHIN);
	ck_assert_double_eq(g->candidate, 0.4);
	g = judge(&f, "max(unavailable) <= baseline")->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	fixture_release(&f);
}
END_TEST

/* A fault from 10 s to 20 s; errors until `until`, a slice each. */
static void recovery(struct fixture *f, struct side *side, size_t until)
{
	(void)f;
	for (size_t i = 0; i < side->n; i++) {
		struct tw_cell *cell =
			add_calls(side, i, "GET /", 6000, TW_MS, 100);

		side->obs[i].fault_start = 10 * TW_S;
		side->obs[i].fault_end = 20 * TW_S;
		for (size_t k = 0; k < 60; k++)
			tw_vec_push(&cell->slices,
				(struct tw_slice){.count = 100,
					.errors =
						k >= 10 && k < until ? 50 : 0});
	}
}

START_TEST(recovery_time)
{
	struct fixture f;
	const struct tw_group *g;
	const char *in30 = "recovery_time(ratio(errors) <= 1%) <= 30s";

	fixture_init(&f, 3);
	recovery(&f, &f.b, 15);
	recovery(&f, &f.c, 45);
	g = judge(&f, in30)->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_WITHIN);
	ck_assert_double_eq(g->candidate, 25e9);
	ck_assert_double_eq(g->baseline, 0);
	g = judge(&f, "recovery_time(ratio(errors) <= 1%) <= 20s")->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	g = judge(&f, "recovery_time(ratio(errors) <= 1%) <= baseline + 10s")
		    ->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	fixture_release(&f);

	fixture_init(&f, 3);
	recovery(&f, &f.b, 15);
	recovery(&f, &f.c, 60);
	g = judge(&f, in30)->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_NO_RECOVERY);
	g = judge(&f, "recovery_time(ratio(errors) <= 1%) <= 50s")->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_SHORT_RUN);
	fixture_release(&f);

	/* On neither side: no worse than the baseline. */
	fixture_init(&f, 3);
	recovery(&f, &f.b, 60);
	recovery(&f, &f.c, 60);
	g = judge(&f, "recovery_time(ratio(errors) <= 1%) <= baseline + 10s")
		    ->groups.v[0];
	ck_assert_int_eq(g->verdict, TW_VERDICT_PASS);
	fixture_release(&f);

	fixture_init(&f, 3);
	latencies(&f, 1, 0);
	g = judge(&f, in30)->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_DATA);
	ck_assert_ptr_nonnull(strstr(g->why, "no fault ends"));
	fixture_release(&f);
}
END_TEST

START_TEST(sides_and_callers)
{
	struct fixture f;
	struct tw_check_result *r;

	fixture_init(&f, 2);
	for (size_t i = 0; i < 2; i++) {
		struct side *sides[] = {&f.b, &f.c};

		for (int k = 0; k < 2; k++) {
			struct tw_cell *cell;

			add_calls(sides[k], i, "GET /", 100, TW_MS, 0);
			cell = cell_of(sides[k], i, "shop/frontend",
				"shop/cart", "Get", TW_CLIENT);
			cell->count = 300;
			cell->errors = 30;
			cell = cell_of(sides[k], i, "shop/frontend",
				"shop/cart", "Get", TW_SERVER);
			cell->count = 400;
			cell->errors = 100;
		}
	}
	/* What users see: the entry alone. */
	r = judge(&f, "ratio(errors) <= baseline");
	ck_assert_uint_eq(r->groups.v[0]->candidate_calls, 200);
	ck_assert_double_eq(r->groups.v[0]->candidate, 0);
	r = judge(&f, "ratio(errors) by (service) <= baseline");
	ck_assert_uint_eq(r->groups.n, 2);
	ck_assert_double_eq(r->groups.v[0]->candidate, 0.1);
	r = judge(&f, "ratio(errors{side=\"server\"}) <= baseline");
	ck_assert_double_eq(r->groups.v[0]->candidate, 0.25);
	r = judge(&f, "ratio(errors{caller=~\"shop/.*\"}) <= baseline");
	ck_assert_double_eq(r->groups.v[0]->candidate, 0.1);
	fixture_release(&f);
}
END_TEST

START_TEST(equivalence)
{
	static const struct {
		double factor;
		enum tw_verdict verdict;
		enum tw_reason reason;
	} rows[] = {
		{1.02, TW_VERDICT_PASS, TW_REASON_WITHIN},
		{0.98, TW_VERDICT_PASS, TW_REASON_WITHIN},
		{1.2, TW_VERDICT_FAIL, TW_REASON_BEYOND},
		{0.8, TW_VERDICT_FAIL, TW_REASON_BEYOND},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fixture f;

		fixture_init(&f, 8);
		latencies(&f, rows[i].factor, 0.01);
		expect_group(judge(&f, "p50(latency) within 10% of baseline")
				     ->groups.v[0],
			rows[i].verdict, rows[i].reason);
		fixture_release(&f);
	}
}
END_TEST

START_TEST(absolute_floor)
{
	struct fixture f;
	const struct tw_group *g;

	fixture_init(&f, 8);
	latencies(&f, 1.2, 0.01);
	g = judge(&f, "p50(latency) <= baseline + max(10%, 1ms)")->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	ck_assert_double_eq_tol(g->margin, 0.1 * g->baseline, 1);
	g = judge(&f, "p50(latency) <= baseline + max(10%, 50ms)")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_WITHIN);
	ck_assert_double_eq_tol(g->margin, 50e6, 1);
	fixture_release(&f);
}
END_TEST

/* Of runs with too few calls each: all of them together, by blocks. */
START_TEST(blocks)
{
	struct fixture f;
	const struct tw_group *g;

	for (int slow = 0; slow < 2; slow++) {
		fixture_init(&f, 16);
		for (size_t i = 0; i < 16; i++)
			for (uint64_t k = 0; k < 60; k++) {
				double x = 20e6 * (1 + draw(i, k));

				add_calls(&f.b, i, "GET /", 1, (tw_time)x, 0);
				add_calls(&f.c, i, "GET /", 1,
					(tw_time)(x * (slow ? 1.6 : 1.01)), 0);
			}
		g = judge(&f, "p99(latency) <= baseline * 1.2")->groups.v[0];
		expect_group(g, slow ? TW_VERDICT_FAIL : TW_VERDICT_PASS,
			slow ? TW_REASON_BEYOND : TW_REASON_WITHIN);
		ck_assert_uint_eq(g->pool, 5);
		ck_assert_double_eq_tol(g->baseline, 39.6e6, 1e6);
		ck_assert(g->low < g->candidate - g->baseline &&
			  g->candidate - g->baseline < g->high);
		fixture_release(&f);
	}
}
END_TEST

/* A look that is one of several has wider intervals, and p to match. */
START_TEST(share_of_a_look)
{
	struct fixture f;
	const struct tw_group *all, *part;

	fixture_init(&f, 8);
	latencies(&f, 1.11, 0.05);
	all = judge(&f, P99)->groups.v[0];
	f.options.look = (struct tw_look){
		.alpha = 0.025, .share = {0.1, 0.1, 0.1, 0.1}, .sum = 0.1};
	part = judge(&f, P99)->groups.v[0];
	ck_assert(part->low < all->low && part->high > all->high);
	ck_assert_double_eq_tol(
		part->p, all->p * 10 < 1 ? all->p * 10 : 1, 1e-9);
	fixture_release(&f);
}
END_TEST

TW_TESTS("gate/judge", identical_passes, within_and_beyond,
	noise_asks_for_more_runs, one_run_is_inconclusive, no_data_never_passes,
	errors, strict_comparison, rates_and_gauges, recovery_time,
	sides_and_callers, equivalence, absolute_floor, blocks, share_of_a_look)
