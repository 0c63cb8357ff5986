/*
 * What the API server refuses in objects that are well-formed: nothing of them
 * would ever run. Fields that a reader needs anyway are checked where they are
 * read. Where a field is left out its default counts.
 *
 * Source: Kubernetes 1.36, pkg/apis/apps/validation/validation.go
 * (ValidateDeploymentStrategy, ValidateRollingUpdateDaemonSet,
 * ValidateStatefulSetSpec, ValidatePodTemplateSpecForReplicaSet),
 * pkg/apis/batch/validation/validation.go (ValidateJobTemplateSpec),
 * pkg/apis/core/validation/validation.go (ValidateTolerations,
 * validateTopologySpreadConstraints, validateContainerPorts,
 * ValidateService).
 */
#include "harness/manifests/reader.h"
#include "twins/base/units.h"

#define DEADLINE 600 /* progressDeadlineSeconds, apps/v1/defaults.go */

static bool is(const struct tw_yaml *node, const char *word)
{
	const char *text = tw_yaml_text(node);

	return text && !strcmp(text, word);
}

/* One of these words, or left out. */
static void word(struct tw_manifest_reader *r, const struct tw_yaml *at,
	const char *key, const char *first, const char *second)
{
	const struct tw_yaml *node = tw_yaml_get(at, key);

	if (tw_yaml_is_null(node) || is(node, first) || is(node, second))
		return;
	tw_manifest_error(r, node, "%s is %s or %s, not '%s'", key, first,
		second, tw_yaml_text(node) ? tw_yaml_text(node) : "");
}

/* ---- strategies ----------------------------------------------------- */

struct share { /* of pods: a number, or "25%" */
	const struct tw_yaml *at;
	int64_t n;
	bool percent, broken;
};

static struct share read_share(struct tw_manifest_reader *r,
	const struct tw_yaml *rolling, const char *key, struct share usual)
{
	struct share it = {.at = tw_yaml_get(rolling, key)};
	struct tw_str text;

	if (tw_yaml_is_null(it.at))
		return usual;
	text = tw_yaml_str(it.at);
	it.percent = text.n && text.p[text.n - 1] == '%';
	if (it.percent)
		text.n--;
	it.broken = !tw_yaml_text(it.at) || !tw_parse_int(text, &it.n) ||
		    it.n < 0 || it.n > INT32_MAX ||
		    (!it.percent && !tw_yaml_int(it.at, &it.n));
	if (it.broken)
		tw_manifest_error(r, it.at,
			"%s is a number of pods or a percentage, not '%s'", key,
			tw_yaml_text(it.at) ? tw_yaml_text(it.at) : "");
	return it;
}

static bool above_all(
	struct tw_manifest_reader *r, const struct share *it, const char *key)
{
	if (it->broken || !it->percent || it->n <= 100)
		return false;
	tw_manifest_error(r, it->at, "%s is at most 100%%", key);
	return true;
}

static void check_both_zero(struct tw_manifest_reader *r,
	const struct tw_yaml *rolling, const struct share *surge,
	const struct share *unavailable)
{
	struct tw_diag *d;

	if (surge->broken || unavailable->broken || surge->n || unavailable->n)
		return;
	d = tw_manifest_error(r, unavailable->at ? unavailable->at : rolling,
		"maxUnavailable may not be 0 where maxSurge is 0");
	d->hint = "no pod could be replaced";
}

static void check_deployment(
	struct tw_manifest_reader *r, const struct tw_yaml *spec)
{
	static const struct share usual = {.n = 25, .percent = true};
	const struct tw_yaml *it = tw_yaml_get(spec, "strategy");
	const struct tw_yaml *rolling = tw_yaml_get(it, "rollingUpdate");
	int64_t ready = 0, deadline = DEADLINE;
	struct share surge, unavailable;

