#include "tests/twin_builder.h"
#include "tests/unit/manifests/side.h"
#include "tests/unit/test.h"
#include "twins/cluster/place.h"

/* A workload that requests so much, and nothing that selects it. */
static void add(struct tw_spec *spec, const char *kind, const char *name, int n,
	int64_t cpu)
{
	const struct tw_origin *by = tw_spec_origin(
		spec, TW_FROM_MANIFEST, (struct tw_pos){0}, NULL);
	struct tw_spec_workload *it =
		tw_spec_workload(spec, kind, NULL, name, by);
	struct tw_spec_container *container =
		tw_new(&spec->arena, struct tw_spec_container);

	tw_set_int(&it->replicas, n, by);
	tw_set_int(&container->cpu_request, cpu, by);
	tw_vec_push_in(&spec->arena, &it->containers, container);
}

static void add_node(struct tw_spec *spec, const char *name, int64_t cpu)
{
	struct tw_spec_node *node = b_node(spec, name, 1, "a");

	tw_set_int(&node->cpu, cpu, node->origin);
}

START_TEST(spreads_and_leaves_out_what_does_not_fit)
{
	struct tw_spec *spec = tw_spec_new();
	uint32_t on[3] = {0}, *node_of;
	struct tw_diags diags;
	struct tw_model *model;

	add(spec, "Deployment", "web", 4, 1000);
	add(spec, "Deployment", "huge", 2, 2500);
	add_node(spec, "n1", 4000);
	add_node(spec, "n2", 4000);
	tw_diags_init(&diags);
	model = tw_twin_model(spec, &diags);
	ck_assert_ptr_nonnull(model);
	ck_assert_uint_eq(tw_place(model), 2);
	node_of = model->node_of;
	for (int r = 0; r < 4; r++)
		on[node_of[r]]++;
	ck_assert_uint_eq(on[0], 2);
	ck_assert_uint_eq(on[1], 2);
	ck_assert_uint_eq(node_of[4], TW_NONE);
	ck_assert_uint_eq(node_of[5], TW_NONE);
	ck_assert_uint_eq(diags.warnings, 1);
	ck_assert_str_eq(diags.list.v[diags.list.n - 1]->message,
		"2 of 2 replicas of default/huge fit on no node");
	tw_diags_release(&diags);
	tw_model_free(model);
	tw_spec_free(spec);
}
END_TEST

START_TEST(daemons_stand_on_every_node)
{
	struct tw_spec *spec = tw_spec_new();
	uint32_t *node_of;
	struct tw_model *model;

	add(spec, "DaemonSet", "agent", 1, 100);
	add_node(spec, "n1", 4000);
	add_node(spec, "n2", 50);
	add_node(spec, "n3", 4000);
	model = b_model(spec);
	ck_assert_uint_eq(model->n_replicas, 3);
	ck_assert_uint_eq(tw_place(model), 1);
	node_of = model->node_of;
	ck_assert_uint_eq(node_of[0], 0);
	ck_assert_uint_eq(node_of[1], TW_NONE);
	ck_assert_uint_eq(node_of[2], 2);
	tw_model_free(model);
	tw_spec_free(spec);
}
END_TEST

/* ---- from manifests -------------------------------------------------- */

static struct tw_model *compile_both(struct side *s, struct tw_diags *diags)
{
	struct tw_model *model;

	tw_manifests_link(s->m, s->spec, &s->diags);
	tw_diags_init(diags);
	model = tw_twin_model(s->spec, diags);
	ck_assert_ptr_nonnull(model);
	return model;
}

/* Where the i-th pod of a workload stands. */
static const char *where(
	const struct tw_model *model, const char *workload, uint32_t i)
{
	for (uint32_t r = 0; r < model->n_revisions; r++) {
		uint32_t node;

		if (strcmp(model->revisions[r].name, workload))
			continue;
		node = model->node_of[model->revisions[r].first_replica + i];
		return node == TW_NONE ? "nowhere" : model->nodes[node].name;
	}
	ck_abort_msg("no workload %s", workload);
}

#define NODE(name, labels, taints)                                             \
	"---\napiVersion: v1\nkind: Node\nmetadata: {name: " name              \
	", labels: {kubernetes.io/hostname: " name ", " labels "}}\n"          \
	"spec: {" taints "}\nstatus: {allocatable: {cpu: 4, memory: 8Gi, "     \
	"pods: 110}}\n"
#define WORKLOAD(name, replicas, pod)                                          \
	"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name   \
	"}\nspec:\n  replicas: " replicas                                      \
	"\n  selector: {matchLabels: {app: " name                              \
	"}}\n  template:\n    metadata: {labels: {app: " name "}}\n"           \
	"    spec: {containers: [{name: c, image: i, resources: {requests: "   \
	"{cpu: 1}}}]" pod "}\n"
#define ZONES                                                                  \
	NODE("n1", "topology.kubernetes.io/zone: a, disk: ssd", "")            \
	NODE("n2", "topology.kubernetes.io/zone: b, disk: hdd", "")            \
	NODE("n3", "topology.kubernetes.io/zone: b, disk: hdd",                \
		"taints: [{key: gpu, value: 'yes', effect: NoSchedule}]")

static void read(struct side *s, const char *text)
{
	side_start(s);
	side_file(s, "a.yaml", text);
	side_read(s, "a.yaml");
	ck_assert_uint_eq(s->diags.errors, 0);
}

