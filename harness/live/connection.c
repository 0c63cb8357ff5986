/*
 * The states of a connection:
 *
 *	READING --message complete--> WAITING --reply--> WRITING --> READING
 *
 * and from each of them CLOSING. Bytes that arrive in WAITING or WRITING stay
 * in `in`; beyond IN_MAX the socket is not read, so that the kernel's window
 * slows the client down. The socket is read on in WAITING up to there,
 * because only a read tells that the client has gone.
 *
 * A connection's memory goes when its handles are closed and nobody holds
 * its request: a client that goes in WAITING leaves a GONE connection, which
 * the answer then frees.
 */
#include "harness/live/server_inner.h"

#include "twins/base/assert.h"

#define IN_MAX	   ((size_t)64 << 10)
#define WRITE_TIME (30 * TW_S) /* for a client that does not read */

static void parse(struct connection *c);

/* ---- life of a connection -------------------------------------------- */

void tw_live_connection_maybe_free(struct connection *c)
{
	struct tw_live_server *server = c->server;

	if (c->handles > 0 || c->owed)
		return;
	if (c->prev)
		c->prev->next = c->next;
	else
		server->connections = c->next;
	if (c->next)
		c->next->prev = c->prev;
	tw_buf_release(&c->in);
	tw_buf_release(&c->head);
	tw_buf_release(&c->body);
	tw_buf_release(&c->out);
	tw_vec_release(&c->spans);
	tw_vec_release(&c->request.headers);
	tw_free(c);
	server->handles--;
	tw_live_server_maybe_free(server);
}

static void on_connection_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;

	c->handles--;
	tw_live_connection_maybe_free(c);
}

void tw_live_connection_close(struct connection *c, bool reset)
{
	if (c->state == CLOSING)
		return;
	c->state = CLOSING;
	c->server->n_connections--;
	uv_close((uv_handle_t *)&c->timer, on_connection_closed);
	if (!reset || uv_tcp_close_reset(&c->tcp, on_connection_closed))
		uv_close((uv_handle_t *)&c->tcp, on_connection_closed);
}

static void on_timer(uv_timer_t *timer)
{
	struct connection *c = timer->data;

	if (c->state == READING && c->begun) {
		c->refuse = 408;
		parse(c);
	} else {
		tw_live_connection_close(c, c->state == WRITING);
	}
}

static void set_timer(struct connection *c, tw_time after)
{
	uv_timer_start(&c->timer, on_timer,
		(uint64_t)((after + TW_MS - 1) / TW_MS), 0);
}

/* ---- answers --------------------------------------------------------- */

static void request_clear(struct connection *c)
{
	tw_buf_clear(&c->head);
	tw_buf_clear(&c->body);
	c->spans.n = 0;
	c->request.headers.n = 0;
	c->method_n = c->target_n = 0;
	c->begun = c->expect = false;
}

static void on_written(uv_write_t *write, int status)
{
	struct connection *c = write->data;

	if (c->state != WRITING)
		return;
	if (status || !c->keep || (c->eof && c->in.n == 0)) {
		tw_live_connection_close(c, false);
		return;
	}
	request_clear(c);
	c->state = READING;
	set_timer(c, c->server->limits.idle);
	llhttp_resume(&c->parser);
	parse(c);
}

static void send_out(struct connection *c)
{
	uv_buf_t buf = uv_buf_init(c->out.p, (unsigned)c->out.n);

	c->state = WRITING;
	c->write.data = c;
	set_timer(c, WRITE_TIME);
	if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &buf, 1, on_written))
		tw_live_connection_close(c, false);
}

static void compose(struct connection *c, int status,
	const struct tw_http_headers *headers, struct tw_str body)
{
	bool bodiless = status < 200 || status == 204 || status == 304;
	struct tw_buf *out = &c->out;

	tw_buf_clear(out);
	tw_buf_printf(
		out, "HTTP/1.1 %d %s\r\n", status, tw_http_reason(status));
	for (size_t i = 0; headers && i < headers->n; i++) {
		const struct tw_http_header *h = &headers->v[i];

		if (tw_http_hop_by_hop(h->name) || !tw_http_header_valid(h))
			continue;
		tw_buf_add(out, h->name.p, h->name.n);
		tw_buf_add(out, ": ", 2);
		tw_buf_add(out, h->value.p, h->value.n);
		tw_buf_add(out, "\r\n", 2);
	}
	if (!bodiless)
		tw_buf_printf(out, "Content-Length: %zu\r\n", body.n);
	if (!c->keep)
		tw_buf_add_text(out, "Connection: close\r\n");
	tw_buf_add(out, "\r\n", 2);
	if (!bodiless && c->parser.method != HTTP_HEAD && body.n > 0)
		tw_buf_add(out, body.p, body.n);
}

