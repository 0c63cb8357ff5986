/*
 * One request on its way: it is called (call.c), finds a replica (balance.c),
 * is served there (serve.c, steps.c, answer.c), tried again or given up.
 *
 * Keys of draws (design, Determinism) are made here and nowhere else:
 *	arrival  position in the source, pass, copy
 *	call     the parent's attempt, the target endpoint, the n-th call to it
 *	attempt  the call, the number of the try
 * A draw for work leaves the replica out, so that a request's luck does not
 * depend on where it is served.
 */
#ifndef TW_TRAFFIC_TRAFFIC_H
#define TW_TRAFFIC_TRAFFIC_H

#include "twins/traffic/seam.h"
#include "twins/world/upstream.h"
#include "twins/world/world.h"

/* A step on the way of a request: part of its caller wherever it is called
 * (path.c). */
#define TW_PATH inline __attribute__((always_inline))

/*
 * A connection to an address where nobody answers fails after this long: Envoy,
 * Cluster.connect_timeout, default 5 s. A caller's own timeouts may come first.
 */
#define TW_CONNECT_TIMEOUT (5 * TW_S)

/*
 * A look-up whose questions are dropped fails after two tries of 5 s each:
 * resolv.conf(5), options timeout and attempts (RES_TIMEOUT, RES_DFLRETRY).
 */
#define TW_NAME_TIMEOUT (10 * TW_S)

/* No step and no round trip takes longer: the far tail of a law with an
 * infinite mean must not carry the clock away. */
#define TW_STEP_MAX TW_H

/* What a caller's application answers when a call that it needs has failed. */
#define TW_STATUS_FAILED 500

/* ---- answers -------------------------------------------------------- */

static inline uint64_t tw_answer_pack(struct tw_answer a)
{
	return (uint64_t)a.generation << 32 | (uint64_t)a.try << 16 |
	       (uint64_t)a.reason << 12 | (uint64_t)(a.status & 0xfff);
}

static inline struct tw_answer tw_answer_unpack(uint64_t bits)
{
	return (struct tw_answer){
		.generation = (uint32_t)(bits >> 32),
		.try = (uint16_t)(bits >> 16),
		.reason = (enum tw_reason)(bits >> 12 & 0xf),
		.status = (int)(bits & 0xfff),
	};
}

/* ---- the caller's side: call.c -------------------------------------- */

/* A step of a task makes a call; the task is resumed when it is over. */
void tw_call_begin(struct tw_world *world, uint32_t task, uint32_t step,
	uint32_t iteration);
/* An arrival comes in. copy: from 0, the arrival itself. */
void tw_call_arrive(struct tw_world *world, const struct tw_arrival *arrival,
	uint32_t copy);

static inline const struct tw_channel *tw_call_channel(
	const struct tw_world *world, const struct tw_call *call)
{
	return world->channels.v[call->channel].model;
}

static inline tw_event_id tw_call_arm(struct tw_world *world, uint32_t lane,
	enum tw_event_kind kind, uint32_t call)
{
	if (lane == TW_NONE)
		return TW_NO_EVENT;
	return tw_queue_schedule_lane(&world->queue, lane, (uint16_t)kind, call,
		world->calls[call].generation);
}

/* A new one, all fields set but key, channel and whom it is for; NULL: the
 * bound is reached, which is counted. */
struct tw_call *tw_call_new(struct tw_world *world, uint32_t *call);
/* Its proxy routes it: the route's timer starts, the first try sets out. */
void tw_call_route(struct tw_world *world, uint32_t call);

/* ---- what comes before the route: aside.c --------------------------- */

/* Gives a call its traits, and the variant of its channel that they want. */
void tw_call_choose(
	struct tw_world *world, struct tw_call *it, tw_traits traits);
/* The look-up; injected faults, answers of the proxy, mirrors; the route. */
void tw_call_aside(struct tw_world *world, uint32_t call);
/* What follows the look-up. */
void tw_call_looked_up(struct tw_world *world, uint32_t call);
void tw_call_delayed(
	struct tw_world *world, uint32_t call, uint32_t generation);

