#include "twins/fault/kinds.h"

#include "twins/kernel/fmath.h"

/*
 * A token bucket for each service that is called: `rate` tokens a second, at
 * most `burst` of them, a try takes one or is answered `status`. As the
 * generic cell rate algorithm (ITU-T I.371, annex A: virtual scheduling),
 * which is the same in one figure: live->state, by callee, is when its bucket
 * would be full again.
 */
static const struct tw_fault_param params[] = {
	{"rate", TW_PARAM_RATE, true, NULL,
		"of calls that get through, such as 100/s", NULL},
	{"burst", TW_PARAM_COUNT, false, "1", "how many may come at once",
		NULL},
	{"status", TW_PARAM_STATUS, false, "429", "of the others", NULL},
};

static void pass(struct tw_world *world, const struct tw_live_effect *live,
	const struct tw_passage *passage, struct tw_hindrance *to)
{
	const struct tw_effect *effect = live->effect;
	tw_time now = tw_world_now(world);
	tw_time *full = &live->state[world->model->endpoints[passage->endpoint]
					     .service];
	tw_time from = *full > now ? *full : now;

	if (from - now <= (effect->count - 1) * effect->add) {
		*full = from + effect->add;
		return;
	}
	to->over = true;
	to->far = true;
	to->reason = TW_ANSWERED;
	to->status = effect->status;
}

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	struct tw_effect *effect = fault->effect;

	(void)model;
	effect->pass = pass;
	effect->has_state = true;
	effect->ways = TW_THERE;
	effect->add = (tw_time)tw_round(
		(double)TW_S / tw_fault_value(fault, "rate")->real);
	effect->count = tw_fault_value(fault, "burst")->integer;
	effect->status = (int)tw_fault_value(fault, "status")->integer;
}

const struct tw_fault_kind tw_fault_throttle = {
	.name = "throttle",
	.help = "only so many calls a second get through",
	TW_FAULT_PARAMS(params),
	TW_FAULT_ON_PASSAGE,
	.prepare = prepare,
};
