/*
 * What a replica can do: the only code that turns demand into time. Each way
 * (workers today; CPU shares, throttling) is a vtable.
 *
 * The caller has brought the service's sums up to date (tw_world_touch).
 */
#ifndef TW_WORLD_CAPACITY_H
#define TW_WORLD_CAPACITY_H

#include "twins/world/world.h"

enum tw_admission { TW_ADMITTED, TW_QUEUED, TW_REFUSED };

struct tw_capacity {
	const char *name;
	/* A try comes in: it may start, has to wait, or is refused. */
	enum tw_admission (*admit)(
		struct tw_world *world, uint32_t replica, uint32_t task);
	/* A task demands this much work: TW_EV_WORKED tells its end. */
	void (*work)(struct tw_world *world, uint32_t task, tw_time demand);
	/* A try that was admitted is over; the next one starts soon. */
	void (*leave)(struct tw_world *world, uint32_t replica);
	/* A try that waits goes away. False: it does not wait here. */
	bool (*cancel)(struct tw_world *world, uint32_t replica, uint32_t task);
	/* From now on; tries that were admitted stay. */
	void (*resize)(struct tw_world *world, uint32_t replica,
		uint32_t workers, uint32_t queue);
	/* The replica died: all that it had is forgotten. */
	void (*stop)(struct tw_world *world, uint32_t replica);
};

/* `workers` tries at once, each as long as its demand; the rest wait in a
 * bounded queue, first come first served. */
extern const struct tw_capacity tw_capacity_workers;

/* The same with an order of the queue, asynchronous services, memory. */
extern const struct tw_capacity tw_capacity_full;

/* The simplest that does what the service asks for. */
const struct tw_capacity *tw_capacity_of(const struct tw_service *service);

#endif
