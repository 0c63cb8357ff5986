/*
 * kube-scheduler's plugins one by one: pods and nodes are read by the reader
 * of manifests, decisions are those of twins/cluster/scheduler.h.
 */
#include "harness/manifests/manifests.h"
#include "harness/manifests/reader.h"
#include "tests/conformance/conformance.h"
#include "twins/cluster/scheduler.h"

#include <stdio.h>

struct bed {
	struct conformance *c;
	struct tw_manifests *manifests;
	struct tw_spec *spec;
	struct tw_diags diags;
	struct tw_manifest_reader r;
	struct tw_object object; /* whose parts are read */
	struct tw_scheduler s;
	struct tw_sched_options options;
};

static void bed_init(struct bed *bed, struct conformance *c)
{
	*bed = (struct bed){.c = c,
		.manifests = tw_manifests_new(),
		.spec = tw_spec_new(),
		.options = {.hard_affinity_weight = 1}};
	tw_diags_init(&bed->diags);
	bed->object = (struct tw_object){.group = "",
		.kind = "Pod",
		.namespace = "",
		.name = "case",
		.id = "Pod case",
		.doc = c->in};
	bed->r = (struct tw_manifest_reader){.m = bed->manifests,
		.spec = bed->spec,
		.diags = &bed->diags,
		.object = &bed->object};
}

static void bed_start(struct bed *bed)
{
	struct tw_yaml *namespaces = tw_yaml_get(bed->c->in, "namespaces");

	for (size_t i = 0; i < tw_yaml_count(namespaces); i++) {
		struct tw_yaml *meta =
			tw_yaml_get(tw_yaml_item(namespaces, i), "metadata");
		struct tw_labels *labels =
			tw_new(&bed->spec->arena, struct tw_labels);

		tw_manifest_labels(
			&bed->r, tw_yaml_get(meta, "labels"), labels);
		tw_map_put(&bed->spec->namespaces,
			conformance_get_text(meta, "name", ""), labels);
	}
	tw_scheduler_init(&bed->s, &bed->options);
	bed->s.namespaces = &bed->spec->namespaces;
}

static void bed_end(struct bed *bed)
{
	tw_scheduler_release(&bed->s);
	tw_diags_release(&bed->diags);
	tw_manifests_free(bed->manifests);
	tw_spec_free(bed->spec);
}

static uint32_t add_node(struct bed *bed, const struct tw_yaml *doc)
{
	struct tw_node_spec *node =
		tw_new(&bed->spec->arena, struct tw_node_spec);

	tw_manifest_node(&bed->r, doc, node);
	return tw_scheduler_add_node(&bed->s, node);
}

static void add_nodes(struct bed *bed, const char *key)
{
	struct tw_yaml *nodes = tw_yaml_get(bed->c->in, key);

	for (size_t i = 0; i < tw_yaml_count(nodes); i++)
		add_node(bed, tw_yaml_item(nodes, i));
}

/* The merged selector of the Services and owners that select the pod. */
static void add_group(struct bed *bed, struct tw_pod_spec *pod,
	const struct tw_labels *labels)
{
	struct tw_yaml *objects = tw_yaml_get(bed->c->in, "objects");

	for (size_t i = 0; i < tw_yaml_count(objects); i++) {
		struct tw_yaml *it = tw_yaml_item(objects, i);
		struct tw_yaml *selector =
			tw_yaml_path(it, "spec", "selector", NULL);
		struct tw_yaml *nested = tw_yaml_get(selector, "matchLabels");
		struct tw_labels wanted = {0};

		tw_manifest_labels(
			&bed->r, nested ? nested : selector, &wanted);
		if (!wanted.n || !tw_labels_match(&wanted, labels))
			continue;
		pod->has_group = true;
		for (size_t k = 0; k < wanted.n; k++) {
			struct tw_label_requirement is = {
				.key = wanted.v[k].key};

			tw_vec_push_in(&bed->spec->arena, &is.values,
				wanted.v[k].value);
			tw_vec_push_in(&bed->spec->arena, &pod->group, is);
		}
	}
}

