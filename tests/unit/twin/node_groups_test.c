/*
 * The cluster autoscaler: it counts nodes that are on their way, and removes
 * none that a budget or a pod holds.
 */
#include "tests/unit/twin/control.h"

#define FRONT                                                                  \
	"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"               \
	"spec: {selector: {app: web}, ports: [{port: 80}]}\n"
#define APP(kind, namespace, name, replicas, cpu)                              \
	"---\napiVersion: apps/v1\nkind: " kind "\nmetadata: {name: " name     \
	", namespace: " namespace "}\nspec: {replicas: " replicas              \
				  ", selector: {matchLabels: {app: " name      \
				  "}}, template: {metadata: "                  \
				  "{labels: {app: " name                       \
				  "}}, spec: {containers: [{name: c, image: "  \
				  "x, "                                        \
				  "resources: {requests: {cpu: " cpu           \
				  "}}}]}}}\n"
#define BUDGET(namespace, name, app, rule)                                     \
	"---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: "    \
	"{name: " name                                                         \
	", namespace: " namespace "}\nspec: {" rule                            \
				  ", selector: {matchLabels: {app: " app       \
				  "}}}\n"
#define MODEL(count, more)                                                     \
	"version: 1\nautoscaling: {scale-down-unneeded-time: 30s, "            \
	"scale-down-delay-after-add: 20s}\nservices:\n  web: {endpoints: "     \
	"{GET /: [{wait: 1ms}]}}\nentry: [{service: web}]\nnodes: [{name: n, " \
	"count: " count                                                        \
	", min: 1, max: 5, provisioning: 45s, cpu: 4, memory: "                \
	"8Gi" more "}]\n"

static unsigned count(const struct control *it, const char *words)
{
	unsigned n = 0;

	for (const char *at = tw_buf_text(&it->log); (at = strstr(at, words));
		at++)
		n++;
	return n;
}

/* Four scans before the node is there; each knows that it comes. */
START_TEST(nodes_on_their_way_count)
{
	struct control it;

	control_start(&it, FRONT APP("Deployment", "default", "web", "1", "3"),
		MODEL("1", ""));
	control_fault(&it, "scale", "workload=web replicas=2 at=10s");
	control_run(&it, 120);
	ck_assert_uint_eq(count(&it, "TriggeredScaleUp"), 1);
	ck_assert_uint_eq(count(&it, " is added"), 1);
	control_end(&it);
}
END_TEST

/* Two nodes for two small pods: one would do. */
static bool is_removed(const char *manifests)
{
	struct control it;
	bool removed;

	control_start(&it, manifests, MODEL("2", ""));
	control_run(&it, 120);
	removed = count(&it, " is removed");
	control_end(&it);
	return removed;
}

#define TWO FRONT APP("Deployment", "default", "web", "2", "100m")

START_TEST(budgets_hold_a_node)
{
	ck_assert(is_removed(TWO));
	ck_assert(is_removed(
		TWO BUDGET("default", "b", "web", "maxUnavailable: 1")));
	ck_assert(!is_removed(
		TWO BUDGET("default", "b", "web", "minAvailable: 2")));
	/* One pod too few, and each pod by itself could go. */
	ck_assert(!is_removed(FRONT APP("Deployment", "default", "web", "4",
		"100m") BUDGET("default", "b", "web", "maxUnavailable: 1")));
	/* Two budgets: the eviction API refuses for good. */
	ck_assert(!is_removed(
		TWO BUDGET("default", "b", "web", "maxUnavailable: 1")
			BUDGET("default", "c", "web", "maxUnavailable: 1")));
}
END_TEST

START_TEST(pods_hold_a_node)
{
	static const char pod[] = FRONT
		"---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: "
		"{app: web}}\nspec: {containers: [{name: c, image: x, "
		"resources: {requests: {cpu: 100m}}}]}\n"
		"---\napiVersion: v1\nkind: Pod\nmetadata: {name: web2, "
		"labels: "
		"{app: web}}\nspec: {containers: [{name: c, image: x, "
		"resources: {requests: {cpu: 100m}}}]}\n";

	ck_assert(!is_removed(pod));
	ck_assert(!is_removed(
		FRONT APP("Deployment", "kube-system", "dns", "2", "100m")));
	ck_assert(is_removed(FRONT APP("Deployment", "kube-system", "dns", "2",
		"100m") BUDGET("kube-system", "b", "dns",
		"maxUnavailable: 1")));
}
END_TEST

/* Five nodes, of which one would do: one goes a scan, 10 s after another. */
START_TEST(one_a_scan)
{
	struct control it;
	const char *at;
	long last = -1;
	unsigned n = 0;

	control_start(&it, TWO, MODEL("5", ""));
	control_run(&it, 150);
	for (at = tw_buf_text(&it.log); (at = strstr(at, " is cordoned"));
		at++) {
		const char *line = at;
		long now;

		while (line > tw_buf_text(&it.log) && line[-1] != '\n')
			line--;
		now = strtol(line, NULL, 10);
		ck_assert(last < 0 || now >= last + 10);
		last = now;
		n++;
	}
	ck_assert_uint_eq(n, 4);
	control_end(&it);
}
END_TEST

/* Little of its CPU is requested, and more than half of its memory. */
START_TEST(memory_is_needed_too)
{
	struct control it;

	control_start(&it,
		FRONT
		"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: "
		"{name: web}\nspec: {replicas: 1, selector: "
		"{matchLabels: {app: web}}, template: {metadata: {labels: "
		"{app: web}}, spec: {containers: [{name: c, image: x, "
		"resources: {requests: {cpu: 100m, memory: 5Gi}}}]}}}\n",
		MODEL("3", ""));
	control_run(&it, 150);
	ck_assert_uint_eq(count(&it, " is being deleted"), 0);
	ck_assert_uint_eq(count(&it, " is removed"), 2);
	control_end(&it);
}
END_TEST

TW_TESTS("twin/node_groups", one_a_scan, memory_is_needed_too,
	nodes_on_their_way_count, budgets_hold_a_node, pods_hold_a_node)
