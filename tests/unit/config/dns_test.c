/*
 * Look-ups as load: how many questions a name makes, what becomes of those
 * that the server drops, what caches spare; and no key of `dns:` is read and
 * inert.
 */
#include "harness/config/config.h"
#include "harness/config/tables.h"
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

#include <stdio.h>

/* web calls leaf of another namespace, then a host outside. */
static const char system_text[] =
	"version: 1\n"
	"defaults: {workers: 1000}\n"
	"services:\n"
	"  shop/web: {endpoints: {GET /: [%s]}}\n"
	"  back/leaf: {endpoints: {GET /: [{wait: 1ms}]}}\n"
	"  shop/near: {endpoints: {GET /: [{wait: 1ms}]}}\n"
	"external: {api.pay.com: {latency: 1ms}}\n"
	"%s\n"
	"dns: {%s}\n";

#define BOTH "{call: back/leaf}, {call: external/api.pay.com}"

struct seen {
	uint64_t questions, forwarded, web_errors, web_latency, retries, tries,
		connects;
	tw_time longest;
};

struct run {
	const char *calls; /* NULL: BOTH */
	const char *policies, *dns, *fault;
	uint64_t n;
	tw_time gap;
};

static struct tw_spec *read_spec(const struct run *it, const char *dns)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_diags diags;
	struct tw_buf told = {0};
	char text[2048];

	snprintf(text, sizeof text, system_text, it->calls ? it->calls : BOTH,
		it->policies ? it->policies : "", dns);
	tw_diags_init(&diags);
	if (tw_config_parse_model(spec, "m.yaml", text, strlen(text), &diags)) {
		for (size_t i = 0; i < diags.list.n; i++)
			tw_diag_print(&diags, diags.list.v[i], false, &told);
		ck_abort_msg("%s: %s", dns, tw_buf_text(&told));
	}
	tw_spec_link(spec);
	tw_diags_release(&diags);
	return spec;
}

static void sum_up(const struct tw_observation *obs, struct seen *to)
{
	struct tw_cell web = b_sum(obs, "shop/web", TW_CLIENT, NULL);

	*to = (struct seen){.web_errors = web.errors,
		.web_latency = (uint64_t)tw_histogram_mean(&web.latency),
		.longest = web.latency.max};
	for (size_t i = 0; i < obs->cells.n; i++) {
		const struct tw_cell *it = &obs->cells.v[i];

		if (it->key.side == TW_CLIENT)
			to->connects += it->connects;
		if (strcmp(it->key.service, "kube-system/coredns") != 0)
			continue;
		if (it->key.side == TW_SERVER) {
			to->tries += it->count;
			continue;
		}
		to->questions += it->count;
		to->retries += it->retries;
		if (!strcmp(it->key.endpoint, TW_DNS_FORWARDED))
			to->forwarded += it->count;
	}
	tw_histogram_release(&web.latency);
}

static struct seen run(const struct run *it, const char *dns)
{
	struct tw_spec *spec = read_spec(it, dns);
	struct tw_model *model = b_model(spec);
	struct tw_scenario scenario;
	struct tw_observation obs;
	struct tw_diags diags;
	struct seen seen;
	char kind[32] = "";

	tw_diags_init(&diags);
	tw_scenario_init(&scenario);
	if (it->fault) {
		sscanf(it->fault, "%31s", kind);
		ck_assert(b_fault(&scenario, model, kind,
			it->fault + strlen(kind) + 1, &diags));
	}
	b_run(model, &(struct tw_options){.seed = 5, .scenario = &scenario},
		(struct b_traffic){.n = it->n ? it->n : 1,
			.gap = it->gap ? it->gap : TW_S,
			.regular = true,
			.endpoint = tw_model_endpoint(model,
				tw_model_service(model, "shop/web"), NULL)},
		&obs);
	sum_up(&obs, &seen);
	tw_observation_release(&obs);
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	tw_model_free(model);
	tw_spec_free(spec);
	return seen;
}

