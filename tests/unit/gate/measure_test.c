#include "tests/unit/test.h"

#include "tests/unit/gate/fixture.h"

#define NEAR(a, b) ck_assert_double_eq_tol(a, b, 1e-9)

static struct tw_sample sample(
	struct fixture *f, const char *text, size_t first, size_t n)
{
	const struct tw_group_key any = {0};

	return tw_measure(check_of(f, text), &any, runs_of(&f->b), first, n);
}

/* Of each slice: calls, errors, and their mean latency. */
static void slices(
	struct side *side, size_t run, const uint32_t (*rows)[3], size_t n)
{
	struct tw_cell *cell = add_calls(side, run, "GET /", 0, TW_MS, 0);

	for (size_t i = 0; i < n; i++) {
		struct tw_slice slice = {.count = rows[i][0],
			.errors = rows[i][1],
			.latency_sum =
				(int64_t)rows[i][0] * rows[i][2] * TW_MS};

		tw_vec_push(&cell->slices, slice);
		cell->count += slice.count;
		cell->errors += slice.errors;
	}
	side->obs[run].duration = (tw_time)n * TW_S;
}

static const uint32_t rows[][3] = {
	{100, 0, 10}, {100, 1, 20}, {0, 0, 0}, {100, 50, 300}, {100, 10, 30}};

START_TEST(time_over_a_threshold)
{
	struct fixture f;

	fixture_init(&f, 2);
	slices(&f.b, 0, rows, 5);
	slices(&f.b, 1, rows, 2);
	NEAR(sample(&f, "time(ratio(errors) > 5%) <= 1s", 0, 1).value, 2e9);
	NEAR(sample(&f, "time(mean(latency) > 250ms) <= 1s", 0, 1).value, 1e9);
	NEAR(sample(&f, "time(ratio(errors) <= 5%) <= 1s", 0, 1).value, 2e9);
	NEAR(sample(&f, "time(ratio(errors) > 5%) <= 1s", 1, 1).value, 0);
	NEAR(sample(&f, "time(ratio(errors) > 5%) <= 1s", 0, 2).value, 1e9);
	ck_assert(
		!sample(&f, "time(ratio(errors{caller='x'}) > 5%) <= 1s", 0, 1)
			 .present);
	/* What is warm-up does not count. */
	f.b.obs[0].warmup = 4 * TW_S;
	NEAR(sample(&f, "time(ratio(errors) > 5%) <= 1s", 0, 1).value, 1e9);
	fixture_release(&f);
}
END_TEST

START_TEST(burn_rate)
{
	struct fixture f;

	fixture_init(&f, 1);
	slices(&f.b, 0, rows, 5);
	NEAR(sample(&f, "burn_rate(errors, 99%, 1s) <= 1", 0, 1).value, 50);
	NEAR(sample(&f, "burn_rate(errors, 99%, 2s) <= 1", 0, 1).value, 50);
	NEAR(sample(&f, "burn_rate(errors, 90%, 3s) <= 1", 0, 1).value, 3);
	NEAR(sample(&f, "burn_rate(errors, 99%) <= 1", 0, 1).value,
		61 / 400.0 / 0.01);
	NEAR(sample(&f, "burn_rate(errors, 99%, 10m) <= 1", 0, 1).value,
		61 / 400.0 / 0.01);
	fixture_release(&f);
}
END_TEST

START_TEST(counts_and_slow_calls)
{
	struct fixture f;
	const struct tw_group *g;

	fixture_init(&f, 4);
	for (size_t i = 0; i < 4; i++) {
		add_calls(&f.b, i, "GET /", 990, 10 * TW_MS, 7);
		add_calls(&f.b, i, "GET /", 10, 400 * TW_MS, 0);
		add_calls(&f.c, i, "GET /", 900, 10 * TW_MS, 7);
		add_calls(&f.c, i, "GET /", 100, 400 * TW_MS, 20 + i);
	}
	NEAR(sample(&f, "count(errors) <= 1", 0, 2).value, 7);
	NEAR(sample(&f, "count(requests) <= 1", 0, 4).value, 1000);
	NEAR(judge(&f, "ratio(latency > 250ms) <= 1%")->groups.v[0]->candidate,
		0.1);
	g = judge(&f, "ratio(latency > 250ms) <= baseline + 1pp")->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	NEAR(g->baseline, 0.01);
	/* The pooled p90 is 10 ms. */
	g = judge(&f, "ratio(latency > p90) <= baseline + 1pp")->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	NEAR(g->candidate, 0.1);
	g = judge(&f, "count(errors) <= baseline + 5")->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	NEAR(g->candidate, 28.5);
	fixture_release(&f);
}
END_TEST

