/* Findings about pods that do not come to run. */
#include "tests/unit/lint/case.h"

#define WEB(spec, pod)                                                         \
	"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"  \
	"spec:\n  replicas: 3\n  selector: {matchLabels: {app: web}}\n" spec   \
	"  template:\n    metadata: {labels: {app: web}}\n    spec:\n" pod     \
	"      containers:\n      - {name: c, image: 'web:1', resources: "     \
	"{requests: {cpu: 900m}}}\n"
#define CLASS                                                                  \
	"---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\n"         \
	"metadata: {name: high}\nvalue: 1000\n"
#define OTHER                                                                  \
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: low}\nspec:\n"       \
	"  priority: -5\n  containers: [{name: c, image: 'low:1', resources: " \
	"{requests: {cpu: 50m}}}]\n"
#define NODES(n)   "version: 1\nnodes: [{name: n, count: " n ", cpu: 1}]\n"
#define ROLL(what) "  strategy: {rollingUpdate: {" what "}}\n"

START_TEST(classes)
{
	static const struct lint_case cases[] = {
		{"declared", CLASS WEB("", "      priorityClassName: high\n"),
			NULL, NULL, NULL},
		{"of every cluster",
			WEB("", "      priorityClassName: "
				"system-node-critical\n"),
			NULL, NULL, NULL},
		{"misspelt", CLASS WEB("", "      priorityClassName: hihg\n"),
			NULL, "priority-not-declared", "did you mean 'high'?"},
		{"nowhere", WEB("", "      priorityClassName: gold\n"), NULL,
			"priority-not-declared",
			"no manifest declares the PriorityClass gold of "
			"Deployment default/web"},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

START_TEST(surges)
{
	static const struct lint_case cases[] = {
		{"room", WEB(ROLL("maxUnavailable: 0"), ""), NODES("4"), NULL,
			NULL},
		/* 25% of 3, rounded down: none */
		{"by default", WEB("", ""), NODES("3"), "surge-no-room",
			"one more pod of default/web: 0/3 nodes are available: "
			"3 Insufficient cpu"},
		{"spread among its own revision",
			WEB("", "      topologySpreadConstraints: [{maxSkew: "
				"1, topologyKey: kubernetes.io/hostname, "
				"whenUnsatisfiable: DoNotSchedule, "
				"matchLabelKeys: [pod-template-hash], "
				"labelSelector: {matchLabels: {app: web}}}]\n"),
			NODES("3"), NULL, NULL},
		{"an old one goes first", WEB(ROLL("maxUnavailable: 1"), ""),
			NODES("3"), NULL, NULL},
		{"34% of 3 are one", WEB(ROLL("maxUnavailable: 34%"), ""),
			NODES("3"), NULL, NULL},
		{"recreated", WEB("  strategy: {type: Recreate}\n", ""),
			NODES("3"), NULL, NULL},
		{"does not run as it is", WEB("", ""), NODES("2"), NULL, NULL},
		{"another one gives way", WEB("", "") OTHER, NODES("3"), NULL,
			NULL},
		{"which this one does not ask",
			WEB("", "      preemptionPolicy: Never\n") OTHER,
			NODES("3"), "surge-no-room", NULL},
		{"nodes come", WEB("", ""),
			"version: 1\nnodes: [{name: n, count: 3, max: 4, cpu: "
			"1}]\n",
			NULL, NULL},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

/* ---- network policies ------------------------------------------------ */

#define PODS                                                                   \
	DEPLOYMENT("web", "web", "1",                                          \
		"        ports: [{containerPort: 80, name: http}]\n")          \
	DEPLOYMENT("db", "db", "1",                                            \
		"        ports: [{containerPort: 53, name: dns, protocol: "    \
		"UDP}]\n")
#define POLICY(app, rules)                                                     \
	"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"         \
	"metadata: {name: p}\nspec:\n"                                         \
	"  podSelector: {matchLabels: {app: " app "}}\n" rules
#define FROM(peer) "  ingress: [{from: [" peer "]}]\n"
#define IN(port)   "  ingress: [{ports: [{port: " port "}]}]\n"
#define OUT(peer, port)                                                        \
	"  policyTypes: [Egress]\n  egress: [{to: [" peer                      \
	"], ports: [{port: " port "}]}]\n"
#define APP(name) "{podSelector: {matchLabels: {app: " name "}}}"
#define OTHERS(name)                                                           \
	"{namespaceSelector: {}, podSelector: {matchLabels: {app: " name "}}}"

START_TEST(policies)
{
	static const struct lint_case cases[] = {
		{"fits", PODS POLICY("web", FROM(APP("db"))), NULL, NULL, NULL},
		{"for nobody", PODS POLICY("wbe", FROM(APP("db"))), NULL,
			"policy-selects-nothing",
			"the pods of Deployment web have app: web"},
		{"no pods at all", POLICY("web", FROM(APP("db"))), NULL, NULL,
			NULL},
		{"from nobody", PODS POLICY("web", FROM(APP("cart"))), NULL,
			"policy-peer-nobody",
			"default/p lets in pods that are not in its namespace"},
		{"from elsewhere", PODS POLICY("web", FROM(OTHERS("cart"))),
			NULL, NULL, NULL},
		{"a name", PODS POLICY("web", IN("http")), NULL, NULL, NULL},
		{"misspelt", PODS POLICY("web", IN("htpt")), NULL,
			"policy-port-unknown", "did you mean 'http'?"},
		{"another's", PODS POLICY("db", IN("http")), NULL,
			"policy-port-unknown", "has a TCP port named 'http'"},
		{"of another protocol", PODS POLICY("db", IN("dns")), NULL,
			"policy-port-unknown", NULL},
		{"of those it calls",
			PODS POLICY("db", OUT(APP("web"), "http")), NULL, NULL,
			NULL},
		{"which they do not have",
			PODS POLICY("db", OUT(APP("web"), "web")), NULL,
			"policy-port-unknown", NULL},
		{"of pods elsewhere",
			PODS POLICY("db", OUT(OTHERS("web"), "web")), NULL,
			NULL, NULL},
	};

	run_all(cases, sizeof cases / sizeof *cases);
}
END_TEST

TW_TESTS("lint/placing", classes, surges, policies)
