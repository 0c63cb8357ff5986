#include "tests/twin_builder.h"
#include "tests/unit/test.h"

struct bed {
	struct tw_spec *spec;
	struct tw_model *model;
	struct tw_scenario scenario;
	struct tw_diags diags;
	struct tw_observation obs;
};

/* web (1 ms) calls cart (2 ms); two nodes in each of two zones. */
static struct bed lay(int carts)
{
	struct bed bed = {.spec = tw_spec_new()};
	struct tw_spec *spec = bed.spec;
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 4, 100, 100), "GET /");

	b_work(spec, &home->steps, TW_STEP_CPU, b_constant(TW_MS));
	b_call(spec, &home->steps, "cart", "Get");
	b_work(spec,
		&b_endpoint(
			spec, b_service(spec, "cart", carts, 100, 100), "Get")
			 ->steps,
		TW_STEP_CPU, b_constant(2 * TW_MS));
	b_node(spec, "w", 2, "a");
	b_node(spec, "x", 2, "b");
	bed.model = b_model(spec);
	tw_scenario_init(&bed.scenario);
	tw_diags_init(&bed.diags);
	return bed;
}

static void clear(struct bed *bed)
{
	tw_scenario_release(&bed->scenario);
	tw_diags_release(&bed->diags);
	tw_model_free(bed->model);
	tw_spec_free(bed->spec);
}

static bool add(struct bed *bed, const char *kind, const char *args)
{
	return b_fault(&bed->scenario, bed->model, kind, args, &bed->diags);
}

/* One request every 10 ms for 10 s. */
static struct tw_cell run(struct bed *bed, const char *service)
{
	b_run(bed->model, &(struct tw_options){.scenario = &bed->scenario},
		(struct b_traffic){.n = 1000,
			.gap = 10 * TW_MS,
			.regular = true,
			.endpoint = tw_model_endpoint(bed->model,
				tw_model_service(bed->model, "web"), NULL)},
		&bed->obs);
	return b_sum(&bed->obs, service, TW_CLIENT, NULL);
}

static void done(struct bed *bed, struct tw_cell *cell)
{
	tw_histogram_release(&cell->latency);
	tw_observation_release(&bed->obs);
	clear(bed);
}

static bool says(const struct bed *bed, const char *text)
{
	for (size_t i = 0; i < bed->diags.list.n; i++) {
		const struct tw_diag *it = bed->diags.list.v[i];

		if (strstr(it->message, text) ||
			(it->hint && strstr(it->hint, text)))
			return true;
	}
	return false;
}

/* What is wrong, and a word of what is said about it. */
static const struct {
	const char *kind, *args, *says;
} wrong[] = {
	{"replica-kil", "service=cart", "did you mean 'replica-kill'"},
	{"latency", "to=cart ad=3ms", "did you mean 'add'"},
	{"latency", "to=cart", "needs 'add'"},
	{"latency", "to=cart add=3", "a time such as"},
	{"latency", "add=3ms", "needs one of 'service'"},
	{"latency", "to=chart add=3ms", "did you mean 'cart'"},
	{"latency", "to=cart add=3ms add=4ms", "given twice"},
	{"latency", "to=cart add=3ms for=0s", "no time"},
	{"latency", "to=cart add=90000h", "up to a year"},
	{"latency", "to=web endpoint=Get add=1ms", "nothing together"},
	{"error", "to=cart status=999", "an HTTP status"},
	{"error", "to=cart probability=120%", "a share"},
	{"node-down", "node=w-9", "did you mean 'w-1'"},
	{"node-down", "service=cart", "has no parameter 'service'"},
	{"zone-down", "zone=c", "no zone fits 'c'"},
	{"replica-kill", "replica=cart-7", "did you mean 'cart-1'"},
	{"partition", "from=web to=d", "no service or zone fits 'd'"},
	{"slow", "service=cart factor=fast", "a factor such as"},
	{"surge", "factor=-1x", "a factor such as"},
	{"partition", "from=web to=cart both=maybe", "true or false"},
};

