/* Each format through its plugin, by content, as a capture is read. */
#include "harness/capture/capture.h"

#include "tests/unit/test.h"

#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#define SEP "\n\xF0\x9F\x90\xB5\xF0\x9F\x99\x88\xF0\x9F\x99\x89\n"

static int show(void *context, const struct twinrig_exchange *e)
{
	struct tw_buf *out = context;

	tw_buf_printf(out, "%" PRId64 "/%" PRId64 " %" PRId64 " %d %.*s ",
		e->time, e->resolution, e->latency,
		e->has_response ? e->status : -1, (int)e->method.n,
		e->method.p);
	tw_buf_printf(out, "%.*s %.*s|%.*s|%.*s|%zu,%zu %.*s\n", (int)e->host.n,
		e->host.n ? e->host.p : "", (int)e->target.n, e->target.p,
		(int)e->body.n, e->body.n ? e->body.p : "",
		(int)e->response_body.n,
		e->response_body.n ? e->response_body.p : "", e->n_headers,
		e->n_response_headers, (int)e->service.n,
		e->service.n ? e->service.p : "");
	return 0;
}

struct result {
	struct tw_buf text;
	struct tw_capture_report report;
	struct tw_error error;
	int status;
};

static void read_text(struct result *result, const char *text, size_t n)
{
	struct tw_plugins plugins;
	struct tw_capture_options options = {.plugins = &plugins};

	*result = (struct result){0};
	tw_plugins_init(&plugins);
	tw_capture_report_init(&result->report);
	result->status = tw_capture_read_memory("test", text, n, &options, show,
		&result->text, &result->report, &result->error);
	tw_plugins_release(&plugins);
}

static void release(struct result *result)
{
	tw_buf_release(&result->text);
	tw_capture_report_release(&result->report);
}

static void expect(const char *text, const char *format, uint64_t malformed,
	const char *exchanges)
{
	struct result result;

	read_text(&result, text, strlen(text));
	ck_assert_msg(!result.status, "%s", result.error.message);
	ck_assert_str_eq(result.report.format, format);
	ck_assert_uint_eq(result.report.malformed, malformed);
	ck_assert_str_eq(tw_buf_text(&result.text), exchanges);
	release(&result);
}

START_TEST(gor)
{
	static const char text[] =
		"1 0001 100 0\nGET /a?b HTTP/1.1\r\nHost: h\r\n\r\n" SEP
		"1 0002 200 0\nPOST /p HTTP/1.1\r\nContent-Length: 5\r\n\r\n"
		"x\n\ny\n" SEP "2 0002 260 7\nHTTP/1.1 201 "
		"C\r\nContent-Length: 2\r\n\r\nok" SEP
		"2 0001 150\nHTTP/1.1 200 OK\r\n\r\nrest" SEP
		"1 0003 300\nGET /3 HTTP/1.1\r\n\r\n" SEP
		"3 0003 300 44\nHTTP/1.1 500 E\r\nContent-Length: 0\r\n\r\n" SEP
		"nonsense" SEP "2 0009 400 0\nHTTP/1.1 200 OK\r\n\r\n" SEP
		"1 0004 500 0\nGET /last HTTP/1.1\r\nHost: h\r\n\r\n";

	expect(text, "gor", 2,
		"200/1 60 201 POST  /p|x\n\ny\n|ok|1,1 \n"
		"100/1 50 200 GET h /a?b||rest|1,0 \n"
		"300/1 44 500 GET  /3|||0,1 \n"
		"500/1 -1 -1 GET h /last|||1,0 \n");
}
END_TEST

START_TEST(answers_may_come_first)
{
	expect("2 0001 150 0\nHTTP/1.1 200 OK\r\n\r\n" SEP
	       "1 0001 100 0\nGET / HTTP/1.1\r\n\r\n" SEP,
		"gor", 0, "100/1 50 200 GET  /|||0,0 \n");
}
END_TEST

