/* The tables as JSON Schema, and as text for people. */
#include "harness/config/law.h"
#include "harness/config/schema.h"

#include <stdio.h>

#define TEXT_TYPES "[\"string\", \"number\", \"boolean\"]"

static void add_string(struct tw_buf *out, const char *s)
{
	tw_buf_add_char(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			tw_buf_add_char(out, '\\');
		tw_buf_add_char(out, *s);
	}
	tw_buf_add_char(out, '"');
}

static void add_member(struct tw_buf *out, const char *name, const char *text)
{
	tw_buf_printf(out, ", \"%s\": ", name);
	add_string(out, text);
}

/* ---- which tables there are -------------------------------------------- */

TW_VEC_TYPE(tables, const struct tw_table *);

static void collect(struct tables *tables, const struct tw_table *table)
{
	for (size_t i = 0; i < tables->n; i++)
		if (tables->v[i] == table)
			return;
	tw_vec_push(tables, table);
	for (const struct tw_row *row = table->rows; row->name; row++) {
		if (row->table)
			collect(tables, row->table);
		else if (row->type == TW_ROW_LAW)
			collect(tables, &tw_law_table);
	}
}

/* ---- JSON Schema ------------------------------------------------------- */

/* Values that are a text with a unit; the reader's own parsers decide, the
 * patterns are what an editor checks while one types. */
static const struct {
	enum tw_row_type type;
	const char *name, *pattern;
	bool number; /* may do without a unit */
} units[] = {
	{TW_ROW_DURATION, "duration",
		"^([0-9]+([.][0-9]+)?(d|h|m|s|ms|us|µs|ns))+$|^0$", false},
	{TW_ROW_CPU, "cpu", "^[0-9]+([.][0-9]+)?[num]?$", true},
	{TW_ROW_BYTES, "bytes", "^[0-9]+([.][0-9]+)?([kMGTPE]|[KMGTPE]i)$",
		false},
	{TW_ROW_RATIO, "ratio", "^[0-9]+([.][0-9]+)?%?$", true},
	{TW_ROW_FACTOR, "factor", "^[0-9]+([.][0-9]+)?x?$", true},
	{TW_ROW_RATE, "rate", "^[0-9]+([.][0-9]+)?/(s|min|m|h)$", false},
};

#define N_UNITS (sizeof units / sizeof *units)

static void add_units(struct tw_buf *out)
{
	for (size_t i = 0; i < N_UNITS; i++) {
		tw_buf_printf(out, "    \"%s\": {\"type\": %s", units[i].name,
			units[i].number ? "[\"string\", \"number\"]"
					: "[\"string\", \"number\"], \"not\": "
					  "{\"type\": \"number\", \"exclusive"
					  "Minimum\": 0}");
		add_member(out, "pattern", units[i].pattern);
		add_member(out, "description", tw_row_type_text(units[i].type));
		tw_buf_add_text(out, "},\n");
	}
}

static void add_bounds(struct tw_buf *out, const struct tw_row *row)
{
	char number[TW_REAL_TEXT];

	tw_buf_printf(out, ", \"minimum\": %s", tw_real_text(row->min, number));
	if (row->max > 0)
		tw_buf_printf(out, ", \"maximum\": %s",
			tw_real_text(row->max, number));
}

static void add_choices(struct tw_buf *out, const char *const *choices)
{
	tw_buf_add_text(out, "\"enum\": [");
	for (size_t i = 0; choices[i]; i++) {
		tw_buf_add_text(out, i ? ", " : "");
		add_string(out, choices[i]);
	}
	tw_buf_add_text(out, "]");
}

static void add_unit_ref(struct tw_buf *out, enum tw_row_type type)
{
	for (size_t i = 0; i < N_UNITS; i++)
		if (units[i].type == type)
			tw_buf_printf(
				out, "\"$ref\": \"#/$defs/%s\"", units[i].name);
}

static void add_free(struct tw_buf *out, const struct tw_row *row)
{
	if (row->choice) {
		tw_buf_add_text(out, "\"enum\": [");
		for (size_t i = 0; row->choice(i); i++) {
			tw_buf_add_text(out, i ? ", " : "");
			add_string(out, row->choice(i));
		}
		tw_buf_add_text(out, "]");
		return;
	}
	if (row->table)
		tw_buf_printf(
			out, "\"$ref\": \"#/$defs/%s\"", row->table->name);
	else
		tw_buf_printf(out, "\"type\": [%s]",
			row->free_type ? row->free_type
				       : "\"object\", \"null\"");
}

