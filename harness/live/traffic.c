#include "harness/live/traffic.h"

#include "harness/plugin/plugin.h"
#include "twins/base/assert.h"

#include <stdlib.h>

static void add_entries(struct tw_live_traffic *traffic)
{
	const struct tw_model *model = traffic->model;

	for (size_t i = 0; i < model->spec->entries.n; i++) {
		const struct tw_spec_entry *entry = model->spec->entries.v[i];
		struct tw_route_rule rule = {
			.host = entry->host,
			.method = entry->method,
			.path = entry->path,
			.match = entry->match,
			.value = TW_NONE,
		};

		if (entry->service.v)
			rule.value = tw_model_service(model, entry->service.v);
		if (!traffic->entries)
			traffic->entries = tw_routes_new();
		tw_routes_add(traffic->entries, &rule);
	}
}

void tw_live_traffic_init(struct tw_live_traffic *traffic,
	const struct tw_model *model, uint32_t candidate)
{
	memset(traffic, 0, sizeof *traffic);
	tw_arena_init(&traffic->arena);
	traffic->model = model;
	traffic->candidate = candidate;
	traffic->endpoints = tw_new_array(
		&traffic->arena, model->n_services, struct tw_routes *);
	for (uint32_t s = 0; s < model->n_services; s++) {
		const struct tw_service *service = &model->services[s];

		traffic->endpoints[s] = tw_routes_new();
		for (uint32_t i = 0; i < service->n_endpoints; i++) {
			uint32_t e = service->first_endpoint + i;

			tw_routes_add_endpoint(traffic->endpoints[s],
				model->endpoints[e].name, e);
		}
	}
	add_entries(traffic);
}

void tw_live_traffic_release(struct tw_live_traffic *traffic)
{
	for (uint32_t s = 0; s < traffic->model->n_services; s++)
		tw_routes_free(traffic->endpoints[s]);
	tw_routes_free(traffic->entries);
	tw_vec_release(&traffic->recorded);
	tw_vec_release(&traffic->requests);
	tw_vec_release(&traffic->answers);
	tw_arena_release(&traffic->arena);
}

uint32_t tw_live_traffic_endpoint(const struct tw_live_traffic *traffic,
	uint32_t service, struct tw_str method, struct tw_str target)
{
	const struct tw_service *of = &traffic->model->services[service];
	struct tw_str unknown = {0};
	uint32_t endpoint;

	if (tw_routes_match(traffic->endpoints[service], unknown, method,
		    target, &endpoint))
		return endpoint;
	/* A model may name its only endpoint as it likes. */
	if (of->n_endpoints == 1 && !strchr(of->spec->endpoints.v[0].key, '/'))
		return of->first_endpoint;
	return TW_NONE;
}

/* ---- reading --------------------------------------------------------- */

static struct twinrig_text keep(
	struct tw_live_traffic *traffic, struct twinrig_text text)
{
	if (text.p)
		text.p = tw_arena_strndup(&traffic->arena, text.p, text.n);
	return text;
}

static const struct twinrig_header *keep_headers(
	struct tw_live_traffic *traffic, const struct twinrig_header *headers,
	size_t n)
{
	struct twinrig_header *to =
		tw_new_array(&traffic->arena, n, struct twinrig_header);

	for (size_t i = 0; i < n; i++) {
		to[i].name = keep(traffic, headers[i].name);
		to[i].value = keep(traffic, headers[i].value);
	}
	return to;
}

static struct twinrig_exchange keep_exchange(
	struct tw_live_traffic *traffic, const struct twinrig_exchange *from)
{
	struct twinrig_exchange to = *from;

	to.method = keep(traffic, from->method);
	to.target = keep(traffic, from->target);
	to.host = keep(traffic, from->host);
	to.body = keep(traffic, from->body);
	to.response_body = keep(traffic, from->response_body);
	to.headers = keep_headers(traffic, from->headers, from->n_headers);
	to.response_headers = keep_headers(
		traffic, from->response_headers, from->n_response_headers);
	to.scheme = to.protocol = to.id = to.connection = to.caller =
		to.service = (struct twinrig_text){0};
	return to;
}

/* "name" or "namespace/name" as the capture says it. */
static uint32_t named(
	const struct tw_live_traffic *traffic, struct twinrig_text name)
{
	struct tw_buf text = {0};
	uint32_t service = TW_NONE;

	if (name.n > 0) {
		tw_buf_add(&text, name.p, name.n);
		service = tw_model_service(traffic->model, tw_buf_text(&text));
	}
	tw_buf_release(&text);
	return service;
}

