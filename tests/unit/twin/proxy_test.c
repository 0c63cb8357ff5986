/* Circuit breakers and retry budgets: what each proxy keeps. */
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

static struct tw_observation obs;

static void run(
	struct tw_spec *spec, const char *entry, uint64_t n, tw_time gap)
{
	struct tw_model *model = b_model(spec);

	b_run(model, &(struct tw_options){.seed = 2},
		(struct b_traffic){.n = n,
			.gap = gap,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, entry), NULL)},
		&obs);
	tw_model_free(model);
	tw_spec_free(spec);
}

static struct tw_cell seen(const char *service, enum tw_side side)
{
	struct tw_cell sum = b_sum(&obs, service, side, NULL);

	tw_histogram_release(&sum.latency);
	return sum;
}

static void set(struct tw_spec_policy *policy, struct tw_int *field, int64_t v)
{
	tw_set_int(field, v, policy->origin);
}

/* web (replicas) calls a leaf that takes its time. */
static struct tw_spec *two(int replicas, tw_time work, double errors)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *home = b_endpoint(
		spec, b_service(spec, "web", replicas, 10000, 0), "*");
	struct tw_spec_endpoint *leaf =
		b_endpoint(spec, b_service(spec, "leaf", 1, 10000, 0), "*");

	if (work)
		b_work(spec, &leaf->steps, TW_STEP_WAIT, b_constant(work));
	if (errors > 0)
		tw_set_real(&leaf->errors, errors, leaf->origin);
	b_call(spec, &home->steps, "leaf", NULL);
	return spec;
}

/* Requests every 10 ms that take 1 s: three at once, the rest 503 at once,
 * and none of it is tried again. */
START_TEST(a_breaker_bounds_requests)
{
	struct tw_spec *spec = two(1, TW_S, 0);
	struct tw_spec_policy *policy = b_policy(spec, "leaf");
	struct tw_cell cell;

	set(policy, &policy->breaker.max_requests, 3);
	set(policy, &policy->retries, 5);
	set(policy, &policy->retry_on, TW_RETRY_5XX);
	run(spec, "web", 100, 10 * TW_MS);
	cell = seen("default/leaf", TW_CLIENT);
	ck_assert_uint_eq(cell.count, 100);
	ck_assert_uint_eq(cell.overflow, 97);
	ck_assert_uint_eq(cell.errors, 97);
	ck_assert_uint_eq(cell.retries, 0);
	ck_assert_uint_eq(seen("default/leaf", TW_SERVER).count, 3);
	tw_observation_release(&obs);
}
END_TEST

/* The bound is each proxy's own: two callers, twice as many. */
START_TEST(each_proxy_has_its_own)
{
	struct tw_spec *spec = two(2, TW_S, 0);
	struct tw_spec_policy *policy = b_policy(spec, "leaf");

	set(policy, &policy->breaker.max_requests, 3);
	run(spec, "web", 100, 10 * TW_MS);
	ck_assert_uint_eq(seen("default/leaf", TW_SERVER).count, 6);
	tw_observation_release(&obs);
}
END_TEST

/* Endpoints of a service share the upstream; another rule is another one. */
static uint64_t with_endpoints(bool apart)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 1, 10000, 0), "*");
	struct tw_spec_service *leaf = b_service(spec, "leaf", 1, 10000, 0);
	struct tw_spec_step *parallel =
		b_step(spec, &home->steps, TW_STEP_PARALLEL);
	static const char *const names[] = {"GET /a", "GET /b"};
	struct tw_spec_policy *policy;
	uint64_t served;

	for (int i = 0; i < 2; i++) {
		b_work(spec, &b_endpoint(spec, leaf, names[i])->steps,
			TW_STEP_WAIT, b_constant(TW_S));
		b_call(spec, &parallel->children, "leaf", names[i]);
	}
	if (apart) {
		policy = b_policy(spec, "leaf");
		policy->endpoint = "GET /a";
		set(policy, &policy->breaker.max_requests, 3);
	}
	policy = b_policy(spec, "leaf");
	set(policy, &policy->breaker.max_requests, 3);
	run(spec, "web", 10, TW_MS);
	served = seen("default/leaf", TW_SERVER).count;
	tw_observation_release(&obs);
	return served;
}

START_TEST(endpoints_share_a_breaker)
{
	ck_assert_uint_eq(with_endpoints(false), 3);
	ck_assert_uint_eq(with_endpoints(true), 6);
}
END_TEST

/* max_retries counts those in back-off too: with a pause of 10 s, one call of
 * the first ten has a retry. */
