/*
 * Connections of a proxy to a replica, as Envoy's pools have them
 * (conn_pool_base.cc): a request takes a connection that is free, or waits
 * while one is made; no more than max_connections of a proxy, but one to each
 * replica in any case. HTTP/1.1 carries one request at a time and is closed
 * when a request is given up; HTTP/2 carries max_streams.
 *
 * What is freed is handed to who waits by "soon", never inside a release: the
 * call that releases is still on the stack.
 */
#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/traffic/traffic.h"
#include "twins/world/effects.h"

static struct tw_connection *at(const struct tw_world *world, uint32_t index)
{
	return &world->upstreams->connections.v[index];
}

static const struct tw_world_upstream *upstream_of(
	const struct tw_world *world, uint32_t number)
{
	return &world->upstreams->list.v[number];
}

static struct tw_host *host_of(
	const struct tw_world *world, const struct tw_connection *it)
{
	return tw_proxy_host(
		upstream_of(world, it->upstream), it->proxy, it->replica);
}

static const struct tw_connections *by(
	const struct tw_world *world, const struct tw_connection *it)
{
	return &upstream_of(world, it->upstream)->model->connections;
}

/* ---- the list of those with room ------------------------------------ */

static void list(struct tw_world *world, struct tw_host *host, uint32_t index)
{
	struct tw_connection *it = at(world, index);

	it->listed = true;
	it->before = TW_NONE;
	it->after = host->ready;
	if (host->ready != TW_NONE)
		at(world, host->ready)->before = index;
	host->ready = index;
}

static void unlist(struct tw_world *world, struct tw_host *host, uint32_t index)
{
	struct tw_connection *it = at(world, index);

	if (!it->listed)
		return;
	it->listed = false;
	if (it->before == TW_NONE)
		host->ready = it->after;
	else
		at(world, it->before)->after = it->after;
	if (it->after != TW_NONE)
		at(world, it->after)->before = it->before;
}

/* ---- those who wait -------------------------------------------------- */

static void enqueue(
	struct tw_world *world, struct tw_host *host, uint32_t ticket)
{
	struct tw_ticket *it = tw_ticket_at(world, ticket);

	it->waiting = true;
	it->after = TW_NONE;
	it->before = host->last;
	if (host->last == TW_NONE)
		host->first = ticket;
	else
		tw_ticket_at(world, host->last)->after = ticket;
	host->last = ticket;
	host->waiting++;
	it->proxy->pending++;
}

static void dequeue(
	struct tw_world *world, struct tw_host *host, uint32_t ticket)
{
	struct tw_ticket *it = tw_ticket_at(world, ticket);

	it->waiting = false;
	if (it->before == TW_NONE)
		host->first = it->after;
	else
		tw_ticket_at(world, it->before)->after = it->after;
	if (it->after == TW_NONE)
		host->last = it->before;
	else
		tw_ticket_at(world, it->after)->before = it->before;
	host->waiting--;
	it->proxy->pending--;
}

/* ---- making one ----------------------------------------------------- */

static uint32_t new_connection(struct tw_world *world)
{
	struct tw_upstreams *all = world->upstreams;
	uint32_t index = all->free_connection, generation = 0;

	if (index == TW_NONE) {
		index = (uint32_t)all->connections.n;
		tw_vec_push(&all->connections, (struct tw_connection){0});
	} else {
		all->free_connection = at(world, index)->after;
		generation = at(world, index)->generation;
	}
	*at(world, index) = (struct tw_connection){.generation = generation};
	return index;
}

/* The draws of a connection are its own: those of requests stay as they are. */
static uint64_t key_of(const struct tw_world *world,
	const struct tw_connection *it, uint32_t from)
{
	const struct tw_model *model = world->model;
	uint64_t key = upstream_of(world, it->upstream)->model->hash;

	if (from != TW_NONE)
		key = tw_hash_combine(key, model->replicas[from].hash);
	key = tw_hash_combine(key, model->replicas[it->replica].hash);
	return tw_hash_combine(key, host_of(world, it)->made);
}

/* by: a call, or as much of it as names its channel and its caller. */
static void connect(
	struct tw_world *world, uint32_t index, const struct tw_call *by)
{
	const struct tw_connection *it = at(world, index);
	const struct tw_connections *rules =
		&upstream_of(world, it->upstream)->model->connections;
	tw_time takes;
	bool ok = tw_call_connect(world, by, it->endpoint, it->replica,
		key_of(world, it, by->from), rules->round_trips,
		rules->connect_timeout, &takes);