START_TEST(combined)
{
	static const char text[] =
		"1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET /a HTTP/1.1\" "
		"200 12 \"-\" \"agent \\\"x\\\" y\"\n"
		"1.2.3.4 - bob [17/May/2015:12:05:03 +0200] \"GET /b "
		"HTTP/1.1\" "
		"304 -\r\n"
		"v.host:80 1.2.3.4 - - [17/May/2015:10:05:04 +0000] "
		"\"PUT http://o.host/c HTTP/1.0\" 500 1\n"
		"1.2.3.4 - - [17/May/2015:10:05:05 +0000] \"GET /d HTTP/1.1\" "
		"200 1 \"-\" \"a\" rt=0.250 uct=\"0.1\" urt=\"0.2\"\n"
		"1.2.3.4 - - [17/May/2015:10:05:05 +0000] \"GET /e HTTP/1.1\" "
		"200 1 \"-\" \"a\" 0.5\n"
		"1.2.3.4 - - [17/May/2015:10:05:05 +0000] \"GET /f HTTP/1.1\" "
		"200 1 \"-\" \"a\" 123 0.010 [default-shop-80] [] 10.0.0.1:80 "
		"1 0.009 200 0123456789abcdef\n"
		"\n"
		"1.2.3.4 - - [17/May/2015:10:05:05 +0000] \"-\" 400 0\n"
		"1.2.3.4 - - [99/May/2015:10:05:05 +0000] \"GET / HTTP/1.1\" "
		"200 0\n"
		"no log line\n"
		"1.2.3.4 - - [17/May/2015:10:05:06 +0000] \"GET /cut "
		"HTTP/1.1\" "
		"200 1 \"-\" \"agent cut";

	expect(text, "accesslog", 3,
		"1431857103000000000/1000000000 -1 200 GET  /a|||0,0 \n"
		"1431857103000000000/1000000000 -1 304 GET  /b|||0,0 \n"
		"1431857104000000000/1000000000 -1 500 PUT o.host /c|||0,0 \n"
		"1431857104750000000/1000000000 250000000 200 GET  /d|||0,0 \n"
		"1431857104500000000/1000000000 500000000 200 GET  /e|||0,0 \n"
		"1431857104990000000/1000000000 10000000 200 GET  /f|||0,0 \n"
		"1431857106000000000/1000000000 -1 200 GET  /cut|||0,0 \n");
}
END_TEST

START_TEST(envoy)
{
	static const char text[] =
		"[2026-11-23T10:05:03.123Z] \"GET /a HTTP/1.1\" 200 - 0 9 25 "
		"24 \"-\" \"curl\" \"req-1\" \"shop.example\" \"10.0.0.1:80\"\n"
		"[2026-11-23T10:05:03.223Z] \"POST /b HTTP/2\" 503 UH "
		"no_healthy_upstream - \"-\" 0 19 7 - \"-\" \"curl\" \"req-2\" "
		"\"reviews:9080\" \"-\" outbound|9080||reviews.shop.svc.cluster"
		".local - 10.0.0.2:9080 10.0.0.3:1 - default\n"
		"[2026-11-23T10:05:03.323Z] \"GET /gone HTTP/1.1\" 0 DC 0 0 3 "
		"- "
		"\"-\" \"-\" \"-\" \"shop.example\" \"-\"\n"
		"[not a time] \"GET / HTTP/1.1\" 200 - 0 0 1 - \"-\"\n";

	expect(text, "accesslog", 1,
		"1795428303123000000/1000000 25000000 200 GET shop.example "
		"/a|||0,0 \n"
		"1795428303223000000/1000000 7000000 503 POST reviews:9080 "
		"/b|||0,0 reviews.shop.svc.cluster.local\n"
		"1795428303323000000/1000000 3000000 -1 GET shop.example "
		"/gone|||0,0 \n");
}
END_TEST

