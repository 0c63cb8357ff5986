/*
 * A try through what its caller's proxy keeps about the replicas.
 *
 * In Envoy's order: the balancer chooses a replica, then the breaker lets the
 * try through or not (router.cc; conn_pool_base.cc, attachStreamToClient).
 */
#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/traffic/balance.h"
#include "twins/traffic/traffic.h"

static const struct tw_upstream *model_of(
	const struct tw_world *world, const struct tw_ticket *ticket)
{
	return world->upstreams->list.v[ticket->upstream].model;
}

static void tap(struct tw_world *world, const struct tw_call *it,
	enum tw_tap_kind kind, uint32_t replica)
{
	const struct tw_channel *channel = tw_call_channel(world, it);

	tw_world_tap(world, .kind = kind, .service = TW_NONE,
		.endpoint = channel->endpoint, .caller = channel->caller,
		.replica = replica, .attempt = it->tries);
}

static struct tw_ticket *ticket_of(
	struct tw_world *world, struct tw_call *it, uint32_t upstream)
{
	struct tw_ticket *ticket;

	if (it->ticket == TW_NONE)
		it->ticket = tw_ticket_new(world);
	ticket = tw_ticket_at(world, it->ticket);
	tw_assert(!ticket->active);
	if (!ticket->proxy || ticket->upstream != upstream) {
		if (ticket->retrying)
			ticket->proxy->retries--;
		ticket->upstream = upstream;
		ticket->proxy = tw_proxy_of(world, upstream, it->from);
		if (ticket->retrying)
			ticket->proxy->retries++;
	}
	return ticket;
}

static void note_use(struct tw_world *world, const struct tw_call *it,
	struct tw_proxy *proxy)
{
	uint32_t zone = it->from == TW_NONE ? world->model->n_zones
					    : world->replicas[it->from].zone;

	proxy->channel = it->channel;
	proxy->window = it->window;
	proxy->from = it->from;
	/* A pod that came back elsewhere sees others first. */
	proxy->stale |= proxy->zone != zone;
	proxy->zone = zone;
}

/* Envoy, load_balancer_impl.cc, chooseHost: a retry chooses again where it
 * came upon a replica that was tried, so often; the last choice stands. */
static uint32_t choose(struct tw_world *world, const struct tw_call *it,
	uint32_t number, struct tw_ticket *ticket, uint64_t key)
{
	const struct tw_world_upstream *upstream =
		&world->upstreams->list.v[ticket->upstream];
	uint32_t again = tw_call_channel(world, it)->host_retries;
	struct tw_choice how = {.world = world,
		.key = key,
		.turn = tw_call_turn(world, it, number),
		.upstream = upstream,
		.proxy = ticket->proxy};
	uint32_t replica;

	if (world->call_keys)
		how.hash =
			tw_keys_get(world, it, upstream->model->balancing.key);
	replica = tw_proxy_choose(world, &how);
	if (!again)
		return replica;
	for (uint32_t n = 1;
		n <= again && tw_call_has_tried(world, it, replica); n++) {
		how.key = tw_hash_combine(key, n);
		how.again = n;
		replica = tw_proxy_choose(world, &how);
	}
	world->tried[it - world->calls][it->route_tries % TW_TRIED] = replica;
	return replica;
}

void tw_upstream_overflow(struct tw_world *world, uint32_t call)
{
	struct tw_call *it = &world->calls[call];

	tap(world, it, TW_TAP_OVERFLOWS, TW_NONE);
	tw_call_cell(world, it)->overflow++;
	tw_call_answer_soon(world, call, 0, TW_OVERFLOWED, 503);
}

bool tw_upstream_begin(struct tw_world *world, uint32_t call)
{
	struct tw_call *it = &world->calls[call];
	struct tw_ticket *ticket = tw_ticket_at(world, it->ticket);
	const struct tw_world_upstream *upstream =
		&world->upstreams->list.v[ticket->upstream];
	struct tw_proxy *proxy = ticket->proxy;

	if (proxy->active >= upstream->model->max_requests) {
		tw_upstream_overflow(world, call);
		return false;
	}
	ticket->active = true;
	proxy->active++;
	if (proxy->hosts)
		tw_proxy_host(upstream, proxy, ticket->replica)->active++;
	tap(world, it, TW_TAP_SENT, ticket->replica);
	return true;
}

void tw_upstream_reject(struct tw_world *world, uint32_t call)
{
	tw_call_cell(world, &world->calls[call])->rejected++;
	tw_call_answer_soon(world, call, 0, TW_REJECTED, 503);
}

/* A try, once the application lets the call go. */
static void go(
	struct tw_world *world, uint32_t call, uint32_t number, uint64_t key)
{
	struct tw_call *it = &world->calls[call];
	const struct tw_target *target =
		&tw_call_channel(world, it)->targets[number];
	struct tw_ticket *ticket = tw_ticket_at(world, it->ticket);
	struct tw_proxy *proxy = ticket->proxy;
	uint32_t replica;

