/* Whole files of other judges, asked of runs that were made by hand. */
#include "harness/judges/argo.h"
#include "harness/judges/judges.h"

#include "tests/unit/test.h"

#include "tests/unit/gate/fixture.h"

#define SECONDS 12

static struct fixture f;

/* What each second is like: calls, of this latency, so many of them errors. */
struct second {
	uint32_t calls, errors;
	tw_time latency;
};

static void add_second(struct side *side, size_t run, struct second s)
{
	struct tw_cell *cell =
		add_calls(side, run, "GET /", s.calls, s.latency, s.errors);

	tw_vec_push(
		&cell->slices, ((struct tw_slice){.count = s.calls,
				       .errors = s.errors,
				       .latency_max = s.calls ? s.latency : 0,
				       .latency_sum = s.calls * s.latency}));
	side->obs[run].duration = SECONDS * TW_S;
}

static void add_run(struct side *side, size_t run, const struct second *v)
{
	for (size_t i = 0; i < SECONDS; i++)
		add_second(side, run, v[i]);
}

static void metric(
	struct tw_judge_setup *setup, const char *name, const char *measure)
{
	tw_vec_push_in(&f.arena, &setup->metrics,
		((struct tw_judge_metric){.name = name,
			.measure = tw_series_parse(&f.arena, tw_str_of(measure),
				(struct tw_pos){0}, &f.diags)}));
}

static struct tw_opinion ask_by(const struct tw_judge_kind *kind,
	const char *text, struct tw_judge_setup *setup)
{
	const struct tw_yaml_options options = {.duplicates = true};
	struct tw_yaml_docs docs = {0};
	struct tw_opinion opinion = {0};
	void *data;

	setup->file = "file";
	setup->unit = 1;
	metric(setup, "latency", "mean(latency)");
	metric(setup, "errors", "ratio(errors)");
	ck_assert(!tw_yaml_parse(&f.arena, "file", text, strlen(text), &options,
		&f.diags, &docs));
	data = kind->read(&f.arena, &docs, setup, &f.diags);
	ck_assert_msg(data != NULL, "%s",
		f.diags.list.n ? f.diags.list.v[0]->message : "");
	kind->judge(data, &(struct tw_judge_question){setup, runs_of(&f.b),
				  runs_of(&f.c), &f.arena, &opinion});
	return opinion;
}

static struct tw_opinion ask(const struct tw_judge_kind *kind, const char *text)
{
	struct tw_judge_setup setup = {0};

	return ask_by(kind, text, &setup);
}

static void expect_line(const struct tw_opinion *o, size_t i,
	const char *answer, const char *has)
{
	ck_assert_uint_gt(o->lines.n, i);
	ck_assert_msg(!strcmp(o->lines.v[i].answer, answer), "%s: %s",
		o->lines.v[i].answer, o->lines.v[i].text);
	ck_assert_msg(strstr(o->lines.v[i].text, has) != NULL, "%s: %s",
		o->lines.v[i].name, o->lines.v[i].text);
}

/* 10, 20, 30 and 40 ms: between the ranks as k6 does it. */
START_TEST(k6_percentiles)
{
	static const char *const worst[] = {
		"10", "25", "32.5", "40", "40", "10", "25"};
	struct tw_opinion o;

	fixture_init(&f, 1);
	for (size_t i = 1; i <= SECONDS; i++)
		add_second(&f.c, 0,
			(struct second){i <= 4, 0, (tw_time)i * 10 * TW_MS});
	o = ask(&tw_judge_k6,
		"thresholds: {http_req_duration: [min<1, med<1, p(75)<1, "
		"p(100)<1, max<1, p(0)<1, avg<1]}");
	for (size_t i = 0; i < sizeof worst / sizeof *worst; i++) {
		double value;

		ck_assert_int_eq(
			sscanf(o.lines.v[i].text, "worst %lf", &value), 1);
		ck_assert_double_eq_tol(value, strtod(worst[i], NULL),
			strtod(worst[i], NULL) / 200);
	}
	fixture_release(&f);
}
END_TEST

