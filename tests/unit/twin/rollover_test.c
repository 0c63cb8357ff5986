/*
 * Several ReplicaSets: rollouts that another one overtakes, pauses, history.
 * Sizes are those of recorded runs of a real control plane (1.26): rollover,
 * pause-resume, stuck-proportional.
 */
#include "tests/unit/twin/control.h"

#define WEB(replicas, more)                                                    \
	"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"               \
	"spec: {selector: {app: web}, ports: [{port: 80}]}\n"                  \
	"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"  \
	"spec:\n  replicas: " replicas "\n  selector: {matchLabels: {app: "    \
	"web}}\n" more "  template:\n    metadata: {labels: {app: web}}\n"     \
	"    spec: {containers: [{name: c, image: 'web:1', readinessProbe: "   \
	"{tcpSocket: {port: 80}, periodSeconds: 1}}]}\n"
#define MODEL(startup)                                                         \
	"version: 1\nkubernetes: '1.26'\nservices:\n  web:\n    "              \
	"startup: " startup "\n    endpoints:\n      GET /: [{cpu: 1ms}]\n"    \
	"nodes: [{name: n, count: 2, cpu: 8}]\nentry: [{service: web}]\n"

#define V1 "web-7d6bf895ff"
#define V2 "web-67dbf89f8f"
#define V3 "web-7f77d4cb6c"

/* Of the log, what is about the Deployment. */
static void expect_sizes(const struct control *it, const char *lines)
{
	static const char about[] = "s Deployment default/web ";
	struct tw_buf got = {0};

	for (const char *at = tw_buf_text(&it->log); *at;) {
		const char *end = strchr(at, '\n') + 1;
		const char *found = strstr(at, about);

		if (found && found < end) {
			tw_buf_printf(&got, "%.*s ", (int)(found - at - 8), at);
			found += sizeof about - 1;
			tw_buf_add(&got, found, (size_t)(end - found));
		} else if ((found = strstr(at, " is rolled out")) &&
			   found < end) {
			tw_buf_printf(&got, "%.*s done\n",
				(int)(strchr(at, 's') - at - 8), at);
		}
		at = end;
	}
	if (strcmp(tw_buf_text(&got), lines)) {
		fprintf(stderr, "%s\n", tw_buf_text(&got));
		ck_abort_msg("the log above is not what was expected");
	}
	tw_buf_release(&got);
}

#define UP(set)	  "ScalingReplicaSet: Scaled up replica set " set " "
#define DOWN(set) "ScalingReplicaSet: Scaled down replica set " set " "

/* The second template comes while the first one starts: those 5 pods are
 * unhealthy, and go first and at once. */
START_TEST(rollover)
{
	struct control it;

	control_start_many(&it, WEB("10", ""), MODEL("6s"), 2);
	it.sets = true;
	control_fault(&it, "rollout-restart", "workload=web at=10s");
	control_fault(&it, "rollout-restart", "workload=web at=14s");
	control_run(&it, 40);
	expect_sizes(&it,
		/* clang-format off */
"10.0 RolloutRestart: deployment.apps/web restarted\n"
"10.0 " UP(V2) "to 3\n"
"10.0 " DOWN(V1) "to 8 from 10\n"
"10.0 " UP(V2) "to 5 from 3\n"
"14.0 RolloutRestart: deployment.apps/web restarted\n"
"14.0 " DOWN(V2) "to 0 from 5\n"
"14.0 " UP(V3) "to 5 from 0\n"
"20.0 " DOWN(V1) "to 7 from 8\n"
"20.0 " UP(V3) "to 6 from 5\n"
"20.0 " DOWN(V1) "to 6 from 7\n"
"20.0 " UP(V3) "to 7 from 6\n"
"20.0 " DOWN(V1) "to 5 from 6\n"
"20.0 " UP(V3) "to 8 from 7\n"
"20.0 " DOWN(V1) "to 4 from 5\n"
"20.0 " UP(V3) "to 9 from 8\n"
"20.0 " DOWN(V1) "to 3 from 4\n"
"20.0 " UP(V3) "to 10 from 9\n"
"26.0 " DOWN(V1) "to 2 from 3\n"
"26.0 " DOWN(V1) "to 1 from 2\n"
"26.0 " DOWN(V1) "to 0 from 1\n"
"26.0 done\n"
		/* clang-format on */
	);
	ck_assert_uint_eq(it.obs.rolled_out, 1);
	control_end(&it);
}
END_TEST

