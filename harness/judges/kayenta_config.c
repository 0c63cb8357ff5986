/* A canary config: what is compared, in which direction, and how it scores. */
#include "harness/judges/judges.h"
#include "harness/judges/kayenta.h"

#include <stdio.h>

struct metric {
	const char *name;
	struct tw_pos pos;
	const struct tw_check *measure;
	struct tw_kayenta_rule rule;
	TW_VEC(const char *) groups;
};

struct canary {
	const char *name;
	TW_VEC(struct metric) metrics;
	TW_VEC(struct tw_kayenta_weight) weights;
	double pass, marginal;
};

/* ---- reading ------------------------------------------------------------ */

/* One of a few words, in any case. Kayenta takes its default for any other,
 * without a word; here it is told. */
static void choice(const struct tw_yaml *node, const char *const *words,
	size_t n, int *to, struct tw_diags *diags)
{
	const char *text = tw_yaml_text(node);
	struct tw_diag *diag;

	if (tw_yaml_is_null(node))
		return;
	for (size_t i = 0; text && i < n; i++)
		if (tw_str_equal_nocase(tw_str_of(text), tw_str_of(words[i]))) {
			*to = (int)i;
			return;
		}
	diag = tw_diag(diags, TW_WARNING, node->pos,
		"'%s' is not known to the judge, which takes '%s'",
		text ? text : tw_yaml_kind_name(node), words[*to]);
	tw_diag_nearest(diags, diag, text ? text : "", words, n);
}

static bool truth(const struct tw_yaml *node, bool *to, struct tw_diags *diags)
{
	if (tw_yaml_is_null(node) || tw_yaml_bool(node, to))
		return true;
	tw_diag(diags, TW_ERROR, node->pos, "expected true or false, not %s",
		tw_yaml_text(node) ? tw_yaml_text(node)
				   : tw_yaml_kind_name(node));
	return false;
}

static bool real(const struct tw_yaml *node, double *to, struct tw_diags *diags)
{
	if (tw_yaml_is_null(node) || tw_yaml_real(node, to))
		return true;
	tw_diag(diags, TW_ERROR, node->pos, "expected a number, not %s",
		tw_yaml_kind_name(node));
	return false;
}

static bool read_effect(struct tw_kayenta_rule *rule,
	const struct tw_yaml *effect, struct tw_diags *diags)
{
	static const char *const measures[] = {"meanRatio", "cles"};
	int cles = 0;

	choice(tw_yaml_get(effect, "measure"), measures, 2, &cles, diags);
	rule->cles = cles;
	for (int i = 0; cles && i < 2; i++)
		rule->allowed[i] = rule->criticals[i] = 0.5;
	return real(tw_yaml_get(effect, "allowedDecrease"), &rule->allowed[0],
		       diags) &&
	       real(tw_yaml_get(effect, "allowedIncrease"), &rule->allowed[1],
		       diags) &&
	       real(tw_yaml_get(effect, "criticalDecrease"),
		       &rule->criticals[0], diags) &&
	       real(tw_yaml_get(effect, "criticalIncrease"),
		       &rule->criticals[1], diags);
}

static bool read_rule(struct tw_kayenta_rule *rule,
	const struct tw_yaml *canary, struct tw_diags *diags)
{
	static const char *const directions[] = {
		"either", "increase", "decrease"};
	static const char *const nans[] = {"remove", "replace"};
	static const char *const strategies[] = {"keep", "remove"};
	const struct tw_yaml *outliers = tw_yaml_get(canary, "outliers");
	int direction = 0, replace = 0, drop = 0;

	tw_kayenta_rule_init(rule);
	choice(tw_yaml_get(canary, "direction"), directions, 3, &direction,
		diags);
	choice(tw_yaml_get(canary, "nanStrategy"), nans, 2, &replace, diags);
	choice(tw_yaml_get(outliers, "strategy"), strategies, 2, &drop, diags);
	if (!real(tw_yaml_get(outliers, "outlierFactor"), &rule->outlier_factor,
		    diags) ||
		!read_effect(rule, tw_yaml_get(canary, "effectSize"), diags) ||
		!truth(tw_yaml_get(canary, "critical"), &rule->critical,
			diags) ||
		!truth(tw_yaml_get(canary, "mustHaveData"),
			&rule->must_have_data, diags) ||
		!truth(tw_yaml_get(canary, "muted"), &rule->muted, diags))
		return false;
	rule->direction = (enum tw_kayenta_direction)direction;
	rule->replace_nan = replace;
	rule->drop_outliers = drop;
	return true;
}

