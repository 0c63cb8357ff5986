/*
 * A look-up before a call, or before a connection: the questions of its plan
 * (twins/model/dns.h) one after the other, each a pair of calls to the DNS
 * server by channels of their own. It ends at the first name that is there,
 * at the first question that got no answer, or when there is no more to ask.
 *
 * A question that the server dropped is not answered: its call waits for the
 * try's timeout (tw_call_try_over in call.c).
 */
#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/kernel/random.h"
#include "twins/traffic/traffic.h"
#include "twins/world/effects.h"

/* One under way. */
struct lookup {
	const struct tw_lookup *plan;
	uint64_t key;
	uint32_t next;	  /* free list */
	uint32_t channel; /* of the call that it is made for */
	uint32_t from;	  /* replica that asks */
	uint32_t root, root_generation;
	uint32_t call, connection; /* for which; the other is TW_NONE */
	uint32_t generation;	   /* of that */
	uint32_t at;		   /* question */
	uint32_t waiting;	   /* for answers to it */
	bool failed, live;
};

struct tw_lookups {
	TW_VEC(struct lookup) list;
	uint32_t free;
	/* Until when it is known, by node: record (2 * name + AAAA); or by
	 * replica: look-up. A row is NULL until it is used. */
	tw_time **known;
};

void tw_lookups_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;
	struct tw_lookups *all;

	if (!model->dns.on)
		return;
	all = tw_new(&world->arena, struct tw_lookups);
	all->free = TW_NONE;
	all->known = tw_new_array(&world->arena,
		model->dns.cache == TW_DNS_NODE_CACHE ? model->n_nodes
						      : model->n_replicas,
		tw_time *);
	world->lookups = all;
}

void tw_lookups_release(struct tw_world *world)
{
	if (world->lookups)
		tw_vec_release(&world->lookups->list);
}

static struct lookup *at(const struct tw_world *world, uint32_t index)
{
	return &world->lookups->list.v[index];
}

/* ---- what is known ---------------------------------------------------- */

/* NULL: this cache keeps nothing here. place: of an entry in the row. */
static tw_time *entry(struct tw_world *world, enum tw_dns_cache cache,
	uint32_t from, uint32_t place)
{
	const struct tw_dns *dns = &world->model->dns;
	uint32_t row = from, n = dns->n_places;
	tw_time **rows = world->lookups->known;

	if (dns->cache != cache)
		return NULL;
	if (cache == TW_DNS_NODE_CACHE) {
		row = world->replicas[from].node;
		n = 2 * dns->n_names;
		if (row == TW_NONE)
			return NULL;
	}
	if (!rows[row]) {
		rows[row] = tw_new_array(&world->arena, n, tw_time);
		for (uint32_t i = 0; i < n; i++)
			rows[row][i] = INT64_MIN;
	}
	return &rows[row][place];
}

static bool is_known(const struct tw_world *world, const tw_time *until)
{
	return until && *until > tw_world_now(world);
}

static void keep(struct tw_world *world, tw_time *until, bool positive)
{
	const struct tw_dns *dns = &world->model->dns;

	if (until)
		*until = tw_world_now(world) +
			 (positive ? dns->ttl : dns->negative_ttl);
}

/* Records of the node's cache. The cluster has addresses of IPv4: there is no
 * AAAA record. */
static tw_time *record(
	struct tw_world *world, const struct lookup *it, uint32_t type)
{
	return entry(world, TW_DNS_NODE_CACHE, it->from,
		2 * it->plan->questions[it->at].name + type);
}

/* ---- the end ---------------------------------------------------------- */

static void free_lookup(struct tw_world *world, uint32_t index)
{
	struct lookup *it = at(world, index);

	it->live = false;
	it->next = world->lookups->free;
	world->lookups->free = index;
}

static void tell_call(
	struct tw_world *world, const struct lookup *it, bool found)
{
	struct tw_call *call = &world->calls[it->call];

	if (!call->live || call->generation != it->generation)
		return;
	call->backing_off = false;
	if (found) {
		tw_call_looked_up(world, it->call);
		return;
	}
	/* There is no route yet that could try again. */
	call->route_tries = UINT16_MAX;
	tw_call_answer_soon(world, it->call, 0, TW_UNREACHED, 503);
}

static void finish(struct tw_world *world, uint32_t index, bool found)
{
	const struct lookup it = *at(world, index);

	free_lookup(world, index);
	if (it.call != TW_NONE)
		tell_call(world, &it, found);
	else
		tw_connections_found(world, it.connection, it.generation,
			it.channel, it.from, found);
}

/* ---- questions -------------------------------------------------------- */

static void ask(struct tw_world *world, uint32_t index, uint32_t type)
{
	struct lookup *it = at(world, index);
	const struct tw_question *question = &it->plan->questions[it->at];
	bool calling = world->calling;
	uint32_t call;
	struct tw_call *to = tw_call_new(world, &call);

	if (!to) {
		it->failed = true;
		return;
	}
	it->waiting++;
	to->key = tw_hash_combine(it->key, 2 * it->at + type);
	to->channel =
		question->forwarded ? it->plan->forwarded : it->plan->inside;
	to->from = it->from;
	to->root = it->root;
	to->root_generation = it->root_generation;
	to->position = UINT64_MAX;
	to->user = (uint64_t)index << 1 | type;
	to->lookup = true;
	world->calling = true;
	tw_call_route(world, call);
	world->calling = calling;
}

