#include "harness/config/config.h"

#include "tests/unit/test.h"

#include <stdio.h>

struct fixture {
	struct tw_spec *spec;
	struct tw_diags diags;
	struct tw_buf told;
	int rc;
};

/* In place: a struct tw_diags must not move. */
static void begin(struct fixture *f)
{
	*f = (struct fixture){.spec = tw_spec_new()};
	tw_diags_init(&f->diags);
}

static void add(struct fixture *f, const char *file, const char *text)
{
	f->rc = tw_config_parse_model(
		f->spec, file, text, strlen(text), &f->diags);
	tw_buf_clear(&f->told);
	for (size_t i = 0; i < f->diags.list.n; i++)
		tw_diag_print(&f->diags, f->diags.list.v[i], false, &f->told);
}

static void parse(struct fixture *f, const char *text)
{
	begin(f);
	add(f, "m.yaml", text);
}

static void done(struct fixture *f)
{
	tw_buf_release(&f->told);
	tw_diags_release(&f->diags);
	tw_spec_free(f->spec);
}

static const char whole[] =
	"version: 1\n"
	"defaults: {workers: 32, endpoint-delay: 500ms}\n"
	"services:\n"
	"  shop/frontend:\n"
	"    workers: 8\n"
	"    balancer: least-request\n"
	"    endpoints:\n"
	"      GET /product/{id}:\n"
	"        - cpu: {p50: 1.8ms, p99: 7ms}\n"
	"        - parallel:\n"
	"            - {call: cart:GetCart, timeout: 100ms, optional: true}\n"
	"            - [{wait: 5ms}, {call: ads, probability: 10%}]\n"
	"      GET /:\n"
	"        errors: 1%\n"
	"        status: 503\n"
	"policies:\n"
	"  - {callee: cart, timeout: 1s, retries: 2, backoff: 10ms,\n"
	"     retry-on: [5xx, reset, 503], destinations: [{subset: v1}]}\n"
	"entry:\n"
	"  - {path: '/p/{id}', service: shop/frontend, port: 80}\n"
	"  - shop/frontend\n"
	"nodes:\n"
	"  - {name: worker, count: 3, zone: a, cpu: 500m, memory: 16Gi}\n"
	"network:\n"
	"  same-zone: 1ms\n"
	"  zones: [{from: a, to: b, rtt: {mean: 2ms, dist: exponential}}]\n";

START_TEST(reads_services)
{
	struct fixture f;
	const struct tw_spec_service *s;
	const struct tw_spec_endpoint *e;
	const struct tw_spec_step *call, *both;

	parse(&f, whole);
	ck_assert_msg(!f.rc, "%s", tw_buf_text(&f.told));
	s = tw_spec_find_service(f.spec, "shop", "frontend");
	ck_assert_int_eq(f.spec->workers.v, 32);
	ck_assert_int_eq(f.spec->endpoint_delay.v, 500 * TW_MS);
	ck_assert_int_eq(s->workers.v, 8);
	ck_assert_int_eq(s->balancer.v, TW_BALANCE_LEAST_REQUEST);
	e = tw_map_get(&s->endpoints, "GET /product/{id}");
	ck_assert_uint_eq(e->steps.n, 2);
	ck_assert_int_eq(e->steps.v[0]->kind, TW_STEP_CPU);
	ck_assert_int_eq(e->steps.v[0]->law.v.kind, TW_DIST_LOGNORMAL);
	both = e->steps.v[1];
	ck_assert_int_eq(both->kind, TW_STEP_PARALLEL);
	call = both->children.v[0];
	ck_assert_int_eq(call->kind, TW_STEP_CALL);
	ck_assert_str_eq(call->service.v, "cart");
	ck_assert_str_eq(call->endpoint.v, "GetCart");
	ck_assert_int_eq(call->endpoint.origin->pos.column, 27);
	ck_assert_int_eq(call->endpoint.origin->pos.width, 7);
	ck_assert_int_eq(call->timeout.v, 100 * TW_MS);
	ck_assert(call->optional);
	ck_assert_int_eq(both->children.v[1]->kind, TW_STEP_SEQUENCE);
	ck_assert_double_eq_tol(
		both->children.v[1]->children.v[1]->probability.v, 0.1, 1e-12);
	e = tw_map_get(&s->endpoints, "GET /");
	ck_assert_double_eq_tol(e->errors.v, 0.01, 1e-12);
	ck_assert_int_eq(e->status.v, 503);
	done(&f);
}
END_TEST

