/*
 * No key of a policy is read and inert: each is deleted from the YAML of a
 * small system, and what it is there for changes. A key of the tables that has
 * no row here fails the test.
 */
#include "harness/config/config.h"
#include "harness/config/tables.h"
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

#include <stdio.h>

/* web calls leaf (4 replicas in two zones), which works and calls deep. */
static const char system_text[] =
	"version: 1\n"
	"defaults: {workers: 1000}\n"
	"services:\n"
	"  default/web:\n"
	"    endpoints:\n"
	"      GET /: [{call: 'leaf:GET /', headers: {kind: gold}}]\n"
	"  default/leaf:\n"
	"    replicas: %d\n"
	"    retry-after: 200ms\n"
	"    endpoints:\n"
	"      GET /: {steps: [{wait: %s}, {call: deep}], errors: %s, "
	"status: 503}\n"
	"      GET /other: [{wait: 1ms}]\n"
	"  default/deep: {endpoints: {GET /: [{wait: 10ms}]}}\n"
	"  default/spare: {endpoints: {GET /: [{wait: 1ms}]}}\n"
	"nodes: [%s]\n"
	"network: {same-zone: 2ms, cross-zone: 3ms}\n"
	"policies:\n"
	"  - {callee: default/leaf, %s}\n";

enum seen {
	ERRORS,
	TIMEOUTS,
	RETRIES,
	BACKOFF,
	OVERFLOW_,
	DENIED,
	EJECTIONS,
	CONNECTS,
	LIMITED,
	REJECTED,
	LATENCY, /* mean at web */
	DEEP,	 /* time-outs of leaf's calls */
	SPARE,	 /* calls that went there */
	ZONES,	 /* served in zone b */
	SERVED,	 /* by leaf */
	N_SEEN
};

struct row {
	const char *key;
	/* With the key; what stands between < and > is deleted. */
	const char *policy;
	enum seen seen;
	const char *wait, *errors; /* NULL: 20ms, 0% */
	const char *fault;	   /* "kind args" */
	int replicas;		   /* 0: 4 */
	/* From outside straight to leaf, by so many users; of conditions it is
	 * known that they do not hold. 0: to web, by nobody. */
	uint32_t direct;
	const char *nodes; /* NULL: two, in zones a and b */
};

/* leaf has a replica in each, of which leaf-2 is in web's zone. */
#define REGIONS                                                                \
	"{name: na, zone: b, region: x}, {name: nb, zone: a, region: y}, "     \
	"{name: nc, zone: c, region: z}"
#define ALONE "replica-kill replica=default/leaf-2 at=0s restart=1000s"

#define RETRY	     "retries: 3, retry-on: [5xx], "
#define EJECT	     "max-ejection-percent: 100%, panic-threshold: 0%, "
#define ONE_BAD	     "error replica=default/leaf-1 probability=60% status=503"
#define KEY(k, p, s) .key = k, .policy = p, .seen = s

