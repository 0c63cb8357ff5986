#include "twins/cluster/metrics.h"

#include "twins/base/hash.h"
#include "twins/cluster/workloads.h"
#include "twins/kernel/random.h"
#include "twins/world/cpu.h"
#include "twins/world/memory.h"

#include <string.h>

/* pkg/storage/types.go, freshContainerMinMetricsResolution. */
#define FRESH (10 * TW_S)

enum pipe { PIPE_RESOURCE, PIPE_SCRAPE, N_PIPES };

/* CPU and memory of a pod. */
struct sample {
	bool has, watched;
	uint32_t life; /* of the replica when it was last seen */
	bool ran;      /* then */
	int64_t used;  /* core-ns so far, then */
	tw_time seen;
	int64_t cpu, memory; /* thousandths */
	tw_time at, window;
};

struct point {
	tw_time at;
	uint64_t arrived;
};

/* What Prometheus has of a service. */
struct series {
	bool watched;
	TW_VEC(struct point) points; /* of the window, oldest first */
	size_t first;
	int64_t in_flight, queue; /* at the last of them */
	uint32_t running;	  /* pods, then */
};

struct scraped {
	bool has;
	int64_t in_flight, queue;
};

struct tw_metrics {
	bool on[N_PIPES];
	tw_time first[N_PIPES], every[N_PIPES];
	struct sample *samples;	 /* by replica */
	struct scraped *scraped; /* by replica */
	struct series *series;	 /* by service */
};

static bool is_resource(const struct tw_autoscaler_metric *metric)
{
	return metric->is_cpu || metric->is_memory;
}

/* ---- metrics-server ------------------------------------------------- */

static bool runs(const struct tw_world *world, uint32_t replica)
{
	return tw_pod_of(world, replica)->state == TW_POD_RUNNING;
}

/* CPU between two moments, or since the container was started. */
static void measure(struct tw_world *world, uint32_t replica, struct sample *it)
{
	const struct tw_pod *pod = tw_pod_of(world, replica);
	tw_time now = tw_world_now(world), from = it->seen;
	bool same = it->ran && it->life == world->replicas[replica].life;

	it->has = false;
	if (!runs(world, replica))
		return;
	if (!same)
		from = pod->started;
	if (now - from < (same ? 1 : FRESH))
		return;
	it->has = true;
	it->at = now;
	it->window = now - from;
	it->cpu = (int64_t)((__int128)(tw_cpu_used(world, replica) - it->used) *
			    1000 / it->window);
	if (world->replicas[replica].memory)
		it->memory = world->replicas[replica].memory->used * 1000;
}

static void see(struct tw_world *world, uint32_t replica)
{
	struct sample *it = &world->metrics->samples[replica];

	measure(world, replica, it);
	it->ran = runs(world, replica);
	it->life = world->replicas[replica].life;
	it->used = tw_cpu_used(world, replica);
	it->seen = tw_world_now(world);
}

static void ask_kubelets(struct tw_world *world)
{
	for (uint32_t r = 0; r < world->model->n_replicas; r++)
		if (world->metrics->samples[r].watched)
			see(world, r);
}

/* ---- Prometheus ----------------------------------------------------- */

static void scrape_pod(
	struct tw_world *world, uint32_t replica, struct series *to)
{
	const struct tw_world_replica *it = &world->replicas[replica];
	struct scraped *mine = &world->metrics->scraped[replica];

	mine->has = it->health == TW_UP || it->health == TW_DRAINING;
	if (!mine->has)
		return;
	mine->queue = (int64_t)it->queue_length * 1000;
	mine->in_flight =
		mine->queue +
		(int64_t)(it->inside > it->busy ? it->inside : it->busy) * 1000;
	to->queue += mine->queue;
	to->in_flight += mine->in_flight;
	to->running++;
}

