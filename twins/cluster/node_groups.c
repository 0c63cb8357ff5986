#include "twins/cluster/node_groups.h"

#include "twins/base/hash.h"
#include "twins/cluster/node_held.h"
#include "twins/cluster/nodes.h"
#include "twins/cluster/sched_queue.h"
#include "twins/cluster/volumes.h"
#include "twins/cluster/workloads.h"
#include "twins/kernel/random.h"
#include "twins/world/standing.h"

#include <stdlib.h>

enum what { SCAN, ARRIVES };

struct tw_node_groups {
	bool *coming;	   /* by node */
	bool *leaving;	   /* by node: drained */
	tw_time *unneeded; /* by node: since; TW_NEVER: it is needed */
	bool *told;	   /* by replica: that nothing helps it */
	tw_time added;	   /* when the last node came */
	uint32_t scans;
};

/* While one scan goes on. */
struct scan {
	struct tw_world *world;
	struct tw_arena arena;
	uint32_t *pods; /* replicas that wait, the largest first */
	uint32_t n_pods;
	bool moves; /* what stands is tried on other nodes */
};

/* What a group would bring. */
struct option {
	uint32_t group, nodes;
	uint32_t *pods;
	uint32_t n_pods;
	double waste;
};

static struct tw_sched_node *node_at(struct tw_world *world, uint32_t node)
{
	return &world->pods->scheduler.nodes.v[node];
}

static void next(
	struct tw_world *world, uint32_t node, enum what what, tw_time delay)
{
	tw_queue_schedule(&world->queue, tw_world_now(world) + delay,
		TW_CLASS_WORLD, TW_EV_NODE_GROUP, node, what);
}

/* ---- what fits where ------------------------------------------------ */

static const struct tw_pod_spec *pod_of(
	const struct tw_world *world, uint32_t replica)
{
	return tw_world_revision(world, replica)->pod;
}

/* `number` of the node; of one that is only thought of, of any like it. */
static bool fits(struct scan *scan, uint32_t replica,
	const struct tw_sched_node *node, uint32_t number)
{
	const struct tw_pod_spec *pod = pod_of(scan->world, replica);
	struct tw_lackings lacking = {0};

	if (node->spec->unschedulable || !tw_pod_fits_node(pod, node->spec) ||
		tw_pod_untolerated(
			&pod->tolerations, &node->spec->taints, false))
		return false;
	tw_sched_lacking(pod, node, NULL, NULL, &scan->arena, &lacking);
	return !lacking.n && tw_volumes_fit(scan->world, replica, number,
				     node_at(scan->world, number)->absent
					     ? TW_VOLUMES_NEW_NODE
				     : scan->moves ? TW_VOLUMES_MOVE
						   : TW_VOLUMES_NODE);
}

static void put(struct scan *scan, const struct tw_pod_spec *pod,
	struct tw_sched_node *node)
{
	for (size_t i = 0; i < pod->requests.n; i++)
		tw_resource_add(&scan->arena, &node->used,
			pod->requests.v[i].name, pod->requests.v[i].amount);
	node->n_pods++;
	tw_sched_node_see(node);
}

/* On the first of them where it fits. All are like the node `like`, or
 * (TW_NONE) they are all nodes. */
static bool put_somewhere(struct scan *scan, uint32_t replica,
	struct tw_sched_node *nodes, uint32_t n, uint32_t like)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!nodes[i].spec || !fits(scan, replica, &nodes[i],
					      like == TW_NONE ? i : like))
			continue;
		put(scan, pod_of(scan->world, replica), &nodes[i]);
		return true;
	}
	return false;
}

static int64_t cpu_of(const struct tw_pod_spec *pod)
{
	return tw_resource_amount(&pod->requests, TW_RESOURCE_CPU);
}

/* ---- who waits ------------------------------------------------------ */

static void add_pod(struct scan *scan, uint32_t replica)
{
	uint32_t at = scan->n_pods++;
	int64_t cpu = cpu_of(pod_of(scan->world, replica));

	for (; at && cpu_of(pod_of(scan->world, scan->pods[at - 1])) < cpu;
		at--)
		scan->pods[at] = scan->pods[at - 1];
	scan->pods[at] = replica;
}

/* The nodes as they are, to try things on; those on their way are empty. One
 * without a spec is not there, or will not be for long. */
