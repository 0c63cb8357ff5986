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

/* ---- the file ----------------------------------------------------------- */

struct rule {
	const char *name, *text;
	struct tw_pos pos;
	const struct tw_check *measure;
	struct tw_k6_threshold threshold;
	double scale; /* of the measure's value to what k6 counts in */
	bool abort_on_fail;
	tw_time delay; /* before that: ns */
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

static bool is_method(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] < 'A' || text[i] > 'Z')
			return false;
	return n > 0;
}

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
		if (colon == 6 && !strncmp(tags.p, "method", 6) &&
			is_method(tags.p + 7, n - 7)) {
			tw_buf_printf(out, ",endpoint=~\"%.*s .*\"",
				(int)(n - 7), tags.p + 7);
			tags.p += n + (n < tags.n);
			tags.n -= n + (n < tags.n);
			continue;
		}
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
				->hint = "known are name (an endpoint), "
					 "method and service; or give a "
					 "measure for the whole name";
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
	else
		own->aggregate = TW_AGG_QUANTILE; /* rank_of() says which */
	return own;
}

/* Underlines what is wrong in it. A text in quotes begins one column later. */
static void complain(const struct tw_yaml *node, const char *text,
	const struct tw_k6_wrong *why, struct tw_diags *diags)
{
	struct tw_pos pos = node->pos;
	size_t n = strlen(text);

	if ((size_t)pos.width >= n) {
		pos.column += (int)(((size_t)pos.width - n) / 2 + why->at);
		pos.width = (int)(why->at + why->width <= n ? why->width : 1);
	}
	tw_diag(diags, TW_ERROR, pos, "'%s' is no threshold of k6: expected %s",
		text, why->what)
		->hint = "such as p(95)<500, avg<=200, rate<0.01, count>100";
}

/* The long form: {threshold, abortOnFail, delayAbortEval}. */
static bool read_abort(
	struct rule *rule, const struct tw_yaml *node, struct tw_diags *diags)
{
	const struct tw_yaml *abort = tw_yaml_get(node, "abortOnFail");
	const struct tw_yaml *delay = tw_yaml_get(node, "delayAbortEval");

	if (!tw_yaml_is_null(abort) &&
		!tw_yaml_bool(abort, &rule->abort_on_fail)) {
		tw_diag(diags, TW_ERROR, abort->pos,
			"abortOnFail is true or false");
		return false;
	}
	if (!tw_yaml_is_null(delay) &&
		!tw_parse_duration(tw_yaml_str(delay), &rule->delay)) {
		tw_diag(diags, TW_ERROR, delay->pos,
			"delayAbortEval is a duration, such as 10s");
		return false;
	}
	return true;
}

