#include "harness/config/law.h"

#include <stddef.h>

#define MOST_POINTS 1000

enum given {
	MEAN = 1 << 0,
	CV = 1 << 1,
	SHAPE = 1 << 2,
	MIN = 1 << 3,
	MAX = 1 << 4,
	ALPHA = 1 << 5,
	ONE = 1 << 6, /* quantile: no form takes it */
	TWO = 1 << 7,
	MANY = 1 << 8, /* more than two, or `quantiles:` */
};

struct form {
	struct tw_text kind; /* `dist:` */
	struct tw_int mean, min, max;
	struct tw_real cv, shape, alpha;
	bool listed; /* by `quantiles:` */
	TW_VEC(struct tw_quantile) points;
};

static const char *const kinds[] = {"constant", "uniform", "exponential",
	"lognormal", "gamma", "erlang", "pareto", "empirical", NULL};

/* ---- quantiles --------------------------------------------------------- */

static const struct tw_row quantile_row = {
	.name = "quantile",
	.type = TW_ROW_DURATION,
};

static void add_point(struct tw_schema_reader *reader, struct form *form,
	double p, struct tw_yaml *value)
{
	struct tw_int time = {0};

	tw_schema_value(reader, &quantile_row, &time, value);
	if (form->points.n == MOST_POINTS)
		tw_diag(reader->diags, TW_ERROR, value->pos,
			"more than %d quantiles", MOST_POINTS);
	else if (time.origin)
		tw_vec_push_in(reader->arena, &form->points,
			((struct tw_quantile){p, time.v}));
}

/* "p50", "p99.9" */
static bool read_point(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	double percent;

	if (key->n < 2 || key->value[0] != 'p' ||
		!tw_parse_real(
			(struct tw_str){key->value + 1, key->n - 1}, &percent))
		return false;
	if (percent < 0 || percent > 100)
		tw_diag(reader->diags, TW_ERROR, key->pos,
			"a quantile is from p0 to p100");
	else
		add_point(reader, base, percent / 100, value);
	return true;
}

/* {0.5: 2ms, 99%: 9ms} */
static void read_quantiles(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct form *form = base;
	double p;

	form->listed = true;
	if (node->kind != TW_YAML_MAPPING) {
		tw_schema_expected(reader, "quantiles",
			"a mapping such as {0.5: 2ms, 0.99: 9ms}", node);
		return;
	}
	for (size_t i = 0; i < node->pairs.n; i++) {
		const struct tw_yaml_pair *pair = &node->pairs.v[i];
		struct tw_str key = tw_yaml_str(pair->key);

		if (read_point(reader, base, pair->key, pair->value))
			continue;
		if (key.p &&
			(tw_parse_percent(key, &p) || tw_parse_real(key, &p)) &&
			p >= 0 && p <= 1)
			add_point(reader, form, p, pair->value);
		else
			tw_schema_expected(reader, "quantiles",
				"a quantile such as 0.99", pair->key);
	}
}

static const struct tw_row rows[] = {
	{.name = "dist",
		.type = TW_ROW_CHOICE,
		.offset = offsetof(struct form, kind),
		.choices = kinds,
		.help = "the kind of distribution, where the other keys do "
			"not tell"},
	{.name = "mean",
		.type = TW_ROW_DURATION,
		.offset = offsetof(struct form, mean),
		.help = "the mean"},
	{.name = "cv",
		.type = TW_ROW_REAL,
		.offset = offsetof(struct form, cv),
		.max = 1000,
		.help = "standard deviation divided by the mean"},
	{.name = "shape",
		.type = TW_ROW_REAL,
		.offset = offsetof(struct form, shape),
		.min = 0.01,
		.max = 1e6,
		.help = "of gamma; whole for erlang"},
	{.name = "min",
		.type = TW_ROW_DURATION,
		.offset = offsetof(struct form, min),
		.help = "the least value (uniform, pareto)"},
	{.name = "max",
		.type = TW_ROW_DURATION,
		.offset = offsetof(struct form, max),
		.help = "the greatest value (uniform)"},
	{.name = "alpha",
		.type = TW_ROW_REAL,
		.offset = offsetof(struct form, alpha),
		.max = 1000,
		.help = "the tail's exponent (pareto)"},
	{.name = "quantiles",
		.type = TW_ROW_FREE,
		.read = read_quantiles,
		.help = "an empirical distribution: {0.5: 2ms, 0.99: 9ms}"},
	{0},
};

