/*
 * AnalysisTemplates (and ClusterAnalysisTemplates) of Argo Rollouts: each
 * metric is measured as the template's intervals come round in the run, its
 * conditions are asked of the value, and its limits decide. `result` is a list
 * of one number where the provider answers with one (prometheus, newRelic,
 * influxdb, graphite), else the number itself; without a call there is an
 * empty list, or nil.
 *
 * Each run is one AnalysisRun. All Successful is a pass, all Failed a fail;
 * what differs from run to run is inconclusive.
 */
#include "harness/judges/argo.h"
#include "harness/judges/argo_args.h"
#include "harness/judges/argo_rollout.h"
#include "harness/judges/expr.h"
#include "harness/judges/judges.h"
#include "twins/base/regex.h"
#include "twins/kernel/fmath.h"

#include <stdio.h>

struct metric {
	const char *name;
	struct tw_pos pos;
	const struct tw_check *measure;
	const struct tw_expr *success, *failure; /* NULL: not given */
	struct tw_argo_limits limits;
	tw_time initial_delay;
	bool is_list, dry_run;
};

struct analysis {
	TW_VEC(struct metric) metrics;
	TW_VEC(struct tw_argo_rollout) rollouts; /* beside them */
};

/* ---- reading ------------------------------------------------------------ */

/* Numbers may be written as text, and stand for an argument. */
static bool whole(const struct tw_argo_args *args, const struct tw_yaml *node,
	int64_t *to, struct tw_diags *diags)
{
	const char *text;

	if (tw_yaml_is_null(node) || tw_yaml_int(node, to))
		return true;
	text = tw_argo_resolved(args, node, diags);
	if (!text)
		return false;
	if (tw_parse_int(tw_str_of(text), to))
		return true;
	tw_diag(diags, TW_ERROR, node->pos, "'%s' is no whole number", text);
	return false;
}

static bool duration(const struct tw_argo_args *args,
	const struct tw_yaml *node, int64_t *to, struct tw_diags *diags)
{
	const char *text;

	if (tw_yaml_is_null(node))
		return true;
	text = tw_argo_resolved(args, node, diags);
	if (!text)
		return false;
	if (tw_parse_duration(tw_str_of(text), to))
		return true;
	tw_diag(diags, TW_ERROR, node->pos, "'%s' is no duration", text);
	return false;
}

static bool condition(const struct tw_argo_args *args,
	const struct tw_yaml *node, const struct tw_expr **to,
	struct tw_diags *diags)
{
	const char *text;
	struct tw_pos pos;

	if (tw_yaml_is_null(node))
		return true;
	text = tw_argo_resolved(args, node, diags);
	if (!text)
		return false;
	if (!*text)
		return true;
	pos = node->pos;
	/* In quotes it begins one column later. */
	if ((size_t)pos.width == strlen(text) + 2)
		pos.column++;
	*to = tw_expr_parse(args->arena, text, pos, diags);
	return *to;
}

static bool answers_with_list(const struct tw_yaml *provider)
{
	static const char *const lists[] = {
		"prometheus", "newRelic", "influxdb", "graphite"};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (tw_yaml_get(provider, lists[i]))
			return true;
	return !provider;
}

static bool read_limits(struct metric *to, const struct tw_argo_args *args,
	const struct tw_yaml *it, struct tw_diags *diags)
{
	const struct {
		const char *key;
		int64_t *to;
	} numbers[] = {{"count", &to->limits.count},
		{"failureLimit", &to->limits.failure},
		{"inconclusiveLimit", &to->limits.inconclusive},
		{"consecutiveErrorLimit", &to->limits.consecutive_error},
		{"consecutiveSuccessLimit", &to->limits.consecutive_success}};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (!whole(args, tw_yaml_get(it, numbers[i].key), numbers[i].to,
			    diags))
			return false;
	return duration(args, tw_yaml_get(it, "interval"), &to->limits.interval,
		       diags) &&
	       duration(args, tw_yaml_get(it, "initialDelay"),
		       &to->initial_delay, diags);
}

