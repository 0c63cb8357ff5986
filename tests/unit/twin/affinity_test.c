/* Keys of requests: rings, tables, sessions. */
#include "tests/twin_builder.h"
#include "tests/unit/test.h"
#include "twins/traffic/ring.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the ring: envoy, test/…/ring_hash_lb_test.cc ----------------------- */

static struct tw_ring_host hosts[] = {
	{"127.0.0.1:90", 0, 1},
	{"127.0.0.1:91", 1, 1},
	{"127.0.0.1:92", 2, 1},
	{"127.0.0.1:93", 3, 1},
	{"127.0.0.1:94", 4, 1},
	{"127.0.0.1:95", 5, 1},
};

START_TEST(a_ring_is_envoys)
{
	static const struct {
		uint64_t hash;
		uint32_t host;
	} rows[] = {
		{UINT64_C(833437586790550860), 4},
		{UINT64_C(928266305478181108), 2},
		{UINT64_C(1033482794131418490), 0},
		{UINT64_C(3551244743356806947), 5},
		{UINT64_C(3851675632748031481), 3},
		{UINT64_C(5583722120771150861), 1},
		{UINT64_C(6311230543546372928), 1},
		{UINT64_C(7700377290971790572), 3},
		{UINT64_C(13144177310400110813), 5},
		{UINT64_C(13444792449719432967), 2},
		{UINT64_C(15516499411664133160), 4},
		{UINT64_C(16117243373044804889), 0},
	};
	struct tw_ring ring = {0};
	struct tw_arena arena;

	tw_arena_init(&arena);
	tw_ring_make(&ring, &arena, hosts, 6, 12, 8388608);
	ck_assert_uint_eq(ring.n, 12);
	for (uint32_t i = 0; i < 12; i++) {
		ck_assert_uint_eq(ring.places[i].hash, rows[i].hash);
		ck_assert_uint_eq(ring.places[i].replica, rows[i].host);
	}
	ck_assert_uint_eq(tw_ring_find(&ring, 0, 0), 4);
	ck_assert_uint_eq(tw_ring_find(&ring, UINT64_MAX, 0), 4);
	ck_assert_uint_eq(tw_ring_find(&ring, rows[3].hash, 0), 5);
	ck_assert_uint_eq(tw_ring_find(&ring, rows[3].hash + 1, 0), 3);
	/* choices again go on along it, and around */
	ck_assert_uint_eq(tw_ring_find(&ring, 0, 1), 2);
	ck_assert_uint_eq(tw_ring_find(&ring, 0, 2), 0);
	ck_assert_uint_eq(tw_ring_find(&ring, 0, 13), 2);
	tw_arena_release(&arena);
}
END_TEST

/* Its UnevenHosts: 2 hosts and a ring of at least 3 make 4 places. */
START_TEST(a_ring_has_whole_numbers_of_places)
{
	static struct tw_ring_host two[] = {
		{"127.0.0.1:80", 0, 1}, {"127.0.0.1:81", 1, 1}};
	static const uint64_t places[] = {UINT64_C(5454692015285649509),
		UINT64_C(7859399908942313493), UINT64_C(13838424394637650569),
		UINT64_C(16064866803292627174)};
	struct tw_ring ring = {0};
	struct tw_arena arena;
	uint32_t n[2] = {0, 0};

	tw_arena_init(&arena);
	tw_ring_make(&ring, &arena, two, 2, 3, 8388608);
	ck_assert_uint_eq(ring.n, 4);
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_uint_eq(ring.places[i].hash, places[i]);
	/* By weight; at most so many. */
	two[1].weight = 3;
	tw_ring_make(&ring, &arena, two, 2, 1024, 8388608);
	for (uint32_t i = 0; i < ring.n; i++)
		n[ring.places[i].replica]++;
	ck_assert_uint_eq(n[0], 256);
	ck_assert_uint_eq(n[1], 768);
	tw_ring_make(&ring, &arena, two, 2, 1024, 8);
	ck_assert_uint_eq(ring.n, 8);
	tw_arena_release(&arena);
}
END_TEST

