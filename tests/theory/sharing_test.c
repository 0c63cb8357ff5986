/*
 * A CPU that is shared. Formulas: Kleinrock, "Queueing Systems", vol. 2 (Wiley
 * 1976), section 4.4 (processor sharing; its mean sojourn depends on the mean
 * of the work alone); Kelly, "Reversibility and Stochastic Networks" (Wiley
 * 1979), section 3.3 (c servers shared: the numbers are those of M/M/c). The
 * mean of the work is 1 ms; rho is the load of a core.
 */
#include "tests/theory/theory.h"

/* One replica that takes all that comes, with so many cores. */
static struct tw_spec *shared(int cores, struct tw_dist law)
{
	struct tw_spec *spec = station(1000000, 0, law);
	struct tw_spec_service *s =
		tw_spec_find_service(spec, NULL, "default/s");

	tw_set_int(&s->cpus, 1000 * cores, s->origin);
	return spec;
}

static tw_time gap(double cores, double rho)
{
	return (tw_time)((double)TW_MS / cores / rho);
}

static struct tw_dist lognormal(double cv)
{
	struct tw_error error;
	struct tw_dist law;

	ck_assert_int_eq(tw_dist_lognormal_mean(&law, TW_MS, cv, &error), 0);
	return law;
}

/* A tail without a third moment, mean 1 ms. */
static struct tw_dist pareto(void)
{
	struct tw_error error;
	struct tw_dist law;

	ck_assert_int_eq(tw_dist_pareto(&law, 6 * TW_MS / 10, 2.5, &error), 0);
	return law;
}

START_TEST(mg1_ps_is_insensitive)
{
	expect_mean(shared(1, b_constant(TW_MS)), "s", gap(1, 0.5),
		mean_sojourn, 1 / (1 - 0.5));
	expect_mean(shared(1, b_exponential(TW_MS)), "s", gap(1, 0.6),
		mean_sojourn, 1 / (1 - 0.6));
	expect_mean(shared(1, lognormal(2)), "s", gap(1, 0.5), mean_sojourn,
		1 / (1 - 0.5));
	expect_mean(shared(1, pareto()), "s", gap(1, 0.4), mean_sojourn,
		1 / (1 - 0.4));
}
END_TEST

/* Erlang's C formula. */
static double erlang_c(int c, double rho)
{
	double b = 1;

	for (int k = 1; k <= c; k++)
		b = c * rho * b / (k + c * rho * b);
	return b / (1 - rho * (1 - b));
}

START_TEST(mmc_ps)
{
	expect_mean(shared(4, b_exponential(TW_MS)), "s", gap(4, 0.7),
		mean_sojourn, 1 + erlang_c(4, 0.7) / (4 * (1 - 0.7)));
	expect_mean(shared(2, lognormal(2)), "s", gap(2, 0.6), mean_sojourn,
		1 + erlang_c(2, 0.6) / (2 * (1 - 0.6)));
}
END_TEST

/* ---- a node that several share ---------------------------------------- */

static void add_pod(struct tw_spec *spec, struct tw_spec_service *service,
	int64_t request, int64_t limit)
{
	struct tw_spec_workload *w = tw_spec_workload(spec, "Deployment",
		service->namespace, service->name, service->origin);
	struct tw_spec_container *c =
		tw_new(&spec->arena, struct tw_spec_container);
	struct tw_label label = {"app", service->name};

	c->name = "main";
	if (request)
		tw_set_int(&c->cpu_request, request, service->origin);
	if (limit)
		tw_set_int(&c->cpu_limit, limit, service->origin);
	tw_vec_push_in(&spec->arena, &w->containers, c);
	tw_vec_push_in(&spec->arena, &w->labels, label);
	tw_vec_push_in(&spec->arena, &service->selector, label);
	service->has_selector = true;
}

/* An entry that calls two services on one node, both at once. */
static struct tw_spec *two_on_a_node(
	int64_t a, int64_t b, int64_t cores, struct tw_dist law)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *entry =
		b_endpoint(spec, b_service(spec, "entry", 1, 1000000, 0), "*");
	struct tw_spec_node *node = b_node(spec, "n", 1, "a");
	struct tw_spec_step *fork =
		b_step(spec, &entry->steps, TW_STEP_PARALLEL);

	tw_set_int(&node->cpu, cores, node->origin);
	for (int i = 0; i < 2; i++) {
		struct tw_spec_service *s =
			b_service(spec, i ? "second" : "first", 1, 1000000, 0);

		b_work(spec, &b_endpoint(spec, s, "*")->steps, TW_STEP_CPU,
			law);
		add_pod(spec, s, i ? b : a, 0);
		b_call(spec, &fork->children, s->key, NULL);
	}
	return spec;
}

