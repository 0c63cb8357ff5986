/* Connections of a proxy: what they cost, and who waits for one. */
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

struct setup {
	int64_t protocol, streams, life, connections, pending, requests;
	tw_time idle, connect, rtt, work, try_timeout;
	int64_t tls;
	const char *fault, *args;
	uint64_t n;
	tw_time gap;
};

static struct tw_cell cell;
static tw_time longest, shortest;

static void give(struct tw_spec_policy *policy, struct tw_int *field, int64_t v)
{
	if (v)
		tw_set_int(field, v, policy->origin);
}

static struct tw_spec *spec_of(const struct setup *s)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 1, 1000, 0), "*");
	struct tw_spec_endpoint *leaf =
		b_endpoint(spec, b_service(spec, "leaf", 1, 1000, 0), "*");
	struct tw_spec_policy *policy = b_policy(spec, "leaf");

	b_node(spec, "a", 1, "a");
	b_node(spec, "b", 1, "b");
	b_link(spec, "*", "*", s->rtt);
	if (s->work)
		b_work(spec, &leaf->steps, TW_STEP_WAIT, b_constant(s->work));
	b_call(spec, &home->steps, "leaf", NULL);
	tw_set_int(&policy->connections.protocol, s->protocol, policy->origin);
	give(policy, &policy->connections.max_streams, s->streams);
	give(policy, &policy->connections.max_requests, s->life);
	give(policy, &policy->connections.idle_timeout, s->idle);
	give(policy, &policy->connections.connect_timeout, s->connect);
	give(policy, &policy->connections.tls, s->tls);
	give(policy, &policy->breaker.max_connections, s->connections);
	give(policy, &policy->breaker.max_pending_requests, s->pending);
	give(policy, &policy->breaker.max_requests, s->requests);
	give(policy, &policy->try_timeout, s->try_timeout);
	return spec;
}

/* Arrivals every `gap` at web, which calls the leaf; what web saw. */
static uint64_t connects(struct setup s)
{
	struct tw_spec *spec = spec_of(&s);
	struct tw_model *model = b_model(spec);
	struct tw_scenario scenario;
	struct tw_observation obs;
	struct tw_diags diags;

	tw_diags_init(&diags);
	tw_scenario_init(&scenario);
	if (s.fault)
		ck_assert(b_fault(&scenario, model, s.fault, s.args, &diags));
	b_run(model, &(struct tw_options){.seed = 2, .scenario = &scenario},
		(struct b_traffic){.n = s.n,
			.gap = s.gap,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "web"), NULL)},
		&obs);
	cell = b_sum(&obs, "default/leaf", TW_CLIENT, NULL);
	longest = cell.latency.max;
	shortest = cell.latency.min;
	tw_histogram_release(&cell.latency);
	tw_observation_release(&obs);
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	tw_model_free(model);
	tw_spec_free(spec);
	return cell.connects;
}

/* A round trip of 10 ms for TCP, one for TLS 1.3, two for 1.2; then one a
 * request. */
START_TEST(setting_up_takes_round_trips)
{
	struct setup s = {.rtt = 10 * TW_MS, .n = 5, .gap = TW_S};

	ck_assert_uint_eq(connects(s), 1);
	ck_assert_int_eq(longest, 20 * TW_MS);
	ck_assert_int_eq(shortest, 10 * TW_MS);
	s.tls = TW_TLS_1_3;
	connects(s);
	ck_assert_int_eq(longest, 30 * TW_MS);
	s.tls = TW_TLS_1_2;
	connects(s);
	ck_assert_int_eq(longest, 40 * TW_MS);
}
END_TEST

START_TEST(a_connection_carries_so_many)
{
	struct setup s = {.work = TW_S, .n = 6, .gap = TW_US};

	ck_assert_uint_eq(connects(s), 6);
	s.protocol = TW_HTTP2;
	ck_assert_uint_eq(connects(s), 1);
	s.streams = 4;
	ck_assert_uint_eq(connects(s), 2);
	ck_assert_uint_eq(cell.errors, 0);
}
END_TEST