/* ---- names ------------------------------------------------------------ */

static const struct {
	const char *call, *name; /* NULL: nothing is said */
	const char *more;
	uint64_t questions, forwarded;
} names[] = {
	/* near.shop.svc.cluster.local */
	{"shop/near", NULL, "", 2, 0},
	/* leaf.back.shop.svc.cluster.local, then leaf.back.svc… */
	{"back/leaf", NULL, "", 4, 0},
	{"back/leaf", "leaf.back.svc", "", 6, 0},
	{"back/leaf", "leaf.back.svc.cluster.local", "", 8, 0},
	{"back/leaf", "leaf.back.svc.cluster.local.", "", 2, 0},
	{"back/leaf", "leaf.back.svc.cluster.local", ", ndots: 4", 2, 0},
	{"back/leaf", "leaf-0.leaf.back", "", 4, 0},
	{"external/api.pay.com", NULL, "", 8, 2},
	{"external/api.pay.com", "api.pay.com.", "", 2, 2},
	{"external/api.pay.com", NULL, ", ndots: 2", 2, 2},
	{"external/api.pay.com", NULL, ", ipv6: false", 4, 1},
	/* A node's domain is asked for elsewhere. */
	{"external/api.pay.com", NULL, ", search: [ec2.internal]", 10, 4},
};

START_TEST(names_make_so_many_questions)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char calls[128], dns[256];
		struct run it = {.calls = calls};
		struct seen seen;

		snprintf(calls, sizeof calls, "{call: %s}", names[i].call);
		snprintf(dns, sizeof dns, "work: 10us%s%s%s%s%s%s",
			names[i].more,
			names[i].name ? ", names: [{callee: '" : "",
			names[i].name ? names[i].call : "",
			names[i].name ? "', name: '" : "",
			names[i].name ? names[i].name : "",
			names[i].name ? "'}]" : "");
		seen = run(&it, dns);
		ck_assert_msg(seen.questions == names[i].questions &&
				      seen.forwarded == names[i].forwarded,
			"row %zu: %llu questions, %llu forwarded", i,
			(unsigned long long)seen.questions,
			(unsigned long long)seen.forwarded);
		ck_assert_uint_eq(seen.web_errors, 0);
	}
}
END_TEST

/* A name that no search finds is asked for everywhere, and fails. */
START_TEST(a_name_of_nobody_fails)
{
	struct run it = {.calls = "{call: back/leaf}"};
	struct seen seen = run(
		&it, "work: 10us, names: [{callee: back/leaf, name: leaf}]");

	ck_assert_uint_eq(seen.questions, 8);
	ck_assert_uint_eq(seen.web_errors, 1);
}
END_TEST

/* ---- the server ------------------------------------------------------- */

/* One question is served for a second; the other finds no room, is asked again
 * after five, and is served for a second. */
START_TEST(what_is_dropped_is_asked_again)
{
	struct run it = {.calls = "{call: shop/near}"};
	struct seen seen =
		run(&it, "work: 1s, replicas: 1, workers: 1, queue: 0");

	ck_assert_uint_eq(seen.questions, 2);
	ck_assert_uint_eq(seen.retries, 1);
	ck_assert_uint_eq(seen.tries, 3);
	ck_assert_uint_eq(seen.web_errors, 0);
	/* 5 s, 1 s, and the call's 1 ms */
	ck_assert_int_eq(seen.longest, 6 * TW_S + TW_MS);
}
END_TEST

/* Both attempts of a question are dropped: 10 s, and the search ends. */
START_TEST(a_silent_server_fails_calls_after_ten_seconds)
{
	struct run it = {.calls = "{call: back/leaf}",
		.fault = "black-hole to=kube-system/coredns"};
	struct seen seen = run(&it, "work: 10us");

	ck_assert_uint_eq(seen.web_errors, 1);
	ck_assert_int_eq(seen.longest, 10 * TW_S);
	ck_assert_uint_eq(seen.questions, 2);
	seen = run(&it, "work: 10us, timeout: 1s, attempts: 3");
	ck_assert_int_eq(seen.longest, 3 * TW_S);
}
END_TEST

