#include "twins/world/world.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/kernel/random.h"
#include "twins/world/capacity.h"
#include "twins/world/cpu.h"
#include "twins/world/directory.h"
#include "twins/world/endpoints.h"
#include "twins/world/memory.h"
#include "twins/world/mode.h"
#include "twins/world/pause.h"
#include "twins/world/standing.h"
#include "twins/world/upstream.h"

#include <stdio.h>
#include <string.h>

/* ---- channels ------------------------------------------------------- */

/* Turns of round robin are a caller replica's own, as in a proxy beside it;
 * each starts somewhere else. */
static uint32_t *turns_of(
	struct tw_world *world, uint32_t caller, uint32_t pool)
{
	const struct tw_model *model = world->model;
	char key[32];
	uint32_t *turns, n = 1;

	snprintf(key, sizeof key, "%u %u", caller, pool);
	turns = tw_map_get(&world->turns_of, key);
	if (turns)
		return turns;
	if (caller != TW_NONE) {
		const struct tw_pool *callers =
			&model->pools[model->services[caller].pool];

		for (uint32_t i = 0; i < callers->n_replicas; i++)
			if (model->replicas[callers->replicas[i]].ordinal >= n)
				n = model->replicas[callers->replicas[i]]
					    .ordinal +
				    1;
	}
	turns = tw_new_array(&world->arena, n, uint32_t);
	for (uint32_t i = 0; caller != TW_NONE && i < n; i++)
		turns[i] =
			(uint32_t)(tw_hash_combine(
					   model->services[caller].hash, i) >>
				   48);
	tw_map_put(&world->turns_of, key, turns);
	return turns;
}

static uint32_t lane_of(struct tw_world *world, tw_time timeout)
{
	return timeout > 0
		       ? tw_queue_lane(&world->queue, timeout, TW_CLASS_TIMEOUT)
		       : TW_NONE;
}

/* TW_NONE: it depends on the revision. */
static uint32_t program_of(const struct tw_model *model, uint32_t endpoint)
{
	for (uint32_t r = 0; r < model->n_revisions; r++)
		if (model->revisions[r].programs)
			return TW_NONE;
	return model->endpoints[endpoint].program;
}

static bool is_plain(
	const struct tw_world *world, const struct tw_world_channel *it)
{
	const struct tw_channel *model = it->model;
	const struct tw_target *target = model->targets;

	return model->n_targets == 1 && target->pool != TW_NONE &&
	       target->endpoint == model->endpoint && !it->upstreams &&
	       !model->aside &&
	       !tw_endpoints_differ(world->model, target->pool) &&
	       world->model->endpoints[model->endpoint].program != TW_NONE;
}

static void add_channel(struct tw_world *world, const struct tw_channel *model)
{
	size_t n_cells = 2 * 3 * ((size_t)world->model->n_zones + 1);
	struct tw_world_channel it = {
		.model = model,
		.cells = tw_new_array(&world->arena, n_cells, uint32_t),
		.turns = tw_new_array(
			&world->arena, model->n_targets, uint32_t *),
		.route_lane = lane_of(world, model->timeout),
		.try_lane = lane_of(world, model->try_timeout),
		.mixed = tw_hash_mix(
			world->model->endpoints[model->endpoint].hash),
		.program = program_of(world->model, model->endpoint),
	};

	it.upstreams = tw_upstreams_of(world, model);
	if (model->host_retries && !world->tried)
		world->tried =
			tw_reserve(world->max_in_flight, sizeof *world->tried);
	it.plain = is_plain(world, &it);
	memset(it.cells, 0xff, n_cells * sizeof *it.cells); /* TW_NONE */
	for (uint32_t t = 0; t < model->n_targets; t++)
		if (model->targets[t].pool != TW_NONE)
			it.turns[t] = turns_of(
				world, model->caller, model->targets[t].pool);
	tw_vec_push(&world->channels, it);
}

uint32_t tw_world_channel(
	struct tw_world *world, uint32_t caller, uint32_t endpoint)
{
	uint32_t at = tw_model_channel(world->model, caller, endpoint);
	struct tw_channel *channel;
	char key[32];
	void *known;

	if (at != TW_NONE)
		return at;
	snprintf(key, sizeof key, "%u %u", caller, endpoint);
	known = tw_map_get(&world->channel_of, key);
	if (known)
		return (uint32_t)((uintptr_t)known - 1);
	channel = tw_new(&world->arena, struct tw_channel);
	tw_model_resolve(
		world->model, &world->arena, caller, endpoint, channel);
	add_channel(world, channel);
	tw_map_put(
		&world->channel_of, key, (void *)(uintptr_t)world->channels.n);
	return (uint32_t)world->channels.n - 1;
}

/* ---- soon ----------------------------------------------------------- */

void tw_world_grow_soon(struct tw_world *world)
{
	uint32_t cap = world->soon_cap ? 2 * world->soon_cap : 256;
	struct tw_soon *ring = tw_reallocarray(NULL, cap, sizeof *ring);

	for (uint32_t i = 0; i < world->soon_n; i++)
		ring[i] = world->soon[(world->soon_first + i) &
				      (world->soon_cap - 1)];
	tw_free(world->soon);
	world->soon = ring;
	world->soon_cap = cap;
	world->soon_first = 0;
}

/* ---- life cycle ----------------------------------------------------- */

