/*
 * A rollout in the run: the Deployment controller, the scheduler and the
 * kubelet on the virtual clock, for the Deployments that change
 * (tw_spec_rollout()).
 *
 *	created	   the scheduler finds a node, or the pod waits until one of
 *		   its own Deployments' pods is gone
 *	listens	   a start-up time after its container was started
 *	ready	   by its readiness probe: at the first tick (initialDelay,
 *		   then each period) from which it listens, successThreshold
 *		   of them; without a probe as soon as the container runs
 *		   (pkg/kubelet/prober/worker.go; core/v1 Probe)
 *	listed	   for callers endpoint_delay later
 *	deleted	   it leaves the endpoints at once, which callers see
 *		   endpoint_delay later; preStop runs meanwhile, then TERM: the
 *		   process takes no connection any more and ends what it has,
 *		   until terminationGracePeriodSeconds after the deletion
 *		   (pkg/kubelet/kuberuntime, killContainer); that it has ended
 *		   is seen each second (pkg/kubelet/pleg, relist)
 *
 * Requests that come in after TERM and before callers have seen it are the
 * ones that a rollout loses. Sizes are those of deployment.h; which pod goes
 * first is deletion.h's.
 */
#ifndef TW_CLUSTER_ROLLOUT_H
#define TW_CLUSTER_ROLLOUT_H

#include "twins/world/world.h"

/* After the world; nothing where the model has no rollout. */
void tw_rollouts_init(struct tw_world *world);
void tw_rollouts_release(struct tw_world *world);

/* A pod of a rollout died, or is up again. */
void tw_rollouts_changed(struct tw_world *world, uint32_t replica);

/* What has become of them, into the observation. */
void tw_rollouts_finish(struct tw_world *world);

/* TW_EV_POD, TW_EV_ROLLOUT; false: another kind. */
bool tw_rollouts_event(struct tw_world *world, const struct tw_event *event);

#endif
