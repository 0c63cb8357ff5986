#include "harness/lint/rules.h"

#include <stdarg.h>
#include <stdio.h>

const struct tw_lint_rule tw_lint_rules[] = {
	{"selector-selects-nothing", tw_lint_selectors,
		"a Service whose selector no pod has"},
	{"dead-subset", tw_lint_subsets,
		"a subset of a DestinationRule that no pod is in"},
	{"port-not-opened", tw_lint_ports,
		"a Service's target port that no container opens"},
	{"duplicate-port", tw_lint_duplicate_ports,
		"a port that one Service has twice"},
	{"route-to-nowhere", tw_lint_routes,
		"a route to a service or a port that is not there"},
	{"probe-cannot-succeed", tw_lint_probes,
		"a probe that fails, or kills, whatever the container does"},
	{"liveness-kills-start", tw_lint_liveness,
		"a liveness probe that kills before a start is over, and no "
		"startup probe"},
	{"startup-kills-start", tw_lint_startups,
		"a startup probe with less patience than a start needs"},
	{"image-missing", tw_lint_missing_images,
		"an image that the registry does not have"},
	{"image-always-pulled", tw_lint_pull_policies,
		"an image that the registry is asked for at each start"},
	{"init-requests-most", tw_lint_init,
		"an init container that requests more than all that runs "
		"after it"},
	{"grace-below-pre-stop", tw_lint_grace,
		"a preStop hook that outlasts the grace period"},
	{"timeout-shorter-than-inner", tw_lint_timeouts,
		"a caller that gives up before its callee's own tries end"},
	{"retries-never-happen", tw_lint_tries,
		"a timeout that leaves no time for the retries beside it"},
	{"try-longer-than-all", tw_lint_try_timeouts,
		"a try that may take longer than all tries together"},
	{"retries-repeat-effects", tw_lint_effects,
		"retries of requests that may have had their effect already"},
	{"route-shadowed", tw_lint_shadows,
		"a route that no request reaches, since one before it takes "
		"all"},
	{"header-not-passed-on", tw_lint_headers,
		"a route inside that asks for a header which no caller sends"},
	{"retry-amplification", tw_lint_retries,
		"retries that multiply along a path"},
	{"pool-too-small", tw_lint_pools,
		"fewer workers than the traffic keeps busy"},
	{"breaker-below-load", tw_lint_bounds,
		"a circuit breaker, bulkhead or pool of connections with less "
		"room than the traffic needs"},
	{"limit-below-load", tw_lint_limits,
		"a rate limit below what the traffic brings"},
	{"panic-undoes-ejection", tw_lint_panic,
		"outlier detection that may eject so many replicas that all "
		"are used again"},
	{"budget-without-retries", tw_lint_budgets,
		"a retry budget, or throttling, where nothing is tried again"},
	{"connect-outlasts-timeout", tw_lint_connects,
		"a connect timeout beyond the try's, so that a dead replica "
		"costs the whole of it"},
	{"key-not-sent", tw_lint_keys,
		"balancing by a key that the requests do not have"},
	{"affinity-not-used", tw_lint_affinity,
		"a Service's sessionAffinity where an ingress knows its pods"},
	{"weights-not-used", tw_lint_weights,
		"weights of replicas beside a balancer that knows none"},
	{"queue-too-small", tw_lint_queues,
		"workers and a queue that cannot hold what callers can send"},
	{"ejection-leaves-nobody", tw_lint_ejections,
		"outlier detection that may eject every replica"},
	{"retries-never-granted", tw_lint_grants,
		"retries beside a circuit breaker that allows none"},
	{"cpu-limit-too-low", tw_lint_cpu,
		"a CPU limit that throttles one request by itself"},
	{"memory-limit-too-low", tw_lint_memory,
		"a memory limit that the model's memory is beyond at once"},
	{"memory-limit-not-used", tw_lint_unused_limits,
		"a model's memory limit where the manifest has one"},
	{"autoscaler-target", tw_lint_scaler_targets,
		"an autoscaler of a workload that is not there, or that "
		"another one scales, too"},
	{"autoscaler-blind", tw_lint_blind_scalers,
		"an autoscaler that can read nothing: no requests, no "
		"metrics-server"},
	{"autoscaler-never-up", tw_lint_stuck_scalers,
		"an autoscaler whose limits or bounds keep it where it is"},
	{"autoscaler-no-room", tw_lint_scaler_room,
		"more pods than all nodes together hold"},
	{"vpa-target", tw_lint_vertical_targets,
		"a VerticalPodAutoscaler of a workload that is not there, or "
		"that another one is about, too"},
	{"vpa-against-autoscaler", tw_lint_vertical_rivals,
		"a VerticalPodAutoscaler of the resource that an autoscaler "
		"scales by"},
	{"vpa-never-evicts", tw_lint_vertical_idle,
		"a VerticalPodAutoscaler that cannot do what its mode says"},
	{"vpa-below-request", tw_lint_vertical_bounds,
		"a maxAllowed below what the manifest requests"},
	{"vpa-no-room", tw_lint_vertical_room,
		"a recommendation that no node has room for"},
	{"budget-blocks-drains", tw_lint_disruptions,
		"a PodDisruptionBudget that allows no eviction even where all "
		"is well"},
	{"budget-covers-nothing", tw_lint_idle_budgets,
		"a PodDisruptionBudget whose selector no pod has"},
	{"budgets-overlap", tw_lint_double_budgets,
		"pods that more than one PodDisruptionBudget covers"},
	{"priority-not-declared", tw_lint_priorities,
		"a priorityClassName that no manifest declares"},
	{"surge-no-room", tw_lint_surges,
		"a rollout that waits for a surge which no node has room for"},
	{"policy-selects-nothing", tw_lint_idle_policies,
		"a NetworkPolicy whose podSelector no pod has"},
	{"policy-peer-nobody", tw_lint_policy_peers,
		"a peer of a NetworkPolicy that is no pod of its namespace"},
	{"policy-port-unknown", tw_lint_policy_ports,
		"a port name in a NetworkPolicy that no pod opens"},
	{"volume-shared", tw_lint_shared_volumes,
		"pods that share a volume which one node at a time can have"},
	{"volume-blocks-rollout", tw_lint_surging_volumes,
		"a rollout whose new pod waits for the volume of the old one"},
	{"claim-unbound", tw_lint_unbound_claims,
		"a PersistentVolumeClaim that nothing can bind"},
	{"claim-not-declared", tw_lint_missing_claims,
		"a claim of pods that no manifest declares"},
	{"name-amplified", tw_lint_names,
		"a host outside the cluster that each look-up seeks in the "
		"cluster first (ndots)"},
	{"call-cut-off", tw_lint_reach,
		"a call that a NetworkPolicy drops, or whose caller cannot "
		"look up names"},
	{NULL, NULL, NULL},
};

