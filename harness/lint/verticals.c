/*
 * VerticalPodAutoscalers that cannot do what they are there for, or that work
 * against something else.
 */
#include "harness/lint/rules.h"
#include "twins/cluster/versions.h"

#include <string.h>

static const char *const names[TW_VERTICAL_RESOURCES] = {"cpu", "memory"};

static bool updates(const struct tw_spec_vertical *it)
{
	return tw_spec_vertical_mode(it) >= TW_VERTICAL_RECREATE;
}

static const struct tw_origin *mode_of(const struct tw_spec_vertical *it)
{
	return it->mode.origin ? it->mode.origin : it->origin;
}

static const char *mode_text(const struct tw_spec_vertical *it)
{
	return it->mode.v ? it->mode.v : "Recreate";
}

static struct tw_int request_of(
	const struct tw_spec_container *it, int resource)
{
	bool cpu = resource == TW_VERTICAL_CPU;
	struct tw_int request = cpu ? it->cpu_request : it->memory_request;
	struct tw_int limit = cpu ? it->cpu_limit : it->memory_limit;

	return request.origin ? request : limit;
}

/* "350m", "391Mi". */
static const char *amount(
	const struct tw_lint_context *c, int64_t n, int resource)
{
	if (resource == TW_VERTICAL_CPU)
		return tw_arena_printf(&c->diags->arena, "%lldm", (long long)n);
	return tw_arena_printf(
		&c->diags->arena, "%lldMi", (long long)(n / (1024 * 1024)));
}

/* ---- what it is about ----------------------------------------------- */

static void check_rivals(const struct tw_lint_context *c,
	const struct tw_spec_vertical *it,
	const struct tw_spec_workload *workload)
{
	const struct tw_spec_vertical *first =
		tw_spec_vertical_of(c->spec, workload);
	struct tw_diag *diag;

	if (first == it)
		return;
	diag = tw_lint_find(c, "vpa-target", NULL, it->origin,
		"%s and %s are both about %s", first->key, it->key,
		workload->key);
	diag->why = "which of them acts is not to be relied on; in the twin "
		    "the first does";
	diag->hint = "keep one";
}

void tw_lint_vertical_targets(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->verticals.n; i++) {
		const struct tw_spec_vertical *it = c->spec->verticals.v[i];
		const struct tw_spec_workload *workload =
			tw_spec_vertical_target(c->spec, it);
		struct tw_diag *diag;

		if (workload) {
			check_rivals(c, it, workload);
			continue;
		}
		if (!it->target_name.v ||
			!tw_lint_has_workloads(c->spec, it->namespace))
			continue;
		diag = tw_lint_find(c, "vpa-target", NULL,
			it->target_name.origin,
			"%s is about the %s %s/%s, which is not there", it->key,
			it->target_kind.v ? it->target_kind.v : "workload",
			it->namespace, it->target_name.v);
		diag->why = "it does nothing (ConfigUnsupported)";
		diag->hint = "the kind and the name of a workload of its own "
			     "namespace";
	}
}

/* ---- against an autoscaler ------------------------------------------ */

static bool controls_any(const struct tw_spec_vertical *it,
	const struct tw_spec_workload *workload, int resource)
{
	for (size_t i = 0; i < workload->containers.n; i++)
		if (tw_spec_vertical_controls(it,
			    workload->containers.v[i]->name,
			    (enum tw_vertical_resource)resource))
			return true;
	return false;
}

static void check_metric(const struct tw_lint_context *c,
	const struct tw_spec_vertical *it,
	const struct tw_spec_autoscaler *scaler,
	const struct tw_spec_workload *workload,
	const struct tw_spec_hpa_metric *metric)
{
	for (int r = 0; r < TW_VERTICAL_RESOURCES; r++) {
		struct tw_diag *diag;

		if ((metric->source != TW_HPA_RESOURCE &&
			    metric->source != TW_HPA_CONTAINER) ||
			!metric->name.v || strcmp(metric->name.v, names[r]) ||
			!controls_any(it, workload, r))
			continue;
		diag = tw_lint_find(c, "vpa-against-autoscaler", NULL,
			metric->origin,
			"%s scales %s by its %s, and %s changes its %s request",
			scaler->key, workload->key, names[r], it->key,
			names[r]);
		diag->why = metric->utilization.origin
				    ? "the percentage is of the request that "
				      "VPA changes: each moves what the other "
				      "one looks at"
				    : "more pods use less each, so that VPA "
				      "takes away what the autoscaler "
				      "distributes";
		diag->hint = "controlledResources: without the resource that "
			     "it scales by, or another metric";
	}
}

