/*
 * Autoscalers that cannot do what they are there for.
 */
#include "harness/lint/rules.h"

#include <string.h>

static bool is_resource(const struct tw_spec_hpa_metric *metric)
{
	return metric->source == TW_HPA_RESOURCE ||
	       metric->source == TW_HPA_CONTAINER;
}

static bool is(const struct tw_text *text, const char *word)
{
	return text->v && !strcmp(text->v, word);
}

/* Whether a container's request is needed for the metric. */
static bool counts(const struct tw_spec_hpa_metric *metric,
	const struct tw_spec_container *container)
{
	if (container->is_init && !container->is_sidecar)
		return false;
	return !metric->container.v ||
	       !strcmp(metric->container.v, container->name);
}

struct amounts {
	int64_t request, limit;
	bool bounded; /* each container has a limit */
	const struct tw_spec_container *lacks;
};

/* Of all containers that count; a limit alone is the request, too. */
static struct amounts amounts_of(const struct tw_spec_workload *workload,
	const struct tw_spec_hpa_metric *metric)
{
	bool cpu = is(&metric->name, "cpu");
	struct amounts to = {.bounded = true};

	for (size_t i = 0; i < workload->containers.n; i++) {
		const struct tw_spec_container *it = workload->containers.v[i];
		struct tw_int request =
			cpu ? it->cpu_request : it->memory_request;
		struct tw_int limit = cpu ? it->cpu_limit : it->memory_limit;

		if (!counts(metric, it))
			continue;
		if (!request.origin && !limit.origin && !to.lacks)
			to.lacks = it;
		to.bounded &= limit.origin != NULL;
		to.request += tw_int_or(request, tw_int_or(limit, 0));
		to.limit += tw_int_or(limit, 0);
	}
	return to;
}

/* ---- blind ---------------------------------------------------------- */

static void check_requests(const struct tw_lint_context *c,
	const struct tw_spec_autoscaler *scaler,
	const struct tw_spec_workload *workload,
	const struct tw_spec_hpa_metric *metric)
{
	struct amounts amounts = amounts_of(workload, metric);
	bool own = is(&metric->name, "cpu")
			   ? workload->cpu_request.origin != NULL
			   : workload->memory_request.origin != NULL;
	struct tw_diag *diag;

	if (!amounts.lacks || own || !metric->utilization.origin)
		return;
	diag = tw_lint_find(c, "autoscaler-blind", NULL, metric->origin,
		"%s scales %s by a percentage of its %s request, and the "
		"container %s requests none",
		scaler->key, workload->key,
		metric->name.v ? metric->name.v : "", amounts.lacks->name);
	diag->why = "each sync fails (FailedGetResourceMetric: missing "
		    "request), and the number of pods stays as it is";
	diag->hint = "give every container of the pod resources.requests, or "
		     "scale by averageValue";
}

static void check_server(const struct tw_lint_context *c,
	const struct tw_spec_autoscaler *scaler,
	const struct tw_spec_hpa_metric *metric)
{
	struct tw_diag *diag;

	if (tw_int_or(c->spec->autoscaling.metrics_server, 1))
		return;
	diag = tw_lint_find(c, "autoscaler-blind", NULL, metric->origin,
		"%s scales by %s, and the cluster has no metrics-server",
		scaler->key, metric->name.v ? metric->name.v : "");
	diag->why = "there is nothing to be read: the number of pods stays as "
		    "it is";
	diag->hint = "install metrics-server";
}

void tw_lint_blind_scalers(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->autoscalers.n; i++) {
		const struct tw_spec_autoscaler *it = c->spec->autoscalers.v[i];
		const struct tw_spec_workload *workload =
			tw_spec_scaled(c->spec, it);

		for (size_t m = 0; m < it->metrics.n; m++) {
			if (!is_resource(&it->metrics.v[m]))
				continue;
			if (workload)
				check_requests(
					c, it, workload, &it->metrics.v[m]);
			check_server(c, it, &it->metrics.v[m]);
		}
	}
}

/* ---- out of reach ---------------------------------------------------- */

/* The most that it can ever read is its limits' share of the requests. */
static void check_reach(const struct tw_lint_context *c,
	const struct tw_spec_autoscaler *scaler,
	const struct tw_spec_workload *workload,
	const struct tw_spec_hpa_metric *metric)
{
	struct amounts amounts = amounts_of(workload, metric);
	double tolerance = tw_real_or(scaler->up.tolerance,
		tw_real_or(c->spec->autoscaling.tolerance, TW_HPA_TOLERANCE));
	int64_t most;
	struct tw_diag *diag;

	if (!metric->utilization.origin || !amounts.bounded || !amounts.request)
		return;
	most = amounts.limit * 100 / amounts.request;
	if ((double)most > (double)metric->utilization.v * (1 + tolerance))
		return;
	diag = tw_lint_find(c, "autoscaler-never-up", NULL, metric->origin,
		"%s scales %s up where its %s is more than %lld%% of the "
		"request and %.3g%% beyond; its limits let it reach %lld%%",
		scaler->key, workload->key,
		metric->name.v ? metric->name.v : "",
		(long long)metric->utilization.v, tolerance * 100,
		(long long)most);
	diag->why = "it never scales up by this metric";
	diag->hint = "lower the target, or raise the limit";
}

