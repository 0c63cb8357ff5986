/*
 * Recorded decisions of kube-scheduler, replayed one by one: pods come in the
 * recorded order into the world of a run, the run's own attempt (attempt.h)
 * decides on each, and what it says is compared: the feasible nodes, each
 * plugin's score of each, the best ones, the reason of a failure, who is
 * preempted. Ties are broken at random there, so the recorded node is taken.
 *
 * The clock stands still: nothing happens that is not in the recording. A pod
 * has no kubelet where nothing says when it starts.
 */
#include "tests/conformance/system.h"

#include "twins/cluster/attempt.h"
#include "twins/cluster/nodes.h"
#include "twins/cluster/workloads.h"

#define NOWHERE UINT32_MAX

struct workload {
	const char *name; /* of the object */
	uint32_t revision;
	size_t action; /* that made it */
	double start;  /* s after it is bound; < 0: never */
};

struct replay {
	struct conformance *c;
	struct system system;
	struct tw_model *model;
	struct tw_world world;
	TW_VEC(struct workload) workloads;
	struct tw_map pods; /* recorded name -> 1 + replica, as a pointer */
	struct tw_yaml *ops;
	size_t next_action;
	double offset; /* of the script's clock */
};

/* ---- the script ----------------------------------------------------- */

static struct tw_yaml *action_at(const struct replay *it, size_t i)
{
	return tw_yaml_item(tw_yaml_get(it->c->in, "script"), i);
}

static bool is_named(const struct tw_yaml *map, const char *key, const char *is)
{
	return !strcmp(conformance_get_text(map, key, ""), is);
}

static void add_workloads(
	struct replay *it, const struct tw_yaml *object, size_t action)
{
	struct workload made = {.action = action};

	for (size_t i = 0; i < tw_yaml_count(object); i++)
		add_workloads(it, tw_yaml_item(object, i), action);
	if (!system_makes_pods(object))
		return;
	made.name = conformance_get_text(
		tw_yaml_get(object, "metadata"), "name", "");
	made.revision = system_revision(it->model, made.name);
	made.start =
		system_seconds(system_annotations(object), "oracle/start", -1);
	if (made.revision == TW_NONE)
		conformance_differs(it->c, "%s is not read", made.name);
	else
		tw_vec_push_in(&it->c->arena, &it->workloads, made);
}

/* "frontend-7f6c48dc59-fptpb", "db-0" and "want1" to their workloads: the
 * longest name that this begins with, and a dash after it. */
static const struct workload *workload_of(
	const struct replay *it, const char *pod)
{
	const struct workload *found = NULL;

	for (size_t i = 0; i < it->workloads.n; i++) {
		const struct workload *w = &it->workloads.v[i];
		size_t n = strlen(w->name);

		if (strncmp(pod, w->name, n) || (pod[n] && pod[n] != '-'))
			continue;
		if (!found || n > strlen(found->name))
			found = w;
	}
	return found;
}

/* The clock of the operations begins with the first of them, that of the
 * script earlier. Workloads come at once with their action, or a second
 * later. */
static double offset_of(const struct replay *it)
{
	double most = -1e9;

	for (size_t i = 0; i < it->workloads.n; i++)
		for (size_t k = 0; k < tw_yaml_count(it->ops); k++) {
			const struct tw_yaml *op = tw_yaml_item(it->ops, k);
			const char *pod = conformance_get_text(op, "pod", "");
			double lag;

			if (is_named(op, "op", "log") ||
				workload_of(it, pod) != &it->workloads.v[i])
				continue;
			lag = conformance_get_real(
				      action_at(it, it->workloads.v[i].action),
				      "t", 0) -
			      conformance_get_real(op, "t", 0);
			if (lag > most)
				most = lag;
			break;
		}
	return most;
}

static uint32_t node_named(const struct replay *it, const char *name)
{
	for (uint32_t n = 0; n < it->model->n_nodes; n++)
		if (!strcmp(it->model->nodes[n].name, name))
			return n;
	conformance_differs(it->c, "there is no node %s", name);
	return NOWHERE;
}

/* Nodes that are added later are not seen before. */
static void show_nodes(
	struct replay *it, const struct tw_yaml *nodes, bool seen)
{
	uint32_t n;

