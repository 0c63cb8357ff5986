#include "tests/unit/manifests/side.h"

static void base(struct side *s)
{
	side_start(s);
	side_file(s, "base/kustomization.yaml", "resources: [a.yaml]\n");
	side_file(s, "base/a.yaml",
		SERVICE("cart", "cart") DEPLOYMENT("cart", "cart", "1",
			"        env: [{name: A, value: '1'}, {name: B, value: "
			"'2'}]\n        envFrom: [{configMapRef: {name: "
			"c}}]\n"));
}

START_TEST(names_labels_images_and_replicas)
{
	struct side s;
	const struct tw_spec_workload *w;
	const struct tw_spec_service *cart;

	base(&s);
	side_file(&s, "prod/kustomization.yaml",
		"resources: [../base]\nnamePrefix: p-\nnameSuffix: -s\n"
		"namespace: prod\ncommonLabels: {env: prod}\n"
		"replicas: [{name: cart, count: 4}]\n"
		"images: [{name: cart, newName: reg:5000/cart, newTag: '7'}]\n"
		"configMapGenerator: [{name: c, literals: [X=y]}]\n");
	ck_assert_int_eq(side_read(&s, "prod"), 0);
	w = tw_map_get(&s.spec->workloads, "prod/p-cart-s");
	cart = tw_map_get(&s.spec->services, "prod/p-cart-s");
	ck_assert_ptr_nonnull(w);
	ck_assert_int_eq(w->replicas.v, 4);
	ck_assert_str_eq(w->containers.v[0]->image.v, "reg:5000/cart:7");
	ck_assert_uint_eq(cart->workloads.n, 1);
	ck_assert_uint_eq(cart->selector.n, 2);
	/* X through the generated map, which was renamed, too. */
	ck_assert_uint_eq(w->containers.v[0]->env.n, 3);
	side_end(&s);
}
END_TEST

START_TEST(replicas_by_name)
{
	struct side s;
	const struct tw_spec_workload *w;

	base(&s);
	side_file(&s, "prod/kustomization.yaml",
		"resources: [../base]\nreplicas: [{name: cart, count: 4}]\n");
	ck_assert_int_eq(side_read(&s, "prod/kustomization.yaml"), 0);
	w = tw_map_get(&s.spec->workloads, "default/cart");
	ck_assert_int_eq(w->replicas.v, 4);
	side_end(&s);
}
END_TEST

START_TEST(strategic_merge)
{
	struct side s;
	const struct tw_spec_container *c;

	base(&s);
	side_file(&s, "prod/kustomization.yaml",
		"resources: [../base]\npatches:\n- path: p.yaml\n"
		"- patch: |-\n    apiVersion: v1\n    kind: Service\n"
		"    metadata: {name: cart}\n    $patch: delete\n");
	side_file(&s, "prod/p.yaml",
		"apiVersion: apps/v1\nkind: Deployment\n"
		"metadata: {name: cart}\nspec:\n  replicas: 9\n  template:\n"
		"    spec:\n      containers:\n      - name: main\n"
		"        image: null\n        env: [{name: A, $patch: delete}, "
		"{name: C, value: '3'}]\n      - {name: side, image: s}\n");
	ck_assert_int_eq(side_read(&s, "prod"), 0);
	ck_assert_uint_eq(s.spec->services.n, 0);
	c = ((struct tw_spec_workload *)tw_map_get(
		     &s.spec->workloads, "default/cart"))
		    ->containers.v[0];
	ck_assert_ptr_null(c->image.v);
	ck_assert_uint_eq(c->env.n, 2);
	ck_assert_str_eq(c->env.v[0].name, "C"); /* the patch's first */
	ck_assert_str_eq(c->env.v[1].name, "B");
	side_end(&s);
}
END_TEST

START_TEST(json_patches)
{
	struct side s;
	const struct tw_spec_workload *w;

	base(&s);
	side_file(&s, "prod/kustomization.yaml",
		"resources: [../base]\npatches:\n"
		"- target: {kind: Deployment, name: c.*}\n  patch: |-\n"
		"    - {op: replace, path: /spec/replicas, value: 5}\n"
		"    - {op: add, path: /spec/template/spec/containers/0/env/-, "
		"value: {name: Z, value: z}}\n"
		"    - {op: remove, path: "
		"/spec/template/spec/containers/0/env/0}\n");
	ck_assert_int_eq(side_read(&s, "prod"), 0);
	w = tw_map_get(&s.spec->workloads, "default/cart");
	ck_assert_int_eq(w->replicas.v, 5);
	ck_assert_uint_eq(w->containers.v[0]->env.n, 2);
	ck_assert_str_eq(w->containers.v[0]->env.v[1].name, "Z");
	side_end(&s);
}
END_TEST

START_TEST(what_cannot_be_rendered)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"vars: []\n", "'vars' is a field of kustomize"},
		{"resource: []\n", "did you mean 'resources'?"},
		{"", "the kustomization is empty"},
		{"resources: [list.yaml]\n", "has to be a mapping"},
		{"resources: [missing.yaml]\n", "no such file"},
		{"resources: ['https://x.example/y.yaml']\n", "on the network"},
		{"resources: [../prod]\n", "leads back to itself"},
		{"resources: [../base]\npatches:\n- patch: '{apiVersion: "
		 "apps/v1, kind: Deployment, metadata: {name: crt}}'\n",
			"no Deployment 'crt' to patch"},
		{"resources: [../base]\npatches:\n- target: {kind: "
		 "Deployment}\n  patch: '[{op: remove, path: /spec/nope}]'\n",
			"cannot remove at '/spec/nope'"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct side s;

		base(&s);
		side_file(&s, "prod/list.yaml", "[a, b]\n");
		side_file(&s, "prod/kustomization.yaml", cases[i].text);
		ck_assert_int_eq(side_read(&s, "prod"), -1);
		ck_assert_msg(side_said(&s, cases[i].said), "%s:\n%s",
			cases[i].said, tw_buf_text(&s.text));
		side_end(&s);
	}
}
END_TEST

TW_TESTS("manifests/kustomize", names_labels_images_and_replicas,
	replicas_by_name, strategic_merge, json_patches,
	what_cannot_be_rendered)
