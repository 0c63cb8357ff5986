/*
 * Which node is tainted NoExecute, and when: each zone has a queue of nodes
 * that wait and a rate, which depends on how many of its nodes are ready.
 */
#include "twins/cluster/nodes_inner.h"

#include <string.h>

#define EVERY	   (10 * TW_S)	/* between two nodes of a zone: 0.1/s */
#define EVERY_SLOW (100 * TW_S) /* 0.01/s */
#define LARGE	   50		/* nodes of a zone */

/* ---- node by node ---------------------------------------------------- */

static struct zone *zone_of(const struct tw_world *world, uint32_t node)
{
	return &world->nodes->zones[world->model->nodes[node].zone];
}

static void arm(struct tw_world *world, uint32_t at)
{
	struct zone *zone = &world->nodes->zones[at];
	tw_time now = tw_world_now(world), when;

	if (!zone->queue.n || zone->every == TW_NEVER)
		return;
	when = zone->next > now ? zone->next : now;
	if (when == zone->armed)
		return;
	zone->armed = when;
	tw_queue_schedule(&world->queue, when, TW_CLASS_WORLD, TW_EV_NODES, at,
		NODES_TAINT);
}

static void taint(struct tw_world *world, uint32_t at)
{
	struct node *it = node_at(world, at);

	it->waits = false;
	it->no_execute = true;
	it->taint = it->ready == READY_FALSE ? TW_NODE_NOT_READY
					     : TW_NODE_UNREACHABLE;
	it->turn++;
	node_tap(world, TW_TAP_TAINTED, at, it->taint);
	tw_nodes_show(world, at);
	tw_taint_evict_later(world, at);
}

void tw_zones_taint_next(struct tw_world *world, uint32_t at)
{
	struct zone *zone = &world->nodes->zones[at];
	tw_time now = tw_world_now(world);

	if (zone->armed != now)
		return; /* it was armed anew since */
	zone->armed = TW_NEVER;
	if (zone->queue.n && zone->every != TW_NEVER && zone->next <= now) {
		uint32_t first = zone->queue.v[0];

		zone->queue.n--;
		memmove(zone->queue.v, zone->queue.v + 1,
			zone->queue.n * sizeof *zone->queue.v);
		zone->next = now + zone->every;
		taint(world, first);
	}
	arm(world, at);
}

void tw_zones_wait(struct tw_world *world, uint32_t at)
{
	struct node *it = node_at(world, at);

	if (it->waits || it->no_execute)
		return;
	it->waits = true;
	tw_vec_push(&zone_of(world, at)->queue, at);
	arm(world, world->model->nodes[at].zone);
}

/* markNodeAsReachable */
void tw_zones_untaint(struct tw_world *world, uint32_t at)
{
	struct node *it = node_at(world, at);
	struct zone *zone = zone_of(world, at);
	size_t kept = 0;

	if (it->waits)
		for (size_t i = 0; i < zone->queue.n; i++)
			if (zone->queue.v[i] != at)
				zone->queue.v[kept++] = zone->queue.v[i];
	if (it->waits)
		zone->queue.n = kept;
	it->waits = false;
	if (!it->no_execute)
		return;
	it->no_execute = false;
	node_tap(world, TW_TAP_UNTAINTED, at, it->taint);
	tw_nodes_show(world, at);
}

/* ---- zones ---------------------------------------------------------- */

/* SwapLimiter: who has no token now has none of the new rate either. */
static void set_rate(struct tw_world *world, uint32_t at, tw_time every)
{
	struct zone *zone = &world->nodes->zones[at];
	tw_time now = tw_world_now(world);

	if (zone->every == every)
		return;
	if (every != TW_NEVER && (zone->every == TW_NEVER || zone->next > now))
		zone->next = now + every;
	zone->every = every;
	arm(world, at);
}

static void set_limit(struct tw_world *world, uint32_t at, uint32_t size)
{
	if (world->nodes->zones[at].state != ZONE_PARTIAL)
		set_rate(world, at, EVERY);
	else
		set_rate(world, at, size > LARGE ? EVERY_SLOW : TW_NEVER);
}

static enum zone_state state_of(uint32_t size, uint32_t unready)
{
	if (size && unready == size)
		return ZONE_FULL;
	/* 0.55 of them, in whole numbers. */
	if (unready > 2 && 100 * (uint64_t)unready >= 55 * (uint64_t)size)
		return ZONE_PARTIAL;
	return ZONE_NORMAL;
}

/* Nothing can be told from all zones being dark: nobody is evicted. */
static void enter_disruption(struct tw_world *world)
{
	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		tw_zones_untaint(world, n);
	for (uint32_t z = 0; z < world->model->n_zones; z++)
		set_rate(world, z, TW_NEVER);
}

static void leave_disruption(struct tw_world *world, const uint32_t *sizes)
{
	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		node_at(world, n)->silent_at =
			tw_world_now(world) + tw_nodes_grace(world);
	for (uint32_t z = 0; z < world->model->n_zones; z++)
		set_limit(world, z, sizes[z]);
}

/* handleDisruption */
void tw_zones_see(struct tw_world *world)
{
	struct tw_nodes *nodes = world->nodes;
	uint32_t n_zones = world->model->n_zones;
	uint32_t *sizes = nodes->sizes, *unready = nodes->unready;
	bool all = true;

	memset(sizes, 0, n_zones * sizeof *sizes);
	memset(unready, 0, n_zones * sizeof *unready);
	for (uint32_t n = 0; n < world->model->n_nodes; n++) {
		if (world->pods->scheduler.nodes.v[n].absent)
			continue;
		sizes[world->model->nodes[n].zone]++;
		unready[world->model->nodes[n].zone] +=
			node_at(world, n)->ready != READY;
	}
	for (uint32_t z = 0; z < n_zones; z++) {
		nodes->zones[z].state = state_of(sizes[z], unready[z]);
		all &= nodes->zones[z].state == ZONE_FULL;
	}
	if (all && !nodes->all_disrupted)
		enter_disruption(world);
	else if (!all && nodes->all_disrupted)
		leave_disruption(world, sizes);
	else if (!all)
		for (uint32_t z = 0; z < n_zones; z++)
			set_limit(world, z, sizes[z]);
	nodes->all_disrupted = all;
}

/* ---- life cycle ------------------------------------------------------ */

void tw_zones_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;
	struct tw_nodes *nodes = world->nodes;

	nodes->zones = tw_new_array(&world->arena, model->n_zones, struct zone);
	nodes->sizes = tw_new_array(&world->arena, model->n_zones, uint32_t);
	nodes->unready = tw_new_array(&world->arena, model->n_zones, uint32_t);
	for (uint32_t z = 0; z < model->n_zones; z++) {
		nodes->zones[z].every = EVERY;
		nodes->zones[z].armed = TW_NEVER;
	}
}

void tw_zones_release(struct tw_world *world)
{
	for (uint32_t z = 0; z < world->model->n_zones; z++)
		tw_vec_release(&world->nodes->zones[z].queue);
}
