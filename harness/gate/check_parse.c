/*
 * From text to a check: one function a rule of the grammar in check.h. The
 * first error of syntax ends a check; errors of meaning (a label that does not
 * exist, a unit that does not fit) are all told.
 */
#include "harness/gate/check_lex.h"

#include <stdio.h>

#define MAX_TEXT 4096

static int parse_label(struct tw_lexer *ps)
{
	int label = tw_lex_word(ps, tw_check_label_names, TW_LABELS);

	if (label < 0)
		tw_lex_expected_one_of(ps,
			"a label (service, endpoint, caller, zone, side or "
			"window)",
			tw_check_label_names, TW_LABELS);
	return label;
}

/* The text between the quotes, with \" and \\ taken back. Other escapes
 * keep their backslash: they are the regular expression's. */
static char *unquoted(struct tw_lexer *ps, struct tw_token token)
{
	char *value = tw_new_array(ps->arena, token.n, char);
	const char *p = ps->text.p + token.at;
	size_t n = 0;

	for (size_t i = 1; i + 1 < token.n; i++) {
		if (p[i] == '\\' && i + 2 < token.n) {
			i++;
			if (p[i] == 'n') {
				value[n++] = '\n';
				continue;
			}
			if (p[i] != '\\' && p[i] != p[0])
				value[n++] = '\\';
		}
		value[n++] = p[i];
	}
	return value;
}

static void check_value(struct tw_lexer *ps, const struct tw_check_selector *s,
	struct tw_token token)
{
	const char *const *known =
		s->label == TW_LABEL_SIDE ? tw_side_names : tw_window_names;
	size_t n = s->label == TW_LABEL_SIDE ? 2 : 3;
	struct tw_diag *diag;

	if ((s->label != TW_LABEL_SIDE && s->label != TW_LABEL_WINDOW) ||
		s->regex)
		return;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(known[i], s->value))
			return;
	diag = tw_lex_complain(ps, token,
		n == 2 ? "side is \"client\" or \"server\""
		       : "window is \"before\", \"during\" or \"after\"");
	tw_diag_nearest(ps->diags, diag, s->value, known, n);
}

static void compile_regex(
	struct tw_lexer *ps, struct tw_check_selector *s, struct tw_token token)
{
	struct tw_str value = tw_str_of(s->value);
	const char *why;
	size_t at;

	s->regex = tw_regex_compile(ps->arena, value, &at, &why);
	if (s->regex)
		return;
	token.at += at + 1 < token.n ? at + 1 : token.n - 1;
	token.n = 1;
	tw_diag_hint(ps->diags,
		tw_lex_complain(ps, token, "this regular expression is wrong"),
		"%s", why);
}

static void parse_selector(struct tw_lexer *ps, struct tw_check *check)
{
	static const char *const signs[] = {"=", "!=", "=~", "!~"};
	struct tw_check_selector s = {0};
	int label = parse_label(ps);
	size_t sign = 0;
	struct tw_token token;

	if (label < 0)
		return;
	s.label = (enum tw_check_label)label;
	while (sign < 4 && !tw_lex_take(ps, signs[sign]))
		sign++;
	if (sign == 4) {
		struct tw_diag *diag =
			tw_lex_expected(ps, "'=', '!=', '=~' or '!~'");

		if (diag && tw_lex_is(ps, "=="))
			tw_diag_hint(ps->diags, diag, "one '=' will do");
		return;
	}
	s.match = (enum tw_match)sign;
	if (ps->now.kind != TW_TOKEN_STRING || ps->stopped) {
		struct tw_diag *diag = tw_lex_expected(ps, "a value in quotes");

		if (diag && ps->now.kind == TW_TOKEN_WORD)
			tw_diag_hint(ps->diags, diag, "write \"%.*s\"",
				(int)ps->now.n, ps->text.p + ps->now.at);
		return;
	}
	token = ps->now;
	s.value = unquoted(ps, token);
	s.pos = tw_lex_pos(ps, token.at, token.n);
	if (s.match == TW_MATCH_RE || s.match == TW_MATCH_NRE)
		compile_regex(ps, &s, token);
	else
		check_value(ps, &s, token);
	tw_lex_next(ps);
	if (s.regex || s.match == TW_MATCH_EQ || s.match == TW_MATCH_NE)
		tw_vec_push_in(ps->arena, &check->selectors, s);
}