/* Bad from 4 to 6 s, and well in the end: an abort is a fail all the same. */
START_TEST(k6_aborts)
{
	struct second v[SECONDS];
	struct tw_opinion o;

	fixture_init(&f, 1);
	for (size_t i = 0; i < SECONDS; i++)
		v[i] = (struct second){
			100, i >= 4 && i < 6 ? 50 : 0, 5 * TW_MS};
	add_run(&f.c, 0, v);
	o = ask(&tw_judge_k6,
		"thresholds: {http_req_failed: [rate<0.1, {threshold: "
		"'rate<0.1', abortOnFail: true}, {threshold: 'rate<0.1', "
		"abortOnFail: true, delayAbortEval: 11s}], http_reqs: ["
		"{threshold: 'count>300', abortOnFail: true}, 'count==1200'], "
		"http_req_duration: [{threshold: 'max<8', abortOnFail: true}, "
		"{threshold: 'avg<4', abortOnFail: true}]}");
	expect_line(&o, 0, "ok", "worst 0.0833333");
	/* 100 of 600, asked every two seconds. */
	expect_line(&o, 1, "crossed", "aborted in 1, first after 6s");
	expect_line(&o, 2, "ok", "crossed in 0 of 1");
	expect_line(&o, 3, "crossed", "first after 2s");
	expect_line(&o, 4, "ok", "worst 1200");
	expect_line(&o, 5, "ok", "worst 5;");
	expect_line(&o, 6, "crossed", "first after 2s");
	fixture_release(&f);
}
END_TEST

/* The candidate takes twice as long; each option by itself. */
START_TEST(kayenta_options)
{
	static const struct {
		const char *canary, *answer;
	} rows[] = {
		{"{}", "High"},
		{"{direction: increase}", "High"},
		{"{direction: decrease}", "Pass"},
		{"{direction: increase, critical: true}", "High, critical"},
		{"{direction: increase, muted: true}", "High, muted"},
		{"{effectSize: {allowedIncrease: 3}}", "Pass"},
		{"{critical: true, effectSize: {criticalIncrease: 3}}", "High"},
		{"{effectSize: {measure: cles, allowedIncrease: 0.9}}", "High"},
		{"{critical: true, effectSize: {measure: cles}}",
			"High, critical"},
		{"{effectSize: {measure: cles, allowedIncrease: 1.1}}", "Pass"},
	};
	struct second b[SECONDS], c[SECONDS];

	fixture_init(&f, 1);
	for (size_t i = 0; i < SECONDS; i++) {
		b[i] = (struct second){100, 0, 100 * TW_MS + (tw_time)i * 1000};
		c[i] = (struct second){100, 0, 200 * TW_MS + (tw_time)i * 1000};
	}
	add_run(&f.b, 0, b);
	add_run(&f.c, 0, c);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *text = tw_arena_printf(&f.arena,
			"{metrics: [{name: latency, groups: [a], "
			"analysisConfigurations: {canary: %s}}]}",
			rows[i].canary);
		struct tw_opinion o = ask(&tw_judge_kayenta, text);

		ck_assert_msg(!strcmp(o.lines.v[0].answer, rows[i].answer),
			"%s: %s", rows[i].canary, o.lines.v[0].answer);
	}
	fixture_release(&f);
}
END_TEST

/* Latency is high, errors are not: by groups and their weights. */
START_TEST(kayenta_scores)
{
	static const struct {
		const char *classifier, *answer;
	} rows[] = {
		{"{}", "Fail, score 50 (pass 95, marginal 75)"},
		{"{groupWeights: {a: 10, b: 90}}",
			"Marginal, score 90 (pass 95, marginal 75)"},
		{"{groupWeights: {a: 5}}",
			"Pass, score 95 (pass 95, marginal 75)"},
		{"{groupWeights: {a: 40, b: 60}, scoreThresholds: {pass: 60, "
		 "marginal: 50}}",
			"Pass, score 60 (pass 60, marginal 50)"},
	};
	struct second b[SECONDS], c[SECONDS];

	fixture_init(&f, 1);
	for (size_t i = 0; i < SECONDS; i++) {
		b[i] = (struct second){100, 5, 100 * TW_MS + (tw_time)i * 1000};
		c[i] = (struct second){100, 5, 200 * TW_MS + (tw_time)i * 1000};
	}
	add_run(&f.b, 0, b);
	add_run(&f.c, 0, c);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tw_opinion o = ask(&tw_judge_kayenta,
			tw_arena_printf(&f.arena,
				"{metrics: [{name: latency, groups: [a]}, "
				"{name: errors, groups: [b]}], classifier: %s}",
				rows[i].classifier));

		ck_assert_str_eq(o.answer, rows[i].answer);
	}
	ck_assert_uint_eq(f.diags.warnings, 0); /* 100 in all is right */
	ask(&tw_judge_kayenta,
		"{metrics: [{name: latency, groups: [a]}, {name: errors, "
		"groups: [b]}], classifier: {groupWeights: {a: 60, b: 41}}}");
	ck_assert_uint_eq(f.diags.warnings, 1);
	ck_assert_str_eq(f.diags.list.v[0]->message,
		"the weights add up to 101, more than 100");
	/* What is muted has no say. */
	ck_assert_str_eq(
		ask(&tw_judge_kayenta,
			"{metrics: [{name: latency, groups: [a], "
			"analysisConfigurations: {canary: {muted: true}}}, "
			"{name: errors, groups: [b]}]}")
			.answer,
		"Pass, score 100 (pass 95, marginal 75)");
	fixture_release(&f);
}
END_TEST

