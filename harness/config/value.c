/* One value: from a YAML scalar to a number with a unit. */
#include "harness/config/law.h"
#include "harness/config/schema.h"

#include "twins/base/assert.h"

#include <stdio.h>

static const struct {
	const char *what;
	const char *unit; /* example for a number that lacks one */
} types[] = {
	[TW_ROW_TEXT] = {"text", NULL},
	[TW_ROW_NAME] = {"text", NULL},
	[TW_ROW_TEXTS] = {"text or a list of texts", NULL},
	[TW_ROW_COMMAND] = {"a list: a program and its arguments", NULL},
	[TW_ROW_CHOICE] = {"one of its choices", NULL},
	[TW_ROW_ENUM] = {"one of its choices", NULL},
	[TW_ROW_FLAG] = {"true or false", NULL},
	[TW_ROW_SWITCH] = {"true or false", NULL},
	[TW_ROW_INT] = {"a whole number", NULL},
	[TW_ROW_DURATION] = {"a duration such as 250ms", "ms"},
	[TW_ROW_CPU] = {"an amount of CPU such as 500m or 2", NULL},
	[TW_ROW_BYTES] = {"an amount of memory such as 128Mi", "Mi"},
	[TW_ROW_REAL] = {"a number", NULL},
	[TW_ROW_RATIO] = {"a ratio such as 5% or 0.05", "%"},
	[TW_ROW_FACTOR] = {"a factor such as 2x", "x"},
	[TW_ROW_RATE] = {"a rate such as 200/s or 60/min", "/s"},
	[TW_ROW_LAW] = {"a duration such as 5ms, or a distribution such as "
			"{p50: 2ms, p99: 9ms}",
		"ms"},
	[TW_ROW_GROUP] = {"a mapping", NULL},
	[TW_ROW_LIST] = {"a list", NULL},
	[TW_ROW_MAP] = {"a mapping", NULL},
	[TW_ROW_FREE] = {"a mapping", NULL},
};

const char *tw_row_type_text(enum tw_row_type type)
{
	return types[type].what;
}

const struct tw_origin *tw_schema_origin(
	struct tw_schema_reader *reader, const struct tw_yaml *node)
{
	struct tw_origin *origin = tw_new(reader->arena, struct tw_origin);

	origin->source = reader->source;
	origin->pos = node->pos;
	return origin;
}

struct tw_text tw_schema_text(
	struct tw_schema_reader *reader, const struct tw_yaml *node)
{
	struct tw_origin *origin = tw_new(reader->arena, struct tw_origin);

	origin->source = reader->source;
	origin->pos = node->pos;
	if (node->style == TW_YAML_SINGLE || node->style == TW_YAML_DOUBLE) {
		origin->pos.column++;
		origin->pos.width =
			node->pos.width > 2 ? node->pos.width - 2 : 1;
	}
	return (struct tw_text){node->value, origin};
}

struct tw_diag *tw_schema_expected(struct tw_schema_reader *reader,
	const char *name, const char *what, const struct tw_yaml *node)
{
	struct tw_str text = tw_yaml_str(node);
	bool show = text.p && text.n && text.n <= 40;

	return tw_diag(reader->diags, TW_ERROR, node->pos,
		"%s: expected %s, not %s%s%s", name, what,
		show ? "'" : tw_yaml_kind_name(node), show ? text.p : "",
		show ? "'" : "");
}

/* ---- out of a text ----------------------------------------------------- */

static bool parse_rate(struct tw_str s, double *rate)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {{"/s", 1}, {"/min", 60}, {"/m", 60}, {"/h", 3600}};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t n = strlen(units[i].unit);

		if (s.n <= n || memcmp(s.p + s.n - n, units[i].unit, n))
			continue;
		s.n -= n;
		if (!tw_parse_real(s, rate))
			return false;
		*rate /= units[i].seconds;
		return true;
	}
	return false;
}

static bool parse_factor(struct tw_str s, double *factor)
{
	if (s.n && s.p[s.n - 1] == 'x')
		s.n--;
	return tw_parse_real(s, factor);
}

static bool parse_ratio(struct tw_str s, double *ratio)
{
	return tw_parse_percent(s, ratio) || tw_parse_real(s, ratio);
}

/* A bare number of bytes is a unit forgotten; only 0 is fine. */
static bool parse_bytes(struct tw_str s, int64_t *bytes)
{
	double bare;

	if (!tw_parse_quantity(s, bytes))
		return false;
	*bytes /= 1000;
	return !*bytes || !tw_parse_real(s, &bare);
}

static bool parse_real(
	enum tw_row_type type, const struct tw_yaml *node, double *value)
{
	struct tw_str s = tw_yaml_str(node);

	switch (type) {
	case TW_ROW_RATIO:
		return parse_ratio(s, value);
	case TW_ROW_FACTOR:
		return parse_factor(s, value);
	case TW_ROW_RATE:
		return parse_rate(s, value);
	default:
		return tw_yaml_real(node, value);
	}
}

