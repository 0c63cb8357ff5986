/*
 * Each form against a file in golden/ that a person has read. After a change
 * that is meant: TW_GOLDEN=write build/tests/unit/report/report_test, and read
 * the diff.
 */
#include "harness/report/evidence.h"
#include "tests/unit/test.h"

#include <math.h>
#include <stdio.h>

#define GOLDEN "tests/unit/report/golden/"

struct synthetic {
	struct tw_arena arena;
	struct tw_diags diags;
	struct tw_gate_result gate;
	struct tw_report report;
};

static const struct tw_check *check(
	struct synthetic *s, const char *text, int line)
{
	struct tw_check *c = tw_new(&s->arena, struct tw_check);
	struct tw_pos pos = {"twinrig.yaml", line, 9, 0};

	ck_assert(
		!tw_check_parse(c, &s->arena, tw_str_of(text), pos, &s->diags));
	return c;
}

static struct tw_scenario_result *scenario(
	struct synthetic *s, const char *name, const char *faults)
{
	struct tw_scenario_result *r =
		tw_new(&s->arena, struct tw_scenario_result);

	r->name = name;
	r->faults = faults;
	r->runs = 8;
	r->seconds = 480;
	r->reproduce = tw_arena_printf(
		&s->arena, "twinrig gate --scenario %s --seed 1", name);
	tw_vec_push_in(&s->arena, &s->gate.scenarios, r);
	return r;
}

static struct tw_check_result *checked(struct synthetic *s,
	struct tw_scenario_result *in, const struct tw_check *c)
{
	struct tw_check_result *r = tw_new(&s->arena, struct tw_check_result);

	r->check = c;
	tw_vec_push_in(&s->arena, &in->checks, r);
	return r;
}

static struct tw_group *add_group(
	struct synthetic *s, struct tw_check_result *to, struct tw_group group)
{
	struct tw_group *g = tw_new(&s->arena, struct tw_group);

	*g = group;
	tw_vec_push_in(&s->arena, &to->groups, g);
	if (g->verdict > to->verdict)
		to->verdict = g->verdict;
	return g;
}

static struct tw_blame *storm(struct synthetic *s)
{
	struct tw_blame *b = tw_new(&s->arena, struct tw_blame);
	struct tw_edge edge = {.caller = "shop/checkout",
		.service = "shop/payment",
		.endpoint = "Charge",
		.calls = {0.12, 0.12},
		.tries = {1.02, 2.71},
		.errors = {0.0002, 0.043},
		.timeouts = {0.0001, 0.041},
		.latency = {31e6, 260e6},
		.queue = {1e6, 80e6},
		.work = {12e6, 12e6},
		.network = {0.4e6, 0.4e6},
		.differs = true,
		.weight = 0.83,
		.cause = TW_CAUSE_RETRIES};

	tw_vec_push_in(&s->arena, &b->edges, edge);
	edge = (struct tw_edge){.caller = "shop/payment",
		.service = "shop/ledger",
		.endpoint = "POST /entries",
		.calls = {0.24, 0.65},
		.tries = {1, 1.1},
		.weight = 0.12,
		.cause = TW_CAUSE_QUEUE};
	tw_vec_push_in(&s->arena, &b->edges, edge);
	edge = (struct tw_edge){.caller = "outside",
		.service = "shop/frontend",
		.endpoint = "POST /cart/checkout",
		.calls = {0.12, 0.12},
		.tries = {1, 1},
		.outside = true};
	tw_vec_push_in(&s->arena, &b->edges, edge);
	edge.caller = "shop/frontend";
	edge.service = "shop/checkout";
	edge.endpoint = "PlaceOrder";
	tw_vec_push_in(&s->arena, &b->edges, edge);
	tw_vec_push_in(&s->arena, &b->path, 2);
	tw_vec_push_in(&s->arena, &b->path, 3);
	tw_vec_push_in(&s->arena, &b->path, 0);
	b->guilty = &b->edges.v[0];
	b->text = "shop/checkout -> shop/payment Charge: more tries a call "
		  "(1.02 -> 2.71)";
	b->window = "during";
	b->first_slice = 31 * TW_S;
	tw_vec_push_in(&s->arena, &b->examples,
		(struct tw_failed_request){1234, 33 * TW_S, 3200 * TW_MS,
			"shop/frontend", "POST /cart/checkout",
			"shop/ledger-2 answered 500", 504, 0});
	tw_vec_push_in(&s->arena, &b->examples,
		(struct tw_failed_request){1301, 35 * TW_S, 3100 * TW_MS,
			"shop/frontend", "POST /cart/checkout", "", 504, 2});
	return b;
}