static const struct row rows[] = {
	{KEY("timeout", "<timeout: 15ms>", TIMEOUTS)},
	{KEY("try-timeout", "<try-timeout: 15ms>", TIMEOUTS)},
	{KEY("retries", "retry-on: [5xx], <retries: 2>", RETRIES),
		.errors = "50%"},
	{KEY("retry-on", "retries: 2, <retry-on: [503]>", RETRIES),
		.errors = "50%"},
	{KEY("backoff", RETRY "<backoff: 100ms>", BACKOFF), .errors = "50%"},
	{KEY("backoff-max", RETRY "<backoff-max: 30ms>", BACKOFF),
		.errors = "50%"},
	{KEY("backoff-multiplier", RETRY "<backoff-multiplier: 4>", BACKOFF),
		.errors = "50%"},
	{KEY("backoff-jitter",
		 RETRY "backoff-multiplier: 2, <backoff-jitter: 90%>", BACKOFF),
		.errors = "50%"},
	{KEY("push-back", RETRY "<push-back: true>", BACKOFF), .errors = "50%"},
	{KEY("rate-limited-backoff", RETRY "<rate-limited-backoff: 1s>",
		 BACKOFF),
		.errors = "50%"},
	{KEY("connections.protocol",
		"connections: {<protocol: http2,> tls: none}", CONNECTS)},
	{KEY("connections.max-streams",
		"connections: {protocol: http2, <max-streams: 1>}", CONNECTS)},
	{KEY("connections.max-requests",
		"connections: {<max-requests: 1,> "
		"tls: none}",
		CONNECTS)},
	{KEY("connections.idle-timeout",
		"connections: {<idle-timeout: 1ms,> "
		"tls: none}",
		CONNECTS)},
	{KEY("connections.connect-timeout",
		"connections: {<connect-timeout: 1ms,> tls: none}", ERRORS)},
	{KEY("connections.tls", "connections: {max-requests: 1, <tls: '1.2'>}",
		LATENCY)},
	{KEY("circuit-breaker.max-connections",
		 "circuit-breaker: {<max-connections: 4,> "
		 "max-pending-requests: 1000}",
		 LATENCY),
		.wait = "50ms"},
	{KEY("circuit-breaker.max-pending-requests",
		 "circuit-breaker: {max-connections: 4, "
		 "<max-pending-requests: 2>}",
		 OVERFLOW_),
		.wait = "50ms"},
	{KEY("circuit-breaker.max-requests",
		"circuit-breaker: {<max-requests: 2>}", OVERFLOW_)},
	{KEY("circuit-breaker.max-retries",
		 RETRY "circuit-breaker: {<max-retries: 1>}", DENIED),
		.errors = "50%"},
	{KEY("retry-budget.ratio",
		 RETRY "retry-budget: {min-concurrency: 0, <ratio: 90%>}",
		 RETRIES),
		.wait = "200ms", .errors = "80%"},
	{KEY("retry-budget.min-concurrency",
		 RETRY "retry-budget: {ratio: 1%, <min-concurrency: 0>}",
		 RETRIES),
		.errors = "50%"},
	{KEY("retry-budget.interval",
		 RETRY "retry-budget: {ratio: 10%, <interval: 2s>}", RETRIES),
		.errors = "50%"},
	{KEY("retry-budget.min-per-second",
		 RETRY "retry-budget: {interval: 2s, <min-per-second: 50/s>}",
		 RETRIES),
		.errors = "50%"},
	{KEY("retry-throttling.max-tokens",
		 RETRY "<retry-throttling: {max-tokens: 10}>", DENIED),
		.errors = "50%"},
	{KEY("retry-throttling.token-ratio",
		 RETRY "retry-throttling: {max-tokens: 10, <token-ratio: 1>}",
		 RETRIES),
		.errors = "50%"},
	{KEY("balancer", "<balancer: random>", ZONES)},
	{KEY("load-balancing.choice-count",
		"balancer: least-request, load-balancing: {<choice-count: 20>}",
		ZONES)},
	{KEY("load-balancing.active-request-bias",
		 "balancer: least-request, load-balancing: {slow-start-window: "
		 "10s, <active-request-bias: 0>}",
		 ZONES),
		.fault = "replica-kill replica=default/leaf-1 at=1s "
			 "restart=3s"},
	{KEY("load-balancing.slow-start-window",
		 "load-balancing: {<slow-start-window: 10s>}", ZONES),
		.fault = "replica-kill replica=default/leaf-1 at=1s "
			 "restart=3s"},
	{KEY("load-balancing.slow-start-aggression",
		 "load-balancing: {slow-start-window: 10s, "
		 "<slow-start-aggression: 3>}",
		 ZONES),
		.fault = "replica-kill replica=default/leaf-1 at=1s "
			 "restart=3s"},
	{KEY("load-balancing.slow-start-min-weight",
		 "load-balancing: {slow-start-window: 100s, "
		 "<slow-start-min-weight: 80%>}",
		 ZONES),
		.fault = "replica-kill replica=default/leaf-1 at=1s "
			 "restart=3s"},
	{KEY("locality.failover", "locality: {<failover: true>}", ZONES)},
	{KEY("locality.failover-regions.from",
		 "locality: {failover-regions: [{from: y<y>, to: x}]}", ZONES),
		.nodes = REGIONS, .replicas = 3, .fault = ALONE},
	{KEY("locality.failover-regions.to",
		 "locality: {failover-regions: [{from: y, to: x<y>}]}", ZONES),
		.nodes = REGIONS, .replicas = 3, .fault = ALONE},
	{KEY("locality.priority",
		"locality: {<priority: [topology.kubernetes.io/zone=b]>}",
		ZONES)},
	{KEY("locality.overprovisioning",
		 "locality: {failover: true, <overprovisioning: 1x>}, "
		 "outlier-detection: {" EJECT "consecutive-5xx: 4}",
		 ZONES),
		.errors = "40%", .replicas = 8},
	{KEY("locality.distribute.from",
		"locality: {distribute: [{<from: a,> to: a}]}", ZONES)},
	{KEY("locality.distribute.to", "<locality: {distribute: [{to: a}]}>",
		ZONES)},
	{KEY("locality.distribute.weight",
		"locality: {distribute: [{to: a, <weight: 9>}, {to: b}]}",
		ZONES)},
	{KEY("rate-limit.max-tokens", "<rate-limit: {max-tokens: 5}>",
		LIMITED)},
	{KEY("rate-limit.tokens-per-fill",
		"rate-limit: {max-tokens: 5, <tokens-per-fill: 5>}", LIMITED)},
	{KEY("rate-limit.fill-interval",
		"rate-limit: {max-tokens: 5, <fill-interval: 100ms>}",
		LIMITED)},
	{KEY("rate-limit.at", "rate-limit: {max-tokens: 5, <at: callee>}",
		LIMITED)},
	{KEY("application-breaker.failure-rate",
		 "application-breaker: {<failure-rate: 20%,> min-calls: 10}",
		 REJECTED),
		.errors = "40%"},
	{KEY("application-breaker.slow-rate",
		 "application-breaker: {slow-call: 50ms, <slow-rate: 30%>}",
		 REJECTED),
		.wait = "{mean: 50ms, dist: exponential}"},
	{KEY("application-breaker.slow-call",
		"application-breaker: {<slow-call: 10ms,> min-calls: 10}",
		REJECTED)},
	{KEY("application-breaker.window",
		 "application-breaker: {<window: 10>}", REJECTED),
		.errors = "45%"},
	{KEY("application-breaker.min-calls",
		 "application-breaker: {<min-calls: 10>}", REJECTED),
		.errors = "100%"},
	{KEY("application-breaker.open-for",
		 "application-breaker: {min-calls: 10, <open-for: 1s>}",
		 REJECTED),
		.errors = "100%"},
	{KEY("application-breaker.half-open-calls",
		 "application-breaker: {min-calls: 10, open-for: 1s, "
		 "<half-open-calls: 50>}",
		 REJECTED),
		.errors = "100%"},
	{KEY("bulkhead.max-calls", "bulkhead: {<max-calls: 2>}", REJECTED),
		.wait = "50ms"},
	{KEY("bulkhead.max-wait",
		 "bulkhead: {max-calls: 2, <max-wait: 30ms>}", REJECTED),
		.wait = "50ms"},
	{KEY("bulkhead.queue", "bulkhead: {max-calls: 2, <queue: 3>}",
		 REJECTED),
		.wait = "50ms"},
	{KEY("propagate-deadline", "timeout: 30ms, <propagate-deadline: true>",
		DEEP)},
	{KEY("outlier-detection.consecutive-5xx",
		 "outlier-detection: {" EJECT "<consecutive-5xx: 0>}",
		 EJECTIONS),
		.fault = ONE_BAD},
	{KEY("outlier-detection.consecutive-gateway-failure",
		 "outlier-detection: {" EJECT "consecutive-5xx: 0, "
		 "<consecutive-gateway-failure: 2>}",
		 EJECTIONS),
		.fault = ONE_BAD},
	{KEY("outlier-detection.split-external-local-origin-errors",
		"try-timeout: 15ms, outlier-detection: {" EJECT
		"consecutive-5xx: 2, consecutive-local-origin-failure: 0, "
		"<split-external-local-origin-errors: true>}",
		EJECTIONS)},
	{KEY("outlier-detection.consecutive-local-origin-failure",
		"try-timeout: 15ms, outlier-detection: {" EJECT
		"split-external-local-origin-errors: true, "
		"<consecutive-local-origin-failure: 0>}",
		EJECTIONS)},
	{KEY("outlier-detection.interval",
		 "outlier-detection: {" EJECT "consecutive-5xx: 2, "
		 "base-ejection-time: 100ms, <interval: 100ms>}",
		 EJECTIONS),
		.fault = ONE_BAD},
	{KEY("outlier-detection.base-ejection-time",
		 "outlier-detection: {" EJECT "consecutive-5xx: 2, "
		 "interval: 100ms, <base-ejection-time: 100ms>}",
		 EJECTIONS),
		.fault = ONE_BAD},
	{KEY("outlier-detection.max-ejection-time",
		 "outlier-detection: {" EJECT "consecutive-5xx: 2, "
		 "interval: 100ms, base-ejection-time: 100ms, "
		 "<max-ejection-time: 100ms>}",
		 EJECTIONS),
		.fault = ONE_BAD},
	{KEY("outlier-detection.max-ejection-percent",
		 "outlier-detection: {consecutive-5xx: 2, "
		 "<max-ejection-percent: 50%>}",
		 EJECTIONS),
		.fault = ONE_BAD},
	{KEY("outlier-detection.always-eject-one-host",
		 "outlier-detection: {consecutive-5xx: 2, "
		 "<always-eject-one-host: true>}",
		 EJECTIONS),
		.fault = ONE_BAD},
	{KEY("outlier-detection.success-rate-stdev-factor",
		 "outlier-detection: {" EJECT "consecutive-5xx: 0, "
		 "interval: 2s, success-rate-request-volume: 10, "
		 "<success-rate-stdev-factor: 3>}",
		 EJECTIONS),
		.fault = ONE_BAD, .replicas = 8},
	{KEY("outlier-detection.success-rate-minimum-hosts",
		 "outlier-detection: {" EJECT "consecutive-5xx: 0, "
		 "interval: 2s, success-rate-request-volume: 10, "
		 "<success-rate-minimum-hosts: 9>}",
		 EJECTIONS),
		.fault = ONE_BAD, .replicas = 8},
	{KEY("outlier-detection.success-rate-request-volume",
		 "outlier-detection: {" EJECT "consecutive-5xx: 0, "
		 "interval: 2s, <success-rate-request-volume: 10>}",
		 EJECTIONS),
		.fault = ONE_BAD, .replicas = 8},
	{KEY("outlier-detection.failure-percentage-threshold",
		 "outlier-detection: {" EJECT "consecutive-5xx: 0, "
		 "success-rate-stdev-factor: 0, interval: 2s, "
		 "<failure-percentage-threshold: 20%>}",
		 EJECTIONS),
		.fault = ONE_BAD, .replicas = 6},
	{KEY("outlier-detection.failure-percentage-minimum-hosts",
		 "outlier-detection: {" EJECT "consecutive-5xx: 0, "
		 "success-rate-stdev-factor: 0, interval: 2s, "
		 "failure-percentage-threshold: 20%, "
		 "<failure-percentage-minimum-hosts: 9>}",
		 EJECTIONS),
		.fault = ONE_BAD, .replicas = 6},
	{KEY("outlier-detection.failure-percentage-request-volume",
		 "outlier-detection: {" EJECT "consecutive-5xx: 0, "
		 "success-rate-stdev-factor: 0, interval: 2s, "
		 "failure-percentage-threshold: 20%, "
		 "<failure-percentage-request-volume: 1000>}",
		 EJECTIONS),
		.fault = ONE_BAD, .replicas = 6},
	{KEY("outlier-detection.panic-threshold",
		 "outlier-detection: {consecutive-5xx: 2, "
		 "max-ejection-percent: 100%, <panic-threshold: 0%>}",
		 ERRORS),
		.errors = "40%"},
	{KEY("path", "<path: /other,> timeout: 1ms", TIMEOUTS)},
	{KEY("path-prefix", "<path-prefix: /oth,> timeout: 1ms", TIMEOUTS)},
	{KEY("rewrite", "path: /, <rewrite: /other>", LATENCY)},
	{KEY("respond", "<respond: 404>", ERRORS)},
	{KEY("inject.delay", "<inject: {delay: 30ms}>", LATENCY)},
	{KEY("inject.delay-share", "inject: {delay: 30ms, <delay-share: 10%>}",
		LATENCY)},
	{KEY("inject.abort", "<inject: {abort: 500}>", ERRORS)},
	{KEY("inject.abort-share", "inject: {abort: 500, <abort-share: 10%>}",
		ERRORS)},
	{KEY("mirror.service", "<mirror: [{service: spare}]>", SPARE)},
	{KEY("mirror.share", "mirror: [{service: spare, <share: 10%>}]",
		SPARE)},
	{KEY("caller", "<caller: default/spare,> timeout: 1ms", TIMEOUTS)},
	{KEY("endpoint", "<endpoint: GET /other,> timeout: 1ms", TIMEOUTS)},
	{KEY("destinations.service", "<destinations: [spare]>", SPARE)},
	{KEY("destinations.weight",
		"destinations: [{service: leaf, <weight: 9>}, {service: "
		"spare}]",
		SPARE)},
	{KEY("callee",
		"retries: 0}\n  - {callee: <none->default/leaf, "
		"circuit-breaker: {max-requests: 2}",
		OVERFLOW_)},
	{KEY("subset", "<subset: none,> circuit-breaker: {max-requests: 2}",
		OVERFLOW_)},
	{KEY("headers", "<headers: {kind: silver},> timeout: 15ms", TIMEOUTS)},
	{KEY("query", "<query: {q: a},> timeout: 15ms", TIMEOUTS), .direct = 1},
	{KEY("mirror.subset", "mirror: [{share: 50%, <subset: none>}]",
		SERVED)},
	{KEY("destinations.subset",
		"destinations: [{weight: 1, <subset: none>}]", ERRORS)},
	{KEY("load-balancing.hash.header",
		"balancer: ring-hash, load-balancing: {<hash: {header: kind}>}",
		ZONES)},
	{KEY("load-balancing.hash.cookie",
		 "balancer: ring-hash, load-balancing: {<hash: {cookie: u}>}",
		 ZONES),
		.direct = 1},
	{KEY("load-balancing.hash.query",
		 "balancer: maglev, load-balancing: {<hash: {query: u}>}",
		 ZONES),
		.direct = 1},
	{KEY("load-balancing.hash.source-ip",
		 "balancer: ring-hash, load-balancing: "
		 "{<hash: {source-ip: true}>}",
		 ZONES),
		.direct = 1},
	{KEY("load-balancing.minimum-ring-size",
		 "balancer: ring-hash, load-balancing: "
		 "{<minimum-ring-size: 4,> hash: {cookie: u}}",
		 ZONES),
		.direct = 50},
	{KEY("load-balancing.maximum-ring-size",
		 "balancer: ring-hash, load-balancing: "
		 "{<maximum-ring-size: 8,> hash: {cookie: u}}",
		 ZONES),
		.direct = 50},
	{KEY("load-balancing.table-size",
		 "balancer: maglev, load-balancing: "
		 "{<table-size: 11,> hash: {cookie: u}}",
		 ZONES),
		.direct = 50},
	{KEY("load-balancing.session-timeout",
		 "balancer: random, load-balancing: "
		 "{<session-timeout: 0s,> hash: {source-ip: true}}",
		 ZONES),
		.direct = 1},
	{KEY("load-balancing.weights.replica",
		"load-balancing: {weights: [{replica: <no->leaf-1, weight: "
		"9}]}",
		ZONES)},
	{KEY("load-balancing.weights.weight",
		"load-balancing: {weights: [{replica: leaf-1, weight: <9>1}]}",
		ZONES)},
	{KEY("host-retries", RETRY "balancer: random, <host-retries: 5>",
		 ERRORS),
		.fault = "error replica=default/leaf-1 status=503"},
};