START_TEST(distances)
{
	struct fixture f;
	const struct tw_group *g;

	fixture_init(&f, 4);
	for (size_t i = 0; i < 4; i++) {
		/* Runs of the baseline are 1 ms from each other, the candidate
		 * 20 ms from its run. */
		tw_time at = (tw_time)(100 + i % 2) * TW_MS;

		add_calls(&f.b, i, "GET /", 500, at, 0);
		add_calls(&f.c, i, "GET /", 500, at + 20 * TW_MS, 0);
	}
	g = judge(&f, "distance(latency) <= baseline + 5ms")->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	NEAR(g->candidate / 1e6, 20);
	NEAR(g->baseline / 1e6, 1);
	g = judge(&f, "distance(latency) <= 25ms")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_WITHIN);
	/* Nothing is further apart than 100%, as runs of the baseline are. */
	g = judge(&f, "ks(latency) <= 10%")->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_BELOW_NOISE);
	NEAR(g->candidate, 1);
	/* Runs of the baseline are further apart than that, too; not so far
	 * as the candidate is. */
	g = judge(&f, "distance(latency) <= 500us")->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	side_release(&f.b);
	f.b = (struct side){0};
	g = judge(&f, "ks(latency) <= 10%")->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_BASELINE);
	fixture_release(&f);
}
END_TEST

/* Each run 1 ms from the next and from its pair: nothing has changed. */
START_TEST(as_far_as_the_baseline_from_itself)
{
	struct fixture f;
	const struct tw_group *g;

	fixture_init(&f, 4);
	for (size_t i = 0; i < 4; i++) {
		tw_time even = (tw_time)(100 + i % 2) * TW_MS;
		tw_time odd = (tw_time)(101 - i % 2) * TW_MS;

		add_calls(&f.b, i, "GET /", 500, even, 0);
		add_calls(&f.c, i, "GET /", 500, odd, 0);
	}
	g = judge(&f, "ks(latency) <= 10%")->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_BELOW_NOISE);
	ck_assert_ptr_nonnull(strstr(g->why, "the baseline itself"));
	g = judge(&f, "distance(latency) <= 500us")->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_BELOW_NOISE);
	g = judge(&f, "distance(latency) <= 2ms")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_WITHIN);
	fixture_release(&f);
}
END_TEST

/* All times of the candidate's calls are 7% longer, while the machine drifts
 * by half: 1.07, and runs of the baseline are as far apart as it drifts. */
START_TEST(shift)
{
	struct fixture f;
	const struct tw_group *g;

	fixture_init(&f, 6);
	for (size_t i = 0; i < 6; i++)
		for (uint64_t k = 0; k < 400; k++) {
			double drift = 1 + 0.1 * (double)i;
			double b = 1e7 * drift * tw_exp(normal(i, k));
			double c = 1.07e7 * drift *
				   tw_exp(normal(i, k + 4 * (k % 8 == 0)));

			add_calls(&f.b, i, "GET /", 1, (tw_time)b, 0);
			add_calls(&f.c, i, "GET /", 1, (tw_time)c, 0);
		}
	g = judge(&f, "shift(latency) <= baseline * 1.03")->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	ck_assert_double_eq_tol(g->candidate, 1.07, 0.01);
	ck_assert_double_eq_tol(g->baseline, 1, 1e-12);
	ck_assert_double_gt(g->noise, 0.1);
	ck_assert_double_gt(g->detects, 0.03);
	ck_assert_double_lt(g->detects, 0.06);
	g = judge(&f, "shift(latency) within 10% of baseline")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_WITHIN);
	g = judge(&f, "shift(latency) <= 0.9")->groups.v[0];
	expect_group(g, TW_VERDICT_FAIL, TW_REASON_BEYOND);
	side_release(&f.b);
	f.b = (struct side){0};
	g = judge(&f, "shift(latency) <= 1.1")->groups.v[0];
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_BASELINE);
	fixture_release(&f);
}
END_TEST

/* Quotients: a quarter more and a fifth less is no change. One run has no
 * interval. */
