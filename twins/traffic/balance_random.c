#include "twins/traffic/balance.h"

#include "twins/base/hash.h"
#include "twins/kernel/random.h"

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

uint32_t tw_balance_draw(const struct tw_choice *choice, uint32_t n)
{
	uint64_t draw = tw_draw_bits(
		choice->world->seed, choice->key, TW_DRAW_BALANCE, n);
	uint32_t best = choice->replicas[0];
	uint64_t highest = rank_of(choice->world, draw, best);

	for (uint32_t i = 1; i < choice->n; i++) {
		uint64_t rank =
			rank_of(choice->world, draw, choice->replicas[i]);

		if (rank > highest) {
			highest = rank;
			best = choice->replicas[i];
		}
	}
	return best;
}

static uint32_t pick(const struct tw_choice *choice)
{
	return tw_balance_draw(choice, 0);
}

const struct tw_balancing_kind tw_balance_random = {
	.name = "random",
	.pick = pick,
};