	for (size_t i = 0; i < tw_yaml_count(nodes); i++)
		show_nodes(it, tw_yaml_item(nodes, i), seen);
	if (!tw_yaml_is(nodes, TW_YAML_MAPPING))
		return;
	n = node_named(it, conformance_get_text(
				   tw_yaml_get(nodes, "metadata"), "name", ""));
	if (n != NOWHERE)
		tw_scheduler_set_absent(&it->world.pods->scheduler, n, !seen);
}

static void act(struct replay *it, const struct tw_yaml *action)
{
	struct tw_yaml *args = tw_yaml_get(action, "args");
	const char *what = conformance_get_text(action, "action", "");
	bool cordon = !strcmp(what, "cordon");

	if (!strcmp(what, "addnodes"))
		show_nodes(it, args, true);
	for (size_t i = 0; (cordon || !strcmp(what, "uncordon")) &&
			   i < tw_yaml_count(args);
		i++) {
		uint32_t n =
			node_named(it, tw_yaml_text(tw_yaml_item(args, i)));

		if (n != NOWHERE)
			tw_nodes_cordon(&it->world, n, cordon);
	}
}

/* Whatever has been done by now. What is applied, scaled and deleted shows in
 * the pods that come and go. */
static void act_until(struct replay *it, double t)
{
	const struct tw_yaml *action;

	while ((action = action_at(it, it->next_action)) &&
		conformance_get_real(action, "t", 0) - it->offset <= t + 0.2) {
		act(it, action);
		it->next_action++;
	}
}

/* ---- pods ----------------------------------------------------------- */

static uint32_t pod_named(const struct replay *it, const char *name)
{
	uintptr_t known = (uintptr_t)tw_map_get(&it->pods, name);

	return known ? (uint32_t)known - 1 : TW_NONE;
}

/* One that is seen for the first time is made. */
static uint32_t pod_of(struct replay *it, const char *name)
{
	const struct workload *w = workload_of(it, name);
	uint32_t replica = pod_named(it, name);

	if (replica != TW_NONE)
		return replica;
	if (w)
		replica = tw_pod_create(&it->world, w->revision);
	if (replica == TW_NONE)
		conformance_differs(it->c, "nobody makes the pod %s", name);
	else
		tw_map_put(&it->pods, name, (void *)((uintptr_t)replica + 1));
	return replica;
}

static void bind(
	struct replay *it, const char *name, uint32_t replica, uint32_t node)
{
	const struct workload *w = workload_of(it, name);
	struct tw_pod *pod = &it->world.pods->all[replica];

	tw_nominated_clear(&it->world, replica);
	it->world.node_down[node] = w->start < 0;
	tw_pod_bind(&it->world, replica, node);
	it->world.node_down[node] = false;
	pod->started = w->start < 0 ? TW_NEVER / 2 : it->world.queue.now;
}

/* ---- one attempt ---------------------------------------------------- */

static bool lists(const struct tw_yaml *names, const char *name)
{
	for (size_t i = 0; i < tw_yaml_count(names); i++)
		if (!strcmp(tw_yaml_text(tw_yaml_item(names, i)), name))
			return true;
	return false;
}

static const char *node_name(const struct replay *it, uint32_t node)
{
	return it->model->nodes[node].name;
}

static const char *refusal(const struct tw_sched_cycle *cycle, uint32_t node)
{
	const char *text = tw_sched_reason_of(cycle, node).text;

	return text ? text : "another one is nominated";
}

static void compare_feasible(struct replay *it, const struct tw_yaml *op,
	const char *pod, const struct tw_sched_cycle *cycle)
{
	const struct tw_yaml *want = tw_yaml_get(op, "feasible");

	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		if (!lists(want, node_name(it, cycle->feasible[i])))
			conformance_differs(it->c,
				"%s: %s is feasible, and was not", pod,
				node_name(it, cycle->feasible[i]));
	for (size_t i = 0; i < tw_yaml_count(want); i++) {
		const char *name = tw_yaml_text(tw_yaml_item(want, i));
		uint32_t node = node_named(it, name), k = 0;

		while (k < cycle->n_feasible && cycle->feasible[k] != node)
			k++;
		if (k == cycle->n_feasible && node != NOWHERE)
			conformance_differs(it->c,
				"%s: %s is not feasible, and was: %s", pod,
				name, refusal(cycle, node));
	}
}