static void scrape(struct tw_world *world)
{
	struct tw_metrics *metrics = world->metrics;
	tw_time now = tw_world_now(world);

	for (uint32_t s = 0; s < world->model->n_services; s++) {
		struct series *it = &metrics->series[s];

		if (!it->watched)
			continue;
		while (it->first < it->points.n &&
			it->points.v[it->first].at <
				now - world->model->autoscaling.rate_window)
			it->first++;
		tw_vec_push(&it->points,
			((struct point){now, world->services[s].arrived}));
		it->in_flight = it->queue = 0;
		it->running = 0;
	}
	for (uint32_t r = 0; r < world->model->n_replicas; r++) {
		uint32_t s = world->replicas[r].service;

		if (s != TW_NONE && metrics->series[s].watched)
			scrape_pod(world, r, &metrics->series[s]);
	}
}

/* Requests/s in thousandths, of what is in the window. */
static bool rate_of(const struct series *it, int64_t *to)
{
	const struct point *from, *last;

	if (it->points.n - it->first < 2)
		return false;
	from = &it->points.v[it->first];
	last = &it->points.v[it->points.n - 1];
	*to = (int64_t)((__int128)(last->arrived - from->arrived) * 1000 *
			TW_S / (last->at - from->at));
	return true;
}

/* ---- who reads ------------------------------------------------------ */

tw_time tw_metrics_from(
	const struct tw_world *world, const struct tw_autoscaler_metric *metric)
{
	const struct tw_metrics *metrics = world->metrics;

	if (is_resource(metric))
		return metrics->on[PIPE_RESOURCE]
			       ? metrics->first[PIPE_RESOURCE]
			       : TW_NEVER;
	return metric->measure == TW_MEASURE_VALUE
		       ? 0
		       : metrics->first[PIPE_SCRAPE];
}

static void of_resource(const struct tw_world *world,
	const struct tw_autoscaler_metric *metric, uint32_t replica,
	struct tw_hpa_pod *to)
{
	const struct sample *it = &world->metrics->samples[replica];

	to->has_sample = world->metrics->on[PIPE_RESOURCE] && it->has &&
			 it->life == world->replicas[replica].life &&
			 (metric->is_cpu || world->replicas[replica].memory);
	to->sampled = it->at;
	to->window = it->window;
	to->value = metric->is_cpu ? it->cpu : it->memory;
}

void tw_metrics_of_pod(const struct tw_world *world,
	const struct tw_autoscaler_metric *metric, uint32_t replica,
	struct tw_hpa_pod *to)
{
	const struct scraped *mine = &world->metrics->scraped[replica];
	const struct series *it;

	if (is_resource(metric)) {
		of_resource(world, metric, replica, to);
		return;
	}
	if (metric->measure == TW_MEASURE_VALUE) {
		to->has_sample = true;
		to->value = metric->value;
		return;
	}
	it = &world->metrics->series[metric->service];
	to->has_sample = mine->has;
	if (metric->measure == TW_MEASURE_REQUEST_RATE) {
		to->has_sample &= it->running && rate_of(it, &to->value);
		if (to->has_sample)
			to->value /= it->running;
	} else {
		to->value = metric->measure == TW_MEASURE_QUEUE
				    ? mine->queue
				    : mine->in_flight;
	}
}

bool tw_metrics_usage(
	const struct tw_world *world, uint32_t replica, struct tw_pod_usage *to)
{
	const struct sample *it = &world->metrics->samples[replica];

	*to = (struct tw_pod_usage){
		.at = it->at, .cpu = it->cpu, .memory = it->memory / 1000};
	return world->metrics->on[PIPE_RESOURCE] && it->has &&
	       it->life == world->replicas[replica].life;
}

bool tw_metrics_value(const struct tw_world *world,
	const struct tw_autoscaler_metric *metric, int64_t *to)
{
	const struct series *it;

	*to = metric->value;
	if (is_resource(metric)) /* there is none but pods' */
		return false;
	if (metric->measure == TW_MEASURE_VALUE)
		return true;
	it = &world->metrics->series[metric->service];
	if (metric->measure == TW_MEASURE_REQUEST_RATE)
		return rate_of(it, to);
	*to = metric->measure == TW_MEASURE_QUEUE ? it->queue : it->in_flight;
	return it->points.n > 1;
}

/* ---- time ----------------------------------------------------------- */

static void next(struct tw_world *world, enum pipe pipe, tw_time at)
{
	tw_queue_schedule(
		&world->queue, at, TW_CLASS_WORLD, TW_EV_METRICS, pipe, 0);
}

