/*
 * Golden event logs: what happens, line by line, in small systems. A change
 * of a line is a change of what the twin means.
 */
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

struct log {
	const struct tw_model *model;
	struct tw_buf text;
};

static void write_event(void *context, const struct tw_tap_event *event)
{
	struct log *log = context;

	tw_tap_text(log->model, event, &log->text);
	tw_buf_add_char(&log->text, '\n');
}

/* Runs n regular arrivals, one every gap, and compares the log. */
static void expect(struct tw_spec *spec, const char *kind, const char *args,
	uint64_t n, tw_time gap, const char *lines)
{
	struct tw_model *model = b_model(spec);
	struct log log = {.model = model};
	struct tw_tap tap = {write_event, &log};
	struct tw_scenario scenario;
	struct tw_observation obs;
	struct tw_diags diags;

	tw_diags_init(&diags);
	tw_scenario_init(&scenario);
	if (kind)
		ck_assert(b_fault(&scenario, model, kind, args, &diags));
	b_run(model, &(struct tw_options){.tap = &tap, .scenario = &scenario},
		(struct b_traffic){.n = n,
			.gap = gap,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "web"), NULL)},
		&obs);
	if (strcmp(tw_buf_text(&log.text), lines)) {
		fprintf(stderr, "%s\n", tw_buf_text(&log.text));
		ck_abort_msg("the log above is not what was expected");
	}
	tw_buf_release(&log.text);
	tw_observation_release(&obs);
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	tw_model_free(model);
	tw_spec_free(spec);
}

/* web works 1 ms and calls cart, which has `replicas` with one worker and a
 * queue of one, and works 2 ms; 1 ms there and back. */
static struct tw_spec *web_and_cart(int replicas)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 1, 8, 8), "GET /");
	struct tw_spec_service *cart = b_service(spec, "cart", replicas, 1, 1);

	b_work(spec, &home->steps, TW_STEP_CPU, b_constant(TW_MS));
	b_call(spec, &home->steps, "cart", "Get");
	b_work(spec, &b_endpoint(spec, cart, "Get")->steps, TW_STEP_CPU,
		b_constant(2 * TW_MS));
	b_node(spec, "w", 1, "a");
	b_link(spec, "same", "same", TW_MS);
	return spec;
}

START_TEST(one_request)
{
	expect(web_and_cart(1), NULL, NULL, 1, 10 * TW_MS,
		/* clang-format off */
"0.010000000s default/web GET / arrives\n"
"0.010000000s default/web GET / attempt 1 is sent to default/web-1 by outside\n"
"0.010000000s default/web GET / attempt 1 starts on default/web-1\n"
"0.011000000s default/cart Get attempt 1 is sent to default/cart-1 by default/web\n"
"0.011500000s default/cart Get attempt 1 starts on default/cart-1\n"
"0.013500000s default/cart Get attempt 1 finishes on default/cart-1 200\n"
"0.014000000s default/cart Get returns to default/web 200\n"
"0.014000000s default/web GET / attempt 1 finishes on default/web-1 200\n"
"0.014000000s default/web GET / returns to outside 200\n"
		/* clang-format on */
	);
}
END_TEST

START_TEST(queue_and_shed)
{
	expect(web_and_cart(1), NULL, NULL, 3, 100 * TW_US,
		/* clang-format off */
"0.000100000s default/web GET / arrives\n"
"0.000100000s default/web GET / attempt 1 is sent to default/web-1 by outside\n"
"0.000100000s default/web GET / attempt 1 starts on default/web-1\n"
"0.000200000s default/web GET / arrives\n"
"0.000200000s default/web GET / attempt 1 is sent to default/web-1 by outside\n"
"0.000200000s default/web GET / attempt 1 starts on default/web-1\n"
"0.000300000s default/web GET / arrives\n"
"0.000300000s default/web GET / attempt 1 is sent to default/web-1 by outside\n"
"0.000300000s default/web GET / attempt 1 starts on default/web-1\n"
"0.001100000s default/cart Get attempt 1 is sent to default/cart-1 by default/web\n"
"0.001200000s default/cart Get attempt 1 is sent to default/cart-1 by default/web\n"
"0.001300000s default/cart Get attempt 1 is sent to default/cart-1 by default/web\n"
"0.001600000s default/cart Get attempt 1 starts on default/cart-1\n"
"0.001700000s default/cart Get attempt 1 is queued on default/cart-1\n"
"0.001800000s default/cart Get attempt 1 is shed on default/cart-1 503\n"
"0.002300000s default/cart Get returns to default/web 503\n"
"0.002300000s default/web GET / attempt 1 finishes on default/web-1 500\n"
"0.002300000s default/web GET / returns to outside 500\n"
"0.003600000s default/cart Get attempt 1 finishes on default/cart-1 200\n"
"0.003600000s default/cart Get attempt 1 starts on default/cart-1\n"
"0.004100000s default/cart Get returns to default/web 200\n"
"0.004100000s default/web GET / attempt 1 finishes on default/web-1 200\n"
"0.004100000s default/web GET / returns to outside 200\n"
"0.005600000s default/cart Get attempt 1 finishes on default/cart-1 200\n"
"0.006100000s default/cart Get returns to default/web 200\n"
"0.006100000s default/web GET / attempt 1 finishes on default/web-1 200\n"
"0.006100000s default/web GET / returns to outside 200\n"
		/* clang-format on */
	);
}
END_TEST

