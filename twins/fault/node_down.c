#include "twins/fault/kinds.h"

#include "twins/cluster/life.h"

void tw_fault_nodes_down(const struct tw_fault *fault, struct tw_world *world)
{
	const bool *hit = tw_fault_nodes_hit(fault, world);

	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		if (hit[n])
			tw_cluster_node_down(world, n);
}

void tw_fault_nodes_up(const struct tw_fault *fault, struct tw_world *world)
{
	const bool *hit = tw_fault_nodes_hit(fault, world);

	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		if (hit[n])
			tw_cluster_node_up(world, n);
}

const struct tw_fault_kind tw_fault_node_down = {
	.name = "node-down",
	.help = "a node dies, with all that runs there",
	.selectors = TW_SELECT_NODE | TW_SELECT_ZONE,
	.needs = TW_SELECT_NODE,
	.manages = true,
	.start = tw_fault_nodes_down,
	.stop = tw_fault_nodes_up,
};