/* ---- look-ups of names: lookup.c ------------------------------------ */

void tw_lookups_init(struct tw_world *world);
void tw_lookups_release(struct tw_world *world);
/* False: the call needs none, or its name is known. Else it is told in time:
 * tw_call_looked_up(), or an answer (no connection, 503). */
bool tw_lookup_for_call(struct tw_world *world, uint32_t call);
/* Likewise for a connection that a call makes: tw_connections_found(). */
bool tw_lookup_for_connection(struct tw_world *world,
	const struct tw_call *by, uint32_t connection, uint32_t generation,
	uint64_t key);
/* A question's call is over; which: its `user`. */
void tw_lookup_answered(struct tw_world *world, uint64_t which, bool failed,
	enum tw_reason reason);
void tw_lookup_failed(struct tw_world *world, uint32_t index);

/* Its next try sets out (send.c). */
void tw_call_send(struct tw_world *world, uint32_t call);
/* The try that was out is over, its answer is here. */
void tw_call_try_over(struct tw_world *world, uint32_t call,
	enum tw_reason reason, int status);
void tw_call_answered(struct tw_world *world, uint32_t call, uint64_t answer);
void tw_call_try_timeout(
	struct tw_world *world, uint32_t call, uint32_t generation);
void tw_call_route_timeout(
	struct tw_world *world, uint32_t call, uint32_t generation);
void tw_call_app_timeout(
	struct tw_world *world, uint32_t call, uint32_t generation);
void tw_call_again(struct tw_world *world, uint32_t call, uint64_t answer);
/* The run is over: outcome now. */
void tw_call_cut_off(struct tw_world *world, uint32_t call);

/* Whether the policy tries again after such an answer. */
bool tw_call_is_retriable(
	const struct tw_channel *channel, enum tw_reason reason, int status);
/* Whether it was tried since the route started; where world->tried is there. */
static inline bool tw_call_has_tried(const struct tw_world *world,
	const struct tw_call *it, uint32_t replica)
{
	const uint32_t *tried = world->tried[it - world->calls];

	for (uint32_t i = 0; i < it->route_tries && i < TW_TRIED; i++)
		if (tried[i] == replica)
			return true;
	return false;
}

/* The counter of round robin of the call's proxy. */
uint32_t *tw_call_turn(const struct tw_world *world, const struct tw_call *call,
	uint32_t target);
/* A try to a replica that was chosen goes on its way; key: the attempt's. */
void tw_call_dispatch(struct tw_world *world, uint32_t call, uint32_t endpoint,
	uint32_t replica, uint64_t key);
/* An answer that is made up on the caller's side, after some time. */
void tw_call_answer_soon(struct tw_world *world, uint32_t call, tw_time after,
	enum tw_reason reason, int status);
/* The caller's side of the observation. */
struct tw_cell *tw_call_cell(
	struct tw_world *world, const struct tw_call *call);

/* ---- where a failure began: why.c ----------------------------------- */

/* A try of the call failed; before its replica is forgotten. */
void tw_why_try_failed(struct tw_world *world, const struct tw_call *it,
	enum tw_reason reason, int status);
/* The call failed, and with it the one that it was made for. */
void tw_why_call_failed(struct tw_world *world, const struct tw_call *it);
/* "shop/cart-1 was stopping, and still listed"; nothing where nothing is
 * known. */
void tw_why_text(const struct tw_world *world, const struct tw_call *it,
	struct tw_buf *to);

/* ---- the pause before a retry: backoff.c ---------------------------- */

/* Before retry n, from 1; u: uniform in (0, 1). */
tw_time tw_backoff(const struct tw_channel *channel, uint32_t n, double u);
/* Envoy's: it is uniform in [0, this). */
tw_time tw_backoff_range(tw_time base, tw_time max, uint32_t n);

/* What the replica of the try that is over says with its answer: ns until a
 * retry, TW_NEVER: there shall be none; < 0: nothing that the policy obeys. */
tw_time tw_backoff_said(const struct tw_world *world, const struct tw_call *it,
	enum tw_reason reason, int status);
