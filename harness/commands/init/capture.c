#include "harness/commands/init/capture.h"

#include "harness/capture/capture.h"
#include "harness/capture/templates.h"

#include <stdlib.h>

#define LATENCIES_KEPT ((size_t)1 << 20)

struct latency {
	uint32_t template; /* provisional, then final */
	tw_time time;
};

struct reading {
	struct tw_templates *templates;
	TW_VEC(struct latency) latencies;
	uint64_t requests;
};

void tw_init_log_init(struct tw_init_log *log)
{
	*log = (struct tw_init_log){0};
	tw_arena_init(&log->arena);
}

void tw_init_log_release(struct tw_init_log *log)
{
	tw_vec_release(&log->endpoints);
	tw_arena_release(&log->arena);
}

static int take(void *context, const struct twinrig_exchange *exchange)
{
	struct reading *r = context;
	struct latency it;

	if (exchange->caller.n)
		return 0; /* between services */
	r->requests++;
	it.template = tw_templates_add(r->templates,
		(struct tw_str){exchange->method.p, exchange->method.n},
		(struct tw_str){exchange->target.p, exchange->target.n});
	it.time = exchange->latency;
	if (it.time > 0 && r->latencies.n < LATENCIES_KEPT)
		tw_vec_push(&r->latencies, it);
	return 0;
}

static int by_template(const void *a, const void *b)
{
	const struct latency *left = a, *right = b;

	if (left->template != right->template)
		return left->template <right->template ? -1 : 1;
	return (left->time > right->time) - (left->time < right->time);
}

/* The busiest first; of equals the first name. */
static int by_requests(const void *a, const void *b)
{
	const struct tw_draft_endpoint *left = a, *right = b;

	if (left->requests != right->requests)
		return left->requests > right->requests ? -1 : 1;
	return strcmp(left->name, right->name);
}

static int by_name(const void *a, const void *b)
{
	const struct tw_draft_endpoint *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void quantiles(const struct reading *r, uint32_t template,
	struct tw_draft_endpoint *to)
{
	size_t first = 0, n = 0;

	while (first < r->latencies.n &&
		r->latencies.v[first].template <template)
		first++;
	while (first + n < r->latencies.n &&
		r->latencies.v[first + n].template == template)
		n++;
	if (!n)
		return;
	to->p50 = r->latencies.v[first + n / 2].time;
	to->p99 = r->latencies.v[first + n * 99 / 100].time;
}

static void summarise(struct tw_init_log *log, struct reading *r)
{
	tw_templates_finish(r->templates);
	for (size_t i = 0; i < r->latencies.n; i++)
		r->latencies.v[i].template = tw_templates_final(
			r->templates, r->latencies.v[i].template);
	if (r->latencies.n)
		qsort(r->latencies.v, r->latencies.n, sizeof *r->latencies.v,
			by_template);
	for (size_t i = 0; i < tw_templates_count(r->templates); i++) {
		struct tw_draft_endpoint it = {
			.name = tw_arena_strdup(&log->arena,
				tw_templates_name(r->templates, i)),
			.requests = tw_templates_requests(r->templates, i)};

		quantiles(r, (uint32_t)i, &it);
		tw_vec_push(&log->endpoints, it);
	}
	if (log->endpoints.n)
		qsort(log->endpoints.v, log->endpoints.n,
			sizeof *log->endpoints.v, by_requests);
	log->more = log->endpoints.n > TW_INIT_ENDPOINTS;
	if (log->more)
		log->endpoints.n = TW_INIT_ENDPOINTS;
	if (log->endpoints.n)
		qsort(log->endpoints.v, log->endpoints.n,
			sizeof *log->endpoints.v, by_name);
	log->requests = r->requests;
}

int tw_init_log_read(
	struct tw_init_log *log, const char *path, struct tw_error *error)
{
	struct reading r = {.templates = tw_templates_new()};
	struct tw_capture_options options = {0};
	struct tw_capture_report report;
	struct tw_plugins plugins;
	int status;

	tw_plugins_init(&plugins);
	tw_capture_report_init(&report);
	options.plugins = &plugins;
	status = tw_capture_read(path, &options, take, &r, &report, error);
	if (!status && !r.requests)
		status = tw_fail(error, TW_E_USAGE,
			"'%s' has no request from outside", path);
	if (!status)
		summarise(log, &r);
	log->malformed = report.malformed;
	tw_capture_report_release(&report);
	tw_plugins_release(&plugins);
	tw_templates_free(r.templates);
	tw_vec_release(&r.latencies);
	return status;
}