static void read_metric(const struct tw_argo_args *args, struct analysis *to,
	const struct tw_yaml *it, struct tw_judge_setup *setup,
	struct tw_diags *diags)
{
	const struct tw_yaml *name = tw_yaml_get(it, "name");
	struct metric metric = {.name = tw_yaml_text(name),
		.pos = it->pos,
		.limits = TW_ARGO_LIMITS,
		.is_list = answers_with_list(tw_yaml_get(it, "provider"))};
	bool good;

	if (!metric.name) {
		tw_diag(diags, TW_ERROR, it->pos, "this metric has no name");
		return;
	}
	metric.measure = tw_judge_measure(setup, metric.name, name->pos, diags);
	/* All of it is looked at, so that all errors are told. */
	good = condition(args, tw_yaml_get(it, "successCondition"),
		&metric.success, diags);
	good &= condition(args, tw_yaml_get(it, "failureCondition"),
		&metric.failure, diags);
	good &= read_limits(&metric, args, it, diags);
	if (!metric.measure || !good)
		return;
	tw_vec_push_in(args->arena, &to->metrics, metric);
}

static bool is_template(const struct tw_yaml *doc)
{
	const char *kind = tw_yaml_text(tw_yaml_get(doc, "kind"));

	return kind && (!strcmp(kind, "AnalysisTemplate") ||
			       !strcmp(kind, "ClusterAnalysisTemplate") ||
			       !strcmp(kind, "AnalysisRun"));
}

/* Regular expressions, of the whole name. */
static void mark_dry_runs(struct tw_arena *arena, struct analysis *to,
	size_t from, const struct tw_yaml *list, struct tw_diags *diags)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		const struct tw_yaml *node =
			tw_yaml_get(tw_yaml_item(list, i), "metricName");
		const struct tw_regex *regex;
		const char *why = "a name is missing";
		size_t at;

		regex = tw_yaml_text(node)
				? tw_regex_compile(
					  arena, tw_yaml_str(node), &at, &why)
				: NULL;
		if (!regex) {
			tw_diag(diags, TW_ERROR,
				node ? node->pos : tw_yaml_item(list, i)->pos,
				"metricName: %s", why);
			continue;
		}
		for (size_t k = from; k < to->metrics.n; k++)
			to->metrics.v[k].dry_run |=
				tw_regex_match(regex, to->metrics.v[k].name);
	}
}

static void *read_templates(struct tw_arena *arena,
	const struct tw_yaml_docs *docs, struct tw_judge_setup *setup,
	struct tw_diags *diags)
{
	struct analysis *to = tw_new(arena, struct analysis);
	size_t errors = diags->errors;

	for (size_t i = 0; i < docs->n; i++) {
		const struct tw_yaml *spec = tw_yaml_get(docs->v[i], "spec");
		const struct tw_yaml *list = tw_yaml_get(spec, "metrics");
		struct tw_argo_args args = {arena, tw_yaml_get(spec, "args")};
		size_t from = to->metrics.n;
		struct tw_argo_rollout rollout;

		if (tw_argo_rollout_read(arena, docs->v[i], &rollout))
			tw_vec_push_in(arena, &to->rollouts, rollout);
		if (!is_template(docs->v[i]))
			continue;
		for (size_t k = 0; k < tw_yaml_count(list); k++)
			read_metric(
				&args, to, tw_yaml_item(list, k), setup, diags);
		mark_dry_runs(
			arena, to, from, tw_yaml_get(spec, "dryRun"), diags);
	}
	if (!to->metrics.n && diags->errors == errors)
		tw_diag(diags, TW_ERROR, setup->pos,
			"'%s' holds no AnalysisTemplate with metrics",
			setup->file);
	return diags->errors == errors ? to : NULL;
}

/* ---- one run ------------------------------------------------------------ */

static enum tw_argo_truth ask(const struct tw_expr *condition,
	const struct tw_expr_value *result, struct tw_arena *arena,
	const char **why)
{
	struct tw_expr_value value;

	if (!condition)
		return TW_ARGO_ABSENT;
	if (!tw_expr_evaluate(condition, result, arena, &value, why))
		return TW_ARGO_BROKEN;
	if (value.type != TW_EXPR_BOOL) {
		*why = "a condition has to be true or false";
		return TW_ARGO_BROKEN;
	}
	return value.truth ? TW_ARGO_TRUE : TW_ARGO_FALSE;
}

