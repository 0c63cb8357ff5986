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
#include "tests/conformance/scheduling.h"

#include "twins/cluster/preempt.h"

/* ---- the script ----------------------------------------------------- */

static struct tw_yaml *action_at(const struct replay *it, size_t i)
{
	return tw_yaml_item(tw_yaml_get(it->c->in, "script"), i);
}

bool replay_is(const struct tw_yaml *map, const char *key, const char *is)
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

			if (replay_is(op, "op", "log") ||
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

uint32_t replay_node(const struct replay *it, const char *name)
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
	n = replay_node(it, conformance_get_text(tw_yaml_get(nodes, "metadata"),
				    "name", ""));
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
			replay_node(it, tw_yaml_text(tw_yaml_item(args, i)));

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

uint32_t replay_pod(const struct replay *it, const char *name)
{
	uintptr_t known = (uintptr_t)tw_map_get(&it->pods, name);

	return known ? (uint32_t)known - 1 : TW_NONE;
}

uint32_t replay_pod_made(struct replay *it, const char *name)
{
	const struct workload *w = workload_of(it, name);
	uint32_t replica = replay_pod(it, name);

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

void replay_bind(
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
	if (replay_is(op, "op", "attempt")) {
		replay_attempt(it, at);
	} else if (replay_is(op, "op", "pod-added-bound")) {
		replica = replay_pod_made(it, pod);
		if (replica != TW_NONE)
			replay_bind(it, pod, replica,
				replay_node(
					it, it->world.pods->scheduler.classes
						    .v[workload_of(it, pod)
								    ->revision]
						    .pod->node_name));
	} else if (replay_is(op, "op", "pod-deleted")) {
		replica = replay_pod(it, pod);
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
		if (replay_is(action_at(it, i), "action", "apply"))
			add_workloads(
				it, tw_yaml_get(action_at(it, i), "args"), i);
		else if (replay_is(action_at(it, i), "action", "addnodes"))
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