/* The questions of its turn that no cache answers; none: the next turn's. */
static void go_on(struct tw_world *world, uint32_t index)
{
	uint32_t types = world->model->dns.ipv6 ? 2 : 1;

	for (;;) {
		struct lookup *it = at(world, index);

		if (it->at == it->plan->n) {
			finish(world, index, it->plan->found);
			return;
		}
		for (uint32_t type = 0; type < types; type++)
			if (!is_known(world, record(world, it, type)))
				ask(world, index, type);
		if (it->waiting)
			return;
		if (it->failed) {
			finish(world, index, false);
			return;
		}
		it->at++;
	}
}

/* The last name's A record is there, if the name is. */
static bool is_positive(const struct lookup *it, uint32_t type)
{
	return !type && it->plan->found && it->at + 1 == it->plan->n;
}

void tw_lookup_answered(struct tw_world *world, uint64_t which, bool failed,
	enum tw_reason reason)
{
	uint32_t index = (uint32_t)(which >> 1), type = which & 1;
	struct lookup *it = at(world, index);

	tw_assert(it->live && it->waiting);
	it->failed |= failed;
	if (!failed)
		keep(world, record(world, it, type), is_positive(it, type));
	if (--it->waiting)
		return;
	if (reason == TW_CUT_OFF) {
		free_lookup(world, index);
		return;
	}
	if (it->failed) {
		finish(world, index, false);
		return;
	}
	if (it->at + 1 == it->plan->n)
		keep(world,
			entry(world, TW_DNS_POD_CACHE, it->from,
				it->plan->place),
			it->plan->found);
	it->at++;
	go_on(world, index);
}

/* ---- the beginning ---------------------------------------------------- */

static uint32_t new_lookup(struct tw_world *world)
{
	struct tw_lookups *all = world->lookups;
	uint32_t index = all->free;

	if (index == TW_NONE) {
		index = (uint32_t)all->list.n;
		tw_vec_push(&all->list, (struct lookup){0});
	} else {
		all->free = at(world, index)->next;
	}
	return index;
}

/* What a fault of names does to it: how long until it fails; < 0: nothing. */
static tw_time hindered(struct tw_world *world, const struct lookup *like)
{
	const struct tw_channel *channel =
		world->channels.v[like->channel].model;
	const struct tw_target *target = channel->targets;
	struct tw_passage passage = {.key = like->key,
		.caller = channel->caller,
		.endpoint = channel->endpoint,
		.from = like->from,
		.from_zone = world->replicas[like->from].zone,
		.way = TW_THERE,
		.lookup = true};
	struct tw_hindrance to;

	if (!world->effects.n || target->pool == TW_NONE ||
		!world->model->pools[target->pool].n_replicas)
		return -1;
	passage.replica = world->model->pools[target->pool].replicas[0];
	passage.to_zone = world->replicas[passage.replica].zone;
	tw_effects_on_passage(world, &passage, &to);
	return to.over ? to.after : -1;
}

/* The answer of the pod's own cache; or what comes of the first question. */
static void begin(struct tw_world *world, const struct lookup *like)
{
	uint32_t index = new_lookup(world);
	tw_time fails = hindered(world, like);

	*at(world, index) = *like;
	at(world, index)->live = true;
	if (fails >= 0) {
		tw_queue_schedule(&world->queue, tw_world_now(world) + fails,
			TW_CLASS_COMPLETION, TW_EV_LOOKUP, index, 0);
		return;
	}
	go_on(world, index);
}

void tw_lookup_failed(struct tw_world *world, uint32_t index)
{
	finish(world, index, false);
}

static bool pod_knows(
	struct tw_world *world, const struct tw_lookup *plan, uint32_t from)
{
	return is_known(
		world, entry(world, TW_DNS_POD_CACHE, from, plan->place));
}

bool tw_lookup_for_call(struct tw_world *world, uint32_t call)
{
	/* "lookup" */
	static const uint64_t salt = UINT64_C(0x6c6f6f6b7570);
	struct tw_call *it = &world->calls[call];
	const struct tw_lookup *plan =
		tw_call_channel(world, it)->aside->lookup;
	double reuse = world->model->dns.reuse;
	struct lookup like = {.plan = plan,
		.key = tw_hash_combine(it->key, salt + it->app_tries),
		.channel = it->channel,
		.from = it->from,
		.root = it->root,
		.root_generation = it->root_generation,
		.call = call,
		.connection = TW_NONE,
		.generation = it->generation};

	if (!plan || plan->by_connection || it->from == TW_NONE ||
		(reuse > 0 && tw_draw(world->seed, like.key, TW_DRAW_BRANCH,
				      0) < reuse))
		return false;
	if (pod_knows(world, plan, it->from) && plan->found)
		return false;
	it->backing_off = true;
	if (plan->n && pod_knows(world, plan, it->from)) {
		tell_call(world, &like, false);
		return true;
	}
	begin(world, &like);
	return true;
}

bool tw_lookup_for_connection(struct tw_world *world, const struct tw_call *by,
	uint32_t connection, uint32_t generation, uint64_t key)
{
	const struct tw_aside *aside = tw_call_channel(world, by)->aside;
	const struct tw_lookup *plan = aside ? aside->lookup : NULL;
	struct lookup like = {.plan = plan,
		.key = tw_hash_combine(key, 1),
		.channel = by->channel,
		.from = by->from,
		.root = by->root,
		.root_generation = by->root_generation,
		.call = TW_NONE,
		.connection = connection,
		.generation = generation};

	if (!plan || !plan->by_connection || by->from == TW_NONE ||
		pod_knows(world, plan, by->from))
		return false;
	begin(world, &like);
	return true;
}
