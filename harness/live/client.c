/*
 * libcurl tells which sockets to watch (on_socket) and when to look again
 * (on_timeout); libuv watches. A fresh transfer is started by the first look,
 * made at once by tw_live_send(): a timer of zero would cost a turn of the
 * loop. What has ended is told from a check handle, after the sockets, so
 * that the handler never runs within a call of libcurl or of its own caller.
 */
#include "harness/live/client.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"

#include <curl/curl.h>

#include <limits.h>
#include <stdio.h>

#define POOL 256 /* connections kept open, idle ones included */

struct tw_live_transfer {
	struct tw_live_client *client;
	struct tw_live_transfer *prev, *next;
	CURL *easy;
	uint64_t tag;
	struct curl_slist *list;
	struct tw_buf request_body;
	struct tw_buf url;
	struct tw_buf head; /* raw header lines of the final answer */
	struct tw_buf body;
	uint64_t body_size, body_hash;
	char message[CURL_ERROR_SIZE];
};

/* One watched socket. */
struct watch {
	uv_poll_t poll;
	struct tw_live_client *client;
	curl_socket_t fd;
};

struct tw_live_client {
	uv_loop_t *uv;
	CURLM *multi;
	uv_timer_t timer;
	uv_check_t check;
	uv_idle_t idle; /* keeps the loop from waiting while news is here */
	size_t body_max;
	tw_live_on_response *handler;
	void *context;
	struct tw_live_transfer *transfers;
	struct tw_live_transfer *spare; /* linked by next */
	size_t pending;
	int handles; /* open */
	bool closing;
};

const char *tw_live_failure_name(enum tw_live_failure failure)
{
	static const char *const names[] = {
		[TW_LIVE_ANSWERED] = "answered",
		[TW_LIVE_REFUSED] = "connection refused",
		[TW_LIVE_RESET] = "connection reset",
		[TW_LIVE_TIMEOUT] = "no answer in time",
		[TW_LIVE_GARBAGE] = "not HTTP",
		[TW_LIVE_CANCELLED] = "cancelled",
	};

	return names[failure];
}

/* ---- sockets and timers ---------------------------------------------- */

static void client_maybe_free(struct tw_live_client *client)
{
	if (client->closing && client->handles == 0)
		tw_free(client);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct tw_live_client *client = handle->data;

	client->handles--;
	client_maybe_free(client);
}

static void on_watch_closed(uv_handle_t *handle)
{
	struct watch *watch = handle->data;
	struct tw_live_client *client = watch->client;

	tw_free(watch);
	client->handles--;
	client_maybe_free(client);
}

static void on_idle(uv_idle_t *idle)
{
	uv_idle_stop(idle);
}

/* An idle handle makes the next wait a look only: the check comes at once. */
static void look_soon(struct tw_live_client *client)
{
	uv_idle_start(&client->idle, on_idle);
}

static void act(struct tw_live_client *client, curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(client->multi, fd, events, &running);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;
	int flags = 0;

	if (status < 0)
		flags = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	act(watch->client, watch->fd, flags);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context,
	void *socket_context)
{
	struct tw_live_client *client = context;
	struct watch *watch = socket_context;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (watch) {
			uv_poll_stop(&watch->poll);
			uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
			curl_multi_assign(client->multi, fd, NULL);
		}
		return 0;
	}
	if (!watch) {
		watch = tw_calloc(1, sizeof *watch);
		watch->client = client;
		watch->fd = fd;
		uv_poll_init_socket(client->uv, &watch->poll, fd);
		watch->poll.data = watch;
		client->handles++;
		curl_multi_assign(client->multi, fd, watch);
	}
	if (what & CURL_POLL_IN)
		events |= UV_READABLE;
	if (what & CURL_POLL_OUT)
		events |= UV_WRITABLE;
	uv_poll_start(&watch->poll, events, on_ready);
	return 0;
}