START_TEST(a_breaker_bounds_retries)
{
	struct tw_spec *spec = two(1, 0, 1);
	struct tw_spec_policy *policy = b_policy(spec, "leaf");
	struct tw_cell cell;

	set(policy, &policy->breaker.max_retries, 2);
	set(policy, &policy->retries, 1);
	set(policy, &policy->retry_on, TW_RETRY_5XX);
	tw_set_real(&policy->backoff_multiplier, 1, policy->origin);
	tw_set_real(&policy->backoff_jitter, 0, policy->origin);
	set(policy, &policy->backoff_base, 10 * TW_S);
	set(policy, &policy->backoff_max, 10 * TW_S);
	run(spec, "web", 10, TW_MS);
	cell = seen("default/leaf", TW_CLIENT);
	ck_assert_uint_eq(cell.retries, 2);
	ck_assert_uint_eq(cell.denied, 8);
	ck_assert_int_eq(cell.backoff, 2 * 10 * TW_S);
	tw_observation_release(&obs);
}
END_TEST

/* Envoy's budget: 20% of what is at work, at least so many. All fails after
 * 1 s; when the first 100 of a burst come back there are 99 at work. */
START_TEST(envoys_budget_counts_what_is_at_work)
{
	struct tw_spec *spec = two(1, TW_S, 1);
	struct tw_spec_policy *policy = b_policy(spec, "leaf");

	set(policy, &policy->breaker.max_retries, 0); /* it is overridden */
	tw_set_real(&policy->budget.ratio, 0.2, policy->origin);
	set(policy, &policy->budget.min_concurrency, 3);
	set(policy, &policy->retries, 1);
	set(policy, &policy->retry_on, TW_RETRY_5XX);
	tw_set_real(&policy->backoff_multiplier, 1, policy->origin);
	set(policy, &policy->backoff_base, 100 * TW_S);
	set(policy, &policy->backoff_max, 100 * TW_S);
	run(spec, "web", 100, TW_US);
	/* The k-th to come back leaves 100 - k at work. With k - 1 retries made
	 * it gets one while k - 1 < 0.2 (100 - k), k <= 17: 16.6 is cut to 16,
	 * so the 17th, after 16, does not. */
	ck_assert_uint_eq(seen("default/leaf", TW_CLIENT).retries, 16);
	tw_observation_release(&obs);
}
END_TEST

/* What waits for a connection counts as well: of a burst of 50 on one
 * connection 49 do, and a fifth of that is nine. */
START_TEST(envoys_budget_counts_what_waits)
{
	struct tw_spec *spec = two(1, TW_S, 1);
	struct tw_spec_policy *policy = b_policy(spec, "leaf");

	set(policy, &policy->breaker.max_connections, 1);
	tw_set_real(&policy->budget.ratio, 0.2, policy->origin);
	set(policy, &policy->budget.min_concurrency, 0);
	set(policy, &policy->retries, 1);
	set(policy, &policy->retry_on, TW_RETRY_5XX);
	tw_set_real(&policy->backoff_multiplier, 1, policy->origin);
	set(policy, &policy->backoff_base, 100 * TW_S);
	set(policy, &policy->backoff_max, 100 * TW_S);
	run(spec, "web", 50, TW_US);
	/* The k-th to come back leaves 50 - k: retry k while k - 1 < the whole
	 * part of (50 - k) / 5, k <= 8: 8.4 is 8, the 9th finds 8.2 after 8. */
	ck_assert_uint_eq(seen("default/leaf", TW_CLIENT).retries, 8);
	tw_observation_release(&obs);
}
END_TEST

START_TEST(envoys_budget_has_a_minimum)
{
	struct tw_spec *spec = two(1, 0, 1);
	struct tw_spec_policy *policy = b_policy(spec, "leaf");

	tw_set_real(&policy->budget.ratio, 0.2, policy->origin);
	set(policy, &policy->retries, 1);
	set(policy, &policy->retry_on, TW_RETRY_5XX);
	tw_set_real(&policy->backoff_multiplier, 1, policy->origin);
	set(policy, &policy->backoff_base, 100 * TW_S);
	set(policy, &policy->backoff_max, 100 * TW_S);
	run(spec, "web", 100, TW_MS);
	ck_assert_uint_eq(seen("default/leaf", TW_CLIENT).retries, 3);
	tw_observation_release(&obs);
}
END_TEST

/* Linkerd's: 5 retries a second over 2 s are there at once, 10; then each five
 * requests earn one. */