/* Two connections, requests of 1 s: pairs after each other. */
START_TEST(requests_wait_for_a_connection)
{
	struct setup s = {.connections = 2, .work = TW_S, .n = 6, .gap = TW_US};

	ck_assert_uint_eq(connects(s), 2);
	ck_assert_uint_eq(cell.errors, 0);
	ck_assert(longest > 3 * TW_S - TW_MS && longest < 3 * TW_S);
	s.pending = 1;
	ck_assert_uint_eq(connects(s), 2);
	ck_assert_uint_eq(cell.overflow, 3);
	/* The bound of requests counts where one meets its connection. */
	s.pending = 100;
	s.requests = 1;
	ck_assert_uint_eq(connects(s), 2);
	ck_assert_uint_eq(cell.overflow, 5);
}
END_TEST

START_TEST(a_connection_ends)
{
	struct setup s = {.life = 1, .n = 7, .gap = 2 * TW_S};

	ck_assert_uint_eq(connects(s), 7);
	s.life = 3;
	ck_assert_uint_eq(connects(s), 3);
	s.life = 0;
	s.idle = TW_S;
	ck_assert_uint_eq(connects(s), 7);
	s.idle = 3 * TW_S;
	ck_assert_uint_eq(connects(s), 1);
}
END_TEST

/* HTTP/1.1 cannot take back a request: the connection goes with it. */
START_TEST(giving_up_closes_http1)
{
	struct setup s = {.work = 500 * TW_MS,
		.try_timeout = 100 * TW_MS,
		.n = 5,
		.gap = TW_S};

	ck_assert_uint_eq(connects(s), 5);
	ck_assert_uint_eq(cell.timeouts, 5);
	s.protocol = TW_HTTP2;
	ck_assert_uint_eq(connects(s), 1);
	ck_assert_uint_eq(cell.timeouts, 5);
}
END_TEST

/* Without keep-alive each request's connection is closed: slowly, it takes the
 * only place for a second more. */
START_TEST(a_slow_close_holds_its_place)
{
	struct setup s = {
		.life = 1, .connections = 1, .n = 4, .gap = 100 * TW_MS};

	connects(s);
	ck_assert_int_eq(longest, 0);
	s.fault = "slow-close";
	s.args = "service=leaf delay=1s";
	ck_assert_uint_eq(connects(s), 4);
	ck_assert_int_eq(shortest, 0);
	/* at 0.1, 1.1, 2.1 and 3.1 s instead of at 0.4 s */
	ck_assert_int_eq(longest, 2700 * TW_MS);
	/* With it a connection is not closed. */
	s.life = 0;
	ck_assert_uint_eq(connects(s), 1);
	ck_assert_int_eq(longest, 0);
}
END_TEST

/* Who waits for a connection that is not made fails with it; a try's timeout
 * counts from the connection on. */
START_TEST(a_connection_is_not_made)
{
	struct setup s = {.connect = 300 * TW_MS,
		.try_timeout = 100 * TW_MS,
		.rtt = TW_MS,
		.fault = "partition",
		.args = "from=web to=leaf both=false",
		.n = 3,
		.gap = TW_S};

	ck_assert_uint_eq(connects(s), 3);
	ck_assert_uint_eq(cell.errors, 3);
	ck_assert_uint_eq(cell.timeouts, 0);
	ck_assert_int_eq(longest, 300 * TW_MS);
}
END_TEST

/* Killed at 2.5 s and back at once: what was open is gone. */
START_TEST(a_death_closes_connections)
{
	struct setup s = {.fault = "replica-kill",
		.args = "service=leaf at=2500ms restart=100ms",
		.n = 5,
		.gap = TW_S};

	ck_assert_uint_eq(connects(s), 2);
}
END_TEST

TW_TESTS("twin/connections", setting_up_takes_round_trips,
	a_connection_carries_so_many, requests_wait_for_a_connection,
	a_connection_ends, giving_up_closes_http1, a_slow_close_holds_its_place,
	a_connection_is_not_made, a_death_closes_connections)