START_TEST(mistakes_are_told)
{
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct bed bed = lay(2);

		ck_assert_msg(!add(&bed, wrong[i].kind, wrong[i].args), "%s %s",
			wrong[i].kind, wrong[i].args);
		ck_assert_msg(says(&bed, wrong[i].says), "%s %s: %s",
			wrong[i].kind, wrong[i].args,
			bed.diags.list.v[0]->message);
		clear(&bed);
	}
}
END_TEST

START_TEST(window_spans_all_faults)
{
	struct bed bed = lay(2);

	ck_assert(add(&bed, "error", "to=cart at=3s for=1s"));
	ck_assert(add(&bed, "replica-kill", "service=cart at=2s restart=5s"));
	ck_assert_int_eq(bed.scenario.start, 2 * TW_S);
	ck_assert_int_eq(bed.scenario.end, 7 * TW_S);
	clear(&bed);
}
END_TEST

START_TEST(error_answers_in_its_time)
{
	struct bed bed = lay(2);
	struct tw_cell cart;

	ck_assert(add(&bed, "error",
		"to=cart status=418 at=2s for=3s probability=50%"));
	cart = run(&bed, "default/cart");
	ck_assert_uint_eq(cart.count, 1000);
	ck_assert_uint_gt(cart.errors, 150 - 45);
	ck_assert_uint_lt(cart.errors, 150 + 45);
	for (size_t i = 0; i < bed.obs.cells.n; i++)
		if (bed.obs.cells.v[i].key.window != TW_WINDOW_DURING)
			ck_assert_uint_eq(bed.obs.cells.v[i].errors, 0);
	ck_assert_uint_eq(bed.obs.failed.n, TW_EXAMPLES);
	done(&bed, &cart);
}
END_TEST

START_TEST(latency_delays_one_edge)
{
	struct bed bed = lay(2);
	struct tw_cell cart, web;

	ck_assert(add(&bed, "latency", "from=web to=cart add=5ms jitter=2ms"));
	cart = run(&bed, "default/cart");
	web = b_sum(&bed.obs, "default/web", TW_CLIENT, "outside");
	ck_assert_int_ge(cart.latency.min, 5 * TW_MS);
	ck_assert_int_le(cart.latency.max, 9 * TW_MS);
	ck_assert_int_gt(cart.latency.max - cart.latency.min, 3 * TW_MS);
	ck_assert_int_ge(web.latency.min, 6 * TW_MS);
	tw_histogram_release(&web.latency);
	done(&bed, &cart);
}
END_TEST

START_TEST(slow_stretches_work)
{
	struct bed bed = lay(2);
	struct tw_cell cart;

	ck_assert(add(&bed, "slow", "service=cart factor=3x"));
	cart = run(&bed, "default/cart");
	ck_assert_int_eq(cart.latency.min, 6 * TW_MS);
	ck_assert_int_eq(cart.latency.max, 6 * TW_MS);
	done(&bed, &cart);
}
END_TEST

START_TEST(surge_multiplies)
{
	struct bed bed = lay(2);
	struct tw_cell web;

	ck_assert(add(&bed, "surge", "factor=2.5x at=2s for=4s"));
	web = run(&bed, "default/web");
	/* 400 requests and 1.5 copies of each: 600 +- 5 * sqrt(400 / 4). */
	ck_assert_uint_gt(bed.obs.arrivals, 1600 - 50);
	ck_assert_uint_lt(bed.obs.arrivals, 1600 + 50);
	ck_assert_uint_eq(web.count, bed.obs.arrivals);
	done(&bed, &web);
}
END_TEST

