/*
 * nodeSelector and node affinity. Sources:
 * staging/src/k8s.io/component-helpers/ scheduling/corev1/nodeaffinity;
 * pkg/scheduler/framework/plugins/nodeaffinity.
 */
#include "twins/cluster/scheduler.h"

#include <stdlib.h>

static bool is_among(const struct tw_node_requirement *it, const char *value)
{
	for (size_t i = 0; i < it->values.n; i++)
		if (!strcmp(it->values.v[i], value))
			return true;
	return false;
}

static bool number(const char *text, int64_t *value)
{
	char *end;

	*value = strtoll(text, &end, 10);
	return *text && !*end;
}

static bool compares(const struct tw_node_requirement *it, const char *value)
{
	int64_t has, limit;

	if (it->values.n != 1 || !number(value, &has) ||
		!number(it->values.v[0], &limit))
		return false;
	return it->op == TW_NODE_GT ? has > limit : has < limit;
}

static bool holds(const struct tw_node_requirement *it, const char *value)
{
	switch (it->op) {
	case TW_NODE_IN:
		return value && is_among(it, value);
	case TW_NODE_NOT_IN:
		return !value || !is_among(it, value);
	case TW_NODE_EXISTS:
		return value;
	case TW_NODE_DOES_NOT_EXIST:
		return !value;
	case TW_NODE_GT:
	case TW_NODE_LT:
		return value && compares(it, value);
	}
	return false;
}

static bool term_fits(
	const struct tw_node_term *term, const struct tw_node_spec *node)
{
	if (term->broken || (!term->labels.n && !term->fields.n))
		return false;
	for (size_t i = 0; i < term->labels.n; i++)
		if (!holds(&term->labels.v[i], tw_label_value(&node->labels,
						       term->labels.v[i].key)))
			return false;
	for (size_t i = 0; i < term->fields.n; i++)
		if (!holds(&term->fields.v[i], node->name))
			return false;
	return true;
}

static bool required_fits(const struct tw_node_affinity *affinity,
	const struct tw_node_spec *node)
{
	if (!affinity->is_required)
		return true;
	for (size_t i = 0; i < affinity->required.n; i++)
		if (term_fits(&affinity->required.v[i], node))
			return true;
	return false;
}

bool tw_sched_node_fits(
	const struct tw_pod_spec *pod, const struct tw_node_spec *node)
{
	for (size_t i = 0; i < pod->node_selector.n; i++) {
		const char *has = tw_label_value(
			&node->labels, pod->node_selector.v[i].key);

		if (!has || strcmp(has, pod->node_selector.v[i].value))
			return false;
	}
	return required_fits(&pod->node_affinity, node);
}

static struct tw_sched_reason filter(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct tw_node_spec *it = tw_sched_node_at(cycle, node)->spec;
	const struct tw_node_affinity *added = cycle->s->options.added_affinity;

	(void)slot;
	if (added && !required_fits(added, it))
		return (struct tw_sched_reason){TW_SCHED_UNRESOLVABLE,
			"node(s) didn't match scheduler-enforced node "
			"affinity"};
	if (!tw_sched_node_fits(cycle->class->pod, it))
		return (struct tw_sched_reason){TW_SCHED_UNRESOLVABLE,
			"node(s) didn't match Pod's node affinity/selector"};
	return (struct tw_sched_reason){TW_SCHED_OK, NULL};
}

static bool pre_score(struct tw_sched_cycle *cycle, uint32_t slot)
{
	const struct tw_node_affinity *added = cycle->s->options.added_affinity;

	(void)slot;
	return cycle->class->pod->node_affinity.preferred.n ||
	       (added && added->preferred.n);
}

static int64_t sum_of(
	const struct tw_node_terms *terms, const struct tw_node_spec *node)
{
	int64_t sum = 0;

	for (size_t i = 0; i < terms->n; i++)
		if (term_fits(&terms->v[i], node))
			sum += terms->v[i].weight;
	return sum;
}

static int64_t score(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct tw_node_spec *it = tw_sched_node_at(cycle, node)->spec;
	const struct tw_node_affinity *added = cycle->s->options.added_affinity;

	(void)slot;
	return sum_of(&cycle->class->pod->node_affinity.preferred, it) +
	       (added ? sum_of(&added->preferred, it) : 0);
}

static void normalise(
	const struct tw_sched_cycle *cycle, uint32_t slot, int64_t *scores)
{
	int64_t max = 0;

	(void)slot;
	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		if (scores[i] > max)
			max = scores[i];
	for (uint32_t i = 0; max && i < cycle->n_feasible; i++)
		scores[i] = 100 * scores[i] / max;
}

const struct tw_sched_plugin tw_sched_node_affinity = {
	.name = "NodeAffinity",
	.weight = 2,
	.filter = filter,
	.pre_score = pre_score,
	.score = score,
	.normalise = normalise,
};