#define N_ROWS (sizeof rows / sizeof *rows)

static uint64_t value_of(const struct tw_observation *obs, enum seen seen)
{
	struct tw_cell leaf = b_sum(obs, "default/leaf", TW_CLIENT, NULL);
	struct tw_cell deep = b_sum(obs, "default/deep", TW_CLIENT, NULL);
	struct tw_cell spare = b_sum(obs, "default/spare", TW_SERVER, NULL);
	struct tw_cell web = b_sum(obs, "default/web", TW_CLIENT, NULL);
	struct tw_cell served = b_sum(obs, "default/leaf", TW_SERVER, NULL);
	uint64_t zone_b = 0;
	const uint64_t values[N_SEEN] = {
		[ERRORS] = web.errors,
		[TIMEOUTS] = leaf.timeouts,
		[RETRIES] = leaf.retries,
		[BACKOFF] = (uint64_t)leaf.backoff,
		[OVERFLOW_] = leaf.overflow,
		[DENIED] = leaf.denied,
		[EJECTIONS] = leaf.ejections,
		[CONNECTS] = leaf.connects,
		[LIMITED] = leaf.limited,
		[REJECTED] = leaf.rejected,
		[LATENCY] = (uint64_t)tw_histogram_mean(&web.latency),
		[DEEP] = deep.timeouts,
		[SPARE] = spare.count,
		[SERVED] = served.count,
	};

	tw_histogram_release(&leaf.latency);
	tw_histogram_release(&deep.latency);
	tw_histogram_release(&spare.latency);
	tw_histogram_release(&web.latency);
	tw_histogram_release(&served.latency);
	for (size_t i = 0; i < obs->cells.n; i++)
		if (obs->cells.v[i].key.side == TW_SERVER &&
			!strcmp(obs->cells.v[i].key.service, "default/leaf") &&
			!strcmp(obs->cells.v[i].key.zone, "b"))
			zone_b += obs->cells.v[i].count;
	return seen == ZONES ? zone_b : values[seen];
}

