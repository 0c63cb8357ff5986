#include "twins/world/capacity.h"

#include "twins/base/assert.h"
#include "twins/world/cpu.h"
#include "twins/world/pause.h"

static enum tw_admission workers_admit(
	struct tw_world *world, uint32_t replica, uint32_t task)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];

	if (it->busy < it->workers) {
		it->busy++;
		service->busy++;
		return TW_ADMITTED;
	}
	if (it->queue_length >= it->queue_limit)
		return TW_REFUSED;
	world->tasks[task].next = TW_NONE;
	if (it->queue_length)
		world->tasks[it->queue_last].next = task;
	else
		it->queue_first = task;
	it->queue_last = task;
	it->queue_length++;
	if (it->queue_length > service->worst_queue)
		service->worst_queue = it->queue_length;
	return TW_QUEUED;
}

static void workers_work(struct tw_world *world, uint32_t task, tw_time demand)
{
	tw_queue_schedule(&world->queue, tw_world_now(world) + demand,
		TW_CLASS_COMPLETION, TW_EV_WORKED, task,
		world->tasks[task].generation);
}

/* The worker goes to the head of the queue at once, so that nobody who comes
 * in at this instant overtakes it. */
static void start_next(struct tw_world *world, struct tw_world_replica *it)
{
	uint32_t task = it->queue_first;

	it->queue_first = world->tasks[task].next;
	it->queue_length--;
	tw_world_soon(
		world, TW_SOON_START, task, world->tasks[task].generation);
}

static void workers_leave(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];

	tw_assert(it->busy > 0);
	if (it->queue_length && it->busy <= it->workers) {
		start_next(world, it);
		return;
	}
	it->busy--;
	world->services[it->service].busy--;
}

static bool workers_cancel(
	struct tw_world *world, uint32_t replica, uint32_t task)
{
	struct tw_world_replica *it = &world->replicas[replica];
	uint32_t before = TW_NONE, at = it->queue_first;

	for (uint32_t i = 0; i < it->queue_length; i++) {
		uint32_t after = world->tasks[at].next;

		if (at != task) {
			before = at;
			at = after;
			continue;
		}
		if (before == TW_NONE)
			it->queue_first = after;
		else
			world->tasks[before].next = after;
		if (it->queue_last == task)
			it->queue_last = before;
		it->queue_length--;
		return true;
	}
	return false;
}

static void workers_resize(struct tw_world *world, uint32_t replica,
	uint32_t workers, uint32_t queue)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];

	if (it->health == TW_UP)
		service->capacity += workers - it->workers;
	it->workers = workers;
	it->queue_limit = queue;
	while (it->queue_length && it->busy < it->workers) {
		it->busy++;
		service->busy++;
		start_next(world, it);
	}
}

static void workers_stop(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];

	world->services[it->service].busy -= it->busy;
	it->busy = 0;
	it->queue_length = 0;
	if (it->shares)
		tw_cpu_stop(world, replica);
	if (world->pauses)
		tw_pause_stop(world, replica);
}

const struct tw_capacity tw_capacity_workers = {
	.name = "workers",
	.admit = workers_admit,
	.work = workers_work,
	.leave = workers_leave,
	.cancel = workers_cancel,
	.resize = workers_resize,
	.stop = workers_stop,
};
