#include "harness/capture/identity.h"

#include "harness/capture/spool.h"
#include "plugins/common/text.h"
#include "tests/unit/test.h"

static struct twinrig_text text(const char *s)
{
	return (struct twinrig_text){s, strlen(s)};
}

static uint64_t hash(const char *s)
{
	return tw_key_hash(s, strlen(s));
}

static const struct tw_key_source header = {TW_KEY_HEADER, "X-User"},
				  cookie = {TW_KEY_COOKIE, "sid"},
				  query = {TW_KEY_QUERY, "u"},
				  client = {TW_KEY_SOURCE, ""};

START_TEST(a_key_is_what_was_sent)
{
	const struct twinrig_header headers[] = {
		{text("x-user"), text("ada")},
		{text("Cookie"), text("asid=1; sid=two; sid=3")},
		{text("X-Forwarded-For"), text("10.0.0.9, 10.0.0.1")},
	};
	struct twinrig_exchange e;

	tw_exchange_init(&e);
	e.headers = headers;
	e.n_headers = 3;
	e.target = text("/a?v=1&u=bob");
	ck_assert_uint_eq(tw_exchange_key(&header, &e), hash("ada"));
	ck_assert_uint_eq(tw_exchange_key(&cookie, &e), hash("two"));
	ck_assert_uint_eq(tw_exchange_key(&query, &e), hash("bob"));
	ck_assert_uint_eq(tw_exchange_key(&client, &e), hash("10.0.0.9"));
	e.client = text("10.0.0.7");
	ck_assert_uint_eq(tw_exchange_key(&client, &e), hash("10.0.0.7"));
}
END_TEST

/* What was not sent, where headers are known, is not there; of an access log
 * the user stands for it, and for a cookie to come the client does. */
START_TEST(who_asked_stands_in)
{
	const struct twinrig_header one = {text("Accept"), text("*/*")};
	struct twinrig_exchange e;

	tw_exchange_init(&e);
	e.target = text("/");
	ck_assert_uint_eq(tw_exchange_key(&header, &e), 0);
	ck_assert_uint_eq(tw_exchange_key(&cookie, &e), 0);
	ck_assert_uint_eq(tw_exchange_key(&query, &e), 0);
	ck_assert_uint_eq(tw_exchange_key(&client, &e), 0);
	e.client = text("10.0.0.7");
	ck_assert_uint_eq(tw_exchange_key(&cookie, &e), hash("10.0.0.7"));
	e.user = text("ada");
	ck_assert_uint_eq(tw_exchange_key(&header, &e), hash("ada"));
	ck_assert_uint_eq(tw_exchange_key(&cookie, &e), hash("ada"));
	ck_assert_uint_eq(tw_exchange_key(&query, &e), 0);
	e.headers = &one;
	e.n_headers = 1;
	ck_assert_uint_eq(tw_exchange_key(&header, &e), 0);
	ck_assert_uint_eq(tw_exchange_key(&cookie, &e), hash("ada"));
}
END_TEST

/* ---- through formats and the spool ------------------------------------- */

static uint64_t first_key(
	struct tw_plugins *plugins, const char *line, struct tw_key_source by)
{
	struct tw_spool_options options = {
		.keys = {{.of = {by}, .n = 1}, {.of = {client}, .n = 1}}};
	struct tw_capture_options capture = {.plugins = plugins};
	struct tw_spool *spool = tw_spool_new(&options);
	struct tw_spool_record record;
	struct tw_error error = {0};
	const uint64_t *keys;
	uint64_t key;

	ck_assert_msg(!tw_spool_read_memory(
			      spool, "c", line, strlen(line), &capture, &error),
		"%s", error.message);
	ck_assert_int_eq(tw_spool_finish(spool, &error), 0);
	ck_assert_uint_eq(tw_spool_count(spool), 1);
	ck_assert_int_eq(tw_spool_get(spool, 0, 1, &record, &error), 0);
	keys = tw_spool_keys(spool, 0, record.who);
	key = keys[0];
	ck_assert_ptr_eq(tw_spool_keys(spool, 1, record.who), keys + 1);
	tw_spool_free(spool);
	return key;
}

