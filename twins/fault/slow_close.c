#include "twins/fault/kinds.h"

/* Connections close late (Toxiproxy's slow_close): the answer is out, but the
 * worker that serves the connection is held until then, and a connection that
 * is closed after it keeps its place in the caller's pool. */
static const struct tw_fault_param params[] = {
	{"delay", TW_PARAM_DURATION, true, NULL,
		"how long a worker is held after its answer", NULL},
};

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	(void)model;
	fault->effect->on = TW_ON_CLOSE;
	fault->effect->add = tw_fault_value(fault, "delay")->integer;
}

const struct tw_fault_kind tw_fault_slow_close = {
	.name = "slow-close",
	.help = "connections, and workers with them, are slow to be free",
	TW_FAULT_PARAMS(params),
	TW_FAULT_ON_REPLICA,
	.prepare = prepare,
};
