#include "tests/twin_builder.h"
#include "tests/unit/test.h"

#include "twins/model/traits.h"

/*
 * Routes that depend on the request, and what a caller's proxy does before it
 * routes. web calls v1 by its service; v2 stands beside it.
 */
static struct tw_spec_endpoint *endpoint(
	struct tw_spec *spec, const char *service, const char *name)
{
	struct tw_spec_service *it = tw_spec_find_service(spec, NULL, service);

	if (!it)
		it = b_service(spec, service, 1, 16, 16);
	return b_endpoint(spec, it, name);
}

static struct tw_spec *base(struct tw_spec_step **call)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *web, *leaf;

	for (int i = 1; i <= 2; i++) {
		leaf = endpoint(spec, i == 1 ? "v1" : "v2", "GET /a/{id}");
		b_work(spec, &leaf->steps, TW_STEP_WAIT, b_constant(i * TW_MS));
	}
	web = endpoint(spec, "web", "GET /");
	*call = b_call(spec, &web->steps, "v1", "GET /a/{id}");
	return spec;
}

static const struct tw_origin *origin_of(struct tw_spec *spec)
{
	return tw_spec_origin(spec, TW_FROM_MODEL, (struct tw_pos){0}, NULL);
}

static void to(struct tw_spec *spec, struct tw_spec_policy *policy,
	const char *service, int weight)
{
	struct tw_spec_destination it = {0};

	tw_set_text(&it.service, service, origin_of(spec));
	tw_set_int(&it.weight, weight, origin_of(spec));
	tw_vec_push_in(&spec->arena, &policy->destinations, it);
}

static void ask(struct tw_spec *spec, struct tw_spec_policy *policy,
	enum tw_condition_is is, const char *name, const char *value,
	bool negated)
{
	struct tw_spec_condition it = {.of = TW_CONDITION_HEADER,
		.is = is,
		.name = name,
		.negated = negated,
		.origin = origin_of(spec)};

	if (value)
		tw_set_text(&it.value, value, origin_of(spec));
	tw_vec_push_in(&spec->arena, &policy->conditions, it);
}

/* Arrivals at web, one each 10 ms, with these traits in turn. */
struct source {
	uint32_t endpoint, n, made;
	tw_traits traits[2];
};

static bool next(void *context, struct tw_arrival *arrival)
{
	struct source *it = context;

	if (it->made == it->n)
		return false;
	*arrival = (struct tw_arrival){.at = it->made * 10 * TW_MS,
		.endpoint = it->endpoint,
		.caller = TW_NONE,
		.key = tw_arrival_key(it->made, 0),
		.position = it->made,
		.traits = it->traits[it->made % 2]};
	it->made++;
	return true;
}

static void run(struct tw_spec *spec, tw_traits even, tw_traits odd,
	struct tw_observation *to_)
{
	struct tw_model *model = b_model(spec);
	struct source source = {
		.endpoint = tw_model_endpoint(
			model, tw_model_service(model, "web"), "GET /"),
		.n = 1000,
		.traits = {even, odd}};
	struct tw_arrivals arrivals = {.next = next, .context = &source};
	struct tw_twin *twin =
		tw_twin_new(model, &(struct tw_options){.seed = 7});

	tw_twin_run(twin, &arrivals);
	tw_twin_finish(twin, 0, to_);
	tw_twin_free(twin);
	tw_model_free(model);
}

static uint64_t count(const struct tw_observation *obs, const char *service,
	enum tw_side side)
{
	struct tw_cell sum = b_sum(obs, service, side, NULL);
	uint64_t n = sum.count;

	tw_histogram_release(&sum.latency);
	return n;
}

/* A header that services pass on decides inside; one that they do not is not
 * there; one that the call sets is. */
