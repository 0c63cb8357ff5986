/*
 * Follows a run by its taps: fills in the observation's timeline
 * (observe/timeline.h), tells a watcher (observe/watch.h), and says what
 * happens as Kubernetes' components say it: reasons and messages of
 * kube-scheduler (pkg/scheduler/schedule_one.go), the kubelet
 * (pkg/kubelet/events/event.go, kuberuntime, images), the controllers
 * (pkg/controller/controller_utils.go, deployment/sync.go, nodelifecycle,
 * tainteviction) in 1.36. What Kubernetes has no event for, such as a container
 * that was OOMKilled, has the word that `kubectl get pods` shows.
 *
 * It changes nothing, and no request touches it.
 */
#ifndef TW_CLUSTER_CHRONICLE_H
#define TW_CLUSTER_CHRONICLE_H

#include "twins/observe/watch.h"
#include "twins/world/world.h"

/* After the world and what places its pods. `watcher`, NULL: none, is told of
 * everything as it is. */
void tw_chronicle_init(
	struct tw_world *world, const struct tw_watcher *watcher);

#endif
