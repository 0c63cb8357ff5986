/*
 * The caller's side of a call, once it has begun (begin.c): two loops, one
 * inside the other.
 *
 *	application: its timeout covers all; its retries start over
 *	  route: the policy's timeout covers its tries and back-offs
 *	    try: one replica, the try's timeout
 *
 * A call has at most one try out. When it gives that try up (a timeout), the
 * try is left to itself: the replica works on for nobody.
 */
#include "twins/base/assert.h"
#include "twins/kernel/random.h"
#include "twins/traffic/traffic.h"

static bool is_failure(enum tw_reason reason, int status)
{
	return reason != TW_ANSWERED || status >= 400;
}

/* A caller whose replica died does nothing more about its calls. */
static bool caller_is_dead(
	const struct tw_world *world, const struct tw_call *call)
{
	uint32_t attempt;

	if (call->parent == TW_NONE)
		return false;
	attempt = world->tasks[call->parent].attempt;
	return world->tasks[attempt].state == TW_TASK_DEAD;
}

static void disarm(struct tw_world *world, tw_event_id *timer)
{
	if (*timer == TW_NO_EVENT)
		return;
	tw_queue_cancel(&world->queue, *timer);
	*timer = TW_NO_EVENT;
}

/* ---- the end of a call ---------------------------------------------- */

static void tell_example(struct tw_world *world, const struct tw_call *call,
	tw_time latency, int status)
{
	struct tw_buf why = {0};

	tw_why_text(world, call, &why);
	tw_world_example(world, call, latency, status, tw_buf_text(&why));
	tw_buf_release(&why);
}

static void tell_done(struct tw_world *world, const struct tw_call *call,
	bool failed, bool timed_out, int status)
{
	struct tw_outcome outcome = {
		.user = call->user,
		.at = tw_world_now(world),
		.latency = tw_world_now(world) - call->since,
		.status = status,
		.failed = failed,
		.timed_out = timed_out,
		.tries = call->tries,
	};

	if (tw_call_channel(world, call)->caller == TW_NONE) {
		world->area += (uint64_t)world->live_arrivals *
			       (uint64_t)(outcome.at - world->since);
		world->since = outcome.at;
		world->live_arrivals--;
		world->sojourn += (uint64_t)outcome.latency;
		world->obs.completed++;
		if (failed && call->position != UINT64_MAX)
			tell_example(world, call, outcome.latency, status);
	}
	/* Copies were made here: nobody waits for them. */
	if (!world->done || call->copy)
		return;
	world->inside = true;
	world->done(world->done_context, &outcome);
	world->inside = false;
}

TW_PATH struct tw_cell *tw_call_cell(
	struct tw_world *world, const struct tw_call *call)
{
	uint32_t zone = call->from == TW_NONE
				? world->model->n_zones
				: world->replicas[call->from].zone;

	return tw_world_cell(
		world, call->channel, TW_CLIENT, zone, call->window);
}

static TW_PATH void count_call(struct tw_world *world,
	const struct tw_call *call, enum tw_reason reason, bool failed)
{
	struct tw_cell *cell = tw_call_cell(world, call);

	tw_cell_count(cell, tw_world_now(world) - call->since, failed,
		reason == TW_TIMED_OUT || reason == TW_TRY_TIMED_OUT);
	cell->shed += reason == TW_SHED || reason == TW_NO_HOST;
	cell->unreached += failed && call->unreached;
	cell->retries += call->tries ? call->tries - 1U : 0;
	cell->network += call->network;
	cell->backoff += call->backoff;
}

static TW_PATH void end_call(struct tw_world *world, uint32_t call,
	enum tw_reason reason, int status)
{
	struct tw_call *it = &world->calls[call];
	bool failed = is_failure(reason, status);
	uint32_t parent = it->parent;
	bool optional =
		it->step != TW_NONE && world->model->steps[it->step].optional;