/* As before, but each request goes to one of the two, by chance. */
static struct tw_spec *one_of_two(int64_t a, int64_t b)
{
	struct tw_spec *spec = two_on_a_node(a, b, 1000, b_exponential(TW_MS));
	struct tw_spec_service *entry =
		tw_spec_find_service(spec, NULL, "default/entry");
	struct tw_spec_endpoint *endpoint = entry->endpoints.v[0].value;
	struct tw_spec_policy *policy = b_policy(spec, "default/first");

	endpoint->steps.v[0]->children.n = 1;
	for (int i = 0; i < 2; i++) {
		struct tw_spec_destination to = {0};

		tw_set_text(&to.service, i ? "default/second" : "default/first",
			entry->origin);
		tw_set_int(&to.weight, 50, entry->origin);
		tw_vec_push_in(&spec->arena, &policy->destinations, to);
	}
	return spec;
}

/* Whoever is first: with the same exponential work any sharing that leaves no
 * core idle has as many in the system as M/M/1 (Kleinrock, vol. 2, section
 * 3.4, conservation). */
static double mean_of_both(const struct tw_observation *obs)
{
	struct tw_cell a = b_sum(obs, "default/first", TW_SERVER, NULL);
	struct tw_cell b = b_sum(obs, "default/second", TW_SERVER, NULL);
	double mean = (double)(a.latency.sum + b.latency.sum) /
		      (double)(a.count + b.count) / (double)TW_MS;

	tw_histogram_release(&a.latency);
	tw_histogram_release(&b.latency);
	return mean;
}

START_TEST(weights_conserve_work)
{
	expect_mean(one_of_two(100, 100), "entry", gap(1, 0.6), mean_of_both,
		1 / (1 - 0.6));
	expect_mean(one_of_two(900, 100), "entry", gap(1, 0.6), mean_of_both,
		1 / (1 - 0.6));
}
END_TEST

static tw_time only_latency(
	const struct tw_observation *obs, const char *service)
{
	struct tw_cell sum = b_sum(obs, service, TW_SERVER, NULL);
	tw_time latency = (tw_time)sum.latency.sum;

	ck_assert_int_eq(sum.count, 1);
	tw_histogram_release(&sum.latency);
	return latency;
}

static void run_once(struct tw_spec *spec, struct tw_observation *obs)
{
	struct tw_model *model = b_model(spec);

	b_run(model, &(struct tw_options){.seed = 1},
		(struct b_traffic){.n = 1,
			.gap = TW_MS,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "entry"), NULL)},
		obs);
	tw_model_free(model);
	tw_spec_free(spec);
}

/* Both begin at once with 30 ms. shares: 307 (300m) and 102 (100m), so that
 * the first is done after 30 * 409/307 ms and the second has all from then on:
 * it is done when all work is, after 60 ms. */
START_TEST(weights_are_shares)
{
	struct tw_observation obs;
	double first = 30e6 * 409 / 307;

	run_once(two_on_a_node(300, 100, 1000, b_constant(30 * TW_MS)), &obs);
	ck_assert_double_eq_tol(
		(double)only_latency(&obs, "default/first"), first, 2);
	ck_assert_double_eq_tol(
		(double)only_latency(&obs, "default/second"), 60e6, 2);
	tw_observation_release(&obs);
	/* Nobody uses more than he wants: on two cores each has his own. */
	run_once(two_on_a_node(300, 100, 2000, b_constant(30 * TW_MS)), &obs);
	ck_assert_int_eq(only_latency(&obs, "default/first"), 30 * TW_MS);
	ck_assert_int_eq(only_latency(&obs, "default/second"), 30 * TW_MS);
	tw_observation_release(&obs);
}
END_TEST

/* ---- a quota ----------------------------------------------------------- */

/* Where a period begins: drawn by the replica's name. */
static tw_time phase_of(uint64_t seed, const char *replica)
{
	return tw_draw_below(tw_hash_combine(seed, 0), tw_hash_name(replica),
		TW_DRAW_PHASE, 0, 100 * TW_MS);
}

/*
 * n threads with `work` each and a quota of q ms of each 100: they run q/n ms
 * and stand still for the rest. They begin where a period does.
 */