/* maglev_lb_test.cc: Basic, BasicWithRetryHostPredicate, Weighted. */
START_TEST(a_table_is_envoys)
{
	static const uint32_t of_six[] = {2, 4, 0, 1, 5, 0, 3};
	static const uint32_t of_two[] = {
		1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1};
	static const struct tw_ring_host two[] = {
		{"127.0.0.1:90", 0, 1}, {"127.0.0.1:91", 1, 2}};
	struct tw_ring table = {0}, weighted = {0};
	struct tw_arena arena;

	tw_arena_init(&arena);
	tw_maglev_make(&table, &arena, hosts, 6, 7);
	for (uint32_t i = 0; i < 21; i++)
		ck_assert_uint_eq(tw_maglev_find(&table, i, 0), of_six[i % 7]);
	ck_assert_uint_eq(tw_maglev_find(&table, 10, 0), 1);
	ck_assert_uint_eq(tw_maglev_find(&table, 10, 1), 0);
	ck_assert_uint_eq(tw_maglev_find(&table, 10, 2), 5);
	tw_maglev_make(&weighted, &arena, two, 2, 17);
	for (uint32_t i = 0; i < 17; i++)
		ck_assert_uint_eq(tw_maglev_find(&weighted, i, 0), of_two[i]);
	tw_arena_release(&arena);
}
END_TEST

/* ---- in a run ----------------------------------------------------------- */

#define USERS 40
#define N     2000

/* Where each request was sent: users come in turn. */
struct seen {
	uint32_t of[N + 1];
	uint32_t n;
};

static void watch(void *context, const struct tw_tap_event *event)
{
	struct seen *seen = context;

	if (event->kind == TW_TAP_SENT && seen->n < N)
		seen->of[seen->n++] = event->replica;
}

static struct seen seen;
static const char *entry = "leaf", *restart = "1000s";

static struct tw_spec_policy *leaf_policy(struct tw_spec *spec)
{
	b_work(spec,
		&b_endpoint(spec, b_service(spec, "leaf", 5, 1000, 0), "*")
			 ->steps,
		TW_STEP_WAIT, b_constant(TW_MS));
	return b_policy(spec, "leaf");
}

static struct tw_spec *by_client(int balancer)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_policy *policy = leaf_policy(spec);

	tw_set_int(&policy->balancer, balancer, policy->origin);
	tw_set_int(&policy->balancing.hash_source_ip, 1, policy->origin);
	return spec;
}

/* N requests, one each `gap`, to leaf; leaf-2 (replica 1) dies half way where
 * `dies`. */
static void run(struct tw_spec *spec, tw_time gap, uint32_t users, bool dies)
{
	struct tw_model *model = b_model(spec);
	const struct tw_tap tap = {watch, &seen};
	struct tw_scenario scenario;
	struct tw_observation obs;
	struct tw_diags diags;
	char args[96];

	seen.n = 0;
	tw_diags_init(&diags);
	tw_scenario_init(&scenario);
	snprintf(args, sizeof args,
		"replica=default/leaf-2 at=%lldms restart=%s",
		(long long)(N / 2 * gap / TW_MS), restart);
	if (dies)
		ck_assert(b_fault(
			&scenario, model, "replica-kill", args, &diags));
	b_run(model,
		&(struct tw_options){
			.seed = 3, .scenario = &scenario, .tap = &tap},
		(struct b_traffic){.n = N,
			.gap = gap,
			.regular = true,
			.users = users,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, entry), NULL)},
		&obs);
	tw_observation_release(&obs);
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	tw_model_free(model);
	tw_spec_free(spec);
	ck_assert_uint_eq(seen.n, N);
}

