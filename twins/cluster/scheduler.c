#include "twins/cluster/scheduler.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"

#include <stdio.h>
#include <stdlib.h>

#define NOWHERE UINT32_MAX

const struct tw_sched_plugin *const tw_sched_plugins[] = {
	&tw_sched_unschedulable,
	&tw_sched_node_name,
	&tw_sched_taints,
	&tw_sched_node_affinity,
	&tw_sched_ports,
	&tw_sched_fit,
	&tw_sched_spread,
	&tw_sched_pod_affinity,
	&tw_sched_balance,
	&tw_sched_image,
	NULL,
};

uint32_t tw_sched_slot(const struct tw_sched_plugin *plugin)
{
	uint32_t slot = 0;

	while (tw_sched_plugins[slot] != plugin)
		tw_assert(tw_sched_plugins[slot++]);
	return slot;
}

void tw_scheduler_init(
	struct tw_scheduler *s, const struct tw_sched_options *options)
{
	*s = (struct tw_scheduler){
		.options = options ? *options
				   : (struct tw_sched_options){
					     .hard_affinity_weight = 1}};
	tw_arena_init(&s->arena);
}

void tw_scheduler_release(struct tw_scheduler *s)
{
	for (size_t i = 0; i < s->nodes.n; i++)
		tw_vec_release(&s->nodes.v[i].classes);
	for (size_t i = 0; i < s->memos.n; i++)
		tw_vec_release(&s->memos.v[i].nodes);
	tw_vec_release(&s->nodes);
	tw_vec_release(&s->classes);
	tw_vec_release(&s->memos);
	tw_vec_release(&s->topologies);
	tw_arena_release(&s->arena);
}

void tw_sched_node_see(struct tw_sched_node *node)
{
	const struct tw_resources *has = &node->spec->allocatable;

	node->has[0] = tw_resource_amount(has, TW_RESOURCE_CPU);
	node->has[1] = tw_resource_amount(has, TW_RESOURCE_MEMORY);
	node->has_pods = tw_resource_amount(has, TW_RESOURCE_PODS);
	node->in_use[0] = tw_resource_amount(&node->used, TW_RESOURCE_CPU);
	node->in_use[1] = tw_resource_amount(&node->used, TW_RESOURCE_MEMORY);
}

uint32_t tw_scheduler_add_node(
	struct tw_scheduler *s, const struct tw_node_spec *node)
{
	struct tw_sched_node it = {
		.spec = node, .hash = tw_hash_name(node->name)};

	tw_sched_node_see(&it);

	tw_vec_push(&s->nodes, it);
	s->has_images |= node->images.n;
	return (uint32_t)s->nodes.n - 1;
}

uint32_t tw_scheduler_add_class(
	struct tw_scheduler *s, const struct tw_sched_class *class)
{
	const struct tw_pod_spec *pod = class->pod;

	tw_vec_push(&s->classes, *class);
	tw_vec_push(&s->memos, ((struct tw_sched_memo){0}));
	s->has_affinity |= pod->affinity.n || pod->preferred_affinity.n ||
			   pod->preferred_anti_affinity.n;
	s->has_anti_affinity |= pod->anti_affinity.n;
	return (uint32_t)s->classes.n - 1;
}

/* ---- domains -------------------------------------------------------- */

static void fill_topology(struct tw_scheduler *s, struct tw_topology *to)
{
	struct tw_map known;

	tw_map_init(&known, NULL);
	to->n_nodes = (uint32_t)s->nodes.n;
	to->n_domains = 0;
	to->domain_of = tw_new_array(&s->arena, to->n_nodes, uint32_t);
	for (uint32_t n = 0; n < to->n_nodes; n++) {
		const char *value =
			tw_label_value(&s->nodes.v[n].spec->labels, to->key);
		uintptr_t domain;

		to->domain_of[n] = UINT32_MAX;
		if (!value)
			continue;
		domain = (uintptr_t)tw_map_get(&known, value);
		if (!domain) {
			domain = ++to->n_domains;
			tw_map_put(&known, value, (void *)domain);
		}
		to->domain_of[n] = (uint32_t)domain - 1;
	}
	tw_map_release(&known);
}

