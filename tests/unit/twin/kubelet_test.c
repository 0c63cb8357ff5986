/*
 * What the kubelet does with pods that start, in a run.
 */
#include "tests/unit/twin/control.h"

#define A_SERVICE(name)                                                        \
	"apiVersion: v1\nkind: Service\nmetadata: {name: " name "}\n"          \
	"spec: {selector: {app: " name "}, ports: [{port: 80}]}\n---\n"
/* `pod`: the rest of a pod's spec, in braces. */
#define DEPLOY(name, replicas, pod)                                            \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name "}\n"  \
	"spec:\n  replicas: " replicas                                         \
	"\n  selector: {matchLabels: {app: " name                              \
	"}}\n  template:\n    metadata: {labels: {app: " name "}}\n"           \
	"    spec: " pod "\n"
#define WEB(replicas, pod) A_SERVICE("web") DEPLOY("web", replicas, pod)
#define SERVES		   "services:\n  web:\n    endpoints:\n      GET /: "
#define ENTRY		   "entry: [{service: web}]\n"

/* ---- the CPU of a pod that moves ------------------------------------ */

struct work {
	tw_time began, slowest_before, slowest_after;
	bool moved;
};

static void time_work(void *context, const struct tw_tap_event *event)
{
	struct work *it = context;
	tw_time *slowest = it->moved ? &it->slowest_after : &it->slowest_before;

	if (event->kind == TW_TAP_LISTENS)
		it->moved = true;
	else if (event->kind == TW_TAP_STARTS)
		it->began = event->at;
	else if (event->kind == TW_TAP_FINISHES &&
		 event->at - it->began > *slowest)
		*slowest = event->at - it->began;
}

/* From a node with a tenth of a core to one of which nobody says how many it
 * has, under its old name. */
START_TEST(cpu_moves_with_the_pod)
{
	struct control it;
	struct work work = {0};
	struct tw_tap tap = {time_work, &work};

	control_start(&it,
		WEB("1",
			"{containers: [{name: c, image: 'web:1'}], affinity: "
			"{nodeAffinity: {preferredDuringSchedulingIgnoredDuring"
			"Execution: [{weight: 100, preference: "
			"{matchExpressions: [{key: small, operator: "
			"Exists}]}}]}}}"),
		"version: 1\n" SERVES "[{cpu: 10ms}]\n    startup: 2s\n"
		"nodes: [{name: small, cpu: 100m, labels: {small: a}}, "
		"{name: big}]\n" ENTRY);
	control_fault(&it, "cordon", "node=small at=5s");
	control_fault(&it, "delete-pod", "service=web grace-period=0s at=10s");
	ck_assert_uint_eq(it.model->node_of[0], 0);
	b_run(it.model,
		&(struct tw_options){.tap = &tap, .scenario = &it.scenario},
		(struct b_traffic){.n = 300,
			.gap = 500 * TW_MS,
			.regular = true,
			.endpoint = tw_model_endpoint(it.model,
				tw_model_service(it.model, "web"), NULL)},
		&it.obs);
	ck_assert(work.moved);
	ck_assert_int_ge(work.slowest_before, 100 * TW_MS);
	ck_assert_int_eq(work.slowest_after, 10 * TW_MS);
	control_end(&it);
}
END_TEST

TW_TESTS("twin/kubelet", cpu_moves_with_the_pod)
