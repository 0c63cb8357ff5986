#include "twins/cluster/drain.h"

#include "twins/cluster/budget.h"
#include "twins/cluster/nodes.h"
#include "twins/world/standing.h"

#include <string.h>

#define AGAIN (5 * TW_S)
#define LOOK  TW_S

/* A node that is being emptied. */
struct drain {
	const struct tw_drain_options *options;
	const bool *nodes; /* of the command; the next one follows */
	uint32_t node;
	tw_time since;
	struct drain_pod *pods; /* by replica that was there */
	uint32_t n_pods;
	bool over, failed;
	bool refused; /* kubectl does not touch it */
};

struct drain_pod {
	uint32_t replica, turn;
	tw_time next; /* try; TW_NEVER: it is being deleted, or was refused
		       * for good */
};

struct tw_drains {
	TW_VEC(struct drain *) list;
};

static void tap(struct tw_world *world, const struct drain *it,
	enum tw_tap_kind kind, const char *cause)
{
	tw_world_tap(world, .kind = kind, .service = TW_NONE,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE,
		.node = world->model->nodes[it->node].name, .cause = cause);
}

static bool is_there(const struct tw_world *world, const struct drain_pod *it)
{
	const struct tw_pod *pod = tw_pod_of(world, it->replica);

	return pod->turn == it->turn && pod->state != TW_POD_ABSENT;
}

/* ---- a pod ---------------------------------------------------------- */

static void refused(struct tw_world *world, const struct drain *it,
	struct drain_pod *pod, enum tw_eviction code, const char *why)
{
	world->obs.refused_evictions++;
	tw_world_tap(world, .kind = TW_TAP_KEPT,
		.service = world->model->replicas[pod->replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = pod->replica,
		.node = world->model->nodes[it->node].name, .cause = why);
	pod->next = code == TW_EVICT_TOO_MANY ? tw_world_now(world) + AGAIN
					      : TW_NEVER;
}

static void try_pod(
	struct tw_world *world, struct drain *it, struct drain_pod *pod)
{
	struct tw_buf why = {0};
	enum tw_eviction code = TW_EVICT_CREATED;

	pod->next = TW_NEVER;
	if (it->options->delete)
		tw_pod_delete(world, pod->replica, it->options->grace);
	else
		code = tw_evict(world, pod->replica, it->options->grace, &why);
	if (code != TW_EVICT_CREATED) {
		it->failed |= code == TW_EVICT_FAILED;
		refused(world, it, pod, code, tw_buf_text(&why));
	}
	tw_buf_release(&why);
}

/* ---- a node --------------------------------------------------------- */

static void schedule(struct tw_world *world, uint32_t at, tw_time after)
{
	tw_queue_schedule(&world->queue, tw_world_now(world) + after,
		TW_CLASS_WORLD, TW_EV_DRAIN, at, 0);
}

static bool is_own(const struct tw_world *world, uint32_t replica)
{
	return world->model->revisions[world->model->replicas[replica].revision]
		       .own_nodes != NULL;
}

/* ---- who may not be deleted ----------------------------------------- */

static const struct tw_workload *workload_of(
	const struct tw_world *world, uint32_t replica)
{
	const struct tw_model *model = world->model;

	return &model->workloads
			[model->workload_of[model->replicas[replica].revision]];
}

static bool is_bare(const struct tw_world *world, uint32_t replica)
{
	return !strcmp(workload_of(world, replica)->kind, "Pod");
}

static bool is_local(const struct tw_world *world, uint32_t replica)
{
	const struct tw_spec_workload *spec = workload_of(world, replica)->spec;

	return spec && tw_int_or(spec->local_storage, 0);
}

enum refusal { BY_DAEMONSET, BY_LOCAL, BY_BARE, REFUSALS };

/* REFUSALS: nothing does. */
static enum refusal refusal_of(const struct tw_world *world,
	const struct tw_drain_options *options, uint32_t replica)
{
	if (is_own(world, replica))
		return options->ignore_daemonsets ? REFUSALS : BY_DAEMONSET;
	if (!options->delete_local && is_local(world, replica))
		return BY_LOCAL;
	if (!options->force && is_bare(world, replica))
		return BY_BARE;
	return REFUSALS;
}

/* How many reasons there are. */
static size_t explain(const struct tw_world *world,
	const struct tw_standing *all, const struct tw_drain_options *options,
	struct tw_buf *to)
{
	static const char *const words[] = {
		[BY_DAEMONSET] = "DaemonSet-managed Pods (use "
				 "--ignore-daemonsets to ignore)",
		[BY_LOCAL] = "Pods with local storage (use "
			     "--delete-emptydir-data to override)",
		[BY_BARE] = "Pods that declare no controller (use --force to "
			    "override)",
	};
	size_t reasons = 0;

