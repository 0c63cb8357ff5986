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

/* ---- images --------------------------------------------------------- */

#define TWO    "nodes: [{name: n, count: 2, cpu: 4}]\n"
#define STARTS SERVES "[{cpu: 1ms}]\n    startup: 3s\n"
/* On the first of two nodes, where it can. */
#define ON_N1(container)                                                       \
	"{containers: [" container "], affinity: {nodeAffinity: "              \
	"{preferredDuringSchedulingIgnoredDuringExecution: [{weight: 100, "    \
	"preference: {matchExpressions: [{key: kubernetes.io/hostname, "       \
	"operator: In, values: [n-1]}]}}]}}}"
#define ONE(container) WEB("1", ON_N1(container))
#define PROBED                                                                 \
	", readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}"

/* The pod of n-1 has to come again on n-2, which has nothing. */
static void move_pod(struct control *it, const char *manifests,
	const char *model, const char *fault, int seconds)
{
	control_start(it, manifests, model);
	control_fault(it, "cordon", "node=n-1 at=5s");
	if (fault)
		control_fault(it, "registry-down", fault);
	control_fault(it, "delete-pod", "service=web at=10s");
	control_run(it, seconds);
}

/* 250 MB at 25 MB/s, after the registry's 300 ms. */
START_TEST(pulls_by_size)
{
	struct control it;

	move_pod(&it, ONE("{name: c, image: 'shop/web:1'" PROBED "}"),
		"version: 1\n" STARTS TWO ENTRY
		"images: {sizes: {shop/*: 250M}}\n",
		NULL, 40);
	control_expect(&it,
		/* clang-format off */
"5.000000000s fault cordon node=n-1 at=5s begins\n"
"5.000000000s node n-1 is cordoned\n"
"10.000000000s fault delete-pod service=web at=10s begins\n"
"10.000000000s replica default/web-1 is being deleted\n"
"10.000000000s replica default/web-2 is created\n"
"10.000000000s replica default/web-2 is assigned to n-2\n"
"10.000000000s replica default/web-2 is ContainerCreating\n"
"10.000000000s replica default/web-2 Pulling: Pulling image \"shop/web:1\"\n"
"11.000000000s replica default/web-1 is no longer listed\n"
"11.000000000s replica default/web-1 is gone\n"
"20.300000000s replica default/web-2 Pulled: Successfully pulled image \"shop/web:1\" in 10.300s (10.300s including waiting). Image size: 250000000 bytes.\n"
"20.300000000s replica default/web-2 Started: Started container c\n"
"20.300000000s replica default/web-2 runs\n"
"23.300000000s replica default/web-2 listens\n"
"23.300000000s replica default/web-2 is ready for requests\n"
"24.300000000s replica default/web-2 is listed\n"
		/* clang-format on */
	);
	control_end(&it);
}
END_TEST

/* Who is on its node has its image; Always asks the registry all the same. */
START_TEST(has_what_is_there)
{
	static const char *const policies[] = {
		"", ", imagePullPolicy: Always", ", imagePullPolicy: Never"};
	static const char *const says[] = {
		"10.000000000s replica default/web-2 Pulled: Container image "
		"\"web:1\" already present on machine and can be accessed by "
		"the pod\n",
		"10.300000000s replica default/web-2 Pulled: Successfully "
		"pulled image \"web:1\" in 300ms (300ms including waiting)",
		"10.000000000s replica default/web-2 Pulled: Container image "
		"\"web:1\" already"};
	struct control it;
	char pod[900];

	for (size_t i = 0; i < 3; i++) {
		snprintf(pod, sizeof pod, ONE("{name: c, image: 'web:1'%s}"),
			policies[i]);
		control_start(&it, pod,
			"version: 1\n" STARTS
			"nodes: [{name: n, cpu: 4}]\n" ENTRY
			"images: {sizes: {'*': 250M}}\n");
		control_fault(&it, "delete-pod", "service=web at=10s");
		control_run(&it, 20);
		ck_assert_msg(control_says(&it, says[i]), "%s\n%s", says[i],
			tw_buf_text(&it.log));
		control_end(&it);
	}
}
END_TEST

