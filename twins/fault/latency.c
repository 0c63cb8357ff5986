#include "twins/fault/kinds.h"

static const struct tw_fault_param params[] = {
	{"add", TW_PARAM_DURATION, true, NULL,
		"how much later a call reaches its callee"},
	{"jitter", TW_PARAM_DURATION, false, "0s",
		"so much more or less, uniformly"},
};

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	(void)model;
	fault->effect->kind = TW_EFFECT_LATENCY;
	fault->effect->add = tw_fault_value(fault, "add")->integer;
	fault->effect->jitter = tw_fault_value(fault, "jitter")->integer;
}

const struct tw_fault_kind tw_fault_latency = {
	.name = "latency",
	.help = "calls take longer on their way",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_SERVICE | TW_SELECT_ENDPOINT | TW_SELECT_FROM |
		     TW_SELECT_TO | TW_SELECT_REPLICA | TW_SELECT_NODE |
		     TW_SELECT_ZONE,
	.needs = ~0U,
	.prepare = prepare,
	.start = tw_fault_start_effect,
	.stop = tw_fault_stop_effect,
};
