#include "harness/live/environment.h"
#include "harness/live/mention.h"

#include "tests/unit/test.h"

static const struct tw_origin *origin(struct tw_spec *spec)
{
	return tw_spec_origin(spec, TW_FROM_MANIFEST, (struct tw_pos){0}, NULL);
}

static void add_service(struct tw_spec *spec, const char *name, int64_t port)
{
	struct tw_spec_service *s =
		tw_spec_service(spec, "shop", name, origin(spec));
	struct tw_spec_port p = {0};

	tw_set_int(&p.port, port, origin(spec));
	tw_vec_push_in(&spec->arena, &s->ports, p);
}

/* A cart that listens on 8080 and may call catalog and pricing-v2. */
static struct tw_spec *shop(const char *name, const char *value)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_workload *w;
	struct tw_spec_container *c;
	struct tw_spec_container_port port = {0};
	struct tw_spec_env env = {.name = name};
	struct tw_spec_service *cart;

	add_service(spec, "cart", 80);
	add_service(spec, "catalog", 8080);
	add_service(spec, "pricing-v2", 9000);
	cart = tw_spec_find_service(spec, "shop", "cart");
	w = tw_spec_workload(spec, "Deployment", "shop", "cart", origin(spec));
	c = tw_new(&spec->arena, struct tw_spec_container);
	tw_set_int(&port.port, 8080, origin(spec));
	tw_vec_push_in(&spec->arena, &c->ports, port);
	tw_set_text(&env.value, value, origin(spec));
	tw_vec_push_in(&spec->arena, &c->env, env);
	env.name = "CATALOG_HOST";
	env.value.v = "catalog";
	tw_vec_push_in(&spec->arena, &c->env, env);
	tw_vec_push_in(&spec->arena, &w->containers, c);
	tw_vec_push_in(&spec->arena, &cart->workloads, w);
	return spec;
}

static const char *value_of(
	const struct tw_live_environment *environment, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; environment->v.v[i]; i++)
		if (strncmp(environment->v.v[i], name, n) == 0 &&
			environment->v.v[i][n] == '=')
			return environment->v.v[i] + n + 1;
	return "(none)";
}

/* A variable of the manifest, and what becomes of it where catalog is 7001,
 * pricing-v2 7002 and the candidate itself 5000. */
static const struct {
	const char *name, *value, *becomes;
} rows[] = {
	{"CATALOG_ADDR", "catalog.shop:8080", "127.0.0.1:7001"},
	{"CATALOG_ADDR", "catalog:8080", "127.0.0.1:7001"},
	{"CATALOG_ADDR", "catalog", "127.0.0.1:7001"},
	{"CATALOG_HOST_NAME", "catalog", "catalog"},
	{"DB_NAME", "catalog", "catalog"},
	{"DB_NAME", "catalog.shop.svc", "127.0.0.1:7001"},
	{"X", "http://catalog.shop.svc.cluster.local:8080/v1?a=catalog",
		"http://127.0.0.1:7001/v1?a=catalog"},
	{"X", "http://catalog/catalog", "http://127.0.0.1:7001/catalog"},
	{"X", "catalog:8080,pricing-v2:9000", "127.0.0.1:7001,127.0.0.1:7002"},
	{"X", "http://u:p@pricing-v2:9000", "http://u:p@127.0.0.1:7002"},
	{"X", "catalog.other:8080", "catalog.other:8080"},
	{"X", "catalogue:8080", "catalogue:8080"},
	{"CATALOG_PORT", "8080", "7001"},
	{"SELF", "http://cart.shop/x", "http://cart.shop/x"},
	{"PORT", "8080", "5000"},
	{"PORT", "3000", "5000"},
	{"LISTEN_ADDR", "0.0.0.0:8080", "127.0.0.1:5000"},
	{"LISTEN_ADDR", ":8080", "127.0.0.1:5000"},
	{"ASPNETCORE_URLS", "http://+:8080", "http://127.0.0.1:5000"},
	{"METRICS_PORT", "9464", "9464"},
	{"X", "at {port} and {port}", "at 5000 and 5000"},
	{"X", "", ""},
};

START_TEST(values_become_addresses)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tw_spec *spec = shop(rows[i].name, rows[i].value);
		const struct tw_spec_service *cart =
			tw_spec_find_service(spec, "shop", "cart");
		struct tw_live_dependencies list = {0};
		struct tw_live_environment environment;

		tw_live_find_dependencies(spec, cart, &list);
		for (size_t k = 0; k < list.n; k++)
			list.v[k].listener =
				list.v[k].port == 9000 ? 7002 : 7001;
		tw_live_environment_init(
			&environment, spec, cart, &list, 5000, NULL);
		ck_assert_msg(strcmp(value_of(&environment, rows[i].name),
				      rows[i].becomes) == 0,
			"%s=%s became %s", rows[i].name, rows[i].value,
			value_of(&environment, rows[i].name));
		tw_live_environment_release(&environment);
		tw_vec_release(&list);
		tw_spec_free(spec);
	}
}
END_TEST

START_TEST(kubernetes_variables_are_there)
{
	struct tw_spec *spec = shop("P", "pricing-v2:9000");
	const struct tw_spec_service *cart =
		tw_spec_find_service(spec, "shop", "cart");
	struct tw_live_dependencies list = {0};
	struct tw_live_environment environment;
	struct tw_label label = {"P", "mine on {port}"};
	struct tw_labels extra = {.v = &label, .n = 1};

	setenv("SECRET_TOKEN", "s3cret", 1);
	setenv("http_proxy", "http://proxy", 1);
	tw_live_find_dependencies(spec, cart, &list);
	ck_assert_uint_eq(list.n, 2);
	list.v[0].listener = 7002;
	tw_live_environment_init(&environment, spec, cart, &list, 5000, &extra);
	ck_assert_str_eq(
		value_of(&environment, "PRICING_V2_SERVICE_HOST"), "127.0.0.1");
	ck_assert_str_eq(
		value_of(&environment, "PRICING_V2_SERVICE_PORT"), "7002");
	ck_assert_str_eq(value_of(&environment, "PRICING_V2_PORT"),
		"tcp://127.0.0.1:7002");
	ck_assert_str_eq(value_of(&environment, "P"), "mine on 5000");
	ck_assert_str_eq(value_of(&environment, "PORT"), "5000");
	ck_assert_str_eq(value_of(&environment, "SECRET_TOKEN"), "(none)");
	ck_assert_str_eq(value_of(&environment, "http_proxy"), "(none)");
	ck_assert_str_ne(value_of(&environment, "PATH"), "(none)");
	tw_live_environment_release(&environment);
	tw_vec_release(&list);
	tw_spec_free(spec);
}
END_TEST

TW_TESTS("live/environment", values_become_addresses,
	kubernetes_variables_are_there)