const struct tw_topology *tw_sched_topology(
	struct tw_scheduler *s, const char *key)
{
	struct tw_topology *found = NULL;

	for (size_t i = 0; i < s->topologies.n && !found; i++)
		if (!strcmp(s->topologies.v[i].key, key))
			found = &s->topologies.v[i];
	if (!found) {
		tw_vec_push(&s->topologies,
			((struct tw_topology){
				.key = tw_arena_strdup(&s->arena, key),
				.n_nodes = UINT32_MAX}));
		found = &s->topologies.v[s->topologies.n - 1];
	}
	if (found->n_nodes != s->nodes.n)
		fill_topology(s, found);
	return found;
}

/* ---- pods on nodes -------------------------------------------------- */

const struct tw_class_count *tw_sched_count(
	const struct tw_sched_node *node, uint32_t class)
{
	for (size_t i = 0; i < node->classes.n; i++)
		if (node->classes.v[i].class == class)
			return &node->classes.v[i];
	return NULL;
}

static struct tw_class_count *count_of(
	struct tw_sched_node *node, uint32_t class)
{
	for (size_t i = 0; i < node->classes.n; i++)
		if (node->classes.v[i].class == class)
			return &node->classes.v[i];
	return NULL;
}

static void use(struct tw_scheduler *s, struct tw_sched_node *node,
	const struct tw_pod_spec *pod, int64_t sign)
{
	for (size_t i = 0; i < pod->requests.n; i++)
		tw_resource_add(&s->arena, &node->used, pod->requests.v[i].name,
			sign * pod->requests.v[i].amount);
	node->in_use[0] = tw_resource_amount(&node->used, TW_RESOURCE_CPU);
	node->in_use[1] = tw_resource_amount(&node->used, TW_RESOURCE_MEMORY);
	node->usual_cpu += sign * pod->usual_cpu;
	node->usual_memory += sign * pod->usual_memory;
	node->n_pods = (uint32_t)((int64_t)node->n_pods + sign);
}

void tw_scheduler_put(struct tw_scheduler *s, uint32_t class, uint32_t node)
{
	struct tw_sched_node *it = &s->nodes.v[node];
	struct tw_class_count *count = count_of(it, class);

	if (count) {
		count->n++;
	} else {
		tw_vec_push(
			&it->classes, ((struct tw_class_count){class, 1, 0}));
		tw_vec_push(&s->memos.v[class].nodes, node);
	}
	use(s, it, s->classes.v[class].pod, 1);
}

static void forget(struct tw_sched_list *nodes, uint32_t node)
{
	for (size_t i = 0; i < nodes->n; i++)
		if (nodes->v[i] == node) {
			nodes->v[i] = nodes->v[--nodes->n];
			return;
		}
}

void tw_scheduler_take(struct tw_scheduler *s, uint32_t class, uint32_t node)
{
	struct tw_sched_node *it = &s->nodes.v[node];
	struct tw_class_count *count = count_of(it, class);

	tw_assert(count && count->n);
	if (count->leaving)
		count->leaving--;
	if (!--count->n) {
		*count = it->classes.v[--it->classes.n];
		forget(&s->memos.v[class].nodes, node);
	}
	use(s, it, s->classes.v[class].pod, -1);
}

void tw_scheduler_take_active(
	struct tw_scheduler *s, uint32_t class, uint32_t node)
{
	struct tw_class_count *count = count_of(&s->nodes.v[node], class);

	tw_assert(count && count->n > count->leaving);
	/* Which the other takes first. */
	count->leaving++;
	tw_scheduler_take(s, class, node);
}

void tw_scheduler_leaving(struct tw_scheduler *s, uint32_t class, uint32_t node)
{
	struct tw_class_count *count = count_of(&s->nodes.v[node], class);

	tw_assert(count && count->leaving < count->n);
	count->leaving++;
}

