#include "tests/unit/manifests/side.h"

static const char *env_of(
	const struct side *s, const char *workload, const char *name)
{
	const struct tw_spec_workload *w =
		tw_map_get(&s->spec->workloads, workload);

	for (size_t i = 0; w && i < w->containers.v[0]->env.n; i++)
		if (!strcmp(w->containers.v[0]->env.v[i].name, name))
			return w->containers.v[0]->env.v[i].value.v;
	return NULL;
}

START_TEST(variables)
{
	static const struct {
		const char *value, *expected; /* NULL: an error */
	} cases[] = {
		{"$A", "a"},
		{"${A}", "a"},
		{"x${A}y", "xay"},
		{"$$A", "$A"},
		{"${NO:-d}", "d"},
		{"${NO-d}", "d"},
		{"${EMPTY:-d}", "d"},
		{"${EMPTY-d}", ""},
		{"${NO:-${A}}", "a"},
		{"${A:+r}", "r"},
		{"${NO+r}", ""},
		{"${A:?needed}", "a"},
		{"${NO:?needed}", NULL},
		{"${EMPTY?needed}", ""},
		{"${NO}", ""},
		{"${A", NULL},
		{"${A!x}", NULL},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct side s;
		struct tw_buf text = {0};
		int status;

		side_start(&s);
		side_file(
			&s, "shop/.env", "A=a # first\nEMPTY=\nB=\"${A}b\"\n");
		tw_buf_printf(&text,
			"services:\n  web:\n    image: w\n    environment: "
			"{V: \"%s\"}\n",
			cases[i].value);
		side_file(&s, "shop/compose.yaml", tw_buf_text(&text));
		status = side_read(&s, "shop");
		ck_assert_int_eq(status, cases[i].expected ? 0 : -1);
		if (cases[i].expected)
			ck_assert_str_eq(
				env_of(&s, "shop/web", "V"), cases[i].expected);
		tw_buf_release(&text);
		side_end(&s);
	}
}
END_TEST

START_TEST(both_forms_of_everything)
{
	struct side s;
	const struct tw_spec_workload *web, *db;
	const struct tw_spec_service *service;

	side_start(&s);
	side_file(&s, "compose.yaml",
		"name: shop\nx-env: &env {K: v}\nservices:\n"
		"  web:\n    image: w\n    environment: [A=1, B, "
		"'DB=db:5432']\n"
		"    ports: ['80:8080', '127.0.0.1:90:9090/tcp', 3000-3001]\n"
		"    depends_on: [cache]\n"
		"    deploy: {replicas: 3, resources: {limits: {cpus: '0.5', "
		"memory: 300M}}}\n"
		"    healthcheck: {test: [CMD, x], interval: 5s}\n"
		"  cache: {image: c, expose: ['6379']}\n"
		"  db:\n    build: .\n    environment: {<<: *env, E: 5}\n"
		"    ports: [{target: 5432, published: 1}]\n"
		"    mem_limit: 1g\n");
	side_file(&s, ".env", "B=b\n");
	ck_assert_int_eq(side_read(&s, "compose.yaml"), 0);
	web = tw_map_get(&s.spec->workloads, "shop/web");
	db = tw_map_get(&s.spec->workloads, "shop/db");
	service = tw_map_get(&s.spec->services, "shop/web");
	ck_assert_str_eq(env_of(&s, "shop/web", "B"), "b");
	ck_assert_str_eq(env_of(&s, "shop/db", "K"), "v");
	ck_assert_uint_eq(service->ports.n, 4);
	ck_assert_int_eq(service->ports.v[0].port.v, 8080);
	ck_assert_int_eq(service->ports.v[3].port.v, 3001);
	ck_assert_int_eq(web->replicas.v, 3);
	ck_assert_int_eq(web->containers.v[0]->cpu_limit.v, 500);
	ck_assert_int_eq(
		web->containers.v[0]->memory_limit.v, (int64_t)300 << 20);
	ck_assert_int_eq(db->containers.v[0]->memory_limit.v, 1 << 30);
	ck_assert_int_eq(web->containers.v[0]->readiness.timeout.v, 30 * TW_S);
	/* Start order is weaker than the variable. */
	ck_assert_ptr_nonnull(side_edge(&s, "shop/web", "shop/db"));
	ck_assert_ptr_null(side_edge(&s, "shop/web", "shop/cache"));
	side_end(&s);
}
END_TEST

START_TEST(overrides_and_extends)
{
	struct side s;
	const struct tw_spec_workload *web;

	side_start(&s);
	side_file(&s, "p/docker-compose.yml",
		"services:\n  web:\n    extends: {file: base.yml, service: "
		"b}\n    environment: {A: '2'}\n");
	side_file(&s, "p/docker-compose.override.yml",
		"services:\n  web:\n    deploy: {replicas: 4}\n"
		"    environment: {C: '3'}\n");
	side_file(&s, "p/base.yml",
		"services:\n  b: {image: base, environment: [A=1, B=1], "
		"depends_on: [gone]}\n");
	ck_assert_int_eq(side_read(&s, "p/*.yml"), 0);
	web = tw_map_get(&s.spec->workloads, "p/web");
	ck_assert_str_eq(web->containers.v[0]->image.v, "base");
	ck_assert_int_eq(web->replicas.v, 4);
	ck_assert_str_eq(env_of(&s, "p/web", "A"), "2");
	ck_assert_str_eq(env_of(&s, "p/web", "B"), "1");
	ck_assert_str_eq(env_of(&s, "p/web", "C"), "3");
	ck_assert_uint_eq(s.spec->workloads.n, 1);
	side_end(&s);
}
END_TEST

START_TEST(what_compose_refuses)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"services: {web: {ports: ['80']}}\n",
			"neither 'image' nor 'build'"},
		{"services: [web]\n", "has to be a mapping"},
		{"services: {web: {image: w, ports: ['x:y']}}\n",
			"'y' is not a port"},
		{"services: {web: {image: w, mem_limit: lots}}\n",
			"'lots' is not a size"},
		{"services: {web: {extends: web}}\n", "leads back to itself"},
		{"services: {web: {extends: nope}}\n", "no service 'nope'"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct side s;

		side_start(&s);
		side_file(&s, "compose.yaml", cases[i].text);
		ck_assert_int_eq(side_read(&s, "compose.yaml"), -1);
		ck_assert_msg(side_said(&s, cases[i].said), "%s:\n%s",
			cases[i].said, tw_buf_text(&s.text));
		side_end(&s);
	}
}
END_TEST

TW_TESTS("manifests/compose", variables, both_forms_of_everything,
	overrides_and_extends, what_compose_refuses)
