#include "twins/fault/kinds.h"

#include "twins/kernel/fmath.h"
#include "twins/traffic/traffic.h"

/*
 * What a replica sends goes one after the other over a link of that rate, as
 * with tc's tbf on its interface (Chaos Mesh, NetworkChaos bandwidth); the
 * outside is one sender. Unit: bytes, of the endpoint's request-size and
 * answer-size. live->state: by sender, when its link is free.
 */
static const struct tw_fault_param params[] = {
	{"rate", TW_PARAM_BANDWIDTH, true, NULL,
		"of each sender, such as 10Mbit/s or 1MB/s", NULL},
	TW_FAULT_DIRECTION("both"),
};

static void pass(struct tw_world *world, const struct tw_live_effect *live,
	const struct tw_passage *passage, struct tw_hindrance *to)
{
	uint32_t sender = passage->way == TW_BACK    ? passage->replica
			  : passage->from == TW_NONE ? world->model->n_replicas
						     : passage->from;
	double takes = (double)tw_passage_bytes(world, passage) /
		       live->effect->rate * (double)TW_S;
	tw_time now = tw_world_now(world);
	tw_time *free_at = &live->state[sender];

	if (*free_at < now)
		*free_at = now;
	/* Who would wait so long has long given up; the clock must not run
	 * away. */
	if (takes < (double)TW_STEP_MAX && *free_at - now < TW_STEP_MAX)
		*free_at += (tw_time)tw_round(takes);
	else
		*free_at = now + TW_STEP_MAX;
	to->more += *free_at - now;
}

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	struct tw_effect *effect = fault->effect;

	(void)model;
	effect->pass = pass;
	effect->has_state = true;
	effect->ways = tw_fault_ways(fault);
	effect->rate = tw_fault_value(fault, "rate")->real;
}

const struct tw_fault_kind tw_fault_bandwidth = {
	.name = "bandwidth",
	.help = "the network carries only so many bytes a second",
	TW_FAULT_PARAMS(params),
	TW_FAULT_ON_PASSAGE,
	.prepare = prepare,
};
