#include "tests/unit/test.h"
#include "tests/unit/gate/fixture.h"

#define P99    "p99(latency) <= baseline * 1.10 + 1ms"
#define ERRORS "ratio(errors) <= baseline + 0.1pp"

/* Runs of 1000 calls around `base` with noise; the candidate's times factor.
 */
static void latencies(struct fixture *f, double factor, double noise)
{
	for (size_t i = 0; i < f->b.n; i++)
		for (uint64_t k = 0; k < 100; k++) {
			double x = 20e6 * (1 + draw(i, k));
			double y = x * factor * (1 + noise * normal(k, i + 99));

			add_calls(&f->b, i, "GET /", 10, (tw_time)x, 0);
			add_calls(&f->c, i, "GET /", 10, (tw_time)y, 0);
		}
}

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

static struct tw_gate_result *gate_of(struct fixture *f, const char *text)
{
	struct tw_gate_result *gate = tw_new(&f->arena, struct tw_gate_result);
	const struct tw_check *check = check_of(f, text);

	tw_vec_push_in(&f->arena, &gate->scenarios,
		tw_judge_scenario("steady", &check, 1, runs_of(&f->b),
			runs_of(&f->c), &f->options, &f->arena));
	return gate;
}

START_TEST(a_new_endpoint_is_listed_and_has_no_say)
{
	struct fixture f;
	struct tw_check_result *r;

	fixture_init(&f, 2);
	for (size_t i = 0; i < 2; i++) {
		add_calls(&f.b, i, "GET /", 500, TW_MS, 0);
		add_calls(&f.c, i, "GET /", 500, TW_MS, 0);
		add_calls(&f.c, i, "GET /new", 500, 9 * TW_S, 0);
	}
	r = judge(&f, "p50(latency) by (endpoint) <= baseline * 1.1");
	ck_assert_uint_eq(r->groups.n, 2);
	ck_assert_int_eq(r->verdict, TW_VERDICT_PASS);
	expect_group(r->groups.v[1], TW_VERDICT_PASS, TW_REASON_NEW);
	ck_assert_str_eq(r->groups.v[1]->title, "GET /new");
	/* What a constant asks is asked of it like of any other. */
	r = judge(&f, "p50(latency) by (endpoint) <= 1s");
	expect_group(r->groups.v[0], TW_VERDICT_FAIL, TW_REASON_BEYOND);
	/* Failures need no baseline to be failures. */
	r = judge(&f, "ratio(errors) by (endpoint) <= baseline + 1pp");
	ck_assert_int_eq(r->verdict, TW_VERDICT_PASS);
	for (size_t i = 0; i < 2; i++)
		add_calls(&f.c, i, "GET /new", 50, TW_MS, 50);
	r = judge(&f, "ratio(errors) by (endpoint) <= baseline + 1pp");
	expect_group(r->groups.v[0], TW_VERDICT_INCONCLUSIVE, TW_REASON_NEW);
	fixture_release(&f);
}
END_TEST