static void on_timer(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl's own deadlines are coarse ones: milliseconds will do. It must not
 * be called back from here, so zero is a turn of the loop. */
static int on_timeout(CURLM *multi, long ms, void *context)
{
	struct tw_live_client *client = context;

	(void)multi;
	if (ms < 0) {
		uv_timer_stop(&client->timer);
	} else {
		uv_update_time(client->uv);
		uv_timer_start(&client->timer, on_timer, (uint64_t)ms, 0);
	}
	return 0;
}

/* ---- one transfer ---------------------------------------------------- */

static size_t on_header(char *p, size_t size, size_t n, void *context)
{
	struct tw_live_transfer *t = context;

	/* A status line: what came before was an interim answer. */
	if (n * size > 5 && memcmp(p, "HTTP/", 5) == 0)
		tw_buf_clear(&t->head);
	else
		tw_buf_add(&t->head, p, n * size);
	return n * size;
}

static size_t on_data(char *p, size_t size, size_t n, void *context)
{
	struct tw_live_transfer *t = context;
	size_t room = t->client->body_max - t->body.n;

	n *= size;
	for (size_t i = 0; i < n; i++) /* FNV-1a, as tw_hash_bytes() */
		t->body_hash = (t->body_hash ^ (unsigned char)p[i]) *
			       UINT64_C(1099511628211);
	t->body_size += n;
	tw_buf_add(&t->body, p, n < room ? n : room);
	return n;
}

static void add_line(
	struct tw_live_transfer *t, struct tw_str name, struct tw_str value)
{
	struct tw_buf line = {0};

	tw_buf_add(&line, name.p, name.n);
	/* "Name;" is how libcurl is told of a header without a value. */
	tw_buf_add_text(&line, value.n ? ": " : ";");
	tw_buf_add(&line, value.p, value.n);
	t->list = curl_slist_append(t->list, tw_buf_text(&line));
	tw_buf_release(&line);
}

static void set_headers(
	struct tw_live_transfer *t, const struct tw_live_send *send)
{
	static const char *const silent[] = {"Expect:", "Accept:",
		"User-Agent:", "Content-Type:", "Accept-Encoding:"};
	bool given[5] = {0};

	if (send->host.n)
		add_line(t, TW_STR("Host"), send->host);
	for (size_t i = 0; send->headers && i < send->headers->n; i++) {
		const struct tw_http_header *h = &send->headers->v[i];

		if (tw_http_hop_by_hop(h->name) || !tw_http_header_valid(h) ||
			tw_str_equal_nocase(h->name, TW_STR("host")) ||
			tw_str_equal_nocase(h->name, TW_STR("expect")))
			continue;
		for (size_t k = 0; k < 5; k++)
			if (tw_str_equal_nocase(
				    h->name, (struct tw_str){silent[k],
						     strlen(silent[k]) - 1}))
				given[k] = true;
		add_line(t, h->name, h->value);
	}
	/* libcurl adds some of its own unless told otherwise. */
	for (size_t k = 0; k < 5; k++)
		if (!given[k])
			t->list = curl_slist_append(t->list, silent[k]);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->list);
}

/* What cannot stand in a request line would end it: it is escaped. */
static void add_target(struct tw_buf *to, struct tw_str target)
{
	for (size_t i = 0; i < target.n; i++) {
		unsigned char c = (unsigned char)target.p[i];

		if (c <= ' ' || c == 0x7f)
			tw_buf_printf(to, "%%%02X", c);
		else
			tw_buf_add_char(to, (char)c);
	}
	if (target.n == 0)
		tw_buf_add_char(to, '/');
}

static void set_request(
	struct tw_live_transfer *t, const struct tw_live_send *send)
{
	struct tw_buf word = {0};

	tw_buf_clear(&t->url);
	tw_buf_printf(&t->url, "http://127.0.0.1:%u/", send->port);
	curl_easy_setopt(t->easy, CURLOPT_URL, tw_buf_text(&t->url));
	add_target(&word, send->target);
	curl_easy_setopt(t->easy, CURLOPT_REQUEST_TARGET, tw_buf_text(&word));
	tw_buf_clear(&word);
	tw_buf_add(&word, send->method.p, send->method.n);
	tw_buf_clear(&t->request_body);
	if (send->body.n > 0 || tw_str_equal(send->method, "POST") ||
		tw_str_equal(send->method, "PUT") ||
		tw_str_equal(send->method, "PATCH")) {
		tw_buf_add(&t->request_body, send->body.p, send->body.n);
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
			(curl_off_t)send->body.n);
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS,
			tw_buf_text(&t->request_body));
	}
	if (tw_str_equal(send->method, "HEAD"))
		curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(
			t->easy, CURLOPT_CUSTOMREQUEST, tw_buf_text(&word));
	tw_buf_release(&word);
}

static void set_rules(struct tw_live_transfer *t, tw_time deadline)
{
	tw_time ms = (deadline + TW_MS - 1) / TW_MS;

	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(
		t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS,
		ms < LONG_MAX / 2 ? (long)ms : LONG_MAX / 2);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->message);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
}

static struct tw_live_transfer *transfer_new(struct tw_live_client *client)
{
	struct tw_live_transfer *t = client->spare;

	if (t) {
		client->spare = t->next;
		curl_easy_reset(t->easy);
	} else {
		t = tw_calloc(1, sizeof *t);
		t->client = client;
		t->easy = curl_easy_init();
		tw_assert(t->easy);
	}
	tw_buf_clear(&t->head);
	tw_buf_clear(&t->body);
	t->body_size = 0;
	t->body_hash = tw_hash_bytes("", 0);
	t->message[0] = '\0';
	t->prev = NULL;
	t->next = client->transfers;
	if (t->next)
		t->next->prev = t;
	client->transfers = t;
	client->pending++;
	return t;
}