START_TEST(no_server_fails_calls_at_once)
{
	struct run it = {0};
	struct seen seen = run(&it, "work: 10us, replicas: 0");

	ck_assert_uint_eq(seen.web_errors, 1);
	ck_assert_int_eq(seen.longest, 0);
}
END_TEST

/* A lost datagram is not late by TCP's 200 ms, but by the 5 s of who asked. */
START_TEST(a_lost_question_is_late_by_its_timeout)
{
	struct run it = {.calls = "{call: shop/near}",
		.n = 200,
		.fault = "loss to=kube-system/coredns loss=10%"};
	struct seen seen = run(&it, "work: 10us");

	ck_assert_uint_gt(seen.retries, 40);
	ck_assert_uint_lt(seen.retries, 160);
	ck_assert_int_ge(seen.longest, 5 * TW_S);
}
END_TEST

/* ---- who need not ask ------------------------------------------------- */

/* The A record stays for 30 s, that there is no AAAA record for 5 s. */
START_TEST(nodes_keep_records)
{
	struct run it = {.calls = "{call: shop/near}", .n = 4, .gap = 4 * TW_S};
	struct seen seen = run(&it, "work: 10us, cache: node");

	/* at 4 s both, at 8 s none, at 12 s and not at 16 s the AAAA */
	ck_assert_uint_eq(seen.questions, 3);
	seen = run(&it, "work: 10us, cache: node, ttl: 2s, negative-ttl: 2s");
	ck_assert_uint_eq(seen.questions, 8);
}
END_TEST

START_TEST(pods_keep_results)
{
	struct run it = {.n = 4, .gap = 11 * TW_S};
	struct seen seen = run(&it, "work: 10us, cache: pod");

	/* at 11 s all twelve, at 22 s and 33 s none, at 44 s all again */
	ck_assert_uint_eq(seen.questions, 24);
}
END_TEST

START_TEST(connections_are_looked_up_once)
{
	struct run it = {.calls = "{call: shop/near}",
		.n = 10,
		.policies = "policies: [{callee: shop/near, connections: "
			    "{protocol: http1}}]"};
	struct seen seen = run(&it, "work: 10us");

	ck_assert_uint_eq(seen.connects, 1);
	ck_assert_uint_eq(seen.questions, 2);
	ck_assert_uint_eq(seen.web_errors, 0);
	it.fault = "black-hole to=kube-system/coredns at=0s";
	seen = run(&it, "work: 10us, timeout: 1s, attempts: 1");
	ck_assert_uint_eq(seen.web_errors, 10);
}
END_TEST

/* The fault of names meets who looks up, and nobody else. */
START_TEST(dns_errors_meet_look_ups)
{
	struct run it = {.calls = "{call: shop/near}",
		.n = 20,
		.fault = "dns-error to=shop/near at=2500ms"};
	struct seen seen = run(&it, "work: 10us");

	ck_assert_uint_eq(seen.web_errors, 18);
	seen = run(&it, "work: 10us, cache: pod");
	ck_assert_uint_eq(seen.web_errors, 0);
	it.fault = "dns-error to=shop/near at=2500ms action=random";
	seen = run(&it, "work: 10us");
	ck_assert_int_eq(seen.longest, 5 * TW_S);
}
END_TEST

/* ---- every key -------------------------------------------------------- */

enum what { QUESTIONS, ERRORS, LATENCY };

