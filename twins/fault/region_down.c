#include "twins/fault/kinds.h"

const struct tw_fault_kind tw_fault_region_down = {
	.name = "region-down",
	.help = "all nodes of a region die",
	.selectors = TW_SELECT_REGION,
	.needs = TW_SELECT_REGION,
	.manages = true,
	.start = tw_fault_nodes_down,
	.stop = tw_fault_nodes_up,
};
