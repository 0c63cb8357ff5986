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

/* A replica as a proxy sees it. */
struct tw_host {
	uint32_t active; /* requests at work there */
	/* Outlier detection. */
	uint32_t consecutive_5xx, consecutive_gateway, consecutive_local;
	uint32_t good, all; /* answers since the last sweep */
	uint32_t times;	    /* that base_ejection_time is taken */
	uint32_t part; /* place or level, as the proxy counts (locality.c) */
	bool ejected;
	bool was_ejected;
	tw_time ejected_at, back_at;
	double due; /* weighted round robin: see balance_weighted.c */
	/* Connections, by index; TW_NONE: none. */
	uint32_t ready;	      /* first with room */
	uint32_t first, last; /* tickets that wait for one */
	uint32_t waiting, connections, connecting;
	uint32_t made; /* ever */
	uint32_t life; /* of the replica, when one was last asked for */
};

struct tw_connection {
	struct tw_proxy *proxy;
	tw_event_id idle_timer;
	uint32_t upstream, replica;
	uint32_t endpoint; /* that it was made for */
	uint32_t generation;
	uint32_t before, after; /* with room; after: the free list, too */
	uint32_t streams;	/* requests on it */
	uint32_t left;		/* that it may still carry; UINT32_MAX: any */
	bool connecting, listed;
};

struct tw_token_bucket {
	int64_t tokens;
	tw_time filled;
	bool begun;
};

struct tw_app_breaker_state {
	uint8_t *ring; /* of the last calls: how each was */
	uint32_t n, next, failed, slow;
	uint32_t let_through; /* half open */
	uint32_t turn;	      /* counts changes of state */
	uint8_t state;
	tw_time opened_at;
};

/* Shares that a proxy may have at once. */
#define TW_SHARES_MAX(model) ((model)->n_zones + 16 + 1) /* TW_LEVELS */

/* Replicas that a part of the requests chooses among. */
struct tw_share {
	uint32_t first, n; /* of usable */
	double upto;	   /* cumulative, of 100 */
};

/* Where a key comes to on the ring (balance_ring.c), or what stands in a place
 * of the table (balance_maglev.c). */
struct tw_ring_place {
	uint64_t hash;
	uint32_t replica;
};

struct tw_ring {
	struct tw_ring_place *places;
	uint32_t n, cap;
	uint32_t made; /* proxy->refreshed then; 0: never */
};

/* Who was sent where (session.c): an open table, by key. */
struct tw_session {
	uint64_t key; /* 0: free */
	uint32_t replica;
	tw_time last;
};

struct tw_sessions {
	struct tw_session *slots;
	uint32_t n, cap; /* cap: a power of two */
};

/* The state of one proxy. */
struct tw_proxy {
	uint32_t active;  /* requests at work */
	uint32_t pending; /* that wait for a connection */
	uint32_t connections;
	uint32_t retries; /* under way, back-off included */
	int64_t tokens;	  /* of the throttle, in thousandths */
	struct tw_span span;
	struct tw_host *hosts; /* by place in the pool; NULL: none kept */
	uint32_t *usable;      /* replicas to choose among */
	uint32_t n_usable;
	struct tw_share *shares; /* of usable; NULL: all are alike */
	uint32_t n_shares;
	uint32_t refreshed;	      /* counts changes of usable */
	struct tw_ring *rings;	      /* by share; NULL: not used yet */
	struct tw_sessions *sessions; /* NULL: nobody came yet */
	struct tw_token_bucket bucket;
	uint32_t calls; /* of the application, all tries together */
	uint32_t first_call, last_call; /* tickets that wait to be one */
	uint32_t waiting_calls;
	struct tw_app_breaker_state *app_breaker;
	uint32_t version; /* of the pool, when usable was made */
	uint32_t ejected; /* listed ones that are */
	bool stale;	  /* usable has to be made again */
	bool sweeping;	  /* a sweep is due */
	double clock;	  /* of weighted choices */
	uint32_t place;	  /* in proxies */
	/* Of the last call that used it: where what a sweep does is counted. */
	uint32_t channel, zone;
	uint32_t from; /* the caller's replica; TW_NONE: outside */
	uint8_t window;
};

struct tw_world_upstream {
	const struct tw_upstream *model;
	uint32_t first, n;   /* replicas of the caller; outside: 0, 1 */
	uint32_t first_host; /* of the pool: what places[0] is the place of */
	uint32_t *places;    /* replica - first_host -> place in the pool */
	uint32_t idle_lane;
	struct tw_proxy **proxies; /* NULL: not used yet */
};

struct tw_ticket {
	uint32_t next;	   /* free list */
	uint32_t upstream; /* of the try that is, or was, out */
	struct tw_proxy *proxy;
	uint32_t call;
	uint32_t replica; /* of the try that is out */
	uint32_t endpoint;
	uint32_t connection;	/* that it has; TW_NONE: none */
	uint32_t before, after; /* who wait */
	uint64_t key;		/* of the attempt */
	tw_time began;		/* the application's call */
	uint32_t app_turn;
	uint32_t target;    /* of the channel, while it waits for that */
	tw_event_id patience; /* likewise */
	bool inside, in_bulkhead;
	bool queued;	    /* for the bulkhead */
	bool waiting;	    /* for a connection */
	bool active;	  /* counted in proxy->active */
	bool retrying;	  /* counted in proxy->retries */
};

struct tw_upstreams {
	TW_VEC(struct tw_world_upstream) list;
	struct tw_map known; /* identity -> number + 1 */
	TW_VEC(struct tw_ticket) tickets;
	TW_VEC(struct tw_connection) connections;
	struct tw_map buckets; /* "rule replica" */
	uint32_t free_ticket, free_connection;
};

/* The upstreams of a channel, by target; NULL: it has none. */
uint32_t *tw_upstreams_of(
	struct tw_world *world, const struct tw_channel *channel);
void tw_upstreams_release(struct tw_world *world);

/* The state of the proxy beside a caller's replica (TW_NONE: outside). */
struct tw_proxy *tw_proxy_of(
	struct tw_world *world, uint32_t upstream, uint32_t from);

/* The replica as the proxy sees it; of an upstream that keeps hosts. */
static inline struct tw_host *tw_proxy_host(
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy,
	uint32_t replica)
{
	return &proxy->hosts[upstream->places[replica - upstream->first_host]];
}

/* A ticket; good until the next one is made. */
static inline struct tw_ticket *tw_ticket_at(
	const struct tw_world *world, uint32_t ticket)
{
	return &world->upstreams->tickets.v[ticket];
}

uint32_t tw_ticket_new(struct tw_world *world);
void tw_ticket_free(struct tw_world *world, uint32_t ticket);

#endif
