/*
 * PodTopologySpread. Source: pkg/scheduler/framework/plugins/
 * podtopologyspread/{common,filtering,scoring}.go.
 *
 * Pods are counted by their class: a class of the same namespace whose labels
 * the constraint's selector selects. An empty selector counts nobody (and
 * still selects the pod itself, for the filter).
 */
#include "twins/cluster/scheduler.h"

#include "twins/kernel/fmath.h"

#define HOSTNAME "kubernetes.io/hostname"
#define ZONE	 "topology.kubernetes.io/zone"

struct constraint {
	const struct tw_spread *spread;
	const struct tw_sched_list *counted; /* classes whose pods count */
	const struct tw_topology *topology;
	int64_t *pods; /* by domain; the last: of nodes without the key */
	bool *known;   /* likewise: the domain counts at all */
	size_t which;  /* of the pod's spreads */
	int64_t *on;   /* by node, of a hostname that is scored */
	bool marks;    /* they are the scheduler's marks */
	uint32_t n_known;
	int64_t least; /* pods of the emptiest domain */
	bool self;     /* the pod itself counts */
	double weight;
};

struct state {
	struct constraint *constraints;
	size_t n;
	bool all_keys; /* a node needs all of the topology keys */
	bool marked;   /* some constraint counts in marks */
	bool *out; /* score: by node, feasible but without a key; NULL: none */
	struct tw_spreads usual; /* of pods without constraints */
};

/* The place of a node's domain in the arrays. */
static uint32_t domain_of(const struct constraint *it, uint32_t node)
{
	uint32_t domain = it->topology->domain_of[node];

	return domain == UINT32_MAX ? it->topology->n_domains : domain;
}

static bool has_key(const struct constraint *it, uint32_t node)
{
	return it->topology->domain_of[node] != UINT32_MAX;
}

static bool has_keys(const struct state *state, uint32_t node)
{
	for (size_t i = 0; i < state->n; i++)
		if (!has_key(&state->constraints[i], node))
			return false;
	return true;
}

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

static bool is_hostname(const struct constraint *it)
{
	return !strcmp(it->spread->topology_key, HOSTNAME);
}

static struct state *begin(struct tw_sched_cycle *cycle,
	const struct tw_spreads *spreads, bool do_not_schedule)
{
	struct state *state = tw_new(&cycle->arena, struct state);

	state->constraints =
		tw_new_array(&cycle->arena, spreads->n + 1, struct constraint);
	for (size_t i = 0; i < spreads->n; i++) {
		struct constraint *it = &state->constraints[state->n];

		if (spreads->v[i].do_not_schedule != do_not_schedule)
			continue;
		it->spread = &spreads->v[i];
		it->which = i;
		it->counted = counting(cycle, spreads, i);
		it->self = it->spread->has_selector &&
			   tw_label_selector_fits(
				   &it->spread->selector, cycle->class->labels);
		state->n++;
	}
	/* Those of all keys first: finding one may move the others. */
	for (size_t i = 0; i < state->n; i++)
		tw_sched_topology(
			cycle->s, state->constraints[i].spread->topology_key);
	for (size_t i = 0; i < state->n; i++) {
		struct constraint *it = &state->constraints[i];

		it->topology =
			tw_sched_topology(cycle->s, it->spread->topology_key);
		/* Scores count by host (find_hosts). */
		if (!do_not_schedule && is_hostname(it))
			continue;
		it->pods = tw_new_array(
			&cycle->arena, it->topology->n_domains + 1, int64_t);
		/* Filters know theirs already (find_known). */
		if (!do_not_schedule)
			it->known = tw_new_array(&cycle->arena,
				it->topology->n_domains + 1, bool);
	}
	return state;
}

static void know(struct constraint *it, uint32_t domain)
{
	it->n_known += !it->known[domain];
	it->known[domain] = true;
}

/* nodeAffinityPolicy (default Honor), nodeTaintsPolicy (default Ignore). */
static bool is_included(const struct tw_sched_cycle *cycle,
	const struct constraint *constraint, const struct tw_node_spec *node)
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
	const struct state *state, const struct constraint *it)
{
	const struct tw_pod_spec *pod = cycle->class->pod;

	return !state->all_keys && !it->spread->honor_taints &&
	       (it->spread->ignore_affinity ||
		       (!pod->node_selector.n &&
			       !pod->node_affinity.is_required));
}

/* Pods that count, node by node. */
static void count_pods(struct tw_sched_cycle *cycle, struct state *state,
	struct constraint *it)
{
	struct tw_scheduler *s = cycle->s;
	bool anywhere = counts_anywhere(cycle, state, it);

