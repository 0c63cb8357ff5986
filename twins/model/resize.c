/*
 * What follows from the requests and limits of a revision's pods.
 */
#include "twins/model/build.h"
#include "twins/model/cgroup.h"

/* Limits are the container's own, or the pod's where they are less; the
 * weight is the pod's: its other containers leave it the CPU. */
void build_cgroup(
	const struct tw_spec_workload *workload, struct tw_revision *revision)
{
	const struct tw_spec_container *main = tw_main_container(workload);
	int64_t limit = main ? tw_int_or(main->cpu_limit, 0) : 0;
	int64_t quota = tw_cgroup_quota(limit, 0);
	struct tw_cgroup pod;

	tw_cgroup_of_pod(workload, 100000, true, &pod);
	if (pod.quota_us > 0 && (!quota || pod.quota_us < quota))
		quota = pod.quota_us;
	revision->cpu_quota = quota * TW_US;
	revision->cpu_shares = (uint64_t)pod.shares;
	revision->memory_limit = main ? tw_int_or(main->memory_limit, 0) : 0;
	if (pod.memory > 0 && (!revision->memory_limit ||
				      pod.memory < revision->memory_limit))
		revision->memory_limit = pod.memory;
}

static void own_requests(struct tw_arena *arena, struct tw_pod_spec *to)
{
	struct tw_resources all = to->requests;

	to->requests = (struct tw_resources){0};
	for (size_t i = 0; i < all.n; i++)
		tw_vec_push_in(arena, &to->requests, all.v[i]);
}

void tw_revision_resize(struct tw_arena *arena, const struct tw_revision *from,
	const struct tw_spec_workload *resources, struct tw_revision *to)
{
	bool was_best_effort = tw_qos_of(from->resources) == TW_QOS_BEST_EFFORT;
	struct tw_pod_spec *pod = tw_new(arena, struct tw_pod_spec);

	*pod = *from->pod;
	*to = *from;
	to->resources = resources;
	tw_pod_requests(resources, &to->cpu, &to->memory);
	build_cgroup(resources, to);
	own_requests(arena, pod);
	if (!pod->special_requests)
		build_pod_resources(arena, resources, to, pod);
	if (was_best_effort)
		build_bear_pressure(arena, resources, pod);
	to->pod = pod;
}
