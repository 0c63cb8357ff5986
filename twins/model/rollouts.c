/*
 * Rollouts: which Deployments change in the run, and how pods start and stop.
 * Defaults: apps/v1 Deployment (maxSurge and maxUnavailable 25%), core/v1
 * Probe and PodSpec (terminationGracePeriodSeconds 30).
 */
#include "twins/model/build.h"

#include <stdlib.h>
#include <string.h>

static uint32_t revision_of(
	const struct build *b, const struct tw_spec_workload *workload)
{
	for (uint32_t r = 0; r < b->model->n_revisions; r++)
		if (b->model->revisions[r].spec == workload)
			return r;
	return TW_NONE;
}

/* "25%" of the pods, or a number of them. */
static int64_t share(struct tw_text text, int64_t desired, bool round_up)
{
	const char *v = text.v ? text.v : "25%";
	char *end;
	long long n = strtoll(v, &end, 10);

	if (*end == '%')
		return (n * desired + (round_up ? 99 : 0)) / 100;
	return n;
}

static void add_plan(struct build *b, const struct tw_spec_workload *workload,
	struct tw_rollout_plan *to)
{
	int64_t desired = tw_int_or(workload->replicas, 1);
	int64_t surge = share(workload->max_surge, desired, true);
	int64_t unavailable = share(workload->max_unavailable, desired, false);

	if (!surge && !unavailable)
		unavailable = 1;
	*to = (struct tw_rollout_plan){.revision = revision_of(b, workload),
		.old = workload->replaces ? revision_of(b, workload->replaces)
					  : TW_NONE,
		.had = (uint32_t)(workload->replaces ? workload->replaces->had
						     : workload->had),
		.desired = (uint32_t)desired,
		.surge = (uint32_t)surge,
		.unavailable = (uint32_t)unavailable,
		.recreate = workload->strategy.v &&
			    !strcmp(workload->strategy.v, "Recreate"),
		.min_ready = tw_int_or(workload->min_ready, 0)};
}

static const struct tw_spec_probe *readiness_of(
	const struct tw_spec_workload *workload)
{
	for (size_t i = 0; i < workload->containers.n; i++)
		if (!workload->containers.v[i]->is_init &&
			workload->containers.v[i]->readiness.kind)
			return &workload->containers.v[i]->readiness;
	return NULL;
}

static void add_life(struct build *b, const struct tw_revision *revision,
	struct tw_pod_life *to)
{
	const struct tw_spec_workload *workload = revision->spec;
	const struct tw_spec_probe *probe =
		workload ? readiness_of(workload) : NULL;
	const struct tw_spec_service *service =
		revision->service == TW_NONE
			? NULL
			: b->services[revision->service].spec;

	to->grace = 30 * TW_S;
	if (service && service->startup.origin)
		to->startup = &service->startup.v;
	if (!workload)
		return;
	to->grace = tw_int_or(workload->termination_grace, 30 * TW_S);
	to->pre_stop = tw_int_or(workload->pre_stop, 0);
	if (!probe)
		return;
	to->probed = true;
	to->probe_delay = tw_int_or(probe->initial_delay, 0);
	to->probe_period = tw_int_or(probe->period, 10 * TW_S);
	to->probe_success = (uint32_t)tw_int_or(probe->success, 1);
	if (to->probe_period <= 0)
		to->probe_period = 10 * TW_S;
	if (!to->probe_success)
		to->probe_success = 1;
}

void build_rollouts(struct build *b)
{
	struct tw_model *model = b->model;
	uint32_t n = (uint32_t)b->spec->workloads.n;
	struct tw_rollout_plan *plans;
	struct tw_pod_life *lives;

	if (b->spec->rollout_at < 0)
		return;
	model->rollout_at = b->spec->rollout_at;
	plans = tw_new_array(&model->arena, n + 1, struct tw_rollout_plan);
	for (uint32_t w = 0; w < n; w++) {
		const struct tw_spec_workload *it =
			b->spec->workloads.v[w].value;
		bool is_old = strchr(b->spec->workloads.v[w].key, '\n');

		if (it->had >= 0 && !is_old)
			add_plan(b, it, &plans[model->n_rollouts++]);
	}
	lives = tw_new_array(
		&model->arena, model->n_revisions + 1, struct tw_pod_life);
	for (uint32_t r = 0; r < model->n_revisions; r++)
		add_life(b, &model->revisions[r], &lives[r]);
	model->rollouts = plans;
	model->lives = lives;
}