/* It is no longer under way. */
static void unlink_transfer(struct tw_live_transfer *t)
{
	struct tw_live_client *client = t->client;

	curl_multi_remove_handle(client->multi, t->easy);
	if (t->prev)
		t->prev->next = t->next;
	else
		client->transfers = t->next;
	if (t->next)
		t->next->prev = t->prev;
	client->pending--;
}

static void recycle(struct tw_live_transfer *t)
{
	curl_slist_free_all(t->list);
	t->list = NULL;
	t->next = t->client->spare;
	t->client->spare = t;
}

struct tw_live_transfer *tw_live_send(struct tw_live_client *client,
	const struct tw_live_send *send, uint64_t tag)
{
	struct tw_live_transfer *t = transfer_new(client);

	t->tag = tag;
	set_rules(t, send->deadline);
	set_request(t, send);
	set_headers(t, send);
	curl_multi_add_handle(client->multi, t->easy);
	act(client, CURL_SOCKET_TIMEOUT, 0);
	look_soon(client);
	return t;
}

void tw_live_cancel(struct tw_live_transfer *transfer)
{
	unlink_transfer(transfer);
	recycle(transfer);
}

/* ---- what has ended -------------------------------------------------- */

static enum tw_live_failure failure_of(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return TW_LIVE_ANSWERED;
	case CURLE_COULDNT_CONNECT:
		return TW_LIVE_REFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return TW_LIVE_TIMEOUT;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_HTTP2:
		return TW_LIVE_GARBAGE;
	default:
		return TW_LIVE_RESET;
	}
}

static void split_headers(struct tw_str head, struct tw_http_headers *to)
{
	const char *end = head.p + head.n;

	for (const char *p = head.p; p < end;) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *stop = eol ? eol : end;
		const char *colon = memchr(p, ':', (size_t)(stop - p));

		if (colon)
			tw_vec_push(to,
				(struct tw_http_header){
					{p, (size_t)(colon - p)},
					tw_str_trim((struct tw_str){colon + 1,
						(size_t)(stop - colon - 1)})});
		p = stop + 1;
	}
}

static void tell(struct tw_live_transfer *t, CURLcode code)
{
	struct tw_live_client *client = t->client;
	struct tw_live_response response = {
		.failure = failure_of(code),
		.body = {tw_buf_text(&t->body), t->body.n},
		.body_size = t->body_size,
		.body_hash = t->body_hash,
		.message =
			t->message[0] ? t->message : curl_easy_strerror(code),
	};
	struct tw_str head = {tw_buf_text(&t->head), t->head.n};
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK) {
		response.status = (int)status;
		split_headers(head, &response.headers);
	}
	client->handler(client->context, t->tag, &response);
	tw_vec_release(&response.headers);
}

static void on_check(uv_check_t *check)
{
	struct tw_live_client *client = check->data;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left))) {
		struct tw_live_transfer *t;
		CURLcode code = message->data.result;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
		/* Off the list first: the handler may send and cancel. */
		unlink_transfer(t);
		tell(t, code);
		recycle(t);
	}
}

size_t tw_live_client_pending(const struct tw_live_client *client)
{
	return client->pending;
}

struct tw_live_client *tw_live_client_new(uv_loop_t *uv, size_t body_max,
	tw_live_on_response *handler, void *context)
{
	struct tw_live_client *client = tw_calloc(1, sizeof *client);

	client->uv = uv;
	client->body_max = body_max;
	client->handler = handler;
	client->context = context;
	client->multi = curl_multi_init();
	tw_assert(client->multi);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)POOL);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	uv_timer_init(uv, &client->timer);
	uv_check_init(uv, &client->check);
	uv_idle_init(uv, &client->idle);
	client->timer.data = client->check.data = client->idle.data = client;
	client->handles = 3;
	uv_check_start(&client->check, on_check);
	return client;
}

void tw_live_client_free(struct tw_live_client *client)
{
	if (!client)
		return;
	while (client->transfers)
		tw_live_cancel(client->transfers);
	while (client->spare) {
		struct tw_live_transfer *t = client->spare;

		client->spare = t->next;
		curl_easy_cleanup(t->easy);
		tw_buf_release(&t->request_body);
		tw_buf_release(&t->url);
		tw_buf_release(&t->head);
		tw_buf_release(&t->body);
		tw_free(t);
	}
	curl_multi_cleanup(client->multi);
	client->closing = true;
	uv_close((uv_handle_t *)&client->timer, on_handle_closed);
	uv_close((uv_handle_t *)&client->check, on_handle_closed);
	uv_close((uv_handle_t *)&client->idle, on_handle_closed);
}
