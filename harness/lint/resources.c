/*
 * Limits that are too low for what the model says of the work.
 */
#include "harness/lint/rules.h"

#include "twins/model/cgroup.h"

/* The medians of its own cpu steps, also those side by side: they are computed
 * by the same container. */
static tw_time work_of(const struct tw_spec_steps *steps)
{
	tw_time sum = 0;

	for (size_t i = 0; i < steps->n; i++) {
		const struct tw_spec_step *it = steps->v[i];
		tw_time own =
			it->kind == TW_STEP_CPU
				? (tw_time)tw_dist_quantile(&it->law.v, 0.5)
				: work_of(&it->children);

		if (tw_real_or(it->probability, 1) >= 0.5)
			sum += own * tw_int_or(it->repeat, 1);
	}
	return sum;
}

/* One request alone spends the quota of a period. */
static void check_cpu(const struct tw_lint_context *c,
	const struct tw_spec_service *service,
	const struct tw_spec_container *container)
{
	tw_time quota =
		tw_cgroup_quota(tw_int_or(container->cpu_limit, 0), 0) * TW_US;
	char need[TW_TIME_TEXT], grant[TW_TIME_TEXT];

	for (size_t i = 0; quota && i < service->endpoints.n; i++) {
		const struct tw_spec_endpoint *it =
			service->endpoints.v[i].value;
		tw_time work = work_of(&it->steps);
		struct tw_diag *diag;

		if (work <= quota)
			continue;
		diag = tw_lint_find(c, "cpu-limit-too-low", NULL,
			container->cpu_limit.origin,
			"the CPU limit of %lldm grants %s each 100ms, and one "
			"request of %s %s computes %s",
			(long long)container->cpu_limit.v,
			tw_time_text(quota, grant), service->key, it->name,
			tw_time_text(work, need));
		diag->why = "it is throttled even where it is alone";
		diag->hint = "raise the limit, or leave it out";
		return;
	}
}

static void check_memory(const struct tw_lint_context *c,
	const struct tw_spec_service *service, struct tw_int limit)
{
	int64_t base = tw_int_or(service->memory_base, 0);
	int64_t one = base + tw_int_or(service->memory_request, 0);
	struct tw_diag *diag;

	if (!limit.origin || limit.v >= one)
		return;
	diag = tw_lint_find(c, "memory-limit-too-low", NULL, limit.origin,
		"the memory limit of %lldMi is less than what %s needs%s: "
		"%lldMi",
		(long long)(limit.v >> 20), service->key,
		limit.v >= base ? " with one request" : " without any request",
		(long long)((limit.v >= base ? one : base) >> 20));
	diag->why = "the container is killed, again and again";
	diag->hint = "raise the limit";
}

void tw_lint_cpu(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->services.n; i++) {
		const struct tw_spec_service *it = c->spec->services.v[i].value;

		for (size_t w = 0; w < it->workloads.n; w++) {
			const struct tw_spec_container *container =
				tw_main_container(it->workloads.v[w]);

			if (container)
				check_cpu(c, it, container);
		}
	}
}

/* The model's own limit is for services that no manifest limits. */
void tw_lint_memory(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->services.n; i++) {
		const struct tw_spec_service *it = c->spec->services.v[i].value;
		bool limited = false;

		for (size_t w = 0; w < it->workloads.n; w++) {
			const struct tw_spec_container *container =
				tw_main_container(it->workloads.v[w]);

			if (!container || !container->memory_limit.origin)
				continue;
			limited = true;
			check_memory(c, it, container->memory_limit);
		}
		if (!limited)
			check_memory(c, it, it->memory_limit);
	}
}

static bool is_limited(const struct tw_spec_service *service)
{
	for (size_t w = 0; w < service->workloads.n; w++) {
		const struct tw_spec_container *container =
			tw_main_container(service->workloads.v[w]);

		if (container && container->memory_limit.origin)
			return true;
	}
	return false;
}

void tw_lint_unused_limits(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->services.n; i++) {
		const struct tw_spec_service *it = c->spec->services.v[i].value;

		if (it->memory_limit.origin && is_limited(it))
			tw_lint_find(c, "memory-limit-not-used", NULL,
				it->memory_limit.origin,
				"the manifest of %s limits its memory: the "
				"model's limit is not used",
				it->key);
	}
}