START_TEST(timeout_and_retry)
{
	struct tw_spec *spec = web_and_cart(2);
	struct tw_spec_policy *policy = b_policy(spec, "cart");

	tw_set_int(&policy->try_timeout, 2 * TW_MS, policy->origin);
	tw_set_int(&policy->retries, 1, policy->origin);
	tw_set_int(&policy->retry_on, TW_RETRY_5XX, policy->origin);
	expect(spec, NULL, NULL, 1, 10 * TW_MS,
		/* clang-format off */
"0.010000000s default/web GET / arrives\n"
"0.010000000s default/web GET / attempt 1 is sent to default/web-1 by outside\n"
"0.010000000s default/web GET / attempt 1 starts on default/web-1\n"
"0.011000000s default/cart Get attempt 1 is sent to default/cart-2 by default/web\n"
"0.011500000s default/cart Get attempt 1 starts on default/cart-2\n"
"0.013000000s default/cart Get attempt 1 times out\n"
"0.013000000s default/cart Get attempt 1 is tried again\n"
"0.013500000s default/cart Get attempt 1 finishes on default/cart-2 200\n"
"0.018879236s default/cart Get attempt 2 is sent to default/cart-1 by default/web\n"
"0.019379236s default/cart Get attempt 2 starts on default/cart-1\n"
"0.020879236s default/cart Get attempt 2 times out\n"
"0.020879236s default/cart Get returns to default/web 504\n"
"0.020879236s default/web GET / attempt 1 finishes on default/web-1 500\n"
"0.020879236s default/web GET / returns to outside 500\n"
"0.021379236s default/cart Get attempt 2 finishes on default/cart-1 200\n"
		/* clang-format on */
	);
}
END_TEST

