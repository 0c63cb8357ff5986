/*
 * From text to a check: a lexer that knows where it is, and one function a
 * rule of the grammar in check.h. The first error of syntax ends a check;
 * errors of meaning (a label that does not exist, a unit that does not fit)
 * are all told.
 */
#include "harness/gate/check.h"

#include "twins/base/assert.h"

#include <stdio.h>

#define MAX_TEXT 4096

enum kind { END, WORD, NUMBER, STRING, SIGN };

struct token {
	enum kind kind;
	size_t at, n;
};

struct parser {
	struct tw_arena *arena;
	struct tw_diags *diags;
	struct tw_str text;
	struct tw_pos base;
	struct token now;
	bool failed;  /* there was an error */
	bool stopped; /* of syntax: no further errors make sense */
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t characters(const char *p, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)p[i] & 0xc0) != 0x80;
	return count;
}

/* In a scalar of several lines the column of a later line is unknown here
 * (indentation was folded away): the line is right, the column the base's. */
static struct tw_pos pos_of(const struct parser *ps, size_t at, size_t n)
{
	struct tw_pos pos = ps->base;
	size_t line = 0;

	for (size_t i = 0; i < at && i < ps->text.n; i++) {
		if (ps->text.p[i] != '\n')
			continue;
		pos.line++;
		line = i + 1;
	}
	pos.column += (int)characters(ps->text.p + line, at - line);
	pos.width = (int)characters(ps->text.p + at, n);
	if (pos.width < 1)
		pos.width = 1;
	return pos;
}

static struct tw_diag *complain(
	struct parser *ps, struct token where, const char *message)
{
	ps->failed = true;
	return tw_diag(ps->diags, TW_ERROR, pos_of(ps, where.at, where.n), "%s",
		message);
}

static size_t number_end(struct tw_str s, size_t i)
{
	bool plain = true; /* digits and points alone so far */

	for (; i < s.n; i++) {
		char c = s.p[i];

		if (is_digit(c) || c == '.' || c == '%' ||
			(unsigned char)c >= 0x80)
			continue;
		if ((c == '+' || c == '-') && plain && i &&
			(s.p[i - 1] == 'e' || s.p[i - 1] == 'E') &&
			i + 1 < s.n && is_digit(s.p[i + 1])) {
			plain = false;
			continue;
		}
		if (c == '/' && i + 1 < s.n && s.p[i + 1] == 's')
			continue;
		if (!is_letter(c))
			break;
		plain = plain && (c == 'e' || c == 'E');
	}
	return i;
}

static size_t string_end(struct tw_str s, size_t i, char quote)
{
	for (; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == quote)
			return i + 1;
	}
	return 0;
}

static void next(struct parser *ps)
{
	struct tw_str s = ps->text;
	size_t i = ps->now.at + ps->now.n, end;
	enum kind kind = SIGN;

	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' ||
				  s.p[i] == '\r'))
		i++;
	end = i + 1;
	if (i >= s.n) {
		kind = END;
		end = i;
	} else if (is_letter(s.p[i])) {
		kind = WORD;
		while (end < s.n &&
			(is_letter(s.p[end]) || is_digit(s.p[end]) ||
				s.p[end] == '.'))
			end++;
	} else if (is_digit(s.p[i]) || s.p[i] == '.') {
		kind = NUMBER;
		end = number_end(s, i);
	} else if (s.p[i] == '"' || s.p[i] == '\'') {
		kind = STRING;
		end = string_end(s, i + 1, s.p[i]);
	} else if (end < s.n && strchr("<>=!", s.p[i]) &&
		   (s.p[end] == '=' || s.p[end] == '~')) {
		end++;
	} else {
		while (end < s.n && ((unsigned char)s.p[end] & 0xc0) == 0x80)
			end++;
	}
	if (kind == STRING && !end) {
		ps->now = (struct token){END, i, 1};
		if (!ps->stopped)
			complain(ps, ps->now, "a quote that is never closed");
		ps->stopped = true;
		end = s.n;
	}
	ps->now = (struct token){kind, i, end - i};
}

static struct tw_str text_of(const struct parser *ps, struct token token)
{
	return (struct tw_str){ps->text.p + token.at, token.n};
}

