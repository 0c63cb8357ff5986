/*
 * What a run saw is written down here, as it happens.
 */
#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/world/cpu.h"
#include "twins/world/memory.h"

#include <string.h>

/* ---- slices --------------------------------------------------------- */

static void close_service(struct tw_world_service *it, tw_time at)
{
	tw_time d = at - it->since;

	it->area += (uint64_t)it->in_system * (uint64_t)d;
	it->busy_area += (int64_t)it->busy * d;
	it->capacity_area += (int64_t)it->capacity * d;
	it->since = at;
}

/* The longest queue that is still there: the next slice begins with it. */
static uint32_t longest_queue(const struct tw_world *world, uint32_t service)
{
	const struct tw_pool *pool =
		&world->model->pools[world->model->services[service].pool];
	uint32_t longest = 0;

	for (uint32_t i = 0; i < pool->n_replicas; i++) {
		const struct tw_world_replica *it =
			&world->replicas[pool->replicas[i]];

		if (it->queue_length > longest)
			longest = it->queue_length;
	}
	return longest;
}

void tw_world_close_cells(struct tw_world *world)
{
	for (size_t i = 0; i < world->obs.cells.n; i++)
		tw_cell_close(&world->obs.cells.v[i], world->slice);
}

/* Likewise the most memory. */
static int64_t most_memory(const struct tw_world *world, uint32_t service)
{
	const struct tw_pool *pool =
		&world->model->pools[world->model->services[service].pool];
	int64_t most = 0;

	for (uint32_t i = 0; i < pool->n_replicas; i++) {
		const struct tw_memory *it =
			world->replicas[pool->replicas[i]].memory;

		if (it && it->used > most)
			most = it->used;
	}
	return most;
}

static void close_slice(struct tw_world *world)
{
	size_t gauge = 0;

	tw_cpu_count(world, world->slice_end);
	tw_world_close_cells(world);
	for (uint32_t s = 0; s < world->model->n_services; s++) {
		struct tw_world_service *it = &world->services[s];

		if (world->model->services[s].is_alias)
			continue;
		close_service(it, world->slice_end);
		tw_vec_push(&world->obs.gauges.v[gauge].slices,
			((struct tw_gauge_slice){
				.replicas = it->replicas,
				.unavailable = it->worst_unavailable,
				.queue = it->worst_queue,
				.busy = it->busy_area,
				.capacity = it->capacity_area,
				.computing = it->computing,
				.throttled = it->throttled,
				.cpu = it->cpu_used,
				.memory = it->memory,
				.ooms = it->ooms,
			}));
		gauge++;
		it->busy_area = it->capacity_area = 0;
		it->computing = it->throttled = it->cpu_used = 0;
		it->ooms = 0;
		it->memory = it->memory ? most_memory(world, s) : 0;
		it->worst_unavailable = it->unavailable;
		it->worst_queue = it->worst_queue ? longest_queue(world, s) : 0;
	}
}

void tw_world_close_slices(struct tw_world *world, tw_time to)
{
	while (world->slice_end <= to) {
		close_slice(world);
		world->slice++;
		world->slice_end += world->obs.slice;
	}
}

/* ---- a warm-up ------------------------------------------------------ */

static void forget_service(struct tw_world *world, uint32_t service)
{
	struct tw_world_service *it = &world->services[service];

	close_service(it, tw_world_now(world));
	it->busy_area = it->capacity_area = 0;
	it->computing = it->throttled = it->cpu_used = 0;
	it->ooms = 0;
	it->memory = it->memory ? most_memory(world, service) : 0;
	it->worst_unavailable = it->unavailable;
	it->worst_queue = it->worst_queue ? longest_queue(world, service) : 0;
}

