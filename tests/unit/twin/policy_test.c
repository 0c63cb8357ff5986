/* Timeouts, retries and services that are answered from outside. */
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

static void run(struct tw_spec *spec, const char *entry, uint64_t n,
	tw_time gap, struct tw_observation *obs)
{
	struct tw_model *model = b_model(spec);

	b_run(model, &(struct tw_options){.seed = 2},
		(struct b_traffic){.n = n,
			.gap = gap,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, entry), NULL)},
		obs);
	tw_model_free(model);
	tw_spec_free(spec);
}

static uint64_t served(const struct tw_observation *obs, const char *service)
{
	struct tw_cell sum = b_sum(obs, service, TW_SERVER, NULL);

	tw_histogram_release(&sum.latency);
	return sum.count;
}

/* A chain of depth d, r retries a hop, a leaf that always fails: the leaf
 * gets (1 + r)^d. */
START_TEST(retries_multiply_along_a_path)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_policy *policy = b_policy(spec, "default/s*");
	struct tw_spec_endpoint *at =
		b_endpoint(spec, b_service(spec, "entry", 1, 1000, 0), "*");
	struct tw_observation obs;

	tw_set_int(&policy->retries, 2, policy->origin);
	tw_set_int(&policy->retry_on, TW_RETRY_5XX, policy->origin);
	for (int i = 1; i <= 3; i++) {
		char name[16];

		snprintf(name, sizeof name, "s%d", i);
		b_call(spec, &at->steps, tw_arena_strdup(&spec->arena, name),
			NULL);
		at = b_endpoint(spec, b_service(spec, name, 1, 1000, 0), "*");
	}
	tw_set_real(&at->errors, 1, at->origin);
	run(spec, "entry", 10, TW_S, &obs);
	ck_assert_uint_eq(served(&obs, "default/s3"), 270);
	ck_assert_uint_eq(served(&obs, "default/s1"), 30);
	tw_observation_release(&obs);
}
END_TEST

/* Means of the back-offs of Envoy: (2^n - 1) * base / 2, and its cap. */
START_TEST(back_off_is_envoys)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_policy *policy = b_policy(spec, "leaf");
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 1, 100000, 0), "*");
	struct tw_spec_endpoint *leaf =
		b_endpoint(spec, b_service(spec, "leaf", 1, 1000, 0), "*");
	struct tw_observation obs;
	struct tw_cell cell;
	double mean;

	tw_set_int(&policy->retries, 5, policy->origin);
	tw_set_int(&policy->retry_on, TW_RETRY_5XX, policy->origin);
	tw_set_real(&leaf->errors, 1, leaf->origin);
	b_call(spec, &home->steps, "leaf", NULL);
	run(spec, "web", 20000, TW_MS, &obs);
	cell = b_sum(&obs, "default/leaf", TW_CLIENT, NULL);
	mean = (double)cell.backoff / (double)cell.count / (double)TW_MS;
	/* Ranges of 25, 75, 175, 250, 250 ms; standard error 0.9 ms. */
	ck_assert(mean > 387.5 - 4 && mean < 387.5 + 4);
	ck_assert_uint_eq(cell.retries, 5 * cell.count);
	tw_histogram_release(&cell.latency);
	tw_observation_release(&obs);
}
END_TEST

static struct tw_spec *slow_leaf(struct tw_spec_step **call)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 1, 100, 0), "*");

	b_work(spec,
		&b_endpoint(spec, b_service(spec, "leaf", 1, 100, 0), "*")
			 ->steps,
		TW_STEP_WAIT, b_constant(TW_S));
	*call = b_call(spec, &home->steps, "leaf", NULL);
	return spec;
}