static bool is(const struct parser *ps, const char *text)
{
	return ps->now.kind != END && ps->now.kind != STRING &&
	       tw_str_equal(text_of(ps, ps->now), text);
}

static bool take(struct parser *ps, const char *text)
{
	if (ps->stopped || !is(ps, text))
		return false;
	next(ps);
	return true;
}

/* An error of syntax at the present token; at most one a check. */
static struct tw_diag *expected(struct parser *ps, const char *what)
{
	struct tw_str found = text_of(ps, ps->now);
	struct tw_diag *diag = NULL;

	if (!ps->stopped) {
		ps->failed = true;
		diag = tw_diag(ps->diags, TW_ERROR,
			pos_of(ps, ps->now.at, ps->now.n),
			ps->now.kind == END ? "expected %s, found the end"
					    : "expected %s, found '%.*s'",
			what, (int)(found.n < 80 ? found.n : 80), found.p);
	}
	ps->stopped = true;
	return diag;
}

static void expected_one_of(
	struct parser *ps, const char *what, const char *const *words, size_t n)
{
	char *word = tw_arena_strndup(ps->arena, ps->text.p + ps->now.at,
		ps->now.kind == WORD ? ps->now.n : 0);
	struct tw_diag *diag = expected(ps, what);

	if (diag)
		tw_diag_nearest(ps->diags, diag, word, words, n);
}

static void expect(struct parser *ps, const char *sign)
{
	char what[16];

	if (take(ps, sign))
		return;
	snprintf(what, sizeof what, "'%s'", sign);
	expected(ps, what);
}

/* The index of the word at hand, which is taken, or -1. */
static int take_word(struct parser *ps, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!ps->stopped && ps->now.kind == WORD &&
			tw_str_equal(text_of(ps, ps->now), words[i])) {
			next(ps);
			return (int)i;
		}
	return -1;
}

static int parse_label(struct parser *ps)
{
	int label = take_word(ps, tw_check_label_names, TW_LABELS);

	if (label < 0)
		expected_one_of(ps,
			"a label (service, endpoint, caller, zone, side or "
			"window)",
			tw_check_label_names, TW_LABELS);
	return label;
}

/* The text between the quotes, with \" and \\ taken back. Other escapes
 * keep their backslash: they are the regular expression's. */
static char *unquoted(struct parser *ps, struct token token)
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

static void check_value(struct parser *ps, const struct tw_check_selector *s,
	struct token token)
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
	diag = complain(ps, token,
		n == 2 ? "side is \"client\" or \"server\""
		       : "window is \"before\", \"during\" or \"after\"");
	tw_diag_nearest(ps->diags, diag, s->value, known, n);
}

static void compile_regex(
	struct parser *ps, struct tw_check_selector *s, struct token token)
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
		complain(ps, token, "this regular expression is wrong"), "%s",
		why);
}

static void parse_selector(struct parser *ps, struct tw_check *check)
{
	static const char *const signs[] = {"=", "!=", "=~", "!~"};
	struct tw_check_selector s = {0};
	int label = parse_label(ps);
	size_t sign = 0;
	struct token token;

	if (label < 0)
		return;
	s.label = (enum tw_check_label)label;
	while (sign < 4 && !take(ps, signs[sign]))
		sign++;
	if (sign == 4) {
		struct tw_diag *diag = expected(ps, "'=', '!=', '=~' or '!~'");

		if (diag && is(ps, "=="))
			tw_diag_hint(ps->diags, diag, "one '=' will do");
		return;
	}
	s.match = (enum tw_match)sign;
	if (ps->now.kind != STRING || ps->stopped) {
		struct tw_diag *diag = expected(ps, "a value in quotes");

		if (diag && ps->now.kind == WORD)
			tw_diag_hint(ps->diags, diag, "write \"%.*s\"",
				(int)ps->now.n, ps->text.p + ps->now.at);
		return;
	}
	token = ps->now;
	s.value = unquoted(ps, token);
	s.pos = pos_of(ps, token.at, token.n);
	if (s.match == TW_MATCH_RE || s.match == TW_MATCH_NRE)
		compile_regex(ps, &s, token);
	else
		check_value(ps, &s, token);
	next(ps);
	if (s.regex || s.match == TW_MATCH_EQ || s.match == TW_MATCH_NE)
		tw_vec_push_in(ps->arena, &check->selectors, s);
}