void tw_lint_vertical_rivals(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->verticals.n; i++) {
		const struct tw_spec_vertical *it = c->spec->verticals.v[i];
		const struct tw_spec_workload *workload =
			tw_spec_vertical_target(c->spec, it);
		const struct tw_spec_autoscaler *scaler =
			workload ? tw_spec_scaler_of(c->spec, workload) : NULL;

		if (!scaler || tw_spec_vertical_mode(it) == TW_VERTICAL_OFF)
			continue;
		for (size_t m = 0; m < scaler->metrics.n; m++)
			check_metric(
				c, it, scaler, workload, &scaler->metrics.v[m]);
	}
}

/* ---- never ---------------------------------------------------------- */

/* As many as there are at most at first. */
static int64_t pods_of(
	const struct tw_spec *spec, const struct tw_spec_workload *workload)
{
	const struct tw_spec_autoscaler *scaler =
		tw_spec_scaler_of(spec, workload);
	int64_t n = tw_int_or(workload->replicas, 1), min, max;

	if (!scaler)
		return n;
	tw_spec_scaler_bounds(scaler, &min, &max);
	return n < min ? min : n;
}

static void check_pods(const struct tw_lint_context *c,
	const struct tw_spec_vertical *it,
	const struct tw_spec_workload *workload)
{
	int64_t least = tw_int_or(it->min_replicas,
		tw_int_or(c->spec->autoscaling.vpa_min_replicas,
			TW_VPA_MIN_REPLICAS));
	int64_t n = pods_of(c->spec, workload);
	struct tw_diag *diag;

	if (!strcmp(workload->kind, "DaemonSet") || n >= least || !n)
		return;
	diag = tw_lint_find(c, "vpa-never-evicts", NULL, mode_of(it),
		"%s is in mode %s, and %s has %lld pod%s: fewer than %lld are "
		"never evicted",
		it->key, mode_text(it), workload->key, (long long)n,
		n == 1 ? "" : "s", (long long)least);
	diag->why = "pods keep their requests until something else makes them "
		    "anew";
	diag->hint =
		"updatePolicy.minReplicas: 1, where a pause is allowed, or "
		"more replicas";
}

static void check_server(
	const struct tw_lint_context *c, const struct tw_spec_vertical *it)
{
	struct tw_diag *diag;

	if (tw_int_or(c->spec->autoscaling.metrics_server, 1))
		return;
	diag = tw_lint_find(c, "vpa-never-evicts", NULL, it->origin,
		"%s samples what pods use, and the cluster has no "
		"metrics-server",
		it->key);
	diag->why = "it recommends what its status says, or nothing";
	diag->hint = "install metrics-server";
}

static void check_in_place(
	const struct tw_lint_context *c, const struct tw_spec_vertical *it)
{
	int64_t release = tw_int_or(c->spec->kubernetes, TW_KUBERNETES);
	struct tw_diag *diag;

	if (tw_spec_vertical_mode(it) != TW_VERTICAL_IN_PLACE ||
		tw_kubernetes_of((int)release)->resizes_in_place)
		return;
	diag = tw_lint_find(c, "vpa-never-evicts", NULL, mode_of(it),
		"%s would resize pods as they run, which Kubernetes 1.%lld "
		"does not do",
		it->key, (long long)release);
	diag->why = "it evicts them, as in mode Recreate";
	diag->hint = "1.33 or later";
}