START_TEST(reads_the_rest)
{
	struct fixture f;
	const struct tw_spec_policy *p;
	const struct tw_spec_node *n;

	parse(&f, whole);
	p = f.spec->policies.v[0];
	n = f.spec->nodes.v[0];
	ck_assert_str_eq(p->callee, "cart");
	ck_assert_int_eq(p->timeout.v, TW_S);
	ck_assert_int_eq(p->retry_on.v, TW_RETRY_5XX | TW_RETRY_RESET);
	ck_assert_int_eq(p->retry_codes.v[0], 503);
	ck_assert_str_eq(p->destinations.v[0].subset.v, "v1");
	ck_assert_uint_eq(f.spec->entries.n, 2);
	ck_assert_int_eq(f.spec->entries.v[0]->match, TW_PATH_TEMPLATE);
	ck_assert_int_eq(f.spec->entries.v[0]->port.v, 80);
	ck_assert_str_eq(f.spec->entries.v[1]->path, "/");
	ck_assert_str_eq(n->name, "worker");
	ck_assert_int_eq(n->cpu.v, 500);
	ck_assert_int_eq(n->memory.v, INT64_C(16) << 30);
	ck_assert_uint_eq(f.spec->links.n, 2);
	done(&f);
}
END_TEST

static const struct {
	const char *text;
	enum tw_dist_kind kind;
	double mean; /* ms */
} laws[] = {
	{"5ms", TW_DIST_CONSTANT, 5},
	{"0", TW_DIST_CONSTANT, 0},
	{"{mean: 5ms, dist: constant}", TW_DIST_CONSTANT, 5},
	{"{min: 1ms, max: 3ms}", TW_DIST_UNIFORM, 2},
	{"{mean: 2ms, dist: exponential}", TW_DIST_EXPONENTIAL, 2},
	{"{p99: 1ms, p50: 1ms}", TW_DIST_LOGNORMAL, 1},
	{"{mean: 2ms, cv: 0.5}", TW_DIST_LOGNORMAL, 2},
	{"{mean: 2ms, shape: 2.5}", TW_DIST_GAMMA, 2},
	{"{mean: 2ms, cv: 0.5, dist: gamma}", TW_DIST_GAMMA, 2},
	{"{mean: 2ms, shape: 3, dist: erlang}", TW_DIST_GAMMA, 2},
	{"{min: 1ms, alpha: 2}", TW_DIST_PARETO, 2},
	{"{quantiles: {0.5: 1ms, 90%: 1ms}}", TW_DIST_EMPIRICAL, 1},
	{"{p50: 1ms, p90: 1ms, p99.9: 1ms}", TW_DIST_EMPIRICAL, 1},
};

START_TEST(distributions)
{
	for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
		struct tw_buf text = {0};
		struct fixture f;
		const struct tw_spec_link *link;

		tw_buf_printf(&text, "{version: 1, network: {same-zone: %s}}",
			laws[i].text);
		parse(&f, text.p);
		ck_assert_msg(!f.rc, "%s", tw_buf_text(&f.told));
		link = f.spec->links.v[0];
		ck_assert_str_eq(link->from, "same");
		ck_assert_msg(
			link->rtt.v.kind == laws[i].kind, "%s", laws[i].text);
		ck_assert_double_eq_tol(
			tw_dist_mean(&link->rtt.v), laws[i].mean * 1e6, 10);
		tw_buf_release(&text);
		done(&f);
	}
}
END_TEST

