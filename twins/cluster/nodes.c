#include "twins/cluster/nodes.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/cluster/life.h"
#include "twins/cluster/sched_queue.h"
#include "twins/cluster/versions.h"
#include "twins/cluster/workloads.h"
#include "twins/kernel/random.h"
#include "twins/world/standing.h"

#include <string.h>

#define LEASE	   (10 * TW_S)
#define MONITOR	   (5 * TW_S)
#define EVERY	   (10 * TW_S)	/* between two nodes of a zone: 0.1/s */
#define EVERY_SLOW (100 * TW_S) /* 0.01/s */
#define LARGE	   50		/* nodes of a zone */
#define TOLERATED  (300 * TW_S)

#define NOT_READY   "node.kubernetes.io/not-ready"
#define UNREACHABLE "node.kubernetes.io/unreachable"

/* What a TW_EV_NODES is about. */
enum { NODES_MONITOR, NODES_TAINT, NODES_SILENT, NODES_DIES };

enum ready { READY, READY_UNKNOWN, READY_FALSE };

struct node {
	enum ready ready; /* its condition */
	bool fails;	  /* its kubelet reports Ready=False */
	bool cordoned;
	bool pressed; /* MemoryPressure */
	bool no_schedule;
	bool no_execute;
	bool waits;		   /* for NoExecute */
	uint32_t turn;		   /* of its NoExecute taint: counts them */
	const char *taint;	   /* key of the taint NoExecute */
	tw_time silent_at;	   /* when it has been silent for too long */
	struct tw_node_spec *spec; /* NULL: as the model has it */
};

enum zone_state { ZONE_NORMAL, ZONE_PARTIAL, ZONE_FULL };

struct zone {
	enum zone_state state;
	tw_time every; /* between two nodes; TW_NEVER: none is tainted */
	tw_time next;  /* before which there is no token */
	tw_time armed; /* the event for the next one; TW_NEVER */
	TW_VEC(uint32_t) queue; /* nodes */
};

struct tw_nodes {
	struct node *all;
	struct zone *zones;
	uint32_t *sizes, *unready; /* of zones, as counted last */
	tw_time phase;		   /* of the monitor */
	tw_time monitored; /* the next look; TW_NEVER: nobody needs one */
	bool all_disrupted;
	bool aligned;
};

/* ---- what is told --------------------------------------------------- */

static void tap(struct tw_world *world, enum tw_tap_kind kind, uint32_t node,
	const char *cause)
{
	tw_world_tap(world, .kind = kind, .service = TW_NONE,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE,
		.node = world->model->nodes[node].name, .cause = cause);
}

static struct node *node_at(const struct tw_world *world, uint32_t node)
{
	return &world->nodes->all[node];
}

/* ---- taints as the scheduler sees them ------------------------------ */

static void add_taint(struct tw_world *world, struct tw_node_spec *spec,
	const char *key, enum tw_taint_effect effect)
{
	tw_vec_push_in(&world->arena, &spec->taints,
		((struct tw_taint){.key = key, .value = "", .effect = effect}));
}

/* What it is by now, for the scheduler; who waits is tried again. */
static void show(struct tw_world *world, uint32_t at)
{
	const struct tw_node_spec *model = world->model->nodes[at].spec;
	struct node *it = node_at(world, at);
	struct tw_taints taints = {0};

	if (!it->spec)
		it->spec = tw_new(&world->arena, struct tw_node_spec);
	else
		taints = it->spec->taints; /* whose room is used again */
	*it->spec = *model;
	taints.n = 0;
	it->spec->taints = taints;
	for (size_t i = 0; i < model->taints.n; i++)
		tw_vec_push_in(
			&world->arena, &it->spec->taints, model->taints.v[i]);
	it->spec->unschedulable = it->cordoned;
	if (it->no_schedule)
		add_taint(world, it->spec,
			it->ready == READY_FALSE ? NOT_READY : UNREACHABLE,
			TW_EFFECT_NO_SCHEDULE);
	if (it->pressed)
		add_taint(world, it->spec, TW_TAINT_MEMORY_PRESSURE,
			TW_EFFECT_NO_SCHEDULE);
	if (it->no_execute)
		add_taint(world, it->spec, it->taint, TW_EFFECT_NO_EXECUTE);
	tw_scheduler_set_node(&world->pods->scheduler, at, it->spec);
	tw_sched_queue_wake(world->pods->queue, tw_world_now(world));
}

