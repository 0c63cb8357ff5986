/*
 * Ticks of the kubelet's probe workers in a run: where they lie, that they
 * outlive containers, and what being asked by hand does to them. Each time is
 * by hand from what twins/cluster/probe_ticks.h says.
 */
#include "tests/unit/twin/control.h"

#include <stdlib.h>

#define WEB(replicas, pod)                                                     \
	"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"               \
	"spec: {selector: {app: web}, ports: [{port: 80}]}\n---\n"             \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"       \
	"spec:\n  replicas: " replicas "\n  selector: {matchLabels: {app: "    \
	"web}}\n  template:\n    metadata: {labels: {app: web}}\n"             \
	"    spec: " pod "\n"
#define MODEL(top, service, nodes)                                             \
	"version: 1\n" top "services:\n  web:\n    endpoints:\n"               \
	"      GET /: [{cpu: 1ms}]\n    " service "\n"                         \
	"nodes: [" nodes "]\nentry: [{service: web}]\n"
#define NODE "{name: n, cpu: 4}"
#define PROBE(kind, more)                                                      \
	", " kind "Probe: {httpGet: {path: /, port: 80}" more "}"

/* Told in advance, and asked in its own queue: a timeout later. */
static const char *const ways[] = {"", "defaults: {probes: true}\n"};

static void expect(const struct control *it, const char *words)
{
	ck_assert_msg(control_says(it, words), "%s\n%s", words,
		tw_buf_text(&it->log));
}

static void expect_ready(const struct control *it, double at)
{
	char words[100];

	snprintf(words, sizeof words,
		"%.9fs replica default/web-2 is ready for requests\n", at);
	expect(it, words);
}

/* A pod that comes at 10 s. */
static void start(struct control *it, const char *container, const char *top,
	const char *service)
{
	char pod[1500], model[800];

	snprintf(pod, sizeof pod,
		WEB("1", "{containers: [{name: c, image: 'web:1'%s}]}"),
		container);
	snprintf(model, sizeof model, MODEL("%s", "%s", NODE), top, service);
	control_start(it, pod, model);
	control_fault(it, "delete-pod", "service=web at=10s");
}

/* Ticks begin with the pod, at 10 s, and the container at 20.3 s: liveness asks
 * at 24, 31 and 38 s, and kills; of the next one, 38 s, at 45, 52, 59. */
START_TEST(ticks_begin_before_the_image_is_there)
{
	for (size_t i = 0; i < 2; i++) {
		struct control it;
		char top[300];

		snprintf(top, sizeof top, "%simages: {latency: 10300ms}\n",
			ways[i]);
		start(&it,
			", imagePullPolicy: Always" PROBE(
				"liveness", ", periodSeconds: 7"),
			top, "startup: 40s");
		control_run(&it, 100);
		expect(&it, "20.300000000s replica default/web-2 runs\n");
		expect(&it, "38.000000000s replica default/web-2 is killed: "
			    "Unhealthy: liveness probe failed\n");
		expect(&it, "59.000000000s replica default/web-2 is killed: "
			    "Unhealthy: liveness probe failed\n");
		control_end(&it);
	}
}
END_TEST

/* It listens at 14 s: by hand it is asked at 13 s at the latest, and then a
 * period later; before 1.32 at the tick of 20 s. Its delay keeps it from being
 * asked by hand at all. */
START_TEST(readiness_by_release)
{
	static const struct {
		const char *release, *delay;
		double ready;
	} cases[] = {{"1.36", "0", 23}, {"1.32", "3", 23}, {"1.31", "0", 20},
		{"1.26", "3", 20}, {"1.26", "10", 30}, {"1.36", "13", 33},
		{"1.36", "12", 23}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t k = 0; k < 2; k++) {
			struct control it;
			char top[100], probe[200];

			snprintf(top, sizeof top, "kubernetes: '%s'\n%s",
				cases[i].release, ways[k]);
			snprintf(probe, sizeof probe,
				PROBE("readiness", ", initialDelaySeconds: %s"),
				cases[i].delay);
			start(&it, probe, top, "startup: 4s");
			control_run(&it, 60);
			expect_ready(&it, cases[i].ready + (double)k);
			control_end(&it);
		}
}
END_TEST

