/*
 * The server against raw bytes, and the client against the server, on one
 * loop. What the handler does is the path: /hold, /reset, /later, /echo.
 */
#include "harness/live/client.h"
#include "harness/live/server.h"

#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
	uv_loop_t uv;
	struct tw_live_server *server;
	struct tw_live_client *client;
	uv_timer_t timer;
	struct tw_live_request *later;
	uint16_t port;
	/* What the client was told. */
	size_t told;
	enum tw_live_failure failure;
	int status;
	char body[256], header[64];
	uint64_t size, tags;
};

static void answer(struct fixture *f, struct tw_live_request *request)
{
	struct tw_http_headers headers = {0};
	struct tw_buf text = {0};

	(void)f;
	tw_vec_push(&headers,
		(struct tw_http_header){TW_STR("X-Test"), TW_STR("yes")});
	tw_vec_push(&headers,
		(struct tw_http_header){TW_STR("Content-Length"), TW_STR("9")});
	tw_vec_push(&headers,
		(struct tw_http_header){TW_STR("Bad"), TW_STR("a\r\nb: c")});
	tw_buf_add(&text, request->method.p, request->method.n);
	tw_buf_add_char(&text, ' ');
	tw_buf_add(&text, request->target.p, request->target.n);
	tw_buf_add_char(&text, ' ');
	tw_buf_add(&text, request->body.p, request->body.n);
	tw_live_reply(request, 200, &headers,
		(struct tw_str){tw_buf_text(&text), text.n});
	tw_buf_release(&text);
	tw_vec_release(&headers);
}

static void on_timer(uv_timer_t *timer)
{
	struct fixture *f = timer->data;

	answer(f, f->later);
}

static void on_request(void *context, struct tw_live_request *request)
{
	struct fixture *f = context;

	if (tw_str_equal(request->target, "/hold")) {
		tw_live_hold(request);
	} else if (tw_str_equal(request->target, "/reset")) {
		tw_live_reset(request);
	} else if (tw_str_equal(request->target, "/later")) {
		f->later = request;
		uv_timer_start(&f->timer, on_timer, 60, 0);
	} else {
		answer(f, request);
	}
}

static void on_response(
	void *context, uint64_t tag, const struct tw_live_response *response)
{
	struct fixture *f = context;
	const struct tw_http_header *h =
		tw_http_find(&response->headers, "x-test");
	size_t n = response->body.n < 255 ? response->body.n : 255;

	f->told++;
	f->tags += tag;
	f->failure = response->failure;
	f->status = response->status;
	f->size = response->body_size;
	memcpy(f->body, response->body.p, n);
	f->body[n] = '\0';
	snprintf(f->header, sizeof f->header, "%.*s", h ? (int)h->value.n : 0,
		h ? h->value.p : "");
}

static void set_up(struct fixture *f, const struct tw_live_limits *limits)
{
	struct tw_error error;

	memset(f, 0, sizeof *f);
	uv_loop_init(&f->uv);
	uv_timer_init(&f->uv, &f->timer);
	f->timer.data = f;
	f->server = tw_live_server_new(&f->uv, limits, on_request, f);
	ck_assert_int_eq(tw_live_server_listen(f->server, &f->port, &error), 0);
	f->client = tw_live_client_new(&f->uv, 64, on_response, f);
}

static void tear_down(struct fixture *f)
{
	tw_live_client_free(f->client);
	tw_live_server_free(f->server);
	uv_close((uv_handle_t *)&f->timer, NULL);
	uv_run(&f->uv, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&f->uv), 0);
}

/* ---- raw bytes ------------------------------------------------------- */