/* No tag is :latest, which is always asked for; Never on a fresh node. */
START_TEST(policies_by_default)
{
	struct control it;

	move_pod(&it, ONE("{name: c, image: 'web:1', imagePullPolicy: Never}"),
		"version: 1\n" STARTS TWO ENTRY "images: {}\n", NULL, 40);
	ck_assert(control_says(&it,
		"10.000000000s replica default/web-2 ErrImageNeverPull: "
		"Container image \"web:1\" is not present with pull policy of "
		"Never\n"));
	ck_assert(control_says(&it, "20.000000000s replica default/web-2 Err"));
	ck_assert(!control_says(&it, "web-2 listens"));
	control_end(&it);

	control_start(&it, ONE("{name: c, image: 'r.example:5000/web'}"),
		"version: 1\n" STARTS "nodes: [{name: n, cpu: 4}]\n" ENTRY
		"images: {latency: 2s}\n");
	control_fault(&it, "delete-pod", "service=web at=10s");
	control_run(&it, 20);
	ck_assert(control_says(&it,
		"12.000000000s replica default/web-2 Pulled: Successfully "
		"pulled image \"r.example:5000/web\" in 2.000s"));
	control_end(&it);
}
END_TEST

/* Two images of 100 MB: one after the other; side by side each has half the
 * bandwidth; and half of that again where the registry has no more. */
START_TEST(pulls_share)
{
	static const struct {
		const char *how, *web, *db;
	} cases[] = {{"", "14.000000000s", "18.000000000s"},
		{", parallel-pulls: 2", "18.000000000s", "18.000000000s"},
		{", parallel-pulls: 2, registry-bandwidth: 100Mbit/s",
			"26.000000000s", "26.000000000s"},
		{", registry-bandwidth: 100Mbit/s", "18.000000000s",
			"26.000000000s"}};
	struct control it;
	char text[600];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(text, sizeof text,
			"version: 1\n" STARTS
			"  db: {startup: 3s, endpoints: {GET /: []}}\n" TWO
				ENTRY
			"images: {latency: 0s, sizes: {'*': 100M}%s}\n",
			cases[i].how);
		control_start(&it,
			ONE("{name: c, image: 'web:1'}") "---\n" A_SERVICE("db")
				DEPLOY("db", "1",
					ON_N1("{name: c, image: 'db:1'}")),
			text);
		control_fault(&it, "cordon", "node=n-1 at=5s");
		control_fault(&it, "delete-pod", "service=* at=10s");
		control_run(&it, 40);
		snprintf(text, sizeof text,
			"%s replica default/web-2 Pulled: Successfully",
			cases[i].web);
		ck_assert_msg(control_says(&it, text), "%s\n%s", text,
			tw_buf_text(&it.log));
		snprintf(text, sizeof text,
			"%s replica default/db-2 Pulled: Successfully",
			cases[i].db);
		ck_assert_msg(control_says(&it, text), "%s\n%s", text,
			tw_buf_text(&it.log));
		control_end(&it);
	}
}
END_TEST

/* Not there: tried again after 10, 20, 40 s; and so it is while the registry
 * is down. */
START_TEST(pulls_fail)
{
	struct control it;

	move_pod(&it, ONE("{name: c, image: 'web:1'}"),
		"version: 1\n" STARTS TWO ENTRY
		"images: {latency: 0s, missing: 'web:*'}\n",
		NULL, 60);
	control_expect(&it,
		/* clang-format off */
"5.000000000s fault cordon node=n-1 at=5s begins\n"
"5.000000000s node n-1 is cordoned\n"
"10.000000000s fault delete-pod service=web at=10s begins\n"
"10.000000000s replica default/web-1 is being deleted\n"
"10.000000000s replica default/web-2 is created\n"
"10.000000000s replica default/web-2 is assigned to n-2\n"
"10.000000000s replica default/web-2 is ContainerCreating\n"
#define FAILS(at)                                                              \
at "s replica default/web-2 Pulling: Pulling image \"web:1\"\n" \
at "s replica default/web-2 Failed: Failed to pull image \"web:1\": rpc error: code = NotFound desc = failed to resolve reference \"web:1\": web:1: not found\n" \
at "s replica default/web-2 Failed: Error: ErrImagePull\n" \
at "s replica default/web-2 BackOff: Back-off pulling image \"web:1\"\n" \
at "s replica default/web-2 Failed: Error: ImagePullBackOff\n"
FAILS("10.000000000")
"11.000000000s replica default/web-1 is no longer listed\n"
"11.000000000s replica default/web-1 is gone\n"
FAILS("20.000000000")
FAILS("40.000000000")
		/* clang-format on */
	);
	control_end(&it);

	/* Back at 35 s; the next try is that of 40 s. */
	move_pod(&it, ONE("{name: c, image: 'web:1'}"),
		"version: 1\n" STARTS TWO ENTRY "images: {latency: 0s}\n",
		"image=web:* at=0s for=35s", 60);
	ck_assert(control_says(&it,
		"20.000000000s replica default/web-2 Failed: Failed to pull "
		"image \"web:1\": the registry does not answer\n"));
	ck_assert(control_says(&it,
		"40.000000000s replica default/web-2 Pulled: Successfully "
		"pulled image \"web:1\" in 0s (0s including waiting)\n"));
	ck_assert(control_says(
		&it, "43.000000000s replica default/web-2 listens"));
	control_end(&it);
}
END_TEST

