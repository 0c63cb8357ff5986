#include "twins/fault/kinds.h"

/* Nothing listens: a SYN is answered by a RST, so that the caller knows after
 * a round trip (Toxiproxy `enabled: false`). The replica stays in the lists
 * of its callers. */
static void pass(struct tw_world *world, const struct tw_live_effect *live,
	const struct tw_passage *passage, struct tw_hindrance *to)
{
	(void)world;
	(void)live;
	(void)passage;
	to->over = true;
	to->far = true;
	to->reason = TW_UNREACHED;
	to->status = 503;
}

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	(void)model;
	fault->effect->pass = pass;
	fault->effect->ways = TW_THERE;
}

const struct tw_fault_kind tw_fault_refuse = {
	.name = "refuse",
	.help = "connections are refused at once",
	TW_FAULT_ON_PASSAGE,
	.prepare = prepare,
};