static const struct {
	const char *key, *dns;
	enum what what;
	const char *fault;
} keys[] = {
	{"service", "<service: kube-system/other,> work: 1ms", QUESTIONS, NULL},
	{"replicas", "work: 1ms, workers: 1, <replicas: 1>", LATENCY, NULL},
	{"workers", "work: 1ms, replicas: 1, <workers: 1>", LATENCY, NULL},
	{"queue", "work: 1ms, replicas: 1, workers: 1, <queue: 0>", LATENCY,
		NULL},
	{"in-flight", "work: 1ms, upstream: 1s, <in-flight: 1>", LATENCY, NULL},
	{"upstream", "work: 1ms, <upstream: 5ms>", LATENCY, NULL},
	{"cache", "work: 1ms, <cache: node>", QUESTIONS, NULL},
	{"ttl", "work: 1ms, cache: pod, <ttl: 1s>", QUESTIONS, NULL},
	{"negative-ttl", "work: 1ms, cache: node, <negative-ttl: 1s>",
		QUESTIONS, NULL},
	{"reuse", "work: 1ms, <reuse: 50%>", QUESTIONS, NULL},
	{"ipv6", "work: 1ms, <ipv6: false>", QUESTIONS, NULL},
	{"ndots", "work: 1ms, <ndots: 1>", QUESTIONS, NULL},
	{"search", "work: 1ms, <search: ec2.internal>", QUESTIONS, NULL},
	{"timeout", "work: 1ms, <timeout: 1s>", LATENCY,
		"loss to=kube-system/coredns loss=5%"},
	{"attempts", "work: 1ms, <attempts: 1>", ERRORS,
		"loss to=kube-system/coredns loss=20%"},
	{"names.callee",
		"work: 1ms, <names: [{callee: leaf, name: "
		"leaf.back.svc.cluster.local.}]>",
		QUESTIONS, NULL},
	{"names.name",
		"work: 1ms, <names: [{callee: leaf, name: "
		"leaf.back.svc.cluster.local}]>",
		QUESTIONS, NULL},
	{"names.caller",
		"work: 1ms, names: [{<caller: shop/near,> callee: leaf, "
		"name: leaf.back.svc.cluster.local.}]",
		QUESTIONS, NULL},
};

#define N_KEYS (sizeof keys / sizeof *keys)

static void take(const char *from, bool cut, char *to)
{
	bool inside = false;

	for (; *from; from++) {
		if (*from == '<' || *from == '>')
			inside = *from == '<';
		else if (!inside || !cut)
			*to++ = *from;
	}
	*to = '\0';
}

START_TEST(each_key_changes_what_it_is_for)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		struct run it = {
			.n = 400, .gap = 20 * TW_MS, .fault = keys[i].fault};
		char with[256], without[256];
		struct seen a, b;

		take(keys[i].dns, false, with);
		take(keys[i].dns, true, without);
		a = run(&it, with);
		b = run(&it, without);
		ck_assert_msg(keys[i].what == QUESTIONS
				      ? a.questions != b.questions
			      : keys[i].what == ERRORS
				      ? a.web_errors != b.web_errors
				      : a.web_latency != b.web_latency,
			"the key '%s' is inert", keys[i].key);
	}
}
END_TEST

static bool has_row(const char *key)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (!strcmp(keys[i].key, key))
			return true;
	return !strcmp(key, "work"); /* what_is_dropped_… */
}

START_TEST(no_key_is_left_out)
{
	for (const struct tw_row *row = tw_dns_table.rows; row->name; row++) {
		if (!row->table) {
			ck_assert_msg(has_row(row->name), "%s", row->name);
			continue;
		}
		for (const struct tw_row *in = row->table->rows; in->name;
			in++) {
			char key[64];

			snprintf(key, sizeof key, "%s.%s", row->name, in->name);
			ck_assert_msg(has_row(key), "%s", key);
		}
	}
}
END_TEST

TW_TESTS("config/dns", names_make_so_many_questions, a_name_of_nobody_fails,
	what_is_dropped_is_asked_again,
	a_silent_server_fails_calls_after_ten_seconds,
	no_server_fails_calls_at_once, a_lost_question_is_late_by_its_timeout,
	nodes_keep_records, pods_keep_results, connections_are_looked_up_once,
	dns_errors_meet_look_ups, each_key_changes_what_it_is_for,
	no_key_is_left_out)