START_TEST(json_logs)
{
	static const char text[] =
		"{\"start_time\":\"2026-11-23T10:05:03.123Z\",\"method\":"
		"\"GET\","
		"\"path\":\"/a\",\"response_code\":\"200\",\"duration\":\"25\","
		"\"authority\":\"shop\",\"upstream_cluster\":"
		"\"outbound|80||cart.shop.svc\"}\n"
		"{\"start_time\":\"2026-11-23T10:05:03.223Z\",\"method\":"
		"\"GET\","
		"\"path\":\"/b\",\"response_code\":200,\"duration\":7,"
		"\"authority\":null,\"x\":{\"y\":[1]}}\n"
		"{\"time_local\":\"23/Nov/2026:10:05:04 +0000\",\"request\":"
		"\"GET /c HTTP/1.1\",\"status\":\"404\",\"request_time\":0.5}\n"
		"{\"method\":\"GET\",\"path\":\"/b\"}\n"
		"{broken\n";

	expect(text, "accesslog", 2,
		"1795428303123000000/1000000 25000000 200 GET shop /a|||0,0 "
		"cart.shop.svc\n"
		"1795428303223000000/1000000 7000000 200 GET  /b|||0,0 \n"
		"1795428303500000000/1000000000 500000000 404 GET  "
		"/c|||0,0 \n");
}
END_TEST

START_TEST(har)
{
	static const char text[] =
		"\xef\xbb\xbf{\"log\":{\"version\":\"1.2\",\"entries\":[\n"
		"{\"startedDateTime\":\"2026-11-23T10:05:03.123-07:00\","
		"\"time\":12.5,\"request\":{\"method\":\"POST\",\"url\":"
		"\"https://shop.example/a?b\",\"headers\":[{\"name\":"
		"\":authority\",\"value\":\"x\"},{\"name\":\"A\",\"value\":"
		"\"1\"}],\"postData\":{\"mimeType\":\"t\",\"params\":[{"
		"\"name\":"
		"\"q\",\"value\":\"x y\"},{\"name\":\"r\"}]}},\"response\":{"
		"\"status\":200,\"headers\":[{\"name\":\"Content-Length\","
		"\"value\":\"9\"}],\"content\":{\"text\":\"aGVsbG8=\","
		"\"encoding\":\"base64\"}},\"timings\":{}},\n"
		"{\"time\":-1,\"request\":{\"method\":\"GET\",\"url\":"
		"\"http://h/\"},\"response\":{\"status\":0}},\n"
		"{\"request\":{\"method\":\"GET\",\"url\":\"data:x\"}},\n"
		"{\"request\":{\"method\":\"GET\"}}, 7\n"
		"]}}";

	expect(text, "har", 3,
		"1795453503123000000/1000000 12500000 200 POST shop.example "
		"/a?b|q=x%20y&r=|hello|1,0 \n"
		"1795453503123000000/1 -1 -1 GET h /|||0,0 \n");
}
END_TEST

START_TEST(har_that_breaks_off)
{
	static const char text[] =
		"{\"log\":{\"entries\":[\n{\"request\":{\"method\":\"GET\","
		"\"url\":\"http://h/\"}},\n{\"request\": }]}}";
	struct result result;

	read_text(&result, text, sizeof text - 1);
	ck_assert_int_eq(result.status, -1);
	ck_assert_uint_eq(result.report.read, 1);
	ck_assert_ptr_nonnull(strstr(result.error.message, "test:3:13: "));
	release(&result);
}
END_TEST

START_TEST(json_lines)
{
	static const char text[] =
		"{\"twinrig\":\"exchanges\",\"version\":1}\n"
		"{\"time\":\"2026-11-23T10:05:03.000000001Z\",\"method\":"
		"\"GET\","
		"\"target\":\"/a\",\"latency_ns\":7,\"status\":200,\"headers\":"
		"[[\"A\",\"1\"],[\"A\",\"2\"]],\"body\":{\"base64\":\"aGk=\"},"
		"\"service\":\"cart\",\"unknown\":{\"x\":[]}}\n"
		"{\"time\":5,\"resolution_ns\":1000,\"method\":\"GET\","
		"\"target\":\"/b\"}\n"
		"{\"method\":\"GET\"}\n"
		"{\"method\":\"GET\",\"target\":\"/\",\"headers\":[[1]]}\n"
		"oops\n";

	expect(text, "jsonl", 3,
		"1795428303000000001/1 7 200 GET  /a|hi||2,0 cart\n"
		"5/1000 -1 -1 GET  /b|||0,0 \n");
}
END_TEST