static struct tw_sched_node *copy_nodes(struct scan *scan)
{
	struct tw_world *world = scan->world;
	uint32_t n = world->model->n_nodes;
	struct tw_sched_node *to =
		tw_new_array(&scan->arena, n + 1, struct tw_sched_node);

	for (uint32_t i = 0; i < n; i++) {
		const struct tw_sched_node *it = node_at(world, i);

		if (world->node_groups->leaving[i] || world->node_down[i] ||
			(it->absent && !world->node_groups->coming[i]))
			continue;
		to[i].spec = it->spec;
		to[i].n_pods = it->n_pods;
		for (size_t k = 0; k < it->used.n; k++)
			tw_resource_add(&scan->arena, &to[i].used,
				it->used.v[k].name, it->used.v[k].amount);
		tw_sched_node_see(&to[i]);
	}
	return to;
}

/* Those that will be scheduled anyway, and those that nodes on their way will
 * hold, are left out. */
static void find_pods(struct scan *scan)
{
	struct tw_world *world = scan->world;
	const struct tw_model *model = world->model;
	struct tw_sched_node *nodes = copy_nodes(scan);
	uint32_t kept = 0;

	scan->pods =
		tw_new_array(&scan->arena, model->n_replicas + 1, uint32_t);
	for (uint32_t r = 0; r < model->n_replicas; r++)
		if (tw_pod_of(world, r)->state == TW_POD_PENDING &&
			tw_pod_of(world, r)->attempts)
			add_pod(scan, r);
	for (uint32_t i = 0; i < scan->n_pods; i++)
		if (!put_somewhere(scan, scan->pods[i], nodes, model->n_nodes,
			    TW_NONE))
			scan->pods[kept++] = scan->pods[i];
	scan->n_pods = kept;
}

/* ---- growing -------------------------------------------------------- */

/* Nodes that are there or on their way. */
static uint32_t size_of(struct tw_world *world, uint32_t group)
{
	const struct tw_node_group *it = &world->model->groups[group];
	uint32_t n = 0;

	for (uint32_t i = it->first; i < it->first + it->n; i++)
		n += !node_at(world, i)->absent ||
		     world->node_groups->coming[i];
	return n;
}

/* One of the group that is not there. */
static uint32_t spare_of(struct scan *scan, uint32_t group)
{
	const struct tw_node_group *it = &scan->world->model->groups[group];
	uint32_t n = it->first;

	while (n + 1 < it->first + it->n && !node_at(scan->world, n)->absent)
		n++;
	return n;
}

static double idle(struct scan *scan, const struct option *option,
	const struct tw_node_spec *shape, const char *resource)
{
	double has = (double)tw_resource_amount(&shape->allocatable, resource) *
		     option->nodes;
	double used = 0;

	for (uint32_t i = 0; i < option->n_pods; i++)
		used += (double)tw_resource_amount(
			&pod_of(scan->world, option->pods[i])->requests,
			resource);
	return has > 0 ? (has - used) / has : 0;
}

static void estimate(struct scan *scan, uint32_t group, struct option *to)
{
	const struct tw_node_group *it = &scan->world->model->groups[group];
	const struct tw_node_spec *shape =
		scan->world->model->nodes[it->first].spec;
	uint32_t room = it->n - size_of(scan->world, group);
	uint32_t like = spare_of(scan, group);
	struct tw_sched_node *nodes =
		tw_new_array(&scan->arena, room + 1, struct tw_sched_node);

	*to = (struct option){.group = group,
		.pods = tw_new_array(&scan->arena, scan->n_pods + 1, uint32_t)};
	for (uint32_t i = 0; i < scan->n_pods; i++) {
		uint32_t pod = scan->pods[i];

		if (!put_somewhere(scan, pod, nodes, to->nodes, like)) {
			if (to->nodes == room)
				continue;
			nodes[to->nodes].spec = shape;
			tw_sched_node_see(&nodes[to->nodes]);
			if (!fits(scan, pod, &nodes[to->nodes], like))
				continue;
			put(scan, pod_of(scan->world, pod),
				&nodes[to->nodes++]);
		}
		to->pods[to->n_pods++] = scan->pods[i];
	}
	to->waste = idle(scan, to, shape, TW_RESOURCE_CPU) +
		    idle(scan, to, shape, TW_RESOURCE_MEMORY);
}

