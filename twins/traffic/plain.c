/*
 * The plain hop. Most calls of most runs meet nothing special: one target, a
 * replica that is up, no effect of a fault, nobody who watches. For these
 * both ways, from the step that calls to the replica's first step and from
 * its last one back to the caller, are here in one piece: what call.c, send.c
 * and steps.c ask at each turn is asked once, beforehand.
 *
 * What comes of it is what they would have made: the same records, events,
 * counts and draws in the same order, so that either can go on with what the
 * other began. tests/unit/twin/chaos_test.c compares the two.
 */
#include "twins/base/hash.h"
#include "twins/traffic/traffic.h"
#include "twins/world/capacity.h"

/* A try is at its replica; true: it starts. */
static TW_PATH bool arrive_plainly(struct tw_world *world, uint32_t task,
	const struct tw_world_channel *by)
{
	struct tw_task *it = &world->tasks[task];
	struct tw_world_replica *replica = &world->replicas[it->replica];
	struct tw_world_service *service = &world->services[replica->service];

	if (!service->plain || replica->capacity != &tw_capacity_workers) {
		tw_serve_arrive(world, task);
		return false;
	}
	tw_world_touch(world, service);
	service->in_system++;
	service->arrived++;
	if (replica->busy >= replica->workers) {
		admit(world, task);
		return false;
	}
	replica->busy++;
	service->busy++;
	it->state = TW_TASK_RUNNING;
	it->program =
		by->program != TW_NONE ? by->program : program_of(world, it);
	it->step = world->model->programs[it->program].step;
	return true;
}

/* The try of a call sets out; *task: where it starts at once. */
static TW_PATH bool send_plainly(struct tw_world *world, uint32_t call,
	const struct tw_world_channel *by, uint32_t replica, uint32_t *task)
{
	struct tw_call *it = &world->calls[call];
	uint64_t key = tw_hash_combine_mixed(it->key, tw_hash_mix(1));
	uint32_t attempt = world->free_task, generation;
	struct way way;

	if (attempt == TW_NONE || world->replicas[replica].health != TW_UP) {
		tw_call_dispatch(
			world, call, by->model->endpoint, replica, key);
		return false;
	}
	world->free_task = world->tasks[attempt].next;
	world->live_tasks++;
	generation = world->tasks[attempt].generation;
	it->try_timer =
		tw_call_arm(world, by->try_lane, TW_EV_TRY_TIMEOUT, call);
	it->replica = replica;
	it->attempt = attempt;
	world->replicas[replica].outstanding++;
	way = way_to(world, it, by->model->endpoint, replica, key);
	it->network = way.there + way.back;
	world->tasks[attempt] = (struct tw_task){
		.key = key,
		.traits = TW_TRAITS_UNKNOWN,
		.since = tw_world_now(world),
		.back = way.back,
		.deadline = 0,
		.queued = 0,
		.worked = 0,
		.stalled = 0,
		.generation = generation,
		.next = TW_NONE,
		.call = call,
		.attempt = attempt,
		.parent = TW_NONE,
		.replica = replica,
		.channel = it->channel,
		.endpoint = by->model->endpoint,
		.program = 0,
		.step = TW_NONE,
		.turn = 0,
		.iteration = 0,
		.waiting = 0,
		.root = it->root,
		.root_generation = it->root_generation,
		.try = 1,
		.state = TW_TASK_SENT,
		.window = world->window,
		.failed = false,
	};
	*task = attempt;
	if (!way.there)
		return arrive_plainly(world, attempt, by);
	tw_queue_schedule(&world->queue, tw_world_now(world) + way.there,
		TW_CLASS_COMPLETION, TW_EV_ARRIVE, attempt, generation);
	return false;
}