static const struct tw_pairs *broken(struct synthetic *s)
{
	struct tw_pairs *pairs = tw_new(&s->arena, struct tw_pairs);

	pairs->broken = 345;
	pairs->mended = 2;
	pairs->noise = 14;
	pairs->broke = 41;
	pairs->mends = 0;
	pairs->share = 0.25;
	pairs->p = 4.5e-13;
	tw_vec_push_in(&s->arena, &pairs->requests,
		((struct tw_broken_request){
			17, "shop/frontend", "POST /cart/checkout", 8}));
	tw_vec_push_in(&s->arena, &pairs->requests,
		((struct tw_broken_request){
			203, "shop/frontend", "POST /cart/checkout", 3}));
	return pairs;
}

static void add_storm(struct synthetic *s)
{
	struct tw_scenario_result *r =
		scenario(s, "node-loss", "node-down worker-2 from 30s for 1m");
	struct tw_check_result *c = checked(s, r,
		check(s,
			"ratio(errors{caller=\"outside\"}) by (endpoint) <= "
			"baseline + 0.1pp",
			41));

	add_group(s, c,
		(struct tw_group){
			.labels = {[TW_LABEL_ENDPOINT] = "POST /cart/checkout"},
			.title = "POST /cart/checkout",
			.verdict = TW_VERDICT_FAIL,
			.reason = TW_REASON_BEYOND,
			.why = "4.31%, was 0.02%: +4.29pp [+3.9pp, +4.7pp]; "
			       "must be at most 0.12% (+0.1pp)",
			.has_baseline = true,
			.has_candidate = true,
			.baseline = 0.0002,
			.candidate = 0.0431,
			.limit = 0.0012,
			.has_interval = true,
			.low = 0.039,
			.high = 0.047,
			.excess = 0.0419,
			.excess_low = 0.038,
			.excess_high = 0.046,
			.p = 1e-6,
			.runs = 8,
			.pool = 1,
			.baseline_calls = 8000,
			.candidate_calls = 8000,
			.calls_needed = 60,
			.pairs = broken(s),
			.blame = storm(s)});
	add_group(s, c,
		(struct tw_group){.labels = {[TW_LABEL_ENDPOINT] = "GET /"},
			.title = "GET /",
			.reason = TW_REASON_IDENTICAL,
			.why = "0%, was 0%: 0pp: the same in every run",
			.has_baseline = true,
			.has_candidate = true,
			.has_interval = true,
			.margin = 0.001,
			.has_noise = true,
			.noise = 0.0004,
			.has_detects = true,
			.detects = 0.0016,
			.limit = 0.001,
			.runs = 8,
			.pool = 1,
			.baseline_calls = 42000,
			.candidate_calls = 42000});
	c = checked(s, r,
		check(s, "recovery_time(ratio(errors) <= 1%) <= 30s", 42));
	add_group(s, c,
		(struct tw_group){.title = "",
			.verdict = TW_VERDICT_FAIL,
			.reason = TW_REASON_NO_RECOVERY,
			.why = "in 2 of 8 runs it never held again after the "
			       "fault",
			.has_baseline = true,
			.has_candidate = true,
			.baseline = 2e9,
			.candidate = HUGE_VAL,
			.limit = 30e9,
			.runs = 8,
			.pool = 1,
			.baseline_calls = 20000,
			.candidate_calls = 20000});
}

