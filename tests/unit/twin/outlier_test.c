/* Outlier detection, panic, and how replicas are chosen meanwhile. */
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

#include <stdio.h>

/* What the tap saw of ejections, in ms and by replica. */
struct seen {
	const struct tw_model *model;
	struct tw_buf text;
};

static void note(void *context, const struct tw_tap_event *event)
{
	struct seen *seen = context;

	if (event->kind != TW_TAP_EJECTED && event->kind != TW_TAP_BACK)
		return;
	tw_buf_printf(&seen->text, "%lld %s %s\n",
		(long long)(event->at / TW_MS),
		event->kind == TW_TAP_EJECTED ? "out" : "back",
		seen->model->replicas[event->replica].name + 8);
}

static struct tw_cell cell;

/* A regular stream to web, which calls the leaf; faults are parted by '|'.
 * Returns what the tap saw. */
static char *run(
	struct tw_spec *spec, uint64_t n, tw_time gap, const char *faults)
{
	struct tw_model *model = b_model(spec);
	struct seen seen = {.model = model};
	struct tw_tap tap = {note, &seen};
	struct tw_scenario scenario;
	struct tw_observation obs;
	struct tw_diags diags;
	char *text, list[256];

	tw_diags_init(&diags);
	tw_scenario_init(&scenario);
	snprintf(list, sizeof list, "%s", faults ? faults : "");
	for (char *at = list, *one; (one = strsep(&at, "|")) && *one;)
		ck_assert(b_fault(&scenario, model, "error", one, &diags));
	b_run(model,
		&(struct tw_options){
			.seed = 2, .scenario = &scenario, .tap = &tap},
		(struct b_traffic){.n = n,
			.gap = gap,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "web"), NULL)},
		&obs);
	cell = b_sum(&obs, "default/leaf", TW_CLIENT, NULL);
	tw_histogram_release(&cell.latency);
	tw_observation_release(&obs);
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	tw_model_free(model);
	tw_spec_free(spec);
	text = strdup(tw_buf_text(&seen.text));
	tw_buf_release(&seen.text);
	return text;
}

static void set(struct tw_spec_policy *policy, struct tw_int *field, int64_t v)
{
	tw_set_int(field, v, policy->origin);
}

static void share(
	struct tw_spec_policy *policy, struct tw_real *field, double v)
{
	tw_set_real(field, v, policy->origin);
}

static struct tw_spec *leaf_of(int replicas, struct tw_spec_policy **policy)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 1, 1000, 0), "*");

	b_endpoint(spec, b_service(spec, "leaf", replicas, 1000, 0), "*");
	b_call(spec, &home->steps, "leaf", NULL);
	*policy = b_policy(spec, "leaf");
	return spec;
}

static void expect(char *got, const char *wanted)
{
	ck_assert_str_eq(got, wanted);
	free(got);
}

/* One of four fails always: the calls at 20, 60 and 100 ms. Three failures in
 * a row eject it, for the base times how often it was, ending with a sweep. */
START_TEST(the_series_of_ejections)
{
	struct tw_spec_policy *policy;
	struct tw_spec *spec = leaf_of(4, &policy);
	struct tw_spec_outlier *it = &policy->outlier;

	set(policy, &it->consecutive_5xx, 3);
	set(policy, &it->interval, 10 * TW_S);
	set(policy, &it->base_ejection_time, 10 * TW_S);
	share(policy, &it->max_ejection_percent, 0.25);
	expect(run(spec, 13500, 10 * TW_MS, "replica=default/leaf-1"),
		"100 out leaf-1\n"
		"20000 back leaf-1\n"
		"20100 out leaf-1\n"
		"50000 back leaf-1\n"
		"50100 out leaf-1\n"
		"90000 back leaf-1\n"
		"90100 out leaf-1\n");
	ck_assert_uint_eq(cell.ejections, 4);
	ck_assert_uint_eq(cell.errors, 4 * 3);
}
END_TEST

/* The longest ejection, and how times fall off: with max 10 s each is as long
 * as the first. */