static const struct {
	const char *text; /* of a step */
	int column, width;
	const char *told;
} mistakes[] = {
	{"{cpu: 5}", 61, 1, "a unit is missing: 5ms?"},
	{"{cpu: {p50: 5ms}}", 61, 1, "do not make a known distribution"},
	{"{cpu: {mean: 5ms}}", 61, 1, "exponential of {mean}"},
	{"{cpu: {mean: 5}}", 68, 1, "a unit is missing"},
	{"{cpu: {p50: 5ms, p99: 1ms}}", 61, 1, "below p50"},
	{"{cpu: {p50: 5ms, p101: 9ms}}", 72, 4, "from p0 to p100"},
	{"{cpu: {mean: 1s, dist: erlang, shape: 1.5}}", 61, 1, "whole number"},
	{"{cpu: [1ms]}", 61, 1, "expected a duration such as 5ms, or"},
	{"{cpu: 1ms, wait: 1ms}", 66, 4, "exclude each other"},
	{"{cpu: 1ms, timeout: 1s}", 66, 7, "for a 'call' only"},
	{"{cal: x}", 56, 3, "did you mean 'call'?"},
	{"{call: 'x:'}", 63, 2, "SERVICE:ENDPOINT"},
	{"{call: x, timeout: 0s}", 74, 2, "at least 1ns"},
	{"{call: x, optional: 3}", 75, 1, "true or false"},
	{"{call: x, probability: 110%}", 78, 4, "from 0% to 100%"},
	{"cpu", 55, 3, "a mapping or a list, not 'cpu'"},
};

START_TEST(mistakes_in_steps)
{
	for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
		struct tw_buf text = {0};
		const struct tw_diag *diag = NULL;
		struct fixture f;

		tw_buf_printf(&text,
			"{version: 1, services: {cart: {endpoints: {GET /: "
			"[   %s]}}}}",
			mistakes[i].text);
		parse(&f, text.p);
		ck_assert_int_eq(f.rc, -1);
		ck_assert_msg(strstr(tw_buf_text(&f.told), mistakes[i].told),
			"%s", f.told.p);
		for (size_t k = 0; k < f.diags.list.n && !diag; k++)
			if (f.diags.list.v[k]->pos.column == mistakes[i].column)
				diag = f.diags.list.v[k];
		ck_assert_msg(diag && diag->pos.width == mistakes[i].width,
			"%s", f.told.p);
		tw_buf_release(&text);
		done(&f);
	}
}
END_TEST

static void manifest_says(struct fixture *f, int64_t workers)
{
	static const struct tw_origin origin = {
		TW_FROM_MANIFEST, {"deploy.yaml", 3, 1, 1}, NULL};
	struct tw_spec_service *s =
		tw_spec_service(f->spec, "shop", "cart", &origin);

	s->has_object = true;
	tw_set_int(&s->workers, workers, &origin);
}

START_TEST(keys_that_would_change_nothing)
{
	struct fixture f;

	parse(&f, "version: 1\nservices:\n  a: {in-flight: 5}\n"
		  "  b: {concurrency: async, in-flight: 5}\n"
		  "  c: {memory: {limit: 5Mi}}\n"
		  "  d: {memory: {limit: 5Mi, leak: 1Ki}}\n");
	ck_assert_int_eq(f.rc, -1);
	ck_assert_uint_eq(f.diags.errors, 2);
	ck_assert_ptr_nonnull(strstr(tw_buf_text(&f.told),
		"m.yaml:3:7: error: 'in-flight' is for `concurrency: async`"));
	ck_assert_ptr_nonnull(strstr(tw_buf_text(&f.told),
		"m.yaml:5:16: error: 'limit' alone limits nothing"));
	done(&f);
}
END_TEST

START_TEST(manifests_win)
{
	struct fixture f;

	begin(&f);
	manifest_says(&f, 5);
	add(&f, "m.yaml", "version: 1\nservices: {cart: {workers: 9}}\n");
	ck_assert_int_eq(f.rc, 0);
	ck_assert_uint_eq(f.diags.warnings, 1);
	ck_assert_ptr_nonnull(strstr(f.told.p, "see deploy.yaml:3"));
	ck_assert_uint_eq(f.spec->services.n, 1);
	ck_assert_int_eq(
		tw_spec_find_service(f.spec, "shop", "cart")->workers.v, 5);
	done(&f);
}
END_TEST

START_TEST(misspelt_services)
{
	struct fixture f;

	begin(&f);
	manifest_says(&f, 5);
	add(&f, "m.yaml", "version: 1\nservices: {shop/crat: {}}\n");
	ck_assert_ptr_nonnull(
		strstr(tw_buf_text(&f.told), "did you mean 'shop/cart'?"));
	done(&f);
}
END_TEST