static int dial(const struct fixture *f)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(f->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

/* Runs the loop until so many turns, of a millisecond at least, pass without a
 * byte, or the end (returned). Turns, not time: a machine that lets the test
 * wait lets the server wait, too. */
static bool listen_to(
	struct fixture *f, int fd, char *to, size_t cap, int turns)
{
	size_t n = 0;

	for (int quiet = 0; quiet < turns; quiet++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t got;

		uv_run(&f->uv, UV_RUN_NOWAIT);
		if (poll(&p, 1, 1) <= 0)
			continue;
		got = read(fd, to + n, cap - n - 1);
		if (got <= 0) {
			to[n] = '\0';
			return true;
		}
		n += (size_t)got;
		quiet = -1;
	}
	to[n] = '\0';
	return false;
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	while ((text = strstr(text, word))) {
		n++;
		text++;
	}
	return n;
}

/* What is sent, how the answer begins (NULL: none), whether the server then
 * closes. */
static const struct {
	const char *request, *answer;
	bool closes;
} exchanges[] = {
	{"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n", false},
	{"GET /a HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", true},
	{"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 200 OK\r\n", true},
	{"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\n", false},
	{"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
	 "Content-Length: 1\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n", false},
	{"nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", true},
	{"GET /a HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked"
	 "\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 400 Bad Request\r\n", true},
	{"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.1 501 Not Implemented\r\n", true},
	{"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n",
		"HTTP/1.1 413 ", true},
	{"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "7d0\r\n",
		NULL, false},
	{"GET /slow HTTP/1.1\r\nHost: x", "HTTP/1.1 408 ", true},
	{"GET /hold HTTP/1.1\r\nHost: x\r\n\r\n", NULL, false},
	{"GET /reset HTTP/1.1\r\nHost: x\r\n\r\n", NULL, true},
	{"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n", false},
};

static void ask_raw(size_t i)
{
	const char *request = exchanges[i].request;
	const char *answer = exchanges[i].answer ? exchanges[i].answer : "";
	bool is_cut_off = strstr(answer, "408") != NULL;
	struct tw_live_limits limits = tw_live_limits_default;
	struct fixture f;
	char got[4096];
	int fd;
	bool closed;

	limits.body = 1000;
	/* The others are not to wait so long that they are cut off, too. */
	if (is_cut_off)
		limits.read = 80 * TW_MS;
	set_up(&f, &limits);
	fd = dial(&f);
	ck_assert(write(fd, request, strlen(request)) > 0);
	closed = listen_to(&f, fd, got, sizeof got, is_cut_off ? 400 : 60);
	ck_assert_msg(closed == exchanges[i].closes, "%zu: %s", i, got);
	ck_assert_msg(*answer ? !strncmp(got, answer, strlen(answer)) : !*got,
		"%zu: %s", i, got);
	ck_assert_uint_eq(count(got, "b: c"), 0);
	close(fd);
	tear_down(&f);
}

START_TEST(answers_raw_bytes)
{
	for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++)
		ask_raw(i);
}
END_TEST

START_TEST(pipelined_requests_keep_their_order)
{
	struct fixture f;
	char got[8192];
	const char *text = "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
			   "POST /b HTTP/1.1\r\nHost: x\r\n"
			   "Content-Length: 3\r\n\r\nxyz"
			   "GET /c HTTP/1.1\r\nHost: x\r\nEmpty:\r\n\r\n";
	int fd;

	set_up(&f, NULL);
	fd = dial(&f);
	ck_assert(write(fd, text, strlen(text)) > 0);
	ck_assert(!listen_to(&f, fd, got, sizeof got, 150));
	ck_assert_uint_eq(count(got, "HTTP/1.1 200 OK"), 3);
	ck_assert(strstr(got, "GET /later ") < strstr(got, "POST /b xyz"));
	ck_assert(strstr(got, "POST /b xyz") < strstr(got, "GET /c "));
	close(fd);
	tear_down(&f);
}
END_TEST

START_TEST(a_request_in_drops_is_cut_off)
{
	struct tw_live_limits limits = tw_live_limits_default;
	const char *text = "GET /a HTTP/1.1\r\nHost: xxxxxxxxxxxxxxxxxxxx";
	struct fixture f;
	char got[512] = "";
	bool closed = false;
	int fd;

	limits.read = 100 * TW_MS;
	set_up(&f, &limits);
	fd = dial(&f);
	for (size_t i = 0; text[i] && !closed; i++) {
		ck_assert(write(fd, text + i, 1) == 1);
		closed = listen_to(&f, fd, got, sizeof got, 20);
	}
	ck_assert(closed);
	ck_assert_uint_eq(tw_live_server_counts(f.server)->refused, 1);
	close(fd);
	tear_down(&f);
}
END_TEST

START_TEST(a_long_head_is_refused)
{
	struct tw_live_limits limits = tw_live_limits_default;
	struct fixture f;
	char got[512], text[4096];
	int fd;

	limits.head = 1024;
	set_up(&f, &limits);
	fd = dial(&f);
	memset(text, 'a', sizeof text);
	memcpy(text, "GET /", 5);
	ck_assert(write(fd, text, sizeof text) > 0);
	ck_assert(listen_to(&f, fd, got, sizeof got, 200));
	ck_assert_uint_eq(count(got, "HTTP/1.1 431 "), 1);
	close(fd);
	tear_down(&f);
}
END_TEST

/* Runs the loop a while. */
static void turn(struct fixture *f)
{
	uv_run(&f->uv, UV_RUN_NOWAIT);
	usleep(1000);
}

/* The answer comes when the server has seen it go, however slow the machine
 * is. */
