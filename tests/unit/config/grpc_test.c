/*
 * gRPC's service configs as policies: whom they are for, what they do, what
 * gRPC would refuse. And what a callee says of when to come back.
 */
#include "harness/config/config.h"
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

#include <stdio.h>

/* web calls three methods of one service, and one of HTTP, that all fail. */
static const char system_text[] =
	"version: 1\n"
	"services:\n"
	"  shop/web:\n"
	"    endpoints:\n"
	"      GET /: [{call: '%s', optional: true}]\n"
	"  shop/cart:\n"
	"%s"
	"    endpoints:\n"
	"      a.Cart/Get: {steps: [{wait: 1ms}], errors: 100%%, status: 503}\n"
	"      a.Cart/Put: {steps: [{wait: 1ms}], errors: 100%%, status: 503}\n"
	"      b.Other/Get: {steps: [{wait: 1ms}], errors: 100%%, status: "
	"503}\n"
	"      GET /http: {steps: [{wait: 1ms}], errors: 100%%, status: 503}\n"
	"      slow.Cart/Get: [{wait: 1s}, {call: 'deep:Get'}]\n"
	"  shop/deep: {endpoints: {Get: [{wait: 5s}]}}\n"
	"%s\n";

struct run {
	const char *call;    /* NULL: a.Cart/Get */
	const char *service; /* keys of cart */
	const char *rest;    /* of the model */
	uint64_t n;	     /* requests, each minute one; 0: 1 */
};

#define CONFIG(names, retry)                                                   \
	"grpc: [{caller: shop/web, config: {methodConfig: [{name: [" names     \
	"], " retry "}]}}]"
#define POLICY(attempts)                                                       \
	"retryPolicy: {maxAttempts: " attempts ", initialBackoff: 0.1s, "      \
	"maxBackoff: 0.3s, backoffMultiplier: 2, retryableStatusCodes: "       \
	"[UNAVAILABLE]}"

static void read_text(
	const struct run *it, struct tw_spec *spec, struct tw_buf *told)
{
	struct tw_diags diags;
	char text[4096], call[64];

	snprintf(call, sizeof call, "cart:%s",
		it->call ? it->call : "a.Cart/Get");
	snprintf(text, sizeof text, system_text, call,
		it->service ? it->service : "", it->rest);
	tw_diags_init(&diags);
	tw_config_parse_model(spec, "m.yaml", text, strlen(text), &diags);
	for (size_t i = 0; i < diags.list.n; i++)
		tw_diag_print(&diags, diags.list.v[i], false, told);
	tw_diags_release(&diags);
}

static struct tw_cell run(const struct run *it, const char *service)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_buf told = {0};
	struct tw_observation obs;
	struct tw_model *model;
	struct tw_cell cell;

	read_text(it, spec, &told);
	ck_assert_msg(!told.n, "%s", tw_buf_text(&told));
	tw_buf_release(&told);
	tw_spec_link(spec);
	model = b_model(spec);
	b_run(model, &(struct tw_options){.seed = 7},
		(struct b_traffic){.n = it->n ? it->n : 1,
			.gap = 60 * TW_S,
			.regular = true,
			.endpoint = tw_model_endpoint(model,
				tw_model_service(model, "shop/web"), NULL)},
		&obs);
	cell = b_sum(&obs, service, TW_CLIENT, NULL);
	tw_histogram_release(&cell.latency);
	tw_observation_release(&obs);
	tw_model_free(model);
	tw_spec_free(spec);
	return cell;
}

/* ---- whom ------------------------------------------------------------- */

static const struct {
	const char *call, *names;
	uint64_t retries;
} whom[] = {
	{"a.Cart/Get", "{}", 3},
	{"a.Cart/Get", "{service: a.Cart}", 3},
	{"a.Cart/Get", "{service: a.Cart, method: Get}", 3},
	{"a.Cart/Put", "{service: a.Cart, method: Get}", 0},
	{"b.Other/Get", "{service: a.Cart}", 0},
	{"b.Other/Get", "{service: a.Cart}, {service: b.Other}", 3},
	/* HTTP has no service config. */
	{"GET /http", "{}", 0},
};