	tw_queue_schedule(&world->queue, tw_world_now(world) + takes,
		TW_CLASS_COMPLETION, TW_EV_CONNECTED, index,
		(uint64_t)it->generation << 1 | ok);
}

void tw_connections_found(struct tw_world *world, uint32_t index,
	uint32_t generation, uint32_t channel, uint32_t from, bool found)
{
	const struct tw_call by = {.channel = channel, .from = from};

	tw_assert(at(world, index)->generation == generation);
	if (found)
		connect(world, index, &by);
	else
		tw_queue_schedule(&world->queue, tw_world_now(world),
			TW_CLASS_COMPLETION, TW_EV_CONNECTED, index,
			(uint64_t)generation << 1);
}

/* For the request of a ticket, which may use another one in the end. */
static void create(struct tw_world *world, uint32_t ticket)
{
	const struct tw_ticket *for_whom = tw_ticket_at(world, ticket);
	uint32_t index = new_connection(world);
	struct tw_connection *it = at(world, index);
	const struct tw_call *call = &world->calls[for_whom->call];
	struct tw_host *host;

	it->upstream = for_whom->upstream;
	it->proxy = for_whom->proxy;
	it->replica = for_whom->replica;
	it->left = by(world, it)->max_requests;
	host = host_of(world, it);
	host->made++;
	host->connections++;
	host->connecting++;
	it->connecting = true;
	it->proxy->connections++;
	tw_call_cell(world, call)->connects++;
	it->endpoint = for_whom->endpoint;
	if (world->lookups &&
		tw_lookup_for_connection(world, call, index, it->generation,
			key_of(world, it, call->from)))
		return;
	connect(world, index, call);
}

/* As many as those who wait need (shouldCreateNewConnection). */
static void create_for(struct tw_world *world, const struct tw_upstream *model,
	struct tw_proxy *proxy, struct tw_host *host)
{
	while (host->waiting >
		(uint64_t)host->connecting * model->connections.streams) {
		if (proxy->connections >= model->max_connections &&
			host->connections)
			return;
		create(world, host->first);
	}
}

/* ---- the end of one -------------------------------------------------- */

static void drop(struct tw_world *world, uint32_t index)
{
	struct tw_connection *it = at(world, index);
	struct tw_host *host = host_of(world, it);
	struct tw_proxy *proxy = it->proxy;
	uint32_t upstream = it->upstream;

	tw_assert(!it->streams);
	unlist(world, host, index);
	tw_queue_cancel(&world->queue, it->idle_timer);
	host->connections--;
	host->connecting -= it->connecting;
	proxy->connections--;
	it->generation++;
	it->after = world->upstreams->free_connection;
	world->upstreams->free_connection = index;
	create_for(world, upstream_of(world, upstream)->model, proxy, host);
}

void tw_connections_idle(
	struct tw_world *world, uint32_t index, uint32_t generation)
{
	struct tw_connection *it = at(world, index);

	if (it->generation != generation || it->streams)
		return;
	it->idle_timer = TW_NO_EVENT;
	drop(world, index);
}

void tw_connections_close_idle(struct tw_world *world, struct tw_host *host)
{
	uint32_t index = host->ready;

	while (index != TW_NONE) {
		uint32_t after = at(world, index)->after;

		if (!at(world, index)->streams)
			drop(world, index);
		index = after;
	}
}

/* ---- requests on it -------------------------------------------------- */

static void rest(struct tw_world *world, uint32_t index)
{
	struct tw_connection *it = at(world, index);
	uint32_t lane = upstream_of(world, it->upstream)->idle_lane;

	if (!it->streams && lane != TW_NONE)
		it->idle_timer = tw_queue_schedule_lane(
			&world->queue, lane, TW_EV_IDLE, index, it->generation);
}

/* The breaker's bound of requests counts here, where a request meets its
 * connection. */
static void attach(struct tw_world *world, uint32_t index, uint32_t ticket)
{
	struct tw_connection *it = at(world, index);
	struct tw_ticket *who = tw_ticket_at(world, ticket);
	struct tw_host *host = host_of(world, it);

	if (!tw_upstream_begin(world, who->call))
		return;
	tw_queue_cancel(&world->queue, it->idle_timer);
	it->idle_timer = TW_NO_EVENT;
	who->connection = index;
	it->streams++;
	if (it->left != UINT32_MAX)
		it->left--;
	if (!it->left || it->streams >= by(world, it)->streams)
		unlist(world, host, index);
	tw_call_dispatch(
		world, who->call, who->endpoint, who->replica, who->key);
}

