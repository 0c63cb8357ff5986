#include "harness/commands/input/traffic.h"

#include "harness/lint/lint.h"
#include "harness/replay/replay.h"
#include "twins/base/assert.h"
#include "twins/kernel/random.h"

#define MADE_UP_RATE	 50.0 /* requests/s */
#define MADE_UP_DURATION (60 * TW_S)

/* A capture as it was read for one list of files and one entry. */
struct reading {
	char *key;
	struct tw_spool *spool;
	struct tw_flow_target *targets;
	size_t n_targets;
	uint32_t n_keys[TW_SPOOL_SIDES];
};

struct tw_traffic {
	const struct tw_spec *spec[TW_SPOOL_SIDES];
	const char *directory;
	const struct tw_plugins *plugins;
	TW_VEC(struct reading *) readings;
	TW_VEC(struct tw_flow *) flows;
};

struct tw_traffic *tw_traffic_new(const struct tw_spec *baseline,
	const struct tw_spec *candidate, const struct tw_plugins *plugins,
	const char *directory)
{
	struct tw_traffic *traffic = tw_calloc(1, sizeof *traffic);

	traffic->spec[TW_FLOW_BASELINE] = baseline;
	traffic->spec[TW_FLOW_CANDIDATE] = candidate;
	traffic->directory = directory;
	traffic->plugins = plugins;
	return traffic;
}

void tw_traffic_free(struct tw_traffic *traffic)
{
	if (!traffic)
		return;
	for (size_t i = 0; i < traffic->flows.n; i++)
		tw_flow_free(traffic->flows.v[i]);
	for (size_t i = 0; i < traffic->readings.n; i++) {
		struct reading *reading = traffic->readings.v[i];

		tw_spool_free(reading->spool);
		tw_free(reading->targets);
		tw_free(reading->key);
		tw_free(reading);
	}
	tw_vec_release(&traffic->flows);
	tw_vec_release(&traffic->readings);
	tw_free(traffic);
}

/* ---- reading ----------------------------------------------------------- */

static int read_pattern(struct tw_spool *spool,
	const struct tw_traffic *traffic, const struct tw_text *pattern,
	struct tw_diags *diags)
{
	struct tw_capture_options options = {.plugins = traffic->plugins};
	struct tw_files *files;
	struct tw_file_list list = {0};
	struct tw_error error = {0};
	struct tw_buf path = {0};
	int status = -1;

	if (pattern->v[0] == '/') {
		status = tw_spool_read(spool, pattern->v, &options, &error);
		goto out;
	}
	files = tw_files_directory_new(traffic->directory, &error);
	if (files && !tw_files_glob(files, pattern->v, &list, &error)) {
		status = list.list.n ? 0
				     : tw_fail(&error, TW_E_USAGE,
					       "no capture is called '%s'",
					       pattern->v);
		for (size_t i = 0; !status && i < list.list.n; i++) {
			tw_buf_clear(&path);
			tw_buf_printf(&path, "%s/%s", traffic->directory,
				list.list.v[i].name);
			status = tw_spool_read(spool, path.p, &options, &error);
		}
	}
	tw_files_free(files);
	tw_file_list_release(&list);
	tw_buf_release(&path);
out:
	if (status)
		tw_diag(diags, TW_ERROR, pattern->origin->pos, "capture: %s",
			error.message);
	return status;
}

static int read_all(struct reading *reading, const struct tw_traffic *traffic,
	const struct tw_config_traffic *config, struct tw_diags *diags)
{
	const char *entry = config->entry.origin ? config->entry.v : NULL;
	struct tw_router *routers[TW_SPOOL_SIDES] = {NULL};
	struct tw_spool_options options = {0};
	struct tw_error error;
	int status = 0;

	/* With one side alone it takes the first place of the spool too. */
	for (int i = 0; i < TW_SPOOL_SIDES; i++) {
		const struct tw_spec *spec = traffic->spec[i];

		routers[i] = tw_router_new(
			spec ? spec : traffic->spec[TW_FLOW_CANDIDATE], entry);
		options.router[i] = routers[i];
		tw_key_sources_of(
			spec ? spec : traffic->spec[TW_FLOW_CANDIDATE],
			&options.keys[i]);
		reading->n_keys[i] = options.keys[i].n;
	}
	reading->spool = tw_spool_new(&options);
	for (size_t i = 0; !status && i < config->capture.n; i++)
		status = read_pattern(
			reading->spool, traffic, &config->capture.v[i], diags);
	if (!status && tw_spool_finish(reading->spool, &error)) {
		tw_diag_error(diags, &error);
		status = -1;
	}
	for (int i = 0; i < TW_SPOOL_SIDES; i++)
		tw_router_free(routers[i]);
	return status;
}

