/*
 * The kubelet: cgroups, classes, OOM scores, back-off, probes, who is evicted.
 * Pods are read as `run` reads them, through the manifests.
 */
#include "harness/json/writer.h"
#include "harness/manifests/manifests.h"
#include "tests/conformance/conformance.h"
#include "twins/cluster/crash.h"
#include "twins/cluster/pressure.h"
#include "twins/cluster/prober.h"
#include "twins/model/cgroup.h"

#include <stdlib.h>

/* ---- pods ----------------------------------------------------------- */

static void put(struct tw_json_writer *w, const struct tw_yaml *node)
{
	if (node->kind == TW_YAML_MAPPING) {
		tw_json_object(w);
		for (size_t i = 0; i < node->pairs.n; i++) {
			tw_json_key(w, node->pairs.v[i].key->value);
			put(w, node->pairs.v[i].value);
		}
		tw_json_end(w);
	} else if (node->kind == TW_YAML_SEQUENCE) {
		tw_json_array(w);
		for (size_t i = 0; i < node->items.n; i++)
			put(w, node->items.v[i]);
		tw_json_end(w);
	} else {
		int64_t whole;

		if (tw_yaml_int(node, &whole) && node->style == TW_YAML_PLAIN)
			tw_json_int(w, whole);
		else
			tw_json_string(w, tw_yaml_text(node));
	}
}

struct bed {
	struct tw_manifests *m;
	struct tw_spec *spec;
	struct tw_spec_workload *pod; /* NULL: it could not be read */
};

static struct bed bed_of(struct conformance *c)
{
	struct bed bed = {tw_manifests_new(), tw_spec_new(), NULL};
	struct tw_yaml *spec = tw_yaml_get(tw_yaml_get(c->in, "pod"), "spec");
	struct tw_json_writer w;
	struct tw_buf text = {0};
	struct tw_diags diags;

	tw_diags_init(&diags);
	tw_json_writer_init(&w, &text, false);
	tw_json_object(&w);
	tw_json_key(&w, "apiVersion");
	tw_json_string(&w, "v1");
	tw_json_key(&w, "kind");
	tw_json_string(&w, "Pod");
	tw_json_key(&w, "metadata");
	tw_json_object(&w);
	tw_json_key(&w, "name");
	tw_json_string(&w, "p");
	tw_json_end(&w);
	tw_json_key(&w, "spec");
	put(&w, spec);
	tw_json_end(&w);
	tw_json_finish(&w);
	tw_manifests_add_text(bed.m, "pod.json", text.p, text.n, &diags);
	tw_manifests_spec(bed.m, bed.spec, &diags);
	if (bed.spec->workloads.n == 1)
		bed.pod = bed.spec->workloads.v[0].value;
	else
		conformance_differs(c, "the pod cannot be read");
	tw_buf_release(&text);
	tw_diags_release(&diags);
	return bed;
}

static void release(struct bed *bed)
{
	tw_manifests_free(bed->m);
	tw_spec_free(bed->spec);
}

/* null where it is not set. */
static void compare(struct conformance *c, const char *what, int64_t got)
{
	const struct tw_yaml *want = tw_yaml_get(c->want, what);

	if (want && tw_yaml_is_null(want)) {
		if (got != TW_CGROUP_NONE)
			conformance_differs(c, "%s: wanted none, got %lld",
				what, (long long)got);
		return;
	}
	conformance_int(c, what, want, got);
}

static void cgroup(struct conformance *c)
{
	struct bed bed = bed_of(c);
	struct tw_cgroup got = {0};

	if (bed.pod)
		tw_cgroup_of_pod(bed.pod,
			conformance_get_int(c->in, "period_us", 0),
			conformance_get_bool(c->in, "enforce_cpu", true), &got);
	compare(c, "shares", got.shares);
	compare(c, "quota_us", got.quota_us);
	compare(c, "period_us", got.period_us);
	compare(c, "memory", got.memory);
	release(&bed);
}