void tw_check_parse_selectors(struct tw_lexer *ps, struct tw_check *check)
{
	if (!tw_lex_take(ps, "{") || tw_lex_take(ps, "}"))
		return;
	do {
		if (tw_lex_is(ps, "}"))
			break;
		parse_selector(ps, check);
	} while (tw_lex_take(ps, ","));
	if (!tw_lex_take(ps, "}"))
		tw_lex_expected(ps, "',' or '}'");
}

void tw_check_parse_by(struct tw_lexer *ps, struct tw_check *check)
{
	if (!tw_lex_take(ps, "by"))
		return;
	tw_lex_expect(ps, "(");
	do {
		struct tw_token token = ps->now;
		int label = parse_label(ps);

		if (label >= 0 && check->by[label])
			tw_lex_complain(ps, token, "this label is here twice");
		if (label >= 0)
			check->by[label] = true;
	} while (tw_lex_take(ps, ","));
	if (!tw_lex_take(ps, ")"))
		tw_lex_expected(ps, "',' or ')'");
}

struct aggregate {
	const char *name;
	enum tw_aggregate aggregate;
	double quantile;
	unsigned metrics; /* bits of enum tw_metric that it takes */
	const char *takes;
};

#define BIT(metric) (1u << (metric))
#define RATIOS                                                                 \
	(BIT(TW_METRIC_ERRORS) | BIT(TW_METRIC_TIMEOUTS) |                     \
		BIT(TW_METRIC_RETRIES) | BIT(TW_METRIC_SHED) |                 \
		BIT(TW_METRIC_OVERFLOW) | BIT(TW_METRIC_DENIED) |              \
		BIT(TW_METRIC_EJECTIONS) | BIT(TW_METRIC_CONNECTS) |           \
		BIT(TW_METRIC_LIMITED) | BIT(TW_METRIC_REJECTED))
#define MAXIMA                                                                 \
	(BIT(TW_METRIC_LATENCY) | BIT(TW_METRIC_UNAVAILABLE) |                 \
		BIT(TW_METRIC_QUEUE) | BIT(TW_METRIC_OOM_KILLS) |              \
		BIT(TW_METRIC_UTILIZATION) | BIT(TW_METRIC_THROTTLED))

static const struct aggregate aggregates[] = {
	{"p50", TW_AGG_QUANTILE, 0.5, BIT(TW_METRIC_LATENCY), "latency"},
	{"p90", TW_AGG_QUANTILE, 0.9, BIT(TW_METRIC_LATENCY), "latency"},
	{"p95", TW_AGG_QUANTILE, 0.95, BIT(TW_METRIC_LATENCY), "latency"},
	{"p99", TW_AGG_QUANTILE, 0.99, BIT(TW_METRIC_LATENCY), "latency"},
	{"p99.9", TW_AGG_QUANTILE, 0.999, BIT(TW_METRIC_LATENCY), "latency"},
	{"mean", TW_AGG_MEAN, 0, BIT(TW_METRIC_LATENCY), "latency"},
	{"max", TW_AGG_MAX, 0, MAXIMA,
		"latency, unavailable, queue, oom_kills, utilization or "
		"throttled"},
	{"ratio", TW_AGG_RATIO, 0, RATIOS | BIT(TW_METRIC_LATENCY),
		"errors, timeouts, retries, shed, overflow, denied, "
		"ejections, connects, limited, rejected or latency"},
	{"count", TW_AGG_COUNT, 0, RATIOS | BIT(TW_METRIC_REQUESTS),
		"requests, errors, timeouts, retries, shed, overflow, denied, "
		"ejections, connects, limited or rejected"},
	{"distance", TW_AGG_DISTANCE, 0, BIT(TW_METRIC_LATENCY), "latency"},
	{"ks", TW_AGG_KS, 0, BIT(TW_METRIC_LATENCY), "latency"},
	{"shift", TW_AGG_SHIFT, 0, BIT(TW_METRIC_LATENCY), "latency"},
	{"rate", TW_AGG_RATE, 0, BIT(TW_METRIC_REQUESTS), "requests"},
	{"utilization", TW_AGG_SHARE, 0, BIT(TW_METRIC_UTILIZATION), ""},
	{"throttled", TW_AGG_SHARE, 0, BIT(TW_METRIC_THROTTLED), ""},
	{"recovery_time", TW_AGG_RECOVERY, 0, 0, ""},
	{"recovers", TW_AGG_RECOVERS, 0, 0, ""},
	{"time", TW_AGG_TIME, 0, 0, ""},
	{"burn_rate", TW_AGG_BURN, 0, 0, ""},
};