static void add_steady(struct synthetic *s)
{
	struct tw_scenario_result *r = scenario(s, "steady", "");
	const struct tw_finding finding = {"shop/cart", "shop/pricing",
		"GET /prices", "mean latency", TW_UNIT_TIME, 3.1e6, 3.6e6,
		0.4e6, 0.6e6, 1e-5, 0.16};
	struct tw_check_result *c = checked(s, r,
		check(s, "p99(latency) by (endpoint) <= baseline * 1.10 + 1ms",
			40));
	struct tw_check *muted;

	tw_vec_push_in(&s->arena, &r->findings, finding);
	add_group(s, c,
		(struct tw_group){.labels = {[TW_LABEL_ENDPOINT] =
						     "GET /a<b>&\"c\"\x01|`x`"},
			.title = "GET /a<b>&\"c\"\x01|`x`",
			.verdict = TW_VERDICT_INCONCLUSIVE,
			.reason = TW_REASON_NOISE,
			.why = "112ms, was 104ms: +8ms [-4ms, +20ms]; too "
			       "noisy to say whether it is at most 115.4ms "
			       "(+11.4ms)",
			.advice = "about 12 more runs would decide it (--runs "
				  "20)",
			.has_baseline = true,
			.has_candidate = true,
			.baseline = 104e6,
			.candidate = 112e6,
			.limit = 115.4e6,
			.has_interval = true,
			.margin = 11.4e6,
			.has_noise = true,
			.noise = 14e6,
			.has_detects = true,
			.detects = 29e6,
			.low = -4e6,
			.high = 20e6,
			.p = 0.4,
			.runs = 8,
			.pool = 1,
			.more_runs = 12,
			.baseline_calls = 2000,
			.candidate_calls = 2000,
			.calls_needed = 299});
	c = checked(s, r,
		check(s, "p99(latency) by (endpoint) <= baseline * 2", 43));
	add_group(s, c,
		(struct tw_group){.labels = {[TW_LABEL_ENDPOINT] =
						     "GET /a<b>&\"c\"\x01|`x`"},
			.title = "GET /a<b>&\"c\"\x01|`x`",
			.why = "fine",
			.reason = TW_REASON_WITHIN,
			.runs = 8,
			.pool = 1});
	c = checked(s, r, check(s, "max(queue) by (service) <= 100", 44));
	muted = tw_new(&s->arena, struct tw_check);
	*muted = *c->check;
	muted->muted = true;
	c->check = muted;
	add_group(s, c,
		(struct tw_group){.labels = {[TW_LABEL_SERVICE] = "shop/cart"},
			.title = "shop/cart",
			.verdict = TW_VERDICT_FAIL,
			.reason = TW_REASON_BEYOND,
			.why = "140; must be at most 100",
			.has_candidate = true,
			.candidate = 140,
			.limit = 100,
			.runs = 8,
			.pool = 1});
}

static const struct tw_difference differ[] = {
	{"VirtualService shop/payment spec.http[0].timeout", "2s", "500ms",
		true, false},
	{"VirtualService shop/payment spec.http[0].retries.attempts", "2", "3",
		true, false},
	{"Deployment shop/payment spec.template.spec.containers[0].image",
		"payment:1.4", "payment:1.5", false, false},
	{"ConfigMap shop/flags data.new", NULL, "on", false, false},
};

static const struct tw_report_assumed assumed[] = {
	{"network.same-zone", "p50 0.2ms, p99 1ms", "no measurement given"}};
static const struct tw_report_origin origins[] = {
	{"manifest", 41}, {"model", 66}, {"assumed", 3}};
static const struct tw_report_traffic traffic = {
	50123, 2, 11, 50110, "17, 203"};
static const struct tw_report_diff diffs[] = {
	{14, "GET /product/1", "body.items[0].price", "12.5", "\"12.5\"", 31}};
static const struct tw_report_live live = {
	"shop/cart", NULL, 200, 198, 31, diffs, 1};