tw_time tw_backoff_as_said(
	const struct tw_channel *channel, tw_time said, double u);

/* ---- keys: keys.c; only where world->call_keys is there ------------- */

/* A step's call has those of the request that it is made for, as far as they
 * go on. */
void tw_keys_of_step(
	struct tw_world *world, uint32_t call, uint32_t task, uint32_t step);
void tw_keys_of_arrival(struct tw_world *world, uint32_t call,
	const struct tw_arrival *arrival, uint32_t copy);
void tw_keys_of_task(struct tw_world *world, uint32_t task, uint32_t call);
void tw_keys_of_mirror(struct tw_world *world, uint32_t call, uint32_t from);
/* The key that a proxy balances by; 0: the request has none. */
uint64_t tw_keys_get(
	const struct tw_world *world, const struct tw_call *call, uint32_t key);

/* ---- policies of proxies: upstream.c -------------------------------- */

/* A try through an upstream: the target's number in its channel. */
void tw_upstream_send(
	struct tw_world *world, uint32_t call, uint32_t target, uint64_t key);
/* The call's try is over, or given up (a timeout), or its back-off is. */
void tw_upstream_over(struct tw_world *world, struct tw_call *call,
	enum tw_reason reason, int status);
/* Takes what a retry needs; false: there is none. */
bool tw_upstream_may_retry(struct tw_world *world, struct tw_call *call);
/* The call is over. */
void tw_upstream_end(struct tw_world *world, struct tw_call *call);

struct tw_choice;
/* hosts.c: the replica for a try; TW_NONE: there is none to choose. Of *how
 * (balance.h) everything is given but the replicas. */
uint32_t tw_proxy_choose(struct tw_world *world, struct tw_choice *how);
/* Brings the replicas to choose among up to date. */
void tw_proxy_refresh(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy);

/* Where what a proxy does by itself is counted. */
static inline struct tw_cell *tw_proxy_cell(
	struct tw_world *world, const struct tw_proxy *proxy)
{
	return tw_world_cell(
		world, proxy->channel, TW_CLIENT, proxy->zone, proxy->window);
}

/* What lets a call's try through to its replica, and how long a set-up of a
 * connection there takes (false: it fails after that). */
bool tw_upstream_begin(struct tw_world *world, uint32_t call);
void tw_upstream_overflow(struct tw_world *world, uint32_t call);
bool tw_call_connect(struct tw_world *world, const struct tw_call *call,
	uint32_t endpoint, uint32_t replica, uint64_t key, uint32_t round_trips,
	tw_time timeout, tw_time *takes);

/* connections.c: a ticket's try needs one; it is dispatched once it has one. */
void tw_connections_request(struct tw_world *world, uint32_t ticket);
/* The try is over, or given up: it lets go of it, or waits no longer. */
void tw_connections_release(
	struct tw_world *world, uint32_t ticket, enum tw_reason reason);
void tw_connections_close_idle(struct tw_world *world, struct tw_host *host);
/* Its callee's name was looked up by a call's channel and caller. */
void tw_connections_found(struct tw_world *world, uint32_t connection,
	uint32_t generation, uint32_t channel, uint32_t from, bool found);
void tw_connections_made(
	struct tw_world *world, uint32_t connection, uint64_t data);
void tw_connections_ready(
	struct tw_world *world, uint32_t connection, uint32_t generation);
void tw_connections_idle(
	struct tw_world *world, uint32_t connection, uint32_t generation);

/* ratelimit.c: takes a token, if there is one. */
bool tw_rate_limit_allows(struct tw_world *world,
	const struct tw_rate_limit *by, struct tw_proxy *proxy,
	uint32_t replica);

/* application.c: a call, all its tries together, begins and ends. What waits is
 * let in (tw_upstream_enter()), or answered TW_REJECTED, in time. */
enum tw_entrance { TW_LET_IN, TW_LET_WAIT, TW_LET_OUT };
enum tw_entrance tw_application_begin(
	struct tw_world *world, const struct tw_upstream *model, uint32_t ticket);
void tw_application_end(struct tw_world *world, const struct tw_upstream *model,
	uint32_t ticket, bool failed);
