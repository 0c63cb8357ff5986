/*
 * Memory of replicas: a base, so much for each request at work, and what each
 * request leaves behind until the container starts anew. At the limit of the
 * container, and where the pods of a node use more than it has, TW_EV_OOM says
 * so at this instant; who dies of it is decided above (cluster/oom.h).
 *
 * A replica whose service says nothing of memory, or that no limit holds for,
 * has none here.
 */
#ifndef TW_WORLD_MEMORY_H
#define TW_WORLD_MEMORY_H

#include "twins/world/world.h"

struct tw_memory {
	int64_t used; /* bytes: base, requests, leaks and `extra` */
	int64_t extra;
	int64_t base, request, leak;
	int64_t limit;	 /* 0: none */
	uint32_t inside; /* requests */
	bool told;	 /* there is a TW_EV_OOM for it */
};

/* TW_EV_OOM, b: what is over its limit. */
enum tw_oom_kind { TW_OOM_CONTAINER, TW_OOM_NODE };

/* TW_EV_PRESSURE: a node has come to use more than its threshold; and, for
 * whoever is told of that, a look at it. */
enum tw_pressure_kind { TW_PRESSURE_RISEN, TW_PRESSURE_LOOK };

struct tw_node_pressure {
	int64_t threshold; /* bytes */
	bool told;	   /* and not again until this is false */
};

void tw_memory_init(struct tw_world *world);
/* Its limit is that of its revision, as it is by now. */
void tw_memory_relimit(struct tw_world *world, uint32_t replica);
/* A request begins, ends. */
void tw_memory_enter(struct tw_world *world, uint32_t replica);
void tw_memory_leave(struct tw_world *world, uint32_t replica);
/* The container has gone, with all that it had, `extra` too. */
void tw_memory_reset(struct tw_world *world, uint32_t replica);
/* It starts: it has its base. */
void tw_memory_start(struct tw_world *world, uint32_t replica);
/* So much more than its requests need, from now on (a memory stress in the
 * container). False: its memory is not modelled. */
bool tw_memory_set_extra(
	struct tw_world *world, uint32_t replica, int64_t bytes);

#endif
