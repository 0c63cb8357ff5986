#include "twins/cluster/start_order.h"

#include "twins/base/hash.h"
#include "twins/base/text.h"
#include "twins/kernel/random.h"

#include <stdio.h>

static void say(struct tw_world *world, uint32_t replica, const char *reason,
	const char *text)
{
	tw_world_tap(world, .kind = TW_TAP_SCALER, .service = TW_NONE,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE,
		.object_kind = "Pod",
		.object = world->model->replicas[replica].name,
		.reason = reason, .cause = text);
}

static bool answers(const struct tw_world *world, uint32_t replica)
{
	return world->replicas[replica].ready &&
	       world->replicas[replica].health == TW_UP;
}

/* Of the service's own pods. */
static bool any(const struct tw_world *world, uint32_t service,
	bool (*is)(const struct tw_world *world, uint32_t replica))
{
	const struct tw_model *model = world->model;
	const struct tw_pool *pool =
		&model->pools[model->services[service].pool];

	for (uint32_t i = 0; i < pool->n_replicas; i++)
		if (is(world, pool->replicas[i]))
			return true;
	return false;
}

bool tw_start_waits(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];
	const struct tw_service *service = &world->model->services[it->service];

	for (uint32_t i = 0; i < service->n_after; i++) {
		char text[300];

		if (any(world, service->after[i], answers))
			continue;
		snprintf(text, sizeof text,
			"waits for %s, of which no pod is ready",
			world->model->services[service->after[i]].key);
		if (!it->waits)
			say(world, replica, "Waiting", text);
		it->waits = true;
		return true;
	}
	it->waits = false;
	return false;
}

static bool is_lost(const struct tw_world *world, uint32_t replica)
{
	uint32_t node = world->replicas[replica].node;

	return node != TW_NONE && world->node_down[node];
}

tw_time tw_start_restores(struct tw_world *world, uint32_t replica)
{
	const struct tw_replica *model = &world->model->replicas[replica];
	const struct tw_dist *law =
		world->model->services[model->service].restore;
	char text[300], took[TW_TIME_TEXT];
	tw_time time;

	if (!law || !any(world, model->service, is_lost) ||
		any(world, model->service, answers))
		return 0;
	time = tw_dist_sample(
		law, tw_draw(world->seed,
			     tw_hash_combine(model->hash,
				     world->replicas[replica].life),
			     TW_DRAW_ARRIVAL, 1));
	snprintf(text, sizeof text,
		"restores its data from a backup, which takes %s",
		tw_time_text(time, took));
	say(world, replica, "Restoring", text);
	return time;
}