static uint32_t add_pod(struct bed *bed, const struct tw_yaml *doc)
{
	struct tw_yaml *meta = tw_yaml_get(doc, "metadata");
	struct tw_labels *labels = tw_new(&bed->spec->arena, struct tw_labels);
	struct tw_pod_spec *pod = tw_new(&bed->spec->arena, struct tw_pod_spec);
	struct tw_sched_class class = {
		.namespace = conformance_get_text(meta, "namespace", ""),
		.labels = labels,
		.pod = pod};

	tw_manifest_labels(&bed->r, tw_yaml_get(meta, "labels"), labels);
	tw_manifest_pod(&bed->r, tw_yaml_get(doc, "spec"), labels, pod);
	add_group(bed, pod, labels);
	return tw_scheduler_add_class(&bed->s, &class);
}

/* The pod to decide on is the last class; the others are where they say. */
static uint32_t add_pods(struct bed *bed)
{
	struct tw_yaml *existing = tw_yaml_get(bed->c->in, "existing");

	for (size_t i = 0; i < tw_yaml_count(existing); i++) {
		struct tw_yaml *doc = tw_yaml_item(existing, i);
		uint32_t class = add_pod(bed, doc);
		const char *at = bed->s.classes.v[class].pod->node_name;
		struct tw_yaml *gone = tw_yaml_path(
			doc, "metadata", "deletionTimestamp", NULL);

		for (uint32_t n = 0; n < bed->s.nodes.n; n++) {
			if (at && strcmp(at, bed->s.nodes.v[n].spec->name))
				continue;
			tw_scheduler_put(&bed->s, class, n);
			if (gone && !tw_yaml_is_null(gone))
				tw_scheduler_leaving(&bed->s, class, n);
			break;
		}
	}
	return add_pod(bed, tw_yaml_get(bed->c->in, "pod"));
}

static const char *status_name(enum tw_sched_status status)
{
	return status == TW_SCHED_OK		  ? "ok"
	       : status == TW_SCHED_UNSCHEDULABLE ? "unschedulable"
						  : "unresolvable";
}

/* One plugin's filter over all nodes. */
static void filter_with(struct bed *bed, uint32_t class,
	const struct tw_sched_plugin *plugin, const struct tw_yaml *want,
	bool one)
{
	uint32_t slot = tw_sched_slot(plugin);
	struct tw_sched_cycle cycle;

	tw_sched_cycle_init(&cycle, &bed->s, class);
	if (plugin->pre_filter)
		plugin->pre_filter(&cycle, slot);
	for (uint32_t n = 0; n < bed->s.nodes.n; n++) {
		const char *name = bed->s.nodes.v[n].spec->name;
		struct tw_sched_reason reason = plugin->filter(&cycle, slot, n);

		conformance_text(bed->c, name,
			one ? want : tw_yaml_get(want, name),
			status_name(reason.status));
	}
	tw_sched_cycle_release(&cycle);
}

static void run_filter(
	struct conformance *c, const struct tw_sched_plugin *plugin)
{
	struct tw_yaml *node = tw_yaml_get(c->in, "node");
	struct tw_yaml *wrong = tw_yaml_get(c->want, "error");
	struct tw_node_affinity added = {0};
	struct bed bed;
	uint32_t class;

	bed_init(&bed, c);
	bed.options.compare_taints =
		conformance_get_bool(c->in, "comparison_operators", false);
	if (tw_yaml_is(tw_yaml_get(c->in, "added_affinity"), TW_YAML_MAPPING)) {
		tw_manifest_node_affinity(
			&bed.r, tw_yaml_get(c->in, "added_affinity"), &added);
		bed.options.added_affinity = &added;
	}
	bed_start(&bed);
	if (node)
		add_node(&bed, node);
	else
		add_nodes(&bed, "nodes");
	/* Ports: the node is not said. */
	if (!bed.s.nodes.n) {
		static const struct tw_node_spec any = {.name = "m1"};

		tw_scheduler_add_node(&bed.s, &any);
	}
	class = add_pods(&bed);
	if (wrong && !tw_yaml_is_null(wrong))
		conformance_bool(c, "error", NULL, true);
	if (wrong && !tw_yaml_is_null(wrong) && !bed.diags.errors)
		conformance_differs(c, "the selector was not refused");
	filter_with(&bed, class, plugin, tw_yaml_get(c->want, "status"),
		node || plugin == &tw_sched_ports);
	bed_end(&bed);
}