/* ---- evictions ------------------------------------------------------ */

static bool speaks_of(const struct tw_toleration *it, const char *key)
{
	return (!*it->key || !strcmp(it->key, key)) &&
	       (it->effect == TW_EFFECT_ANY ||
		       it->effect == TW_EFFECT_NO_EXECUTE);
}

/* How long a pod bears the taint NoExecute of its node. */
static tw_time bears(
	const struct tw_world *world, uint32_t replica, const char *key)
{
	const struct tw_taint taint = {
		.key = key, .value = "", .effect = TW_EFFECT_NO_EXECUTE};
	uint32_t revision = world->model->replicas[replica].revision;
	const struct tw_revision *model = &world->model->revisions[revision];
	const struct tw_tolerations *all = &model->pod->tolerations;
	bool spoken = false, tolerated = false;
	tw_time least = TW_NEVER;

	if (model->own_nodes)
		return TW_NEVER;
	for (size_t i = 0; i < all->n; i++) {
		spoken |= speaks_of(&all->v[i], key);
		if (!tw_pod_tolerates(&all->v[i], &taint, false))
			continue;
		tolerated = true;
		if (all->v[i].seconds >= 0 && all->v[i].seconds * TW_S < least)
			least = all->v[i].seconds * TW_S;
	}
	if (!spoken)
		return TOLERATED;
	return tolerated ? least : 0;
}

static void evict_later(struct tw_world *world, uint32_t at)
{
	const struct node *it = node_at(world, at);
	struct tw_standing pods = tw_standing_on(world, at);
	tw_time now = tw_world_now(world);

	for (size_t i = 0; i < pods.n; i++) {
		uint32_t r = pods.v[i];
		tw_time wait;

		if (!world->replicas[r].managed ||
			!tw_pod_is_active(tw_pod_of(world, r)))
			continue;
		wait = bears(world, r, it->taint);
		if (wait == TW_NEVER)
			continue;
		tw_queue_schedule(&world->queue, now + wait, TW_CLASS_WORLD,
			TW_EV_EVICT, r,
			(uint64_t)it->turn << 32 | tw_pod_of(world, r)->turn);
	}
	tw_vec_release(&pods);
}

static void evict(struct tw_world *world, uint32_t replica, uint64_t turns)
{
	const struct tw_pod *pod = tw_pod_of(world, replica);
	uint32_t at = world->replicas[replica].node;
	const struct node *it;

	if (!tw_pod_is_active(pod) || at == TW_NONE ||
		pod->turn != (uint32_t)turns)
		return;
	it = node_at(world, at);
	if (!it->no_execute || it->turn != (uint32_t)(turns >> 32))
		return;
	tw_world_tap(world, .kind = TW_TAP_EVICTED,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica,
		.node = world->model->nodes[at].name, .cause = it->taint);
	world->obs.evicted++;
	tw_pod_delete(world, replica, TW_POD_GRACE);
}

/* ---- taints NoExecute, node by node --------------------------------- */

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
	it->taint = it->ready == READY_FALSE ? NOT_READY : UNREACHABLE;
	it->turn++;
	tap(world, TW_TAP_TAINTED, at, it->taint);
	show(world, at);
	evict_later(world, at);
}

static void taint_next(struct tw_world *world, uint32_t at)
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

static void wait_for_taint(struct tw_world *world, uint32_t at)
{
	struct node *it = node_at(world, at);

	if (it->waits || it->no_execute)
		return;
	it->waits = true;
	tw_vec_push(&zone_of(world, at)->queue, at);
	arm(world, world->model->nodes[at].zone);
}

/* markNodeAsReachable */
static void untaint(struct tw_world *world, uint32_t at)
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
	tap(world, TW_TAP_UNTAINTED, at, it->taint);
	show(world, at);
}

/* ---- zones ---------------------------------------------------------- */

