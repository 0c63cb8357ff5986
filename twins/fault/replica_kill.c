#include "twins/fault/kinds.h"

#include "twins/cluster/life.h"

static const struct tw_fault_param params[] = {
	{"restart", TW_PARAM_DURATION, false, NULL,
		"until it is ready again, after `for` where that is given; "
		"default: the model's restart delay",
		NULL},
};

static tw_time restart_of(
	const struct tw_fault *fault, const struct tw_model *model)
{
	const struct tw_fault_value *restart = tw_fault_value(fault, "restart");

	return restart->given ? restart->integer : model->restart_delay;
}

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	if (!fault->lasts)
		fault->end = fault->at + restart_of(fault, model);
}

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	tw_time restart = restart_of(fault, world->model);
	const bool *hit = tw_fault_replicas_hit(fault, world);

	for (uint32_t r = 0; r < world->model->n_replicas; r++)
		if (hit[r])
			tw_cluster_kill(
				world, r, fault->lasts ? TW_NEVER : restart);
}

static void stop(const struct tw_fault *fault, struct tw_world *world)
{
	const bool *hit;

	if (!fault->lasts)
		return;
	hit = tw_fault_replicas_hit(fault, world);
	for (uint32_t r = 0; r < world->model->n_replicas; r++)
		if (hit[r])
			tw_cluster_restart(
				world, r, restart_of(fault, world->model));
}

const struct tw_fault_kind tw_fault_replica_kill = {
	.name = "replica-kill",
	.help = "replicas die and are started again",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_SERVICE | TW_SELECT_REPLICA | TW_SELECT_NODE |
		     TW_SELECT_ZONE | TW_SELECT_REGION,
	.needs = ~0U,
	.instant = true,
	.prepare = prepare,
	.start = start,
	.stop = stop,
};
