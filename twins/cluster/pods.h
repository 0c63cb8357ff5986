/*
 * The life of a pod on the virtual clock, for every controller. A pod is a
 * replica of the model: its revision has names for the pods that are there
 * when a run begins and for some that may come (twins/model/workloads.c). Only
 * workloads that are managed (model->workloads) have pods in this sense; the
 * replicas of others are there for ever and die and restart in place.
 *
 *	created	   it waits in the scheduling queue (sched_queue.h)
 *	bound	   the scheduler found a node; its kubelet starts it at once,
 *		   where the node is there
 *	listens	   a start-up time after its container was started
 *	ready	   by its readiness probe: when it is first asked after it
 *		   listens (probe_ticks.h), successThreshold times; without a
 *		   probe as soon as the container runs
 *		   (pkg/kubelet/prober/worker.go; core/v1 Probe)
 *	available  ready for minReadySeconds
 *	listed	   for callers endpoint_delay after it is ready
 *	deleted	   it leaves the endpoints at once, which callers see
 *		   endpoint_delay later; preStop runs meanwhile, then TERM: the
 *		   process takes no connection any more and ends what it has,
 *		   until terminationGracePeriodSeconds after the deletion
 *		   (pkg/kubelet/kuberuntime, killContainer); that it has ended
 *		   is seen each second (pkg/kubelet/pleg, relist)
 *	gone	   its name is free again
 *
 * Where the node of a pod is lost, its kubelet does nothing: a deleted pod
 * stays until the node is back, or until it is removed by force. A node that
 * died has lost its sandboxes: its kubelet starts the pods from their first
 * container on (kubelet.h). One that was only cut off has them all running.
 *
 * Requests that come in after TERM and before callers have seen it are the
 * ones that a rollout loses.
 *
 * A controller creates and deletes pods here, in its sync (workloads.h): it
 * is called whenever something about one of its pods has changed, and finds
 * what it has in tw_pods_counts().
 */
#ifndef TW_CLUSTER_PODS_H
#define TW_CLUSTER_PODS_H

#include "twins/cluster/scheduler.h"
#include "twins/world/world.h"

enum tw_pod_state {
	TW_POD_ABSENT,	 /* a name that nobody has */
	TW_POD_PENDING,	 /* no node yet */
	TW_POD_BOUND,	 /* a node that has not started it yet (kubelet.h), or
			  * does not: it is lost */
	TW_POD_RUNNING,	 /* its containers were started */
	TW_POD_STOPPING, /* deleted; preStop or TERM, or nobody does it */
	TW_POD_ENDED,	 /* its containers ended for good */
};

struct tw_pod {
	uint8_t state;	       /* enum tw_pod_state */
	bool ready, available; /* as counted */
	bool succeeded;	       /* of one that ended */
	bool served;	       /* was ready when it was deleted */
	uint32_t successes;    /* of the readiness probe, in a row */
	bool lost;	       /* available, but its node is dead */
	bool starting;	       /* its process runs and does not listen yet */
	bool not_begun;	       /* of one that failed: nothing of it had run */
	bool cut_off;	    /* its process runs, but nobody reaches its node */
	bool cut_ready;	    /* of one cut off: it was ready */
	bool again;	    /* had run before its node was lost */
	bool ticks_drawn;   /* of its probes' workers (probe_ticks.h) */
	uint32_t attempts;  /* of the scheduler to place it */
	uint32_t nominated; /* 1 + node that is made free for it; 0 */
	uint32_t turn;	    /* counts the pods of this name */
	tw_time created, started, ready_since, deleted;
	tw_time admitted;     /* its kubelet began to start its containers */
	tw_time begun;	      /* its process was started last */
	tw_time ready_change; /* of `ready`: when it last did */
	tw_time grace;	      /* of its deletion: ns until KILL */
};

/* Pods of a revision, by what they are. */
struct tw_pod_counts {
	uint32_t pending;	   /* not started, and not deleted */
	uint32_t running;	   /* started, and not deleted */
	uint32_t ready, available; /* of those that run */
	uint32_t lost; /* of those available, as nobody has seen yet */
	uint32_t stopping;
	uint32_t succeeded, failed; /* that ended */
};

/* What a controller counts as its own (controller.FilterActivePods). */
static inline uint32_t tw_pods_active(const struct tw_pod_counts *counts)
{
	return counts->pending + counts->running;
}

