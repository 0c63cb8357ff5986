#include "tests/unit/manifests/side.h"

START_TEST(a_deployment_and_its_service)
{
	struct side s;
	const struct tw_spec_service *cart;
	const struct tw_spec_workload *w;

	side_start(&s);
	side_file(&s, "a.yaml",
		SERVICE("cart", "cart") DEPLOYMENT("cart", "cart", "3",
			"        resources:\n"
			"          requests: {cpu: 250m, memory: 64Mi}\n"
			"          limits: {cpu: 1, memory: 128Mi}\n"
			"        ports: [{containerPort: 8080, name: web}]\n"
			"        readinessProbe: {periodSeconds: 5, "
			"httpGet: {path: /ok, port: web}}\n"));
	ck_assert_int_eq(side_read(&s, "a.yaml"), 0);
	cart = tw_map_get(&s.spec->services, "default/cart");
	w = tw_map_get(&s.spec->workloads, "default/cart");
	ck_assert_ptr_nonnull(cart);
	ck_assert(cart->has_object);
	ck_assert_uint_eq(cart->workloads.n, 1);
	ck_assert_ptr_eq(cart->workloads.v[0], w);
	ck_assert_int_eq(w->replicas.v, 3);
	ck_assert_int_eq(w->replicas.origin->source, TW_FROM_MANIFEST);
	ck_assert_int_eq(w->replicas.origin->pos.line, 13);
	ck_assert_int_eq(w->containers.v[0]->cpu_request.v, 250);
	ck_assert_int_eq(w->containers.v[0]->cpu_limit.v, 1000);
	ck_assert_int_eq(w->containers.v[0]->memory_request.v, 64 << 20);
	ck_assert_int_eq(w->containers.v[0]->readiness.kind, TW_PROBE_HTTP);
	ck_assert_int_eq(w->containers.v[0]->readiness.period.v, 5 * TW_S);
	side_end(&s);
}
END_TEST

START_TEST(old_groups_lists_and_other_kinds)
{
	struct side s;

	side_start(&s);
	side_file(&s, "a.yaml",
		"apiVersion: v1\nkind: List\nitems:\n"
		"- apiVersion: extensions/v1beta1\n  kind: Deployment\n"
		"  metadata: {name: a, namespace: shop}\n"
		"  spec: {template: {metadata: {labels: {app: a}}, "
		"spec: {containers: [{name: x}]}}}\n"
		"- {apiVersion: v1, kind: ReplicationController, metadata: "
		"{name: b}, spec: {replicas: 2, selector: {app: b}, template: "
		"{metadata: {labels: {app: b}}, spec: {containers: [{name: "
		"x}]}}}}\n"
		"- {apiVersion: example.com/v1, kind: Widget, metadata: {name: j}}\n"
		"- {apiVersion: example.com/v1, kind: Widget, metadata: {name: k}}\n");
	ck_assert_int_eq(side_read(&s, "*.yaml"), 0);
	ck_assert_ptr_nonnull(tw_map_get(&s.spec->workloads, "shop/a"));
	ck_assert_ptr_nonnull(tw_map_get(&s.spec->workloads, "default/b"));
	ck_assert_uint_eq(s.spec->kept.n, 2);
	ck_assert_uint_eq(*(size_t *)tw_map_get(&s.m->kept, "Widget"), 2);
	side_end(&s);
}
END_TEST