static uint64_t run(const struct row *row, const char *policy)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_scenario scenario;
	struct tw_observation obs;
	struct tw_model *model;
	struct tw_diags diags;
	char text[2048], kind[32] = "";
	struct tw_buf told = {0};
	uint64_t value;

	snprintf(text, sizeof text, system_text,
		row->replicas ? row->replicas : 4,
		row->wait ? row->wait : "20ms",
		row->errors ? row->errors : "0%",
		row->nodes ? row->nodes
			   : "{name: na, zone: a}, {name: nb, zone: b}",
		policy);
	tw_diags_init(&diags);
	if (tw_config_parse_model(spec, "m.yaml", text, strlen(text), &diags)) {
		for (size_t i = 0; i < diags.list.n; i++)
			tw_diag_print(&diags, diags.list.v[i], false, &told);
		ck_abort_msg("%s: %s", row->key, tw_buf_text(&told));
	}
	tw_spec_link(spec);
	model = b_model(spec);
	tw_scenario_init(&scenario);
	if (row->fault) {
		sscanf(row->fault, "%31s", kind);
		ck_assert(b_fault(&scenario, model, kind,
			row->fault + strlen(kind) + 1, &diags));
	}
	b_run(model, &(struct tw_options){.seed = 5, .scenario = &scenario},
		(struct b_traffic){.seed = 9,
			.n = 2000,
			.gap = 5 * TW_MS,
			.users = row->direct,
			.traits = tw_trait(0, false),
			.endpoint = tw_model_endpoint(model,
				tw_model_service(
					model, row->direct ? "default/leaf"
							   : "default/web"),
				"GET /")},
		&obs);
	value = value_of(&obs, row->seen);
	tw_observation_release(&obs);
	tw_scenario_release(&scenario);
	tw_model_free(model);
	tw_diags_release(&diags);
	tw_spec_free(spec);
	tw_buf_release(&told);
	return value;
}

