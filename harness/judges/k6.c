/*
 * Thresholds of k6 (grafana.com/docs/k6, "Thresholds"; metrics/
 * thresholds_parser.go): METHOD OP NUMBER, such as p(95)<500 or rate<0.01.
 *
 * What k6 measures of an HTTP client is known: http_req_duration (ms),
 * http_req_failed, http_reqs; others need a measure. A threshold is judged in
 * each run, as k6 judges one: it is crossed in all of them (a fail), in none,
 * or in some, which is inconclusive.
 */
#include "harness/judges/k6.h"

#include "harness/judges/judges.h"
#include "twins/kernel/fmath.h"

#include <stdio.h>

static const char *const methods[] = {
	"avg", "min", "max", "med", "p", "count", "rate", "value"};
static const char *const ops[] = {"<=", ">=", "===", "==", "!=", "<", ">"};
static const enum tw_k6_op codes[] = {
	TW_K6_LE, TW_K6_GE, TW_K6_EQ, TW_K6_EQ, TW_K6_NE, TW_K6_LT, TW_K6_GT};

static const char *after_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t' || *at == '\n')
		at++;
	return at;
}

/* The number in p(...), and the place behind it; NULL: it is none. */
static const char *percentile(const char *at, double *to)
{
	size_t n;

	at = after_blanks(at);
	if (*at != '(')
		return NULL;
	at = after_blanks(at + 1);
	n = strspn(at, "0123456789.");
	if (!n || !tw_parse_real((struct tw_str){at, n}, to) || *to > 100)
		return NULL;
	at = after_blanks(at + n);
	return *at == ')' ? at + 1 : NULL;
}

bool tw_k6_parse(const char *text, struct tw_k6_threshold *to)
{
	const char *at = after_blanks(text);
	size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz"), i = 0;

	while (i < 8 && (strlen(methods[i]) != n || strncmp(methods[i], at, n)))
		i++;
	if (i == 8)
		return false;
	to->method = (enum tw_k6_method)i;
	at += n;
	if (to->method == TW_K6_P && !(at = percentile(at, &to->p)))
		return false;
	at = after_blanks(at);
	for (i = 0; i < 7 && strncmp(at, ops[i], strlen(ops[i])); i++)
		;
	if (i == 7)
		return false;
	to->op = codes[i];
	at = after_blanks(at + strlen(ops[i]));
	n = strspn(at, "+-.0123456789eE");
	return n && tw_parse_real((struct tw_str){at, n}, &to->limit) &&
	       !*after_blanks(at + n);
}

bool tw_k6_holds(const struct tw_k6_threshold *t, double value)
{
	switch (t->op) {
	case TW_K6_LT:
		return value < t->limit;
	case TW_K6_LE:
		return value <= t->limit;
	case TW_K6_GT:
		return value > t->limit;
	case TW_K6_GE:
		return value >= t->limit;
	case TW_K6_EQ:
		return value == t->limit;
	case TW_K6_NE:
		return value != t->limit;
	}
	return false;
}

/* ---- the file ----------------------------------------------------------- */

struct rule {
	const char *name, *text;
	struct tw_pos pos;
	const struct tw_check *measure;
	struct tw_k6_threshold threshold;
	double scale; /* of the measure's value to what k6 counts in */
};

struct options {
	TW_VEC(struct rule) rules;
};

static const struct {
	const char *name, *measure;
} known[] = {
	{"http_req_duration", "mean(latency{%s})"},
	{"http_req_failed", "ratio(errors{%s})"},
	{"http_reqs", "rate(requests{%s})"},
};

/* "name:GET /,service:shop/cart" as selectors; false: a tag that is none. */
static bool selectors(struct tw_buf *out, struct tw_str tags)
{
	while (tags.n) {
		size_t n = 0, colon = 0;
		const char *label;

		while (n < tags.n && tags.p[n] != ',')
			n++;
		while (colon < n && tags.p[colon] != ':')
			colon++;
		if (colon == n)
			return false;
		label = colon == 4 && !strncmp(tags.p, "name", 4) ? "endpoint"
			: colon == 8 && !strncmp(tags.p, "endpoint", 8)
				? "endpoint"
			: colon == 7 && !strncmp(tags.p, "service", 7)
				? "service"
				: NULL;
		if (!label || memchr(tags.p + colon, '"', n - colon))
			return false;
		tw_buf_printf(out, ",%s=\"%.*s\"", label, (int)(n - colon - 1),
			tags.p + colon + 1);
		tags.p += n + (n < tags.n);
		tags.n -= n + (n < tags.n);
	}
	return true;
}

