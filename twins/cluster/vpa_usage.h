/*
 * What the recommender knows of a container's use, and what it makes of it.
 *
 * All pods of a VerticalPodAutoscaler's target add up in one pair of
 * histograms: CPU, each sample with the weight of its request (at least 0.1
 * core); memory, the peak of each pod in each 24 hours. An OOM kill counts as
 * a peak of 1.2 times what the container had, and 100Mi more at least.
 *
 *	target	p90 * 1.15
 *	lower	p50 * 1.15 * (1 + 0.001 / confidence)^-2
 *	upper	p95 * 1.15 * (1 + 1 / confidence)
 *
 * where confidence is how many days there have been samples, one a minute. All
 * three are at least a pod's minimum in equal shares of its containers, then
 * within the bounds of the policy.
 *
 * Source: kubernetes/autoscaler, vertical-pod-autoscaler 1.5, pkg/recommender/
 * model/{aggregate_container_state,container}.go, logic/{estimator,
 * recommender}.go; constants: twins/model/vertical.h. Amounts are whole
 * thousandths and bytes at each step, as there.
 */
#ifndef TW_CLUSTER_VPA_USAGE_H
#define TW_CLUSTER_VPA_USAGE_H

#include "twins/cluster/vpa_histogram.h"
#include "twins/model/vertical.h"

struct tw_vpa_scales {
	struct tw_vpa_scale of[TW_VERTICAL_RESOURCES];
};

void tw_vpa_scales_init(struct tw_vpa_scales *scales, struct tw_arena *arena);

struct tw_vpa_usage {
	struct tw_vpa_histogram of[TW_VERTICAL_RESOURCES];
	tw_time first, last; /* samples of CPU */
	uint64_t samples;    /* likewise */
};

void tw_vpa_usage_init(struct tw_vpa_usage *it, struct tw_arena *arena,
	const struct tw_vpa_scales *scales);

/* One container's. */
struct tw_vpa_peaks {
	bool begun; /* the fields below are set */
	bool has_cpu;
	tw_time cpu_at;	   /* the last sample */
	tw_time memory_at; /* likewise */
	tw_time window_end;
	int64_t memory, oom; /* peaks of the window, bytes */
};

/* False: it is not newer than the last one, and does not count. */
bool tw_vpa_add_cpu(struct tw_vpa_usage *to, struct tw_vpa_peaks *of,
	tw_time at, int64_t used, int64_t request);
bool tw_vpa_add_memory(struct tw_vpa_usage *to, struct tw_vpa_peaks *of,
	tw_time at, int64_t used);
/* The container was killed for want of memory. */
bool tw_vpa_add_oom(struct tw_vpa_usage *to, struct tw_vpa_peaks *of,
	tw_time at, int64_t request);

/* There was a sample of CPU whose value nobody knows. */
void tw_vpa_add_unknown_cpu(struct tw_vpa_usage *to, tw_time at);

/*
 * As if there had been samples of `pods` for `history` until 0, after which
 * its status says `is`: most of their weight lies where its lower bound comes
 * from, a third where its target does, the rest at its upper bound. What is
 * recommended then is within a bucket (5%) of it. Returns the value behind the
 * target: cores, bytes.
 */
double tw_vpa_recall(struct tw_vpa_usage *to,
	enum tw_vertical_resource resource, const struct tw_advice *is,
	tw_time history, uint32_t pods);
/* The container is one of those: half of its window is over, and it had that
 * peak. */
void tw_vpa_recall_peak(struct tw_vpa_peaks *of, double peak);

/* Days of one sample a minute. */
double tw_vpa_confidence(const struct tw_vpa_usage *it);
/* base * (1 + multiplier / confidence)^exponent. */
int64_t tw_vpa_by_confidence(
	int64_t base, double confidence, double multiplier, int exponent);
int64_t tw_vpa_with_margin(int64_t base, double fraction);

/* has is false where nothing was sampled. `containers`: of the pod. min, max:
 * of the policy, 0: none. */
struct tw_advice tw_vpa_recommend(const struct tw_vpa_usage *it,
	enum tw_vertical_resource resource, uint32_t containers, int64_t min,
	int64_t max);

#endif