START_TEST(names_say_whom_it_is_for)
{
	for (size_t i = 0; i < sizeof whom / sizeof *whom; i++) {
		char rest[1024];
		struct run it = {.call = whom[i].call, .rest = rest};

		snprintf(rest, sizeof rest, CONFIG("%s", POLICY("4")),
			whom[i].names);
		ck_assert_msg(run(&it, "shop/cart").retries == whom[i].retries,
			"row %zu", i);
	}
}
END_TEST

/* Whatever the order in the file. */
START_TEST(the_most_exact_name_counts)
{
	static const char rest[] =
		"grpc: [{config: {methodConfig: ["
		"{name: [{}], " POLICY(
			"2") "}, "
			     "{name: [{service: a.Cart}], " POLICY(
				     "3") "}, "
					  "{name: [{service: a.Cart, method: "
					  "Get}], " POLICY("4") "}]}}]";

	ck_assert_uint_eq(
		run(&(struct run){"a.Cart/Get", NULL, rest, 0}, "shop/cart")
			.retries,
		3);
	ck_assert_uint_eq(
		run(&(struct run){"a.Cart/Put", NULL, rest, 0}, "shop/cart")
			.retries,
		2);
	ck_assert_uint_eq(
		run(&(struct run){"b.Other/Get", NULL, rest, 0}, "shop/cart")
			.retries,
		1);
}
END_TEST

/* ---- what ------------------------------------------------------------- */

/* min(0.1 s * 2^(n-1), 0.3 s) * [0.8, 1.2): of 100 calls in the mean 0.6 s. */
START_TEST(pauses_are_those_of_a6)
{
	struct run it = {.rest = CONFIG("{}", POLICY("4")), .n = 100};
	struct tw_cell cell = run(&it, "shop/cart");

	ck_assert_uint_eq(cell.retries, 300);
	ck_assert_int_gt(cell.backoff, 58 * TW_S);
	ck_assert_int_lt(cell.backoff, 62 * TW_S);
	ck_assert_int_ne(cell.backoff, 60 * TW_S);
}
END_TEST

START_TEST(five_attempts_are_the_most)
{
	struct run it = {.rest = CONFIG("{}", POLICY("9"))};

	ck_assert_uint_eq(run(&it, "shop/cart").retries, 4);
}
END_TEST

START_TEST(other_statuses_are_not_tried_again)
{
	struct run it = {.rest = CONFIG("{}",
				 "retryPolicy: {maxAttempts: 4, "
				 "initialBackoff: 0.1s, maxBackoff: 1s, "
				 "backoffMultiplier: 2, retryableStatusCodes: "
				 "[RESOURCE_EXHAUSTED, 13]}")};

	ck_assert_uint_eq(run(&it, "shop/cart").retries, 0);
}
END_TEST

/* The deadline goes on with the call: it bounds what the callee calls, too. */
START_TEST(timeouts_travel)
{
	struct run it = {
		.call = "slow.Cart/Get", .rest = CONFIG("{}", "timeout: 1.5s")};

	ck_assert_uint_eq(run(&it, "shop/cart").timeouts, 1);
	ck_assert_uint_eq(run(&it, "shop/deep").timeouts, 1);
}
END_TEST

START_TEST(an_attempt_has_its_own_time)
{
	struct run it = {.call = "slow.Cart/Get",
		.rest = CONFIG("{}",
			"retryPolicy: {maxAttempts: 3, initialBackoff: 0.1s, "
			"maxBackoff: 1s, backoffMultiplier: 2, "
			"perAttemptRecvTimeout: 0.2s, retryableStatusCodes: "
			"[UNAVAILABLE]}")};

	ck_assert_uint_eq(run(&it, "shop/cart").retries, 2);
}
END_TEST

/* 4 tokens; a failure takes one, and at two nobody tries again. */
START_TEST(retries_are_throttled)
{
	struct run it = {
		.rest = "grpc: [{config: {retryThrottling: "
			"{maxTokens: 4, tokenRatio: 0.1}, "
			"methodConfig: [{name: [{}], " POLICY("4") "}]}}]"};
	struct tw_cell cell = run(&it, "shop/cart");

	ck_assert_uint_eq(cell.retries, 1);
	ck_assert_uint_eq(cell.denied, 1);
}
END_TEST

/* ---- push-back -------------------------------------------------------- */

