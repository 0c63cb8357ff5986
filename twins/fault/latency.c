#include "twins/fault/kinds.h"

#include "twins/base/hash.h"
#include "twins/kernel/fmath.h"

/*
 * Unit of probability: a try. The jitter is uniform, as Toxiproxy's (toxics/
 * latency.go) and netem's without a distribution (tc-netem(8)). netem
 * correlates a packet's delay with that of the packet before it; here the
 * share `correlation` of the jitter is common to what passes between two
 * services within a tenth of a second, so that no draw depends on the one
 * before it.
 */
#define COMMON_FOR (100 * TW_MS)

enum { DRAW_OWN = 1, DRAW_COMMON };

static const struct tw_fault_param params[] = {
	{"add", TW_PARAM_DURATION, true, NULL,
		"how much longer a call is on its way", NULL},
	{"jitter", TW_PARAM_DURATION, false, "0s",
		"so much more or less, uniformly", NULL},
	{"correlation", TW_PARAM_RATIO, false, "0%",
		"share of the jitter that calls at one time have in common",
		NULL},
	TW_FAULT_DIRECTION("there"),
};

static double common(const struct tw_world *world,
	const struct tw_effect *effect, const struct tw_passage *passage)
{
	uint64_t slot = (uint64_t)(tw_world_now(world) / COMMON_FOR);
	uint64_t edge = tw_hash_combine(
		passage->caller == TW_NONE
			? 0
			: world->model->services[passage->caller].hash,
		world->model->endpoints[passage->endpoint].hash);

	return tw_effect_draw(
		world, effect, tw_hash_combine(edge, slot), DRAW_COMMON);
}

static void pass(struct tw_world *world, const struct tw_live_effect *live,
	const struct tw_passage *passage, struct tw_hindrance *to)
{
	const struct tw_effect *effect = live->effect;
	double u;

	to->more += effect->add;
	if (!effect->jitter)
		return;
	u = tw_effect_draw(world, effect,
		passage->way == TW_BACK ? ~passage->key : passage->key,
		DRAW_OWN);
	if (effect->ratio > 0)
		u = (1 - effect->ratio) * u +
		    effect->ratio * common(world, effect, passage);
	to->more += (tw_time)tw_round((double)effect->jitter * (2 * u - 1));
}

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	struct tw_effect *effect = fault->effect;

	(void)model;
	effect->pass = pass;
	effect->ways = tw_fault_ways(fault);
	effect->add = tw_fault_value(fault, "add")->integer;
	effect->jitter = tw_fault_value(fault, "jitter")->integer;
	effect->ratio = tw_fault_value(fault, "correlation")->real;
}

const struct tw_fault_kind tw_fault_latency = {
	.name = "latency",
	.help = "calls take longer on their way",
	TW_FAULT_PARAMS(params),
	TW_FAULT_ON_PASSAGE,
	.prepare = prepare,
};