START_TEST(what_the_api_server_refuses)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{DEPLOYMENT("a", "a", "1",
			 "        resources: {requests: {cpu: beefy}}\n"),
			"'beefy' is not a quantity"},
		{DEPLOYMENT("a", "a", "-1", ""), "-1 is not in 0.."},
		{DEPLOYMENT("a", "a", "1",
			 "        resources: {requests: {cpu: 2}, limits: "
			 "{cpu: "
			 "1}}\n"),
			"request is more than its limit"},
		{"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"
		 "spec: {selector: {matchLabels: {app: a}}, template: "
		 "{metadata: {labels: {app: a}}, spec: {containers: []}}}\n",
			"at least one container"},
		{"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"
		 "spec: {selector: {matchLabels: {app: b}}, template: "
		 "{metadata: {labels: {app: a}}, spec: {containers: [{name: "
		 "x}]}}}\n",
			"which the pod template does not have"},
		{"apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
		 "spec: {ports: [{port: 70000}]}\n",
			"70000 is not in 1..65535"},
		{"apiVersion: v1\nkind: Service\nmetadata: {}\n",
			"no 'metadata.name'"},
		{"kind: Service\nmetadata: {name: a}\n", "no 'apiVersion'"},
		{"name: x\n", "holds no Kubernetes object"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct side s;

		side_start(&s);
		side_file(&s, "a.yaml", cases[i].text);
		ck_assert_int_eq(side_read(&s, "a.yaml"), -1);
		ck_assert_msg(side_said(&s, cases[i].said), "%s:\n%s",
			cases[i].said, tw_buf_text(&s.text));
		side_end(&s);
	}
}
END_TEST

