/*
 * While a capture is read, a record's endpoint is a slot: a named endpoint,
 * or a provisional number of a service's inferred templates. When all is
 * read, each slot is told the endpoint that it came to be.
 */
#ifndef TW_HARNESS_CAPTURE_SLOTS_H
#define TW_HARNESS_CAPTURE_SLOTS_H

#include "harness/capture/spool.h"

struct tw_slot {
	const char *service;
	const char *name;		    /* NULL: inferred */
	struct tw_slot_templates *inferred; /* whose provisional number it is */
	uint32_t provisional;
	uint32_t endpoint; /* after tw_slots_settle() */
	tw_traits traits;
	int respond;
	uint64_t requests[TW_SPOOL_SIDES];
	struct tw_byte_count request_bytes, answer_bytes;
};

struct tw_slots {
	struct tw_arena *arena;	  /* the owner's, for names and maps */
	struct tw_map by_pointer; /* of a spec's endpoint */
	struct tw_map by_name;
	struct tw_map inferred_by_pointer; /* of a spec's service */
	struct tw_map inferred_by_name;
	TW_VEC(struct tw_slot) all;
};

TW_VEC_TYPE(tw_spool_endpoints, struct tw_spool_endpoint);

void tw_slots_init(struct tw_slots *slots, struct tw_arena *arena);
void tw_slots_release(struct tw_slots *slots);

/* The slot's number: of an endpoint of a spec; of what the way in answers
 * itself (an endpoint of no service); of a service's path that no spec names.
 * What is the same by its text is one slot, whichever side it is of. */
uint32_t tw_slots_named(struct tw_slots *slots, const struct tw_routed *routed);
uint32_t tw_slots_answered(
	struct tw_slots *slots, const struct tw_routed *routed);
uint32_t tw_slots_inferred(struct tw_slots *slots,
	const struct tw_routed *routed,
	const struct twinrig_exchange *exchange);

/* All is read: adds the endpoints that the slots came to be, with their
 * counts. */
void tw_slots_settle(
	struct tw_slots *slots, struct tw_spool_endpoints *endpoints);

/* A map's value that is an index: NULL is none. */
static inline void *tw_slot_from_index(size_t index)
{
	return (void *)(uintptr_t)(index + 1);
}

#endif