static enum tw_argo_phase measure(const struct metric *metric, double v,
	struct tw_arena *arena, const char **why)
{
	struct tw_expr_value number = {.type = TW_EXPR_NUMBER, .number = v};
	struct tw_expr_value result = number;
	enum tw_argo_truth success, failure;

	if (metric->is_list)
		result = (struct tw_expr_value){
			.type = TW_EXPR_LIST, .items = &number, .n = v == v};
	else if (v != v)
		result.type = TW_EXPR_NIL;
	success = ask(metric->success, &result, arena, why);
	failure = ask(metric->failure, &result, arena, why);
	return tw_argo_evaluate(success, failure);
}

struct course {
	struct tw_argo_counts counts;
	struct tw_argo_assessed end;
	tw_time ended; /* in the run; TW_NEVER: not */
	double last;   /* the value at the last measurement */
	size_t values, without;
	const char *why; /* of the last error */
};

/* Where in the run a metric is measured: after its delay, then each interval.
 * What is measured is the interval that ends there. */
static void follow(const struct metric *metric,
	const struct tw_judge_setup *setup, const struct tw_observation *run,
	struct tw_arena *arena, struct course *to)
{
	tw_time step = setup->interval		 ? setup->interval
		       : metric->limits.interval ? metric->limits.interval
						 : tw_series_length(run);
	struct tw_series series = {0};
	bool over_time = tw_series_has_time(metric->measure);
	size_t n = step > 0 ? (size_t)(tw_series_length(run) / step) : 0;
	size_t from = (size_t)(metric->initial_delay / (step ? step : 1));

	*to = (struct course){.ended = TW_NEVER, .last = NAN, .why = ""};
	tw_series_of(metric->measure, run, step, arena, &series);
	to->end = tw_argo_assess(&metric->limits, &to->counts, false);
	for (size_t i = from; i < n && !tw_argo_is_complete(to->end.phase);
		i++) {
		double v = over_time  ? (i < series.n ? series.v[i] : NAN)
			   : series.n ? series.v[0]
				      : NAN;

		v = tw_judge_scaled(setup, metric->measure, v);
		to->values++;
		to->without += v != v;
		to->last = v == v ? v : to->last;
		tw_argo_count(&to->counts, measure(metric, v, arena, &to->why));
		to->end = tw_argo_assess(&metric->limits, &to->counts, false);
		to->ended = run->warmup + (tw_time)(i + 1) * step;
	}
	/* The rollout goes on; a run without an end is ended by it. */
	if (!tw_argo_is_complete(to->end.phase)) {
		if (!metric->limits.count && metric->limits.interval &&
			to->values)
			to->end = tw_argo_assess(
				&metric->limits, &to->counts, true);
		to->ended = TW_NEVER;
	}
}

/* ---- all runs ----------------------------------------------------------- */

struct tally {
	size_t phases[7];
	size_t empty;	   /* runs in which nothing was ever measured */
	struct course one; /* of the first run that did not succeed, or the
			    * first */
};