static bool read_metric(struct tw_arena *arena, struct canary *to,
	const struct tw_yaml *it, struct tw_judge_setup *setup,
	struct tw_diags *diags)
{
	const struct tw_yaml *name = tw_yaml_get(it, "name");
	const struct tw_yaml *groups = tw_yaml_get(it, "groups");
	struct metric metric = {.name = tw_yaml_text(name), .pos = it->pos};

	if (!metric.name) {
		tw_diag(diags, TW_ERROR, it->pos, "this metric has no name");
		return false;
	}
	for (size_t i = 0; i < tw_yaml_count(groups); i++)
		if (tw_yaml_text(tw_yaml_item(groups, i)))
			tw_vec_push_in(arena, &metric.groups,
				tw_yaml_text(tw_yaml_item(groups, i)));
	metric.measure = tw_judge_measure(setup, metric.name, name->pos, diags);
	if (!read_rule(&metric.rule,
		    tw_yaml_path(it, "analysisConfigurations", "canary", NULL),
		    diags) ||
		!metric.measure)
		return false;
	tw_vec_push_in(arena, &to->metrics, metric);
	return true;
}

static bool read_classifier(struct tw_arena *arena, struct canary *to,
	const struct tw_yaml *classifier, struct tw_diags *diags)
{
	const struct tw_yaml *weights = tw_yaml_get(classifier, "groupWeights");
	const struct tw_yaml *scores =
		tw_yaml_get(classifier, "scoreThresholds");

	for (size_t i = 0;
		tw_yaml_is(weights, TW_YAML_MAPPING) && i < weights->pairs.n;
		i++) {
		struct tw_kayenta_weight weight = {
			tw_yaml_text(weights->pairs.v[i].key), 0};

		if (!weight.group ||
			!real(weights->pairs.v[i].value, &weight.weight, diags))
			return false;
		tw_vec_push_in(arena, &to->weights, weight);
	}
	return real(tw_yaml_get(scores, "pass"), &to->pass, diags) &&
	       real(tw_yaml_get(scores, "marginal"), &to->marginal, diags);
}

/* Weights that do not do what they look like. */
static void check_weights(const struct canary *canary,
	const struct tw_yaml *weights, struct tw_diags *diags)
{
	double sum = 0;

	for (size_t i = 0; i < canary->weights.n; i++) {
		const char *group = canary->weights.v[i].group;
		bool known = false;

		sum += canary->weights.v[i].weight;
		for (size_t k = 0; k < canary->metrics.n; k++)
			for (size_t g = 0; g < canary->metrics.v[k].groups.n;
				g++)
				known |= !strcmp(group,
					canary->metrics.v[k].groups.v[g]);
		if (!known)
			tw_diag(diags, TW_WARNING, weights->pos,
				"no metric is in the group '%s': its weight "
				"of %g is lost, and no score reaches 100",
				group, canary->weights.v[i].weight);
	}
	if (sum > 100)
		tw_diag(diags, TW_WARNING, weights->pos,
			"the weights add up to %g, more than 100", sum);
}

/* Another judge would decide by other rules. */
static void check_judge(const struct tw_yaml *doc, struct tw_diags *diags)
{
	const struct tw_yaml *name = tw_yaml_path(doc, "judge", "name", NULL);

	if (tw_yaml_text(name) &&
		strcmp(tw_yaml_text(name), "NetflixACAJudge-v1.0") != 0)
		tw_diag(diags, TW_ERROR, name->pos,
			"only NetflixACAJudge-v1.0 is known here, not '%s'",
			tw_yaml_text(name));
}

static void *read_canary(struct tw_arena *arena,
	const struct tw_yaml_docs *docs, struct tw_judge_setup *setup,
	struct tw_diags *diags)
{
	struct canary *to = tw_new(arena, struct canary);
	const struct tw_yaml *doc = docs->n ? docs->v[0] : NULL;
	const struct tw_yaml *metrics = tw_yaml_get(doc, "metrics");
	size_t errors = diags->errors;

