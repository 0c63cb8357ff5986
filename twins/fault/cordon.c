/*
 * kubectl cordon and uncordon.
 */
#include "twins/fault/kinds.h"

#include "twins/cluster/nodes.h"
#include "twins/cluster/pods.h"

static void set_all(
	const struct tw_fault *fault, struct tw_world *world, bool cordoned)
{
	const bool *hit = tw_fault_nodes_hit(fault, world);
	const struct tw_sched_node *all = world->pods->scheduler.nodes.v;

	/* Those that may come yet are as they come. */
	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		if (hit[n] && !(cordoned && all[n].absent))
			tw_nodes_cordon(world, n, cordoned);
}

static void cordon(const struct tw_fault *fault, struct tw_world *world)
{
	set_all(fault, world, true);
}

static void uncordon(const struct tw_fault *fault, struct tw_world *world)
{
	set_all(fault, world, false);
}

const struct tw_fault_kind tw_fault_cordon = {
	.name = "cordon",
	.help = "kubectl cordon: nodes take no new pods",
	.selectors = TW_SELECT_NODE | TW_SELECT_ZONE | TW_SELECT_REGION,
	.needs = TW_SELECT_NODE | TW_SELECT_ZONE | TW_SELECT_REGION,
	.instant = true,
	.manages = true,
	.start = cordon,
	.stop = uncordon,
};

const struct tw_fault_kind tw_fault_uncordon = {
	.name = "uncordon",
	.help = "kubectl uncordon: nodes take new pods again",
	.selectors = TW_SELECT_NODE | TW_SELECT_ZONE | TW_SELECT_REGION,
	.needs = TW_SELECT_NODE | TW_SELECT_ZONE | TW_SELECT_REGION,
	.instant = true,
	.manages = true,
	.start = uncordon,
	.stop = cordon,
};
