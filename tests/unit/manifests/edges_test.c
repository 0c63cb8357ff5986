#include "tests/unit/manifests/side.h"

#include <stdio.h>

static const char *edge_detail(
	const struct side *s, const char *from, const char *to)
{
	const struct tw_manifest_edge *edge = side_edge(s, from, to);

	return edge ? edge->detail : "none";
}

START_TEST(hosts_in_values)
{
	static const struct {
		const char *name, *value;
		bool edge;
	} cases[] = {
		{"A", "cart:7070", true},
		{"A", "http://cart/path", true},
		{"A", "http://user:pw@cart:80/x?y", true},
		{"A", "cart.default.svc.cluster.local", true},
		{"A", "jdbc:mysql://cart:3306/db", true},
		{"A", "x:1,cart:2", true},
		{"A", "--addr=cart:80", true},
		{"A", "Host=cart;Database=x", true},
		{"A", "cart.elsewhere:80", false},
		{"A", "mycart:80", false},
		{"CART_HOST", "cart", true},
		{"CART_URL", "cart", true},
		{"A", "cart", false},
		{"MYSQL_DATABASE", "cart", false},
		{"OTEL_SERVICE_NAME", "cart", false},
		{"A", "cart-0.cart:80", true},
		{"A", "http://$(B):80", true},
		{"A", "$(CART_SERVICE_HOST):80", true},
		{"A", "cart:latest", false},
		{"A", "", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct side s;
		char text[2000];

		side_start(&s);
		snprintf(text, sizeof text,
			"%s%s"
			"        env: [{name: B, value: cart}, {name: %s, "
			"value: \"%s\"}]\n",
			SERVICE("cart", "cart") SERVICE("web", "web")
				DEPLOYMENT("cart", "cart", "1", ""),
			DEPLOYMENT("web", "web", "1", ""), cases[i].name,
			cases[i].value);
		side_file(&s, "a.yaml", text);
		ck_assert_int_eq(side_read(&s, "a.yaml"), 0);
		ck_assert_msg((side_edge(&s, "default/web", "default/cart") !=
				      NULL) == cases[i].edge,
			"%s=%s", cases[i].name, cases[i].value);
		side_end(&s);
	}
}
END_TEST

START_TEST(config_maps_and_policies)
{
	struct side s;

	side_start(&s);
	side_file(&s, "a.yaml",
		SERVICE("cart", "cart") SERVICE("db", "db") SERVICE(
			"web", "web") DEPLOYMENT("db", "db", "1",
			"") DEPLOYMENT("cart", "cart", "1",
			"        envFrom: [{configMapRef: "
			"{name: c}}]\n") DEPLOYMENT("web", "web", "1",
			"") "---\napiVersion: v1\nkind: ConfigMap\nmetadata: "
			    "{name: c}\n"
			    "data: {DB_ADDR: 'db:5432'}\n"
			    "---\napiVersion: networking.k8s.io/v1\nkind: "
			    "NetworkPolicy\n"
			    "metadata: {name: p}\nspec:\n  podSelector: "
			    "{matchLabels: "
			    "{app: cart}}\n  ingress: [{from: [{podSelector: "
			    "{matchLabels: {app: web}}}]}]\n"
			    "---\napiVersion: networking.k8s.io/v1\nkind: "
			    "NetworkPolicy\n"
			    "metadata: {name: all}\nspec:\n  podSelector: {}\n"
			    "  ingress: [{from: [{podSelector: {}}]}]\n");
	ck_assert_int_eq(side_read(&s, "a.yaml"), 0);
	ck_assert_uint_eq(s.m->edges.n, 2);
	ck_assert_str_eq(edge_detail(&s, "default/cart", "default/db"),
		"env DB_ADDR, ConfigMap c");
	ck_assert_str_eq(edge_detail(&s, "default/web", "default/cart"),
		"NetworkPolicy p");
	side_end(&s);
}
END_TEST

static const char chain[] = SERVICE("a", "a") SERVICE("b", "b") SERVICE(
	"otel-collector", "otel") DEPLOYMENT("a", "a", "1",
	"        env: [{name: B, value: 'b:80'}, {name: "
	"OTEL_EXPORTER_OTLP_ENDPOINT, value: "
	"'http://otel-collector:4317'}]\n")
	DEPLOYMENT("b", "b", "1", "        env: [{name: A, value: 'a:80'}]\n");

START_TEST(linking_leaves_out_circles_and_telemetry)
{
	struct side s;
	const struct tw_spec_service *a;
	const struct tw_spec_endpoint *endpoint;

	side_start(&s);
	side_file(&s, "a.yaml", chain);
	ck_assert_int_eq(side_read(&s, "a.yaml"), 0);
	ck_assert_uint_eq(s.m->edges.n, 3);
	ck_assert_uint_eq(tw_manifests_link(s.m, s.spec, &s.diags), 1);
	a = tw_map_get(&s.spec->services, "default/a");
	endpoint = tw_map_get(&a->endpoints, TW_MANIFESTS_ENDPOINT);
	ck_assert_uint_eq(endpoint->steps.n, 1);
	ck_assert_str_eq(endpoint->steps.v[0]->service.v, "default/b");
	ck_assert_int_eq(endpoint->steps.v[0]->origin->source, TW_FROM_ASSUMED);
	ck_assert_str_eq(endpoint->steps.v[0]->origin->detail, "env B");
	side_end(&s);
}
END_TEST

START_TEST(what_a_model_says_stays)
{
	struct side s;
	struct tw_spec_service *a;

	side_start(&s);
	side_file(&s, "a.yaml", chain);
	ck_assert_int_eq(side_read(&s, "a.yaml"), 0);
	a = tw_map_get(&s.spec->services, "default/a");
	tw_spec_endpoint(s.spec, a, "GET /", NULL);
	tw_manifests_link(s.m, s.spec, &s.diags);
	ck_assert_uint_eq(a->endpoints.n, 1);
	side_end(&s);
}
END_TEST

START_TEST(where_addresses_lead)
{
	static const struct {
		const char *value, *service;
		enum tw_address_state state;
		bool sure;
	} cases[] = {
		{"cart:80", "default/cart", TW_ADDRESS_GOOD, true},
		{"http://cart/x", "default/cart", TW_ADDRESS_GOOD, true},
		{"https://cart/x", "default/cart", TW_ADDRESS_NO_PORT, true},
		{"cart:81", "default/cart", TW_ADDRESS_NO_PORT, true},
		{"cart.default.svc:81", "default/cart", TW_ADDRESS_NO_PORT,
			true},
		{"cart", "default/cart", TW_ADDRESS_GOOD, false},
		{"carts:80", NULL, TW_ADDRESS_NO_SERVICE, true},
		{"carts", NULL, TW_ADDRESS_NO_SERVICE, false},
		{"carts.default:80", NULL, TW_ADDRESS_NO_SERVICE, true},
		{"cart.other.svc", NULL, TW_ADDRESS_NO_SERVICE, true},
	};
	static const char *const none[] = {"cart.example.com:80",
		"localhost:80", "127.0.0.1:80", "0.0.0.0:80", "web:80", "80",
		"cart.other:80", "12:30", ""};
	struct side s;
	char text[2000];

	for (size_t i = 0;
		i < sizeof cases / sizeof *cases + sizeof none / sizeof *none;
		i++) {
		size_t n = sizeof cases / sizeof *cases;
		const char *value = i < n ? cases[i].value : none[i - n];
		const struct tw_manifest_address *it;

		side_start(&s);
		snprintf(text, sizeof text,
			"%s        env: [{name: A_HOST, value: \"%s\"}]\n",
			SERVICE("cart", "cart") SERVICE("web", "web")
				DEPLOYMENT("cart", "cart", "1", "")
					DEPLOYMENT("web", "web", "1", ""),
			value);
		side_file(&s, "a.yaml", text);
		ck_assert_int_eq(side_read(&s, "a.yaml"), 0);
		ck_assert_msg(s.m->addresses.n == (i < n), "%s", value);
		if (i < n) {
			it = &s.m->addresses.v[0];
			/* No container declares port 80 here. */
			ck_assert_msg(it->state == cases[i].state ||
					      (it->state == TW_ADDRESS_UNSURE &&
						      cases[i].state ==
							      TW_ADDRESS_GOOD),
				"%s", value);
			ck_assert_msg(it->sure == cases[i].sure, "%s", value);
			ck_assert_pstr_eq(it->service, cases[i].service);
			ck_assert_str_eq(it->name, "env A_HOST");
		}
		side_end(&s);
	}
}
END_TEST

/* What a second Service of the same pods "calls" would count as modelled, and
 * nothing would ever run it. */
START_TEST(a_second_service_of_described_pods_gets_no_calls)
{
	struct side s;
	struct tw_spec_service *a, *other;

	for (int entered = 0; entered < 2; entered++) {
		side_start(&s);
		side_file(&s, "a.yaml", chain);
		side_file(&s, "b.yaml", SERVICE("a-external", "a"));
		ck_assert_int_eq(side_read(&s, "*.yaml"), 0);
		a = tw_map_get(&s.spec->services, "default/a");
		other = tw_map_get(&s.spec->services, "default/a-external");
		tw_spec_endpoint(s.spec, a, "GET /", NULL);
		s.m->entry = entered ? "a-external" : NULL;
		ck_assert_uint_eq(tw_manifests_link(s.m, s.spec, &s.diags),
			1 + (size_t)entered); /* b calls a */
		ck_assert_uint_eq(other->endpoints.n, (size_t)entered);
		side_end(&s);
	}
}
END_TEST

TW_TESTS("manifests/edges", hosts_in_values, config_maps_and_policies,
	linking_leaves_out_circles_and_telemetry, what_a_model_says_stays,
	where_addresses_lead, a_second_service_of_described_pods_gets_no_calls)