static const struct tw_sched_plugin *plugin_named(const char *name)
{
	for (size_t i = 0; tw_sched_plugins[i]; i++)
		if (!strcmp(tw_sched_plugins[i]->name, name))
			return tw_sched_plugins[i];
	return NULL;
}

/* A column of the rows, the last of which is the sum. A plugin that the twin
 * does not have (VolumeBinding) scores nothing. */
static void score_column(struct tw_sched_cycle *cycle, const char *name,
	int64_t *scores, int64_t *totals)
{
	const struct tw_sched_plugin *plugin = plugin_named(name);
	bool scored = plugin && tw_sched_score(cycle, plugin, scores);

	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		scores[i] = scored ? scores[i] * plugin->weight : 0;
		totals[i] += scores[i];
	}
}

static void compare_column(struct replay *it, const struct tw_yaml *rows,
	size_t column, const char *name, const char *pod,
	const struct tw_sched_cycle *cycle, const int64_t *scores)
{
	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		const char *node = node_name(it, cycle->feasible[i]);
		const struct tw_yaml *row = tw_yaml_get(rows, node);

		conformance_int(it->c,
			tw_arena_printf(
				&it->c->arena, "%s: %s of %s", pod, name, node),
			tw_yaml_item(row, column), scores[i]);
	}
}

static void compare_best(struct replay *it, const struct tw_yaml *op,
	const char *pod, const struct tw_sched_cycle *cycle,
	const int64_t *totals, uint32_t chosen)
{
	const struct tw_yaml *want = tw_yaml_get(op, "best");
	int64_t most = INT64_MIN;

	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		most = totals[i] > most ? totals[i] : most;
	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		const char *name = node_name(it, cycle->feasible[i]);

		if ((totals[i] == most) != lists(want, name))
			conformance_differs(it->c,
				"%s: %s is %sone of the best", pod, name,
				totals[i] == most ? "" : "not ");
	}
	if (chosen != NOWHERE && !lists(want, node_name(it, chosen)))
		conformance_differs(
			it->c, "%s: goes to %s", pod, node_name(it, chosen));
}

static void compare_scores(struct replay *it, const struct tw_yaml *op,
	const char *pod, struct tw_sched_cycle *cycle, uint32_t chosen)
{
	const struct tw_yaml *rows = tw_yaml_get(op, "scores");
	struct tw_yaml *columns = tw_yaml_get(it->c->want, "score_columns");
	int64_t *scores =
		tw_new_array(&it->c->arena, cycle->n_feasible + 1, int64_t);
	int64_t *totals =
		tw_new_array(&it->c->arena, cycle->n_feasible + 1, int64_t);

	if (!tw_yaml_is(rows, TW_YAML_MAPPING))
		return;
	for (size_t k = 0; k + 1 < tw_yaml_count(columns); k++) {
		const char *name = tw_yaml_text(tw_yaml_item(columns, k));

		score_column(cycle, name, scores, totals);
		compare_column(it, rows, k, name, pod, cycle, scores);
	}
	compare_column(it, rows, tw_yaml_count(columns) - 1, "total", pod,
		cycle, totals);
	/* No plugin of the twin may be without a column. */
	tw_sched_total(cycle, scores);
	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		if (scores[i] != totals[i])
			conformance_differs(it->c,
				"%s: %s is scored by a plugin without a column",
				pod, node_name(it, cycle->feasible[i]));
	if (cycle->n_feasible)
		compare_best(it, op, pod, cycle, totals, chosen);
}

/* The decision in slow motion, while pods that are nominated hold their room:
 * what is kept of nodes (sched_kind.c) is not used. */
static void look(struct replay *it, const struct tw_attempt *attempt,
	struct tw_sched_cycle *cycle)
{
	uint32_t nominated = tw_pod_of(&it->world, attempt->replica)->nominated;

	tw_sched_cycle_init(cycle, &it->world.pods->scheduler,
		it->model->replicas[attempt->replica].revision);
	tw_sched_filter(cycle);
	for (uint32_t i = 0; nominated && i < cycle->n_feasible; i++)
		if (cycle->feasible[i] == nominated - 1 &&
			attempt->node == nominated - 1) {
			cycle->feasible[0] = nominated - 1;
			cycle->n_feasible = 1;
		}
}

/* From 100 nodes on it stopped where it had found enough, having begun where
 * the attempt before had stopped: of those it found no others are looked at.
 * True: so it was. */
