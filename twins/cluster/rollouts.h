/*
 * kubectl rollout, and a manifest that is applied: what changes the pod
 * template that a workload's spec has (tw_managed.now). Its controller does
 * the rest.
 *
 * Sources: Kubernetes 1.36, kubectl/pkg/polymorphichelpers/{rollback,
 * objectrestarter,objectpauser,objectresumer}.go; revisions of a Deployment:
 * pkg/controller/deployment/sync.go, getNewReplicaSet, of the others
 * pkg/controller/history.
 *
 * Where kubectl would refuse, the text says why in its words, as a warning of
 * the workload, and nothing happens.
 */
#ifndef TW_CLUSTER_ROLLOUTS_H
#define TW_CLUSTER_ROLLOUTS_H

#include "twins/cluster/workloads.h"

/* The candidate's manifest. Its size is set already. */
void tw_rollout_apply(struct tw_world *world, uint32_t workload);
/* kubectl rollout restart: the same template with another annotation. Names for
 * its pods must be there: tw_spec_may_restart(). */
void tw_rollout_restart(struct tw_world *world, uint32_t workload);
/* kubectl rollout undo: the template of a revision of its history; `to` 0: of
 * the one before the latest. */
void tw_rollout_undo(struct tw_world *world, uint32_t workload, uint32_t to);
/* kubectl rollout pause, resume. */
void tw_rollout_pause(struct tw_world *world, uint32_t workload, bool paused);

#endif