void tw_lint_vertical_idle(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->verticals.n; i++) {
		const struct tw_spec_vertical *it = c->spec->verticals.v[i];
		const struct tw_spec_workload *workload =
			tw_spec_vertical_target(c->spec, it);

		if (!workload)
			continue;
		check_server(c, it);
		if (!updates(it))
			continue;
		check_pods(c, it, workload);
		check_in_place(c, it);
	}
}

/* ---- bounds --------------------------------------------------------- */

static void check_request(const struct tw_lint_context *c,
	const struct tw_spec_vertical *it,
	const struct tw_spec_workload *workload,
	const struct tw_spec_container *container, int resource)
{
	const struct tw_spec_vertical_container *policy =
		tw_spec_vertical_policy(it, container->name);
	struct tw_int request = request_of(container, resource), max;
	struct tw_diag *diag;

	if (!policy || !tw_spec_vertical_controls(it, container->name,
			       (enum tw_vertical_resource)resource))
		return;
	max = policy->bounds[resource].max;
	if (!max.origin || !request.origin || max.v >= request.v)
		return;
	diag = tw_lint_find(c, "vpa-below-request", NULL, max.origin,
		"%s allows the container %s of %s %s %s at most, and its "
		"manifest requests %s",
		it->key, container->name, workload->key,
		amount(c, max.v, resource), names[resource],
		amount(c, request.v, resource));
	diag->why = "pods get less than the manifest says, whatever they use";
	diag->hint = "raise maxAllowed, or lower the request";
}

void tw_lint_vertical_bounds(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->verticals.n; i++) {
		const struct tw_spec_vertical *it = c->spec->verticals.v[i];
		const struct tw_spec_workload *workload =
			tw_spec_vertical_target(c->spec, it);

		if (!workload || tw_spec_vertical_mode(it) == TW_VERTICAL_OFF)
			continue;
		for (size_t k = 0; k < workload->containers.n; k++)
			for (int r = 0; !workload->containers.v[k]->is_init &&
					r < TW_VERTICAL_RESOURCES;
				r++)
				check_request(c, it, workload,
					workload->containers.v[k], r);
	}
}

/* ---- room ----------------------------------------------------------- */

/* What a pod has where its VPA says what it says at least: its status, within
 * the policy, or the policy's minimum. */
static int64_t admitted(const struct tw_vertical *it, int resource)
{
	int64_t sum = 0;

	for (uint32_t k = 0; k < it->n_containers; k++) {
		const struct tw_vertical_container *of = &it->containers[k];

		if (of->controls[resource])
			sum += of->first[resource].has
				       ? of->first[resource].target
				       : of->min[resource];
	}
	return sum;
}

static int64_t largest(const struct tw_model *model, int resource)
{
	int64_t most = 0;

	for (uint32_t n = 0; n < model->n_nodes; n++) {
		int64_t has = resource == TW_VERTICAL_CPU
				      ? model->nodes[n].cpu
				      : model->nodes[n].memory;

		if (model->nodes[n].assumed)
			return INT64_MAX;
		if (has > most)
			most = has;
	}
	return most;
}

void tw_lint_vertical_room(const struct tw_lint_context *c)
{
	for (uint32_t i = 0; c->model && i < c->model->n_verticals; i++) {
		const struct tw_vertical *it = &c->model->verticals[i];
		const struct tw_workload *workload =
			&c->model->workloads[it->workload];

		for (int r = 0; it->mode != TW_VERTICAL_OFF &&
				r < TW_VERTICAL_RESOURCES;
			r++) {
			int64_t most = largest(c->model, r);
			struct tw_diag *diag;

			if (admitted(it, r) <= most)
				continue;
			diag = tw_lint_find(c, "vpa-no-room", NULL,
				workload->spec ? workload->spec->origin : NULL,
				"%s recommends %s %s for a pod of %s, and the "
				"largest node has %s",
				it->name, amount(c, admitted(it, r), r),
				names[r], workload->name, amount(c, most, r));
			diag->why = "a pod that is made anew fits on no node "
				    "and stays Pending";
			diag->hint = "maxAllowed below what a node has";
		}
	}
}
