/*
 * A VerticalPodAutoscaler as its object says, and how the cluster's three
 * programs for it are set.
 *
 * Source: kubernetes/autoscaler, vertical-pod-autoscaler 1.5,
 * pkg/apis/autoscaling.k8s.io/v1/types.go. CPU is in thousandths of a core,
 * memory in bytes.
 */
#ifndef TW_MODEL_VERTICAL_H
#define TW_MODEL_VERTICAL_H

#include "twins/base/vector.h"
#include "twins/model/value.h"

#include <stdbool.h>
#include <stdint.h>

enum tw_vertical_mode {
	TW_VERTICAL_OFF,      /* it recommends */
	TW_VERTICAL_INITIAL,  /* and pods are made as it does */
	TW_VERTICAL_RECREATE, /* and those that are not are evicted; also
			       * "Auto", which is this in every release yet,
			       * and the default */
	TW_VERTICAL_IN_PLACE, /* "InPlaceOrRecreate": or made so as they run */
};

enum tw_vertical_resource { TW_VERTICAL_CPU, TW_VERTICAL_MEMORY };
#define TW_VERTICAL_RESOURCES 2

/*
 * The constants, each with its flag (or name) and where it stands below
 * vertical-pod-autoscaler/pkg in release 1.5. They are those of 1.4, too.
 */

/* recommender: --recommender-interval (recommender/config/config.go) */
#define TW_VPA_RECOMMENDER_INTERVAL (60 * TW_S)
/* --target-cpu-percentile, --recommendation-lower-bound-cpu-percentile and
 * -upper-; memory alike (recommender/logic/recommender.go) */
#define TW_VPA_TARGET 0.9
#define TW_VPA_LOWER  0.5
#define TW_VPA_UPPER  0.95
/* --recommendation-margin-fraction (same file) */
#define TW_VPA_MARGIN 0.15
/* --pod-recommendation-min-cpu-millicores, -min-memory-mb: of a pod, in equal
 * shares of its containers (same file) */
#define TW_VPA_MIN_CPU	  25
#define TW_VPA_MIN_MEMORY (INT64_C(250) << 20)
/* --confidence-interval-cpu, -memory (same file) */
#define TW_VPA_CONFIDENCE (24 * TW_H)
/* --cpu-histogram-decay-half-life, --memory-histogram-decay-half-life
 * (recommender/model/aggregations_config.go) */
#define TW_VPA_HALF_LIFE (24 * TW_H)
/* --memory-aggregation-interval (same file) */
#define TW_VPA_MEMORY_INTERVAL (24 * TW_H)
/* Histograms: first bucket, largest value, growth, and the least weight of a
 * sample of CPU (same file) */
#define TW_VPA_CPU_FIRST    0.01
#define TW_VPA_CPU_MAX	    1000.0
#define TW_VPA_MEMORY_FIRST 1e7
#define TW_VPA_MEMORY_MAX   1e12
#define TW_VPA_GROWTH	    1.05
#define TW_VPA_MIN_WEIGHT   0.1
#define TW_VPA_EPSILON	    (0.001 * TW_VPA_MIN_WEIGHT)
/* --oom-bump-up-ratio, --oom-min-bump-up-bytes (same file) */
#define TW_VPA_OOM_RATIO 1.2
#define TW_VPA_OOM_LEAST (INT64_C(100) << 20)
/* --history-length (recommender/config/config.go): as long as the history of
 * one that has a recommendation when a run begins is taken to be */
#define TW_VPA_HISTORY (8 * 24 * TW_H)
/* updater: --updater-interval, --min-replicas, --eviction-tolerance
 * (updater/config/config.go) */
#define TW_VPA_UPDATER_INTERVAL	  (60 * TW_S)
#define TW_VPA_MIN_REPLICAS	  2
#define TW_VPA_EVICTION_TOLERANCE 0.5
/* --in-recommendation-bounds-eviction-lifetime-threshold,
 * --pod-update-threshold, --evict-after-oom-threshold
 * (updater/priority/update_priority_calculator.go) */
#define TW_VPA_POD_LIFETIME (12 * TW_H)
#define TW_VPA_LEAST_CHANGE 0.1
#define TW_VPA_QUICK_OOM    (600 * TW_S)
/* DeferredResizeUpdateTimeout (updater/restriction/
 * pods_inplace_restriction.go) */
