/*
 * A measured mean against a closed form. A test makes RUNS independent
 * replications of a system, each from empty to empty, and compares the mean of
 * their figures with the theory by its 99.9% confidence interval (Student's t,
 * RUNS - 1 degrees of freedom). Seeds are fixed: a test that passes passes
 * always; a new one fails by chance once in a thousand times. The interval
 * must also be narrow, or the test could not see a mistake.
 *
 * The time until the system is full biases a mean by less than a tenth of the
 * interval, at the loads and lengths used here.
 */
#ifndef TW_TESTS_THEORY_H
#define TW_TESTS_THEORY_H

#include "tests/twin_builder.h"
#include "tests/unit/test.h"

#define RUNS	 16
#define REQUESTS 100000
#define T_999	 4.0728 /* Student's t, 15 degrees of freedom, 99.95% */
#define NARROW	 0.04	/* half width of the interval / theory, at most */

/* What is measured in one run. */
typedef double figure(const struct tw_observation *obs);

static inline void expect_mean(struct tw_spec *spec, const char *entry,
	tw_time gap, figure *measure, double theory)
{
	struct tw_model *model = b_model(spec);
	double sum = 0, squares = 0, mean, half;

	for (uint32_t run = 0; run < RUNS; run++) {
		struct tw_observation obs;
		double value;

		b_run(model,
			&(struct tw_options){.seed = 1, .replication = run},
			(struct b_traffic){.seed = 1000 + run,
				.n = REQUESTS,
				.gap = gap,
				.endpoint = tw_model_endpoint(model,
					tw_model_service(model, entry), NULL)},
			&obs);
		value = measure(&obs);
		sum += value;
		squares += value * value;
		tw_observation_release(&obs);
	}
	mean = sum / RUNS;
	half = T_999 * sqrt((squares - sum * mean) / (RUNS - 1) / (double)RUNS);
	tw_model_free(model);
	tw_spec_free(spec);
	ck_assert_msg(mean > theory - half && mean < theory + half,
		"measured %g +- %g, theory %g", mean, half, theory);
	ck_assert_msg(half < NARROW * theory,
		"measured %g +- %g, theory %g: the interval is too wide", mean,
		half, theory);
}

/* One station: `servers`, room for `queue` more, this law of service. */
static inline struct tw_spec *station(
	int servers, int queue, struct tw_dist law)
{
	struct tw_spec *spec = tw_spec_new();

	b_work(spec,
		&b_endpoint(spec, b_service(spec, "s", 1, servers, queue), "*")
			 ->steps,
		TW_STEP_CPU, law);
	return spec;
}

/* Mean time in the system, in ms, of what service "s" answered. */
static inline double sojourn_of(
	const struct tw_observation *obs, const char *service)
{
	struct tw_cell sum = b_sum(obs, service, TW_SERVER, NULL);
	double mean = tw_histogram_mean(&sum.latency) / (double)TW_MS;

	tw_histogram_release(&sum.latency);
	return mean;
}

static inline double mean_sojourn(const struct tw_observation *obs)
{
	return sojourn_of(obs, "default/s");
}

static inline double mean_wait(const struct tw_observation *obs)
{
	struct tw_cell sum = b_sum(obs, "default/s", TW_SERVER, NULL);
	double mean = (double)sum.queued / (double)sum.count / (double)TW_MS;

	tw_histogram_release(&sum.latency);
	return mean;
}

static inline double loss(const struct tw_observation *obs)
{
	struct tw_cell sum = b_sum(obs, "default/s", TW_SERVER, NULL);
	double ratio = (double)sum.shed / (double)sum.count;

	tw_histogram_release(&sum.latency);
	return ratio;
}

/* Requests of entry as the outside saw them. */
static inline double mean_response(const struct tw_observation *obs)
{
	struct tw_cell sum = b_sum(obs, "default/entry", TW_CLIENT, "outside");
	double mean = tw_histogram_mean(&sum.latency) / (double)TW_MS;

	tw_histogram_release(&sum.latency);
	return mean;
}

#endif
