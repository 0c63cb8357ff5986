/*
 * Golden timelines of nodes: lost, found lost, tainted, their pods evicted and
 * replaced, and back. The manual explains the first line by line.
 */
#include "tests/unit/twin/control.h"

#define WEB(kind, replicas, more)                                              \
	"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"               \
	"spec: {selector: {app: web}, ports: [{port: 80}]}\n"                  \
	"---\napiVersion: apps/v1\nkind: " kind "\nmetadata: {name: web}\n"    \
	"spec:\n  replicas: " replicas "\n  selector: {matchLabels: {app: "    \
	"web}}\n  template:\n    metadata: {labels: "                          \
	"{app: web}}\n    spec: {containers: [{name: c, image: 'web:1', "      \
	"resources: {requests: {cpu: 1}}}]" more "}\n"
#define MODEL(nodes)                                                           \
	"version: 1\nkubernetes: \"1.30\"\nservices:\n  web:\n"                \
	"    startup: 3s\n    endpoints:\n      GET /: [{cpu: 1ms}]\n"         \
	"nodes: " nodes "\nentry: [{service: web}]\n"

/* A node of three dies at 12 s: its lease was renewed at 10 s, so the look at
 * 50 s finds it silent for 40. */
START_TEST(deployment)
{
	struct control it;

	control_start(&it, WEB("Deployment", "3", ""),
		MODEL("[{name: n, count: 3, cpu: 4}]"));
	control_fault(&it, "node-down", "node=n-1 at=12s for=400s");
	control_run(&it, 450);
	control_expect(&it,
		/* clang-format off */
"12.000000000s fault node-down node=n-1 at=12s for=400s begins\n"
"12.000000000s replica default/web-2 dies\n"
"50.000000000s node n-1 is not ready: NodeStatusUnknown\n"
"51.000000000s replica default/web-2 is no longer listed\n"
"55.000000000s node n-1 is tainted NoExecute: node.kubernetes.io/unreachable\n"
"355.000000000s replica default/web-2 is evicted from n-1: node.kubernetes.io/unreachable\n"
"355.000000000s replica default/web-2 is being deleted\n"
"355.000000000s replica default/web-4 is created\n"
"355.000000000s replica default/web-4 is assigned to n-2\n"
"355.000000000s replica default/web-4 is ready for requests\n"
"356.000000000s replica default/web-4 is listed\n"
"358.000000000s replica default/web-4 listens\n"
"412.000000000s fault node-down node=n-1 at=12s for=400s ends\n"
"412.000000000s node n-1 is ready\n"
"413.000000000s replica default/web-2 is gone\n"
"415.000000000s node n-1 is no longer tainted NoExecute: node.kubernetes.io/unreachable\n"
		/* clang-format on */
	);
	ck_assert_uint_eq(it.obs.evicted, 1);
	control_end(&it);
}
END_TEST

/* It is back before its pods would go: they run again there. */
START_TEST(back_in_time)
{
	struct control it;

	control_start(&it, WEB("Deployment", "3", ""),
		MODEL("[{name: n, count: 3, cpu: 4}]"));
	control_fault(&it, "node-down", "node=n-1 at=12s for=100s");
	control_run(&it, 400);
	ck_assert(control_says(&it,
		"112.000000000s replica default/web-2 is started again\n"
		"112.000000000s replica default/web-2 is ready for requests\n"
		"112.000000000s node n-1 is ready\n"
		"113.000000000s replica default/web-2 is listed\n"
		"115.000000000s node n-1 is no longer tainted"));
	/* Its process takes its time to start up, as before. */
	ck_assert(control_says(
		&it, "115.000000000s replica default/web-2 listens"));
	ck_assert(!control_says(&it, " is created"));
	ck_assert_uint_eq(it.obs.evicted, 0);
	control_end(&it);
}
END_TEST

#define MIGRATED ", initContainers: [{name: migrate, image: 'm:1'}]"
#define MODEL_MIGRATED                                                         \
	"version: 1\nkubernetes: \"1.30\"\nservices:\n  web:\n"                \
	"    startup: 3s\n    init: {migrate: 7s}\n    endpoints:\n"           \
	"      GET /: [{cpu: 1ms}]\n"                                          \
	"nodes: [{name: n, count: 3, cpu: 4}]\nentry: [{service: web}]\n"

/* Its machine was off: the sandboxes are gone, and init containers run again.
 */