#define TW_VPA_DEFERRED (300 * TW_S)

/* ---- as it is written ------------------------------------------------ */

/* What is said of a resource. */
struct tw_spec_bound {
	struct tw_int min, max; /* minAllowed, maxAllowed */
};

struct tw_spec_vertical_container { /* resourcePolicy.containerPolicies */
	const char *name;	    /* "*": those that have none */
	struct tw_text mode;	    /* "Auto" (default), "Off" */
	struct tw_text values;	  /* controlledValues: "RequestsAndLimits" (the
				   * default), "RequestsOnly" */
	struct tw_text resources; /* controlledResources: "cpu memory" */
	struct tw_spec_bound bounds[TW_VERTICAL_RESOURCES];
};

/* Of status.recommendation.containerRecommendations. */
struct tw_spec_advice {
	struct tw_int target, lower, upper, uncapped;
};

struct tw_spec_vertical_advice {
	const char *name;
	struct tw_spec_advice of[TW_VERTICAL_RESOURCES];
};

struct tw_spec_vertical_requirement { /* updatePolicy.evictionRequirements */
	struct tw_text resources;     /* "cpu memory": one of them */
	struct tw_text change; /* "TargetHigherThanRequests", "…Lower…" */
};

struct tw_spec_vertical {
	const char *key; /* "namespace/name" */
	const char *namespace, *name;
	struct tw_text target_kind, target_name;
	struct tw_text mode;	    /* updatePolicy.updateMode */
	struct tw_int min_replicas; /* updatePolicy.minReplicas */
	struct tw_text recommender; /* another one than the default */
	TW_VEC(struct tw_spec_vertical_container) containers;
	TW_VEC(struct tw_spec_vertical_requirement) requirements;
	TW_VEC(struct tw_spec_vertical_advice) advice;
	/* In a rollout (tw_spec_rollout()): those that were there when the pods
	 * of the start were made; it was not there: NULL. */
	bool in_rollout;
	const struct tw_spec_vertical *before;
	const struct tw_origin *origin;
};

/* The mode that it says. */
enum tw_vertical_mode tw_spec_vertical_mode(const struct tw_spec_vertical *it);
/* The policy of a container; NULL: none. */
const struct tw_spec_vertical_container *tw_spec_vertical_policy(
	const struct tw_spec_vertical *it, const char *container);
/* Whether it controls a resource of a container. */
bool tw_spec_vertical_controls(const struct tw_spec_vertical *it,
	const char *container, enum tw_vertical_resource resource);

/* ---- as it is in a run ----------------------------------------------- */

/* A recommendation of one resource; has: it is one. */
struct tw_advice {
	bool has;
	int64_t target, lower, upper, uncapped;
};

struct tw_vertical_container {
	const char *name;
	bool is_main;	  /* the one whose use is known */
	bool limits, off; /* limits keep their proportion; it is left alone */
	bool controls[TW_VERTICAL_RESOURCES];
	bool knows[TW_VERTICAL_RESOURCES]; /* what it uses */
	int64_t min[TW_VERTICAL_RESOURCES],
		max[TW_VERTICAL_RESOURCES];	       /* 0:
							* none */
	struct tw_advice first[TW_VERTICAL_RESOURCES]; /* of its status */
};

struct tw_vertical_requirement {
	bool of[TW_VERTICAL_RESOURCES];
	bool higher;
};

/* A VerticalPodAutoscaler (twins/cluster/vpa.h). */
struct tw_vertical {
	const char *name; /* "namespace/name" */
	uint32_t workload;
	uint8_t mode; /* enum tw_vertical_mode */
	const char *mode_text;
	int64_t min_replicas;
	const struct tw_vertical_container *containers;
	uint32_t n_containers;
	const struct tw_vertical_requirement *requirements;
	uint32_t n_requirements;
	bool recommends; /* the recommender that is modelled does */
};

/* What the programs are told by a model's `autoscaling:`. */
struct tw_vertical_setting {
	tw_time recommender_interval, updater_interval, history;
	double eviction_tolerance;
	int64_t min_replicas;
};

#endif
