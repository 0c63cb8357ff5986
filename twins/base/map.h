/*
 * A map from strings to pointers that remembers the order of insertion:
 * walking it is deterministic, whatever the hash.
 *
 *	for (size_t i = 0; i < map.n; i++) use(map.v[i].key, map.v[i].value);
 *
 * With an arena the map and its copies of keys live there and the release is
 * not needed; without one (arena NULL) it owns them until tw_map_release().
 * Values are never owned. Removal is not offered: nothing needed it.
 */
#ifndef TW_BASE_MAP_H
#define TW_BASE_MAP_H

#include "twins/base/memory.h"

#include <stdbool.h>
#include <stdint.h>

struct tw_map_entry {
	const char *key;
	size_t key_size; /* bytes, without the final NUL */
	uint64_t hash;
	void *value;
};

struct tw_map {
	struct tw_map_entry *v;
	size_t n, cap;
	uint32_t *slots; /* index + 1 of an entry; 0 is free */
	size_t n_slots;	 /* a power of two */
	struct tw_arena *arena;
};

void tw_map_init(struct tw_map *map, struct tw_arena *arena);
void tw_map_release(struct tw_map *map);

/* NULL where there is no such key. */
void *tw_map_get(const struct tw_map *map, const char *key);
void *tw_map_get_n(const struct tw_map *map, const char *key, size_t n);
/* The entry, or NULL; valid until the next put. */
struct tw_map_entry *tw_map_find(
	const struct tw_map *map, const char *key, size_t n);

/* Adds, or replaces the value in place; true where the key was new. */
bool tw_map_put(struct tw_map *map, const char *key, void *value);
bool tw_map_put_n(struct tw_map *map, const char *key, size_t n, void *value);

#endif
