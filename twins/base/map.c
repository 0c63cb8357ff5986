#include "twins/base/map.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"

#include <string.h>

void tw_map_init(struct tw_map *map, struct tw_arena *arena)
{
	*map = (struct tw_map){.arena = arena};
}

void tw_map_release(struct tw_map *map)
{
	if (!map->arena) {
		for (size_t i = 0; i < map->n; i++) {
			char *key;

			memcpy(&key, &map->v[i].key, sizeof key);
			tw_free(key);
		}
		tw_free(map->v);
		tw_free(map->slots);
	}
	*map = (struct tw_map){0};
}

static void *grown(
	struct tw_map *map, void *old, size_t n, size_t new_n, size_t size)
{
	void *p;

	if (!map->arena)
		return tw_reallocarray(old, new_n, size);
	p = tw_arena_alloc(map->arena, new_n, size);
	if (n)
		memcpy(p, old, n * size);
	return p;
}

/* The slot that holds the key, or the free one where it would go. */
static size_t slot_of(
	const struct tw_map *map, const char *key, size_t n, uint64_t hash)
{
	size_t mask = map->n_slots - 1;
	size_t i = (size_t)hash & mask;

	for (; map->slots[i]; i = (i + 1) & mask) {
		const struct tw_map_entry *e = &map->v[map->slots[i] - 1];

		if (e->hash == hash && e->key_size == n &&
			!memcmp(e->key, key, n))
			break;
	}
	return i;
}

static void rehash(struct tw_map *map)
{
	size_t n_slots = map->n_slots ? map->n_slots * 2 : 16;

	map->slots = grown(map, map->slots, 0, n_slots, sizeof *map->slots);
	memset(map->slots, 0, n_slots * sizeof *map->slots);
	map->n_slots = n_slots;
	for (size_t i = 0; i < map->n; i++) {
		const struct tw_map_entry *e = &map->v[i];

		map->slots[slot_of(map, e->key, e->key_size, e->hash)] =
			(uint32_t)(i + 1);
	}
}

struct tw_map_entry *tw_map_find(
	const struct tw_map *map, const char *key, size_t n)
{
	size_t slot;

	if (!map->n)
		return NULL;
	slot = slot_of(map, key, n, tw_hash_bytes(key, n));
	return map->slots[slot] ? &map->v[map->slots[slot] - 1] : NULL;
}

void *tw_map_get_n(const struct tw_map *map, const char *key, size_t n)
{
	const struct tw_map_entry *e = tw_map_find(map, key, n);

	return e ? e->value : NULL;
}

void *tw_map_get(const struct tw_map *map, const char *key)
{
	return tw_map_get_n(map, key, strlen(key));
}

static char *key_copy(struct tw_map *map, const char *key, size_t n)
{
	char *copy;

	if (map->arena)
		return tw_arena_strndup(map->arena, key, n);
	copy = tw_malloc(n + 1);
	memcpy(copy, key, n);
	copy[n] = '\0';
	return copy;
}

bool tw_map_put_n(struct tw_map *map, const char *key, size_t n, void *value)
{
	uint64_t hash = tw_hash_bytes(key, n);
	size_t slot;

	if ((map->n + 1) * 2 > map->n_slots)
		rehash(map);
	slot = slot_of(map, key, n, hash);
	if (map->slots[slot]) {
		map->v[map->slots[slot] - 1].value = value;
		return false;
	}
	if (map->n == map->cap) {
		map->cap = map->cap ? map->cap * 2 : 8;
		map->v = grown(map, map->v, map->n, map->cap, sizeof *map->v);
	}
	tw_assert(map->n < UINT32_MAX - 1);
	map->v[map->n++] = (struct tw_map_entry){
		.key = key_copy(map, key, n),
		.key_size = n,
		.hash = hash,
		.value = value,
	};
	map->slots[slot] = (uint32_t)map->n;
	return true;
}

bool tw_map_put(struct tw_map *map, const char *key, void *value)
{
	return tw_map_put_n(map, key, strlen(key), value);
}
