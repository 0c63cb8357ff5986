#include "tests/twin_builder.h"
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
	uint32_t on[3] = {0}, node_of[16];
	struct tw_diags diags;
	struct tw_model *model;

	add(spec, "Deployment", "web", 4, 1000);
	add(spec, "Deployment", "huge", 2, 2500);
	add_node(spec, "n1", 4000);
	add_node(spec, "n2", 4000);
	tw_diags_init(&diags);
	model = tw_twin_model(spec, &diags);
	ck_assert_ptr_nonnull(model);
	ck_assert_uint_eq(tw_place(model, node_of), 2);
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
	uint32_t node_of[16];
	struct tw_model *model;

	add(spec, "DaemonSet", "agent", 1, 100);
	add_node(spec, "n1", 4000);
	add_node(spec, "n2", 50);
	add_node(spec, "n3", 4000);
	model = b_model(spec);
	ck_assert_uint_eq(model->n_replicas, 3);
	ck_assert_uint_eq(tw_place(model, node_of), 1);
	ck_assert_uint_eq(node_of[0], 0);
	ck_assert_uint_eq(node_of[1], TW_NONE);
	ck_assert_uint_eq(node_of[2], 2);
	tw_model_free(model);
	tw_spec_free(spec);
}
END_TEST

TW_TESTS("cluster/place", spreads_and_leaves_out_what_does_not_fit,
	daemons_stand_on_every_node)