START_TEST(back_with_init_containers)
{
	struct control it;

	control_start(&it, WEB("Deployment", "3", MIGRATED), MODEL_MIGRATED);
	control_fault(&it, "node-down", "node=n-1 at=12s for=100s");
	control_run(&it, 400);
	ck_assert(control_says(&it,
		"SandboxChanged: Pod sandbox changed, it will be killed and "
		"re-created."));
	ck_assert(control_says(
		&it, "119.000000000s replica default/web-2 is started again"));
	ck_assert(control_says(&it,
		"119.000000000s replica default/web-2 is ready for requests"));
	ck_assert(control_says(
		&it, "122.000000000s replica default/web-2 listens"));
	ck_assert(!control_says(&it, " is created"));
	control_end(&it);
}
END_TEST

/* Only the network to it was down: all of it runs, and is ready when the node
 * is seen again. */
START_TEST(cut_off)
{
	struct control it;

	control_start(&it, WEB("Deployment", "3", MIGRATED), MODEL_MIGRATED);
	control_fault(
		&it, "node-down", "node=n-1 at=12s for=100s how=partition");
	control_run(&it, 400);
	ck_assert(control_says(&it, "50.000000000s node n-1 is not ready"));
	ck_assert(control_says(&it, "112.000000000s replica default/web-2 is "
				    "ready for requests\n"));
	ck_assert(control_says(
		&it, "113.000000000s replica default/web-2 is listed\n"));
	ck_assert(!control_says(&it, "Sandbox"));
	ck_assert(!control_says(&it, "started again"));
	/* A third of the requests of 39 s. */
	ck_assert_uint_ge(it.failed, 100);
	ck_assert_uint_le(it.failed, 150);
	control_end(&it);
}
END_TEST

/* Nobody has noticed: nothing is told, and requests come as before. */
START_TEST(cut_off_shortly)
{
	struct control it;

	control_start(&it, WEB("Deployment", "3", MIGRATED), MODEL_MIGRATED);
	control_fault(
		&it, "node-down", "node=n-1 at=12s for=10s how=partition");
	control_run(&it, 100);
	ck_assert(!control_says(&it, "not ready"));
	ck_assert(!control_says(&it, "listed"));
	ck_assert_uint_ge(it.failed, 20);
	ck_assert_uint_le(it.failed, 45);
	control_end(&it);
}
END_TEST

/* What was evicted meanwhile is stopped when its kubelet hears of it. */
START_TEST(cut_off_and_evicted)
{
	struct control it;

	control_start(&it, WEB("Deployment", "3", MIGRATED), MODEL_MIGRATED);
	control_fault(
		&it, "node-down", "node=n-1 at=12s for=400s how=partition");
	control_run(&it, 450);
	ck_assert(control_says(&it,
		"355.000000000s replica default/web-2 is being deleted\n"));
	ck_assert(control_says(&it, "412.000000000s node n-1 is ready\n"
				    "413.000000000s replica default/web-2 is "
				    "gone\n"));
	ck_assert(!control_says(&it, "web-2 is ready for requests"));
	control_end(&it);
}
END_TEST

/* Its own tolerationSeconds count; a toleration without them is for ever. */
START_TEST(tolerations)
{
	struct control it;

	control_start(&it,
		WEB("Deployment", "3",
			", tolerations: [{key: node.kubernetes.io/unreachable, "
			"operator: Exists, effect: NoExecute, "
			"tolerationSeconds: 20}]"),
		MODEL("[{name: n, count: 3, cpu: 4}]"));
	control_fault(&it, "node-down", "node=n-1 at=12s");
	control_run(&it, 400);
	ck_assert(control_says(&it, "75.000000000s replica default/web-2 is "
				    "evicted from n-1"));
	control_end(&it);

	control_start(&it,
		WEB("Deployment", "3", ", tolerations: [{operator: Exists}]"),
		MODEL("[{name: n, count: 3, cpu: 4}]"));
	control_fault(&it, "node-down", "node=n-1 at=12s");
	control_run(&it, 400);
	ck_assert(control_says(&it, "tainted"));
	ck_assert_uint_eq(it.obs.evicted, 0);
	control_end(&it);
}
END_TEST

/* Nobody makes another one while the old one has its name. */
START_TEST(stateful_set)
{
	struct control it;

	control_start(&it, WEB("StatefulSet", "3", ""),
		MODEL("[{name: n, count: 3, cpu: 4}]"));
	control_fault(&it, "node-down", "node=n-1 at=12s");
	control_run(&it, 600);
	ck_assert(control_says(&it, "is being deleted"));
	ck_assert(!control_says(&it, " is created"));
	control_end(&it);
}
END_TEST

/* 3 of 4 nodes of a zone: it is partly disrupted, and small: no taint, no
 * eviction; the other zone's node goes as ever. */