const struct tw_table tw_law_table = {
	.name = "law",
	.help = "a duration, or a distribution of durations",
	.rows = rows,
	.other = read_point,
	.other_pattern = "^p[0-9]+([.][0-9]+)?$",
	.other_help = "a quantile: two make a lognormal, more an empirical "
		      "distribution",
};

/* ---- forms ------------------------------------------------------------- */

static int make_constant(const struct form *form, struct tw_arena *arena,
	struct tw_dist *dist, struct tw_error *error)
{
	(void)arena;
	return tw_dist_constant(dist, form->mean.v, error);
}

static int make_uniform(const struct form *form, struct tw_arena *arena,
	struct tw_dist *dist, struct tw_error *error)
{
	(void)arena;
	return tw_dist_uniform(dist, form->min.v, form->max.v, error);
}

static int make_exponential(const struct form *form, struct tw_arena *arena,
	struct tw_dist *dist, struct tw_error *error)
{
	(void)arena;
	return tw_dist_exponential(dist, form->mean.v, error);
}

static int make_lognormal(const struct form *form, struct tw_arena *arena,
	struct tw_dist *dist, struct tw_error *error)
{
	(void)arena;
	return tw_dist_lognormal(
		dist, form->points.v[0], form->points.v[1], error);
}

static int make_lognormal_mean(const struct form *form, struct tw_arena *arena,
	struct tw_dist *dist, struct tw_error *error)
{
	(void)arena;
	return tw_dist_lognormal_mean(dist, form->mean.v, form->cv.v, error);
}

static int make_gamma(const struct form *form, struct tw_arena *arena,
	struct tw_dist *dist, struct tw_error *error)
{
	double shape = form->shape.v;

	if (form->cv.origin && form->cv.v > 0)
		shape = 1 / (form->cv.v * form->cv.v);
	return tw_dist_gamma(dist, form->mean.v, shape, arena, error);
}

static int make_erlang(const struct form *form, struct tw_arena *arena,
	struct tw_dist *dist, struct tw_error *error)
{
	double shape = form->shape.v;

	if (shape < 1 || shape > (double)(int64_t)shape)
		return tw_fail(error, TW_E_USAGE,
			"the shape of erlang is a whole number from 1 on");
	return tw_dist_gamma(dist, form->mean.v, shape, arena, error);
}

static int make_pareto(const struct form *form, struct tw_arena *arena,
	struct tw_dist *dist, struct tw_error *error)
{
	(void)arena;
	return tw_dist_pareto(dist, form->min.v, form->alpha.v, error);
}

static int make_empirical(const struct form *form, struct tw_arena *arena,
	struct tw_dist *dist, struct tw_error *error)
{
	return tw_dist_empirical(
		dist, form->points.v, form->points.n, arena, error);
}

static const struct {
	const char *kind;
	const char *takes;
	unsigned given;
	bool named; /* only where `dist:` says so */
	int (*make)(const struct form *form, struct tw_arena *arena,
		struct tw_dist *dist, struct tw_error *error);
} forms[] = {
	{"constant", "mean", MEAN, true, make_constant},
	{"uniform", "min, max", MIN | MAX, false, make_uniform},
	{"exponential", "mean", MEAN, true, make_exponential},
	{"lognormal", "p50, p99", TWO, false, make_lognormal},
	{"lognormal", "mean, cv", MEAN | CV, false, make_lognormal_mean},
	{"gamma", "mean, shape", MEAN | SHAPE, false, make_gamma},
	{"gamma", "mean, cv", MEAN | CV, true, make_gamma},
	{"erlang", "mean, shape", MEAN | SHAPE, true, make_erlang},
	{"pareto", "min, alpha", MIN | ALPHA, false, make_pareto},
	{"empirical", "quantiles", MANY, false, make_empirical},
	{"empirical", "p50, p99", TWO, true, make_empirical},
};

