/*
 * kubectl rollout restart, undo, pause and resume.
 */
#include "twins/cluster/rollouts.h"
#include "twins/fault/kinds.h"

#include <string.h>

static const struct tw_fault_param undo_params[] = {
	{"to-revision", TW_PARAM_COUNT, false, NULL,
		"of its history, which begins with 1; default: the one before",
		NULL},
};

/* Of all that are hit, the first that is of another kind. */
static const char *other_kind(const struct tw_fault *fault,
	const struct tw_model *model, bool only_deployments)
{
	for (uint32_t w = 0; w < model->n_workloads; w++) {
		const char *kind = model->workloads[w].kind;

		if (!fault->workloads[w] || !strcmp(kind, "Deployment"))
			continue;
		if (only_deployments)
			return "only Deployments are paused and resumed";
		if (strcmp(kind, "StatefulSet") && strcmp(kind, "DaemonSet"))
			return "only Deployments, StatefulSets and DaemonSets "
			       "are rolled out";
	}
	return NULL;
}

static const char *lacks_template(
	const struct tw_fault *fault, const struct tw_model *model)
{
	return other_kind(fault, model, false);
}

static const char *lacks_deployment(
	const struct tw_fault *fault, const struct tw_model *model)
{
	return other_kind(fault, model, true);
}

static void restart(const struct tw_fault *fault, struct tw_world *world)
{
	for (uint32_t w = 0; w < world->model->n_workloads; w++)
		if (fault->workloads[w])
			tw_rollout_restart(world, w);
}

static void undo(const struct tw_fault *fault, struct tw_world *world)
{
	const struct tw_fault_value *to = tw_fault_value(fault, "to-revision");

	for (uint32_t w = 0; w < world->model->n_workloads; w++)
		if (fault->workloads[w])
			tw_rollout_undo(world, w,
				to->given ? (uint32_t)to->integer : 0);
}

static void pause_all(const struct tw_fault *fault, struct tw_world *world)
{
	for (uint32_t w = 0; w < world->model->n_workloads; w++)
		if (fault->workloads[w])
			tw_rollout_pause(world, w, true);
}

static void resume_all(const struct tw_fault *fault, struct tw_world *world)
{
	for (uint32_t w = 0; w < world->model->n_workloads; w++)
		if (fault->workloads[w])
			tw_rollout_pause(world, w, false);
}

const struct tw_fault_kind tw_fault_rollout_restart = {
	.name = "rollout-restart",
	.help = "kubectl rollout restart: all pods are replaced, as by another "
		"template",
	.selectors = TW_SELECT_WORKLOAD,
	.needs = TW_SELECT_WORKLOAD,
	.instant = true,
	.manages = true,
	.lacks = lacks_template,
	.start = restart,
};

const struct tw_fault_kind tw_fault_rollout_undo = {
	.name = "rollout-undo",
	.help = "kubectl rollout undo: workloads get the template that they "
		"had "
		"before",
	TW_FAULT_PARAMS(undo_params),
	.selectors = TW_SELECT_WORKLOAD,
	.needs = TW_SELECT_WORKLOAD,
	.instant = true,
	.manages = true,
	.lacks = lacks_template,
	.start = undo,
};

const struct tw_fault_kind tw_fault_rollout_pause = {
	.name = "rollout-pause",
	.help = "kubectl rollout pause: a Deployment's template changes "
		"nothing "
		"from now on; after `for` it is resumed",
	.selectors = TW_SELECT_WORKLOAD,
	.needs = TW_SELECT_WORKLOAD,
	.instant = true,
	.manages = true,
	.lacks = lacks_deployment,
	.start = pause_all,
	.stop = resume_all,
};

const struct tw_fault_kind tw_fault_rollout_resume = {
	.name = "rollout-resume",
	.help = "kubectl rollout resume: a paused Deployment is rolled out",
	.selectors = TW_SELECT_WORKLOAD,
	.needs = TW_SELECT_WORKLOAD,
	.instant = true,
	.manages = true,
	.lacks = lacks_deployment,
	.start = resume_all,
};
