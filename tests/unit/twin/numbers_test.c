/*
 * Common random numbers: what a change does not touch stays as it was, to the
 * nanosecond.
 */
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

/* web calls a (optional) and then b; both work random times on many workers,
 * so that nobody waits. */
static struct tw_spec *two_callees(void)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 2, 1000, 0), "GET /");

	b_work(spec, &home->steps, TW_STEP_CPU, b_exponential(TW_MS));
	b_call(spec, &home->steps, "a", NULL)->optional = true;
	b_call(spec, &home->steps, "b", NULL);
	b_work(spec,
		&b_endpoint(spec, b_service(spec, "a", 3, 1000, 0), "Get")
			 ->steps,
		TW_STEP_CPU, b_exponential(5 * TW_MS));
	b_work(spec,
		&b_endpoint(spec, b_service(spec, "b", 3, 1000, 0), "Get")
			 ->steps,
		TW_STEP_CPU, b_exponential(7 * TW_MS));
	b_node(spec, "w", 4, "a");
	b_link(spec, "*", "*", TW_MS);
	return spec;
}

static void run(struct tw_spec *spec, const struct tw_tap *tap,
	uint32_t replication, struct tw_observation *obs)
{
	struct tw_model *model = b_model(spec);

	b_run(model,
		&(struct tw_options){
			.seed = 11, .replication = replication, .tap = tap},
		(struct b_traffic){.seed = 3,
			.n = 2000,
			.gap = TW_MS,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "web"), NULL)},
		obs);
	tw_model_free(model);
	tw_spec_free(spec);
}

/* Work of a service over the whole run, and that it is not none. */
static int64_t worked(const struct tw_observation *obs, const char *service)
{
	struct tw_cell sum = b_sum(obs, service, TW_SERVER, NULL);
	int64_t it = sum.worked;

	ck_assert_int_gt(it, 0);
	tw_histogram_release(&sum.latency);
	return it;
}

START_TEST(a_timeout_leaves_other_draws_alone)
{
	struct tw_spec *changed = two_callees();
	struct tw_spec_policy *policy = b_policy(changed, "a");
	struct tw_observation before, after;
	struct tw_cell a;

	tw_set_int(&policy->timeout, 6 * TW_MS, policy->origin);
	tw_set_int(&policy->retries, 1, policy->origin);
	run(two_callees(), NULL, 0, &before);
	run(changed, NULL, 0, &after);
	a = b_sum(&after, "default/a", TW_CLIENT, NULL);
	ck_assert_uint_gt(a.timeouts, 100);
	ck_assert_int_eq(
		worked(&before, "default/web"), worked(&after, "default/web"));
	ck_assert_int_eq(
		worked(&before, "default/b"), worked(&after, "default/b"));
	tw_histogram_release(&a.latency);
	tw_observation_release(&before);
	tw_observation_release(&after);
}
END_TEST

START_TEST(a_new_call_leaves_other_draws_alone)
{
	struct tw_spec *changed = two_callees();
	struct tw_spec_service *web =
		tw_spec_find_service(changed, NULL, "web");
	struct tw_spec_steps *steps = &b_endpoint(changed, web, "GET /")->steps;
	struct tw_observation before, after;

	b_work(changed,
		&b_endpoint(changed, b_service(changed, "c", 1, 1000, 0), "Get")
			 ->steps,
		TW_STEP_CPU, b_exponential(TW_MS));
	b_call(changed, steps, "c", NULL);
	/* It comes first. */
	for (size_t i = steps->n - 1; i > 0; i--) {
		struct tw_spec_step *it = steps->v[i];

		steps->v[i] = steps->v[i - 1];
		steps->v[i - 1] = it;
	}
	run(two_callees(), NULL, 0, &before);
	run(changed, NULL, 0, &after);
	ck_assert_int_eq(
		worked(&before, "default/a"), worked(&after, "default/a"));
	ck_assert_int_eq(
		worked(&before, "default/b"), worked(&after, "default/b"));
	tw_observation_release(&before);
	tw_observation_release(&after);
}
END_TEST

START_TEST(a_replication_draws_anew)
{
	struct tw_observation one, other;

	run(two_callees(), NULL, 0, &one);
	run(two_callees(), NULL, 1, &other);
	ck_assert_int_ne(
		worked(&one, "default/b"), worked(&other, "default/b"));
	tw_observation_release(&one);
	tw_observation_release(&other);
}
END_TEST

