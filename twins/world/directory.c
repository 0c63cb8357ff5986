#include "twins/world/directory.h"

#include <string.h>

/* In the model's order, whatever the order of what happened. */
static void relist(struct tw_world *world, uint32_t pool)
{
	const struct tw_pool *model = &world->model->pools[pool];
	const struct tw_service *service =
		&world->model->services[model->service];
	struct tw_world_pool *it = &world->pools[pool];

	it->n = 0;
	it->version++;
	for (uint32_t i = 0; i < model->n_replicas; i++) {
		const struct tw_world_replica *r =
			&world->replicas[model->replicas[i]];

		if (r->listed || (service->not_ready_too && r->seen & TW_SEEN))
			it->listed[it->n++] = model->replicas[i];
	}
	/* Subsets are of proxies that do not do so; neither does DNS. */
	if (it->n || model->subset || service->headless)
		return;
	for (uint32_t i = 0; i < model->n_replicas; i++) {
		uint8_t seen = world->replicas[model->replicas[i]].seen;

		if (seen & TW_SEEN_SERVING && seen & TW_SEEN_TERMINATING)
			it->listed[it->n++] = model->replicas[i];
	}
}

/* Pools of each replica: those of replica r from pools_from[r] on. */
static void index_pools(struct tw_world *world)
{
	const struct tw_model *model = world->model;
	uint32_t *from, *at;

	from = tw_new_array(&world->arena, model->n_replicas + 1, uint32_t);
	for (uint32_t p = 0; p < model->n_pools; p++)
		for (uint32_t i = 0; i < model->pools[p].n_replicas; i++)
			from[model->pools[p].replicas[i] + 1]++;
	for (uint32_t r = 0; r < model->n_replicas; r++)
		from[r + 1] += from[r];
	at = tw_calloc(model->n_replicas + 1, sizeof *at);
	memcpy(at, from, (model->n_replicas + 1) * sizeof *at);
	world->pools_of =
		tw_new_array(&world->arena, from[model->n_replicas], uint32_t);
	for (uint32_t p = 0; p < model->n_pools; p++)
		for (uint32_t i = 0; i < model->pools[p].n_replicas; i++)
			world->pools_of[at[model->pools[p].replicas[i]]++] = p;
	world->pools_from = from;
	tw_free(at);
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
	index_pools(world);
}

void tw_directory_list(struct tw_world *world, uint32_t replica, uint8_t seen)
{
	struct tw_world_replica *it = &world->replicas[replica];
	bool listed = seen & TW_SEEN_SERVING && !(seen & TW_SEEN_TERMINATING);
	bool was = it->listed;

	if (it->seen == seen && was == listed)
		return;
	it->seen = seen;
	it->listed = listed;
	if (was != listed)
		it->listed_at = tw_world_now(world);
	for (uint32_t i = world->pools_from[replica];
		i < world->pools_from[replica + 1]; i++)
		relist(world, world->pools_of[i]);
	if (was != listed)
		tw_world_tap(world,
			.kind = listed ? TW_TAP_LISTED : TW_TAP_UNLISTED,
			.service = world->model->replicas[replica].service,
			.endpoint = TW_NONE, .caller = TW_NONE,
			.replica = replica);
}
