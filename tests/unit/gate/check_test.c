#include "harness/gate/check.h"
#include "tests/unit/test.h"

static struct tw_arena arena;
static struct tw_diags diags;

static int parse(const char *text, struct tw_check *check)
{
	struct tw_pos base = {"twinrig.yaml", 12, 9, 0};

	return tw_check_parse(check, &arena, tw_str_of(text), base, &diags);
}

static void start(void)
{
	tw_arena_init(&arena);
	tw_diags_init(&diags);
}

static void stop(void)
{
	tw_diags_release(&diags);
	tw_arena_release(&arena);
}

struct written {
	const char *text, *canonical;
};

static void expect_written(const struct written *rows, size_t n)
{
	start();
	for (size_t i = 0; i < n; i++) {
		struct tw_check check, again;

		ck_assert_msg(!parse(rows[i].text, &check), "%s: %s",
			rows[i].text,
			diags.list.n ? diags.list.v[0]->message : "");
		ck_assert_str_eq(check.text, rows[i].canonical);
		ck_assert_msg(!parse(check.text, &again), "%s", check.text);
		ck_assert_str_eq(again.text, check.text);
		ck_assert_str_eq(again.name, check.name);
	}
	stop();
}

START_TEST(canonical_shift)
{
	static const struct written rows[] = {
		{"shift(latency{service='a'}) <= baseline*1.05",
			"shift(latency{service=\"a\"}) <= baseline * 1.05"},
		{"shift(latency) within 5% of baseline",
			"shift(latency) within 5% of baseline"},
		{"shift(latency) <= 0.9", "shift(latency) <= 90%"},
	};

	expect_written(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(canonical)
{
	static const struct written rows[] = {
		{"p99(latency)<=250ms", "p99(latency) <= 250ms"},
		{"p99(latency{service='a'}) by (endpoint) <= baseline*1.10",
			"p99(latency{service=\"a\"}) by (endpoint) <= baseline"
			" * 1.1"},
		{"p99(latency{service=\"a\"} by (zone, service)) < 1.5s",
			"p99(latency{service=\"a\"}) by (service, zone) < "
			"1500ms"},
		{"p99.9(latency{}) <= baseline + 10%",
			"p99.9(latency) <= baseline * 1.1"},
		{"ratio(errors{service=~\"shop/.+\", side=\"server\"}) by "
		 "(service) <= baseline + 0.1pp",
			"ratio(errors{service=~\"shop/.+\", side=\"server\"}) "
			"by (service) <= baseline + 0.1pp"},
		{"mean(latency) <= baseline * 1.10 + 1ms",
			"mean(latency) <= baseline * 1.1 + 1ms"},
		{"mean(latency) <= 1.2 * baseline",
			"mean(latency) <= baseline * 1.2"},
		{"rate(requests{caller!=\"x\"}) >= baseline - 5%",
			"rate(requests{caller!=\"x\"}) >= baseline * 0.95"},
		{"rate(requests) > 100", "rate(requests) > 100/s"},
		{"ratio(latency{service='a'} > 1.5s) by (endpoint) <= 1%",
			"ratio(latency{service=\"a\"} > 1500ms) by (endpoint) "
			"<= 1%"},
		{"ratio(latency > p98) <= baseline+1pp",
			"ratio(latency > p98) <= baseline + 1pp"},
		{"count(errors) <= baseline + 5",
			"count(errors) <= baseline + 5"},
		{"count(requests{caller='x'}) >= 100",
			"count(requests{caller=\"x\"}) >= 100"},
		{"distance(latency) by (endpoint) <= baseline * 2 + 1ms",
			"distance(latency) by (endpoint) <= baseline * 2 + "
			"1ms"},
		{"ks(latency) <= 10%", "ks(latency) <= 10%"},
		{"time(mean(latency) > 250ms) by (service) <= 30s",
			"time(mean(latency) > 250ms) by (service) <= 30s"},
		{"time(utilization{service='a'} > 80%) <= baseline + 5s",
			"time(utilization{service=\"a\"} > 80%) <= baseline + "
			"5s"},
		{"burn_rate(errors{service='a'} by (endpoint), 99.9%, 1m) <= "
		 "14.4",
			"burn_rate(errors{service=\"a\"}, 99.9%, 60s) by "
			"(endpoint) <= 14.4"},
		{"burn_rate(timeouts, 99%) <= 1",
			"burn_rate(timeouts, 99%) <= 1"},
		{"max(utilization) by (service) <= 90%",
			"max(utilization) by (service) <= 90%"},
		{"p50(latency) <= baseline + max(5ms, 10%)",
			"p50(latency) <= baseline + max(10%, 5ms)"},
		{"rate(requests) >= baseline - max(0%, 5/s)",
			"rate(requests) >= baseline - max(0%, 5/s)"},
		{"mean(latency) within 5% + 1ms of baseline",
			"mean(latency) within 5% + 1ms of baseline"},
		{"ratio(errors) within 0.1pp of baseline",
			"ratio(errors) within 0.1pp of baseline"},
		{"mean(latency) within max(1ms, 3%) of baseline",
			"mean(latency) within max(3%, 1ms) of baseline"},
		{"ratio(errors) <= 0.01", "ratio(errors) <= 1%"},
		{"ratio(errors) <= 0", "ratio(errors) <= 0%"},
		{"max(queue) <= 100", "max(queue) <= 100"},
		{"max(unavailable{service=\"a\"}) <= baseline + 1",
			"max(unavailable{service=\"a\"}) <= baseline + 1"},
		{"utilization({service=\"a\"}) by (window) <= 80%",
			"utilization{service=\"a\"} by (window) <= 80%"},
		{"utilization <= baseline + 10pp",
			"utilization <= baseline + 10pp"},
		{"recovery_time(ratio(errors) <= 1%) <= 30s",
			"recovery_time(ratio(errors) <= 1%) <= 30s"},
		{"recovers() >= baseline * 0.9",
			"recovers() >= baseline * 0.9"},
		{"recovers ( ratio(errors) <= 5% ) >= 20s",
			"recovers(ratio(errors) <= 5%) >= 20s"},
		{"recovers(max(queue) <= 10) >= 1.5x",
			"recovers(max(queue) <= 10) >= 1.5"},
		{"recovery_time(mean(latency) by (service) <= 1s) <= 1m30s",
			"recovery_time(mean(latency) <= 1s) by (service) <= "
			"90s"},
		{"ratio(errors{service!~\"a\\\\.b|c\"}) <= 1%",
			"ratio(errors{service!~\"a\\\\.b|c\"}) <= 1%"},
	};

	expect_written(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(names_hold_no_figures)
{
	struct tw_check a, b;

	start();
	ck_assert(!parse("p99(latency) by (zone) <= baseline + 3ms", &a));
	ck_assert(!parse("p99(latency) by (zone) <= baseline * 2", &b));
	ck_assert_str_eq(a.name, b.name);
	ck_assert_str_eq(a.name, "p99(latency) by (zone) <= baseline");
	ck_assert(!parse("recovery_time(ratio(errors) <= 1%) <= 30s", &a));
	ck_assert_str_eq(
		a.name, "recovery_time(ratio(errors) <= limit) <= limit");
	stop();
}
END_TEST

START_TEST(values)
{
	struct tw_check c;

	start();
	ck_assert(!parse("p95(latency{zone=\"a\"}) <= baseline*1.5+2ms", &c));
	ck_assert_int_eq(c.aggregate, TW_AGG_QUANTILE);
	ck_assert_double_eq(c.quantile, 0.95);
	ck_assert(c.limit.baseline);
	ck_assert_double_eq(c.limit.factor, 1.5);
	ck_assert_double_eq(c.limit.add, 2e6);
	ck_assert_int_eq(c.selectors.v[0].pos.column, 9 + 17);
	ck_assert(tw_check_selects(&c, TW_LABEL_ZONE, "a"));
	ck_assert(!tw_check_selects(&c, TW_LABEL_ZONE, "b"));
	ck_assert(tw_check_selects(&c, TW_LABEL_SERVICE, "b"));
	ck_assert(tw_check_names(&c, TW_LABEL_ZONE));
	ck_assert(!tw_check_names(&c, TW_LABEL_SERVICE));
	ck_assert_int_eq(tw_check_unit(&c), TW_UNIT_TIME);
	stop();
}
END_TEST

struct wrong_row {
	const char *text;
	int column; /* from 1 in the text */
	const char *message, *hint;
};

static void expect_wrong(const struct wrong_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct tw_check check;
		const struct tw_diag *d;

		start();
		ck_assert_msg(parse(rows[i].text, &check), "%s", rows[i].text);
		ck_assert_uint_ge(diags.list.n, 1);
		d = diags.list.v[0];
		ck_assert_msg(!strncmp(d->message, rows[i].message,
				      strlen(rows[i].message)),
			"%s: %s", rows[i].text, d->message);
		ck_assert_int_eq(d->pos.line, 12);
		ck_assert_msg(d->pos.column == 8 + rows[i].column, "%s: %d",
			rows[i].text, d->pos.column - 8);
		ck_assert_msg(
			!rows[i].hint ||
				(d->hint && strstr(d->hint, rows[i].hint)),
			"%s: %s", rows[i].text, d->hint ? d->hint : "");
		stop();
	}
}

START_TEST(wrong)
{
	static const struct wrong_row rows[] = {
		{"", 1, "expected a measure", NULL},
		{"p98(latency) <= 1s", 1, "expected a measure",
			"did you mean 'p90'?"},
		{"ratio(erors) <= 1%", 7, "expected a metric that ratio()",
			"did you mean 'errors'?"},
		{"p99(errors) <= 1%", 5, "p99() takes latency", NULL},
		{"p99(latency) <= 1", 17, "this must be a duration",
			"1ms? 1s?"},
		{"p99(latency) <= 5%", 17, "this must be a duration", NULL},
		{"ratio(errors) <= 5ms", 18, "this must be a percentage", NULL},
		{"ratio(errors) <= 1pp", 18, "this must be a percentage", "1%"},
		{"ratio(errors) <= baseline + 5ms", 29,
			"this must be percentage points", NULL},
		{"p99(latency) = 5ms", 14, "expected '<='", "measured values"},
		{"p99(latency{sevice=\"a\"}) <= 5ms", 13, "expected a label",
			"did you mean 'service'?"},
		{"p99(latency{service=a}) <= 5ms", 21,
			"expected a value in quotes", "write \"a\""},
		{"p99(latency{service=\"a}) <= 5ms", 21, "a quote that", NULL},
		{"p99(latency{side=\"clint\"}) <= 5ms", 18, "side is",
			"did you mean 'client'?"},
		{"p99(latency{zone=~\"a(\"}) <= 5ms", 21,
			"this regular expression", "a group"},
		{"p99(latency) by (service, pod) <= 5ms", 27,
			"expected a label", NULL},
		{"p99(latency) <= basline", 17, "expected a constant",
			"did you mean 'baseline'?"},
		{"p99(latency) <= 5ms 7", 21, "expected the end", NULL},
		{"p99(latency) <= 5parsecs", 17, "this is no quantity", NULL},
		{"p99(latency", 12, "expected ')'", NULL},
		{"max(queue{zone=\"a\"}) <= 5", 1, "this measure knows", NULL},
		{"ratio(retries{side=\"server\"}) <= 5%", 1, "retries are",
			NULL},
		{"recovery_time(p99(latency) <= 1s) <= 1s", 15,
			"recovery_time() knows no quantiles", NULL},
		{"recovers(p99(latency) <= 1s) >= 1s", 10,
			"recovers() knows no quantiles", NULL},
		{"recovers(recovery_time(ratio(errors) <= 1%) <= 1s) >= 1s", 10,
			"expected a check that is not about", NULL},
		{"recovers(ratio(errors) <= 1%) by (service) >= 1s", 1,
			"recovers() is of the system", NULL},
		{"recovery_time(ratio(errors) <= baseline) <= 1s", 15,
			"recovery_time() needs a constant in it: what counts",
			NULL},
		{"recovery_time(ratio(shed) <= 1%) <= 1s", 15,
			"recovery_time() knows errors and timeouts", NULL},
		{"p50(latency) <= baseline + max(5ms, 1ms)", 32,
			"max() takes a share", NULL},
		{"p50(latency) <= baseline + 1% + max(5%, 1ms)", 33,
			"max() stands alone", NULL},
		{"p50(latency) >= baseline + max(5%, 1ms)", 28,
			"max() allows to be worse", NULL},
		{"p50(latency) within 0% of baseline", 21,
			"measured values are never exactly equal", NULL},
		{"p50(latency) within 100% of baseline", 21,
			"within 100% or more", NULL},
		{"rate(requests) >= baseline - 200%", 19, "less than nothing",
			NULL},
		{"p99(latency) \xe2\x89\xa4 5ms", 14,
			"expected '<=', '<', '>=', '>' or 'within', found "
			"'\xe2\x89\xa4'",
			NULL},
	};

	expect_wrong(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(wrong_slices_and_distances)
{
	static const struct wrong_row rows[] = {
		{"ratio(latency) <= 1%", 14, "expected '>'", NULL},
		{"ratio(latency > 5) <= 1%", 17, "this must be a duration",
			NULL},
		{"ratio(latency > p97) <= 1%", 17, "expected a time (250ms)",
			"p90"},
		{"count(latency) <= 1", 7, "count() takes requests", NULL},
		{"time(p99(latency) > 1s) <= 1s", 6,
			"time() knows no quantiles", NULL},
		{"time(ratio(errors) > baseline) <= 1s", 6,
			"time() needs a constant", NULL},
		{"time(count(errors) > 5) <= 1s", 6, "time() takes", NULL},
		{"time(time(ratio(errors) > 1%) > 5s) <= 1s", 6,
			"expected a check of one slice", NULL},
		{"burn_rate(latency, 99%) <= 1", 11, "expected what burns",
			NULL},
		{"burn_rate(errors, 100%) <= 1", 19, "an objective is a share",
			NULL},
		{"burn_rate(errors, 99%, 5ms) <= 1", 24, "a window is a time",
			NULL},
	};

	expect_wrong(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(tells_all_errors_of_meaning)
{
	struct tw_check check;

	start();
	ck_assert(parse(
		"ratio(errors{side=\"x\", window=\"y\"}) <= 5ms", &check));
	ck_assert_uint_eq(diags.list.n, 3);
	stop();
}
END_TEST

START_TEST(defaults_parse)
{
	struct tw_check check;

	start();
	for (size_t i = 0; tw_default_checks[i]; i++)
		ck_assert_msg(!parse(tw_default_checks[i], &check), "%s",
			tw_default_checks[i]);
	stop();
}
END_TEST

START_TEST(texts_of_values)
{
	char to[TW_VALUE_TEXT];

	ck_assert_str_eq(tw_value_text(TW_UNIT_TIME, 1.5e6, to), "1.5ms");
	ck_assert_str_eq(tw_value_text(TW_UNIT_TIME, 1e300, to), "never");
	ck_assert_str_eq(tw_value_text(TW_UNIT_RATIO, 0.00123, to), "0.123%");
	ck_assert_str_eq(tw_difference_text(TW_UNIT_RATIO, 0.01, to), "+1pp");
	ck_assert_str_eq(tw_difference_text(TW_UNIT_TIME, -2e6, to), "-2ms");
	ck_assert_str_eq(tw_value_text(TW_UNIT_COUNT, 123456, to), "123456");
	ck_assert_str_eq(tw_value_text(TW_UNIT_RATE, 12.345, to), "12.35/s");
}
END_TEST

START_TEST(scenarios)
{
	struct tw_check check;

	start();
	ck_assert(!parse("ratio(errors) <= 1%", &check));
	ck_assert(tw_check_applies(&check, "steady"));
	tw_vec_push_in(&arena, &check.scenarios, "slow-*");
	ck_assert(!tw_check_applies(&check, "steady"));
	ck_assert(tw_check_applies(&check, "slow-cart"));
	stop();
}
END_TEST

TW_TESTS("gate/check", canonical_shift, canonical, names_hold_no_figures,
	values, wrong, wrong_slices_and_distances, tells_all_errors_of_meaning,
	defaults_parse, texts_of_values, scenarios)