/* How far the kubelet is with a pod whose containers do not start at once. */
struct tw_pod_start {
	uint32_t at;		  /* which container's turn it is */
	uint32_t tries;		  /* that failed */
	bool has_image, no_image; /* the latter: the registry has none such */
	struct tw_backoff pull, crash;
};

struct tw_sched_queue;

struct tw_pods {
	struct tw_pod *all;	      /* by replica */
	struct tw_pod_start *starts;  /* likewise; NULL: all start at once */
	struct tw_pod_counts *counts; /* by revision */
	uint32_t *first_free;	      /* by revision: no name before this
				       * ordinal is free */
	struct tw_scheduler scheduler;
	struct tw_sched_queue *queue;
	TW_VEC(uint32_t) nominated; /* pods (preempt.h) */
	tw_time wakes_at;	    /* of the event for those that back off */
};

/* After the world; nothing where the model has no workloads. */
void tw_pods_init(struct tw_world *world);
void tw_pods_release(struct tw_world *world);

static inline const struct tw_pod *tw_pod_of(
	const struct tw_world *world, uint32_t replica)
{
	return &world->pods->all[replica];
}

static inline const struct tw_pod_counts *tw_pods_counts(
	const struct tw_world *world, uint32_t revision)
{
	return &world->pods->counts[revision];
}

/* Its class (scheduler.h): its revision, or one of its own resources. */
static inline uint32_t tw_pod_class(
	const struct tw_world *world, uint32_t replica)
{
	if (world->resized && world->resized->of[replica])
		return world->resized->class_of[replica];
	return world->model->replicas[replica].revision;
}

/* The revision of a class. */
static inline uint32_t tw_class_revision(
	const struct tw_world *world, uint32_t class)
{
	return class < world->model->n_revisions
		       ? class
		       : world->resized->revisions
				 .v[class - world->model->n_revisions];
}

/* Neither deleted nor ended. */
static inline bool tw_pod_is_active(const struct tw_pod *pod)
{
	return pod->state == TW_POD_PENDING || pod->state == TW_POD_BOUND ||
	       pod->state == TW_POD_RUNNING;
}

/* ---- what controllers do -------------------------------------------- */

/* A pod of the revision, by the lowest name that is free. TW_NONE: all of its
 * names are in use; one that stops gives up its own, and the owner is called
 * again then. */
uint32_t tw_pod_create(struct tw_world *world, uint32_t revision);
/* The pod of this name, which must be absent. */
void tw_pod_create_named(struct tw_world *world, uint32_t replica);

#define TW_POD_GRACE (-1)

/* Deletes an active pod, or one that ended; one that is being deleted stays as
 * it is. `grace`: ns, or TW_POD_GRACE: its own. */
void tw_pod_delete(struct tw_world *world, uint32_t replica, tw_time grace);
/* It is gone at once, whatever its node does (a deletion with a grace period
 * of 0, the garbage collector of pods). */
void tw_pod_remove(struct tw_world *world, uint32_t replica);
/* Its containers end for good: the pod stays as a name, and needs no room. */
void tw_pod_end(struct tw_world *world, uint32_t replica, bool succeeded);

/* Which active pod of the revision goes first where its owner shrinks
 * (deletion.h); `owned`: the owner's other revisions, which count for where
 * its pods stand together. TW_NONE: there is none. */
uint32_t tw_pod_first_to_go(const struct tw_world *world, uint32_t revision,
	const uint32_t *owned, size_t n_owned);

/* ---- what others tell ----------------------------------------------- */

/* The container of a managed pod died, runs again, or is ready or not by now
 * (world->replicas). */
void tw_pods_changed(struct tw_world *world, uint32_t replica);
/* Its node is cut off: what runs there goes on. */
void tw_pods_cut_off(struct tw_world *world, uint32_t replica);
/* Its node is there again. */
void tw_pods_node_back(struct tw_world *world, uint32_t replica);
/* One that waits has a node from now on. */
void tw_pod_bind(struct tw_world *world, uint32_t replica, uint32_t node);
/* The scheduler tries those whose turn it is (attempt.h). */
void tw_pods_schedule(struct tw_world *world);

/* TW_EV_POD, TW_EV_SCHEDULE; false: another kind. */
bool tw_pods_event(struct tw_world *world, const struct tw_event *event);

#endif
