/* OpenSLO's documents: what is to be judged (openslo.c says how). */
#include "harness/judges/openslo_parts.h"

struct reader {
	struct tw_arena *arena;
	const struct tw_yaml_docs *docs;
	struct tw_judge_setup *setup;
	struct tw_diags *diags;
	struct tw_slos *to;
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

/* OpenSLO's shorthand: a whole number and m, h, d, w, M, Q or Y; and the twin's
 * own durations. A month is 30 days here, a quarter 91, a year 365. */
static bool window(const struct tw_yaml *node, tw_time *to)
{
	static const char units[] = "mhdwMQY";
	static const int64_t hours[] = {0, 1, 24, 168, 720, 2184, 8760};
	struct tw_str s = tw_yaml_str(node);
	const char *unit = s.n ? strchr(units, s.p[s.n - 1]) : NULL;
	int64_t n;

	if (unit && *unit && tw_parse_int((struct tw_str){s.p, s.n - 1}, &n)) {
		int64_t h = hours[unit - units];

		if (n <= 0 || n > 100000)
			return false;
		*to = n * (h ? h * 3600 : 60) * TW_S;
		return true;
	}
	return s.n && tw_parse_duration(s, to) && *to > 0;
}

static bool needs_window(const struct reader *r, const struct tw_yaml *map,
	const char *key, tw_time *to)
{
	const struct tw_yaml *node = tw_yaml_get(map, key);
	double minutes;

	if (tw_yaml_is_null(node) || window(node, to))
		return true;
	/* timeSliceWindow: a plain number is minutes. */
	if (tw_yaml_real(node, &minutes) && minutes > 0 && minutes < 1e6) {
		*to = (tw_time)(minutes * 60e9);
		return true;
	}
	wrong(r, node,
		"expected a duration, such as 5m, 1h, 28d, 1M, 1Q or 1Y");
	return false;
}

/* "2020-01-21 12:30:00", without a time zone. */
static bool is_date(const struct tw_yaml *node)
{
	static const char form[] = "dddd-dd-dd dd:dd:dd";
	struct tw_str s = tw_yaml_str(node);

	if (s.n != sizeof form - 1)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (form[i] == 'd' ? s.p[i] < '0' || s.p[i] > '9'
				   : s.p[i] != form[i] &&
					     !(i == 10 && s.p[i] == 'T'))
			return false;
	return true;
}

static void read_time_window(
	const struct reader *r, struct tw_slo *slo, const struct tw_yaml *spec)
{
	const struct tw_yaml *list = tw_yaml_get(spec, "timeWindow");
	const struct tw_yaml *it = tw_yaml_item(list, 0);
	const struct tw_yaml *calendar = tw_yaml_get(it, "calendar");
	const struct tw_yaml *rolling = tw_yaml_get(it, "isRolling");
	bool is_rolling = !calendar;

	if (tw_yaml_is_null(list))
		return;
	if (!tw_yaml_is(list, TW_YAML_SEQUENCE) || tw_yaml_count(list) != 1) {
		wrong(r, list, "timeWindow is a list of exactly one window");
		return;
	}
	if (tw_yaml_is_null(tw_yaml_get(it, "duration"))) {
		wrong(r, it, "this window has no duration");
		return;
	}
	if (!needs_window(r, it, "duration", &slo->window))
		return;
	slo->window_text = text(it, "duration");
	if (!tw_yaml_is_null(rolling) && !tw_yaml_bool(rolling, &is_rolling))
		wrong(r, rolling, "expected true or false");
	slo->calendar = !is_rolling;
	if (is_rolling && calendar)
		wrong(r, calendar,
			"a rolling window has no calendar: isRolling: false?");
	else if (!is_rolling && !calendar)
		wrong(r, it, "a window that is not rolling needs a calendar");
	else if (calendar && !is_date(tw_yaml_get(calendar, "startTime")))
		wrong(r, calendar,
			"a calendar needs a startTime such as 2020-01-21 "
			"12:30:00");
	else if (calendar && !text(calendar, "timeZone"))
		wrong(r, calendar,
			"a calendar needs a timeZone such as Europe/Berlin");
}

/* The indicator's spec, and the name that its measure may stand under. */
static const struct tw_yaml *indicator_of(
	const struct reader *r, const struct tw_yaml *spec, const char **name)
{
	const struct tw_yaml *own = tw_yaml_get(spec, "indicator");
	const char *ref = text(spec, "indicatorRef");

	if (ref)
		own = find(r, "SLI", ref);
	if (ref && !own)
		wrong(r, tw_yaml_get(spec, "indicatorRef"),
			"no SLI of this name is in the file");
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

/* Of good or bad and total, or raw with its type. Which of them it is makes no
 * difference: what the twin measures is what is bad. */
static bool check_ratio(const struct reader *r, const struct tw_yaml *ratio)
{
	const struct tw_yaml *raw = tw_yaml_get(ratio, "raw");
	const struct tw_yaml *counter = tw_yaml_get(ratio, "counter");
	const char *type = text(ratio, "rawType");
	bool parts = tw_yaml_get(ratio, "good") || tw_yaml_get(ratio, "bad");
	bool is_counter;

	if (raw && (parts || tw_yaml_get(ratio, "total")))
		wrong(r, raw, "raw stands alone: without good, bad and total");
	else if (raw && (!type || (strcmp(type, "success") != 0 &&
					  strcmp(type, "failure") != 0)))
		wrong(r, raw, "raw needs rawType: success or failure");
	else if (!raw && (!parts || !tw_yaml_get(ratio, "total")))
		wrong(r, ratio,
			"a ratioMetric needs good or bad, and total; or raw "
			"and rawType");
	else if (!raw && tw_yaml_get(ratio, "good") &&
		 tw_yaml_get(ratio, "bad"))
		wrong(r, ratio, "good or bad, not both");
	else if (!tw_yaml_is_null(counter) &&
		 !tw_yaml_bool(counter, &is_counter))
		wrong(r, counter, "expected true or false");
	else
		return true;
	return false;
}

/* Of an SLO or, in a composite, of an objective; `named` is what its measure
 * is called unless it has a name of its own. */
static bool read_indicator(const struct reader *r, struct tw_slo_indicator *to,
	const char *named, const struct tw_yaml *at, const struct tw_yaml *spec)
{
	const char *name = NULL;
	const struct tw_yaml *it = indicator_of(r, spec, &name);
	const struct tw_yaml *ratio = tw_yaml_get(it, "ratioMetric");

	if (it && ratio && tw_yaml_get(it, "thresholdMetric")) {
		wrong(r, ratio, "ratioMetric or thresholdMetric, not both");
		return false;
	}
	if (ratio && !check_ratio(r, ratio))
		return false;
	to->is_ratio = !tw_yaml_get(it, "thresholdMetric");
	to->measure = tw_judge_measure(r->setup,
		has_metric(r, name) ? name : named, at->pos, r->diags);
	if (!to->measure)
		return false;
	if (to->is_ratio && tw_check_unit(to->measure) != TW_UNIT_RATIO) {
		wrong(r, at,
			"the measure of a ratioMetric has to be a ratio "
			"of what is bad, such as ratio(errors)");
		return false;
	}
	if (!tw_series_has_time(to->measure)) {
		wrong(r, at,
			"this needs a measure that is known over time: "
			"ratio(errors), ratio(timeouts), mean(latency), "
			"max(latency), rate(requests)");
		return false;
	}
	return true;
}

static bool is_own(const struct tw_yaml *it)
{
	return !tw_yaml_is_null(tw_yaml_get(it, "indicator")) ||
	       !tw_yaml_is_null(tw_yaml_get(it, "indicatorRef"));
}

static bool read_figures(const struct reader *r, struct tw_slo_objective *o,
	const struct tw_yaml *it)
{
	static const char *const ops[] = {"lt", "lte", "gte", "gt"};
	static const int codes[] = {-2, -1, 1, 2};
	const struct tw_yaml *op = tw_yaml_get(it, "op");
	double percent = -1;

	if (!needs_real(r, it, "target", &o->target) ||
		!needs_real(r, it, "targetPercent", &percent) ||
		!needs_real(r, it, "timeSliceTarget", &o->slice_target) ||
		!needs_window(r, it, "timeSliceWindow", &o->slice_window) ||
		!needs_real(r, it, "compositeWeight", &o->weight) ||
		!needs_real(r, it, "value", &o->value))
		return false;
	if (percent >= 0 && o->target >= 0) {
		wrong(r, it, "target or targetPercent, not both");
		return false;
	}
	if (percent >= 0)
		o->target = percent / 100;
	o->has_value = !tw_yaml_is_null(tw_yaml_get(it, "value"));
	for (size_t i = 0; tw_yaml_text(op) && i < 4; i++)
		if (!strcmp(tw_yaml_text(op), ops[i]))
			o->op = codes[i];
	if (!tw_yaml_is_null(op) && !o->op)
		wrong(r, op, "op is lt, lte, gte or gt");
	else if (!(o->weight > 0))
		wrong(r, tw_yaml_get(it, "compositeWeight"),
			"a weight is more than 0");
	else
		return true;
	return false;
}

static void read_objective(const struct reader *r, struct tw_slo *slo,
	const struct tw_yaml *it, const struct tw_slo_indicator *common)
{
	struct tw_slo_objective o = {
		.pos = it->pos, .target = -1, .slice_target = -1, .weight = 1};

	if (!read_figures(r, &o, it))
		return;
	o.name = text(it, "displayName");
	if (!o.name)
		o.name = tw_arena_printf(r->arena, "%g%%", o.target * 100);
	if (slo->composite && !is_own(it))
		wrong(r, it,
			"each objective of a composite needs an indicator or "
			"indicatorRef");
	else if (slo->composite && !read_indicator(r, &o.of, o.name, it, it))
		return;
	else if (!slo->composite)
		o.of = *common;
	if (slo->composite && !o.of.measure)
		return;
	if (!(o.target >= 0 && o.target < 1))
		wrong(r, it,
			"an objective needs a target between 0 and 1 (or "
			"targetPercent between 0 and 100)");
	else if (!o.of.is_ratio && (!o.op || !o.has_value))
		wrong(r, it,
			"an objective of a thresholdMetric needs op (lt, "
			"lte, gte, gt) and value");
	else if (slo->budgeting == TW_SLO_TIMESLICES && o.of.is_ratio &&
		 !(o.slice_target > 0 && o.slice_target <= 1))
		wrong(r, it,
			"Timeslices need a timeSliceTarget above 0, up to 1");
	else
		tw_vec_push_in(r->arena, &slo->objectives, o);
}

static void read_condition(const struct reader *r, struct tw_slo *slo,
	const char *name, const struct tw_yaml *spec)
{
	const struct tw_yaml *it = tw_yaml_get(spec, "condition");
	const char *kind = text(it, "kind"), *op = text(it, "op");
	struct tw_slo_alert alert = {.name = name, .at_least = true};

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

static void read_policy(const struct reader *r, struct tw_slo *slo,
	const struct tw_yaml *policy)
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
	const struct reader *r, struct tw_slo *slo, const struct tw_yaml *list)
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

static bool is_composite(const struct tw_yaml *objectives)
{
	for (size_t i = 0; i < tw_yaml_count(objectives); i++)
		if (is_own(tw_yaml_item(objectives, i)))
			return true;
	return false;
}

static void read_budgeting(
	const struct reader *r, struct tw_slo *slo, const struct tw_yaml *spec)
{
	static const char *const names[] = {
		"Occurrences", "Timeslices", "RatioTimeslices"};
	const struct tw_yaml *node = tw_yaml_get(spec, "budgetingMethod");
	const char *how = tw_yaml_text(node);

	for (int i = 0; how && i < 3; i++)
		if (!strcmp(how, names[i])) {
			slo->budgeting = (enum tw_slo_budgeting)i;
			return;
		}
	if (!tw_yaml_is_null(node))
		tw_diag_nearest(r->diags,
			wrong(r, node,
				"budgetingMethod is Occurrences, Timeslices "
				"or RatioTimeslices"),
			how ? how : "", names, 3);
}

static void read_slo(const struct reader *r, const struct tw_yaml *doc)
{
	const struct tw_yaml *spec = tw_yaml_get(doc, "spec");
	const struct tw_yaml *objectives = tw_yaml_get(spec, "objectives");
	struct tw_slo_indicator common = {0};
	struct tw_slo slo = {.pos = doc->pos,
		.composite = is_composite(objectives),
		.name = tw_yaml_text(
			tw_yaml_path(doc, "metadata", "name", NULL))};

	if (!slo.name) {
		wrong(r, doc, "this SLO has no metadata.name");
		return;
	}
	read_budgeting(r, &slo, spec);
	read_time_window(r, &slo, spec);
	if (slo.composite && is_own(spec))
		wrong(r, doc,
			"in a composite the indicator stands in each "
			"objective, not in the SLO");
	if (!slo.composite && !read_indicator(r, &common, slo.name, doc, spec))
		return;
	for (size_t i = 0; i < tw_yaml_count(objectives); i++)
		read_objective(r, &slo, tw_yaml_item(objectives, i), &common);
	read_policies(r, &slo, tw_yaml_get(spec, "alertPolicies"));
	if (!tw_yaml_count(objectives))
		wrong(r, doc, "this SLO has no objectives");
	tw_vec_push_in(r->arena, &r->to->list, slo);
}

void *tw_slo_read(struct tw_arena *arena, const struct tw_yaml_docs *docs,
	struct tw_judge_setup *setup, struct tw_diags *diags)
{
	struct reader r = {
		arena, docs, setup, diags, tw_new(arena, struct tw_slos)};
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