static bool look_no_further(struct replay *it, const struct tw_yaml *op,
	struct tw_sched_cycle *cycle)
{
	int64_t evaluated = conformance_get_int(op, "evaluated", 0);
	const struct tw_yaml *found = tw_yaml_get(op, "feasible");
	uint32_t n = 0;

	if (evaluated <= 1 || evaluated >= (int64_t)tw_sched_n_nodes(cycle->s))
		return false;
	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		if (lists(found, node_name(it, cycle->feasible[i])))
			cycle->feasible[n++] = cycle->feasible[i];
	cycle->n_feasible = n;
	return true;
}

static void bound(struct replay *it, const struct tw_yaml *op, const char *pod,
	struct tw_attempt *attempt)
{
	uint32_t node = node_named(it, conformance_get_text(op, "node", ""));
	struct tw_sched_cycle cycle;
	bool partly;

	look(it, attempt, &cycle);
	partly = look_no_further(it, op, &cycle);
	compare_feasible(it, op, pod, &cycle);
	compare_scores(it, op, pod, &cycle, partly ? NOWHERE : attempt->node);
	if (!partly && tw_yaml_count(tw_yaml_get(op, "feasible")) == 1 &&
		attempt->node != node)
		conformance_differs(it->c, "%s: does not go to %s", pod,
			conformance_get_text(op, "node", ""));
	tw_sched_cycle_release(&cycle);
	tw_attempt_end(&it->world, attempt);
	if (node != NOWHERE)
		bind(it, pod, attempt->replica, node);
}

/* ---- preemption ----------------------------------------------------- */

static const char *without_namespace(const char *name)
{
	const char *slash = strchr(name, '/');

	return slash ? slash + 1 : name;
}

/* Recorded lines between an attempt of the pod and its next one. */
static const struct tw_yaml *next_victim(
	const struct replay *it, size_t *at, const char *pod)
{
	for (; *at < tw_yaml_count(it->ops); ++*at) {
		const struct tw_yaml *op = tw_yaml_item(it->ops, *at);

		if (is_named(op, "op", "attempt") && is_named(op, "pod", pod))
			return NULL;
		if (is_named(op, "msg", "Preemptor Pod preempted victim Pod") &&
			!strcmp(pod, without_namespace(conformance_get_text(
					     op, "preemptor", "")))) {
			++*at;
			return op;
		}
	}
	return NULL;
}

static bool is_victim(const struct tw_candidate *candidate, uint32_t replica)
{
	for (size_t i = 0; i < candidate->victims.n; i++)
		if (candidate->victims.v[i].replica == replica)
			return !candidate->victims.v[i].stays;
	return false;
}

static void compare_victims(struct replay *it, size_t at, const char *pod,
	const struct tw_candidate *got)
{
	const struct tw_yaml *op;
	uint32_t n = 0;

	while ((op = next_victim(it, &at, pod))) {
		const char *victim = without_namespace(
			conformance_get_text(op, "victim", ""));
		const char *node = conformance_get_text(op, "node", "");

		n++;
		if (got->node == TW_NONE ||
			!is_named(op, "node", node_name(it, got->node)))
			conformance_differs(it->c,
				"%s: preempts on %s, not on %s", pod,
				got->node == TW_NONE ? "no node"
						     : node_name(it, got->node),
				node);
		else if (!is_victim(got, pod_named(it, victim)))
			conformance_differs(
				it->c, "%s: does not preempt %s", pod, victim);
	}
	if ((got->node == TW_NONE ? 0 : got->n) != n)
		conformance_differs(it->c, "%s: preempts %u pods, not %u", pod,
			got->node == TW_NONE ? 0 : got->n, n);
}

static void unschedulable(struct replay *it, size_t at,
	const struct tw_yaml *op, const char *pod, struct tw_attempt *attempt,
	const char *why)
{
	if (attempt->node != NOWHERE)
		conformance_differs(it->c, "%s: goes to %s, and fitted nowhere",
			pod, node_name(it, attempt->node));
	else
		conformance_text(it->c, pod, tw_yaml_get(op, "reason"), why);
	compare_victims(it, at + 1, pod, &attempt->candidate);
	tw_attempt_preempt(&it->world, attempt);
	tw_attempt_end(&it->world, attempt);
}

