#include "harness/capture/redact.h"

#include "plugins/common/text.h"
#include "tests/unit/test.h"

#include <string.h>

#define JWT "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijklmnopqrstuvwxyz"

static struct tw_redact redact;

static struct twinrig_text of(const char *s)
{
	return (struct twinrig_text){s, strlen(s)};
}

static void setup(void)
{
	static const uint8_t key[16] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

	tw_redact_init(&redact, key);
}

/* The paper's vector: key 00..0f, message 00..0e. */
START_TEST(siphash)
{
	unsigned char message[15];

	setup();
	for (unsigned i = 0; i < sizeof message; i++)
		message[i] = (unsigned char)i;
	ck_assert_uint_eq(tw_siphash(redact.key, message, sizeof message),
		UINT64_C(0xa129ca6149be45e5));
	tw_redact_release(&redact);
}
END_TEST

START_TEST(names)
{
	static const char *const yes[] = {"password", "X-Api-Key", "api_key",
		"accessToken", "X-Amz-Security-Token", "client_secret", "sid",
		"JSESSIONID", "X-CSRF-Token", "AWSAccessKeyId"};
	static const char *const no[] = {"id", "name", "monkey", "author",
		"passenger", "keyboard", "country", "code", "Accept"};

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		ck_assert_msg(tw_redact_name(of(yes[i])), "%s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		ck_assert_msg(!tw_redact_name(of(no[i])), "%s", no[i]);
}
END_TEST

/* Nothing of `secret` is left, and what is innocent stays. */
static void hides(
	struct twinrig_text text, const char *secret, const char *stays)
{
	ck_assert_msg(!memmem(text.p, text.n, secret, strlen(secret)), "%.*s",
		(int)text.n, text.p);
	ck_assert_msg(memmem(text.p, text.n, stays, strlen(stays)) != NULL,
		"%.*s", (int)text.n, text.p);
}

START_TEST(parts)
{
	setup();
	hides(tw_redact_target(&redact, of("/a?x=1&access_token=hunter2&y=2")),
		"hunter2", "&y=2");
	hides(tw_redact_target(&redact, of("/reset/" JWT "/now")), "eyJ",
		"/now");
	hides(tw_redact_target(&redact, of("/a?api%5Fkey=hunter2&y")),
		"hunter2", "&y");
	hides(tw_redact_json(&redact,
		      of("{\"a\":1,\"password\":\"hunter2\",\"b\":[2]}")),
		"hunter2", "\"b\":[2]}");
	hides(tw_redact_json(&redact,
		      of("{\"token\":{\"x\":[\"hunter2\"]},\"b\":\"c\"}")),
		"hunter2", "\"b\":\"c\"}");
	hides(tw_redact_json(&redact, of("{\"pin\":1234,\"b\":7}")), "1234",
		"\"b\":7}");
	hides(tw_redact_json(&redact, of("{\"a\":\"" JWT "\"}")), "eyJ",
		"\"a\":\"redacted-");
	hides(tw_redact_json(&redact, of("{\"a\":1, \"password\":\"hunt")),
		"hunt", "{\"a\":1");
	hides(tw_redact_text(&redact, of("key AKIAABCDEFGHIJKLMNOP end")),
		"ABCDEFGH", " end");
	hides(tw_redact_text(
		      &redact, of("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n"
				  "-----END RSA PRIVATE KEY-----\n")),
		"MIIabc", "-----END");
	ck_assert(tw_text_is(tw_redact_text(&redact, of("eyJ and sk- and e")),
		"eyJ and sk- and e"));
	tw_redact_release(&redact);
}
END_TEST

START_TEST(equality_survives)
{
	struct twinrig_text a, b, c;

	setup();
	a = tw_redact_value(&redact, of("one"));
	b = tw_redact_value(&redact, of("one"));
	c = tw_redact_value(&redact, of("two"));
	ck_assert_uint_eq(a.n, b.n);
	ck_assert(!memcmp(a.p, b.p, a.n));
	ck_assert(memcmp(a.p, c.p, a.n));
	ck_assert_uint_eq(a.n, strlen("redacted-0123456789ab"));
	tw_redact_release(&redact);
}
END_TEST

START_TEST(exchanges)
{
	struct twinrig_header headers[] = {
		{of("Authorization"), of("Bearer hunter2")},
		{of("Cookie"), of("a=hunter2; theme=hunter3")},
		{of("Referer"), of("http://h/x?token=hunter2")},
		{of("Content-Type"), of("application/x-www-form-urlencoded")},
		{of("Content-Length"), of("24")},
		{of("Accept"), of("*/*")},
	};
	struct twinrig_header answer[] = {
		{of("Set-Cookie"), of("sid=hunter2; Path=/; HttpOnly")},
		{of("Content-Encoding"), of("br")},
		{of("Content-Length"), of("7")},
	};
	struct twinrig_exchange from, to;

	setup();
	tw_exchange_init(&from);
	from.method = of("POST");
	from.target = of("/login");
	from.headers = headers;
	from.n_headers = 6;
	from.body = of("user=bob&password=hunter2");
	from.response_headers = answer;
	from.n_response_headers = 3;
	from.response_body = of("hunter2");
	tw_redact_exchange(&redact, &from, &to);
	hides(to.headers[0].value, "hunter", "Bearer redacted-");
	hides(to.headers[1].value, "hunter", "; theme=redacted-");
	hides(to.headers[2].value, "hunter", "http://h/x?token=");
	ck_assert(tw_text_is(to.headers[5].value, "*/*"));
	hides(to.body, "hunter", "user=bob&password=redacted-");
	ck_assert(tw_text_is(to.headers[4].value, "39"));
	ck_assert_uint_eq(to.body.n, 39);
	hides(to.response_headers[0].value, "hunter", "; Path=/; HttpOnly");
	ck_assert_uint_eq(to.n_response_headers, 2);
	hides(to.response_body, "hunter", "redacted-");
	ck_assert_uint_eq(redact.count, 7);
	tw_redact_release(&redact);
}
END_TEST

TW_TESTS("capture/redact", siphash, names, parts, equality_survives, exchanges)
