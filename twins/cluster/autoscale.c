#include "twins/cluster/autoscale.h"

#include "twins/cluster/hpa.h"
#include "twins/cluster/hpa_blind.h"
#include "twins/cluster/metrics.h"
#include "twins/cluster/versions.h"
#include "twins/cluster/workloads.h"
#include "twins/kernel/random.h"

#include <string.h>

/* Of one sync, its reads included: the drift of recorded runs of 1.26. */
#define SYNC_TAKES (60 * TW_MS)

enum look { LOOK_SYNC, LOOK_POLL };

struct scaler {
	struct tw_hpa_rule rule;
	struct tw_hpa_state state;
	struct tw_hpa_reading *readings; /* by metric */
	int64_t *values;		 /* by metric */
	struct tw_hpa_pod *pods;	 /* room for those of one metric */
	const int64_t **requests;	 /* by metric: of each revision */
	size_t n_pods;
	tw_time active;	 /* KEDA: when a trigger was last */
	const char *hpa; /* its HorizontalPodAutoscaler: KEDA makes one */
};

struct tw_autoscale {
	struct scaler *all; /* as model->autoscalers */
};

static void next(
	struct tw_world *world, uint32_t scaler, enum look look, tw_time at)
{
	tw_queue_schedule(&world->queue, at, TW_CLASS_WORLD, TW_EV_AUTOSCALE,
		scaler, look);
}

/* ---- what is said --------------------------------------------------- */

static void say_of(struct tw_world *world, const char *kind, const char *name,
	bool warning, const char *reason, const char *message)
{
	tw_world_tap(world, .kind = TW_TAP_SCALER, .service = TW_NONE,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE,
		.object_kind = kind, .object = name, .reason = reason,
		.cause = message, .warning = warning);
}

static void say(struct tw_world *world, uint32_t a, bool warning,
	const char *reason, const char *message)
{
	say_of(world, "HorizontalPodAutoscaler", world->autoscale->all[a].hpa,
		warning, reason, message);
}

/* "shop/api": "shop/keda-hpa-api" (KEDA, pkg/.../hpa.go, getDefaultHpaName). */
static const char *hpa_of(
	struct tw_world *world, const struct tw_autoscaler *model)
{
	const char *slash = strchr(model->name, '/');

	if (strcmp(model->kind, "ScaledObject") != 0 || !slash)
		return model->name;
	return tw_arena_printf(&world->arena, "%.*s/keda-hpa-%s",
		(int)(slash - model->name), model->name, slash + 1);
}

static struct tw_scaling *scaling_of(struct tw_world *world, uint32_t a)
{
	return &world->obs.scalings.v[a];
}

static void say_rescaled(struct tw_world *world, uint32_t a,
	const struct tw_hpa_decision *decision, int64_t was)
{
	struct tw_buf text = {0};

	tw_hpa_message(decision, world->autoscale->all[a].readings, was, &text);
	say(world, a, false, "SuccessfulRescale", tw_buf_text(&text));
	tw_buf_release(&text);
}

static void say_blind(struct tw_world *world, uint32_t a,
	const struct tw_hpa_decision *decision)
{
	const struct tw_hpa_reading *reading =
		&world->autoscale->all[a].readings[decision->first_invalid];
	struct tw_buf text = {0};

	tw_hpa_blind_text(world, a, reading, decision, &text);
	say(world, a, true, tw_hpa_failure_reason(reading, decision->error),
		tw_buf_text(&text));
	tw_buf_release(&text);
}

/* ---- what it reads -------------------------------------------------- */

static enum tw_hpa_phase phase_of(const struct tw_pod *pod)
{
	switch ((enum tw_pod_state)pod->state) {
	case TW_POD_RUNNING:
	case TW_POD_STOPPING:
		return TW_HPA_RUNNING;
	case TW_POD_ENDED:
		return pod->succeeded ? TW_HPA_SUCCEEDED : TW_HPA_FAILED;
	case TW_POD_ABSENT:
	case TW_POD_PENDING:
	case TW_POD_BOUND:
		break;
	}
	return TW_HPA_PENDING;
}

static struct tw_hpa_pod pod_of(const struct tw_world *world, uint32_t replica)
{
	const struct tw_pod *pod = tw_pod_of(world, replica);
	/* Those of the start have been there for long. */
	bool old = pod->created < 0;