static void expect_throttled(int n, int q, tw_time work)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_service *entry = b_service(spec, "entry", 1, 100, 0);
	struct tw_spec_step *fork = b_step(
		spec, &b_endpoint(spec, entry, "*")->steps, TW_STEP_PARALLEL);
	tw_time phase = phase_of(1, "default/entry-1");
	tw_time run = q * TW_MS / n, periods = (work - 1) / run;
	tw_time expected = periods * 100 * TW_MS + work - periods * run;
	struct tw_observation obs;
	struct tw_model *model;
	struct tw_cell sum;

	for (int i = 0; i < n; i++)
		b_work(spec, &fork->children, TW_STEP_CPU, b_constant(work));
	add_pod(spec, entry, 0, 10 * q);
	model = b_model(spec);
	b_run(model, &(struct tw_options){.seed = 1},
		(struct b_traffic){.n = 1,
			.gap = phase + 100 * TW_MS,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "entry"), NULL)},
		&obs);
	sum = b_sum(&obs, "default/entry", TW_SERVER, NULL);
	ck_assert_int_eq((tw_time)sum.latency.sum, expected);
	ck_assert_int_eq(sum.stalled, (expected - work) * n);
	ck_assert_int_eq(sum.worked, work * n);
	tw_histogram_release(&sum.latency);
	tw_observation_release(&obs);
	tw_model_free(model);
	tw_spec_free(spec);
}

START_TEST(throttled_by_the_formula)
{
	expect_throttled(1, 20, 50 * TW_MS);   /* 20 + 20 + 10: 210 ms */
	expect_throttled(4, 20, 50 * TW_MS);   /* 5 ms each period */
	expect_throttled(8, 200, 130 * TW_MS); /* 25 ms of each 100 */
	expect_throttled(2, 200, 130 * TW_MS); /* never */
	expect_throttled(1, 20, 20 * TW_MS);   /* ends as the quota does */
}
END_TEST

/* Of the time in which there was something to compute. */
static double throttled_share(const struct tw_observation *obs)
{
	int64_t computing = 0, throttled = 0;

	for (size_t g = 0; g < obs->gauges.n; g++)
		for (size_t i = 0; i < obs->gauges.v[g].slices.n; i++) {
			computing += obs->gauges.v[g].slices.v[i].computing;
			throttled += obs->gauges.v[g].slices.v[i].throttled;
		}
	return (double)throttled / (double)computing;
}

/* On a node that is short of CPU a spent quota is spent all the same: half of
 * the core until the 40 ms are used, then nothing until the period ends. 200 ms
 * of work take from 460 to 500 ms, by where in a period they begin; without the
 * quota they would take 400. The core is never idle meanwhile. */
START_TEST(throttled_on_a_tight_node)
{
	struct tw_spec *spec =
		two_on_a_node(400, 400, 1000, b_constant(200 * TW_MS));
	struct tw_spec_workload *first =
		tw_map_get(&spec->workloads, "default/first");
	struct tw_spec_service *second =
		tw_spec_find_service(spec, NULL, "default/second");
	struct tw_spec_endpoint *long_one = second->endpoints.v[0].value;
	struct tw_observation obs;

	tw_set_int(&first->containers.v[0]->cpu_limit, 400,
		first->containers.v[0]->cpu_request.origin);
	long_one->steps.v[0]->law.v = b_constant(2 * TW_S);
	run_once(spec, &obs);
	ck_assert_int_ge(only_latency(&obs, "default/first"), 460 * TW_MS);
	ck_assert_int_le(only_latency(&obs, "default/first"), 500 * TW_MS);
	ck_assert_double_eq_tol(
		(double)only_latency(&obs, "default/second"), 2200e6, 10);
	tw_observation_release(&obs);
}
END_TEST

/* Always more to do than may be done: throttled for 1 - q of the time, where
 * one thread works at a time. */
START_TEST(saturated_is_throttled_for_the_rest)
{
	struct tw_spec *spec = station(1, 1000000, b_constant(50 * TW_MS));
	struct tw_spec_service *s =
		tw_spec_find_service(spec, NULL, "default/s");
	struct tw_observation obs;
	struct tw_model *model;

	add_pod(spec, s, 0, 250);
	model = b_model(spec);
	b_run(model, &(struct tw_options){.seed = 1},
		(struct b_traffic){.n = 2000,
			.gap = 10 * TW_MS,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "s"), NULL)},
		&obs);
	ck_assert_double_eq_tol(throttled_share(&obs), 0.75, 0.001);
	tw_observation_release(&obs);
	tw_model_free(model);
	tw_spec_free(spec);
}
END_TEST

TW_TESTS("theory/sharing", mg1_ps_is_insensitive, mmc_ps, weights_conserve_work,
	weights_are_shares, throttled_by_the_formula, throttled_on_a_tight_node,
	saturated_is_throttled_for_the_rest)
