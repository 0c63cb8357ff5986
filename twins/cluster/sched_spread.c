/*
 * PodTopologySpread. Source: pkg/scheduler/framework/plugins/
 * podtopologyspread/{common,filtering,scoring}.go.
 *
 * Pods are counted by their class: a class of the same namespace whose labels
 * the constraint's selector selects. An empty selector counts nobody (and
 * still selects the pod itself, for the filter).
 */
#include "twins/cluster/sched_spread.h"

#define HOSTNAME "kubernetes.io/hostname"

static void find_counted(struct tw_scheduler *s, uint32_t class,
	const struct tw_spread *spread, struct tw_sched_list *to)
{
	const struct tw_sched_class *own = &s->classes.v[class];
	const struct tw_sched_list *some;

	if (!spread->has_selector || !spread->selector.n)
		return;
	some = tw_sched_candidates(s, own->namespace, &spread->selector);
	for (uint32_t i = 0; i < (some ? some->n : s->classes.n); i++) {
		uint32_t c = some ? some->v[i] : i;

		if (!strcmp(s->classes.v[c].namespace, own->namespace) &&
			tw_label_selector_fits(
				&spread->selector, s->classes.v[c].labels))
			tw_vec_push_in(&s->arena, to, c);
	}
}

/* Who counts is found out once: by the pod's own spreads, or, for the usual
 * ones, which share a selector, by the first of them. */
static const struct tw_sched_list *counting(struct tw_sched_cycle *cycle,
	const struct tw_spreads *spreads, size_t which)
{
	struct tw_scheduler *s = cycle->s;
	struct tw_sched_memo *memo = &s->memos.v[cycle->class_index];
	bool usual = !cycle->class->pod->spreads.n;
	size_t n = usual ? 1 : spreads->n;

	if (!memo->counted || memo->n_classes != s->classes.n) {
		memo->n_classes = (uint32_t)s->classes.n;
		memo->counted =
			tw_new_array(&s->arena, n, struct tw_sched_list);
		for (size_t i = 0; i < n; i++)
			find_counted(s, cycle->class_index, &spreads->v[i],
				&memo->counted[i]);
	}
	return &memo->counted[usual ? 0 : which];
}

bool tw_spread_is_hostname(const struct tw_spread_constraint *it)
{
	return !strcmp(it->spread->topology_key, HOSTNAME);
}

struct tw_spread_state *tw_spread_begin(struct tw_sched_cycle *cycle,
	const struct tw_spreads *spreads, bool do_not_schedule)
{
	struct tw_spread_state *state =
		tw_new(&cycle->arena, struct tw_spread_state);

	state->constraints = tw_new_array(
		&cycle->arena, spreads->n + 1, struct tw_spread_constraint);
	for (size_t i = 0; i < spreads->n; i++) {
		struct tw_spread_constraint *it = &state->constraints[state->n];

		if (spreads->v[i].do_not_schedule != do_not_schedule)
			continue;
		it->spread = &spreads->v[i];
		it->which = i;
		it->counted = counting(cycle, spreads, i);
		it->self = do_not_schedule && it->spread->has_selector &&
			   tw_label_selector_fits(
				   &it->spread->selector, cycle->class->labels);
		state->n++;
	}
	/* Those of all keys first: finding one may move the others. */
	for (size_t i = 0; i < state->n; i++)
		tw_sched_topology(
			cycle->s, state->constraints[i].spread->topology_key);
	for (size_t i = 0; i < state->n; i++) {
		struct tw_spread_constraint *it = &state->constraints[i];

		it->topology =
			tw_sched_topology(cycle->s, it->spread->topology_key);
		/* Scores count by host (find_hosts). */
		if (!do_not_schedule && tw_spread_is_hostname(it))
			continue;
		it->pods = tw_new_array(
			&cycle->arena, it->topology->n_domains + 1, int64_t);
		/* Filters know theirs already (find_known). */
		if (do_not_schedule)
			continue;
		it->known = tw_new_array(
			&cycle->arena, it->topology->n_domains + 1, bool);
		it->first = tw_new_array(
			&cycle->arena, it->topology->n_domains + 1, uint32_t);
	}
	return state;
}

