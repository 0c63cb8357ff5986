/* Rate limits, what applications put around calls, deadlines, zones. */
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

static struct tw_spec *spec;
static struct tw_spec_policy *policy;
static struct tw_spec_service *leaf;
static struct tw_observation obs;

static void begin(int callers, int replicas, tw_time work, double errors)
{
	struct tw_spec_endpoint *home, *at;

	spec = tw_spec_new();
	home = b_endpoint(spec, b_service(spec, "web", callers, 1000, 0), "*");
	leaf = b_service(spec, "leaf", replicas, 1000, 0);
	at = b_endpoint(spec, leaf, "*");
	if (work)
		b_work(spec, &at->steps, TW_STEP_WAIT, b_constant(work));
	if (errors > 0)
		tw_set_real(&at->errors, errors, at->origin);
	b_call(spec, &home->steps, "leaf", NULL);
	policy = b_policy(spec, "leaf");
}

static void set(struct tw_int *field, int64_t v)
{
	tw_set_int(field, v, policy->origin);
}

static void run(uint64_t n, tw_time gap)
{
	struct tw_model *model = b_model(spec);

	b_run(model, &(struct tw_options){.seed = 2},
		(struct b_traffic){.n = n,
			.gap = gap,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "web"), NULL)},
		&obs);
	tw_model_free(model);
}

static struct tw_cell cell(const char *service, enum tw_side side)
{
	return b_sum(&obs, service, side, NULL);
}

static uint64_t served(void)
{
	struct tw_cell it = cell("default/leaf", TW_SERVER);

	tw_histogram_release(&it.latency);
	return it.count;
}

static void end(void)
{
	tw_observation_release(&obs);
	tw_spec_free(spec);
}

/* Three at once, then one a second from the first on: requests at 0.25, 0.5,
 * ... 10.25 s get 3 + 10. */
START_TEST(a_bucket_is_filled_at_intervals)
{
	struct tw_cell it;

	begin(1, 1, 0, 0);
	set(&policy->rate_limit.max_tokens, 3);
	set(&policy->retries, 3);
	set(&policy->retry_on, TW_RETRY_5XX);
	tw_vec_push_in(&spec->arena, &policy->retry_codes, 429);
	run(41, 250 * TW_MS);
	it = cell("default/leaf", TW_CLIENT);
	ck_assert_uint_eq(it.limited, 28);
	ck_assert_uint_eq(it.errors, 28);
	ck_assert_uint_eq(it.retries, 0);
	ck_assert_uint_eq(served(), 13);
	tw_histogram_release(&it.latency);
	end();
}
END_TEST

/* Fills come at whole seconds since the first, not since the last that was
 * used: of requests 0.7 s apart seven of ten are the first of their second. */
START_TEST(fills_keep_their_beat)
{
	begin(1, 1, 0, 0);
	set(&policy->rate_limit.max_tokens, 1);
	run(10, 700 * TW_MS);
	ck_assert_uint_eq(served(), 7);
	end();
}
END_TEST

static uint64_t limited_at(enum tw_limit_at at)
{
	uint64_t n;

	begin(2, 1, 0, 0);
	set(&policy->rate_limit.max_tokens, 3);
	set(&policy->rate_limit.at, at);
	run(20, TW_MS);
	n = served();
	end();
	return n;
}

START_TEST(a_bucket_is_the_callers_or_the_callees)
{
	ck_assert_uint_eq(limited_at(TW_LIMIT_CALLER), 6);
	ck_assert_uint_eq(limited_at(TW_LIMIT_CALLEE), 3);
}
END_TEST

/* All fails, a call each 100 ms. The tenth opens it at 1 s; five calls are let
 * through from 2 s on, and again 1 s after the last of them: at 3.4, 4.8 ... */
START_TEST(an_application_breaker_opens_and_tries)
{
	struct tw_cell it;

	begin(1, 1, 0, 1);
	set(&policy->app_breaker.window, 10);
	set(&policy->app_breaker.open_for, TW_S);
	set(&policy->app_breaker.half_open_calls, 5);
	run(100, 100 * TW_MS);
	it = cell("default/leaf", TW_CLIENT);
	ck_assert_uint_eq(it.rejected, 60);
	ck_assert_uint_eq(served(), 40);
	tw_histogram_release(&it.latency);
	end();
}
END_TEST