static tw_time grace_of(const struct tw_world *world)
{
	return world->model->node_grace
		       ? world->model->node_grace
		       : tw_kubernetes_of(world->model->kubernetes)->node_grace;
}

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
		untaint(world, n);
	for (uint32_t z = 0; z < world->model->n_zones; z++)
		set_rate(world, z, TW_NEVER);
}

static void leave_disruption(struct tw_world *world, const uint32_t *sizes)
{
	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		node_at(world, n)->silent_at =
			tw_world_now(world) + grace_of(world);
	for (uint32_t z = 0; z < world->model->n_zones; z++)
		set_limit(world, z, sizes[z]);
}

/* handleDisruption */
static void see_zones(struct tw_world *world)
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

/* ---- the monitor ---------------------------------------------------- */

static tw_time look_from(const struct tw_world *world, tw_time at)
{
	tw_time past = at - world->nodes->phase;

	if (past <= 0)
		return world->nodes->phase;
	return world->nodes->phase + (past + MONITOR - 1) / MONITOR * MONITOR;
}

static void watch(struct tw_world *world)
{
	struct tw_nodes *nodes = world->nodes;

	if (nodes->monitored != TW_NEVER)
		return;
	nodes->monitored = look_from(world, tw_world_now(world) + 1);
	tw_queue_schedule(&world->queue, nodes->monitored, TW_CLASS_WORLD,
		TW_EV_NODES, 0, NODES_MONITOR);
}

/* Its pods are not ready, as nobody can tell how they are. */
static void unready_pods(struct tw_world *world, uint32_t at, tw_time delay)
{
	struct tw_standing pods = tw_standing_on(world, at);

	for (size_t i = 0; i < pods.n; i++) {
		uint32_t r = pods.v[i];
		struct tw_world_replica *it = &world->replicas[r];

		if (it->node != at || !it->managed || !it->ready)
			continue;
		it->ready = false;
		tw_pods_changed(world, r);
		tw_queue_schedule(&world->queue, tw_world_now(world) + delay,
			TW_CLASS_WORLD, TW_EV_LIST, r, 0);
	}
	tw_vec_release(&pods);
}

static void set_condition(struct tw_world *world, uint32_t at, enum ready ready)
{
	struct node *it = node_at(world, at);

	if (it->ready == ready)
		return;
	it->ready = ready;
	it->no_schedule = ready != READY;
	tap(world, ready == READY ? TW_TAP_NODE_READY : TW_TAP_NODE_NOT_READY,
		at, ready == READY_UNKNOWN ? "NodeStatusUnknown" : NULL);
	show(world, at);
}

static void look_at(struct tw_world *world, uint32_t at)
{
	struct node *it = node_at(world, at);
	enum ready observed = it->ready;

	if (world->node_down[at] && it->ready != READY_UNKNOWN &&
		tw_world_now(world) >= it->silent_at) {
		set_condition(world, at, READY_UNKNOWN);
		unready_pods(world, at, world->model->endpoint_delay);
	}
	if (observed != READY)
		wait_for_taint(world, at);
	else
		untaint(world, at);
}

static bool needs_looks(const struct tw_world *world, uint32_t at)
{
	const struct node *it = node_at(world, at);

	return world->node_down[at] || it->ready != READY || it->no_execute ||
	       it->waits;
}

static void monitor(struct tw_world *world)
{
	bool again = false;

	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		look_at(world, n);
	see_zones(world);
	world->nodes->monitored = TW_NEVER;
	for (uint32_t n = 0; n < world->model->n_nodes; n++)
		again |= needs_looks(world, n);
	if (again || world->nodes->all_disrupted)
		watch(world);
}

/* ---- what happens to nodes ------------------------------------------ */

tw_time tw_nodes_renewed(
	const struct tw_world *world, uint32_t node, tw_time at)
{
	tw_time phase = 0, past;

	if (!world->nodes->aligned)
		phase = (tw_time)((double)LEASE *
				  tw_draw(world->seed,
					  world->model->nodes[node].hash,
					  TW_DRAW_ARRIVAL, 0));
	past = at - phase;
	if (past < 0)
		return phase - LEASE;
	return phase + past / LEASE * LEASE;
}

/* The model says how long that takes: no lease and no look is waited for, and
 * callers know at once. */