static void qos(struct conformance *c)
{
	static const char *const classes[] = {
		[TW_QOS_GUARANTEED] = "Guaranteed",
		[TW_QOS_BURSTABLE] = "Burstable",
		[TW_QOS_BEST_EFFORT] = "BestEffort"};
	struct bed bed = bed_of(c);

	if (bed.pod)
		conformance_text(c, "class", tw_yaml_get(c->want, "class"),
			classes[tw_qos_of(bed.pod)]);
	release(&bed);
}

/* The cases are pods as written, without the API server's defaults. */
static void take_defaults_back(struct tw_spec_workload *pod)
{
	for (size_t i = 0; i < pod->containers.n; i++) {
		struct tw_spec_container *it = pod->containers.v[i];

		if (it->memory_request.origin == it->memory_limit.origin)
			it->memory_request.origin = NULL;
	}
}

static void score_of(struct conformance *c, const struct bed *bed,
	const struct tw_spec_container *container, bool critical)
{
	struct tw_yaml *want =
		tw_yaml_get(tw_yaml_get(c->want, "scores"), container->name);
	int got = tw_oom_score(bed->pod, container,
		conformance_get_int(c->in, "memory_capacity", 0), critical);

	if (want && want->kind == TW_YAML_MAPPING) {
		if (got < conformance_get_int(want, "min", INT64_MIN) ||
			got > conformance_get_int(want, "max", INT64_MAX))
			conformance_differs(c, "%s: got %d, out of its range",
				container->name, got);
		return;
	}
	conformance_int(c, container->name, want, got);
}

static void oom(struct conformance *c)
{
	struct tw_yaml *spec = tw_yaml_get(tw_yaml_get(c->in, "pod"), "spec");
	bool critical =
		!strcmp(conformance_get_text(spec, "priorityClassName", ""),
			"system-node-critical") &&
		conformance_get_int(spec, "priority", 0) >= 2000000000;
	struct bed bed = bed_of(c);

	if (bed.pod)
		take_defaults_back(bed.pod);
	for (size_t i = 0; bed.pod && i < bed.pod->containers.n; i++)
		score_of(c, &bed, bed.pod->containers.v[i], critical);
	release(&bed);
}

static void quota(struct conformance *c)
{
	conformance_int(c, "quota_us", tw_yaml_get(c->want, "quota_us"),
		tw_cgroup_quota(conformance_get_int(c->in, "milli_cpu", 0),
			conformance_get_int(c->in, "period_us", 0)));
}

/* ---- back-off ------------------------------------------------------- */

static void backoff(struct conformance *c)
{
	tw_time first = conformance_get_int(c->in, "initial_s", 0) * TW_S;
	tw_time max = conformance_get_int(c->in, "max_s", 0) * TW_S;
	struct tw_yaml *events = tw_yaml_get(c->in, "events");
	struct tw_backoff it = {0};
	size_t delays = 0, checks = 0;

	for (size_t i = 0; i < tw_yaml_count(events); i++) {
		struct tw_yaml *event = tw_yaml_item(events, i);
		tw_time at = conformance_get_int(event, "at_s", 0) * TW_S;
		struct tw_yaml *want;

		if (strcmp(conformance_get_text(event, "op", ""), "failure")) {
			want = tw_yaml_item(
				tw_yaml_get(c->want, "checks"), checks++);
			conformance_bool(c, "check", want,
				tw_backoff_waits(&it, at, max));
			continue;
		}
		tw_backoff_next(&it, at, first, max);
		want = tw_yaml_item(tw_yaml_get(c->want, "delays_s"), delays++);
		if (want && !tw_yaml_is_null(want))
			conformance_int(c, "delay", want, it.delay / TW_S);
	}
}

/* ---- probes --------------------------------------------------------- */

static bool is_text(const struct tw_yaml *map, const char *key, const char *v)
{
	return !strcmp(conformance_get_text(map, key, ""), v);
}

