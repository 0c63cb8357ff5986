/*
 * Autoscalers: what they scale, within which bounds, and what their metrics
 * are in the twin.
 */
#include "twins/model/build.h"

#include "twins/base/hash.h"
#include "twins/model/cgroup.h"

#include <string.h>

/* Names of pods cost memory; who asks for more than that means "many". */
#define MOST_PODS 10000

/* ---- before there are pods ------------------------------------------ */

void build_growth(struct build *b)
{
	for (size_t i = 0; i < b->spec->autoscalers.n; i++) {
		const struct tw_spec_autoscaler *it = b->spec->autoscalers.v[i];
		struct tw_spec_workload *workload = tw_spec_scaled(b->spec, it);
		int64_t min, max;

		if (!workload)
			continue;
		tw_spec_scaler_bounds(it, &min, &max);
		tw_spec_may_grow(
			b->spec, workload, max < MOST_PODS ? max : MOST_PODS);
		if (workload->replaces)
			tw_spec_may_grow(b->spec, workload->replaces,
				max < MOST_PODS ? max : MOST_PODS);
	}
	for (size_t i = 0; i < b->spec->verticals.n; i++)
		if (tw_spec_vertical_target(b->spec, b->spec->verticals.v[i]))
			tw_spec_manage(b->spec);
}

int64_t build_initial(const struct build *b,
	const struct tw_spec_workload *workload, int64_t n)
{
	const struct tw_spec_autoscaler *it =
		n > 0 ? tw_spec_scaler_of(b->spec, workload) : NULL;
	int64_t min, max;

	if (!it)
		return n;
	tw_spec_scaler_bounds(it, &min, &max);
	if (n < min)
		n = min;
	return n > max ? max : n;
}

/* ---- metrics -------------------------------------------------------- */

bool build_knows_cpu(const struct build *b, const struct tw_workload *workload)
{
	const struct tw_spec_service *service =
		workload->service == TW_NONE
			? NULL
			: b->services[workload->service].spec;

	return (service && tw_spec_computes(&service->endpoints)) ||
	       (workload->spec && tw_spec_computes(&workload->spec->behaviour));
}

bool build_knows_memory(
	const struct build *b, const struct tw_workload *workload)
{
	const struct tw_service *it =
		workload->service == TW_NONE
			? NULL
			: &b->model->services[workload->service];

	return it && (it->memory_base || it->memory_request || it->memory_leak);
}

static void unknown(struct build *b, const struct tw_spec_autoscaler *scaler,
	const struct tw_origin *at, const char *what, const char *hint)
{
	struct tw_diag *d = tw_diag(b->diags, TW_WARNING, build_pos(at),
		"the twin does not know %s: the autoscaler %s does without",
		what, scaler->key);

	d->rule = "autoscaler-unknown-metric";
	d->hint = hint;
}

/* A container beside the main one does nothing in the twin. */
static bool is_main(
	const struct tw_workload *workload, const struct tw_text *container)
{
	const struct tw_spec_container *main =
		workload->spec ? tw_main_container(workload->spec) : NULL;

	return !container->v || (main && !strcmp(main->name, container->v));
}

static bool set_resource(struct build *b, const struct tw_spec_autoscaler *from,
	const struct tw_spec_hpa_metric *metric,
	const struct tw_workload *workload, struct tw_autoscaler_metric *to)
{
	const char *name = to->name ? to->name : "";

	to->is_cpu = !strcmp(name, "cpu");
	to->is_memory = !strcmp(name, "memory");
	if (!is_main(workload, &metric->container)) {
		unknown(b, from, metric->origin,
			tw_arena_printf(&b->model->arena,
				"what the container %s of %s uses",
				metric->container.v, workload->name),
			"of a pod's containers the main one is modelled");
		return false;
	}
	if (to->is_cpu && build_knows_cpu(b, workload))
		return true;
	if (to->is_memory && build_knows_memory(b, workload))
		return true;
	unknown(b, from, metric->origin,
		tw_arena_printf(&b->model->arena, "the %s use of %s", name,
			workload->name),
		to->is_cpu ? "give its endpoints a cpu step in a twin model"
			   : "give it memory: {base: …} in a twin model");
	return false;
}

