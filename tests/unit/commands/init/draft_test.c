#include "tests/unit/manifests/side.h"

#include "harness/commands/init/draft.h"
#include "harness/config/config.h"
#include "twins/model/model.h"

#include <stdio.h>

static const char shop[] = SERVICE("web", "web") SERVICE(
	"cart", "cart") SERVICE("db",
	"db") "---\napiVersion: v1\nkind: Service\nmetadata: {name: "
	      "web-external}\n"
	      "spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: "
	      "80}]}\n" DEPLOYMENT("web", "web", "2",
		      "        env: [{name: A, value: 'cart:80'}, {name: B, "
		      "value: "
		      "'db:1'}]\n") DEPLOYMENT("cart", "cart", "1",
		      "        env: [{name: DB_HOST, value: db}]\n")
		      DEPLOYMENT("db", "db", "1", "") DEPLOYMENT("load", "load",
			      "1", "        args: ['http://web:80/']\n");

static void draft(struct side *s, struct tw_draft *d,
	const struct tw_draft_endpoint *endpoints, size_t n)
{
	static const char *const patterns[] = {"a.yaml"};
	struct tw_error error;
	struct tw_draft_input input = {.spec = s->spec,
		.manifests = s->m,
		.patterns = patterns,
		.n_patterns = 1,
		.name = "shop",
		.endpoints = endpoints,
		.n_endpoints = n};

	side_start(s);
	side_file(s, "a.yaml", shop);
	ck_assert_int_eq(side_read(s, "a.yaml"), 0);
	tw_manifests_link(s->m, s->spec, &s->diags);
	input.spec = s->spec;
	input.manifests = s->m;
	ck_assert_int_eq(tw_draft_write(d, &input, &error), 0);
}

/* What was drafted is read by the readers of what people write. */
static void read_back(struct side *s, const struct tw_draft *d)
{
	struct tw_config config;
	struct tw_buf text = {0};

	tw_config_init(&config);
	tw_config_parse(
		&config, "twinrig.yaml", d->config.p, d->config.n, &s->diags);
	tw_config_parse_model(
		s->spec, "twins/shop.yaml", d->model.p, d->model.n, &s->diags);
	for (size_t i = 0; i < s->diags.list.n; i++)
		tw_diag_print(&s->diags, s->diags.list.v[i], false, &text);
	ck_assert_msg(!s->diags.errors && !s->diags.warnings, "%s\n%s\n%s",
		tw_buf_text(&text), d->config.p, d->model.p);
	ck_assert_uint_eq(config.scenarios.n, 4);
	tw_buf_release(&text);
	tw_config_release(&config);
}

START_TEST(without_a_capture)
{
	struct side s, again;
	struct tw_draft d;
	struct tw_model *model;

	draft(&s, &d, NULL, 0);
	ck_assert_str_eq(d.entry, "default/web");
	ck_assert_uint_eq(d.services, 3);
	ck_assert_uint_eq(d.reached, 3);
	ck_assert_uint_eq(d.edges, 3);
	ck_assert_uint_eq(d.callers, 1);
	side_start(&again);
	side_file(&again, "a.yaml", shop);
	side_read(&again, "a.yaml");
	read_back(&again, &d);
	tw_manifests_link(again.m, again.spec, &again.diags);
	model = tw_model_compile(again.spec, &again.diags);
	ck_assert_ptr_nonnull(model);
	ck_assert_uint_eq(model->n_nodes, 3);
	ck_assert_uint_gt(tw_spec_scale_assumed(again.spec, 1), 2);
	tw_model_free(model);
	tw_draft_release(&d);
	side_end(&s);
	side_end(&again);
}
END_TEST

START_TEST(scaled_to_the_log)
{
	static const struct tw_draft_endpoint endpoints[] = {
		{"GET /", 100, 40 * TW_MS, 200 * TW_MS},
		{"GET /static/{name}", 100, 1 * TW_MS, 5 * TW_MS},
		{"POST /a\"b: c", 1, 0, 0},
	};
	struct side s, again;
	struct tw_draft d;
	const struct tw_spec_service *web;
	const struct tw_spec_endpoint *it;

	draft(&s, &d, endpoints, 3);
	ck_assert_int_eq(d.logged, 20500 * TW_US);
	ck_assert_int_ge(d.latency, d.logged * 99 / 100);
	ck_assert_int_le(d.latency, d.logged * 101 / 100);
	side_start(&again);
	side_file(&again, "a.yaml", shop);
	side_read(&again, "a.yaml");
	read_back(&again, &d);
	web = tw_map_get(&again.spec->services, "default/web");
	ck_assert_uint_eq(web->endpoints.n, 3);
	it = tw_map_get(&web->endpoints, "GET /");
	ck_assert_uint_eq(it->steps.n, 2);
	it = tw_map_get(&web->endpoints, "GET /static/{name}");
	ck_assert_uint_eq(it->steps.n, 1); /* too fast to call anyone */
	ck_assert_ptr_nonnull(tw_map_get(&web->endpoints, "POST /a\"b: c"));
	tw_draft_release(&d);
	side_end(&s);
	side_end(&again);
}
END_TEST

START_TEST(nothing_to_start_from)
{
	struct tw_manifests *m = tw_manifests_new();
	struct tw_spec *spec = tw_spec_new();
	struct tw_draft_input input = {
		.spec = spec, .manifests = m, .name = "x"};
	struct tw_draft d;
	struct tw_error error;

	ck_assert_int_eq(tw_draft_write(&d, &input, &error), -1);
	input.entry = "nope";
	ck_assert_int_eq(tw_draft_write(&d, &input, &error), -1);
	ck_assert_ptr_nonnull(strstr(error.message, "'nope'"));
	tw_draft_release(&d);
	tw_spec_free(spec);
	tw_manifests_free(m);
}
END_TEST

TW_TESTS("commands/init/draft", without_a_capture, scaled_to_the_log,
	nothing_to_start_from)