static bool parse_int(
	enum tw_row_type type, const struct tw_yaml *node, int64_t *value)
{
	struct tw_str s = tw_yaml_str(node);

	switch (type) {
	case TW_ROW_DURATION:
		return tw_parse_duration(s, value);
	case TW_ROW_CPU:
		return tw_parse_quantity(s, value);
	case TW_ROW_BYTES:
		return parse_bytes(s, value);
	default:
		return tw_yaml_int(node, value);
	}
}

/* ---- ranges ------------------------------------------------------------ */

#define NO_BOUND 9e18

static double highest(const struct tw_row *row)
{
	if (row->max > 0)
		return row->max;
	return row->type == TW_ROW_RATIO ? 1 : NO_BOUND;
}

#define BOUND_TEXT 40

static void bound_text(
	const struct tw_row *row, double bound, char to[static BOUND_TEXT])
{
	switch (row->type) {
	case TW_ROW_DURATION:
		tw_time_text((tw_time)bound, to);
		return;
	case TW_ROW_INT:
	case TW_ROW_BYTES:
		snprintf(to, BOUND_TEXT, "%lld", (long long)bound);
		return;
	case TW_ROW_CPU:
		snprintf(to, BOUND_TEXT, "%lldm", (long long)bound);
		return;
	case TW_ROW_RATIO:
		snprintf(to, BOUND_TEXT, "%.6g%%", bound * 100);
		return;
	default:
		snprintf(to, BOUND_TEXT, "%.6g%s", bound,
			row->type == TW_ROW_FACTOR ? "x"
			: row->type == TW_ROW_RATE ? "/s"
						   : "");
	}
}

static bool in_range(struct tw_schema_reader *reader, const struct tw_row *row,
	const struct tw_yaml *node, double value)
{
	char low[BOUND_TEXT], high[BOUND_TEXT];
	double most = highest(row);

	if (value >= row->min && value <= most)
		return true;
	bound_text(row, row->min, low);
	if (most >= NO_BOUND) {
		tw_diag(reader->diags, TW_ERROR, node->pos,
			"%s: must be at least %s", row->name, low);
		return false;
	}
	bound_text(row, most, high);
	if (!strcmp(low, high))
		tw_diag(reader->diags, TW_ERROR, node->pos, "%s: must be %s",
			row->name, low);
	else
		tw_diag(reader->diags, TW_ERROR, node->pos,
			"%s: must be from %s to %s", row->name, low, high);
	return false;
}

/* ---- setting ----------------------------------------------------------- */

static void masked(struct tw_schema_reader *reader, const char *name,
	const struct tw_yaml *node, const struct tw_origin *winner)
{
	struct tw_diag *diag = tw_diag(reader->diags, TW_WARNING, node->pos,
		"%s: not used, as what is deployed says otherwise", name);

	diag->rule = "masked-by-manifest";
	if (winner && winner->pos.file)
		tw_diag_hint(reader->diags, diag, "see %s:%d", winner->pos.file,
			winner->pos.line);
}

/* The same source twice with two values: two model files disagree. */
static void replaced(struct tw_schema_reader *reader, const char *name,
	const struct tw_yaml *node, const struct tw_origin *before)
{
	struct tw_diag *diag;

	if (!before || before->source != reader->source)
		return;
	diag = tw_diag(reader->diags, TW_WARNING, node->pos,
		"%s: given a second time, with another value", name);
	diag->rule = "given-twice";
	tw_diag_hint(reader->diags, diag, "the first is %s:%d; this one wins",
		before->pos.file, before->pos.line);
}

static void set_int(struct tw_schema_reader *reader, const char *name,
	struct tw_int *field, int64_t v, const struct tw_yaml *node)
{
	struct tw_int before = *field;

	if (!tw_set_int(field, v, tw_schema_origin(reader, node)))
		masked(reader, name, node, before.origin);
	else if (before.origin && before.v != v)
		replaced(reader, name, node, before.origin);
}

static void set_real(struct tw_schema_reader *reader, const char *name,
	struct tw_real *field, double v, const struct tw_yaml *node)
{
	struct tw_real before = *field;

	if (!tw_set_real(field, v, tw_schema_origin(reader, node)))
		masked(reader, name, node, before.origin);
	else if (before.origin && (before.v < v || before.v > v))
		replaced(reader, name, node, before.origin);
}

static void set_text(struct tw_schema_reader *reader, const char *name,
	struct tw_text *field, const struct tw_yaml *node)
{
	struct tw_text text = tw_schema_text(reader, node), before = *field;

	if (!tw_set_text(field, text.v, text.origin))
		masked(reader, name, node, before.origin);
	else if (before.origin && strcmp(before.v, text.v))
		replaced(reader, name, node, before.origin);
}

/* ---- values ------------------------------------------------------------ */

static size_t count(const char *const *choices)
{
	size_t n = 0;

	while (choices[n])
		n++;
	return n;
}