static bool set_measure(struct build *b, const struct tw_spec_autoscaler *from,
	const struct tw_spec_hpa_metric *metric,
	const struct tw_workload *workload, struct tw_autoscaler_metric *to)
{
	const struct tw_spec_metric *is =
		to->name ? tw_map_get(&b->spec->metrics, to->name) : NULL;

	if (!is) {
		unknown(b, from, metric->origin,
			tw_arena_printf(&b->model->arena, "the metric %s",
				to->name ? to->name : "without a name"),
			"say what it is in a twin model: metrics: {NAME: "
			"{measure: request-rate}}");
		return false;
	}
	to->service = workload->service;
	if (is->value.origin) {
		to->measure = TW_MEASURE_VALUE;
		to->value = (int64_t)(is->value.v * 1000);
		return true;
	}
	to->measure = (enum tw_measure)tw_int_or(is->measure, 0);
	if (is->service.v) {
		to->service = tw_model_service(b->model, is->service.v);
		if (to->service == TW_NONE) {
			struct tw_diag *d = tw_diag(b->diags, TW_ERROR,
				build_pos(is->service.origin),
				"there is no service '%s'", is->service.v);

			d->hint = "the service whose requests are counted";
			return false;
		}
	}
	return to->service != TW_NONE;
}

static bool set_metric(struct build *b, const struct tw_spec_autoscaler *from,
	const struct tw_spec_hpa_metric *metric,
	const struct tw_workload *workload, struct tw_autoscaler_metric *to)
{
	*to = (struct tw_autoscaler_metric){.source = metric->source,
		.name = metric->name.v,
		.object = metric->object.v,
		.container = metric->container.v,
		.type = TW_HPA_VALUE,
		.target = metric->value.v,
		.activation = tw_int_or(metric->activation, 0),
		.service = TW_NONE};
	if (metric->utilization.origin) {
		to->type = TW_HPA_UTILIZATION;
		to->target = metric->utilization.v;
	} else if (metric->average_value.origin) {
		to->type = TW_HPA_AVERAGE_VALUE;
		to->target = metric->average_value.v;
	}
	if (to->target <= 0) /* the readers have told */
		return false;
	if (to->source == TW_HPA_RESOURCE || to->source == TW_HPA_CONTAINER)
		return set_resource(b, from, metric, workload, to);
	return set_measure(b, from, metric, workload, to);
}

/* ---- behaviour ------------------------------------------------------ */

static enum tw_hpa_select select_of(const struct tw_text *text)
{
	if (text->v && !strcmp(text->v, "Min"))
		return TW_HPA_MIN;
	return text->v && !strcmp(text->v, "Disabled") ? TW_HPA_DISABLED
						       : TW_HPA_MAX;
}

static void set_rules(struct build *b, const struct tw_spec_hpa_rules *from,
	bool up, struct tw_hpa_rules *to)
{
	struct tw_hpa_policy *policies;

	tw_hpa_default_rules(up, to);
	if (!up) /* that of the controller, where it says nothing */
		to->window = b->model->autoscaling.downscale;
	to->select = select_of(&from->select);
	to->window = tw_int_or(from->window, to->window);
	if (!from->has_policies)
		return;
	to->n = from->policies.n;
	policies =
		tw_new_array(&b->model->arena, to->n + 1, struct tw_hpa_policy);
	for (size_t i = 0; i < to->n; i++) {
		const struct tw_spec_hpa_policy *it = &from->policies.v[i];

		policies[i] = (struct tw_hpa_policy){
			.percent = it->type.v && !strcmp(it->type.v, "Percent"),
			.value = it->value.v,
			.period = tw_int_or(it->period, 15 * TW_S)};
	}
	to->policies = policies;
}

/* ---- the autoscalers ------------------------------------------------ */

static uint32_t workload_of(
	const struct build *b, const struct tw_spec_workload *workload)
{
	for (uint32_t w = 0; w < b->model->n_workloads; w++)
		if (b->model->workloads[w].spec == workload)
			return w;
	return TW_NONE;
}

/* Two that scale one workload: neither does (horizontal.go, since 1.27:
 * AmbiguousSelector). */
