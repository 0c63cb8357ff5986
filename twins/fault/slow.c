#include "twins/fault/kinds.h"

static const struct tw_fault_param params[] = {
	{"factor", TW_PARAM_FACTOR, true, NULL,
		"how many times as long cpu and wait steps take", NULL},
};

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	(void)model;
	fault->effect->on = TW_ON_WORK;
	fault->effect->factor = tw_fault_value(fault, "factor")->real;
}

const struct tw_fault_kind tw_fault_slow = {
	.name = "slow",
	.help = "work takes longer: steps that begin while it is on",
	TW_FAULT_PARAMS(params),
	TW_FAULT_ON_REPLICA,
	.prepare = prepare,
};
