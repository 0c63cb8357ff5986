/*
 * Containers that are started again: how, when, and what their kubelet
 * remembers of them.
 */
#include "tests/unit/twin/control.h"

#define WEB(spec, container)                                                   \
	"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"               \
	"spec: {selector: {app: web}, ports: [{port: 80}]}\n---\n"             \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"       \
	"spec:\n  replicas: 1\n" spec                                          \
	"  selector: {matchLabels: {app: web}}\n  template:\n"                 \
	"    metadata: {labels: {app: web}}\n"                                 \
	"    spec: {containers: [{name: c, image: 'web:1'" container "}]}\n"
#define LIMITED ", resources: {limits: {memory: 200Mi}}"
#define MODEL(service, more)                                                   \
	"version: 1\nservices:\n  web:\n    endpoints:\n"                      \
	"      GET /: [{cpu: 1ms}]\n    memory: {base: 90Mi}\n" service        \
	"nodes: [{name: n, cpu: 4}]\nentry: [{service: web}]\n" more

static void expect(const struct control *it, const char *words)
{
	ck_assert_msg(control_says(it, words), "%s\n%s", words,
		tw_buf_text(&it->log));
}

/* A probe of any kind knows of a start that takes time: the process starts up
 * again for as long as defaults say. Where nobody asks it is just back. */
START_TEST(probes_see_each_start)
{
	static const char *const kinds[] = {
		"readiness", "liveness", "startup", NULL};

	for (size_t i = 0; i < 4; i++) {
		struct control it;
		char web[1000], probe[100] = "";

		if (kinds[i])
			snprintf(probe, sizeof probe,
				", %sProbe: {exec: {command: [a]}}", kinds[i]);
		snprintf(web, sizeof web, WEB("", LIMITED "%s"), probe);
		control_start(
			&it, web, MODEL("", "defaults: {restart-delay: 4s}\n"));
		control_fault(&it, "memory-stress",
			"service=web size=150Mi at=10s for=1s");
		control_run(&it, 30);
		expect(&it, "10.000000000s replica default/web-1 is killed");
		ck_assert_int_eq(control_says(&it, "10.000000000s replica "
						   "default/web-1 is started "
						   "again\n"),
			kinds[i] != NULL);
		ck_assert_int_eq(control_says(&it, "14.000000000s replica "
						   "default/web-1 listens\n"),
			kinds[i] != NULL);
		control_end(&it);
	}
}
END_TEST

/* The third crash in a row waits 20 s for its start; after its node was off
 * the kubelet has forgotten the others, and this one is the first. */
START_TEST(back_off_is_gone_with_its_kubelet)
{
	for (size_t i = 0; i < 2; i++) {
		struct control it;

		control_start(
			&it, WEB("", LIMITED), MODEL("    startup: 1s\n", ""));
		control_fault(&it, "memory-stress",
			"service=web size=150Mi at=10s for=1s every=20s "
			"times=2");
		if (i)
			control_fault(&it, "node-down", "node=n at=50s for=5s");
		control_fault(&it, "memory-stress",
			"service=web size=150Mi at=70s for=1s");
		control_run(&it, 110);
		expect(&it,
			"40.000000000s replica default/web-1 is started again");
		expect(&it, "70.000000000s replica default/web-1 is killed");
		expect(&it, i ? "70.000000000s replica default/web-1 is "
				"started again"
			      : "90.000000000s replica default/web-1 is "
				"started again");
		control_end(&it);
	}
}
END_TEST

/* Cut off for a moment, and nobody has noticed: minReadySeconds have run on,
 * from 10 s, and the old pod goes at 30 s. */
START_TEST(minimum_runs_on_while_cut_off)
{
	struct control it;

	control_start_many(&it, WEB("  minReadySeconds: 20\n", ""),
		MODEL("    startup: 1s\n", ""), 1);
	control_fault(&it, "rollout-restart", "workload=web at=10s");
	control_fault(&it, "node-down", "node=n how=partition at=15s for=3s");
	control_run(&it, 60);
	expect(&it, "18.000000000s replica default/web-59dcf87c8-1 listens\n");
	expect(&it, "30.000000000s replica default/web-bd9979659-1 is being "
		    "deleted\n");
	control_end(&it);
}
END_TEST

/* A rollout to an image that nobody has does not end, whatever time it is
 * given; one whose registry is away may. */
START_TEST(stuck_for_want_of_an_image)
{
	for (size_t i = 0; i < 2; i++) {
		struct control it;

		control_start_many(&it, WEB("", ", imagePullPolicy: Always"),
			i ? MODEL("    startup: 1s\n", "images: {}\n")
			  : MODEL("    startup: 1s\n",
				    "images: {missing: 'web:*'}\n"),
			1);
		if (i)
			control_fault(&it, "registry-down",
				"image=web:* at=0s for=90s");
		control_fault(&it, "rollout-restart", "workload=web at=10s");
		control_run(&it, 60);
		expect(&it, "ImagePullBackOff");
		ck_assert_uint_eq(it.obs.rolled_out, 0);
		ck_assert_uint_eq(it.obs.stuck, i == 0);
		control_end(&it);
	}
}
END_TEST

TW_TESTS("twin/restarts", probes_see_each_start,
	back_off_is_gone_with_its_kubelet, minimum_runs_on_while_cut_off,
	stuck_for_want_of_an_image)
