#include "tests/unit/lint/case.h"

#define PAIR(container)                                                        \
	SERVICE("web", "web") DEPLOYMENT("web", "web", "2", container)

#define ROUTE(name, body)                                                      \
	"---\napiVersion: networking.istio.io/v1\nkind: VirtualService\n"      \
	"metadata: {name: " name "}\nspec:\n  hosts: [" name "]\n  http:\n"    \
	"  - route: [{destination: {host: " name "}}]\n" body

#define SUBSETS                                                                \
	"---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n"     \
	"metadata: {name: web}\nspec: {host: web, subsets: [{name: v1, "       \
	"labels: {app: web}}, {name: v2, labels: {version: v2}}]}\n"

START_TEST(labels)
{
	static const struct lint_case cases[] = {
		{"fits", PAIR(""), NULL, NULL, NULL},
		{"misspelt",
			SERVICE("web", "wbe") DEPLOYMENT("web", "web", "1", ""),
			NULL, "selector-selects-nothing",
			"the pods of Deployment web have app: web"},
		{"no workloads at all", SERVICE("web", "web"), NULL, NULL,
			NULL},
		{"dead subset", PAIR("") SUBSETS, NULL, "dead-subset",
			"subset 'v2'"},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

START_TEST(ports)
{
	static const struct lint_case cases[] = {
		{"opened", PAIR("        ports: [{containerPort: 80}]\n"), NULL,
			NULL, NULL},
		{"undeclared", PAIR(""), NULL, NULL, NULL},
		{"other", PAIR("        ports: [{containerPort: 8080}]\n"),
			NULL, "port-not-opened", "Deployment web opens 8080"},
		{"name",
			"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
			"spec: {selector: {app: web}, ports: [{port: 80, "
			"targetPort: http}]}\n" DEPLOYMENT("web", "web", "1",
				"        ports: [{containerPort: 80, name: "
				"web}]\n"),
			NULL, "port-not-opened", "named 'http'"},
		{"twice",
			"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
			"spec: {selector: {app: web}, ports: [{port: 80, name: "
			"a}, {port: 80, name: b}, {port: 80, name: c, "
			"protocol: UDP}]}\n" DEPLOYMENT("web", "web", "1", ""),
			NULL, "duplicate-port", "port 80 twice"},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

#define INGRESS(service, port)                                                 \
	"---\napiVersion: networking.k8s.io/v1\nkind: Ingress\n"               \
	"metadata: {name: i}\nspec: {defaultBackend: {service: "               \
	"{name: " service ", port: {number: " port "}}}}\n"

START_TEST(routes)
{
	static const struct lint_case cases[] = {
		{"fits", PAIR("") INGRESS("web", "80"), NULL, NULL, NULL},
		{"service", PAIR("") INGRESS("wbe", "80"), NULL,
			"route-to-nowhere", "did you mean 'default/web'?"},
		{"port", PAIR("") INGRESS("web", "8080"), NULL,
			"route-to-nowhere", "has no port 8080"},
		{"subset",
			PAIR("") ROUTE("web", "") SUBSETS
			"---\napiVersion: networking.istio.io/v1\n"
			"kind: VirtualService\nmetadata: {name: w2}\n"
			"spec: {hosts: [web], http: [{route: [{destination: "
			"{host: web, subset: v3}}]}]}\n"
			"---\napiVersion: apps/v1\nkind: Deployment\n"
			"metadata: {name: v2}\nspec: {selector: {matchLabels: "
			"{version: v2}}, template: {metadata: {labels: {app: "
			"web, version: v2}}, spec: {containers: [{name: "
			"x}]}}}\n",
			NULL, "route-to-nowhere", "subset 'v3'"},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

START_TEST(probes)
{
	static const char slow[] =
		"version: 1\nservices:\n  web:\n    endpoints:\n"
		"      GET /ok: [{cpu: 2s}]\n";
	static const struct lint_case cases[] = {
		{"name",
			PAIR("        ports: [{containerPort: 80, name: w}]\n"
			     "        readinessProbe: {tcpSocket: {port: "
			     "x}}\n"),
			NULL, "probe-cannot-succeed", "no port named 'x'"},
		{"fits",
			PAIR("        ports: [{containerPort: 80, name: w}]\n"
			     "        readinessProbe: {tcpSocket: {port: "
			     "w}}\n"),
			NULL, NULL, NULL},
		{"slow",
			PAIR("        readinessProbe: {httpGet: {path: /ok, "
			     "port: 80}}\n"),
			slow, "probe-cannot-succeed", "waits 1s for GET /ok"},
		{"patient",
			PAIR("        readinessProbe: {timeoutSeconds: 3, "
			     "httpGet: {path: /ok, port: 80}}\n"),
			slow, NULL, NULL},
		{"threshold",
			PAIR("        livenessProbe: {successThreshold: 2, "
			     "tcpSocket: {port: 80}}\n"),
			NULL, "probe-cannot-succeed", "has to be 1"},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

#define CHAIN                                                                  \
	SERVICE("a", "a")                                                      \
	SERVICE("b", "b")                                                      \
	SERVICE("c", "c")                                                      \
	DEPLOYMENT("a", "a", "2", "        env: [{name: B, value: 'b:80'}]\n") \
	DEPLOYMENT("b", "b", "1", "        env: [{name: C, value: 'c:80'}]\n") \
	DEPLOYMENT("c", "c", "1", "")

START_TEST(calls)
{
	static const struct lint_case cases[] = {
		{"nothing", CHAIN, NULL, NULL, NULL},
		{"longer outside",
			CHAIN ROUTE("b", "    timeout: 3s\n")
				ROUTE("c", "    timeout: 2s\n"),
			NULL, NULL, NULL},
		{"shorter outside",
			CHAIN ROUTE("b", "    timeout: 1s\n") ROUTE("c",
				"    retries: {attempts: 2, perTryTimeout: "
				"500ms}\n"),
			NULL, "timeout-shorter-than-inner", "3 tries of 500ms"},
		{"no time for retries",
			CHAIN ROUTE("c",
				"    timeout: 500ms\n    retries: {attempts: "
				"2, perTryTimeout: 500ms}\n"),
			NULL, "retries-never-happen", NULL},
		{"one hop retries",
			CHAIN ROUTE("b", "    retries: {attempts: 4}\n"), NULL,
			NULL, NULL},
		{"two hops retry",
			CHAIN ROUTE("b", "    retries: {attempts: 2}\n")
				ROUTE("c", "    retries: {attempts: 2}\n"),
			NULL, "retry-amplification",
			"may become 9 at the end of default/a -(3 tries)-> "
			"default/b -(3 tries)-> default/c"},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

#define MODEL(web) "version: 1\nservices: {web: {" web "}}\n"
#define LIVE(more)                                                             \
	PAIR("        livenessProbe: {tcpSocket: {port: 80}" more "}\n")

START_TEST(starts)
{
	static const struct lint_case cases[] = {
		{"nobody says how long a start takes", LIVE(""), NULL, NULL,
			NULL},
		{"20 s of patience", LIVE(""), MODEL("startup: 20s"), NULL,
			NULL},
		{"a slow start", LIVE(""), MODEL("startup: 21s"),
			"liveness-kills-start",
			"the liveness probe of default/web kills after 20s "
			"what takes 21s to start"},
		{"by where its ticks lie", LIVE(""), MODEL("startup: 30s"),
			"liveness-kills-start",
			"the container is restarted at times"},
		{"wherever they lie", LIVE(""), MODEL("startup: 31s"),
			"liveness-kills-start",
			"the container is restarted for ever"},
		{"at times", LIVE(""), MODEL("startup: {p50: 10s, p99: 25s}"),
			"liveness-kills-start",
			"what takes 25s to start, one start of a hundred"},
		{"a delay", LIVE(", initialDelaySeconds: 5"),
			MODEL("startup: 21s"), NULL, NULL},
		{"of every restart", LIVE(", periodSeconds: 2"),
			"version: 1\ndefaults: {restart-delay: 8s}\n",
			"liveness-kills-start", "kills after 4s what takes 8s"},
		{"a startup probe",
			PAIR("        livenessProbe: {tcpSocket: {port: 80}}\n"
			     "        startupProbe: {tcpSocket: {port: 80}, "
			     "failureThreshold: 4}\n"),
			MODEL("startup: 30s"), NULL, NULL},
		{"an impatient one",
			PAIR("        livenessProbe: {tcpSocket: {port: 80}}\n"
			     "        startupProbe: {tcpSocket: {port: 80}, "
			     "failureThreshold: 4}\n"),
			MODEL("startup: 31s"), "startup-kills-start",
			"the startup probe of default/web kills after 30s"},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

#define IMAGES(more) "version: 1\nimages: {" more "}\n"

START_TEST(images)
{
	static const struct lint_case cases[] = {
		{"no model of images",
			PAIR("        imagePullPolicy: Always\n"), NULL, NULL,
			NULL},
		{"a fixed tag", PAIR(""), IMAGES("sizes: {'*': 50M}"), NULL,
			NULL},
		{"always", PAIR("        imagePullPolicy: Always\n"),
			IMAGES("sizes: {'*': 50M}"), "image-always-pulled",
			"a node loads 50 MB in 2s"},
		{"missing", PAIR("        imagePullPolicy: Always\n"),
			IMAGES("missing: ['**']"),
			"image-missing", "the registry has no "},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

#define INIT_POD(init, more)                                                   \
	SERVICE("web", "web")                                                  \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"      \
	"spec:\n  selector: {matchLabels: {app: web}}\n  template:\n    "      \
	"metadata: {labels: {app: web}}\n    spec: {initContainers: [{name: "  \
	"i, image: 'i:1', " init "}], containers: [{name: c, image: 'c:1', "   \
	"resources: {requests: {cpu: 1, memory: 1Gi}}}]" more "}\n"

START_TEST(pods)
{
	static const struct lint_case cases[] = {
		{"init needs less",
			INIT_POD("resources: {requests: {cpu: 1, memory: 1Gi}}",
				""),
			NULL, NULL, NULL},
		{"init needs more CPU",
			INIT_POD("resources: {requests: {cpu: 3}}", ""), NULL,
			"init-requests-most",
			"init container i makes pods of default/web request "
			"3000m of CPU; when it has ended they need 1000m"},
		{"init needs more memory",
			INIT_POD("resources: {requests: {memory: 2Gi}}", ""),
			NULL, "init-requests-most", "request 2048Mi of memory"},
		{"beside a sidecar",
			INIT_POD("restartPolicy: Always, resources: {requests: "
				 "{cpu: 2}}}, {name: j, image: 'j:1', "
				 "resources: {requests: {cpu: 3}}",
				""),
			NULL, "init-requests-most",
			"request 5000m of CPU; when it has ended they need "
			"3000m"},
		{"a sidecar stays",
			INIT_POD("restartPolicy: Always, resources: {requests: "
				 "{cpu: 3}}",
				""),
			NULL, NULL, NULL},
		{"preStop within the grace period",
			PAIR("        lifecycle: {preStop: {sleep: {seconds: "
			     "29}}}\n"),
			NULL, NULL, NULL},
		{"preStop uses it up",
			PAIR("        lifecycle: {preStop: {sleep: {seconds: "
			     "30}}}\n"),
			NULL, "grace-below-pre-stop",
			"preStop of default/web sleeps 30s, and the pod is "
			"killed 30s after its deletion"},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

#define RETRIES "version: 1\npolicies: [{callee: b, retries: 2, "

START_TEST(proxies)
{
	static const struct lint_case cases[] = {
		{"nobody is left", CHAIN,
			"version: 1\npolicies: [{callee: b, "
			"outlier-detection: {max-ejection-percent: 100%, "
			"panic-threshold: 0%}}]\n",
			"ejection-leaves-nobody",
			"every replica of default/b (1) may be"},
		{"panic", CHAIN,
			"version: 1\npolicies: [{callee: b, "
			"outlier-detection: {max-ejection-percent: 100%}}]\n",
			NULL, NULL},
		{"none granted", CHAIN,
			RETRIES "circuit-breaker: {max-retries: 0}}]\n",
			"retries-never-granted", "no retry to default/b"},
		{"some granted", CHAIN,
			RETRIES "circuit-breaker: {max-retries: 1}}]\n", NULL,
			NULL},
		{"a budget tames them",
			CHAIN ROUTE("b", "    retries: {attempts: 2}\n")
				ROUTE("c", "    retries: {attempts: 2}\n"),
			"version: 1\npolicies: [{callee: '*', retry-budget: "
			"{ratio: 20%}}]\n",
			NULL, NULL},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

START_TEST(queues)
{
	static const struct lint_case cases[] = {
		{"too small", CHAIN,
			"version: 1\nservices:\n  b: {workers: 8, queue: 8}\n"
			"  a: {workers: 10}\n",
			"queue-too-small", "can have 20 open at once"},
		{"enough", CHAIN,
			"version: 1\nservices:\n  b: {workers: 8, queue: 12}\n"
			"  c: {queue: 1000}\n  a: {workers: 10}\n",
			NULL, NULL},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

#define POLICY(name, spec)                                                     \
	"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"         \
	"metadata: {name: " name "}\nspec: " spec "\n"
#define TO_DNS "egress: [{ports: [{port: 53, protocol: UDP}]}, "

START_TEST(network_policies)
{
	static const struct lint_case cases[] = {
		{"the caller is let in",
			CHAIN POLICY("b",
				"{podSelector: {matchLabels: {app: b}}, "
				"ingress: [{from: [{podSelector: {matchLabels: "
				"{app: a}}}]}]}"),
			NULL, NULL, NULL},
		{"the caller is not let in",
			CHAIN POLICY("b",
				"{podSelector: {matchLabels: {app: b}}, "
				"ingress: [{from: [{podSelector: {matchLabels: "
				"{app: c}}}]}]}"),
			NULL, "call-cut-off",
			"NetworkPolicy default/b drops the calls from "
			"default/a to default/b"},
		{"on another port alone",
			CHAIN POLICY("b",
				"{podSelector: {matchLabels: {app: b}}, "
				"ingress: [{ports: [{port: 9090}]}]}"),
			NULL, "call-cut-off", "no ingress rule admits it"},
		{"out to the callee but not to the names",
			CHAIN POLICY("b",
				"{podSelector: {matchLabels: {app: b}}, "
				"policyTypes: [Egress], egress: [{to: "
				"[{podSelector: {matchLabels: {app: c}}}]}]}"),
			NULL, "call-cut-off",
			"keeps default/b from looking up names"},
		{"out to both",
			CHAIN POLICY("b",
				"{podSelector: {matchLabels: {app: b}}, "
				"policyTypes: [Egress], " TO_DNS "{to: "
				"[{podSelector: {matchLabels: {app: c}}}]}]}"),
			NULL, NULL, NULL},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

#define LOADED                                                                 \
	PAIR("")                                                               \
	SERVICE("db", "db") DEPLOYMENT("db", "db", "3", "")

/* 100 requests a second, each 2 calls of 20 ms: 200/s x 20 ms = 4 busy. */
static const char work[] =
	"version: 1\nservices:\n  web:\n    workers: 64\n    endpoints:\n"
	"      GET /:\n        - {call: \"db:Get\", repeat: 2}\n"
	"        - cpu: 1ms\n"
	"  db:\n    workers: WW\n    endpoints:\n      Get: [{wait: 20ms}]\n";

START_TEST(workers_under_load)
{
	static const struct {
		const char *workers, *rule, *said;
		double rate;
	} cases[] = {
		{" 1", "pool-too-small",
			"default/db has 3 workers (3 replicas of 1), and the "
			"traffic keeps 4 busy: 200 requests a second of 20 ms",
			100},
		{" 1", "pool-too-small", "or 5 replicas", 100},
		{" 2", NULL, NULL, 100}, /* 6 of 4 */
		{" 1", NULL, NULL, 70},	 /* 2.8 of 3 */
		{" 1", NULL, NULL, 0},	 /* nobody knows */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char model[sizeof work];
		struct lint_case one = {
			"load", LOADED, model, cases[i].rule, cases[i].said};

		memcpy(model, work, sizeof work);
		memcpy(strstr(model, "WW"), cases[i].workers, 2);
		run(&one, cases[i].rate);
	}
}
END_TEST

#define LIMITED(limits)                                                        \
	"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: "           \
	"{selector: {app: a}, ports: [{port: 80}]}\n---\n"                     \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"         \
	"spec: {selector: {matchLabels: {app: a}}, template: {metadata: "      \
	"{labels: {app: a}}, spec: {containers: [{name: c, ports: "            \
	"[{containerPort: 80}], resources: {limits: " limits "}}]}}}\n"

#define COMPUTES                                                               \
	"version: 1\nservices: {a: {memory: {base: 100Mi, per-request: "       \
	"20Mi}, endpoints: {GET /: [{cpu: 30ms}, {wait: 99ms}]}}}\n"

START_TEST(resources)
{
	static const struct lint_case cases[] = {
		{"enough", LIMITED("{cpu: 300m, memory: 120Mi}"), COMPUTES,
			NULL, NULL},
		{"throttled alone", LIMITED("{cpu: 299m}"), COMPUTES,
			"cpu-limit-too-low",
			"grants 29.9ms each 100ms, and one request of "
			"default/a GET / computes 30ms"},
		{"no room for a request", LIMITED("{memory: 119Mi}"), COMPUTES,
			"memory-limit-too-low",
			"less than what default/a needs with one request: "
			"120Mi"},
		{"no room for itself", LIMITED("{memory: 99Mi}"), COMPUTES,
			"memory-limit-too-low",
			"less than what default/a needs without any request: "
			"100Mi"},
		{"two limits", LIMITED("{memory: 130Mi}"),
			"version: 1\nservices: {a: {memory: {base: 100Mi, "
			"limit: 140Mi}}}\n",
			"memory-limit-not-used", "the model's limit is not"},
		{"no model says", LIMITED("{cpu: 1m, memory: 1Mi}"), NULL, NULL,
			NULL},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

TW_TESTS("lint/lint", starts, images, pods, labels, ports, routes, probes, calls, proxies, queues,
	network_policies, workers_under_load, resources)
