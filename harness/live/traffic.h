/*
 * The part of a capture that the live twin of one candidate needs, in memory:
 * the requests that it gets, and what its dependencies answered it when the
 * capture was made.
 *
 * An exchange is a request for the candidate where it names it as its
 * `service`, or names no service and no caller and the model's entries (or,
 * without any, the candidate's own endpoints) take it there. It is a recorded
 * answer where its `caller` is the candidate.
 *
 * What has no endpoint in the model cannot be put to the twin: it is counted
 * as unrouted and not sent.
 */
#ifndef TW_LIVE_TRAFFIC_H
#define TW_LIVE_TRAFFIC_H

#include "plugins/twinrig-plugin.h"
#include "twins/model/model.h"
#include "twins/model/route.h"

struct tw_live_exchange {
	struct twinrig_exchange exchange; /* in the arena */
	uint64_t position;		  /* in the capture, from 0 */
	tw_time at;	  /* request: when to send, from the run's start */
	uint32_t pass;	  /* of a loop, from 0 */
	uint32_t service; /* that answered */
	uint32_t endpoint;
	uint32_t caller; /* TW_NONE: outside */
};

struct tw_live_traffic {
	struct tw_arena arena;
	TW_VEC(struct tw_live_exchange) recorded; /* requests, as captured */
	TW_VEC(struct tw_live_exchange)
	requests;				 /* scheduled, in order of
						  * `at` */
	TW_VEC(struct tw_live_exchange) answers; /* in order of time */
	uint64_t read;
	uint64_t elsewhere; /* neither to nor from the candidate */
	uint64_t unrouted;  /* for it, but for none of its endpoints */
	const struct tw_model *model; /* private from here */
	uint32_t candidate;
	struct tw_routes *entries;    /* NULL: none */
	struct tw_routes **endpoints; /* by service */
};

/* The model must outlive it. */
void tw_live_traffic_init(struct tw_live_traffic *traffic,
	const struct tw_model *model, uint32_t candidate);
void tw_live_traffic_release(struct tw_live_traffic *traffic);

/* Copies what is needed. */
void tw_live_traffic_add(struct tw_live_traffic *traffic,
	const struct twinrig_exchange *exchange);

/*
 * When requests are sent: as in a simulation (harness/replay/replay.h), of the
 * requests that the candidate gets.
 */
struct tw_live_pace {
	double speed;	  /* factor; 0: 1 */
	double rate;	  /* requests/s in the mean, instead; 0: as recorded */
	uint32_t loop;	  /* passes; 0: 1, or until the duration */
	tw_time duration; /* nothing is sent from then on; 0: not bounded */
	tw_time from, to; /* of the capture, since its first request; to 0:
			   * all of it */
};

#define TW_LIVE_REQUESTS_MAX 5000000

/* Puts both lists in order and makes `requests` anew, each at its recorded
 * instant. After all was added; again for another pace. False: they would be
 * more than TW_LIVE_REQUESTS_MAX. */
bool tw_live_traffic_schedule(
	struct tw_live_traffic *traffic, const struct tw_live_pace *pace);

/* The endpoint of a service that a request is for; TW_NONE: none. */
uint32_t tw_live_traffic_endpoint(const struct tw_live_traffic *traffic,
	uint32_t service, struct tw_str method, struct tw_str target);

#endif
