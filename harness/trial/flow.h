/*
 * Traffic as both sides of a comparison see it: arrivals in order of time,
 * each for an endpoint by name, since the two models may know other ones.
 */
#ifndef TW_TRIAL_FLOW_H
#define TW_TRIAL_FLOW_H

#include "harness/capture/sizes.h"
#include "harness/trial/users.h"
#include "twins/base/units.h"
#include "twins/base/vector.h"
#include "twins/model/traits.h"

struct tw_flow_target {
	const char *service;  /* "namespace/name" */
	const char *endpoint; /* "GET /product/{id}" */
	tw_traits traits;     /* by the conditions of the side's spec */
	int respond; /* no service: the way in answers itself; 0: it does not */
	struct tw_byte_count request_bytes, answer_bytes; /* n 0: not known */
};

/* The side has no service that the request could be for. */
#define TW_FLOW_LOST UINT32_MAX

struct tw_flow_arrival {
	tw_time at;
	uint32_t target;   /* index into flow->targets; TW_FLOW_LOST: none */
	uint64_t position; /* in the source */
	uint32_t pass;	   /* of a loop, from 0 */
	/* A hash for each key of the side's spec (twins/model/keys.h), 0:
	 * unknown; good until the next arrival. NULL: there are no keys. */
	const uint64_t *keys;
};

/* Whose endpoints an arrival goes to. */
enum tw_flow_side { TW_FLOW_BASELINE, TW_FLOW_CANDIDATE };

struct tw_flow;

struct tw_flow_vtable {
	/* A cursor of its own for each trial; any number at a time, on any
	 * thread. Both sides get the same arrivals; a target may differ. */
	void *(*open)(const struct tw_flow *flow, enum tw_flow_side side,
		uint64_t seed, uint32_t replication);
	bool (*next)(void *cursor, struct tw_flow_arrival *arrival);
	void (*close)(void *cursor);
	void (*free)(struct tw_flow *flow);
};

struct tw_flow { /* an implementation embeds it as its first member */
	const struct tw_flow_vtable *vtable;
	const struct tw_flow_target *targets;
	size_t n_targets;
	tw_time duration;   /* of the traffic */
	tw_time warmup;	    /* of it: run, but not observed */
	uint64_t arrivals;  /* that a cursor will give; 0: not known */
	bool recorded;	    /* every seed and replication has the same */
	uint32_t n_keys[2]; /* of each side, that arrivals have */
};

static inline void tw_flow_free(struct tw_flow *flow)
{
	if (flow)
		flow->vtable->free(flow);
}

/*
 * Made-up traffic, where there is no capture: a Poisson process of `rate`
 * requests a second for `duration`, each to one of the targets with equal
 * probability. Targets are copied. `users`, NULL or whose requests they are,
 * becomes the flow's; arrivals have TW_KEYS_MAX keys then, all the user's.
 */
struct tw_flow *tw_flow_poisson(const struct tw_flow_target *targets,
	size_t n_targets, double rate, tw_time duration,
	struct tw_users *users);

#endif