START_TEST(formats_tell_who_asked)
{
	static const struct {
		const char *line, *user, *client;
	} rows[] = {
		{"10.1.2.3 - ada [23/Nov/2026:10:05:03 +0000] \"GET / "
		 "HTTP/1.1\" 200 5\n",
			"ada", "10.1.2.3"},
		{"shop.example 2001:db8::1 - - [23/Nov/2026:10:05:03 +0000] "
		 "\"GET / HTTP/1.1\" 200 5\n",
			NULL, "2001:db8::1"},
		{"{\"time_iso8601\":\"2026-11-23T10:05:03Z\",\"request\":"
		 "\"GET / HTTP/1.1\",\"status\":200,\"remote_addr\":"
		 "\"10.1.2.3\",\"remote_user\":\"ada\"}\n",
			"ada", "10.1.2.3"},
		{"{\"start_time\":\"2026-11-23T10:05:03.001Z\",\"method\":"
		 "\"GET\",\"path\":\"/\",\"response_code\":200,"
		 "\"x_forwarded_for\":\"10.9.9.9,10.1.1.1\","
		 "\"downstream_remote_address\":\"10.1.2.3:555\"}\n",
			NULL, "10.9.9.9"},
		{"[2026-11-23T10:05:03.123Z] \"GET / HTTP/1.1\" 200 - 0 5 7 "
		 "6 \"10.1.2.3\" \"curl\" \"id\" \"shop\" \"1.1.1.1:80\"\n",
			NULL, "10.1.2.3"},
		{"{\"time\":1000,\"method\":\"GET\",\"target\":\"/\","
		 "\"client\":\"10.1.2.3\",\"user\":\"ada\"}\n",
			"ada", "10.1.2.3"},
	};
	struct tw_plugins plugins;

	tw_plugins_init(&plugins);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_uint_eq(first_key(&plugins, rows[i].line, header),
			rows[i].user ? hash(rows[i].user) : 0);
		ck_assert_uint_eq(first_key(&plugins, rows[i].line, client),
			hash(rows[i].client));
	}
	tw_plugins_release(&plugins);
}
END_TEST

/* ---- sizes -------------------------------------------------------------- */

START_TEST(bytes_are_counted)
{
	const struct twinrig_header headers[] = {{text("Host"), text("a")},
		{text("Content-Length"), text("70")}};
	struct twinrig_exchange e;

	tw_exchange_init(&e);
	e.method = text("GET");
	e.target = text("/x");
	ck_assert_int_eq(tw_exchange_request_bytes(&e), 0);
	ck_assert_int_eq(tw_exchange_answer_bytes(&e), 0);
	e.headers = headers;
	e.n_headers = 1;
	/* "GET /x HTTP/1.1\r\nHost: a\r\n\r\n" */
	ck_assert_int_eq(tw_exchange_request_bytes(&e), 28);
	e.body = text("12345");
	ck_assert_int_eq(tw_exchange_request_bytes(&e), 33);
	e.has_response = 1;
	e.response_headers = headers;
	e.n_response_headers = 2;
	/* "HTTP/1.1 200 OK\r\nHost: a\r\nContent-Length: 70\r\n\r\n" */
	ck_assert_int_eq(tw_exchange_answer_bytes(&e), 48 + 70);
	e.request_bytes = 9;
	e.response_bytes = 8;
	ck_assert_int_eq(tw_exchange_request_bytes(&e), 9);
	ck_assert_int_eq(tw_exchange_answer_bytes(&e), 8);
}
END_TEST

START_TEST(formats_tell_sizes)
{
	static const struct {
		const char *line;
		uint64_t request, answer;
	} rows[] = {
		{"10.1.2.3 - - [23/Nov/2026:10:05:03 +0000] \"GET / "
		 "HTTP/1.1\" 200 512 \"-\" \"-\"\n",
			0, 512},
		{"[2026-11-23T10:05:03.123Z] \"GET / HTTP/1.1\" 200 - 31 52 7 "
		 "6 \"10.1.2.3\" \"curl\" \"id\" \"shop\" \"1.1.1.1:80\"\n",
			31, 52},
		{"{\"time_iso8601\":\"2026-11-23T10:05:03Z\",\"request\":"
		 "\"GET / HTTP/1.1\",\"status\":200,\"request_length\":77,"
		 "\"body_bytes_sent\":99}\n",
			77, 99},
		{"{\"time\":1000,\"method\":\"GET\",\"target\":\"/\","
		 "\"request_bytes\":5,\"response_bytes\":6}\n",
			5, 6},
	};
	struct tw_plugins plugins;

	tw_plugins_init(&plugins);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tw_capture_options capture = {.plugins = &plugins};
		struct tw_spool *spool =
			tw_spool_new(&(struct tw_spool_options){0});
		const struct tw_spool_endpoint *endpoint;
		struct tw_error error = {0};

		ck_assert_int_eq(
			tw_spool_read_memory(spool, "c", rows[i].line,
				strlen(rows[i].line), &capture, &error),
			0);
		ck_assert_int_eq(tw_spool_finish(spool, &error), 0);
		endpoint = tw_spool_endpoint(spool, 0);
		ck_assert_uint_eq(endpoint->request_bytes.sum, rows[i].request);
		ck_assert_uint_eq(
			endpoint->request_bytes.n, rows[i].request != 0);
		ck_assert_uint_eq(endpoint->answer_bytes.sum, rows[i].answer);
		tw_spool_free(spool);
	}
	tw_plugins_release(&plugins);
}
END_TEST

TW_TESTS("capture/identity", a_key_is_what_was_sent, who_asked_stands_in,
	formats_tell_who_asked, bytes_are_counted, formats_tell_sizes)
