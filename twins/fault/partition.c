#include "twins/fault/kinds.h"

/* Tries that set out while it is on do not get through: their connections
 * hang until the caller gives up. What is already under way is answered. */
static const struct tw_fault_param params[] = {
	{"both", TW_PARAM_FLAG, false, "true",
		"false: only from `from` to `to`, not back"},
};

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	(void)model;
	fault->effect->kind = TW_EFFECT_PARTITION;
	fault->effect->both_ways = tw_fault_value(fault, "both")->integer;
}

const struct tw_fault_kind tw_fault_partition = {
	.name = "partition",
	.help = "services, or zones, do not reach each other",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_FROM | TW_SELECT_TO,
	.needs = TW_SELECT_FROM | TW_SELECT_TO,
	.prepare = prepare,
	.start = tw_fault_start_effect,
	.stop = tw_fault_stop_effect,
};