void tw_application_impatient(struct tw_world *world, uint32_t ticket);
void tw_upstream_reject(struct tw_world *world, uint32_t call);
/* A call that waited has its place now. */
void tw_upstream_enter(
	struct tw_world *world, uint32_t call, uint32_t generation);
/* The route of a call has its answer. */
void tw_upstream_route_over(
	struct tw_world *world, struct tw_call *call, bool failed);

/* outlier.c */
void tw_outlier_record(struct tw_world *world, uint32_t upstream,
	struct tw_proxy *proxy, uint32_t replica, enum tw_reason reason,
	int status);
void tw_outlier_sweep(
	struct tw_world *world, uint32_t upstream, uint32_t place);

/* budget.c */
bool tw_budget_take(const struct tw_world *world,
	const struct tw_upstream *model, struct tw_proxy *proxy);
void tw_budget_earn(const struct tw_world *world,
	const struct tw_upstream *model, struct tw_proxy *proxy);
void tw_throttle_record(
	const struct tw_upstream *model, struct tw_proxy *proxy, bool failed);
bool tw_throttle_allows(
	const struct tw_upstream *model, const struct tw_proxy *proxy);

/* ---- arrivals that a fault makes: copy.c ---------------------------- */

/* It comes in `later` ns from now. copy->next is its number, from 1. */
void tw_copy_add(
	struct tw_world *world, const struct tw_copy *copy, tw_time later);
void tw_copy_arrive(struct tw_world *world, uint32_t at);

/* ---- which replica: balance.c --------------------------------------- */

/* Of a pool that the caller's proxies keep nothing about. TW_NONE: nobody is
 * listed. `turn`: the caller's counter for round robin. */
uint32_t tw_balance(struct tw_world *world, const struct tw_world_pool *pool,
	enum tw_balancer balancer, uint64_t key, uint32_t *turn);

/* ---- the replica's side: serve.c, steps.c, answer.c ---------------- */

/* A try reaches its replica. */
void tw_serve_arrive(struct tw_world *world, uint32_t task);
/* It leaves the queue: it starts, or is shed if nobody wants it any more. */
void tw_serve_next(struct tw_world *world, uint32_t task);
/* It starts. */
void tw_serve_start(struct tw_world *world, uint32_t task);
/* A step of cpu or wait is done. */
void tw_serve_worked(struct tw_world *world, uint32_t task);
/* A worker that lingered is free, if its replica still lives that life. */
void tw_serve_closed(struct tw_world *world, uint32_t replica, uint32_t life);
/* A replica stands still from now on, or runs on; calls may be nested. All
 * that is due there waits for the end. To stop what is computed, the replica
 * needs a CPU (tw_cpu_ensure) before anything is in flight there. */
void tw_serve_pause(struct tw_world *world, uint32_t replica, bool paused);
/* TW_EV_PAUSE: a pause of its own begins or ends. */
void tw_serve_pause_event(
	struct tw_world *world, uint32_t replica, uint64_t which);
/* TW_EV_CPU: cpu steps that share a replica's CPU may be done. */
void tw_serve_cpu(struct tw_world *world, uint32_t replica);
/* A call that the task made is over. */
void tw_serve_called(struct tw_world *world, uint32_t task, bool failed);
/* Its caller has gone; the work goes on (an outside service is told). */
void tw_serve_abandon(struct tw_world *world, uint32_t task);
/* An outside service answers; false: too late. */
bool tw_serve_complete(struct tw_world *world, uint64_t handle, int status);
/* The replica died: its tries are reset or, where its node is gone with it,
 * never answered. */
void tw_serve_reset(struct tw_world *world, uint32_t replica);

/* Sends an answer back to the task's caller, if it still waits. */
void tw_serve_answer(struct tw_world *world, struct tw_task *task,
	enum tw_reason reason, int status);

/* Does what follows at this instant, until nothing does. */
void tw_traffic_settle(struct tw_world *world);
/* An event of one of the kinds of traffic; false: it is not. */
bool tw_traffic_event(struct tw_world *world, const struct tw_event *event);

#endif
