#include "twins/fault/kinds.h"

#include "twins/traffic/traffic.h"

/*
 * Data is taken and goes nowhere; the connection is closed after `close`, or
 * when the fault ends (Toxiproxy's timeout toxic, toxics/timeout.go). Nothing
 * is sent again, since what lies in between has acknowledged it. A caller
 * without a time-out waits up to an hour for a hole that never ends.
 */
static const char *const phases[] = {"request", "answer", NULL};

static const struct tw_fault_param params[] = {
	{"phase", TW_PARAM_CHOICE, false, "request", "what is lost", phases},
	{"close", TW_PARAM_DURATION, false, NULL,
		"after which the connection is closed; default: when it ends",
		NULL},
};

static void pass(struct tw_world *world, const struct tw_live_effect *live,
	const struct tw_passage *passage, struct tw_hindrance *to)
{
	tw_time left = TW_STEP_MAX, close = live->effect->add;

	(void)passage;
	if (live->effect->end != TW_NEVER)
		left = live->effect->end - tw_world_now(world);
	to->over = true;
	to->after = close && close < left ? close : left;
	to->reason = TW_RESET;
	to->status = 503;
}

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	struct tw_effect *effect = fault->effect;

	(void)model;
	effect->pass = pass;
	effect->ways =
		tw_fault_value(fault, "phase")->integer ? TW_BACK : TW_THERE;
	effect->add = tw_fault_value(fault, "close")->integer;
}

const struct tw_fault_kind tw_fault_black_hole = {
	.name = "black-hole",
	.help = "calls are taken and never answered",
	TW_FAULT_PARAMS(params),
	TW_FAULT_ON_PASSAGE,
	.prepare = prepare,
};
