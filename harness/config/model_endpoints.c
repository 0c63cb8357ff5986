/* The keys of twin models: endpoints, and the steps of each. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

static struct tw_spec *spec_of(struct tw_schema_reader *reader)
{
	return reader->context;
}

/* ---- steps ------------------------------------------------------------- */

static const struct tw_table step;

static void *add_child(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_step *parent = base;
	struct tw_spec_step *child = tw_spec_step(spec_of(reader),
		TW_STEP_SEQUENCE, tw_schema_origin(reader, value));

	(void)key;
	tw_vec_push_in(reader->arena, &parent->children, child);
	return child;
}

/* A part of a text, with the place of that part. */
static struct tw_text part_of(struct tw_schema_reader *reader,
	const struct tw_text *text, size_t from, size_t n)
{
	struct tw_origin *origin = tw_new(reader->arena, struct tw_origin);

	*origin = *text->origin;
	origin->pos.column += (int)from;
	origin->pos.width = n ? (int)n : 1;
	return (struct tw_text){
		tw_arena_strndup(reader->arena, text->v + from, n), origin};
}

/* "SERVICE[:ENDPOINT]" */
static void split_call(
	struct tw_schema_reader *reader, struct tw_spec_step *call)
{
	struct tw_text text = call->service;
	size_t n = strcspn(text.v, ":"), all = strlen(text.v);

	if (!n || n + 1 == all)
		tw_diag(reader->diags, TW_ERROR, text.origin->pos,
			"call: expected SERVICE or SERVICE:ENDPOINT");
	else if (n < all)
		call->endpoint = part_of(reader, &text, n + 1, all - n - 1);
	call->service = part_of(reader, &text, 0, n);
}

static void only_for_calls(struct tw_schema_reader *reader,
	const struct tw_yaml *node, const char *name)
{
	const struct tw_yaml_pair *pair = tw_yaml_find(node, name);

	if (pair)
		tw_diag(reader->diags, TW_ERROR, pair->key->pos,
			"'%s' is for a 'call' only", name);
}

/* What kind it is shows by the key that is there. */
static void check_step(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	struct tw_spec_step *it = base;

	if (tw_yaml_find(node, "cpu"))
		it->kind = TW_STEP_CPU;
	else if (tw_yaml_find(node, "wait"))
		it->kind = TW_STEP_WAIT;
	else if (tw_yaml_find(node, "parallel"))
		it->kind = TW_STEP_PARALLEL;
	else if (tw_yaml_find(node, "call"))
		it->kind = TW_STEP_CALL;
	else if (tw_yaml_find(node, "cache"))
		it->kind = TW_STEP_CACHE;
	if (it->service.v) {
		split_call(reader, it);
		return;
	}
	only_for_calls(reader, node, "timeout");
	only_for_calls(reader, node, "headers");
	only_for_calls(reader, node, "retries");
	only_for_calls(reader, node, "optional");
}

static const char *const step_kinds[] = {
	"cpu", "wait", "call", "parallel", "sequence", "cache", NULL};

static const char *const cache_scopes[] = {"service", "replica", NULL};

/* Read into the step itself. */
static const struct tw_row cache_rows[] = {
	{.name = "hit",
		.type = TW_ROW_RATIO,
		AT(tw_spec_step, hit),
		.otherwise = "100%",
		.help = "of requests, while it is warm"},
	{.name = "on-miss",
		.type = TW_ROW_LIST,
		.table = &step,
		.add = add_child,
		.help = "what is done for the others"},
	{.name = "keys",
		.type = TW_ROW_INT,
		AT(tw_spec_step, keys),
		.otherwise = "1000",
		.min = 1,
		.max = 1e8,
		.help = "that are asked for: as many misses fill it after a "
			"flush"},
	{.name = "of",
		.type = TW_ROW_ENUM,
		AT(tw_spec_step, local),
		.otherwise = "service",
		.choices = cache_scopes,
		.help = "whose it is: one of the service, or of each replica"},
	{0},
};

static const struct tw_table cache = {
	.name = "cache",
	.help = "steps that are spared where a cache has the answer",
	.rows = cache_rows,
	.as_list = "on-miss",
};

static void read_step_headers(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_spec_step *it = base;

	tw_labels_read(reader, "headers", node, &it->headers);
}

