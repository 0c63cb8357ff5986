/*
 * Capacity with all that a service may ask for beyond plain workers: an order
 * of the queue, requests in flight that hold no worker, memory.
 */
#include "twins/world/capacity.h"

#include "twins/base/assert.h"
#include "twins/world/cpu.h"
#include "twins/world/memory.h"

/* A queue that has not been empty for so long stands: from now on the last
 * that came is served first (Maurer, "Fail at Scale", ACM Queue 13(8), 2015,
 * adaptive LIFO and its interval of 100 ms). */
#define STANDS_AFTER (100 * TW_MS)

static const struct tw_service *model_of(
	const struct tw_world *world, const struct tw_world_replica *it)
{
	return &world->model->services[it->service];
}

/* How many it takes in at once. */
static uint32_t room_of(
	const struct tw_world *world, const struct tw_world_replica *it)
{
	const struct tw_service *model = model_of(world, it);

	return model->is_async ? model->in_flight : it->workers;
}

static void enter(struct tw_world *world, struct tw_world_replica *it, int by)
{
	it->inside += (uint32_t)by;
	if (!model_of(world, it)->is_async) {
		it->busy += (uint32_t)by;
		world->services[it->service].busy += (uint32_t)by;
	}
}

static bool goes_first(
	const struct tw_world *world, const struct tw_world_replica *it)
{
	switch ((enum tw_queue_order)model_of(world, it)->order) {
	case TW_LIFO:
		return true;
	case TW_ADAPTIVE_LIFO:
		return tw_world_now(world) - it->queue_since > STANDS_AFTER;
	default:
		return false;
	}
}

static void push(
	struct tw_world *world, struct tw_world_replica *it, uint32_t task)
{
	world->tasks[task].next = TW_NONE;
	if (!it->queue_length) {
		it->queue_since = tw_world_now(world);
		it->queue_first = it->queue_last = task;
	} else if (goes_first(world, it)) {
		world->tasks[task].next = it->queue_first;
		it->queue_first = task;
	} else {
		world->tasks[it->queue_last].next = task;
		it->queue_last = task;
	}
	it->queue_length++;
}

static enum tw_admission full_admit(
	struct tw_world *world, uint32_t replica, uint32_t task)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];

	if (it->inside < room_of(world, it)) {
		enter(world, it, 1);
		tw_memory_enter(world, replica);
		return TW_ADMITTED;
	}
	if (it->queue_length >= it->queue_limit)
		return TW_REFUSED;
	push(world, it, task);
	if (it->queue_length > service->worst_queue)
		service->worst_queue = it->queue_length;
	return TW_QUEUED;
}

static void start_next(struct tw_world *world, struct tw_world_replica *it)
{
	uint32_t task = it->queue_first;

	it->queue_first = world->tasks[task].next;
	it->queue_length--;
	tw_memory_enter(world, (uint32_t)(it - world->replicas));
	tw_world_soon(
		world, TW_SOON_START, task, world->tasks[task].generation);
}

static void full_leave(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];

	tw_assert(it->inside > 0);
	tw_memory_leave(world, replica);
	if (it->queue_length && it->inside <= room_of(world, it))
		start_next(world, it);
	else
		enter(world, it, -1);
}

static void full_resize(struct tw_world *world, uint32_t replica,
	uint32_t workers, uint32_t queue)
{
	struct tw_world_replica *it = &world->replicas[replica];

	if (it->health == TW_UP)
		world->services[it->service].capacity += workers - it->workers;
	it->workers = workers;
	it->queue_limit = queue;
	if (model_of(world, it)->is_async)
		tw_cpu_resize(world, replica, workers);
	while (it->queue_length && it->inside < room_of(world, it)) {
		enter(world, it, 1);
		start_next(world, it);
	}
}

static void full_stop(struct tw_world *world, uint32_t replica)
{
	tw_capacity_workers.stop(world, replica);
	world->replicas[replica].inside = 0;
	tw_memory_reset(world, replica);
}

/* Whom it serves next is no matter to whoever leaves the queue. */
static bool full_cancel(struct tw_world *world, uint32_t replica, uint32_t task)
{
	return tw_capacity_workers.cancel(world, replica, task);
}

static void full_work(struct tw_world *world, uint32_t task, tw_time demand)
{
	tw_capacity_workers.work(world, task, demand);
}

const struct tw_capacity tw_capacity_full = {
	.name = "full",
	.admit = full_admit,
	.work = full_work,
	.leave = full_leave,
	.cancel = full_cancel,
	.resize = full_resize,
	.stop = full_stop,
};

const struct tw_capacity *tw_capacity_of(const struct tw_service *service)
{
	bool plain = service->order == TW_FIFO && !service->is_async &&
		     !service->memory_base && !service->memory_request &&
		     !service->memory_leak;

	return plain ? &tw_capacity_workers : &tw_capacity_full;
}
