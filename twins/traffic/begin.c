/*
 * A call begins: as a step of a task, or as an arrival from outside.
 */
#include "twins/base/hash.h"
#include "twins/traffic/traffic.h"

TW_PATH struct tw_call *tw_call_new(struct tw_world *world, uint32_t *call)
{
	struct tw_call *it;
	uint32_t generation;

	*call = tw_world_new_call(world);
	if (*call == TW_NONE) {
		world->obs.overflow++;
		return NULL;
	}
	if (world->live_calls > world->obs.peak_in_flight)
		world->obs.peak_in_flight = world->live_calls;
	it = &world->calls[*call];
	generation = it->generation;
	/* Every field by name: clearing the whole first costs more. */
	*it = (struct tw_call){
		.key = 0,
		.since = tw_world_now(world),
		.deadline = 0,
		.network = 0,
		.backoff = 0,
		.app_timer = TW_NO_EVENT,
		.route_timer = TW_NO_EVENT,
		.try_timer = TW_NO_EVENT,
		.traits = TW_TRAITS_UNKNOWN,
		.position = 0,
		.user = 0,
		.copy = 0,
		.generation = generation,
		.next = TW_NONE,
		.parent = TW_NONE,
		.channel = 0,
		.step = TW_NONE,
		.attempt = TW_NONE,
		.replica = TW_NONE,
		.from = TW_NONE,
		.root = *call,
		.root_generation = generation,
		.ticket = TW_NONE,
		.tries = 0,
		.route_tries = 0,
		.app_tries = 0,
		.backoffs = 0,
		.window = world->window,
		.live = true,
		.starts_over = false,
		.backing_off = false,
		.unreached = false,
		.mirror = false,
		.lookup = false,
	};
	return it;
}

TW_PATH void tw_call_begin(struct tw_world *world, uint32_t task, uint32_t step,
	uint32_t iteration)
{
	const struct tw_step *at = &world->model->steps[step];
	const struct tw_task *parent = &world->tasks[task];
	uint64_t number;
	uint32_t call;
	struct tw_call *it = tw_call_new(world, &call);
	bool calling;

	if (!it) {
		tw_world_soon(world, TW_SOON_REFUSED, task,
			(uint64_t)parent->generation << 1 | at->optional);
		return;
	}
	/* What is combined with is mixed beforehand where that is known: the
	 * first call of its kind by a step done once has number 0. */
	number = (uint64_t)iteration << 32 | at->ordinal;
	it->key = tw_hash_combine_mixed(
		tw_hash_combine_mixed(
			parent->key, world->channels.v[at->channel].mixed),
		number ? tw_hash_mix(number) : tw_hash_mix(0));
	it->parent = task;
	it->channel = at->channel;
	it->step = step;
	it->from = parent->replica;
	it->root = parent->root;
	it->root_generation = parent->root_generation;
	if (__builtin_expect(world->model->carry != NULL, 0))
		tw_call_choose(world, it,
			(parent->traits & world->model->carry[step].keep) |
				world->model->carry[step].set);
	if (__builtin_expect(world->call_keys != NULL, 0))
		tw_keys_of_step(world, call, task, step);
	it->app_timer = tw_call_arm(
		world, world->app_lanes[step], TW_EV_APP_TIMEOUT, call);
	calling = world->calling;
	world->calling = true;
	start_route(world, call);
	world->calling = calling;
}

/* The replica of an outside service that calls: its first listed one. */
static uint32_t replica_of(const struct tw_world *world, uint32_t service)
{
	uint32_t pool;

	if (service == TW_NONE)
		return TW_NONE;
	pool = world->model->services[service].pool;
	if (world->pools[pool].n)
		return world->pools[pool].listed[0];
	return world->model->pools[pool].n_replicas
		       ? world->model->pools[pool].replicas[0]
		       : TW_NONE;
}

static void refuse(
	struct tw_world *world, const struct tw_arrival *arrival, uint32_t copy)
{
	struct tw_outcome outcome = {.user = arrival->user,
		.at = tw_world_now(world),
		.status = 503,
		.failed = true};

	if (arrival->caller == TW_NONE)
		world->obs.completed++;
	if (!world->done || copy)
		return;
	world->inside = true;
	world->done(world->done_context, &outcome);
	world->inside = false;
}

void tw_call_arrive(
	struct tw_world *world, const struct tw_arrival *arrival, uint32_t copy)
{
	uint32_t call;
	struct tw_call *it;

	if (arrival->caller == TW_NONE)
		world->obs.arrivals++;
	it = tw_call_new(world, &call);
	if (!it) {
		refuse(world, arrival, copy);
		return;
	}
	it->key = copy ? tw_hash_combine(arrival->key, copy) : arrival->key;
	it->position = arrival->position;
	it->user = arrival->user;
	it->copy = copy;
	it->channel = arrival->caller == TW_NONE
			      ? world->model->endpoints[arrival->endpoint]
					.from_outside
			      : tw_world_channel(world, arrival->caller,
					arrival->endpoint);
	it->from = replica_of(world, arrival->caller);
	if (__builtin_expect(world->model->carry != NULL, 0))
		tw_call_choose(world, it, arrival->traits);
	if (__builtin_expect(world->call_keys != NULL, 0))
		tw_keys_of_arrival(world, call, arrival, copy);
	if (arrival->caller == TW_NONE) {
		world->area += (uint64_t)world->live_arrivals *
			       (uint64_t)(it->since - world->since);
		world->since = it->since;
		world->live_arrivals++;
	}
	tw_world_tap(world, .kind = TW_TAP_ARRIVES, .service = TW_NONE,
		.endpoint = arrival->endpoint, .caller = arrival->caller,
		.replica = TW_NONE);
	start_route(world, call);
}