static void init(struct synthetic *s)
{
	struct tw_pos pos = {"deploy/payment.yaml", 14, 7, 5};
	struct tw_diag *d;

	*s = (struct synthetic){0};
	tw_arena_init(&s->arena);
	tw_diags_init(&s->diags);
	add_steady(s);
	add_storm(s);
	for (size_t i = 0; i < s->gate.scenarios.n; i++) {
		struct tw_scenario_result *r = s->gate.scenarios.v[i];

		for (size_t c = 0; c < r->checks.n; c++)
			if (!r->checks.v[c]->check->muted &&
				r->checks.v[c]->verdict > r->verdict)
				r->verdict = r->checks.v[c]->verdict;
	}
	s->gate.verdict = TW_VERDICT_FAIL;
	s->gate.failed = 2;
	s->gate.inconclusive = 1;
	s->gate.passed = 2;
	s->gate.muted = 1;
	tw_vec_push_in(&s->arena, &s->gate.reasons,
		(struct tw_gate_reason){"incomplete",
			"only 92% of the captured exchanges were replayed (at "
			"least 95% are needed)",
			"see what was malformed or not routed: twinrig capture "
			"info",
			false});
	d = tw_diag(&s->diags, TW_WARNING, pos,
		"3 tries here and 3 above multiply to 9");
	d->rule = "retry-amplification";
	s->report = (struct tw_report){.version = "0.1.0",
		.command = "twinrig gate",
		.config = "twinrig.yaml",
		.digest = "8f14e45f",
		.seed = 1,
		.runs = 8,
		.baseline = {"merge-base of main",
			"1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d", "c4ca"},
		.candidate = {"working tree", NULL, "c81e"},
		.policy = "from the baseline",
		.gate = &s->gate,
		.differences = differ,
		.n_differences = sizeof differ / sizeof *differ,
		.assumed = assumed,
		.n_assumed = 1,
		.origins = origins,
		.n_origins = 3,
		.traffic = &traffic,
		.findings = &s->diags,
		.new_findings = (const struct tw_diag *const *)s->diags.list.v,
		.n_new_findings = s->diags.list.n,
		.root = "deploy/shop",
		.live = &live,
		.status = 1};
}

static void release(struct synthetic *s)
{
	tw_diags_release(&s->diags);
	tw_arena_release(&s->arena);
}

/* Of HTML: what a person reads, not how it looks. */
static void leave_style_out(struct tw_buf *out)
{
	const char *style = strstr(tw_buf_text(out), "<style>");
	const char *end = style ? strstr(style, "</style>") : NULL;
	size_t at;

	if (!end)
		return;
	at = (size_t)(style - out->p) + strlen("<style>");
	memmove(out->p + at, end, strlen(end) + 1);
	out->n -= (size_t)(end - (out->p + at));
}

static void against_golden(const struct tw_report_kind *kind,
	struct tw_report_options options, const char *file)
{
	struct synthetic s;
	struct tw_buf out = {0}, again = {0}, golden = {0};
	char path[200], part[4096];
	const char *write = getenv("TW_GOLDEN");
	FILE *f;
	size_t n;

	init(&s);
	kind->write(&s.report, &options, &out);
	kind->write(&s.report, &options, &again);
	ck_assert_str_eq(tw_buf_text(&out), tw_buf_text(&again));
	leave_style_out(&out);
	snprintf(path, sizeof path, GOLDEN "%s", file);
	if (write && !strcmp(write, "write")) {
		f = fopen(path, "w");
		ck_assert_ptr_nonnull(f);
		fwrite(out.p, 1, out.n, f);
		fclose(f);
	}
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s: run this from the root", path);
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		tw_buf_add(&golden, part, n);
	fclose(f);
	ck_assert_str_eq(tw_buf_text(&out), tw_buf_text(&golden));
	tw_buf_release(&out);
	tw_buf_release(&again);
	tw_buf_release(&golden);
	release(&s);
}

START_TEST(golden)
{
	struct tw_report_options plain = {0};
	struct tw_report_options strict = {.strict = true};
	struct tw_report_options verbose = {.verbose = true, .colour = true};

	against_golden(&tw_report_terminal, plain, "report.txt");
	against_golden(&tw_report_terminal, verbose, "verbose.txt");
	against_golden(&tw_report_json, plain, "report.json");
	against_golden(&tw_report_junit, plain, "report.xml");
	against_golden(&tw_report_markdown, plain, "report.md");
	against_golden(&tw_report_html, plain, "report.html");
	against_golden(&tw_report_junit, strict, "strict.xml");
	against_golden(&tw_report_github, plain, "annotations.txt");
	against_golden(&tw_report_codequality, plain, "codequality.json");
	against_golden(&tw_report_metrics, plain, "metrics.txt");
}
END_TEST

