/*
 * Slow spells of replicas: what a store is in while it compacts, a cache is
 * cold or a neighbour is noisy. Steps of cpu and wait that begin in one take
 * `factor` times as long, so that slow requests come in runs, as the tails of
 * real stores do. Lengths are drawn by the replica's name and the number of
 * the spell: a replica is well at first, for a draw of `enter`, then slow for
 * one of `leave`, and so on. No event is made: the spell is looked up when a
 * step begins.
 */
#ifndef TW_WORLD_MODE_H
#define TW_WORLD_MODE_H

#include "twins/world/world.h"

struct tw_mode {
	tw_time until; /* of the spell, good or bad */
	uint32_t n;    /* its number: odd ones are slow */
};

/* world->modes stays NULL where no service has them. */
void tw_mode_init(struct tw_world *world);
/* The factor on a step that begins now. */
double tw_mode_factor(struct tw_world *world, uint32_t replica);

#endif
