/*
 * What a disruption budget lets go: percentages, pods that are not ready or
 * that stop already, pods of nobody; and what a drain leaves and how long it
 * waits.
 */
#include "tests/unit/twin/control.h"

#define FRONT                                                                  \
	"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"               \
	"spec: {selector: {app: web}, ports: [{port: 80}]}\n"
#define WEB(replicas, more)                                                    \
	"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"  \
	"spec: {replicas: " replicas                                           \
	", selector: {matchLabels: {app: web}}, template: {metadata: "         \
	"{labels: {app: web}}, spec: {containers: [{name: c, image: x" more    \
	"}]}}}\n"
#define AGENT                                                                  \
	"---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\n" \
	"spec: {selector: {matchLabels: {app: agent}}, template: {metadata: "  \
	"{labels: {app: agent}}, spec: {containers: [{name: c, image: "        \
	"x}]}}}\n"
#define BUDGET(rule)                                                           \
	"---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: "    \
	"{name: b}\nspec: {" rule ", selector: {matchLabels: {app: web}}}\n"
#define STOPS ", lifecycle: {preStop: {sleep: {seconds: 20}}}"
#define MODEL                                                                  \
	"version: 1\nservices: {web: {endpoints: {GET /: [{wait: 1ms}]}}}\n"   \
	"entry: [{service: web}]\nnodes: [{name: n, count: 1, cpu: 4, "        \
	"memory: 8Gi}]\n"

static unsigned count(const struct control *it, const char *words)
{
	unsigned n = 0;

	for (const char *at = tw_buf_text(&it->log); (at = strstr(at, words));
		at++)
		n++;
	return n;
}

static void drain(struct control *it, const char *manifests, const char *args,
	const char *first)
{
	control_start(it, manifests, MODEL);
	if (first)
		control_fault(it, "delete-pod", first);
	control_fault(it, "drain", args);
	control_run(it, 40);
}

/* 3 x 50% is 1.5, so 2 have to stay: one pod goes. Nothing takes its place, as
 * no node will. */
START_TEST(percentages_round_up)
{
	struct control it;

	drain(&it, FRONT WEB("3", "") BUDGET("minAvailable: 50%"),
		"node=n at=10s", NULL);
	ck_assert_uint_eq(count(&it, "web-1 is being deleted") +
				  count(&it, "web-2 is being deleted") +
				  count(&it, "web-3 is being deleted"),
		1);
	ck_assert(control_says(&it, "needs 2 healthy pods and has 2"));
	control_end(&it);
}
END_TEST

/* The controller finds no scale of a pod by itself: nothing is expected, so
 * none may go. */
START_TEST(pods_of_nobody)
{
	static const char pod[] =
		FRONT "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, "
		      "labels: {app: web}}\nspec: {containers: [{name: c, "
		      "image: x}]}\n" BUDGET("maxUnavailable: 1");
	struct control it;

	drain(&it, pod, "node=n at=10s force=true", NULL);
	ck_assert(control_says(&it, "is not evicted from n"));
	ck_assert_uint_eq(count(&it, " is being deleted"), 0);
	control_end(&it);
}
END_TEST

/* A pod that stops already asks no budget, and a drain waits for it. */
START_TEST(pods_that_stop)
{
	struct control it;

	drain(&it, FRONT WEB("1", STOPS) BUDGET("minAvailable: 2"),
		"node=n at=10s", "replica=web-1 at=5s");
	/* web-2 took its place before the node was cordoned. */
	ck_assert_uint_eq(count(&it, "web-1 is not evicted"), 0);
	ck_assert_uint_ge(count(&it, "web-2 is not evicted"), 5);
	control_end(&it);
}
END_TEST

/* Agents stay; a grace period of the drain's own ends a preStop. */
START_TEST(what_a_drain_does)
{
	struct control it;

	drain(&it, FRONT AGENT WEB("1", STOPS), "node=n at=10s", NULL);
	ck_assert_uint_eq(count(&it, "agent-1 is being deleted"), 0);
	ck_assert(control_says(
		&it, "31.000000000s replica default/web-1 is gone"));
	ck_assert(control_says(&it, "31.000000000s node n is drained"));
	control_end(&it);

	drain(&it, FRONT WEB("1", STOPS), "node=n at=10s grace-period=3s",
		NULL);
	ck_assert(control_says(
		&it, "14.000000000s replica default/web-1 is gone"));
	control_end(&it);

	drain(&it, FRONT WEB("1", STOPS) BUDGET("maxUnavailable: 0"),
		"node=n at=10s grace-period=3s disable-eviction=true", NULL);
	ck_assert(control_says(
		&it, "14.000000000s replica default/web-1 is gone"));
	control_end(&it);
}
END_TEST

TW_TESTS("twin/budget", percentages_round_up, pods_of_nobody, pods_that_stop,
	what_a_drain_does)