/* Errors in the first and the last two seconds of each four. */
static void bursts(void)
{
	struct second v[SECONDS];

	fixture_init(&f, 1);
	for (size_t i = 0; i < SECONDS; i++)
		v[i] = (struct second){
			100, i % 4 == 0 || i % 4 == 3 ? 20 : 0, 50 * TW_MS};
	add_run(&f.c, 0, v);
}

#define SLO                                                                    \
	"{kind: SLO, metadata: {name: errors}, spec: {indicator: {spec: "      \
	"{ratioMetric: {counter: true, bad: {}, total: {}}}}, "

/* A calendar's windows have a quarter of their calls bad each; the worst that
 * ends anywhere has half of a window's seconds at 20% side by side. */
START_TEST(openslo_windows)
{
	struct tw_judge_setup setup = {.compress = 30};
	struct tw_opinion o;

	bursts();
	o = ask_by(&tw_judge_openslo,
		SLO "timeWindow: [{duration: 2m, calendar: {startTime: "
		    "2020-01-21 12:30:00, timeZone: UTC}}], budgetingMethod: "
		    "Occurrences, objectives: [{targetPercent: 85}]}}",
		&setup);
	expect_line(&o, 0, "met", "good 90% at worst");
	o = ask_by(&tw_judge_openslo,
		SLO "timeWindow: [{duration: 1m, isRolling: true}], "
		    "budgetingMethod: Occurrences, objectives: [{target: "
		    "0.85}]}}",
		&setup);
	expect_line(&o, 0, "missed", "good 80% at worst");
	o = ask_by(&tw_judge_openslo,
		SLO "timeWindow: [{duration: 60m, isRolling: true}], "
		    "budgetingMethod: Occurrences, objectives: [{target: "
		    "0.8}]}}",
		&setup);
	/* 10% bad of 20%, in a tenth of the window. */
	expect_line(&o, 0, "met", "spends 5% of the budget of 60m");
	fixture_release(&f);
}
END_TEST

START_TEST(openslo_slices)
{
	struct tw_judge_setup setup = {.compress = 30};
	struct tw_opinion o;

	bursts();
	o = ask_by(&tw_judge_openslo,
		SLO "budgetingMethod: Timeslices, objectives: [{target: 0.6, "
		    "timeSliceTarget: 0.9, timeSliceWindow: 30s}, {target: "
		    "0.6, timeSliceTarget: 0.9, timeSliceWindow: 1}]}}",
		&setup);
	expect_line(&o, 0, "missed", "good 50% at worst");
	/* Of two seconds each half of the calls is bad in 20%: 90% good. */
	expect_line(&o, 1, "met", "good 100% at worst");
	o = ask_by(&tw_judge_openslo,
		SLO "budgetingMethod: RatioTimeslices, objectives: [{target: "
		    "0.89, timeSliceWindow: 30s}]}}",
		&setup);
	expect_line(&o, 0, "met", "good 90% at worst");
	fixture_release(&f);
}
END_TEST

/* 10% of calls fail; every slice of latency is bad. */
START_TEST(openslo_composites)
{
	static const struct {
		const char *method, *spent;
	} rows[] = {
		/* 0.1 / 0.5, and twice 1 / 0.8 */
		{"Occurrences", "spend 270% "},
		/* 0.1 + 2 of 0.5 + 2 * 0.8 */
		{"RatioTimeslices", "spend 100% "},
		/* all of them, of 0.5 + 0.8 */
		{"Timeslices", "spend 76.92% "},
	};

	bursts();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tw_opinion o = ask(&tw_judge_openslo,
			tw_arena_printf(&f.arena,
				"{kind: SLO, metadata: {name: both}, spec: "
				"{budgetingMethod: %s, objectives: [{target: "
				"0.5, timeSliceTarget: 0.5, indicator: "
				"{metadata: {name: errors}, spec: "
				"{ratioMetric: {raw: {}, rawType: "
				"failure}}}}, {target: 0.2, op: lt, value: "
				"0.01, compositeWeight: 2, indicator: "
				"{metadata: {name: latency}, spec: "
				"{thresholdMetric: {}}}}]}}",
				rows[i].method));

		ck_assert_uint_eq(o.lines.n, 3);
		ck_assert_msg(strstr(o.lines.v[2].text, rows[i].spent) != NULL,
			"%s: %s", rows[i].method, o.lines.v[2].text);
	}
	fixture_release(&f);
}
END_TEST