static bool choose(struct scan *scan, struct option *to)
{
	struct tw_world *world = scan->world;
	uint32_t n = 0;

	for (uint32_t g = 0; g < world->model->n_groups; g++) {
		struct option option;

		estimate(scan, g, &option);
		if (!option.n_pods)
			continue;
		n++;
		if (n > 1 && world->model->autoscaling.random_expander
				? tw_draw_below(world->seed,
					  tw_hash_name("expander"),
					  TW_DRAW_PHASE,
					  world->node_groups->scans, n)
				: n > 1 && option.waste >= to->waste)
			continue;
		*to = option;
	}
	return n;
}

static void say(struct tw_world *world, uint32_t replica, bool warning,
	const char *reason, const char *message)
{
	tw_world_tap(world, .kind = TW_TAP_SCALER, .service = TW_NONE,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE,
		.object_kind = "Pod",
		.object = world->model->replicas[replica].name,
		.reason = reason, .cause = message, .warning = warning);
}

static void grow(struct scan *scan, const struct option *option)
{
	struct tw_world *world = scan->world;
	const struct tw_node_group *it = &world->model->groups[option->group];
	uint32_t was = size_of(world, option->group), left = option->nodes;
	struct tw_buf text = {0};

	tw_buf_printf(&text, "pod triggered scale-up: [{%s %u->%u (max: %u)}]",
		it->name, was, was + left, it->n);
	for (uint32_t i = 0; i < option->n_pods; i++)
		say(world, option->pods[i], false, "TriggeredScaleUp",
			tw_buf_text(&text));
	tw_buf_release(&text);
	for (uint32_t n = it->first; n < it->first + it->n && left; n++) {
		if (!node_at(world, n)->absent || world->node_groups->coming[n])
			continue;
		world->node_groups->coming[n] = true;
		next(world, n, ARRIVES, it->provisioning);
		left--;
	}
}

static void nothing_helps(struct scan *scan)
{
	for (uint32_t i = 0; i < scan->n_pods; i++) {
		uint32_t r = scan->pods[i];

		if (!scan->world->node_groups->told[r])
			say(scan->world, r, false, "NotTriggerScaleUp",
				"pod didn't trigger scale-up");
		scan->world->node_groups->told[r] = true;
	}
}

static void tap(struct tw_world *world, enum tw_tap_kind kind, uint32_t node)
{
	tw_world_tap(world, .kind = kind, .service = TW_NONE,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE,
		.node = world->model->nodes[node].name);
}

static void arrives(struct tw_world *world, uint32_t node)
{
	world->node_groups->coming[node] = false;
	world->node_groups->added = tw_world_now(world);
	world->node_groups->unneeded[node] = TW_NEVER;
	tw_scheduler_set_absent(&world->pods->scheduler, node, false);
	tw_daemonsets_node(world, node, true);
	tap(world, TW_TAP_NODE_ADDED, node);
	tw_sched_queue_wake(world->pods->queue, tw_world_now(world));
}

/* ---- shrinking ------------------------------------------------------ */

static double share_of(const struct tw_sched_node *node, const char *resource)
{
	int64_t has = tw_resource_amount(&node->spec->allocatable, resource);

	return has ? (double)tw_resource_amount(&node->used, resource) /
			       (double)has
		   : 0;
}

/* Its pods fit on the other nodes. */
static bool can_move(struct scan *scan, uint32_t node)
{
	struct tw_world *world = scan->world;
	uint32_t n = world->model->n_nodes;
	struct tw_sched_node *others = copy_nodes(scan);
	struct tw_standing pods = tw_standing_on(world, node);
	bool can = true;

	others[node].spec = NULL;
	scan->moves = true;
	for (size_t i = 0; i < pods.n && can; i++) {
		uint32_t r = pods.v[i];
		const struct tw_revision *it = tw_world_revision(world, r);

		can = tw_pod_is_on(world, r, node) &&
		      (it->own_nodes ||
			      put_somewhere(scan, r, others, n, TW_NONE));
	}
	scan->moves = false;
	can = can && !tw_node_is_held(world, node, &pods);
	tw_vec_release(&pods);
	return can;
}

static bool is_unneeded(struct scan *scan, uint32_t node)
{
	const struct tw_sched_node *it = node_at(scan->world, node);
	double most = scan->world->model->autoscaling.least_used;

	return share_of(it, TW_RESOURCE_CPU) < most &&
	       share_of(it, TW_RESOURCE_MEMORY) < most && can_move(scan, node);
}