	disarm(world, &it->app_timer);
	disarm(world, &it->route_timer);
	disarm(world, &it->try_timer);
	if (__builtin_expect(failed && !optional, 0))
		tw_why_call_failed(world, it);
	if (!caller_is_dead(world, it) && reason != TW_CUT_OFF && !it->mirror)
		count_call(world, it, reason, failed);
	tw_world_tap(world, .kind = TW_TAP_RETURNS, .service = TW_NONE,
		.endpoint = tw_call_channel(world, it)->endpoint,
		.caller = tw_call_channel(world, it)->caller,
		.replica = TW_NONE, .status = status);
	if (it->ticket != TW_NONE)
		tw_upstream_end(world, it);
	if (parent == TW_NONE && it->lookup) {
		uint64_t which = it->user;

		tw_world_free_call(world, call);
		tw_lookup_answered(world, which, failed, reason);
		return;
	}
	if (parent == TW_NONE && !it->mirror)
		tell_done(world, it, failed,
			reason == TW_TIMED_OUT || reason == TW_TRY_TIMED_OUT,
			status);
	tw_world_free_call(world, call);
	if (parent != TW_NONE)
		tw_serve_called(world, parent, failed && !optional);
}

/* ---- trying again --------------------------------------------------- */

static bool has_code(const struct tw_channel *channel, int status)
{
	for (uint32_t i = 0; i < channel->n_retry_codes; i++)
		if (channel->retry_codes[i] == status)
			return true;
	return false;
}

/* Envoy, router filter, x-envoy-retry-on. A call that found nobody listed is
 * not tried again: the router answers 503 itself; nor is one that overflowed
 * (retry_state_impl.cc, wouldRetryFromReset). */
bool tw_call_is_retriable(
	const struct tw_channel *channel, enum tw_reason reason, int status)
{
	uint32_t on = channel->retry_on;

	if (reason == TW_NO_HOST || reason >= TW_OVERFLOWED)
		return false;
	if ((on & TW_RETRY_5XX) && status >= 500)
		return true;
	if ((on & TW_RETRY_GATEWAY_ERROR) && status >= 502 && status <= 504)
		return true;
	if ((on & TW_RETRY_CONNECT_FAILURE) && reason == TW_UNREACHED)
		return true;
	if ((on & TW_RETRY_RESET) &&
		(reason == TW_RESET || reason == TW_TRY_TIMED_OUT))
		return true;
	if ((on & TW_RETRY_REFUSED) && reason == TW_SHED)
		return true;
	if ((on & TW_RETRY_RETRIABLE_4XX) && status == 409)
		return true;
	if ((on & TW_RETRY_TIMEOUT) && reason == TW_TRY_TIMED_OUT)
		return true;
	if ((on & TW_RETRY_UNAVAILABLE) && status == 503)
		return true;
	return has_code(channel, status);
}

/* The n-th pause, from 1. Applications wait as the route does: their own
 * figures are not modelled. said: by the callee, as ns; < 0: nothing is. */
static void back_off(
	struct tw_world *world, uint32_t call, uint32_t n, tw_time said)
{
	struct tw_call *it = &world->calls[call];
	const struct tw_channel *channel = tw_call_channel(world, it);
	double u = tw_draw(world->seed, it->key, TW_DRAW_BACKOFF, it->tries);
	tw_time wait = said < 0 ? tw_backoff(channel, n, u)
				: tw_backoff_as_said(channel, said, u);

	it->backoff += wait;
	it->backing_off = true;
	tw_world_tap(world, .kind = TW_TAP_RETRIES, .service = TW_NONE,
		.endpoint = channel->endpoint, .caller = channel->caller,
		.replica = TW_NONE, .attempt = it->tries);
	tw_queue_schedule(&world->queue, tw_world_now(world) + wait,
		TW_CLASS_COMPLETION, TW_EV_AGAIN, call,
		tw_answer_pack((struct tw_answer){
			it->generation, it->tries, TW_ANSWERED, 0}));
}

