/*
 * Preemption in a run: who goes for whom, and who waits.
 */
#include "tests/unit/twin/control.h"

#include <stdarg.h>

#define APP(name, replicas, cpu, more)                                         \
	"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name   \
	"}\nspec:\n  replicas: " replicas                                      \
	"\n  selector: {matchLabels: {app: " name                              \
	"}}\n  template:\n    metadata: {labels: {app: " name                  \
	"}}\n    spec: {containers: [{name: c, image: 'x:1', resources: "      \
	"{requests: {cpu: " cpu "}}}]" more "}\n"
#define BASE                                                                   \
	"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"               \
	"spec: {selector: {app: web}, ports: [{port: 80}]}\n---\n"             \
	"apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\n"              \
	"metadata: {name: high}\nvalue: 1000\n---\n"                           \
	"apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\n"              \
	"metadata: {name: mid}\nvalue: 100\n"
#define MODEL(nodes)                                                           \
	"version: 1\nservices:\n  web:\n    startup: 3s\n    endpoints:\n"     \
	"      GET /: [{cpu: 1ms}]\nnodes: " nodes                             \
	"\nentry: [{service: web}]\n"

/* Two full nodes. Another web needs a core: a batch pod goes, and its
 * replacement waits until a web goes again. */
START_TEST(lower_goes)
{
	struct control it;

	control_start(&it,
		BASE APP("web", "2", "1", ", priorityClassName: high")
			APP("batch", "2", "1", ""),
		MODEL("[{name: n, count: 2, cpu: 2}]"));
	control_fault(&it, "scale", "workload=web replicas=3 at=10s for=20s");
	control_run(&it, 60);
	control_expect(&it,
		/* clang-format off */
"10.000000000s fault scale workload=web replicas=3 at=10s for=20s begins\n"
"10.000000000s default/web should have 3 replicas\n"
"10.000000000s replica default/web-3 is created\n"
"10.000000000s replica default/web-3 is pending: 0/2 nodes are available: 2 Insufficient cpu.\n"
"10.000000000s replica default/batch-1 is preempted on n-1: Preempted by pod default/web-3\n"
"10.000000000s replica default/batch-1 is being deleted\n"
"10.000000000s replica default/batch-3 is created\n"
"10.000000000s replica default/batch-3 is pending: 0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.\n"
"11.000000000s replica default/batch-1 is no longer listed\n"
"11.000000000s replica default/batch-1 is gone\n"
"11.000000000s replica default/web-3 is assigned to n-1\n"
"11.000000000s replica default/web-3 is ready for requests\n"
"12.000000000s replica default/web-3 is listed\n"
"14.000000000s replica default/web-3 listens\n"
"30.000000000s fault scale workload=web replicas=3 at=10s for=20s ends\n"
"30.000000000s default/web should have 2 replicas\n"
"30.000000000s replica default/web-3 is being deleted\n"
"31.000000000s replica default/web-3 is no longer listed\n"
"31.000000000s replica default/web-3 is gone\n"
"31.000000000s replica default/batch-3 is assigned to n-1\n"
"31.000000000s replica default/batch-3 is ready for requests\n"
"32.000000000s replica default/batch-3 is listed\n"
"41.000000000s replica default/batch-3 listens\n"
		/* clang-format on */
	);
	ck_assert_uint_eq(it.obs.preempted, 1);
	control_end(&it);
}
END_TEST

/* Nobody goes for a pod that may not preempt, nor for one of equal priority,
 * nor where it would not help. */
START_TEST(nobody_goes)
{
	static const char *const asked[][2] = {
		{"1", ", priorityClassName: polite"}, {"1", ""},
		{"3", ", priorityClassName: high"}};

	for (size_t i = 0; i < 3; i++) {
		char all[4096];
		struct control it;

		snprintf(all, sizeof all,
			BASE "preemptionPolicy: PreemptLowerPriority\n---\n"
			     "apiVersion: scheduling.k8s.io/v1\n"
			     "kind: PriorityClass\nmetadata: {name: polite}\n"
			     "value: 500\npreemptionPolicy: Never\n" APP(
				     "web", "0", "%s", "%s")
				     APP("batch", "4", "1", ""),
			asked[i][0], asked[i][1]);
		control_start(&it, all, MODEL("[{name: n, count: 2, cpu: 2}]"));
		control_fault(&it, "scale", "workload=web replicas=1 at=10s");
		control_run(&it, 30);
		ck_assert_msg(it.obs.preempted == 0, "case %zu", i);
		ck_assert_uint_eq(it.obs.pending, 1);
		control_end(&it);
	}
}
END_TEST

/* A budget guards the pods of one node: the other's goes, though it is of
 * higher priority. */
