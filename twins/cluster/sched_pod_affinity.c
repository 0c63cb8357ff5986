/*
 * InterPodAffinity. Source: pkg/scheduler/framework/plugins/interpodaffinity/
 * {filtering,scoring}.go.
 */
#include "twins/cluster/scheduler.h"

#define METADATA_NAME "kubernetes.io/metadata.name"

/* ---- terms ---------------------------------------------------------- */

static bool selects_namespace(const struct tw_scheduler *s,
	const struct tw_label_selector *selector, const char *namespace)
{
	const struct tw_labels *known =
		s->namespaces ? tw_map_get(s->namespaces, namespace) : NULL;
	const struct tw_label name = {METADATA_NAME, namespace};
	struct tw_labels labels = {0};
	bool fits;

	tw_vec_push(&labels, name);
	for (size_t i = 0; known && i < known->n; i++)
		tw_vec_push(&labels, known->v[i]);
	fits = tw_label_selector_fits(selector, &labels);
	tw_vec_release(&labels);
	return fits;
}

static bool in_namespaces(const struct tw_scheduler *s,
	const struct tw_pod_term *term, const char *owner,
	const char *namespace)
{
	if (!term->namespaces.n && !term->has_namespace_selector)
		return !strcmp(owner, namespace);
	for (size_t i = 0; i < term->namespaces.n; i++)
		if (!strcmp(term->namespaces.v[i], namespace))
			return true;
	return term->has_namespace_selector &&
	       selects_namespace(s, &term->namespace_selector, namespace);
}

/* Does a term of one class's pod select another class's? */
static bool selects(const struct tw_scheduler *s,
	const struct tw_pod_term *term, const struct tw_sched_class *owner,
	const struct tw_sched_class *other)
{
	return term->has_selector &&
	       in_namespaces(s, term, owner->namespace, other->namespace) &&
	       tw_label_selector_fits(&term->selector, other->labels);
}

static bool all_select(const struct tw_scheduler *s,
	const struct tw_pod_terms *terms, const struct tw_sched_class *owner,
	const struct tw_sched_class *other)
{
	for (size_t i = 0; i < terms->n; i++)
		if (!selects(s, &terms->v[i], owner, other))
			return false;
	return terms->n;
}

/* ---- who is tied to whom -------------------------------------------- */

/* What a tie (struct tw_sched_tie) says of pods of the other class. */
enum {
	NEAR,	   /* all own terms select them */
	APART,	   /* an own anti term does */
	FORBIDDEN, /* their anti term selects own pods */
	WEIGHS,	   /* some term that is scored, of either side */
};

static void tie(struct tw_sched_cycle *cycle, uint8_t kind, uint32_t other,
	const struct tw_pod_term *term, int64_t weight)
{
	struct tw_scheduler *s = cycle->s;

	tw_vec_push_in(&s->arena, &s->memos.v[cycle->class_index].ties,
		((struct tw_sched_tie){.kind = kind,
			.other = other,
			.topology =
				tw_sched_topology_number(s, term->topology_key),
			.weight = weight}));
}

/* Ties by terms of `owner` that select `selected`: one of them is the cycle's
 * class, `other` is the other one. */
static void tie_terms(struct tw_sched_cycle *cycle, uint8_t kind,
	const struct tw_pod_terms *terms, uint32_t owner, uint32_t selected,
	uint32_t other, int64_t sign, int64_t weight)
{
	const struct tw_scheduler *s = cycle->s;

	for (size_t i = 0; i < terms->n; i++)
		if (selects(s, &terms->v[i], &s->classes.v[owner],
			    &s->classes.v[selected]))
			tie(cycle, kind, other, &terms->v[i],
				sign * (weight ? weight : terms->v[i].weight));
}

static void tie_own(struct tw_sched_cycle *cycle, uint32_t other)
{
	const struct tw_scheduler *s = cycle->s;
	const struct tw_pod_spec *pod = cycle->class->pod;
	uint32_t own = cycle->class_index;

	if (all_select(s, &pod->affinity, cycle->class, &s->classes.v[other]))
		for (size_t i = 0; i < pod->affinity.n; i++)
			tie(cycle, NEAR, other, &pod->affinity.v[i], 0);
	tie_terms(cycle, APART, &pod->anti_affinity, own, other, other, 1, 0);
	tie_terms(cycle, WEIGHS, &pod->preferred_affinity, own, other, other, 1,
		0);
	tie_terms(cycle, WEIGHS, &pod->preferred_anti_affinity, own, other,
		other, -1, 0);
}