static void list_targets(struct reading *reading)
{
	reading->n_targets = tw_spool_endpoints(reading->spool);
	reading->targets =
		tw_calloc(reading->n_targets, sizeof *reading->targets);
	for (size_t i = 0; i < reading->n_targets; i++) {
		const struct tw_spool_endpoint *endpoint =
			tw_spool_endpoint(reading->spool, i);

		reading->targets[i] = (struct tw_flow_target){
			endpoint->service ? endpoint->service : "",
			endpoint->endpoint, endpoint->traits, endpoint->respond,
			endpoint->request_bytes, endpoint->answer_bytes};
	}
}

static struct reading *reading_of(struct tw_traffic *traffic,
	const struct tw_config_traffic *config, struct tw_diags *diags)
{
	struct tw_buf key = {0};
	struct reading *reading;

	for (size_t i = 0; i < config->capture.n; i++)
		tw_buf_printf(&key, "%s\n", config->capture.v[i].v);
	tw_buf_add_text(&key, config->entry.origin ? config->entry.v : "");
	for (size_t i = 0; i < traffic->readings.n; i++)
		if (!strcmp(traffic->readings.v[i]->key, tw_buf_text(&key))) {
			tw_buf_release(&key);
			return traffic->readings.v[i];
		}
	reading = tw_calloc(1, sizeof *reading);
	reading->key = key.p; /* moved */
	tw_vec_push(&traffic->readings, reading);
	if (read_all(reading, traffic, config, diags))
		return NULL;
	list_targets(reading);
	return reading;
}

/* ---- the flow of a capture --------------------------------------------- */

struct capture_flow {
	struct tw_flow flow;
	const struct reading *reading;
	struct tw_replay_options options;
	struct tw_users *users; /* whose requests do not tell; NULL: nobody's */
};

struct capture_cursor {
	struct tw_replay replay;
	const struct capture_flow *from;
	uint64_t keys[TW_KEYS_MAX];
};

static void *capture_open(const struct tw_flow *flow, enum tw_flow_side side,
	uint64_t seed, uint32_t replication)
{
	const struct capture_flow *from = (const struct capture_flow *)flow;
	struct capture_cursor *cursor = tw_calloc(1, sizeof *cursor);
	struct tw_replay_options options = from->options;
	struct tw_error error;

	(void)seed;
	(void)replication; /* what was recorded is the same in each */
	options.side = (int)side;
	/* The same options opened once already, in flow_of_capture(). */
	tw_assert(!tw_replay_init(
		&cursor->replay, from->reading->spool, &options, &error));
	cursor->from = from;
	return cursor;
}

/* What the capture knows, and made-up users in the place of the rest: the
 * n-th request has the same one in all trials. */
static const uint64_t *keys_of(
	struct capture_cursor *cursor, const struct tw_arrival_record *record)
{
	const struct tw_replay *replay = &cursor->replay;
	int side = replay->options.side;
	const uint64_t *known = tw_spool_keys(replay->spool, side, record->who);

	if (!known || !cursor->from->users)
		return known;
	for (uint32_t i = 0; i < cursor->from->flow.n_keys[side]; i++)
		cursor->keys[i] =
			known[i] ? known[i]
				 : tw_users_key(cursor->from->users,
					   tw_draw(0, record->position,
						   TW_DRAW_ARRIVAL, 2));
	return cursor->keys;
}

