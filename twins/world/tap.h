/*
 * Taps: observers of single events, who can change nothing. Meant for event
 * logs (golden logs in tests, `-v`); a twin without a tap pays one branch.
 */
#ifndef TW_WORLD_TAP_H
#define TW_WORLD_TAP_H

#include "twins/model/model.h"

enum tw_tap_kind {
	TW_TAP_ARRIVES,	  /* a request from outside */
	TW_TAP_SENT,	  /* a try leaves its caller */
	TW_TAP_STARTS,	  /* a replica begins to work on a try */
	TW_TAP_QUEUED,	  /* a try waits in a replica's queue */
	TW_TAP_SHED,	  /* a full queue refuses a try */
	TW_TAP_FINISHES,  /* a replica answers a try */
	TW_TAP_RESET,	  /* a replica died under a try */
	TW_TAP_RETRIES,	  /* a caller will try again */
	TW_TAP_TIMES_OUT, /* a caller's time is up */
	TW_TAP_RETURNS,	  /* a call has its outcome */
	TW_TAP_DIES,	  /* a replica */
	TW_TAP_READY,	  /* a replica, again */
	TW_TAP_LISTED,	  /* callers see a replica again */
	TW_TAP_UNLISTED,  /* callers no longer see a replica */
	TW_TAP_OVERFLOWS, /* a circuit breaker lets no more through */
	TW_TAP_DENIED,	  /* no retry: the budget is spent */
	TW_TAP_EJECTED,	  /* a caller's proxy passes a replica over */
	TW_TAP_BACK,	  /* and no longer does */
	TW_TAP_KILLED,	  /* a container; the cause says why */
	TW_TAP_PAUSES,	  /* a replica stands still */
	TW_TAP_RESUMES,
	TW_TAP_CREATED,	    /* a pod, by a rollout */
	TW_TAP_PENDING,	    /* a pod that fits on no node; cause: why */
	TW_TAP_SCHEDULED,   /* a pod has a node */
	TW_TAP_CONTAINER,   /* a kubelet says something of a pod: an event */
	TW_TAP_STARTED,	    /* all containers of a pod were, one by one */
	TW_TAP_RESTARTED,   /* a pod's process, which begins to start up */
	TW_TAP_LISTENS,	    /* a pod's process, from now on */
	TW_TAP_POD_READY,   /* as the readiness probe says */
	TW_TAP_UNREADY,	    /* likewise */
	TW_TAP_STOPPING,    /* a pod is deleted: preStop, then TERM */
	TW_TAP_TERMINATED,  /* a pod is gone */
	TW_TAP_SIZED,	    /* a workload, by the replica of its first name:
			     * it should have `status` pods */
	TW_TAP_SCALER,	    /* an autoscaler says something: an event */
	TW_TAP_RECOMMENDED, /* a VerticalPodAutoscaler says something else;
			     * object; status: its number in the model */
	TW_TAP_ROLLED_OUT,  /* a Deployment is as it should be; service */
	TW_TAP_DEADLINE,    /* a rollout makes no progress; cause */
	TW_TAP_KEPT,	    /* a pod, from eviction by a drain; cause: why */
	TW_TAP_PREEMPTED,   /* a pod, by one of higher priority; cause */
	TW_TAP_EVICTED,	    /* a pod is, by a taint of its node; cause */
	/* Of nodes: `node`. */
	TW_TAP_NODE_NOT_READY, /* cause: why, where nobody heard of it */
	TW_TAP_NODE_READY,
	TW_TAP_TAINTED, /* NoExecute; cause: the taint's key */
	TW_TAP_UNTAINTED,
	TW_TAP_NODE_ADDED,
	TW_TAP_NODE_REMOVED,
	TW_TAP_PRESSED, /* MemoryPressure */
	TW_TAP_NOT_PRESSED,
	TW_TAP_SHORT, /* of memory: it has to evict */
	TW_TAP_CORDONED,
	TW_TAP_UNCORDONED,
	TW_TAP_SUCCEEDED, /* a pod of a Job ended */
	TW_TAP_FAILED,
	/* Of a Job or CronJob: `workload`. */
	TW_TAP_JOB_STARTED,
	TW_TAP_JOB_COMPLETE,
	TW_TAP_JOB_FAILED,  /* cause */
	TW_TAP_JOB_SKIPPED, /* cause */
	TW_TAP_DRAINED,
	TW_TAP_NOT_DRAINED, /* cause: why the drain ended */
	TW_TAP_FAULT_ON,
	TW_TAP_FAULT_OFF,
};

struct tw_tap_event {
	enum tw_tap_kind kind;
	tw_time at;
	uint32_t service, endpoint; /* TW_NONE where it is about neither */
	uint32_t caller;	    /* service; TW_NONE: outside */
	uint32_t replica;	    /* TW_NONE: none */
	uint32_t attempt;	    /* from 1; 0: none */
	int status;		    /* 0: none */
	const char *fault;	    /* FAULT_ON, FAULT_OFF */
	const char *node;	    /* what is told of a node: its name */
	const char *workload;	    /* JOB_...: its name */
	const char *cause;	    /* KILLED: "OOMKilled: 271Mi of 256Mi";
				     * SCALER: the message */
	/* SCALER. */
	const char *object_kind, *object;
	/* SCALER, CONTAINER; the latter may have none: nothing is said. */
	const char *reason;
	bool warning;
	const char *state; /* CONTAINER: what `kubectl get pods` shows; NULL:
			    * as before */
};

struct tw_tap {
	void (*event)(void *context, const struct tw_tap_event *event);
	void *context;
};

/* Whether it is about pods and nodes, not about requests. */
static inline bool tw_tap_is_cluster(enum tw_tap_kind kind)
{
	return (kind >= TW_TAP_DIES && kind <= TW_TAP_UNLISTED) ||
	       kind == TW_TAP_KILLED ||
	       (kind >= TW_TAP_CREATED && kind < TW_TAP_FAULT_ON);
}

/* One line, without its end: "12.000345s shop/cart Get attempt 1 starts on
 * shop/cart-2". */
void tw_tap_text(const struct tw_model *model, const struct tw_tap_event *event,
	struct tw_buf *out);

#endif