static void tie_other(struct tw_sched_cycle *cycle, uint32_t other)
{
	const struct tw_sched_options *options = &cycle->s->options;
	const struct tw_pod_spec *pod = cycle->s->classes.v[other].pod;
	const struct tw_pod_spec *mine = cycle->class->pod;
	uint32_t own = cycle->class_index;

	tie_terms(
		cycle, FORBIDDEN, &pod->anti_affinity, other, own, other, 1, 0);
	if (options->hard_affinity_weight)
		tie_terms(cycle, WEIGHS, &pod->affinity, other, own, other, 1,
			options->hard_affinity_weight);
	if (options->ignore_preferred_of_existing &&
		!mine->preferred_affinity.n && !mine->preferred_anti_affinity.n)
		return;
	tie_terms(cycle, WEIGHS, &pod->preferred_affinity, other, own, other, 1,
		0);
	tie_terms(cycle, WEIGHS, &pod->preferred_anti_affinity, other, own,
		other, -1, 0);
}

static bool has_terms(const struct tw_pod_spec *pod)
{
	return pod->affinity.n || pod->anti_affinity.n ||
	       pod->preferred_affinity.n || pod->preferred_anti_affinity.n;
}

/* Found out once, as who selects whom does not change. */
static const struct tw_sched_ties *ties_of(struct tw_sched_cycle *cycle)
{
	struct tw_scheduler *s = cycle->s;
	struct tw_sched_memo *memo = &s->memos.v[cycle->class_index];

	if (memo->n_tied == s->classes.n)
		return &memo->ties;
	memo->ties.n = 0;
	for (uint32_t c = 0; has_terms(cycle->class->pod) && c < s->classes.n;
		c++)
		tie_own(cycle, c);
	for (size_t i = 0; i < s->tying.n; i++)
		tie_other(cycle, s->tying.v[i]);
	memo->n_tied = (uint32_t)s->classes.n;
	return &memo->ties;
}

/* ---- sums by domain ------------------------------------------------- */

struct sum {
	uint32_t topology;
	const uint32_t *domain_of; /* by node */
	int64_t *by_domain;
	bool any; /* something was added */
};

TW_VEC_TYPE(sums, struct sum);

static struct sum *sum_of(
	struct tw_sched_cycle *cycle, struct sums *sums, uint32_t topology)
{
	struct tw_scheduler *s = cycle->s;
	const struct tw_topology *it;

	for (size_t i = 0; i < sums->n; i++)
		if (sums->v[i].topology == topology)
			return &sums->v[i];
	it = tw_sched_topology(s, s->topologies.v[topology].key);
	tw_vec_push_in(&cycle->arena, sums,
		((struct sum){.topology = topology,
			.domain_of = it->domain_of,
			.by_domain = tw_new_array(
				&cycle->arena, it->n_domains + 1, int64_t)}));
	return &sums->v[sums->n - 1];
}

/* Of pods of the other class, by where they are. */
static void add(struct tw_sched_cycle *cycle, struct sums *sums,
	const struct tw_sched_tie *tie, int64_t weight)
{
	const struct tw_sched_memo *memo = &cycle->s->memos.v[tie->other];
	struct sum *sum;

	if (!memo->places.n)
		return;
	sum = sum_of(cycle, sums, tie->topology);
	for (size_t i = 0; i < memo->places.n; i++) {
		uint32_t domain = sum->domain_of[memo->places.v[i].node];

		if (domain == UINT32_MAX)
			continue;
		sum->by_domain[domain] += weight * memo->places.v[i].n;
		sum->any = true;
	}
}

/* Of the node's domain; 0 where it is of none. */
static int64_t get(const struct sum *sum, uint32_t node)
{
	uint32_t domain = sum->domain_of[node];

	return domain == UINT32_MAX ? 0 : sum->by_domain[domain];
}

/* ---- filter --------------------------------------------------------- */

struct filter_state {
	struct sums near, apart, forbidden;
	bool anybody;	   /* some pod is in `near` */
	bool may_be_first; /* own pods are such as they want to be near to */
};

/* Nobody has terms of this kind: nothing to count. */
static bool is_idle(const struct tw_sched_cycle *cycle)
{
	const struct tw_pod_spec *own = cycle->class->pod;

	return !own->affinity.n && !own->anti_affinity.n &&
	       !cycle->s->has_anti_affinity;
}

/* Own terms ask for their keys, whoever is there. */
static void see_own(struct tw_sched_cycle *cycle, struct filter_state *to)
{
	const struct tw_pod_terms *terms = &cycle->class->pod->affinity;

	for (size_t i = 0; i < terms->n; i++)
		sum_of(cycle, &to->near,
			tw_sched_topology_number(
				cycle->s, terms->v[i].topology_key));
	for (size_t i = 0; i < to->near.n; i++)
		to->anybody |= to->near.v[i].any;
	to->may_be_first =
		all_select(cycle->s, terms, cycle->class, cycle->class);
}

