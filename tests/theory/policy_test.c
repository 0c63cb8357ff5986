/*
 * Policies against closed forms: the power of two choices, and what retries
 * multiply along a path with and without a budget.
 */
#include "tests/theory/theory.h"

#define REPLICAS 50
#define LOAD	 0.9

/* One proxy before many single-server stations, exponential work. */
static struct tw_spec *stations(enum tw_balancer balancer)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_policy *policy = b_policy(spec, "s");

	b_work(spec,
		&b_endpoint(
			spec, b_service(spec, "s", REPLICAS, 1, 100000), "*")
			 ->steps,
		TW_STEP_CPU, b_exponential(10 * TW_MS));
	tw_set_int(&policy->balancer, balancer, policy->origin);
	return spec;
}

/*
 * Mitzenmacher, "The power of two choices in randomized load balancing", IEEE
 * TPDS 12(10), 2001: with many stations the mean time in the system is
 * sum over i >= 1 of load^(2^i - 2) service times; with random choice
 * each is an M/M/1. With 50 stations the mean is above the limit, by less than
 * a tenth at this load.
 */
static double two_choices(void)
{
	double sum = 0, term = 1;

	for (int i = 1; i < 12; i++) {
		term = tw_pow(LOAD, (double)(1 << i) - 2);
		sum += term;
	}
	return 10 * sum;
}

static double mean_of(enum tw_balancer balancer)
{
	struct tw_spec *spec = stations(balancer);
	struct tw_model *model = b_model(spec);
	struct tw_observation obs;
	double mean;

	b_run(model, &(struct tw_options){.seed = 3},
		(struct b_traffic){.seed = 7,
			.n = 400000,
			.gap = (tw_time)(10 * TW_MS / (REPLICAS * LOAD)),
			.endpoint = 0},
		&obs);
	mean = mean_sojourn(&obs);
	tw_observation_release(&obs);
	tw_model_free(model);
	tw_spec_free(spec);
	return mean;
}

START_TEST(two_choices_beat_one)
{
	double two = mean_of(TW_BALANCE_LEAST_REQUEST);
	double one = mean_of(TW_BALANCE_RANDOM);

	ck_assert_msg(two > two_choices() && two < 1.1 * two_choices(),
		"measured %g, limit %g", two, two_choices());
	/* M/M/1 at 90%: 100 ms; the standard error is about 3 ms. */
	ck_assert_msg(one > 90 && one < 110, "measured %g, theory 100", one);
}
END_TEST

/* A chain of depth 3 whose leaf always fails, under load. */
static double amplification(void (*limit)(struct tw_spec_policy *))
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_policy *policy = b_policy(spec, "default/s*");
	struct tw_spec_endpoint *at =
		b_endpoint(spec, b_service(spec, "entry", 1, 100000, 0), "*");
	struct tw_model *model;
	struct tw_observation obs;
	struct tw_cell leaf;

	tw_set_int(&policy->retries, 2, policy->origin);
	tw_set_int(&policy->retry_on, TW_RETRY_5XX, policy->origin);
	if (limit)
		limit(policy);
	for (int i = 1; i <= 3; i++) {
		char name[16];

		snprintf(name, sizeof name, "s%d", i);
		b_call(spec, &at->steps, tw_arena_strdup(&spec->arena, name),
			NULL);
		at = b_endpoint(spec, b_service(spec, name, 1, 100000, 0), "*");
		b_work(spec, &at->steps, TW_STEP_WAIT,
			b_exponential(5 * TW_MS));
	}
	tw_set_real(&at->errors, 1, at->origin);
	model = b_model(spec);
	b_run(model, &(struct tw_options){.seed = 3},
		(struct b_traffic){.seed = 7,
			.n = 20000,
			.gap = TW_MS,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "entry"), NULL)},
		&obs);
	leaf = b_sum(&obs, "default/s3", TW_SERVER, NULL);
	tw_histogram_release(&leaf.latency);
	tw_observation_release(&obs);
	tw_model_free(model);
	tw_spec_free(spec);
	return (double)leaf.count / 20000;
}

static void linkerds(struct tw_spec_policy *policy)
{
	tw_set_real(&policy->budget.ratio, 0.2, policy->origin);
	tw_set_int(&policy->budget.interval, 10 * TW_S, policy->origin);
	tw_set_real(&policy->budget.min_per_second, 0, policy->origin);
}

static void envoys(struct tw_spec_policy *policy)
{
	tw_set_real(&policy->budget.ratio, 0.2, policy->origin);
	tw_set_int(&policy->budget.min_concurrency, 0, policy->origin);
}

/* (1 + r)^d without a budget. A budget of 20% leaves at most 1.2^d, and is
 * used: more than half of the way there. */
START_TEST(a_budget_tames_retries)
{
	double most = 1.2 * 1.2 * 1.2, with;

	ck_assert_double_eq(amplification(NULL), 27);
	with = amplification(linkerds);
	ck_assert_msg(with <= most && with > 0.98 * most, "%g", with);
	with = amplification(envoys);
	ck_assert_msg(with <= most && with > 1.2, "%g", with);
}
END_TEST

TW_TESTS("theory/policy", two_choices_beat_one, a_budget_tames_retries)
