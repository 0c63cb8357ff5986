/*
 * The client of the live twin: sends requests to one candidate on loopback at
 * once, any number side by side, over connections that are kept alive
 * (libcurl's multi interface on the loop). It sends to 127.0.0.1 and nowhere
 * else: no proxy of the environment, no redirect is followed.
 *
 * Hop-by-hop headers and Content-Length are made anew. A content coding of
 * the answer (gzip …) is undone.
 */
#ifndef TW_LIVE_CLIENT_H
#define TW_LIVE_CLIENT_H

#include "harness/live/http.h"
#include "twins/base/error.h"
#include "twins/base/units.h"

#include <uv.h>

/* Why there is no answer. */
enum tw_live_failure {
	TW_LIVE_ANSWERED,
	TW_LIVE_REFUSED,  /* nobody listens */
	TW_LIVE_RESET,	  /* the connection ended before the answer did */
	TW_LIVE_TIMEOUT,  /* no whole answer within the deadline */
	TW_LIVE_GARBAGE,  /* what came was not HTTP */
	TW_LIVE_CANCELLED /* by us; never told */
};

const char *tw_live_failure_name(enum tw_live_failure failure);

/* Read before tw_live_send() returns. */
struct tw_live_send {
	struct tw_str method, target; /* target: path and query */
	struct tw_str host;	      /* "" : 127.0.0.1:port */
	const struct tw_http_headers *headers;
	struct tw_str body;
	uint16_t port;
	tw_time deadline; /* from now */
};

/* Valid during the callback. */
struct tw_live_response {
	enum tw_live_failure failure;
	int status; /* 0 unless answered */
	struct tw_http_headers headers;
	struct tw_str body;  /* the first body_max bytes */
	uint64_t body_size;  /* all of it */
	uint64_t body_hash;  /* all of it: FNV-1a */
	const char *message; /* of a failure: libcurl's words */
};

typedef void tw_live_on_response(
	void *context, uint64_t tag, const struct tw_live_response *response);

struct tw_live_client;
struct tw_live_transfer;

struct tw_live_client *tw_live_client_new(uv_loop_t *uv, size_t body_max,
	tw_live_on_response *handler, void *context);
/* Drops what is under way without a word. The loop must still run for the
 * memory to go. */
void tw_live_client_free(struct tw_live_client *client);

/*
 * Sends now. The handler is called once with the tag, from the loop and never
 * within this call, unless the transfer is cancelled. The transfer is valid
 * until then.
 */
struct tw_live_transfer *tw_live_send(struct tw_live_client *client,
	const struct tw_live_send *send, uint64_t tag);
void tw_live_cancel(struct tw_live_transfer *transfer);

/* Under way. */
size_t tw_live_client_pending(const struct tw_live_client *client);

#endif
