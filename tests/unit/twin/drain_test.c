/*
 * kubectl's verbs in a run: drains against disruption budgets, cordons,
 * deletions, sizes; and what becomes of spot instances.
 */
#include "tests/unit/twin/control.h"

#define WEB(replicas, budget)                                                  \
	"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"               \
	"spec: {selector: {app: web}, ports: [{port: 80}]}\n"                  \
	"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"  \
	"spec:\n  replicas: " replicas "\n  selector: {matchLabels: {app: "    \
	"web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n"  \
	"      terminationGracePeriodSeconds: 10\n      containers: [{name: "  \
	"c, image: 'web:1', resources: {requests: {cpu: 1}}, lifecycle: "      \
	"{preStop: {sleep: {seconds: 2}}}, readinessProbe: {httpGet: {path: "  \
	"/, port: 80}, periodSeconds: 5}}]\n---\napiVersion: policy/v1\n"      \
	"kind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {" budget     \
	", selector: {matchLabels: {app: web}}}\n"
#define MODEL(nodes)                                                           \
	"version: 1\nservices:\n  web:\n    startup: 3s\n    endpoints:\n"     \
	"      GET /: [{cpu: 1ms}]\nnodes: " nodes                             \
	"\nentry: [{service: web}]\n"

static void start(struct control *it, const char *web, const char *model)
{
	control_start(it, web, model);
}

/* Four pods on two nodes, three must stay: the second one of the node is
 * evicted 5 s after it was refused, once the first one's replacement is
 * ready. */
START_TEST(one_at_a_time)
{
	struct control it;

	start(&it, WEB("4", "minAvailable: 75%"),
		MODEL("[{name: n, count: 2, cpu: 4}]"));
	control_fault(&it, "drain", "node=n-1 at=10s");
	control_run(&it, 60);
	control_expect(&it,
		/* clang-format off */
"10.000000000s fault drain node=n-1 at=10s begins\n"
"10.000000000s node n-1 is cordoned\n"
"10.000000000s replica default/web-2 is being deleted\n"
"10.000000000s replica default/web-3 is not evicted from n-1: Cannot evict pod as it would violate the pod's disruption budget. The disruption budget web needs 3 healthy pods and has 3 currently\n"
"10.000000000s replica default/web-5 is created\n"
"10.000000000s replica default/web-5 is assigned to n-2\n"
"11.000000000s replica default/web-2 is no longer listed\n"
"13.000000000s replica default/web-5 listens\n"
"13.000000000s replica default/web-2 is gone\n"
"13.000000000s replica default/web-5 is ready for requests\n"
"14.000000000s replica default/web-5 is listed\n"
"15.000000000s replica default/web-3 is being deleted\n"
"15.000000000s replica default/web-2 is created\n"
"15.000000000s replica default/web-2 is assigned to n-2\n"
"16.000000000s replica default/web-3 is no longer listed\n"
"18.000000000s replica default/web-2 listens\n"
"18.000000000s replica default/web-3 is gone\n"
"18.000000000s replica default/web-2 is ready for requests\n"
"18.000000000s node n-1 is drained\n"
"19.000000000s replica default/web-2 is listed\n"
		/* clang-format on */
	);
	ck_assert_uint_eq(it.obs.drains, 1);
	ck_assert_uint_eq(it.obs.drained, 1);
	ck_assert_uint_eq(it.failed, 0);
	control_end(&it);
}
END_TEST

/* It never allows any: the drain does not end, and that is counted. */
START_TEST(blocked)
{
	struct control it;

	start(&it, WEB("2", "maxUnavailable: 0"),
		MODEL("[{name: n, count: 2, cpu: 4}]"));
	control_fault(&it, "drain", "node=n-1 at=10s");
	control_run(&it, 60);
	ck_assert(!control_says(&it, "being deleted"));
	ck_assert_uint_eq(it.obs.drained, 0);
	/* At 10 s and each 5 s up to the end. */
	ck_assert_uint_eq(it.obs.refused_evictions, 11);
	control_end(&it);

	start(&it, WEB("2", "maxUnavailable: 0"),
		MODEL("[{name: n, count: 2, cpu: 4}]"));
	control_fault(&it, "drain", "node=n-1 at=10s timeout=20s");
	control_run(&it, 60);
	ck_assert(control_says(&it, "30.000000000s node n-1 is not drained"));
	control_end(&it);

	start(&it, WEB("2", "maxUnavailable: 0"),
		MODEL("[{name: n, count: 2, cpu: 4}]"));
	control_fault(&it, "drain", "node=n-1 at=10s disable-eviction=true");
	control_run(&it, 60);
	ck_assert_uint_eq(it.obs.drained, 1);
	control_end(&it);
}
END_TEST