START_TEST(push_back_is_obeyed)
{
	struct run it = {.service = "    retry-after: 1s\n",
		.rest = CONFIG("{}", POLICY("4"))};

	ck_assert_int_eq(run(&it, "shop/cart").backoff, 3 * TW_S);
	it.service = "    no-retry: true\n";
	ck_assert_uint_eq(run(&it, "shop/cart").retries, 0);
}
END_TEST

/* Envoy: from what is said to half of it more, where that is not too long;
 * else its own pauses. */
START_TEST(envoy_looks_at_headers_where_it_is_told_to)
{
	struct run it = {.service = "    retry-after: 1s\n",
		.rest = "policies: [{callee: shop/cart, retries: 1, retry-on: "
			"[503], rate-limited-backoff: 1s}]",
		.n = 100};
	struct tw_cell cell = run(&it, "shop/cart");

	ck_assert_int_gt(cell.backoff, 120 * TW_S);
	ck_assert_int_lt(cell.backoff, 130 * TW_S);
	it.rest = "policies: [{callee: shop/cart, retries: 1, retry-on: "
		  "[503], rate-limited-backoff: 999ms}]";
	cell = run(&it, "shop/cart");
	ck_assert_int_lt(cell.backoff, 100 * 25 * TW_MS);
	it.rest = "policies: [{callee: shop/cart, retries: 1, retry-on: "
		  "[503]}]";
	ck_assert_int_eq(run(&it, "shop/cart").backoff, cell.backoff);
}
END_TEST

/* ---- what is refused -------------------------------------------------- */

static const struct {
	const char *config, *told;
} wrong[] = {
	{"{methodConfig: [{name: [{}], retryPolicy: {maxAttempts: 1}}]}",
		"maxAttempts: expected a number from 2 on"},
	{"{methodConfig: [{name: [{}], retryPolicy: {maxAttempts: 2}}]}",
		"retryPolicy needs initialBackoff, maxBackoff and"},
	{"{methodConfig: [{name: [{}], timeout: 500ms}]}",
		"timeout: expected seconds such as \"0.5s\""},
	{"{methodConfig: [{name: [{}], retryPolicy: {maxAttempts: 2, "
	 "initialBackoff: 1s, maxBackoff: 1s, backoffMultiplier: 1, "
	 "retryableStatusCodes: [UNAVAILIABLE]}}]}",
		"'UNAVAILIABLE' is no status of gRPC"},
	{"{methodConfig: [{name: [{method: Get}], timeout: 1s}]}",
		"a method without its service"},
	{"{methodConfig: [{name: [{}], hedgingPolicy: {maxAttempts: 2}}]}",
		"hedgingPolicy of a gRPC service config is not modelled"},
	{"{loadBalancingConfig: [{pick_first: {}}]}",
		"the balancer pick_first of a gRPC service config is not "
		"modelled"},
	{"{methodConf: []}", "no service config of gRPC"},
	{"{methodConfig: [], retryThrottling: {maxTokens: 2000, tokenRatio: "
	 "1}}",
		"retryThrottling needs maxTokens, up to 1000"},
};

START_TEST(what_grpc_refuses_is_told)
{
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char rest[512];
		struct run it = {.rest = rest};
		struct tw_spec *spec = tw_spec_new();
		struct tw_buf told = {0};

		snprintf(rest, sizeof rest, "grpc: [{config: %s}]",
			wrong[i].config);
		read_text(&it, spec, &told);
		ck_assert_msg(strstr(tw_buf_text(&told), wrong[i].told),
			"%s: %s", wrong[i].config, tw_buf_text(&told));
		ck_assert_ptr_nonnull(strstr(tw_buf_text(&told), "m.yaml:1"));
		tw_buf_release(&told);
		tw_spec_free(spec);
	}
}
END_TEST

TW_TESTS("config/grpc", names_say_whom_it_is_for, the_most_exact_name_counts,
	pauses_are_those_of_a6, five_attempts_are_the_most,
	other_statuses_are_not_tried_again, timeouts_travel,
	an_attempt_has_its_own_time, retries_are_throttled, push_back_is_obeyed,
	envoy_looks_at_headers_where_it_is_told_to, what_grpc_refuses_is_told)