START_TEST(gate_reasons)
{
	struct fixture f;
	const struct tw_difference differ[] = {
		{"services.shop/cart.image", "a", "b", false, false},
		{"services.shop/cart.replicas", "2", "3", true, false}};
	struct tw_evidence evidence = {.exchanges = 100,
		.replayed = 90,
		.floor = 0.95,
		.differences = differ,
		.n_differences = 1};
	struct tw_gate_result *gate;

	fixture_init(&f, 4);
	latencies(&f, 1, 0);
	gate = gate_of(&f, P99);
	tw_gate_conclude(gate, &evidence, 0, &f.arena);
	ck_assert_int_eq(gate->verdict, TW_VERDICT_INCONCLUSIVE);
	ck_assert_uint_eq(gate->reasons.n, 2);
	ck_assert_str_eq(gate->reasons.v[0].name, "blind");
	ck_assert_str_eq(gate->reasons.v[1].name, "incomplete");
	ck_assert_uint_eq(gate->passed, 1);

	evidence.n_differences = 2;
	evidence.replayed = 100;
	gate = gate_of(&f, P99);
	tw_gate_conclude(gate, &evidence, 0, &f.arena);
	ck_assert_int_eq(gate->verdict, TW_VERDICT_PASS);
	ck_assert_int_eq(tw_gate_status(gate->verdict, TW_INCONCLUSIVE_OWN), 0);

	evidence.offered_baseline = evidence.offered_candidate = 100;
	gate = gate_of(&f, P99);
	tw_gate_conclude(gate, &evidence, 0, &f.arena);
	ck_assert_int_eq(gate->verdict, TW_VERDICT_PASS);
	evidence.offered_candidate = 99;
	gate = gate_of(&f, P99);
	tw_gate_conclude(gate, &evidence, 0, &f.arena);
	ck_assert_str_eq(gate->reasons.v[0].name, "lost");
	evidence.offered_candidate = 100;
	evidence.doubts = (const char *const[]){"nobody knows"};
	evidence.n_doubts = 1;
	gate = gate_of(&f, P99);
	tw_gate_conclude(gate, &evidence, 0, &f.arena);
	ck_assert_str_eq(gate->reasons.v[0].name, "address");
	evidence.n_doubts = 0;

	gate = tw_new(&f.arena, struct tw_gate_result);
	tw_gate_conclude(gate, &evidence, 0, &f.arena);
	ck_assert_int_eq(gate->verdict, TW_VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(gate->reasons.v[0].name, "no-checks");
	ck_assert_int_eq(tw_gate_status(gate->verdict, TW_INCONCLUSIVE_OWN), 4);
	ck_assert_int_eq(
		tw_gate_status(gate->verdict, TW_INCONCLUSIVE_FAIL), 1);
	ck_assert_int_eq(
		tw_gate_status(TW_VERDICT_FAIL, TW_INCONCLUSIVE_PASS), 1);
	fixture_release(&f);
}
END_TEST

START_TEST(assumed_values)
{
	struct fixture f, g;
	struct tw_gate_result *gate, *variant;
	const struct tw_gate_result *variants[2];
	struct tw_evidence evidence = {0};

	fixture_init(&f, 4);
	latencies(&f, 1, 0);
	fixture_init(&g, 4);
	latencies(&g, 2, 0);
	gate = gate_of(&f, P99);
	variant = gate_of(&g, P99);
	tw_gate_conclude(variant, &evidence, 0, &g.arena);
	ck_assert_int_eq(variant->verdict, TW_VERDICT_FAIL);
	/* Halved it fails, doubled it passes: that it does not always is
	 * enough. */
	variants[0] = variant;
	variants[1] = gate_of(&f, P99);
	evidence.assumed = variants;
	evidence.n_assumed = 2;
	tw_gate_conclude(gate, &evidence, 0, &f.arena);
	ck_assert_int_eq(gate->verdict, TW_VERDICT_INCONCLUSIVE);
	expect_group(gate->scenarios.v[0]->checks.v[0]->groups.v[0],
		TW_VERDICT_INCONCLUSIVE, TW_REASON_ASSUMED);
	fixture_release(&f);
	fixture_release(&g);
}
END_TEST

/* 60 endpoints whose true excess is 0: without Holm about one and a half of
 * them would fail in each gate. */
START_TEST(many_checks_do_not_fail_by_chance)
{
	size_t gates = 0, by_chance = 0;

	for (uint64_t seed = 0; seed < 40; seed++) {
		struct fixture f;
		struct tw_gate_result *gate;
		struct tw_evidence none = {0};

		fixture_init(&f, 8);
		for (size_t i = 0; i < 8; i++)
			for (uint64_t e = 0; e < 60; e++) {
				char name[16];
				double noise = normal(seed * 1000 + e, i);

				snprintf(name, sizeof name, "E%02d", (int)e);
				add_calls(&f.b, i,
					tw_arena_strdup(&f.arena, name), 100,
					100 * TW_MS, 0);
				add_calls(&f.c, i,
					tw_arena_strdup(&f.arena, name), 100,
					(tw_time)(1e8 + 1e7 * noise), 0);
			}
		gate = gate_of(&f, "mean(latency) by (endpoint) <= baseline");
		for (size_t i = 0; i < 60; i++)
			by_chance += gate->scenarios.v[0]
					     ->checks.v[0]
					     ->groups.v[i]
					     ->verdict == TW_VERDICT_FAIL;
		tw_gate_conclude(gate, &none, 0, &f.arena);
		gates += gate->verdict == TW_VERDICT_FAIL;
		fixture_release(&f);
	}
	ck_assert_uint_gt(by_chance, 30);
	ck_assert_uint_le(gates, 4);
}
END_TEST

static enum tw_reason concluded(
	struct fixture *f, size_t runs, const struct tw_group **worst)
{
	struct tw_evidence none = {0};
	struct tw_gate_result *gate;

	f->b.n = f->c.n = runs;
	gate = gate_of(f, "mean(latency) by (endpoint) <= baseline");
	tw_gate_conclude(gate, &none, 0, &f->arena);
	*worst = gate->scenarios.v[0]->checks.v[0]->groups.v[0];
	return (*worst)->reason;
}

/* One of 20 groups is worse, and beyond the limit by itself alone: with the
 * runs that are told it is beyond it among all, in most gates. */
START_TEST(runs_among_many)
{
	size_t told = 0, decided = 0;

	for (uint64_t seed = 0; seed < 60; seed++) {
		const struct tw_group *g;
		struct fixture f;
		size_t runs;

		fixture_init(&f, 32);
		for (size_t i = 0; i < 32; i++)
			for (uint64_t e = 0; e < 20; e++) {
				double noise = e ? 0 : 1 + normal(seed, i);
				const char *name = tw_arena_printf(
					&f.arena, "E%02d", (int)e);

				add_calls(&f.b, i, name, 100, 100 * TW_MS, 0);
				add_calls(&f.c, i, name, 100,
					(tw_time)(1e8 + 1e7 * noise), 0);
			}
		if (concluded(&f, 8, &g) == TW_REASON_MANY &&
			g->more_runs <= 24) {
			ck_assert_uint_gt(g->more_runs, 0);
			runs = 8 + g->more_runs;
			told++;
			decided += concluded(&f, runs, &g) == TW_REASON_BEYOND;
		}
		f.b.n = f.c.n = 32;
		fixture_release(&f);
	}
	ck_assert_uint_gt(told, 10);
	ck_assert_uint_ge(decided * 10, told * 7);
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

/* More runs are for nothing once all is clear, or where runs do not help. */
START_TEST(decided)
{
	static const struct {
		double factor, noise;
		const char *check;
		bool decided;
	} rows[] = {
		{1.02, 0.01, P99, true}, {1.4, 0.01, P99, true},
		{1.02, 0.01, "p50(latency) <= baseline * 1.0201", false},
		{1.02, 0.01, "max(queue) <= baseline", true}, /* no data */
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fixture f;
		const struct tw_check *check;
		struct tw_scenario_result *result;

		fixture_init(&f, 8);
		latencies(&f, rows[i].factor, rows[i].noise);
		check = check_of(&f, rows[i].check);
		result = tw_judge_scenario("steady", &check, 1, runs_of(&f.b),
			runs_of(&f.c), &f.options, &f.arena);
		ck_assert_msg(
			tw_scenario_decided(result, 1, 0) == rows[i].decided,
			"%s", result->checks.v[0]->groups.v[0]->why);
		/* A fail must still be one among very many. */
		if (result->verdict == TW_VERDICT_FAIL)
			ck_assert(
				!tw_scenario_decided(result, 1000000000000, 0));
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
	f.options.share = 0.1;
	part = judge(&f, P99)->groups.v[0];
	ck_assert(part->low < all->low && part->high > all->high);
	ck_assert_double_eq_tol(
		part->p, all->p * 10 < 1 ? all->p * 10 : 1, 1e-9);
	fixture_release(&f);
}
END_TEST

TW_TESTS("gate/judge", identical_passes, within_and_beyond,
	noise_asks_for_more_runs, one_run_is_inconclusive, no_data_never_passes,
	few_samples, errors, strict_comparison, rates_and_gauges, recovery_time,
	sides_and_callers, gate_reasons, assumed_values,
	many_checks_do_not_fail_by_chance, runs_among_many,
	a_new_endpoint_is_listed_and_has_no_say, zero_failures, few_failures,
	margin_below_noise, equivalence, absolute_floor, blocks, decided,
	share_of_a_look)
