/*
 * OpenSLO (openslo.com, v1): objectives of SLOs, and burn rate alerts by
 * several windows (Google, The Site Reliability Workbook, chapter 5, "6:
 * Multiwindow, Multi-Burn-Rate Alerts").
 *
 * The indicator of an SLO is a measure: a ratio of what is bad, ratio(errors),
 * for a ratioMetric; for a thresholdMetric anything over time, which the
 * objective's op and value make good or bad, interval by interval. An
 * objective is met where the good share of the run reaches its target
 * (Occurrences), or that of the intervals does (Timeslices).
 *
 * A burn rate is the bad share over a window / what the target leaves. An
 * alert fires where the rate over its lookback window and, that it be still
 * so, over a twelfth of it, passes the threshold for as long as alertAfter
 * says. A run is shorter than such windows: they are scaled down so that the
 * longest of the file is the run (`compress:` says otherwise), and count what
 * there is of them at the run's beginning.
 */
#include "harness/judges/judges.h"
#include "twins/kernel/fmath.h"
#include "harness/judges/openslo.h"

#include <stdio.h>

struct alert {
	const char *name;
	double threshold;
	bool at_least; /* gte; else gt */
	tw_time lookback, after;
	struct tw_pos pos;
};

enum budgeting { OCCURRENCES, TIMESLICES, RATIO_TIMESLICES };

struct objective {
	const char *name;
	double target, slice_target;
	int op; /* of a thresholdMetric: -2 lt, -1 lte, 1 gte, 2 gt */
	double value;
	bool has_value;
	struct tw_pos pos;
};

struct slo {
	const char *name;
	const struct tw_check *measure;
	bool is_ratio; /* of what is bad */
	enum budgeting budgeting;
	TW_VEC(struct objective) objectives;
	TW_VEC(struct alert) alerts;
};

struct slos {
	TW_VEC(struct slo) list;
	tw_time longest; /* lookback of all alerts */
};

/* ---- reading ------------------------------------------------------------ */

struct reader {
	struct tw_arena *arena;
	const struct tw_yaml_docs *docs;
	struct tw_judge_setup *setup;
	struct tw_diags *diags;
	struct slos *to;
};

static const char *text(const struct tw_yaml *map, const char *key)
{
	return tw_yaml_text(tw_yaml_get(map, key));
}

/* A document by kind and metadata.name. */
static const struct tw_yaml *find(
	const struct reader *r, const char *kind, const char *name)
{
	for (size_t i = 0; name && i < r->docs->n; i++) {
		const struct tw_yaml *doc = r->docs->v[i];
		const char *its = tw_yaml_text(
			tw_yaml_path(doc, "metadata", "name", NULL));
		const char *of = text(doc, "kind");

		if (of && its && !strcmp(of, kind) && !strcmp(its, name))
			return doc;
	}
	return NULL;
}

static struct tw_diag *wrong(
	const struct reader *r, const struct tw_yaml *at, const char *what)
{
	return tw_diag(
		r->diags, TW_ERROR, at ? at->pos : r->setup->pos, "%s", what);
}

static bool needs_real(const struct reader *r, const struct tw_yaml *map,
	const char *key, double *to)
{
	const struct tw_yaml *node = tw_yaml_get(map, key);

	if (tw_yaml_is_null(node))
		return true;
	if (tw_yaml_real(node, to))
		return true;
	wrong(r, node, "expected a number");
	return false;
}

/* "1h", "5m", "30d", "1w". */
static bool window(const struct tw_yaml *node, tw_time *to)
{
	struct tw_str s = tw_yaml_str(node);
	char unit = s.n ? s.p[s.n - 1] : 0;
	int64_t n;

	if (unit == 'd' || unit == 'w') {
		s.n--;
		if (!tw_parse_int(s, &n) || n < 0 || n > 4000)
			return false;
		*to = n * (unit == 'd' ? 24 : 168) * 3600 * TW_S;
		return true;
	}
	return s.n && tw_parse_duration(s, to) && *to > 0;
}

