#include "plugins/jsonl/jsonl.h"

#include "plugins/common/json.h"
#include "plugins/common/lines.h"
#include "plugins/common/scratch.h"
#include "plugins/common/text.h"

#include <string.h>

struct reader {
	struct tw_json json;
	struct tw_scratch pool;
	struct tw_header_list headers, response_headers;
	struct twinrig_sink *sink; /* NULL in a probe */
};

/* The value of the current token: a string, or {"base64": "…"}. */
static const char *text_value(struct reader *reader, struct twinrig_text *to)
{
	struct tw_json *json = &reader->json;
	const char *wrong = "expected a string or {\"base64\": …}";

	if (json->type == TW_JSON_NULL)
		return NULL;
	if (json->type == TW_JSON_STRING) {
		*to = tw_scratch_copy(&reader->pool, json->text);
		return NULL;
	}
	if (json->type != TW_JSON_OBJECT || tw_json_next(json) != TW_JSON_KEY ||
		!tw_json_is(json, "base64") ||
		tw_json_next(json) != TW_JSON_STRING)
		return json->error ? json->error : wrong;
	if (!tw_base64_decode(&reader->pool, json->text, to))
		return "bad base64";
	return tw_json_next(json) == TW_JSON_OBJECT_END ? NULL : wrong;
}

static const char *take_text(struct reader *reader, struct twinrig_text *to)
{
	tw_json_next(&reader->json);
	return text_value(reader, to);
}

static const char *take_header(
	struct reader *reader, struct tw_header_list *list)
{
	struct tw_json *json = &reader->json;
	struct twinrig_text name = {NULL, 0}, value = {"", 0};
	const char *error;

	if (json->type != TW_JSON_ARRAY)
		return "expected a header as [\"name\", \"value\"]";
	error = take_text(reader, &name);
	if (!error)
		error = take_text(reader, &value);
	if (error)
		return error;
	if (tw_json_next(json) != TW_JSON_ARRAY_END)
		return "expected a header as [\"name\", \"value\"]";
	return tw_header_list_add(list, name, value) ? "out of memory" : NULL;
}

static const char *take_headers(
	struct reader *reader, struct tw_header_list *list)
{
	struct tw_json *json = &reader->json;
	const char *error;

	if (tw_json_next(json) != TW_JSON_ARRAY)
		return "expected a list of headers";
	while (tw_json_next(json) != TW_JSON_ARRAY_END) {
		if (json->type == TW_JSON_ERROR)
			return json->error;
		error = take_header(reader, list);
		if (error)
			return error;
	}
	return NULL;
}

static const char *take_time(
	struct reader *reader, int64_t *time, int64_t *resolution)
{
	struct tw_json *json = &reader->json;

	tw_json_next(json);
	if (json->type == TW_JSON_NUMBER && json->is_integer) {
		*time = json->integer;
		return NULL;
	}
	if (json->type != TW_JSON_STRING ||
		!tw_time_iso(json->text, time, resolution))
		return json->error ? json->error : "a time is none";
	return NULL;
}

static const char *take_integer(struct reader *reader, int64_t *to)
{
	struct tw_json *json = &reader->json;

	if (tw_json_next(json) != TW_JSON_NUMBER || !json->is_integer)
		return json->error ? json->error : "expected a whole number";
	*to = json->integer;
	return NULL;
}

struct line {
	struct twinrig_exchange exchange;
	int64_t status, resolution;
	bool is_title; /* {"twinrig": …} */
	int64_t version;
};

static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	{"method", offsetof(struct twinrig_exchange, method)},
	{"target", offsetof(struct twinrig_exchange, target)},
	{"host", offsetof(struct twinrig_exchange, host)},
	{"scheme", offsetof(struct twinrig_exchange, scheme)},
	{"protocol", offsetof(struct twinrig_exchange, protocol)},
	{"body", offsetof(struct twinrig_exchange, body)},
	{"response_body", offsetof(struct twinrig_exchange, response_body)},
	{"id", offsetof(struct twinrig_exchange, id)},
	{"connection", offsetof(struct twinrig_exchange, connection)},
	{"caller", offsetof(struct twinrig_exchange, caller)},
	{"service", offsetof(struct twinrig_exchange, service)},
	{"client", offsetof(struct twinrig_exchange, client)},
	{"user", offsetof(struct twinrig_exchange, user)},
};

static const char *take_member(struct reader *reader, struct line *line)
{
	struct twinrig_exchange *e = &line->exchange;
	struct tw_json *json = &reader->json;
	int64_t ignored = 1;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (tw_json_is(json, texts[i].name))
			return take_text(
				reader, (struct twinrig_text *)(void
							*)((char *)e +
							   texts[i].offset));
	if (tw_json_is(json, "time"))
		return take_time(reader, &e->time, &e->resolution);
	if (tw_json_is(json, "response_time"))
		return take_time(reader, &e->response_time, &ignored);
	if (tw_json_is(json, "resolution_ns"))
		return take_integer(reader, &line->resolution);
	if (tw_json_is(json, "latency_ns"))
		return take_integer(reader, &e->latency);
	if (tw_json_is(json, "request_bytes"))
		return take_integer(reader, &e->request_bytes);
	if (tw_json_is(json, "response_bytes"))
		return take_integer(reader, &e->response_bytes);
	if (tw_json_is(json, "status"))
		return take_integer(reader, &line->status);
	if (tw_json_is(json, "headers"))
		return take_headers(reader, &reader->headers);
	if (tw_json_is(json, "response_headers"))
		return take_headers(reader, &reader->response_headers);
	if (tw_json_is(json, "version"))
		return take_integer(reader, &line->version);
	line->is_title |= tw_json_is(json, "twinrig");
	return tw_json_skip(json) ? NULL : json->error;
}