	if (!ticket->retrying)
		tw_budget_earn(world, target->upstream, proxy);
	replica = choose(world, it, number, ticket, key);
	if (replica == TW_NONE) {
		tap(world, it, TW_TAP_SENT, replica);
		tw_call_answer_soon(world, call, 0, TW_NO_HOST, 503);
		return;
	}
	if (target->upstream->rate_limit.on &&
		!tw_rate_limit_allows(
			world, &target->upstream->rate_limit, proxy, replica)) {
		tw_call_cell(world, it)->limited++;
		tw_call_answer_soon(world, call, 0, TW_LIMITED, 429);
		return;
	}
	ticket->replica = replica;
	ticket->endpoint = target->endpoint;
	ticket->key = key;
	if (target->upstream->connections.on)
		tw_connections_request(world, it->ticket);
	else if (tw_upstream_begin(world, call))
		tw_call_dispatch(world, call, target->endpoint, replica, key);
}

void tw_upstream_send(
	struct tw_world *world, uint32_t call, uint32_t number, uint64_t key)
{
	struct tw_call *it = &world->calls[call];
	const struct tw_world_channel *channel =
		&world->channels.v[it->channel];
	struct tw_ticket *ticket =
		ticket_of(world, it, channel->upstreams[number]);
	enum tw_entrance admission = TW_LET_IN;

	note_use(world, it, ticket->proxy);
	ticket->call = call;
	ticket->target = number;
	ticket->key = key;
	if (!ticket->inside && !it->route_tries)
		admission = tw_application_begin(world,
			channel->model->targets[number].upstream, it->ticket);
	if (admission == TW_LET_IN)
		go(world, call, number, key);
	else if (admission == TW_LET_OUT)
		tw_upstream_reject(world, call);
}

/* Who gave up at this very instant has left its place to another. */
void tw_upstream_enter(
	struct tw_world *world, uint32_t call, uint32_t generation)
{
	struct tw_call *it = &world->calls[call];
	const struct tw_ticket *ticket;

	if (!it->live || it->generation != generation || it->ticket == TW_NONE)
		return;
	ticket = tw_ticket_at(world, it->ticket);
	if (ticket->in_bulkhead && !ticket->active)
		go(world, call, ticket->target, ticket->key);
}

/* The replica has answered, or will not be waited for any longer. */
static void finish(struct tw_world *world, const struct tw_call *it,
	struct tw_ticket *ticket, enum tw_reason reason, int status)
{
	const struct tw_world_upstream *upstream =
		&world->upstreams->list.v[ticket->upstream];
	const struct tw_upstream *model = upstream->model;
	struct tw_proxy *proxy = ticket->proxy;
	bool failed = reason != TW_ANSWERED || status >= 400;

	ticket->active = false;
	proxy->active--;
	if (proxy->hosts)
		tw_proxy_host(upstream, proxy, ticket->replica)->active--;
	if (model->outlier.on)
		tw_outlier_record(world, ticket->upstream, proxy,
			ticket->replica, reason, status);
	if (model->max_tokens &&
		(!failed || tw_call_is_retriable(tw_call_channel(world, it),
				    reason, status)))
		tw_throttle_record(model, proxy, failed);
}

void tw_upstream_over(struct tw_world *world, struct tw_call *it,
	enum tw_reason reason, int status)
{
	struct tw_ticket *ticket = tw_ticket_at(world, it->ticket);

	if (ticket->waiting || ticket->connection != TW_NONE)
		tw_connections_release(world, it->ticket, reason);
	if (ticket->active)
		finish(world, it, ticket, reason, status);
	if (ticket->retrying) {
		ticket->retrying = false;
		ticket->proxy->retries--;
	}
}

bool tw_upstream_may_retry(struct tw_world *world, struct tw_call *it)
{
	struct tw_ticket *ticket = tw_ticket_at(world, it->ticket);
	const struct tw_upstream *model = model_of(world, ticket);

	if ((model->max_tokens && !tw_throttle_allows(model, ticket->proxy)) ||
		!tw_budget_take(world, model, ticket->proxy)) {
		tap(world, it, TW_TAP_DENIED, TW_NONE);
		tw_call_cell(world, it)->denied++;
		return false;
	}
	ticket->retrying = true;
	ticket->proxy->retries++;
	return true;
}

void tw_upstream_route_over(
	struct tw_world *world, struct tw_call *it, bool failed)
{
	const struct tw_ticket *ticket = tw_ticket_at(world, it->ticket);

	tw_application_end(world, model_of(world, ticket), it->ticket, failed);
}

/* What has not ended before was given up by the application. */
void tw_upstream_end(struct tw_world *world, struct tw_call *it)
{
	tw_upstream_route_over(world, it, true);
	tw_ticket_free(world, it->ticket);
	it->ticket = TW_NONE;
}
