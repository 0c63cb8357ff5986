/*
 * Effects: what faults do to calls. Faults add and remove them, traffic asks
 * what they come to for one try. An effect is its fault's and stays in place
 * while it is on.
 */
#ifndef TW_WORLD_EFFECTS_H
#define TW_WORLD_EFFECTS_H

#include "twins/world/world.h"

void tw_effect_add(struct tw_world *world, const struct tw_effect *effect);
void tw_effect_remove(struct tw_world *world, const struct tw_effect *effect);

/* One try, on its way from a caller to a replica. */
struct tw_passage {
	uint64_t key;	 /* of the attempt */
	uint32_t caller; /* service; TW_NONE: outside */
	uint32_t endpoint;
	uint32_t replica;
	uint32_t from_zone, to_zone;
};

struct tw_hindrance {
	bool cut;     /* partition: nothing comes through */
	int status;   /* error: the answer in place of the replica's; 0: none */
	tw_time more; /* latency: ns, may be below 0 */
};

/* Only where world->effects.n > 0. */
void tw_effects_on_passage(const struct tw_world *world,
	const struct tw_passage *passage, struct tw_hindrance *to);
/* The factor on the work of an attempt. */
double tw_effects_on_work(const struct tw_world *world, uint64_t key,
	uint32_t endpoint, uint32_t replica);
/* How many of an arrival come in: 1 and its copies. */
uint32_t tw_effects_on_arrival(
	const struct tw_world *world, uint64_t key, uint32_t endpoint);

#endif