static void add_type(struct tw_buf *out, const struct tw_row *row)
{
	static const char texts[] =
		"\"type\": \"array\", \"items\": {\"type\": " TEXT_TYPES "}";

	switch (row->type) {
	case TW_ROW_TEXT:
	case TW_ROW_NAME:
		tw_buf_add_text(out, "\"type\": " TEXT_TYPES);
		return;
	case TW_ROW_TEXTS:
		tw_buf_printf(out,
			"\"anyOf\": [{\"type\": " TEXT_TYPES "}, {%s}]", texts);
		return;
	case TW_ROW_COMMAND:
		tw_buf_add_text(out, texts);
		return;
	case TW_ROW_CHOICE:
	case TW_ROW_ENUM:
		add_choices(out, row->choices);
		return;
	case TW_ROW_FLAG:
	case TW_ROW_SWITCH:
		tw_buf_add_text(out, "\"type\": \"boolean\"");
		return;
	case TW_ROW_INT:
	case TW_ROW_REAL:
		tw_buf_printf(out, "\"type\": \"%s\"",
			row->type == TW_ROW_INT ? "integer" : "number");
		add_bounds(out, row);
		return;
	case TW_ROW_LAW:
		tw_buf_printf(out,
			"\"anyOf\": [{\"$ref\": \"#/$defs/duration\"}, "
			"{\"$ref\": \"#/$defs/%s\"}]",
			tw_law_table.name);
		return;
	case TW_ROW_GROUP:
	case TW_ROW_FREE:
		add_free(out, row);
		return;
	case TW_ROW_LIST:
		tw_buf_printf(out,
			"\"type\": [\"array\", \"null\"], \"items\": "
			"{\"$ref\": \"#/$defs/%s\"}",
			row->table->name);
		return;
	case TW_ROW_MAP:
		tw_buf_printf(out,
			"\"type\": [\"object\", \"null\"], "
			"\"additionalProperties\": {\"$ref\": "
			"\"#/$defs/%s\"}",
			row->table->name);
		return;
	default:
		add_unit_ref(out, row->type);
	}
}

static void add_properties(struct tw_buf *out, const struct tw_table *table)
{
	struct tw_buf text = {0};

	for (const struct tw_row *row = table->rows; row->name; row++) {
		tw_buf_printf(out, "%s\n      \"%s\": {",
			row == table->rows ? "" : ",", row->name);
		add_type(out, row);
		tw_buf_clear(&text);
		tw_buf_add_text(&text, row->help);
		if (row->otherwise)
			tw_buf_printf(&text, " (default: %s)", row->otherwise);
		add_member(out, "description", tw_buf_text(&text));
		tw_buf_add_char(out, '}');
	}
	tw_buf_release(&text);
}

static void add_required(struct tw_buf *out, const struct tw_table *table)
{
	size_t n = 0;

	for (const struct tw_row *row = table->rows; row->name; row++)
		if (row->required)
			tw_buf_printf(out, "%s\"%s\"",
				n++ ? ", " : ", \"required\": [", row->name);
	if (n)
		tw_buf_add_char(out, ']');
	if (!table->one_of)
		return;
	for (n = 0; table->one_of[n]; n++)
		tw_buf_printf(out, "%s{\"required\": [\"%s\"]}",
			n ? ", " : ", \"oneOf\": [", table->one_of[n]);
	tw_buf_add_char(out, ']');
}

/* What makes up the mapping, without the braces around it. */
static void add_object(struct tw_buf *out, const struct tw_table *table)
{
	tw_buf_add_text(out, "\"type\": [\"object\", \"null\"], "
			     "\"properties\": {");
	add_properties(out, table);
	tw_buf_add_text(out, "}");
	if (table->other_pattern) {
		tw_buf_add_text(out, ", \"patternProperties\": {");
		add_string(out, table->other_pattern);
		tw_buf_add_text(out, ": {\"type\": " TEXT_TYPES);
		add_member(out, "description", table->other_help);
		tw_buf_add_text(out, "}}");
	}
	tw_buf_add_text(out, ", \"additionalProperties\": false");
	add_required(out, table);
}

