/*
 * Startup, readiness and liveness probes, as requests in the replica's own
 * queue: a probe (httpGet, grpc) is answered in time if the requests that wait
 * before it have left the queue by then; a replica that is frozen answers
 * nothing, and a full queue refuses. A tcpSocket probe only needs the process;
 * exec probes are not simulated. What a probe itself costs is left out.
 *
 * Source: Kubernetes 1.36, pkg/kubelet/prober/{worker.go,prober_manager.go};
 * core/v1 Probe: each period (10 s) with a timeout (1 s); failureThreshold (3)
 * failures in a row make a pod unready or kill its container, successThreshold
 * (1) successes make it ready again. A killed container is started again after
 * the back-off (crash.h) and the restart delay. When they ask: probe_ticks.h;
 * what is known of a probe is known when its timeout is over.
 *
 * Where these probes are on, a pod that comes in the run (kubelet.h) is found
 * ready by them; until it listens it refuses them. What is there from the start
 * has started.
 */
#ifndef TW_CLUSTER_PROBE_H
#define TW_CLUSTER_PROBE_H

#include "twins/world/world.h"

/* After the world and its pods; nothing where no replica has probes. */
void tw_probes_init(struct tw_world *world);

/* The process of a pod was started. True: a startup probe of these is made
 * until it succeeds, when tw_kubelet_started() is called, or kills. */
bool tw_probes_watch_start(struct tw_world *world, uint32_t replica);
/* Whether these have a liveness probe of it. */
bool tw_probes_liveness(const struct tw_world *world, uint32_t replica);

/* It has started, as its startup probe says: it is probed from now on. False:
 * no readiness probe of these finds it ready. */
bool tw_probes_start(struct tw_world *world, uint32_t replica);

/* Its node was cut off for a while: it is probed again at the next ticks, and
 * was well all the time as far as its kubelet knows. */
void tw_probes_go_on(struct tw_world *world, uint32_t replica);

/* TW_EV_PROBE, TW_EV_PROBED; false: another kind. */
bool tw_probes_event(struct tw_world *world, const struct tw_event *event);

#endif
