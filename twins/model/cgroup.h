/*
 * What the kubelet makes of a pod's requests and limits: the cgroup that the
 * kernel enforces, and who goes first where memory runs out (Kubernetes 1.36,
 * pkg/kubelet/cm/helpers_linux.go and pkg/kubelet/qos/policy.go).
 */
#ifndef TW_MODEL_CGROUP_H
#define TW_MODEL_CGROUP_H

#include "twins/model/spec.h"

enum tw_qos { TW_QOS_GUARANTEED, TW_QOS_BURSTABLE, TW_QOS_BEST_EFFORT };

/* Every container, init ones too, has cpu and memory limits, equal to their
 * requests: guaranteed. None has any: best effort. Where the pod itself has
 * resources they decide alone. Zeros count as not given. */
enum tw_qos tw_qos_of(const struct tw_spec_workload *workload);

/* Thousandths of a core to us of CPU time each period: at least 1 ms; 0 of 0.
 * A period of 0 is 100 ms. */
int64_t tw_cgroup_quota(int64_t millicores, int64_t period_us);
/* To cpu.shares: 1024 a core, 2 .. 262144. */
int64_t tw_cgroup_shares(int64_t millicores);

/* What its pods request: thousandths of a core, bytes. */
void tw_pod_requests(
	const struct tw_spec_workload *workload, int64_t *cpu, int64_t *memory);

#define TW_CGROUP_NONE INT64_MIN

/* TW_CGROUP_NONE: not set. */
struct tw_cgroup {
	int64_t shares;
	int64_t quota_us; /* -1: the kubelet does not enforce it */
	int64_t period_us;
	int64_t memory; /* bytes */
};

void tw_cgroup_of_pod(const struct tw_spec_workload *workload,
	int64_t period_us, bool enforce, struct tw_cgroup *to);

/* -997 .. 1000: the higher, the sooner it is killed. capacity: memory of the
 * node, bytes; critical: priority class system-node-critical. */
int tw_oom_score(const struct tw_spec_workload *workload,
	const struct tw_spec_container *container, int64_t capacity,
	bool critical);

/* The container that does the service's work: the first that opens a port,
 * else the first (no init container). NULL: there is none. */
struct tw_spec_container *tw_main_container(
	const struct tw_spec_workload *workload);

#endif
