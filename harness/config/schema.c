#include "harness/config/schema.h"

const struct tw_row *tw_schema_row(
	const struct tw_table *table, const char *name)
{
	for (const struct tw_row *row = table->rows; row->name; row++)
		if (!strcmp(row->name, name))
			return row;
	return NULL;
}

static void unknown_key(struct tw_schema_reader *reader,
	const struct tw_table *table, const struct tw_yaml *key)
{
	struct tw_diag *diag = tw_diag(reader->diags, TW_ERROR, key->pos,
		"unknown key '%s'", key->value ? key->value : "");
	TW_VEC(const char *) names = {0};
	struct tw_buf all = {0};

	for (const struct tw_row *row = table->rows; row->name; row++) {
		tw_vec_push(&names, row->name);
		tw_buf_printf(&all, "%s%s", all.n ? ", " : "", row->name);
	}
	if (key->value)
		tw_diag_nearest(
			reader->diags, diag, key->value, names.v, names.n);
	if (!diag->hint && names.n)
		tw_diag_hint(reader->diags, diag, "known here: %s",
			tw_buf_text(&all));
	tw_vec_release(&names);
	tw_buf_release(&all);
}

static void read_item(struct tw_schema_reader *reader, const struct tw_row *row,
	void *base, const struct tw_yaml *key, struct tw_yaml *value)
{
	void *item = row->add(reader, base, key, value);

	if (item)
		tw_schema_read(reader, row->table, item, value);
}

static void read_list(struct tw_schema_reader *reader, const struct tw_row *row,
	void *base, struct tw_yaml *node)
{
	if (node->kind != TW_YAML_SEQUENCE) {
		tw_schema_expected(reader, row->name, "a list", node);
		return;
	}
	for (size_t i = 0; i < node->items.n; i++)
		read_item(reader, row, base, NULL, node->items.v[i]);
}

static void read_map(struct tw_schema_reader *reader, const struct tw_row *row,
	void *base, struct tw_yaml *node)
{
	if (node->kind != TW_YAML_MAPPING) {
		tw_schema_expected(reader, row->name, "a mapping", node);
		return;
	}
	for (size_t i = 0; i < node->pairs.n; i++) {
		const struct tw_yaml_pair *pair = &node->pairs.v[i];

		if (tw_yaml_text(pair->key) && pair->key->n)
			read_item(reader, row, base, pair->key, pair->value);
		else
			tw_schema_expected(
				reader, row->name, "a name", pair->key);
	}
}

static void read_row(struct tw_schema_reader *reader, const struct tw_row *row,
	void *base, struct tw_yaml *node)
{
	void *at = (char *)base + row->offset;

	tw_yaml_use(node);
	if (tw_yaml_is_null(node))
		return;
	switch (row->type) {
	case TW_ROW_GROUP:
		tw_schema_read(reader, row->table, at, node);
		return;
	case TW_ROW_LIST:
		read_list(reader, row, base, node);
		return;
	case TW_ROW_MAP:
		read_map(reader, row, base, node);
		return;
	case TW_ROW_FREE:
		row->read(reader, base, node);
		return;
	default:
		tw_schema_value(reader, row, at, node);
	}
}

static void check_required(struct tw_schema_reader *reader,
	const struct tw_table *table, const struct tw_yaml *node)
{
	for (const struct tw_row *row = table->rows; row->name; row++)
		if (row->required &&
			tw_yaml_is_null(tw_yaml_get(node, row->name)))
			tw_diag(reader->diags, TW_ERROR, node->pos,
				"'%s' is missing here: %s", row->name,
				row->help);
}

static void check_one_of(struct tw_schema_reader *reader,
	const struct tw_table *table, const struct tw_yaml *node)
{
	const struct tw_yaml_pair *first = NULL, *second = NULL;
	struct tw_buf all = {0};

	if (!table->one_of)
		return;
	for (const char *const *name = table->one_of; *name; name++) {
		const struct tw_yaml_pair *pair = tw_yaml_find(node, *name);

		tw_buf_printf(&all, "%s%s", all.n ? ", " : "", *name);
		if (pair && first)
			second = pair;
		else if (pair)
			first = pair;
	}
	if (!first)
		tw_diag(reader->diags, TW_ERROR, node->pos,
			"expected one of the keys %s", tw_buf_text(&all));
	else if (second)
		tw_diag(reader->diags, TW_ERROR, second->key->pos,
			"'%s' and '%s' exclude each other", first->key->value,
			second->key->value);
	tw_buf_release(&all);
}

/* A text or a list that stands for the mapping; false: there is no such. */
static bool read_short(struct tw_schema_reader *reader,
	const struct tw_table *table, void *base, struct tw_yaml *node)
{
	const char *name = node->kind == TW_YAML_SEQUENCE ? table->as_list
			   : tw_yaml_text(node)		  ? table->as_text
							  : NULL;

	if (!name)
		return false;
	read_row(reader, tw_schema_row(table, name), base, node);
	return true;
}

static void read_pair(struct tw_schema_reader *reader,
	const struct tw_table *table, void *base,
	const struct tw_yaml_pair *pair)
{
	const char *name = tw_yaml_text(pair->key);
	const struct tw_row *row = name ? tw_schema_row(table, name) : NULL;

	if (row)
		read_row(reader, row, base, pair->value);
	else if (!name || !table->other ||
		 !table->other(reader, base, pair->key, pair->value))
		unknown_key(reader, table, pair->key);
}

void tw_schema_read(struct tw_schema_reader *reader,
	const struct tw_table *table, void *base, struct tw_yaml *node)
{
	struct tw_buf what = {0};

	tw_yaml_use(node);
	if (node->kind == TW_YAML_MAPPING) {
		for (size_t i = 0; i < node->pairs.n; i++)
			read_pair(reader, table, base, &node->pairs.v[i]);
		check_required(reader, table, node);
		check_one_of(reader, table, node);
	} else if (tw_yaml_is_null(node)) {
		check_required(reader, table, node);
		check_one_of(reader, table, node);
	} else if (!read_short(reader, table, base, node)) {
		tw_buf_printf(&what, "a mapping%s%s",
			table->as_text ? " or text" : "",
			table->as_list ? " or a list" : "");
		tw_schema_expected(
			reader, table->name, tw_buf_text(&what), node);
		tw_buf_release(&what);
		return;
	}
	if (table->check)
		table->check(reader, base, node);
}
