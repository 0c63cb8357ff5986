#include "harness/config/config.h"

#include "tests/unit/test.h"

#include <stdio.h>

struct fixture {
	struct tw_config config;
	struct tw_diags diags;
	struct tw_buf told;
	int rc;
};

/* In place: a struct tw_diags must not move. */
static void parse(struct fixture *f, const char *text)
{
	*f = (struct fixture){0};
	tw_config_init(&f->config);
	tw_diags_init(&f->diags);
	f->rc = tw_config_parse(
		&f->config, "twinrig.yaml", text, strlen(text), &f->diags);
	for (size_t i = 0; i < f->diags.list.n; i++)
		tw_diag_print(&f->diags, f->diags.list.v[i], false, &f->told);
}

static void done(struct fixture *f)
{
	tw_buf_release(&f->told);
	tw_diags_release(&f->diags);
	tw_config_release(&f->config);
}

static void expect_error(
	const char *text, int line, int column, int width, const char *told)
{
	struct fixture f;
	const struct tw_diag *diag;

	parse(&f, text);
	ck_assert_int_eq(f.rc, -1);
	ck_assert_uint_eq(f.diags.list.n, 1);
	diag = f.diags.list.v[0];
	ck_assert_msg(strstr(tw_buf_text(&f.told), told), "%s", f.told.p);
	ck_assert_msg(diag->pos.line == line && diag->pos.column == column &&
			      diag->pos.width == width,
		"%d %s", diag->pos.width, f.told.p);
	done(&f);
}

static const char whole[] =
	"version: 1\n"
	"topology:\n"
	"  manifests: [deploy/*.yaml, base]\n"
	"  render: [helm, template, shop, ./chart]\n"
	"  models: twins/*.yaml\n"
	"traffic:\n"
	"  capture: captures/peak.gor\n"
	"  speed: 2x\n"
	"  from: 10s\n"
	"  to: 1m10s\n"
	"scenarios:\n"
	"  - steady\n"
	"  - name: slow-{to}\n"
	"    each: {to: \"callees of shop/*\"}\n"
	"    faults: [{kind: latency, to: \"{to}\", add: 800ms}]\n"
	"    traffic: {rate: 120/min}\n"
	"candidate: {service: shop/cart, process: [./cart, -p, 80],\n"
	"            env: {A: 1}}\n"
	"baseline: v1.2\n"
	"gate:\n"
	"  runs: 16\n"
	"  inconclusive: fail\n"
	"  completeness: 90%\n"
	"  checks:\n"
	"    - p99(latency) <= 3ms\n"
	"    - {check: 'max(queue) <= 5', scenarios: steady, mute: known}\n";

START_TEST(reads_a_whole_file)
{
	struct fixture f;
	const struct tw_config *c = &f.config;

	parse(&f, whole);
	ck_assert_msg(!f.rc, "%s", tw_buf_text(&f.told));
	ck_assert_uint_eq(c->topology.manifests.n, 2);
	ck_assert_uint_eq(c->topology.render.n, 4);
	ck_assert_str_eq(c->topology.models.v[0].v, "twins/*.yaml");
	ck_assert_double_eq(c->traffic.speed.v, 2);
	ck_assert_int_eq(c->traffic.to.v, 70 * TW_S);
	ck_assert_ptr_null(c->traffic.duration.origin);
	ck_assert_str_eq(c->candidate.process.v[2].v, "80");
	ck_assert_str_eq(c->candidate.env.v[0].value, "1");
	ck_assert_str_eq(c->baseline.ref.v, "v1.2");
	ck_assert_int_eq(tw_int_or(c->gate.runs, 8), 16);
	ck_assert_int_eq(tw_int_or(c->gate.seed, 1), 1);
	ck_assert_double_eq_tol(c->gate.completeness.v, 0.9, 1e-12);
	ck_assert_str_eq(c->gate.inconclusive.v, "fail");
	done(&f);
}
END_TEST

START_TEST(keeps_scenarios_and_places)
{
	struct fixture f;
	const struct tw_config_scenario *slow;
	const struct tw_config_fault *fault;
	const struct tw_config_check *check;

	parse(&f, whole);
	slow = f.config.scenarios.v[1];
	fault = slow->faults.v[0];
	check = f.config.gate.checks.v[1];
	ck_assert_str_eq(f.config.scenarios.v[0]->name.v, "steady");
	ck_assert_str_eq(slow->each.v[0].of.v, "callees of shop/*");
	ck_assert_double_eq(slow->traffic.rate.v, 2);
	ck_assert_str_eq(fault->kind, "latency");
	ck_assert_int_eq(fault->kind_pos.column, 21);
	ck_assert_uint_eq(fault->args.n, 2);
	ck_assert_str_eq(fault->args.v[0].value, "{to}");
	ck_assert_int_eq(fault->args.v[0].value_pos.column, 35);
	ck_assert_int_eq(fault->args.v[1].name_pos.column, 42);
	ck_assert_int_eq(check->check.origin->pos.line, 26);
	ck_assert_int_eq(check->check.origin->pos.column, 16);
	ck_assert_str_eq(check->mute.v, "known");
	done(&f);
}
END_TEST

