#include "twins/world/effects.h"

#include "twins/base/hash.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/random.h"

/* Draws of one effect on one key: 0 is the coin. */
#define DRAW_COPIES 1

/* A surge of more than this copies no more: a typing error, not a test. */
#define MAX_COPIES 10000

void tw_effect_add(struct tw_world *world, const struct tw_effect *effect,
	const bool *chosen)
{
	struct tw_live_effect live = {.effect = effect, .chosen = chosen};
	const struct tw_model *model = world->model;

	if (effect->has_state)
		live.state = tw_new_array(&world->arena,
			model->n_replicas + model->n_services + 2, tw_time);
	tw_vec_push(&world->effects, live);
	tw_world_see_plain(world);
}

void tw_effect_remove(struct tw_world *world, const struct tw_effect *effect)
{
	size_t kept = 0;

	for (size_t i = 0; i < world->effects.n; i++)
		if (world->effects.v[i].effect != effect)
			world->effects.v[kept++] = world->effects.v[i];
	world->effects.n = kept;
	tw_world_see_plain(world);
}

double tw_effect_draw(const struct tw_world *world,
	const struct tw_effect *effect, uint64_t key, uint32_t n)
{
	return tw_draw(world->seed, tw_hash_combine(effect->hash, key),
		TW_DRAW_FAULT, n);
}

static bool happens(const struct tw_world *world,
	const struct tw_effect *effect, uint64_t key)
{
	return effect->probability >= 1 ||
	       tw_effect_draw(world, effect, key, 0) < effect->probability;
}

static bool has(const bool *set, uint32_t i)
{
	return !set || set[i];
}

static bool fits_replica(const struct tw_world *world,
	const struct tw_live_effect *live, uint32_t endpoint, uint32_t replica)
{
	const struct tw_effect *effect = live->effect;
	uint32_t node = world->replicas[replica].node;

	return has(effect->endpoints, endpoint) &&
	       has(effect->replicas, replica) &&
	       (effect->chosen_callers || has(live->chosen, replica)) &&
	       (!effect->nodes || (node != TW_NONE && effect->nodes[node]));
}

/* The outside stands at [n_services], of zones at [n_zones]. */
static bool fits_ends(const struct tw_effect *effect, uint32_t from,
	uint32_t to, uint32_t from_zone, uint32_t to_zone)
{
	return has(effect->callers, from) && has(effect->callees, to) &&
	       has(effect->from_zones, from_zone) &&
	       has(effect->to_zones, to_zone);
}

static bool fits_way(const struct tw_world *world,
	const struct tw_effect *effect, const struct tw_passage *passage)
{
	uint32_t callee = world->model->endpoints[passage->endpoint].service;
	uint32_t caller = passage->caller == TW_NONE ? world->model->n_services
						     : passage->caller;
	bool along = fits_ends(
		effect, caller, callee, passage->from_zone, passage->to_zone);
	bool against;

	if (!effect->packets)
		return along && (effect->ways & passage->way);
	against = fits_ends(
		effect, callee, caller, passage->to_zone, passage->from_zone);
	if (effect->both_ways)
		return along || against;
	return passage->way == TW_THERE ? along : against;
}

/* Calls from outside look up their names elsewhere. */
static bool fits_lookup(
	const struct tw_effect *effect, const struct tw_passage *passage)
{
	return effect->lookups ? passage->lookup || passage->caller == TW_NONE
			       : !passage->lookup;
}

static bool fits_caller(
	const struct tw_live_effect *live, const struct tw_passage *passage)
{
	if (!live->effect->chosen_callers || !live->chosen)
		return true;
	/* Only replicas of one end are chosen: whichever end that is. */
	if (live->effect->packets && live->chosen[passage->replica])
		return true;
	return passage->from != TW_NONE && live->chosen[passage->from];
}

/*
 * A coin for a connection is that of the caller's replica and of the replica:
 * between two replicas there is one (HTTP/2), which lives as long as both.
 * Callers from outside have one for each request.
 */