START_TEST(shift_by_logarithms)
{
	for (size_t runs = 1; runs <= 6; runs += 5) {
		const struct tw_group *g;
		struct fixture f;

		fixture_init(&f, runs);
		for (size_t i = 0; i < runs; i++) {
			add_calls(&f.b, i, "GET /", 500, 100 * TW_MS, 0);
			add_calls(&f.c, i, "GET /", 500,
				(i % 2 ? 80 : 125) * TW_MS, 0);
		}
		g = judge(&f, "shift(latency) <= baseline * 1.5")->groups.v[0];
		if (runs == 1) {
			expect_group(
				g, TW_VERDICT_INCONCLUSIVE, TW_REASON_ONE_RUN);
		} else {
			expect_group(g, TW_VERDICT_PASS, TW_REASON_WITHIN);
			ck_assert_double_eq_tol(g->candidate, 1, 0.003);
			ck_assert_double_eq_tol(
				(1 + g->low) * (1 + g->high), 1, 0.006);
			/* A third less than the limit. */
			ck_assert_double_eq_tol(g->excess, 1 / 1.5 - 1, 0.003);
			ck_assert_double_gt(g->detects, 0.5);
		}
		fixture_release(&f);
	}
}
END_TEST

START_TEST(saturation)
{
	struct fixture f;
	struct tw_gauge gauge = {.service = "a"};

	fixture_init(&f, 1);
	for (int64_t i = 1; i <= 3; i++)
		tw_vec_push(
			&gauge.slices, ((struct tw_gauge_slice){.replicas = 1,
					       .busy = i * 300,
					       .capacity = 1000}));
	tw_vec_push(&f.b.obs[0].gauges, gauge);
	NEAR(sample(&f, "utilization <= 1%", 0, 1).value, 0.6);
	NEAR(sample(&f, "max(utilization) <= 1%", 0, 1).value, 0.9);
	NEAR(sample(&f, "time(utilization > 50%) <= 1s", 0, 1).value, 2e9);
	/* Work waits and nobody is there. */
	tw_vec_push(&f.b.obs[0].gauges.v[0].slices,
		((struct tw_gauge_slice){.busy = 1}));
	NEAR(sample(&f, "max(utilization) <= 1%", 0, 1).value, 1);
	fixture_release(&f);
}
END_TEST

static struct tw_sample detection(struct fixture *f, const char *text)
{
	const struct tw_group_key any = {0};
	const struct tw_check *check = check_of(f, text);

	ck_assert(tw_check_rings(check));
	return tw_measure_detection(check, &any, &f->b.obs[0]);
}

/* From the fault's begin, at 1.5 s, to the end of the slice that shows it. */
START_TEST(when_an_alert_rings)
{
	struct fixture f;

	fixture_init(&f, 1);
	slices(&f.b, 0, rows, 5);
	ck_assert(!detection(&f, "time(ratio(errors) > 5%) <= 1s").present);
	f.b.obs[0].fault_start = 3 * TW_S / 2;
	NEAR(detection(&f, "time(ratio(errors) > 5%) <= 1s").value, 2.5e9);
	NEAR(detection(&f, "recovery_time(ratio(errors) <= 5%) <= 1s").value,
		2.5e9);
	/* What is so before the fault is seen at once. */
	NEAR(detection(&f, "recovery_time(mean(latency) <= 5ms) <= 1s").value,
		5e8);
	/* Never: it was looked for. */
	ck_assert(detection(&f, "time(ratio(errors) > 60%) <= 1s").censored);
	ck_assert(detection(&f, "time(ratio(errors) > 60%) <= 1s").present);
	/* Of two seconds' 100 calls half, of a budget of 1%: 50. */
	NEAR(detection(&f, "burn_rate(errors, 99%, 2s) <= 49").value, 2.5e9);
	ck_assert(detection(&f, "burn_rate(errors, 99%, 2s) <= 51").censored);
	ck_assert(!tw_check_rings(check_of(&f, "ratio(errors) <= 1%")));
	f.b.obs[0].fault_start = 5 * TW_S;
	ck_assert(!detection(&f, "time(ratio(errors) > 5%) <= 1s").present);
	fixture_release(&f);
}
END_TEST

TW_TESTS("gate/measure", when_an_alert_rings, time_over_a_threshold, burn_rate,
	counts_and_slow_calls, distances, as_far_as_the_baseline_from_itself,
	shift, shift_by_logarithms, saturation)
