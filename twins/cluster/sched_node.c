/*
 * What a node says by itself: cordoned, by name, taints, ports, images.
 * Sources: pkg/scheduler/framework/plugins/{nodeunschedulable,nodename,
 * tainttoleration,nodeports,imagelocality}.
 */
#include "twins/cluster/scheduler.h"

static const struct tw_sched_reason ok = {TW_SCHED_OK, NULL};

/* ---- unschedulable -------------------------------------------------- */

static struct tw_sched_reason unschedulable_filter(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	static const struct tw_taint taint = {
		"node.kubernetes.io/unschedulable", "", TW_EFFECT_NO_SCHEDULE};
	const struct tw_tolerations *all = &cycle->class->pod->tolerations;

	(void)slot;
	if (!tw_sched_node_at(cycle, node)->spec->unschedulable)
		return ok;
	for (size_t i = 0; i < all->n; i++)
		if (tw_pod_tolerates(&all->v[i], &taint,
			    cycle->s->options.compare_taints))
			return ok;
	return (struct tw_sched_reason){
		TW_SCHED_UNRESOLVABLE, "node(s) were unschedulable"};
}

const struct tw_sched_plugin tw_sched_unschedulable = {
	.name = "NodeUnschedulable",
	.of_node = true,
	.filter = unschedulable_filter,
};

/* ---- name ----------------------------------------------------------- */

static struct tw_sched_reason name_filter(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const char *wanted = cycle->class->pod->node_name;

	(void)slot;
	if (!wanted || !*wanted ||
		!strcmp(wanted, tw_sched_node_at(cycle, node)->spec->name))
		return ok;
	return (struct tw_sched_reason){TW_SCHED_UNRESOLVABLE,
		"node(s) didn't match the requested node name"};
}

const struct tw_sched_plugin tw_sched_node_name = {
	.name = "NodeName",
	.of_node = true,
	.filter = name_filter,
};

/* ---- taints --------------------------------------------------------- */

static struct tw_sched_reason taint_filter(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	(void)slot;
	if (!tw_pod_untolerated(&cycle->class->pod->tolerations,
		    &tw_sched_node_at(cycle, node)->spec->taints,
		    cycle->s->options.compare_taints))
		return ok;
	return (struct tw_sched_reason){
		TW_SCHED_UNRESOLVABLE, "node(s) had untolerated taint(s)"};
}

/* An older release names the first of them. */
static void taint_reasons(const struct tw_sched_cycle *cycle, uint32_t node,
	struct tw_arena *arena, struct tw_sched_tally *to)
{
	const struct tw_taint *taint =
		tw_pod_untolerated(&cycle->class->pod->tolerations,
			&tw_sched_node_at(cycle, node)->spec->taints,
			cycle->s->options.compare_taints);

	tw_sched_say(arena, to,
		cycle->s->options.names_taints
			? tw_arena_printf(arena,
				  "node(s) had untolerated taint {%s: %s}",
				  taint->key, taint->value)
			: "node(s) had untolerated taint(s)");
}

static int64_t taint_score(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct tw_tolerations *all = &cycle->class->pod->tolerations;
	const struct tw_taints *taints =
		&tw_sched_node_at(cycle, node)->spec->taints;
	int64_t n = 0;

	(void)slot;
	for (size_t i = 0; i < taints->n; i++) {
		bool tolerated = false;

		if (taints->v[i].effect != TW_EFFECT_PREFER_NO_SCHEDULE)
			continue;
		for (size_t k = 0; k < all->n && !tolerated; k++)
			tolerated = tw_pod_tolerates(&all->v[k], &taints->v[i],
				cycle->s->options.compare_taints);
		n += !tolerated;
	}
	return n;
}

static void taint_normalise(
	const struct tw_sched_cycle *cycle, uint32_t slot, int64_t *scores)
{
	(void)slot;
	tw_sched_normalise(cycle, true, scores);
}

const struct tw_sched_plugin tw_sched_taints = {
	.name = "TaintToleration",
	.of_node = true,
	.weight = 3,
	.filter = taint_filter,
	.reasons = taint_reasons,
	.score = taint_score,
	.normalise = taint_normalise,
};