#define AGGREGATES (sizeof aggregates / sizeof *aggregates)

static const char *const metrics[] = {"latency", "errors", "timeouts",
	"retries", "shed", "overflow", "denied", "ejections", "connects",
	"limited", "rejected", "requests", "unavailable", "queue", "oom_kills",
	"utilization", "throttled"};

#define METRICS (sizeof metrics / sizeof *metrics)

/* "ratio(latency > 250ms)", "ratio(latency > p98)": beyond which time. */
static void parse_slow(struct tw_lexer *ps, struct tw_check *check)
{
	static const char *const names[] = {
		"p50", "p90", "p95", "p98", "p99", "p99.9"};
	static const double quantiles[] = {0.5, 0.9, 0.95, 0.98, 0.99, 0.999};
	struct tw_quantity q;
	int i;

	check->metric = TW_METRIC_SLOW;
	tw_lex_expect(ps, ">");
	i = tw_lex_word(ps, names, sizeof names / sizeof *names);
	if (i >= 0) {
		check->quantile = quantiles[i];
		return;
	}
	if (!ps->stopped && ps->now.kind == TW_TOKEN_WORD) {
		tw_lex_expected_one_of(ps,
			"a time (250ms) or a quantile (p50, p90, p95, p98, "
			"p99, p99.9)",
			names, sizeof names / sizeof *names);
		return;
	}
	q = tw_lex_quantity(ps);
	check->above = q.value;
	if (q.kind == TW_Q_PLAIN || q.kind == TW_Q_PERCENT ||
		q.kind == TW_Q_POINTS || q.kind == TW_Q_RATE)
		tw_lex_complain(ps, q.token, "this must be a duration");
}

static void parse_metric(struct tw_lexer *ps, struct tw_check *check,
	const struct aggregate *aggregate)
{
	struct tw_token token;
	int metric;

	tw_lex_expect(ps, "(");
	token = ps->now;
	metric = tw_lex_word(ps, metrics, METRICS);
	if (metric < 0) {
		char what[80];

		snprintf(what, sizeof what, "a metric that %s() takes: %s",
			aggregate->name, aggregate->takes);
		tw_lex_expected_one_of(ps, what, metrics, METRICS);
		return;
	}
	check->metric = (enum tw_metric)metric;
	if (!(aggregate->metrics & BIT(metric))) {
		ps->failed = true;
		tw_diag(ps->diags, TW_ERROR, tw_lex_pos(ps, token.at, token.n),
			"%s() takes %s, not %s", aggregate->name,
			aggregate->takes, metrics[metric]);
	}
	tw_check_parse_selectors(ps, check);
	if (check->aggregate == TW_AGG_RATIO && metric == TW_METRIC_LATENCY)
		parse_slow(ps, check);
	tw_check_parse_by(ps, check);
	tw_lex_expect(ps, ")");
}

