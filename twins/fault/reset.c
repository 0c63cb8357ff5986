#include "twins/fault/kinds.h"

/*
 * The connection is reset under a call: before the replica sees it, or when
 * it answers (Toxiproxy's reset_peer upstream and downstream: it waits for
 * the first data, then `wait`, then sends a RST; toxics/reset_peer.go).
 * Unit of probability: a connection with `unit`, else a try.
 */
enum { DRAW_BYTES = 1 };

static const char *const phases[] = {"request", "answer", NULL};

static const struct tw_fault_param params[] = {
	{"phase", TW_PARAM_CHOICE, false, "request",
		"when; a request that is reset is never seen by the callee",
		phases},
	{"every-bytes", TW_PARAM_COUNT, false, NULL,
		"only once in so many bytes that pass: what is hit is drawn by "
		"its size",
		NULL},
	{"wait", TW_PARAM_DURATION, false, "0s", "how long after that", NULL},
};

static void pass(struct tw_world *world, const struct tw_live_effect *live,
	const struct tw_passage *passage, struct tw_hindrance *to)
{
	int64_t bytes = live->effect->count;

	if (bytes &&
		tw_effect_draw(world, live->effect, passage->key, DRAW_BYTES) *
				(double)bytes >=
			(double)tw_passage_bytes(world, passage))
		return;
	to->over = true;
	to->far = true;
	to->after = live->effect->add;
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
	effect->count = tw_fault_value(fault, "every-bytes")->integer;
	effect->add = tw_fault_value(fault, "wait")->integer;
}

const struct tw_fault_kind tw_fault_reset = {
	.name = "reset",
	.help = "connections are reset under calls",
	TW_FAULT_PARAMS(params),
	TW_FAULT_ON_PASSAGE,
	.prepare = prepare,
};