/* A pod that goes while it pulls: nobody stops anything, and the image is
 * there for the next one. */
START_TEST(pull_outlives_its_pod)
{
	struct control it;

	control_start(&it, ONE("{name: c, image: 'web:1'}"),
		"version: 1\n" STARTS TWO ENTRY
		"images: {latency: 0s, parallel-pulls: 2, sizes: {'*': "
		"100M}}\n");
	control_fault(&it, "cordon", "node=n-1 at=5s");
	control_fault(&it, "delete-pod", "service=web at=10s");
	control_fault(&it, "delete-pod", "service=web at=12s");
	control_run(&it, 40);
	/* Of 100 MB, from 10 s on. */
	ck_assert(control_says(&it,
		"14.000000000s replica default/web-1 Pulled: Successfully "
		"pulled image \"web:1\" in 0s (2.000s including waiting)"));
	ck_assert(control_says(
		&it, "13.000000000s replica default/web-2 is gone\n"));
	control_end(&it);
}
END_TEST

/* ---- init containers ------------------------------------------------ */

#define INIT(list, more)                                                       \
	WEB("1", "{initContainers: [" list "], containers: [{name: c, image: " \
		 "'web:1'" more "}]}")

/* One after the other, each seen with the next relist; then the others. */
START_TEST(init_containers)
{
	struct control it;

	control_start(&it,
		INIT("{name: wait, image: 'a:1'}, {name: migrate, image: "
		     "'b:1'}",
			PROBED),
		"version: 1\n" STARTS
		"    init: {wait: 2500ms, migrate: {runs: 4s}}\n"
		"nodes: [{name: n, cpu: 4}]\n" ENTRY);
	control_fault(&it, "delete-pod", "service=web at=10s");
	control_run(&it, 40);
	control_expect(&it,
		/* clang-format off */
"10.000000000s fault delete-pod service=web at=10s begins\n"
"10.000000000s replica default/web-1 is being deleted\n"
"10.000000000s replica default/web-2 is created\n"
"10.000000000s replica default/web-2 is assigned to n\n"
"10.000000000s replica default/web-2 is Init:0/2\n"
"10.000000000s replica default/web-2 Started: Started container wait\n"
"11.000000000s replica default/web-1 is no longer listed\n"
"11.000000000s replica default/web-1 is gone\n"
"13.000000000s replica default/web-2 Started: Started container migrate\n"
"17.000000000s replica default/web-2 Started: Started container c\n"
"17.000000000s replica default/web-2 runs\n"
"20.000000000s replica default/web-2 listens\n"
"20.000000000s replica default/web-2 is ready for requests\n"
"21.000000000s replica default/web-2 is listed\n"
		/* clang-format on */
	);
	control_end(&it);
}
END_TEST

