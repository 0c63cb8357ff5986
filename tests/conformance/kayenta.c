/* NetflixACAJudge, by the functions that a gate's `kayenta:` judge calls. */
#include "tests/conformance/conformance.h"
#include "harness/judges/kayenta.h"

#include <math.h>
#include <stdio.h>

struct numbers {
	double *v;
	size_t n;
};

static struct numbers numbers_of(struct conformance *c, const char *key)
{
	struct tw_yaml *list = tw_yaml_get(c->in, key);
	struct numbers to = {NULL, tw_yaml_count(list)};

	to.v = tw_new_array(&c->arena, to.n + 1, double);
	for (size_t i = 0; i < to.n; i++)
		if (!tw_yaml_real(tw_yaml_item(list, i), &to.v[i]))
			to.v[i] = NAN;
	return to;
}

static void compare_real(struct conformance *c, const char *what, double got,
	double low, double high)
{
	if (!(got >= low && got <= high))
		conformance_differs(c, "%s is %.17g, not within %.17g .. %.17g",
			what, got, low, high);
}

static void near(struct conformance *c, const char *what, double got)
{
	double want = conformance_get_real(c->want, what, NAN);
	double by = conformance_get_real(c->want, "tolerance", 0);

	if (want != want) {
		if (got == got)
			conformance_differs(
				c, "%s is %.17g, not NaN", what, got);
		return;
	}
	compare_real(c, what, got, want - by, want + by);
}

static enum tw_kayenta_direction direction_of(struct conformance *c)
{
	const char *text = conformance_get_text(c->in, "direction", "either");

	return !strcmp(text, "increase")   ? TW_KAYENTA_INCREASE
	       : !strcmp(text, "decrease") ? TW_KAYENTA_DECREASE
					   : TW_KAYENTA_EITHER;
}

static void thresholds(struct conformance *c, const char *key, double to[2])
{
	struct tw_yaml *list = tw_yaml_get(c->in, key);

	for (size_t i = 0; i < 2; i++)
		tw_yaml_real(tw_yaml_item(list, i), &to[i]);
}

static void classify(struct conformance *c)
{
	struct numbers x = numbers_of(c, "experiment");
	struct numbers y = numbers_of(c, "control");
	struct tw_kayenta_rule rule;
	struct tw_kayenta_found found;

	tw_kayenta_rule_init(&rule);
	rule.direction = direction_of(c);
	rule.tolerance = conformance_get_real(c->in, "tolerance", 0.25);
	rule.confidence = conformance_get_real(c->in, "confidence", 0.98);
	rule.critical = conformance_get_bool(c->in, "critical_metric", false);
	rule.replace_nan = !strcmp(
		conformance_get_text(c->in, "nan_strategy", ""), "replace");
	rule.cles = !strcmp(conformance_get_text(c->in, "effect", ""), "cles");
	thresholds(c, "effect_thresholds", rule.allowed);
	thresholds(c, "critical_thresholds", rule.criticals);
	found = tw_kayenta_classify(&rule, x.v, x.n, y.v, y.n);
	conformance_text(c, "class", tw_yaml_get(c->want, "class"),
		tw_kayenta_class_names[found.class]);
	if (tw_yaml_get(c->want, "critical"))
		conformance_bool(c, "critical",
			tw_yaml_get(c->want, "critical"), found.critical);
}

static void mean_inequality(struct conformance *c)
{
	struct numbers x = numbers_of(c, "experiment");
	struct numbers y = numbers_of(c, "control");

	conformance_text(c, "class", tw_yaml_get(c->want, "class"),
		tw_kayenta_class_names[tw_kayenta_mean_inequality(
			direction_of(c), x.v, x.n, y.v, y.n)]);
}

static enum tw_kayenta_class class_of(const char *name)
{
	int i = 0;

	while (i < TW_KAYENTA_NODATA_FAIL &&
		strcmp(tw_kayenta_class_names[i], name))
		i++;
	return (enum tw_kayenta_class)i;
}

