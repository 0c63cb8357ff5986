#include "twins/fault/kinds.h"

/* A try is answered with the status in place of the replica, which never sees
 * it; the caller's retries do see it. */
static const struct tw_fault_param params[] = {
	{"status", TW_PARAM_STATUS, false, "503", "the HTTP status"},
};

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	(void)model;
	fault->effect->kind = TW_EFFECT_ERROR;
	fault->effect->status = (int)tw_fault_value(fault, "status")->integer;
}

const struct tw_fault_kind tw_fault_error = {
	.name = "error",
	.help = "calls are answered with an error",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_SERVICE | TW_SELECT_ENDPOINT | TW_SELECT_FROM |
		     TW_SELECT_TO | TW_SELECT_REPLICA | TW_SELECT_NODE |
		     TW_SELECT_ZONE,
	.needs = ~0U,
	.prepare = prepare,
	.start = tw_fault_start_effect,
	.stop = tw_fault_stop_effect,
};