START_TEST(an_ejection_has_a_longest_time)
{
	struct tw_spec_policy *policy;
	struct tw_spec *spec = leaf_of(4, &policy);
	struct tw_spec_outlier *it = &policy->outlier;

	set(policy, &it->consecutive_5xx, 3);
	set(policy, &it->interval, 10 * TW_S);
	set(policy, &it->base_ejection_time, 10 * TW_S);
	set(policy, &it->max_ejection_time, 10 * TW_S);
	share(policy, &it->max_ejection_percent, 0.25);
	expect(run(spec, 5000, 10 * TW_MS, "replica=default/leaf-1"),
		"100 out leaf-1\n"
		"20000 back leaf-1\n"
		"20100 out leaf-1\n"
		"40000 back leaf-1\n"
		"40100 out leaf-1\n");
}
END_TEST

static uint64_t ejected_of_all(
	double percent, bool always_one, double panic, uint64_t *shed)
{
	struct tw_spec_policy *policy;
	struct tw_spec *spec = leaf_of(4, &policy);
	struct tw_spec_outlier *it = &policy->outlier;

	set(policy, &it->consecutive_5xx, 3);
	share(policy, &it->max_ejection_percent, percent);
	set(policy, &it->always_eject_one_host, always_one);
	share(policy, &it->panic_threshold, panic);
	free(run(spec, 900, 10 * TW_MS, "service=leaf"));
	*shed = cell.shed;
	return cell.ejections;
}

/* All four fail. */
START_TEST(some_share_at_most_is_ejected)
{
	uint64_t shed;

	ck_assert_uint_eq(ejected_of_all(0.1, false, 0, &shed), 0);
	ck_assert_uint_eq(ejected_of_all(0.1, true, 0, &shed), 1);
	ck_assert_uint_eq(ejected_of_all(0.5, false, 0, &shed), 2);
	ck_assert_uint_eq(ejected_of_all(0.74, true, 0, &shed), 2);
	ck_assert_uint_eq(shed, 0);
	/* Nobody is left, and there is no panic: no healthy upstream. */
	ck_assert_uint_eq(ejected_of_all(1, false, 0, &shed), 4);
	ck_assert_uint_eq(shed, 900 - 12);
	/* In panic all are used. */
	ck_assert_uint_eq(ejected_of_all(1, false, 0.5, &shed), 4);
	ck_assert_uint_eq(shed, 0);
}
END_TEST

/* Of six, one fails half of the time: 95% and so on; 1.9 deviations from the
 * mean of 91.7% are 56%. Consecutive failures are not looked at. */
static char *by_rate(double factor, double threshold, int64_t volume)
{
	struct tw_spec_policy *policy;
	struct tw_spec *spec = leaf_of(6, &policy);
	struct tw_spec_outlier *it = &policy->outlier;

	set(policy, &it->consecutive_5xx, 0);
	share(policy, &it->max_ejection_percent, 0.5);
	share(policy, &it->success_rate_stdev_factor, factor);
	set(policy, &it->success_rate_request_volume, volume);
	if (threshold > 0)
		share(policy, &it->failure_percentage_threshold, threshold);
	set(policy, &it->failure_percentage_request_volume, volume);
	return run(spec, 1500, 10 * TW_MS,
		"replica=default/leaf-2 probability=50%");
}

START_TEST(rates_are_compared_at_sweeps)
{
	expect(by_rate(1.9, 0, 100), "10000 out leaf-2\n");
	/* One of six is never further away than 2.24 deviations. */
	expect(by_rate(2.3, 0, 100), "");
	expect(by_rate(1.9, 0, 1000), "");
	expect(by_rate(0, 0, 100), "");
	expect(by_rate(0, 0.4, 100), "10000 out leaf-2\n");
	expect(by_rate(0, 0.7, 100), "");
}
END_TEST

/* Half of the requests of an interval, and half is the threshold: it counts. */
START_TEST(a_threshold_is_reached_at_it)
{
	struct tw_spec_policy *policy;
	struct tw_spec *spec = leaf_of(5, &policy);
	struct tw_spec_outlier *it = &policy->outlier;

	set(policy, &it->consecutive_5xx, 0);
	share(policy, &it->success_rate_stdev_factor, 0);
	share(policy, &it->max_ejection_percent, 0.5);
	share(policy, &it->failure_percentage_threshold, 0.5);
	set(policy, &it->failure_percentage_request_volume, 39);
	expect(run(spec, 210, 50 * TW_MS,
		       "replica=default/leaf-1 status=503 at=0s for=5010ms"),
		"10000 out leaf-1\n");
}
END_TEST

