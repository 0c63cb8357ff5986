/*
 * No field of an autoscaler, and no key of `autoscaling:` and `metrics:`, is
 * read and inert: each is deleted from the YAML of a small system, and the log
 * of what its autoscaler did is another one.
 */
#include "harness/config/config.h"
#include "harness/config/tables.h"
#include "harness/manifests/manifests.h"
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

#include <stdio.h>

/* One pod computes a fifth of a core when it is quiet. */
static const char pods_text[] =
	"apiVersion: v1\nkind: Service\nmetadata: {name: api}\n"
	"spec: {selector: {app: api}, ports: [{port: 80}]}\n"
	"---\n"
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\n"
	"spec:\n"
	"  replicas: %s\n"
	"  selector: {matchLabels: {app: api}}\n"
	"  template:\n"
	"    metadata: {labels: {app: api}}\n"
	"    spec:\n"
	"      containers:\n"
	"        - {name: api, image: api, resources: {requests: {cpu: 200m, "
	"memory: 32Mi}, limits: {memory: 1Gi}},\n"
	"           readinessProbe: {httpGet: {path: /, port: 80}, "
	"initialDelaySeconds: 21, periodSeconds: 5}}\n"
	"        - {name: side, image: side, resources: {requests: {cpu: "
	"100m, memory: 8Mi}}}\n"
	"---\n%s";

static const char model_text[] =
	"version: 1\n"
	"services:\n"
	"  default/api:\n"
	"    startup: 20s\n"
	"    memory: {base: 16Mi, per-request: 8Mi}\n"
	"    endpoints: {GET /: [{cpu: 40ms}, {wait: 300ms}]}\n"
	"  default/other: {replicas: 1, endpoints: {GET /: [{wait: 1ms}]}}\n"
	"%s";

#define HPA                                                                    \
	"apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"          \
	"metadata: {name: api}\n"                                              \
	"spec:\n"                                                              \
	"  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: "     \
	"api}\n"
#define CPU(target)                                                            \
	"  metrics: [{type: Resource, resource: {name: cpu, target: {type: "   \
	"x, " target "}}}]\n"
#define USUAL	  "  maxReplicas: 9\n" CPU("averageUtilization: 50")
#define UP(rules) HPA USUAL "  behavior: {scaleUp: {" rules "}}\n"
#define DOWN(rules)                                                            \
	HPA USUAL "  behavior: {scaleDown: {stabilizationWindowSeconds: "      \
		  "30, " rules "}}\n"
#define NAMED(type, body)                                                      \
	HPA "  maxReplicas: 9\n  metrics: [{type: " type ", " body "}]\n"
#define RPS    "pods: {metric: {name: rps}, target: {averageValue: 4}}"
#define RPS_IS "metrics: {rps: {measure: request-rate}}\n"
#define KEDA                                                                   \
	"apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\n"                   \
	"metadata: {name: api}\nspec:\n"                                       \
	"  scaleTargetRef: {name: api}\n"
#define TRIGGER(more)                                                          \
	"  triggers: [{type: prometheus, metadata: {threshold: '4'" more "}}]" \
	"\n"
#define GROUP(more) "nodes: [{name: n, " more "cpu: 1, memory: 4Gi}]\n"
#define SOON                                                                   \
	"autoscaling: {scale-down-unneeded-time: 30s, "                        \
	"scale-down-delay-after-add: 30s, downscale-stabilization: 30s}\n"
#define VPA(more)                                                              \
	"apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\n"     \
	"metadata: {name: api}\nspec:\n"                                       \
	"  targetRef: {apiVersion: apps/v1, kind: Deployment, name: "          \
	"api}\n" more
#define POLICY(more)                                                           \
	VPA("  resourcePolicy: {containerPolicies: [{" more "}]}\n")
#define STATUS(more)                                                           \
	"status: {recommendation: {containerRecommendations: [{"               \
	"containerName: api, " more "}]}}\n"
#define SET(key) "autoscaling: {<" key ">}\n"
#define OTHER	 "metrics: {s0-prometheus: {value: 7}}\n"