static void read_objective(
	const struct reader *r, struct slo *slo, const struct tw_yaml *it)
{
	static const char *const ops[] = {"lt", "lte", "gte", "gt"};
	static const int codes[] = {-2, -1, 1, 2};
	struct objective o = {.pos = it->pos, .target = -1, .slice_target = -1};
	const char *op = text(it, "op");
	double percent = -1;

	if (!needs_real(r, it, "target", &o.target) ||
		!needs_real(r, it, "targetPercent", &percent) ||
		!needs_real(r, it, "timeSliceTarget", &o.slice_target) ||
		!needs_real(r, it, "value", &o.value))
		return;
	if (percent >= 0)
		o.target = percent / 100;
	o.has_value = !tw_yaml_is_null(tw_yaml_get(it, "value"));
	for (size_t i = 0; op && i < 4; i++)
		if (!strcmp(op, ops[i]))
			o.op = codes[i];
	o.name = text(it, "displayName");
	if (!o.name)
		o.name = tw_arena_printf(r->arena, "%g%%", o.target * 100);
	if (!(o.target > 0 && o.target < 1))
		wrong(r, it,
			"an objective needs a target between 0 and 1 (or "
			"targetPercent between 0 and 100)");
	else if (!slo->is_ratio && (!o.op || !o.has_value))
		wrong(r, it,
			"an objective of a thresholdMetric needs op (lt, "
			"lte, gte, gt) and value");
	else
		tw_vec_push_in(r->arena, &slo->objectives, o);
}

static void read_condition(const struct reader *r, struct slo *slo,
	const char *name, const struct tw_yaml *spec)
{
	const struct tw_yaml *it = tw_yaml_get(spec, "condition");
	const char *kind = text(it, "kind"), *op = text(it, "op");
	struct alert alert = {.name = name, .at_least = true};

	if (!it || (kind && strcmp(kind, "burnrate") != 0))
		return; /* no other kind is defined */
	alert.pos = it->pos;
	alert.at_least = !op || strcmp(op, "gt") != 0;
	if (!needs_real(r, it, "threshold", &alert.threshold))
		return;
	if (!(alert.threshold > 0)) {
		wrong(r, it, "a burn rate alert needs a threshold above 0");
		return;
	}
	if (!window(tw_yaml_get(it, "lookbackWindow"), &alert.lookback)) {
		wrong(r, it,
			"a burn rate alert needs a lookbackWindow such "
			"as 1h");
		return;
	}
	if (!tw_yaml_is_null(tw_yaml_get(it, "alertAfter")) &&
		!window(tw_yaml_get(it, "alertAfter"), &alert.after) &&
		strcmp(tw_yaml_text(tw_yaml_get(it, "alertAfter"))
				? tw_yaml_text(tw_yaml_get(it, "alertAfter"))
				: "",
			"0m") != 0) {
		wrong(r, it, "alertAfter is no duration");
		return;
	}
	if (alert.lookback > r->to->longest)
		r->to->longest = alert.lookback;
	tw_vec_push_in(r->arena, &slo->alerts, alert);
}

static void read_policy(
	const struct reader *r, struct slo *slo, const struct tw_yaml *policy)
{
	const struct tw_yaml *list =
		tw_yaml_path(policy, "spec", "conditions", NULL);

	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		const struct tw_yaml *it = tw_yaml_item(list, i);
		const char *ref = text(it, "conditionRef");
		const struct tw_yaml *named =
			ref ? find(r, "AlertCondition", ref) : it;
		const char *name = tw_yaml_text(
			tw_yaml_path(named, "metadata", "name", NULL));

		if (!named)
			wrong(r, it,
				"no AlertCondition of this name is in the "
				"file");
		else
			read_condition(r, slo, name ? name : "burnrate",
				tw_yaml_get(named, "spec"));
	}
}

static void read_policies(
	const struct reader *r, struct slo *slo, const struct tw_yaml *list)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		const struct tw_yaml *it = tw_yaml_item(list, i);
		const char *ref = tw_yaml_text(it) ? tw_yaml_text(it)
						   : text(it, "alertPolicyRef");
		const struct tw_yaml *policy =
			ref ? find(r, "AlertPolicy", ref) : it;

		if (!policy)
			wrong(r, it,
				"no AlertPolicy of this name is in the "
				"file");
		else
			read_policy(r, slo, policy);
	}
}

/* The indicator's spec, and the name that its measure may stand under. */
static const struct tw_yaml *indicator_of(
	const struct reader *r, const struct tw_yaml *spec, const char **name)
{
	const struct tw_yaml *own = tw_yaml_get(spec, "indicator");
	const char *ref = text(spec, "indicatorRef");

	if (ref)
		own = find(r, "SLI", ref);
	*name = tw_yaml_text(tw_yaml_path(own, "metadata", "name", NULL));
	return tw_yaml_get(own, "spec");
}

static bool has_metric(const struct reader *r, const char *name)
{
	for (size_t i = 0; name && i < r->setup->metrics.n; i++)
		if (!strcmp(r->setup->metrics.v[i].name, name))
			return true;
	return false;
}