/* The policy has done what it can. */
static TW_PATH void route_over(struct tw_world *world, uint32_t call,
	enum tw_reason reason, int status)
{
	struct tw_call *it = &world->calls[call];
	uint32_t retries =
		it->step == TW_NONE ? 0 : world->model->steps[it->step].retries;

	disarm(world, &it->route_timer);
	it->backing_off = false;
	if (it->ticket != TW_NONE)
		tw_upstream_route_over(world, it, is_failure(reason, status));
	if (is_failure(reason, status) && it->app_tries < retries &&
		!caller_is_dead(world, it)) {
		it->app_tries++;
		it->starts_over = true;
		back_off(world, call, it->app_tries, -1);
		return;
	}
	end_call(world, call, reason, status);
}

/* For a retry that is to go elsewhere; a ticket's choice is noted as it is
 * made (upstream.c). */
static void note_tried(struct tw_world *world, const struct tw_call *it)
{
	if (world->tried && it->ticket == TW_NONE)
		world->tried[it - world->calls][it->route_tries % TW_TRIED] =
			it->replica;
}

static void try_is_over(struct tw_world *world, struct tw_call *it,
	enum tw_reason reason, int status)
{
	disarm(world, &it->try_timer);
	if (it->ticket != TW_NONE)
		tw_upstream_over(world, it, reason, status);
	if (it->replica == TW_NONE)
		return;
	world->replicas[it->replica].outstanding--;
	it->replica = TW_NONE;
}

/* Nobody tells who asked by UDP that it was dropped. */
static bool is_unheard(const struct tw_call *it, enum tw_reason reason)
{
	return it->lookup && (reason == TW_SHED || reason == TW_UNREACHED ||
				     reason == TW_RESET);
}

TW_PATH void tw_call_try_over(struct tw_world *world, uint32_t call,
	enum tw_reason reason, int status)
{
	struct tw_call *it = &world->calls[call];
	const struct tw_channel *channel = tw_call_channel(world, it);
	tw_time said = -1;

	if (__builtin_expect(is_failure(reason, status), 0)) {
		if (is_unheard(it, reason))
			return;
		if (reason != TW_TRY_TIMED_OUT) /* which has (give_up) */
			tw_why_try_failed(world, it, reason, status);
		said = tw_backoff_said(world, it, reason, status);
		if (reason != TW_TRY_TIMED_OUT)
			note_tried(world, it);
	}
	try_is_over(world, it, reason, status);
	if (is_failure(reason, status) && it->route_tries < channel->retries &&
		said != TW_NEVER &&
		tw_call_is_retriable(channel, reason, status) &&
		!caller_is_dead(world, it) &&
		(it->ticket == TW_NONE || tw_upstream_may_retry(world, it))) {
		it->route_tries++;
		if (said < 0)
			it->backoffs++;
		else if (channel->push_back)
			it->backoffs = 0;
		back_off(world, call, it->backoffs, said);
		return;
	}
	route_over(world, call, reason, status);
}

/* Lets go of the try that is out, if one is. */
static void give_up(
	struct tw_world *world, struct tw_call *it, enum tw_reason reason)
{
	note_tried(world, it);
	tw_why_try_failed(world, it, reason, 504);
	if (it->attempt != TW_NONE) {
		tw_serve_abandon(world, it->attempt);
		it->attempt = TW_NONE;
	}
	try_is_over(world, it, reason, 504);
}

static void tap_timeout(struct tw_world *world, const struct tw_call *it)
{
	tw_world_tap(world, .kind = TW_TAP_TIMES_OUT, .service = TW_NONE,
		.endpoint = tw_call_channel(world, it)->endpoint,
		.caller = tw_call_channel(world, it)->caller,
		.replica = TW_NONE, .attempt = it->tries);
}

/* ---- events of a call ----------------------------------------------- */

static bool is_current(const struct tw_call *it, uint32_t generation)
{
	return it->live && it->generation == generation;
}

