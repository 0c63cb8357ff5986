/*
 * kubectl drain; after `for` the nodes are uncordoned.
 */
#include "twins/cluster/drain.h"

#include "twins/cluster/nodes.h"
#include "twins/fault/kinds.h"

static const struct tw_fault_param params[] = {
	{"grace-period", TW_PARAM_DURATION, false, NULL,
		"that pods get to stop; default: their own", NULL},
	{"timeout", TW_PARAM_DURATION, false, NULL,
		"after which it gives up a node; default: never", NULL},
	{"disable-eviction", TW_PARAM_FLAG, false, "false",
		"pods are deleted and no disruption budget is asked", NULL},
	{"ignore-daemonsets", TW_PARAM_FLAG, false, "true",
		"false: a node with pods of DaemonSets is not drained", NULL},
	{"force", TW_PARAM_FLAG, false, "false",
		"pods without a controller are deleted too; else a node with "
		"such is not drained",
		NULL},
	{"delete-emptydir-data", TW_PARAM_FLAG, false, "false",
		"pods with an emptyDir are deleted too; else a node with such "
		"is not drained",
		NULL},
};

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	const struct tw_fault_value *grace =
		tw_fault_value(fault, "grace-period");
	const bool *hit = tw_fault_nodes_hit(fault, world);
	struct tw_drain_options *options =
		tw_new(&world->arena, struct tw_drain_options);

	*options = (struct tw_drain_options){
		.grace = grace->given ? grace->integer : TW_POD_GRACE,
		.timeout = tw_fault_value(fault, "timeout")->integer,
		.delete = tw_fault_value(fault, "disable-eviction")->integer,
		.force = tw_fault_value(fault, "force")->integer,
		.ignore_daemonsets =
			tw_fault_value(fault, "ignore-daemonsets")->integer,
		.delete_local =
			tw_fault_value(fault, "delete-emptydir-data")->integer};
	tw_drain_start(world, hit, options);
}

static void stop(const struct tw_fault *fault, struct tw_world *world)
{
	const bool *hit = tw_fault_nodes_hit(fault, world);

	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		if (hit[n])
			tw_nodes_cordon(world, n, false);
}

const struct tw_fault_kind tw_fault_drain = {
	.name = "drain",
	.help = "kubectl drain: nodes are emptied, one after the other, as "
		"disruption budgets allow; after `for` they are uncordoned",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_NODE | TW_SELECT_ZONE | TW_SELECT_REGION,
	.needs = TW_SELECT_NODE | TW_SELECT_ZONE | TW_SELECT_REGION,
	.instant = true,
	.manages = true,
	.start = start,
	.stop = stop,
};
