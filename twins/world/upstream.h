/*
 * What proxies keep about the replicas that they call, where a policy asks for
 * it: twins/model/policy.h says what, twins/traffic/ does it. One upstream is
 * what the proxies of a caller have in common; each has a state of its own,
 * made when it is first used.
 *
 * A call that goes through an upstream has a ticket: what it holds there. A
 * world without such policies has none of this, and a call of a channel
 * without them has no ticket.
 */
#ifndef TW_WORLD_UPSTREAM_H
#define TW_WORLD_UPSTREAM_H

#include "twins/world/world.h"

/* Slots of a retry budget's span (Linkerd's: tower, TpsBudget). */
#define TW_SPAN_SLOTS 10

/* Thousandths of a retry: earned by requests, spent by retries. */
struct tw_span {
	int64_t slots[TW_SPAN_SLOTS];
	int64_t turn; /* number of the slot in use, since time 0 */
};

/* The state of one proxy. */
struct tw_proxy {
	uint32_t active;  /* requests at work */
	uint32_t retries; /* under way, back-off included */
	int64_t tokens;	  /* of the throttle, in thousandths */
	struct tw_span span;
};

struct tw_world_upstream {
	const struct tw_upstream *model;
	uint32_t first, n;	   /* replicas of the caller; outside: 0, 1 */
	struct tw_proxy **proxies; /* NULL: not used yet */
};

struct tw_ticket {
	uint32_t next;	   /* free list */
	uint32_t upstream; /* of the try that is, or was, out */
	struct tw_proxy *proxy;
	bool active;   /* counted in proxy->active */
	bool retrying; /* counted in proxy->retries */
};

struct tw_upstreams {
	TW_VEC(struct tw_world_upstream) list;
	struct tw_map known; /* identity -> number + 1 */
	TW_VEC(struct tw_ticket) tickets;
	uint32_t free_ticket;
};

/* The upstreams of a channel, by target; NULL: it has none. */
uint32_t *tw_upstreams_of(
	struct tw_world *world, const struct tw_channel *channel);
void tw_upstreams_release(struct tw_world *world);

/* The state of the proxy beside a caller's replica (TW_NONE: outside). */
struct tw_proxy *tw_proxy_of(
	struct tw_world *world, uint32_t upstream, uint32_t from);

/* A ticket; good until the next one is made. */
static inline struct tw_ticket *tw_ticket_at(
	const struct tw_world *world, uint32_t ticket)
{
	return &world->upstreams->tickets.v[ticket];
}

uint32_t tw_ticket_new(struct tw_world *world);
void tw_ticket_free(struct tw_world *world, uint32_t ticket);

#endif
