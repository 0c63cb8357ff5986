/*
 * Where the failure of a request began.
 *
 * A try that fails by itself is where it began; one that was answered with an
 * error passes on what its own calls were told, if one of them failed. Kept by
 * call, and only once something fails: a run without failures pays nothing.
 */
#include "twins/traffic/traffic.h"

/* Of a call's try; stale unless generation and try are the call's. */
struct tw_why {
	uint32_t generation;
	uint32_t channel; /* of the call that failed by itself */
	uint32_t replica; /* TW_NONE: none was chosen */
	uint16_t try;
	uint16_t status;
	uint8_t reason; /* enum tw_reason */
	uint8_t health; /* enum tw_health of the replica, then */
};

static bool is_current(const struct tw_why *why, const struct tw_call *it)
{
	return why->generation == it->generation && why->try == it->tries;
}

void tw_why_try_failed(struct tw_world *world, const struct tw_call *it,
	enum tw_reason reason, int status)
{
	struct tw_why *why;

	/* No call has the generation of a cleared one before it was used. */
	if (!world->whys)
		world->whys =
			tw_calloc(world->max_in_flight, sizeof *world->whys);
	why = &world->whys[it - world->calls];
	if (reason == TW_ANSWERED && is_current(why, it))
		return;
	*why = (struct tw_why){
		.generation = it->generation,
		.channel = it->channel,
		.replica = it->replica,
		.try = it->tries,
		.status = (uint16_t)status,
		.reason = (uint8_t)reason,
		.health = it->replica == TW_NONE
				  ? TW_UP
				  : world->replicas[it->replica].health,
	};
}

void tw_why_call_failed(struct tw_world *world, const struct tw_call *it)
{
	const struct tw_why *from;
	const struct tw_call *caller;
	struct tw_why *to;
	uint32_t by;

	if (!world->whys || it->parent == TW_NONE)
		return;
	from = &world->whys[it - world->calls];
	by = world->tasks[world->tasks[it->parent].attempt].call;
	if (by == TW_NONE || !is_current(from, it))
		return;
	caller = &world->calls[by];
	to = &world->whys[by];
	if (is_current(to, caller))
		return; /* of two side by side, the first */
	*to = *from;
	to->generation = caller->generation;
	to->try = caller->tries;
}

static const char *const unreached[] = {
	[TW_UP] = "did not answer to a connection",
	[TW_DOWN] = "did not listen",
	[TW_GONE] = "was on a node that is lost",
	[TW_DRAINING] = TW_WHY_STOPPING,
};

void tw_why_text(const struct tw_world *world, const struct tw_call *it,
	struct tw_buf *to)
{
	const struct tw_model *model = world->model;
	const struct tw_why *why =
		world->whys ? &world->whys[it - world->calls] : NULL;
	const struct tw_channel *channel;
	const char *callee, *caller, *replica;

	if (!why || !is_current(why, it))
		return;
	channel = world->channels.v[why->channel].model;
	callee = model->services[model->endpoints[channel->endpoint].service]
			 .key;
	caller = channel->caller == TW_NONE
			 ? TW_OUTSIDE
			 : model->services[channel->caller].key;
	replica = why->replica == TW_NONE ? callee
					  : model->replicas[why->replica].name;
	switch ((enum tw_reason)why->reason) {
	case TW_ANSWERED:
		tw_buf_printf(to, "%s answered %d", replica, why->status);
		break;
	case TW_SHED:
		tw_buf_printf(to, "%s refused it: no room", replica);
		break;
	case TW_NO_HOST:
		tw_buf_printf(to, "%s had no endpoint", callee);
		break;
	case TW_UNREACHED:
		tw_buf_printf(to, "%s %s", replica, unreached[why->health]);
		break;
	case TW_RESET:
		tw_buf_printf(to, "%s died meanwhile", replica);
		break;
	case TW_TRY_TIMED_OUT:
	case TW_TIMED_OUT:
	case TW_CUT_OFF:
		tw_buf_printf(to, "%s -> %s timed out", caller, callee);
		break;
	case TW_OVERFLOWED:
		tw_buf_printf(to, "the circuit breaker of %s -> %s was full",
			caller, callee);
		break;
	case TW_LIMITED:
		tw_buf_printf(to, "a rate limit of %s -> %s", caller, callee);
		break;
	case TW_REJECTED:
		tw_buf_printf(to, "%s itself let no more calls to %s through",
			caller, callee);
		break;
	}
}
