/*
 * A try sets out: which target, which replica, what lies in between.
 */
#include "twins/base/hash.h"
#include "twins/kernel/dist.h"
#include "twins/kernel/random.h"
#include "twins/model/reach.h"
#include "twins/traffic/traffic.h"
#include "twins/world/effects.h"
#include "twins/world/endpoints.h"

void tw_call_answer_soon(struct tw_world *world, uint32_t call, tw_time after,
	enum tw_reason reason, int status)
{
	struct tw_call *it = &world->calls[call];
	uint64_t answer = tw_answer_pack(
		(struct tw_answer){it->generation, it->tries, reason, status});

	it->unreached = reason == TW_UNREACHED;
	if (after)
		tw_queue_schedule(&world->queue, tw_world_now(world) + after,
			TW_CLASS_COMPLETION, TW_EV_ANSWER, call, answer);
	else
		tw_world_soon(world, TW_SOON_ANSWER, call, answer);
}

static const struct tw_target *choose_target(const struct tw_world *world,
	const struct tw_channel *channel, const struct tw_call *it)
{
	const struct tw_target *target = channel->targets;
	double u;

	if (channel->n_targets == 1)
		return target;
	/* A route is chosen once for a request: its tries go the same way
	 * (Envoy, weighted_clusters). */
	u = tw_draw(world->seed, it->key, TW_DRAW_BRANCH, it->app_tries + 1U);
	while (u >= target->share)
		target++;
	return target;
}

uint32_t *tw_call_turn(
	const struct tw_world *world, const struct tw_call *it, uint32_t target)
{
	uint32_t turn = it->from == TW_NONE
				? 0
				: world->model->replicas[it->from].ordinal;

	return &world->channels.v[it->channel].turns[target][turn];
}

static uint32_t choose_replica(struct tw_world *world, const struct tw_call *it,
	const struct tw_target *target, uint64_t key)
{
	const struct tw_world_pool *pool;
	uint32_t number;

	if (target->pool == TW_NONE || target->endpoint == TW_NONE)
		return TW_NONE;
	pool = &world->pools[target->pool];
	if (__builtin_expect(pool->views != NULL, 0))
		pool = tw_endpoints_for(world, target->pool, it->from, key);
	if (pool->n == 1)
		return pool->listed[0];
	number = (uint32_t)(target - tw_call_channel(world, it)->targets);
	return tw_balance(world, pool, (enum tw_balancer)target->balancer, key,
		tw_call_turn(world, it, number));
}

/* Envoy, load_balancer_impl.cc, chooseHost: a retry chooses again where it
 * came upon a replica that was tried, so often; the last choice stands. */
static uint32_t choose_again(struct tw_world *world, const struct tw_call *it,
	const struct tw_target *target, uint64_t key, uint32_t replica)
{
	uint32_t again = tw_call_channel(world, it)->host_retries;

	for (uint32_t n = 1; n <= again && replica != TW_NONE &&
			     tw_call_has_tried(world, it, replica);
		n++)
		replica = choose_replica(
			world, it, target, tw_hash_combine(key, n));
	return replica;
}

/* What lies between the caller and a replica, for one try. */
struct way {
	tw_time there, back;
	bool over; /* a fault ends it here: */
	tw_time after;
	enum tw_reason reason;
	int status;
};

static void hinder_try(struct tw_world *world, const struct tw_passage *passage,
	struct way *way)
{
	struct tw_hindrance hindrance;

	tw_effects_on_passage(world, passage, &hindrance);
	way->there += hindrance.more;
	if (way->there < 0)
		way->there = 0;
	if (way->there > TW_STEP_MAX)
		way->there = TW_STEP_MAX;
	way->over = hindrance.over;
	way->after = hindrance.after;
	if (hindrance.far)
		way->after += way->there + way->back;
	way->reason = hindrance.reason;
	way->status = hindrance.status;
}