/* Every line but a command, which is to be copied whole. */
static void fits(size_t asked, size_t columns)
{
	struct tw_report_options options = {.verbose = true, .columns = asked};
	struct tw_buf out = {0};
	struct synthetic s;
	size_t column = 0, begin = 0;

	init(&s);
	tw_report_terminal.write(&s.report, &options, &out);
	for (size_t i = 0; i < out.n; i++) {
		if (out.p[i] == '\n') {
			column = 0;
			begin = i + 1;
		} else if (((unsigned char)out.p[i] & 0xc0) != 0x80) {
			column++;
		}
		ck_assert_msg(
			column <= columns ||
				!strncmp(out.p + begin, "          again ", 16),
			"%zu: %.*s", asked, 120, out.p + begin);
		ck_assert(out.p[i] == '\n' || (unsigned char)out.p[i] >= 0x20);
	}
	tw_buf_release(&out);
	release(&s);
}

START_TEST(fits_a_terminal)
{
	fits(0, 100);
	fits(100, 100);
	fits(300, 100);
	fits(99, 99);
	fits(80, 80);
	fits(20, 72);
}
END_TEST

/* --quiet: the verdict and a line for what does not pass, nothing else. */
START_TEST(brief)
{
	against_golden(&tw_report_terminal,
		(struct tw_report_options){.brief = true}, "brief.txt");
}
END_TEST

static void expect_whole(const struct tw_buf *out, const char *figure)
{
	ck_assert_msg(strstr(tw_buf_text(out), figure) != NULL,
		"'%s' is cut:\n%s", figure, tw_buf_text(out));
}

/* However many digits they have, and the lines still fit. */
START_TEST(figures_are_never_cut)
{
	static const double scales[] = {1, 1e-2, 1e-3, 1e-6, 3e5};
	struct tw_report_options options = {.verbose = true};

	for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
		struct tw_buf out = {0};
		struct synthetic s;
		struct tw_group *g;
		char text[TW_VALUE_TEXT];
		size_t column = 0;

		init(&s);
		g = s.gate.scenarios.v[1]->checks.v[0]->groups.v[0];
		ck_assert(g->has_interval);
		g->baseline = 0.001234 * scales[i];
		g->candidate = 0.009946 * scales[i];
		g->limit = 0.002345 * scales[i];
		g->low = 0.008713 * scales[i];
		g->high = 0.008837 * scales[i];
		g->why = "";
		tw_report_terminal.write(&s.report, &options, &out);
		for (size_t k = 0; k < out.n; k++) {
			column = out.p[k] == '\n' ? 0 : column + 1;
			ck_assert_msg(column <= 100, "%s", tw_buf_text(&out));
		}
		expect_whole(
			&out, tw_value_text(TW_UNIT_RATIO, g->baseline, text));
		expect_whole(
			&out, tw_value_text(TW_UNIT_RATIO, g->candidate, text));
		expect_whole(
			&out, tw_value_text(TW_UNIT_RATIO, g->limit, text));
		expect_whole(
			&out, tw_difference_text(TW_UNIT_RATIO, g->low, text));
		expect_whole(
			&out, tw_difference_text(TW_UNIT_RATIO, g->high, text));
		tw_buf_release(&out);
		release(&s);
	}
}
END_TEST

START_TEST(markdown_stays_small)
{
	struct tw_report_options options = {0};
	struct tw_buf out = {0};
	struct synthetic s;
	struct tw_scenario_result *storm;

	init(&s);
	storm = s.gate.scenarios.v[1];
	for (int i = 0; i < 400; i++)
		tw_vec_push_in(&s.arena, &storm->checks, storm->checks.v[0]);
	for (int i = 0; i < 400; i++)
		tw_vec_push_in(&s.arena, &s.gate.scenarios, storm);
	tw_report_markdown.write(&s.report, &options, &out);
	ck_assert_uint_gt(out.n, 50000);
	ck_assert_uint_lt(out.n, 65536);
	ck_assert_ptr_nonnull(strstr(tw_buf_text(&out), "did not fit"));
	tw_buf_release(&out);
	release(&s);
}
END_TEST

