#include "twins/fault/kinds.h"

const struct tw_fault_kind tw_fault_zone_down = {
	.name = "zone-down",
	.help = "all nodes of a zone die",
	.selectors = TW_SELECT_ZONE,
	.needs = TW_SELECT_ZONE,
	.manages = true,
	.start = tw_fault_nodes_down,
	.stop = tw_fault_nodes_up,
};
