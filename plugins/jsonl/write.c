#include "plugins/common/json.h"
#include "plugins/common/text.h"
#include "plugins/jsonl/jsonl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A line is gathered here and handed on in pieces. */
struct line {
	struct twinrig_out *out;
	bool failed, first;
	size_t n;
	char text[8192];
};

static void flush(struct line *line)
{
	if (line->n && !line->failed)
		line->failed =
			line->out->write(line->out, line->text, line->n) != 0;
	line->n = 0;
}

static void put(struct line *line, const char *text)
{
	size_t n = strlen(text);

	if (sizeof line->text - line->n < n)
		flush(line);
	memcpy(line->text + line->n, text, n);
	line->n += n;
}

static void put_string(struct line *line, struct twinrig_text text)
{
	const char *p = text.p, *end = p + text.n;

	put(line, "\"");
	while (p < end) {
		if (sizeof line->text - line->n < 6)
			flush(line);
		line->n += tw_json_escape(&p, end, line->text + line->n,
			sizeof line->text - line->n);
	}
	put(line, "\"");
}

static void put_base64(struct line *line, struct twinrig_text text)
{
	put(line, "{\"base64\":\"");
	for (size_t i = 0; i < text.n; i += 768) {
		size_t n = text.n - i < 768 ? text.n - i : 768;

		if (sizeof line->text - line->n < 1024)
			flush(line);
		line->n +=
			tw_base64_encode(text.p + i, n, line->text + line->n);
	}
	put(line, "\"}");
}

static void put_value(struct line *line, struct twinrig_text text)
{
	if (tw_is_utf8(text.p, text.n))
		put_string(line, text);
	else
		put_base64(line, text);
}

static void put_key(struct line *line, const char *key)
{
	put(line, line->first ? "\"" : ",\"");
	put(line, key);
	put(line, "\":");
	line->first = false;
}

static void put_text(
	struct line *line, const char *key, struct twinrig_text text)
{
	if (!text.p)
		return;
	put_key(line, key);
	put_value(line, text);
}

static void put_integer(struct line *line, const char *key, int64_t value)
{
	char digits[24];

	put_key(line, key);
	snprintf(digits, sizeof digits, "%" PRId64, value);
	put(line, digits);
}

static void put_time(struct line *line, const char *key, int64_t time)
{
	char text[48];

	put_key(line, key);
	put(line, "\"");
	tw_time_iso_text(time, text);
	put(line, text);
	put(line, "\"");
}

static void put_headers(struct line *line, const char *key,
	const struct twinrig_header *headers, size_t n)
{
	if (!n)
		return;
	put_key(line, key);
	for (size_t i = 0; i < n; i++) {
		put(line, i ? ",[" : "[[");
		put_value(line, headers[i].name);
		put(line, ",");
		put_value(line, headers[i].value);
		put(line, "]");
	}
	put(line, "]");
}

static void put_times(struct line *line, const struct twinrig_exchange *e)
{
	int64_t end;

	if (e->time != TWINRIG_NO_TIME)
		put_time(line, "time", e->time);
	if (e->time != TWINRIG_NO_TIME)
		put_integer(line, "resolution_ns", e->resolution);
	if (e->latency >= 0)
		put_integer(line, "latency_ns", e->latency);
	if (e->response_time != TWINRIG_NO_TIME &&
		(e->latency < 0 ||
			__builtin_add_overflow(e->time, e->latency, &end) ||
			end != e->response_time))
		put_time(line, "response_time", e->response_time);
}

int tw_jsonl_begin(struct twinrig_out *out)
{
	static const char title[] =
		"{\"twinrig\":\"exchanges\",\"version\":1}\n";

	return out->write(out, title, sizeof title - 1);
}

int tw_jsonl_write(struct twinrig_out *out, const struct twinrig_exchange *e)
{
	struct line line = {.out = out, .first = true};

	put(&line, "{");
	put_times(&line, e);
	put_text(&line, "method", e->method);
	put_text(&line, "target", e->target);
	put_text(&line, "host", e->host);
	put_text(&line, "scheme", e->scheme);
	put_text(&line, "protocol", e->protocol);
	put_headers(&line, "headers", e->headers, e->n_headers);
	put_text(&line, "body", e->body);
	if (e->has_response)
		put_integer(&line, "status", e->status);
	put_headers(&line, "response_headers", e->response_headers,
		e->n_response_headers);
	put_text(&line, "response_body", e->response_body);
	put_text(&line, "id", e->id);
	put_text(&line, "connection", e->connection);
	put_text(&line, "caller", e->caller);
	put_text(&line, "service", e->service);
	if (TWINRIG_HAS(e, struct twinrig_exchange, user)) {
		put_text(&line, "client", e->client);
		put_text(&line, "user", e->user);
	}
	if (TWINRIG_HAS(e, struct twinrig_exchange, response_bytes)) {
		if (e->request_bytes > 0)
			put_integer(&line, "request_bytes", e->request_bytes);
		if (e->response_bytes > 0)
			put_integer(&line, "response_bytes", e->response_bytes);
	}
	put(&line, "}\n");
	flush(&line);
	return line.failed ? -1 : 0;
}
