/*
 * A warm-up is run like the rest and seen by nobody: what counts after it is
 * what a run without it saw from then on.
 */
#include "harness/gate/measure.h"
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

#define WARMUP	 (4 * TW_S)
#define ARRIVALS 5000
#define GAP	 (2 * TW_MS) /* 10 s in all */

static struct tw_spec *slow_start(void)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *web =
		b_endpoint(spec, b_service(spec, "web", 2, 2, 8), "*");

	b_node(spec, "node", 2, "a");
	b_work(spec, &web->steps, TW_STEP_CPU, b_exponential(6 * TW_MS));
	b_call(spec, &web->steps, "db", NULL);
	b_work(spec,
		&b_endpoint(spec, b_service(spec, "db", 1, 8, 64), "*")->steps,
		TW_STEP_WAIT, b_exponential(TW_MS));
	return spec;
}

/* db is slow from `at` for 2 s. */
static void run(tw_time warmup, const char *at, struct tw_observation *to)
{
	struct tw_spec *spec = slow_start();
	struct tw_model *model = b_model(spec);
	struct tw_scenario scenario;
	struct tw_diags diags;
	char fault[64];

	tw_diags_init(&diags);
	tw_scenario_init(&scenario);
	snprintf(fault, sizeof fault, "service=db factor=30 at=%s for=2s", at);
	ck_assert(b_fault(&scenario, model, "slow", fault, &diags));
	b_run(model,
		&(struct tw_options){
			.seed = 3, .warmup = warmup, .scenario = &scenario},
		(struct b_traffic){.seed = 5,
			.n = ARRIVALS,
			.gap = GAP,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "web"), NULL)},
		to);
	tw_observation_sort(to);
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	tw_model_free(model);
	tw_spec_free(spec);
}

static struct tw_sample measure(
	const char *text, const struct tw_observation *seen)
{
	struct tw_arena arena;
	struct tw_diags diags;
	struct tw_check check;
	struct tw_group_key any = {0};
	struct tw_sample sample;

	tw_arena_init(&arena);
	tw_diags_init(&diags);
	ck_assert(!tw_check_parse(
		&check, &arena, tw_str_of(text), (struct tw_pos){0}, &diags));
	sample = tw_measure(&check, &any, (struct tw_runs){&seen, 1}, 0, 1);
	tw_diags_release(&diags);
	tw_arena_release(&arena);
	return sample;
}

static const struct tw_cell *same_cell(
	const struct tw_observation *obs, const struct tw_cell *cell)
{
	for (size_t i = 0; i < obs->cells.n; i++) {
		const struct tw_cell_key *a = &obs->cells.v[i].key;
		const struct tw_cell_key *b = &cell->key;

		if (!strcmp(a->caller, b->caller) &&
			!strcmp(a->service, b->service) &&
			!strcmp(a->zone, b->zone) && a->side == b->side &&
			a->window == b->window)
			return &obs->cells.v[i];
	}
	ck_abort_msg("a series is lost");
	return NULL;
}

/* The whole run's seconds, but none of the first `skip`. */
static void expect_tail(
	const struct tw_cell *whole, const struct tw_cell *tail, size_t skip)
{
	uint64_t count = 0, errors = 0;

	for (size_t k = 0; k < whole->slices.n; k++) {
		struct tw_slice now = {0}, then = {0};

		if (k >= skip)
			then = whole->slices.v[k];
		if (k < tail->slices.n)
			now = tail->slices.v[k];
		ck_assert_uint_eq(now.count, then.count);
		ck_assert_uint_eq(now.errors, then.errors);
		ck_assert_int_eq(now.latency_sum, then.latency_sum);
		ck_assert_int_eq(now.latency_max, then.latency_max);
		count += then.count;
		errors += then.errors;
	}
	ck_assert_uint_eq(tail->count, count);
	ck_assert_uint_eq(tail->errors, errors);
	ck_assert_uint_eq(tail->latency.count, count);
}

