#include "twins/world/effects.h"

#include "twins/base/hash.h"
#include "twins/kernel/fmath.h"

/* Draws of one effect on one key. */
enum { DRAW_COIN, DRAW_SIZE };

/* A surge of more than this copies no more: a typing error, not a test. */
#define MAX_COPIES 10000

void tw_effect_add(struct tw_world *world, const struct tw_effect *effect)
{
	tw_vec_push(&world->effects, effect);
}

void tw_effect_remove(struct tw_world *world, const struct tw_effect *effect)
{
	size_t kept = 0;

	for (size_t i = 0; i < world->effects.n; i++)
		if (world->effects.v[i] != effect)
			world->effects.v[kept++] = world->effects.v[i];
	world->effects.n = kept;
}

static double draw(const struct tw_world *world, const struct tw_effect *effect,
	uint64_t key, uint32_t n)
{
	return tw_draw(world->seed, tw_hash_combine(effect->hash, key),
		TW_DRAW_FAULT, n);
}

static bool happens(const struct tw_world *world,
	const struct tw_effect *effect, uint64_t key)
{
	return effect->probability >= 1 ||
	       draw(world, effect, key, DRAW_COIN) < effect->probability;
}

static bool has(const bool *set, uint32_t i)
{
	return !set || set[i];
}

static bool fits_replica(const struct tw_world *world,
	const struct tw_effect *effect, uint32_t endpoint, uint32_t replica)
{
	uint32_t node = world->replicas[replica].node;

	return has(effect->endpoints, endpoint) &&
	       has(effect->replicas, replica) &&
	       (!effect->nodes || (node != TW_NONE && effect->nodes[node]));
}

static bool fits_ends(const struct tw_world *world,
	const struct tw_effect *effect, uint32_t caller, uint32_t callee,
	uint32_t from_zone, uint32_t to_zone)
{
	uint32_t n = world->model->n_services;

	return has(effect->callers, caller == TW_NONE ? n : caller) &&
	       has(effect->callees, callee == TW_NONE ? n : callee) &&
	       has(effect->from_zones, from_zone) &&
	       has(effect->to_zones, to_zone);
}

/* The outside stands at [n_services] of callers only; as a callee it is no
 * service, so the way back of a partition asks the same sets crosswise. */
static bool fits_back(const struct tw_world *world,
	const struct tw_effect *effect, const struct tw_passage *passage,
	uint32_t callee)
{
	uint32_t n = world->model->n_services;

	if (!effect->both_ways)
		return false;
	if (passage->caller == TW_NONE && effect->callees)
		return false;
	return has(effect->callers, callee == TW_NONE ? n : callee) &&
	       (!effect->callees || effect->callees[passage->caller]) &&
	       has(effect->from_zones, passage->to_zone) &&
	       has(effect->to_zones, passage->from_zone);
}

static tw_time more_latency(const struct tw_world *world,
	const struct tw_effect *effect, uint64_t key)
{
	double jitter;

	if (!effect->jitter)
		return effect->add;
	jitter = 2 * draw(world, effect, key, DRAW_SIZE) - 1;
	return effect->add + (tw_time)tw_round((double)effect->jitter * jitter);
}

void tw_effects_on_passage(const struct tw_world *world,
	const struct tw_passage *passage, struct tw_hindrance *to)
{
	uint32_t callee = world->model->endpoints[passage->endpoint].service;

	*to = (struct tw_hindrance){0};
	for (size_t i = 0; i < world->effects.n; i++) {
		const struct tw_effect *effect = world->effects.v[i];
		bool fits;

		if (effect->kind > TW_EFFECT_PARTITION ||
			!fits_replica(world, effect, passage->endpoint,
				passage->replica))
			continue;
		fits = fits_ends(world, effect, passage->caller, callee,
			passage->from_zone, passage->to_zone);
		if (!fits && effect->kind == TW_EFFECT_PARTITION)
			fits = fits_back(world, effect, passage, callee);
		if (!fits || !happens(world, effect, passage->key))
			continue;
		if (effect->kind == TW_EFFECT_PARTITION)
			to->cut = true;
		else if (effect->kind == TW_EFFECT_ERROR)
			to->status = effect->status;
		else
			to->more += more_latency(world, effect, passage->key);
	}
}

double tw_effects_on_work(const struct tw_world *world, uint64_t key,
	uint32_t endpoint, uint32_t replica)
{
	double factor = 1;

	for (size_t i = 0; i < world->effects.n; i++) {
		const struct tw_effect *effect = world->effects.v[i];

		if (effect->kind == TW_EFFECT_SLOW &&
			fits_replica(world, effect, endpoint, replica) &&
			happens(world, effect, key))
			factor *= effect->factor;
	}
	return factor;
}

uint32_t tw_effects_on_arrival(
	const struct tw_world *world, uint64_t key, uint32_t endpoint)
{
	uint32_t callee = world->model->endpoints[endpoint].service;
	double copies = 1;
	uint32_t whole;
	double u = 0;

	for (size_t i = 0; i < world->effects.n; i++) {
		const struct tw_effect *effect = world->effects.v[i];

		if (effect->kind != TW_EFFECT_SURGE ||
			!has(effect->endpoints, endpoint) ||
			!has(effect->callees, callee) ||
			!happens(world, effect, key))
			continue;
		copies *= effect->factor;
		u = draw(world, effect, key, DRAW_SIZE);
	}
	if (copies > MAX_COPIES)
		copies = MAX_COPIES;
	whole = (uint32_t)copies;
	return whole + (u < copies - whole);
}