START_TEST(budgets_first)
{
	struct control it;

	control_start(&it,
		BASE APP("web", "0", "2", ", priorityClassName: high") APP(
			"guarded", "1", "2",
			", nodeSelector: "
			"{kubernetes.io/hostname: "
			"n-1}") APP("mid", "1", "2",
			", priorityClassName: mid, "
			"nodeSelector: "
			"{kubernetes.io/hostname: n-2}") "---\napiVersion: "
							 "policy/v1\n"
							 "kind: "
							 "PodDisruptionBudget\n"
							 "metadata: {name: "
							 "guarded}\nspec: "
							 "{minAvailable: 1, "
							 "selector: "
							 "{matchLabels: {app: "
							 "guarded}}}\n",
		MODEL("[{name: n, count: 2, cpu: 2}]"));
	control_fault(&it, "scale", "workload=web replicas=1 at=10s");
	control_run(&it, 30);
	ck_assert(control_says(&it, "10.000000000s replica default/mid-1 is "
				    "preempted on n-2: Preempted by pod "
				    "default/web-1"));
	ck_assert_uint_eq(it.obs.preempted, 1);
	control_end(&it);
}
END_TEST

#define ON(node)	     ", nodeSelector: {k: " node "}"
#define LOW(name, node, cpu) APP(name, "1", cpu, ON(node))
#define MID(name, node, cpu)                                                   \
	APP(name, "1", cpu, ON(node) ", priorityClassName: mid")
#define TOP(cpu) APP("web", "0", cpu, ", priorityClassName: high")
#define KEEP(app)                                                              \
	"---\napiVersion: policy/v1\nkind: PodDisruptionBudget\n"              \
	"metadata: {name: " app "}\nspec: {minAvailable: 1, selector: "        \
	"{matchLabels: {app: " app "}}}\n"
#define TWO                                                                    \
	MODEL("[{name: a, count: 1, cpu: 1, labels: {k: a}}, "                 \
	      "{name: b, count: 1, cpu: 1, labels: {k: b}}]")

/* Who goes first when a web comes at 20 s (what replaces them may make others
 * go); `later`: a workload that gets its first
 * pod at 10 s. */
static void expect_victims(
	const char *manifests, const char *model, const char *later, int n, ...)
{
	struct control it;
	const char *at;
	va_list args;

	control_start(&it, manifests, model);
	if (later)
		control_fault(&it, "scale", later);
	control_fault(&it, "scale", "workload=web replicas=1 at=20s");
	control_run(&it, 40);
	at = tw_buf_text(&it.log);
	va_start(args, n);
	for (int i = 0; i < n; i++) {
		char line[100];

		snprintf(line, sizeof line, "replica default/%s-1 is preempted",
			va_arg(args, const char *));
		at = strstr(at + 1, " is preempted");
		if (!at || at - tw_buf_text(&it.log) < 30 ||
			strncmp(at + strlen(" is preempted") - strlen(line),
				line, strlen(line))) {
			fprintf(stderr, "%s\n", tw_buf_text(&it.log));
			ck_abort_msg("not next: %s", line);
		}
	}
	va_end(args);
	control_end(&it);
}

/* pickOneNodeForPreemption, criterion by criterion: in each the one before is
 * even, and the one after, or the order of nodes, would choose otherwise. */
START_TEST(which_node)
{
	/* The lowest highest priority, though two go for one. */
	expect_victims(BASE TOP("1") MID("m", "a", "1") LOW("x", "b", "500m")
			       LOW("y", "b", "500m"),
		TWO, NULL, 2, "x", "y");
	/* The lowest sum. */
	expect_victims(BASE TOP("1") MID("m", "a", "500m") MID("n", "a", "500m")
			       MID("o", "b", "500m") LOW("x", "b", "500m"),
		TWO, NULL, 2, "o", "x");
	/* The one that started last. */
	expect_victims(BASE TOP("1") LOW("x", "a", "1")
			       APP("y", "0", "1", ON("b")),
		TWO, "workload=y replicas=1 at=10s", 1, "y");
	expect_victims(BASE TOP("1") APP("y", "0", "1", ON("a"))
			       LOW("x", "b", "1"),
		TWO, "workload=y replicas=1 at=10s", 1, "y");
}
END_TEST

/* On one node: who breaks a budget is spared first, then who is more important:
 * by priority, then who is older. */
