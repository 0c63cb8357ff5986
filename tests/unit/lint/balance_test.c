/* Findings about what proxies let through, keep and balance by. */
#include "tests/unit/lint/case.h"

#include <stdio.h>

#define LOADED                                                                 \
	SERVICE("web", "web")                                                  \
	DEPLOYMENT("web", "web", "2", "")                                      \
	SERVICE("db", "db") DEPLOYMENT("db", "db", "3", "")

/* Of each of two web replicas 100 calls a second of 20 ms: 2 under way. */
#define WORK                                                                   \
	"version: 1\nservices:\n  web:\n    endpoints:\n"                      \
	"      GET /: [{call: \"db:Get\", repeat: 2}]\n"                       \
	"  db: {endpoints: {Get: [{wait: 20ms}]}}\n"                           \
	"policies:\n  - callee: db\n    "

START_TEST(bounds_under_load)
{
	static const struct {
		const char *policy, *rule, *said;
		double rate;
	} cases[] = {
		/* Erlang's B(2, 2) = 0.4 */
		{"circuit-breaker: {max-requests: 2}", "breaker-below-load",
			"lets 2 calls to default/db through at once, and the "
			"traffic keeps 2 under way: 100 a second of 20 ms each",
			100},
		{"circuit-breaker: {max-requests: 2}", "breaker-below-load",
			"some 40% of them are refused", 100},
		/* B(6, 2) = 1.2%, B(7, 2) = 0.34% */
		{"circuit-breaker: {max-requests: 6}", "breaker-below-load",
			"some 1.21% of them", 100},
		{"circuit-breaker: {max-requests: 7}", NULL, NULL, 100},
		{"circuit-breaker: {max-requests: 2}", NULL, NULL, 0},
		{"bulkhead: {max-calls: 2}", "breaker-below-load",
			"the bulkhead lets 2 calls", 100},
		/* 2 under way on one connection each of three replicas */
		{"circuit-breaker: {max-connections: 1}", NULL, NULL, 100},
		{"circuit-breaker: {max-connections: 4}", "breaker-below-load",
			"4 requests find room on connections to default/db at "
			"once, and the traffic keeps 4.2 under way",
			210},
		{"circuit-breaker: {max-connections: 4}", NULL, NULL, 190},
		{"connections: {protocol: http2}\n    "
		 "circuit-breaker: {max-connections: 1}",
			NULL, NULL, 1000},
		{"rate-limit: {max-tokens: 9, tokens-per-fill: 99}",
			"limit-below-load",
			"99 requests a second to default/db through, and the "
			"traffic brings 100 to each bucket",
			100},
		{"rate-limit: {max-tokens: 9, tokens-per-fill: 101}", NULL,
			NULL, 100},
		/* 200 a second to three replicas */
		{"rate-limit: {max-tokens: 9, tokens-per-fill: 66, at: callee}",
			"limit-below-load", "brings 66.7 to each bucket", 100},
		{"rate-limit: {max-tokens: 9, tokens-per-fill: 67, at: callee}",
			NULL, NULL, 100},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char model[512];
		struct lint_case one = {cases[i].policy, LOADED, model,
			cases[i].rule, cases[i].said};

		snprintf(model, sizeof model, "%s%s\n", WORK, cases[i].policy);
		run(&one, cases[i].rate);
	}
}
END_TEST

#define POLICY(rest) WORK rest "\n"

START_TEST(what_proxies_keep)
{
	static const struct lint_case cases[] = {
		{"panic", LOADED,
			POLICY("outlier-detection: "
			       "{max-ejection-percent: 100%}"),
			"panic-undoes-ejection",
			"3 of the 3 replicas of default/db may be ejected, and "
			"below 50% all"},
		{"one of three", LOADED,
			POLICY("outlier-detection: "
			       "{max-ejection-percent: 34%}"),
			NULL, NULL},
		{"a high threshold", LOADED,
			POLICY("outlier-detection: {max-ejection-percent: 34%, "
			       "panic-threshold: 70%}"),
			"panic-undoes-ejection", "1 of the 3"},
		{"a budget of nothing", LOADED,
			POLICY("retry-budget: {ratio: 20%}"),
			"budget-without-retries", "retries to 'db'"},
		{"throttling of nothing", LOADED,
			POLICY("retry-throttling: {max-tokens: 10}"),
			"budget-without-retries", NULL},
		{"a budget of some", LOADED,
			POLICY("retries: 1\n    retry-budget: {ratio: 20%}"),
			NULL, NULL},
		{"connections that outlast", LOADED,
			POLICY("retries: 1\n    timeout: 2s\n    "
			       "connections: {connect-timeout: 2s}"),
			"connect-outlasts-timeout",
			"may take 2s, and all tries together 2s"},
		{"connections in time", LOADED,
			POLICY("retries: 1\n    timeout: 2s\n    "
			       "connections: {connect-timeout: 200ms}"),
			NULL, NULL},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

#define KEYED(hash)                                                            \
	POLICY("balancer: ring-hash\n    load-balancing: {hash: " hash "}")
#define KEPT                                                                   \
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n"          \
	"spec: {selector: {app: web}, ports: [{port: 80}], "                   \
	"sessionAffinity: ClientIP}\n" DEPLOYMENT("web", "web", "2", "")
#define ENTRY                                                                  \
	"---\napiVersion: networking.k8s.io/v1\nkind: Ingress\n"               \
	"metadata: {name: in}\n"                                               \
	"spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}\n"

START_TEST(keys_and_weights)
{
	static const struct lint_case cases[] = {
		{"a header that nobody sends", LOADED, KEYED("{header: u}"),
			"key-not-sent",
			"calls of default/web to default/db have no header "
			"'u'"},
		{"a parameter", LOADED, KEYED("{query: u}"), "key-not-sent",
			"no parameter 'u'"},
		{"a header that goes on", LOADED,
			KEYED("{header: u}") "defaults: {propagate: [u]}\n",
			NULL, NULL},
		{"the client", LOADED, KEYED("{source-ip: true}"), NULL, NULL},
		{"no key", LOADED, POLICY("balancer: maglev"), "key-not-sent",
			"nothing says by which key"},
		{"random weights", LOADED,
			POLICY("balancer: random\n    load-balancing: "
			       "{weights: [{replica: x, weight: 2}]}"),
			"weights-not-used", NULL},
		{"weights", LOADED,
			POLICY("balancer: round-robin\n    load-balancing: "
			       "{weights: [{replica: x, weight: 2}]}"),
			NULL, NULL},
		{"past the Service", KEPT ENTRY, NULL, "affinity-not-used",
			"default/web keeps its clients by their address"},
		{"inside alone", KEPT, NULL, NULL, NULL},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

TW_TESTS("lint/balance", bounds_under_load, what_proxies_keep, keys_and_weights)
