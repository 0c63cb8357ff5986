/*
 * nodeSelector and node affinity. Sources:
 * staging/src/k8s.io/component-helpers/ scheduling/corev1/nodeaffinity;
 * pkg/scheduler/framework/plugins/nodeaffinity.
 */
#include "twins/cluster/scheduler.h"

static struct tw_sched_reason filter(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct tw_node_spec *it = tw_sched_node_at(cycle, node)->spec;
	const struct tw_node_affinity *added = cycle->s->options.added_affinity;

	(void)slot;
	if (added && !tw_node_affinity_fits(added, it))
		return (struct tw_sched_reason){TW_SCHED_UNRESOLVABLE,
			"node(s) didn't match scheduler-enforced node "
			"affinity"};
	if (!tw_pod_fits_node(cycle->class->pod, it))
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
		if (tw_node_term_fits(&terms->v[i], node))
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
	(void)slot;
	tw_sched_normalise(cycle, false, scores);
}

const struct tw_sched_plugin tw_sched_node_affinity = {
	.name = "NodeAffinity",
	.of_node = true,
	.weight = 2,
	.filter = filter,
	.pre_score = pre_score,
	.score = score,
	.normalise = normalise,
};