/* A call with its tries is one call to it. */
START_TEST(an_application_breaker_sees_calls)
{
	begin(1, 1, 0, 1);
	set(&policy->app_breaker.window, 10);
	set(&policy->retries, 2);
	set(&policy->retry_on, TW_RETRY_5XX);
	set(&policy->backoff_base, 0);
	run(30, 100 * TW_MS);
	ck_assert_uint_eq(served(), 30);
	end();
}
END_TEST

/* Calls of 1 s that fail, one each 100 ms: at 1.2 s two have failed and it
 * opens. What was begun before and fails later tells nothing of the one that
 * is let through at 1.5 s: that alone decides, at 2.5 s, and so the next is
 * let through at 2.8 s. */
START_TEST(an_application_breaker_forgets_old_calls)
{
	begin(1, 1, TW_S, 1);
	set(&policy->app_breaker.min_calls, 2);
	set(&policy->app_breaker.window, 10);
	set(&policy->app_breaker.open_for, 300 * TW_MS);
	set(&policy->app_breaker.half_open_calls, 1);
	run(31, 100 * TW_MS);
	ck_assert_uint_eq(served(), 11 + 2);
	end();
}
END_TEST

START_TEST(a_bulkhead_bounds_calls)
{
	struct tw_cell it;

	begin(1, 1, TW_S, 0);
	set(&policy->bulkhead.max_calls, 2);
	run(10, 10 * TW_MS);
	it = cell("default/leaf", TW_CLIENT);
	ck_assert_uint_eq(it.rejected, 8);
	ck_assert_uint_eq(served(), 2);
	tw_histogram_release(&it.latency);
	end();
}
END_TEST

/* One place, 100 ms of work, a call each 50 ms: they wait 0, 50, 100, 150 ms.
 */
START_TEST(a_bulkhead_lets_wait)
{
	struct tw_cell it;

	begin(1, 1, 100 * TW_MS, 0);
	set(&policy->bulkhead.max_calls, 1);
	set(&policy->bulkhead.max_wait, TW_S);
	run(4, 50 * TW_MS);
	it = cell("default/leaf", TW_CLIENT);
	ck_assert_uint_eq(it.errors, 0);
	ck_assert_int_eq(it.latency.max, 250 * TW_MS);
	ck_assert_int_eq(
		(int64_t)it.latency.sum, (100 + 150 + 200 + 250) * TW_MS);
	tw_histogram_release(&it.latency);
	end();
}
END_TEST

START_TEST(a_bulkhead_lets_wait_so_long)
{
	struct tw_cell it;

	begin(1, 1, 100 * TW_MS, 0);
	set(&policy->bulkhead.max_calls, 1);
	set(&policy->bulkhead.max_wait, 60 * TW_MS);
	run(3, 50 * TW_MS);
	it = cell("default/leaf", TW_CLIENT);
	/* at 50 at once, at 100 after 50 ms; at 150 not before 250 */
	ck_assert_uint_eq(it.rejected, 1);
	ck_assert_int_eq((int64_t)it.latency.sum, (100 + 150 + 60) * TW_MS);
	ck_assert_uint_eq(served(), 2);
	tw_histogram_release(&it.latency);
	end();
}
END_TEST

START_TEST(a_bulkhead_lets_so_many_wait)
{
	struct tw_cell it;

	begin(1, 1, TW_S, 0);
	set(&policy->bulkhead.max_calls, 2);
	set(&policy->bulkhead.queue, 3);
	run(10, 10 * TW_MS);
	it = cell("default/leaf", TW_CLIENT);
	ck_assert_uint_eq(it.rejected, 5);
	ck_assert_uint_eq(served(), 5);
	tw_histogram_release(&it.latency);
	end();
}
END_TEST

/* Three calls at once for one place of 100 ms: the second gives up after 50,
 * and the third has the place next. */