/* Of two nodes one after the other, both cordoned from the start. */
START_TEST(several_nodes)
{
	struct control it;

	start(&it, WEB("3", "maxUnavailable: 1"),
		MODEL("[{name: n, count: 3, cpu: 4}]"));
	control_fault(&it, "drain", "node=n-1,n-2 at=10s for=40s");
	control_run(&it, 60);
	ck_assert(control_says(&it, "10.000000000s node n-1 is cordoned\n"
				    "10.000000000s node n-2 is cordoned\n"));
	ck_assert(control_says(&it, "13.000000000s node n-1 is drained\n"));
	ck_assert(control_says(&it, "50.000000000s node n-2 is uncordoned\n"));
	ck_assert_uint_eq(it.obs.drained, 2);
	control_end(&it);
}
END_TEST

#define NEVER_READY                                                            \
	"version: 1\nkubernetes: \"%s\"\nservices:\n  web:\n"                  \
	"    startup: 1h\n    endpoints:\n      GET /: [{cpu: 1ms}]\n"         \
	"nodes: [{name: n, count: 2, cpu: 8}]\nentry: [{service: web}]\n"

/* Two ready pods and two new ones that never are: whether the budget holds an
 * unready pod back depends on the policy, and on the release. */
static uint64_t refused(const char *policy, const char *release)
{
	struct control it;
	char web[2048], model[512];
	uint64_t n;

	snprintf(web, sizeof web, WEB("2", "minAvailable: 3%s"), policy);
	snprintf(model, sizeof model, NEVER_READY, release);
	start(&it, web, model);
	control_fault(&it, "scale", "workload=web replicas=4 at=5s");
	control_fault(&it, "cordon", "node=n-1 at=4s");
	control_fault(&it, "drain", "node=n-2 at=20s timeout=2s");
	control_run(&it, 30);
	n = it.obs.refused_evictions;
	control_end(&it);
	return n;
}

START_TEST(unready_pods)
{
	/* A ready one and the two unready ones; the ready one alone. */
	ck_assert_uint_eq(refused("", "1.36"), 3);
	ck_assert_uint_eq(
		refused(", unhealthyPodEvictionPolicy: AlwaysAllow", "1.36"),
		1);
	ck_assert_uint_eq(
		refused(", unhealthyPodEvictionPolicy: AlwaysAllow", "1.26"),
		3);
}
END_TEST

START_TEST(two_budgets)
{
	static const char web[] = WEB(
		"2", "maxUnavailable: 1") "---\napiVersion: policy/v1\nkind: "
					  "PodDisruptionBudget\n"
					  "metadata: {name: other}\nspec: "
					  "{maxUnavailable: 1, "
					  "selector: {}}\n";
	struct control it;

	start(&it, web, MODEL("[{name: n, count: 2, cpu: 4}]"));
	control_fault(&it, "drain", "node=n-1 at=10s");
	control_run(&it, 60);
	ck_assert(control_says(
		&it, "This pod has more than one PodDisruptionBudget"));
	ck_assert_uint_eq(it.obs.refused_evictions, 1);
	control_end(&it);
}
END_TEST

START_TEST(scale)
{
	struct control it;

	start(&it, WEB("2", "maxUnavailable: 1"),
		MODEL("[{name: n, count: 2, cpu: 4}]"));
	control_fault(&it, "scale", "workload=web replicas=4 at=10s for=10s");
	control_run(&it, 30);
	ck_assert(control_says(&it,
		"10.000000000s default/web should have 4 replicas\n"
		"10.000000000s replica default/web-3 is created\n"
		"10.000000000s replica default/web-4 is created\n"));
	ck_assert(control_says(&it,
		"20.000000000s default/web should have 2 replicas\n"
		"20.000000000s replica default/web-"));
	control_end(&it);
}
END_TEST

START_TEST(delete_pod)
{
	struct control it;

	start(&it, WEB("2", "maxUnavailable: 1"),
		MODEL("[{name: n, count: 2, cpu: 4}]"));
	control_fault(&it, "delete-pod", "replica=web-1 at=10s");
	control_fault(
		&it, "delete-pod", "replica=web-2 at=30s grace-period=0s");
	control_run(&it, 50);
	/* preStop takes 2 s, the relist a second. */
	ck_assert(control_says(
		&it, "13.000000000s replica default/web-1 is gone\n"));
	ck_assert(control_says(
		&it, "30.000000000s replica default/web-2 is gone\n"));
	control_end(&it);
}
END_TEST

