/*
 * Which of some replicas a try goes to. Each balancer is a vtable in a file of
 * its own and a row in the list of balance.c, by enum tw_balancer.
 *
 * Where a choice is drawn, a replica that comes or goes takes or leaves only
 * its own share of the choices: common random numbers.
 */
#ifndef TW_TRAFFIC_BALANCE_H
#define TW_TRAFFIC_BALANCE_H

#include "twins/world/upstream.h"

struct tw_choice {
	struct tw_world *world;
	const uint32_t *replicas; /* to choose among; at least one */
	uint32_t n;
	uint64_t key;	/* of the attempt */
	uint32_t *turn; /* the proxy's counter */
	uint64_t hash;	/* the user's key that is balanced by; 0: none */
	uint32_t again; /* choices of this try before, that would not do */
	uint32_t share; /* of the proxy's, where it has any */
	/* NULL: this proxy keeps nothing. */
	const struct tw_world_upstream *upstream;
	struct tw_proxy *proxy;
};

struct tw_balancing_kind {
	const char *name;
	uint32_t (*pick)(const struct tw_choice *choice);
};

extern const struct tw_balancing_kind tw_balance_round_robin, tw_balance_random,
	tw_balance_least_request, tw_balance_ring_hash, tw_balance_maglev;

uint32_t tw_balance_pick(
	enum tw_balancer balancer, const struct tw_choice *choice);

/* locality.c: usable replicas, zone by zone; and one part of them for a try. */
void tw_locality_refresh(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy);
void tw_locality_choose(struct tw_choice *choice);

/* session.c: where this user was sent before; TW_NONE: nowhere that is still
 * to choose. And: he is sent there from now on. */
uint32_t tw_session_find(const struct tw_choice *choice);
void tw_session_keep(const struct tw_choice *choice, uint32_t replica);

/* The weight of a replica that somebody gave; 1 where nobody did. */
double tw_balance_weight(const struct tw_choice *choice, uint32_t replica);
/* What ring hash and Maglev look up: the user's key, or, without one, a draw
 * (Envoy: a random number). */
uint64_t tw_balance_hash(const struct tw_choice *choice);

/* One of the replicas, uniformly: the n-th draw for this attempt. */
uint32_t tw_balance_draw(const struct tw_choice *choice, uint32_t n);

/* Whether replicas have different weights now, and a choice by them; by_load:
 * the weight falls with the requests at work (balance_weighted.c). */
bool tw_balance_is_weighted(const struct tw_choice *choice);
uint32_t tw_balance_weighted(const struct tw_choice *choice, bool by_load);

#endif