/* ---- a cycle -------------------------------------------------------- */

void tw_sched_cycle_init(
	struct tw_sched_cycle *cycle, struct tw_scheduler *s, uint32_t class)
{
	size_t n = s->nodes.n ? s->nodes.n : 1;

	*cycle = (struct tw_sched_cycle){
		.s = s, .class = &s->classes.v[class], .class_index = class};
	tw_arena_init(&cycle->arena);
	cycle->node_reason = tw_new_array(&cycle->arena, n, const char *);
	cycle->node_status =
		tw_new_array(&cycle->arena, n, enum tw_sched_status);
	cycle->feasible = tw_new_array(&cycle->arena, n, uint32_t);
}

void tw_sched_cycle_release(struct tw_sched_cycle *cycle)
{
	tw_arena_release(&cycle->arena);
}

static bool filter_node(struct tw_sched_cycle *cycle, uint32_t node)
{
	if (cycle->s->nodes.v[node].absent) {
		cycle->node_status[node] = TW_SCHED_UNRESOLVABLE;
		return false;
	}
	for (uint32_t i = 0; tw_sched_plugins[i]; i++) {
		struct tw_sched_reason reason;

		if (!tw_sched_plugins[i]->filter)
			continue;
		reason = tw_sched_plugins[i]->filter(cycle, i, node);
		if (reason.status == TW_SCHED_OK)
			continue;
		cycle->node_status[node] = reason.status;
		cycle->node_reason[node] = reason.text;
		return false;
	}
	return true;
}

/*
 * numFeasibleNodesToFind (pkg/scheduler/schedule_one.go): all below 100 nodes;
 * else a percentage, 50 - n/125 but at least 5, and at least 100 nodes. It
 * looks from another node on each time; here from one that the pod's class
 * names.
 */
static uint32_t enough(const struct tw_scheduler *s)
{
	uint32_t n = (uint32_t)s->nodes.n;
	uint32_t percent = s->options.percentage_to_score;
	uint32_t wanted;

	if (n < 100 || percent >= 100)
		return n;
	if (!percent)
		percent = n / 125 < 45 ? 50 - n / 125 : 5;
	wanted = (uint32_t)((uint64_t)n * percent / 100);
	return wanted < 100 ? 100 : wanted;
}

static void pre_filter(struct tw_sched_cycle *cycle)
{
	for (uint32_t i = 0; tw_sched_plugins[i]; i++)
		if (tw_sched_plugins[i]->pre_filter)
			tw_sched_plugins[i]->pre_filter(cycle, i);
}

bool tw_scheduler_fits(struct tw_scheduler *s, uint32_t class, uint32_t node)
{
	struct tw_sched_cycle cycle;
	bool fits;

	tw_sched_cycle_init(&cycle, s, class);
	pre_filter(&cycle);
	fits = filter_node(&cycle, node);
	tw_sched_cycle_release(&cycle);
	return fits;
}

static void filter_from(
	struct tw_sched_cycle *cycle, uint32_t start, uint32_t wanted)
{
	uint32_t n = (uint32_t)cycle->s->nodes.n;

	pre_filter(cycle);
	cycle->n_feasible = 0;
	for (uint32_t i = 0; i < n && cycle->n_feasible < wanted; i++) {
		uint32_t node = start + i < n ? start + i : start + i - n;

		if (filter_node(cycle, node))
			cycle->feasible[cycle->n_feasible++] = node;
	}
}

void tw_sched_filter(struct tw_sched_cycle *cycle)
{
	filter_from(cycle, 0, (uint32_t)cycle->s->nodes.n);
}

bool tw_sched_score(struct tw_sched_cycle *cycle,
	const struct tw_sched_plugin *plugin, int64_t *scores)
{
	uint32_t slot = tw_sched_slot(plugin);

	if (!plugin->score ||
		(plugin->pre_score && !plugin->pre_score(cycle, slot)))
		return false;
	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		scores[i] = plugin->score(cycle, slot, cycle->feasible[i]);
	if (plugin->normalise)
		plugin->normalise(cycle, slot, scores);
	return true;
}

