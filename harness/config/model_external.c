/* The keys of twin models: dependencies outside the manifests. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

/* A black box while it is read: one endpoint "*" that waits. */
struct external {
	struct tw_spec_service *service;
	struct tw_law latency;
	struct tw_int connections;
	struct tw_real errors;
	struct tw_int status;
	struct tw_int workers, burst;
	struct tw_real rate;
	struct tw_int retry_after, queue_time;
};

void *tw_external_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct external *it = tw_new(reader->arena, struct external);

	(void)value;
	it->service = tw_spec_external(
		base, key->value, tw_schema_origin(reader, key));
	return it;
}

/* Connections are those at work and those that wait for that; what comes when
 * all are taken is refused. */
static void check(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	struct external *it = base;
	struct tw_spec_service *to = it->service;
	const struct tw_origin *origin = tw_schema_origin(reader, node);
	struct tw_spec_endpoint *endpoint =
		tw_spec_endpoint(reader->context, to, "*", origin);
	struct tw_spec_step *wait;
	int64_t workers = tw_int_or(it->workers, 1000000);

	if (it->connections.origin && !it->workers.origin)
		workers = it->connections.v;
	if (it->connections.origin && it->connections.v < workers)
		tw_diag(reader->diags, TW_ERROR, it->connections.origin->pos,
			"max-connections: fewer than the %lld requests of "
			"`capacity`",
			(long long)workers);
	tw_set_int(&to->workers, workers,
		it->workers.origin ? it->workers.origin : origin);
	if (it->connections.origin)
		tw_set_int(&to->queue, it->connections.v - workers,
			it->connections.origin);
	if (it->rate.origin)
		tw_set_real(&to->rate, it->rate.v, it->rate.origin);
	if (it->queue_time.origin)
		tw_set_int(&to->queue_time, it->queue_time.v,
			it->queue_time.origin);
	if (it->retry_after.origin)
		tw_set_int(&to->retry_after, it->retry_after.v,
			it->retry_after.origin);
	if (it->burst.origin)
		tw_set_int(&to->burst, it->burst.v, it->burst.origin);
	if (it->errors.origin)
		tw_set_real(&endpoint->errors, it->errors.v, it->errors.origin);
	if (it->status.origin)
		tw_set_int(&endpoint->status, it->status.v, it->status.origin);
	wait = tw_spec_step(reader->context, TW_STEP_WAIT, origin);
	tw_set_law(&wait->law, &it->latency.v,
		it->latency.origin ? it->latency.origin : origin);
	if (it->latency.origin)
		tw_vec_push_in(reader->arena, &endpoint->steps, wait);
}

static const struct tw_row rows[] = {
	{.name = "latency",
		.type = TW_ROW_LAW,
		AT(external, latency),
		.required = true,
		.help = "how long an answer takes, the network included"},
	{.name = "capacity",
		.type = TW_ROW_INT,
		AT(external, workers),
		.min = 1,
		.max = 1e6,
		.help = "requests that it works on at once; without bound if "
			"not given"},
	{.name = "max-connections",
		.type = TW_ROW_INT,
		AT(external, connections),
		.min = 1,
		.max = 1e7,
		.help = "requests that it holds at once, at work or waiting; "
			"more are refused (503)"},
	{.name = "rate-limit",
		.type = TW_ROW_RATE,
		AT(external, rate),
		.help = "requests that it takes; more are answered 429"},
	{.name = "burst",
		.type = TW_ROW_INT,
		AT(external, burst),
		.min = 1,
		.max = 1e9,
		.help = "of them at once; those of a second if not given"},
	{.name = "queue-time",
		.type = TW_ROW_DURATION,
		AT(external, queue_time),
		.min = 1,
		.help = "what has waited longer for a place of `capacity` when "
			"it is its turn is refused (503); no bound if not "
			"given"},
	{.name = "retry-after",
		.type = TW_ROW_DURATION,
		AT(external, retry_after),
		.min = 1,
		.help = "said with 429 and 503, for callers with "
			"`rate-limited-backoff` or `push-back`"},
	{.name = "errors",
		.type = TW_ROW_RATIO,
		AT(external, errors),
		.otherwise = "0%",
		.help = "share of its answers that are errors"},
	{.name = "status",
		.type = TW_ROW_INT,
		AT(external, status),
		.otherwise = "500",
		.min = 400,
		.max = 599,
		.help = "of those errors"},
	{0},
};

const struct tw_table tw_external_table = {
	.name = "external",
	.help = "a dependency outside the manifests",
	.rows = rows,
	.as_text = "latency",
	.check = check,
};
