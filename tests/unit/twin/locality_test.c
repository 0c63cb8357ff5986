/* Places: levels by zone and region, by labels; parts; loss of a region. */
#include "harness/config/config.h"
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

/* web is alone in a; cart has one replica in each other zone, in this order. */
static const char system_text[] =
	"version: 1\n"
	"services:\n"
	"  default/web: {endpoints: {GET /: [{call: 'cart:GET /'}]}}\n"
	"  default/cart:\n"
	"    replicas: 4\n"
	"    endpoints: {GET /: {steps: [{wait: 1ms}], errors: %s}}\n"
	"nodes:\n"
	"  - {name: na, zone: a, region: eu, labels: {rack: r1, row: x}}\n"
	"  - {name: nb, zone: b, region: eu, labels: {rack: r2, row: x}}\n"
	"  - {name: nc, zone: c, region: us, labels: {rack: r1, row: y}}\n"
	"  - {name: nd, zone: d, region: ap,\n"
	"     labels: {rack: r1, row: x}}\n"
	"  - {name: ne, zone: e, region: ap, labels: {rack: r2, row: y}}\n"
	"network: {same-zone: 1ms, cross-zone: 10ms, cross-region: 100ms,\n"
	"          regions: [{from: ap, to: eu, rtt: 300ms}],\n"
	"          zones: [{from: a, to: e, rtt: 400ms}]}\n"
	"policies:\n"
	"  - {callee: default/cart, %s}\n";

#define ZONES 5

static uint32_t served[ZONES];
static const char *errors = "0%";
static tw_time worst;

static void watch(void *context, const struct tw_tap_event *event)
{
	const struct tw_model *model = context;
	uint32_t node;

	if (event->kind != TW_TAP_STARTS ||
		model->replicas[event->replica].service !=
			tw_model_service(model, "default/cart"))
		return;
	node = model->node_of[event->replica];
	served[model->nodes[node].zone]++;
}

/* Puts web on na and cart's replicas on the others. */
static void place(struct tw_model *model)
{
	uint32_t next = 1;

	for (uint32_t r = 0; r < model->n_replicas; r++)
		model->node_of[r] =
			model->replicas[r].service ==
					tw_model_service(model, "default/web")
				? 0
				: next++;
}

/* 1000 requests in 10 s; `fault` is on from 0 s. */
static void run(const char *policy, const char *kind, const char *fault)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_scenario scenario;
	struct tw_observation obs;
	struct tw_model *model;
	struct tw_diags diags;
	struct tw_tap tap = {.event = watch};
	struct tw_buf told = {0};
	char text[2048];

	snprintf(text, sizeof text, system_text, errors, policy);
	tw_diags_init(&diags);
	if (tw_config_parse_model(spec, "m.yaml", text, strlen(text), &diags)) {
		tw_diag_print(&diags, diags.list.v[0], false, &told);
		ck_abort_msg("%s", tw_buf_text(&told));
	}
	tw_spec_link(spec);
	model = b_model(spec);
	place(model);
	tap.context = model;
	tw_scenario_init(&scenario);
	if (kind)
		ck_assert(b_fault(&scenario, model, kind, fault, &diags));
	memset(served, 0, sizeof served);
	b_run(model,
		&(struct tw_options){
			.seed = 4, .scenario = &scenario, .tap = &tap},
		(struct b_traffic){.n = 1000,
			.gap = 10 * TW_MS,
			.regular = true,
			.endpoint = tw_model_endpoint(model,
				tw_model_service(model, "default/web"), NULL)},
		&obs);
	worst = 0;
	for (size_t i = 0; i < obs.cells.n; i++)
		if (obs.cells.v[i].key.side == TW_CLIENT &&
			!strcmp(obs.cells.v[i].key.service, "default/cart") &&
			obs.cells.v[i].latency.max > worst)
			worst = obs.cells.v[i].latency.max;
	tw_observation_release(&obs);
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	tw_model_free(model);
	tw_spec_free(spec);
}

/* One more or less may be on its way when callers learn of a death. */
static void check(uint32_t b, uint32_t c, uint32_t d, uint32_t e)
{
	const uint32_t want[ZONES] = {0, b, c, d, e};

	for (int z = 1; z < ZONES; z++)
		ck_assert_msg(abs((int)served[z] - (int)want[z]) <= 1,
			"%u %u %u %u instead of %u %u %u %u", served[1],
			served[2], served[3], served[4], b, c, d, e);
}

#define KILL "at=0s restart=1000s replica="