static void written(const struct tw_report_kind *kind, bool verbose,
	const struct synthetic *s, struct tw_buf *out)
{
	const struct tw_report_options options = {.verbose = verbose};

	tw_buf_clear(out);
	kind->write(&s->report, &options, out);
}

static unsigned times(const struct tw_buf *out, const char *words)
{
	unsigned n = 0;

	for (const char *at = tw_buf_text(out); (at = strstr(at, words)); at++)
		n++;
	return n;
}

/* A second scenario with the same cause names the first; each keeps its
 * figures, and -v all of it. */
START_TEST(a_cause_is_told_once)
{
	const struct tw_report_kind *const kinds[] = {
		&tw_report_terminal, &tw_report_markdown};
	struct tw_buf out = {0};
	struct synthetic s;

	init(&s);
	add_storm(&s);
	s.gate.scenarios.v[s.gate.scenarios.n - 1]->name = "again";
	/* What to do about a verdict is its own, whatever the cause. */
	s.gate.scenarios.v[s.gate.scenarios.n - 1]
		->checks.v[0]
		->groups.v[0]
		->advice = "make 6 more runs";
	for (size_t i = 0; i < 2; i++) {
		written(kinds[i], false, &s, &out);
		ck_assert_uint_eq(times(&out, "request 1234"), 1);
		ck_assert_uint_eq(times(&out, "as in node-loss"), 1);
		ck_assert_uint_eq(times(&out, "make 6 more runs"), 1);
		ck_assert_uint_ge(times(&out, "4.31%"), 2);
	}
	written(&tw_report_terminal, true, &s, &out);
	ck_assert_uint_eq(times(&out, "request 1234"), 2);
	ck_assert_uint_eq(times(&out, "as in node-loss"), 0);
	tw_buf_release(&out);
	release(&s);
}
END_TEST

/* Bytes that are no UTF-8 and characters that XML can not hold. */
START_TEST(hostile_text)
{
	static const char *const bad[] = {"\xff", "\xc3", "\xed\xa0\x80",
		"\x01\x1b", "\xef\xbf\xbe", "]]>", "\xf8\x88\x80\x80\x80",
		"<!--", "\\u0000"};
	struct tw_report_options options = {0};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct synthetic s;
		struct tw_buf out = {0};

		init(&s);
		s.gate.scenarios.v[0]->name = bad[i];
		s.gate.scenarios.v[0]->checks.v[0]->groups.v[0]->why = bad[i];
		tw_report_junit.write(&s.report, &options, &out);
		for (size_t k = 0; k < out.n; k++)
			ck_assert((unsigned char)out.p[k] >= 0x20 ||
				  out.p[k] == '\n');
		ck_assert_ptr_null(strstr(tw_buf_text(&out), "]]>"));
		ck_assert_ptr_null(strstr(tw_buf_text(&out), "<!--"));
		ck_assert_ptr_null(strchr(tw_buf_text(&out), '\xff'));
		ck_assert_ptr_null(strstr(tw_buf_text(&out), "\xed\xa0"));
		tw_buf_clear(&out);
		tw_report_json.write(&s.report, &options, &out);
		ck_assert_ptr_null(strchr(tw_buf_text(&out), '\xff'));
		ck_assert_ptr_null(strchr(tw_buf_text(&out), '\x1b'));
		tw_buf_release(&out);
		release(&s);
	}
}
END_TEST

START_TEST(kinds)
{
	ck_assert_str_eq(tw_report_kinds[0]->name, "terminal");
	for (size_t i = 0; tw_report_kinds[i]; i++)
		ck_assert_ptr_nonnull(tw_report_kinds[i]->help);
}
END_TEST

TW_TESTS("report/report", golden, fits_a_terminal, brief, figures_are_never_cut,
	markdown_stays_small, a_cause_is_told_once, hostile_text, kinds)
