/*
 * HTTP/1.1 servers on loopback: one listener for each dependency of a
 * candidate. Requests are parsed (llhttp, strict) and handed over whole; the
 * answer may come at any later time, or be a reset, or never come.
 *
 * A connection carries one request at a time: what a client pipelines waits,
 * within a bound, until the answer before it is written. A request must be
 * complete `read` after its first byte, however slowly it drips; an idle
 * connection is closed after `idle`.
 *
 * What is refused here never reaches the handler: 400 malformed, 408 too
 * slow, 413 body too large, 431 header too large, 501 CONNECT and upgrades;
 * each closes its connection.
 */
#ifndef TW_LIVE_SERVER_H
#define TW_LIVE_SERVER_H

#include "harness/live/http.h"
#include "twins/base/error.h"
#include "twins/base/units.h"

#include <uv.h>

struct tw_live_limits {
	size_t head;	    /* bytes of request line and headers */
	size_t body;	    /* bytes */
	size_t connections; /* of all listeners; more are reset */
	tw_time read;	    /* for one request */
	tw_time idle;	    /* between two */
};

extern const struct tw_live_limits tw_live_limits_default;

/* Valid from the handler's call until it is answered. */
struct tw_live_request {
	size_t listener; /* which one it came in by */
	struct tw_str method, target, body;
	struct tw_http_headers headers; /* trailers included */
	void *data;			/* the handler's */
};

/*
 * Called for each request. It, or anybody later, calls exactly one of
 * tw_live_reply, _reset and _hold with it.
 */
typedef void tw_live_on_request(void *context, struct tw_live_request *request);

/*
 * Sends an answer. Hop-by-hop headers and ones that cannot stand in a message
 * are left out; Content-Length is set. A client that has gone is no error.
 */
void tw_live_reply(struct tw_live_request *request, int status,
	const struct tw_http_headers *headers, struct tw_str body);
/* Resets the connection (RST). */
void tw_live_reset(struct tw_live_request *request);
/* Never answers: the connection stays until the client gives up. */
void tw_live_hold(struct tw_live_request *request);

struct tw_live_server;

/* Limits NULL: the default. */
struct tw_live_server *tw_live_server_new(uv_loop_t *uv,
	const struct tw_live_limits *limits, tw_live_on_request *handler,
	void *context);
/* Opens the next listener (they count from 0) on 127.0.0.1 and a free port. */
int tw_live_server_listen(
	struct tw_live_server *server, uint16_t *port, struct tw_error *error);
/*
 * Closes all. Requests that wait for an answer are gone: they must not be
 * answered any more. The loop must still run for the memory to go.
 */
void tw_live_server_free(struct tw_live_server *server);

struct tw_live_server_counts {
	uint64_t requests;  /* handed over */
	uint64_t refused;   /* malformed, too large, too slow, upgrades */
	uint64_t overflow;  /* connections beyond the limit */
	uint64_t abandoned; /* clients that went before the answer */
};

const struct tw_live_server_counts *tw_live_server_counts(
	const struct tw_live_server *server);

#endif
