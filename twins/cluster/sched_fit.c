/*
 * Resources: whether they fit, how full a node gets, how evenly. Sources:
 * pkg/scheduler/framework/plugins/noderesources.
 */
#include "twins/cluster/scheduler.h"

#include <math.h>

/* ---- fit ------------------------------------------------------------ */

static void add_lacking(struct tw_arena *arena, struct tw_lackings *to,
	const char *resource, int64_t requested, int64_t used, int64_t capacity)
{
	if (requested > capacity - used)
		tw_vec_push_in(arena, to,
			((struct tw_lacking){
				resource, requested, used, capacity}));
}

/* Extended resources have a domain of their own (v1helper.
 * IsExtendedResourceName). */
static bool is_extended(const char *name)
{
	return strchr(name, '/') && !strstr(name, "kubernetes.io/");
}

void tw_sched_lacking(const struct tw_pod_spec *pod,
	const struct tw_sched_node *node, bool (*ignored)(void *, const char *),
	void *context, struct tw_arena *arena, struct tw_lackings *to)
{
	static const char *const first[] = {
		TW_RESOURCE_CPU, TW_RESOURCE_MEMORY, TW_RESOURCE_DISK};
	const struct tw_resources *has = &node->spec->allocatable;

	add_lacking(
		arena, to, TW_RESOURCE_PODS, 1, node->n_pods, node->has_pods);
	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		int64_t wanted = tw_resource_amount(&pod->requests, first[i]);

		if (wanted > 0 && i < 2)
			add_lacking(arena, to, first[i], wanted,
				node->in_use[i], node->has[i]);
		else if (wanted > 0)
			add_lacking(arena, to, first[i], wanted,
				tw_resource_amount(&node->used, first[i]),
				tw_resource_amount(has, first[i]));
	}
	for (size_t i = 0; i < pod->requests.n; i++) {
		const struct tw_resource *it = &pod->requests.v[i];

		if (!it->amount || !strcmp(it->name, first[0]) ||
			!strcmp(it->name, first[1]) ||
			!strcmp(it->name, first[2]) ||
			!strcmp(it->name, TW_RESOURCE_PODS) ||
			(ignored && is_extended(it->name) &&
				ignored(context, it->name)))
			continue;
		add_lacking(arena, to, it->name, it->amount,
			tw_resource_amount(&node->used, it->name),
			tw_resource_amount(has, it->name));
	}
}

static const char *insufficient(
	struct tw_arena *arena, const struct tw_lacking *lacking)
{
	if (!strcmp(lacking->resource, TW_RESOURCE_PODS))
		return "Too many pods";
	return tw_arena_printf(arena, "Insufficient %s", lacking->resource);
}

static void say_lacking(const struct tw_pod_spec *pod,
	const struct tw_sched_node *node, struct tw_arena *arena,
	struct tw_sched_tally *to)
{
	struct tw_lackings lacking = {0};

	tw_sched_lacking(pod, node, NULL, NULL, arena, &lacking);
	for (size_t i = 0; i < lacking.n; i++)
		tw_sched_say(arena, to, insufficient(arena, &lacking.v[i]));
}

void tw_scheduler_lacks(const struct tw_scheduler *s, uint32_t class,
	uint32_t node, struct tw_arena *arena, struct tw_sched_tally *to)
{
	say_lacking(s->classes.v[class].pod, &s->nodes.v[node], arena, to);
}

static void fit_reasons(const struct tw_sched_cycle *cycle, uint32_t node,
	struct tw_arena *arena, struct tw_sched_tally *to)
{
	say_lacking(
		cycle->class->pod, tw_sched_node_at(cycle, node), arena, to);
}

/* Of pods, cpu and memory. */
static bool has_usual(
	const struct tw_sched_class *class, const struct tw_sched_node *node)
{
	if (node->n_pods >= node->has_pods)
		return false;
	for (size_t i = 0; i < 2; i++)
		if (class->asks[i] > 0 &&
			class->asks[i] > node->has[i] - node->in_use[i])
			return false;
	return true;
}

/* The first lack; fit_reasons() tells all of them. */
static struct tw_sched_reason fit_filter(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct tw_sched_node *it = tw_sched_node_at(cycle, node);
	struct tw_arena *arena = (struct tw_arena *)cycle->state[slot];
	struct tw_lackings lacking = {0};
	bool too_small = false;

	if (!cycle->class->asks_more && has_usual(cycle->class, it))
		return (struct tw_sched_reason){TW_SCHED_OK, NULL};
	tw_sched_lacking(cycle->class->pod, it, NULL, NULL, arena, &lacking);
	if (!lacking.n)
		return (struct tw_sched_reason){TW_SCHED_OK, NULL};
	/* A node that is too small when empty cannot be helped. */
	for (size_t i = 0; i < lacking.n; i++)
		too_small |= lacking.v[i].requested > lacking.v[i].capacity;
	return (struct tw_sched_reason){
		too_small && !cycle->s->options.small_nodes_helpable
			? TW_SCHED_UNRESOLVABLE
			: TW_SCHED_UNSCHEDULABLE,
		insufficient(arena, &lacking.v[0])};
}

static bool fit_pre_filter(struct tw_sched_cycle *cycle, uint32_t slot)
{
	cycle->state[slot] = &cycle->arena;
	return true;
}

int64_t tw_sched_least(int64_t requested, int64_t capacity)
{
	if (!capacity || requested > capacity)
		return 0;
	return (capacity - requested) * 100 / capacity;
}