static TW_PATH struct way way_to(struct tw_world *world,
	const struct tw_call *it, uint32_t endpoint, uint32_t replica,
	uint64_t key)
{
	const struct tw_model *model = world->model;
	uint32_t from = it->from == TW_NONE ? model->n_zones
					    : world->replicas[it->from].zone;
	uint32_t to = world->replicas[replica].zone;
	const struct tw_dist *rtt =
		model->rtt[from * (model->n_zones + 1) + to];
	struct way way = {0};
	tw_time both = 0;

	if (rtt) {
		both = tw_dist_sample(rtt, tw_draw_with(&world->draw_keys, key,
						   TW_DRAW_NETWORK, 0));
		if (both > TW_STEP_MAX)
			both = TW_STEP_MAX;
		way.there = both / 2;
		way.back = both - way.there;
	}
	if (world->effects.n)
		hinder_try(world,
			&(struct tw_passage){key,
				tw_call_channel(world, it)->caller, endpoint,
				replica, it->from, from, to, TW_THERE, both,
				false},
			&way);
	return way;
}

bool tw_call_connect(struct tw_world *world, const struct tw_call *it,
	uint32_t endpoint, uint32_t replica, uint64_t key, uint32_t round_trips,
	tw_time timeout, tw_time *takes)
{
	struct way way = way_to(world, it, endpoint, replica, key);
	tw_time trip = way.there + way.back;
	uint8_t health = world->replicas[replica].health;
	bool ok = health == TW_UP && !(way.over && way.reason == TW_UNREACHED);

	*takes = trip * round_trips;
	if (way.over && way.reason == TW_UNREACHED)
		*takes = way.after;
	else if (health == TW_DOWN)
		*takes = trip;
	else if (health == TW_GONE)
		*takes = timeout;
	if (*takes < timeout)
		return ok;
	*takes = timeout;
	return false;
}

/* Where a route leads elsewhere, the replica's side of the observation speaks
 * of the endpoint that was reached. */
static uint32_t reached_channel(
	struct tw_world *world, const struct tw_call *it, uint32_t endpoint)
{
	const struct tw_channel *channel = tw_call_channel(world, it);

	return channel->endpoint == endpoint
		       ? it->channel
		       : tw_world_channel(world, channel->caller, endpoint);
}

static TW_PATH void send_task(struct tw_world *world, uint32_t call,
	uint32_t endpoint, uint32_t replica, const struct way *way,
	uint64_t key)
{
	struct tw_call *it = &world->calls[call];
	uint32_t task = tw_world_new_task(world), generation;
	struct tw_task *at;

	if (task == TW_NONE) {
		world->obs.overflow++;
		tw_call_answer_soon(world, call, 0, TW_NO_HOST, 503);
		return;
	}
	at = &world->tasks[task];
	generation = at->generation;
	/* Every field by name: clearing the whole first costs more. */
	*at = (struct tw_task){
		.key = key,
		.traits = it->traits,
		.deadline = it->deadline,
		.since = tw_world_now(world),
		.back = way->back,
		.queued = 0,
		.worked = 0,
		.stalled = 0,
		.generation = generation,
		.next = TW_NONE,
		.call = call,
		.attempt = task,
		.parent = TW_NONE,
		.replica = replica,
		.channel = reached_channel(world, it, endpoint),
		.endpoint = endpoint,
		.program = 0,
		.step = TW_NONE,
		.turn = 0,
		.iteration = 0,
		.waiting = 0,
		.root = it->root,
		.root_generation = it->root_generation,
		.try = it->tries,
		.state = TW_TASK_SENT,
		.window = world->window,
		.failed = false,
	};
	if (__builtin_expect(world->call_keys != NULL, 0))
		tw_keys_of_task(world, task, call);
	it->attempt = task;
	it->unreached = false;
	if (way->there)
		tw_queue_schedule(&world->queue,
			tw_world_now(world) + way->there, TW_CLASS_COMPLETION,
			TW_EV_ARRIVE, task, generation);
	else
		tw_serve_arrive(world, task);
}

/* False: something of the network stands between the call and the replica,
 * which the caller learns in its time. */