static bool capture_next(void *p, struct tw_flow_arrival *arrival)
{
	struct capture_cursor *cursor = p;
	struct tw_arrival_record record;

	if (!tw_replay_next(&cursor->replay, &record))
		return false;
	*arrival = (struct tw_flow_arrival){
		.at = record.at,
		.target = record.endpoint == TW_SPOOL_UNROUTED
				  ? TW_FLOW_LOST
				  : record.endpoint,
		.position = record.position,
		.pass = record.pass,
		.keys = keys_of(cursor, &record),
	};
	return true;
}

static void capture_close(void *p)
{
	struct capture_cursor *cursor = p;

	tw_replay_release(&cursor->replay);
	tw_free(cursor);
}

static void capture_free(struct tw_flow *flow)
{
	tw_users_free(((struct capture_flow *)flow)->users);
	tw_free(flow);
}

static const struct tw_flow_vtable capture_vtable = {
	.open = capture_open,
	.next = capture_next,
	.close = capture_close,
	.free = capture_free,
};

static struct tw_users *users_of(const struct tw_config_traffic *config)
{
	if (!config->users.count.origin)
		return NULL;
	return tw_users_new((uint32_t)config->users.count.v,
		tw_real_or(config->users.skew, 0));
}

static struct tw_flow *flow_of_capture(const struct reading *reading,
	const struct tw_config_traffic *config, struct tw_diags *diags)
{
	struct capture_flow *flow = tw_calloc(1, sizeof *flow);
	struct tw_replay replay;
	struct tw_error error;

	flow->reading = reading;
	flow->options = (struct tw_replay_options){
		.speed = tw_real_or(config->speed, 1),
		.rate = tw_real_or(config->rate, 0),
		.loop = (uint32_t)tw_int_or(config->loop, 1),
		.from = tw_int_or(config->from, 0),
		.to = tw_int_or(config->to, 0),
		.duration = tw_int_or(config->duration, 0),
	};
	flow->flow.vtable = &capture_vtable;
	flow->flow.targets = reading->targets;
	flow->flow.n_targets = reading->n_targets;
	flow->flow.recorded = true;
	if (tw_replay_init(&replay, reading->spool, &flow->options, &error)) {
		tw_diag(diags, TW_ERROR, config->capture.v[0].origin->pos,
			"capture: %s", error.message);
		tw_free(flow);
		return NULL;
	}
	for (int side = 0; side < TW_SPOOL_SIDES; side++)
		flow->flow.n_keys[side] = reading->n_keys[side];
	flow->users = users_of(config);
	flow->flow.duration = tw_replay_duration(&replay);
	tw_replay_release(&replay);
	return &flow->flow;
}

/* ---- the flow without one ---------------------------------------------- */

static void add_endpoints(const struct tw_spec_service *service,
	struct tw_flow_target **targets, size_t *n)
{
	*targets = tw_reallocarray(
		*targets, *n + service->endpoints.n + 1, sizeof **targets);
	for (size_t i = 0; i < service->endpoints.n; i++)
		(*targets)[(*n)++] =
			(struct tw_flow_target){.service = service->key,
				.endpoint = service->endpoints.v[i].key};
	if (!service->endpoints.n)
		(*targets)[(*n)++] = (struct tw_flow_target){
			.service = service->key, .endpoint = "default"};
}

/* traffic.entry, or else the services behind the entries, each once. */
static size_t entry_targets(const struct tw_spec *spec, const char *entry,
	struct tw_flow_target **targets)
{
	const struct tw_spec_service *service;
	struct tw_map seen;
	size_t n = 0;

	if (entry) {
		service = tw_spec_find_service(spec, NULL, entry);
		if (service)
			add_endpoints(service, targets, &n);
		return n;
	}
	tw_map_init(&seen, NULL);
	for (size_t i = 0; i < spec->entries.n; i++) {
		const char *key = spec->entries.v[i]->service.v;

		service = key ? tw_spec_find_service(spec, NULL, key) : NULL;
		if (service && tw_map_put(&seen, service->key, NULL))
			add_endpoints(service, targets, &n);
	}
	tw_map_release(&seen);
	return n;
}

