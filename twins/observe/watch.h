/*
 * What `kubectl get --watch` shows, as a run goes: each object as it is at the
 * start, and again each time that it changes. Strings are good for the call.
 */
#ifndef TW_OBSERVE_WATCH_H
#define TW_OBSERVE_WATCH_H

#include "twins/observe/timeline.h"

struct tw_pod_view {
	const char *name;   /* "shop/cart-0" */
	const char *status; /* column STATUS: "Running", "Terminating" */
	const char *node;   /* NULL: none */
	uint32_t ready, containers, restarts;
	tw_time created;   /* those of the start: 0 */
	tw_time restarted; /* the last time; TW_NEVER: not yet */
};

struct tw_node_view {
	const char *name;
	const char *status; /* "Ready", "NotReady,SchedulingDisabled" */
	uint32_t pods;	    /* on it */
};

struct tw_workload_view {
	const char *name, *kind;
	const struct tw_timeline_point *now;
	uint32_t updated; /* pods of the newest revision */
};

struct tw_vertical_view {
	const char *name, *mode;
	bool provided;	     /* it recommends something */
	int64_t cpu, memory; /* thousandths, bytes; -1: nothing of it */
};

/* NULL functions are not called. None may call back into the twin. */
struct tw_watcher {
	void (*pod)(void *context, tw_time at, const struct tw_pod_view *pod);
	void (*node)(
		void *context, tw_time at, const struct tw_node_view *node);
	void (*workload)(void *context, tw_time at,
		const struct tw_workload_view *workload);
	void (*vertical)(void *context, tw_time at,
		const struct tw_vertical_view *vertical);
	void (*event)(void *context, const struct tw_timeline_event *event);
	void *context;
};

#endif