void tw_sched_total(struct tw_sched_cycle *cycle, int64_t *totals)
{
	int64_t *scores =
		tw_new_array(&cycle->arena, cycle->n_feasible + 1, int64_t);

	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		totals[i] = 0;
	for (uint32_t p = 0; tw_sched_plugins[p]; p++) {
		if (!tw_sched_score(cycle, tw_sched_plugins[p], scores))
			continue;
		for (uint32_t i = 0; i < cycle->n_feasible; i++)
			totals[i] += tw_sched_plugins[p]->weight * scores[i];
	}
}

/* ---- a decision ----------------------------------------------------- */

struct tally {
	const char *text;
	uint32_t n;
};

static int by_text(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	char left[160], right[160];

	/* kube-scheduler sorts the finished texts, figures first. */
	snprintf(left, sizeof left, "%u %s", x->n, x->text);
	snprintf(right, sizeof right, "%u %s", y->n, y->text);
	return strcmp(left, right);
}

/* FitError (pkg/scheduler/framework/types.go). */
static void explain(struct tw_sched_cycle *cycle, struct tw_buf *why)
{
	size_t n = cycle->s->nodes.n, kinds = 0, there = n;
	struct tally *all = tw_new_array(&cycle->arena, n + 1, struct tally);

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		if (cycle->s->nodes.v[i].absent) {
			there--;
			continue;
		}
		while (k < kinds && strcmp(all[k].text, cycle->node_reason[i]))
			k++;
		if (k == kinds)
			all[kinds++].text = cycle->node_reason[i];
		all[k].n++;
	}
	if (kinds)
		qsort(all, kinds, sizeof *all, by_text);
	tw_buf_printf(why, "0/%zu nodes are available", there);
	for (size_t k = 0; k < kinds; k++)
		tw_buf_printf(
			why, "%s%u %s", k ? ", " : ": ", all[k].n, all[k].text);
	tw_buf_add_char(why, '.');
}

static uint32_t best_of(struct tw_sched_cycle *cycle, uint64_t hash)
{
	int64_t *totals =
		tw_new_array(&cycle->arena, cycle->n_feasible + 1, int64_t);
	uint32_t best = 0;
	uint64_t luck = 0;

	/* With one node there is nothing to score. */
	if (cycle->n_feasible == 1)
		return cycle->feasible[0];
	tw_sched_total(cycle, totals);
	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		uint64_t mine = tw_hash_combine(
			hash, cycle->s->nodes.v[cycle->feasible[i]].hash);

		if (i && (totals[i] < totals[best] ||
				 (totals[i] == totals[best] && mine >= luck)))
			continue;
		best = i;
		luck = mine;
	}
	return cycle->feasible[best];
}

uint32_t tw_scheduler_choose(struct tw_scheduler *s, uint32_t class,
	uint64_t hash, struct tw_buf *why)
{
	struct tw_sched_cycle cycle;
	uint32_t wanted = enough(s), n = (uint32_t)s->nodes.n, node = NOWHERE;

	tw_sched_cycle_init(&cycle, s, class);
	filter_from(&cycle, wanted < n ? (uint32_t)(hash % n) : 0, wanted);
	if (cycle.n_feasible)
		node = best_of(&cycle, hash);
	else if (why)
		explain(&cycle, why);
	tw_sched_cycle_release(&cycle);
	return node;
}

bool tw_scheduler_has_room(
	const struct tw_scheduler *s, uint32_t class, uint32_t node)
{
	struct tw_lackings lacking = {0};
	struct tw_arena arena;
	bool has;

	tw_arena_init(&arena);
	tw_sched_lacking(s->classes.v[class].pod, &s->nodes.v[node], NULL, NULL,
		&arena, &lacking);
	has = !lacking.n;
	tw_arena_release(&arena);
	return has;
}