/* Two successes are 2 and 3 s after the start, of what listens by then. */
START_TEST(two_successes_by_hand)
{
	for (size_t k = 0; k < 2; k++) {
		struct control it;

		start(&it, PROBE("readiness", ", successThreshold: 2"), ways[k],
			"startup: 1s");
		control_run(&it, 30);
		expect_ready(&it, 13 + (double)k);
		control_end(&it);
	}
}
END_TEST

/* Ready at 13 s (asked at 12), it stands still when it is asked at 22 s, and is
 * not ready at 23 s: asked at once, and ready again at 24 s. The ticks follow:
 * 33 s, likewise. Before 1.32 those of 20, 30 and 40 s stay. */
START_TEST(failed_readiness_is_asked_again)
{
	static const struct {
		const char *release, *first, *second;
		double times[4];
	} cases[] = {{"1.36", "21500ms", "32500ms", {23, 24, 34, 35}},
		{"1.31", "19500ms", "39500ms", {21, 22, 41, 42}}};

	for (size_t i = 0; i < 2; i++) {
		struct control it;
		char top[100], text[100];

		snprintf(top, sizeof top, "kubernetes: '%s'\n%s",
			cases[i].release, ways[1]);
		start(&it, PROBE("readiness", ", failureThreshold: 1"), top,
			"startup: 1s");
		snprintf(text, sizeof text, "service=web at=%s for=2s",
			cases[i].first);
		control_fault(&it, "pause", text);
		snprintf(text, sizeof text, "service=web at=%s for=2s",
			cases[i].second);
		control_fault(&it, "pause", text);
		control_run(&it, 60);
		expect_ready(&it, 13);
		for (size_t k = 0; k < 4; k++) {
			snprintf(text, sizeof text,
				"%.9fs replica default/web-2 is %sready for "
				"requests\n",
				cases[i].times[k], k % 2 ? "" : "not ");
			expect(&it, text);
		}
		control_end(&it);
	}
}
END_TEST

/* A sidecar's startup probe ticks each 5 s from 10 s on, and fails three times:
 * 15, 20, 25 s; of the one that is started then at 30, 35, 40 s. */
START_TEST(sidecar_keeps_its_ticks)
{
	struct control it;

	control_start(&it,
		WEB("1", "{initContainers: [{name: proxy, image: 'p:1', "
			 "restartPolicy: Always" PROBE("startup",
				 ", periodSeconds: 5, initialDelaySeconds: "
				 "4") "}], containers: [{name: c, image: "
				      "'web:1'}]}"),
		MODEL("", "init: {proxy: {runs: 1s, fails: 100%}}", NODE));
	control_fault(&it, "delete-pod", "service=web at=10s");
	control_run(&it, 100);
	expect(&it, "25.000000000s replica default/web-2 Killing: Container "
		    "proxy failed startup probe, will be restarted\n");
	expect(&it, "40.000000000s replica default/web-2 Killing");
	/* Started 10 s later, at 50 s: 55, 60, 65 s. */
	expect(&it, "65.000000000s replica default/web-2 Killing");
	control_end(&it);
}
END_TEST

/* When `words` are said of the replica; 0: never. */
static double time_of(const struct control *it, unsigned replica,
	const char *words, unsigned nth)
{
	char text[100];
	const char *at = tw_buf_text(&it->log);

	snprintf(text, sizeof text, "s replica default/web-%u %s\n", replica,
		words);
	for (; (at = strstr(at, text)) && nth; nth--)
		at++;
	while (at && at > tw_buf_text(&it->log) && at[-1] != '\n')
		at--;
	return at ? strtod(at, NULL) : 0;
}

/* The kubelet of a node that was off ticks from anew, for each pod from a time
 * of its own within a period; one that was only cut off goes on. */