static const char *course_text(const struct metric *metric,
	const struct tally *tally, size_t runs, struct tw_arena *arena)
{
	const struct course *c = &tally->one;
	char at[TW_TIME_TEXT];
	struct tw_buf text = {0};
	const char *kept;

	tw_buf_printf(&text,
		"last value %s; %lld of %lld measurements failed, %lld errors "
		"in a row",
		tw_judge_number(arena, c->last), (long long)c->counts.failed,
		(long long)c->counts.count,
		(long long)c->counts.consecutive_error);
	if (c->end.limit)
		tw_buf_printf(&text, "; beyond %s", c->end.limit);
	if (c->ended != TW_NEVER)
		tw_buf_printf(&text, " at %s", tw_time_text(c->ended, at));
	else if (!tw_argo_is_complete(c->end.phase))
		tw_buf_printf(&text,
			"; the run ends before its measurements do: give the "
			"judge an `interval:`");
	if (*c->why)
		tw_buf_printf(&text, "; %s", c->why);
	if (tally->empty)
		tw_buf_printf(&text, "; no data in %zu of %zu runs",
			tally->empty, runs);
	if (!metric->success && !metric->failure)
		tw_buf_add_text(&text, "; it has no condition: Argo passes");
	kept = tw_arena_strdup(arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return kept;
}

static const char *phases_text(
	const struct tally *tally, size_t runs, struct tw_arena *arena)
{
	struct tw_buf text = {0};
	const char *kept;

	for (int p = TW_ARGO_FAILED; p >= TW_ARGO_PENDING; p--) {
		if (!tally->phases[p])
			continue;
		if (tally->phases[p] == runs)
			tw_buf_add_text(&text, tw_argo_phase_names[p]);
		else
			tw_buf_printf(&text, "%s%s in %zu of %zu runs",
				text.n ? ", " : "", tw_argo_phase_names[p],
				tally->phases[p], runs);
	}
	kept = tw_arena_strdup(arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return kept;
}

static enum tw_verdict verdict_of(
	const struct metric *metric, const struct tally *tally, size_t runs)
{
	if (tally->empty || (!metric->success && !metric->failure))
		return TW_VERDICT_INCONCLUSIVE;
	if (tally->phases[TW_ARGO_SUCCESSFUL] == runs)
		return TW_VERDICT_PASS;
	return tally->phases[TW_ARGO_FAILED] == runs ? TW_VERDICT_FAIL
						     : TW_VERDICT_INCONCLUSIVE;
}

/* `worst`, of each run, becomes at least as bad. */
static void judge_metric(const struct metric *metric,
	const struct tw_judge_question *q, enum tw_argo_phase *worst)
{
	struct tally tally = {.one.end.phase = TW_ARGO_SUCCESSFUL};
	struct tw_runs runs = q->candidate;

	for (size_t i = 0; i < runs.n; i++) {
		struct course course;

		follow(metric, q->setup, runs.v[i], q->arena, &course);
		tally.phases[course.end.phase]++;
		tally.empty += course.values == course.without;
		if (!i || (tally.one.end.phase == TW_ARGO_SUCCESSFUL &&
				  course.end.phase != TW_ARGO_SUCCESSFUL))
			tally.one = course;
		if (!metric->dry_run)
			worst[i] = tw_argo_worst(worst[i], course.end.phase);
	}
	tw_judge_answer(q,
		(struct tw_opinion_line){.name = metric->name,
			.verdict = metric->dry_run
					   ? TW_VERDICT_PASS
					   : verdict_of(metric, &tally, runs.n),
			.answer = tw_arena_printf(q->arena, "%s%s",
				phases_text(&tally, runs.n, q->arena),
				metric->dry_run ? " (dry run)" : ""),
			.text = course_text(metric, &tally, runs.n, q->arena),
			.pos = metric->pos});
}

static void judge_templates(void *data, const struct tw_judge_question *q)
{
	const struct analysis *analysis = data;
	size_t runs = q->candidate.n;
	enum tw_argo_phase *worst =
		tw_new_array(q->arena, runs + 1, enum tw_argo_phase);
	struct tally tally = {0};

	for (size_t i = 0; i < runs; i++)
		worst[i] = TW_ARGO_SUCCESSFUL;
	for (size_t i = 0; i < analysis->metrics.n; i++)
		judge_metric(&analysis->metrics.v[i], q, worst);
	for (size_t i = 0; i < runs; i++)
		tally.phases[worst[i]]++;
	for (size_t i = 0; i < analysis->rollouts.n; i++)
		tw_judge_answer(q,
			(struct tw_opinion_line){
				.name = tw_arena_printf(q->arena, "rollout %s",
					analysis->rollouts.v[i].name),
				.verdict = TW_VERDICT_PASS,
				.answer = "steps",
				.text = analysis->rollouts.v[i].steps,
				.pos = analysis->rollouts.v[i].pos});
	q->answer->answer = phases_text(&tally, runs, q->arena);
	/* A metric that fails in each run its own is a run that fails. */
	if (tally.phases[TW_ARGO_FAILED] == runs)
		q->answer->verdict = TW_VERDICT_FAIL;
}

const struct tw_judge_kind tw_judge_argo = {
	.name = "argo",
	.read = read_templates,
	.judge = judge_templates,
};