START_TEST(two_files)
{
	struct fixture f;

	begin(&f);
	add(&f, "a.yaml",
		"version: 1\nservices: {shop/cart: {workers: 1, "
		"endpoints: {GET /: []}}}\n");
	ck_assert_int_eq(f.rc, 0);
	add(&f, "b.yaml",
		"version: 1\nservices: {cart: {workers: 2, "
		"endpoints: {GET /: []}}}\n");
	ck_assert_int_eq(f.rc, -1);
	ck_assert_uint_eq(f.diags.warnings, 1);
	ck_assert_uint_eq(f.diags.errors, 1);
	ck_assert_ptr_nonnull(strstr(f.told.p, "the first is a.yaml:2"));
	done(&f);
}
END_TEST

START_TEST(patterns_of_files)
{
	static const char a[] = "version: 1\nservices: {cart: {workers: 2}}\n";
	static const char z[] = "version: 1\nservices: {shop/cart: {}}\n";
	static const struct tw_origin origin = {
		TW_FROM_OVERRIDE, {"twinrig.yaml", 4, 2, 1}, NULL};
	struct tw_text list[] = {{"t/*.yaml", &origin}, {"**/a.yaml", &origin},
		{"u/*", &origin}};
	struct tw_texts patterns = {.v = list, .n = 2};
	struct tw_files *files = tw_files_memory_new();
	struct fixture f;

	begin(&f);
	tw_files_memory_add(files, "t/a.yaml", a, sizeof a - 1);
	tw_files_memory_add(files, "t/z.yaml", z, sizeof z - 1);
	ck_assert_int_eq(
		tw_config_read_models(&patterns, files, f.spec, &f.diags), 0);
	ck_assert_uint_eq(f.spec->services.n, 1);
	patterns.n = 3;
	ck_assert_int_eq(
		tw_config_read_models(&patterns, files, f.spec, &f.diags), -1);
	tw_files_free(files);
	done(&f);
}
END_TEST

START_TEST(a_guess_gives_way)
{
	struct tw_spec_service *cart;
	struct fixture f;

	begin(&f);
	add(&f, "a.yaml",
		"version: 1\nassumed: true\n"
		"services: {cart: {workers: 1, queue: 7}}\n");
	ck_assert_int_eq(f.rc, 0);
	cart = tw_map_get(&f.spec->services, "default/cart");
	ck_assert_int_eq(cart->queue.origin->source, TW_FROM_ASSUMED);
	add(&f, "b.yaml", "version: 1\nservices: {cart: {workers: 2}}\n");
	ck_assert_int_eq(f.rc, 0);
	ck_assert_int_eq(cart->workers.v, 2);
	ck_assert_int_eq(cart->workers.origin->source, TW_FROM_MODEL);
	add(&f, "c.yaml", "version: 1\nassumed: perhaps\n");
	ck_assert_int_eq(f.rc, -1);
	done(&f);
}
END_TEST

START_TEST(taints)
{
	static const char *const wrong[] = {
		"a", ":NoSchedule", "a=b:Never", "a=b"};
	const struct tw_taints *all;
	struct fixture f;

	parse(&f,
		"version: 1\nnodes: [{name: n, taints: "
		"['a=b:NoSchedule', 'c:NoExecute', 'd=e:PreferNoSchedule']}]");
	ck_assert_int_eq(f.rc, 0);
	all = &f.spec->nodes.v[0]->taints;
	ck_assert_uint_eq(all->n, 3);
	ck_assert_str_eq(all->v[0].key, "a");
	ck_assert_str_eq(all->v[0].value, "b");
	ck_assert_int_eq(all->v[0].effect, TW_EFFECT_NO_SCHEDULE);
	ck_assert_str_eq(all->v[1].key, "c");
	ck_assert_str_eq(all->v[1].value, "");
	ck_assert_int_eq(all->v[1].effect, TW_EFFECT_NO_EXECUTE);
	ck_assert_int_eq(all->v[2].effect, TW_EFFECT_PREFER_NO_SCHEDULE);
	done(&f);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char text[128];

		snprintf(text, sizeof text,
			"version: 1\nnodes: [{name: n, taints: ['%s']}]",
			wrong[i]);
		parse(&f, text);
		ck_assert_msg(
			f.rc == -1 && strstr(tw_buf_text(&f.told),
					      "taints: expected KEY=VALUE"),
			"%s: %s", wrong[i], tw_buf_text(&f.told));
		done(&f);
	}
}
END_TEST

TW_TESTS("config/model", reads_services, reads_the_rest, distributions,
	mistakes_in_steps, keys_that_would_change_nothing, manifests_win,
	misspelt_services, two_files, patterns_of_files, a_guess_gives_way,
	taints)