static bool read_indicator(const struct reader *r, struct slo *slo,
	const struct tw_yaml *doc, const struct tw_yaml *spec)
{
	const char *name = NULL;
	const struct tw_yaml *it = indicator_of(r, spec, &name);

	slo->is_ratio = !tw_yaml_get(it, "thresholdMetric");
	slo->measure = tw_judge_measure(r->setup,
		has_metric(r, name) ? name : slo->name, doc->pos, r->diags);
	if (!slo->measure)
		return false;
	if (slo->is_ratio && tw_check_unit(slo->measure) != TW_UNIT_RATIO) {
		wrong(r, doc,
			"the measure of a ratioMetric has to be a ratio "
			"of what is bad, such as ratio(errors)");
		return false;
	}
	if (!tw_series_has_time(slo->measure)) {
		wrong(r, doc,
			"this needs a measure that is known over time: "
			"ratio(errors), ratio(timeouts), mean(latency), "
			"max(latency), rate(requests)");
		return false;
	}
	return true;
}

static void read_slo(const struct reader *r, const struct tw_yaml *doc)
{
	const struct tw_yaml *spec = tw_yaml_get(doc, "spec");
	const struct tw_yaml *objectives = tw_yaml_get(spec, "objectives");
	const char *how = text(spec, "budgetingMethod");
	struct slo slo = {.name = tw_yaml_text(
				  tw_yaml_path(doc, "metadata", "name", NULL))};

	if (!slo.name) {
		wrong(r, doc, "this SLO has no metadata.name");
		return;
	}
	if (how && !strcmp(how, "Timeslices"))
		slo.budgeting = TIMESLICES;
	if (how && !strcmp(how, "RatioTimeslices"))
		slo.budgeting = RATIO_TIMESLICES;
	if (!read_indicator(r, &slo, doc, spec))
		return;
	for (size_t i = 0; i < tw_yaml_count(objectives); i++)
		read_objective(r, &slo, tw_yaml_item(objectives, i));
	read_policies(r, &slo, tw_yaml_get(spec, "alertPolicies"));
	if (!tw_yaml_count(objectives))
		wrong(r, doc, "this SLO has no objectives");
	tw_vec_push_in(r->arena, &r->to->list, slo);
}

static void *read_slos(struct tw_arena *arena, const struct tw_yaml_docs *docs,
	struct tw_judge_setup *setup, struct tw_diags *diags)
{
	struct reader r = {
		arena, docs, setup, diags, tw_new(arena, struct slos)};
	size_t errors = diags->errors;

	for (size_t i = 0; i < docs->n; i++) {
		const char *kind = text(docs->v[i], "kind");

		if (kind && !strcmp(kind, "SLO"))
			read_slo(&r, docs->v[i]);
	}
	if (!r.to->list.n && diags->errors == errors)
		wrong(&r, NULL,
			tw_arena_printf(arena, "'%s' holds no SLO of OpenSLO",
				setup->file));
	return diags->errors == errors ? r.to : NULL;
}

/* ---- objectives --------------------------------------------------------- */

static bool is_good(const struct objective *o, double v)
{
	return o->op == -2   ? v < o->value
	       : o->op == -1 ? v <= o->value
	       : o->op == 1  ? v >= o->value
			     : v > o->value;
}

/* The bad share of each slice, and how many calls it rests on. */
static void slices_of(const struct slo *slo, const struct objective *o,
	const struct tw_judge_setup *setup, const struct tw_observation *run,
	struct tw_arena *arena, struct tw_slo_slices *to)
{
	struct tw_series values = {0};

	tw_series_of(slo->measure, run, 0, arena, &values);
	tw_series_calls(slo->measure, run, arena, &to->calls);
	for (size_t i = 0; i < values.n; i++) {
		double v = values.v[i];

		if (v == v && !slo->is_ratio)
			v = !is_good(
				o, tw_judge_scaled(setup, slo->measure, v));
		tw_vec_push_in(arena, &to->bad, v);
	}
	to->slice = run->slice;
}

/* Of each run the good share by the SLO's budgeting. */
static double good_share(const struct slo *slo, const struct objective *o,
	const struct tw_slo_slices *s)
{
	double sum = 0, n = 0;

	for (size_t i = 0; i < s->bad.n; i++) {
		double bad = s->bad.v[i];
		/* An interval of a thresholdMetric is one occurrence. */
		double weight = slo->budgeting == OCCURRENCES && slo->is_ratio
					? s->calls.v[i]
					: 1;

		if (bad != bad)
			continue;
		if (slo->budgeting == TIMESLICES && o->slice_target >= 0)
			bad = 1 - bad < o->slice_target;
		sum += weight * (1 - bad);
		n += weight;
	}
	return n > 0 ? sum / n : NAN;
}