START_TEST(goes_where_the_manifest_wants_it)
{
	struct tw_diags diags;
	struct tw_model *model;
	struct side s;

	read(&s, ZONES WORKLOAD("selected", "1", ", nodeSelector: {disk: ssd}")
			 WORKLOAD("tolerant", "1",
				 ", nodeName: '', nodeSelector: "
				 "{kubernetes.io/hostname: n3}, tolerations: "
				 "[{key: gpu, operator: Exists}]")
				 WORKLOAD("near", "1",
					 ", affinity: {podAffinity: {"
					 "requiredDuringSchedulingIgnoredDuring"
					 "Execution: [{labelSelector: "
					 "{matchLabels: {app: tolerant}}, "
					 "topologyKey: "
					 "topology.kubernetes.io/zone}]}}"));
	model = compile_both(&s, &diags);
	ck_assert_uint_eq(diags.warnings, 0);
	ck_assert_str_eq(where(model, "default/selected", 0), "n1");
	ck_assert_str_eq(where(model, "default/tolerant", 0), "n3");
	ck_assert_str_eq(where(model, "default/near", 0), "n2");
	tw_diags_release(&diags);
	tw_model_free(model);
	side_end(&s);
}
END_TEST

START_TEST(says_why_in_the_schedulers_words)
{
	struct tw_diags diags;
	struct tw_model *model;
	struct side s;

	read(&s, ZONES WORKLOAD("apart", "3",
			 ", affinity: {podAntiAffinity: {"
			 "requiredDuringSchedulingIgnoredDuringExecution: "
			 "[{labelSelector: {matchLabels: {app: apart}}, "
			 "topologyKey: kubernetes.io/hostname}]}}"));
	model = compile_both(&s, &diags);
	ck_assert_uint_eq(diags.warnings, 1);
	ck_assert_str_eq(diags.list.v[0]->message,
		"1 of 3 replicas of default/apart fit on no node");
	ck_assert_str_eq(diags.list.v[0]->hint,
		"0/3 nodes are available: 1 node(s) had untolerated "
		"taint(s), 2 node(s) didn't match pod anti-affinity rules.");
	tw_diags_release(&diags);
	tw_model_free(model);
	side_end(&s);
}
END_TEST

/* Room for one: the more important one gets it, whoever comes first. */
START_TEST(priority_goes_first)
{
	static const char text[] =
		"apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\n"
		"metadata: {name: high}\nvalue: 1000\n" NODE("n1", "a: b", "")
			WORKLOAD("low", "4", "") WORKLOAD(
				"high", "2", ", priorityClassName: high");
	struct tw_diags diags;
	struct tw_model *model;
	struct side s;

	read(&s, text);
	model = compile_both(&s, &diags);
	ck_assert_str_eq(where(model, "default/high", 1), "n1");
	ck_assert_str_eq(where(model, "default/low", 1), "n1");
	ck_assert_str_eq(where(model, "default/low", 2), "nowhere");
	tw_diags_release(&diags);
	tw_model_free(model);
	side_end(&s);
}
END_TEST

/* By name; what is not named, and what stood on a node that is gone, stands
 * nowhere. */
static void as_it_was_once(struct tw_model *model)
{
	struct tw_map nodes;
	const char *name = where(model, "default/web", 1);

	tw_map_init(&nodes, NULL);
	for (uint32_t r = 0; r < model->n_replicas; r++)
		if (!strcmp(model->replicas[r].key, "default/web-2"))
			tw_map_put(&nodes, model->replicas[r].key,
				(void *)(uintptr_t)name);
		else if (!strcmp(model->replicas[r].key, "default/web-1"))
			tw_map_put(&nodes, model->replicas[r].key,
				(void *)(uintptr_t) "gone");
	tw_place_as(model, &nodes);
	tw_map_release(&nodes);
	ck_assert_str_eq(where(model, "default/web", 0), "nowhere");
	ck_assert_str_eq(where(model, "default/web", 1), name);
	ck_assert_str_eq(where(model, "default/web", 2), "nowhere");
}

/* A workload more in front of it would take its places: what runs, stays. */
START_TEST(what_runs_stays)
{
	static const char after[] =
		ZONES WORKLOAD("first", "3", "") WORKLOAD("web", "3", "");
	struct tw_diags diags;
	struct tw_model *was, *is;
	struct side s, t;

	read(&s, ZONES WORKLOAD("web", "2", ""));
	was = compile_both(&s, &diags);
	tw_diags_release(&diags);
	read(&t, after);
	is = compile_both(&t, &diags);
	tw_place_after(is, was);
	for (uint32_t i = 0; i < 2; i++)
		ck_assert_str_eq(where(is, "default/web", i),
			where(was, "default/web", i));
	ck_assert_str_ne(where(is, "default/web", 2), "nowhere");
	as_it_was_once(is);
	tw_diags_release(&diags);
	tw_model_free(was);
	tw_model_free(is);
	side_end(&s);
	side_end(&t);
}
END_TEST

START_TEST(daemons_keep_to_nodes_that_will_do)
{
	struct tw_diags diags;
	struct tw_model *model;
	struct side s;

	read(&s, ZONES
		"---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: "
		"d}\n"
		"spec:\n  selector: {matchLabels: {app: d}}\n  template:\n"
		"    metadata: {labels: {app: d}}\n    spec: {nodeSelector: "
		"{disk: hdd}, containers: [{name: c, image: i}]}\n");
	model = compile_both(&s, &diags);
	ck_assert_uint_eq(diags.warnings, 0);
	ck_assert_uint_eq(model->n_replicas, 1);
	ck_assert_str_eq(where(model, "default/d", 0), "n2");
	tw_diags_release(&diags);
	tw_model_free(model);
	side_end(&s);
}
END_TEST

TW_TESTS("cluster/place", spreads_and_leaves_out_what_does_not_fit,
	daemons_stand_on_every_node, goes_where_the_manifest_wants_it,
	says_why_in_the_schedulers_words, priority_goes_first, what_runs_stays,
	daemons_keep_to_nodes_that_will_do)
