#include "twins/world/cache.h"

struct tw_cache_state {
	uint64_t *filled; /* a bit a key; NULL: never flushed */
	uint32_t missing; /* keys; 0: it is warm */
	uint32_t life;	  /* of the replica whose it is */
	bool down;
};

static struct tw_cache_state *state_of(
	struct tw_world *world, uint32_t cache, uint32_t replica)
{
	const struct tw_cache *model = &world->model->caches[cache];
	struct tw_cache_state **states;

	if (!world->caches)
		world->caches = tw_new_array(&world->arena,
			world->model->n_caches, struct tw_cache_state *);
	states = &world->caches[cache];
	if (!*states)
		*states = tw_new_array(&world->arena,
			model->local ? world->model->n_replicas : 1,
			struct tw_cache_state);
	return model->local ? &(*states)[replica] : *states;
}

static void empty(
	struct tw_world *world, uint32_t cache, struct tw_cache_state *state)
{
	uint32_t keys = world->model->caches[cache].keys;
	uint32_t words = keys / 64 + 1;

	if (!state->filled)
		state->filled = tw_new_array(&world->arena, words, uint64_t);
	for (uint32_t i = 0; i < words; i++)
		state->filled[i] = 0;
	state->missing = keys;
}

bool tw_cache_has(struct tw_world *world, uint32_t cache, uint32_t replica,
	uint32_t key, double u)
{
	const struct tw_cache *model = &world->model->caches[cache];
	struct tw_cache_state *state = state_of(world, cache, replica);

	if (model->local && state->life != world->replicas[replica].life) {
		state->life = world->replicas[replica].life;
		empty(world, cache, state);
	}
	if (state->down ||
		(state->missing && !(state->filled[key / 64] >> key % 64 & 1)))
		return false;
	return u < model->hit;
}

void tw_cache_fill(
	struct tw_world *world, uint32_t cache, uint32_t replica, uint32_t key)
{
	struct tw_cache_state *state = state_of(world, cache, replica);
	uint64_t bit = UINT64_C(1) << key % 64;

	if (state->down || !state->missing || (state->filled[key / 64] & bit))
		return;
	state->filled[key / 64] |= bit;
	state->missing--;
}

void tw_cache_flush(
	struct tw_world *world, uint32_t cache, uint32_t replica, bool down)
{
	struct tw_cache_state *state = state_of(world, cache, replica);

	empty(world, cache, state);
	state->down = down;
	state->life = world->replicas[replica].life;
}