static struct tw_flow *flow_made_up(const struct tw_traffic *traffic,
	const struct tw_config_traffic *config, struct tw_diags *diags)
{
	const char *entry = config->entry.origin ? config->entry.v : NULL;
	const struct tw_spec *spec = traffic->spec[TW_FLOW_BASELINE]
					     ? traffic->spec[TW_FLOW_BASELINE]
					     : traffic->spec[TW_FLOW_CANDIDATE];
	struct tw_flow_target *targets = NULL;
	struct tw_flow *flow = NULL;
	size_t n = entry_targets(spec, entry, &targets);

	if (n)
		flow = tw_flow_poisson(targets, n,
			tw_real_or(config->rate, MADE_UP_RATE),
			tw_int_or(config->duration, MADE_UP_DURATION),
			users_of(config));
	else if (entry)
		tw_diag(diags, TW_ERROR, config->entry.origin->pos,
			"traffic: there is no service '%s'", entry);
	else
		tw_diag_hint(diags,
			tw_diag(diags, TW_ERROR, (struct tw_pos){0},
				"traffic: nothing says where it enters"),
			"give traffic.capture, or traffic.entry: SERVICE, or "
			"an Ingress or HTTPRoute");
	tw_free(targets);
	return flow;
}

static int warm_up(struct tw_flow *flow, const struct tw_config_traffic *config,
	struct tw_diags *diags)
{
	char text[TW_TIME_TEXT];

	flow->warmup = tw_int_or(config->warmup, 0);
	if (!flow->warmup || flow->warmup < flow->duration)
		return 0;
	tw_diag_hint(diags,
		tw_diag(diags, TW_ERROR, config->warmup.origin->pos,
			"warmup: nothing is left to judge of a run of %s",
			tw_time_text(flow->duration, text)),
		"give less, or make the run longer (duration, loop)");
	return -1;
}

const struct tw_flow *tw_traffic_flow(struct tw_traffic *traffic,
	const struct tw_config_traffic *config, struct tw_diags *diags)
{
	struct tw_flow *flow = NULL;

	if (config->capture.n) {
		struct reading *reading = reading_of(traffic, config, diags);

		if (reading)
			flow = flow_of_capture(reading, config, diags);
	} else {
		flow = flow_made_up(traffic, config, diags);
	}
	if (flow)
		tw_vec_push(&traffic->flows, flow);
	return flow && !warm_up(flow, config, diags) ? flow : NULL;
}

struct tw_completeness tw_traffic_completeness(const struct tw_traffic *traffic)
{
	struct tw_completeness sum = {0};

	for (size_t i = 0; i < traffic->readings.n; i++) {
		const struct tw_spool_stats *stats =
			tw_spool_stats(traffic->readings.v[i]->spool);
		uint64_t requests = stats->read - stats->calls;

		sum.exchanges += requests + stats->malformed;
		sum.malformed += stats->malformed;
		sum.unrouted += stats->unrouted[TW_FLOW_BASELINE];
		sum.replayable += requests - stats->unrouted[TW_FLOW_BASELINE];
	}
	return sum;
}

void tw_traffic_lint(const struct tw_flow *flow, enum tw_flow_side side,
	const struct tw_spec *spec, const struct tw_model *model,
	struct tw_diags *diags)
{
	struct tw_lint_rate *rates =
		tw_calloc(flow->n_targets + 1, sizeof *rates);
	struct tw_flow_arrival arrival;
	void *cursor = flow->vtable->open(flow, side, 1, 0);

	for (size_t i = 0; i < flow->n_targets; i++) {
		rates[i].service = flow->targets[i].service;
		rates[i].endpoint = flow->targets[i].endpoint;
	}
	while (flow->duration > 0 && flow->vtable->next(cursor, &arrival))
		if (arrival.target != TW_FLOW_LOST)
			rates[arrival.target].rate +=
				(double)TW_S / (double)flow->duration;
	flow->vtable->close(cursor);
	tw_lint_load(spec, model, rates, flow->n_targets, diags);
	tw_free(rates);
}
