/*
 * What the scheduler looks at: of a pod its requests, where it wants to be and
 * with whom; of a node what it has, its labels and its taints. Words and
 * meanings are core/v1's (PodSpec, NodeSpec).
 *
 * Amounts: CPU in thousandths of a core, all else in whole units (bytes),
 * rounded up.
 */
#ifndef TW_MODEL_POD_H
#define TW_MODEL_POD_H

#include "twins/model/netpol.h"
#include "twins/model/selector.h"
#include "twins/model/value.h"

#include <stdint.h>

/* ---- resources ------------------------------------------------------ */

#define TW_RESOURCE_CPU	   "cpu"
#define TW_RESOURCE_MEMORY "memory"
#define TW_RESOURCE_PODS   "pods"
#define TW_RESOURCE_DISK   "ephemeral-storage"

struct tw_resource {
	const char *name;
	int64_t amount;
};

TW_VEC_TYPE(tw_resources, struct tw_resource);

/* 0 where it is not there. */
int64_t tw_resource_amount(const struct tw_resources *all, const char *name);
/* Adds to the resource, which may be new. The name is borrowed. */
void tw_resource_add(struct tw_arena *arena, struct tw_resources *to,
	const char *name, int64_t amount);
/* The larger of both. */
void tw_resource_raise(struct tw_arena *arena, struct tw_resources *to,
	const char *name, int64_t amount);

/* ---- taints --------------------------------------------------------- */

enum tw_taint_effect {
	TW_EFFECT_ANY, /* of a toleration without one */
	TW_EFFECT_NO_SCHEDULE,
	TW_EFFECT_PREFER_NO_SCHEDULE,
	TW_EFFECT_NO_EXECUTE,
};

struct tw_taint {
	const char *key, *value;
	enum tw_taint_effect effect;
};

TW_VEC_TYPE(tw_taints, struct tw_taint);

enum tw_toleration_op {
	TW_TOLERATE_EQUAL,
	TW_TOLERATE_EXISTS,
	TW_TOLERATE_LT,
	TW_TOLERATE_GT
};

struct tw_toleration {
	const char *key; /* "": every key, with EXISTS */
	const char *value;
	enum tw_toleration_op op;
	enum tw_taint_effect effect;
	int64_t seconds; /* of NoExecute: until evicted; < 0: for ever */
};

TW_VEC_TYPE(tw_tolerations, struct tw_toleration);

/* ---- node affinity -------------------------------------------------- */

enum tw_node_op {
	TW_NODE_IN,
	TW_NODE_NOT_IN,
	TW_NODE_EXISTS,
	TW_NODE_DOES_NOT_EXIST,
	TW_NODE_GT,
	TW_NODE_LT,
};

struct tw_node_requirement {
	const char *key;
	enum tw_node_op op;
	TW_VEC(const char *) values;
};

TW_VEC_TYPE(tw_node_requirements, struct tw_node_requirement);

/* All of it must hold; a term without any matches nothing, and neither does
 * one that cannot be parsed. */
struct tw_node_term {
	struct tw_node_requirements labels;
	struct tw_node_requirements fields; /* of metadata.name */
	bool broken;
	int64_t weight; /* of a preferred one */
};

TW_VEC_TYPE(tw_node_terms, struct tw_node_term);

struct tw_node_affinity {
	bool is_required;	       /* the list is there, if empty */
	struct tw_node_terms required; /* one of them */
	struct tw_node_terms preferred;
};

/* ---- pod affinity --------------------------------------------------- */

TW_VEC_TYPE(tw_label_keys, const char *);

struct tw_pod_term {
	bool has_selector; /* without one it matches nothing */
	struct tw_label_selector selector;
	TW_VEC(const char *)
	namespaces; /* with the owner's own, where
		     * neither is given */
	bool has_namespace_selector;
	struct tw_label_selector namespace_selector;
	const char *topology_key;
	int64_t weight; /* of a preferred one */
	/* matchLabelKeys and mismatchLabelKeys that a controller gives its
	 * pods, another value to each revision: pod-template-hash. */
	struct tw_label_keys own_keys, other_keys;
};

