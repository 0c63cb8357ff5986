/*
 * What makes pods: Deployment, StatefulSet, DaemonSet, ReplicaSet,
 * ReplicationController, Pod and Argo's Rollout.
 */
#include "harness/manifests/reader.h"
#include "twins/base/hash.h"

#include <stdlib.h>

static bool is(const struct tw_object *object, const char *kind)
{
	return !strcmp(object->kind, kind);
}

static const char *label_of(const struct tw_labels *labels, const char *key)
{
	for (size_t i = 0; i < labels->n; i++)
		if (!strcmp(labels->v[i].key, key))
			return labels->v[i].value;
	return NULL;
}

/* apps/v1 wants a selector and wants it to fit the template; older groups
 * take the template's labels where there is none. */
static void check_selector(struct tw_manifest_reader *r, struct tw_yaml *spec,
	const struct tw_spec_workload *workload)
{
	struct tw_yaml *selector = tw_yaml_get(spec, "selector");
	struct tw_yaml *match = tw_yaml_get(selector, "matchLabels");
	struct tw_labels wanted = {0};

	if (is(r->object, "ReplicationController"))
		match = selector;
	if (!selector && !strcmp(r->object->group, "apps") &&
		!strcmp(r->object->version, "v1")) {
		struct tw_diag *d = tw_manifest_error(
			r, spec, "'spec.selector' is missing");

		d->hint = "apps/v1 requires it: selector: {matchLabels: …}";
		return;
	}
	tw_manifest_labels(r, match, &wanted);
	for (size_t i = 0; i < wanted.n; i++) {
		const char *has = label_of(&workload->labels, wanted.v[i].key);
		struct tw_yaml *at = tw_yaml_get(match, wanted.v[i].key);

		if (!has || strcmp(has, wanted.v[i].value) != 0)
			tw_manifest_error(r, at,
				"the selector wants %s: %s, which the pod "
				"template does not have",
				wanted.v[i].key, wanted.v[i].value);
	}
}

static void read_strategy(struct tw_manifest_reader *r, struct tw_yaml *spec,
	struct tw_spec_workload *workload)
{
	struct tw_yaml *it = tw_yaml_get(spec, "strategy");
	struct tw_yaml *paused = tw_yaml_get(spec, "paused");
	struct tw_yaml *rolling;
	bool is_paused;

	if (!it)
		it = tw_yaml_get(spec, "updateStrategy");
	rolling = tw_yaml_get(it, "rollingUpdate");
	tw_manifest_text(r, tw_yaml_get(spec, "podManagementPolicy"),
		&workload->pod_management);
	tw_manifest_int(r, tw_yaml_get(rolling, "partition"), 0, INT32_MAX,
		&workload->partition);
	tw_manifest_text(r, tw_yaml_get(it, "type"), &workload->strategy);
	tw_manifest_text(
		r, tw_yaml_get(rolling, "maxSurge"), &workload->max_surge);
	tw_manifest_seconds(r, tw_yaml_get(spec, "progressDeadlineSeconds"), 1,
		&workload->progress_deadline);
	tw_manifest_seconds(r, tw_yaml_get(spec, "minReadySeconds"), 0,
		&workload->min_ready);
	tw_manifest_text(r, tw_yaml_get(rolling, "maxUnavailable"),
		&workload->max_unavailable);
	tw_manifest_int(r, tw_yaml_get(spec, "revisionHistoryLimit"), 0,
		INT32_MAX, &workload->history_limit);
	if (paused && tw_yaml_bool(paused, &is_paused))
		tw_set_int(&workload->paused, is_paused,
			tw_manifest_origin(r, paused, NULL));
}

/* By its content, not by how it was written; what it is called is no matter of
 * how the ReplicaSet is. */
static uint64_t template_hash(const struct tw_yaml *node)
{
	uint64_t hash;

	if (!node)
		return 0;
	if (node->kind == TW_YAML_SCALAR)
		return tw_hash_bytes(node->value, node->n);
	hash = tw_hash_mix(node->kind + node->items.n + node->pairs.n);
	for (size_t i = 0; i < node->items.n; i++)
		hash = tw_hash_combine(hash, template_hash(node->items.v[i]));
	/* Whatever the order of the keys. */
	for (size_t i = 0; i < node->pairs.n; i++)
		hash += tw_hash_combine(template_hash(node->pairs.v[i].key),
			template_hash(node->pairs.v[i].value));
	return hash;
}