/* utilization{...}, utilization({...}), utilization(), utilization */
static void parse_share(struct tw_lexer *ps, struct tw_check *check,
	const struct aggregate *aggregate)
{
	check->metric = aggregate->metrics == BIT(TW_METRIC_THROTTLED)
				? TW_METRIC_THROTTLED
				: TW_METRIC_UTILIZATION;
	if (tw_lex_take(ps, "(")) {
		tw_check_parse_selectors(ps, check);
		tw_lex_expect(ps, ")");
	} else {
		tw_check_parse_selectors(ps, check);
	}
}

static void parse_measure(struct tw_lexer *ps, struct tw_check *check)
{
	const char *names[AGGREGATES];
	int i;

	for (size_t k = 0; k < AGGREGATES; k++)
		names[k] = aggregates[k].name;
	i = tw_lex_word(ps, names, AGGREGATES);
	if (i < 0) {
		tw_lex_expected_one_of(ps,
			"a measure (p50, p90, p95, p99, p99.9, mean, max, "
			"ratio, count, rate, utilization, throttled, distance, "
			"ks, shift, time, burn_rate, recovery_time or "
			"recovers)",
			names, AGGREGATES);
		return;
	}
	check->aggregate = aggregates[i].aggregate;
	check->quantile = aggregates[i].quantile;
	if (check->aggregate == TW_AGG_SHARE)
		parse_share(ps, check, &aggregates[i]);
	else if (check->aggregate == TW_AGG_BURN)
		tw_check_parse_burn(ps, check);
	else if (!aggregates[i].metrics)
		tw_check_parse_inner(ps, check);
	else
		parse_metric(ps, check, &aggregates[i]);
}

/* A gauge knows its service and the window alone. */
static void check_labels(struct tw_lexer *ps, const struct tw_check *check,
	struct tw_token where)
{
	bool gauge = tw_metric_is_gauge(check->metric);

	if (check->metric == TW_METRIC_RECOVERS)
		for (int i = 0; i < TW_LABELS; i++)
			if (check->by[i]) {
				tw_lex_complain(ps, where,
					"recovers() is of the system: it has "
					"no groups");
				return;
			}
	for (int i = 0; gauge && i < TW_LABELS; i++) {
		if (i == TW_LABEL_SERVICE || i == TW_LABEL_WINDOW ||
			!tw_check_names(check, (enum tw_check_label)i))
			continue;
		ps->failed = true;
		tw_diag(ps->diags, TW_ERROR, tw_lex_pos(ps, where.at, where.n),
			"this measure knows service and window, not %s",
			tw_check_label_names[i]);
	}
	if (tw_metric_is_callers(check->metric) &&
		!tw_check_selects(check, TW_LABEL_SIDE, "client"))
		tw_lex_complain(ps, where,
			check->metric == TW_METRIC_RETRIES
				? "retries are seen on the client side only"
				: "this is seen on the client side only");
}

void tw_check_parse_whole(struct tw_lexer *ps, struct tw_check *check)
{
	struct tw_token start = ps->now;

	parse_measure(ps, check);
	tw_check_parse_by(ps, check);
	start.n = ps->now.at - start.at;
	tw_check_parse_limit(ps, check);
	if (!ps->stopped)
		check_labels(ps, check, start);
}

int tw_check_parse(struct tw_check *check, struct tw_arena *arena,
	struct tw_str text, struct tw_pos base, struct tw_diags *diags)
{
	struct tw_lexer ps = {
		.arena = arena,
		.diags = diags,
		.text = text,
		.base = base,
	};

	*check = (struct tw_check){0};
	check->pos = base;
	check->pos.width = (int)tw_lex_characters(text.p, text.n);
	if (text.n > MAX_TEXT || memchr(text.p ? text.p : "", '\0', text.n)) {
		tw_diag(diags, TW_ERROR, base,
			text.n > MAX_TEXT ? "a check of more than 4096 bytes"
					  : "a NUL byte in a check");
		return -1;
	}
	tw_lex_next(&ps);
	tw_check_parse_whole(&ps, check);
	if (!ps.stopped && ps.now.kind != TW_TOKEN_END)
		tw_lex_expected(&ps, "the end of the check");
	if (ps.failed)
		return -1;
	tw_check_write(check, arena);
	return 0;
}