	return (struct tw_hpa_pod){.phase = phase_of(pod),
		.deleting = pod->state == TW_POD_STOPPING,
		.has_condition = true,
		.ready = pod->ready,
		.has_start = old || pod->started,
		.start = old ? pod->created : pod->started,
		.ready_change = pod->ready_change > pod->started
					? pod->ready_change
					: pod->started};
}

/* What a pod of the revision asks for, thousandths; -1: one that is needed is
 * missing. A limit alone is the request, too (core/v1 defaults). */
static int64_t request_of(const struct tw_spec_workload *spec,
	const struct tw_autoscaler_metric *metric)
{
	struct tw_hpa_container *all =
		tw_calloc(spec ? spec->containers.n + 1 : 1, sizeof *all);
	struct tw_hpa_pod_level level = {0};
	int64_t sum;

	for (size_t i = 0; spec && i < spec->containers.n; i++) {
		const struct tw_spec_container *it = spec->containers.v[i];
		struct tw_int request =
			metric->is_cpu ? it->cpu_request : it->memory_request;
		struct tw_int limit =
			metric->is_cpu ? it->cpu_limit : it->memory_limit;

		all[i] = (struct tw_hpa_container){.name = it->name,
			.has_request = request.origin || limit.origin,
			.init = it->is_init,
			.sidecar = it->is_sidecar,
			.request = tw_int_or(request, tw_int_or(limit, 0)) *
				   (metric->is_cpu ? 1 : 1000)};
	}
	if (spec) {
		struct tw_int own = metric->is_cpu ? spec->cpu_request
						   : spec->memory_request;

		level.has_request = own.origin;
		level.request = own.v * (metric->is_cpu ? 1 : 1000);
	}
	if (!spec || !tw_hpa_request(all, spec->containers.n, metric->container,
			     level.has_request ? &level : NULL, &sum))
		sum = -1;
	tw_free(all);
	return sum;
}

static void read_pods(struct tw_world *world, uint32_t a, uint32_t m,
	uint32_t revision, int64_t request)
{
	const struct tw_revision *it = &world->model->revisions[revision];
	struct scaler *scaler = &world->autoscale->all[a];

	for (uint32_t i = 0; i < it->n_replicas; i++) {
		uint32_t r = it->first_replica + i;
		struct tw_hpa_pod *to = &scaler->pods[scaler->n_pods];
		int64_t own;

		if (tw_pod_of(world, r)->state == TW_POD_ABSENT)
			continue;
		*to = pod_of(world, r);
		own = request;
		if (world->resized && world->resized->of[r])
			own = request_of(world->resized->of[r]->resources,
				&world->model->autoscalers[a].metrics[m]);
		to->has_request = own >= 0;
		to->request = own;
		tw_metrics_of_pod(
			world, &world->model->autoscalers[a].metrics[m], r, to);
		scaler->n_pods++;
	}
}

/* One metric after the other uses the same room: the pods of each stand
 * behind those of the one before. */
static void read_metric(struct tw_world *world, uint32_t a, uint32_t m)
{
	const struct tw_autoscaler *model = &world->model->autoscalers[a];
	const struct tw_workload *workload =
		&world->model->workloads[model->workload];
	struct scaler *scaler = &world->autoscale->all[a];
	struct tw_hpa_reading *to = &scaler->readings[m];
	size_t from = scaler->n_pods;

	for (uint32_t i = 0; i < workload->n_revisions; i++)
		read_pods(world, a, m, workload->revisions[i],
			scaler->requests[m][i]);
	to->pods = scaler->pods + from;
	to->n_pods = scaler->n_pods - from;
	to->values = &scaler->values[m];
	to->n_values =
		tw_metrics_value(world, &model->metrics[m], &scaler->values[m]);
}

static bool can_read(const struct tw_world *world, uint32_t a)
{
	const struct tw_autoscaler *model = &world->model->autoscalers[a];

	for (uint32_t m = 0; m < model->n_metrics; m++) {
		tw_time from = tw_metrics_from(world, &model->metrics[m]);

		if (from != TW_NEVER && from > tw_world_now(world))
			return false;
	}
	return model->n_metrics;
}

/* ---- a sync --------------------------------------------------------- */