START_TEST(ticks_are_drawn_on_a_node_that_is_back)
{
	struct control it;
	double phases[6];

	control_start(&it,
		WEB("3", "{containers: [{name: c, image: 'web:1'" PROBE(
				 "startup", ", failureThreshold: 9") "}]}"),
		MODEL("", "startup: 3s", NODE));
	control_fault(
		&it, "node-down", "node=n at=20s for=30s every=60s times=2");
	control_run(&it, 150);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned k = 0; k < 2; k++) {
			double at =
				time_of(&it, i + 1, "is ready for requests", k);

			/* Back at 50 s, it listens at 53 s, and is asked within
			 * 10 s; back at 110 s likewise, by another draw. */
			at -= 60 * k;
			ck_assert_msg(at >= 53 && at < 63, "%f\n%s", at,
				tw_buf_text(&it.log));
			phases[2 * i + k] = at;
		}
	for (unsigned i = 0; i < 6; i++)
		for (unsigned k = 0; k < i; k++)
			ck_assert_double_ne(phases[i], phases[k]);
	control_end(&it);
}
END_TEST

/* Cut off from 20 to 23 s, its kubelet has asked all the while: each 7 s from
 * 10 s on. It stands still from 30.5 s on: asked at 31, 38 and 45 s. */
START_TEST(ticks_go_on_where_a_node_is_cut_off)
{
	struct control it;

	start(&it, PROBE("liveness", ", periodSeconds: 7"), ways[1],
		"startup: 1s");
	control_fault(&it, "node-down", "node=n how=partition at=20s for=3s");
	control_fault(&it, "pause", "service=web at=30500ms for=30s");
	control_run(&it, 60);
	expect(&it, "46.000000000s replica default/web-2 is killed: Unhealthy: "
		    "liveness probe failed\n");
	control_end(&it);
}
END_TEST

/* Its container is started at 20.3 s. The startup probe finds it at 22 s, known
 * at 23 s: readiness is asked at once, fails, and has no other sync to wait
 * for: it is asked a period later. */
START_TEST(a_startup_probe_makes_one_sync)
{
	struct control it;

	start(&it,
		", imagePullPolicy: Always" PROBE(
			"startup", ", periodSeconds: 1") PROBE("readiness", ""),
		"defaults: {probes: true}\nimages: {latency: 10300ms}\n",
		"startup: 1s");
	control_fault(&it, "pause", "service=web at=23200ms for=1300ms");
	control_run(&it, 60);
	expect_ready(&it, 34);
	control_end(&it);
}
END_TEST

/* What was there from the start has ticks too, drawn, and a container that is
 * started again has the same: killed by the third of them, again and again, it
 * is always a whole number of periods later. */
START_TEST(ticks_outlive_containers)
{
	for (size_t k = 0; k < 2; k++) {
		struct control it;
		char model[600];
		double first, second;
		int periods;

		snprintf(model, sizeof model,
			MODEL("%s", "startup: 60s\n    memory: {base: 90Mi}",
				NODE),
			ways[k]);
		control_start(&it,
			WEB("1", "{containers: [{name: c, image: 'web:1', "
				 "resources: {limits: {memory: 200Mi}}" PROBE(
					 "liveness", ", periodSeconds: 7") "}]"
									   "}"),
			model);
		control_fault(&it, "memory-stress",
			"service=web size=150Mi at=10s for=1s");
		control_run(&it, 100);
		first = time_of(&it, 1,
			"is killed: Unhealthy: liveness probe failed", 0);
		second = time_of(&it, 1,
			"is killed: Unhealthy: liveness probe failed", 1);
		/* 11 s + 14 s < first tick's time + 2 periods <= 11 + 21 s. */
		ck_assert_msg(first > 25 && first <= 32, "%f\n%s", first,
			tw_buf_text(&it.log));
		ck_assert_double_gt(first - 7 * (int)(first / 7), 1e-6);
		periods = (int)((second - first) / 7 + 0.5);
		ck_assert_int_ge(periods, 3);
		ck_assert_double_eq_tol(second - first, 7 * periods, 1e-6);
		control_end(&it);
	}
}
END_TEST

TW_TESTS("twin/probes", ticks_begin_before_the_image_is_there,
	readiness_by_release, two_successes_by_hand,
	failed_readiness_is_asked_again, sidecar_keeps_its_ticks,
	ticks_are_drawn_on_a_node_that_is_back,
	ticks_go_on_where_a_node_is_cut_off, a_startup_probe_makes_one_sync,
	ticks_outlive_containers)
