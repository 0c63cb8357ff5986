/*
 * Somebody who knows that machines are off says so: kubectl taint nodes NODE
 * node.kubernetes.io/out-of-service=nodeshutdown:NoExecute. After `for` the
 * taint is taken back.
 */
#include "twins/fault/kinds.h"

#include "twins/cluster/nodes.h"

static void set_all(
	const struct tw_fault *fault, struct tw_world *world, bool out)
{
	const bool *hit = tw_fault_nodes_hit(fault, world);

	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		if (hit[n])
			tw_nodes_set_out_of_service(world, n, out);
}

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	set_all(fault, world, true);
}

static void stop(const struct tw_fault *fault, struct tw_world *world)
{
	set_all(fault, world, false);
}

const struct tw_fault_kind tw_fault_out_of_service = {
	.name = "out-of-service",
	.help = "kubectl taint node.kubernetes.io/out-of-service: pods of lost "
		"nodes, and their volumes, are let go",
	.selectors = TW_SELECT_NODE | TW_SELECT_ZONE | TW_SELECT_REGION,
	.needs = TW_SELECT_NODE | TW_SELECT_ZONE | TW_SELECT_REGION,
	.instant = true,
	.manages = true,
	.start = start,
	.stop = stop,
};