static void check_bounds(const struct tw_lint_context *c,
	const struct tw_spec_autoscaler *scaler,
	const struct tw_spec_workload *workload)
{
	struct tw_int replicas = workload->replicas;
	int64_t min, max;
	struct tw_diag *diag;

	tw_spec_scaler_bounds(scaler, &min, &max);
	if (min == max) {
		diag = tw_lint_find(c, "autoscaler-never-up", NULL,
			scaler->max.origin ? scaler->max.origin
					   : scaler->origin,
			"%s scales %s between %lld and %lld", scaler->key,
			workload->key, (long long)min, (long long)max);
		diag->why = "it does nothing";
		diag->hint = "raise the maximum";
	}
	if (!replicas.origin || !replicas.v ||
		(replicas.v >= min && replicas.v <= max))
		return;
	diag = tw_lint_find(c, "autoscaler-against-manifest", NULL,
		replicas.origin,
		"replicas: %lld, and %s keeps %s between %lld and %lld",
		(long long)replicas.v, scaler->key, workload->key,
		(long long)min, (long long)max);
	diag->why = "each time that the manifest is applied the size jumps "
		    "there, and back at the next sync";
	diag->hint = "leave `replicas` out";
}

void tw_lint_stuck_scalers(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->autoscalers.n; i++) {
		const struct tw_spec_autoscaler *it = c->spec->autoscalers.v[i];
		const struct tw_spec_workload *workload =
			tw_spec_scaled(c->spec, it);

		if (!workload)
			continue;
		check_bounds(c, it, workload);
		for (size_t m = 0; m < it->metrics.n; m++)
			if (is_resource(&it->metrics.v[m]) &&
				is(&it->metrics.v[m].name, "cpu"))
				check_reach(c, it, workload, &it->metrics.v[m]);
	}
}

/* ---- what it scales ---------------------------------------------------- */

static void check_rivals(const struct tw_lint_context *c, size_t i)
{
	const struct tw_spec_autoscaler *it = c->spec->autoscalers.v[i];
	const struct tw_spec_workload *workload = tw_spec_scaled(c->spec, it);
	struct tw_diag *diag;

	for (size_t k = 0; workload && k < i; k++) {
		if (tw_spec_scaled(c->spec, c->spec->autoscalers.v[k]) !=
			workload)
			continue;
		diag = tw_lint_find(c, "autoscaler-target", NULL, it->origin,
			"%s and %s both scale %s",
			c->spec->autoscalers.v[k]->key, it->key, workload->key);
		diag->why = "Kubernetes stops both (AmbiguousSelector), and so "
			    "does the twin";
		diag->hint = "keep one, with the metrics of both";
	}
}

void tw_lint_scaler_targets(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->autoscalers.n; i++) {
		const struct tw_spec_autoscaler *it = c->spec->autoscalers.v[i];
		struct tw_diag *diag;

		check_rivals(c, i);
		if (!it->target_name.v || tw_spec_scaled(c->spec, it) ||
			!tw_lint_has_workloads(c->spec, it->namespace))
			continue;
		diag = tw_lint_find(c, "autoscaler-target", NULL,
			it->target_name.origin,
			"%s scales the %s %s/%s, which is not there", it->key,
			it->target_kind.v ? it->target_kind.v : "workload",
			it->namespace, it->target_name.v);
		diag->why = "it does nothing (FailedGetScale)";
		diag->hint = "the kind and the name of a workload of its own "
			     "namespace";
	}
}

/* ---- room ------------------------------------------------------------ */

/* CPU of all nodes, thousandths; < 0: some node is without bound. */
static int64_t cores_of(const struct tw_model *model)
{
	int64_t sum = 0;

	for (uint32_t n = 0; n < model->n_nodes; n++) {
		if (model->nodes[n].assumed || model->nodes[n].cpu >= INT32_MAX)
			return -1;
		sum += model->nodes[n].cpu;
	}
	return sum;
}

void tw_lint_scaler_room(const struct tw_lint_context *c)
{
	int64_t cores = c->model ? cores_of(c->model) : -1;

	for (uint32_t i = 0; cores > 0 && i < c->model->n_autoscalers; i++) {
		const struct tw_autoscaler *it = &c->model->autoscalers[i];
		const struct tw_workload *workload =
			&c->model->workloads[it->workload];
		int64_t each = c->model->revisions[workload->revision].cpu;
		struct tw_diag *diag;

		if (each * it->max <= cores)
			continue;
		diag = tw_lint_find(c, "autoscaler-no-room", NULL,
			workload->spec ? workload->spec->origin : NULL,
			"%s may scale %s to %lld pods of %lldm CPU, and all "
			"nodes together have %lldm",
			it->name, workload->name, (long long)it->max,
			(long long)each, (long long)cores);
		diag->why = "pods beyond that stay Pending";
		diag->hint = "lower maxReplicas, or let nodes grow";
	}
}