void tw_world_forget(struct tw_world *world)
{
	struct tw_observation *obs = &world->obs;

	tw_cpu_count(world, tw_world_now(world));
	for (uint32_t s = 0; s < world->model->n_services; s++)
		forget_service(world, s);
	for (size_t i = 0; i < obs->cells.n; i++)
		tw_cell_forget(&obs->cells.v[i]);
	for (size_t i = 0; i < obs->gauges.n; i++)
		for (size_t k = 0; k < obs->gauges.v[i].slices.n; k++)
			obs->gauges.v[i].slices.v[k] =
				(struct tw_gauge_slice){0};
	obs->failed.n = obs->incidents.n = 0;
	obs->failed_below = 0;
	obs->n_incidents = 0;
	/* Who is on the way arrives in what counts. */
	obs->arrivals -= obs->completed;
	obs->completed = 0;
	obs->peak_in_flight = world->live_calls;
}

/* ---- cells ---------------------------------------------------------- */

uint32_t tw_world_add_cell(struct tw_world *world, uint32_t channel,
	enum tw_side side, uint32_t zone, uint8_t window)
{
	const struct tw_model *model = world->model;
	const struct tw_channel *it = world->channels.v[channel].model;
	const struct tw_endpoint *endpoint = &model->endpoints[it->endpoint];
	struct tw_observation *obs = &world->obs;
	struct tw_cell_key key = {
		.caller = tw_observation_name(
			obs, tw_model_caller_name(model, it->caller)),
		.service = tw_observation_name(
			obs, model->services[endpoint->service].key),
		.endpoint = tw_observation_name(obs, endpoint->name),
		.zone = tw_observation_name(
			obs, zone < model->n_zones ? model->zones[zone] : ""),
		.side = side,
		.window = window,
	};

	return (uint32_t)(tw_observation_cell(obs, &key) - obs->cells.v);
}

/* ---- examples ------------------------------------------------------- */

/* A heap with the largest hash on top: where one with this hash belongs, from
 * the end up, or from the top down, whose place it takes. */
static size_t rise(struct tw_world *world, size_t at, uint64_t hash)
{
	uint64_t *hashes = world->example_hashes;
	struct tw_example *v = world->obs.failed.v;

	while (at && hashes[(at - 1) / 2] < hash) {
		hashes[at] = hashes[(at - 1) / 2];
		v[at] = v[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	return at;
}

static size_t sink(struct tw_world *world, uint64_t hash)
{
	uint64_t *hashes = world->example_hashes;
	struct tw_example *v = world->obs.failed.v;
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < TW_EXAMPLES &&
			hashes[child + 1] > hashes[child])
			child++;
		if (child >= TW_EXAMPLES || hashes[child] <= hash)
			return at;
		hashes[at] = hashes[child];
		v[at] = v[child];
		at = child;
	}
}

void tw_world_example(struct tw_world *world, const struct tw_call *call,
	tw_time latency, int status, const char *why)
{
	const struct tw_model *model = world->model;
	const struct tw_channel *channel =
		world->channels.v[call->channel].model;
	const struct tw_endpoint *endpoint =
		&model->endpoints[channel->endpoint];
	uint64_t hash = tw_hash_mix(call->key);
	size_t at;

	if (world->obs.failed.n < TW_EXAMPLES) {
		tw_vec_push(&world->obs.failed, (struct tw_example){0});
		at = rise(world, world->obs.failed.n - 1, hash);
	} else {
		uint64_t *below = &world->obs.failed_below;
		uint64_t out = world->example_hashes[0];

		if (hash > out)
			out = hash;
		if (!*below || out < *below)
			*below = out;
		if (hash == out)
			return;
		at = sink(world, hash);
	}
	world->example_hashes[at] = hash;
	world->obs.failed.v[at] = (struct tw_example){
		.key = call->key,
		.position = call->position,
		.at = call->since,
		.latency = latency,
		.service = tw_observation_name(
			&world->obs, model->services[endpoint->service].key),
		.endpoint = tw_observation_name(&world->obs, endpoint->name),
		.why = tw_observation_name(&world->obs, why),
		.status = status,
	};
}