/* How many users of [from, to) were sent to more than one replica. */
static uint32_t torn(uint32_t from, uint32_t to, uint32_t users)
{
	uint32_t n = 0;

	for (uint32_t u = 0; u < users; u++)
		for (uint32_t i = from + users; i < to; i++)
			if (i % users == u &&
				seen.of[i] != seen.of[from / users * users + u +
						      (u < from % users ? users
									: 0)]) {
				n++;
				break;
			}
	return n;
}

static uint32_t different(uint32_t from, uint32_t to)
{
	bool used[6] = {false};
	uint32_t n = 0;

	for (uint32_t i = from; i < to; i++)
		used[seen.of[i]] = true;
	for (int r = 0; r < 6; r++)
		n += used[r];
	return n;
}

/* Each user has one replica; when one dies its users move, to others that
 * live. Returns how many of the others' users moved. */
static uint32_t moved_besides(struct tw_spec *spec)
{
	uint32_t moved = 0, its_own = 0;

	run(spec, 10 * TW_MS, USERS, true);
	ck_assert_uint_eq(torn(0, N / 2, USERS), 0);
	/* The callers know of it a second later: 100 requests. */
	ck_assert_uint_eq(torn(N / 2 + 200, N, USERS), 0);
	for (uint32_t u = 0; u < USERS; u++) {
		uint32_t before = seen.of[u], after = seen.of[N - USERS + u];

		ck_assert_uint_ne(after, 1);
		its_own += before == 1;
		moved += before != 1 && before != after;
	}
	ck_assert_uint_gt(its_own, 0);
	return moved;
}

/* One place each: nobody else moves. With 1024 places the others get 256
 * instead of 205 each when one of five is gone, as in Envoy, so that some of
 * their keys move, too. */
START_TEST(a_lost_replica_moves_its_own_keys)
{
	struct tw_spec *spec = by_client(TW_BALANCE_RING_HASH);
	struct tw_spec_policy *policy = spec->policies.v[0];
	uint32_t moved;

	tw_set_int(&policy->balancing.minimum_ring_size, 4, policy->origin);
	ck_assert_uint_eq(moved_besides(spec), 0);
	moved = moved_besides(by_client(TW_BALANCE_RING_HASH));
	ck_assert_uint_eq(different(0, N / 2), 5);
	ck_assert_uint_eq(different(N / 2 + 200, N), 4);
	ck_assert_uint_lt(moved, USERS / 4);
}
END_TEST

/* Requests without a key go anywhere. */
START_TEST(without_a_key_it_is_random)
{
	run(by_client(TW_BALANCE_RING_HASH), 10 * TW_MS, 0, false);
	ck_assert_uint_eq(different(0, N), 5);
	run(by_client(TW_BALANCE_MAGLEV), 10 * TW_MS, 1, false);
	ck_assert_uint_eq(different(0, N), 1);
}
END_TEST

static int by_size(const void *a, const void *b)
{
	return (int)*(const uint32_t *)a - (int)*(const uint32_t *)b;
}

static struct tw_spec *with_sessions(tw_time timeout)
{
	struct tw_spec *spec = by_client(TW_BALANCE_RANDOM);
	struct tw_spec_policy *policy = spec->policies.v[0];

	tw_set_int(&policy->balancing.session_timeout, timeout, policy->origin);
	return spec;
}

/* A user comes every 400 ms: within a session of 401 ms, not of 400. */
START_TEST(sessions_end_when_nothing_comes)
{
	run(with_sessions(0), 10 * TW_MS, USERS, false);
	ck_assert_uint_eq(torn(0, N, USERS), 0);
	run(with_sessions(401 * TW_MS), 10 * TW_MS, USERS, false);
	ck_assert_uint_eq(torn(0, N, USERS), 0);
	run(with_sessions(400 * TW_MS), 10 * TW_MS, USERS, false);
	ck_assert_uint_eq(torn(0, N, USERS), USERS);
}
END_TEST

