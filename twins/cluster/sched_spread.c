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

/* How many pods a domain has; domains are values of the topology key. */
struct domain {
	int64_t pods;
};

struct constraint {
	const struct tw_spread *spread;
	const bool *counts;    /* by class: its pods count */
	struct tw_map domains; /* value -> struct domain * */
	int64_t least;	       /* pods of the emptiest domain */
	bool self;	       /* the pod itself counts */
	double weight;
};

struct state {
	struct constraint *constraints;
	size_t n;
	bool all_keys; /* a node needs all of the topology keys */
	bool *out;     /* score: by node, feasible but without a key */
	struct tw_spreads usual; /* of pods without constraints */
};

static bool has_keys(const struct state *state, const struct tw_node_spec *node)
{
	for (size_t i = 0; i < state->n; i++)
		if (!tw_label_value(&node->labels,
			    state->constraints[i].spread->topology_key))
			return false;
	return true;
}

static const bool *counting(
	struct tw_sched_cycle *cycle, const struct tw_spread *spread)
{
	const struct tw_scheduler *s = cycle->s;
	bool *counts = tw_new_array(&cycle->arena, s->classes.n, bool);

	for (size_t c = 0;
		spread->has_selector && spread->selector.n && c < s->classes.n;
		c++)
		counts[c] = !strcmp(s->classes.v[c].namespace,
				    cycle->class->namespace) &&
			    tw_label_selector_fits(
				    &spread->selector, s->classes.v[c].labels);
	return counts;
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
		it->counts = counting(cycle, it->spread);
		it->self = it->spread->has_selector &&
			   tw_label_selector_fits(
				   &it->spread->selector, cycle->class->labels);
		tw_map_init(&it->domains, &cycle->arena);
		state->n++;
	}
	return state;
}