static void attempt(struct replay *it, size_t at, const struct tw_yaml *op)
{
	const char *pod = conformance_get_text(op, "pod", "");
	uint32_t replica = pod_of(it, pod);
	struct tw_attempt attempt;
	struct tw_buf why = {0};

	if (replica == TW_NONE)
		return;
	tw_attempt_begin(&it->world, replica, &attempt, &why);
	if (is_named(op, "outcome", "bound"))
		bound(it, op, pod, &attempt);
	else
		unschedulable(it, at, op, pod, &attempt, tw_buf_text(&why));
	tw_buf_release(&why);
}

/* ---- the replay ----------------------------------------------------- */

static void replay_op(struct replay *it, size_t at)
{
	const struct tw_yaml *op = tw_yaml_item(it->ops, at);
	const char *pod = conformance_get_text(op, "pod", "");
	double t = conformance_get_real(op, "t", 0);
	uint32_t replica;

	act_until(it, t);
	if ((tw_time)(t * TW_S) > it->world.queue.now)
		it->world.queue.now = (tw_time)(t * TW_S);
	if (is_named(op, "op", "attempt")) {
		attempt(it, at, op);
	} else if (is_named(op, "op", "pod-added-bound")) {
		replica = pod_of(it, pod);
		if (replica != TW_NONE)
			bind(it, pod, replica,
				node_named(
					it, it->world.pods->scheduler.classes
						    .v[workload_of(it, pod)
								    ->revision]
						    .pod->node_name));
	} else if (is_named(op, "op", "pod-deleted")) {
		replica = pod_named(it, pod);
		if (replica != TW_NONE)
			tw_pod_remove(&it->world, replica);
		tw_map_put(&it->pods, pod, NULL);
	}
}

/* Nobody is there before the first of them. */
static void empty(struct replay *it)
{
	for (uint32_t r = 0; r < it->model->n_replicas; r++)
		if (it->world.replicas[r].managed)
			tw_pod_remove(&it->world, r);
}

static void play(struct replay *it)
{
	struct tw_yaml *script = tw_yaml_get(it->c->in, "script");

	for (size_t i = 0; i < tw_yaml_count(script); i++)
		if (is_named(action_at(it, i), "action", "apply"))
			add_workloads(
				it, tw_yaml_get(action_at(it, i), "args"), i);
		else if (is_named(action_at(it, i), "action", "addnodes"))
			show_nodes(it, tw_yaml_get(action_at(it, i), "args"),
				false);
	it->offset = offset_of(it);
	/* No kubelet reports there. */
	it->world.pods->scheduler.options.images_as_added = true;
	empty(it);
	for (size_t i = 0; i < tw_yaml_count(it->ops); i++)
		replay_op(it, i);
}

static void read_system(struct replay *it)
{
	struct tw_yaml *script = tw_yaml_get(it->c->in, "script");

	system_init(&it->system, it->c);
	system_add(&it->system, tw_yaml_get(it->c->in, "nodes"));
	for (size_t i = 0; i < tw_yaml_count(script); i++) {
		const char *what =
			conformance_get_text(action_at(it, i), "action", "");

		if (!strcmp(what, "apply") || !strcmp(what, "addnodes"))
			system_add(&it->system,
				tw_yaml_get(action_at(it, i), "args"));
	}
	system_read(&it->system, "version: 1\nkubernetes: \"1.26\"\n");
	tw_spec_may_grow_named(
		it->system.spec, "*", (int64_t)tw_yaml_count(it->ops) + 1);
}

static void scheduling(struct conformance *c)
{
	struct replay it = {.c = c, .ops = tw_yaml_get(c->want, "ops")};

	read_system(&it);
	it.model = system_compile(&it.system);
	if (it.model) {
		tw_map_init(&it.pods, &c->arena);
		tw_world_init(&it.world, it.model,
			&(struct tw_world_options){.seed = 1,
				.slice = TW_S,
				.max_in_flight = 10,
				.node_of = it.model->node_of});
		tw_workloads_init(&it.world, true);
		play(&it);
		tw_workloads_release(&it.world);
		tw_world_release(&it.world);
		tw_model_free(it.model);
	}
	system_release(&it.system);
}

const struct conformance_adapter conformance_scheduling[] = {
	{"recorded", "scheduling", scheduling},
	{NULL, NULL, NULL},
};