/* It fails always: at once again, then after 10, 20 s. */
START_TEST(init_crash_loop)
{
	struct control it;

	control_start(&it, INIT("{name: migrate, image: 'b:1'}", ""),
		"version: 1\n" STARTS
		"    init: {migrate: {runs: 1s, fails: 100%}}\n"
		"nodes: [{name: n, cpu: 4}]\n" ENTRY);
	control_fault(&it, "delete-pod", "service=web at=10s");
	control_run(&it, 60);
	control_expect(&it,
		/* clang-format off */
"10.000000000s fault delete-pod service=web at=10s begins\n"
"10.000000000s replica default/web-1 is being deleted\n"
"10.000000000s replica default/web-2 is created\n"
"10.000000000s replica default/web-2 is assigned to n\n"
"10.000000000s replica default/web-2 is Init:0/1\n"
"10.000000000s replica default/web-2 Started: Started container migrate\n"
"11.000000000s replica default/web-1 is no longer listed\n"
"11.000000000s replica default/web-2 is Init:Error\n"
"11.000000000s replica default/web-2 Started: Started container migrate\n"
"11.000000000s replica default/web-1 is gone\n"
"12.000000000s replica default/web-2 BackOff: Back-off restarting failed container migrate in pod default/web-2\n"
"22.000000000s replica default/web-2 Started: Started container migrate\n"
"23.000000000s replica default/web-2 BackOff: Back-off restarting failed container migrate in pod default/web-2\n"
"43.000000000s replica default/web-2 Started: Started container migrate\n"
"44.000000000s replica default/web-2 BackOff: Back-off restarting failed container migrate in pod default/web-2\n"
		/* clang-format on */
	);
	control_end(&it);
}
END_TEST

/* Each run has luck of its own. */
START_TEST(init_fails_at_times)
{
	struct control it;
	unsigned n = 0;

	control_start(&it,
		WEB("4", "{initContainers: [{name: migrate, image: 'b:1'}], "
			 "containers: [{name: c, image: 'web:1'}]}"),
		"version: 1\n" STARTS
		"    init: {migrate: {runs: 1s, fails: 60%}}\n"
		"nodes: [{name: n, cpu: 4}]\n" ENTRY);
	control_fault(&it, "delete-pod", "service=web at=10s");
	control_run(&it, 200);
	ck_assert(control_says(&it, "is Init:Error"));
	for (const char *at = tw_buf_text(&it.log);
		(at = strstr(at, " listens\n")); at++)
		n++;
	ck_assert_uint_eq(n, 4);
	control_end(&it);
}
END_TEST

/* A sidecar is waited for until its startup probe, at 12, 14, 16 and 18 s,
 * finds it up, and stays; one without such a probe is not waited for; one that
 * is never up in time is killed. */
START_TEST(sidecars)
{
#define SIDE(probe)                                                            \
	INIT("{name: proxy, image: 'p:1', restartPolicy: Always" probe         \
	     "}, {name: migrate, image: 'b:1'}",                               \
		"")
	static const char probe[] =
		", startupProbe: {httpGet: {path: /, port: 80}, periodSeconds: "
		"2, failureThreshold: 4}";
	static const char model[] =
		"version: 1\n" STARTS "    init: {proxy: %s, migrate: 1s}\n"
		"nodes: [{name: n, cpu: 4}]\n" ENTRY;
	static const struct {
		const char *probe, *up, *says;
	} cases[] = {
		{"", "5s",
			"10.000000000s replica default/web-2 Started: Started "
			"container migrate\n"},
		{probe, "5s",
			"16.000000000s replica default/web-2 Started: Started "
			"container migrate\n"},
		{probe, "9s",
			"18.000000000s replica default/web-2 Killing: "
			"Container proxy failed startup probe, will be "
			"restarted\n"},
	};
	struct control it;
	char pod[900], text[600];

	for (size_t i = 0; i < 3; i++) {
		snprintf(pod, sizeof pod, SIDE("%s"), cases[i].probe);
		snprintf(text, sizeof text, model, cases[i].up);
		control_start(&it, pod, text);
		control_fault(&it, "delete-pod", "service=web at=10s");
		control_run(&it, 60);
		ck_assert_msg(control_says(&it, cases[i].says), "%s\n%s",
			cases[i].says, tw_buf_text(&it.log));
		ck_assert_int_eq(control_says(&it, "web-2 listens"), i != 2);
		control_end(&it);
	}
}
END_TEST

/* ---- probes of what starts ------------------------------------------ */

#define PROBE(kind, more)                                                      \
	", " kind "Probe: {httpGet: {path: /, port: 80}" more "}"
#define SLOW(startup, defaults)                                                \
	"version: 1\n" defaults SERVES "[{cpu: 1ms}]\n    startup: " startup   \
	"\nnodes: [{name: n, cpu: 4}]\n" ENTRY

/* Probed in its own queue, or told in advance: of what does not listen yet it
 * is the same. */