/* What stands between < and > is deleted; of < a | b > a is replaced by b. */
static const struct {
	const char *key, *manifest, *model;
	const char *replicas; /* NULL: 2 */
} rows[] = {
	{"minReplicas", HPA "  <minReplicas: 3>\n" USUAL, "", NULL},
	{"maxReplicas",
		HPA "  maxReplicas: <9|3>\n" CPU("averageUtilization: 50"), "",
		NULL},
	{"averageUtilization",
		HPA "  maxReplicas: 9\n" CPU("averageUtilization: <50|90>"), "",
		NULL},
	{"averageValue",
		HPA "  maxReplicas: 9\n" CPU("averageValue: <100m|200m>"), "",
		NULL},
	{"memory",
		NAMED("Resource", "resource: {name: <cpu|memory>, target: "
				  "{averageUtilization: 80}}"),
		"", NULL},
	{"container",
		NAMED("<ContainerResource|Resource>",
			"<containerResource|resource>: {name: cpu, <container: "
			"api,> target: {averageUtilization: 50}}"),
		"", NULL},
	{"v1",
		"apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\n"
		"metadata: {name: api}\nspec:\n"
		"  scaleTargetRef: {kind: Deployment, name: api}\n"
		"  maxReplicas: 9\n  <targetCPUUtilizationPercentage: 30>\n",
		"", NULL},
	{"pods", NAMED("Pods", RPS), "<" RPS_IS ">", NULL},
	{"external value",
		NAMED("External",
			"external: {metric: {name: rps}, target: {<value: "
			"10|averageValue: 10>}}"),
		RPS_IS, NULL},
	{"object",
		NAMED("Object",
			"object: {metric: {name: rps}, describedObject: {kind: "
			"Service, name: api}, target: {value: <5|20>}}"),
		RPS_IS, NULL},
	{"scaleUp.window", UP("<stabilizationWindowSeconds: 60>"), "", NULL},
	{"scaleUp.policies",
		UP("<policies: [{type: Pods, value: 1, periodSeconds: 60}]>"),
		"", NULL},
	{"scaleUp.periodSeconds",
		UP("policies: [{type: Pods, value: 1, periodSeconds: "
		   "<60|15>}]"),
		"", NULL},
	{"scaleUp.type",
		UP("policies: [{type: <Percent|Pods>, value: 3, periodSeconds: "
		   "15}]"),
		"", NULL},
	{"scaleUp.selectPolicy", UP("<selectPolicy: Disabled>"), "", NULL},
	{"scaleUp.tolerance", UP("<tolerance: 3>"), "", NULL},
	{"scaleDown.policies",
		DOWN("<policies: [{type: Pods, value: 1, periodSeconds: 60}]>"),
		"", NULL},
	{"scaleDown.selectPolicy", DOWN("<selectPolicy: Disabled>"), "", NULL},
	{"scaleDown.tolerance", DOWN("<tolerance: 0.9>"), "", NULL},
	{"scaleDown.window",
		HPA USUAL "  behavior: {<scaleDown: "
			  "{stabilizationWindowSeconds: 60}>}\n",
		"", NULL},
	{"autoscaling.sync-period", HPA USUAL,
		"<autoscaling: {sync-period: 40s}>\n", NULL},
	{"autoscaling.tolerance", HPA USUAL,
		"<autoscaling: {tolerance: 90%}>\n", NULL},
	{"autoscaling.downscale-stabilization", HPA USUAL,
		"<autoscaling: {downscale-stabilization: 60s}>\n", NULL},
	/* Who just became ready has been measured from before that on. */
	{"autoscaling.cpu-initialization-period",
		HPA "  maxReplicas: 9\n" CPU("averageUtilization: 40"),
		"autoscaling: {metric-resolution: 60s<, "
		"cpu-initialization-period: 1s>}\n",
		NULL},
	{"autoscaling.metrics-server", HPA USUAL,
		"<autoscaling: {metrics-server: false}>\n", NULL},
	{"autoscaling.metric-resolution", HPA USUAL,
		"<autoscaling: {metric-resolution: 60s}>\n", NULL},
	{"autoscaling.scrape-interval", NAMED("Pods", RPS),
		"<autoscaling: {scrape-interval: 10s}>\n" RPS_IS, NULL},
	{"autoscaling.rate-window", NAMED("Pods", RPS),
		"<autoscaling: {rate-window: 300s}>\n" RPS_IS, NULL},
	{"metrics.measure", NAMED("Pods", RPS),
		"metrics: {rps: {measure: <request-rate|in-flight>}}\n", NULL},
	{"metrics.service",
		NAMED("External", "external: {metric: {name: rps}, target: "
				  "{averageValue: 4}}"),
		"metrics: {rps: {measure: request-rate<, service: "
		"default/other>}}\n",
		NULL},
	{"metrics.value",
		NAMED("External", "external: {metric: {name: rps}, target: "
				  "{averageValue: 4}}"),
		"metrics: {rps: {value: <30|10>}}\n", NULL},
	{"nodes.max", HPA USUAL, GROUP("<max: 4,> "), NULL},
	{"nodes.provisioning", HPA USUAL,
		GROUP("max: 4, <provisioning: 20s,> "), NULL},
	{"nodes.min", HPA USUAL, SOON GROUP("count: 2, max: 4, <min: 1,> "),
		NULL},
	{"autoscaling.scan-interval", HPA USUAL,
		"<autoscaling: {scan-interval: 70s}>\n" GROUP("max: 4, "),
		NULL},
	{"autoscaling.expander", HPA USUAL,
		"autoscaling: {expander: <random|least-waste>}\n"
		"nodes: [{name: n, cpu: 1, memory: 4Gi}, {name: small, count: "
		"0, max: 2, cpu: 1, memory: 4Gi}, {name: large, count: 0, "
		"max: 2, cpu: 64, memory: 4Gi}]\n",
		NULL},
	{"autoscaling.scale-down-unneeded-time", HPA USUAL,
		"autoscaling: {<scale-down-unneeded-time: 60s,> "
		"scale-down-delay-after-add: 60s}\n" GROUP("max: 4, "),
		NULL},
	{"autoscaling.scale-down-delay-after-add", HPA USUAL,
		"autoscaling: {scale-down-unneeded-time: 30s, "
		"<scale-down-delay-after-add: 30s>}\n" GROUP("max: 4, "),
		NULL},
	{"autoscaling.scale-down-utilization-threshold", HPA USUAL,
		"autoscaling: {scale-down-unneeded-time: 30s, "
		"scale-down-delay-after-add: 30s, "
		"<scale-down-utilization-threshold: 10%>}\n" GROUP("max: 4, "),
		NULL},
	{"minReplicaCount", KEDA "  <minReplicaCount: 4>\n" TRIGGER(""), OTHER,
		"0"},
	{"maxReplicaCount", KEDA "  <maxReplicaCount: 1>\n" TRIGGER(""), OTHER,
		"0"},
	{"pollingInterval", KEDA "  <pollingInterval: 100>\n" TRIGGER(""),
		OTHER, "0"},
	{"cooldownPeriod",
		KEDA "  <cooldownPeriod: 60>\n" TRIGGER(
			", activationThreshold: '9'"),
		OTHER, NULL},
	{"idleReplicaCount",
		KEDA "  cooldownPeriod: 60\n  <idleReplicaCount: 1>\n" TRIGGER(
			", activationThreshold: '9'"),
		OTHER, "3"},
	{"activationThreshold", KEDA TRIGGER("<, activationThreshold: '9'>"),
		OTHER, "0"},
	{"threshold",
		KEDA "  triggers: [{type: prometheus, metadata: {threshold: "
		     "'<4|1>'}}]\n",
		OTHER, "0"},
	{"metricType",
		KEDA "  triggers: [{type: prometheus, <metricType: Value,> "
		     "metadata: {threshold: '2'}}]\n",
		OTHER, "1"},
	{"KEDA behavior",
		KEDA TRIGGER("") "  advanced: {horizontalPodAutoscalerConfig: "
				 "{<behavior: {scaleUp: {selectPolicy: "
				 "Disabled}}>}}\n",
		OTHER, "0"},
	{"updateMode", VPA("  <updatePolicy: {updateMode: 'Off'}>\n"), "",
		NULL},
	{"InPlaceOrRecreate",
		VPA("  <updatePolicy: {updateMode: InPlaceOrRecreate}>\n"), "",
		NULL},
	{"updatePolicy.minReplicas",
		VPA("  updatePolicy: {<minReplicas: 3>}\n"), "", NULL},
	{"evictionRequirements",
		VPA("  updatePolicy: {<evictionRequirements: [{resources: "
		    "[memory], changeRequirement: "
		    "TargetLowerThanRequests}]>}\n"),
		"", NULL},
	{"changeRequirement",
		VPA("  updatePolicy: {evictionRequirements: [{resources: "
		    "[memory], changeRequirement: "
		    "Target<Lower|Higher>ThanRequests}]}\n"),
		"", NULL},
	{"containerPolicies.mode", POLICY("containerName: api<, mode: 'Off'>"),
		"", NULL},
	{"containerName",
		POLICY("containerName: <'*'|side>, maxAllowed: {cpu: 50m}"), "",
		NULL},
	{"controlledResources",
		POLICY("containerName: api<, controlledResources: [memory]>"),
		"", NULL},
	{"minAllowed.cpu",
		POLICY("containerName: api<, minAllowed: {cpu: 700m}>"), "",
		NULL},
	{"minAllowed.memory",
		POLICY("containerName: api<, minAllowed: {memory: 1Gi}>"), "",
		NULL},
	{"maxAllowed.cpu",
		POLICY("containerName: api<, maxAllowed: {cpu: 50m}>"), "",
		NULL},
	{"maxAllowed.memory",
		POLICY("containerName: api<, maxAllowed: {memory: 40Mi}>"), "",
		NULL},
	/* Of 2Gi each, two are too many for the node; of 1Gi, their limit,
	 * they are not. */
	{"controlledValues",
		POLICY("containerName: api, minAllowed: {memory: 2Gi}<, "
		       "controlledValues: RequestsOnly>"),
		GROUP(""), NULL},
	{"recommenders", VPA("  <recommenders: [{name: mine}]>\n"), "", NULL},
	{"status.target", VPA("") STATUS("<target: {cpu: 300m}>"), "", NULL},
	{"status.lowerBound",
		VPA("") STATUS("<lowerBound: {cpu: 80m},> target: {cpu: 300m}"),
		"", NULL},
	{"status.upperBound",
		VPA("") STATUS("<upperBound: {cpu: 2},> target: {cpu: 300m}"),
		"", NULL},
	{"status.uncappedTarget",
		VPA("") STATUS("<uncappedTarget: {cpu: 2},> target: {cpu: "
			       "300m}"),
		"", NULL},
	{"autoscaling.vpa-recommender-interval", VPA(""),
		SET("vpa-recommender-interval: 5m"), NULL},
	{"autoscaling.vpa-updater-interval", VPA(""),
		SET("vpa-updater-interval: 20s"), NULL},
	{"autoscaling.vpa-min-replicas", VPA(""), SET("vpa-min-replicas: 3"),
		NULL},
	{"autoscaling.vpa-eviction-tolerance", VPA(""),
		SET("vpa-eviction-tolerance: 0"), "4"},
	{"autoscaling.vpa-history",
		VPA("") STATUS("target: {cpu: 300m}, upperBound: {cpu: 2}"),
		SET("vpa-history: 24h"), NULL},
};