static void drain(struct tw_world *world, uint32_t node)
{
	struct tw_standing pods = tw_standing_on(world, node);

	world->node_groups->leaving[node] = true;
	tw_nodes_cordon(world, node, true);
	for (size_t i = 0; i < pods.n; i++)
		if (tw_pod_is_on(world, pods.v[i], node) &&
			!tw_pod_is_of_node(world, pods.v[i]))
			tw_pod_delete(world, pods.v[i], TW_POD_GRACE);
	tw_vec_release(&pods);
}

/* What a DaemonSet has there ends with the node. */
static bool only_of_node(const struct tw_world *world, uint32_t node)
{
	struct tw_standing pods = tw_standing_on(world, node);
	bool only = true;

	for (size_t i = 0; i < pods.n; i++)
		only &= tw_pod_is_of_node(world, pods.v[i]);
	tw_vec_release(&pods);
	return only;
}

static void remove_empty(struct tw_world *world, uint32_t node)
{
	struct tw_standing pods;

	if (!only_of_node(world, node))
		return;
	world->node_groups->leaving[node] = false;
	tw_nodes_cordon(world, node, false);
	tw_scheduler_set_absent(&world->pods->scheduler, node, true);
	tw_daemonsets_node(world, node, false);
	pods = tw_standing_on(world, node);
	for (size_t i = 0; i < pods.n; i++)
		tw_pod_remove(world, pods.v[i]);
	tw_vec_release(&pods);
	tap(world, TW_TAP_NODE_REMOVED, node);
}

static void shrink(struct scan *scan, uint32_t group)
{
	struct tw_world *world = scan->world;
	const struct tw_node_group *it = &world->model->groups[group];
	const struct tw_autoscaling *set = &world->model->autoscaling;
	tw_time *unneeded = world->node_groups->unneeded;
	tw_time now = tw_world_now(world);
	uint32_t spare = size_of(world, group) - it->min;
	bool drained = false;

	for (uint32_t n = it->first; n < it->first + it->n; n++) {
		if (world->node_groups->leaving[n]) {
			remove_empty(world, n);
			drained = true;
		}
		if (node_at(world, n)->absent || world->node_down[n] ||
			world->node_groups->leaving[n])
			continue;
		if (!is_unneeded(scan, n))
			unneeded[n] = TW_NEVER;
		else if (unneeded[n] == TW_NEVER)
			unneeded[n] = now;
		if (drained || unneeded[n] == TW_NEVER || !spare ||
			now - unneeded[n] < set->unneeded_time ||
			now - world->node_groups->added < set->after_add)
			continue;
		drain(world, n);
		drained = true;
	}
}

/* ---- time ----------------------------------------------------------- */

static void scan_all(struct tw_world *world)
{
	struct scan scan = {.world = world};
	struct option option = {0};

	tw_arena_init(&scan.arena);
	world->node_groups->scans++;
	find_pods(&scan);
	if (!scan.n_pods)
		for (uint32_t g = 0; g < world->model->n_groups; g++)
			shrink(&scan, g);
	else if (choose(&scan, &option))
		grow(&scan, &option);
	else
		nothing_helps(&scan);
	tw_arena_release(&scan.arena);
}

bool tw_node_groups_event(struct tw_world *world, const struct tw_event *event)
{
	if (event->kind != TW_EV_NODE_GROUP)
		return false;
	if (event->b == ARRIVES) {
		arrives(world, event->a);
		return true;
	}
	scan_all(world);
	next(world, 0, SCAN, world->model->autoscaling.scan_interval);
	return true;
}

void tw_node_groups_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;
	struct tw_node_groups *it;
	tw_time every = model->autoscaling.scan_interval;

	if (!model->n_groups || !world->workloads)
		return;
	it = world->node_groups = tw_new(&world->arena, struct tw_node_groups);
	it->coming = tw_new_array(&world->arena, model->n_nodes, bool);
	it->leaving = tw_new_array(&world->arena, model->n_nodes, bool);
	it->unneeded = tw_new_array(&world->arena, model->n_nodes, tw_time);
	it->told = tw_new_array(&world->arena, model->n_replicas, bool);
	it->added = -TW_H;
	for (uint32_t n = 0; n < model->n_nodes; n++)
		it->unneeded[n] = TW_NEVER;
	next(world, 0, SCAN,
		every - (tw_time)((double)every *
				  tw_draw(world->seed,
					  tw_hash_name("cluster-autoscaler"),
					  TW_DRAW_PHASE, 0)));
}