START_TEST(points_at_mistakes)
{
	expect_error(
		"version: 1\ntrafic: {}\n", 2, 1, 6, "did you mean 'traffic'?");
	expect_error(
		"version: 1\ngate: {xyzzy: 1}\n", 2, 8, 5, "known here: runs");
	expect_error("version: 3\n", 1, 10, 1, "version: must be 1");
	expect_error("gate: {}\n", 1, 1, 4, "'version' is missing");
	expect_error("version: 1\ntraffic: {from: 250}\n", 2, 17, 3,
		"a unit is missing: 250ms?");
	expect_error("version: 1\ntraffic: {rate: 20}\n", 2, 17, 2,
		"a unit is missing: 20/s?");
	expect_error("version: 1\ngate: {runs: 0}\n", 2, 14, 1,
		"must be from 1 to 10000");
	expect_error("version: 1\ngate: {runs: eight}\n", 2, 14, 5,
		"expected a whole number, not 'eight'");
	expect_error("version: 1\ngate: {confidence: 150%}\n", 2, 20, 4,
		"must be from 50% to 99.99%");
	expect_error("version: 1\ngate: {policy: baselin}\n", 2, 16, 7,
		"did you mean 'baseline'?");
	expect_error("version: 1\nversion: 1\n", 2, 1, 7, "a second time");
	expect_error("version: 1\nscenarios: {a: 1}\n", 2, 12, 1,
		"expected a list, not a mapping");
}
END_TEST

START_TEST(checks_what_no_row_can_say)
{
	expect_error("version: 1\ntraffic: {speed: 2x, rate: 3/s}\n", 2, 28, 3,
		"exclude each other");
	expect_error("version: 1\ntraffic: {from: 3s, to: 2s}\n", 2, 25, 2,
		"later than");
	expect_error("version: 1\ntraffic: {loop: 0}\n", 2, 17, 1, "duration");
	expect_error("version: 1\nscenarios: [a, b, a]\n", 2, 19, 1,
		"a second scenario named 'a'");
	expect_error("version: 1\nscenarios: [{name: x, each: {to: y}}]\n", 2,
		20, 1, "name: x-{to}");
	expect_error("version: 1\nscenarios: [steady, node-loss]\n"
		     "gate: {checks: [{check: 'max(queue) <= 5', scenarios: "
		     "[node-*, node-los]}]}\n",
		3, 64, 8, "did you mean 'node-loss'?");
	expect_error("version: 1\n"
		     "gate: {checks: [{check: 'max(queue) <= 5', scenarios: "
		     "stedy}]}\n",
		2, 55, 5, "it would be asked nowhere");
	expect_error("version: 1\nscenarios: [steady]\n"
		     "gate: {judges: [{k6: a.js, scenarios: [x]}]}\n",
		3, 40, 1, "no scenario is called 'x'");
	expect_error("version: 1\ngate: {runs: 4, max_runs: 3}\n", 2, 27, 1,
		"less than 'runs' (4)");
	expect_error("version: 1\ngate: {max_runs: 7}\n", 2, 18, 1,
		"less than 'runs' (8)");
	expect_error("version: 1\ngate: {budget: 1m}\n", 2, 16, 2,
		"needs 'max_runs'");
	expect_error("version: 1\ncandidate: {process: [./x]}\n", 2, 23, 3,
		"needs 'service'");
	expect_error("version: 1\ncandidate: {ref: main}\n", 2, 18, 4,
		"for the baseline alone");
	expect_error("version: 1\nscenarios: [{name: x, faults: [{at: 1s}]}]\n",
		2, 32, 1, "'kind' is missing");
	expect_error("version: 1\nscenarios: [{name: x, faults: [{kind: y, "
		     "at: [a]}]}]\n",
		2, 46, 1, "expected one value, not a list");
	expect_error("version: 1\ncandidate: {service: s, process: [x], "
		     "env: {A: [1]}}\n",
		2, 48, 1, "expected one value, not a list");
	expect_error("version: 1\n---\na: 1\n", 3, 1, 1, "a second document");
	expect_error("", 0, 0, 0, "the file is empty");
}
END_TEST

