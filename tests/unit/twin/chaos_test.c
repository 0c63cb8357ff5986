/*
 * Random small systems under random faults. Conservation and Little's law are
 * asserted by tw_twin_finish(). Each run is made twice, the second time with
 * somebody who watches, and must come out the same to the byte: so what goes
 * the plain way (traffic/plain.c) is compared with the long one.
 */
#include "harness/baseline/observed.h"
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

#define SEEDS 400

struct dice {
	uint64_t seed;
	uint32_t n;
};

static uint32_t roll(struct dice *dice, uint32_t below)
{
	return tw_draw_below(dice->seed, 1, 0, dice->n++, below);
}

static const char *name_of(struct tw_spec *spec, uint32_t service)
{
	return tw_arena_printf(&spec->arena, "s%u", service);
}

static struct tw_dist some_law(struct dice *dice)
{
	if (!roll(dice, 4))
		return b_constant(0);
	if (!roll(dice, 3))
		return b_constant(TW_MS);
	return b_exponential((1 + roll(dice, 30)) * TW_MS / 4);
}

static void add_steps(struct tw_spec *spec, struct dice *dice,
	struct tw_spec_steps *to, uint32_t service, uint32_t n, int depth)
{
	uint32_t steps = 1 + roll(dice, 3);

	for (uint32_t i = 0; i < steps; i++) {
		struct tw_spec_step *step;
		uint32_t kind = roll(dice, depth ? 6 : 3);

		if (kind < 2 && service + 1 < n) {
			step = b_call(spec, to,
				name_of(spec,
					service + 1 +
						roll(dice, n - service - 1)),
				NULL);
			step->optional = !roll(dice, 3);
			if (!roll(dice, 3))
				tw_set_int(&step->timeout,
					(1 + roll(dice, 40)) * TW_MS,
					step->origin);
			if (!roll(dice, 4))
				tw_set_int(&step->retries, roll(dice, 3),
					step->origin);
		} else if (kind < 4) {
			step = b_work(spec, to,
				kind == 2 ? TW_STEP_CPU : TW_STEP_WAIT,
				some_law(dice));
		} else {
			step = b_step(spec, to,
				kind == 4 ? TW_STEP_PARALLEL
					  : TW_STEP_SEQUENCE);
			add_steps(spec, dice, &step->children, service, n,
				depth - 1);
		}
		if (!roll(dice, 4))
			tw_set_real(&step->probability, 0.5, step->origin);
		if (!roll(dice, 4))
			tw_set_int(&step->repeat, roll(dice, 4), step->origin);
	}
}

static void add_policy(struct tw_spec *spec, struct dice *dice)
{
	struct tw_spec_policy *it = b_policy(
		spec, tw_arena_printf(&spec->arena, "s%u", roll(dice, 5)));

	if (roll(dice, 2))
		tw_set_int(
			&it->timeout, (1 + roll(dice, 60)) * TW_MS, it->origin);
	if (roll(dice, 2))
		tw_set_int(&it->try_timeout, (1 + roll(dice, 20)) * TW_MS,
			it->origin);
	tw_set_int(&it->retries, roll(dice, 4), it->origin);
	tw_set_int(&it->retry_on, roll(dice, 256), it->origin);
	tw_set_int(&it->balancer, roll(dice, 3), it->origin);
}

static struct tw_spec *some_system(struct dice *dice)
{
	struct tw_spec *spec = tw_spec_new();
	uint32_t n = 2 + roll(dice, 4);

	for (uint32_t s = 0; s < n; s++) {
		struct tw_spec_service *it = b_service(spec, name_of(spec, s),
			1 + (int)roll(dice, 4), 1 + (int)roll(dice, 4),
			(int)roll(dice, 5));
		struct tw_spec_endpoint *does = b_endpoint(spec, it, "*");

		add_steps(spec, dice, &does->steps, s, n, 2);
		if (!roll(dice, 4))
			tw_set_real(&does->errors, 0.1, does->origin);
	}
	for (uint32_t p = roll(dice, 4); p > 0; p--)
		add_policy(spec, dice);
	b_node(spec, "w", 1 + (int)roll(dice, 3), "a");
	b_node(spec, "x", 1 + (int)roll(dice, 2), "b");
	if (roll(dice, 2))
		b_link(spec, "*", "*", roll(dice, 3) * TW_MS / 2);
	tw_set_int(&spec->endpoint_delay, roll(dice, 20) * TW_MS,
		spec->nodes.v[0]->origin);
	tw_set_int(&spec->node_grace, roll(dice, 50) * TW_MS,
		spec->nodes.v[0]->origin);
	tw_set_int(&spec->restart_delay, roll(dice, 40) * TW_MS,
		spec->nodes.v[0]->origin);
	return spec;
}