	for (enum refusal why = BY_DAEMONSET; why < REFUSALS; why++) {
		size_t n = 0;

		for (size_t i = 0; i < all->n; i++) {
			uint32_t r = all->v[i];

			if (!world->replicas[r].managed ||
				!tw_pod_is_active(tw_pod_of(world, r)) ||
				refusal_of(world, options, r) != why)
				continue;
			if (!n++)
				tw_buf_printf(to, "%scannot delete %s: ",
					reasons++ ? ", " : "", words[why]);
			tw_buf_printf(to, "%s%s", n > 1 ? ", " : "",
				world->model->replicas[r].name);
		}
	}
	return reasons;
}

static bool refuse(
	struct tw_world *world, struct drain *it, const struct tw_standing *all)
{
	struct tw_buf why = {0};

	size_t reasons = explain(world, all, it->options, &why);

	it->refused = it->failed = reasons;
	if (reasons)
		tap(world, it, TW_TAP_NOT_DRAINED,
			tw_arena_printf(&world->arena,
				reasons > 1 ? "[%s]" : "%s",
				tw_buf_text(&why)));
	tw_buf_release(&why);
	return it->refused;
}

/* ---- one after the other -------------------------------------------- */

static void begin(struct tw_world *world, const bool *nodes, uint32_t node,
	const struct tw_drain_options *options)
{
	struct drain *it = tw_new(&world->arena, struct drain);
	struct tw_standing pods = tw_standing_on(world, node);

	*it = (struct drain){.options = options,
		.nodes = nodes,
		.node = node,
		.since = tw_world_now(world)};
	it->pods = tw_new_array(&world->arena, pods.n + 1, struct drain_pod);
	if (refuse(world, it, &pods))
		pods.n = 0;
	for (size_t i = 0; i < pods.n; i++) {
		uint32_t r = pods.v[i];

		if (world->replicas[r].managed && !is_own(world, r))
			it->pods[it->n_pods++] =
				(struct drain_pod){.replica = r,
					.turn = tw_pod_of(world, r)->turn,
					.next = tw_world_now(world)};
	}
	tw_vec_release(&pods);
	tw_vec_push_in(&world->arena, &world->drains->list, it);
	schedule(world, (uint32_t)world->drains->list.n - 1, 0);
}

static void follow(struct tw_world *world, const struct drain *it)
{
	for (uint32_t n = it->node + 1; n < world->model->n_nodes; n++) {
		if (!it->nodes[n])
			continue;
		begin(world, it->nodes, n, it->options);
		return;
	}
}

static void work(struct tw_world *world, uint32_t at)
{
	struct drain *it = world->drains->list.v[at];
	tw_time now = tw_world_now(world);
	bool left = false;

	if (it->refused) {
		follow(world, it);
		return;
	}
	if (it->options->timeout && now - it->since >= it->options->timeout) {
		it->failed = true;
		tap(world, it, TW_TAP_NOT_DRAINED, "global timeout reached");
		return;
	}
	for (uint32_t i = 0; i < it->n_pods; i++) {
		struct drain_pod *pod = &it->pods[i];

		if (is_there(world, pod) && pod->next <= now)
			try_pod(world, it, pod);
		left |= is_there(world, pod);
	}
	if (left) {
		schedule(world, at, LOOK);
		return;
	}
	it->over = true;
	tap(world, it, TW_TAP_DRAINED, NULL);
	follow(world, it);
}

void tw_drain_start(struct tw_world *world, const bool *nodes,
	const struct tw_drain_options *options)
{
	const struct tw_sched_node *all = world->pods->scheduler.nodes.v;
	bool *there = tw_new_array(&world->arena, world->model->n_nodes, bool);
	uint32_t first = TW_NONE;

	if (!world->drains)
		world->drains = tw_new(&world->arena, struct tw_drains);
	for (uint32_t n = world->model->n_nodes; n--;) {
		/* Those that may come yet are nobody's to drain. */
		there[n] = nodes[n] && !all[n].absent;
		if (there[n])
			first = n;
	}
	for (uint32_t n = 0; n < world->model->n_nodes; n++) {
		world->obs.drains += there[n];
		if (there[n])
			tw_nodes_cordon(world, n, true);
	}
	if (first != TW_NONE)
		begin(world, there, first, options);
}

void tw_drains_finish(struct tw_world *world)
{
	for (size_t i = 0; world->drains && i < world->drains->list.n; i++)
		world->obs.drained += world->drains->list.v[i]->over;
}

bool tw_drain_event(struct tw_world *world, const struct tw_event *event)
{
	if (event->kind != TW_EV_DRAIN)
		return false;
	work(world, event->a);
	return true;
}