static void add_rule(struct tw_arena *arena, struct options *to,
	const char *name, const struct tw_yaml *node,
	const struct tw_check *measure, struct tw_diags *diags)
{
	bool is_map = tw_yaml_is(node, TW_YAML_MAPPING);
	const struct tw_yaml *text =
		is_map ? tw_yaml_get(node, "threshold") : node;
	struct rule rule = {.name = name,
		.text = tw_yaml_text(text),
		.pos = node->pos,
		.scale = 1};
	struct tw_k6_wrong why;

	if (!rule.text) {
		tw_diag(diags, TW_ERROR, node->pos, "%s is no threshold of k6",
			is_map ? "this mapping without `threshold:`"
			       : tw_yaml_kind_name(node));
		return;
	}
	if (!tw_k6_parse(rule.text, &rule.threshold, &why)) {
		complain(text, rule.text, &why, diags);
		return;
	}
	if (is_map && !read_abort(&rule, node, diags))
		return;
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

/* The value of this number, from 1, in order. */
static double ranked(const struct tw_histogram *all, double number)
{
	return (double)tw_histogram_quantile(all, number / (double)all->count);
}

/* A trend's percentile, in seconds: NaN without calls. */
static double percentile_of(
	const struct rule *rule, struct tw_runs runs, size_t i)
{
	static const struct tw_group_key any = {0};
	const struct tw_k6_threshold *t = &rule->threshold;
	struct tw_histogram all = {0};
	double share = t->method == TW_K6_MED	? 0.5
		       : t->method == TW_K6_MIN ? 0
						: t->p / 100;
	double at, low, value = NAN;

	tw_measure_latency(rule->measure, &any, runs, i, &all);
	if (all.count) {
		at = share * (double)(all.count - 1);
		low = tw_floor(at);
		value = ranked(&all, low + 1);
		if (at > low)
			value += (at - low) * (ranked(&all, low + 2) - value);
	}
	tw_histogram_release(&all);
	return value / 1e9;
}

/* A counter's total is not its rate. */
static double value_of(const struct rule *rule, struct tw_runs runs, size_t i)
{
	double value = rule->measure->aggregate == TW_AGG_QUANTILE
			       ? percentile_of(rule, runs, i)
			       : tw_series_whole(rule->measure, runs, i, 1);

	if (tw_check_unit(rule->measure) == TW_UNIT_RATE &&
		rule->threshold.method == TW_K6_COUNT)
		value *= (double)tw_series_length(runs.v[i]) / 1e9;
	return value * rule->scale;
}

#define EVERY (2 * TW_S) /* k6 evaluates thresholds so often */

/* Of the slices before the n-th: what the whole run's value is of all. */
static double value_upto(const struct rule *rule, const struct tw_series *v,
	const struct tw_series *calls, size_t n, tw_time slice)
{
	bool rate = tw_check_unit(rule->measure) == TW_UNIT_RATE;
	bool most = rule->measure->aggregate == TW_AGG_MAX;
	double sum = 0, all = 0;

	for (size_t i = 0; i < n && i < v->n; i++) {
		double weight = rate ? 1 : calls->v[i];

		if (v->v[i] != v->v[i])
			continue;
		if (most)
			sum = v->v[i] > sum ? v->v[i] : sum;
		else
			sum += weight * v->v[i];
		all += weight;
	}
	if (!(all > 0))
		return NAN;
	if (rate && rule->threshold.method == TW_K6_COUNT)
		return sum * (double)slice / 1e9;
	return (most ? sum : sum / all) * rule->scale;
}

/* When the run is aborted; TW_NEVER: it goes on to its end. */
static tw_time aborted_at(const struct rule *rule,
	const struct tw_observation *run, struct tw_arena *arena)
{
	struct tw_series values = {0}, calls = {0};
	tw_time first = rule->delay > EVERY ? rule->delay : EVERY;

	if (!rule->abort_on_fail || !tw_series_has_time(rule->measure))
		return TW_NEVER;
	tw_series_of(rule->measure, run, 0, arena, &values);
	tw_series_calls(rule->measure, run, arena, &calls);
	for (tw_time at = first; at <= tw_series_length(run); at += EVERY) {
		double v = value_upto(rule, &values, &calls,
			(size_t)(at / run->slice), run->slice);

		if (v == v && !tw_k6_holds(&rule->threshold, v))
			return at;
	}
	return TW_NEVER;
}

struct tally {
	size_t crossed, without, aborted;
	double worst;
	tw_time first; /* abort */
};

static struct tally tally_of(const struct rule *rule, struct tw_runs candidate,
	struct tw_arena *arena)
{
	struct tally tally = {.worst = NAN, .first = TW_NEVER};
	bool low = rule->threshold.op == TW_K6_GT ||
		   rule->threshold.op == TW_K6_GE;

	for (size_t i = 0; i < candidate.n; i++) {
		double v = value_of(rule, candidate, i);
		tw_time at = aborted_at(rule, candidate.v[i], arena);

		tally.without += v != v;
		tally.aborted += at != TW_NEVER;
		tally.first = at < tally.first ? at : tally.first;
		tally.crossed += at != TW_NEVER ||
				 (v == v && !tw_k6_holds(&rule->threshold, v));
		if (v == v &&
			(tally.worst != tally.worst ||
				(low ? v < tally.worst : v > tally.worst)))
			tally.worst = v;
	}
	return tally;
}

static void judge_rule(
	const struct rule *rule, const struct tw_judge_question *q)
{
	struct tw_arena *arena = q->arena;
	struct tally t = tally_of(rule, q->candidate, arena);
	size_t runs = q->candidate.n;
	const char *text =
		tw_arena_printf(arena, "worst %s; crossed in %zu of %zu runs",
			tw_judge_number(arena, t.worst), t.crossed, runs);
	char at[TW_TIME_TEXT];

	if (t.aborted)
		text = tw_arena_printf(arena,
			"%s; aborted in %zu, first after %s", text, t.aborted,
			tw_time_text(t.first, at));
	else if (rule->abort_on_fail && !tw_series_has_time(rule->measure))
		text = tw_arena_printf(
			arena, "%s; abortOnFail: known at the end alone", text);
	tw_judge_answer(q,
		(struct tw_opinion_line){.name = tw_arena_printf(arena, "%s %s",
						 rule->name, rule->text),
			.verdict = t.without == runs   ? TW_VERDICT_INCONCLUSIVE
				   : t.crossed == runs ? TW_VERDICT_FAIL
				   : t.crossed	       ? TW_VERDICT_INCONCLUSIVE
						       : TW_VERDICT_PASS,
			.answer = t.without == runs ? "no data (k6 would pass)"
				  : t.crossed	    ? "crossed"
						    : "ok",
			.text = text,
			.pos = rule->pos});
}

static void judge_options(void *data, const struct tw_judge_question *q)
{
	const struct options *options = data;
	struct tw_opinion *to = q->answer;
	size_t crossed = 0;

	for (size_t i = 0; i < options->rules.n; i++)
		judge_rule(&options->rules.v[i], q);
	for (size_t i = 0; i < to->lines.n; i++)
		crossed += !strcmp(to->lines.v[i].answer, "crossed");
	to->answer = crossed ? tw_arena_printf(q->arena,
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