#define N_ROWS (sizeof rows / sizeof *rows)

/* ---- a run ---------------------------------------------------------- */

struct log {
	const struct tw_model *model;
	struct tw_buf text;
};

static void on_event(void *context, const struct tw_tap_event *event)
{
	struct log *log = context;

	if (event->kind != TW_TAP_SCALER && event->kind != TW_TAP_SIZED &&
		event->kind != TW_TAP_NODE_ADDED &&
		event->kind != TW_TAP_NODE_REMOVED)
		return;
	tw_tap_text(log->model, event, &log->text);
	tw_buf_add_char(&log->text, '\n');
}

/* Quiet for a minute, busy for three, then next to nothing. */
static bool next_arrival(void *context, struct tw_arrival *arrival)
{
	struct b_traffic *it = context;
	tw_time gap = it->at < 60 * TW_S    ? 200 * TW_MS
		      : it->at < 240 * TW_S ? 50 * TW_MS
					    : TW_S;

	it->at += gap;
	if (it->at > 700 * TW_S)
		return false;
	*arrival = (struct tw_arrival){.at = it->at,
		.key = (uint64_t)it->at,
		.position = (uint64_t)it->at,
		.caller = TW_NONE};
	return true;
}

static void see_vertical(const struct tw_vertical_seen *it, struct tw_buf *to)
{
	const struct tw_recommended *all[] = {&it->cpu, &it->memory};

	for (int r = 0; r < 2; r++)
		tw_buf_printf(to, "%lld %lld %lld %lld\n",
			(long long)all[r]->first, (long long)all[r]->target,
			(long long)all[r]->lower, (long long)all[r]->upper);
	tw_buf_printf(to, "%u evicted, %u resized, %u too few\n", it->evictions,
		it->resizes, it->too_few);
}