	for (size_t c = 0; c < it->counted->n; c++) {
		uint32_t class = it->counted->v[c];
		const struct tw_sched_memo *memo = &s->memos.v[class];

		for (size_t i = 0; i < memo->places.n; i++) {
			const struct tw_class_place *place = &memo->places.v[i];
			uint32_t n = place->node;
			int64_t pods = (int64_t)place->n - place->leaving;

			if (s->n_absent && s->nodes.v[n].absent)
				continue;
			if (it->marks)
				tw_vec_push(&s->marks.set, n);
			if (it->on)
				it->on[n] += pods;
			else if (anywhere ||
				 ((!state->all_keys || has_keys(state, n)) &&
					 is_included(cycle, it,
						 s->nodes.v[n].spec)))
				it->pods[domain_of(it, n)] += pods;
		}
	}
}

static void empty_known(struct tw_sched_cycle *cycle,
	struct tw_sched_known *known, const struct constraint *it)
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

static void fill_known(struct tw_sched_cycle *cycle, struct state *state)
{
	struct tw_sched_memo *memo = &cycle->s->memos.v[cycle->class_index];

	for (size_t i = 0; i < state->n; i++)
		empty_known(cycle, &memo->known[state->constraints[i].which],
			&state->constraints[i]);
	for (uint32_t n = 0; n < cycle->s->nodes.n; n++) {
		if (cycle->s->nodes.v[n].absent || !has_keys(state, n))
			continue;
		for (size_t i = 0; i < state->n; i++) {
			struct constraint *it = &state->constraints[i];
			struct tw_sched_known *known = &memo->known[it->which];
			uint32_t domain = domain_of(it, n);

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
static void find_known(struct tw_sched_cycle *cycle, struct state *state)
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
		struct constraint *it = &state->constraints[i];

		it->known = memo->known[it->which].is;
		it->n_known = memo->known[it->which].n;
	}
}

static bool pre_filter(struct tw_sched_cycle *cycle, uint32_t slot)
{
	struct state *state = begin(cycle, &cycle->class->pod->spreads, true);

	cycle->state[slot] = state;
	if (!state->n)
		return false;
	state->all_keys = true;
	find_known(cycle, state);
	for (size_t i = 0; i < state->n; i++)
		count_pods(cycle, state, &state->constraints[i]);
	for (size_t i = 0; i < state->n; i++) {
		struct constraint *it = &state->constraints[i];

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
	const struct state *state = cycle->state[slot];

	(void)cycle;
	for (size_t i = 0; i < state->n; i++) {
		const struct constraint *it = &state->constraints[i];
		uint32_t domain = domain_of(it, node);

		if (!has_key(it, node))
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

/* ---- score ---------------------------------------------------------- */

/* System defaulting: hostname with a skew of 3, zone of 5, for the pods of
 * the same Services and owner. */
static const struct tw_spreads *usual_spreads(
	struct tw_sched_cycle *cycle, struct tw_spreads *to)
{
	const struct tw_pod_spec *pod = cycle->class->pod;
	struct tw_spread spread = {
		.max_skew = 3, .topology_key = HOSTNAME, .has_selector = true};

	if (!pod->has_group)
		return to;
	spread.selector = pod->group;
	tw_vec_push_in(&cycle->arena, to, spread);
	spread.max_skew = 5;
	spread.topology_key = ZONE;
	tw_vec_push_in(&cycle->arena, to, spread);
	return to;
}

/* The domains of the nodes that are feasible; a hostname counts by itself, and
 * a node without the key is of a domain of its own. */
/* Of the nodes that are left; there may be no more to be known. */
static void know_domains(const struct tw_sched_cycle *cycle,
	const struct state *state, struct constraint *it)
{
	uint32_t all = it->topology->n_domains + it->topology->some_without;

	for (uint32_t f = 0; f < cycle->n_feasible && it->n_known < all; f++)
		if (!state->out || !state->out[cycle->feasible[f]])
			know(it, domain_of(it, cycle->feasible[f]));
}

static void find_domains(struct tw_sched_cycle *cycle, struct state *state)
{
	size_t out = 0;

	for (uint32_t f = 0; state->out && f < cycle->n_feasible; f++) {
		uint32_t node = cycle->feasible[f];

		state->out[node] = !has_keys(state, node);
		out += state->out[node];
	}
	for (size_t i = 0; i < state->n; i++)
		if (!state->constraints[i].on)
			know_domains(cycle, state, &state->constraints[i]);
	for (size_t i = 0; i < state->n; i++) {
		struct constraint *it = &state->constraints[i];
		size_t n = it->on ? cycle->n_feasible - out : it->n_known;

		it->weight = tw_log((double)n + 2);
	}
}

/* The first constraint by hostname counts in marks, which are empty but for
 * the nodes of its pods. */
static void find_hosts(struct tw_sched_cycle *cycle, struct state *state)
{
	for (size_t i = 0; i < state->n; i++) {
		struct constraint *it = &state->constraints[i];

		if (!is_hostname(it))
			continue;
		if (!state->marked)
			it->on = tw_sched_marks_clear(cycle->s);
		else
			it->on = tw_new_array(
				&cycle->arena, cycle->s->nodes.n, int64_t);
		it->marks = !state->marked;
		state->marked = true;
	}
}

static bool pre_score(struct tw_sched_cycle *cycle, uint32_t slot)
{
	const struct tw_spreads *spreads = &cycle->class->pod->spreads;
	struct tw_spreads usual = {0};
	struct state *state;

	if (!cycle->n_feasible)
		return false;
	if (!spreads->n)
		spreads = usual_spreads(cycle, &usual);
	state = begin(cycle, spreads, false);
	/* The usual ones stand in memory of this cycle. */
	state->usual = usual;
	cycle->state[slot] = state;
	if (!state->n && !cycle->s->options.spread_always)
		return false;
	state->all_keys = cycle->class->pod->spreads.n > 0;
	if (state->all_keys)
		state->out =
			tw_new_array(&cycle->arena, cycle->s->nodes.n, bool);
	find_hosts(cycle, state);
	find_domains(cycle, state);
	for (size_t i = 0; i < state->n; i++)
		count_pods(cycle, state, &state->constraints[i]);
	return true;
}

/* What a constraint adds to each node's sum: the pods of its domain, weighed,
 * and skew - 1; nothing where it has no key. */
static void add_hosts(const struct tw_sched_cycle *cycle,
	const struct constraint *it, double *sums)
{
	double skew = (double)(it->spread->max_skew - 1);

	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		uint32_t node = cycle->feasible[i];

		if (has_key(it, node))
			sums[i] += (double)it->on[node] * it->weight + skew;
	}
}

static void add_domains(
	struct tw_sched_cycle *cycle, const struct constraint *it, double *sums)
{
	uint32_t n = it->topology->n_domains;
	double skew = (double)(it->spread->max_skew - 1);
	double *by_domain = tw_new_array(&cycle->arena, n + 1, double);

	for (uint32_t d = 0; d < n; d++)
		by_domain[d] =
			(double)(it->known[d] ? it->pods[d] : 0) * it->weight +
			skew;
	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		sums[i] += by_domain[domain_of(it, cycle->feasible[i])];
}

static bool is_out(const struct state *state, uint32_t node)
{
	return state->out && state->out[node];
}

static void score_all(
	struct tw_sched_cycle *cycle, uint32_t slot, int64_t *scores)
{
	const struct state *state = cycle->state[slot];
	double *sums =
		tw_new_array(&cycle->arena, cycle->n_feasible + 1, double);

	for (size_t i = 0; i < state->n; i++)
		if (state->constraints[i].on)
			add_hosts(cycle, &state->constraints[i], sums);
		else
			add_domains(cycle, &state->constraints[i], sums);
	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		scores[i] = is_out(state, cycle->feasible[i])
				    ? 0
				    : (int64_t)(sums[i] + 0.5);
}

static void normalise(
	const struct tw_sched_cycle *cycle, uint32_t slot, int64_t *scores)
{
	const struct state *state = cycle->state[slot];
	int64_t min = INT64_MAX, max = 0, before = -1, became = 0;

	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		if (is_out(state, cycle->feasible[i]))
			continue;
		if (scores[i] < min)
			min = scores[i];
		if (scores[i] > max)
			max = scores[i];
	}
	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		if (is_out(state, cycle->feasible[i])) {
			scores[i] = 0;
			continue;
		}
		/* Neighbours are often alike, and divisions slow. */
		if (scores[i] != before) {
			before = scores[i];
			became = max ? 100 * (max + min - before) / max : 100;
		}
		scores[i] = became;
	}
}

const struct tw_sched_plugin tw_sched_spread = {
	.name = "PodTopologySpread",
	.weight = 2,
	.pre_filter = pre_filter,
	.filter = filter,
	.pre_score = pre_score,
	.score_all = score_all,
	.normalise = normalise,
};