/* Who was on the lost replica gets another one, and keeps that. */
START_TEST(sessions_move_from_a_lost_replica)
{
	run(with_sessions(0), 10 * TW_MS, USERS, true);
	ck_assert_uint_eq(torn(0, N / 2, USERS), 0);
	ck_assert_uint_eq(torn(N / 2 + 200, N, USERS), 0);
	for (uint32_t u = 0; u < USERS; u++) {
		ck_assert_uint_ne(seen.of[N - USERS + u], 1);
		ck_assert(seen.of[u] == 1 ||
			  seen.of[u] == seen.of[N - USERS + u]);
	}
}
END_TEST

/* Kubernetes: of a Service; not where an ingress controller, which knows the
 * pods, leads to it. */
START_TEST(a_service_keeps_its_clients)
{
	for (int way = 0; way < 2; way++) {
		struct tw_spec *spec = tw_spec_new();
		struct tw_spec_policy *policy = leaf_policy(spec);
		struct tw_spec_service *service =
			tw_spec_find_service(spec, NULL, "leaf");
		struct tw_spec_entry in = {
			.path = "/", .origin = policy->origin};

		tw_set_int(
			&policy->balancer, TW_BALANCE_RANDOM, policy->origin);
		tw_set_int(&service->session_affinity, TW_H, policy->origin);
		tw_set_text(&in.service, service->key, policy->origin);
		if (way)
			tw_vec_push_in(&spec->arena, &spec->entries, &in);
		run(spec, 10 * TW_MS, USERS, false);
		ck_assert_uint_eq(torn(0, N, USERS), way ? (uint32_t)USERS : 0);
	}
}
END_TEST

/* With externalTrafficPolicy: Local a node gets its part of new clients. */
START_TEST(a_client_stays_within_its_endpoints)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_policy *policy = leaf_policy(spec);
	struct tw_spec_service *service =
		tw_spec_find_service(spec, NULL, "leaf");
	struct tw_spec_node *node = tw_new(&spec->arena, struct tw_spec_node);
	uint32_t n[5] = {0};

	tw_set_int(&service->session_affinity, TW_H, policy->origin);
	tw_set_text(&service->type, "NodePort", policy->origin);
	tw_set_text(&service->external_policy, "Local", policy->origin);
	*node = (struct tw_spec_node){.name = "n", .origin = policy->origin};
	tw_set_int(&node->count, 4, policy->origin);
	tw_vec_push_in(&spec->arena, &spec->nodes, node);
	run(spec, 10 * TW_MS, N, false);
	for (uint32_t i = 0; i < N; i++)
		n[seen.of[i]]++;
	/* Five pods on four nodes: two share the quarter of a node. */
	qsort(n, 5, sizeof *n, by_size);
	ck_assert_int_le(abs((int)n[0] - N / 8), 60);
	ck_assert_int_le(abs((int)n[4] - N / 4), 80);
}
END_TEST

/* Envoy, weighted round robin: shares are the weights'. */
START_TEST(weights_share_the_requests)
{
	static const int balancers[] = {TW_BALANCE_ROUND_ROBIN,
		TW_BALANCE_LEAST_REQUEST, TW_BALANCE_RING_HASH};

	for (size_t b = 0; b < sizeof balancers / sizeof *balancers; b++) {
		struct tw_spec *spec = tw_spec_new();
		struct tw_spec_policy *policy = leaf_policy(spec);
		struct tw_spec_weight weight = {.replica = "leaf-1"};
		uint32_t n = 0;

		tw_set_int(&weight.weight, 4, policy->origin);
		tw_set_int(&policy->balancer, balancers[b], policy->origin);
		tw_vec_push_in(
			&spec->arena, &policy->balancing.weights, weight);
		run(spec, 10 * TW_MS, 0, false);
		for (uint32_t i = 0; i < N; i++)
			n += seen.of[i] == 0;
		/* 4 of 8; a draw on the ring has a deviation of 22 */
		ck_assert_int_le(abs((int)n - N / 2),
			balancers[b] == TW_BALANCE_RING_HASH ? 110 : 2);
	}
}
END_TEST