static bool is_alone(const struct build *b, size_t i)
{
	const struct tw_spec_autoscaler *it = b->spec->autoscalers.v[i];

	for (size_t k = 0; k < b->spec->autoscalers.n; k++)
		if (k != i && tw_spec_scaled(b->spec, it) ==
				      tw_spec_scaled(b->spec,
					      b->spec->autoscalers.v[k]))
			return false;
	return true;
}

static void fill(struct build *b, const struct tw_spec_autoscaler *from,
	uint32_t workload, struct tw_autoscaler *to)
{
	struct tw_autoscaler_metric *metrics = tw_new_array(&b->model->arena,
		from->metrics.n + 1, struct tw_autoscaler_metric);
	double tolerance =
		tw_real_or(b->spec->autoscaling.tolerance, TW_HPA_TOLERANCE);
	bool keda = !strcmp(from->kind, "ScaledObject");

	*to = (struct tw_autoscaler){.name = from->key,
		.kind = from->kind,
		.hash = tw_hash_name(from->key),
		.workload = workload,
		.up_tolerance = tw_real_or(from->up.tolerance, tolerance),
		.down_tolerance = tw_real_or(from->down.tolerance, tolerance),
		.has_behavior = from->has_behavior,
		.metrics = metrics,
		.wakes = keda &&
			 (tw_int_or(from->min, 0) == 0 || from->idle.origin),
		.idle = tw_int_or(from->idle, 0),
		.polling = tw_int_or(from->polling, TW_KEDA_POLLING),
		.cooldown = tw_int_or(from->cooldown, TW_KEDA_COOLDOWN)};
	tw_spec_scaler_bounds(from, &to->min, &to->max);
	if (to->max > MOST_PODS)
		to->max = MOST_PODS;
	set_rules(b, &from->up, true, &to->up);
	set_rules(b, &from->down, false, &to->down);
	for (size_t i = 0; i < from->metrics.n; i++)
		to->n_metrics += set_metric(b, from, &from->metrics.v[i],
			&b->model->workloads[workload],
			&metrics[to->n_metrics]);
}

static void set_cluster(struct build *b)
{
	const struct tw_spec_autoscaling *from = &b->spec->autoscaling;

	b->model->autoscaling = (struct tw_autoscaling){
		.sync_period = tw_int_or(from->sync_period, TW_HPA_SYNC_PERIOD),
		.downscale = tw_int_or(
			from->downscale_stabilization, TW_HPA_DOWNSCALE),
		.cpu_init = tw_int_or(
			from->cpu_initialization_period, TW_HPA_CPU_INIT),
		.ready_delay = tw_int_or(
			from->initial_readiness_delay, TW_HPA_READINESS_DELAY),
		.metric_resolution = tw_int_or(
			from->metric_resolution, TW_METRIC_RESOLUTION),
		.scrape_interval =
			tw_int_or(from->scrape_interval, TW_SCRAPE_INTERVAL),
		.rate_window = tw_int_or(from->rate_window, TW_RATE_WINDOW),
		.metrics_server = tw_int_or(from->metrics_server, 1),
		.scan_interval =
			tw_int_or(from->scan_interval, TW_SCAN_INTERVAL),
		.unneeded_time =
			tw_int_or(from->unneeded_time, TW_UNNEEDED_TIME),
		.after_add = tw_int_or(from->delay_after_add, TW_AFTER_ADD),
		.least_used =
			tw_real_or(from->utilization_threshold, TW_LEAST_USED),
		.random_expander = tw_int_or(from->expander, 0)};
}

void build_autoscalers(struct build *b)
{
	struct tw_autoscaler *all = tw_new_array(&b->model->arena,
		b->spec->autoscalers.n + 1, struct tw_autoscaler);

	set_cluster(b);
	for (size_t i = 0; i < b->spec->autoscalers.n; i++) {
		const struct tw_spec_autoscaler *from =
			b->spec->autoscalers.v[i];
		const struct tw_spec_workload *spec =
			tw_spec_scaled(b->spec, from);
		uint32_t workload = spec ? workload_of(b, spec) : TW_NONE;

		/* What is wrong with it is told by the check's rules. */
		if (workload == TW_NONE || !is_alone(b, i))
			continue;
		fill(b, from, workload, &all[b->model->n_autoscalers++]);
	}
	b->model->autoscalers = all;
}