static void refuse(struct connection *c)
{
	char text[64];
	int n = snprintf(text, sizeof text, "%d %s\n", c->refuse,
		tw_http_reason(c->refuse));

	c->server->counts.refused++;
	c->keep = false;
	compose(c, c->refuse, NULL, (struct tw_str){text, (size_t)n});
	send_out(c);
}

/* Ends what the handler owes; false where the client has gone. */
static bool settle_debt(struct connection *c)
{
	tw_assert(c->owed && !c->held);
	c->owed = false;
	if (c->state == WAITING)
		return true;
	tw_live_connection_maybe_free(c);
	return false;
}

void tw_live_reply(struct tw_live_request *request, int status,
	const struct tw_http_headers *headers, struct tw_str body)
{
	struct connection *c = (struct connection *)request;

	if (!settle_debt(c))
		return;
	compose(c, status, headers, body);
	send_out(c);
}

void tw_live_reset(struct tw_live_request *request)
{
	struct connection *c = (struct connection *)request;

	if (settle_debt(c))
		tw_live_connection_close(c, true);
}

void tw_live_hold(struct tw_live_request *request)
{
	struct connection *c = (struct connection *)request;

	if (settle_debt(c))
		c->held = true;
}

/* ---- the parser's callbacks ------------------------------------------ */

static int grow_head(struct connection *c, const char *p, size_t n)
{
	if (c->head.n + n > c->server->limits.head) {
		c->refuse = 431;
		return -1;
	}
	tw_buf_add(&c->head, p, n);
	return 0;
}

static int on_begin(llhttp_t *parser)
{
	struct connection *c = parser->data;

	c->begun = true;
	set_timer(c, c->server->limits.read);
	return 0;
}

static int on_url(llhttp_t *parser, const char *p, size_t n)
{
	struct connection *c = parser->data;

	if (c->head.n == 0) {
		const char *name =
			llhttp_method_name((llhttp_method_t)parser->method);

		c->method_n = strlen(name);
		if (grow_head(c, name, c->method_n))
			return -1;
	}
	c->target_n += n;
	return grow_head(c, p, n);
}

static int on_field(llhttp_t *parser, const char *p, size_t n)
{
	struct connection *c = parser->data;
	struct span *last = c->spans.n ? &c->spans.v[c->spans.n - 1] : NULL;

	if (!last || last->value) {
		tw_vec_push(&c->spans, (struct span){.name = c->head.n});
		last = &c->spans.v[c->spans.n - 1];
	}
	last->name_n += n;
	return grow_head(c, p, n);
}

static int on_value(llhttp_t *parser, const char *p, size_t n)
{
	struct connection *c = parser->data;
	struct span *last = &c->spans.v[c->spans.n - 1];

	if (!last->value)
		last->value = c->head.n;
	last->value_n += n;
	return grow_head(c, p, n);
}

/* A value that is empty may never be told: the next name is then a new one. */
static int on_value_complete(llhttp_t *parser)
{
	struct connection *c = parser->data;
	struct span *last = &c->spans.v[c->spans.n - 1];

	if (!last->value)
		last->value = c->head.n;
	return 0;
}

static int on_head_complete(llhttp_t *parser)
{
	struct connection *c = parser->data;

	if (parser->method == HTTP_CONNECT || parser->upgrade) {
		c->refuse = 501;
		return -1;
	}
	if (parser->content_length > c->server->limits.body) {
		c->refuse = 413;
		return -1;
	}
	for (size_t i = 0; i < c->spans.n; i++) {
		struct tw_str name = {
			c->head.p + c->spans.v[i].name, c->spans.v[i].name_n};

		if (tw_str_equal_nocase(name, TW_STR("expect")))
			c->expect = true;
	}
	return 0;
}

static int on_body(llhttp_t *parser, const char *p, size_t n)
{
	struct connection *c = parser->data;

	if (c->body.n + n > c->server->limits.body) {
		c->refuse = 413;
		return -1;
	}
	c->expect = false;
	tw_buf_add(&c->body, p, n);
	return 0;
}

static int on_complete(llhttp_t *parser)
{
	struct connection *c = parser->data;

	c->keep = llhttp_should_keep_alive(parser) != 0;
	c->state = WAITING;
	return HPE_PAUSED;
}