/* "http_req_duration{name:GET /}": the metric and its tags. */
static const struct tw_check *known_measure(struct tw_arena *arena,
	const char *name, struct tw_pos pos, struct tw_diags *diags,
	bool *is_known)
{
	size_t n = strcspn(name, "{"), rest = strlen(name) - n;
	struct tw_buf tags = {0};
	const struct tw_check *measure = NULL;
	const char *text;

	*is_known = false;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strlen(known[i].name) != n ||
			strncmp(known[i].name, name, n) != 0)
			continue;
		*is_known = true;
		tw_buf_add_text(&tags, "caller=\"outside\"");
		if (rest > 1 && !selectors(&tags, (struct tw_str){name + n + 1,
							  rest - 2})) {
			tw_diag(diags, TW_ERROR, pos,
				"a tag of '%s' is not known in the twin", name)
				->hint = "known are name (an endpoint) and "
					 "service; or give a measure for the "
					 "whole name";
			break;
		}
		text = tw_arena_printf(arena,
			i == 0	 ? "mean(latency{%s})"
			: i == 1 ? "ratio(errors{%s})"
				 : "rate(requests{%s})",
			tw_buf_text(&tags));
		measure = tw_series_parse(arena, tw_str_of(text), pos, diags);
	}
	tw_buf_release(&tags);
	return measure;
}

/* Which methods mean something of a measure, by its unit. */
static bool suits(const struct tw_check *measure, enum tw_k6_method method)
{
	switch (tw_check_unit(measure)) {
	case TW_UNIT_TIME:
		return method <= TW_K6_P;
	case TW_UNIT_RATIO:
		return method == TW_K6_RATE;
	case TW_UNIT_RATE:
		return method == TW_K6_COUNT || method == TW_K6_RATE;
	default:
		return method == TW_K6_COUNT || method == TW_K6_VALUE ||
		       method == TW_K6_MAX;
	}
}

/* A trend's own method takes the place of the measure's. */
static const struct tw_check *with_method(struct tw_arena *arena,
	const struct tw_check *measure, const struct tw_k6_threshold *t)
{
	struct tw_check *own = tw_new(arena, struct tw_check);

	*own = *measure;
	if (tw_check_unit(measure) != TW_UNIT_TIME || measure->inner)
		return measure;
	own->quantile = 0;
	if (t->method == TW_K6_AVG)
		own->aggregate = TW_AGG_MEAN;
	else if (t->method == TW_K6_MAX)
		own->aggregate = TW_AGG_MAX;
	else {
		own->aggregate = TW_AGG_QUANTILE;
		own->quantile = t->method == TW_K6_MED	 ? 0.5
				: t->method == TW_K6_MIN ? 0
							 : t->p / 100;
	}
	return own;
}

static void add_rule(struct tw_arena *arena, struct options *to,
	const char *name, const struct tw_yaml *node,
	const struct tw_check *measure, struct tw_diags *diags)
{
	const struct tw_yaml *text = tw_yaml_is(node, TW_YAML_MAPPING)
					     ? tw_yaml_get(node, "threshold")
					     : node;
	struct rule rule = {.name = name,
		.text = tw_yaml_text(text),
		.pos = node->pos,
		.scale = 1};

	if (!rule.text || !tw_k6_parse(rule.text, &rule.threshold)) {
		tw_diag(diags, TW_ERROR, node->pos,
			"'%s' is no threshold of k6",
			rule.text ? rule.text : tw_yaml_kind_name(node))
			->hint = "such as p(95)<500, avg<=200, rate<0.01, "
				 "count>100";
		return;
	}
	if (!suits(measure, rule.threshold.method)) {
		tw_diag(diags, TW_ERROR, node->pos,
			"'%s' is nothing that '%s' can be asked for", rule.text,
			name);
		return;
	}
	if (tw_check_unit(measure) == TW_UNIT_TIME)
		rule.scale = 1e3;
	rule.measure = with_method(arena, measure, &rule.threshold);
	tw_vec_push_in(arena, &to->rules, rule);
}

static void read_metric(struct tw_arena *arena, struct options *to,
	const struct tw_yaml_pair *pair, struct tw_judge_setup *setup,
	struct tw_diags *diags)
{
	const char *name = tw_yaml_text(pair->key);
	const struct tw_check *measure;
	bool is_known = false;

