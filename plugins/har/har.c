/*
 * HAR 1.2 (HTTP Archive), as browsers and proxies write it, in one pass.
 *
 * What real files do, and what is made of it: a byte order mark; HTTP/2's
 * pseudo headers among the headers (dropped); bodies in base64; `time` that
 * is not the sum of the timings (`time` is taken; 0 or less: unknown); status
 * 0 for a request that failed; entries with no more than method and URL (no
 * instant: they follow the entry before). A body in a HAR is already
 * decoded, so Content-Length, Content-Encoding and Transfer-Encoding are
 * dropped. Form parameters without a text become the text.
 */
#include "plugins/common/json.h"
#include "plugins/common/scratch.h"
#include "plugins/common/text.h"
#include "plugins/twinrig-plugin.h"

#include <string.h>

struct entry {
	struct twinrig_text started, time_ms, connection;
	struct twinrig_text method, url, protocol, form;
	struct twinrig_text body, body_coding;
	struct twinrig_text status, answer, answer_coding;
	struct tw_header_list headers, answer_headers;
	bool has_request, has_response;
};

struct har {
	struct tw_json json;
	struct tw_scratch pool;
	struct entry entry;
	struct twinrig_sink *sink;
	bool stopped; /* the host wants no more */
	bool found_entries;
};

/* Calls `member` for each member of the object that the next value is; the
 * key is the current token and `member` reads the value. A value that is no
 * object is skipped. false: broken JSON. */
typedef bool take_member(struct har *har, void *context);

static bool each_member(struct har *har, take_member *member, void *context)
{
	if (tw_json_next(&har->json) != TW_JSON_OBJECT)
		return tw_json_skip(&har->json);
	while (tw_json_next(&har->json) == TW_JSON_KEY)
		if (!member(har, context))
			return false;
	return har->json.type == TW_JSON_OBJECT_END;
}

/* A string or a number, as text; anything else leaves it absent. */
static bool take_text(struct har *har, struct twinrig_text *to)
{
	enum tw_json_type type = tw_json_next(&har->json);

	if (type != TW_JSON_STRING && type != TW_JSON_NUMBER)
		return tw_json_skip(&har->json);
	*to = tw_scratch_copy(&har->pool, har->json.text);
	return true;
}

struct pair {
	struct twinrig_text name, value;
};

static bool pair_member(struct har *har, void *context)
{
	struct pair *pair = context;

	if (tw_json_is(&har->json, "name"))
		return take_text(har, &pair->name);
	if (tw_json_is(&har->json, "value"))
		return take_text(har, &pair->value);
	return tw_json_skip(&har->json);
}

typedef void take_pair(struct har *har, const struct pair *pair, void *to);

static bool each_pair(struct har *har, take_pair *take, void *to)
{
	enum tw_json_type type = tw_json_next(&har->json);

	if (type != TW_JSON_ARRAY)
		return tw_json_skip(&har->json);
	while ((type = tw_json_next(&har->json)) != TW_JSON_ARRAY_END) {
		struct pair pair = {{NULL, 0}, {"", 0}};

		if (type == TW_JSON_ERROR)
			return false;
		if (type != TW_JSON_OBJECT) {
			if (!tw_json_skip(&har->json))
				return false;
			continue;
		}
		while ((type = tw_json_next(&har->json)) == TW_JSON_KEY)
			if (!pair_member(har, &pair))
				return false;
		if (type != TW_JSON_OBJECT_END)
			return false;
		if (pair.name.n)
			take(har, &pair, to);
	}
	return true;
}

static void take_header(struct har *har, const struct pair *pair, void *to)
{
	static const char *const stale[] = {
		"content-length", "content-encoding", "transfer-encoding"};

	(void)har;
	if (pair->name.p[0] == ':')
		return;
	for (size_t i = 0; i < sizeof stale / sizeof *stale; i++)
		if (tw_text_is_nocase(pair->name, stale[i]))
			return;
	tw_header_list_add(to, pair->name, pair->value);
}

static char *put_encoded(char *to, struct twinrig_text text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || (c && strchr("-._~", c))) {
			*to++ = (char)c;
		} else {
			*to++ = '%';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		}
	}
	return to;
}

