#include "plugins/common/http.h"
#include "plugins/common/scratch.h"
#include "plugins/common/text.h"

#include "tests/unit/test.h"

#include <string.h>

static struct twinrig_text of(const char *s)
{
	return (struct twinrig_text){s, strlen(s)};
}

START_TEST(decimals)
{
	static const struct {
		const char *text;
		int power;
		bool good;
		int64_t value;
	} cases[] = {
		{"1.25", 9, true, 1250000000},
		{"0.0000000005", 9, true, 1},
		{"0.0000000004", 9, true, 0},
		{"-0.5", 0, true, -1},
		{"1e3", 0, true, 1000},
		{"1.5E-3", 6, true, 1500},
		{"12345678901234567890.5", -10, true, 1234567890},
		{"", 0, false, 0},
		{".", 0, false, 0},
		{"-", 0, false, 0},
		{"1x", 0, false, 0},
		{"1e", 0, false, 0},
		{"9e99", 0, false, 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t value = 0;
		bool good =
			tw_decimal(of(cases[i].text), cases[i].power, &value);

		ck_assert_msg(good == cases[i].good, "%s", cases[i].text);
		if (good)
			ck_assert_int_eq(value, cases[i].value);
	}
}
END_TEST

START_TEST(instants)
{
	static const struct {
		const char *text;
		int64_t time, resolution; /* resolution 0: refused */
	} cases[] = {
		{"1970-01-01T00:00:00Z", 0, 1000000000},
		{"2024-02-29T23:59:59.123Z", 1709251199123000000, 1000000},
		{"2015-05-17T10:05:03+02:00", 1431849903000000000, 1000000000},
		{"2015-05-17 10:05:03.000000001-0730", 1431884103000000001, 1},
		{"1969-12-31T23:59:59.5Z", -500000000, 100000000},
		{"2015-05-17T10:05", 0, 0},
		{"2015-13-17T10:05:03Z", 0, 0},
		{"2015-05-17T10:05:03+2", 0, 0},
		{"yesterday at noon, UTC", 0, 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t time = 0, resolution = 0;
		bool good = tw_time_iso(of(cases[i].text), &time, &resolution);

		ck_assert_msg(good == (cases[i].resolution != 0), "%s",
			cases[i].text);
		if (!good)
			continue;
		ck_assert_int_eq(time, cases[i].time);
		ck_assert_int_eq(resolution, cases[i].resolution);
	}
}
END_TEST

START_TEST(instants_round_trip)
{
	for (int64_t day = -800000; day < 800000 / 10; day += 997) {
		int64_t time = day * 86400000 + 12345, back = 0, resolution;
		char text[48];
		size_t n = tw_time_iso_text(time, text);

		ck_assert(tw_time_iso(
			(struct twinrig_text){text, n}, &back, &resolution));
		ck_assert_int_eq(back, time);
	}
}
END_TEST

START_TEST(base64)
{
	struct tw_scratch pool = {0};
	struct twinrig_text out;
	char text[16];

	ck_assert(tw_base64_decode(&pool, of("aGVsbG8="), &out));
	ck_assert(tw_text_is(out, "hello"));
	ck_assert(tw_base64_decode(&pool, of("aGV\nsbG8"), &out));
	ck_assert(tw_text_is(out, "hello"));
	ck_assert(!tw_base64_decode(&pool, of("a*"), &out));
	ck_assert_uint_eq(tw_base64_encode("hello", 5, text), 8);
	ck_assert(!memcmp(text, "aGVsbG8=", 8));
	ck_assert_uint_eq(tw_base64_encode("hell", 4, text), 8);
	ck_assert(!memcmp(text, "aGVsbA==", 8));
	tw_scratch_release(&pool);
}
END_TEST

START_TEST(urls)
{
	struct twinrig_text scheme = {0}, host = {0}, target = {0};

	tw_split_url(of("https://u:p@shop.example:8443/a?b=c#d"), &scheme,
		&host, &target);
	ck_assert(tw_text_is(scheme, "https"));
	ck_assert(tw_text_is(host, "shop.example:8443"));
	ck_assert(tw_text_is(target, "/a?b=c"));
	tw_split_url(of("http://h"), &scheme, &host, &target);
	ck_assert(tw_text_is(target, "/"));
	host = (struct twinrig_text){0};
	tw_split_url(of("/x?u=http://y"), &scheme, &host, &target);
	ck_assert(tw_text_is(target, "/x?u=http://y"));
	ck_assert_ptr_null(host.p);
}
END_TEST

START_TEST(http_messages)
{
	static const char chunked[] =
		"HTTP/1.1 100 Continue\r\n\r\n"
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		"Empty:\r\nX:  y \r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
	static const char cut[] =
		"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nab";
	static const char broken[] = "GET / HTTP/1.1\r\nHost";
	struct tw_http http;

	tw_http_init(&http);
	ck_assert(!tw_http_parse(
		&http, TW_HTTP_RESPONSE, chunked, sizeof chunked - 1));
	ck_assert_int_eq(http.status, 200);
	ck_assert(tw_text_is(http.body, "abcde"));
	ck_assert_uint_eq(http.headers.n, 3);
	ck_assert(tw_text_is(http.headers.v[1].name, "Empty"));
	ck_assert(tw_text_is(http.headers.v[1].value, ""));
	ck_assert(tw_text_is(http.headers.v[2].value, "y"));
	ck_assert(!http.truncated);
	ck_assert(!tw_http_parse(&http, TW_HTTP_REQUEST, cut, sizeof cut - 1));
	ck_assert(http.truncated);
	ck_assert(tw_text_is(http.method, "POST"));
	ck_assert(tw_text_is(http.body, "ab"));
	ck_assert(tw_http_parse(
		&http, TW_HTTP_REQUEST, broken, sizeof broken - 1));
	ck_assert_ptr_nonnull(http.error);
	ck_assert(tw_http_parse(&http, TW_HTTP_REQUEST, "\1\2", 2));
	tw_http_release(&http);
}
END_TEST

/* Each byte at each place of a long number; all of its lengths. */
START_TEST(digits)
{
	static const char number[] = "9876543210123456789";
	uint64_t value, expected = 0;
	char text[19];

	for (size_t n = 1; n <= 19; n++) {
		expected = expected * 10 + (uint64_t)(number[n - 1] - '0');
		ck_assert(tw_digits(number, n, &value));
		ck_assert_uint_eq(value, expected);
	}
	ck_assert(!tw_digits("00000000000000000001", 20, &value));
	for (size_t at = 0; at < 19; at++) {
		memcpy(text, number, 19);
		for (unsigned c = 0; c < 256; c++) {
			text[at] = (char)c;
			ck_assert_int_eq(tw_digits(text, 19, &value),
				c >= '0' && c <= '9');
		}
	}
}
END_TEST

static void same_texts(struct twinrig_text a, struct twinrig_text b)
{
	ck_assert_uint_eq(a.n, b.n);
	ck_assert(!a.n || !memcmp(a.p, b.p, a.n));
}

/* What the quick reader takes, it reads as llhttp does. */
static bool same_message(
	enum tw_http_kind kind, const char *message, size_t size)
{
	static struct tw_http plain, full;

	if (!tw_http_plain(&plain, kind, message, size))
		return false;
	ck_assert_msg(!tw_http_full(&full, kind, message, size), "%.*s: %s",
		(int)size, message, full.error);
	ck_assert(!full.truncated);
	ck_assert_int_eq(plain.status, full.status);
	same_texts(plain.method, full.method);
	same_texts(plain.target, full.target);
	same_texts(plain.protocol, full.protocol);
	same_texts(plain.body, full.body);
	ck_assert_uint_eq(plain.headers.n, full.headers.n);
	for (size_t i = 0; i < plain.headers.n; i++) {
		same_texts(plain.headers.v[i].name, full.headers.v[i].name);
		same_texts(plain.headers.v[i].value, full.headers.v[i].value);
	}
	return true;
}

/* Each byte of a message as each other byte, left out, and twice. */
START_TEST(http_plain)
{
	static const struct {
		enum tw_http_kind kind;
		const char *message;
	} seeds[] = {
		{TW_HTTP_REQUEST,
			"POST /a/b?c=d HTTP/1.1\r\nHost: h.example\r\n"
			"Connection: keep-alive\r\nUpgrade-A:  x, y \r\n"
			"Content-Length: 12\r\n\r\n{\"a\": [1,2]}"},
		{TW_HTTP_REQUEST, "GET /?q=1 HTTP/1.0\r\nA: 1234567890123456"
				  "789\r\nUpgrade1: h2c\r\n\r\n"},
		{TW_HTTP_RESPONSE, "HTTP/1.1 201 All right\r\nA: b\r\n"
				   "connection: close\r\n"
				   "CONTENT-LENGTH: 3\r\n\r\nabcd"},
		{TW_HTTP_RESPONSE, "HTTP/1.0 500\r\nTransfer-Encodin1: chunked"
				   "\r\nContent-Length: 0\r\n\r\n"},
	};
	size_t taken = 0, tried = 0;
	char text[256];

	for (size_t s = 0; s < 4; s++) {
		const char *message = seeds[s].message;
		size_t n = strlen(message);

		ck_assert(same_message(seeds[s].kind, message, n));
		for (size_t at = 0; at < n; at++) {
			memcpy(text, message, n);
			for (unsigned c = 0; c < 256; c++, tried++) {
				text[at] = (char)c;
				taken += same_message(seeds[s].kind, text, n);
			}
			memcpy(text + at, message + at + 1, n - at - 1);
			same_message(seeds[s].kind, text, n - 1);
			memcpy(text + at, message + at, 1);
			memcpy(text + at + 1, message + at, n - at);
			same_message(seeds[s].kind, text, n + 1);
			same_message(seeds[s].kind, message, at);
		}
	}
	ck_assert_uint_gt(taken, tried / 4);
	ck_assert_uint_lt(taken, tried * 3 / 4);
}
END_TEST

TW_TESTS("plugins/text", decimals, instants, instants_round_trip, base64, urls,
	http_messages, digits, http_plain)
