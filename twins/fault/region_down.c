#include "twins/fault/kinds.h"

const struct tw_fault_kind tw_fault_region_down = {
	.name = "region-down",
	.help = "all nodes of a region die, or are cut off",
	.selectors = TW_SELECT_REGION,
	.needs = TW_SELECT_REGION,
	TW_FAULT_NODES_DOWN,
};