TW_VEC_TYPE(tw_pod_terms, struct tw_pod_term);

struct tw_spread {
	int64_t max_skew, min_domains; /* 0: not given */
	const char *topology_key;
	bool do_not_schedule;
	bool has_selector;
	struct tw_label_selector selector;
	bool ignore_affinity;	       /* nodeAffinityPolicy: Ignore */
	bool honor_taints;	       /* nodeTaintsPolicy: Honor */
	struct tw_label_keys own_keys; /* as struct tw_pod_term's */
};

TW_VEC_TYPE(tw_spreads, struct tw_spread);

struct tw_host_port {
	const char *ip; /* "0.0.0.0": all */
	int64_t port;
	enum tw_protocol protocol;
};

/* ---- the whole ------------------------------------------------------ */

struct tw_pod_spec {
	struct tw_resources requests;
	/* There is more to them than the sum of containers and the largest
	 * init container: sidecars, overhead, requests of the pod. */
	bool special_requests;
	/* What counts for LeastAllocated and its like: a container without a
	 * request counts as 100m and 200 MiB (pkg/scheduler/util/
	 * pod_resources.go). */
	int64_t usual_cpu, usual_memory;
	int64_t overhead_cpu;  /* of its RuntimeClass; it is in the others */
	const char *node_name; /* NULL: not given */
	struct tw_labels node_selector;
	struct tw_node_affinity node_affinity;
	struct tw_pod_terms affinity, preferred_affinity;
	struct tw_pod_terms anti_affinity, preferred_anti_affinity;
	struct tw_tolerations tolerations;
	struct tw_spreads spreads;
	TW_VEC(struct tw_host_port) host_ports;
	TW_VEC(const char *) images;   /* of all containers, with their tags */
	uint32_t n_containers;	       /* init containers too */
	struct tw_text priority_class; /* priorityClassName */
	int64_t priority;
	bool never_preempts;
	/* PodTopologySpread's own constraints apply to pods of this merged
	 * selector of their Services and their owner; where there is none,
	 * they do not. */
	bool has_group, has_owner; /* the owner's own selector is in it */
	struct tw_label_selector group;
};

struct tw_node_spec;

/* One term, and the required part of an affinity. */
bool tw_node_term_fits(
	const struct tw_node_term *term, const struct tw_node_spec *node);
bool tw_node_affinity_fits(const struct tw_node_affinity *affinity,
	const struct tw_node_spec *node);
/* nodeSelector and required node affinity. */
bool tw_pod_fits_node(
	const struct tw_pod_spec *pod, const struct tw_node_spec *node);
/* `compare`: with the operators Lt and Gt. */
bool tw_pod_tolerates(const struct tw_toleration *toleration,
	const struct tw_taint *taint, bool compare);
/* The first NoSchedule or NoExecute taint that nothing tolerates, or NULL. */
const struct tw_taint *tw_pod_untolerated(const struct tw_tolerations *all,
	const struct tw_taints *taints, bool compare);

struct tw_node_image {
	TW_VEC(const char *) names;
	int64_t size; /* bytes */
};

struct tw_node_spec {
	const char *name;
	struct tw_labels labels;
	struct tw_taints taints;
	bool unschedulable; /* cordoned */
	struct tw_resources allocatable;
	TW_VEC(struct tw_node_image) images;
};

/* core/v1, well-known taints of nodes. */
#define TW_TAINT_MEMORY_PRESSURE "node.kubernetes.io/memory-pressure"

/* core/v1, well-known labels of nodes. */
#define TW_NODE_REGION "topology.kubernetes.io/region"
#define TW_NODE_ZONE   "topology.kubernetes.io/zone"

#endif
