/* Lines on either side of the baseline, and what would have been seen. */
#include "tests/unit/test.h"

#include "tests/unit/gate/fixture.h"

/* Eight runs of calls that all take `base`, a bit of noise in each run, and
 * the candidate's so much longer. */
static const struct tw_group *shifted(
	struct fixture *f, double by, const char *check)
{
	fixture_init(f, 8);
	for (size_t i = 0; i < 8; i++) {
		double noise = 1e5 * normal(i, 5);

		add_calls(&f->b, i, "GET /", 500, 100 * TW_MS, 0);
		add_calls(&f->c, i, "GET /", 500,
			100 * TW_MS + (tw_time)(by + noise), 0);
	}
	return judge(f, check)->groups.v[0];
}

START_TEST(within_an_absolute_margin)
{
	static const struct {
		double by;
		enum tw_verdict verdict;
	} rows[] = {{1e6, TW_VERDICT_PASS}, {-1e6, TW_VERDICT_PASS},
		{4.9e6, TW_VERDICT_INCONCLUSIVE}, {9e6, TW_VERDICT_FAIL},
		{-4.95e6, TW_VERDICT_INCONCLUSIVE}, {-9e6, TW_VERDICT_FAIL}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fixture f;
		const struct tw_group *g = shifted(
			&f, rows[i].by, "mean(latency) within 5ms of baseline");

		ck_assert_msg(g->verdict == rows[i].verdict, "%g: %s",
			rows[i].by, g->why);
		fixture_release(&f);
	}
}
END_TEST

/* Beyond the lower line as beyond the upper one: Holm looks at p. */
START_TEST(p_is_of_the_line_that_fails)
{
	for (int side = -1; side <= 1; side += 2) {
		struct fixture f;
		const struct tw_group *g = shifted(
			&f, side * 9e6, "mean(latency) within 5ms of baseline");

		ck_assert_double_lt(g->p, 1e-6);
		fixture_release(&f);
	}
}
END_TEST

/* The same on both sides: a regression would still differ from run to run by
 * what the baseline does, twice over. */
START_TEST(power_where_nothing_differs)
{
	const uint32_t calls[] = {600, 660, 540, 600, 720, 480, 630, 570};
	double rates[8], sum = 0, squares = 0, sd;
	const struct tw_group *g;
	struct fixture f;

	fixture_init(&f, 8);
	for (size_t i = 0; i < 8; i++) {
		add_calls(&f.b, i, "GET /", calls[i], TW_MS, 0);
		add_calls(&f.c, i, "GET /", calls[i], TW_MS, 0);
		rates[i] = calls[i] / 60.0;
		sum += rates[i];
	}
	for (size_t i = 0; i < 8; i++)
		squares += (rates[i] - sum / 8) * (rates[i] - sum / 8);
	sd = sqrt(squares / 7 * 2);
	g = judge(&f, "rate(requests) >= baseline * 0.9")->groups.v[0];
	expect_group(g, TW_VERDICT_PASS, TW_REASON_IDENTICAL);
	/* t(0.975, 7) and t(0.9, 7), by tables. */
	ck_assert_double_eq_tol(g->detects,
		sum / 80 + (2.364624 + 1.414924) * sd / sqrt(8), 1e-4);
	fixture_release(&f);
}
END_TEST

/* Fewer calls than that know nothing of a ratio, however wide the margin. */
START_TEST(calls_of_a_ratio)
{
	for (uint32_t calls = 14; calls <= 15; calls++) {
		const struct tw_group *g;
		struct fixture f;

		fixture_init(&f, 4);
		for (size_t i = 0; i < 4; i++) {
			add_calls(&f.b, i, "GET /", calls, TW_MS, 0);
			add_calls(&f.c, i, "GET /", calls, 2 * TW_MS, 0);
		}
		g = judge(&f, "ratio(errors) <= baseline + 50pp")->groups.v[0];
		if (calls == 14)
			expect_group(g, TW_VERDICT_INCONCLUSIVE,
				TW_REASON_FEW_SAMPLES);
		else
			ck_assert_int_eq(g->verdict, TW_VERDICT_PASS);
		ck_assert_uint_eq(g->calls_needed, 60);
		fixture_release(&f);
	}
}
END_TEST

/* None failed: that passes where each call took as long as before, to the ns,
 * and not where some in the middle did not. */
START_TEST(untouched_calls)
{
	for (int touched = 0; touched < 2; touched++) {
		const struct tw_group *g;
		struct fixture f;

		fixture_init(&f, 4);
		for (size_t i = 0; i < 4; i++) {
			add_calls(&f.b, i, "GET /", 1, TW_MS, 0);
			add_calls(&f.c, i, "GET /", 1, TW_MS, 0);
			add_calls(&f.b, i, "GET /", 98, 2 * TW_MS, 0);
			add_calls(&f.c, i, "GET /", 98,
				2 * TW_MS + touched * 100 * TW_US, 0);
			add_calls(&f.b, i, "GET /", 1, 3 * TW_MS, 0);
			add_calls(&f.c, i, "GET /", 1, 3 * TW_MS, 0);
		}
		g = judge(&f, "ratio(errors) <= baseline + 0.5pp")->groups.v[0];
		if (touched)
			expect_group(g, TW_VERDICT_INCONCLUSIVE,
				TW_REASON_FEW_SAMPLES);
		else
			expect_group(g, TW_VERDICT_PASS, TW_REASON_IDENTICAL);
		fixture_release(&f);
	}
}
END_TEST

/* Wide margins are not refused for the baseline's noise where the pairs are
 * much finer than it: drift that both sides share. */
START_TEST(noise_that_pairing_takes_away)
{
	const struct tw_group *g;
	struct fixture f;

	fixture_init(&f, 8);
	for (size_t i = 0; i < 8; i++) {
		double drift = 1 + 0.3 * normal(i, 1) * normal(i, 2);
		double noise = 1 + 0.055 * normal(i, 9);

		add_calls(&f.b, i, "GET /", 500, (tw_time)(1e8 * drift), 0);
		add_calls(&f.c, i, "GET /", 500,
			(tw_time)(1.04e8 * drift * noise), 0);
	}
	g = judge(&f, "mean(latency) <= baseline * 1.08")->groups.v[0];
	ck_assert_double_gt(g->noise, g->margin);
	ck_assert_double_lt((g->excess_high - g->excess_low) / 2, g->margin);
	expect_group(g, TW_VERDICT_INCONCLUSIVE, TW_REASON_NOISE);
	fixture_release(&f);
}
END_TEST

TW_TESTS("gate/judge_interval", calls_of_a_ratio, untouched_calls,
	noise_that_pairing_takes_away, within_an_absolute_margin,
	p_is_of_the_line_that_fails, power_where_nothing_differs)