START_TEST(the_own_region_comes_before_others)
{
	run("locality: {failover: true}", NULL, NULL);
	check(1000, 0, 0, 0);
	ck_assert_int_eq(worst, 11 * TW_MS);
	/* The rest of them are alike. Callers know after a second. */
	run("locality: {failover: true}", "region-down",
		"region=eu at=100s for=1s");
	check(1000, 0, 0, 0);
	run("locality: {failover: true}", "replica-kill",
		KILL "default/cart-1");
	check(0, 300, 300, 300);
}
END_TEST

/* Istio's failover: to ap, then to all others. */
START_TEST(a_region_fails_over_to_another)
{
	static const char to_ap[] =
		"locality: {failover-regions: [{from: eu, to: ap}]}";

	run(to_ap, "replica-kill", KILL "default/cart-1");
	check(0, 0, 450, 450);
	run(to_ap, "replica-kill", KILL "default/cart-1,default/cart-3");
	check(0, 0, 0, 900);
	run(to_ap, "replica-kill",
		KILL "default/cart-1,default/cart-3,default/cart-4");
	check(0, 900, 0, 0);
	run("locality: {failover-regions: [{from: us, to: ap}]}",
		"replica-kill", KILL "default/cart-1");
	check(0, 300, 300, 300);
}
END_TEST

/* What a lost region cannot carry: d and e are gone with the nodes of ap,
 * which hang until they are ejected, or given up after 50 s. */
START_TEST(a_lost_region_is_passed_over)
{
	static const char policy[] =
		"locality: {failover: true, priority: "
		"[topology.kubernetes.io/region=ap]}, try-timeout: 500ms, "
		"outlier-detection: {consecutive-5xx: 1, "
		"max-ejection-percent: 100%, interval: 1s}";

	run(policy, NULL, NULL);
	check(0, 0, 500, 500);
	run(policy, "region-down", "region=ap at=3s for=1000s");
	ck_assert_uint_le(served[3] + served[4], 300);
	ck_assert_uint_gt(served[1], 200);
	ck_assert_uint_gt(served[2], 200);
}
END_TEST

/* Where all are ejected all are in panic, and used by their number. */
START_TEST(all_levels_may_be_in_panic)
{
	errors = "100%";
	run("locality: {failover: true}, outlier-detection: "
	    "{consecutive-5xx: 1, max-ejection-percent: 100%}",
		NULL, NULL);
	errors = "0%";
	ck_assert_uint_eq(served[1] + served[2] + served[3] + served[4], 1000);
	for (int z = 1; z < ZONES; z++)
		ck_assert_uint_gt(served[z], 150);
}
END_TEST

/* Istio's failoverPriority: a is in row x and rack r1. b: row; c: neither the
 * row; d: both; e: none. */
START_TEST(labels_make_levels)
{
	static const char by_row[] = "locality: {priority: [row, rack]}";

	run(by_row, NULL, NULL);
	check(0, 0, 1000, 0);
	run(by_row, "replica-kill", KILL "default/cart-3");
	check(900, 0, 0, 0);
	run(by_row, "replica-kill", KILL "default/cart-3,default/cart-1");
	check(0, 450, 0, 450);
	run("locality: {priority: [row=y, rack]}", NULL, NULL);
	check(0, 1000, 0, 0);
	run("locality: {priority: [nothing, rack]}", NULL, NULL);
	check(0, 500, 500, 0);
}
END_TEST

/* A part of a region is its zones' by their replicas. */
START_TEST(parts_of_regions)
{
	run("locality: {distribute: [{from: eu/*, to: ap/*, weight: 80}, "
	    "{from: eu/a, to: b, weight: 20}]}",
		NULL, NULL);
	ck_assert_uint_eq(served[2], 0);
	ck_assert_int_le(abs((int)served[1] - 200), 50);
	ck_assert_int_le(abs((int)served[3] - 400), 60);
	ck_assert_int_le(abs((int)served[4] - 400), 60);
	run("locality: {distribute: [{from: us/*, to: us/*}]}", NULL, NULL);
	ck_assert_uint_eq(served[1], 250);
}
END_TEST

/* The most particular link: zones, regions, cross-region, cross-zone. */
START_TEST(regions_are_far_apart)
{
	static const struct {
		const char *to;
		tw_time rtt;
	} rows[] = {{"b", 10 * TW_MS}, {"c", 100 * TW_MS}, {"d", 300 * TW_MS},
		{"e", 400 * TW_MS}};
	char policy[96];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(policy, sizeof policy,
			"locality: {distribute: [{to: %s}]}", rows[i].to);
		run(policy, NULL, NULL);
		ck_assert_int_eq(worst, rows[i].rtt + TW_MS);
	}
}
END_TEST

TW_TESTS("twin/locality", the_own_region_comes_before_others,
	a_region_fails_over_to_another, a_lost_region_is_passed_over,
	all_levels_may_be_in_panic, labels_make_levels, parts_of_regions,
	regions_are_far_apart)