static void add_definition(struct tw_buf *out, const struct tw_table *table)
{
	tw_buf_printf(out, "    \"%s\": {", table->name);
	if (table->as_text || table->as_list)
		tw_buf_add_text(out, "\"anyOf\": [");
	if (table->as_text)
		tw_buf_add_text(out, "{\"type\": " TEXT_TYPES "}, ");
	if (table->as_list) {
		tw_buf_add_char(out, '{');
		add_type(out, tw_schema_row(table, table->as_list));
		tw_buf_add_text(out, "}, ");
	}
	if (table->as_text || table->as_list)
		tw_buf_add_char(out, '{');
	add_object(out, table);
	if (table->as_text || table->as_list)
		tw_buf_add_text(out, "}]");
	add_member(out, "description", table->help);
	tw_buf_add_char(out, '}');
}

void tw_schema_json(
	const struct tw_table *root, const char *title, struct tw_buf *out)
{
	struct tables tables = {0};

	collect(&tables, root);
	tw_buf_add_text(out,
		"{\n  \"$schema\": "
		"\"https://json-schema.org/draft/2020-12/schema\",\n"
		"  \"title\": ");
	add_string(out, title);
	tw_buf_add_text(out, ",\n  ");
	add_object(out, root);
	tw_buf_add_text(out, ",\n  \"$defs\": {\n");
	add_units(out);
	for (size_t i = 1; i < tables.n; i++) {
		add_definition(out, tables.v[i]);
		tw_buf_add_text(out, i + 1 < tables.n ? ",\n" : "\n");
	}
	tw_buf_add_text(out, "  }\n}\n");
	tw_vec_release(&tables);
}

/* ---- help -------------------------------------------------------------- */

static void help_table(struct tables *seen, const struct tw_table *table,
	int depth, struct tw_buf *out);

static void help_below(struct tables *seen, const struct tw_row *row, int depth,
	struct tw_buf *out)
{
	for (size_t i = 0; i < seen->n; i++) {
		if (seen->v[i] == row->table) {
			tw_buf_printf(
				out, "%*s(keys as above)\n", depth * 2 + 2, "");
			return;
		}
	}
	if (row->type == TW_ROW_MAP)
		tw_buf_printf(
			out, "%*s<%s>:\n", depth * 2 + 2, "", row->pattern);
	help_table(
		seen, row->table, depth + 1 + (row->type == TW_ROW_MAP), out);
}

/* " (a duration such as 250ms; default 30s) [required]" */
static void help_type(const struct tw_row *row, struct tw_buf *out)
{
	struct tw_buf text = {0};

	for (size_t i = 0; row->choices && row->choices[i]; i++)
		tw_buf_printf(&text, "%s%s", i ? ", " : "", row->choices[i]);
	for (size_t i = 0; row->choice && row->choice(i); i++)
		tw_buf_printf(&text, "%s%s", i ? ", " : "", row->choice(i));
	if (!text.n && !row->table && row->type != TW_ROW_FREE)
		tw_buf_add_text(&text, tw_row_type_text(row->type));
	if (row->otherwise)
		tw_buf_printf(&text, "; default %s", row->otherwise);
	if (text.n)
		tw_buf_printf(out, " (%s)", text.p);
	tw_buf_add_text(out, row->required ? " [required]\n" : "\n");
	tw_buf_release(&text);
}

static void help_row(struct tables *seen, const struct tw_row *row, int depth,
	struct tw_buf *out)
{
	int width = 24 - depth * 2;

	tw_buf_printf(out, "%*s%-*s %s", depth * 2, "", width > 0 ? width : 0,
		row->name, row->help);
	help_type(row, out);
	if (row->table)
		help_below(seen, row, depth, out);
}

static void help_table(struct tables *seen, const struct tw_table *table,
	int depth, struct tw_buf *out)
{
	tw_vec_push(seen, table);
	for (const struct tw_row *row = table->rows; row->name; row++)
		help_row(seen, row, depth, out);
	if (table->other_help)
		tw_buf_printf(
			out, "%*s<%s>\n", depth * 2, "", table->other_help);
}

void tw_schema_help(const struct tw_table *root, struct tw_buf *out)
{
	struct tables seen = {0};

	help_table(&seen, root, 0, out);
	tw_vec_release(&seen);
}