static bool is_failed(const struct bed *bed, const char *name)
{
	struct tw_yaml *failed = tw_yaml_get(bed->c->in, "failed_nodes");

	for (size_t i = 0; i < tw_yaml_count(failed); i++)
		if (!strcmp(conformance_get_text(
				    tw_yaml_path(tw_yaml_item(failed, i),
					    "metadata", NULL),
				    "name", ""),
			    name))
			return true;
	return false;
}

static void score_with(
	struct bed *bed, uint32_t class, const struct tw_sched_plugin *plugin)
{
	struct tw_yaml *want = tw_yaml_get(bed->c->want, "scores");
	struct tw_yaml *skip = tw_yaml_get(bed->c->want, "skip");
	struct tw_sched_cycle cycle;
	int64_t *scores;
	bool scored;

	tw_sched_cycle_init(&cycle, &bed->s, class);
	for (uint32_t n = 0; n < bed->s.nodes.n; n++)
		if (!is_failed(bed, bed->s.nodes.v[n].spec->name))
			cycle.feasible[cycle.n_feasible++] = n;
	scores = tw_new_array(&cycle.arena, cycle.n_feasible + 1, int64_t);
	scored = tw_sched_score(&cycle, plugin, scores);
	conformance_bool(bed->c, "skip", skip, !scored);
	for (uint32_t i = 0; want && i < cycle.n_feasible; i++) {
		const char *name = bed->s.nodes.v[cycle.feasible[i]].spec->name;

		conformance_int(bed->c, name, tw_yaml_get(want, name),
			scored ? scores[i] : 0);
	}
	tw_sched_cycle_release(&cycle);
}

static void run_score(
	struct conformance *c, const struct tw_sched_plugin *plugin)
{
	struct tw_node_affinity added = {0};
	struct bed bed;

	bed_init(&bed, c);
	bed.options.hard_affinity_weight =
		conformance_get_int(c->in, "hard_weight", 1);
	bed.options.ignore_preferred_of_existing =
		conformance_get_bool(c->in, "ignore_existing_preferred", false);
	bed.options.compare_taints =
		conformance_get_bool(c->in, "comparison_operators", false);
	if (tw_yaml_is(tw_yaml_get(c->in, "added_affinity"), TW_YAML_MAPPING)) {
		tw_manifest_node_affinity(
			&bed.r, tw_yaml_get(c->in, "added_affinity"), &added);
		bed.options.added_affinity = &added;
	}
	bed_start(&bed);
	add_nodes(&bed, "nodes");
	add_nodes(&bed, "failed_nodes");
	score_with(&bed, add_pods(&bed), plugin);
	bed_end(&bed);
}

/* ---- adapters of one plugin ----------------------------------------- */

#define FILTER(name, plugin)                                                   \
	static void name(struct conformance *c)                                \
	{                                                                      \
		run_filter(c, &plugin);                                        \
	}
#define SCORE(name, plugin)                                                    \
	static void name(struct conformance *c)                                \
	{                                                                      \
		run_score(c, &plugin);                                         \
	}

FILTER(ports, tw_sched_ports)
FILTER(name, tw_sched_node_name)
FILTER(unschedulable, tw_sched_unschedulable)
FILTER(taint_filter, tw_sched_taints)
FILTER(affinity_filter, tw_sched_node_affinity)
FILTER(spread_filter, tw_sched_spread)
FILTER(pod_affinity_filter, tw_sched_pod_affinity)
SCORE(image, tw_sched_image)
SCORE(taint_score, tw_sched_taints)
SCORE(affinity_score, tw_sched_node_affinity)
SCORE(spread_score, tw_sched_spread)
SCORE(pod_affinity_score, tw_sched_pod_affinity)

/* ---- resources ------------------------------------------------------ */

static bool is_ignored(void *context, const char *name)
{
	const struct conformance *c = context;
	struct tw_yaml *names = tw_yaml_get(c->in, "ignored_resources");
	struct tw_yaml *groups = tw_yaml_get(c->in, "ignored_groups");

	for (size_t i = 0; i < tw_yaml_count(names); i++)
		if (!strcmp(tw_yaml_text(tw_yaml_item(names, i)), name))
			return true;
	for (size_t i = 0; i < tw_yaml_count(groups); i++) {
		struct tw_str group = tw_yaml_str(tw_yaml_item(groups, i));

		if (!strncmp(name, group.p, group.n) && name[group.n] == '/')
			return true;
	}
	return false;
}

