/*
 * The scheduling queue: pods that have no node, in the order in which the
 * scheduler tries them.
 *
 *	active	       tried at once: higher priority first, then who came
 *		       first (PrioritySort)
 *	backing off    failed a short while ago: 1 s after the first failure,
 *		       doubled with each up to 10 s
 *	unschedulable  failed, and nothing has changed since; tried again
 *		       after 5 minutes all the same
 *
 * What may make room (a pod is gone, a node comes or changes) wakes those that
 * are unschedulable; they are active once their back-off is over. Which
 * plugin's failure an event can help (queueing hints) is not looked at: all
 * are woken, as before 1.32.
 *
 * Source: Kubernetes 1.36, pkg/scheduler/backend/queue/scheduling_queue.go:
 * DefaultPodInitialBackoffDuration, DefaultPodMaxBackoffDuration,
 * DefaultPodMaxInUnschedulablePodsDuration; framework/plugins/queuesort.
 */
#ifndef TW_CLUSTER_SCHED_QUEUE_H
#define TW_CLUSTER_SCHED_QUEUE_H

#include "twins/base/vector.h"
#include "twins/base/units.h"

#include <stdbool.h>
#include <stdint.h>

#define TW_SCHED_BACKOFF	   TW_S
#define TW_SCHED_BACKOFF_MAX	   (10 * TW_S)
#define TW_SCHED_UNSCHEDULABLE_MAX (5 * TW_MIN)

struct tw_sched_waiting {
	uint32_t pod;
	uint32_t turn; /* of the pod: another one may have its name since */
	int64_t priority;
	uint64_t order; /* who came first */
	tw_time failed_at;
	tw_time ready_at; /* not tried before */
	bool woken;	  /* it becomes active at ready_at */
};

struct tw_sched_queue {
	TW_VEC(struct tw_sched_waiting) active; /* a heap */
	TW_VEC(struct tw_sched_waiting) parked;
	uint64_t n;	    /* ever queued */
	tw_time next_check; /* of the parked ones; TW_NEVER: none is due */
};

void tw_sched_queue_release(struct tw_sched_queue *queue);

/* A new pod. */
void tw_sched_queue_add(struct tw_sched_queue *queue, uint32_t pod,
	uint32_t turn, int64_t priority);
/* Who is tried now; false: nobody. */
bool tw_sched_queue_take(
	struct tw_sched_queue *queue, struct tw_sched_waiting *to);
/* It failed at `now`, for the n-th time (from 1). */
void tw_sched_queue_park(struct tw_sched_queue *queue,
	const struct tw_sched_waiting *waiting, uint32_t failures, tw_time now);
/* Something may have made room. */
void tw_sched_queue_wake(struct tw_sched_queue *queue, tw_time now);
/* Those whose time has come are active. Returns when to call it again;
 * TW_NEVER: there is nobody to wait for. */
tw_time tw_sched_queue_advance(struct tw_sched_queue *queue, tw_time now);

tw_time tw_sched_backoff(uint32_t failures);

#endif