static void init_replicas(struct tw_world *world, const uint32_t *node_of)
{
	const struct tw_model *model = world->model;

	world->replicas = tw_new_array(
		&world->arena, model->n_replicas, struct tw_world_replica);
	/* Pods that no service owns belong to the one beyond the last. */
	world->services = tw_new_array(
		&world->arena, model->n_services + 1, struct tw_world_service);
	for (uint32_t r = 0; r < model->n_replicas; r++) {
		struct tw_world_replica *it = &world->replicas[r];
		uint32_t s = model->replicas[r].service;

		it->service = s == TW_NONE ? model->n_services : s;
		it->capacity = s == TW_NONE
				       ? &tw_capacity_workers
				       : tw_capacity_of(&model->services[s]);
		it->node = node_of[r];
		it->health =
			it->node != TW_NONE ||
					(s != TW_NONE &&
						model->services[s].external)
				? TW_UP
				: TW_DOWN;
		it->listed = it->ready = it->health == TW_UP;
		it->listed_at = TW_LISTED_EVER;
		it->seen = it->listed		 ? TW_SEEN | TW_SEEN_SERVING
			   : it->node != TW_NONE ? TW_SEEN
						 : 0;
		it->zone = it->node == TW_NONE ? model->n_zones
					       : model->nodes[it->node].zone;
		world->services[it->service].replicas++;
		if (s == TW_NONE)
			continue;
		it->workers = model->services[s].workers;
		it->queue_limit = model->services[s].queue;
		if (it->health == TW_UP)
			world->services[s].capacity += it->workers;
		else
			world->services[s].unavailable++;
	}
	for (uint32_t s = 0; s < model->n_services; s++) {
		world->services[s].worst_unavailable =
			world->services[s].unavailable;
		world->services[s].gap = model->services[s].gap;
		world->services[s].burst = model->services[s].burst;
		world->services[s].plain = !model->services[s].gap;
	}
}

static void init_observation(struct tw_world *world, tw_time slice)
{
	const struct tw_model *model = world->model;

	tw_observation_init(&world->obs, slice);
	world->obs.fault_start = TW_NEVER;
	world->slice_end = slice;
	for (uint32_t s = 0; s < model->n_services; s++) {
		struct tw_gauge gauge = {0};

		if (model->services[s].is_alias)
			continue;
		gauge.service = tw_observation_name(
			&world->obs, model->services[s].key);
		tw_vec_push(&world->obs.gauges, gauge);
	}
	world->example_hashes =
		tw_new_array(&world->arena, TW_EXAMPLES, uint64_t);
}

void tw_world_init(struct tw_world *world, const struct tw_model *model,
	const struct tw_world_options *options)
{
	*world = (struct tw_world){
		.model = model,
		.seed = options->seed,
		.tap = options->tap,
		.max_in_flight = options->max_in_flight,
		.cap_tasks = 2 * options->max_in_flight,
		.free_call = TW_NONE,
		.free_task = TW_NONE,
		.free_copy = TW_NONE,
	};
	tw_draw_keys(&world->draw_keys, options->seed);
	tw_queue_init(&world->queue);
	tw_arena_init(&world->arena);
	tw_map_init(&world->channel_of, &world->arena);
	tw_map_init(&world->turns_of, &world->arena);
	world->calls = tw_reserve(world->max_in_flight, sizeof *world->calls);
	world->tasks = tw_reserve(world->cap_tasks, sizeof *world->tasks);
	if (model->keys.n) {
		world->call_keys = tw_reserve(world->max_in_flight,
			model->keys.n * sizeof *world->call_keys);
		world->task_keys = tw_reserve(world->cap_tasks,
			model->keys.n * sizeof *world->task_keys);
	}
	world->node_down = tw_new_array(&world->arena, model->n_nodes, bool);
	world->app_lanes =
		tw_new_array(&world->arena, model->n_steps, uint32_t);
	for (uint32_t i = 0; i < model->n_steps; i++)
		world->app_lanes[i] = lane_of(world, model->steps[i].timeout);
	for (uint32_t c = 0; c < model->n_channels; c++)
		add_channel(world, &model->channels[c]);
	init_replicas(world, options->node_of);
	tw_standing_init(world);
	tw_cpu_init(world);
	tw_memory_init(world);
	tw_pause_init(world);
	tw_mode_init(world);
	tw_directory_init(world);
	tw_endpoints_init(world);
	init_observation(world, options->slice);
	tw_world_see_plain(world);
}

void tw_world_release(struct tw_world *world)
{
	uint32_t n = world->max_in_flight, n_keys = world->model->keys.n;

	tw_observation_release(&world->obs);
	tw_upstreams_release(world);
	tw_cpu_release(world);
	tw_pause_release(world);
	tw_queue_release(&world->queue);
	tw_vec_release(&world->channels);
	tw_vec_release(&world->effects);
	tw_vec_release(&world->copies);
	tw_free(world->soon);
	tw_unreserve(world->tried, n, sizeof *world->tried);
	tw_free(world->whys);
	tw_unreserve(world->calls, n, sizeof *world->calls);
	tw_unreserve(world->tasks, world->cap_tasks, sizeof *world->tasks);
	tw_unreserve(world->call_keys, n, n_keys * sizeof *world->call_keys);
	tw_unreserve(world->task_keys, world->cap_tasks,
		n_keys * sizeof *world->task_keys);
	tw_arena_release(&world->arena);
}