static bool reaches(struct tw_world *world, uint32_t call, uint32_t endpoint,
	uint32_t replica)
{
	const struct tw_model *model = world->model;
	uint32_t from = world->calls[call].from;
	const uint8_t *const *reach =
		model->services[model->endpoints[endpoint].service].reach;
	const uint8_t *row =
		reach ? reach[model->replicas[replica].revision] : NULL;
	enum tw_reach how = TW_REACH_OPEN;

	if (row)
		how = (enum tw_reach)
			row[from == TW_NONE ? model->n_revisions
					    : model->replicas[from].revision];
	if (how == TW_REACH_OPEN)
		return true;
	/* kube-proxy rejects what it has no endpoint for; what a policy drops
	 * is not answered. */
	tw_call_answer_soon(world, call,
		how == TW_REACH_NO_PORT	  ? 0
		: how == TW_REACH_NO_NAME ? TW_NAME_TIMEOUT
					  : TW_CONNECT_TIMEOUT,
		TW_UNREACHED, 503);
	return false;
}

TW_PATH void tw_call_dispatch(struct tw_world *world, uint32_t call,
	uint32_t endpoint, uint32_t replica, uint64_t key)
{
	struct tw_call *it = &world->calls[call];
	struct way way;

	it->try_timer =
		tw_call_arm(world, world->channels.v[it->channel].try_lane,
			TW_EV_TRY_TIMEOUT, call);
	it->replica = replica;
	world->replicas[replica].outstanding++;
	if (world->model->closed && !reaches(world, call, endpoint, replica))
		return;
	way = way_to(world, it, endpoint, replica, key);
	if (way.over) {
		tw_call_answer_soon(
			world, call, way.after, way.reason, way.status);
		return;
	}
	if (world->replicas[replica].health == TW_GONE) {
		tw_call_answer_soon(
			world, call, TW_CONNECT_TIMEOUT, TW_UNREACHED, 503);
		return;
	}
	it->network += way.there + way.back;
	if (world->replicas[replica].health != TW_UP)
		tw_call_answer_soon(
			world, call, way.there + way.back, TW_UNREACHED, 503);
	else
		send_task(world, call, endpoint, replica, &way, key);
}

/* kube-proxy rejects what has no endpoint at all, and drops what has none here
 * by a local policy (pkg/proxy/iptables/proxier.go). */
static bool is_dropped(
	const struct tw_world *world, const struct tw_target *target)
{
	return target->pool != TW_NONE && world->pools[target->pool].views &&
	       world->pools[target->pool].n;
}

TW_PATH void tw_call_send(struct tw_world *world, uint32_t call)
{
	struct tw_call *it = &world->calls[call];
	const struct tw_world_channel *by = &world->channels.v[it->channel];
	const struct tw_channel *channel = by->model;
	const struct tw_target *target;
	uint16_t number = ++it->tries;
	uint64_t mixed = number == 1 ? tw_hash_mix(1) : tw_hash_mix(number);
	uint64_t key = tw_hash_combine_mixed(it->key, mixed);
	uint32_t replica;

	target = choose_target(world, channel, it);
	if (by->upstreams && target->upstream) {
		tw_upstream_send(world, call,
			(uint32_t)(target - channel->targets), key);
		return;
	}
	replica = choose_replica(world, it, target, key);
	if (number > 1 && channel->host_retries)
		replica = choose_again(world, it, target, key, replica);
	tw_world_tap(world, .kind = TW_TAP_SENT, .service = TW_NONE,
		.endpoint = channel->endpoint, .caller = channel->caller,
		.replica = replica, .attempt = it->tries);
	if (replica == TW_NONE && is_dropped(world, target))
		tw_call_answer_soon(
			world, call, TW_CONNECT_TIMEOUT, TW_UNREACHED, 503);
	else if (replica == TW_NONE)
		tw_call_answer_soon(world, call, 0, TW_NO_HOST, 503);
	else
		tw_call_dispatch(world, call, target->endpoint, replica, key);
}