static TW_PATH uint32_t new_plain_call(struct tw_world *world,
	const struct tw_task *parent, uint32_t task, uint32_t index,
	uint32_t iteration)
{
	const struct tw_step *step = &world->model->steps[index];
	const struct tw_world_channel *by = &world->channels.v[step->channel];
	uint64_t number = (uint64_t)iteration << 32 | step->ordinal;
	uint32_t call = world->free_call;
	struct tw_call *it = &world->calls[call];
	uint32_t generation = it->generation;

	world->free_call = it->next;
	if (++world->live_calls > world->obs.peak_in_flight)
		world->obs.peak_in_flight = world->live_calls;
	*it = (struct tw_call){
		.key = tw_hash_combine_mixed(
			tw_hash_combine_mixed(parent->key, by->mixed),
			number ? tw_hash_mix(number) : tw_hash_mix(0)),
		.since = tw_world_now(world),
		.network = 0,
		.backoff = 0,
		.deadline = 0,
		.app_timer = TW_NO_EVENT,
		.route_timer = TW_NO_EVENT,
		.try_timer = TW_NO_EVENT,
		.traits = TW_TRAITS_UNKNOWN,
		.position = 0,
		.user = 0,
		.copy = 0,
		.generation = generation,
		.next = TW_NONE,
		.parent = task,
		.channel = step->channel,
		.step = index,
		.attempt = TW_NONE,
		.replica = TW_NONE,
		.from = parent->replica,
		.root = parent->root,
		.root_generation = parent->root_generation,
		.ticket = TW_NONE,
		.tries = 1,
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
	it->app_timer = tw_call_arm(
		world, world->app_lanes[index], TW_EV_APP_TIMEOUT, call);
	it->route_timer =
		tw_call_arm(world, by->route_lane, TW_EV_ROUTE_TIMEOUT, call);
	return call;
}

/*
 * A step calls. False: not plainly, nothing was done. *task becomes the try
 * that starts at this instant, of a caller that may not be resumed before it
 * waits (world->calling); TW_NONE: nothing does.
 */
static TW_PATH bool call_plainly(struct tw_world *world, uint32_t *task,
	uint32_t index, uint32_t iteration)
{
	const struct tw_step *step = &world->model->steps[index];
	const struct tw_world_channel *by = &world->channels.v[step->channel];
	const struct tw_world_pool *pool;
	uint32_t call, replica;

	if (!by->plain || !world->plain || world->free_call == TW_NONE)
		return false;
	pool = &world->pools[by->model->targets->pool];
	if (!pool->n)
		return false;
	call = new_plain_call(
		world, &world->tasks[*task], *task, index, iteration);
	replica = pool->listed[0];
	if (pool->n != 1)
		replica = choose_replica(world, &world->calls[call],
			by->model->targets,
			tw_hash_combine_mixed(
				world->calls[call].key, tw_hash_mix(1)));
	world->calling = true;
	if (!send_plainly(world, call, by, replica, task))
		*task = TW_NONE;
	return true;
}

/* ---- back ------------------------------------------------------------ */

static TW_PATH void count_plain_try(struct tw_world *world,
	const struct tw_task *it, const struct tw_world_replica *replica)
{
	struct tw_world_service *service = &world->services[replica->service];
	tw_time sojourn = tw_world_now(world) - it->since;
	struct tw_cell *cell = tw_world_cell(
		world, it->channel, TW_SERVER, replica->zone, it->window);

	tw_world_touch(world, service);
	service->in_system--;
	service->left++;
	service->sojourn += (uint64_t)sojourn;
	tw_cell_count(cell, sojourn, false, false);
	cell->queued += it->queued;
	cell->worked += it->worked;
	cell->stalled += it->stalled;
}

static TW_PATH void count_plain_call(
	struct tw_world *world, const struct tw_call *it)
{
	struct tw_cell *cell = tw_world_cell(world, it->channel, TW_CLIENT,
		world->replicas[it->from].zone, it->window);

	tw_cell_count(cell, tw_world_now(world) - it->since, false, false);
	cell->retries += it->tries - 1U;
	cell->network += it->network;
	cell->backoff += it->backoff;
}

static TW_PATH void leave_plainly(
	struct tw_world *world, struct tw_world_replica *it, uint32_t replica)
{
	if (it->capacity != &tw_capacity_workers || it->queue_length) {
		it->capacity->leave(world, replica);
		return;
	}
	it->busy--;
	world->services[it->service].busy--;
}

static TW_PATH bool is_plain_end(
	const struct tw_world *world, uint32_t task, const struct tw_task *it)
{
	const struct tw_call *call;

	if (!world->plain || world->calling || it->call == TW_NONE ||
		it->attempt != task || it->state != TW_TASK_RUNNING ||
		it->failed || it->back ||
		world->model->programs[it->program].errors > 0)
		return false;
	call = &world->calls[it->call];
	return call->parent != TW_NONE && call->ticket == TW_NONE &&
	       !call->mirror &&
	       world->tasks[world->tasks[call->parent].attempt].state !=
		       TW_TASK_DEAD;
}

/*
 * A task has done its part, well, and its caller hears of it at this instant:
 * *task becomes the caller's, which goes on. False: not plainly, nothing was
 * done.
 */
static TW_PATH bool return_plainly(struct tw_world *world, uint32_t *task)
{
	struct tw_task *it = &world->tasks[*task];
	struct tw_world_replica *replica;
	struct tw_call *call;
	uint32_t index;

	if (!is_plain_end(world, *task, it))
		return false;
	index = it->call;
	call = &world->calls[index];
	replica = &world->replicas[it->replica];
	count_plain_try(world, it, replica);
	leave_plainly(world, replica, it->replica);
	tw_world_free_task(world, *task);
	*task = call->parent;
	disarm(world, &call->try_timer);
	disarm(world, &call->route_timer);
	disarm(world, &call->app_timer);
	replica->outstanding--;
	count_plain_call(world, call);
	tw_world_free_call(world, index);
	return true;
}
