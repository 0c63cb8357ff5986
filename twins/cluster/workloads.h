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
 *			tw_pods_counts(world, it->model->revision);
 *
 *		while (tw_pods_active(has) < it->wanted &&
 *			tw_pod_create(world, it->model->revision) != TW_NONE)
 *			;
 *		...
 *	}
 *
 * sync is called once for all that changed at an instant by one event; what it
 * does itself calls it again as long as that changes something. A workload of
 * a kind without a controller has pods that start, die and stop, and that
 * nobody replaces.
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
	/* The new manifests are applied (model->changes). */
	void (*apply)(struct tw_world *world, uint32_t workload);
	/* An event that it scheduled (tw_workload_wake()). */
	void (*woken)(struct tw_world *world, uint32_t workload, uint32_t what);
};

extern const struct tw_controller tw_deployments, tw_statefulsets,
	tw_daemonsets, tw_jobs, tw_cronjobs;

/* A workload in the run. */
struct tw_managed {
	const struct tw_workload *model;
	const struct tw_controller *controller; /* NULL: none */
	void *own;	      /* the controller's, in the world's arena */
	uint32_t wanted;      /* pods, by its spec as it is now */
	uint32_t before_scale; /* of those who scale it for a while */
	uint32_t unavailable; /* as counted for the service */
	bool begun;	      /* the new manifests are applied; true where
			       * it does not change */
	bool complete;	      /* rolled out since */
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

/* Of a workload by "namespace/name", TW_NONE: it is not managed. */
uint32_t tw_workload_find(const struct tw_model *model, const char *name);

/* Whether its kind has a size that can be set. */
bool tw_workload_has_size(const struct tw_model *model, uint32_t workload);

/* It should have n pods from now on. False: its kind has no size. */
bool tw_workload_scale(struct tw_world *world, uint32_t workload, uint32_t n);

/* Its controller is woken at `at` (TW_EV_WORKLOAD), with `what`. */
void tw_workload_wake(
	struct tw_world *world, uint32_t workload, tw_time at, uint32_t what);

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