/* nodeAffinityPolicy (default Honor), nodeTaintsPolicy (default Ignore). */
static bool is_included(const struct tw_sched_cycle *cycle,
	const struct tw_spread_constraint *constraint,
	const struct tw_node_spec *node)
{
	const struct tw_pod_spec *pod = cycle->class->pod;

	if (!constraint->spread->ignore_affinity &&
		!tw_pod_fits_node(pod, node))
		return false;
	return !constraint->spread->honor_taints ||
	       !tw_pod_untolerated(&pod->tolerations, &node->taints,
		       cycle->s->options.compare_taints);
}

/* ---- filter --------------------------------------------------------- */

/* Whether each node with pods counts: nothing is asked of it. */
static bool counts_anywhere(const struct tw_sched_cycle *cycle,
	const struct tw_spread_state *state,
	const struct tw_spread_constraint *it)
{
	const struct tw_pod_spec *pod = cycle->class->pod;

	return !state->all_keys && !it->spread->honor_taints &&
	       (it->spread->ignore_affinity ||
		       (!pod->node_selector.n &&
			       !pod->node_affinity.is_required));
}

/* By node: of those that have some, a list is kept. */
static void count_hosts(struct tw_scheduler *s,
	const struct tw_sched_memo *memo, struct tw_spread_constraint *it)
{
	for (size_t i = 0; i < memo->places.n; i++) {
		const struct tw_class_place *place = &memo->places.v[i];
		int64_t pods = (int64_t)place->n - place->leaving;

		if (!pods || (s->n_absent && s->nodes.v[place->node].absent))
			continue;
		if (it->marks && !it->on[place->node])
			tw_vec_push(&s->marks.set, place->node);
		it->on[place->node] += pods;
	}
}

static void count_domains(struct tw_sched_cycle *cycle,
	const struct tw_spread_state *state, const struct tw_sched_memo *memo,
	struct tw_spread_constraint *it)
{
	struct tw_scheduler *s = cycle->s;
	bool anywhere = counts_anywhere(cycle, state, it);

	for (size_t i = 0; i < memo->places.n; i++) {
		const struct tw_class_place *place = &memo->places.v[i];
		uint32_t n = place->node;

		if (s->n_absent && s->nodes.v[n].absent)
			continue;
		if (anywhere ||
			((!state->all_keys || tw_spread_has_keys(state, n)) &&
				is_included(cycle, it, s->nodes.v[n].spec)))
			it->pods[tw_spread_domain(it, n)] +=
				(int64_t)place->n - place->leaving;
	}
}

void tw_spread_count(struct tw_sched_cycle *cycle,
	const struct tw_spread_state *state, struct tw_spread_constraint *it)
{
	for (size_t c = 0; c < it->counted->n; c++) {
		const struct tw_sched_memo *memo =
			&cycle->s->memos.v[it->counted->v[c]];

		if (it->on)
			count_hosts(cycle->s, memo, it);
		else
			count_domains(cycle, state, memo, it);
	}
}

static void empty_known(struct tw_sched_cycle *cycle,
	struct tw_sched_known *known, const struct tw_spread_constraint *it)
{
	uint32_t room = it->topology->n_domains + 1;

	if (known->room < room)
		known->is = tw_new_array(&cycle->s->arena, room, bool);
	else
		memset(known->is, 0, known->room * sizeof *known->is);
	if (known->room < room)
		known->room = room;
	known->n = 0;
}

static void fill_known(
	struct tw_sched_cycle *cycle, struct tw_spread_state *state)
{
	struct tw_sched_memo *memo = &cycle->s->memos.v[cycle->class_index];

