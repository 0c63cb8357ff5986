/*
 * How many pods of a canary serve at a weight (Argo Rollouts v1.10,
 * utils/replicaset/canary.go): what a step really gives to the new version,
 * which the judge of an analysis tells where the Rollout stands beside it.
 */
#ifndef TW_JUDGES_ARGO_PODS_H
#define TW_JUDGES_ARGO_PODS_H

#include <stdbool.h>
#include <stdint.h>

struct tw_argo_pods {
	int64_t canary, stable;
};

/* ceil(replicas * weight / max_weight). */
int64_t tw_argo_weighted(int64_t replicas, int64_t weight, int64_t max_weight);

/* Without traffic routing: the counts nearest to the weight. */
struct tw_argo_pods tw_argo_approximate(int64_t replicas, int64_t weight,
	int64_t max_weight, int64_t max_surge);

struct tw_argo_set {
	int64_t replicas, available;
};

/* One reconcile without traffic routing: from what there is towards these
 * counts. `older`: pods of older sets. */
struct tw_argo_pods tw_argo_reconcile(int64_t replicas, int64_t weight,
	int64_t max_weight, int64_t max_surge, int64_t max_unavailable,
	struct tw_argo_set stable, struct tw_argo_set canary, int64_t older);

struct tw_argo_routing {
	int64_t replicas, step_weight, max_weight;
	bool promote_full, abort;
	bool abort_at_once; /* abortScaleDownDelaySeconds: 0 */
	int64_t min_pods;   /* minPodsPerReplicaSet; 0: not asked for */
	/* setCanaryScale; -1: not given. */
	int64_t scale_replicas, scale_weight;
	bool scale_matches; /* matchTrafficWeight */
};

/* With traffic routing: the canary by its weight, the stable set whole. */
struct tw_argo_pods tw_argo_routed(const struct tw_argo_routing *routing);

#endif