static const char *finish_line(struct reader *reader, struct line *line)
{
	struct twinrig_exchange *e = &line->exchange;

	if (line->is_title)
		return line->version > 1 ? "written by a newer twinrig" : NULL;
	if (!e->method.n || !e->target.n)
		return "no method and target";
	if (line->status < -1 || line->status > 999)
		return "the status is none";
	e->has_response = line->status >= 0;
	e->status = line->status > 0 ? (int)line->status : 0;
	e->headers = reader->headers.v;
	e->n_headers = reader->headers.n;
	e->response_headers = reader->response_headers.v;
	e->n_response_headers = reader->response_headers.n;
	if (line->resolution > 0)
		e->resolution = line->resolution;
	if (e->latency < 0)
		e->latency = -1;
	if (e->response_time == TWINRIG_NO_TIME && e->latency >= 0 &&
		e->time >= 0 && e->time <= INT64_MAX - e->latency)
		e->response_time = e->time + e->latency;
	return NULL;
}

static const char *parse(
	struct reader *reader, const char *text, size_t n, struct line *line)
{
	struct tw_json *json = &reader->json;
	const char *error;

	*line = (struct line){.status = -1};
	tw_exchange_init(&line->exchange);
	tw_scratch_reset(&reader->pool);
	reader->headers.n = reader->response_headers.n = 0;
	tw_json_reset(json, text, n);
	if (tw_json_next(json) != TW_JSON_OBJECT)
		return json->error ? json->error : "the line is no object";
	while (tw_json_next(json) == TW_JSON_KEY) {
		error = take_member(reader, line);
		if (error)
			return error;
	}
	if (json->type == TW_JSON_OBJECT_END)
		tw_json_next(json);
	if (json->type != TW_JSON_END)
		return json->error;
	return finish_line(reader, line);
}

static int take(void *context, const char *text, size_t n, uint64_t number)
{
	struct reader *reader = context;
	struct twinrig_sink *sink = reader->sink;
	struct line line;
	const char *error;

	while (n && (text[n - 1] == '\r' || text[n - 1] == ' '))
		n--;
	if (!n)
		return 0;
	error = parse(reader, text, n, &line);
	if (error && line.is_title) {
		sink->fail(sink, number, 0, error);
		return -1;
	}
	if (error) {
		sink->malformed(sink, number, error);
		return 0;
	}
	if (line.is_title)
		return 0;
	line.exchange.line = number;
	return sink->exchange(sink, &line.exchange);
}

static void reader_init(struct reader *reader, struct twinrig_sink *sink)
{
	*reader = (struct reader){.sink = sink};
	tw_json_init_text(&reader->json, "", 0);
}

static void reader_release(struct reader *reader)
{
	tw_json_release(&reader->json);
	tw_scratch_release(&reader->pool);
	tw_header_list_release(&reader->headers);
	tw_header_list_release(&reader->response_headers);
}

static int read_jsonl(struct twinrig_source *source, struct twinrig_sink *sink)
{
	struct reader reader;
	int result;

	reader_init(&reader, sink);
	result = tw_lines_each(source, take, &reader);
	reader_release(&reader);
	return result;
}

static int probe(const char *data, size_t size, int whole)
{
	const char *newline = memchr(data, '\n', size);
	size_t n = newline ? (size_t)(newline - data) : size;
	struct reader reader;
	struct line line;
	int score = 0;

	if (!newline && !whole)
		return 0;
	reader_init(&reader, NULL);
	if (!parse(&reader, data, n, &line) || line.is_title)
		/* A JSON access log has no target. */
		score = line.is_title ? 100 : 95;
	reader_release(&reader);
	return score;
}

static const struct twinrig_capture_reader capture_reader = {
	.struct_size = sizeof capture_reader,
	.name = "jsonl",
	.description = "twinrig's JSON Lines",
	.probe = probe,
	.read = read_jsonl,
};

static const struct twinrig_capture_writer capture_writer = {
	.struct_size = sizeof capture_writer,
	.name = "jsonl",
	.description = "twinrig's JSON Lines",
	.begin = tw_jsonl_begin,
	.exchange = tw_jsonl_write,
};

TWINRIG_PLUGIN(twinrig_plugin_jsonl, .name = "jsonl",
	.description = "twinrig's own JSON Lines",
	.capture_reader = &capture_reader, .capture_writer = &capture_writer);