/* Scenarios that are several are known by how they begin. */
START_TEST(checks_are_for_scenarios_that_there_are)
{
	struct fixture f;

	parse(&f,
		"version: 1\nscenarios:\n"
		"  - {name: 'slow-{to}', each: {to: callees of a/b}}\n"
		"  - {name: storm, search: {from: 1s, to: 2s, load: [1x, 2x]}, "
		"faults: [{kind: "
		"latency, at: 1s, for: 1s}]}\n"
		"gate:\n  checks:\n"
		"    - {check: 'max(queue) <= 5', scenarios: [slow-shop/cart, "
		"'slow-*', 's*', storm, storm-2x, 'storm-*']}\n");
	ck_assert_uint_eq(f.diags.errors, 0);
	done(&f);
}
END_TEST

START_TEST(tells_all_mistakes)
{
	struct fixture f;

	parse(&f, "version: 9\na: 1\ntraffic: {b: 1, speed: c}\n"
		  "gate: {checks: [{d: 1}]}\n");
	ck_assert_uint_eq(f.diags.errors, 6);
	done(&f);
}
END_TEST

START_TEST(empty_values_count_as_not_given)
{
	struct fixture f;

	parse(&f, "version: 1\ncandidate: {}\nbaseline:\n"
		  "scenarios:\ntraffic: {capture: ~}\n");
	ck_assert_int_eq(f.rc, 0);
	ck_assert_uint_eq(f.config.traffic.capture.n, 0);
	done(&f);
}
END_TEST

START_TEST(fills)
{
	struct tw_arena arena;

	tw_arena_init(&arena);
	ck_assert_str_eq(
		tw_config_fill(&arena, "a-{to}{from}-{to}", "to", "x/{to}"),
		"a-x/{to}{from}-x/{to}");
	tw_arena_release(&arena);
}
END_TEST

START_TEST(reads_through_files)
{
	struct tw_files *files = tw_files_memory_new();
	struct tw_config config;
	struct tw_diags diags;

	tw_diags_init(&diags);
	tw_config_init(&config);
	ck_assert_int_eq(
		tw_config_read(&config, files, "twinrig.yaml", &diags), -1);
	ck_assert_uint_eq(diags.errors, 1);
	tw_files_memory_add(files, "twinrig.yaml", "version: 1\n", 11);
	ck_assert_int_eq(
		tw_config_read(&config, files, "twinrig.yaml", &diags), 0);
	ck_assert_int_eq(config.version.v, 1);
	tw_config_release(&config);
	tw_diags_release(&diags);
	tw_files_free(files);
}
END_TEST

/* The schema is JSON (so: YAML), and has every key and kind of fault. */
START_TEST(schemas)
{
	static const char *const keys[] = {"\"completeness\"", "\"node-down\"",
		"\"p[0-9]", "\"retry-on\"", "\"quantiles\""};
	struct tw_buf out = {0}, again = {0};
	struct tw_yaml_docs docs = {0};
	struct tw_arena arena;
	struct tw_diags diags;

	tw_arena_init(&arena);
	tw_diags_init(&diags);
	tw_config_schema_json(TW_CONFIG_FILE, &out);
	tw_config_schema_json(TW_MODEL_FILE, &out);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		ck_assert_msg(strstr(out.p, keys[i] + (i == 2)), "%s", keys[i]);
	tw_buf_clear(&out);
	tw_config_schema_json(TW_MODEL_FILE, &out);
	tw_config_schema_json(TW_MODEL_FILE, &again);
	ck_assert_str_eq(out.p, again.p);
	ck_assert_int_eq(tw_yaml_parse(&arena, "schema", out.p, out.n, NULL,
				 &diags, &docs),
		0);
	ck_assert_ptr_nonnull(
		tw_yaml_path(docs.v[0], "$defs", "step", "anyOf", NULL));
	tw_buf_clear(&out);
	tw_config_help(TW_CONFIG_FILE, &out);
	ck_assert_ptr_nonnull(strstr(out.p, "default 95%"));
	tw_buf_release(&out);
	tw_buf_release(&again);
	tw_diags_release(&diags);
	tw_arena_release(&arena);
}
END_TEST

TW_TESTS("config", reads_a_whole_file, keeps_scenarios_and_places,
	points_at_mistakes, checks_what_no_row_can_say,
	checks_are_for_scenarios_that_there_are, tells_all_mistakes,
	empty_values_count_as_not_given, fills, reads_through_files, schemas)
