/*
 * The updater's rules: which pods it would make anew, in which order, and how
 * many of a group at once.
 *
 * Source: kubernetes/autoscaler, vertical-pod-autoscaler 1.5, pkg/updater/
 * priority/{priority_processor,update_priority_calculator,
 * scaling_direction_pod_eviction_admission}.go, restriction/
 * {pods_restriction_factory,pods_eviction_restriction}.go; constants:
 * twins/model/vertical.h.
 */
#ifndef TW_CLUSTER_VPA_UPDATE_H
#define TW_CLUSTER_VPA_UPDATE_H

#include "twins/model/vertical.h"

#include <stddef.h>

/* What a container has of a resource, and should have. */
struct tw_vpa_ask {
	uint32_t container;
	enum tw_vertical_resource resource;
	bool has_request;
	int64_t request;
	struct tw_advice advice;
};

struct tw_vpa_priority {
	bool outside;  /* of what is recommended, some container */
	bool up;       /* some container is to grow */
	double change; /* relative, of each resource over all containers */
};

/* A bound that is 0 is none. */
struct tw_vpa_priority tw_vpa_priority_of(
	const struct tw_vpa_ask *asks, size_t n);

/* < 0: a goes before b. */
int tw_vpa_compare(
	const struct tw_vpa_priority *a, const struct tw_vpa_priority *b);

/* Whether a pod is to be made anew that has been there for `age`; `quick_oom`:
 * it was killed within 10 minutes of its start, the last time that it died. */
bool tw_vpa_is_due(
	const struct tw_vpa_priority *it, tw_time age, bool quick_oom);

/* Some container has no request, or each requirement holds for one of its
 * resources. Asks of one container stand side by side. */
bool tw_vpa_meets(const struct tw_vertical_requirement *all, size_t n_all,
	const struct tw_vpa_ask *asks, size_t n);

/* Pods of one ReplicaSet, StatefulSet or DaemonSet. */
struct tw_vpa_group {
	int64_t configured, running; /* pods; the others are Pending */
	int64_t tolerance;	     /* of `configured`, that may be missing */
	int64_t evicted, resized;    /* in this loop */
};

/* Whether one more that runs may be disturbed. */
bool tw_vpa_may_disturb(const struct tw_vpa_group *group);

#endif
