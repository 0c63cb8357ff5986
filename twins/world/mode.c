#include "twins/kernel/random.h"
#include "twins/world/mode.h"

/* A law of nothing would make spells without end. */
#define SHORTEST TW_MS

static const struct tw_service *service_of(
	const struct tw_world *world, uint32_t replica)
{
	uint32_t service = world->model->replicas[replica].service;

	return service == TW_NONE ? NULL : &world->model->services[service];
}

static tw_time length(
	const struct tw_world *world, uint32_t replica, uint32_t n)
{
	const struct tw_service *service = service_of(world, replica);
	tw_time it = tw_dist_sample(
		n % 2 ? service->slow_leave : service->slow_enter,
		tw_draw(world->seed, world->model->replicas[replica].hash,
			TW_DRAW_MODE, n));

	return it > SHORTEST ? it : SHORTEST;
}

void tw_mode_init(struct tw_world *world)
{
	for (uint32_t r = 0; r < world->model->n_replicas; r++) {
		const struct tw_service *service = service_of(world, r);

		if (!service || !service->slow_enter)
			continue;
		if (!world->modes)
			world->modes = tw_new_array(&world->arena,
				world->model->n_replicas, struct tw_mode);
		world->modes[r].until = length(world, r, 0);
	}
}

double tw_mode_factor(struct tw_world *world, uint32_t replica)
{
	const struct tw_service *service = service_of(world, replica);
	struct tw_mode *it = &world->modes[replica];

	if (!service || !service->slow_enter)
		return 1;
	while (it->until <= tw_world_now(world))
		it->until += length(world, replica, ++it->n);
	return it->n % 2 ? service->slow_factor : 1;
}
