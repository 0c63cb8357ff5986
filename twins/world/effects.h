/*
 * Effects: what faults do to requests. Faults add and remove them, traffic
 * asks what they come to. An effect is its fault's, is shared by all runs and
 * stays as it is; what changes in a run is in struct tw_live_effect.
 *
 * Traffic asks only where world->effects.n > 0: that is all that effects cost
 * while none is on.
 */
#ifndef TW_WORLD_EFFECTS_H
#define TW_WORLD_EFFECTS_H

#include "twins/world/world.h"

enum tw_way {
	TW_THERE = 1 << 0, /* a try, from its caller to a replica */
	TW_BACK = 1 << 1,  /* its answer */
};

/* One try, or its answer, that sets out now. */
struct tw_passage {
	uint64_t key;	 /* of the attempt */
	uint32_t caller; /* service; TW_NONE: outside */
	uint32_t endpoint;
	uint32_t replica; /* that the try is for */
	uint32_t from;	  /* replica of the caller; TW_NONE: none */
	uint32_t from_zone, to_zone;
	enum tw_way way;
	tw_time round_trip; /* ns without effects */
	bool lookup;	    /* none yet: its callee's name is looked up */
};

/* What stands in its way; the first effect that ends it counts. */
struct tw_hindrance {
	tw_time more;  /* ns longer on this way; may be below 0 */
	bool over;     /* it does not get through: the caller hears this: */
	bool far;      /* after the rest of the way, too */
	tw_time after; /* ns from now */
	enum tw_reason reason;
	int status;
};

enum tw_effect_on {
	TW_ON_PASSAGE, /* pass() */
	TW_ON_WORK,    /* `factor` on cpu and wait steps */
	TW_ON_ARRIVAL, /* `factor` on arrivals from outside */
	TW_ON_CLOSE,   /* a worker is held for `add` after its answer */
};

/* Selectors as in struct tw_fault: an array NULL fits all. */
struct tw_effect {
	enum tw_effect_on on;
	uint64_t hash;
	double probability; /* of a request, or of a connection */
	bool by_connection;
	bool lookups; /* it is about look-ups, where these are modelled */
	const bool *callers, *callees, *endpoints, *replicas, *nodes;
	const bool *from_zones, *to_zones;
	bool chosen_callers; /* the mode picked replicas of the caller */
	unsigned ways;	     /* enum tw_way, or-ed; 0: those that are there */
	/* callers, callees and zones speak of who sends and who receives,
	 * not of who calls whom; both_ways: or the other way round. */
	bool packets, both_ways;
	tw_time end; /* TW_NEVER */
	/* One passage that the effect fits and whose coin fell so. */
	void (*pass)(struct tw_world *world, const struct tw_live_effect *live,
		const struct tw_passage *passage, struct tw_hindrance *to);
	bool has_state; /* live->state: n_replicas + n_services + 2 of 0 */
	/* Figures of the kind. */
	tw_time add, jitter;
	double factor, ratio, other_ratio, rate;
	int64_t count;
	int status;
};

void tw_effect_add(struct tw_world *world, const struct tw_effect *effect,
	const bool *chosen);
void tw_effect_remove(struct tw_world *world, const struct tw_effect *effect);

/* The n-th draw of an effect for a passage; n from 1. */
double tw_effect_draw(const struct tw_world *world,
	const struct tw_effect *effect, uint64_t key, uint32_t n);
/* Bytes of the message that is on this way. */
int64_t tw_passage_bytes(
	const struct tw_world *world, const struct tw_passage *passage);

void tw_effects_on_passage(struct tw_world *world,
	const struct tw_passage *passage, struct tw_hindrance *to);
/* The factor on the work of an attempt. */
double tw_effects_on_work(const struct tw_world *world, uint64_t key,
	uint32_t endpoint, uint32_t replica);
/* How many of an arrival come in: 1 and its copies. */
uint32_t tw_effects_on_arrival(
	const struct tw_world *world, uint64_t key, uint32_t endpoint);
/* How long the worker is held after the answer; 0: it is free at once. */
tw_time tw_effects_on_close(const struct tw_world *world, uint64_t key,
	uint32_t endpoint, uint32_t replica);

#endif