/* What placement depends on. */
static void use_scheduling(struct tw_yaml *pod)
{
	static const char *const keys[] = {"nodeSelector", "affinity",
		"tolerations", "topologySpreadConstraints", "nodeName",
		"priorityClassName", "overhead", "resources"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		tw_yaml_use_all(tw_yaml_get(pod, keys[i]));
}

/* How long a preStop hook sleeps: `sleep: {seconds: 5}`, or a command that
 * holds "sleep 5". Other hooks take no time that a manifest tells. */
static int64_t sleeps(const struct tw_yaml *hook)
{
	struct tw_yaml *command = tw_yaml_path(hook, "exec", "command", NULL);
	int64_t seconds;

	if (tw_yaml_int(tw_yaml_path(hook, "sleep", "seconds", NULL), &seconds))
		return seconds;
	for (size_t i = 0; i < tw_yaml_count(command); i++) {
		const char *word = tw_yaml_text(tw_yaml_item(command, i));
		const char *at = word ? strstr(word, "sleep") : NULL;

		if (!at)
			continue;
		if (!at[5] && i + 1 < tw_yaml_count(command))
			at = tw_yaml_text(tw_yaml_item(command, i + 1));
		else
			at += 5;
		seconds = at ? strtol(at, NULL, 10) : 0;
		if (seconds > 0)
			return seconds;
	}
	return 0;
}

static void read_pre_stop(struct tw_manifest_reader *r, struct tw_yaml *pod,
	struct tw_spec_workload *workload)
{
	struct tw_yaml *list = tw_yaml_get(pod, "containers");
	int64_t longest = 0;
	struct tw_yaml *by = NULL;

	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *hook = tw_yaml_path(
			tw_yaml_item(list, i), "lifecycle", "preStop", NULL);
		int64_t seconds = sleeps(hook);

		if (seconds <= longest || seconds > INT32_MAX)
			continue;
		longest = seconds;
		by = hook;
	}
	if (by)
		tw_set_int(&workload->pre_stop, longest * TW_S,
			tw_manifest_origin(r, by, NULL));
}

/* How long a probe waits for what starts. */
static void use_patience(const struct tw_yaml *probe)
{
	tw_yaml_use(tw_yaml_get(probe, "initialDelaySeconds"));
	tw_yaml_use(tw_yaml_get(probe, "periodSeconds"));
	tw_yaml_use(tw_yaml_get(probe, "failureThreshold"));
}

/* One that stays is waited for by its startup probe. */
static void use_init(struct tw_yaml *list)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		struct tw_yaml *restart = tw_yaml_get(it, "restartPolicy");

		if (!restart)
			continue;
		tw_yaml_use(restart);
		use_patience(tw_yaml_get(it, "startupProbe"));
	}
}

/* What a rollout depends on, where some scenario has one. */
static void use_life(struct tw_manifest_reader *r, struct tw_yaml *pod)
{
	struct tw_yaml *list = tw_yaml_get(pod, "containers");

	if (!r->m->rollouts && !r->m->managed)
		return;
	tw_yaml_use_all(tw_yaml_get(pod, "terminationGracePeriodSeconds"));
	use_init(tw_yaml_get(pod, "initContainers"));
	if (tw_yaml_count(tw_yaml_get(pod, "initContainers")))
		tw_yaml_use(tw_yaml_get(pod, "restartPolicy"));
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *probe =
			tw_yaml_get(tw_yaml_item(list, i), "readinessProbe");

		tw_yaml_use_all(tw_yaml_path(
			tw_yaml_item(list, i), "lifecycle", "preStop", NULL));
		tw_yaml_use(tw_yaml_get(probe, "initialDelaySeconds"));
		tw_yaml_use(tw_yaml_get(probe, "periodSeconds"));
		tw_yaml_use(tw_yaml_get(probe, "successThreshold"));
		use_patience(
			tw_yaml_get(tw_yaml_item(list, i), "livenessProbe"));
		use_patience(
			tw_yaml_get(tw_yaml_item(list, i), "startupProbe"));
	}
}

/* dnsConfig.options: a name, and a value that is a text. */
static void read_resolver_option(struct tw_manifest_reader *r,
	const struct tw_yaml *it, struct tw_spec_resolver *to)
{
	const char *name = tw_yaml_text(tw_yaml_get(it, "name"));
	struct tw_yaml *value = tw_yaml_get(it, "value");
	const struct tw_origin *origin;
	int64_t n;

	if (!name || !value || !tw_parse_int(tw_yaml_str(value), &n) || n < 0 ||
		n > INT32_MAX)
		return;
	origin = tw_manifest_origin(r, value, NULL);
	if (!strcmp(name, "ndots"))
		tw_set_int(&to->ndots, n, origin);
	else if (!strcmp(name, "timeout") && n)
		tw_set_int(&to->timeout, n * TW_S, origin);
	else if (!strcmp(name, "attempts") && n)
		tw_set_int(&to->attempts, n, origin);
}

static void read_resolver(struct tw_manifest_reader *r, struct tw_yaml *pod,
	struct tw_spec_resolver *to)
{
	struct tw_yaml *config = tw_yaml_get(pod, "dnsConfig");
	struct tw_yaml *options = tw_yaml_get(config, "options");
	struct tw_yaml *searches = tw_yaml_get(config, "searches");
	struct tw_yaml *network = tw_yaml_get(pod, "hostNetwork");
	bool host;