static void count(struct tw_world *world, uint32_t a,
	const struct tw_hpa_decision *decision)
{
	struct tw_scaling *it = scaling_of(world, a);
	int64_t wanted = decision->proposed;

	it->syncs++;
	it->blind += !decision->active.is && decision->invalid > 0;
	it->saturated += wanted > (int64_t)it->max;
	if (wanted > (int64_t)it->most_wanted)
		it->most_wanted = (uint32_t)wanted;
	if (!decision->rescale)
		return;
	if (!it->rescales++)
		it->first = tw_world_now(world);
	it->last = (uint32_t)decision->replicas;
	if (it->last > it->most)
		it->most = it->last;
}

static void sync(struct tw_world *world, uint32_t a)
{
	const struct tw_autoscaler *model = &world->model->autoscalers[a];
	struct scaler *scaler = &world->autoscale->all[a];
	struct tw_pod_counts pods = tw_workload_counts(world, model->workload);
	int64_t was = tw_managed_of(world, model->workload)->wanted;
	struct tw_hpa_decision decision;

	if (!can_read(world, a))
		return;
	scaler->n_pods = 0;
	for (uint32_t m = 0; m < model->n_metrics; m++)
		read_metric(world, a, m);
	tw_hpa_sync(&scaler->rule,
		&(struct tw_hpa_view){.readings = scaler->readings,
			.n = model->n_metrics,
			.spec_replicas = was,
			.status_replicas = tw_pods_active(&pods),
			.now = tw_world_now(world)},
		&scaler->state, &decision);
	if (decision.invalid)
		say_blind(world, a, &decision);
	if (decision.rescale && !tw_workload_scale(world, model->workload,
					(uint32_t)decision.replicas))
		decision.rescale = false;
	count(world, a, &decision);
	if (decision.rescale)
		say_rescaled(world, a, &decision, was);
}

/* ---- KEDA's operator ------------------------------------------------ */

/* Triggers by cpu and memory wake nobody: there is nobody to measure. */
static bool is_active(struct tw_world *world, uint32_t a)
{
	const struct tw_autoscaler *model = &world->model->autoscalers[a];

	for (uint32_t m = 0; m < model->n_metrics; m++) {
		const struct tw_autoscaler_metric *it = &model->metrics[m];
		int64_t value;

		if (!it->is_cpu && !it->is_memory &&
			tw_metrics_value(world, it, &value) &&
			value > it->activation)
			return true;
	}
	return false;
}

static void set_size(struct tw_world *world, uint32_t a, int64_t n,
	const char *reason, const char *verb)
{
	const struct tw_autoscaler *model = &world->model->autoscalers[a];
	int64_t was = tw_managed_of(world, model->workload)->wanted;
	struct tw_buf text = {0};

	if (!tw_workload_scale(world, model->workload, (uint32_t)n))
		return;
	tw_buf_printf(&text, "%s from %lld to %lld", verb, (long long)was,
		(long long)n);
	say_of(world, model->kind, model->name, false, reason,
		tw_buf_text(&text));
	tw_buf_release(&text);
}

static void poll(struct tw_world *world, uint32_t a)
{
	const struct tw_autoscaler *model = &world->model->autoscalers[a];
	struct scaler *scaler = &world->autoscale->all[a];
	int64_t has = tw_managed_of(world, model->workload)->wanted;
	tw_time now = tw_world_now(world);

	if (!can_read(world, a))
		return;
	if (is_active(world, a)) {
		scaler->active = now;
		if (has <= model->idle)
			set_size(world, a,
				model->min > model->idle ? model->min
							 : model->idle + 1,
				"KEDAScaleTargetActivated",
				"Scaled up the target");
	} else if (has > model->idle &&
		   now - scaler->active >= model->cooldown) {
		set_size(world, a, model->idle, "KEDAScaleTargetDeactivated",
			"Deactivated the target");
	}
}

bool tw_autoscale_event(struct tw_world *world, const struct tw_event *event)
{
	const struct tw_autoscaler *model;

	if (event->kind != TW_EV_AUTOSCALE)
		return tw_metrics_event(world, event);
	model = &world->model->autoscalers[event->a];
	if (event->b == LOOK_POLL) {
		poll(world, event->a);
		next(world, event->a, LOOK_POLL,
			tw_world_now(world) + model->polling);
		return true;
	}
	sync(world, event->a);
	next(world, event->a, LOOK_SYNC,
		tw_world_now(world) + world->model->autoscaling.sync_period +
			SYNC_TAKES);
	return true;
}