static const char *const ways[] = {"", "defaults: {probes: true}\n"};

static void start_slowly(struct control *it, const char *probes,
	const char *startup, const char *defaults, int seconds)
{
	char pod[1500], model[600];

	snprintf(pod, sizeof pod, ONE("{name: c, image: 'web:1'%s}"), probes);
	snprintf(model, sizeof model, SLOW("%s", "%s"), defaults, startup);
	control_start(it, pod, model);
	control_fault(it, "delete-pod", "service=web at=10s");
	control_run(it, seconds);
}

/* Liveness ticks each 7 s from 10 s on: at 17, 24 and 31 s it kills what would
 * have listened at 40 s, and so for ever: of what is started again at once,
 * then after 10, 20 s, the first three of its ticks that are later than 5 s
 * after the start. */
START_TEST(liveness_kills_a_slow_start)
{
	static const char probes[] =
		PROBE("liveness", ", initialDelaySeconds: 5, periodSeconds: 7")
			PROBE("readiness", ", periodSeconds: 5");
	struct control it;

	for (size_t i = 0; i < 2; i++) {
		start_slowly(&it, probes, "30s", ways[i], 135);
		control_expect(&it,
			/* clang-format off */
"10.000000000s fault delete-pod service=web at=10s begins\n"
"10.000000000s replica default/web-1 is being deleted\n"
"10.000000000s replica default/web-2 is created\n"
"10.000000000s replica default/web-2 is assigned to n\n"
"11.000000000s replica default/web-1 is no longer listed\n"
"11.000000000s replica default/web-1 is gone\n"
"31.000000000s replica default/web-2 is killed: Unhealthy: liveness probe failed\n"
"31.000000000s replica default/web-2 dies\n"
"31.000000000s replica default/web-2 is started again\n"
"52.000000000s replica default/web-2 is killed: Unhealthy: liveness probe failed\n"
"52.000000000s replica default/web-2 dies\n"
"62.000000000s replica default/web-2 is started again\n"
"87.000000000s replica default/web-2 is killed: Unhealthy: liveness probe failed\n"
"87.000000000s replica default/web-2 dies\n"
"107.000000000s replica default/web-2 is started again\n"
"129.000000000s replica default/web-2 is killed: Unhealthy: liveness probe failed\n"
"129.000000000s replica default/web-2 dies\n"
			/* clang-format on */
		);
		control_end(&it);
	}
}
END_TEST

/* Another pod of the name has not crashed yet. */
START_TEST(back_off_is_of_a_pod)
{
	struct control it;

	control_start(&it,
		ONE("{name: c, image: 'web:1'" PROBE(
			"liveness", ", periodSeconds: 5") "}"),
		SLOW("20s", ""));
	control_fault(&it, "delete-pod",
		"service=web at=10s for=1s every=50s times=3");
	control_run(&it, 130);
	ck_assert(control_says(
		&it, "110.000000000s replica default/web-2 is created"));
	ck_assert(control_says(
		&it, "125.000000000s replica default/web-2 is killed"));
	ck_assert(control_says(
		&it, "125.000000000s replica default/web-2 is started again"));
	control_end(&it);
}
END_TEST

/* A startup probe holds the others off: it asks at 5, 10, ... 20 s, when the
 * process listens, and readiness is asked at once. */
START_TEST(startup_probe_holds_off)
{
	static const char probes[] = PROBE("liveness", ", periodSeconds: 5")
		PROBE("readiness", ", periodSeconds: 7") PROBE(
			"startup", ", periodSeconds: 5, failureThreshold: 6");
	struct control it;

	for (size_t i = 0; i < 2; i++) {
		start_slowly(&it, probes, "18s", ways[i], 60);
		ck_assert(!control_says(&it, "is killed"));
		ck_assert(control_says(
			&it, "28.000000000s replica default/web-2 listens"));
		if (i)
			/* Answered when its time is up, a second later. */
			ck_assert(control_says(&it,
				"32.000000000s replica default/web-2 is ready "
				"for requests"));
		else
			ck_assert(control_says(&it,
				"30.000000000s replica default/web-2 is ready "
				"for requests"));
		control_end(&it);
	}
}
END_TEST

