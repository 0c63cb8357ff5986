/*
 * Rings and tables that keys are looked up in, as pure functions of the hosts
 * (balance_ring.c, balance_maglev.c say which).
 */
#ifndef TW_TRAFFIC_RING_H
#define TW_TRAFFIC_RING_H

#include "twins/traffic/balance.h"

struct tw_ring_host {
	const char *name; /* that is hashed */
	uint32_t replica; /* that comes of it */
	double weight;
};

/* Envoy, ring_hash_lb.cc, Ring::Ring: places on the ring for a weight of 1,
 * such that the host of the least (normalised) weight has a whole number. */
double tw_ring_scale(double least, uint32_t min_size, uint32_t max_size);
void tw_ring_make(struct tw_ring *ring, struct tw_arena *arena,
	const struct tw_ring_host *hosts, uint32_t n, uint32_t min_size,
	uint32_t max_size);
/* `again` places further. */
uint32_t tw_ring_find(
	const struct tw_ring *ring, uint64_t hash, uint32_t again);

/* Envoy, maglev_lb.cc; size: a prime. The hash of a place is not used. */
void tw_maglev_make(struct tw_ring *table, struct tw_arena *arena,
	const struct tw_ring_host *hosts, uint32_t n, uint32_t size);
uint32_t tw_maglev_find(
	const struct tw_ring *table, uint64_t hash, uint32_t again);

/* The ring of a choice's share; *stale: it has to be made. */
struct tw_ring *tw_ring_of(const struct tw_choice *choice, bool *stale);
/* Of the replicas to choose among; tw_free() them. */
struct tw_ring_host *tw_ring_hosts(const struct tw_choice *choice);

#endif
