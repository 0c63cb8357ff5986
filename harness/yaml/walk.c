#include "harness/yaml/tree.h"

struct walk {
	tw_yaml_leaf *leaf;
	void *to;
	struct tw_buf path;
};

static bool is_simple_key(struct tw_str key)
{
	for (size_t i = 0; i < key.n; i++) {
		char c = key.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '_' || c == '-' ||
			    c == '/'))
			return false;
	}
	return key.n;
}

/* Two keys never give the same path: quotes in quotes are doubled. */
static void add_quoted(struct tw_buf *path, struct tw_str s)
{
	tw_buf_add_char(path, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			tw_buf_add_char(path, '\'');
		tw_buf_add_char(path, s.p[i]);
	}
	tw_buf_add_char(path, '\'');
}

void tw_yaml_path_key(struct tw_buf *path, const struct tw_yaml *key, size_t i)
{
	struct tw_str s = {key->value, key->n};

	if (key->kind != TW_YAML_SCALAR) {
		tw_buf_printf(path, "[?%zu]", i);
	} else if (is_simple_key(s)) {
		if (path->n)
			tw_buf_add_char(path, '.');
		tw_buf_add(path, s.p, s.n);
	} else {
		tw_buf_add_char(path, '[');
		add_quoted(path, s);
		tw_buf_add_char(path, ']');
	}
}

static void add_name(struct tw_buf *path, struct tw_str name)
{
	tw_buf_add_text(path, "[name=");
	if (is_simple_key(name))
		tw_buf_add(path, name.p, name.n);
	else
		add_quoted(path, name);
	tw_buf_add_char(path, ']');
}

void tw_yaml_path_item(struct tw_buf *path, const struct tw_yaml *item,
	size_t i, struct tw_map *seen)
{
	struct tw_str name = tw_yaml_str(tw_yaml_get(item, "name"));

	if (name.n && tw_map_put_n(seen, name.p, name.n, seen))
		add_name(path, name);
	else
		tw_buf_printf(path, "[%zu]", i);
}

static void visit(struct walk *walk, const struct tw_yaml *node);

static void visit_items(struct walk *walk, const struct tw_yaml *list)
{
	size_t n = walk->path.n;
	struct tw_map seen;

	tw_map_init(&seen, NULL);
	for (size_t i = 0; i < list->items.n; i++) {
		tw_yaml_path_item(&walk->path, list->items.v[i], i, &seen);
		visit(walk, list->items.v[i]);
		walk->path.n = n;
		walk->path.p[n] = '\0';
	}
	tw_map_release(&seen);
}

static void visit(struct walk *walk, const struct tw_yaml *node)
{
	size_t n = walk->path.n;

	if (!tw_yaml_count(node)) {
		walk->leaf(walk->to, tw_buf_text(&walk->path), node);
		return;
	}
	if (node->kind == TW_YAML_SEQUENCE) {
		visit_items(walk, node);
		return;
	}
	for (size_t i = 0; i < node->pairs.n; i++) {
		tw_yaml_path_key(&walk->path, node->pairs.v[i].key, i);
		visit(walk, node->pairs.v[i].value);
		walk->path.n = n;
		walk->path.p[n] = '\0';
	}
}

void tw_yaml_walk(const struct tw_yaml *root, tw_yaml_leaf *leaf, void *to)
{
	struct walk walk = {.leaf = leaf, .to = to};

	if (root)
		visit(&walk, root);
	tw_buf_release(&walk.path);
}

/* Whether a plain scalar is no text; then its kind and text both count. */
static bool same_scalar(const struct tw_yaml *a, const struct tw_yaml *b)
{
	struct tw_str x = {a->value, a->n};
	bool a_is_text, b_is_text;

	if (tw_yaml_is_null(a) || tw_yaml_is_null(b))
		return tw_yaml_is_null(a) && tw_yaml_is_null(b);
	if (a->n != b->n || memcmp(a->value, b->value, a->n))
		return false;
	if (!tw_yaml_needs_quotes(x))
		return true;
	a_is_text = !strcmp(tw_yaml_kind_name(a), "text");
	b_is_text = !strcmp(tw_yaml_kind_name(b), "text");
	return a_is_text == b_is_text;
}

bool tw_yaml_equal(const struct tw_yaml *a, const struct tw_yaml *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->kind != b->kind || a->items.n != b->items.n ||
		a->pairs.n != b->pairs.n)
		return false;
	if (a->kind == TW_YAML_SCALAR)
		return same_scalar(a, b);
	for (size_t i = 0; i < a->items.n; i++)
		if (!tw_yaml_equal(a->items.v[i], b->items.v[i]))
			return false;
	for (size_t i = 0; i < a->pairs.n; i++) {
		const struct tw_yaml *key = a->pairs.v[i].key;
		const struct tw_yaml *other = NULL;

		if (key->kind == TW_YAML_SCALAR)
			other = tw_yaml_get_n(b, key->value, key->n);
		else if (tw_yaml_equal(key, b->pairs.v[i].key))
			other = b->pairs.v[i].value;
		if (!tw_yaml_equal(a->pairs.v[i].value, other))
			return false;
	}
	return true;
}

struct leaves {
	struct tw_map map; /* path -> const struct tw_yaml * */
	struct tw_map found;
	tw_yaml_difference *difference;
	void *to;
};

static void keep(void *to, const char *path, const struct tw_yaml *leaf)
{
	struct leaves *leaves = to;

	tw_map_put(&leaves->map, path, (void *)(uintptr_t)leaf);
}

static void compare(void *to, const char *path, const struct tw_yaml *leaf)
{
	struct leaves *leaves = to;
	const struct tw_yaml *other = tw_map_get(&leaves->map, path);

	tw_map_put(&leaves->found, path, leaves);
	if (!other || !tw_yaml_equal(other, leaf))
		leaves->difference(leaves->to, path, other, leaf);
}

void tw_yaml_diff(const struct tw_yaml *a, const struct tw_yaml *b,
	tw_yaml_difference *difference, void *to)
{
	struct leaves leaves = {.difference = difference, .to = to};

	tw_map_init(&leaves.map, NULL);
	tw_map_init(&leaves.found, NULL);
	tw_yaml_walk(a, keep, &leaves);
	tw_yaml_walk(b, compare, &leaves);
	for (size_t i = 0; i < leaves.map.n; i++) {
		const struct tw_map_entry *entry = &leaves.map.v[i];

		if (!tw_map_find(&leaves.found, entry->key, entry->key_size))
			difference(to, entry->key, entry->value, NULL);
	}
	tw_map_release(&leaves.map);
	tw_map_release(&leaves.found);
}
