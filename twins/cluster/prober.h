/*
 * One probe of one container, as the kubelet's worker does it: one step a tick
 * (probe_ticks.h).
 *
 * Source: Kubernetes 1.36, pkg/kubelet/prober/worker.go, doProbe. Until there
 * is a first result liveness counts as success, readiness as failure, startup
 * as unknown. Liveness and readiness wait until the container has started (its
 * startup probe succeeded, or it has none). After a failed liveness probe, and
 * after any result of a startup probe, it is on hold until there is another
 * container.
 */
#ifndef TW_CLUSTER_PROBER_H
#define TW_CLUSTER_PROBER_H

#include "twins/base/units.h"

#include <stdbool.h>
#include <stdint.h>

enum tw_probe_type { TW_LIVENESS, TW_READINESS, TW_STARTUP };

enum tw_probe_result {
	TW_PROBE_NOTHING, /* none was recorded */
	TW_PROBE_UNKNOWN,
	TW_PROBE_SUCCESS,
	TW_PROBE_FAILURE,
};

struct tw_prober {
	uint64_t container; /* whose it is; 0: none yet */
	uint8_t result;	    /* enum tw_probe_result: as recorded */
	uint8_t last;	    /* as answered */
	bool on_hold;
	uint32_t run; /* equal answers in a row */
};

struct tw_probe_config {
	enum tw_probe_type type;
	uint32_t success, failure; /* thresholds */
	tw_time delay;		   /* initialDelaySeconds */
};

enum tw_container_state {
	TW_CONTAINER_NONE, /* nothing is known of it yet */
	TW_CONTAINER_WAITING,
	TW_CONTAINER_RUNNING,
	TW_CONTAINER_ENDED,
};

/* What a step finds. */
struct tw_probed {
	uint64_t container; /* an id; not 0 */
	enum tw_container_state state;
	bool started;	/* by its startup probe */
	bool pod_ended; /* Failed or Succeeded */
	bool deleted;	/* the pod is being deleted */
	bool restarts;	/* restartPolicy is not Never */
	tw_time age;	/* since the container started */
	bool answers;	/* the handler says that all is well */
};

/* False: the worker ends. */
bool tw_prober_step(struct tw_prober *prober,
	const struct tw_probe_config *config, const struct tw_probed *found);

#endif