static uint64_t coin_key(const struct tw_world *world,
	const struct tw_effect *effect, const struct tw_passage *passage)
{
	if (!effect->by_connection || passage->from == TW_NONE)
		return passage->key;
	return tw_hash_combine(world->model->replicas[passage->from].hash,
		world->model->replicas[passage->replica].hash);
}

int64_t tw_passage_bytes(
	const struct tw_world *world, const struct tw_passage *passage)
{
	const struct tw_endpoint *it =
		&world->model->endpoints[passage->endpoint];

	if (world->sizes && passage->way == TW_THERE && !it->request_given &&
		world->sizes[passage->endpoint].request)
		return world->sizes[passage->endpoint].request;
	if (world->sizes && passage->way == TW_BACK && !it->answer_given &&
		world->sizes[passage->endpoint].answer)
		return world->sizes[passage->endpoint].answer;
	return passage->way == TW_THERE ? it->request_bytes : it->answer_bytes;
}

void tw_effects_on_passage(struct tw_world *world,
	const struct tw_passage *passage, struct tw_hindrance *to)
{
	*to = (struct tw_hindrance){0};
	for (size_t i = 0; i < world->effects.n && !to->over; i++) {
		const struct tw_live_effect *live = &world->effects.v[i];
		const struct tw_effect *effect = live->effect;

		if (effect->on == TW_ON_PASSAGE &&
			fits_lookup(effect, passage) &&
			fits_replica(world, live, passage->endpoint,
				passage->replica) &&
			fits_way(world, effect, passage) &&
			fits_caller(live, passage) &&
			happens(world, effect,
				coin_key(world, effect, passage)))
			effect->pass(world, live, passage, to);
	}
}

double tw_effects_on_work(const struct tw_world *world, uint64_t key,
	uint32_t endpoint, uint32_t replica)
{
	double factor = 1;

	for (size_t i = 0; i < world->effects.n; i++) {
		const struct tw_live_effect *live = &world->effects.v[i];

		if (live->effect->on == TW_ON_WORK &&
			fits_replica(world, live, endpoint, replica) &&
			happens(world, live->effect, key))
			factor *= live->effect->factor;
	}
	return factor;
}

tw_time tw_effects_on_close(const struct tw_world *world, uint64_t key,
	uint32_t endpoint, uint32_t replica)
{
	tw_time longest = 0;

	for (size_t i = 0; i < world->effects.n; i++) {
		const struct tw_live_effect *live = &world->effects.v[i];

		if (live->effect->on == TW_ON_CLOSE &&
			fits_replica(world, live, endpoint, replica) &&
			happens(world, live->effect, key) &&
			live->effect->add > longest)
			longest = live->effect->add;
	}
	return longest;
}

/* `add`: how long it grows, from `count` on. */
static double grown(const struct tw_world *world, const struct tw_effect *it)
{
	tw_time since = tw_world_now(world) - (tw_time)it->count;

	if (since >= it->add)
		return it->factor;
	return 1 + (it->factor - 1) * ((double)since / (double)it->add);
}

uint32_t tw_effects_on_arrival(
	const struct tw_world *world, uint64_t key, uint32_t endpoint)
{
	uint32_t callee = world->model->endpoints[endpoint].service;
	double copies = 1;
	uint32_t whole;
	double u = 0;

	for (size_t i = 0; i < world->effects.n; i++) {
		const struct tw_effect *effect = world->effects.v[i].effect;

		if (effect->on != TW_ON_ARRIVAL ||
			!has(effect->endpoints, endpoint) ||
			!has(effect->callees, callee) ||
			!happens(world, effect, key))
			continue;
		copies *= grown(world, effect);
		u = tw_effect_draw(world, effect, key, DRAW_COPIES);
	}
	if (copies > MAX_COPIES)
		copies = MAX_COPIES;
	whole = (uint32_t)copies;
	return whole + (u < copies - whole);
}