/* It has patience for 5 failures, of which the last is at 25 s. */
START_TEST(startup_probe_kills)
{
	static const char probes[] =
		PROBE("startup", ", periodSeconds: 5, failureThreshold: 5");
	struct control it;

	for (size_t i = 0; i < 2; i++) {
		start_slowly(&it, probes, "26s", ways[i], 60);
		ck_assert(control_says(&it,
			"35.000000000s replica default/web-2 is killed: "
			"Unhealthy: startup probe failed\n"));
		ck_assert(control_says(&it,
			"35.000000000s replica default/web-2 is started "
			"again\n"));
		/* Nobody has found that it started: it is not ready. */
		ck_assert(!control_says(&it, "web-2 is ready"));
		control_end(&it);
		start_slowly(&it, probes, "25s", ways[i], 60);
		ck_assert(!control_says(&it, "is killed"));
		ck_assert(control_says(&it, "web-2 is ready"));
		control_end(&it);
	}
}
END_TEST

/* What dies starts up again as it did, and waits no longer once it has run for
 * 10 minutes. */
START_TEST(what_dies_starts_up_again)
{
	struct control it;

	control_start(&it,
		ONE("{name: c, image: 'web:1', resources: {limits: {memory: "
		    "200Mi}}" PROBE("readiness", ", periodSeconds: 1") "}"),
		"version: 1\n" SERVES "[{cpu: 1ms}]\n    startup: 20s\n"
		"    memory: {base: 90Mi}\n"
		"nodes: [{name: n, cpu: 4}]\n" ENTRY);
	control_fault(&it, "memory-stress",
		"service=web size=150Mi at=10s for=5s every=60s times=2");
	control_fault(&it, "memory-stress", "service=web size=150Mi at=800s");
	control_run(&it, 850);
	control_expect(&it,
		/* clang-format off */
"10.000000000s fault memory-stress service=web size=150Mi at=10s for=5s every=60s times=2 begins\n"
"10.000000000s replica default/web-1 is killed: OOMKilled: 240Mi of 200Mi\n"
"10.000000000s replica default/web-1 dies\n"
"10.000000000s replica default/web-1 is started again\n"
"11.000000000s replica default/web-1 is no longer listed\n"
"15.000000000s fault memory-stress service=web size=150Mi at=10s for=5s every=60s times=2 ends\n"
"30.000000000s replica default/web-1 listens\n"
"30.000000000s replica default/web-1 is ready for requests\n"
"31.000000000s replica default/web-1 is listed\n"
"70.000000000s fault memory-stress service=web size=150Mi at=10s for=5s every=60s times=2 begins\n"
"70.000000000s replica default/web-1 is killed: OOMKilled: 240Mi of 200Mi\n"
"70.000000000s replica default/web-1 dies\n"
"71.000000000s replica default/web-1 is no longer listed\n"
"75.000000000s fault memory-stress service=web size=150Mi at=10s for=5s every=60s times=2 ends\n"
"80.000000000s replica default/web-1 is started again\n"
"100.000000000s replica default/web-1 listens\n"
"100.000000000s replica default/web-1 is ready for requests\n"
"101.000000000s replica default/web-1 is listed\n"
"800.000000000s fault memory-stress service=web size=150Mi at=800s begins\n"
"800.000000000s replica default/web-1 is killed: OOMKilled: 240Mi of 200Mi\n"
"800.000000000s replica default/web-1 dies\n"
"800.000000000s replica default/web-1 is started again\n"
"801.000000000s replica default/web-1 is no longer listed\n"
"820.000000000s replica default/web-1 listens\n"
"820.000000000s replica default/web-1 is ready for requests\n"
"821.000000000s replica default/web-1 is listed\n"
		/* clang-format on */
	);
	control_end(&it);
}
END_TEST

/* A pod that comes has its memory once it listens, and none of it is left on
 * its node when it is gone: the next one is killed at once, too. */
START_TEST(memory_comes_with_the_pod)
{
	struct control it;

	control_start(&it,
		ONE("{name: c, image: 'web:1', resources: {limits: {memory: "
		    "200Mi}}}"),
		"version: 1\n" SERVES "[{cpu: 1ms}]\n    startup: 2s\n"
		"    memory: {base: 90Mi, per-request: 1Mi}\n"
		"nodes: [{name: n, cpu: 4, memory: 300Mi}]\n" ENTRY);
	control_fault(&it, "delete-pod",
		"service=web at=10s for=1s every=20s times=4");
	control_run(&it, 100);
	ck_assert(!control_says(&it, "OOMKilled"));
	ck_assert(control_says(&it, "72.000000000s replica default/web-1 "));
	control_end(&it);
}
END_TEST

