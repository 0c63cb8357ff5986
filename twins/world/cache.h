/*
 * Caches that steps ask. A warm one has what is asked for with the ratio
 * `hit`, whatever the key: what it lacks has expired or was never put there.
 * A flushed one has nothing: each request asks for one of `keys` keys, all
 * alike in popularity, and a key is there again once a miss of it has been
 * answered. So after m requests about hit * (1 - (1 - 1/keys)^m) of them hit,
 * and requests for one key that come in while it is fetched all miss: what
 * stands behind feels a herd.
 *
 * A cache is shared by the service's replicas, or each has its own, which is
 * then cold after a restart. Caches are warm when a run begins.
 */
#ifndef TW_WORLD_CACHE_H
#define TW_WORLD_CACHE_H

#include "twins/world/world.h"

/* Does it have the key (below its `keys`)? u: uniform, of this request. */
bool tw_cache_has(struct tw_world *world, uint32_t cache, uint32_t replica,
	uint32_t key, double u);
/* What was fetched for the key is there now. */
void tw_cache_fill(
	struct tw_world *world, uint32_t cache, uint32_t replica, uint32_t key);
/* Empties it; down: it keeps nothing either until it is flushed again. A
 * shared cache is that of any replica. */
void tw_cache_flush(
	struct tw_world *world, uint32_t cache, uint32_t replica, bool down);

#endif
