/*
 * The scheduler's attempt at one pod of the run.
 *
 *	tw_attempt_begin()   what it decides as things stand: a node, or why
 *			     there is none, and who would have to go
 *	tw_attempt_preempt() they go, and the pod is nominated
 *	tw_attempt_end()
 *
 * Pods that are nominated and of no lower priority take up their room
 * meanwhile. A pod that is nominated itself goes to its node where it fits
 * there (evaluateNominatedNode in pkg/scheduler/schedule_one.go).
 */
#ifndef TW_CLUSTER_ATTEMPT_H
#define TW_CLUSTER_ATTEMPT_H

#include "twins/cluster/preempt.h"

struct tw_attempt {
	uint32_t replica;
	bool held;		       /* nominated pods take up their room */
	uint32_t node;		       /* UINT32_MAX: none */
	struct tw_candidate candidate; /* where there is none */
};

/* `why`, where not NULL, gets the reason of a failure. */
void tw_attempt_begin(struct tw_world *world, uint32_t replica,
	struct tw_attempt *to, struct tw_buf *why);
void tw_attempt_preempt(struct tw_world *world, struct tw_attempt *attempt);
void tw_attempt_end(struct tw_world *world, struct tw_attempt *attempt);

#endif