static void score(struct conformance *c)
{
	struct tw_yaml *list = tw_yaml_get(c->in, "metrics");
	struct tw_yaml *map = tw_yaml_get(c->in, "group_weights");
	size_t n = tw_yaml_count(list), m = tw_yaml_count(map);
	struct tw_kayenta_scored *metrics =
		tw_new_array(&c->arena, n + 1, struct tw_kayenta_scored);
	struct tw_kayenta_weight *weights =
		tw_new_array(&c->arena, m + 1, struct tw_kayenta_weight);

	for (size_t i = 0; i < n; i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		struct tw_yaml *groups = tw_yaml_get(it, "groups");
		const char **names = tw_new_array(
			&c->arena, tw_yaml_count(groups) + 1, const char *);

		for (size_t k = 0; k < tw_yaml_count(groups); k++)
			names[k] = tw_yaml_text(tw_yaml_item(groups, k));
		metrics[i] = (struct tw_kayenta_scored){
			class_of(conformance_get_text(it, "class", "")),
			conformance_get_bool(it, "critical", false), names,
			tw_yaml_count(groups)};
	}
	for (size_t i = 0; i < m; i++) {
		weights[i].group = tw_yaml_text(map->pairs.v[i].key);
		tw_yaml_real(map->pairs.v[i].value, &weights[i].weight);
	}
	near(c, "summary", tw_kayenta_score(metrics, n, weights, m));
}

static void effect(struct conformance *c)
{
	struct numbers x = numbers_of(c, "experiment");
	struct numbers y = numbers_of(c, "control");
	const char *measure = conformance_get_text(c->in, "measure", "");

	near(c, "value",
		!strcmp(measure, "cles") ? tw_kayenta_cles(x.v, x.n, y.v, y.n)
		: !strcmp(measure, "cohen_d")
			? tw_kayenta_cohen_d(x.v, x.n, y.v, y.n)
			: tw_kayenta_mean_ratio(x.v, x.n, y.v, y.n));
}

static void outliers(struct conformance *c)
{
	struct numbers x = numbers_of(c, "data");
	struct tw_yaml *want = tw_yaml_get(c->want, "outlier");
	bool *got = tw_new_array(&c->arena, x.n + 1, bool);

	if (!strcmp(conformance_get_text(c->in, "detector", ""), "ksigma"))
		tw_kayenta_ksigma(
			x.v, x.n, conformance_get_real(c->in, "k", 3), got);
	else
		tw_kayenta_iqr(x.v, x.n,
			conformance_get_real(c->in, "factor", 1.5), false, got);
	for (size_t i = 0; i < x.n; i++)
		conformance_bool(c, "outlier", tw_yaml_item(want, i), got[i]);
}

static void summary(struct conformance *c)
{
	struct numbers x = numbers_of(c, "data");
	struct tw_kayenta_summary got = tw_kayenta_summarise(x.v, x.n);

	near(c, "min", got.min);
	near(c, "max", got.max);
	near(c, "mean", got.mean);
	near(c, "std", got.std);
	near(c, "count", (double)got.n);
}

static void percentile(struct conformance *c)
{
	struct numbers x = numbers_of(c, "data");

	near(c, "value",
		tw_kayenta_percentile(
			x.v, x.n, conformance_get_real(c->in, "p", 50)));
}

static void wilcoxon(struct conformance *c)
{
	struct numbers x = numbers_of(c, "x"), y = numbers_of(c, "y");

	near(c, "value",
		tw_kayenta_wilcoxon(conformance_get_real(c->in, "mu", 0), x.v,
			x.n, y.v, y.n));
}

/* Beyond what is asked for: where the reference's solver itself stops. */
static void end_of(struct conformance *c, const char *what, double got)
{
	double want = conformance_get_real(c->want, what, NAN);
	double by = want < 0 ? -want : want;

	compare_real(c, what, got, want - 1e-13 * by, want + 1e-13 * by);
}

static void confidence(struct conformance *c)
{
	struct numbers x = numbers_of(c, "x"), y = numbers_of(c, "y");
	struct tw_kayenta_shift got = tw_kayenta_shift_of(
		x.v, x.n, y.v, y.n, conformance_get_real(c->in, "level", 0.98));

	end_of(c, "low", got.low);
	end_of(c, "high", got.high);
	end_of(c, "estimate", got.estimate);
}

const struct conformance_adapter conformance_kayenta[] = {
	{"kayenta-judge", "classify", classify},
	{"kayenta-judge", "mean_inequality", mean_inequality},
	{"kayenta-judge", "score", score},
	{"kayenta-judge", "effect", effect},
	{"kayenta-judge", "outliers", outliers},
	{"kayenta-judge", "summary", summary},
	{"kayenta-judge", "percentile", percentile},
	{"kayenta-judge", "wilcoxon", wilcoxon},
	{"kayenta-judge", "confidence", confidence},
	{NULL, NULL, NULL},
};