void tw_connections_request(struct tw_world *world, uint32_t ticket)
{
	struct tw_ticket *it = tw_ticket_at(world, ticket);
	const struct tw_upstream *model =
		upstream_of(world, it->upstream)->model;
	struct tw_proxy *proxy = it->proxy;
	struct tw_host *host = tw_proxy_host(
		upstream_of(world, it->upstream), proxy, it->replica);

	if (host->life != world->replicas[it->replica].life) {
		host->life = world->replicas[it->replica].life;
		if (world->replicas[it->replica].health != TW_GONE)
			tw_connections_close_idle(world, host);
	}
	if (host->ready != TW_NONE && !host->waiting) {
		attach(world, host->ready, ticket);
		return;
	}
	if (proxy->pending >= model->max_pending) {
		tw_upstream_overflow(world, it->call);
		return;
	}
	enqueue(world, host, ticket);
	create_for(world, model, proxy, host);
}

/* Who waits goes on; those beyond the breaker's bound are answered. */
void tw_connections_ready(
	struct tw_world *world, uint32_t index, uint32_t generation)
{
	struct tw_host *host;

	if (at(world, index)->generation != generation)
		return;
	host = host_of(world, at(world, index));
	while (host->waiting && at(world, index)->generation == generation &&
		at(world, index)->listed) {
		uint32_t ticket = host->first;

		dequeue(world, host, ticket);
		attach(world, index, ticket);
	}
	if (at(world, index)->generation == generation &&
		at(world, index)->idle_timer == TW_NO_EVENT)
		rest(world, index);
}

/* A connection that could not be made fails all that wait for this replica:
 * they are purged. */
static void purge(struct tw_world *world, uint32_t index)
{
	struct tw_connection *it = at(world, index);
	uint32_t upstream = it->upstream, replica = it->replica;
	struct tw_proxy *proxy = it->proxy;
	struct tw_host *host = host_of(world, it);

	while (host->waiting) {
		uint32_t ticket = host->first;

		dequeue(world, host, ticket);
		if (upstream_of(world, upstream)->model->outlier.on)
			tw_outlier_record(world, upstream, proxy, replica,
				TW_UNREACHED, 503);
		tw_call_answer_soon(world, tw_ticket_at(world, ticket)->call, 0,
			TW_UNREACHED, 503);
	}
	drop(world, index);
}

void tw_connections_made(struct tw_world *world, uint32_t index, uint64_t bits)
{
	struct tw_connection *it = at(world, index);
	struct tw_host *host = host_of(world, it);

	tw_assert(it->connecting && it->generation == bits >> 1);
	if (!(bits & 1)) {
		purge(world, index);
		return;
	}
	it->connecting = false;
	host->connecting--;
	list(world, host, index);
	tw_connections_ready(world, index, it->generation);
}

/* It is closed, at once or as slowly as a fault has it; until then it counts.
 */
static void close(struct tw_world *world, const struct tw_ticket *who,
	enum tw_reason reason)
{
	struct tw_connection *it = at(world, who->connection);
	tw_time linger = 0;

	if (world->effects.n && reason == TW_ANSWERED)
		linger = tw_effects_on_close(
			world, who->key, who->endpoint, who->replica);
	if (linger)
		it->idle_timer = tw_queue_schedule(&world->queue,
			tw_world_now(world) + linger, TW_CLASS_COMPLETION,
			TW_EV_IDLE, who->connection, it->generation);
	else
		drop(world, who->connection);
}

void tw_connections_release(
	struct tw_world *world, uint32_t ticket, enum tw_reason reason)
{
	struct tw_ticket *who = tw_ticket_at(world, ticket);
	struct tw_connection *it;
	bool broken = reason == TW_RESET || reason == TW_UNREACHED;

	if (who->waiting) {
		dequeue(world,
			tw_proxy_host(upstream_of(world, who->upstream),
				who->proxy, who->replica),
			ticket);
		return;
	}
	if (who->connection == TW_NONE)
		return;
	it = at(world, who->connection);
	it->streams--;
	if (broken || (!by(world, it)->http2 && reason != TW_ANSWERED &&
			      reason != TW_SHED))
		it->left = 0;
	if (!it->left) {
		unlist(world, host_of(world, it), who->connection);
		if (!it->streams)
			close(world, who, reason);
	} else {
		if (!it->listed)
			list(world, host_of(world, it), who->connection);
		if (host_of(world, it)->waiting)
			tw_world_soon(world, TW_SOON_CONNECTION,
				who->connection, it->generation);
		else
			rest(world, who->connection);
	}
	tw_ticket_at(world, ticket)->connection = TW_NONE;
}