/* The place among the choices, or -1 and a finding. */
static int64_t choose(struct tw_schema_reader *reader, const struct tw_row *row,
	const struct tw_yaml *node)
{
	struct tw_str text = tw_yaml_str(node);
	struct tw_buf all = {0};
	struct tw_diag *diag;
	size_t n = count(row->choices);

	for (size_t i = 0; text.p && i < n; i++)
		if (tw_str_equal(text, row->choices[i]))
			return (int64_t)i;
	for (size_t i = 0; i < n; i++)
		tw_buf_printf(
			&all, "%s%s", i ? ", " : "one of ", row->choices[i]);
	diag = tw_schema_expected(reader, row->name, tw_buf_text(&all), node);
	tw_buf_release(&all);
	if (text.p)
		tw_diag_nearest(reader->diags, diag, text.p, row->choices, n);
	return -1;
}

static void read_choice(struct tw_schema_reader *reader,
	const struct tw_row *row, void *at, const struct tw_yaml *node)
{
	int64_t place = choose(reader, row, node);

	if (place < 0)
		return;
	if (row->type == TW_ROW_ENUM)
		set_int(reader, row->name, at, place, node);
	else
		set_text(reader, row->name, at, node);
}

static bool is_text(const struct tw_yaml *node)
{
	return tw_yaml_text(node) && strlen(node->value) == node->n;
}

static void expected(struct tw_schema_reader *reader, const struct tw_row *row,
	const struct tw_yaml *node)
{
	struct tw_diag *diag = tw_schema_expected(
		reader, row->name, types[row->type].what, node);
	struct tw_str text = tw_yaml_str(node);
	double bare;

	if (types[row->type].unit && text.p && tw_parse_real(text, &bare))
		tw_diag_hint(reader->diags, diag, "a unit is missing: %s%s?",
			text.p, types[row->type].unit);
}

static void read_texts(struct tw_schema_reader *reader,
	const struct tw_row *row, struct tw_texts *to,
	const struct tw_yaml *node)
{
	if (is_text(node) && row->type == TW_ROW_TEXTS) {
		tw_vec_push_in(reader->arena, to, tw_schema_text(reader, node));
		return;
	}
	if (node->kind != TW_YAML_SEQUENCE) {
		expected(reader, row, node);
		return;
	}
	for (size_t i = 0; i < node->items.n; i++) {
		if (is_text(node->items.v[i]))
			tw_vec_push_in(reader->arena, to,
				tw_schema_text(reader, node->items.v[i]));
		else
			tw_schema_expected(
				reader, row->name, "text", node->items.v[i]);
	}
}

static void read_int(struct tw_schema_reader *reader, const struct tw_row *row,
	struct tw_int *to, const struct tw_yaml *node)
{
	int64_t value;

	if (!is_text(node) || !parse_int(row->type, node, &value))
		expected(reader, row, node);
	else if (in_range(reader, row, node, (double)value))
		set_int(reader, row->name, to, value, node);
}

static void read_switch(struct tw_schema_reader *reader,
	const struct tw_row *row, struct tw_int *to, const struct tw_yaml *node)
{
	bool on;

	if (!tw_yaml_bool(node, &on))
		expected(reader, row, node);
	else
		set_int(reader, row->name, to, on, node);
}

static void read_real(struct tw_schema_reader *reader, const struct tw_row *row,
	struct tw_real *to, const struct tw_yaml *node)
{
	double value;

	if (!is_text(node) || !parse_real(row->type, node, &value))
		expected(reader, row, node);
	else if (in_range(reader, row, node, value))
		set_real(reader, row->name, to, value, node);
}

void tw_schema_value(struct tw_schema_reader *reader, const struct tw_row *row,
	void *at, struct tw_yaml *node)
{
	switch (row->type) {
	case TW_ROW_TEXT:
		if (is_text(node))
			set_text(reader, row->name, at, node);
		else
			expected(reader, row, node);
		return;
	case TW_ROW_NAME:
		if (is_text(node))
			*(const char **)at = node->value;
		else
			expected(reader, row, node);
		return;
	case TW_ROW_TEXTS:
	case TW_ROW_COMMAND:
		read_texts(reader, row, at, node);
		return;
	case TW_ROW_CHOICE:
	case TW_ROW_ENUM:
		read_choice(reader, row, at, node);
		return;
	case TW_ROW_FLAG:
		if (!tw_yaml_bool(node, at))
			expected(reader, row, node);
		return;
	case TW_ROW_SWITCH:
		read_switch(reader, row, at, node);
		return;
	case TW_ROW_INT:
	case TW_ROW_DURATION:
	case TW_ROW_CPU:
	case TW_ROW_BYTES:
		read_int(reader, row, at, node);
		return;
	case TW_ROW_REAL:
	case TW_ROW_RATIO:
	case TW_ROW_FACTOR:
	case TW_ROW_RATE:
		read_real(reader, row, at, node);
		return;
	case TW_ROW_LAW:
		tw_law_read(reader, row->name, at, node);
		return;
	case TW_ROW_GROUP:
	case TW_ROW_LIST:
	case TW_ROW_MAP:
	case TW_ROW_FREE:
		break;
	}
	tw_unreachable();
}