static struct tw_probed probed_of(
	const struct conformance *c, const struct tw_yaml *step)
{
	const struct tw_yaml *pod = tw_yaml_get(c->in, "pod");
	const struct tw_yaml *it = tw_yaml_get(step, "container");
	struct tw_probed found = {
		.pod_ended = is_text(pod, "phase", "Failed") ||
			     is_text(pod, "phase", "Succeeded"),
		.deleted = conformance_get_bool(pod, "deleting", false),
		.restarts = !is_text(pod, "restart_policy", "Never"),
		.answers = is_text(step, "answer", "success")};
	const char *id = conformance_get_text(it, "id", "");

	if (!it || tw_yaml_is_null(it))
		return found;
	found.container = *id ? (uint64_t)(unsigned char)id[strlen(id) - 1] : 1;
	found.state = is_text(it, "state", "running")	? TW_CONTAINER_RUNNING
		      : is_text(it, "state", "waiting") ? TW_CONTAINER_WAITING
							: TW_CONTAINER_ENDED;
	found.started = conformance_get_bool(it, "started", false);
	found.age = conformance_get_int(it, "age_s", 0) * TW_S;
	return found;
}

static void probe(struct conformance *c)
{
	static const char *const results[] = {
		"none", "unknown", "success", "failure"};
	const struct tw_yaml *from = tw_yaml_get(c->in, "probe");
	struct tw_yaml *steps = tw_yaml_get(c->in, "steps");
	struct tw_yaml *wants = tw_yaml_get(c->want, "steps");
	struct tw_prober prober = {0};
	const struct tw_probe_config config = {
		.type = is_text(from, "type", "liveness")    ? TW_LIVENESS
			: is_text(from, "type", "readiness") ? TW_READINESS
							     : TW_STARTUP,
		.success = (uint32_t)conformance_get_int(
			from, "success_threshold", 1),
		.failure = (uint32_t)conformance_get_int(
			from, "failure_threshold", 1),
		.delay =
			conformance_get_int(from, "initial_delay_s", 0) * TW_S};

	for (size_t i = 0; i < tw_yaml_count(steps); i++) {
		struct tw_probed found = probed_of(c, tw_yaml_item(steps, i));
		struct tw_yaml *want = tw_yaml_item(wants, i);
		bool goes_on = tw_prober_step(&prober, &config, &found);

		conformance_text(c, "result", tw_yaml_get(want, "result"),
			results[prober.result]);
		conformance_bool(
			c, "continue", tw_yaml_get(want, "continue"), goes_on);
		conformance_bool(c, "on_hold", tw_yaml_get(want, "on_hold"),
			prober.on_hold);
	}
}

/* ---- eviction ------------------------------------------------------- */

static void eviction_rank(struct conformance *c)
{
	struct tw_yaml *list = tw_yaml_get(c->in, "pods");
	struct tw_yaml *keys = tw_yaml_get(c->in, "keys");
	size_t n = tw_yaml_count(list);
	struct tw_pressed *pods = tw_new_array(&c->arena, n, struct tw_pressed);
	bool *gone = tw_new_array(&c->arena, n, bool);
	unsigned wanted = 0;

	for (size_t i = 0; i < tw_yaml_count(keys); i++) {
		const char *key = tw_yaml_text(tw_yaml_item(keys, i));

		wanted |= !strcmp(key, "exceeds_request") ? TW_PRESS_EXCEEDS
			  : !strcmp(key, "priority")	  ? TW_PRESS_PRIORITY
							  : TW_PRESS_EXCESS;
	}
	for (size_t i = 0; i < n; i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);

		pods[i] = (struct tw_pressed){
			.request = conformance_get_int(it, "request", 0),
			.usage = conformance_get_int(it, "usage", 0),
			.priority = conformance_get_int(it, "priority", 0)};
	}
	for (size_t k = 0; k < n; k++) {
		size_t best = n;

		for (size_t i = 0; i < n; i++)
			if (!gone[i] &&
				(best == n || tw_press_compare(&pods[i],
						      &pods[best], wanted) < 0))
				best = i;
		gone[best] = true;
		conformance_text(c, "order",
			tw_yaml_item(tw_yaml_get(c->want, "order"), k),
			conformance_get_text(
				tw_yaml_item(list, best), "name", ""));
	}
}

const struct conformance_adapter conformance_kubelet[] = {
	{"kubelet", "cgroup", cgroup},
	{"kubelet", "qos", qos},
	{"kubelet", "oom", oom},
	{"kubelet", "quota", quota},
	{"kubelet", "backoff", backoff},
	{"kubelet", "probe", probe},
	{"kubelet", "eviction_rank", eviction_rank},
	{NULL, NULL, NULL},
};