	if (!tw_yaml_count(metrics)) {
		tw_diag(diags, TW_ERROR, doc ? doc->pos : setup->pos,
			"'%s' is no canary config: it has no metrics",
			setup->file);
		return NULL;
	}
	to->name = tw_yaml_text(tw_yaml_get(doc, "name"));
	to->pass = 95;
	to->marginal = 75;
	for (size_t i = 0; i < tw_yaml_count(metrics); i++)
		read_metric(arena, to, tw_yaml_item(metrics, i), setup, diags);
	if (read_classifier(arena, to, tw_yaml_get(doc, "classifier"), diags))
		check_weights(to,
			tw_yaml_path(doc, "classifier", "groupWeights", NULL),
			diags);
	check_judge(doc, diags);
	if (setup->pass > 0)
		to->pass = setup->pass;
	if (setup->marginal > 0)
		to->marginal = setup->marginal;
	return diags->errors == errors ? to : NULL;
}

/* ---- judging ------------------------------------------------------------ */

static void series_of(const struct tw_judge_question *q,
	const struct metric *metric, struct tw_runs runs, struct tw_series *to)
{
	for (size_t i = 0; i < runs.n; i++)
		tw_series_of(metric->measure, runs.v[i], q->setup->interval,
			q->arena, to);
	for (size_t i = 0; i < to->n; i++)
		to->v[i] = tw_judge_scaled(q->setup, metric->measure, to->v[i]);
}

static const char *figures(struct tw_arena *arena, const struct tw_series *x,
	const struct tw_series *y, const struct tw_kayenta_found *found)
{
	struct tw_kayenta_summary a = tw_kayenta_summarise(x->v, x->n);
	struct tw_kayenta_summary b = tw_kayenta_summarise(y->v, y->n);

	return tw_arena_printf(arena,
		"mean %s, was %s; effect %s; %zu and "
		"%zu values",
		tw_judge_number(arena, a.mean), tw_judge_number(arena, b.mean),
		tw_judge_number(arena, found->effect), x->n, y->n);
}

static struct tw_kayenta_found classify(
	const struct metric *metric, const struct tw_judge_question *q)
{
	struct tw_series x = {0}, y = {0};
	struct tw_kayenta_found found;
	bool bad;

	series_of(q, metric, q->candidate, &x);
	series_of(q, metric, q->baseline, &y);
	found = tw_kayenta_classify(&metric->rule, x.v, x.n, y.v, y.n);
	bad = !metric->rule.muted && found.class != TW_KAYENTA_PASS;
	tw_judge_answer(q, (struct tw_opinion_line){.name = metric->name,
				   .verdict = bad ? TW_VERDICT_INCONCLUSIVE
						  : TW_VERDICT_PASS,
				   .answer = tw_arena_printf(q->arena, "%s%s",
					   tw_kayenta_class_names[found.class],
					   found.critical	? ", critical"
					   : metric->rule.muted ? ", muted"
								: ""),
				   .text = figures(q->arena, &x, &y, &found),
				   .pos = metric->pos});
	return found;
}

static void judge_canary(void *data, const struct tw_judge_question *q)
{
	const struct canary *canary = data;
	struct tw_opinion *to = q->answer;
	struct tw_kayenta_scored *scored = tw_new_array(
		q->arena, canary->metrics.n + 1, struct tw_kayenta_scored);
	size_t n = 0;
	double score;

	if (!q->baseline.n) {
		to->verdict = TW_VERDICT_INCONCLUSIVE;
		to->answer = "there is no baseline to compare with";
		return;
	}
	for (size_t i = 0; i < canary->metrics.n; i++) {
		const struct metric *metric = &canary->metrics.v[i];
		struct tw_kayenta_found found = classify(metric, q);

		if (!metric->rule.muted)
			scored[n++] = (struct tw_kayenta_scored){found.class,
				found.critical, metric->groups.v,
				metric->groups.n};
	}
	score = tw_kayenta_score(
		scored, n, canary->weights.v, canary->weights.n);
	to->verdict = score >= canary->pass	  ? TW_VERDICT_PASS
		      : score >= canary->marginal ? TW_VERDICT_INCONCLUSIVE
						  : TW_VERDICT_FAIL;
	to->answer = tw_arena_printf(q->arena,
		"%s, score %s (pass %s, marginal "
		"%s)",
		to->verdict == TW_VERDICT_PASS	 ? "Pass"
		: to->verdict == TW_VERDICT_FAIL ? "Fail"
						 : "Marginal",
		tw_judge_number(q->arena, score),
		tw_judge_number(q->arena, canary->pass),
		tw_judge_number(q->arena, canary->marginal));
}

const struct tw_judge_kind tw_judge_kayenta = {
	.name = "kayenta",
	.read = read_canary,
	.judge = judge_canary,
};
