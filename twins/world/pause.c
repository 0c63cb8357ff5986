#include "twins/world/pause.h"

#include "twins/base/assert.h"
#include "twins/kernel/random.h"
#include "twins/world/cpu.h"

/* A law of nothing would make pauses without end at one instant. */
#define SHORTEST TW_MS

static struct tw_pause *pause_of(struct tw_world *world, uint32_t replica)
{
	if (!world->pauses)
		world->pauses = tw_new_array(&world->arena,
			world->model->n_replicas, struct tw_pause);
	return &world->pauses[replica];
}

static const struct tw_service *service_of(
	const struct tw_world *world, uint32_t replica)
{
	uint32_t service = world->model->replicas[replica].service;

	return service == TW_NONE ? NULL : &world->model->services[service];
}

static double draw(const struct tw_world *world, uint32_t replica, uint32_t n)
{
	return tw_draw(world->seed, world->model->replicas[replica].hash,
		TW_DRAW_PAUSE, n);
}

tw_time tw_pause_gap(const struct tw_world *world, uint32_t replica, uint32_t n)
{
	tw_time gap = tw_dist_sample(service_of(world, replica)->pause_every,
		draw(world, replica, 2 * n));

	return gap > SHORTEST ? gap : SHORTEST;
}

tw_time tw_pause_length(
	const struct tw_world *world, uint32_t replica, uint32_t n)
{
	return tw_dist_sample(service_of(world, replica)->pause_for,
		draw(world, replica, 2 * n + 1));
}

void tw_pause_init(struct tw_world *world)
{
	for (uint32_t r = 0; r < world->model->n_replicas; r++) {
		const struct tw_service *service = service_of(world, r);

		if (service && service->pause_every)
			tw_queue_schedule(&world->queue,
				tw_pause_gap(world, r, 0), TW_CLASS_WORLD,
				TW_EV_PAUSE, r, 1);
	}
}

void tw_pause_release(struct tw_world *world)
{
	for (uint32_t r = 0; world->pauses && r < world->model->n_replicas; r++)
		tw_vec_release(&world->pauses[r].parked);
}

void tw_pause_park(
	struct tw_world *world, uint32_t task, enum tw_parked_kind kind)
{
	const struct tw_task *it = &world->tasks[task];

	tw_vec_push(&world->pauses[it->replica].parked,
		((struct tw_parked){task, it->generation, kind}));
}

void tw_pause_begin(struct tw_world *world, uint32_t replica)
{
	if (pause_of(world, replica)->depth++)
		return;
	world->paused++;
	tw_world_see_plain(world);
	if (world->replicas[replica].shares)
		tw_cpu_pause(world, replica, true);
}

void tw_pause_end(
	struct tw_world *world, uint32_t replica, struct tw_parking *to)
{
	struct tw_pause *it = pause_of(world, replica);

	tw_assert(it->depth > 0);
	if (--it->depth)
		return;
	world->paused--;
	tw_world_see_plain(world);
	if (world->replicas[replica].shares)
		tw_cpu_pause(world, replica, false);
	*to = it->parked;
	it->parked = (struct tw_parking){0};
}

void tw_pause_stop(struct tw_world *world, uint32_t replica)
{
	struct tw_pause *it = &world->pauses[replica];

	for (size_t i = 0; i < it->parked.n; i++)
		if (it->parked.v[i].kind != TW_PARKED_START)
			tw_queue_schedule(&world->queue, tw_world_now(world),
				TW_CLASS_COMPLETION, TW_EV_WORKED,
				it->parked.v[i].task,
				it->parked.v[i].generation);
	it->parked.n = 0;
}