/* The route's timeout covers all tries: it cuts the second one short. */
START_TEST(route_timeout_covers_all_tries)
{
	struct tw_spec_step *call;
	struct tw_spec *spec = slow_leaf(&call);
	struct tw_spec_policy *policy = b_policy(spec, "leaf");
	struct tw_observation obs;
	struct tw_cell cell;

	tw_set_int(&policy->timeout, 700 * TW_MS, policy->origin);
	tw_set_int(&policy->try_timeout, 500 * TW_MS, policy->origin);
	tw_set_int(&policy->retries, 9, policy->origin);
	tw_set_int(&policy->retry_on, TW_RETRY_TIMEOUT, policy->origin);
	run(spec, "web", 1, TW_S, &obs);
	cell = b_sum(&obs, "default/leaf", TW_CLIENT, NULL);
	ck_assert_int_eq(cell.latency.max, 700 * TW_MS);
	ck_assert_uint_eq(cell.retries, 1);
	ck_assert_uint_eq(cell.timeouts, 1);
	tw_histogram_release(&cell.latency);
	cell = b_sum(&obs, "default/leaf", TW_SERVER, NULL);
	ck_assert_uint_eq(cell.abandoned, 2);
	ck_assert_int_eq(cell.worked, 2 * TW_S);
	tw_histogram_release(&cell.latency);
	tw_observation_release(&obs);
}
END_TEST

/* Proxies that do not pause (haproxy's redispatch, nginx's next upstream) have
 * a back-off of 0: three tries of 200 ms are over at 600 ms. */
START_TEST(no_backoff_is_no_pause)
{
	struct tw_spec_step *call;
	struct tw_spec *spec = slow_leaf(&call);
	struct tw_spec_policy *policy = b_policy(spec, "leaf");
	struct tw_observation obs;
	struct tw_cell cell;

	tw_set_int(&policy->try_timeout, 200 * TW_MS, policy->origin);
	tw_set_int(&policy->retries, 2, policy->origin);
	tw_set_int(&policy->retry_on, TW_RETRY_TIMEOUT, policy->origin);
	tw_set_int(&policy->backoff_base, 0, policy->origin);
	run(spec, "web", 1, TW_S, &obs);
	cell = b_sum(&obs, "default/leaf", TW_CLIENT, NULL);
	ck_assert_int_eq(cell.latency.max, 600 * TW_MS);
	ck_assert_uint_eq(cell.retries, 2);
	ck_assert_int_eq(cell.backoff, 0);
	tw_histogram_release(&cell.latency);
	tw_observation_release(&obs);
}
END_TEST

/* The application's timeout is outermost, its retries start over. */
START_TEST(application_timeout_is_outermost)
{
	struct tw_spec_step *call;
	struct tw_spec *spec = slow_leaf(&call);
	struct tw_spec_policy *policy = b_policy(spec, "leaf");
	struct tw_observation obs;
	struct tw_cell cell;

	tw_set_int(&policy->timeout, 200 * TW_MS, policy->origin);
	tw_set_int(&policy->backoff_base, 1, policy->origin);
	tw_set_int(&call->timeout, 500 * TW_MS, call->origin);
	tw_set_int(&call->retries, 9, call->origin);
	run(spec, "web", 1, TW_S, &obs);
	cell = b_sum(&obs, "default/leaf", TW_CLIENT, NULL);
	ck_assert_int_eq(cell.latency.max, 500 * TW_MS);
	ck_assert_uint_eq(cell.retries, 2);
	tw_histogram_release(&cell.latency);
	tw_observation_release(&obs);
}
END_TEST

/* ---- outside -------------------------------------------------------- */

struct outside {
	TW_VEC(struct tw_begin) begun;
	TW_VEC(uint64_t) cancelled;
	TW_VEC(struct tw_outcome) done;
};

static void on_begin(void *context, const struct tw_begin *begin)
{
	tw_vec_push(&((struct outside *)context)->begun, *begin);
}

static void on_cancel(void *context, uint64_t handle)
{
	tw_vec_push(&((struct outside *)context)->cancelled, handle);
}

static void on_done(void *context, const struct tw_outcome *outcome)
{
	tw_vec_push(&((struct outside *)context)->done, *outcome);
}