static enum tw_verdict of_runs(size_t bad, size_t without, size_t runs)
{
	return without	     ? TW_VERDICT_INCONCLUSIVE
	       : bad == runs ? TW_VERDICT_FAIL
	       : bad	     ? TW_VERDICT_INCONCLUSIVE
			     : TW_VERDICT_PASS;
}

static void judge_objective(const struct slo *slo, const struct objective *o,
	const struct tw_judge_setup *setup, struct tw_runs runs,
	struct tw_arena *arena, struct tw_opinion *to)
{
	size_t missed = 0, without = 0;
	double worst = 2;

	for (size_t i = 0; i < runs.n; i++) {
		struct tw_slo_slices slices = {0};
		double good;

		slices_of(slo, o, setup, runs.v[i], arena, &slices);
		good = good_share(slo, o, &slices);
		without += good != good;
		missed += good < o->target;
		if (good < worst)
			worst = good;
	}
	tw_opinion_add(arena, to,
		tw_arena_printf(arena, "%s %s", slo->name, o->name),
		of_runs(missed, without, runs.n),
		without	 ? "no data"
		: missed ? "missed"
			 : "met",
		worst > 1
			? "nothing was measured"
			: tw_arena_printf(arena,
				  "good %.4g%% at worst, target %.6g%%; "
				  "missed in %zu of %zu runs",
				  worst * 100, o->target * 100, missed, runs.n),
		o->pos);
}

/* ---- alerts ------------------------------------------------------------- */

static void judge_alert(const struct slo *slo, const struct objective *o,
	const struct alert *alert, const struct tw_judge_setup *setup,
	double compress, struct tw_runs runs, struct tw_arena *arena,
	struct tw_opinion *to)
{
	struct tw_slo_rule rule = {.threshold = alert->threshold,
		.at_least = alert->at_least,
		.budget = 1 - o->target,
		.window = (tw_time)((double)alert->lookback / compress),
		.after = (tw_time)((double)alert->after / compress)};
	size_t fired = 0;
	double most = 0;
	tw_time first = TW_NEVER;
	char at[TW_TIME_TEXT];

	for (size_t i = 0; i < runs.n; i++) {
		struct tw_slo_slices slices = {0};
		struct tw_slo_burn burn;

		slices_of(slo, o, setup, runs.v[i], arena, &slices);
		burn = tw_slo_burn_of(&slices, &rule);
		fired += burn.fires_at != TW_NEVER;
		if (burn.most > most)
			most = burn.most;
		if (burn.fires_at != TW_NEVER &&
			(first == TW_NEVER ||
				burn.fires_at + runs.v[i]->warmup < first))
			first = burn.fires_at + runs.v[i]->warmup;
	}
	tw_opinion_add(arena, to,
		tw_arena_printf(
			arena, "%s %s %s", slo->name, o->name, alert->name),
		of_runs(fired, 0, runs.n), fired ? "fires" : "silent",
		tw_arena_printf(arena,
			"burns %.4gx at most, threshold %.4gx; fires in %zu "
			"of %zu runs%s%s",
			most, alert->threshold, fired, runs.n,
			fired ? ", first at " : "",
			fired ? tw_time_text(first, at) : ""),
		alert->pos);
}

static double compression(const struct slos *slos,
	const struct tw_judge_setup *setup, struct tw_runs runs)
{
	double by = runs.n ? (double)slos->longest /
				     (double)tw_series_length(runs.v[0])
			   : 1;

	if (setup->compress > 0)
		return setup->compress;
	return by > 1 ? by : 1;
}

static void judge_slos(void *data, const struct tw_judge_setup *setup,
	struct tw_runs baseline, struct tw_runs candidate,
	struct tw_arena *arena, struct tw_opinion *to)
{
	const struct slos *slos = data;
	double compress = compression(slos, setup, candidate);
	size_t bad = 0;

	(void)baseline;
	for (size_t i = 0; i < slos->list.n; i++) {
		const struct slo *slo = &slos->list.v[i];

		for (size_t k = 0; k < slo->objectives.n; k++) {
			const struct objective *o = &slo->objectives.v[k];

			judge_objective(slo, o, setup, candidate, arena, to);
			for (size_t j = 0; j < slo->alerts.n; j++)
				judge_alert(slo, o, &slo->alerts.v[j], setup,
					compress, candidate, arena, to);
		}
	}
	for (size_t i = 0; i < to->lines.n; i++)
		bad += to->lines.v[i].verdict != TW_VERDICT_PASS;
	to->answer = bad ? tw_arena_printf(arena,
				   "%zu of %zu objectives and alerts are not "
				   "as they should be",
				   bad, to->lines.n)
			 : "objectives met, no alert";
}

const struct tw_judge_kind tw_judge_openslo = {
	.name = "openslo",
	.read = read_slos,
	.judge = judge_slos,
};