void tw_lint(const struct tw_spec *spec, const struct tw_model *model,
	struct tw_diags *diags)
{
	const struct tw_lint_context context = {spec, model, diags, NULL, 0};

	for (const struct tw_lint_rule *it = tw_lint_rules; it->name; it++)
		it->check(&context);
}

void tw_lint_load(const struct tw_spec *spec, const struct tw_model *model,
	const struct tw_lint_rate *rates, size_t n, struct tw_diags *diags)
{
	const struct tw_lint_context context = {spec, model, diags, rates, n};

	tw_lint_pools(&context);
	tw_lint_bounds(&context);
	tw_lint_limits(&context);
}

static bool is_at(const struct tw_diag *diag, struct tw_pos pos)
{
	return diag->pos.line == pos.line && diag->pos.column == pos.column &&
	       diag->pos.file && pos.file && !strcmp(diag->pos.file, pos.file);
}

struct tw_diag *tw_lint_find(const struct tw_lint_context *context,
	const char *rule, const char *alias, const struct tw_origin *origin,
	const char *format, ...)
{
	struct tw_pos pos = origin ? origin->pos : (struct tw_pos){0};
	struct tw_diag *diag;
	char text[512];
	va_list args;

	for (size_t i = 0; alias && i < context->diags->list.n; i++) {
		diag = context->diags->list.v[i];
		if (diag->rule && is_at(diag, pos) &&
			(!strcmp(diag->rule, rule) ||
				!strcmp(diag->rule, alias))) {
			diag->rule = rule;
			return diag;
		}
	}
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	diag = tw_diag(context->diags, TW_WARNING, pos, "%s", text);
	diag->rule = rule;
	return diag;
}

bool tw_lint_has_workloads(const struct tw_spec *spec, const char *namespace)
{
	for (size_t i = 0; i < spec->workloads.n; i++) {
		const struct tw_spec_workload *it = spec->workloads.v[i].value;

		if (!strcmp(it->namespace, namespace))
			return true;
	}
	return false;
}

bool tw_lint_has_services(const struct tw_spec *spec, const char *namespace)
{
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *it = spec->services.v[i].value;

		if (it->has_object && !strcmp(it->namespace, namespace))
			return true;
	}
	return false;
}

const struct tw_spec_service *tw_lint_service(
	const struct tw_spec *spec, const char *key)
{
	const struct tw_spec_service *it =
		key ? tw_map_get(&spec->services, key) : NULL;

	return it && (it->has_object || it->endpoints.n) ? it : NULL;
}