bool tw_metrics_event(struct tw_world *world, const struct tw_event *event)
{
	enum pipe pipe = (enum pipe)event->a;

	if (event->kind != TW_EV_METRICS)
		return false;
	if (pipe == PIPE_RESOURCE)
		ask_kubelets(world);
	else
		scrape(world);
	next(world, pipe, tw_world_now(world) + world->metrics->every[pipe]);
	return true;
}

/* Within the first period: not at once, and metrics-server not before there
 * is enough to measure. */
static void begin(struct tw_world *world, enum pipe pipe, const char *name,
	tw_time every, tw_time least)
{
	struct tw_metrics *it = world->metrics;
	tw_time spare = every > least ? every - least : 0;

	it->every[pipe] = every;
	it->first[pipe] =
		every - (tw_time)((double)spare * tw_draw(world->seed,
							  tw_hash_name(name),
							  TW_DRAW_PHASE, 0));
	if (it->on[pipe])
		next(world, pipe, it->first[pipe]);
}

static void watch_pods(struct tw_world *world, uint32_t revision, bool cpu)
{
	const struct tw_revision *it = &world->model->revisions[revision];

	for (uint32_t i = 0; i < it->n_replicas; i++) {
		if (cpu)
			tw_cpu_ensure(world, it->first_replica + i);
		world->metrics->samples[it->first_replica + i].watched = true;
	}
}

static void watch(struct tw_world *world, const struct tw_autoscaler *scaler,
	const struct tw_autoscaler_metric *metric)
{
	const struct tw_workload *workload =
		&world->model->workloads[scaler->workload];
	struct tw_metrics *it = world->metrics;

	if (is_resource(metric)) {
		it->on[PIPE_RESOURCE] =
			world->model->autoscaling.metrics_server;
		for (uint32_t i = 0; i < workload->n_revisions; i++)
			watch_pods(
				world, workload->revisions[i], metric->is_cpu);
	} else if (metric->measure != TW_MEASURE_VALUE) {
		it->on[PIPE_SCRAPE] = true;
		it->series[metric->service].watched = true;
	}
}

static void watch_vertical(
	struct tw_world *world, const struct tw_vertical *vertical)
{
	const struct tw_workload *workload =
		&world->model->workloads[vertical->workload];
	struct tw_metrics *it = world->metrics;
	bool cpu = false;

	for (uint32_t c = 0; c < vertical->n_containers; c++)
		cpu |= vertical->containers[c].knows[TW_VERTICAL_CPU];
	it->on[PIPE_RESOURCE] = world->model->autoscaling.metrics_server;
	for (uint32_t i = 0; i < workload->n_revisions; i++)
		watch_pods(world, workload->revisions[i], cpu);
}

void tw_metrics_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;
	struct tw_metrics *it;

	if (world->metrics || (!model->n_autoscalers && !model->n_verticals))
		return;
	it = world->metrics = tw_new(&world->arena, struct tw_metrics);
	it->samples =
		tw_new_array(&world->arena, model->n_replicas, struct sample);
	it->scraped =
		tw_new_array(&world->arena, model->n_replicas, struct scraped);
	it->series =
		tw_new_array(&world->arena, model->n_services, struct series);
	for (uint32_t a = 0; a < model->n_autoscalers; a++)
		for (uint32_t m = 0; m < model->autoscalers[a].n_metrics; m++)
			watch(world, &model->autoscalers[a],
				&model->autoscalers[a].metrics[m]);
	for (uint32_t v = 0; v < model->n_verticals; v++)
		watch_vertical(world, &model->verticals[v]);
	begin(world, PIPE_RESOURCE, "metrics-server",
		model->autoscaling.metric_resolution, FRESH);
	begin(world, PIPE_SCRAPE, "prometheus",
		model->autoscaling.scrape_interval, TW_S);
	/* What is counted begins at 0. */
	ask_kubelets(world);
	scrape(world);
}

void tw_metrics_release(struct tw_world *world)
{
	if (!world->metrics)
		return;
	for (uint32_t s = 0; s < world->model->n_services; s++)
		tw_vec_release(&world->metrics->series[s].points);
	world->metrics = NULL;
}
