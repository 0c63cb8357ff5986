/*
 * InterPodAffinity. Source: pkg/scheduler/framework/plugins/interpodaffinity/
 * {filtering,scoring}.go.
 */
#include "twins/cluster/scheduler.h"

#define METADATA_NAME "kubernetes.io/metadata.name"

/* Sums by (topology key, value). */
struct sums {
	struct tw_map by_key; /* key -> struct tw_map *: value -> int64_t * */
	struct tw_arena *arena;
};

static void sums_init(struct sums *sums, struct tw_arena *arena)
{
	sums->arena = arena;
	tw_map_init(&sums->by_key, arena);
}

static void add(struct sums *sums, const char *key,
	const struct tw_labels *labels, int64_t amount)
{
	const char *value = tw_label_value(labels, key);
	struct tw_map *values;
	int64_t *sum;

	if (!value)
		return;
	values = tw_map_get(&sums->by_key, key);
	if (!values) {
		values = tw_new(sums->arena, struct tw_map);
		tw_map_init(values, sums->arena);
		tw_map_put(&sums->by_key, key, values);
	}
	sum = tw_map_get(values, value);
	if (!sum) {
		sum = tw_new(sums->arena, int64_t);
		tw_map_put(values, value, sum);
	}
	*sum += amount;
}

static int64_t get(const struct sums *sums, const char *key, const char *value)
{
	const struct tw_map *values = tw_map_get(&sums->by_key, key);
	const int64_t *sum = values && value ? tw_map_get(values, value) : NULL;

	return sum ? *sum : 0;
}

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

/* ---- filter --------------------------------------------------------- */

struct filter_state {
	struct sums affinity;  /* pods that all own terms select */
	struct sums anti;      /* pods that an own anti term selects */
	struct sums forbidden; /* by existing pods' anti terms */
	bool anybody;	       /* some pod is in `affinity` */
};

static void count_class(struct tw_sched_cycle *cycle, struct filter_state *to,
	const struct tw_sched_node *node, const struct tw_class_count *count)
{
	const struct tw_scheduler *s = cycle->s;
	const struct tw_sched_class *own = cycle->class;
	const struct tw_sched_class *other = &s->classes.v[count->class];
	const struct tw_labels *labels = &node->spec->labels;

	if (all_select(s, &own->pod->affinity, own, other))
		for (size_t i = 0; i < own->pod->affinity.n; i++) {
			const char *key = own->pod->affinity.v[i].topology_key;

			add(&to->affinity, key, labels, count->n);
			to->anybody |= tw_label_value(labels, key) != NULL;
		}
	for (size_t i = 0; i < own->pod->anti_affinity.n; i++)
		if (selects(s, &own->pod->anti_affinity.v[i], own, other))
			add(&to->anti,
				own->pod->anti_affinity.v[i].topology_key,
				labels, count->n);
	for (size_t i = 0; i < other->pod->anti_affinity.n; i++)
		if (selects(s, &other->pod->anti_affinity.v[i], other, own))
			add(&to->forbidden,
				other->pod->anti_affinity.v[i].topology_key,
				labels, count->n);
}

/* Nobody has terms of this kind: nothing to count. */
static bool is_idle(const struct tw_sched_cycle *cycle)
{
	const struct tw_pod_spec *own = cycle->class->pod;

	return !own->affinity.n && !own->anti_affinity.n &&
	       !cycle->s->has_anti_affinity;
}

static bool pre_filter(struct tw_sched_cycle *cycle, uint32_t slot)
{
	struct filter_state *to;

	cycle->state[slot] = NULL;
	if (is_idle(cycle))
		return false;
	to = tw_new(&cycle->arena, struct filter_state);
	sums_init(&to->affinity, &cycle->arena);
	sums_init(&to->anti, &cycle->arena);
	sums_init(&to->forbidden, &cycle->arena);
	for (size_t n = 0; n < cycle->s->nodes.n; n++) {
		const struct tw_sched_node *node = &cycle->s->nodes.v[n];

		for (size_t i = 0; i < node->classes.n; i++)
			count_class(cycle, to, node, &node->classes.v[i]);
	}
	cycle->state[slot] = to;
	return true;
}

/* With nobody to be near to anywhere, the first of a group that wants to be
 * near itself may go where the labels are. */
static bool affinity_holds(const struct tw_sched_cycle *cycle,
	const struct filter_state *state, const struct tw_labels *labels)
{
	const struct tw_pod_terms *terms = &cycle->class->pod->affinity;
	bool near = true;

	for (size_t i = 0; i < terms->n; i++) {
		const char *key = terms->v[i].topology_key;
		const char *value = tw_label_value(labels, key);

		if (!value)
			return false;
		near &= get(&state->affinity, key, value) > 0;
	}
	return near || (!state->anybody && all_select(cycle->s, terms,
						   cycle->class, cycle->class));
}

