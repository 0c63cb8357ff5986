#include "twins/cluster/nodes_inner.h"

#include "twins/base/hash.h"
#include "twins/cluster/life.h"
#include "twins/cluster/sched_queue.h"
#include "twins/cluster/versions.h"
#include "twins/cluster/volumes.h"
#include "twins/cluster/workloads.h"
#include "twins/kernel/random.h"
#include "twins/world/standing.h"

#define LEASE	(10 * TW_S)
#define MONITOR (5 * TW_S)

/* ---- taints as the scheduler sees them ------------------------------ */

static void add_taint(struct tw_world *world, struct tw_node_spec *spec,
	const char *key, enum tw_taint_effect effect)
{
	tw_vec_push_in(&world->arena, &spec->taints,
		((struct tw_taint){.key = key, .value = "", .effect = effect}));
}

void tw_nodes_show(struct tw_world *world, uint32_t at)
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
			it->ready == READY_FALSE ? TW_NODE_NOT_READY
						 : TW_NODE_UNREACHABLE,
			TW_EFFECT_NO_SCHEDULE);
	if (it->pressed)
		add_taint(world, it->spec, TW_TAINT_MEMORY_PRESSURE,
			TW_EFFECT_NO_SCHEDULE);
	if (it->out_of_service)
		add_taint(world, it->spec, TW_NODE_OUT_OF_SERVICE,
			TW_EFFECT_NO_EXECUTE);
	if (it->no_execute)
		add_taint(world, it->spec, it->taint, TW_EFFECT_NO_EXECUTE);
	tw_scheduler_set_node(&world->pods->scheduler, at, it->spec);
	tw_sched_queue_wake(world->pods->queue, tw_world_now(world));
}

/* ---- the monitor ---------------------------------------------------- */

tw_time tw_nodes_grace(const struct tw_world *world)
{
	return world->model->node_grace
		       ? world->model->node_grace
		       : tw_kubernetes_of(world->model->kubernetes)->node_grace;
}

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
	node_tap(world,
		ready == READY ? TW_TAP_NODE_READY : TW_TAP_NODE_NOT_READY, at,
		ready == READY_UNKNOWN ? "NodeStatusUnknown" : NULL);
	tw_nodes_show(world, at);
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
		tw_zones_wait(world, at);
	else
		tw_zones_untaint(world, at);
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
	tw_zones_see(world);
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
			tw_nodes_grace(world) +
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

bool tw_nodes_is_sound(const struct tw_world *world, uint32_t node)
{
	const struct node *it;

	if (world->node_down[node])
		return false;
	if (!world->nodes)
		return true;
	it = &world->nodes->all[node];
	return it->ready == READY && !it->cordoned && !it->pressed &&
	       !it->out_of_service;
}

void tw_nodes_cordon(struct tw_world *world, uint32_t node, bool cordoned)
{
	struct node *it = node_at(world, node);

	if (it->cordoned == cordoned)
		return;
	it->cordoned = cordoned;
	node_tap(world, cordoned ? TW_TAP_CORDONED : TW_TAP_UNCORDONED, node,
		NULL);
	tw_nodes_show(world, node);
}

/* ---- out of service -------------------------------------------------- */

#define COLLECT (20 * TW_S)

static void collect_later(struct tw_world *world, uint32_t at)
{
	tw_time now = tw_world_now(world);
	tw_time past = (now - world->nodes->phase) % COLLECT;

	tw_queue_schedule(&world->queue, now + COLLECT - past, TW_CLASS_WORLD,
		TW_EV_NODES, at, NODES_COLLECT);
}

/* gcTerminating: what is deleted on a node that is not ready. */
static void collect(struct tw_world *world, uint32_t at)
{
	struct tw_standing pods;

	if (!node_at(world, at)->out_of_service)
		return;
	collect_later(world, at);
	if (node_at(world, at)->ready == READY)
		return;
	pods = tw_standing_on(world, at);
	for (size_t i = 0; i < pods.n; i++)
		if (world->replicas[pods.v[i]].managed &&
			tw_pod_of(world, pods.v[i])->state == TW_POD_STOPPING)
			tw_pod_remove(world, pods.v[i]);
	tw_vec_release(&pods);
}

bool tw_nodes_is_out_of_service(const struct tw_world *world, uint32_t node)
{
	return node_at(world, node)->out_of_service;
}

void tw_nodes_set_out_of_service(
	struct tw_world *world, uint32_t node, bool out)
{
	struct node *it = node_at(world, node);

	if (it->out_of_service == out)
		return;
	it->out_of_service = out;
	node_tap(world, out ? TW_TAP_TAINTED : TW_TAP_UNTAINTED, node,
		TW_NODE_OUT_OF_SERVICE);
	tw_nodes_show(world, node);
	if (!out)
		return;
	if (world->volumes)
		tw_volumes_node_back(world, node);
	tw_taint_evict_now(world, node, TW_NODE_OUT_OF_SERVICE);
	collect_later(world, node);
}

void tw_nodes_press(struct tw_world *world, uint32_t node, bool pressed)
{
	node_at(world, node)->pressed = pressed;
	tw_nodes_show(world, node);
}

bool tw_nodes_event(struct tw_world *world, const struct tw_event *event)
{
	if (event->kind == TW_EV_EVICT) {
		tw_taint_evict(world, event->a, event->b);
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
	else if (event->b == NODES_COLLECT)
		collect(world, event->a);
	else
		tw_zones_taint_next(world, event->a);
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
	if (!aligned)
		nodes->phase = (tw_time)((double)MONITOR *
					 tw_draw(world->seed,
						 tw_hash_name("node lifecycle"),
						 TW_DRAW_ARRIVAL, 0));
	for (uint32_t n = 0; n < model->n_nodes; n++)
		nodes->all[n].cordoned = model->nodes[n].spec->unschedulable;
	tw_zones_init(world);
}

void tw_nodes_release(struct tw_world *world)
{
	tw_zones_release(world);
}