START_TEST(a_client_that_goes_is_counted)
{
	struct fixture f;
	struct linger hard = {.l_onoff = 1};
	const char *text = "GET /later HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd;

	set_up(&f, NULL);
	fd = dial(&f);
	ck_assert(write(fd, text, strlen(text)) > 0);
	for (int i = 0; i < 5000 && !f.later; i++)
		turn(&f);
	ck_assert_ptr_nonnull(f.later);
	uv_timer_stop(&f.timer);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	close(fd);
	for (int i = 0; i < 5000 && !tw_live_server_counts(f.server)->abandoned;
		i++)
		turn(&f);
	ck_assert_uint_eq(tw_live_server_counts(f.server)->abandoned, 1);
	answer(&f, f.later);
	tear_down(&f);
}
END_TEST

/* ---- the client ------------------------------------------------------ */

static struct tw_live_transfer *get(
	struct fixture *f, const char *target, tw_time deadline, uint64_t tag)
{
	struct tw_live_send send = {.method = TW_STR("GET"),
		.target = tw_str_of(target),
		.host = TW_STR("cart:80"),
		.port = f->port,
		.deadline = deadline};

	return tw_live_send(f->client, &send, tag);
}

static void run_until(struct fixture *f, size_t told)
{
	while (f->told < told)
		uv_run(&f->uv, UV_RUN_ONCE);
}

START_TEST(requests_come_back)
{
	struct fixture f;

	set_up(&f, NULL);
	get(&f, "/a?b=c d", 5 * TW_S, 1);
	run_until(&f, 1);
	ck_assert_int_eq(f.failure, TW_LIVE_ANSWERED);
	ck_assert_int_eq(f.status, 200);
	ck_assert_str_eq(f.body, "GET /a?b=c%20d ");
	ck_assert_str_eq(f.header, "yes");
	tear_down(&f);
}
END_TEST

START_TEST(many_requests_side_by_side)
{
	struct fixture f;

	set_up(&f, NULL);
	for (uint64_t i = 1; i <= 300; i++)
		get(&f, "/a", 20 * TW_S, i);
	run_until(&f, 300);
	ck_assert_uint_eq(f.tags, 300 * 301 / 2);
	ck_assert_uint_eq(tw_live_client_pending(f.client), 0);
	for (uint64_t i = 1; i <= 300; i++)
		get(&f, "/a", 20 * TW_S, i);
	run_until(&f, 600);
	tear_down(&f);
}
END_TEST

START_TEST(a_long_body_is_cut_but_counted)
{
	struct fixture f;
	char body[4000];
	struct tw_live_send send = {.method = TW_STR("POST"),
		.target = TW_STR("/p"),
		.body = {body, sizeof body},
		.deadline = 5 * TW_S};

	set_up(&f, NULL);
	memset(body, 'b', sizeof body);
	send.port = f.port;
	tw_live_send(f.client, &send, 0);
	run_until(&f, 1);
	ck_assert_uint_eq(strlen(f.body), 64);
	ck_assert_uint_eq(f.size, sizeof body + strlen("POST /p "));
	tear_down(&f);
}
END_TEST

START_TEST(failures_have_names)
{
	struct fixture f;
	uint16_t port;

	set_up(&f, NULL);
	get(&f, "/hold", 50 * TW_MS, 0);
	run_until(&f, 1);
	ck_assert_int_eq(f.failure, TW_LIVE_TIMEOUT);
	get(&f, "/reset", 5 * TW_S, 0);
	run_until(&f, 2);
	ck_assert_int_eq(f.failure, TW_LIVE_RESET);
	ck_assert_int_eq(f.status, 0);
	port = f.port;
	f.port = 1;
	get(&f, "/a", 5 * TW_S, 0);
	run_until(&f, 3);
	ck_assert_int_eq(f.failure, TW_LIVE_REFUSED);
	f.port = port;
	tear_down(&f);
}
END_TEST

START_TEST(a_cancelled_request_is_never_told)
{
	struct fixture f;
	struct tw_live_transfer *transfer;

	set_up(&f, NULL);
	transfer = get(&f, "/later", 5 * TW_S, 1000);
	uv_run(&f.uv, UV_RUN_NOWAIT);
	tw_live_cancel(transfer);
	get(&f, "/a", 5 * TW_S, 1);
	run_until(&f, 1);
	ck_assert_uint_eq(f.tags, 1);
	tear_down(&f);
}
END_TEST

TW_TESTS("live/http", answers_raw_bytes, pipelined_requests_keep_their_order,
	a_request_in_drops_is_cut_off, a_long_head_is_refused,
	a_client_that_goes_is_counted, requests_come_back,
	many_requests_side_by_side, a_long_body_is_cut_but_counted,
	failures_have_names, a_cancelled_request_is_never_told)