static const struct tw_lacking *find_lacking(
	const struct tw_lackings *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->v[i].resource, name))
			return &all->v[i];
	return NULL;
}

static void compare_lacking(
	struct conformance *c, const struct tw_lackings *lacking)
{
	struct tw_yaml *want = tw_yaml_get(c->want, "lacking");
	struct tw_yaml *names = tw_yaml_get(c->want, "lacking_resources");

	conformance_bool(c, "fits", tw_yaml_get(c->want, "fits"), !lacking->n);
	if (want && tw_yaml_count(want) != lacking->n)
		conformance_differs(c, "lacking: %zu wanted, %zu got",
			tw_yaml_count(want), lacking->n);
	if (names && tw_yaml_count(names) != lacking->n)
		conformance_differs(c, "lacking: %zu wanted, %zu got",
			tw_yaml_count(names), lacking->n);
	for (size_t i = 0; i < tw_yaml_count(names); i++)
		if (!find_lacking(
			    lacking, tw_yaml_text(tw_yaml_item(names, i))))
			conformance_differs(c, "%s is not lacking",
				tw_yaml_text(tw_yaml_item(names, i)));
	for (size_t i = 0; i < tw_yaml_count(want); i++) {
		struct tw_yaml *it = tw_yaml_item(want, i);
		const char *name = conformance_get_text(it, "resource", "");
		const struct tw_lacking *got = find_lacking(lacking, name);

		if (!got) {
			conformance_differs(c, "%s is not lacking", name);
			continue;
		}
		conformance_int(
			c, name, tw_yaml_get(it, "requested"), got->requested);
		conformance_int(c, name, tw_yaml_get(it, "used"), got->used);
		conformance_int(
			c, name, tw_yaml_get(it, "capacity"), got->capacity);
	}
}

static void fit(struct conformance *c)
{
	struct tw_lackings lacking = {0};
	struct bed bed;
	uint32_t class;

	bed_init(&bed, c);
	bed_start(&bed);
	add_node(&bed, tw_yaml_get(c->in, "node"));
	class = add_pods(&bed);
	tw_sched_lacking(bed.s.classes.v[class].pod, &bed.s.nodes.v[0],
		is_ignored, c, &c->arena, &lacking);
	compare_lacking(c, &lacking);
	bed_end(&bed);
}

static struct tw_shape_point *read_shape(
	struct conformance *c, int64_t times, size_t *n)
{
	struct tw_yaml *list = tw_yaml_get(c->in, "shape");
	struct tw_shape_point *points;

	*n = tw_yaml_count(list);
	points = tw_new_array(&c->arena, *n + 1, struct tw_shape_point);
	for (size_t i = 0; i < *n; i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);

		points[i].utilization =
			conformance_get_int(it, "utilization", 0);
		points[i].score = times * conformance_get_int(it, "score", 0);
	}
	return points;
}

static void shape(struct conformance *c)
{
	size_t n;
	struct tw_shape_point *points = read_shape(c, 1, &n);

	conformance_int(c, "score", tw_yaml_get(c->want, "score"),
		tw_sched_shape(points, n,
			conformance_get_int(c->in, "utilization", 0)));
}

/* The strategies that the default profile does not use are spelt out here,
 * of the same parts. */
static int64_t strategy_score(struct bed *bed, const char *strategy,
	const struct tw_sched_node *node, const struct tw_pod_spec *pod,
	const struct tw_shape_point *points, size_t n_points)
{
	struct tw_yaml *resources = tw_yaml_get(bed->c->in, "resources");
	int64_t sum = 0, weights = 0;

	for (size_t i = 0; i < tw_yaml_count(resources); i++) {
		struct tw_yaml *it = tw_yaml_item(resources, i);
		const char *name = conformance_get_text(it, "name", "");
		int64_t weight = conformance_get_int(it, "weight", 1);
		int64_t has =
			tw_resource_amount(&node->spec->allocatable, name);
		bool cpu = !strcmp(name, "cpu"),
		     memory = !strcmp(name, "memory");
		int64_t own =
			cpu	 ? pod->usual_cpu
			: memory ? pod->usual_memory
				 : tw_resource_amount(&pod->requests, name);
		int64_t used = cpu	? node->usual_cpu
			       : memory ? node->usual_memory
					: tw_resource_amount(&node->used, name);
		int64_t score;

		if (!has || (!cpu && !memory && !own))
			continue;
		used += own;
		if (!strcmp(strategy, "LeastAllocated")) {
			score = tw_sched_least(used, has);
		} else if (!strcmp(strategy, "MostAllocated")) {
			score = tw_sched_most(used, has);
		} else {
			score = tw_sched_shape(points, n_points,
				used > has ? 100 : used * 100 / has);
			if (score <= 0)
				continue;
		}
		sum += weight * score;
		weights += weight;
	}
	if (!weights)
		return 0;
	if (!strcmp(strategy, "RequestedToCapacityRatio"))
		return (int64_t)((double)sum / (double)weights + 0.5);
	return sum / weights;
}