/* Paused in the middle: what comes is awaited, old pods go when the new set is
 * whole, another size is shared out; resumed, nothing is left to do. */
START_TEST(pause_and_resume)
{
	struct control it;

	control_start_many(&it, WEB("8", ""), MODEL("5s"), 1);
	it.sets = true;
	control_fault(&it, "rollout-restart", "workload=web at=10s");
	control_fault(&it, "rollout-pause", "workload=web at=17s");
	control_fault(&it, "scale", "workload=web replicas=10 at=22s");
	control_fault(&it, "rollout-resume", "workload=web at=30s");
	control_run(&it, 40);
	expect_sizes(&it,
		/* clang-format off */
"10.0 RolloutRestart: deployment.apps/web restarted\n"
"10.0 " UP(V2) "to 2\n"
"10.0 " DOWN(V1) "to 6 from 8\n"
"10.0 " UP(V2) "to 4 from 2\n"
"15.0 " DOWN(V1) "to 5 from 6\n"
"15.0 " UP(V2) "to 5 from 4\n"
"15.0 " DOWN(V1) "to 4 from 5\n"
"15.0 " UP(V2) "to 6 from 5\n"
"15.0 " DOWN(V1) "to 3 from 4\n"
"15.0 " UP(V2) "to 7 from 6\n"
"15.0 " DOWN(V1) "to 2 from 3\n"
"15.0 " UP(V2) "to 8 from 7\n"
"17.0 RolloutPause: deployment.apps/web paused\n"
"20.0 " DOWN(V1) "to 0 from 2\n"
"20.0 done\n"
"22.0 " UP(V2) "to 10 from 8\n"
"30.0 RolloutResume: deployment.apps/web resumed\n"
		/* clang-format on */
	);
	control_end(&it);
}
END_TEST

/* kubectl's answers to what cannot be done. */
START_TEST(refused)
{
	struct control it;

	control_start_many(&it, WEB("2", ""), MODEL("1s"), 1);
	it.sets = true;
	control_fault(&it, "rollout-undo", "workload=web at=5s");
	control_fault(&it, "rollout-resume", "workload=web at=6s");
	control_fault(&it, "rollout-undo", "workload=web to-revision=1 at=7s");
	control_fault(&it, "rollout-pause", "workload=web at=8s");
	control_fault(&it, "rollout-pause", "workload=web at=9s");
	control_fault(&it, "rollout-restart", "workload=web at=10s");
	control_fault(&it, "rollout-undo", "workload=web at=11s");
	control_run(&it, 20);
	expect_sizes(&it,
		/* clang-format off */
"5.0 RolloutUndo: no rollout history found for deployment \"web\"\n"
"6.0 RolloutResume: deployment.apps/web is not paused\n"
"7.0 RolloutUndo: deployment.apps/web skipped rollback (current template already matches revision 1)\n"
"8.0 RolloutPause: deployment.apps/web paused\n"
"9.0 RolloutPause: deployment.apps/web is already paused\n"
"10.0 RolloutRestart: can't restart paused deployment (run rollout resume first)\n"
"11.0 RolloutUndo: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again\n"
		/* clang-format on */
	);
	ck_assert_uint_eq(it.obs.rollouts, 0);
	control_end(&it);
}
END_TEST

/* Two old revisions of which one is kept; an undo takes the number after the
 * latest. A pod is asked 2 s after its start whether it is ready. */
