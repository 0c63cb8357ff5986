/*
 * When the kubelet's workers ask.
 *
 * Each probe of each container has a worker of its own. It is made when the
 * pod's volumes are there, before its images are and before its first init
 * container starts, and ticks each periodSeconds from then on, whatever its
 * container does, and whichever container it is by then. A tick asks nothing
 *
 *	before the kubelet has seen the container run (a relist: 1 s)
 *	for initialDelaySeconds after the container's start
 *	before the startup probe succeeded, unless it is of that probe, and
 *	never after (prober.h)
 *
 * so that what is asked first is asked up to a period later than
 * initialDelaySeconds. A tick that comes just when a delay is over is too
 * early: containers start a little later than their workers (sandboxes take
 * their time), and a relist sees them within a second, not at its end.
 *
 * Readiness is asked besides, by hand, whenever the kubelet syncs a pod of
 * which a container has started and is not ready; each of these shifts the
 * ticks that follow: a period from it, and so on (before 1.32 they stay).
 * There is such a sync when the startup probe succeeds; where there is none,
 * 2 and 3 s after the start (the first sync tells the container's id, and the
 * worker has none before; in the second it finds the container, whose result
 * is a failure until one is there; this makes the third); and as soon as
 * readiness has failed failureThreshold times.
 *
 * The kubelet of a node that died has started anew, and so have its workers,
 * each after a part of its period that is drawn, so that not all ask at once.
 * What runs since before the run has ticks that are drawn likewise.
 *
 * Source: Kubernetes 1.36, pkg/kubelet/prober/worker.go (run, doProbe),
 * prober_manager.go (AddPod, UpdatePodStatus), results/results_manager.go
 * (Set), pkg/kubelet/kubelet.go (SyncPod, syncLoopIteration), pod_workers.go
 * (podWorkerLoop: each sync waits for a relist after the last one);
 * kubernetes#119089 (1.32) for the shift. Left out: the sync that each pod has
 * once in 60 to 90 s; a worker whose kubelet has just joined.
 */
#ifndef TW_CLUSTER_PROBE_TICKS_H
#define TW_CLUSTER_PROBE_TICKS_H

#include "twins/world/world.h"

/* From a container's start on. */
#define TW_PROBE_SEEN	      TW_S	 /* its kubelet knows that it runs */
#define TW_PROBE_SYNCED	      (2 * TW_S) /* and that it is not ready; again: */
#define TW_PROBE_SYNCED_AGAIN (3 * TW_S)

/* Whose ticks they are, of a pod's process; of others the hash of the
 * container's name. */
enum tw_probe_worker {
	TW_WORKER_READINESS = 1,
	TW_WORKER_LIVENESS,
	TW_WORKER_STARTUP,
};

/* The first tick later than `after` of those at base, base + period, ... */
tw_time tw_probe_tick(tw_time base, tw_time period, tw_time after);
/* Where a worker's ticks begin; `worker`: as above. */
tw_time tw_probe_base(const struct tw_world *world, uint32_t replica,
	uint64_t worker, tw_time period);
/* The first that asks a container that was started at `begun`. */
tw_time tw_probe_first(
	tw_time base, const struct tw_probe_plan *plan, tw_time begun);

/* One that fails until `up` and succeeds from then on: true, and when it has
 * succeeded; false, and when it has failed once too often. */
bool tw_probe_outcome(tw_time base, const struct tw_probe_plan *plan,
	tw_time begun, tw_time up, tw_time *at);

/* Of a pod that runs: when its readiness is asked. */
struct tw_readiness {
	tw_time base, delay, period;
	tw_time begun; /* its container was started */
	bool startup;  /* it has a startup probe */
	bool shifts;   /* being asked by hand shifts ticks */
};

struct tw_readiness tw_readiness_of(const struct tw_world *world,
	uint32_t replica, tw_time delay, tw_time period);
/* Its startup probe succeeded `now`, or it has none: when it is asked first,
 * which may be now. */
tw_time tw_readiness_first(const struct tw_readiness *it, tw_time now);
/* It was asked `now` and is not ready by that: when it is asked again. */
tw_time tw_readiness_next(const struct tw_readiness *it, tw_time now);

#endif