static void run_model(const struct tw_model *model, struct tw_buf *to)
{
	struct log log = {.model = model};
	const struct tw_tap tap = {on_event, &log};
	struct tw_twin *twin = tw_twin_new(
		model, &(struct tw_options){.seed = 3, .tap = &tap});
	struct b_traffic traffic = {0};
	struct tw_arrivals source = {.next = next_arrival, .context = &traffic};
	struct tw_observation obs;

	tw_twin_run(twin, &source);
	tw_twin_finish(twin, 0, &obs);
	for (size_t i = 0; i < obs.scalings.n; i++)
		tw_buf_printf(&log.text, "%u at the start, %u wanted\n",
			obs.scalings.v[i].had, obs.scalings.v[i].most_wanted);
	for (size_t i = 0; i < obs.verticals.n; i++)
		see_vertical(&obs.verticals.v[i], &log.text);
	tw_observation_release(&obs);
	tw_twin_free(twin);
	*to = log.text;
}

static void run(const char *key, const char *manifest, const char *more,
	const char *replicas, struct tw_buf *to)
{
	struct tw_manifests *m = tw_manifests_new();
	struct tw_spec *spec = tw_spec_new();
	char pods[4096], text[2048];
	struct tw_buf told = {0};
	struct tw_diags diags;
	struct tw_model *model;

	snprintf(pods, sizeof pods, pods_text, replicas ? replicas : "2",
		manifest);
	snprintf(text, sizeof text, model_text, more);
	tw_diags_init(&diags);
	if (tw_manifests_add_text(m, "m", pods, strlen(pods), &diags) ||
		tw_manifests_spec(m, spec, &diags) ||
		tw_config_parse_model(
			spec, "t.yaml", text, strlen(text), &diags)) {
		for (size_t i = 0; i < diags.list.n; i++)
			tw_diag_print(&diags, diags.list.v[i], false, &told);
		ck_abort_msg("%s: %s", key, tw_buf_text(&told));
	}
	tw_spec_link(spec);
	model = tw_twin_model(spec, &diags);
	ck_assert_ptr_nonnull(model);
	run_model(model, to);
	tw_model_free(model);
	tw_diags_release(&diags);
	tw_spec_free(spec);
	tw_manifests_free(m);
}

