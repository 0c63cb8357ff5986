/*
 * What goes in and out of a twin: arrivals, their outcomes, and tries that
 * somebody outside answers.
 */
#ifndef TW_TRAFFIC_SEAM_H
#define TW_TRAFFIC_SEAM_H

#include "twins/model/model.h"

/*
 * A request from outside, or one that an outside service makes (caller = that
 * service): the channel from caller to callee, with its policies, faults and
 * network, lies in its way.
 */
struct tw_arrival {
	tw_time at; /* >= now */
	uint32_t endpoint;
	uint32_t caller;   /* service; TW_NONE: outside */
	uint64_t key;	   /* tw_arrival_key(), or tw_call_key() */
	uint64_t position; /* in the source, for examples */
	uint64_t user;	   /* comes back in the outcome */
	tw_traits traits;  /* TW_TRAITS_UNKNOWN: nothing is known */
	/* A hash for each of model->keys, 0: unknown (twins/model/keys.h);
	 * borrowed for the call. NULL: none is known. */
	const uint64_t *keys;
};

/* Of a root request. */
uint64_t tw_arrival_key(uint64_t position, uint32_t pass);
/* Of the n-th call to an endpoint by an outside service while it answers the
 * attempt that begin() told it the key of (0 where that is not known). */
uint64_t tw_call_key(const struct tw_model *model, uint64_t parent,
	uint32_t endpoint, uint32_t n);

/* Statuses are HTTP's, and 0 for a call that the end of the run cut off. */
struct tw_outcome {
	uint64_t user; /* as offered */
	tw_time at;
	tw_time latency;
	int status;
	bool failed;	/* status >= 400 or cut off */
	bool timed_out; /* the status is 504 because the time was up */
	uint32_t tries;
};

/* A try that an outside service has to answer. */
struct tw_begin {
	uint64_t handle;
	uint64_t key; /* of the attempt: parent of calls made for it */
	uint32_t endpoint;
	uint32_t replica;
	uint64_t position; /* of its root request */
	uint64_t user;	   /* of its root request, as offered */
	bool from_outside; /* its caller is the outside: `user` is its own */
};

struct tw_outside {
	/* Must not answer before it returned. */
	void (*begin)(void *context, const struct tw_begin *begin);
	/* The caller gave up, or the replica is dead; an answer that comes
	 * all the same is counted and ignored. May be NULL. */
	void (*cancel)(void *context, uint64_t handle);
};

#endif
