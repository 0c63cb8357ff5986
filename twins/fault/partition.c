#include "twins/fault/kinds.h"

#include "twins/fault/tcp.h"
#include "twins/traffic/traffic.h"

/*
 * Packets from `from` to `to` are dropped; with `both` those that go the
 * other way too. So a request does not arrive, or it does and its answer is
 * lost: answers that are on their way when it begins as well. TCP sends them
 * again, and what outlasts the partition arrives (tcp.h). A request that has
 * not got through after Envoy's connect timeout fails, as to a node that is
 * gone; for an answer its caller waits as long as its own time-outs let it,
 * or until TCP gives up.
 */
static const struct tw_fault_param params[] = {
	{"both", TW_PARAM_FLAG, false, "true",
		"false: only from `from` to `to`, not back", NULL},
};

static void pass(struct tw_world *world, const struct tw_live_effect *live,
	const struct tw_passage *passage, struct tw_hindrance *to)
{
	tw_time end = live->effect->end, later = TW_NEVER;
	tw_time most = passage->way == TW_THERE ? TW_CONNECT_TIMEOUT
						: tw_tcp_delay(TW_TCP_RTO_DATA,
							  TW_TCP_RETRIES + 1);

	if (end != TW_NEVER)
		later = tw_tcp_resume(
			TW_TCP_RTO_DATA, end - tw_world_now(world));
	if (later < most) {
		to->more += later;
		return;
	}
	to->over = true;
	to->after = most;
	to->reason = passage->way == TW_THERE ? TW_UNREACHED : TW_RESET;
	to->status = 503;
}

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	struct tw_effect *effect = fault->effect;

	(void)model;
	effect->pass = pass;
	effect->packets = true;
	effect->both_ways = tw_fault_value(fault, "both")->integer;
}

const struct tw_fault_kind tw_fault_partition = {
	.name = "partition",
	.help = "services, or zones, do not reach each other",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_FROM | TW_SELECT_TO,
	.needs = TW_SELECT_FROM | TW_SELECT_TO,
	.zones = true,
	.passage = true,
	.prepare = prepare,
	.start = tw_fault_start_effect,
	.stop = tw_fault_stop_effect,
};
