/*
 * One run of a candidate, as the files that play it see it (private).
 *
 *	candidate.c  the life of a run: start, wait, play, stop
 *	probe.c	     is it ready?
 *	stage.c	     the clock, the requests to the candidate
 *	calls.c	     the candidate's own calls
 */
#ifndef TW_LIVE_RUN_H
#define TW_LIVE_RUN_H

#include "harness/live/candidate.h"
#include "harness/live/client.h"
#include "harness/live/environment.h"
#include "harness/live/loop.h"
#include "harness/plugin/plugin.h"
#include "harness/process/process.h"

#define TW_LIVE_PROBE UINT64_MAX /* the tag of a probe's request */

/* Of an arrival's `user`: it is a call of the candidate, and which. */
#define TW_LIVE_CALL (UINT64_C(1) << 63)

/* A try that the candidate has to answer. */
struct tw_live_try {
	struct tw_live_transfer *transfer; /* NULL: free, or not sent */
	uint64_t handle;
	size_t request; /* in the traffic */
	bool used;
};

/* A try that is sent later than it could be (worse.h). */
struct tw_live_held {
	tw_time due;
	uint64_t handle;
	size_t try;
};

/* A call of the candidate that the twin has. */
struct tw_live_call {
	struct tw_live_request *request; /* NULL: free */
	const struct twinrig_exchange *answer;
	enum tw_answer kind;
};

/* What the twin told: acted upon once it has returned (twins/twin.h). */
struct tw_live_note {
	enum { TW_NOTE_BEGIN, TW_NOTE_CANCEL, TW_NOTE_DONE } kind;
	struct tw_begin begin;
	uint64_t handle;
	struct tw_outcome outcome;
};

struct tw_live_run {
	const struct tw_live_options *options;
	struct tw_live_result *result;
	const struct tw_model *model;
	const struct tw_spec_service *service;
	tw_time deadline;

	struct tw_live_loop loop;
	struct tw_live_server *server;
	struct tw_live_client *client;
	struct tw_live_dependencies dependencies; /* by listener */
	struct tw_process *process;
	uv_poll_t exited;
	bool has_exited;
	uint16_t port;

	struct tw_twin *twin; /* NULL until it plays */
	struct tw_answers answers;
	size_t next;		    /* request to offer */
	uint64_t inner, inner_done; /* offered with a service as caller */
	uint64_t inside;	    /* calls of the candidate under way */
	size_t stand_in; /* request for a try that no request of ours caused */
	TW_VEC(struct tw_live_try) tries;
	TW_VEC(struct tw_live_held) held; /* in order of time */
	size_t released;		  /* of these */
	TW_VEC(struct tw_live_call) calls;
	TW_VEC(struct tw_live_note) notes;
	bool acting;
	struct tw_map occurrences; /* of equal calls: what keys their draws */
	struct tw_map misses;
	tw_time silent_since; /* TW_NEVER: nothing is awaited */
	enum tw_live_end end;
};

void tw_live_log(struct tw_live_run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Waits until the candidate is ready, has ended, or the time is up. */
enum tw_live_end tw_live_await(struct tw_live_run *run);

/* Plays all of the traffic; the end says how it went. */
enum tw_live_end tw_live_play(struct tw_live_run *run);

/* Does what the twin's callbacks noted, until nothing is left. */
void tw_live_act(struct tw_live_run *run);
/* A call of the candidate has its outcome. */
void tw_live_called(struct tw_live_run *run, const struct tw_outcome *outcome);
/* Records how late something is done that was due then. */
void tw_live_late(struct tw_live_run *run, tw_time due);

/* The capture's headers as ours; released by the caller. */
struct tw_http_headers tw_live_headers(
	const struct twinrig_header *from, size_t n);

/* The server's and the client's handlers. */
void tw_live_on_call(void *context, struct tw_live_request *request);
void tw_live_on_answer(
	void *context, uint64_t tag, const struct tw_live_response *response);

#endif