/* ---- the beginning -------------------------------------------------- */

static void init_metric(
	struct tw_world *world, struct scaler *to, uint32_t a, uint32_t m)
{
	const struct tw_autoscaler *model = &world->model->autoscalers[a];
	const struct tw_workload *workload =
		&world->model->workloads[model->workload];
	const struct tw_autoscaler_metric *it = &model->metrics[m];
	int64_t *requests =
		tw_new_array(&world->arena, workload->n_revisions, int64_t);

	for (uint32_t i = 0; i < workload->n_revisions; i++)
		requests[i] = request_of(
			world->model->revisions[workload->revisions[i]]
				.resources,
			it);
	to->requests[m] = requests;
	to->readings[m] = (struct tw_hpa_reading){.source = it->source,
		.type = it->type,
		.target = it->target,
		.name = it->name,
		.object = it->object};
}

static void init_scaler(struct tw_world *world, uint32_t a)
{
	const struct tw_autoscaler *model = &world->model->autoscalers[a];
	const struct tw_autoscaling *cluster = &world->model->autoscaling;
	const struct tw_workload *workload =
		&world->model->workloads[model->workload];
	const struct tw_revision *revisions = world->model->revisions;
	struct scaler *to = &world->autoscale->all[a];
	size_t pods = 0;

	to->hpa = hpa_of(world, model);
	for (uint32_t i = 0; i < workload->n_revisions; i++)
		pods += revisions[workload->revisions[i]].n_replicas;
	to->rule = (struct tw_hpa_rule){.min = model->min,
		.max = model->max,
		.up = model->has_behavior ? &model->up : NULL,
		.down = model->has_behavior ? &model->down : NULL,
		.tolerance = {model->up_tolerance, model->down_tolerance,
			tw_kubernetes_of(world->model->kubernetes)
				->tolerance_by_difference},
		.timing = {cluster->cpu_init, cluster->ready_delay},
		.downscale = cluster->downscale};
	to->readings = tw_new_array(
		&world->arena, model->n_metrics + 1, struct tw_hpa_reading);
	to->values = tw_new_array(&world->arena, model->n_metrics + 1, int64_t);
	to->requests = tw_new_array(
		&world->arena, model->n_metrics + 1, const int64_t *);
	to->pods = tw_new_array(
		&world->arena, pods * model->n_metrics + 1, struct tw_hpa_pod);
	for (uint32_t m = 0; m < model->n_metrics; m++)
		init_metric(world, to, a, m);
	tw_vec_push(&world->obs.scalings,
		((struct tw_scaling){
			.name = tw_observation_name(&world->obs, model->name),
			.workload = tw_observation_name(
				&world->obs, workload->name),
			.min = (uint32_t)(model->wakes ? model->idle
						       : model->min),
			.max = (uint32_t)model->max,
			.had = workload->had,
			.most = workload->had,
			.last = workload->had}));
}

/* Somewhere in its first period, as its name has it. */
static tw_time first_of(
	const struct tw_world *world, uint64_t hash, tw_time period, uint32_t n)
{
	return period - (tw_time)((double)period *
				  tw_draw(world->seed, hash, TW_DRAW_PHASE, n));
}

void tw_autoscale_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;

	if (!model->n_autoscalers)
		return;
	tw_metrics_init(world);
	world->autoscale = tw_new(&world->arena, struct tw_autoscale);
	world->autoscale->all = tw_new_array(
		&world->arena, model->n_autoscalers, struct scaler);
	for (uint32_t a = 0; a < model->n_autoscalers; a++) {
		const struct tw_autoscaler *it = &model->autoscalers[a];

		init_scaler(world, a);
		next(world, a, LOOK_SYNC,
			first_of(world, it->hash,
				model->autoscaling.sync_period, 0));
		if (it->wakes)
			next(world, a, LOOK_POLL,
				first_of(world, it->hash, it->polling, 1));
	}
}

void tw_autoscale_release(struct tw_world *world)
{
	if (!world->autoscale)
		return;
	tw_metrics_release(world);
	for (uint32_t a = 0; a < world->model->n_autoscalers; a++)
		tw_hpa_state_release(&world->autoscale->all[a].state);
}
