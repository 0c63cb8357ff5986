/*
 * Pauses of replicas: while one lasts nothing computes there, and whatever
 * else is due (the end of a wait, an answer, a request that may start) is put
 * aside until it is over. Those who wait elsewhere go on waiting.
 *
 * A replica pauses by itself where its service has `pauses`: every time is
 * drawn by the replica's name and the number of the pause, whatever happens to
 * it meanwhile. Several pauses at once (a fault) count as one.
 */
#ifndef TW_WORLD_PAUSE_H
#define TW_WORLD_PAUSE_H

#include "twins/world/world.h"

enum tw_parked_kind {
	TW_PARKED_START,  /* it may start */
	TW_PARKED_WORKED, /* its step is done */
	TW_PARKED_CALLED, /* its call is over; the task knows how */
};

struct tw_parked {
	uint32_t task, generation;
	enum tw_parked_kind kind;
};

TW_VEC_TYPE(tw_parking, struct tw_parked);

struct tw_pause {
	uint32_t depth; /* pauses that are on */
	struct tw_parking parked;
};

/* Schedules the first pause of each replica that has them. */
void tw_pause_init(struct tw_world *world);
void tw_pause_release(struct tw_world *world);

static inline bool tw_is_paused(const struct tw_world *world, uint32_t replica)
{
	return __builtin_expect(world->paused != 0, 0) &&
	       world->pauses[replica].depth;
}

/* Puts aside what is due on a replica that pauses. */
void tw_pause_park(
	struct tw_world *world, uint32_t task, enum tw_parked_kind kind);
/* One more pause, one less. What may go on is moved to *to (which is empty),
 * in its order. */
void tw_pause_begin(struct tw_world *world, uint32_t replica);
void tw_pause_end(
	struct tw_world *world, uint32_t replica, struct tw_parking *to);
/* The replica died: each task that is put aside gets a TW_EV_WORKED now. */
void tw_pause_stop(struct tw_world *world, uint32_t replica);

/* How long the n-th pause lasts; how long until it begins. */
tw_time tw_pause_length(
	const struct tw_world *world, uint32_t replica, uint32_t n);
tw_time tw_pause_gap(
	const struct tw_world *world, uint32_t replica, uint32_t n);

#endif
