#include "twins/fault/kinds.h"

/*
 * A try is answered with the status in place of the replica, which never sees
 * it; the caller's retries do see it (Chaos Mesh HTTPChaos, a proxy before the
 * replica; a `fault:` of Istio is injected by the caller's own proxy). Unit of
 * probability: a try.
 */
static const char *const phases[] = {"request", "answer", NULL};

static const struct tw_fault_param params[] = {
	{"phase", TW_PARAM_CHOICE, false, "request",
		"in place of the callee's work, or of its answer", phases},
	{"status", TW_PARAM_STATUS, false, "503", "the HTTP status", NULL},
};

static void pass(struct tw_world *world, const struct tw_live_effect *live,
	const struct tw_passage *passage, struct tw_hindrance *to)
{
	(void)world;
	(void)passage;
	to->over = true;
	to->far = true;
	to->reason = TW_ANSWERED;
	to->status = live->effect->status;
}

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	(void)model;
	fault->effect->pass = pass;
	fault->effect->ways =
		tw_fault_value(fault, "phase")->integer ? TW_BACK : TW_THERE;
	fault->effect->status = (int)tw_fault_value(fault, "status")->integer;
}

const struct tw_fault_kind tw_fault_error = {
	.name = "error",
	.help = "calls are answered with an error",
	TW_FAULT_PARAMS(params),
	TW_FAULT_ON_PASSAGE,
	.prepare = prepare,
};
