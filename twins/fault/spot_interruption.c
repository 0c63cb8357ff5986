/*
 * A spot instance is taken back: a notice, on which a handler drains the node,
 * and so long later the node is gone, for `for` or for ever.
 *
 * Two minutes are Amazon EC2's ("Spot Instance interruption notices"); Google
 * and Azure give 30 s. What the handler does is AWS Node Termination Handler's
 * default: cordon and drain, bare pods and those with an emptyDir too
 * (pkg/node/node.go, getDrainHelper: Force, IgnoreAllDaemonSets,
 * DeleteEmptyDirData). What is there after it is another machine: it has no
 * image that was pulled.
 */
#include "twins/cluster/drain.h"
#include "twins/cluster/images.h"
#include "twins/cluster/life.h"
#include "twins/cluster/nodes.h"
#include "twins/fault/kinds.h"

static const struct tw_fault_param params[] = {
	{"notice", TW_PARAM_DURATION, false, "2m",
		"from the notice until the node is gone", NULL},
	{"drain", TW_PARAM_FLAG, false, "true",
		"somebody drains the node on notice", NULL},
};

static tw_time notice_of(const struct tw_fault *fault)
{
	return tw_fault_value(fault, "notice")->integer;
}

/* `for` is counted from when it is gone. */
static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	(void)model;
	if (fault->lasts)
		fault->end = fault->at + notice_of(fault) + fault->lasts;
}

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	static const struct tw_drain_options options = {.grace = TW_POD_GRACE,
		.force = true,
		.ignore_daemonsets = true,
		.delete_local = true};
	const bool *hit = tw_fault_nodes_hit(fault, world);

	if (tw_fault_value(fault, "drain")->integer)
		tw_drain_start(world, hit, &options);
	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		if (hit[n])
			tw_nodes_lose_at(world, n,
				tw_world_now(world) + notice_of(fault));
}

static void stop(const struct tw_fault *fault, struct tw_world *world)
{
	const bool *hit = tw_fault_nodes_hit(fault, world);

	for (uint32_t n = 0; n < world->model->n_nodes; n++) {
		if (!hit[n])
			continue;
		if (world->images)
			tw_images_replaced(world, n);
		tw_cluster_node_up(world, n);
		tw_nodes_cordon(world, n, false);
	}
}

const struct tw_fault_kind tw_fault_spot_interruption = {
	.name = "spot-interruption",
	.help = "nodes are drained on notice and taken away; `for`: so long "
		"after, others are there",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_NODE | TW_SELECT_ZONE | TW_SELECT_REGION,
	.needs = TW_SELECT_NODE | TW_SELECT_ZONE | TW_SELECT_REGION,
	.manages = true,
	.prepare = prepare,
	.start = start,
	.stop = stop,
};