static void add_faults(struct tw_scenario *scenario,
	const struct tw_model *model, struct dice *dice)
{
	static const struct {
		const char *kind, *args;
	} faults[] = {
		{"replica-kill", "service=s1"},
		{"replica-kill", "replica=s* probability=40%"},
		{"node-down", "node=w*"},
		{"zone-down", "zone=b"},
		{"partition", "from=s0 to=s1"},
		{"partition", "from=a to=b both=false"},
		{"latency", "to=s1 add=9ms jitter=12ms"},
		{"latency", "zone=a add=3ms probability=50%"},
		{"error", "to=* status=503 probability=30%"},
		{"error", "to=s1 status=404"},
		{"slow", "service=s0 factor=3x"},
		{"slow", "node=* factor=1.5x probability=20%"},
		{"surge", "factor=2.5x"},
	};
	struct tw_diags diags;

	tw_diags_init(&diags);
	for (uint32_t i = roll(dice, 5); i > 0; i--) {
		uint32_t which = roll(dice, sizeof faults / sizeof *faults);
		char args[128];
		int at = (int)roll(dice, 200), lasts = (int)roll(dice, 200);

		snprintf(args, sizeof args, "%s at=%dms for=%dms",
			faults[which].args, at, lasts + 1);
		ck_assert_msg(b_fault(scenario, model, faults[which].kind, args,
				      &diags),
			"%s %s: %s", faults[which].kind, args,
			diags.list.v[0]->message);
	}
	tw_diags_release(&diags);
}

static uint64_t digest(struct tw_observation *obs)
{
	struct tw_buf bytes = {0};
	uint64_t hash;

	tw_observation_sort(obs);
	tw_observed_write(obs, &bytes);
	hash = tw_hash_bytes(tw_buf_text(&bytes), bytes.n);
	tw_buf_release(&bytes);
	return hash;
}

/* Of all runs: what never happened was not tested. */
struct totals {
	uint64_t errors, timeouts, shed, retries, abandoned, overflow;
};

static void add_totals(struct totals *to, const struct tw_observation *obs)
{
	to->overflow += obs->overflow;
	for (size_t i = 0; i < obs->cells.n; i++) {
		to->errors += obs->cells.v[i].errors;
		to->timeouts += obs->cells.v[i].timeouts;
		to->shed += obs->cells.v[i].shed;
		to->retries += obs->cells.v[i].retries;
		to->abandoned += obs->cells.v[i].abandoned;
	}
}

struct outcomes {
	uint64_t n;
};

static void count_outcome(void *context, const struct tw_outcome *outcome)
{
	(void)outcome;
	((struct outcomes *)context)->n++;
}

static void count_event(void *context, const struct tw_tap_event *event)
{
	(void)event;
	++*(uint64_t *)context;
}

static uint64_t run_once(uint64_t seed, uint32_t max_in_flight, bool watched,
	struct totals *totals)
{
	uint64_t events = 0;
	struct tw_tap tap = {count_event, &events};
	struct dice dice = {seed, 0};
	struct tw_spec *spec = some_system(&dice);
	struct tw_model *model = b_model(spec);
	struct tw_scenario scenario;
	struct tw_observation obs;
	struct outcomes outcomes = {0};
	uint64_t hash;

	tw_scenario_init(&scenario);
	add_faults(&scenario, model, &dice);
	b_run(model,
		&(struct tw_options){.seed = seed,
			.slice = 50 * TW_MS,
			.max_in_flight = max_in_flight,
			.scenario = &scenario,
			.tap = watched ? &tap : NULL,
			.done = count_outcome,
			.context = &outcomes},
		(struct b_traffic){.seed = seed,
			.n = 300,
			.gap = (1 + roll(&dice, 10)) * TW_MS / 4,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "s0"), NULL)},
		&obs);
	ck_assert_uint_eq(outcomes.n, 300);
	ck_assert_uint_ge(obs.completed, 300);
	hash = digest(&obs);
	add_totals(totals, &obs);
	tw_observation_release(&obs);
	tw_scenario_release(&scenario);
	tw_model_free(model);
	tw_spec_free(spec);
	return hash;
}

static struct totals run_all(uint32_t max_in_flight)
{
	struct totals totals = {0};

	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		ck_assert_msg(
			run_once(seed, max_in_flight, false, &totals) ==
				run_once(seed, max_in_flight, true, &totals),
			"seed %d", (int)seed);
	return totals;
}

START_TEST(laws_hold_and_runs_repeat)
{
	struct totals totals = run_all(5000);

	ck_assert_uint_gt(totals.errors, 10000);
	ck_assert_uint_gt(totals.timeouts, 1000);
	ck_assert_uint_gt(totals.shed, 1000);
	ck_assert_uint_gt(totals.retries, 1000);
	ck_assert_uint_gt(totals.abandoned, 1000);
	ck_assert_uint_eq(totals.overflow, 0);
}
END_TEST

START_TEST(laws_hold_at_the_bound)
{
	ck_assert_uint_gt(run_all(8).overflow, 1000);
}
END_TEST

TW_TESTS("twin/chaos", laws_hold_and_runs_repeat, laws_hold_at_the_bound)