/* Without < and >, and without what is between them where `cut`. */
static void take(const char *policy, bool cut, char *to)
{
	bool inside = false;

	for (; *policy; policy++) {
		if (*policy == '<' || *policy == '>')
			inside = *policy == '<';
		else if (!inside || !cut)
			*to++ = *policy;
	}
	*to = '\0';
}

START_TEST(each_key_changes_what_it_is_for)
{
	struct tw_buf inert = {0};

	for (size_t i = 0; i < N_ROWS; i++) {
		char with[512], without[512];
		uint64_t a, b;

		take(rows[i].policy, false, with);
		take(rows[i].policy, true, without);
		a = run(&rows[i], with);
		b = run(&rows[i], without);
		if (a == b)
			tw_buf_printf(&inert, "\n%s: %llu with and without",
				rows[i].key, (unsigned long long)a);
	}
	ck_assert_msg(!inert.n, "inert:%s", tw_buf_text(&inert));
	tw_buf_release(&inert);
}
END_TEST

static bool is_covered(const char *key)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (!strcmp(rows[i].key, key))
			return true;
	return false;
}

static void look_at(const struct tw_table *table, const char *path)
{
	for (const struct tw_row *row = table->rows; row->name; row++) {
		char key[128];

		snprintf(key, sizeof key, "%s%s%s", path, *path ? "." : "",
			row->name);
		if (row->table && !is_covered(key))
			look_at(row->table, key);
		else
			ck_assert_msg(is_covered(key),
				"the key '%s' has no row in this test", key);
	}
}

START_TEST(no_key_is_left_out)
{
	look_at(&tw_policy_table, "");
}
END_TEST

TW_TESTS("config/policy_effect", each_key_changes_what_it_is_for,
	no_key_is_left_out)