static void silent(struct tw_world *world, uint32_t at)
{
	if (!world->node_down[at] ||
		node_at(world, at)->silent_at != tw_world_now(world))
		return;
	set_condition(world, at, READY_UNKNOWN);
	unready_pods(world, at, 0);
}

void tw_nodes_lost(struct tw_world *world, uint32_t node)
{
	tw_time now = tw_world_now(world);
	struct node *it = node_at(world, node);

	watch(world);
	if (!world->model->node_grace) {
		it->silent_at =
			grace_of(world) +
			look_from(world, tw_nodes_renewed(world, node, now));
		return;
	}
	it->silent_at = now + world->model->node_grace;
	tw_queue_schedule(&world->queue, it->silent_at, TW_CLASS_WORLD,
		TW_EV_NODES, node, NODES_SILENT);
}

void tw_nodes_back(struct tw_world *world, uint32_t node)
{
	struct node *it = node_at(world, node);

	set_condition(world, node, it->fails ? READY_FALSE : READY);
	watch(world);
}

void tw_nodes_report(struct tw_world *world, uint32_t node, bool ready)
{
	struct node *it = node_at(world, node);

	it->fails = !ready;
	if (world->node_down[node])
		return;
	set_condition(world, node, ready ? READY : READY_FALSE);
	watch(world);
}

void tw_nodes_lose_at(struct tw_world *world, uint32_t node, tw_time at)
{
	tw_queue_schedule(&world->queue, at, TW_CLASS_WORLD, TW_EV_NODES, node,
		NODES_DIES);
}

bool tw_nodes_is_cordoned(const struct tw_world *world, uint32_t node)
{
	return node_at(world, node)->cordoned;
}

void tw_nodes_cordon(struct tw_world *world, uint32_t node, bool cordoned)
{
	struct node *it = node_at(world, node);

	if (it->cordoned == cordoned)
		return;
	it->cordoned = cordoned;
	tap(world, cordoned ? TW_TAP_CORDONED : TW_TAP_UNCORDONED, node, NULL);
	show(world, node);
}

void tw_nodes_press(struct tw_world *world, uint32_t node, bool pressed)
{
	node_at(world, node)->pressed = pressed;
	show(world, node);
}

bool tw_nodes_event(struct tw_world *world, const struct tw_event *event)
{
	if (event->kind == TW_EV_EVICT) {
		evict(world, event->a, event->b);
		return true;
	}
	if (event->kind != TW_EV_NODES)
		return false;
	if (event->b == NODES_MONITOR)
		monitor(world);
	else if (event->b == NODES_SILENT)
		silent(world, event->a);
	else if (event->b == NODES_DIES)
		tw_cluster_node_down(world, event->a);
	else
		taint_next(world, event->a);
	return true;
}

/* ---- life cycle ----------------------------------------------------- */

void tw_nodes_init(struct tw_world *world, bool aligned)
{
	const struct tw_model *model = world->model;
	struct tw_nodes *nodes = tw_new(&world->arena, struct tw_nodes);

	world->nodes = nodes;
	nodes->aligned = aligned;
	nodes->monitored = TW_NEVER;
	nodes->all = tw_new_array(&world->arena, model->n_nodes, struct node);
	nodes->zones = tw_new_array(&world->arena, model->n_zones, struct zone);
	nodes->sizes = tw_new_array(&world->arena, model->n_zones, uint32_t);
	nodes->unready = tw_new_array(&world->arena, model->n_zones, uint32_t);
	if (!aligned)
		nodes->phase = (tw_time)((double)MONITOR *
					 tw_draw(world->seed,
						 tw_hash_name("node lifecycle"),
						 TW_DRAW_ARRIVAL, 0));
	for (uint32_t n = 0; n < model->n_nodes; n++)
		nodes->all[n].cordoned = model->nodes[n].spec->unschedulable;
	for (uint32_t z = 0; z < model->n_zones; z++) {
		nodes->zones[z].every = EVERY;
		nodes->zones[z].armed = TW_NEVER;
	}
}

void tw_nodes_release(struct tw_world *world)
{
	for (uint32_t z = 0; z < world->model->n_zones; z++)
		tw_vec_release(&world->nodes->zones[z].queue);
}
