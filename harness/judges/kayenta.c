#include "harness/judges/kayenta.h"

#include "twins/kernel/fmath.h"
#include "twins/kernel/random.h"

#include <stdlib.h>
#include <string.h>

const char *const tw_kayenta_class_names[5] = {
	"Pass", "High", "Low", "Nodata", "NodataFailMetric"};

void tw_kayenta_rule_init(struct tw_kayenta_rule *rule)
{
	*rule = (struct tw_kayenta_rule){.outlier_factor = 3,
		.tolerance = 0.25,
		.confidence = 0.98,
		.allowed = {1, 1},
		.criticals = {1, 1}};
}

/* ---- before the test ---------------------------------------------------- */

struct values {
	double *v;
	size_t n;
};

/* NaNs first, then outliers. */
static struct values prepared(
	const struct tw_kayenta_rule *rule, const double *from, size_t n)
{
	struct values to = {tw_calloc(n + 1, sizeof *to.v), 0};
	bool *outlier = tw_calloc(n + 1, sizeof *outlier);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (from[i] == from[i])
			to.v[to.n++] = from[i];
		else if (rule->replace_nan)
			to.v[to.n++] = 0;
	if (rule->drop_outliers) {
		tw_kayenta_iqr(to.v, to.n, rule->outlier_factor, true, outlier);
		for (size_t i = 0; i < to.n; i++)
			if (!outlier[i])
				to.v[kept++] = to.v[i];
		to.n = kept;
	}
	tw_free(outlier);
	return to;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool is_constant(const struct values *x)
{
	for (size_t i = 1; i < x->n; i++)
		if (x->v[i] != x->v[0])
			return false;
	return true;
}

/* In any order. */
static bool are_equal(const struct values *x, const struct values *y)
{
	struct values a = {tw_calloc(x->n + 1, sizeof *a.v), x->n};
	struct values b = {tw_calloc(y->n + 1, sizeof *b.v), y->n};
	bool equal;

	memcpy(a.v, x->v, x->n * sizeof *a.v);
	memcpy(b.v, y->v, y->n * sizeof *b.v);
	qsort(a.v, a.n, sizeof *a.v, compare);
	qsort(b.v, b.n, sizeof *b.v, compare);
	equal = a.n == b.n;
	for (size_t i = 0; equal && i < a.n; i++)
		equal = a.v[i] == b.v[i];
	tw_free(a.v);
	tw_free(b.v);
	return equal;
}

/* Kayenta draws it anew each time; ours is the same for the same values. */
static void add_noise(struct values *x, uint64_t side)
{
	for (size_t i = 0; i < x->n; i++) {
		double u = tw_draw(0, side, TW_DRAW_BOOTSTRAP, (uint32_t)i);
		double size = x->v[i] < 0 ? -x->v[i] : x->v[i];

		x->v[i] += 1e-5 * size * tw_normal_inverse(u);
	}
}

/* ---- one metric --------------------------------------------------------- */

/* Where there is no effect its check is passed over. */
static bool reaches(double effect, const double thresholds[2], bool high)
{
	if (effect != effect)
		return true;
	return high ? effect >= thresholds[1] : effect <= thresholds[0];
}

static struct tw_kayenta_found tested(const struct tw_kayenta_rule *rule,
	const struct values *x, const struct values *y)
{
	struct tw_kayenta_shift shift =
		tw_kayenta_shift_of(x->v, x->n, y->v, y->n, rule->confidence);
	double size = shift.estimate < 0 ? -shift.estimate : shift.estimate;
	struct tw_kayenta_found found = {
		.effect = rule->cles ? tw_kayenta_cles(x->v, x->n, y->v, y->n)
				     : tw_kayenta_mean_ratio(
					       x->v, x->n, y->v, y->n)};

	if (rule->direction != TW_KAYENTA_DECREASE &&
		shift.low > rule->tolerance * size &&
		reaches(found.effect, rule->allowed, true))
		found.class = TW_KAYENTA_HIGH;
	else if (rule->direction != TW_KAYENTA_INCREASE &&
		 shift.high < -rule->tolerance * size &&
		 reaches(found.effect, rule->allowed, false))
		found.class = TW_KAYENTA_LOW;
	found.critical = rule->critical && found.class != TW_KAYENTA_PASS &&
			 reaches(found.effect, rule->criticals,
				 found.class == TW_KAYENTA_HIGH);
	return found;
}

static struct tw_kayenta_found classified(
	const struct tw_kayenta_rule *rule, struct values *x, struct values *y)
{
	struct tw_kayenta_found found = {.effect = NAN};

	if (!x->n || !y->n) {
		if (rule->replace_nan)
			return found;
		found.critical = rule->critical;
		found.class = rule->must_have_data && !rule->critical
				      ? TW_KAYENTA_NODATA_FAIL
				      : TW_KAYENTA_NODATA;
		return found;
	}
	if (are_equal(x, y))
		return found;
	if (is_constant(x) && is_constant(y)) {
		if (x->v[0] == y->v[0])
			return found;
		add_noise(x, 1);
		add_noise(y, 2);
	}
	return tested(rule, x, y);
}

struct tw_kayenta_found tw_kayenta_classify(const struct tw_kayenta_rule *rule,
	const double *experiment, size_t n, const double *control, size_t m)
{
	struct values x = prepared(rule, experiment, n);
	struct values y = prepared(rule, control, m);
	struct tw_kayenta_found found = classified(rule, &x, &y);

	tw_free(x.v);
	tw_free(y.v);
	return found;
}

enum tw_kayenta_class tw_kayenta_mean_inequality(
	enum tw_kayenta_direction direction, const double *experiment, size_t n,
	const double *control, size_t m)
{
	double x, y;

	if (!n || !m)
		return TW_KAYENTA_NODATA;
	x = tw_kayenta_summarise(experiment, n).mean;
	y = tw_kayenta_summarise(control, m).mean;
	if (x > y && direction != TW_KAYENTA_DECREASE)
		return TW_KAYENTA_HIGH;
	if (x < y && direction != TW_KAYENTA_INCREASE)
		return TW_KAYENTA_LOW;
	return TW_KAYENTA_PASS;
}

/* ---- the score ---------------------------------------------------------- */

struct group {
	const char *name;
	size_t passed, counted;
	bool listed;
	double weight;
};

TW_VEC_TYPE(groups, struct group);

static struct group *group_of(struct groups *to, const char *name)
{
	for (size_t i = 0; i < to->n; i++)
		if (!strcmp(to->v[i].name, name))
			return &to->v[i];
	tw_vec_push(to, (struct group){.name = name});
	return &to->v[to->n - 1];
}

static void count(struct groups *to, const struct tw_kayenta_scored *metric)
{
	for (size_t i = 0; i < metric->n_groups; i++) {
		struct group *group = group_of(to, metric->groups[i]);

		group->passed += metric->class == TW_KAYENTA_PASS;
		group->counted += metric->class != TW_KAYENTA_NODATA;
	}
}

/* Groups that are not listed share what the listed ones leave. */
static void weigh(
	struct groups *to, const struct tw_kayenta_weight *weights, size_t n)
{
	double rest = 100;
	size_t unlisted = to->n;

	for (size_t i = 0; i < n; i++) {
		rest -= weights[i].weight;
		for (size_t k = 0; k < to->n; k++)
			if (!strcmp(to->v[k].name, weights[i].group)) {
				to->v[k].listed = true;
				to->v[k].weight = weights[i].weight;
				unlisted--;
			}
	}
	for (size_t k = 0; k < to->n; k++)
		if (!to->v[k].listed)
			to->v[k].weight = rest / (double)unlisted;
}

static double summed(const struct groups *of)
{
	double sum = 0;

	for (size_t i = 0; i < of->n; i++) {
		const struct group *group = &of->v[i];
		/* A group without any data counts as whole. */
		double score = group->counted ? 100.0 * (double)group->passed /
							(double)group->counted
					      : 100;

		sum += score * group->weight / 100;
	}
	return tw_floor(sum * 100 + 0.5) / 100;
}

double tw_kayenta_score(const struct tw_kayenta_scored *metrics, size_t n,
	const struct tw_kayenta_weight *weights, size_t n_weights)
{
	struct groups groups = {0};
	size_t without = 0;
	double score;
	bool broken = false;

	for (size_t i = 0; i < n; i++) {
		count(&groups, &metrics[i]);
		without += metrics[i].class == TW_KAYENTA_NODATA;
		broken = broken || (metrics[i].critical &&
					   metrics[i].class != TW_KAYENTA_PASS);
	}
	weigh(&groups, weights, n_weights);
	score = broken || 2 * without >= n ? 0 : summed(&groups);
	tw_vec_release(&groups);
	return score;
}
