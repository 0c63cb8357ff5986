#include "harness/trial/trial.h"

#include "twins/base/assert.h"
#include "twins/world/world.h"

#define SLICES_MAX 3600

struct feed {
	const struct tw_trial *trial;
	const struct tw_flow_vtable *flow;
	void *cursor;
	const uint32_t *endpoints; /* of the model, by target */
	uint64_t *lost;		   /* arrivals without one, by target */
};

static bool feed_next(void *context, struct tw_arrival *arrival)
{
	struct feed *feed = context;
	struct tw_flow_arrival next;

	while (feed->flow->next(feed->cursor, &next)) {
		uint32_t endpoint;

		if (next.target == TW_FLOW_LOST)
			continue;
		endpoint = feed->endpoints[next.target];
		if (endpoint == TW_NONE) {
			/* It ends as it comes. */
			feed->lost[next.target] +=
				next.at >= feed->trial->flow->warmup;
			continue;
		}
		*arrival = (struct tw_arrival){
			.at = next.at,
			.endpoint = endpoint,
			.caller = TW_NONE,
			.key = tw_arrival_key(next.position, next.pass),
			.position = next.position,
			.traits =
				feed->trial->flow->targets[next.target].traits,
			.keys = next.keys,
		};
		return true;
	}
	return false;
}

static uint32_t *endpoints_of(
	const struct tw_model *model, const struct tw_flow *flow)
{
	uint32_t *endpoints = tw_calloc(flow->n_targets, sizeof *endpoints);

	for (size_t i = 0; i < flow->n_targets; i++) {
		uint32_t service =
			tw_model_service(model, flow->targets[i].service);

		endpoints[i] = TW_NONE;
		if (service == TW_NONE)
			continue;
		endpoints[i] = tw_model_endpoint(
			model, service, flow->targets[i].endpoint);
		/* A template that was only inferred. */
		if (endpoints[i] == TW_NONE)
			endpoints[i] = tw_model_endpoint(model, service, NULL);
	}
	return endpoints;
}

static void add_bytes(
	struct tw_byte_count *to, const struct tw_byte_count *from)
{
	to->sum += from->sum;
	to->n += from->n;
}

static int64_t mean_of(const struct tw_byte_count *of)
{
	return of->n ? (int64_t)(of->sum / of->n) : 0;
}

/* On average, by endpoint of the model; NULL: the traffic tells of none. */
static struct tw_sizes *sizes_of(const struct tw_model *model,
	const struct tw_flow *flow, const uint32_t *endpoints)
{
	struct tw_byte_count *of =
		tw_calloc(2 * (size_t)model->n_endpoints, sizeof *of);
	struct tw_sizes *sizes = NULL;

	for (size_t i = 0; i < flow->n_targets; i++) {
		uint32_t at = endpoints[i];

		if (at == TW_NONE)
			continue;
		add_bytes(&of[2 * at], &flow->targets[i].request_bytes);
		add_bytes(&of[2 * at + 1], &flow->targets[i].answer_bytes);
	}
	for (uint32_t e = 0; e < model->n_endpoints; e++) {
		if (!of[2 * e].n && !of[2 * e + 1].n)
			continue;
		if (!sizes)
			sizes = tw_calloc(model->n_endpoints, sizeof *sizes);
		sizes[e] = (struct tw_sizes){
			mean_of(&of[2 * e]), mean_of(&of[2 * e + 1])};
	}
	tw_free(of);
	return sizes;
}

/* What the model has no answer for is an error that its callers see; what the
 * way in answers itself is what that says. */
static void count_lost(const struct tw_flow *flow, const uint64_t *lost,
	struct tw_observation *to)
{
	for (size_t i = 0; i < flow->n_targets; i++) {
		struct tw_cell *cell;
		struct tw_cell_key key = {
			.caller = tw_observation_name(to, TW_OUTSIDE),
			.service = tw_observation_name(
				to, flow->targets[i].service),
			.endpoint = tw_observation_name(
				to, flow->targets[i].endpoint),
			.zone = tw_observation_name(to, ""),
			.side = TW_CLIENT,
			.window = TW_WINDOW_BEFORE,
		};

		if (!lost[i])
			continue;
		cell = tw_observation_cell(to, &key);
		cell->count += lost[i];
		if (!flow->targets[i].respond ||
			flow->targets[i].respond >= 400)
			cell->errors += lost[i];
		to->arrivals += lost[i];
		to->completed += lost[i];
	}
	tw_observation_sort(to);
}

/*
 * A second, or, in runs of more than an hour, whole seconds that cut them into
 * at most SLICES_MAX: what a run keeps does not grow with its length.
 */
static tw_time slice_width(tw_time duration)
{
	tw_time seconds = (duration - 1) / (SLICES_MAX * TW_S) + 1;

	return (seconds > 1 ? seconds : 1) * TW_S;
}

void tw_trial_run(const struct tw_trial *trial, struct tw_observation *to)
{
	const struct tw_flow *flow = trial->flow;
	struct tw_options options = {
		.seed = trial->seed,
		.replication = trial->replication,
		.slice = slice_width(flow->duration),
		.scenario = trial->scenario,
		.warmup = flow->warmup,
		.load = trial->load,
		.tap = trial->tap,
		.watcher = trial->watcher,
	};
	uint32_t *endpoints = endpoints_of(trial->model, flow);
	uint64_t *lost = tw_calloc(flow->n_targets, sizeof *lost);
	struct feed feed = {
		.trial = trial,
		.flow = flow->vtable,
		.cursor = flow->vtable->open(
			flow, trial->side, trial->seed, trial->replication),
		.endpoints = endpoints,
		.lost = lost,
	};
	struct tw_arrivals source = {
		.next = feed_next,
		.context = &feed,
		.duration = flow->duration,
	};
	struct tw_sizes *sizes = sizes_of(trial->model, flow, endpoints);
	struct tw_twin *twin;

	options.sizes = sizes;
	twin = tw_twin_new(trial->model, &options);

	tw_twin_run(twin, &source);
	tw_twin_finish(twin, flow->duration, to);
	tw_twin_free(twin);
	flow->vtable->close(feed.cursor);
	count_lost(flow, lost, to);
	tw_free(sizes);
	tw_free(lost);
	tw_free(endpoints);
}