static void parse_selectors(struct parser *ps, struct tw_check *check)
{
	if (!take(ps, "{") || take(ps, "}"))
		return;
	do {
		if (is(ps, "}"))
			break;
		parse_selector(ps, check);
	} while (take(ps, ","));
	if (!take(ps, "}"))
		expected(ps, "',' or '}'");
}

static void parse_by(struct parser *ps, struct tw_check *check)
{
	if (!take(ps, "by"))
		return;
	expect(ps, "(");
	do {
		struct token token = ps->now;
		int label = parse_label(ps);

		if (label >= 0 && check->by[label])
			complain(ps, token, "this label is here twice");
		if (label >= 0)
			check->by[label] = true;
	} while (take(ps, ","));
	if (!take(ps, ")"))
		expected(ps, "',' or ')'");
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
		BIT(TW_METRIC_QUEUE) | BIT(TW_METRIC_OOM_KILLS))

static const struct aggregate aggregates[] = {
	{"p50", TW_AGG_QUANTILE, 0.5, BIT(TW_METRIC_LATENCY), "latency"},
	{"p90", TW_AGG_QUANTILE, 0.9, BIT(TW_METRIC_LATENCY), "latency"},
	{"p95", TW_AGG_QUANTILE, 0.95, BIT(TW_METRIC_LATENCY), "latency"},
	{"p99", TW_AGG_QUANTILE, 0.99, BIT(TW_METRIC_LATENCY), "latency"},
	{"p99.9", TW_AGG_QUANTILE, 0.999, BIT(TW_METRIC_LATENCY), "latency"},
	{"mean", TW_AGG_MEAN, 0, BIT(TW_METRIC_LATENCY), "latency"},
	{"max", TW_AGG_MAX, 0, MAXIMA,
		"latency, unavailable, queue or oom_kills"},
	{"ratio", TW_AGG_RATIO, 0, RATIOS,
		"errors, timeouts, retries, shed, overflow, denied, "
		"ejections, connects, limited or rejected"},
	{"rate", TW_AGG_RATE, 0, BIT(TW_METRIC_REQUESTS), "requests"},
	{"utilization", TW_AGG_SHARE, 0, BIT(TW_METRIC_UTILIZATION), ""},
	{"throttled", TW_AGG_SHARE, 0, BIT(TW_METRIC_THROTTLED), ""},
	{"recovery_time", TW_AGG_RECOVERY, 0, 0, ""},
	{"recovers", TW_AGG_RECOVERS, 0, 0, ""},
};

#define AGGREGATES (sizeof aggregates / sizeof *aggregates)

static const char *const metrics[] = {"latency", "errors", "timeouts",
	"retries", "shed", "overflow", "denied", "ejections", "connects",
	"limited", "rejected", "requests", "unavailable", "queue", "oom_kills"};

#define METRICS (sizeof metrics / sizeof *metrics)

static void parse_check(struct parser *ps, struct tw_check *check);

static void parse_metric(struct parser *ps, struct tw_check *check,
	const struct aggregate *aggregate)
{
	struct token token;
	int metric;

	expect(ps, "(");
	token = ps->now;
	metric = take_word(ps, metrics, METRICS);
	if (metric < 0) {
		char what[80];

		snprintf(what, sizeof what, "a metric that %s() takes: %s",
			aggregate->name, aggregate->takes);
		expected_one_of(ps, what, metrics, METRICS);
		return;
	}
	check->metric = (enum tw_metric)metric;
	if (!(aggregate->metrics & BIT(metric))) {
		ps->failed = true;
		tw_diag(ps->diags, TW_ERROR, pos_of(ps, token.at, token.n),
			"%s() takes %s, not %s", aggregate->name,
			aggregate->takes, metrics[metric]);
	}
	parse_selectors(ps, check);
	parse_by(ps, check);
	expect(ps, ")");
}

