#include "twins/fault/kinds.h"

const struct tw_fault_kind tw_fault_zone_down = {
	.name = "zone-down",
	.help = "all nodes of a zone die, or are cut off",
	.selectors = TW_SELECT_ZONE,
	.needs = TW_SELECT_ZONE,
	TW_FAULT_NODES_DOWN,
};
