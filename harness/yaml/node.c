#include "harness/yaml/yaml.h"

#include "harness/yaml/tree.h"
#include "twins/base/assert.h"

#include <stdarg.h>

#define INDEX_FROM 16 /* pairs from which a lookup by hash pays */

/* Indexes are kept one up: a NULL value means "not there". */
static size_t find_n(const struct tw_yaml *map, const char *key, size_t n)
{
	if (map->index) {
		size_t at = (size_t)(uintptr_t)tw_map_get_n(map->index, key, n);

		return at ? at - 1 : map->pairs.n;
	}
	for (size_t i = 0; i < map->pairs.n; i++) {
		const struct tw_yaml *k = map->pairs.v[i].key;

		if (k->kind == TW_YAML_SCALAR && k->n == n &&
			!memcmp(k->value, key, n))
			return i;
	}
	return map->pairs.n;
}

size_t tw_yaml_find_n(const struct tw_yaml *map, const char *key, size_t n)
{
	return find_n(map, key, n);
}

static void index_pair(struct tw_yaml *map, size_t i)
{
	const struct tw_yaml *key = map->pairs.v[i].key;

	if (key->kind == TW_YAML_SCALAR &&
		!tw_map_find(map->index, key->value, key->n))
		tw_map_put_n(map->index, key->value, key->n,
			(void *)(uintptr_t)(i + 1));
}

void tw_yaml_add_pair(
	struct tw_arena *arena, struct tw_yaml *map, struct tw_yaml_pair pair)
{
	tw_vec_push_in(arena, &map->pairs, pair);
	if (map->index) {
		index_pair(map, map->pairs.n - 1);
	} else if (map->pairs.n == INDEX_FROM) {
		map->index = tw_new(arena, struct tw_map);
		tw_map_init(map->index, arena);
		for (size_t i = 0; i < map->pairs.n; i++)
			index_pair(map, i);
	}
}

const struct tw_yaml_pair *tw_yaml_find(
	const struct tw_yaml *map, const char *key)
{
	size_t i;

	if (!tw_yaml_is(map, TW_YAML_MAPPING))
		return NULL;
	i = find_n(map, key, strlen(key));
	return i < map->pairs.n ? &map->pairs.v[i] : NULL;
}

struct tw_yaml *tw_yaml_get(const struct tw_yaml *map, const char *key)
{
	const struct tw_yaml_pair *pair = tw_yaml_find(map, key);

	return pair ? pair->value : NULL;
}

struct tw_yaml *tw_yaml_get_n(
	const struct tw_yaml *map, const char *key, size_t n)
{
	size_t i;

	if (!tw_yaml_is(map, TW_YAML_MAPPING))
		return NULL;
	i = find_n(map, key, n);
	return i < map->pairs.n ? map->pairs.v[i].value : NULL;
}

struct tw_yaml *tw_yaml_path(const struct tw_yaml *node, ...)
{
	struct tw_yaml *at = NULL;
	const char *key;
	va_list keys;

	va_start(keys, node);
	for (; (key = va_arg(keys, const char *)); node = at) {
		at = tw_yaml_get(node, key);
		if (!at)
			break;
	}
	va_end(keys);
	return at;
}

bool tw_yaml_is(const struct tw_yaml *node, enum tw_yaml_kind kind)
{
	return node && node->kind == kind;
}

size_t tw_yaml_count(const struct tw_yaml *node)
{
	return node ? node->items.n + node->pairs.n : 0;
}

struct tw_yaml *tw_yaml_item(const struct tw_yaml *node, size_t i)
{
	if (!node || i >= tw_yaml_count(node))
		return NULL;
	return i < node->items.n ? node->items.v[i]
				 : node->pairs.v[i - node->items.n].value;
}

struct tw_yaml *tw_yaml_use(struct tw_yaml *node)
{
	if (node)
		node->used = true;
	return node;
}

struct tw_yaml *tw_yaml_use_all(struct tw_yaml *node)
{
	if (!node)
		return NULL;
	node->used = true;
	for (size_t i = 0; i < node->items.n; i++)
		tw_yaml_use_all(node->items.v[i]);
	for (size_t i = 0; i < node->pairs.n; i++)
		tw_yaml_use_all(node->pairs.v[i].value);
	return node;
}

struct tw_yaml *tw_yaml_new(struct tw_arena *arena, enum tw_yaml_kind kind)
{
	struct tw_yaml *node = tw_new(arena, struct tw_yaml);

	node->kind = kind;
	node->weight = 1;
	if (kind == TW_YAML_SCALAR)
		node->value = "";
	return node;
}

struct tw_yaml *tw_yaml_new_plain(struct tw_arena *arena, const char *text)
{
	struct tw_yaml *node = tw_yaml_new(arena, TW_YAML_SCALAR);

	node->n = strlen(text);
	node->value = tw_arena_strndup(arena, text, node->n);
	return node;
}

struct tw_yaml *tw_yaml_new_text(struct tw_arena *arena, const char *text)
{
	struct tw_yaml *node = tw_yaml_new_plain(arena, text);

	if (tw_yaml_needs_quotes(tw_str_of(text)))
		node->style = TW_YAML_DOUBLE;
	return node;
}

struct tw_yaml *tw_yaml_copy(struct tw_arena *arena, const struct tw_yaml *node)
{
	struct tw_yaml *copy = tw_new(arena, struct tw_yaml);

	*copy = *node;
	copy->items.v = NULL;
	copy->items.n = copy->items.cap = 0;
	copy->pairs.v = NULL;
	copy->pairs.n = copy->pairs.cap = 0;
	copy->index = NULL;
	for (size_t i = 0; i < node->items.n; i++)
		tw_vec_push_in(arena, &copy->items,
			tw_yaml_copy(arena, node->items.v[i]));
	for (size_t i = 0; i < node->pairs.n; i++) {
		struct tw_yaml_pair pair = node->pairs.v[i];

		pair.key = tw_yaml_copy(arena, pair.key);
		pair.value = tw_yaml_copy(arena, pair.value);
		tw_yaml_add_pair(arena, copy, pair);
	}
	return copy;
}

void tw_yaml_put(struct tw_arena *arena, struct tw_yaml *map, const char *key,
	struct tw_yaml *value)
{
	struct tw_yaml_pair pair = {.value = value};
	size_t i;

	tw_assert(map->kind == TW_YAML_MAPPING);
	i = find_n(map, key, strlen(key));
	if (i < map->pairs.n) {
		map->pairs.v[i].value = value;
		return;
	}
	pair.key = tw_yaml_new_text(arena, key);
	tw_yaml_add_pair(arena, map, pair);
}

bool tw_yaml_remove(struct tw_yaml *map, const char *key)
{
	size_t i;

	if (!tw_yaml_is(map, TW_YAML_MAPPING))
		return false;
	i = find_n(map, key, strlen(key));
	if (i == map->pairs.n)
		return false;
	memmove(&map->pairs.v[i], &map->pairs.v[i + 1],
		(map->pairs.n - i - 1) * sizeof *map->pairs.v);
	map->pairs.n--;
	map->index = NULL; /* its places moved; lookups go through the list */
	return true;
}

void tw_yaml_append(
	struct tw_arena *arena, struct tw_yaml *sequence, struct tw_yaml *item)
{
	tw_assert(sequence->kind == TW_YAML_SEQUENCE);
	tw_vec_push_in(arena, &sequence->items, item);
}