/* Drained on notice, so that nothing is lost when it goes. */
START_TEST(spot)
{
	struct control it;

	start(&it, WEB("3", "maxUnavailable: 1"),
		MODEL("[{name: n, count: 3, cpu: 4}]"));
	control_fault(&it, "spot-interruption", "node=n-1 at=10s notice=30s");
	control_run(&it, 100);
	ck_assert(control_says(&it, "13.000000000s node n-1 is drained\n"));
	ck_assert_uint_eq(it.failed, 0);
	control_end(&it);

	start(&it, WEB("3", "maxUnavailable: 1"),
		MODEL("[{name: n, count: 3, cpu: 4}]"));
	control_fault(&it, "spot-interruption",
		"node=n-1 at=10s notice=30s drain=false");
	control_run(&it, 100);
	ck_assert(control_says(&it, "40.000000000s replica default/web-"));
	ck_assert_uint_gt(it.failed, 100);
	control_end(&it);
}
END_TEST

#define BARE                                                                   \
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: tool}\nspec: "       \
	"{nodeName: n-1, containers: [{name: c, image: 't:1'}], volumes: "     \
	"[{name: d, %s}]}\n"

static void start_with_tool(struct control *it, const char *volume)
{
	char text[4096];

	snprintf(text, sizeof text, "%s" BARE, WEB("4", "maxUnavailable: 1"),
		volume);
	start(it, text, MODEL("[{name: n, count: 2, cpu: 4}]"));
}

/* A pod without a controller: nothing is evicted, and the node stays cordoned;
 * the next one of the command is drained. */
START_TEST(bare_pod_refuses)
{
	struct control it;

	start_with_tool(&it, "configMap: {name: x}");
	control_fault(&it, "drain", "node=n-* at=10s");
	control_run(&it, 60);
	ck_assert(control_says(&it,
		"node n-1 is not drained: cannot delete Pods that declare no "
		"controller (use --force to override): default/tool-1\n"));
	ck_assert(!control_says(&it, "[cannot"));
	ck_assert(control_says(&it, "node n-1 is cordoned"));
	ck_assert(!control_says(&it, "node n-1 is drained"));
	/* The other one waits for the budget: nothing fits anywhere else. */
	ck_assert_uint_eq(it.obs.drains, 2);
	ck_assert_uint_eq(it.obs.drained, 0);
	ck_assert_uint_ge(it.obs.refused_evictions, 1);
	control_end(&it);

	start_with_tool(&it, "configMap: {name: x}");
	control_fault(&it, "drain", "node=n-1 at=10s force=true");
	control_run(&it, 60);
	ck_assert(control_says(&it, "replica default/tool-1 is being deleted"));
	ck_assert(control_says(&it, "node n-1 is drained"));
	ck_assert_uint_eq(it.obs.drained, 1);
	control_end(&it);
}
END_TEST

/* Told by the first filter that refuses it. */
START_TEST(local_storage_refuses)
{
	struct control it;

	start_with_tool(&it, "emptyDir: {}");
	control_fault(&it, "drain", "node=n-1 at=10s force=true");
	control_run(&it, 60);
	ck_assert(control_says(&it,
		"node n-1 is not drained: cannot delete Pods with local "
		"storage (use --delete-emptydir-data to override): "
		"default/tool-1\n"));
	ck_assert(!control_says(&it, "being deleted"));
	control_end(&it);

	start_with_tool(&it, "emptyDir: {}");
	control_fault(&it, "drain",
		"node=n-1 at=10s force=true delete-emptydir-data=true");
	control_run(&it, 60);
	ck_assert(control_says(&it, "node n-1 is drained"));
	control_end(&it);
}
END_TEST

#define AGENT                                                                  \
	"---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\n" \
	"spec: {selector: {matchLabels: {app: agent}}, template: {metadata: "  \
	"{labels: {app: agent}}, spec: {containers: [{name: c, image: "        \
	"'a:1'}]}}}\n"

START_TEST(daemonset_refuses)
{
	struct control it;

	start(&it, WEB("2", "maxUnavailable: 1") AGENT,
		MODEL("[{name: n, count: 2, cpu: 4}]"));
	control_fault(&it, "drain", "node=n-1 at=10s ignore-daemonsets=false");
	control_run(&it, 60);
	ck_assert(control_says(&it,
		"node n-1 is not drained: cannot delete DaemonSet-managed Pods "
		"(use --ignore-daemonsets to ignore): default/agent-1\n"));
	control_end(&it);

	start(&it, WEB("2", "maxUnavailable: 1") AGENT,
		MODEL("[{name: n, count: 2, cpu: 4}]"));
	control_fault(&it, "drain", "node=n-1 at=10s");
	control_run(&it, 60);
	ck_assert(control_says(&it, "node n-1 is drained"));
	ck_assert(!control_says(&it, "agent-1 is being deleted"));
	control_end(&it);
}
END_TEST

TW_TESTS("twin/drain", one_at_a_time, bare_pod_refuses, local_storage_refuses,
	daemonset_refuses, blocked, several_nodes, unready_pods, two_budgets,
	scale, delete_pod, spot)