/* One more `name=value` of a form. */
static void take_parameter(struct har *har, const struct pair *pair, void *to)
{
	struct twinrig_text *form = to;
	size_t room = form->n + 3 * (pair->name.n + pair->value.n) + 2;
	char *p = tw_scratch_alloc(&har->pool, room), *at = p;

	if (!p)
		return;
	if (form->n) {
		memcpy(at, form->p, form->n);
		at += form->n;
		*at++ = '&';
	}
	at = put_encoded(at, pair->name);
	*at++ = '=';
	at = put_encoded(at, pair->value);
	*form = (struct twinrig_text){p, (size_t)(at - p)};
}

static bool post_member(struct har *har, void *context)
{
	struct entry *entry = context;

	if (tw_json_is(&har->json, "text"))
		return take_text(har, &entry->body);
	if (tw_json_is(&har->json, "encoding"))
		return take_text(har, &entry->body_coding);
	if (tw_json_is(&har->json, "params"))
		return each_pair(har, take_parameter, &entry->form);
	return tw_json_skip(&har->json);
}

static bool request_member(struct har *har, void *context)
{
	struct entry *entry = context;

	entry->has_request = true;
	if (tw_json_is(&har->json, "method"))
		return take_text(har, &entry->method);
	if (tw_json_is(&har->json, "url"))
		return take_text(har, &entry->url);
	if (tw_json_is(&har->json, "httpVersion"))
		return take_text(har, &entry->protocol);
	if (tw_json_is(&har->json, "headers"))
		return each_pair(har, take_header, &entry->headers);
	if (tw_json_is(&har->json, "postData"))
		return each_member(har, post_member, entry);
	return tw_json_skip(&har->json);
}

static bool content_member(struct har *har, void *context)
{
	struct entry *entry = context;

	if (tw_json_is(&har->json, "text"))
		return take_text(har, &entry->answer);
	if (tw_json_is(&har->json, "encoding"))
		return take_text(har, &entry->answer_coding);
	return tw_json_skip(&har->json);
}

static bool response_member(struct har *har, void *context)
{
	struct entry *entry = context;

	entry->has_response = true;
	if (tw_json_is(&har->json, "status"))
		return take_text(har, &entry->status);
	if (tw_json_is(&har->json, "headers"))
		return each_pair(har, take_header, &entry->answer_headers);
	if (tw_json_is(&har->json, "content"))
		return each_member(har, content_member, entry);
	return tw_json_skip(&har->json);
}

static bool entry_member(struct har *har, void *context)
{
	struct entry *entry = context;

	if (tw_json_is(&har->json, "startedDateTime"))
		return take_text(har, &entry->started);
	if (tw_json_is(&har->json, "time"))
		return take_text(har, &entry->time_ms);
	if (tw_json_is(&har->json, "connection"))
		return take_text(har, &entry->connection);
	if (tw_json_is(&har->json, "request"))
		return each_member(har, request_member, entry);
	if (tw_json_is(&har->json, "response"))
		return each_member(har, response_member, entry);
	return tw_json_skip(&har->json);
}

/* Undoes base64 in place; NULL, or why it cannot be. */
static const char *decode(
	struct har *har, struct twinrig_text *body, struct twinrig_text coding)
{
	if (!body->p || !tw_text_is_nocase(coding, "base64"))
		return NULL;
	if (!tw_base64_decode(&har->pool, *body, body))
		return "its body is no base64";
	return NULL;
}

static void set_times(const struct entry *entry, struct twinrig_exchange *e)
{
	int64_t ns;

	if (entry->started.p &&
		!tw_time_iso(entry->started, &e->time, &e->resolution))
		e->time = TWINRIG_NO_TIME;
	if (!entry->time_ms.p || !tw_decimal(entry->time_ms, 6, &ns) || ns <= 0)
		return;
	e->latency = ns;
	if (e->time != TWINRIG_NO_TIME && e->time <= INT64_MAX - ns)
		e->response_time = e->time + ns;
}