START_TEST(who_is_spared)
{
	static const char one[] =
		MODEL("[{name: a, count: 1, cpu: 1, labels: {k: a}}]");

	expect_victims(BASE TOP("500m") MID("m", "a", "500m")
			       LOW("x", "a", "500m"),
		one, NULL, 1, "x");
	expect_victims(BASE TOP("500m") MID("m", "a", "500m")
			       LOW("x", "a", "500m") KEEP("x"),
		one, NULL, 1, "m");
	expect_victims(BASE TOP("500m") LOW("x", "a", "500m")
			       APP("y", "0", "500m", ON("a")),
		one, "workload=y replicas=1 at=10s", 1, "y");
	expect_victims(BASE TOP("500m") APP("a", "0", "500m", ON("a"))
			       LOW("x", "a", "500m"),
		one, "workload=a replicas=1 at=10s", 1, "a");
}
END_TEST

#define AGENT                                                                  \
	"---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\n" \
	"spec:\n  selector: {matchLabels: {app: agent}}\n"                     \
	"  updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: "     \
	"0}}\n"                                                                \
	"  template:\n    metadata: {labels: {app: agent}}\n    spec: "        \
	"{priorityClassName: mid, containers: [{name: c, image: 'x:1', "       \
	"resources: {requests: {cpu: 1}}}]}\n"

/* Each node has a pod of it, and no room for the new one beside it: who is
 * below it on that node goes, and nobody elsewhere. */
START_TEST(a_daemonset_makes_room_on_its_own_node)
{
	struct control it;

	control_start_many(&it,
		BASE AGENT APP("web", "1", "1", ", nodeSelector: {k: a}")
			APP("big", "1", "1",
				", nodeSelector: {k: b}, priorityClassName: "
				"high"),
		MODEL("[{name: a, count: 1, cpu: 2, labels: {k: a}}, "
		      "{name: b, count: 1, cpu: 2, labels: {k: b}}]"),
		1);
	control_fault(&it, "rollout-restart", "workload=agent at=10s");
	control_run(&it, 60);
	ck_assert(control_says(&it,
		"is pending: 0/2 nodes are available: 1 Insufficient cpu, "
		"1 node(s) didn't satisfy plugin(s) [NodeAffinity].\n"
		"10.000000000s replica default/web-"));
	ck_assert(control_says(
		&it, "is preempted on a: Preempted by pod default/agent-"));
	/* Then b's turn: big is above it. */
	ck_assert(control_says(&it,
		"is pending: 0/2 nodes are available: 1 Insufficient cpu, "
		"1 node(s) didn't satisfy plugin(s) [NodeAffinity]. "
		"preemption: 0/2 nodes are available: 1 No preemption victims "
		"found for incoming pod, 1 Preemption is not helpful for "
		"scheduling.\n"));
	ck_assert(control_says(&it, "is assigned to a\n"));
	ck_assert(!control_says(&it, "is assigned to b\n"));
	ck_assert_uint_eq(it.obs.preempted, 1);
	control_end(&it);
}
END_TEST

/* x goes for mid (2 cores), which is nominated; web, above it, takes half of
 * the node: what is left is anybody's, for mid is nominated no more. */
static void expect_cleared(const char *class, const char *web)
{
	struct control it;
	char all[4096];

	snprintf(all, sizeof all,
		BASE "---\napiVersion: scheduling.k8s.io/v1\nkind: "
		     "PriorityClass\nmetadata: {name: polite}\nvalue: 500\n"
		     "preemptionPolicy: Never\n" APP("web", "0", "1",
			     ", priorityClassName: %s") APP("mid", "0", "2",
			     ", priorityClassName: mid") APP("x", "1", "2", "")
			     APP("y", "0", "1", ""),
		class);
	control_start(&it, all, MODEL("[{name: n, count: 1, cpu: 2}]"));
	control_fault(&it, "scale", "workload=mid replicas=1 at=20s");
	control_fault(&it, "scale", web);
	control_fault(&it, "scale", "workload=y replicas=1 at=30s");
	control_run(&it, 40);
	ck_assert(control_says(&it, "default/x-1 is preempted on n: "
				    "Preempted by pod default/mid-1"));
	ck_assert(
		control_says(&it, "replica default/web-1 is assigned to n\n"));
	ck_assert_msg(control_says(&it, "30.000000000s replica default/y-1 is "
					"assigned to n\n"),
		"%s:\n%s", class, tw_buf_text(&it.log));
	control_end(&it);
}

START_TEST(nominations_are_cleared)
{
	/* It is nominated there, too. */
	expect_cleared("high", "workload=web replicas=1 at=20500ms");
	/* It takes what is free: nobody's going would help mid any more. */
	expect_cleared("polite", "workload=web replicas=1 at=19900ms");
}
END_TEST

TW_TESTS("twin/preempt", a_daemonset_makes_room_on_its_own_node,
	nominations_are_cleared, which_node, who_is_spared, lower_goes,
	nobody_goes, budgets_first)
