/*
 * A kubelet that reports Ready=False (its container runtime is down, say): what
 * runs there goes on, and is evicted as from a lost node.
 */
#include "twins/fault/kinds.h"

#include "twins/cluster/nodes.h"

static void set_all(
	const struct tw_fault *fault, struct tw_world *world, bool ready)
{
	const bool *hit = tw_fault_nodes_hit(fault, world);

	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		if (hit[n])
			tw_nodes_report(world, n, ready);
}

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	set_all(fault, world, false);
}

static void stop(const struct tw_fault *fault, struct tw_world *world)
{
	set_all(fault, world, true);
}

const struct tw_fault_kind tw_fault_node_not_ready = {
	.name = "node-not-ready",
	.help = "kubelets report their nodes not ready; what runs there goes "
		"on",
	.selectors = TW_SELECT_NODE | TW_SELECT_ZONE | TW_SELECT_REGION,
	.needs = TW_SELECT_NODE | TW_SELECT_ZONE | TW_SELECT_REGION,
	.manages = true,
	.start = start,
	.stop = stop,
};