START_TEST(history)
{
	struct control it;

	control_start_many(
		&it, WEB("1", "  revisionHistoryLimit: 1\n"), MODEL("1s"), 2);
	it.sets = true;
	control_fault(&it, "rollout-restart", "workload=web at=5s");
	control_fault(&it, "rollout-restart", "workload=web at=10s");
	control_fault(&it, "rollout-undo", "workload=web at=15s to-revision=1");
	control_fault(&it, "rollout-undo", "workload=web at=16s");
	control_fault(&it, "rollout-undo", "workload=web at=20s to-revision=2");
	control_fault(&it, "rollout-undo", "workload=web at=21s to-revision=4");
	control_run(&it, 30);
	expect_sizes(&it,
		/* clang-format off */
"5.0 RolloutRestart: deployment.apps/web restarted\n"
"5.0 " UP(V2) "to 1\n"
"7.0 " DOWN(V1) "to 0 from 1\n"
"7.0 done\n"
"10.0 RolloutRestart: deployment.apps/web restarted\n"
"10.0 " UP(V3) "to 1\n"
"12.0 " DOWN(V2) "to 0 from 1\n"
"12.0 done\n"
"15.0 RolloutUndo: unable to find specified revision 1 in history\n"
"16.0 RolloutUndo: deployment.apps/web rolled back to revision 2\n"
"16.0 " UP(V2) "to 1 from 0\n"
"18.0 " DOWN(V3) "to 0 from 1\n"
"18.0 done\n"
"20.0 RolloutUndo: unable to find specified revision 2 in history\n"
"21.0 RolloutUndo: deployment.apps/web skipped rollback (current template already matches revision 4)\n"
		/* clang-format on */
	);
	control_end(&it);
}
END_TEST

/* Three sets with pods, 5, 3 and 6 (4 more than wanted), and 20 instead of 10:
 * each gets its share of 24, 5 x 24 / 14 and so on (GetReplicaSetFraction). The
 * oldest goes first. */
START_TEST(three_sets_share)
{
	struct control it;

	control_start_many(&it,
		WEB("10", "  strategy: {rollingUpdate: {maxSurge: 4, "
			  "maxUnavailable: 0}}\n"),
		MODEL("{p50: 3s, p99: 8s}"), 2);
	it.sets = true;
	control_fault(&it, "rollout-restart", "workload=web at=10s");
	control_fault(&it, "rollout-restart", "workload=web at=14s");
	control_fault(&it, "scale", "workload=web replicas=20 at=17s");
	control_run(&it, 60);
	ck_assert(control_says(&it, UP(V1) "to 9 from 5\n"));
	ck_assert(control_says(&it, UP(V2) "to 5 from 3\n"));
	ck_assert(control_says(&it, UP(V3) "to 10 from 6\n"));
	ck_assert(strstr(tw_buf_text(&it.log), DOWN(V2) "to 4 from 5\n") >
		  strstr(tw_buf_text(&it.log), DOWN(V1) "to 0 from 1\n"));
	ck_assert_uint_eq(it.obs.rolled_out, 1);
	control_end(&it);
}
END_TEST

/* A StatefulSet and a DaemonSet are restarted and put back too, each in its own
 * way: pods by ordinal from the highest, and a node at a time. */
