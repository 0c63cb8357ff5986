#include "plugins/common/http.h"

#include <llhttp.h>
#include <stdlib.h>
#include <string.h>

void tw_http_init(struct tw_http *http)
{
	*http = (struct tw_http){0};
}

void tw_http_release(struct tw_http *http)
{
	tw_header_list_release(&http->headers);
	free(http->decoded);
	http->decoded = NULL;
}

/* llhttp may give one span in pieces (a folded value); they are neighbours
 * in the message. */
static void extend(struct twinrig_text *text, const char *p, size_t n)
{
	if (!text->p)
		text->p = p;
	text->n = (size_t)(p + n - text->p);
}

static int on_message_begin(llhttp_t *parser)
{
	struct tw_http *http = parser->data;

	http->method = http->target = http->body = (struct twinrig_text){0};
	http->headers.n = 0;
	http->in_name = http->complete = http->chunked = false;
	return 0;
}

static int on_method(llhttp_t *parser, const char *p, size_t n)
{
	struct tw_http *http = parser->data;

	extend(&http->method, p, n);
	return 0;
}

static int on_url(llhttp_t *parser, const char *p, size_t n)
{
	struct tw_http *http = parser->data;

	extend(&http->target, p, n);
	return 0;
}

static bool in_trailers(const struct tw_http *http)
{
	return http->chunked && http->body.p;
}

static int on_header_field(llhttp_t *parser, const char *p, size_t n)
{
	struct tw_http *http = parser->data;
	struct tw_header_list *list = &http->headers;

	if (in_trailers(http))
		return 0;
	if (http->in_name) {
		extend(&list->v[list->n - 1].name, p, n);
		return 0;
	}
	http->in_name = true;
	return tw_header_list_add(list, (struct twinrig_text){p, n},
		(struct twinrig_text){NULL, 0});
}

static int on_header_value(llhttp_t *parser, const char *p, size_t n)
{
	struct tw_http *http = parser->data;
	struct tw_header_list *list = &http->headers;

	if (list->n && !in_trailers(http))
		extend(&list->v[list->n - 1].value, p, n);
	return 0;
}

static int on_header_value_complete(llhttp_t *parser)
{
	struct tw_http *http = parser->data;
	struct tw_header_list *list = &http->headers;
	struct twinrig_text *value;

	http->in_name = false;
	if (!list->n)
		return 0;
	value = &list->v[list->n - 1].value;
	if (!value->p)
		value->p = "";
	while (value->n && (value->p[value->n - 1] == ' ' ||
				   value->p[value->n - 1] == '\t'))
		value->n--;
	return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
	struct tw_http *http = parser->data;

	http->status = parser->status_code;
	memcpy(http->protocol_text, "HTTP/0.0", 9);
	http->protocol_text[5] += (char)(parser->http_major % 10);
	http->protocol_text[7] += (char)(parser->http_minor % 10);
	http->protocol = (struct twinrig_text){http->protocol_text, 8};
	http->chunked = parser->flags & F_CHUNKED;
	http->complete = false;
	return 0;
}

static int on_body(llhttp_t *parser, const char *p, size_t n)
{
	struct tw_http *http = parser->data;

	if (!http->chunked) {
		extend(&http->body, p, n);
		return 0;
	}
	if (http->body_cap - http->body.n < n) {
		size_t cap = (http->body.n + n) * 2;
		char *grown = realloc(http->decoded, cap);

		if (!grown)
			return -1;
		http->decoded = grown;
		http->body_cap = cap;
	}
	memcpy(http->decoded + http->body.n, p, n);
	http->body = (struct twinrig_text){http->decoded, http->body.n + n};
	return 0;
}

static int on_message_complete(llhttp_t *parser)
{
	struct tw_http *http = parser->data;
	bool interim = parser->type == HTTP_RESPONSE && http->status / 100 == 1;

	http->complete = true;
	return interim && http->status != 101 ? 0 : HPE_PAUSED;
}

static void settings_init(llhttp_settings_t *settings)
{
	llhttp_settings_init(settings);
	settings->on_message_begin = on_message_begin;
	settings->on_method = on_method;
	settings->on_url = on_url;
	settings->on_header_field = on_header_field;
	settings->on_header_value = on_header_value;
	settings->on_header_value_complete = on_header_value_complete;
	settings->on_headers_complete = on_headers_complete;
	settings->on_body = on_body;
	settings->on_message_complete = on_message_complete;
}

int tw_http_full(struct tw_http *http, enum tw_http_kind kind, const char *data,
	size_t size)
{
	llhttp_settings_t settings;
	llhttp_t parser;
	llhttp_errno_t error;

	settings_init(&settings);
	llhttp_init(&parser,
		kind == TW_HTTP_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE,
		&settings);
	parser.data = http;
	http->error = NULL;
	http->truncated = false;
	http->protocol = (struct twinrig_text){NULL, 0};
	on_message_begin(&parser);
	if (!size) {
		http->error = "the message is empty";
		return -1;
	}
	error = llhttp_execute(&parser, data, size);
	if (error == HPE_OK && !http->complete)
		error = llhttp_finish(&parser);
	if (http->complete)
		return 0;
	if (!http->protocol.p) {
		http->error = error == HPE_OK || error == HPE_INVALID_EOF_STATE
				      ? "its headers are not complete"
				      : llhttp_get_error_reason(&parser);
		if (!http->error)
			http->error = "it is no HTTP message";
		return -1;
	}
	if (error != HPE_OK && error != HPE_INVALID_EOF_STATE) {
		http->error = llhttp_get_error_reason(&parser);
		return -1;
	}
	http->truncated = true;
	return 0;
}

int tw_http_parse(struct tw_http *http, enum tw_http_kind kind,
	const char *data, size_t size)
{
	if (!tw_http_plain(http, kind, data, size))
		return tw_http_full(http, kind, data, size);
	http->error = NULL;
	http->truncated = false;
	return 0;
}