/* ---- ports ---------------------------------------------------------- */

bool tw_sched_port_conflict(
	const struct tw_host_port *wanted, const struct tw_host_port *taken)
{
	if (!wanted->port || wanted->port != taken->port ||
		wanted->protocol != taken->protocol)
		return false;
	return !strcmp(wanted->ip, taken->ip) ||
	       !strcmp(wanted->ip, "0.0.0.0") || !strcmp(taken->ip, "0.0.0.0");
}

static bool conflicts(const struct tw_pod_spec *a, const struct tw_pod_spec *b)
{
	for (size_t i = 0; i < a->host_ports.n; i++)
		for (size_t k = 0; k < b->host_ports.n; k++)
			if (tw_sched_port_conflict(
				    &a->host_ports.v[i], &b->host_ports.v[k]))
				return true;
	return false;
}

static struct tw_sched_reason port_filter(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct tw_pod_spec *pod = cycle->class->pod;
	const struct tw_sched_node *it = tw_sched_node_at(cycle, node);

	(void)slot;
	for (size_t i = 0; pod->host_ports.n && i < it->classes.n; i++)
		if (conflicts(pod,
			    cycle->s->classes.v[it->classes.v[i].class].pod))
			return (struct tw_sched_reason){TW_SCHED_UNSCHEDULABLE,
				"node(s) didn't have free ports for the "
				"requested pod ports"};
	return ok;
}

const struct tw_sched_plugin tw_sched_ports = {
	.name = "NodePorts",
	.of_node = true,
	.filter = port_filter,
};

/* ---- images --------------------------------------------------------- */

#define MIB (INT64_C(1) << 20)

static const struct tw_node_image *image_of(
	const struct tw_node_spec *node, const char *name)
{
	for (size_t i = 0; i < node->images.n; i++)
		for (size_t k = 0; k < node->images.v[i].names.n; k++)
			if (!strcmp(node->images.v[i].names.v[k], name))
				return &node->images.v[i];
	return NULL;
}

/* Of the first `n` nodes; *size: as the first of them has it. */
static int64_t nodes_with(
	const struct tw_scheduler *s, const char *name, size_t n, int64_t *size)
{
	int64_t found = 0;

	for (size_t i = 0; i < n; i++) {
		const struct tw_node_image *it =
			image_of(s->nodes.v[i].spec, name);

		if (it && !found++)
			*size = it->size;
	}
	return found;
}

static int64_t share_of(const struct tw_scheduler *s, uint32_t node,
	const char *name, int64_t size)
{
	bool as_added = s->options.images_as_added;
	int64_t first = size;
	int64_t n =
		nodes_with(s, name, as_added ? node + 1 : s->nodes.n, &first);

	return (int64_t)((double)(as_added ? first : size) *
			 ((double)n / (double)s->nodes.n));
}

/* Where no node has images there is nothing to look for. */
static bool image_pre_score(struct tw_sched_cycle *cycle, uint32_t slot)
{
	(void)slot;
	return cycle->s->has_images;
}

/* 23 MB to 1000 MB a container count; an image counts in proportion to the
 * share of nodes that have it. */
static int64_t image_score(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	const struct tw_pod_spec *pod = cycle->class->pod;
	int64_t min = 23 * MIB, max = 1000 * MIB * pod->n_containers, sum = 0;

	(void)slot;
	for (size_t i = 0; i < pod->images.n; i++) {
		const char *name = pod->images.v[i];
		const struct tw_node_image *image =
			image_of(tw_sched_node_at(cycle, node)->spec, name);

		if (image)
			sum += share_of(cycle->s, node, name, image->size);
	}
	sum = sum < min ? min : sum > max ? max : sum;
	return max > min ? 100 * (sum - min) / (max - min) : 0;
}

const struct tw_sched_plugin tw_sched_image = {
	.name = "ImageLocality",
	.weight = 1,
	.pre_score = image_pre_score,
	.score = image_score,
};