/* utilization{...}, utilization({...}), utilization(), utilization */
static void parse_share(struct parser *ps, struct tw_check *check,
	const struct aggregate *aggregate)
{
	check->metric = aggregate->metrics == BIT(TW_METRIC_THROTTLED)
				? TW_METRIC_THROTTLED
				: TW_METRIC_UTILIZATION;
	if (take(ps, "(")) {
		parse_selectors(ps, check);
		expect(ps, ")");
	} else {
		parse_selectors(ps, check);
	}
}

static void parse_recovery(struct parser *ps, struct tw_check *check)
{
	struct token start;
	const char *name = check->aggregate == TW_AGG_RECOVERS
				   ? "recovers"
				   : "recovery_time";

	check->metric = check->aggregate == TW_AGG_RECOVERS
				? TW_METRIC_RECOVERS
				: TW_METRIC_RECOVERY;
	expect(ps, "(");
	start = ps->now;
	if (check->aggregate == TW_AGG_RECOVERS && take(ps, ")"))
		return;
	if (is(ps, "recovery_time") || is(ps, "recovers")) {
		expected(ps, "a check that is not about recovery itself");
		return;
	}
	check->inner = tw_new(ps->arena, struct tw_check);
	parse_check(ps, check->inner);
	if (ps->stopped)
		return;
	start.n = ps->now.at - start.at;
	if (check->inner->limit.baseline)
		tw_diag(ps->diags, TW_ERROR, pos_of(ps, start.at, start.n),
			"%s() needs a constant in it: what counts as recovered",
			name),
			ps->failed = true;
	if (check->inner->aggregate == TW_AGG_QUANTILE)
		tw_diag(ps->diags, TW_ERROR, pos_of(ps, start.at, start.n),
			"%s() knows no quantiles: slices keep mean and "
			"max(latency) only",
			name),
			ps->failed = true;
	if (check->inner->aggregate == TW_AGG_RATIO &&
		check->inner->metric != TW_METRIC_ERRORS &&
		check->inner->metric != TW_METRIC_TIMEOUTS)
		tw_diag(ps->diags, TW_ERROR, pos_of(ps, start.at, start.n),
			"%s() knows errors and timeouts alone of the ratios: "
			"slices keep these",
			name),
			ps->failed = true;
	if (check->aggregate == TW_AGG_RECOVERS)
		tw_check_write(check->inner, ps->arena);
	for (int i = 0; i < TW_LABELS; i++)
		if (check->inner->by[i]) {
			check->inner->by[i] = false;
			check->by[i] = true;
		}
	expect(ps, ")");
}

static void parse_measure(struct parser *ps, struct tw_check *check)
{
	const char *names[AGGREGATES];
	int i;

	for (size_t k = 0; k < AGGREGATES; k++)
		names[k] = aggregates[k].name;
	i = take_word(ps, names, AGGREGATES);
	if (i < 0) {
		expected_one_of(ps,
			"a measure (p50, p90, p95, p99, p99.9, mean, max, "
			"ratio, rate, utilization, throttled, recovery_time "
			"or recovers)",
			names, AGGREGATES);
		return;
	}
	check->aggregate = aggregates[i].aggregate;
	check->quantile = aggregates[i].quantile;
	if (check->aggregate == TW_AGG_SHARE)
		parse_share(ps, check, &aggregates[i]);
	else if (check->aggregate == TW_AGG_RECOVERY ||
		 check->aggregate == TW_AGG_RECOVERS)
		parse_recovery(ps, check);
	else
		parse_metric(ps, check, &aggregates[i]);
}

struct quantity {
	enum { Q_BAD, Q_PLAIN, Q_TIME, Q_PERCENT, Q_POINTS, Q_RATE } kind;
	double value; /* ns, ones, per second */
	struct token token;
};

static bool suffixed(struct tw_str s, const char *suffix, double *value)
{
	size_t n = strlen(suffix);

	return s.n > n && !memcmp(s.p + s.n - n, suffix, n) &&
	       tw_parse_real((struct tw_str){s.p, s.n - n}, value);
}

static struct quantity parse_quantity(struct parser *ps)
{
	struct tw_str s = text_of(ps, ps->now);
	struct quantity q = {.token = ps->now};
	tw_time ns;