START_TEST(linkerds_budget_counts_over_a_span)
{
	struct tw_spec *spec = two(1, 0, 1);
	struct tw_spec_policy *policy = b_policy(spec, "leaf");

	tw_set_real(&policy->budget.ratio, 0.2, policy->origin);
	tw_set_real(&policy->budget.min_per_second, 5, policy->origin);
	set(policy, &policy->budget.interval, 2 * TW_S);
	set(policy, &policy->retries, 1);
	set(policy, &policy->retry_on, TW_RETRY_5XX);
	run(spec, "web", 1000, TW_MS);
	ck_assert_uint_eq(
		seen("default/leaf", TW_CLIENT).retries, 10 + 1000 / 5);
	tw_observation_release(&obs);
}
END_TEST

/* gRPC A6 with 4 tokens: failures take the first two tries' tokens; at 2 of 4
 * there are no more. Every success gives a half. */
START_TEST(grpcs_throttle_counts_tokens)
{
	struct tw_spec *spec = two(1, 0, 1);
	struct tw_spec_policy *policy = b_policy(spec, "leaf");
	struct tw_cell cell;

	set(policy, &policy->throttle.max_tokens, 4);
	set(policy, &policy->retries, 5);
	set(policy, &policy->retry_on, TW_RETRY_5XX);
	run(spec, "web", 10, TW_S);
	cell = seen("default/leaf", TW_CLIENT);
	/* The first call: 4 -> 3, a retry; 3 -> 2, none. */
	ck_assert_uint_eq(cell.retries, 1);
	ck_assert_uint_eq(cell.denied, 10);
	tw_observation_release(&obs);
}
END_TEST

/* ---- replicas that were tried ---------------------------------------- */

struct tries {
	uint64_t n, again; /* tries; to a replica that the call had tried */
	uint32_t tried[3];
};

static void on_event(void *context, const struct tw_tap_event *event)
{
	struct tries *it = context;

	if (event->kind != TW_TAP_SENT || event->caller != TW_NONE)
		return;
	tw_assert(event->attempt <= 3);
	for (uint32_t i = 1; i < event->attempt; i++)
		if (it->tried[i - 1] == event->replica) {
			it->again++;
			break;
		}
	it->tried[event->attempt - 1] = event->replica;
	it->n++;
}

/* 1000 calls, one at a time, three tries each, to four replicas that all
 * fail. */
static struct tries three_tries(enum tw_balancer balancer, int host_retries)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_service *leaf = b_service(spec, "leaf", 4, 100, 0);
	struct tw_spec_endpoint *fails = b_endpoint(spec, leaf, "*");
	struct tw_spec_policy *policy = b_policy(spec, "leaf");
	struct tries seen_tries = {0};
	struct tw_tap tap = {on_event, &seen_tries};
	struct tw_model *model;

	tw_set_real(&fails->errors, 1, fails->origin);
	set(policy, &policy->balancer, balancer);
	set(policy, &policy->retries, 2);
	set(policy, &policy->retry_on, TW_RETRY_5XX);
	if (host_retries)
		set(policy, &policy->host_retries, host_retries);
	model = b_model(spec);
	b_run(model, &(struct tw_options){.seed = 2, .tap = &tap},
		(struct b_traffic){.n = 1000,
			.gap = TW_S,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "leaf"), NULL)},
		&obs);
	tw_observation_release(&obs);
	tw_model_free(model);
	tw_spec_free(spec);
	ck_assert_uint_eq(seen_tries.n, 3000);
	return seen_tries;
}

/*
 * At random, of 1000 second tries a quarter and of third tries 7/16 fall on a
 * replica that was tried: 687.5 in all, to within 100 (over four standard
 * deviations). Chosen again once, less than half of that: 1/16 of the second
 * tries, and at most 1/4 of the third. Fifty times: none.
 */
START_TEST(a_retry_avoids_replicas_that_were_tried)
{
	struct tries blind = three_tries(TW_BALANCE_RANDOM, 0);
	struct tries once = three_tries(TW_BALANCE_RANDOM, 1);

	ck_assert_uint_ge(blind.again, 588);
	ck_assert_uint_le(blind.again, 787);
	ck_assert_uint_le(once.again, blind.again / 2);
	ck_assert_uint_ge(once.again, 100);
	ck_assert_uint_eq(three_tries(TW_BALANCE_RANDOM, 50).again, 0);
	ck_assert_uint_eq(three_tries(TW_BALANCE_LEAST_REQUEST, 50).again, 0);
	ck_assert_uint_eq(three_tries(TW_BALANCE_ROUND_ROBIN, 1).again, 0);
}
END_TEST

TW_TESTS("twin/proxy", a_retry_avoids_replicas_that_were_tried,
	a_breaker_bounds_requests, each_proxy_has_its_own,
	endpoints_share_a_breaker, a_breaker_bounds_retries,
	envoys_budget_counts_what_is_at_work, envoys_budget_counts_what_waits,
	envoys_budget_has_a_minimum, linkerds_budget_counts_over_a_span,
	grpcs_throttle_counts_tokens)
