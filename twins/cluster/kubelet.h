/*
 * The kubelet of a pod's node, as far as it starts pods; pods.h tells the
 * whole of their life.
 *
 * Containers are started one after the other, in their order: init containers
 * first, each when the one before has ended well (seen each second, by the
 * relist) or, where it stays (restartPolicy: Always), has been found up by its
 * startup probe; then all others at once but for their images. Each waits for
 * its image (images.h), in which a pull that failed is tried again after a
 * back-off of 10 s, doubled up to 300 s. An init container that failed is
 * started again after the back-off of crash loops (crash.h), unless
 * restartPolicy is Never: then the pod has failed. The pod runs, and its
 * process begins to start up, when its last container has been started.
 *
 * A process that starts up answers no probe until it listens. While a startup
 * probe has not succeeded the pod is not ready, and no other probe is made; one
 * that fails failureThreshold times in a row kills the container. Without one
 * liveness counts from the start, and kills what takes longer to start than it
 * has patience: the container is started again, and killed again, with the
 * back-off of crash loops. When probes ask: probe_ticks.h. Containers that died of anything else start up
 * again in the same way, where a model or a probe says how long that takes.
 *
 * A node that died comes back with no sandbox: each pod that ran there begins
 * anew, init containers too, with no back-off (which the kubelet keeps in its
 * memory) and one restart more. Images and what volumes hold are still there.
 *
 * Source: Kubernetes 1.36, pkg/kubelet/kuberuntime/kuberuntime_manager.go
 * (computePodActions: attempt and createSandbox where no sandbox is ready;
 * SyncPod: SandboxChanged), kuberuntime_container.go; images/
 * image_manager.go and kubelet.go, imageBackOffPeriod and MaxImageBackOff; for
 * what `kubectl get pods` shows, pkg/printers/internalversion/printers.go.
 * A pod waits for its volumes first (volumes.h).
 * Left out: the time that sandboxes and networks take, and the jitter
 * of the kubelet's workers (up to half of 10 s after a failed sync).
 */
#ifndef TW_CLUSTER_KUBELET_H
#define TW_CLUSTER_KUBELET_H

#include "twins/world/world.h"

/* A pod was bound to its node, which is there. */
void tw_kubelet_start(struct tw_world *world, uint32_t replica);
/* It is ready, however that was found out. */
void tw_kubelet_ready(struct tw_world *world, uint32_t replica);

/* Its startup probe succeeded (probe.h), or it has none. */
void tw_kubelet_started(struct tw_world *world, uint32_t replica);
/* Whether a container that died starts up again by steps; else it is ready
 * again the model's restart delay later. */
bool tw_kubelet_restarts(const struct tw_world *world, uint32_t replica);
/* The same of one whose node died: by steps where it has init containers. */
bool tw_kubelet_starts_by_steps(const struct tw_world *world, uint32_t replica);
/* It has died (its life is another one), and is started after `wait`. */
void tw_kubelet_restart(struct tw_world *world, uint32_t replica, tw_time wait);

/* Its node died and is there again: all of its containers start anew. */
void tw_kubelet_begin_again(struct tw_world *world, uint32_t replica);
/* Whether it is not ready since a container of it crashed twice or more, or
 * since the registry has no such image: time alone mends neither. */
bool tw_kubelet_is_stuck(const struct tw_world *world, uint32_t replica);
/* It was ready when its node was cut off, and can be reached again: it is ready
 * at once and probed on. */
void tw_kubelet_reached(struct tw_world *world, uint32_t replica);

/* What came of a pull for its pod. */
struct tw_pulled {
	uint32_t image;
	bool well;
	bool registry_down;   /* where not: the registry does not answer */
	tw_time took, waited; /* the latter with the wait for others */
};

void tw_kubelet_pulled(struct tw_world *world, uint32_t replica,
	const struct tw_pulled *pulled);

/* A TW_EV_POD of its own (enum pod_next of pods_inner.h). */
void tw_kubelet_event(struct tw_world *world, uint32_t replica, uint32_t what);

#endif
