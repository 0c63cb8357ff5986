#include "twins/fault/kinds.h"

/* Each request from outside is copied, so that the mix stays as it is; copies
 * come in within a second after it. A fraction is a coin per request. With a
 * ramp the factor grows in proportion to the time since its begin. */
static const struct tw_fault_param params[] = {
	{"factor", TW_PARAM_FACTOR, true, NULL,
		"how many times as much traffic comes in", NULL},
	{"ramp", TW_PARAM_DURATION, false, "0s",
		"how long it takes to grow to that, evenly", NULL},
};

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	(void)model;
	fault->effect->on = TW_ON_ARRIVAL;
	fault->effect->factor = tw_fault_value(fault, "factor")->real;
	fault->effect->add = tw_fault_value(fault, "ramp")->integer;
	fault->effect->count = fault->at;
}

const struct tw_fault_kind tw_fault_surge = {
	.name = "surge",
	.help = "more traffic comes in from outside",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_SERVICE | TW_SELECT_ENDPOINT,
	.prepare = prepare,
	.start = tw_fault_start_effect,
	.stop = tw_fault_stop_effect,
};