START_TEST(what_ended_before_counts_nowhere)
{
	struct tw_observation whole, tail;
	uint64_t roots = 0;

	run(0, "6s", &whole);
	run(WARMUP, "6s", &tail);
	ck_assert_uint_eq(whole.arrivals, ARRIVALS);
	ck_assert_uint_eq(whole.cells.n, tail.cells.n);
	for (size_t i = 0; i < whole.cells.n; i++) {
		const struct tw_cell *cell = &whole.cells.v[i];
		const struct tw_cell *later = same_cell(&tail, cell);

		expect_tail(cell, later, 4);
		if (!strcmp(cell->key.caller, TW_OUTSIDE) &&
			cell->key.side == TW_CLIENT)
			roots += later->count;
	}
	/* Roughly: who was on the way at 4 s is among them. */
	ck_assert_uint_gt(roots, ARRIVALS / 2);
	ck_assert_uint_lt(roots, ARRIVALS);
	ck_assert_uint_eq(tail.arrivals, roots);
	ck_assert_uint_eq(tail.completed, roots);
	for (size_t i = 0; i < tail.failed.n; i++)
		ck_assert_int_ge(
			tail.failed.v[i].at + tail.failed.v[i].latency, WARMUP);
	for (size_t i = 0; i < whole.gauges.n; i++)
		for (size_t k = 0; k < whole.gauges.v[i].slices.n; k++) {
			struct tw_gauge_slice now =
				tail.gauges.v[i].slices.v[k];
			struct tw_gauge_slice then =
				whole.gauges.v[i].slices.v[k];

			ck_assert_uint_eq(now.queue, k < 4 ? 0 : then.queue);
			ck_assert_int_eq(now.busy, k < 4 ? 0 : then.busy);
			ck_assert_int_eq(
				now.capacity, k < 4 ? 0 : then.capacity);
		}
	tw_observation_release(&whole);
	tw_observation_release(&tail);
}
END_TEST

/* Which would be wrong if the warm-up moved the clock. */
START_TEST(times_stay_those_of_the_run)
{
	static const char recovery[] = "recovery_time(mean(latency{service='"
				       "default/web'}) <= 30ms) <= 60s";
	struct tw_observation whole, tail;
	struct tw_sample a, b;

	run(0, "6s", &whole);
	run(WARMUP, "6s", &tail);
	ck_assert_int_eq(whole.fault_start, tail.fault_start);
	ck_assert_int_eq(whole.fault_end, tail.fault_end);
	a = measure(recovery, &whole);
	b = measure(recovery, &tail);
	ck_assert(a.present && b.present);
	ck_assert_double_eq(a.value, b.value);
	a = measure("p99(latency{window='during'}) <= 1s", &whole);
	b = measure("p99(latency{window='during'}) <= 1s", &tail);
	ck_assert_double_eq(a.value, b.value);
	ck_assert_uint_eq(a.calls, b.calls);
	a = measure("p99(latency{window='before'}) <= 1s", &whole);
	b = measure("p99(latency{window='before'}) <= 1s", &tail);
	ck_assert_uint_gt(a.calls, b.calls);
	tw_observation_release(&whole);
	tw_observation_release(&tail);
}
END_TEST

START_TEST(rates_are_of_what_counts)
{
	struct tw_observation tail;
	struct tw_sample rate;

	run(WARMUP + 500 * TW_MS, "6s", &tail);
	rate = measure("rate(requests{caller='outside'}) >= 1", &tail);
	ck_assert_double_gt(rate.value, 450);
	ck_assert_double_lt(rate.value, 550);
	tw_observation_release(&tail);
}
END_TEST

START_TEST(an_end_that_nobody_saw_has_no_recovery)
{
	static const char recovery[] =
		"recovery_time(mean(latency) <= 30ms) <= 60s";
	struct tw_observation seen;

	run(WARMUP, "1s", &seen);
	ck_assert(!measure(recovery, &seen).present);
	tw_observation_release(&seen);
	run(WARMUP, "2s", &seen);
	ck_assert(measure(recovery, &seen).present);
	tw_observation_release(&seen);
}
END_TEST

TW_TESTS("gate/warmup", what_ended_before_counts_nowhere,
	times_stay_those_of_the_run, rates_are_of_what_counts,
	an_end_that_nobody_saw_has_no_recovery)