	if (ps->stopped || ps->now.kind != NUMBER) {
		expected(ps, "a quantity (250ms, 1%, 0.1pp, 3, 100/s)");
		return q;
	}
	if (tw_parse_real(s, &q.value) || suffixed(s, "x", &q.value)) {
		q.kind = Q_PLAIN;
	} else if (suffixed(s, "pp", &q.value)) {
		q.kind = Q_POINTS;
		q.value /= 100;
	} else if (tw_parse_percent(s, &q.value)) {
		q.kind = Q_PERCENT;
	} else if (suffixed(s, "/s", &q.value)) {
		q.kind = Q_RATE;
	} else if (tw_parse_duration(s, &ns)) {
		q.kind = Q_TIME;
		q.value = (double)ns;
	} else {
		tw_diag_hint(ps->diags,
			complain(ps, ps->now, "this is no quantity"),
			"for instance 250ms, 1.5s, 1%%, 0.1pp, 3 or 100/s");
	}
	next(ps);
	return q;
}

/* What a trigger is measured in shows by what it is compared with. */
static void take_unit(struct tw_check *check, const struct quantity *q)
{
	if (check->metric == TW_METRIC_RECOVERS && q->kind == Q_PLAIN)
		check->trigger = TW_UNIT_COUNT;
}

/* The unit that a constant of this kind of number must have. */
static void check_dimension(struct parser *ps, const struct tw_check *check,
	const struct quantity *q, bool margin)
{
	struct tw_diag *diag;
	char text[TW_REAL_TEXT];

	if (q->kind == Q_BAD || (q->kind == Q_PLAIN && !(q->value > 0)))
		return;
	switch (tw_check_unit(check)) {
	case TW_UNIT_TIME:
		if (q->kind == Q_TIME)
			return;
		diag = complain(ps, q->token, "this must be a duration");
		if (q->kind == Q_PLAIN)
			tw_diag_hint(ps->diags, diag, "%sms? %ss?",
				tw_real_text(q->value, text), text);
		return;
	case TW_UNIT_RATIO:
		if (q->kind == Q_PLAIN ||
			q->kind == (margin ? Q_POINTS : Q_PERCENT))
			return;
		diag = complain(ps, q->token,
			margin ? "this must be percentage points or a share"
			       : "this must be a percentage or a share");
		if (q->kind == Q_POINTS)
			tw_diag_hint(ps->diags, diag, "%s%%",
				tw_real_text(q->value * 100, text));
		return;
	case TW_UNIT_RATE:
		if (q->kind != Q_PLAIN && q->kind != Q_RATE)
			complain(ps, q->token, "this must be a rate: 100/s");
		return;
	case TW_UNIT_COUNT:
		if (q->kind != Q_PLAIN)
			complain(ps, q->token, "this must be a plain number");
		return;
	}
}

static void check_finite(
	struct parser *ps, struct tw_check *check, struct token token)
{
	/* Beyond what any measure could reach, and within what stays exact
	 * when it is written in another unit. */
	const double most = 1e18;
	struct tw_limit *limit = &check->limit;

	if (limit->factor >= 0 && limit->factor <= most &&
		limit->add >= -most && limit->add <= most)
		return;
	complain(ps, token,
		limit->factor < 0 ? "less than nothing of the baseline"
				  : "too large");
	*limit = (struct tw_limit){0};
}

static void parse_factor(struct parser *ps, struct tw_check *check)
{
	struct quantity q = parse_quantity(ps);

	if (q.kind == Q_PLAIN || q.kind == Q_PERCENT)
		check->limit.factor = q.value;
	else if (q.kind != Q_BAD)
		complain(ps, q.token, "a factor is a plain number, as in 1.10");
}

static void parse_margin(struct parser *ps, struct tw_check *check, double sign)
{
	struct quantity q = parse_quantity(ps);

	if (q.kind == Q_PERCENT) {
		check->limit.factor += sign * q.value;
		return;
	}
	take_unit(check, &q);
	check_dimension(ps, check, &q, true);
	check->limit.add += sign * q.value;
}