static bool anti_holds(const struct tw_sched_cycle *cycle,
	const struct filter_state *state, const struct tw_labels *labels)
{
	const struct tw_pod_terms *terms = &cycle->class->pod->anti_affinity;

	for (size_t i = 0; i < terms->n; i++) {
		const char *key = terms->v[i].topology_key;

		if (get(&state->anti, key, tw_label_value(labels, key)) > 0)
			return false;
	}
	return true;
}

static bool is_forbidden(
	const struct filter_state *state, const struct tw_labels *labels)
{
	for (size_t i = 0; i < labels->n; i++)
		if (get(&state->forbidden, labels->v[i].key,
			    labels->v[i].value) > 0)
			return true;
	return false;
}

static struct tw_sched_reason filter(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct filter_state *state = cycle->state[slot];
	const struct tw_labels *labels =
		&tw_sched_node_at(cycle, node)->spec->labels;

	if (!state)
		return (struct tw_sched_reason){TW_SCHED_OK, NULL};
	if (!affinity_holds(cycle, state, labels))
		return (struct tw_sched_reason){TW_SCHED_UNRESOLVABLE,
			"node(s) didn't match pod affinity rules"};
	if (!anti_holds(cycle, state, labels))
		return (struct tw_sched_reason){TW_SCHED_UNSCHEDULABLE,
			"node(s) didn't match pod anti-affinity rules"};
	if (is_forbidden(state, labels))
		return (struct tw_sched_reason){TW_SCHED_UNSCHEDULABLE,
			"node(s) didn't satisfy existing pods anti-affinity "
			"rules"};
	return (struct tw_sched_reason){TW_SCHED_OK, NULL};
}

/* ---- score ---------------------------------------------------------- */

static void add_terms(struct tw_sched_cycle *cycle, struct sums *to,
	const struct tw_pod_terms *terms, const struct tw_sched_class *owner,
	const struct tw_sched_class *other, const struct tw_labels *labels,
	int64_t n, int64_t weight)
{
	for (size_t i = 0; i < terms->n; i++)
		if (selects(cycle->s, &terms->v[i], owner, other))
			add(to, terms->v[i].topology_key, labels,
				n * (weight ? weight : terms->v[i].weight));
}

static void score_class(struct tw_sched_cycle *cycle, struct sums *to,
	const struct tw_sched_node *node, const struct tw_class_count *count)
{
	const struct tw_sched_options *options = &cycle->s->options;
	const struct tw_sched_class *own = cycle->class;
	const struct tw_sched_class *other = &cycle->s->classes.v[count->class];
	const struct tw_labels *labels = &node->spec->labels;
	int64_t n = count->n;

	add_terms(cycle, to, &own->pod->preferred_affinity, own, other, labels,
		n, 0);
	add_terms(cycle, to, &own->pod->preferred_anti_affinity, own, other,
		labels, -n, 0);
	if (options->hard_affinity_weight)
		add_terms(cycle, to, &other->pod->affinity, other, own, labels,
			n, options->hard_affinity_weight);
	if (options->ignore_preferred_of_existing &&
		!own->pod->preferred_affinity.n &&
		!own->pod->preferred_anti_affinity.n)
		return;
	add_terms(cycle, to, &other->pod->preferred_affinity, other, own,
		labels, n, 0);
	add_terms(cycle, to, &other->pod->preferred_anti_affinity, other, own,
		labels, -n, 0);
}

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
	struct sums *to;

	if (!cycle->n_feasible || !scores_anything(cycle))
		return false;
	to = tw_new(&cycle->arena, struct sums);
	sums_init(to, &cycle->arena);
	for (size_t n = 0; n < cycle->s->nodes.n; n++) {
		const struct tw_sched_node *node = &cycle->s->nodes.v[n];

		for (size_t i = 0; i < node->classes.n; i++)
			score_class(cycle, to, node, &node->classes.v[i]);
	}
	cycle->state[slot] = to;
	return to->by_key.n;
}

static int64_t score(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct sums *sums = cycle->state[slot];
	const struct tw_labels *labels =
		&tw_sched_node_at(cycle, node)->spec->labels;
	int64_t total = 0;

	for (size_t i = 0; i < sums->by_key.n; i++) {
		const char *key = sums->by_key.v[i].key;

		total += get(sums, key, tw_label_value(labels, key));
	}
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