/* ---- of calls inside ---------------------------------------------------- */

/* web (one replica) calls leaf, which fails; the call is made `retries` times
 * more by the application itself. */
static struct tw_spec *behind_web(int retries)
{
	struct tw_spec *spec = by_client(TW_BALANCE_RING_HASH);
	struct tw_spec_policy *policy = spec->policies.v[0];
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 1, 1000, 0), "*");
	struct tw_spec_service *leaf = tw_spec_find_service(spec, NULL, "leaf");
	struct tw_spec_endpoint *endpoint = leaf->endpoints.v[0].value;

	b_call(spec, &home->steps, "leaf", NULL);
	tw_set_int(&home->steps.v[0]->retries, retries, policy->origin);
	if (retries)
		tw_set_real(&endpoint->errors, 1, policy->origin);
	tw_set_int(&policy->host_retries, 5, policy->origin);
	return spec;
}

/* The client of a call inside is the replica that makes it. And what a call
 * has tried counts within one turn of its route: when the application makes it
 * again it goes to its key's replica once more. */
START_TEST(a_caller_is_a_client)
{
	entry = "web";
	run(behind_web(0), 10 * TW_MS, 0, false);
	/* of the tries of one call in two, which go to web */
	ck_assert_uint_eq(different(0, N), 2);
	run(behind_web(1), 10 * TW_MS, 0, false);
	ck_assert_uint_eq(different(0, N), 2);
	entry = "leaf";
}
END_TEST

/* A header's key goes on where the caller passes it on, and nowhere else. */
START_TEST(a_key_goes_on)
{
	static const char *const headers[] = {"x-user", "x-*", "other"};

	entry = "web";
	for (int i = 0; i < 3; i++) {
		struct tw_spec *spec = behind_web(0);
		struct tw_spec_policy *policy = spec->policies.v[0];
		struct tw_text header = {headers[i], policy->origin};

		policy->balancing.hash_source_ip = (struct tw_int){0};
		tw_set_text(&policy->balancing.hash_header, "X-User",
			policy->origin);
		tw_vec_push_in(&spec->arena, &spec->propagate, header);
		run(spec, 10 * TW_MS, USERS, false);
		/* Each request is sent twice: to web, then to leaf. */
		ck_assert_uint_eq(
			torn(0, N, 2 * USERS), i < 2 ? 0 : (uint32_t)USERS);
	}
	entry = "leaf";
}
END_TEST

/* Who comes back is due when it would be from now on, not for all the time that
 * it was away. */
START_TEST(weights_do_not_pay_arrears)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_policy *policy = leaf_policy(spec);
	struct tw_spec_weight weight = {.replica = "leaf-1"};
	uint32_t n = 0;

	tw_set_int(&weight.weight, 4, policy->origin);
	tw_vec_push_in(&spec->arena, &policy->balancing.weights, weight);
	tw_set_int(&spec->restart_delay, 3 * TW_S, policy->origin);
	restart = "3s";
	run(spec, 10 * TW_MS, 0, true);
	restart = "1000s";
	/* An eighth of the last 400 requests, and of the first 900. */
	for (uint32_t i = N - 400; i < N; i++)
		n += seen.of[i] == 1;
	ck_assert_int_le(abs((int)n - 50), 2);
	n = 0;
	for (uint32_t i = N / 2 + 200; i < N - 400; i++)
		n += seen.of[i] == 1;
	ck_assert_uint_le(n, 50);
}
END_TEST

TW_TESTS("twin/affinity", a_ring_is_envoys, a_ring_has_whole_numbers_of_places,
	a_table_is_envoys, a_lost_replica_moves_its_own_keys,
	without_a_key_it_is_random, sessions_end_when_nothing_comes,
	sessions_move_from_a_lost_replica, a_service_keeps_its_clients,
	a_client_stays_within_its_endpoints, weights_share_the_requests,
	a_caller_is_a_client, a_key_goes_on, weights_do_not_pay_arrears)