/* Arguments stand where they are asked for, also twice in one text. */
START_TEST(argo_arguments)
{
	struct tw_opinion o;

	bursts();
	o = ask(&tw_judge_argo,
		"{kind: AnalysisTemplate, spec: {args: [{name: aa, value: "
		"'0'}, {name: ab, value: 1s}, {name: ac, value: '2'}], "
		"metrics: "
		"[{name: errors, interval: '{{args.ab}}', count: "
		"'{{args.ac}}', "
		"failureLimit: '{{ args.aa }}', successCondition: 'result[{{"
		"args.aa}}] <= {{args.aa}}.1{{args.aa}}', provider: "
		"{prometheus: "
		"{}}}]}}");
	/* The first second fails: 20%. */
	expect_line(&o, 0, "Failed", "1 of 1 measurements failed");
	ck_assert_ptr_nonnull(strstr(o.lines.v[0].text, "at 1s"));
	fixture_release(&f);
}
END_TEST

/* Each window to its last second. */
START_TEST(openslo_ends_of_windows)
{
	struct tw_judge_setup setup = {.compress = 30};
	struct second v[SECONDS];
	struct tw_opinion o;

	fixture_init(&f, 1);
	for (size_t i = 0; i < SECONDS; i++)
		v[i] = (struct second){100, i == 3 ? 20 : 0, 50 * TW_MS};
	add_run(&f.c, 0, v);
	o = ask_by(&tw_judge_openslo,
		SLO "timeWindow: [{duration: 2m, calendar: {startTime: "
		    "2020-01-21 12:30:00, timeZone: UTC}}], budgetingMethod: "
		    "Occurrences, objectives: [{target: 0.99}]}}",
		&setup);
	expect_line(&o, 0, "missed", "good 95% at worst");
	ck_assert_ptr_nonnull(strstr(o.lines.v[0].text, "from 0s on"));
	fixture_release(&f);
}
END_TEST

/* Bad for either is bad for both, whichever is written first. */
START_TEST(openslo_either_is_bad)
{
	struct tw_opinion o;

	bursts();
	o = ask(&tw_judge_openslo,
		"{kind: SLO, metadata: {name: both}, spec: {budgetingMethod: "
		"Timeslices, objectives: [{target: 0.2, op: lt, value: 0.01, "
		"indicator: {metadata: {name: latency}, spec: "
		"{thresholdMetric: {}}}}, {target: 0.5, timeSliceTarget: 0.5, "
		"indicator: {metadata: {name: errors}, spec: {ratioMetric: "
		"{raw: {}, rawType: success}}}}]}}");
	ck_assert_msg(strstr(o.lines.v[2].text, "spend 76.92% ") != NULL, "%s",
		o.lines.v[2].text);
	fixture_release(&f);
}
END_TEST

/* Five of twelve steps longer: more often than not, yet not always. */
START_TEST(kayenta_cles_is_critical_from_a_half)
{
	struct second b[SECONDS], c[SECONDS];
	struct tw_opinion o;

	fixture_init(&f, 1);
	for (size_t i = 0; i < SECONDS; i++) {
		b[i] = (struct second){10, 0, (tw_time)(10 + i) * TW_S};
		c[i] = (struct second){10, 0, (tw_time)(16 + i) * TW_S};
	}
	add_run(&f.b, 0, b);
	add_run(&f.c, 0, c);
	o = ask(&tw_judge_kayenta,
		"{metrics: [{name: latency, groups: [a], "
		"analysisConfigurations: {canary: {critical: true, "
		"effectSize: {measure: cles}}}}]}");
	expect_line(&o, 0, "High, critical", "effect 0.8");
	fixture_release(&f);
}
END_TEST

/* An error, and one that follows a success, are not two in a row. */
START_TEST(argo_errors_in_a_row)
{
	struct tw_argo_counts counts = {0};

	tw_argo_count(&counts, TW_ARGO_ERROR);
	tw_argo_count(&counts, TW_ARGO_ERROR);
	ck_assert_int_eq(counts.consecutive_error, 2);
	tw_argo_count(&counts, TW_ARGO_SUCCESSFUL);
	tw_argo_count(&counts, TW_ARGO_ERROR);
	ck_assert_int_eq(counts.consecutive_error, 1);
	ck_assert_int_eq(counts.count, 1);
}
END_TEST

TW_TESTS("judges/judging", openslo_ends_of_windows, openslo_either_is_bad,
	kayenta_cles_is_critical_from_a_half, argo_errors_in_a_row,
	k6_percentiles, k6_aborts, kayenta_options, kayenta_scores,
	openslo_windows, openslo_slices, openslo_composites, argo_arguments)
