/* Two trees made into one, difference by difference. */
#include "harness/yaml/tree.h"

struct mix {
	struct tw_arena *arena;
	tw_yaml_take *take;
	void *to;
	struct tw_buf path;
};

static struct tw_yaml *mixed(
	struct mix *mix, const struct tw_yaml *a, const struct tw_yaml *b);

static struct tw_yaml *chosen(
	struct mix *mix, const struct tw_yaml *a, const struct tw_yaml *b)
{
	const struct tw_yaml *of =
		mix->take(mix->to, tw_buf_text(&mix->path), a, b) ? a : b;

	return of ? tw_yaml_copy(mix->arena, of) : NULL;
}

static void back_to(struct mix *mix, size_t n)
{
	mix->path.n = n;
	if (mix->path.p)
		mix->path.p[n] = '\0';
}

/* The value of the same key. Keys that are no scalars stand by their place. */
static const struct tw_yaml *same_key(
	const struct tw_yaml *map, const struct tw_yaml *key, size_t i)
{
	if (key->kind == TW_YAML_SCALAR)
		return tw_yaml_get_n(map, key->value, key->n);
	return i < map->pairs.n && tw_yaml_equal(key, map->pairs.v[i].key)
		       ? map->pairs.v[i].value
		       : NULL;
}

static void add_pair(struct mix *mix, struct tw_yaml *to,
	const struct tw_yaml_pair *pair, size_t i, const struct tw_yaml *a,
	const struct tw_yaml *b)
{
	size_t n = mix->path.n;
	struct tw_yaml_pair made = {.merged = pair->merged};

	tw_yaml_path_key(&mix->path, pair->key, i);
	made.value = mixed(mix, a, b);
	if (made.value) {
		made.key = tw_yaml_copy(mix->arena, pair->key);
		tw_yaml_add_pair(mix->arena, to, made);
	}
	back_to(mix, n);
}

static struct tw_yaml *bare(struct mix *mix, const struct tw_yaml *of)
{
	struct tw_yaml *node = tw_yaml_new(mix->arena, of->kind);

	node->flow = of->flow;
	node->pos = of->pos;
	node->tag = of->tag;
	return node;
}

static struct tw_yaml *mixed_maps(
	struct mix *mix, const struct tw_yaml *a, const struct tw_yaml *b)
{
	struct tw_yaml *to = bare(mix, b);

	for (size_t i = 0; i < b->pairs.n; i++) {
		const struct tw_yaml_pair *pair = &b->pairs.v[i];

		add_pair(mix, to, pair, i, same_key(a, pair->key, i),
			pair->value);
	}
	for (size_t i = 0; i < a->pairs.n; i++) {
		const struct tw_yaml_pair *pair = &a->pairs.v[i];

		if (!same_key(b, pair->key, i))
			add_pair(mix, to, pair, i, pair->value, NULL);
	}
	return to;
}

/* What each item is called within the path. */
static void label_items(const struct tw_yaml *list, struct tw_map *to)
{
	struct tw_buf label = {0};
	struct tw_map seen;

	tw_map_init(&seen, NULL);
	tw_map_init(to, NULL);
	for (size_t i = 0; i < list->items.n; i++) {
		tw_buf_clear(&label);
		tw_yaml_path_item(&label, list->items.v[i], i, &seen);
		tw_map_put(to, tw_buf_text(&label), list->items.v[i]);
	}
	tw_map_release(&seen);
	tw_buf_release(&label);
}

static void add_item(struct mix *mix, struct tw_yaml *to, const char *label,
	const struct tw_yaml *a, const struct tw_yaml *b)
{
	size_t n = mix->path.n;
	struct tw_yaml *item;

	tw_buf_add_text(&mix->path, label);
	item = mixed(mix, a, b);
	if (item)
		tw_yaml_append(mix->arena, to, item);
	back_to(mix, n);
}

static struct tw_yaml *mixed_lists(
	struct mix *mix, const struct tw_yaml *a, const struct tw_yaml *b)
{
	struct tw_yaml *to = bare(mix, b);
	struct tw_map in_a, in_b;

	label_items(a, &in_a);
	label_items(b, &in_b);
	for (size_t i = 0; i < in_b.n; i++)
		add_item(mix, to, in_b.v[i].key,
			tw_map_get(&in_a, in_b.v[i].key), in_b.v[i].value);
	for (size_t i = 0; i < in_a.n; i++)
		if (!tw_map_get(&in_b, in_a.v[i].key))
			add_item(mix, to, in_a.v[i].key, in_a.v[i].value, NULL);
	tw_map_release(&in_a);
	tw_map_release(&in_b);
	return to;
}

static struct tw_yaml *mixed(
	struct mix *mix, const struct tw_yaml *a, const struct tw_yaml *b)
{
	if (tw_yaml_equal(a, b))
		return b ? tw_yaml_copy(mix->arena, b) : NULL;
	if (!a || !b || a->kind != b->kind || a->kind == TW_YAML_SCALAR)
		return chosen(mix, a, b);
	return a->kind == TW_YAML_MAPPING ? mixed_maps(mix, a, b)
					  : mixed_lists(mix, a, b);
}

struct tw_yaml *tw_yaml_mix(struct tw_arena *arena, const struct tw_yaml *a,
	const struct tw_yaml *b, tw_yaml_take *take, void *to)
{
	struct mix mix = {.arena = arena, .take = take, .to = to};
	struct tw_yaml *tree = mixed(&mix, a, b);

	tw_buf_release(&mix.path);
	return tree;
}
