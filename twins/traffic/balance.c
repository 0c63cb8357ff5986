#include "twins/base/hash.h"
#include "twins/traffic/traffic.h"

/*
 * A random choice is the replica whose name, hashed with the draw, comes out
 * highest (rendezvous hashing: Thaler and Ravishankar, "Using name-based
 * mappings to increase hit rates", 1998). It is uniform, and where a replica
 * is added or goes away only its own share of the choices changes.
 */
static uint64_t rank_of(
	const struct tw_world *world, uint64_t draw, uint32_t replica)
{
	return tw_hash_mix(draw ^ world->model->replicas[replica].hash);
}

static uint32_t pick_random(const struct tw_world *world,
	const struct tw_world_pool *pool, uint64_t draw)
{
	uint32_t best = pool->listed[0];
	uint64_t highest = rank_of(world, draw, best);

	for (uint32_t i = 1; i < pool->n; i++) {
		uint64_t rank = rank_of(world, draw, pool->listed[i]);

		if (rank > highest) {
			highest = rank;
			best = pool->listed[i];
		}
	}
	return best;
}

/* The less busy of two random ones (Envoy LEAST_REQUEST, choice_count 2); the
 * first drawn where they are equal. */
static uint32_t pick_least(const struct tw_world *world,
	const struct tw_world_pool *pool, uint64_t draw)
{
	uint32_t best[2] = {TW_NONE, TW_NONE};
	uint64_t rank[2] = {0, 0};

	for (uint32_t i = 0; i < pool->n; i++) {
		uint64_t it = rank_of(world, draw, pool->listed[i]);

		if (best[0] == TW_NONE || it > rank[0]) {
			best[1] = best[0];
			rank[1] = rank[0];
			best[0] = pool->listed[i];
			rank[0] = it;
		} else if (best[1] == TW_NONE || it > rank[1]) {
			best[1] = pool->listed[i];
			rank[1] = it;
		}
	}
	if (best[1] != TW_NONE && world->replicas[best[1]].outstanding <
					  world->replicas[best[0]].outstanding)
		return best[1];
	return best[0];
}

uint32_t tw_balance(const struct tw_world *world, uint32_t pool,
	enum tw_balancer balancer, uint64_t key, uint32_t *turn)
{
	const struct tw_world_pool *it = &world->pools[pool];

	if (!it->n)
		return TW_NONE;
	if (it->n == 1)
		return it->listed[0];
	switch (balancer) {
	case TW_BALANCE_ROUND_ROBIN:
		return it->listed[(*turn)++ % it->n];
	case TW_BALANCE_RANDOM:
		return pick_random(world, it,
			tw_draw_bits(world->seed, key, TW_DRAW_BALANCE, 0));
	case TW_BALANCE_LEAST_REQUEST:
		return pick_least(world, it,
			tw_draw_bits(world->seed, key, TW_DRAW_BALANCE, 0));
	}
	return it->listed[0];
}