/* A real candidate "web" between the outside and "leaf", by hand. */
START_TEST(an_outside_service_answers_and_calls)
{
	static const struct tw_outside vtable = {on_begin, on_cancel};
	struct tw_spec_step *call;
	struct tw_spec *spec = slow_leaf(&call);
	struct tw_spec_policy *policy = b_policy(spec, "web");
	struct outside seen = {0};
	struct tw_observation obs;
	struct tw_twin *twin;
	struct tw_model *model;
	uint32_t web, leaf;
	struct tw_cell cell;

	tw_set_int(&policy->timeout, 3 * TW_S, policy->origin);
	model = b_model(spec);
	web = tw_model_service(model, "web");
	leaf = tw_model_service(model, "leaf");
	twin = tw_twin_new(
		model, &(struct tw_options){.done = on_done, .context = &seen});
	tw_twin_set_outside(twin, web, &vtable, &seen);
	tw_twin_offer(
		twin, &(struct tw_arrival){.at = 5,
			      .endpoint = tw_model_endpoint(model, web, NULL),
			      .caller = TW_NONE,
			      .key = tw_arrival_key(7, 0),
			      .position = 7,
			      .user = 70});
	ck_assert_uint_eq(seen.begun.n, 1);
	ck_assert_uint_eq(seen.begun.v[0].position, 7);
	ck_assert_uint_eq(seen.begun.v[0].user, 70);
	ck_assert(seen.begun.v[0].from_outside);
	tw_twin_offer(
		twin, &(struct tw_arrival){.at = 10,
			      .endpoint = tw_model_endpoint(model, leaf, NULL),
			      .caller = web,
			      .key = tw_call_key(model, seen.begun.v[0].key,
				      tw_model_endpoint(model, leaf, NULL), 0),
			      .user = 71});
	ck_assert_int_eq(tw_twin_next(twin), 10 + TW_S);
	tw_twin_advance(twin, 10 + TW_S);
	ck_assert_uint_eq(seen.done.n, 1);
	ck_assert_uint_eq(seen.done.v[0].user, 71);
	ck_assert_int_eq(seen.done.v[0].status, 200);
	ck_assert_int_eq(seen.done.v[0].latency, TW_S);
	tw_twin_complete(twin, 2 * TW_S, seen.begun.v[0].handle, 204);
	ck_assert_int_eq(seen.done.v[1].status, 204);
	ck_assert_int_eq(seen.done.v[1].latency, 2 * TW_S - 5);

	/* The second one is too late. */
	tw_twin_offer(
		twin, &(struct tw_arrival){.at = 3 * TW_S,
			      .endpoint = tw_model_endpoint(model, web, NULL),
			      .caller = TW_NONE,
			      .key = tw_arrival_key(8, 0),
			      .user = 80});
	tw_twin_advance(twin, 6 * TW_S);
	ck_assert_uint_eq(seen.cancelled.n, 1);
	ck_assert_uint_eq(seen.cancelled.v[0], seen.begun.v[1].handle);
	ck_assert_int_eq(seen.done.v[2].status, 504);
	ck_assert(seen.done.v[2].timed_out);
	tw_twin_complete(twin, 7 * TW_S, seen.begun.v[1].handle, 200);

	/* The third is never answered: the end of the run cuts it off. */
	tw_twin_offer(
		twin, &(struct tw_arrival){.at = 8 * TW_S,
			      .endpoint = tw_model_endpoint(model, web, NULL),
			      .caller = TW_NONE,
			      .key = tw_arrival_key(9, 0),
			      .user = 90});
	tw_twin_stop(twin, 9 * TW_S);
	ck_assert_uint_eq(seen.done.n, 4);
	ck_assert_int_eq(seen.done.v[3].status, 0);
	ck_assert_uint_eq(seen.cancelled.n, 2);
	tw_twin_finish(twin, 0, &obs);
	ck_assert_uint_eq(obs.late_completions, 1);
	ck_assert_uint_eq(obs.arrivals, 3);
	cell = b_sum(&obs, "default/leaf", TW_CLIENT, "default/web");
	ck_assert_uint_eq(cell.count, 1);
	tw_histogram_release(&cell.latency);
	tw_observation_release(&obs);
	tw_twin_free(twin);
	tw_vec_release(&seen.begun);
	tw_vec_release(&seen.cancelled);
	tw_vec_release(&seen.done);
	tw_model_free(model);
	tw_spec_free(spec);
}
END_TEST

TW_TESTS("twin/policy", retries_multiply_along_a_path, back_off_is_envoys,
	route_timeout_covers_all_tries, no_backoff_is_no_pause,
	application_timeout_is_outermost, an_outside_service_answers_and_calls)