	if (!name)
		return;
	for (size_t i = 0; i < setup->metrics.n; i++)
		is_known |= !strcmp(setup->metrics.v[i].name, name);
	if (is_known)
		measure = tw_judge_measure(setup, name, pair->key->pos, diags);
	else
		measure = known_measure(
			arena, name, pair->key->pos, diags, &is_known);
	if (!is_known)
		tw_judge_measure(setup, name, pair->key->pos, diags);
	if (!measure)
		return;
	if (!tw_yaml_is(pair->value, TW_YAML_SEQUENCE)) {
		add_rule(arena, to, name, pair->value, measure, diags);
		return;
	}
	for (size_t i = 0; i < tw_yaml_count(pair->value); i++)
		add_rule(arena, to, name, tw_yaml_item(pair->value, i), measure,
			diags);
}

static void *read_options(struct tw_arena *arena,
	const struct tw_yaml_docs *docs, struct tw_judge_setup *setup,
	struct tw_diags *diags)
{
	struct options *to = tw_new(arena, struct options);
	const struct tw_yaml *doc = docs->n ? docs->v[0] : NULL;
	const struct tw_yaml *list = tw_yaml_get(doc, "thresholds");
	size_t errors = diags->errors;

	if (!list)
		list = tw_yaml_path(doc, "options", "thresholds", NULL);
	if (!tw_yaml_is(list, TW_YAML_MAPPING) || !list->pairs.n) {
		tw_diag(diags, TW_ERROR, doc ? doc->pos : setup->pos,
			"'%s' has no thresholds", setup->file)
			->hint = "k6 takes options as JSON: k6 run --config; "
				 "{\"thresholds\": {\"http_req_failed\": "
				 "[\"rate<0.01\"]}}";
		return NULL;
	}
	for (size_t i = 0; i < list->pairs.n; i++)
		read_metric(arena, to, &list->pairs.v[i], setup, diags);
	return diags->errors == errors ? to : NULL;
}

/* ---- judging ------------------------------------------------------------ */

/* A counter's total is not its rate. */
static double value_of(const struct rule *rule, struct tw_runs runs, size_t i)
{
	double value = tw_series_whole(rule->measure, runs, i, 1);

	if (tw_check_unit(rule->measure) == TW_UNIT_RATE &&
		rule->threshold.method == TW_K6_COUNT)
		value *= (double)tw_series_length(runs.v[i]) / 1e9;
	return value * rule->scale;
}

static void judge_rule(const struct rule *rule, struct tw_runs candidate,
	struct tw_arena *arena, struct tw_opinion *to)
{
	size_t crossed = 0, without = 0;
	double worst = NAN;
	bool low = rule->threshold.op == TW_K6_GT ||
		   rule->threshold.op == TW_K6_GE;

	for (size_t i = 0; i < candidate.n; i++) {
		double v = value_of(rule, candidate, i);

		without += v != v;
		crossed += v == v && !tw_k6_holds(&rule->threshold, v);
		if (v == v && (worst != worst || (low ? v < worst : v > worst)))
			worst = v;
	}
	tw_opinion_add(arena, to,
		tw_arena_printf(arena, "%s %s", rule->name, rule->text),
		without == candidate.n	 ? TW_VERDICT_INCONCLUSIVE
		: crossed == candidate.n ? TW_VERDICT_FAIL
		: crossed		 ? TW_VERDICT_INCONCLUSIVE
					 : TW_VERDICT_PASS,
		without == candidate.n ? "no data (k6 would pass)"
		: crossed	       ? "crossed"
				       : "ok",
		tw_arena_printf(arena, "worst %s; crossed in %zu of %zu runs",
			tw_judge_number(arena, worst), crossed, candidate.n),
		rule->pos);
}

static void judge_options(void *data, const struct tw_judge_setup *setup,
	struct tw_runs baseline, struct tw_runs candidate,
	struct tw_arena *arena, struct tw_opinion *to)
{
	const struct options *options = data;
	size_t crossed = 0;

	(void)setup;
	(void)baseline;
	for (size_t i = 0; i < options->rules.n; i++)
		judge_rule(&options->rules.v[i], candidate, arena, to);
	for (size_t i = 0; i < to->lines.n; i++)
		crossed += !strcmp(to->lines.v[i].answer, "crossed");
	to->answer = crossed ? tw_arena_printf(arena,
				       "%zu of %zu thresholds crossed (exit "
				       "99)",
				       crossed, options->rules.n)
			     : "all thresholds hold";
}

const struct tw_judge_kind tw_judge_k6 = {
	.name = "k6",
	.read = read_options,
	.judge = judge_options,
};
