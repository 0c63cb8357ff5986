/* The keys of twin models: what pods of Jobs do. */
#include "harness/config/tables.h"

#include <stddef.h>
#include <string.h>

#define AT(type, field) .offset = offsetof(struct type, field)

static void *add_call(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_service *service = base;
	struct tw_spec_job_call *it =
		tw_new(reader->arena, struct tw_spec_job_call);

	(void)key;
	it->origin = tw_schema_origin(reader, value);
	tw_vec_push_in(reader->arena, &service->job.calls, it);
	return it;
}

/* "cart:GET /items" */
static void read_target(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_spec_job_call *it = base;
	struct tw_text text = tw_schema_text(reader, node);
	const char *colon = text.v ? strchr(text.v, ':') : NULL;

	it->service = text;
	if (!colon)
		return;
	it->service.v = tw_arena_strndup(
		reader->arena, text.v, (size_t)(colon - text.v));
	it->endpoint = (struct tw_text){colon + 1, text.origin};
}

static const struct tw_row call_rows[] = {
	{.name = "call",
		.type = TW_ROW_FREE,
		.read = read_target,
		.free_type = "\"string\"",
		.required = true,
		.help = "SERVICE:ENDPOINT, or a SERVICE with one endpoint"},
	{.name = "rate",
		.type = TW_ROW_RATE,
		AT(tw_spec_job_call, rate),
		.required = true,
		.min = 1e-6,
		.max = 1e6,
		.help = "how often each pod calls"},
	{0},
};

static const struct tw_table call_table = {
	.name = "job-call",
	.help = "calls of a Job's pods",
	.rows = call_rows,
};

static const struct tw_row job_rows[] = {
	{.name = "runs",
		.type = TW_ROW_LAW,
		AT(tw_spec_service, job.runs),
		.required = true,
		.help = "how long a pod runs"},
	{.name = "cpu",
		.type = TW_ROW_CPU,
		AT(tw_spec_service, job.cpu),
		.help = "cores that it keeps busy meanwhile, rounded up; none "
			"if not given"},
	{.name = "fails",
		.type = TW_ROW_RATIO,
		AT(tw_spec_service, job.fails),
		.otherwise = "0%",
		.help = "share of its pods that fail"},
	{.name = "exit-code",
		.type = TW_ROW_INT,
		AT(tw_spec_service, job.exit_code),
		.min = 1,
		.max = 255,
		.otherwise = "1",
		.help = "with which they fail, for a podFailurePolicy"},
	{.name = "calls",
		.type = TW_ROW_LIST,
		.table = &call_table,
		.add = add_call,
		.help = "what it calls meanwhile"},
	{0},
};

const struct tw_table tw_job_table = {
	.name = "job",
	.help = "what the pods of a Job or a CronJob do",
	.rows = job_rows,
};