static int64_t pods_on(
	const struct constraint *constraint, const struct tw_sched_node *node)
{
	int64_t n = 0;

	for (size_t i = 0; i < node->classes.n; i++)
		if (constraint->counts[node->classes.v[i].class])
			n += node->classes.v[i].n - node->classes.v[i].leaving;
	return n;
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

static void count_all(struct tw_sched_cycle *cycle, struct state *state)
{
	for (size_t n = 0; n < cycle->s->nodes.n; n++) {
		const struct tw_sched_node *node = &cycle->s->nodes.v[n];

		if (node->absent || !has_keys(state, node->spec))
			continue;
		for (size_t i = 0; i < state->n; i++) {
			struct constraint *it = &state->constraints[i];
			const char *value = tw_label_value(
				&node->spec->labels, it->spread->topology_key);
			struct domain *domain;

			if (!is_included(cycle, it, node->spec))
				continue;
			domain = tw_map_get(&it->domains, value);
			if (!domain) {
				domain = tw_new(&cycle->arena, struct domain);
				tw_map_put(&it->domains, value, domain);
			}
			domain->pods += pods_on(it, node);
		}
	}
}

static void pre_filter(struct tw_sched_cycle *cycle, uint32_t slot)
{
	struct state *state = begin(cycle, &cycle->class->pod->spreads, true);

	cycle->state[slot] = state;
	if (!state->n)
		return;
	count_all(cycle, state);
	for (size_t i = 0; i < state->n; i++) {
		struct constraint *it = &state->constraints[i];

		it->least = INT32_MAX;
		for (size_t d = 0; d < it->domains.n; d++) {
			const struct domain *domain = it->domains.v[d].value;

			if (domain->pods < it->least)
				it->least = domain->pods;
		}
		if ((int64_t)it->domains.n < it->spread->min_domains)
			it->least = 0;
	}
}

static struct tw_sched_reason filter(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct state *state = cycle->state[slot];
	const struct tw_labels *labels =
		&tw_sched_node_at(cycle, node)->spec->labels;

	for (size_t i = 0; i < state->n; i++) {
		const struct constraint *it = &state->constraints[i];
		const char *value =
			tw_label_value(labels, it->spread->topology_key);
		const struct domain *domain;

		if (!value)
			return (struct tw_sched_reason){TW_SCHED_UNRESOLVABLE,
				"node(s) didn't match pod topology spread "
				"constraints (missing required label)"};
		domain = tw_map_get(&it->domains, value);
		if ((domain ? domain->pods : 0) + it->self - it->least >
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

static bool is_hostname(const struct constraint *it)
{
	return !strcmp(it->spread->topology_key, HOSTNAME);
}

/* The domains of the nodes that are feasible; a hostname counts by itself. */
static void find_domains(struct tw_sched_cycle *cycle, struct state *state)
{
	size_t out = 0;

	for (uint32_t f = 0; f < cycle->n_feasible; f++) {
		uint32_t node = cycle->feasible[f];
		const struct tw_node_spec *spec =
			tw_sched_node_at(cycle, node)->spec;

		if (state->all_keys && !has_keys(state, spec)) {
			state->out[node] = true;
			out++;
			continue;
		}
		for (size_t i = 0; i < state->n; i++) {
			struct constraint *it = &state->constraints[i];
			const char *value = tw_label_value(
				&spec->labels, it->spread->topology_key);

			if (is_hostname(it))
				continue;
			/* A node without it is of the domain "". */
			value = value ? value : "";
			if (!tw_map_get(&it->domains, value))
				tw_map_put(&it->domains, value,
					tw_new(&cycle->arena, struct domain));
		}
	}
	for (size_t i = 0; i < state->n; i++) {
		struct constraint *it = &state->constraints[i];
		size_t n = is_hostname(it) ? cycle->n_feasible - out
					   : it->domains.n;

		it->weight = tw_log((double)n + 2);
	}
}

static void count_domains(struct tw_sched_cycle *cycle, struct state *state)
{
	for (size_t n = 0; n < cycle->s->nodes.n; n++) {
		const struct tw_sched_node *node = &cycle->s->nodes.v[n];

		if (node->absent ||
			(state->all_keys && !has_keys(state, node->spec)))
			continue;
		for (size_t i = 0; i < state->n; i++) {
			struct constraint *it = &state->constraints[i];
			const char *value = tw_label_value(
				&node->spec->labels, it->spread->topology_key);
			struct domain *domain;

			if (is_hostname(it) ||
				!is_included(cycle, it, node->spec))
				continue;
			domain = tw_map_get(&it->domains, value ? value : "");
			if (domain)
				domain->pods += pods_on(it, node);
		}
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
	if (!state->n)
		return false;
	state->all_keys = cycle->class->pod->spreads.n > 0;
	state->out = tw_new_array(&cycle->arena, cycle->s->nodes.n, bool);
	find_domains(cycle, state);
	count_domains(cycle, state);
	return true;
}

static int64_t score(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct state *state = cycle->state[slot];
	const struct tw_sched_node *it = tw_sched_node_at(cycle, node);
	double sum = 0;

	if (state->out[node])
		return 0;
	for (size_t i = 0; i < state->n; i++) {
		const struct constraint *c = &state->constraints[i];
		const char *value = tw_label_value(
			&it->spec->labels, c->spread->topology_key);
		const struct domain *domain;
		int64_t n = 0;

		if (!value)
			continue;
		domain = is_hostname(c) ? NULL : tw_map_get(&c->domains, value);
		n = is_hostname(c) ? pods_on(c, it)
				   : (domain ? domain->pods : 0);
		sum += (double)n * c->weight +
		       (double)(c->spread->max_skew - 1);
	}
	return (int64_t)(sum + 0.5);
}

static void normalise(
	const struct tw_sched_cycle *cycle, uint32_t slot, int64_t *scores)
{
	const struct state *state = cycle->state[slot];
	int64_t min = INT64_MAX, max = 0;

	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		if (state->out[cycle->feasible[i]])
			continue;
		if (scores[i] < min)
			min = scores[i];
		if (scores[i] > max)
			max = scores[i];
	}
	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		if (state->out[cycle->feasible[i]])
			scores[i] = 0;
		else
			scores[i] =
				max ? 100 * (max + min - scores[i]) / max : 100;
	}
}

const struct tw_sched_plugin tw_sched_spread = {
	.name = "PodTopologySpread",
	.weight = 2,
	.pre_filter = pre_filter,
	.filter = filter,
	.pre_score = pre_score,
	.score = score,
	.normalise = normalise,
};