/* ---- with and without ----------------------------------------------- */

/* Of each <a|b>: a with, b without. */
static void spell(const char *from, bool with, char *to)
{
	bool inside = false, first = true;

	for (; *from; from++) {
		if (*from == '<') {
			inside = first = true;
		} else if (inside && *from == '|') {
			first = false;
		} else if (inside && *from == '>') {
			inside = false;
		} else if (!inside || first == with) {
			*to++ = *from;
		}
	}
	*to = '\0';
}

START_TEST(every_field_does_something)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		char manifest[2048], model[1024];
		struct tw_buf with = {0}, without = {0};

		spell(rows[i].manifest, true, manifest);
		spell(rows[i].model, true, model);
		run(rows[i].key, manifest, model, rows[i].replicas, &with);
		spell(rows[i].manifest, false, manifest);
		spell(rows[i].model, false, model);
		run(rows[i].key, manifest, model, rows[i].replicas, &without);
		if (!strcmp(tw_buf_text(&with), tw_buf_text(&without)))
			ck_abort_msg("%s changes nothing:\n%s", rows[i].key,
				tw_buf_text(&with));
		tw_buf_release(&with);
		tw_buf_release(&without);
	}
}
END_TEST

/* A new key of the table needs a row. initial-readiness-delay is that of pods
 * that turn unready within it, and never again: conformance has its cases. */
START_TEST(every_key_has_a_row)
{
	for (const struct tw_row *it = tw_autoscaling_table.rows; it->name;
		it++) {
		bool found = !strcmp(it->name, "initial-readiness-delay");

		for (size_t i = 0; i < N_ROWS; i++)
			found |= !strncmp(rows[i].key, "autoscaling.", 12) &&
				 !strcmp(rows[i].key + 12, it->name);
		ck_assert_msg(found, "no row: %s", it->name);
	}
}
END_TEST

TW_TESTS("config/autoscaling_effect", every_field_does_something,
	every_key_has_a_row)