void tw_live_parser_settings(llhttp_settings_t *settings)
{
	llhttp_settings_init(settings);
	settings->on_message_begin = on_begin;
	settings->on_url = on_url;
	settings->on_header_field = on_field;
	settings->on_header_value = on_value;
	settings->on_header_value_complete = on_value_complete;
	settings->on_headers_complete = on_head_complete;
	settings->on_body = on_body;
	settings->on_message_complete = on_complete;
}

/* ---- reading --------------------------------------------------------- */

static void hand_over(struct connection *c)
{
	struct tw_live_request *request = &c->request;
	const char *head = tw_buf_text(&c->head);

	uv_timer_stop(&c->timer);
	request->method = (struct tw_str){head, c->method_n};
	request->target = (struct tw_str){head + c->method_n, c->target_n};
	request->body = (struct tw_str){tw_buf_text(&c->body), c->body.n};
	for (size_t i = 0; i < c->spans.n; i++) {
		struct span *s = &c->spans.v[i];

		tw_vec_push(&request->headers,
			(struct tw_http_header){{head + s->name, s->name_n},
				{head + s->value, s->value_n}});
	}
	request->data = NULL;
	c->owed = true;
	c->server->counts.requests++;
	c->server->handler(c->server->context, request);
}

/* The client waits for a word before it sends the body (RFC 9110, 10.1.1). */
static void say_continue(struct connection *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	uv_buf_t buf;
	char copy[sizeof text];

	memcpy(copy, text, sizeof text);
	buf = uv_buf_init(copy, sizeof text - 1);
	c->expect = false;
	uv_try_write((uv_stream_t *)&c->tcp, &buf, 1);
}

static void drop_front(struct tw_buf *buf, size_t n)
{
	memmove(buf->p, buf->p + n, buf->n - n);
	buf->n -= n;
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct connection *c = handle->data;

	(void)size;
	*buf = uv_buf_init(c->chunk, sizeof c->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void resume_reading(struct connection *c)
{
	if (!c->stopped || c->eof || c->in.n > IN_MAX)
		return;
	c->stopped = false;
	uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

/* Parses what is here, up to the end of one request. */
static void parse(struct connection *c)
{
	enum llhttp_errno status = HPE_OK;
	size_t used = c->in.n;

	if (c->state != READING)
		return;
	if (!c->refuse && c->in.n > 0) {
		status = llhttp_execute(&c->parser, c->in.p, c->in.n);
		if (status == HPE_PAUSED)
			used = (size_t)(llhttp_get_error_pos(&c->parser) -
					c->in.p);
		drop_front(&c->in, used);
	}
	if (status != HPE_OK && status != HPE_PAUSED && !c->refuse)
		c->refuse = status == HPE_PAUSED_UPGRADE ? 501 : 400;
	if (c->refuse)
		refuse(c);
	else if (c->state == WAITING)
		hand_over(c);
	else if (c->eof)
		tw_live_connection_close(c, false);
	else if (c->expect)
		say_continue(c);
	if (c->state == READING)
		resume_reading(c);
}

static void on_gone(struct connection *c, ssize_t why)
{
	c->eof = true;
	uv_read_stop((uv_stream_t *)&c->tcp);
	if (c->state == READING && c->in.n == 0) {
		tw_live_connection_close(c, false);
	} else if (c->state == WAITING && (why != UV_EOF || c->held)) {
		/* After a plain end of stream it may still read. */
		c->server->counts.abandoned++;
		tw_live_connection_close(c, false);
	}
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct connection *c = stream->data;

	if (c->state == CLOSING || n == 0)
		return;
	if (n < 0) {
		on_gone(c, n);
		return;
	}
	tw_buf_add(&c->in, buf->base, (size_t)n);
	if (c->state == READING) {
		parse(c);
	} else if (c->in.n > IN_MAX) {
		c->stopped = true;
		uv_read_stop(stream);
	}
}

/* ---- its beginning --------------------------------------------------- */

struct connection *tw_live_connection_new(
	struct tw_live_server *server, size_t listener)
{
	struct connection *c = tw_calloc(1, sizeof *c);

	c->server = server;
	c->request.listener = listener;
	uv_tcp_init(server->uv, &c->tcp);
	uv_timer_init(server->uv, &c->timer);
	c->tcp.data = c->timer.data = c;
	c->handles = 2;
	c->next = server->connections;
	if (c->next)
		c->next->prev = c;
	server->connections = c;
	server->n_connections++;
	server->handles++;
	llhttp_init(&c->parser, HTTP_REQUEST, &server->settings);
	c->parser.data = c;
	return c;
}

void tw_live_connection_start(struct connection *c)
{
	uv_tcp_nodelay(&c->tcp, 1);
	set_timer(c, c->server->limits.idle);
	uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}
