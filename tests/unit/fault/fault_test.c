#include "tests/unit/fault/bed.h"

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
	{"latency", "to=cart add=1ms direction=up", "there, back or both"},
	{"latency", "to=cart,chart add=1ms", "did you mean 'cart'"},
	{"bandwidth", "to=cart rate=10M", "a bandwidth such as"},
	{"throttle", "to=cart rate=0/s", "a rate such as"},
	{"throttle", "to=cart rate=5/s burst=0", "a whole number from 1"},
	{"slow", "service=cart factor=2x unit=request", "no parameter 'unit'"},
	{"slow", "service=cart factor=2x every=9s", "go together"},
	{"slow", "service=cart factor=2x every=9s times=2", "has to end"},
	{"slow", "service=cart factor=2x mode=fixed", "a 'value' such as 2"},
	{"slow", "service=cart factor=2x mode=fixed-percent value=2",
		"a 'value' such as 30%"},
	{"slow", "service=cart factor=2x value=2", "is for the modes"},
	{"cache-flush", "service=cart", "finds no cache there"},
	{"cpu-stress", "service=cart", "finds no bound of cores"},
	{"memory-stress", "service=cart size=1Mi", "finds no service whose"},
	{"memory-stress", "service=cart size=1MB", "an amount of memory"},
	{"pause", "service=cart", "a pause needs a 'for'"},
	{"slow", "service=cart factor=2x after=that", "is called 'that'"},
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
	ck_assert_uint_eq(bed.obs.failed.n, cart.errors);
	ck_assert_uint_eq(bed.obs.failed_below, 0);
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

/* 400 requests with one copy of each in the mean, then 400 with two. */
START_TEST(surge_grows)
{
	struct bed bed = lay(2);
	struct tw_cell web;

	ck_assert(add(&bed, "surge", "factor=3x at=2s for=8s ramp=4s"));
	web = run(&bed, "default/web");
	ck_assert_uint_gt(bed.obs.arrivals, 2200 - 50);
	ck_assert_uint_lt(bed.obs.arrivals, 2200 + 50);
	done(&bed, &web);
}
END_TEST

/* Sent again 0.2, 0.6, 1.4 s after it was sent first: the first of these
 * after the end gets through. */
START_TEST(partition_ends_and_tcp_goes_on)
{
	struct bed bed = lay(2);
	struct tw_cell cart;

	ck_assert(add(&bed, "partition", "from=web to=cart at=5s for=1s"));
	cart = run(&bed, "default/cart");
	ck_assert_uint_eq(cart.errors, 0);
	ck_assert_int_eq(cart.latency.max, 1400 * TW_MS + 2 * TW_MS);
	done(&bed, &cart);
}
END_TEST

START_TEST(partition_hangs_until_the_connect_timeout)
{
	struct bed bed = lay(2);
	struct tw_cell cart;

	ck_assert(add(&bed, "partition", "from=web to=cart at=1s for=100s"));
	cart = run(&bed, "default/cart");
	/* From 1 s on there is nobody; web has 100 workers, enough for 5 s at
	 * 100 requests/s in four replicas. */
	ck_assert_uint_ge(cart.errors, 899);
	ck_assert_int_eq(cart.latency.max, 5 * TW_S);
	done(&bed, &cart);
}
END_TEST

/* What web sends gets through, is worked on, and is not answered before the
 * partition ends; what is under way when it begins is caught by it, too. */
START_TEST(partition_cuts_answers)
{
	struct bed bed = lay(2);
	struct tw_cell cart, served;

	ck_assert(add(
		&bed, "partition", "from=cart to=web at=5s for=1s both=false"));
	cart = run(&bed, "default/cart");
	served = b_sum(&bed.obs, "default/cart", TW_SERVER, NULL);
	ck_assert_uint_eq(cart.errors, 0);
	ck_assert_int_eq(served.latency.max, 2 * TW_MS);
	ck_assert_int_eq(cart.latency.max, 2 * TW_MS + 1400 * TW_MS);
	tw_histogram_release(&served.latency);
	done(&bed, &cart);
}
END_TEST

START_TEST(partition_one_way_lets_the_other_pass)
{
	struct bed bed = lay(2);
	struct tw_cell cart, served;

	ck_assert(add(&bed, "partition",
		"from=web to=cart at=5s for=90s both=false"));
	cart = run(&bed, "default/cart");
	served = b_sum(&bed.obs, "default/cart", TW_SERVER, NULL);
	/* Requests do not arrive; the answer that is under way does. */
	ck_assert_uint_ge(cart.errors, 499);
	ck_assert_uint_le(cart.errors, 501);
	ck_assert_uint_eq(served.count + cart.errors, 1000);
	tw_histogram_release(&served.latency);
	done(&bed, &cart);
}
END_TEST

START_TEST(partition_both_ways)
{
	struct bed bed = lay(2);
	struct tw_cell cart, served;

	ck_assert(add(&bed, "partition", "from=cart to=web at=5s for=90s"));
	cart = run(&bed, "default/cart");
	served = b_sum(&bed.obs, "default/cart", TW_SERVER, NULL);
	ck_assert_uint_ge(cart.errors, 499);
	ck_assert_uint_le(served.count, 501);
	tw_histogram_release(&served.latency);
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
	surge_multiplies, surge_grows,
	partition_hangs_until_the_connect_timeout,
	partition_ends_and_tcp_goes_on, partition_cuts_answers,
	partition_one_way_lets_the_other_pass, partition_both_ways,
	partition_of_zones_spares_the_rest,
	node_down_costs_until_the_grace_ends, kill_for_a_while)