/* ---- memory pressure ------------------------------------------------ */

#define RESOURCES(request)                                                     \
	"{name: c, image: 'web:1', resources: {requests: {memory: " request    \
	"}}}"
#define SHARED(web, db)                                                        \
	ONE(web) "---\n" A_SERVICE("db") DEPLOY("db", "1", ON_N1(db))
#define MEMORIES(nodes)                                                        \
	"version: 1\n" STARTS "    memory: {base: 50Mi}\n"                     \
	"  db: {startup: 3s, endpoints: {GET /: []}, memory: {base: 100Mi}}\n" \
	"nodes: [" nodes "]\n" ENTRY

/* 430 of 500Mi are in use, and both use more than they asked for: the one goes
 * that has most beyond it, 1 s after the look at 20 s. Pressure is over when
 * nothing of it was seen for 5 minutes. */
START_TEST(evicts_by_excess)
{
	struct control it;

	control_start(&it, SHARED(RESOURCES("32Mi"), RESOURCES("200Mi")),
		MEMORIES("{name: n, count: 2, cpu: 4, memory: 500Mi}"));
	control_fault(&it, "memory-stress", "service=db size=280Mi at=12s");
	control_run(&it, 340);
	control_expect(&it,
		/* clang-format off */
"12.000000000s fault memory-stress service=db size=280Mi at=12s begins\n"
"20.000000000s node n-1 is under memory pressure\n"
"20.000000000s node n-1 has to reclaim memory\n"
"20.000000000s replica default/db-1 Evicted: The node was low on resource: memory. Threshold quantity: 100Mi, available: 70Mi. Container c was using 380Mi, request is 200Mi, has larger consumption of memory. \n"
"20.000000000s replica default/db-1 is being deleted\n"
"20.000000000s replica default/db-2 is created\n"
"20.000000000s replica default/db-2 is assigned to n-1\n"
"20.000000000s replica default/db-2 is ready for requests\n"
"21.000000000s replica default/db-1 is no longer listed\n"
"21.000000000s replica default/db-2 is listed\n"
"21.000000000s replica default/db-1 is gone\n"
"23.000000000s replica default/db-2 listens\n"
"320.000000000s node n-1 is no longer under memory pressure\n"
		/* clang-format on */
	);
	ck_assert_uint_eq(it.obs.evicted, 1);
	control_end(&it);
}
END_TEST

/* The class of each, and who goes while db takes 380Mi: who uses more than it
 * requests, whatever its priority; then the less important one; nobody that is
 * critical to the system. */
START_TEST(evicts_by_rank)
{
	static const struct {
		const char *web, *db, *request, *goes;
	} cases[] = {{"high", "low", "400Mi", "web-1 Evicted"},
		{"low", "high", "200Mi", "web-1 Evicted"},
		{"system-node-critical", "system-node-critical", "200Mi",
			NULL}};
	struct control it;
	char text[4000];

	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof text,
			WEB("1", "{priorityClassName: %s, containers: "
				 "[" RESOURCES(
					 "32Mi") "]}") "---\n" A_SERVICE("db")
				DEPLOY("db", "1",
					"{priorityClassName: %s, containers: "
					"[" RESOURCES(
						"%s") "]}") "---\napiVersion: "
							    "scheduling.k8s.io/"
							    "v1\nkind: "
							    "PriorityClass\nmet"
							    "adata: {name: "
							    "high}\nvalue: "
							    "1000\n"
							    "---\napiVersion: "
							    "scheduling.k8s.io/"
							    "v1\nkind: "
							    "PriorityClass\nmet"
							    "adata: {name: "
							    "low}\nvalue: 10\n",
			cases[i].web, cases[i].db, cases[i].request);
		control_start(&it, text,
			MEMORIES("{name: n, cpu: 4, memory: 500Mi}"));
		control_fault(
			&it, "memory-stress", "service=db size=280Mi at=12s");
		control_run(&it, 25);
		ck_assert(control_says(
			&it, "20.000000000s node n has to reclaim memory\n"));
		ck_assert_msg(
			!cases[i].goes || control_says(&it, cases[i].goes),
			"%s", tw_buf_text(&it.log));
		ck_assert(!control_says(&it, "db-1 Evicted"));
		ck_assert(cases[i].goes || !control_says(&it, "Evicted"));
		control_end(&it);
	}
}
END_TEST