/* A replica that was good for an interval has one time less: the second
 * ejection is as long as the first. */
START_TEST(times_are_forgotten)
{
	struct tw_spec_policy *policy;
	struct tw_spec *spec = leaf_of(4, &policy);
	struct tw_spec_outlier *it = &policy->outlier;

	set(policy, &it->consecutive_5xx, 2);
	share(policy, &it->success_rate_stdev_factor, 0);
	share(policy, &it->max_ejection_percent, 0.5);
	set(policy, &it->interval, TW_S);
	set(policy, &it->base_ejection_time, 2 * TW_S);
	expect(run(spec, 3000, 10 * TW_MS,
		       "replica=default/leaf-1 at=1s for=500ms|"
		       "replica=default/leaf-1 at=20s for=500ms"),
		"1060 out leaf-1\n4000 back leaf-1\n"
		"20060 out leaf-1\n23000 back leaf-1\n");
}
END_TEST

/* Another failure between ends a row of gateway failures. */
START_TEST(a_row_of_gateway_failures_is_unbroken)
{
	struct tw_spec_policy *policy;
	struct tw_spec *spec = leaf_of(2, &policy);
	struct tw_spec_endpoint *endpoint =
		tw_spec_find_service(spec, NULL, "leaf")->endpoints.v[0].value;

	tw_set_real(&endpoint->errors, 1, policy->origin);
	set(policy, &policy->outlier.consecutive_5xx, 0);
	set(policy, &policy->outlier.consecutive_gateway_failure, 8);
	share(policy, &policy->outlier.max_ejection_percent, 1);
	expect(run(spec, 50, 10 * TW_MS,
		       "service=leaf probability=50% status=503"),
		"");
}
END_TEST

/* 500 is no gateway error; a timeout is, unless local ones count apart. */
static uint64_t by_status(
	const char *fault, int64_t any, int64_t gateway, bool split)
{
	struct tw_spec_policy *policy;
	struct tw_spec *spec = leaf_of(2, &policy);
	struct tw_spec_outlier *it = &policy->outlier;

	set(policy, &it->consecutive_5xx, any);
	set(policy, &it->consecutive_gateway_failure, gateway);
	set(policy, &it->consecutive_local_origin_failure, 0);
	set(policy, &it->split_external_local_origin_errors, split);
	share(policy, &it->max_ejection_percent, 1);
	if (!fault) {
		struct tw_spec_service *leaf =
			tw_spec_find_service(spec, NULL, "leaf");
		struct tw_spec_endpoint *endpoint = leaf->endpoints.v[0].value;

		b_work(spec, &endpoint->steps, TW_STEP_WAIT, b_constant(TW_S));
		set(policy, &policy->try_timeout, TW_MS);
	}
	free(run(spec, 20, 10 * TW_MS, fault));
	return cell.ejections;
}

START_TEST(statuses_count_by_kind)
{
	ck_assert_uint_eq(by_status("service=leaf status=500", 5, 0, 0), 2);
	ck_assert_uint_eq(by_status("service=leaf status=500", 0, 5, 0), 0);
	ck_assert_uint_eq(by_status("service=leaf status=503", 0, 5, 0), 2);
	ck_assert_uint_eq(by_status("service=leaf status=404", 5, 5, 0), 0);
	ck_assert_uint_eq(by_status(NULL, 0, 5, false), 2);
	ck_assert_uint_eq(by_status(NULL, 5, 5, true), 0);
}
END_TEST

TW_TESTS("twin/outlier", the_series_of_ejections,
	an_ejection_has_a_longest_time, some_share_at_most_is_ejected,
	rates_are_compared_at_sweeps, a_threshold_is_reached_at_it,
	times_are_forgotten, a_row_of_gateway_failures_is_unbroken,
	statuses_count_by_kind)