START_TEST(other_kinds)
{
	static const char both[] =
		"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
		"spec: {selector: {app: web}, ports: [{port: 80}]}\n"
		"---\napiVersion: apps/v1\nkind: StatefulSet\n"
		"metadata: {name: web}\nspec: {replicas: 2, serviceName: web, "
		"selector: {matchLabels: {app: web}}, template: {metadata: "
		"{labels: {app: web}}, spec: {containers: [{name: c, image: "
		"x}]}}}\n---\napiVersion: apps/v1\nkind: DaemonSet\n"
		"metadata: {name: agent}\nspec: {selector: {matchLabels: {app: "
		"agent}}, template: {metadata: {labels: {app: agent}}, spec: "
		"{containers: [{name: c, image: x}]}}}\n";
	const char *one, *zero;
	struct control it;

	control_start_many(&it, both, MODEL("1s"), 1);
	control_fault(&it, "rollout-restart", "workload=* at=10s");
	control_fault(&it, "rollout-undo", "workload=* at=30s");
	control_run(&it, 60);
	one = strstr(
		tw_buf_text(&it.log), "replica default/web-1 is being deleted");
	zero = strstr(
		tw_buf_text(&it.log), "replica default/web-0 is being deleted");
	ck_assert_ptr_nonnull(one);
	ck_assert(zero > one);
	ck_assert(control_says(&it, "statefulset.apps/web restarted"));
	ck_assert(control_says(
		&it, "daemonset.apps/agent rolled back to revision 1"));
	ck_assert_uint_eq(it.obs.rollouts, 2);
	ck_assert_uint_eq(it.obs.rolled_out, 2);
	control_end(&it);
}
END_TEST

/* One more pod than before, of which only one of the sets gets a share: both
 * are of the new size from then on. */
START_TEST(no_share_for_one)
{
	struct control it;

	control_start_many(&it,
		WEB("10", "  strategy: {rollingUpdate: {maxSurge: 3, "
			  "maxUnavailable: 2}}\n"),
		MODEL("6s"), 1);
	it.sets = true;
	control_fault(&it, "rollout-restart", "workload=web at=10s");
	control_fault(&it, "scale", "workload=web replicas=11 at=12s");
	control_run(&it, 40);
	ck_assert(control_says(&it,
		"12.000000000s Deployment default/web " UP(
			V1) "to 9 from 8\n"
			    "12.000000000s replica default/" V1));
	ck_assert(!control_says(&it, UP(V2) "to 6 from 5\n12"));
	ck_assert_uint_eq(it.obs.rolled_out, 1);
	control_end(&it);
}
END_TEST

#define AGENT(strategy)                                                        \
	"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"               \
	"spec: {selector: {app: web}, ports: [{port: 80}]}\n"                  \
	"---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: web}\n"   \
	"spec: {updateStrategy: {type: " strategy                              \
	"}, selector: {matchLabels: {app: web}}, template: {metadata: "        \
	"{labels: {app: web}}, spec: {containers: [{name: c, image: x}]}}}\n"

/* Who deletes a pod gets one of the new template. */
START_TEST(on_delete)
{
	struct control it;

	control_start_many(&it, AGENT("OnDelete"), MODEL("1s"), 1);
	control_fault(&it, "rollout-restart", "workload=web at=10s");
	control_fault(&it, "delete-pod", "replica=web-1 at=20s");
	control_run(&it, 40);
	ck_assert(control_says(
		&it, "replica default/web-restart-1-1 is created"));
	ck_assert(!control_says(&it, "web-2 is being deleted"));
	control_end(&it);
}
END_TEST

START_TEST(partition)
{
	static const char set[] =
		"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
		"spec: {selector: {app: web}, ports: [{port: 80}]}\n"
		"---\napiVersion: apps/v1\nkind: StatefulSet\n"
		"metadata: {name: web}\nspec: {replicas: 3, serviceName: web, "
		"updateStrategy: {rollingUpdate: {partition: 2}}, "
		"selector: {matchLabels: {app: web}}, template: {metadata: "
		"{labels: {app: web}}, spec: {containers: [{name: c, image: "
		"x}]}}}\n";
	struct control it;

	control_start_many(&it, set, MODEL("1s"), 1);
	control_fault(&it, "rollout-restart", "workload=web at=10s");
	control_run(&it, 40);
	ck_assert(control_says(&it, "web-2 is being deleted"));
	ck_assert(!control_says(&it, "web-1 is being deleted"));
	ck_assert_uint_eq(it.obs.rolled_out, 1);
	control_end(&it);
}
END_TEST

TW_TESTS("twin/rollover", no_share_for_one, on_delete, partition, rollover,
	pause_and_resume, refused, history, three_sets_share, other_kinds)