	word(r, it, "type", "RollingUpdate", "Recreate");
	tw_yaml_int(tw_yaml_get(spec, "minReadySeconds"), &ready);
	tw_yaml_int(tw_yaml_get(spec, "progressDeadlineSeconds"), &deadline);
	if (deadline <= ready)
		tw_manifest_error(r, tw_yaml_get(spec, "minReadySeconds"),
			"progressDeadlineSeconds (%lld) must be more than "
			"minReadySeconds (%lld)",
			(long long)deadline, (long long)ready);
	if (tw_yaml_is_null(rolling))
		return;
	if (is(tw_yaml_get(it, "type"), "Recreate")) {
		tw_manifest_error(r, rolling,
			"rollingUpdate may not be there with type Recreate");
		return;
	}
	surge = read_share(r, rolling, "maxSurge", usual);
	unavailable = read_share(r, rolling, "maxUnavailable", usual);
	above_all(r, &unavailable, "maxUnavailable");
	check_both_zero(r, rolling, &surge, &unavailable);
}

static void check_daemonset(
	struct tw_manifest_reader *r, const struct tw_yaml *spec)
{
	static const struct share none = {.n = 0}, one = {.n = 1};
	const struct tw_yaml *it = tw_yaml_get(spec, "updateStrategy");
	const struct tw_yaml *rolling = tw_yaml_get(it, "rollingUpdate");
	struct share surge, unavailable;
	struct tw_diag *d;

	word(r, it, "type", "RollingUpdate", "OnDelete");
	if (tw_yaml_is_null(rolling))
		return;
	surge = read_share(r, rolling, "maxSurge", none);
	unavailable = read_share(r, rolling, "maxUnavailable", one);
	if (above_all(r, &surge, "maxSurge") ||
		above_all(r, &unavailable, "maxUnavailable"))
		return;
	check_both_zero(r, rolling, &surge, &unavailable);
	if (surge.broken || unavailable.broken || !surge.n || !unavailable.n)
		return;
	d = tw_manifest_error(r, surge.at,
		"maxSurge may not be there where maxUnavailable is not 0");
	d->hint = "maxUnavailable is 1 where it is left out";
}

static void check_statefulset(
	struct tw_manifest_reader *r, const struct tw_yaml *spec)
{
	static const struct share one = {.n = 1};
	const struct tw_yaml *it = tw_yaml_get(spec, "updateStrategy");
	struct share unavailable = read_share(
		r, tw_yaml_get(it, "rollingUpdate"), "maxUnavailable", one);

	word(r, it, "type", "RollingUpdate", "OnDelete");
	word(r, spec, "podManagementPolicy", "OrderedReady", "Parallel");
	if (!above_all(r, &unavailable, "maxUnavailable") &&
		!unavailable.broken && !unavailable.n)
		tw_manifest_error(
			r, unavailable.at, "maxUnavailable may not be 0");
}

/* ---- pods ----------------------------------------------------------- */

static void check_toleration(
	struct tw_manifest_reader *r, const struct tw_yaml *it)
{
	const struct tw_yaml *value = tw_yaml_get(it, "value");
	const struct tw_yaml *seconds = tw_yaml_get(it, "tolerationSeconds");

	if (is(tw_yaml_get(it, "operator"), "Exists") && tw_yaml_text(value) &&
		*tw_yaml_text(value))
		tw_manifest_error(r, value,
			"a toleration with 'operator: Exists' has no value");
	if (!tw_yaml_is_null(seconds) &&
		!is(tw_yaml_get(it, "effect"), "NoExecute"))
		tw_manifest_error(r, seconds,
			"tolerationSeconds needs 'effect: NoExecute'");
}

static void check_spread(struct tw_manifest_reader *r, const struct tw_yaml *it)
{
	const struct tw_yaml *domains = tw_yaml_get(it, "minDomains");

	if (tw_yaml_is_null(tw_yaml_get(it, "whenUnsatisfiable")))
		tw_manifest_error(r, it,
			"whenUnsatisfiable is missing: DoNotSchedule or "
			"ScheduleAnyway");
	word(r, it, "whenUnsatisfiable", "DoNotSchedule", "ScheduleAnyway");
	word(r, it, "nodeAffinityPolicy", "Honor", "Ignore");
	word(r, it, "nodeTaintsPolicy", "Honor", "Ignore");
	if (!tw_yaml_is_null(domains) &&
		is(tw_yaml_get(it, "whenUnsatisfiable"), "ScheduleAnyway"))
		tw_manifest_error(r, domains,
			"minDomains needs 'whenUnsatisfiable: DoNotSchedule'");
}

