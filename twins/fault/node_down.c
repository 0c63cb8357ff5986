/*
 * Nodes that nobody reaches. By `how` they died, and start their pods anew when
 * they are back, init containers first; or the network to them is down, and
 * what runs there goes on: a pod that was not deleted meanwhile answers at
 * once when it can be reached again.
 */
#include "twins/fault/kinds.h"

#include "twins/cluster/life.h"

enum { CRASH, PARTITION };

static const char *const hows[] = {"crash", "partition", NULL};

const struct tw_fault_param tw_fault_nodes_down_params[] = {
	{"how", TW_PARAM_CHOICE, false, "crash",
		"whether they die, with all that runs there, or only the "
		"network to them does",
		hows},
};

void tw_fault_nodes_down(const struct tw_fault *fault, struct tw_world *world)
{
	const bool *hit = tw_fault_nodes_hit(fault, world);
	bool cut = tw_fault_value(fault, "how")->integer == PARTITION;

	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		if (hit[n] && cut)
			tw_cluster_node_cut(world, n);
		else if (hit[n])
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
	.help = "a node dies, with all that runs there, or is cut off",
	.selectors = TW_SELECT_NODE | TW_SELECT_ZONE,
	.needs = TW_SELECT_NODE,
	TW_FAULT_NODES_DOWN,
};
