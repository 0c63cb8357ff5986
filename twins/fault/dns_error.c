#include "twins/fault/kinds.h"

#include "twins/traffic/traffic.h"

/*
 * The callee's name does not resolve: an error at once, or an address where
 * nobody answers (Chaos Mesh DNSChaos, actions error and random). Unit of
 * probability: a look-up; calls that go over a connection that is there, or
 * know the address, look up nothing: `cached`. Where a model has `dns:`, the
 * look-ups are those that are made there; then calls that make none are left
 * alone without it.
 */
static const char *const actions[] = {"error", "random", NULL};

enum { DRAW_CACHED = 1 };

static const struct tw_fault_param params[] = {
	{"action", TW_PARAM_CHOICE, false, "error",
		"what a look-up gives; random: an address of nobody", actions},
	{"cached", TW_PARAM_RATIO, false, "0%", "of calls that look up nothing",
		NULL},
};

static void pass(struct tw_world *world, const struct tw_live_effect *live,
	const struct tw_passage *passage, struct tw_hindrance *to)
{
	const struct tw_effect *effect = live->effect;

	if (effect->ratio > 0 && tw_effect_draw(world, effect, passage->key,
					 DRAW_CACHED) < effect->ratio)
		return;
	to->over = true;
	to->after = effect->add;
	to->reason = TW_UNREACHED;
	to->status = 503;
}

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	struct tw_effect *effect = fault->effect;

	effect->pass = pass;
	effect->lookups = model->dns.on;
	effect->ways = TW_THERE;
	effect->ratio = tw_fault_value(fault, "cached")->real;
	effect->add = tw_fault_value(fault, "action")->integer
			      ? TW_CONNECT_TIMEOUT
			      : 0;
}

const struct tw_fault_kind tw_fault_dns_error = {
	.name = "dns-error",
	.help = "callees' names do not resolve",
	TW_FAULT_PARAMS(params),
	TW_FAULT_ON_PASSAGE,
	.prepare = prepare,
};
