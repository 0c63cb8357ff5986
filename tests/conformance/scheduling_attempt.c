/* One recorded attempt beside the twin's own. */
#include "tests/conformance/scheduling.h"

#include "twins/cluster/attempt.h"

/* ---- where it goes --------------------------------------------------- */

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
		uint32_t node = replay_node(it, name), k = 0;

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
	uint32_t node = replay_node(it, conformance_get_text(op, "node", ""));
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
		replay_bind(it, pod, attempt->replica, node);
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

		if (replay_is(op, "op", "attempt") && replay_is(op, "pod", pod))
			return NULL;
		if (replay_is(
			    op, "msg", "Preemptor Pod preempted victim Pod") &&
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
			!replay_is(op, "node", node_name(it, got->node)))
			conformance_differs(it->c,
				"%s: preempts on %s, not on %s", pod,
				got->node == TW_NONE ? "no node"
						     : node_name(it, got->node),
				node);
		else if (!is_victim(got, replay_pod(it, victim)))
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

void replay_attempt(struct replay *it, size_t at)
{
	const struct tw_yaml *op = tw_yaml_item(it->ops, at);
	const char *pod = conformance_get_text(op, "pod", "");
	uint32_t replica = replay_pod_made(it, pod);
	struct tw_attempt attempt;
	struct tw_buf why = {0};

	if (replica == TW_NONE)
		return;
	tw_attempt_begin(&it->world, replica, &attempt, &why);
	if (replay_is(op, "outcome", "bound"))
		bound(it, op, pod, &attempt);
	else
		unschedulable(it, at, op, pod, &attempt, tw_buf_text(&why));
	tw_buf_release(&why);
}