START_TEST(templates_are_told_apart_before_parsing)
{
	static const struct {
		const char *text;
		bool template;
	} cases[] = {
		{"a: {{ .Values.x }}\n", true},
		{"{{- if x }}\na: b\n{{- end }}\n", true},
		{"a: \"{{ .Release.Name }}-x\"\n", true},
		{"a: {{ x }}\n", true},
		{"a: \"{{args.service}}\"\n", false},
		{"a: |\n  up{job=\"{{ $labels.job }}\"}\n  {{ x }}\nb: 1\n",
			false},
		{"# {{ .Values.x }}\na: b\n", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct side s;

		side_start(&s);
		side_file(&s, "chart/templates/a.yaml", cases[i].text);
		side_file(&s, "chart/Chart.yaml", "name: shop\n");
		side_read(&s, "chart/templates/*.yaml");
		ck_assert_uint_eq(s.m->templates, cases[i].template);
		ck_assert_int_eq(
			side_said(&s, "helm, template, chart, ./chart"),
			cases[i].template);
		ck_assert_uint_eq(s.diags.errors, 0);
		side_end(&s);
		side_start(&s);
		side_file(&s, "a.yaml", cases[i].text);
		ck_assert_int_eq(side_read(&s, "a.yaml"), -1);
		side_end(&s);
	}
}
END_TEST

START_TEST(a_pattern_that_names_nothing)
{
	struct side s;

	side_start(&s);
	side_file(&s, "deploy/sub/a.yaml", SERVICE("a", "a"));
	ck_assert_int_eq(side_read(&s, "deploy"), -1);
	ck_assert(side_said(&s, "deploy/**/*.yaml"));
	side_end(&s);
	side_start(&s);
	ck_assert_int_eq(side_read(&s, "nowhere/*.yaml"), -1);
	ck_assert(side_said(&s, "no file matches 'nowhere/*.yaml'"));
	side_end(&s);
}
END_TEST

START_TEST(istio_rules_become_policies)
{
	struct side s;
	const struct tw_spec_policy *p;

	side_start(&s);
	side_file(&s, "a.yaml",
		SERVICE("cart",
			"cart") "---\napiVersion: networking.istio.io/v1\n"
				"kind: VirtualService\nmetadata: {name: "
				"cart}\nspec:\n"
				"  hosts: [cart.default.svc.cluster.local]\n"
				"  http:\n  - match: [{uri: {prefix: /v2}}]\n"
				"    timeout: 2s\n"
				"    retries: {attempts: 3, perTryTimeout: "
				"400ms, retryOn: "
				"'5xx,reset,409'}\n"
				"    route:\n"
				"    - {destination: {host: cart, subset: v1}, "
				"weight: 90}\n"
				"    - {destination: {host: cart, subset: v2}, "
				"weight: 10}\n"
				"---\napiVersion: "
				"networking.istio.io/v1alpha3\n"
				"kind: DestinationRule\nmetadata: {name: "
				"cart}\nspec:\n"
				"  host: cart\n  trafficPolicy: {loadBalancer: "
				"{simple: "
				"LEAST_CONN}}\n  subsets: [{name: v1, labels: "
				"{version: v1}}, "
				"{name: v2, labels: {version: v2}}]\n");
	ck_assert_int_eq(side_read(&s, "a.yaml"), 0);
	ck_assert_uint_eq(s.spec->policies.n, 2);
	p = s.spec->policies.v[0];
	ck_assert_int_eq(p->balancer.v, TW_BALANCE_LEAST_REQUEST);
	p = s.spec->policies.v[1];
	ck_assert_str_eq(p->caller, "*/*");
	ck_assert_str_eq(p->callee, "default/cart");
	ck_assert_str_eq(p->path_prefix.v, "/v2");
	ck_assert_int_eq(p->timeout.v, 2 * TW_S);
	ck_assert_int_eq(p->try_timeout.v, 400 * TW_MS);
	ck_assert_int_eq(p->retries.v, 3);
	ck_assert_int_eq(p->retry_on.v,
		TW_RETRY_5XX | TW_RETRY_RESET | TW_RETRY_TIMEOUT);
	ck_assert_uint_eq(p->retry_codes.n, 1);
	ck_assert_uint_eq(p->destinations.n, 2);
	ck_assert_int_eq(p->destinations.v[1].weight.v, 10);
	ck_assert_str_eq(p->destinations.v[1].subset.v, "v2");
	ck_assert_uint_eq(s.spec->entries.n, 0);
	side_end(&s);
}
END_TEST

START_TEST(a_gateway_route_is_a_way_in)
{
	struct side s;

	side_start(&s);
	side_file(&s, "a.yaml",
		SERVICE("web",
			"web") "---\napiVersion: networking.istio.io/v1\n"
			       "kind: VirtualService\nmetadata: {name: "
			       "web}\nspec:\n"
			       "  hosts: [shop.example.com]\n  gateways: [gw]\n"
			       "  http:\n  - timeout: 1s\n    route: "
			       "[{destination: {host: "
			       "web}}]\n"
			       "---\napiVersion: gateway.networking.k8s.io/v1\n"
			       "kind: HTTPRoute\nmetadata: {name: web}\nspec:\n"
			       "  parentRefs: [{name: gw}]\n  rules:\n"
			       "  - matches: [{path: {type: Exact, value: "
			       "/pay}, method: "
			       "POST}]\n    timeouts: {request: 3s}\n"
			       "    backendRefs: [{name: web, port: 80}]\n"
			       "---\napiVersion: extensions/v1beta1\nkind: "
			       "Ingress\n"
			       "metadata: {name: web}\nspec:\n  rules:\n  - "
			       "http: {paths: "
			       "[{path: /old, backend: {serviceName: web, "
			       "servicePort: "
			       "http}}]}\n");
	ck_assert_int_eq(side_read(&s, "a.yaml"), 0);
	ck_assert_uint_eq(s.spec->entries.n, 3);
	ck_assert_str_eq(s.spec->entries.v[0]->host, "shop.example.com");
	ck_assert_str_eq(s.spec->entries.v[1]->method, "POST");
	ck_assert_int_eq(s.spec->entries.v[1]->match, TW_PATH_EXACT);
	ck_assert_str_eq(s.spec->entries.v[2]->path, "/old");
	ck_assert_str_eq(s.spec->entries.v[2]->port_name.v, "http");
	ck_assert_uint_eq(s.spec->policies.n, 2);
	ck_assert_str_eq(s.spec->policies.v[0]->caller, "outside");
	ck_assert_int_eq(s.spec->policies.v[1]->timeout.v, 3 * TW_S);
	side_end(&s);
}
END_TEST

TW_TESTS("manifests/kubernetes", a_deployment_and_its_service,
	old_groups_lists_and_other_kinds, what_the_api_server_refuses,
	templates_are_told_apart_before_parsing, a_pattern_that_names_nothing,
	istio_rules_become_policies, a_gateway_route_is_a_way_in)