START_TEST(headers)
{
	static const struct {
		const char *propagate, *sets;
		bool negated;
		tw_traits even, odd;
		uint64_t v2, undecided;
	} cases[] = {
		{"x-canary", NULL, false, UINT64_C(1) << 32 | 1,
			UINT64_C(1) << 32, 500, 0},
		{NULL, NULL, false, UINT64_C(1) << 32 | 1, UINT64_C(1) << 32, 0,
			0},
		{NULL, "yes", false, 0, 0, 1000, 0},
		{NULL, "no", false, 0, 0, 0, 0},
		{"x-*", NULL, false, 0, UINT64_C(1) << 32 | 1, 500, 500},
		{"x-canary", NULL, true, UINT64_C(1) << 32 | 1,
			UINT64_C(1) << 32, 500, 0},
		{NULL, NULL, true, 0, 0, 1000, 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tw_spec_step *call;
		struct tw_spec *spec = base(&call);
		struct tw_spec_policy *policy = b_policy(spec, "v1");
		struct tw_observation obs;

		ask(spec, policy, TW_CONDITION_EXACT, "X-Canary", "yes",
			cases[i].negated);
		to(spec, policy, "v2", 1);
		if (cases[i].propagate)
			tw_vec_push_in(&spec->arena, &spec->propagate,
				((struct tw_text){
					cases[i].propagate, origin_of(spec)}));
		if (cases[i].sets)
			tw_vec_push_in(&spec->arena, &call->headers,
				((struct tw_label){"x-canary", cases[i].sets}));
		run(spec, cases[i].even, cases[i].odd, &obs);
		ck_assert_msg(
			count(&obs, "default/v2", TW_SERVER) == cases[i].v2,
			"case %zu: %llu", i,
			(unsigned long long)count(
				&obs, "default/v2", TW_SERVER));
		ck_assert_uint_eq(count(&obs, "default/v1", TW_SERVER),
			1000 - cases[i].v2);
		/* The caller called v1, wherever it went. */
		ck_assert_uint_eq(count(&obs, "default/v1", TW_CLIENT), 1000);
		ck_assert_uint_eq(obs.undecided, cases[i].undecided);
		tw_observation_release(&obs);
		tw_spec_free(spec);
	}
}
END_TEST

/* The variant's own policy applies, and the first that fits. */
START_TEST(order)
{
	struct tw_spec_step *call;
	struct tw_spec *spec = base(&call);
	struct tw_spec_policy *first = b_policy(spec, "v1");
	struct tw_spec_policy *second = b_policy(spec, "v1");
	struct tw_spec_policy *last = b_policy(spec, "v1");
	struct tw_observation obs;
	struct tw_cell sum;

	tw_vec_push_in(&spec->arena, &call->headers,
		((struct tw_label){"user", "jason"}));
	ask(spec, first, TW_CONDITION_REGEX, "user", "(bob|eve)", false);
	tw_set_int(&first->respond, 403, origin_of(spec));
	ask(spec, second, TW_CONDITION_PREFIX, "USER", "ja", false);
	to(spec, second, "v2", 1);
	tw_set_int(&second->timeout, TW_MS / 2, origin_of(spec));
	tw_set_int(&last->respond, 418, origin_of(spec));
	run(spec, 0, 0, &obs);
	sum = b_sum(&obs, "default/v1", TW_CLIENT, NULL);
	ck_assert_uint_eq(sum.timeouts, 1000);
	ck_assert_uint_eq(count(&obs, "default/v2", TW_SERVER), 1000);
	tw_histogram_release(&sum.latency);
	tw_observation_release(&obs);
	tw_spec_free(spec);
}
END_TEST

/* Half of the requests are copied; nobody waits for, or sees, the copies. */
START_TEST(mirrors)
{
	struct tw_spec_step *call;
	struct tw_spec *spec = base(&call);
	struct tw_spec_policy *policy = b_policy(spec, "v1");
	struct tw_spec_endpoint *v2 = endpoint(spec, "v2", "GET /a/{id}");
	struct tw_spec_mirror it = {0};
	struct tw_observation obs;
	struct tw_cell web;
	uint64_t copies;

	tw_set_real(&v2->errors, 1, origin_of(spec));
	tw_set_text(&it.service, "default/v2", origin_of(spec));
	tw_set_real(&it.share, 0.5, origin_of(spec));
	tw_vec_push_in(&spec->arena, &policy->mirrors, it);
	tw_set_int(&policy->retries, 3, origin_of(spec));
	run(spec, 0, 0, &obs);
	copies = count(&obs, "default/v2", TW_SERVER);
	ck_assert_uint_gt(copies, 450);
	ck_assert_uint_lt(copies, 550);
	ck_assert_uint_eq(count(&obs, "default/v2", TW_CLIENT), 0);
	web = b_sum(&obs, "default/web", TW_CLIENT, NULL);
	ck_assert_uint_eq(web.errors, 0);
	ck_assert_int_eq(web.latency.max, TW_MS);
	tw_histogram_release(&web.latency);
	tw_observation_release(&obs);
	tw_spec_free(spec);
}
END_TEST

/* An injected delay is beyond the route's timeout, and an injected abort
 * beyond its retries; the application's own see both. */
START_TEST(injected)
{
	for (int own = 0; own < 2; own++) {
		struct tw_spec_step *call;
		struct tw_spec *spec = base(&call);
		struct tw_spec_policy *policy = b_policy(spec, "v1");
		struct tw_observation obs;
		struct tw_cell sum;

		tw_set_int(&policy->timeout, 2 * TW_MS, origin_of(spec));
		tw_set_int(&policy->retries, 5, origin_of(spec));
		tw_set_int(&policy->retry_on, TW_RETRY_5XX, origin_of(spec));
		tw_set_int(&policy->inject.delay, 5 * TW_MS, origin_of(spec));
		tw_set_int(&policy->inject.abort, 503, origin_of(spec));
		tw_set_real(&policy->inject.abort_share, 0.25, origin_of(spec));
		if (own)
			tw_set_int(&call->timeout, 4 * TW_MS, origin_of(spec));
		run(spec, 0, 0, &obs);
		sum = b_sum(&obs, "default/v1", TW_CLIENT, NULL);
		ck_assert_uint_eq(sum.timeouts, own ? 1000 : 0);
		ck_assert_uint_eq(sum.retries, 0);
		if (!own) {
			ck_assert_uint_gt(sum.errors, 200);
			ck_assert_uint_lt(sum.errors, 300);
			ck_assert_int_eq(sum.latency.max, 6 * TW_MS);
		}
		ck_assert_uint_eq(count(&obs, "default/v1", TW_SERVER),
			own ? 0 : 1000 - sum.errors);
		tw_histogram_release(&sum.latency);
		tw_observation_release(&obs);
		tw_spec_free(spec);
	}
}
END_TEST

/* A redirect is an answer without a call; a rewritten path another endpoint. */
START_TEST(answers)
{
	struct tw_spec_step *call;
	struct tw_spec *spec = base(&call);
	struct tw_spec_policy *policy = b_policy(spec, "v1");
	struct tw_spec_endpoint *other = endpoint(spec, "v1", "GET /b/{key}");
	struct tw_model *model;
	const struct tw_channel *channel;
	struct tw_observation obs;

	(void)other;
	tw_set_text(&policy->path_prefix, "/a", origin_of(spec));
	tw_set_text(&policy->rewrite, "/b", origin_of(spec));
	model = b_model(spec);
	channel = &model->channels[tw_model_channel(model,
		tw_model_service(model, "web"),
		tw_model_endpoint(
			model, tw_model_service(model, "v1"), "GET /a/{id}"))];
	ck_assert_str_eq(model->endpoints[channel->targets[0].endpoint].name,
		"GET /b/{key}");
	tw_model_free(model);
	tw_set_int(&policy->respond, 301, origin_of(spec));
	run(spec, 0, 0, &obs);
	ck_assert_uint_eq(count(&obs, "default/v1", TW_SERVER), 0);
	ck_assert_uint_eq(count(&obs, "default/v1", TW_CLIENT), 1000);
	tw_observation_release(&obs);
	tw_spec_free(spec);
}
END_TEST

/* Retries of one request stay with the service that it was routed to. */
START_TEST(weights_by_request)
{
	struct tw_spec_step *call;
	struct tw_spec *spec = base(&call);
	struct tw_spec_policy *policy = b_policy(spec, "v1");
	struct tw_spec_endpoint *v2 = endpoint(spec, "v2", "GET /a/{id}");
	struct tw_observation obs;
	struct tw_cell sum;
	uint64_t failed;

	tw_set_real(&v2->errors, 1, origin_of(spec));
	to(spec, policy, "v1", 80);
	to(spec, policy, "v2", 20);
	tw_set_int(&policy->retries, 1, origin_of(spec));
	tw_set_int(&policy->retry_on, TW_RETRY_5XX, origin_of(spec));
	run(spec, 0, 0, &obs);
	sum = b_sum(&obs, "default/v1", TW_CLIENT, NULL);
	failed = count(&obs, "default/v2", TW_SERVER);
	ck_assert_uint_eq(2 * sum.errors, failed);
	ck_assert_uint_eq(sum.retries, sum.errors);
	ck_assert_uint_gt(sum.errors, 150);
	tw_histogram_release(&sum.latency);
	tw_observation_release(&obs);
	tw_spec_free(spec);
}
END_TEST

TW_TESTS("twin/route", headers, order, mirrors, injected, answers,
	weights_by_request)