	for (size_t i = 0; i < state->n; i++)
		empty_known(cycle, &memo->known[state->constraints[i].which],
			&state->constraints[i]);
	for (uint32_t n = 0; n < cycle->s->nodes.n; n++) {
		if (cycle->s->nodes.v[n].absent ||
			!tw_spread_has_keys(state, n))
			continue;
		for (size_t i = 0; i < state->n; i++) {
			struct tw_spread_constraint *it =
				&state->constraints[i];
			struct tw_sched_known *known = &memo->known[it->which];
			uint32_t domain = tw_spread_domain(it, n);

			if (known->is[domain] ||
				!is_included(
					cycle, it, cycle->s->nodes.v[n].spec))
				continue;
			known->is[domain] = true;
			known->n++;
		}
	}
}

/* They stay as long as there are the same nodes, and, where taints are
 * honoured, these look the same: labels do not change. */
static void find_known(
	struct tw_sched_cycle *cycle, struct tw_spread_state *state)
{
	struct tw_scheduler *s = cycle->s;
	struct tw_sched_memo *memo = &s->memos.v[cycle->class_index];
	uint64_t now = s->shapes;

	for (size_t i = 0; i < state->n; i++)
		if (state->constraints[i].spread->honor_taints) {
			now += s->looks;
			break;
		}
	if (!memo->known)
		memo->known = tw_new_array(&s->arena,
			cycle->class->pod->spreads.n, struct tw_sched_known);
	if (memo->known_at != now)
		fill_known(cycle, state);
	memo->known_at = now;
	for (size_t i = 0; i < state->n; i++) {
		struct tw_spread_constraint *it = &state->constraints[i];

		it->known = memo->known[it->which].is;
		it->n_known = memo->known[it->which].n;
	}
}

static bool pre_filter(struct tw_sched_cycle *cycle, uint32_t slot)
{
	struct tw_spread_state *state =
		tw_spread_begin(cycle, &cycle->class->pod->spreads, true);

	cycle->state[slot] = state;
	if (!state->n)
		return false;
	state->all_keys = true;
	find_known(cycle, state);
	for (size_t i = 0; i < state->n; i++)
		tw_spread_count(cycle, state, &state->constraints[i]);
	for (size_t i = 0; i < state->n; i++) {
		struct tw_spread_constraint *it = &state->constraints[i];

		it->least = INT32_MAX;
		for (uint32_t d = 0; d < it->topology->n_domains; d++)
			if (it->known[d] && it->pods[d] < it->least)
				it->least = it->pods[d];
		if (!cycle->s->options.no_min_domains &&
			(int64_t)it->n_known < it->spread->min_domains)
			it->least = 0;
	}
	return true;
}

static struct tw_sched_reason filter(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct tw_spread_state *state = cycle->state[slot];

	(void)cycle;
	for (size_t i = 0; i < state->n; i++) {
		const struct tw_spread_constraint *it = &state->constraints[i];
		uint32_t domain = tw_spread_domain(it, node);

		if (!tw_spread_has_key(it, node))
			return (struct tw_sched_reason){TW_SCHED_UNRESOLVABLE,
				"node(s) didn't match pod topology spread "
				"constraints (missing required label)"};
		if ((it->known[domain] ? it->pods[domain] : 0) + it->self -
				it->least >
			it->spread->max_skew)
			return (struct tw_sched_reason){TW_SCHED_UNSCHEDULABLE,
				"node(s) didn't match pod topology spread "
				"constraints"};
	}
	return (struct tw_sched_reason){TW_SCHED_OK, NULL};
}

const struct tw_sched_plugin tw_sched_spread = {
	.name = "PodTopologySpread",
	.weight = 2,
	.pre_filter = pre_filter,
	.filter = filter,
	.pre_score = tw_spread_pre_score,
	.score_all = tw_spread_score_all,
	.normalise = tw_spread_normalise,
	.add_all = tw_spread_add_all,
};