START_TEST(who_gives_up_leaves_the_bulkheads_queue)
{
	struct tw_spec_step *fork, *call;
	struct tw_spec_endpoint *home;
	struct tw_cell it;

	begin(1, 1, 100 * TW_MS, 0);
	home = tw_spec_find_service(spec, NULL, "web")->endpoints.v[0].value;
	home->steps.n = 0;
	fork = b_step(spec, &home->steps, TW_STEP_PARALLEL);
	for (int i = 0; i < 3; i++) {
		call = b_call(spec, &fork->children, "leaf", NULL);
		call->optional = true;
		if (i == 1)
			tw_set_int(&call->timeout, 50 * TW_MS, call->origin);
	}
	set(&policy->bulkhead.max_calls, 1);
	set(&policy->bulkhead.queue, 5);
	run(1, TW_S);
	it = cell("default/leaf", TW_CLIENT);
	ck_assert_uint_eq(it.timeouts, 1);
	ck_assert_uint_eq(it.rejected, 0);
	ck_assert_int_eq(it.latency.max, 200 * TW_MS);
	ck_assert_uint_eq(served(), 2);
	tw_histogram_release(&it.latency);
	end();
}
END_TEST

/* leaf has 100 ms, works for 60, and calls deep, which takes 1 s: the call is
 * over after 40 ms where the deadline travels. */
static tw_time with_deadline(bool travels)
{
	struct tw_cell it;
	tw_time longest;

	begin(1, 1, 60 * TW_MS, 0);
	b_work(spec,
		&b_endpoint(spec, b_service(spec, "deep", 1, 100, 0), "*")
			 ->steps,
		TW_STEP_WAIT, b_constant(TW_S));
	b_call(spec,
		&((struct tw_spec_endpoint *)leaf->endpoints.v[0].value)->steps,
		"deep", NULL);
	set(&policy->timeout, 100 * TW_MS);
	set(&policy->propagate_deadline, travels);
	run(3, 10 * TW_S);
	it = cell("default/deep", TW_CLIENT);
	longest = it.latency.max;
	tw_histogram_release(&it.latency);
	end();
	return longest;
}

START_TEST(a_deadline_travels)
{
	ck_assert_int_eq(with_deadline(true), 40 * TW_MS);
	ck_assert_int_eq(with_deadline(false), TW_S);
}
END_TEST

/* Four replicas in two zones, one caller: what is served in its own zone. */
static double in_own_zone(double over, uint32_t shares)
{
	const struct tw_cell *it;
	uint64_t own = 0, all = 0;
	const char *home = NULL;

	begin(1, 4, 0, 0);
	b_node(spec, "a", 1, "a");
	b_node(spec, "b", 1, "b");
	if (shares) {
		tw_vec_push_in(&spec->arena, &policy->locality.shares,
			((struct tw_spec_zone_share){.from = "*",
				.to = "a",
				.weight = {3, policy->origin}}));
		tw_vec_push_in(&spec->arena, &policy->locality.shares,
			((struct tw_spec_zone_share){.from = "*",
				.to = "b",
				.weight = {1, policy->origin}}));
	} else {
		set(&policy->locality.failover, over > 0);
	}
	run(2000, TW_MS);
	for (size_t i = 0; i < obs.cells.n; i++) {
		it = &obs.cells.v[i];
		if (it->key.side == TW_SERVER &&
			!strcmp(it->key.service, "default/web"))
			home = it->key.zone;
	}
	for (size_t i = 0; i < obs.cells.n; i++) {
		it = &obs.cells.v[i];
		if (it->key.side != TW_SERVER ||
			strcmp(it->key.service, "default/leaf"))
			continue;
		all += it->count;
		own += shares ? !strcmp(it->key.zone, "a") * it->count
			      : !strcmp(it->key.zone, home) * it->count;
	}
	end();
	return (double)own / (double)all;
}

START_TEST(zones_get_their_parts)
{
	ck_assert_double_eq_tol(in_own_zone(0, 0), 0.5, 1e-9);
	ck_assert_double_eq(in_own_zone(1, 0), 1);
	/* Three parts of four; the standard error is 1%. */
	ck_assert_double_eq_tol(in_own_zone(0, 2), 0.75, 0.03);
}
END_TEST

TW_TESTS("twin/limits", a_bucket_is_filled_at_intervals, fills_keep_their_beat,
	a_bucket_is_the_callers_or_the_callees,
	an_application_breaker_opens_and_tries,
	an_application_breaker_sees_calls,
	an_application_breaker_forgets_old_calls, a_bulkhead_bounds_calls,
	a_bulkhead_lets_wait, a_bulkhead_lets_wait_so_long,
	a_bulkhead_lets_so_many_wait, who_gives_up_leaves_the_bulkheads_queue,
	a_deadline_travels, zones_get_their_parts)