START_TEST(partition_hangs_until_the_connect_timeout)
{
	struct bed bed = lay(2);
	struct tw_cell cart;

	ck_assert(add(&bed, "partition", "from=web to=cart at=5s for=1s"));
	cart = run(&bed, "default/cart");
	ck_assert_uint_eq(cart.errors, 100);
	ck_assert_int_eq(cart.latency.max, 5 * TW_S);
	done(&bed, &cart);
}
END_TEST

START_TEST(partition_both_ways)
{
	struct bed bed = lay(2);
	struct tw_cell cart;

	ck_assert(add(&bed, "partition", "from=cart to=web at=5s for=1s"));
	cart = run(&bed, "default/cart");
	ck_assert_uint_eq(cart.errors, 100);
	done(&bed, &cart);
	bed = lay(2);
	ck_assert(add(
		&bed, "partition", "from=cart to=web at=5s for=1s both=false"));
	cart = run(&bed, "default/cart");
	ck_assert_uint_eq(cart.errors, 0);
	done(&bed, &cart);
}
END_TEST

START_TEST(partition_of_zones_spares_the_rest)
{
	struct bed bed = lay(4);
	struct tw_cell cart;

	ck_assert(add(&bed, "partition", "from=a to=b"));
	cart = run(&bed, "default/cart");
	/* Half of web's replicas times half of cart's, either way. */
	ck_assert_uint_gt(cart.errors, 500 - 80);
	ck_assert_uint_lt(cart.errors, 500 + 80);
	done(&bed, &cart);
}
END_TEST

START_TEST(node_down_costs_until_the_grace_ends)
{
	struct bed bed = lay(4);
	struct tw_cell cart;
	const struct tw_gauge *gauge;

	/* A quarter of the carts and of the webs is there. */
	tw_set_int(
		&bed.spec->node_grace, 2 * TW_S, bed.spec->nodes.v[0]->origin);
	tw_model_free(bed.model);
	bed.model = b_model(bed.spec);
	ck_assert(add(&bed, "node-down", "node=w-1 at=3s"));
	cart = run(&bed, "default/cart");
	ck_assert_int_eq(cart.latency.max, 5 * TW_S);
	/* 200 requests in the grace; 3/4 of them reach web, 1/4 of those fail
	 * to reach cart. */
	ck_assert_uint_gt(cart.errors, 37 - 20);
	ck_assert_uint_lt(cart.errors, 37 + 20);
	gauge = &bed.obs.gauges.v[0];
	ck_assert_str_eq(gauge->service, "default/web");
	ck_assert_uint_eq(gauge->slices.v[2].unavailable, 0);
	ck_assert_uint_eq(gauge->slices.v[3].unavailable, 1);
	ck_assert_uint_eq(gauge->slices.v[3].replicas, 4);
	done(&bed, &cart);
}
END_TEST

START_TEST(kill_for_a_while)
{
	struct bed bed = lay(2);
	struct tw_cell cart;
	const struct tw_gauge *cart_gauge;

	ck_assert(add(
		&bed, "replica-kill", "service=cart at=2s for=3s restart=1s"));
	cart = run(&bed, "default/cart");
	cart_gauge = &bed.obs.gauges.v[1];
	/* Dead from 2 s to 6 s, listed again at 7 s. */
	ck_assert_uint_eq(cart_gauge->slices.v[1].unavailable, 0);
	ck_assert_uint_eq(cart_gauge->slices.v[5].unavailable, 2);
	ck_assert_uint_eq(cart_gauge->slices.v[7].unavailable, 0);
	ck_assert_uint_ge(cart.errors, 499);
	ck_assert_uint_le(cart.errors, 501);
	done(&bed, &cart);
}
END_TEST

TW_TESTS("fault/fault", mistakes_are_told, window_spans_all_faults,
	error_answers_in_its_time, latency_delays_one_edge, slow_stretches_work,
	surge_multiplies, partition_hangs_until_the_connect_timeout,
	partition_both_ways, partition_of_zones_spares_the_rest,
	node_down_costs_until_the_grace_ends, kill_for_a_while)
