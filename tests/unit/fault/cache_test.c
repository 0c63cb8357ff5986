/* web asks a cache of 100 keys and, where that has nothing, db (1 ms). */
#include "tests/unit/fault/bed.h"

static struct bed cached(double hit, bool local)
{
	struct bed bed = {.spec = tw_spec_new()};
	struct tw_spec *spec = bed.spec;
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 2, 100, 100), "GET /");
	struct tw_spec_step *cache = b_step(spec, &home->steps, TW_STEP_CACHE);

	tw_set_real(&cache->hit, hit, cache->origin);
	tw_set_int(&cache->keys, 100, cache->origin);
	tw_set_int(&cache->local, local, cache->origin);
	b_call(spec, &cache->children, "cart", "Get");
	b_work(spec, &home->steps, TW_STEP_CPU, b_constant(TW_MS));
	b_work(spec,
		&b_endpoint(spec, b_service(spec, "cart", 1, 100, 100), "Get")
			 ->steps,
		TW_STEP_CPU, b_constant(TW_MS));
	b_node(spec, "w", 1, "a");
	bed.model = b_model(spec);
	tw_scenario_init(&bed.scenario);
	tw_diags_init(&bed.diags);
	return bed;
}

static uint64_t misses(
	double hit, bool local, const char *kind, const char *args)
{
	struct bed bed = cached(hit, local);
	struct tw_cell cart, web;
	uint64_t count;

	if (kind)
		ck_assert_msg(add(&bed, kind, args), "%s %s", kind, args);
	cart = run(&bed, "default/cart");
	web = b_sum(&bed.obs, "default/web", TW_CLIENT, NULL);
	ck_assert_uint_eq(web.count, 1000);
	count = cart.count;
	tw_histogram_release(&web.latency);
	done(&bed, &cart);
	return count;
}

START_TEST(hits_with_its_ratio)
{
	ck_assert_uint_eq(misses(1, false, NULL, NULL), 0);
	ck_assert_uint_eq(misses(0, false, NULL, NULL), 1000);
	/* Five deviations. */
	ck_assert_uint_ge(misses(0.9, false, NULL, NULL), 100 - 47);
	ck_assert_uint_le(misses(0.9, false, NULL, NULL), 100 + 47);
}
END_TEST

/* 500 requests after it ask for 100 * (1 - 0.99^500) = 99.3 keys. */
START_TEST(is_filled_miss_by_miss)
{
	uint64_t n = misses(1, false, "cache-flush", "service=web at=5s");

	ck_assert_uint_ge(n, 96);
	ck_assert_uint_le(n, 100);
	/* Halfway: 69 requests ask for half of them. */
	n = misses(1, false, "cache-flush", "service=web at=9305ms");
	ck_assert_uint_ge(n, 50 - 12);
	ck_assert_uint_le(n, 50 + 12);
}
END_TEST

START_TEST(keeps_nothing_while_it_is_down)
{
	uint64_t n =
		misses(1, false, "cache-flush", "service=web at=2s for=3s");

	ck_assert_uint_ge(n, 300 + 90);
	ck_assert_uint_le(n, 301 + 100);
}
END_TEST

START_TEST(is_cold_where_a_replica_was_started)
{
	uint64_t n = misses(
		1, false, "replica-kill", "service=web mode=one restart=1s");

	ck_assert_uint_eq(n, 0);
	/* One of two replicas starts over: about 450 requests find 99 keys. */
	n = misses(1, true, "replica-kill",
		"service=web mode=one at=500ms restart=100ms");
	ck_assert_uint_ge(n, 90);
	ck_assert_uint_le(n, 100);
}
END_TEST

TW_TESTS("fault/cache", hits_with_its_ratio, is_filled_miss_by_miss,
	keeps_nothing_while_it_is_down, is_cold_where_a_replica_was_started)
