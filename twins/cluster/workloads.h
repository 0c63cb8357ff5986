/*
 * Who looks after pods in a run. A workload of the model (Deployment, ...) has
 * a *controller*: a vtable, a file and a row in the list of workloads.c. As in
 * Kubernetes a controller is told only that something about its workload has
 * changed, and compares what is there (tw_pods_counts() of its revisions) with
 * what should be (it->wanted):
 *
 *	static void sync(struct tw_world *world, uint32_t workload)
 *	{
 *		struct tw_managed *it = tw_managed_of(world, workload);
 *		const struct tw_pod_counts *has =
 *			tw_pods_counts(world, it->now);
 *
 *		while (tw_pods_active(has) < it->wanted &&
 *			tw_pod_create(world, it->now) != TW_NONE)
 *			;
 *		...
 *	}
 *
 * sync is called once for all that changed at an instant by one event; what it
 * does itself calls it again as long as that changes something. A workload of
 * a kind without a controller has pods that start, die and stop, and that
 * nobody replaces.
 *
 * Its pods are of one or more revisions (model->revisions): it->now is the one
 * that the spec asks for, which a rollout, a restart or an undo changes
 * (rollouts.c). Pods of all others are old ones.
 *
 * Whoever wants another number of pods (an autoscaler, a person) calls
 * tw_workload_scale(); the names for them must be there: call
 * tw_spec_may_grow() before the model is compiled.
 */
#ifndef TW_CLUSTER_WORKLOADS_H
#define TW_CLUSTER_WORKLOADS_H

#include "twins/cluster/pods.h"

struct tw_controller {
	const char *kind; /* of struct tw_workload */
	/* Before the run: sets `own`, schedules. */
	void (*init)(struct tw_world *world, uint32_t workload);
	void (*sync)(struct tw_world *world, uint32_t workload);
	/* `wanted` was changed; NULL: it cannot be. */
	void (*scaled)(struct tw_world *world, uint32_t workload);
	/* Its spec has another pod template (it->now), or is rolled out no
	 * longer or again (it->paused); NULL: its sync sees it. */
	void (*changed)(struct tw_world *world, uint32_t workload);
	/* An event that it scheduled (tw_workload_wake()). */
	void (*woken)(struct tw_world *world, uint32_t workload, uint32_t what);
};

extern const struct tw_controller tw_deployments, tw_statefulsets,
	tw_daemonsets, tw_jobs, tw_cronjobs;

enum tw_rollout_state {
	TW_ROLLOUT_NONE,
	TW_ROLLOUT_AWAITED, /* a new manifest comes later */
	TW_ROLLOUT_UNDER_WAY,
	TW_ROLLOUT_DONE,
};

/* A workload in the run. */
struct tw_managed {
	const struct tw_workload *model;
	const struct tw_controller *controller; /* NULL: none */
	void *own;	       /* the controller's, in the world's arena */
	uint32_t wanted;       /* pods, by its spec as it is now */
	uint32_t before_scale; /* of those who scale it for a while */
	uint32_t unavailable;  /* as counted for the service */
	uint32_t now;	       /* the revision that its spec asks for */
	uint32_t before;       /* and the one before it; TW_NONE: none yet */
	uint32_t *numbers;     /* of model->revisions, as `kubectl rollout
				* history` lists them; 0: not in it */
	bool paused;	       /* it has another template, and no pod of it */
	bool applied;	       /* its new manifest is; true: there is none */
	uint8_t rollout;       /* enum tw_rollout_state */
	bool dirty;
};

struct tw_workloads {
	struct tw_managed *all; /* as model->workloads */
	TW_VEC(uint32_t) dirty;
};

/* After the world: pods and nodes (nodes.h: `aligned`) too; nothing where the
 * model has no workloads. */
void tw_workloads_init(struct tw_world *world, bool aligned);
void tw_workloads_release(struct tw_world *world);

static inline struct tw_managed *tw_managed_of(
	const struct tw_world *world, uint32_t workload)
{
	return &world->workloads->all[workload];
}

/* Whether its kind has a size that can be set. */
bool tw_workload_has_size(const struct tw_model *model, uint32_t workload);

/* It should have n pods from now on, whatever its kind. */
void tw_workload_want(struct tw_world *world, uint32_t workload, uint32_t n);
/* A node came or went: DaemonSets that run there want a pod more or less. */
void tw_daemonsets_node(struct tw_world *world, uint32_t node, bool comes);

/* It should have n pods from now on. False: its kind has no size. */
bool tw_workload_scale(struct tw_world *world, uint32_t workload, uint32_t n);

/* For controllers: the revision that the spec asks for is the latest of the
 * history from now on. */
void tw_workload_number(struct tw_managed *it);
/* It is as its spec asks for: says so, once for a rollout. */
void tw_workload_rolled_out(struct tw_world *world, struct tw_managed *it);

/* An event of Kubernetes about it (TW_TAP_SCALER). */
void tw_workload_say(struct tw_world *world, const struct tw_managed *it,
	bool warning, const char *reason, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Its controller is woken at `at` (TW_EV_WORKLOAD), with `what`. */
void tw_workload_wake(
	struct tw_world *world, uint32_t workload, tw_time at, uint32_t what);

/* Something about it has changed: its controller is to see it. */
void tw_workload_touch(struct tw_world *world, uint32_t workload);
/* Something about a pod of the revision has changed: pods.c calls it. */
void tw_workload_changed(struct tw_world *world, uint32_t revision);
/* Its pods over all of its revisions. */
struct tw_pod_counts tw_workload_counts(
	const struct tw_world *world, uint32_t workload);

/* Controllers act on what has changed, the scheduler on what they made. Called
 * after each event of the world. */
void tw_workloads_settle(struct tw_world *world);

/* What has become of them, into the observation. */
void tw_workloads_finish(struct tw_world *world);

/* TW_EV_ROLLOUT, TW_EV_WORKLOAD; false: another kind. */
bool tw_workloads_event(struct tw_world *world, const struct tw_event *event);

#endif