/* Who answers a request that names nobody. */
static uint32_t routed(const struct tw_live_traffic *traffic,
	const struct twinrig_exchange *exchange)
{
	uint32_t service;

	if (!traffic->entries)
		return traffic->candidate;
	if (tw_routes_match(traffic->entries, tw_plugin_text(exchange->host),
		    tw_plugin_text(exchange->method),
		    tw_plugin_text(exchange->target), &service))
		return service;
	return TW_NONE;
}

void tw_live_traffic_add(struct tw_live_traffic *traffic,
	const struct twinrig_exchange *exchange)
{
	struct tw_live_exchange e = {
		.position = traffic->read++,
		.caller = named(traffic, exchange->caller),
		.service = named(traffic, exchange->service),
	};

	if (!exchange->service.n && !exchange->caller.n)
		e.service = routed(traffic, exchange);
	if (e.service == TW_NONE || (e.service != traffic->candidate &&
					    e.caller != traffic->candidate)) {
		traffic->elsewhere++;
		return;
	}
	e.endpoint = tw_live_traffic_endpoint(traffic, e.service,
		tw_plugin_text(exchange->method),
		tw_plugin_text(exchange->target));
	if (e.service == traffic->candidate && e.endpoint == TW_NONE) {
		traffic->unrouted++;
		return;
	}
	e.exchange = keep_exchange(traffic, exchange);
	if (e.service == traffic->candidate)
		tw_vec_push(&traffic->recorded, e);
	else
		tw_vec_push(&traffic->answers, e);
}

/* ---- schedule -------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const struct tw_live_exchange *x = a, *y = b;

	if (x->exchange.time != y->exchange.time)
		return x->exchange.time < y->exchange.time ? -1 : 1;
	return (x->position > y->position) - (x->position < y->position);
}

static void sort(struct tw_live_exchange *v, size_t n)
{
	if (n)
		qsort(v, n, sizeof *v, by_time);
}

/* The part of the recorded that is played, and how long it takes. */
struct window {
	const struct tw_live_exchange *v;
	size_t n;
	int64_t origin;
	double length, scale;
};

static int64_t time_of(const struct tw_live_exchange *e)
{
	return e->exchange.time == TWINRIG_NO_TIME ? 0 : e->exchange.time;
}

static struct window window_of(
	const struct tw_live_traffic *traffic, const struct tw_live_pace *pace)
{
	const struct tw_live_exchange *v = traffic->recorded.v;
	size_t first = 0, end = traffic->recorded.n;
	struct window w = {.scale = pace->speed > 0 ? 1 / pace->speed : 1};
	int64_t start = end ? time_of(&v[0]) : 0;

	while (first < end && time_of(&v[first]) - start < pace->from)
		first++;
	while (pace->to && end > first &&
		time_of(&v[end - 1]) - start >= pace->to)
		end--;
	w.v = v + first;
	w.n = end - first;
	w.origin = start + pace->from;
	if (!w.n)
		return w;
	/* A gap behind the last, or passes would collide. */
	w.length = (double)(pace->to ? pace->to - pace->from
				     : time_of(&v[end - 1]) - w.origin);
	if (!pace->to && w.n > 1)
		w.length += w.length / (double)(w.n - 1);
	if (w.length < 1)
		w.length = TW_S;
	if (pace->rate > 0)
		w.scale = (double)w.n * 1e9 / pace->rate / w.length;
	return w;
}

bool tw_live_traffic_schedule(
	struct tw_live_traffic *traffic, const struct tw_live_pace *pace)
{
	tw_time end = pace->duration ? pace->duration : TW_NEVER;
	uint32_t passes = pace->loop	   ? pace->loop
			  : pace->duration ? UINT32_MAX
					   : 1;
	struct window w;

	sort(traffic->answers.v, traffic->answers.n);
	sort(traffic->recorded.v, traffic->recorded.n);
	w = window_of(traffic, pace);
	traffic->requests.n = 0;
	for (uint32_t pass = 0; w.n && pass < passes; pass++)
		for (size_t i = 0; i < w.n; i++) {
			struct tw_live_exchange e = w.v[i];
			double since = (double)(time_of(&e) - w.origin);
			double at = (since + pass * w.length) * w.scale;

			if (at >= (double)end)
				return true;
			if (traffic->requests.n == TW_LIVE_REQUESTS_MAX)
				return false;
			e.at = (tw_time)at;
			e.pass = pass;
			tw_vec_push(&traffic->requests, e);
		}
	return true;
}