/* Port names of a container, and its place among containers, are its own. */
static void check_names(struct tw_manifest_reader *r,
	const struct tw_yaml *list, const char *what)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		const struct tw_yaml *at =
			tw_yaml_get(tw_yaml_item(list, i), "name");
		const char *name = tw_yaml_text(at);

		for (size_t k = 0; name && k < i; k++) {
			if (!is(tw_yaml_get(tw_yaml_item(list, k), "name"),
				    name))
				continue;
			tw_manifest_error(
				r, at, "two %s have the name '%s'", what, name);
			break;
		}
	}
}

static void check_pod(struct tw_manifest_reader *r, const struct tw_yaml *pod)
{
	const struct tw_yaml *tolerations = tw_yaml_get(pod, "tolerations");
	const struct tw_yaml *spreads =
		tw_yaml_get(pod, "topologySpreadConstraints");
	const struct tw_yaml *containers = tw_yaml_get(pod, "containers");

	for (size_t i = 0; i < tw_yaml_count(tolerations); i++)
		check_toleration(r, tw_yaml_item(tolerations, i));
	for (size_t i = 0; i < tw_yaml_count(spreads); i++)
		check_spread(r, tw_yaml_item(spreads, i));
	check_names(r, containers, "containers");
	for (size_t i = 0; i < tw_yaml_count(containers); i++)
		check_names(r,
			tw_yaml_get(tw_yaml_item(containers, i), "ports"),
			"ports of a container");
}

/* ---- kinds ---------------------------------------------------------- */

void tw_refused_workload(struct tw_manifest_reader *r)
{
	const char *kind = r->object->kind;
	const struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	const struct tw_yaml *pod =
		tw_yaml_path(spec, "template", "spec", NULL);
	const struct tw_yaml *restart = tw_yaml_get(pod, "restartPolicy");

	if (!strcmp(kind, "Pod")) {
		check_pod(r, spec);
		return;
	}
	check_pod(r, pod);
	if (!tw_yaml_is_null(restart) && !is(restart, "Always"))
		tw_manifest_error(r, restart,
			"restartPolicy of a %s's pods can only be Always",
			kind);
	if (!strcmp(kind, "Deployment"))
		check_deployment(r, spec);
	else if (!strcmp(kind, "DaemonSet"))
		check_daemonset(r, spec);
	else if (!strcmp(kind, "StatefulSet"))
		check_statefulset(r, spec);
}

void tw_refused_job(struct tw_manifest_reader *r, const struct tw_yaml *spec)
{
	const struct tw_yaml *pod =
		tw_yaml_path(spec, "template", "spec", NULL);
	const struct tw_yaml *restart = tw_yaml_get(pod, "restartPolicy");

	check_pod(r, pod);
	if (tw_yaml_is(pod, TW_YAML_MAPPING) && !is(restart, "Never") &&
		!is(restart, "OnFailure"))
		tw_manifest_error(r, restart ? restart : pod,
			"restartPolicy of a Job's pods is OnFailure or Never");
}

void tw_refused_service(struct tw_manifest_reader *r)
{
	const struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	const struct tw_yaml *type = tw_yaml_get(spec, "type");
	const struct tw_yaml *outside =
		tw_yaml_get(spec, "externalTrafficPolicy");

	word(r, spec, "sessionAffinity", "None", "ClientIP");
	if (!tw_yaml_is_null(outside) && !is(type, "NodePort") &&
		!is(type, "LoadBalancer") &&
		!tw_yaml_count(tw_yaml_get(spec, "externalIPs")))
		tw_manifest_error(r, outside,
			"externalTrafficPolicy needs type NodePort or "
			"LoadBalancer");
}