START_TEST(newer_json_lines_are_refused)
{
	static const char text[] =
		"{\"twinrig\":\"exchanges\",\"version\":2}\n";
	struct result result;

	read_text(&result, text, sizeof text - 1);
	ck_assert_int_eq(result.status, -1);
	ck_assert_ptr_nonnull(strstr(result.error.message, "newer twinrig"));
	release(&result);
}
END_TEST

START_TEST(unknown_content)
{
	struct result result;

	read_text(&result, "what is this\nnobody knows\n", 26);
	ck_assert_int_eq(result.status, -1);
	ck_assert_int_eq(result.error.code, TW_E_USAGE);
	ck_assert_ptr_nonnull(strstr(result.error.message, "known: accesslog"));
	release(&result);
	read_text(&result, "", 0);
	ck_assert_int_eq(result.status, -1);
	release(&result);
}
END_TEST

/* Two members, one after the other, as `cat a.gz b.gz` makes. */
static size_t gzip_twice(const char *text, char *to, size_t room)
{
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		z_stream z = {0};

		deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, 0);
		z.next_in = (unsigned char *)(uintptr_t)text;
		z.avail_in = (unsigned)strlen(text);
		z.next_out = (unsigned char *)to + n;
		z.avail_out = (unsigned)(room - n);
		ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
		n += z.total_out;
		deflateEnd(&z);
	}
	return n;
}

START_TEST(gzip)
{
	static const char line[] =
		"1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET /a HTTP/1.1\" "
		"200 12\n";
	struct result result;
	char packed[1024];
	size_t n = gzip_twice(line, packed, sizeof packed);

	read_text(&result, packed, n);
	ck_assert_msg(!result.status, "%s", result.error.message);
	ck_assert_uint_eq(result.report.read, 2);
	release(&result);
	read_text(&result, packed, n - 10);
	ck_assert_int_eq(result.status, -1);
	ck_assert_ptr_nonnull(strstr(result.error.message, "cut short"));
	release(&result);
	packed[n / 4] ^= 0x55;
	packed[n / 4 + 1] ^= 0x55;
	read_text(&result, packed, n);
	ck_assert_int_eq(result.status, -1);
	release(&result);
}
END_TEST

/* Many lines, in which the pairs stand far apart. */
START_TEST(one_request_of_two_sidecars)
{
	enum { N = 40000 };
	struct tw_buf text = {0};
	struct result result;

	for (int way = 0; way < 2; way++)
		for (int i = 0; i < N; i++)
			tw_buf_printf(&text,
				"[2026-11-23T10:05:03.123Z] \"GET /a "
				"HTTP/1.1\" "
				"200 - via_upstream - \"-\" 0 24 25 20 \"-\" "
				"\"curl\" \"req-%d\" \"shop\" \"10.0.0.1:80\" "
				"%s|80||shop.svc - - - - default\n",
				i, way ? "outbound" : "inbound");
	read_text(&result, text.p, text.n);
	ck_assert_msg(!result.status, "%s", result.error.message);
	ck_assert_uint_eq(result.report.read, N);
	ck_assert_uint_eq(result.report.left_out, N);
	ck_assert_uint_eq(result.report.malformed, 0);
	release(&result);
	/* More than are held: each line is one request or left out. */
	tw_buf_clear(&text);
	for (int i = 0; i < 3 * N; i++)
		tw_buf_printf(&text,
			"[2026-11-23T10:05:03.123Z] \"GET /a HTTP/1.1\" 200 - "
			"via_upstream - \"-\" 0 24 25 20 \"-\" \"curl\" "
			"\"req-%d\" \"shop\" \"10.0.0.1:80\" inbound|80|| - - "
			"- - default\n",
			i);
	read_text(&result, text.p, text.n);
	ck_assert_uint_eq(result.report.read, 3 * N);
	ck_assert_uint_eq(result.report.left_out, 0);
	release(&result);
	tw_buf_release(&text);
}
END_TEST

TW_TESTS("capture/readers", one_request_of_two_sidecars, gor,
	answers_may_come_first, combined, envoy, json_logs, har,
	har_that_breaks_off, json_lines, newer_json_lines_are_refused,
	unknown_content, gzip)