static const char *describe(struct har *har, struct twinrig_exchange *e)
{
	struct entry *entry = &har->entry;
	const char *error;
	uint64_t status;

	if (!entry->has_request || !entry->method.n || !entry->url.n)
		return "an entry without the method and URL of its request";
	error = decode(har, &entry->body, entry->body_coding);
	if (!error)
		error = decode(har, &entry->answer, entry->answer_coding);
	if (error)
		return error;
	tw_split_url(entry->url, &e->scheme, &e->host, &e->target);
	if (!e->host.p && entry->url.p[0] != '/')
		return "its URL is for no server";
	set_times(entry, e);
	e->method = entry->method;
	e->protocol = entry->protocol;
	e->connection = entry->connection;
	e->headers = entry->headers.v;
	e->n_headers = entry->headers.n;
	e->body = entry->body.p ? entry->body : entry->form;
	if (tw_digits(entry->status.p, entry->status.n, &status) && status &&
		status < 1000) {
		e->has_response = 1;
		e->status = (int)status;
		e->response_headers = entry->answer_headers.v;
		e->n_response_headers = entry->answer_headers.n;
		e->response_body = entry->answer;
	}
	return NULL;
}

static bool take_entry(struct har *har)
{
	struct entry *entry = &har->entry;
	struct tw_header_list headers = entry->headers;
	struct tw_header_list answer_headers = entry->answer_headers;
	struct twinrig_exchange exchange;
	uint64_t line = har->json.line;
	const char *error;

	headers.n = answer_headers.n = 0;
	*entry = (struct entry){
		.headers = headers, .answer_headers = answer_headers};
	tw_scratch_reset(&har->pool);
	while (tw_json_next(&har->json) == TW_JSON_KEY)
		if (!entry_member(har, entry))
			return false;
	if (har->json.type != TW_JSON_OBJECT_END)
		return false;
	tw_exchange_init(&exchange);
	exchange.line = line;
	error = describe(har, &exchange);
	if (error) {
		har->sink->malformed(har->sink, line, error);
		return true;
	}
	har->stopped = har->sink->exchange(har->sink, &exchange) != 0;
	return !har->stopped;
}

static bool log_member(struct har *har, void *context)
{
	enum tw_json_type type;

	(void)context;
	if (!tw_json_is(&har->json, "entries"))
		return tw_json_skip(&har->json);
	type = tw_json_next(&har->json);
	if (type != TW_JSON_ARRAY)
		return tw_json_skip(&har->json);
	har->found_entries = true;
	while ((type = tw_json_next(&har->json)) != TW_JSON_ARRAY_END) {
		if (type == TW_JSON_ERROR)
			return false;
		if (type == TW_JSON_OBJECT) {
			if (!take_entry(har))
				return false;
			continue;
		}
		har->sink->malformed(
			har->sink, har->json.line, "an entry is no object");
		if (!tw_json_skip(&har->json))
			return false;
	}
	return true;
}

static bool top_member(struct har *har, void *context)
{
	if (tw_json_is(&har->json, "log"))
		return each_member(har, log_member, context);
	return tw_json_skip(&har->json);
}

static int finish(struct har *har, bool good)
{
	struct tw_json *json = &har->json;

	if (har->stopped || json->failed)
		return -1;
	if (good && tw_json_next(json) == TW_JSON_END && har->found_entries)
		return 0;
	if (json->failed)
		return -1;
	har->sink->fail(har->sink, json->line, json->column,
		json->error ? json->error : "there is no log.entries");
	return -1;
}

static int read_har(struct twinrig_source *source, struct twinrig_sink *sink)
{
	struct har har = {.sink = sink};
	int result;

	tw_json_init(&har.json, source);
	result = finish(&har, each_member(&har, top_member, NULL));
	tw_json_release(&har.json);
	tw_scratch_release(&har.pool);
	tw_header_list_release(&har.entry.headers);
	tw_header_list_release(&har.entry.answer_headers);
	return result;
}

/* {"log": {… near the front. */
static int probe(const char *data, size_t size, int whole)
{
	struct tw_json json;
	int score = 0;

	(void)whole;
	tw_json_init_text(&json, data, size);
	if (tw_json_next(&json) == TW_JSON_OBJECT)
		while (!score && tw_json_next(&json) == TW_JSON_KEY) {
			if (tw_json_is(&json, "log")) {
				if (tw_json_next(&json) == TW_JSON_OBJECT)
					score = 90;
				break;
			}
			if (!tw_json_skip(&json))
				break;
		}
	tw_json_release(&json);
	return score;
}

static const struct twinrig_capture_reader reader = {
	.struct_size = sizeof reader,
	.name = "har",
	.description = "HTTP Archive 1.2",
	.probe = probe,
	.read = read_har,
};

TWINRIG_PLUGIN(twinrig_plugin_har, .name = "har",
	.description = "HTTP Archive (HAR 1.2)", .capture_reader = &reader);