struct choices {
	TW_VEC(uint32_t) list; /* replicas of b, ordinals, as tries set out */
	const struct tw_model *model;
};

static void note_choice(void *context, const struct tw_tap_event *event)
{
	struct choices *it = context;

	if (event->kind == TW_TAP_SENT && event->caller != TW_NONE)
		tw_vec_push(
			&it->list, it->model->replicas[event->replica].ordinal);
}

/* Regular calls of b only, which takes no time: the order is the same. */
static struct choices choose(int replicas, enum tw_balancer balancer)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 1, 1000, 0), "GET /");
	struct tw_spec_service *b = b_service(spec, "b", replicas, 10, 0);
	struct tw_observation obs;
	struct choices choices = {0};
	struct tw_tap tap = {note_choice, &choices};
	struct tw_model *model;

	tw_set_int(&b->balancer, balancer, b->origin);
	b_call(spec, &home->steps, "b", NULL);
	model = b_model(spec);
	choices.model = model;
	b_run(model, &(struct tw_options){.seed = 5, .tap = &tap},
		(struct b_traffic){.n = 3000,
			.gap = TW_MS,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "web"), NULL)},
		&obs);
	tw_observation_release(&obs);
	tw_model_free(model);
	tw_spec_free(spec);
	return choices;
}

static void check_choices(enum tw_balancer balancer)
{
	struct choices four = choose(4, balancer);
	struct choices five = choose(5, balancer);
	size_t moved = 0, first = 0;

	ck_assert_uint_eq(four.list.n, 3000);
	ck_assert_uint_eq(five.list.n, 3000);
	for (size_t i = 0; i < four.list.n; i++) {
		first += four.list.v[i] == 0;
		if (four.list.v[i] == five.list.v[i])
			continue;
		ck_assert_uint_eq(five.list.v[i], 4);
		moved++;
	}
	/* A fifth, and a quarter; five standard deviations. */
	ck_assert_uint_gt(moved, 600 - 110);
	ck_assert_uint_lt(moved, 600 + 110);
	ck_assert_uint_gt(first, 750 - 120);
	ck_assert_uint_lt(first, 750 + 120);
	tw_vec_release(&four.list);
	tw_vec_release(&five.list);
}

START_TEST(random_choices_stay)
{
	check_choices(TW_BALANCE_RANDOM);
	check_choices(TW_BALANCE_LEAST_REQUEST);
}
END_TEST

START_TEST(least_request_avoids_the_busy)
{
	struct tw_spec *spec = two_callees();
	struct tw_spec_service *b = tw_spec_find_service(spec, NULL, "b");
	struct tw_model *model;
	struct tw_scenario scenario;
	struct tw_observation obs[2];
	struct tw_diags diags;
	double mean[2];

	tw_diags_init(&diags);
	tw_set_int(&b->workers, 4, b->origin);
	tw_set_int(&b->queue, 1000, b->origin);
	for (int i = 0; i < 2; i++) {
		struct tw_cell cell;

		tw_set_int(&b->balancer,
			i ? TW_BALANCE_LEAST_REQUEST : TW_BALANCE_RANDOM,
			b->origin);
		model = b_model(spec);
		tw_scenario_init(&scenario);
		ck_assert(b_fault(&scenario, model, "slow",
			"replica=b-1 factor=5x", &diags));
		b_run(model,
			&(struct tw_options){.seed = 1, .scenario = &scenario},
			(struct b_traffic){.n = 3000,
				.gap = TW_MS,
				.endpoint = tw_model_endpoint(model,
					tw_model_service(model, "web"), NULL)},
			&obs[i]);
		cell = b_sum(&obs[i], "default/b", TW_SERVER, NULL);
		mean[i] = tw_histogram_mean(&cell.latency);
		tw_histogram_release(&cell.latency);
		tw_observation_release(&obs[i]);
		tw_scenario_release(&scenario);
		tw_model_free(model);
	}
	ck_assert(mean[1] < mean[0] / 2);
	tw_spec_free(spec);
	tw_diags_release(&diags);
}
END_TEST

TW_TESTS("twin/numbers", a_timeout_leaves_other_draws_alone,
	a_new_call_leaves_other_draws_alone, a_replication_draws_anew,
	random_choices_stay, least_request_avoids_the_busy)