#define N_FORMS (sizeof forms / sizeof *forms)

static unsigned given_of(const struct form *form)
{
	unsigned given = 0;

	given |= form->mean.origin ? MEAN : 0;
	given |= form->cv.origin ? CV : 0;
	given |= form->shape.origin ? SHAPE : 0;
	given |= form->min.origin ? MIN : 0;
	given |= form->max.origin ? MAX : 0;
	given |= form->alpha.origin ? ALPHA : 0;
	if (form->points.n == 2 && !form->listed)
		given |= TWO;
	else if (form->points.n == 1 && !form->listed)
		given |= ONE;
	else if (form->points.n)
		given |= MANY;
	return given;
}

static size_t find_form(const struct form *form)
{
	unsigned given = given_of(form);
	size_t i;

	for (i = 0; i < N_FORMS; i++)
		if (forms[i].given == given &&
			(form->kind.v ? !strcmp(form->kind.v, forms[i].kind)
				      : !forms[i].named))
			break;
	return i;
}

static void no_form(struct tw_schema_reader *reader, const struct form *form,
	const struct tw_yaml *node)
{
	struct tw_diag *diag = tw_diag(reader->diags, TW_ERROR, node->pos,
		"these keys do not make a %s distribution",
		form->kind.v ? form->kind.v : "known");
	struct tw_buf all = {0};

	for (size_t i = 0; i < N_FORMS; i++)
		if (!form->kind.v || !strcmp(form->kind.v, forms[i].kind))
			tw_buf_printf(&all, "%s%s of {%s}", all.n ? ", " : "",
				forms[i].kind, forms[i].takes);
	tw_diag_hint(reader->diags, diag, "there are: %s", tw_buf_text(&all));
	tw_buf_release(&all);
}

/* By p: p99 may be written before p50. */
static void sort_points(struct form *form)
{
	for (size_t i = 1; i < form->points.n; i++) {
		struct tw_quantile point = form->points.v[i];
		size_t k = i;

		for (; k && form->points.v[k - 1].p > point.p; k--)
			form->points.v[k] = form->points.v[k - 1];
		form->points.v[k] = point;
	}
}

static bool read_form(struct tw_schema_reader *reader, struct tw_yaml *node,
	struct tw_dist *dist)
{
	size_t errors = reader->diags->errors, i;
	struct form form = {0};
	struct tw_error error;

	tw_schema_read(reader, &tw_law_table, &form, node);
	if (reader->diags->errors > errors)
		return false;
	sort_points(&form);
	i = find_form(&form);
	if (i == N_FORMS) {
		no_form(reader, &form, node);
		return false;
	}
	if (!forms[i].make(&form, reader->arena, dist, &error))
		return true;
	tw_diag(reader->diags, TW_ERROR, node->pos, "%s", error.message);
	return false;
}

static bool read_constant(struct tw_schema_reader *reader, const char *name,
	struct tw_yaml *node, struct tw_dist *dist)
{
	struct tw_row row = {.name = name, .type = TW_ROW_DURATION};
	struct tw_int time = {0};
	struct tw_error error;

	tw_schema_value(reader, &row, &time, node);
	if (!time.origin)
		return false;
	if (!tw_dist_constant(dist, time.v, &error))
		return true;
	tw_diag(reader->diags, TW_ERROR, node->pos, "%s", error.message);
	return false;
}

void tw_law_read(struct tw_schema_reader *reader, const char *name,
	struct tw_law *law, struct tw_yaml *node)
{
	struct tw_dist dist = {0};
	bool fine;

	tw_yaml_use_all(node);
	if (node->kind == TW_YAML_MAPPING) {
		fine = read_form(reader, node, &dist);
	} else if (tw_yaml_text(node)) {
		fine = read_constant(reader, name, node, &dist);
	} else {
		tw_schema_expected(
			reader, name, tw_row_type_text(TW_ROW_LAW), node);
		fine = false;
	}
	if (fine && !tw_set_law(law, &dist, tw_schema_origin(reader, node)))
		tw_diag(reader->diags, TW_WARNING, node->pos,
			"%s: not used, as a stronger source says otherwise",
			name);
}