START_TEST(partial_disruption)
{
	struct control it;

	control_start(&it, WEB("Deployment", "8", ""),
		MODEL("[{name: a, count: 4, cpu: 4, zone: a}, "
		      "{name: b, count: 4, cpu: 4, zone: b}]"));
	control_fault(&it, "node-down", "node=a-1,a-2,a-3 at=12s");
	control_fault(&it, "node-down", "node=b-1 at=12s");
	control_run(&it, 400);
	ck_assert(control_says(&it, "node a-1 is not ready"));
	ck_assert(!control_says(&it, "node a-1 is tainted"));
	ck_assert(control_says(&it, "55.000000000s node b-1 is tainted"));
	ck_assert_uint_eq(it.obs.evicted, 1);
	control_end(&it);
}
END_TEST

/* Two nodes of a zone: tainted 10 s apart. */
START_TEST(one_by_one)
{
	struct control it;

	control_start(&it, WEB("Deployment", "8", ""),
		MODEL("[{name: n, count: 5, cpu: 4}]"));
	control_fault(&it, "node-down", "node=n-2,n-4 at=12s");
	control_run(&it, 400);
	ck_assert(control_says(&it, "55.000000000s node n-2 is tainted"));
	ck_assert(control_says(&it, "65.000000000s node n-4 is tainted"));
	control_end(&it);
}
END_TEST

/* All zones are dark: that tells nothing, and nobody is evicted. */
START_TEST(total_loss)
{
	struct control it;

	control_start(&it, WEB("Deployment", "4", ""),
		MODEL("[{name: a, count: 2, cpu: 4, zone: a}, "
		      "{name: b, count: 2, cpu: 4, zone: b}]"));
	control_fault(&it, "zone-down", "zone=a at=12s");
	control_fault(&it, "zone-down", "zone=b at=12s for=400s");
	control_run(&it, 460);
	ck_assert(control_says(&it, "node b-2 is not ready"));
	ck_assert_uint_eq(it.obs.evicted, 0);
	/* b is back at 412 s: a is tainted after the next look but one. */
	ck_assert(control_says(&it, "425.000000000s node a-1 is tainted"));
	control_end(&it);
}
END_TEST

/* DoNotSchedule over zones counts those of the dead zone as there. */
START_TEST(spread_keeps_them_pending)
{
	struct control it;

	control_start(&it,
		WEB("Deployment", "4",
			", topologySpreadConstraints: [{maxSkew: 1, "
			"topologyKey: topology.kubernetes.io/zone, "
			"whenUnsatisfiable: DoNotSchedule, "
			"labelSelector: {matchLabels: {app: web}}}]"),
		MODEL("[{name: a, count: 2, cpu: 4, zone: a}, "
		      "{name: b, count: 2, cpu: 4, zone: b}]"));
	control_fault(&it, "zone-down", "zone=a at=12s");
	control_run(&it, 500);
	ck_assert_uint_eq(it.obs.evicted, 2);
	ck_assert_uint_eq(it.obs.pending, 2);
	ck_assert(control_says(
		&it, "didn't match pod topology spread constraints"));
	control_end(&it);
}
END_TEST

/* Probes act in the run: the new pod is ready by its own, asked 3 s after its
 * start (2 s are too early for its delay), a timeout later. */
START_TEST(found_ready_by_its_probe)
{
	struct control it;

	control_start(&it,
		"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
		"spec: {selector: {app: web}, ports: [{port: 80}]}\n---\n"
		"apiVersion: apps/v1\nkind: Deployment\n"
		"metadata: {name: web}\nspec:\n  replicas: 3\n"
		"  selector: {matchLabels: {app: web}}\n  template:\n"
		"    metadata: {labels: {app: web}}\n    spec: {containers: "
		"[{name: c, image: 'web:1', resources: {requests: {cpu: 1}}, "
		"readinessProbe: {httpGet: {path: /, port: 80}, "
		"initialDelaySeconds: 2, periodSeconds: 5}}]}\n",
		"defaults: {probes: true}\n" MODEL(
			"[{name: n, count: 3, cpu: 4}]"));
	control_fault(&it, "node-down", "node=n-1 at=12s");
	control_run(&it, 400);
	ck_assert(control_says(&it,
		"358.000000000s replica default/web-4 listens\n"
		"359.000000000s replica default/web-4 is ready for requests"));
	control_end(&it);
}
END_TEST

TW_TESTS("twin/nodes", found_ready_by_its_probe, deployment, back_in_time,
	back_with_init_containers, cut_off, cut_off_shortly,
	cut_off_and_evicted, tolerations, stateful_set, partial_disruption,
	one_by_one, total_loss, spread_keeps_them_pending)