static void parse_limit(struct parser *ps, struct tw_check *check)
{
	static const char *const words[] = {"baseline"};
	struct token start = ps->now;

	if (ps->stopped)
		return;
	if (ps->now.kind == NUMBER) {
		struct quantity q = parse_quantity(ps);

		if (!is(ps, "*")) {
			take_unit(check, &q);
			check_dimension(ps, check, &q, false);
			check->limit.add = q.value;
			check_finite(ps, check, start);
			return;
		}
		next(ps);
		if (q.kind != Q_PLAIN && q.kind != Q_PERCENT)
			complain(ps, q.token, "a factor is a plain number");
		check->limit.factor = q.value;
		expect(ps, "baseline");
	} else if (take(ps, "baseline")) {
		check->limit.factor = 1;
		if (take(ps, "*"))
			parse_factor(ps, check);
	} else {
		expected_one_of(ps, "a constant or 'baseline'", words, 1);
		return;
	}
	check->limit.baseline = true;
	while (!ps->stopped && (is(ps, "+") || is(ps, "-"))) {
		double sign = is(ps, "+") ? 1 : -1;

		next(ps);
		parse_margin(ps, check, sign);
	}
	start.n = ps->now.at - start.at;
	check_finite(ps, check, start);
}

static void parse_compare(struct parser *ps, struct tw_check *check)
{
	static const char *const signs[] = {"<=", "<", ">=", ">"};
	size_t i = 0;
	struct tw_diag *diag;

	while (i < 4 && !take(ps, signs[i]))
		i++;
	check->compare = i < 4 ? (enum tw_compare)i : TW_LE;
	if (i < 4)
		return;
	diag = expected(ps, "'<=', '<', '>=' or '>'");
	if (diag && (is(ps, "=") || is(ps, "==")))
		tw_diag_hint(ps->diags, diag,
			"measured values are never exactly equal: say '<=' or "
			"'>='");
}

/* A gauge knows its service and the window alone. */
static void check_labels(
	struct parser *ps, const struct tw_check *check, struct token where)
{
	bool gauge = tw_metric_is_gauge(check->metric);

	if (check->metric == TW_METRIC_RECOVERS)
		for (int i = 0; i < TW_LABELS; i++)
			if (check->by[i]) {
				complain(ps, where,
					"recovers() is of the system: it has "
					"no groups");
				return;
			}
	for (int i = 0; gauge && i < TW_LABELS; i++) {
		if (i == TW_LABEL_SERVICE || i == TW_LABEL_WINDOW ||
			!tw_check_names(check, (enum tw_check_label)i))
			continue;
		ps->failed = true;
		tw_diag(ps->diags, TW_ERROR, pos_of(ps, where.at, where.n),
			"this measure knows service and window, not %s",
			tw_check_label_names[i]);
	}
	if (tw_metric_is_callers(check->metric) &&
		!tw_check_selects(check, TW_LABEL_SIDE, "client"))
		complain(ps, where,
			check->metric == TW_METRIC_RETRIES
				? "retries are seen on the client side only"
				: "this is seen on the client side only");
}

static void parse_check(struct parser *ps, struct tw_check *check)
{
	struct token start = ps->now;

	parse_measure(ps, check);
	parse_by(ps, check);
	start.n = ps->now.at - start.at;
	parse_compare(ps, check);
	parse_limit(ps, check);
	if (!ps->stopped)
		check_labels(ps, check, start);
}

int tw_check_parse(struct tw_check *check, struct tw_arena *arena,
	struct tw_str text, struct tw_pos base, struct tw_diags *diags)
{
	struct parser ps = {
		.arena = arena,
		.diags = diags,
		.text = text,
		.base = base,
	};

	*check = (struct tw_check){0};
	check->pos = base;
	check->pos.width = (int)characters(text.p, text.n);
	if (text.n > MAX_TEXT || memchr(text.p ? text.p : "", '\0', text.n)) {
		tw_diag(diags, TW_ERROR, base,
			text.n > MAX_TEXT ? "a check of more than 4096 bytes"
					  : "a NUL byte in a check");
		return -1;
	}
	next(&ps);
	parse_check(&ps, check);
	if (!ps.stopped && ps.now.kind != END)
		expected(&ps, "the end of the check");
	if (ps.failed)
		return -1;
	tw_check_write(check, arena);
	return 0;
}