static bool pre_filter(struct tw_sched_cycle *cycle, uint32_t slot)
{
	const struct tw_sched_ties *ties;
	struct filter_state *to;

	cycle->state[slot] = NULL;
	if (is_idle(cycle))
		return false;
	to = tw_new(&cycle->arena, struct filter_state);
	ties = ties_of(cycle);
	for (size_t i = 0; i < ties->n; i++) {
		const struct tw_sched_tie *it = &ties->v[i];

		if (it->kind == NEAR)
			add(cycle, &to->near, it, 1);
		else if (it->kind == APART)
			add(cycle, &to->apart, it, 1);
		else if (it->kind == FORBIDDEN)
			add(cycle, &to->forbidden, it, 1);
	}
	see_own(cycle, to);
	cycle->state[slot] = to;
	return to->near.n || to->apart.n || to->forbidden.n;
}

/* With nobody to be near to anywhere, the first of a group that wants to be
 * near itself may go where the labels are. */
static bool is_near(const struct filter_state *state, uint32_t node)
{
	bool near = true;

	for (size_t i = 0; i < state->near.n; i++) {
		const struct sum *it = &state->near.v[i];

		if (it->domain_of[node] == UINT32_MAX)
			return false;
		near &= get(it, node) > 0;
	}
	return near || (!state->anybody && state->may_be_first);
}

static bool is_any(const struct sums *sums, uint32_t node)
{
	for (size_t i = 0; i < sums->n; i++)
		if (get(&sums->v[i], node) > 0)
			return true;
	return false;
}

static struct tw_sched_reason filter(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct filter_state *state = cycle->state[slot];

	if (!state)
		return (struct tw_sched_reason){TW_SCHED_OK, NULL};
	if (!is_near(state, node))
		return (struct tw_sched_reason){TW_SCHED_UNRESOLVABLE,
			"node(s) didn't match pod affinity rules"};
	if (is_any(&state->apart, node))
		return (struct tw_sched_reason){TW_SCHED_UNSCHEDULABLE,
			"node(s) didn't match pod anti-affinity rules"};
	if (is_any(&state->forbidden, node))
		return (struct tw_sched_reason){TW_SCHED_UNSCHEDULABLE,
			"node(s) didn't satisfy existing pods anti-affinity "
			"rules"};
	return (struct tw_sched_reason){TW_SCHED_OK, NULL};
}

/* ---- score ---------------------------------------------------------- */

static bool scores_anything(const struct tw_sched_cycle *cycle)
{
	const struct tw_pod_spec *own = cycle->class->pod;

	if (own->preferred_affinity.n || own->preferred_anti_affinity.n)
		return true;
	return !cycle->s->options.ignore_preferred_of_existing &&
	       cycle->s->has_affinity;
}

static bool pre_score(struct tw_sched_cycle *cycle, uint32_t slot)
{
	const struct tw_sched_ties *ties;
	struct sums *to;
	bool any = false;

	if (!cycle->n_feasible || !scores_anything(cycle))
		return false;
	to = tw_new(&cycle->arena, struct sums);
	ties = ties_of(cycle);
	for (size_t i = 0; i < ties->n; i++)
		if (ties->v[i].kind == WEIGHS)
			add(cycle, to, &ties->v[i], ties->v[i].weight);
	for (size_t i = 0; i < to->n; i++)
		any |= to->v[i].any;
	cycle->state[slot] = to;
	return any;
}

static int64_t score(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct sums *sums = cycle->state[slot];
	int64_t total = 0;

	for (size_t i = 0; i < sums->n; i++)
		total += get(&sums->v[i], node);
	return total;
}

static void normalise(
	const struct tw_sched_cycle *cycle, uint32_t slot, int64_t *scores)
{
	int64_t min = INT64_MAX, max = INT64_MIN;

	(void)slot;
	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		min = scores[i] < min ? scores[i] : min;
		max = scores[i] > max ? scores[i] : max;
	}
	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		scores[i] =
			max == min
				? 0
				: (int64_t)(100 * ((double)(scores[i] - min) /
							  (double)(max - min)));
}

const struct tw_sched_plugin tw_sched_pod_affinity = {
	.name = "InterPodAffinity",
	.weight = 2,
	.pre_filter = pre_filter,
	.filter = filter,
	.pre_score = pre_score,
	.score = score,
	.normalise = normalise,
};
