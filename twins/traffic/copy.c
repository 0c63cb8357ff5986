/* Arrivals from outside that a fault makes, each to come in later. */
#include "twins/traffic/traffic.h"

void tw_copy_add(
	struct tw_world *world, const struct tw_copy *copy, tw_time later)
{
	uint32_t at = world->free_copy;

	if (at == TW_NONE) {
		at = (uint32_t)world->copies.n;
		tw_vec_push(&world->copies, *copy);
	} else {
		world->free_copy = world->copies.v[at].next;
		world->copies.v[at] = *copy;
	}
	world->live_copies++;
	tw_queue_schedule(&world->queue, tw_world_now(world) + later,
		TW_CLASS_ARRIVAL, TW_EV_COPY, at, 0);
}

void tw_copy_arrive(struct tw_world *world, uint32_t at)
{
	struct tw_copy *it = &world->copies.v[at];
	struct tw_arrival arrival = {
		.endpoint = it->endpoint,
		.caller = TW_NONE,
		.key = it->key,
		.position = it->position,
	};
	uint32_t copy = it->next;

	it->next = world->free_copy;
	world->free_copy = at;
	world->live_copies--;
	tw_call_arrive(world, &arrival, copy);
}
