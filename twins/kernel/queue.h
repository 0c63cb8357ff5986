/*
 * The event queue: model time, and what is due when.
 *
 * Events are popped in the total order (time, class, sequence): sequence is
 * the order of the calls that scheduled them, so ties are first come, first
 * served. Popping an event moves `now` to its time. An event carries a kind
 * and a small payload that the twin's own switch understands; the queue
 * never calls back.
 *
 * Two ways in, one order out:
 *  - tw_queue_schedule(): any time from now on;
 *  - tw_queue_schedule_lane(): now + the lane's fixed delay. For timers that
 *    are nearly always cancelled (timeouts): schedule and cancel are O(1) and
 *    meet no other event, because only the first of a lane competes with the
 * rest. An event has the same place in the order whichever way it went in.
 *
 * Memory is in proportion to the largest number of pending events: cancelled
 * ones leave their place in the order at the latest when they outnumber the
 * live ones.
 *
 * Limits, asserted: 2^24 - 1 pending events and lanes, 2^38 - 1 events in the
 * life of a queue, times >= 0 and below TW_NEVER.
 */
#ifndef TW_KERNEL_QUEUE_H
#define TW_KERNEL_QUEUE_H

#include "twins/base/units.h"
#include "twins/kernel/order.h"

/* What goes first among events of one instant. */
enum tw_class {
	TW_CLASS_WORLD,	     /* a change of the world: a fault, a pod */
	TW_CLASS_COMPLETION, /* work or travel that ends */
	TW_CLASS_TIMEOUT,
	TW_CLASS_ARRIVAL, /* a request from outside */
};

struct tw_event {
	tw_time at;
	uint64_t b; /* payload */
	uint32_t a; /* payload */
	uint16_t kind;
	uint16_t class; /* enum tw_class */
};

/* Names one scheduled event for the life of the queue: never used again for
 * another one, never 0. */
typedef uint64_t tw_event_id;
#define TW_NO_EVENT UINT64_C(0)

/* Fields are the queue's own, but for reading `now`. */
struct tw_queue {
	tw_time now;
	tw_time next; /* time of the next event; TW_NEVER: none */
	struct tw_queue_slot *slots;
	struct tw_queue_lane *lanes;
	uint64_t sequence; /* of the event scheduled last */
	uint32_t n;	   /* entries of the order */
	uint32_t n_slots, cap_slots;
	uint32_t free_slot; /* head of the list of free slots; 0: none */
	uint32_t n_lanes;
	uint32_t stale; /* entries of the order that were cancelled */
	uint32_t live;	/* pending events */
	struct tw_order order;
};

/* now = 0, nothing pending. */
void tw_queue_init(struct tw_queue *queue);
void tw_queue_release(struct tw_queue *queue);

/* `at` >= now. O(1) amortised, whatever the number of pending events. */
tw_event_id tw_queue_schedule(struct tw_queue *queue, tw_time at,
	enum tw_class class, uint16_t kind, uint32_t a, uint64_t b);

/* The lane of this delay (>= 0) and class, made on the first call. */
uint32_t tw_queue_lane(
	struct tw_queue *queue, tw_time delay, enum tw_class class);
/* As tw_queue_schedule(now + the lane's delay, the lane's class). */
tw_event_id tw_queue_schedule_lane(struct tw_queue *queue, uint32_t lane,
	uint16_t kind, uint32_t a, uint64_t b);

/* O(1) amortised. False, and nothing happens, where the event was popped or
 * cancelled before, and for TW_NO_EVENT. */
bool tw_queue_cancel(struct tw_queue *queue, tw_event_id id);
bool tw_queue_pending(const struct tw_queue *queue, tw_event_id id);

/* The time of the next event, TW_NEVER where there is none. */
static inline tw_time tw_queue_next(const struct tw_queue *queue)
{
	return queue->next;
}

/* Takes the next event out and moves now to its time; false where none. */
bool tw_queue_pop(struct tw_queue *queue, struct tw_event *event);
/* Moves now to `to`, where nothing is due before: for a driver in real time
 * that has something to offer between two events. now <= to <= next. */
void tw_queue_advance(struct tw_queue *queue, tw_time to);

static inline uint32_t tw_queue_live(const struct tw_queue *queue)
{
	return queue->live;
}

/* Bytes of memory in use. */
size_t tw_queue_bytes(const struct tw_queue *queue);

#endif