START_TEST(replica_dies_and_returns)
{
	struct tw_spec *spec = web_and_cart(2);
	const struct tw_origin *by = spec->nodes.v[0]->origin;

	tw_set_int(&spec->endpoint_delay, 10 * TW_MS, by);
	expect(spec, "replica-kill", "replica=cart-2 at=7ms restart=12ms", 6,
		5 * TW_MS,
		/* clang-format off */
"0.005000000s default/web GET / arrives\n"
"0.005000000s default/web GET / attempt 1 is sent to default/web-1 by outside\n"
"0.005000000s default/web GET / attempt 1 starts on default/web-1\n"
"0.006000000s default/cart Get attempt 1 is sent to default/cart-2 by default/web\n"
"0.006500000s default/cart Get attempt 1 starts on default/cart-2\n"
"0.007000000s fault replica-kill replica=cart-2 at=7ms restart=12ms begins\n"
"0.007000000s replica default/cart-2 dies\n"
"0.007000000s default/cart Get attempt 1 is reset on default/cart-2\n"
"0.007500000s default/cart Get returns to default/web 503\n"
"0.007500000s default/web GET / attempt 1 finishes on default/web-1 500\n"
"0.007500000s default/web GET / returns to outside 500\n"
"0.010000000s default/web GET / arrives\n"
"0.010000000s default/web GET / attempt 1 is sent to default/web-1 by outside\n"
"0.010000000s default/web GET / attempt 1 starts on default/web-1\n"
"0.011000000s default/cart Get attempt 1 is sent to default/cart-1 by default/web\n"
"0.011500000s default/cart Get attempt 1 starts on default/cart-1\n"
"0.013500000s default/cart Get attempt 1 finishes on default/cart-1 200\n"
"0.014000000s default/cart Get returns to default/web 200\n"
"0.014000000s default/web GET / attempt 1 finishes on default/web-1 200\n"
"0.014000000s default/web GET / returns to outside 200\n"
"0.015000000s default/web GET / arrives\n"
"0.015000000s default/web GET / attempt 1 is sent to default/web-1 by outside\n"
"0.015000000s default/web GET / attempt 1 starts on default/web-1\n"
"0.016000000s default/cart Get attempt 1 is sent to default/cart-2 by default/web\n"
"0.017000000s replica default/cart-2 is no longer listed\n"
"0.017000000s default/cart Get returns to default/web 503\n"
"0.017000000s default/web GET / attempt 1 finishes on default/web-1 500\n"
"0.017000000s default/web GET / returns to outside 500\n"
"0.019000000s fault replica-kill replica=cart-2 at=7ms restart=12ms ends\n"
"0.019000000s replica default/cart-2 is ready\n"
"0.020000000s default/web GET / arrives\n"
"0.020000000s default/web GET / attempt 1 is sent to default/web-1 by outside\n"
"0.020000000s default/web GET / attempt 1 starts on default/web-1\n"
"0.021000000s default/cart Get attempt 1 is sent to default/cart-1 by default/web\n"
"0.021500000s default/cart Get attempt 1 starts on default/cart-1\n"
"0.023500000s default/cart Get attempt 1 finishes on default/cart-1 200\n"
"0.024000000s default/cart Get returns to default/web 200\n"
"0.024000000s default/web GET / attempt 1 finishes on default/web-1 200\n"
"0.024000000s default/web GET / returns to outside 200\n"
"0.025000000s default/web GET / arrives\n"
"0.025000000s default/web GET / attempt 1 is sent to default/web-1 by outside\n"
"0.025000000s default/web GET / attempt 1 starts on default/web-1\n"
"0.026000000s default/cart Get attempt 1 is sent to default/cart-1 by default/web\n"
"0.026500000s default/cart Get attempt 1 starts on default/cart-1\n"
"0.028500000s default/cart Get attempt 1 finishes on default/cart-1 200\n"
"0.029000000s replica default/cart-2 is listed\n"
"0.029000000s default/cart Get returns to default/web 200\n"
"0.029000000s default/web GET / attempt 1 finishes on default/web-1 200\n"
"0.029000000s default/web GET / returns to outside 200\n"
"0.030000000s default/web GET / arrives\n"
"0.030000000s default/web GET / attempt 1 is sent to default/web-1 by outside\n"
"0.030000000s default/web GET / attempt 1 starts on default/web-1\n"
"0.031000000s default/cart Get attempt 1 is sent to default/cart-1 by default/web\n"
"0.031500000s default/cart Get attempt 1 starts on default/cart-1\n"
"0.033500000s default/cart Get attempt 1 finishes on default/cart-1 200\n"
"0.034000000s default/cart Get returns to default/web 200\n"
"0.034000000s default/web GET / attempt 1 finishes on default/web-1 200\n"
"0.034000000s default/web GET / returns to outside 200\n"
		/* clang-format on */
	);
}
END_TEST

START_TEST(parallel_and_optional)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 1, 8, 8), "GET /");
	struct tw_spec_step *side =
		b_step(spec, &home->steps, TW_STEP_PARALLEL);
	struct tw_spec_step *ads;

	b_work(spec,
		&b_endpoint(spec, b_service(spec, "cart", 1, 1, 1), "Get")
			 ->steps,
		TW_STEP_WAIT, b_constant(3 * TW_MS));
	b_work(spec,
		&b_endpoint(spec, b_service(spec, "ads", 1, 1, 1), "Get")
			 ->steps,
		TW_STEP_WAIT, b_constant(9 * TW_MS));
	b_call(spec, &side->children, "cart", "Get");
	ads = b_call(spec, &side->children, "ads", "Get");
	ads->optional = true;
	tw_set_int(&ads->timeout, 5 * TW_MS, ads->origin);
	expect(spec, NULL, NULL, 1, TW_MS,
		/* clang-format off */
"0.001000000s default/web GET / arrives\n"
"0.001000000s default/web GET / attempt 1 is sent to default/web-1 by outside\n"
"0.001000000s default/web GET / attempt 1 starts on default/web-1\n"
"0.001000000s default/cart Get attempt 1 is sent to default/cart-1 by default/web\n"
"0.001000000s default/cart Get attempt 1 starts on default/cart-1\n"
"0.001000000s default/ads Get attempt 1 is sent to default/ads-1 by default/web\n"
"0.001000000s default/ads Get attempt 1 starts on default/ads-1\n"
"0.004000000s default/cart Get attempt 1 finishes on default/cart-1 200\n"
"0.004000000s default/cart Get returns to default/web 200\n"
"0.006000000s default/ads Get attempt 1 times out\n"
"0.006000000s default/ads Get returns to default/web 504\n"
"0.006000000s default/web GET / attempt 1 finishes on default/web-1 200\n"
"0.006000000s default/web GET / returns to outside 200\n"
"0.010000000s default/ads Get attempt 1 finishes on default/ads-1 200\n"
		/* clang-format on */
	);
}
END_TEST

TW_TESTS("twin/golden", one_request, queue_and_shed, timeout_and_retry,
	replica_dies_and_returns, parallel_and_optional)
