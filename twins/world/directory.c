#include "twins/world/directory.h"

/* In the model's order, whatever the order of what happened. */
static void relist(struct tw_world *world, uint32_t pool)
{
	const struct tw_pool *model = &world->model->pools[pool];
	struct tw_world_pool *it = &world->pools[pool];

	it->n = 0;
	it->version++;
	for (uint32_t i = 0; i < model->n_replicas; i++)
		if (world->replicas[model->replicas[i]].listed)
			it->listed[it->n++] = model->replicas[i];
}

void tw_directory_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;

	world->pools = tw_new_array(
		&world->arena, model->n_pools, struct tw_world_pool);
	for (uint32_t p = 0; p < model->n_pools; p++) {
		world->pools[p].listed = tw_new_array(
			&world->arena, model->pools[p].n_replicas, uint32_t);
		relist(world, p);
	}
}

void tw_directory_list(struct tw_world *world, uint32_t replica, bool listed)
{
	const struct tw_model *model = world->model;

	if (world->replicas[replica].listed == listed)
		return;
	world->replicas[replica].listed = listed;
	world->replicas[replica].listed_at = tw_world_now(world);
	for (uint32_t p = 0; p < model->n_pools; p++)
		for (uint32_t i = 0; i < model->pools[p].n_replicas; i++)
			if (model->pools[p].replicas[i] == replica)
				relist(world, p);
	tw_world_tap(world, .kind = listed ? TW_TAP_LISTED : TW_TAP_UNLISTED,
		.service = model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica);
}