static const struct tw_row step_rows[] = {
	{.name = "cpu",
		.type = TW_ROW_LAW,
		AT(tw_spec_step, law),
		.help = "work: time on a CPU"},
	{.name = "wait",
		.type = TW_ROW_LAW,
		AT(tw_spec_step, law),
		.help = "time off the CPU: a disk, a lock, somebody else's "
			"network"},
	{.name = "call",
		.type = TW_ROW_TEXT,
		AT(tw_spec_step, service),
		.help = "SERVICE or SERVICE:ENDPOINT"},
	{.name = "parallel",
		.type = TW_ROW_LIST,
		.table = &step,
		.add = add_child,
		.help = "steps side by side; done when all are"},
	{.name = "sequence",
		.type = TW_ROW_LIST,
		.table = &step,
		.add = add_child,
		.help = "steps one after the other"},
	{.name = "cache",
		.type = TW_ROW_GROUP,
		.table = &cache,
		.help = "steps for what a cache has not got: {hit: 90%, "
			"on-miss: [...]}"},
	{.name = "timeout",
		.type = TW_ROW_DURATION,
		AT(tw_spec_step, timeout),
		.min = 1,
		.help = "call: the caller's own"},
	{.name = "retries",
		.type = TW_ROW_INT,
		AT(tw_spec_step, retries),
		.otherwise = "0",
		.max = 100,
		.help = "call: the caller's own"},
	{.name = "headers",
		.type = TW_ROW_FREE,
		.read = read_step_headers,
		.help = "call: headers that it sets, for routes that ask for "
			"them"},
	{.name = "optional",
		.type = TW_ROW_FLAG,
		AT(tw_spec_step, optional),
		.otherwise = "false",
		.help = "call: its failure does not fail the caller"},
	{.name = "probability",
		.type = TW_ROW_RATIO,
		AT(tw_spec_step, probability),
		.otherwise = "100%",
		.help = "of the step being done"},
	{.name = "repeat",
		.type = TW_ROW_INT,
		AT(tw_spec_step, repeat),
		.otherwise = "1",
		.max = 10000,
		.help = "how often, one after the other"},
	{0},
};

static const struct tw_table step = {
	.name = "step",
	.help = "one thing that an endpoint does",
	.rows = step_rows,
	.as_list = "sequence",
	.one_of = step_kinds,
	.check = check_step,
};

/* ---- endpoints --------------------------------------------------------- */

static void *add_endpoint_step(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_endpoint *endpoint = base;
	struct tw_spec_step *child = tw_spec_step(spec_of(reader),
		TW_STEP_SEQUENCE, tw_schema_origin(reader, value));

	(void)key;
	tw_vec_push_in(reader->arena, &endpoint->steps, child);
	return child;
}

static const struct tw_row endpoint_rows[] = {
	{.name = "steps",
		.type = TW_ROW_LIST,
		.table = &step,
		.add = add_endpoint_step,
		.help = "what it does, one after the other"},
	{.name = "errors",
		.type = TW_ROW_RATIO,
		AT(tw_spec_endpoint, errors),
		.otherwise = "0%",
		.help = "share of its requests that fail by themselves"},
	{.name = "status",
		.type = TW_ROW_INT,
		AT(tw_spec_endpoint, status),
		.otherwise = "500",
		.min = 400,
		.max = 599,
		.help = "of those failures"},
	{.name = "request-size",
		.type = TW_ROW_BYTES,
		AT(tw_spec_endpoint, request_bytes),
		.otherwise = "1Ki",
		.min = 1,
		.max = 1e12,
		.help = "bytes of a request, for limited bandwidth and loss; "
			"what "
			"the capture has comes before the default"},
	{.name = "answer-size",
		.type = TW_ROW_BYTES,
		AT(tw_spec_endpoint, answer_bytes),
		.otherwise = "4Ki",
		.min = 1,
		.max = 1e12,
		.help = "bytes of an answer"},
	{0},
};

const struct tw_table tw_endpoint_table = {
	.name = "endpoint",
	.help = "what a service does for one kind of request",
	.rows = endpoint_rows,
	.as_list = "steps",
};

/* Replaces what a weaker source said; a second file may not add to it. */
void *tw_endpoint_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec_service *service = base;
	struct tw_spec_endpoint *it =
		tw_map_get(&service->endpoints, key->value);
	struct tw_diag *diag;

	(void)value;
	if (it && it->origin && it->origin->source == reader->source) {
		diag = tw_diag(reader->diags, TW_ERROR, key->pos,
			"endpoint '%s' of %s is here a second time", key->value,
			service->key);
		if (it->origin->pos.file)
			tw_diag_hint(reader->diags, diag, "the first is %s:%d",
				it->origin->pos.file, it->origin->pos.line);
		return NULL;
	}
	if (!it)
		return tw_spec_endpoint(spec_of(reader), service, key->value,
			tw_schema_origin(reader, key));
	it->origin = tw_schema_origin(reader, key);
	it->steps = (struct tw_spec_steps){0};
	return it;
}