	tw_manifest_text(r, tw_yaml_get(pod, "dnsPolicy"), &to->policy);
	if (network && tw_yaml_bool(network, &host) && host)
		tw_set_int(&to->host_network, 1,
			tw_manifest_origin(r, network, NULL));
	for (size_t i = 0; i < tw_yaml_count(options); i++)
		read_resolver_option(r, tw_yaml_item(options, i), to);
	for (size_t i = 0; i < tw_yaml_count(searches); i++) {
		struct tw_text domain = {0};

		tw_manifest_text(r, tw_yaml_item(searches, i), &domain);
		if (domain.v)
			tw_vec_push_in(&r->spec->arena, &to->searches, domain);
	}
}

void tw_read_pod(struct tw_manifest_reader *r, struct tw_yaml *meta,
	struct tw_yaml *pod, struct tw_spec_workload *workload)
{
	tw_manifest_labels(r, tw_yaml_get(meta, "labels"), &workload->labels);
	tw_manifest_seconds(r,
		tw_yaml_get(pod, "terminationGracePeriodSeconds"), 0,
		&workload->termination_grace);
	tw_manifest_text(r, tw_yaml_get(pod, "restartPolicy"),
		&workload->restart_policy);
	read_pre_stop(r, pod, workload);
	tw_read_pod_volumes(r, pod, workload);
	read_resolver(r, pod, &workload->resolver);
	tw_manifest_text(r,
		tw_yaml_use(tw_yaml_path(
			meta, "annotations", "sidecar.istio.io/inject", NULL)),
		&workload->injection);
	tw_read_containers(r, pod, workload);
	use_life(r, pod);
	tw_manifest_pod(r, pod, &workload->labels, &workload->pod);
	use_scheduling(pod);
}

/* The owner's selector spreads its pods (podtopologyspread, DefaultSelector).
 */
static void read_group(struct tw_manifest_reader *r, struct tw_yaml *spec,
	struct tw_spec_workload *workload)
{
	struct tw_yaml *selector = tw_yaml_get(spec, "selector");

	if (is(r->object, "ReplicationController")) {
		struct tw_labels wanted = {0};

		tw_manifest_labels(r, selector, &wanted);
		for (size_t i = 0; i < wanted.n; i++) {
			struct tw_label_requirement is_value = {
				.key = wanted.v[i].key};

			tw_vec_push_in(&r->spec->arena, &is_value.values,
				wanted.v[i].value);
			tw_vec_push_in(&r->spec->arena, &workload->pod.group,
				is_value);
		}
	} else {
		tw_manifest_selector(r, selector, &workload->pod.group);
	}
	workload->pod.has_group = workload->pod.group.n;
}

void tw_read_workload(struct tw_manifest_reader *r)
{
	const struct tw_object *object = r->object;
	struct tw_yaml *spec = tw_yaml_get(object->doc, "spec");
	struct tw_yaml *template = tw_yaml_get(spec, "template");
	struct tw_yaml *replicas = tw_yaml_get(spec, "replicas");
	struct tw_spec_workload *workload;

	if (!tw_yaml_is(spec, TW_YAML_MAPPING)) {
		tw_manifest_error(r, spec, "'spec' is missing");
		return;
	}
	tw_refused_workload(r);
	workload = tw_spec_workload(r->spec, object->kind, object->namespace,
		object->name, tw_manifest_origin(r, NULL, NULL));
	if (is(object, "Pod")) {
		tw_read_pod(r, tw_yaml_get(object->doc, "metadata"), spec,
			workload);
		return;
	}
	if (!is(object, "DaemonSet") &&
		tw_manifest_int(r, replicas, 0, INT32_MAX, &workload->replicas))
		tw_yaml_use(replicas);
	read_strategy(r, spec, workload);
	if (r->m->rollouts) {
		tw_yaml_use_all(tw_yaml_get(spec, "strategy"));
		tw_yaml_use_all(tw_yaml_get(spec, "updateStrategy"));
		tw_yaml_use(tw_yaml_get(spec, "podManagementPolicy"));
		tw_yaml_use(tw_yaml_get(spec, "minReadySeconds"));
		tw_yaml_use(tw_yaml_get(spec, "progressDeadlineSeconds"));
	}
	if (r->m->rollouts || r->m->managed) {
		tw_yaml_use(tw_yaml_get(spec, "revisionHistoryLimit"));
		tw_yaml_use(tw_yaml_get(spec, "paused"));
	}
	tw_read_claim_templates(r, spec, workload);
	workload->template_hash = template_hash(template);
	if (!template) {
		/* A Rollout may point to a Deployment instead. */
		if (!tw_yaml_get(spec, "workloadRef"))
			tw_manifest_error(
				r, spec, "'spec.template' is missing");
		return;
	}
	tw_read_pod(r, tw_yaml_get(template, "metadata"),
		tw_yaml_get(template, "spec"), workload);
	check_selector(r, spec, workload);
	read_group(r, spec, workload);
}