void tw_call_answered(struct tw_world *world, uint32_t call, uint64_t bits)
{
	struct tw_call *it = &world->calls[call];
	struct tw_answer answer = tw_answer_unpack(bits);

	if (!is_current(it, answer.generation) || it->tries != answer.try ||
		it->backing_off)
		return;
	tw_assert(it->attempt == TW_NONE);
	tw_call_try_over(world, call, answer.reason, answer.status);
}

void tw_call_try_timeout(
	struct tw_world *world, uint32_t call, uint32_t generation)
{
	struct tw_call *it = &world->calls[call];

	tw_assert(is_current(it, generation));
	it->try_timer = TW_NO_EVENT;
	tap_timeout(world, it);
	give_up(world, it, TW_TRY_TIMED_OUT);
	tw_call_try_over(world, call, TW_TRY_TIMED_OUT, 504);
}

void tw_call_route_timeout(
	struct tw_world *world, uint32_t call, uint32_t generation)
{
	struct tw_call *it = &world->calls[call];

	tw_assert(is_current(it, generation));
	it->route_timer = TW_NO_EVENT;
	tap_timeout(world, it);
	give_up(world, it, TW_TIMED_OUT);
	route_over(world, call, TW_TIMED_OUT, 504);
}

void tw_call_app_timeout(
	struct tw_world *world, uint32_t call, uint32_t generation)
{
	struct tw_call *it = &world->calls[call];

	tw_assert(is_current(it, generation));
	it->app_timer = TW_NO_EVENT;
	tap_timeout(world, it);
	give_up(world, it, TW_CUT_OFF);
	end_call(world, call, TW_TIMED_OUT, 504);
}

void tw_call_cut_off(struct tw_world *world, uint32_t call)
{
	give_up(world, &world->calls[call], TW_CUT_OFF);
	end_call(world, call, TW_CUT_OFF, 0);
}

/* gRPC: what is left of the time of those who wait bounds the call, and
 * travels on with it. */
static void set_deadline(struct tw_world *world, uint32_t call)
{
	struct tw_call *it = &world->calls[call];
	const struct tw_channel *channel = tw_call_channel(world, it);
	tw_time now = tw_world_now(world), own, given;

	given = it->parent == TW_NONE ? 0 : world->tasks[it->parent].deadline;
	own = channel->timeout ? now + channel->timeout : 0;
	it->deadline = channel->propagate_deadline ? own : 0;
	if (!given || (own && own <= given))
		return;
	it->deadline = given;
	disarm(world, &it->route_timer);
	it->route_timer = tw_queue_schedule(&world->queue,
		given > now ? given : now, TW_CLASS_TIMEOUT,
		TW_EV_ROUTE_TIMEOUT, call, it->generation);
}

void tw_call_route(struct tw_world *world, uint32_t call)
{
	struct tw_call *it = &world->calls[call];

	it->route_timer =
		tw_call_arm(world, world->channels.v[it->channel].route_lane,
			TW_EV_ROUTE_TIMEOUT, call);
	if (world->model->deadlines)
		set_deadline(world, call);
	tw_call_send(world, call);
}

static TW_PATH void start_route(struct tw_world *world, uint32_t call)
{
	struct tw_call *it = &world->calls[call];

	it->route_tries = 0;
	it->backoffs = 0;
	it->starts_over = false;
	if (__builtin_expect(tw_call_channel(world, it)->aside != NULL, 0))
		tw_call_aside(world, call);
	else
		tw_call_route(world, call);
}

void tw_call_again(struct tw_world *world, uint32_t call, uint64_t bits)
{
	struct tw_call *it = &world->calls[call];
	struct tw_answer answer = tw_answer_unpack(bits);

	if (!is_current(it, answer.generation) || it->tries != answer.try ||
		!it->backing_off)
		return;
	it->backing_off = false;
	if (it->starts_over)
		start_route(world, call);
	else
		tw_call_send(world, call);
}