static void strategies(struct bed *bed, uint32_t class, const char *strategy)
{
	struct tw_yaml *want = tw_yaml_get(bed->c->want, "scores");
	size_t n_points;
	struct tw_shape_point *points = read_shape(bed->c, 10, &n_points);

	for (uint32_t n = 0; n < bed->s.nodes.n; n++) {
		const char *name = bed->s.nodes.v[n].spec->name;

		conformance_int(bed->c, name, tw_yaml_get(want, name),
			strategy_score(bed, strategy, &bed->s.nodes.v[n],
				bed->s.classes.v[class].pod, points, n_points));
	}
}

/* CPU and memory, weight 1 each, are what the profile's own plugin does. */
static bool is_usual(const struct conformance *c)
{
	struct tw_yaml *resources = tw_yaml_get(c->in, "resources");
	bool usual = tw_yaml_count(resources) == 2;

	for (size_t i = 0; i < tw_yaml_count(resources); i++) {
		struct tw_yaml *it = tw_yaml_item(resources, i);
		const char *name = conformance_get_text(it, "name", "");

		usual &= (!strcmp(name, "cpu") || !strcmp(name, "memory")) &&
			 conformance_get_int(it, "weight", 1) == 1;
	}
	return usual;
}

/* Resources beside those two. */
static void also_balanced(struct bed *bed)
{
	struct tw_yaml *resources = tw_yaml_get(bed->c->in, "resources");
	const char **names = tw_new_array(
		&bed->c->arena, tw_yaml_count(resources) + 1, const char *);

	bed->options.also_balanced = names;
	for (size_t i = 0; i < tw_yaml_count(resources); i++) {
		const char *name = conformance_get_text(
			tw_yaml_item(resources, i), "name", "");

		if (strcmp(name, "cpu") != 0 && strcmp(name, "memory") != 0)
			names[bed->options.n_also_balanced++] = name;
	}
}

static void resources_score(struct conformance *c)
{
	const char *strategy = conformance_get_text(c->in, "strategy", "");
	bool balances = !strcmp(strategy, "BalancedAllocation");
	struct bed bed;
	uint32_t class;

	bed_init(&bed, c);
	if (balances)
		also_balanced(&bed);
	bed_start(&bed);
	add_nodes(&bed, "nodes");
	class = add_pods(&bed);
	if (balances)
		score_with(&bed, class, &tw_sched_balance);
	else if (!strcmp(strategy, "LeastAllocated") && is_usual(c))
		score_with(&bed, class, &tw_sched_fit);
	else
		strategies(&bed, class, strategy);
	bed_end(&bed);
}

const struct conformance_adapter conformance_scheduler[] = {
	{"scheduler-node", "ports", ports},
	{"scheduler-node", "name", name},
	{"scheduler-node", "unschedulable", unschedulable},
	{"scheduler-node", "image_locality", image},
	{"scheduler-tainttoleration", "filter", taint_filter},
	{"scheduler-tainttoleration", "score", taint_score},
	{"scheduler-nodeaffinity", "filter", affinity_filter},
	{"scheduler-nodeaffinity", "score", affinity_score},
	{"scheduler-podtopologyspread", "filter", spread_filter},
	{"scheduler-podtopologyspread", "score", spread_score},
	{"scheduler-interpodaffinity", "filter", pod_affinity_filter},
	{"scheduler-interpodaffinity", "score", pod_affinity_score},
	{"scheduler-noderesources", "fit", fit},
	{"scheduler-noderesources", "shape", shape},
	{"scheduler-noderesources", "score", resources_score},
	{0},
};
