/*
 * kubectl scale --replicas: another number of pods.
 */
#include "twins/fault/kinds.h"

#include "twins/cluster/workloads.h"

static const struct tw_fault_param params[] = {
	{"replicas", TW_PARAM_WHOLE, true, NULL,
		"that it should have; after `for` as many as before", NULL},
};

static void set_all(
	const struct tw_fault *fault, struct tw_world *world, bool on)
{
	int64_t n = tw_fault_value(fault, "replicas")->integer;

	for (uint32_t w = 0; w < world->model->n_workloads; w++)
		if (fault->workloads[w])
			tw_workload_scale(world, w,
				on ? (uint32_t)n
				   : tw_managed_of(world, w)->before_scale);
}

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	for (uint32_t w = 0; w < world->model->n_workloads; w++)
		if (fault->workloads[w])
			tw_managed_of(world, w)->before_scale =
				tw_managed_of(world, w)->wanted;
	set_all(fault, world, true);
}

static void stop(const struct tw_fault *fault, struct tw_world *world)
{
	set_all(fault, world, false);
}

/* There must be names for its pods: see tw_spec_may_grow(). */
static const char *lacks(
	const struct tw_fault *fault, const struct tw_model *model)
{
	for (uint32_t w = 0; w < model->n_workloads; w++) {
		const struct tw_workload *it = &model->workloads[w];

		if (fault->workloads[w] &&
			(int64_t)model->revisions[it->revision].n_replicas <
				tw_fault_value(fault, "replicas")->integer)
			return "scale: more pods than the twin has names for";
		if (fault->workloads[w] && !tw_workload_has_size(model, w))
			return "scale: a workload of this kind has no number "
			       "of pods to set";
	}
	return NULL;
}

const struct tw_fault_kind tw_fault_scale = {
	.name = "scale",
	.help = "kubectl scale: workloads should have so many pods",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_WORKLOAD,
	.needs = TW_SELECT_WORKLOAD,
	.instant = true,
	.manages = true,
	.lacks = lacks,
	.start = start,
	.stop = stop,
};