int64_t tw_sched_most(int64_t requested, int64_t capacity)
{
	if (!capacity)
		return 0;
	if (requested > capacity)
		requested = capacity;
	return requested * 100 / capacity;
}

/* What an older release leaves out of the CPU that a pod asks for. */
static int64_t left_out(const struct tw_sched_cycle *cycle)
{
	int64_t overhead = cycle->class->pod->overhead_cpu;

	return cycle->s->options.whole_overhead
		       ? overhead - (overhead + 999) / 1000
		       : 0;
}

/* LeastAllocated over CPU and memory, weight 1 each; a resource that the node
 * has none of is left out. */
static int64_t fit_score(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct tw_sched_node *it = tw_sched_node_at(cycle, node);
	const struct tw_pod_spec *pod = cycle->class->pod;
	int64_t cpu = it->has[0], memory = it->has[1];
	int64_t sum = 0, n = (cpu != 0) + (memory != 0);

	(void)slot;
	if (cpu)
		sum += tw_sched_least(
			it->usual_cpu + pod->usual_cpu - left_out(cycle), cpu);
	if (memory)
		sum += tw_sched_least(
			it->usual_memory + pod->usual_memory, memory);
	return n ? sum / n : 0;
}

const struct tw_sched_plugin tw_sched_fit = {
	.name = "NodeResourcesFit",
	.of_node = true,
	.weight = 1,
	.pre_filter = fit_pre_filter,
	.filter = fit_filter,
	.reasons = fit_reasons,
	.score = fit_score,
};

int64_t tw_sched_shape(
	const struct tw_shape_point *points, size_t n, int64_t utilization)
{
	for (size_t i = 0; i < n; i++) {
		const struct tw_shape_point *b = &points[i], *a = b - 1;

		if (utilization > b->utilization)
			continue;
		if (!i)
			return b->score;
		return a->score + (b->score - a->score) *
					  (utilization - a->utilization) /
					  (b->utilization - a->utilization);
	}
	return n ? points[n - 1].score : 0;
}

/* ---- balance -------------------------------------------------------- */

/* Two shares: half their distance; more: the standard deviation. */
int64_t tw_sched_balance_of(const double *shares, size_t n)
{
	double deviation = 0, mean = 0;

	if (n == 2) {
		deviation = (shares[0] - shares[1]) / 2;
		if (deviation < 0)
			deviation = -deviation;
	} else if (n > 2) {
		for (size_t i = 0; i < n; i++)
			mean += shares[i];
		mean /= (double)n;
		for (size_t i = 0; i < n; i++)
			deviation += (shares[i] - mean) * (shares[i] - mean);
		deviation = sqrt(deviation / (double)n);
	}
	return (int64_t)((1 - deviation) * 100);
}

#define MOST_BALANCED 8

static void add_share(double *shares, size_t *n, int64_t used, int64_t has)
{
	if (has)
		shares[(*n)++] = used < has ? (double)used / (double)has : 1;
}

/* An extended resource that the pod does not ask for is left out. */
static void add_others(const struct tw_sched_cycle *cycle,
	const struct tw_sched_node *node, bool with, double *shares, size_t *n)
{
	const struct tw_sched_options *options = &cycle->s->options;

	for (size_t i = 0; i < options->n_also_balanced && *n < MOST_BALANCED;
		i++) {
		const char *name = options->also_balanced[i];
		int64_t asked =
			tw_resource_amount(&cycle->class->pod->requests, name);

		if (asked)
			add_share(shares, n,
				tw_resource_amount(&node->used, name) +
					(with ? asked : 0),
				tw_resource_amount(
					&node->spec->allocatable, name));
	}
}

/* With the pod or without it. */
static int64_t balance_with(const struct tw_sched_cycle *cycle,
	const struct tw_sched_node *node, bool with)
{
	const int64_t *asks = cycle->class->asks;
	double shares[MOST_BALANCED];
	size_t n = 0;
	int64_t cpu = with ? asks[0] - left_out(cycle) : 0;
	int64_t memory = with ? asks[1] : 0;

	add_share(shares, &n, node->in_use[0] + cpu, node->has[0]);
	add_share(shares, &n, node->in_use[1] + memory, node->has[1]);
	if (cycle->s->options.n_also_balanced)
		add_others(cycle, node, with, shares, &n);
	return tw_sched_balance_of(shares, n);
}

static bool asks_for_others(const struct tw_sched_cycle *cycle)
{
	const struct tw_sched_options *options = &cycle->s->options;

	for (size_t i = 0; i < options->n_also_balanced; i++)
		if (tw_resource_amount(&cycle->class->pod->requests,
			    options->also_balanced[i]))
			return true;
	return false;
}

/* A pod that requests nothing balances nothing (isBestEffortPod); in older
 * releases all nodes had their own score. */
static bool balance_pre_score(struct tw_sched_cycle *cycle, uint32_t slot)
{
	(void)slot;
	return cycle->s->options.balance_all || cycle->class->asks[0] ||
	       cycle->class->asks[1] || asks_for_others(cycle);
}

static int64_t balance_score(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct tw_sched_node *it = tw_sched_node_at(cycle, node);
	int64_t with = balance_with(cycle, it, true);

	(void)slot;
	if (cycle->s->options.old_balance)
		return with;
	return 50 + (50 + with - balance_with(cycle, it, false)) / 2;
}

const struct tw_sched_plugin tw_sched_balance = {
	.name = "NodeResourcesBalancedAllocation",
	.of_node = true,
	.weight = 1,
	.pre_score = balance_pre_score,
	.score = balance_score,
};