/* Again, when it comes again; and what takes its time has 1 s. */
START_TEST(evicts_again)
{
	struct control it;

	control_start(&it, SHARED(RESOURCES("100Mi"), RESOURCES("300Mi")),
		"version: 1\nservices:\n"
		"  web: {startup: 3s, endpoints: {GET /: [{wait: 60s}]}, "
		"memory: {base: 50Mi}}\n"
		"  db: {startup: 3s, endpoints: {GET /: []}, memory: {base: "
		"100Mi}}\n"
		"nodes: [{name: n, cpu: 4, memory: 500Mi}]\n" ENTRY);
	control_fault(&it, "memory-stress",
		"service=web size=280Mi at=12s for=30s every=400s times=2");
	control_run(&it, 450);
	ck_assert_msg(
		control_says(&it, "20.000000000s replica default/web-1 Evi"),
		"%s", tw_buf_text(&it.log));
	ck_assert(control_says(
		&it, "21.000000000s replica default/web-1 is gone\n"));
	ck_assert(control_says(
		&it, "420.000000000s replica default/web-2 Evicted"));
	control_end(&it);
}
END_TEST

/* Not yet: less than 100Mi have to be left. And what grows faster than the
 * kubelet looks is the kernel's affair. */
START_TEST(evicts_in_time)
{
	struct control it;

	control_start(&it, SHARED(RESOURCES("32Mi"), RESOURCES("200Mi")),
		MEMORIES("{name: n, count: 2, cpu: 4, memory: 500Mi}"));
	control_fault(&it, "memory-stress", "service=db size=250Mi at=12s");
	control_run(&it, 40);
	ck_assert(!control_says(&it, "pressure"));
	control_end(&it);

	control_start(&it, SHARED(RESOURCES("32Mi"), RESOURCES("200Mi")),
		MEMORIES("{name: n, count: 2, cpu: 4, memory: 500Mi}"));
	control_fault(&it, "memory-stress", "service=db size=400Mi at=12s");
	control_run(&it, 40);
	ck_assert(control_says(&it,
		"12.000000000s replica default/db-1 is killed: OOMKilled: node "
		"n-1 has 550Mi of 500Mi"));
	ck_assert(!control_says(&it, "Evicted"));
	control_end(&it);
}
END_TEST

/* A node under pressure takes in no pod of the class BestEffort. */
START_TEST(pressure_repels)
{
	static const struct {
		const char *web;
		bool comes;
	} cases[] = {{RESOURCES("32Mi"), true},
		{"{name: c, image: 'web:1'}", false}};
	struct control it;
	char text[3000];

	for (size_t i = 0; i < 2; i++) {
		snprintf(text, sizeof text, SHARED("%s", RESOURCES("200Mi")),
			cases[i].web);
		control_start(&it, text,
			MEMORIES("{name: n, cpu: 4, memory: 500Mi}"));
		control_fault(
			&it, "memory-stress", "service=db size=280Mi at=12s");
		control_fault(&it, "delete-pod", "service=web at=30s");
		control_run(&it, 60);
		ck_assert(control_says(&it, "20.000000000s replica "
					    "default/db-1 Evicted"));
		ck_assert_msg(control_says(&it, "web-2 is assigned to n\n") ==
				      cases[i].comes,
			"%s", tw_buf_text(&it.log));
		ck_assert(control_says(&it,
				  "web-2 is pending: 0/1 nodes are available: "
				  "1 node(s) had untolerated taint") !=
			  cases[i].comes);
		control_end(&it);
	}
}
END_TEST

TW_TESTS("twin/kubelet", cpu_moves_with_the_pod, pulls_by_size,
	has_what_is_there, policies_by_default, pulls_share, pulls_fail,
	pull_outlives_its_pod, init_containers, init_crash_loop,
	init_fails_at_times, sidecars, liveness_kills_a_slow_start,
	back_off_is_of_a_pod, startup_probe_holds_off, startup_probe_kills,
	what_dies_starts_up_again, memory_comes_with_the_pod, evicts_by_excess,
	evicts_by_rank, evicts_again, evicts_in_time, pressure_repels)
