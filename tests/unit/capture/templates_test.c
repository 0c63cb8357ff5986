#include "harness/capture/templates.h"

#include "tests/unit/test.h"

#include <stdio.h>

static void add(struct tw_templates *t, const char *method, const char *path)
{
	tw_templates_add(t, tw_str_of(method), tw_str_of(path));
}

START_TEST(forms)
{
	static const struct {
		const char *path, *name;
	} cases[] = {
		{"/a/17?x=/y", "GET /a/{id}"},
		{"/b/order-1001", "GET /b/{id}"},
		{"/c/0e0c1b1e-1111-4222-8333-0123456789ab", "GET /c/{uuid}"},
		{"/d/deadbeef01", "GET /d/{hash}"},
		{"/d1/deadbeef", "GET /d1/deadbeef"},
		{"/e/2026-11-23", "GET /e/{date}"},
		{"/f/01ARZ3NDEKTSV4RRFFQ69G5FAV", "GET /f/{token}"},
		{"/g/a@b.c", "GET /g/{email}"},
		{"/v1/api", "GET /v1/api"},
		{"/x/", "GET /x/"},
		{"/", "GET /"},
		{"/iphone-14-pro-max-256gb-black", "GET /iphone-14-pro-max-"
						   "256gb-black"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tw_templates *t = tw_templates_new();

		add(t, "GET", cases[i].path);
		tw_templates_finish(t);
		ck_assert_uint_eq(tw_templates_count(t), 1);
		ck_assert_str_eq(tw_templates_name(t, 0), cases[i].name);
		tw_templates_free(t);
	}
}
END_TEST

/* Requests number 0..n-1 in some order; all orders give the same names. */
static void request(struct tw_templates *t, unsigned i)
{
	char path[64];

	switch (i % 4) {
	case 0:
		snprintf(path, sizeof path, "/blog/word%c%c/comments",
			'a' + i / 4 % 20, 'a' + i / 80 % 20);
		break;
	case 1:
		snprintf(path, sizeof path, "/blog/word%c%c", 'a' + i / 4 % 20,
			'a' + i / 80 % 20);
		break;
	case 2:
		snprintf(path, sizeof path, "/mixed/%s",
			i % 8 == 2 ? "12345" : "deadbeef01");
		break;
	default:
		snprintf(path, sizeof path, "/blog/");
	}
	add(t, i % 3 ? "GET" : "POST", path);
}

START_TEST(order_does_not_matter)
{
	static const char *const expected[] = {"GET /blog/", "GET /blog/{name}",
		"GET /blog/{name}/comments", "GET /mixed/{name}", "POST /blog/",
		"POST /blog/{name}", "POST /blog/{name}/comments",
		"POST /mixed/{name}"};
	const unsigned n = 1601, steps[] = {1, 7, 997, 1600};

	for (size_t s = 0; s < 4; s++) {
		struct tw_templates *t = tw_templates_new();
		uint64_t sum = 0;

		for (unsigned i = 0; i < n; i++)
			request(t, (unsigned)((uint64_t)i * steps[s] % n));
		tw_templates_finish(t);
		ck_assert_uint_eq(tw_templates_count(t), 8);
		for (size_t i = 0; i < 8; i++) {
			ck_assert_str_eq(tw_templates_name(t, i), expected[i]);
			sum += tw_templates_requests(t, i);
		}
		ck_assert_uint_eq(sum, n);
		tw_templates_free(t);
	}
}
END_TEST

START_TEST(provisional_numbers_settle)
{
	struct tw_templates *t = tw_templates_new();
	uint32_t first = tw_templates_add(t, TW_STR("GET"), TW_STR("/p/alpha"));
	char path[16];

	for (unsigned i = 0; i < 200; i++) {
		snprintf(path, sizeof path, "/p/x%c%c", 'a' + i % 20,
			'a' + i / 20);
		add(t, "GET", path);
	}
	tw_templates_finish(t);
	ck_assert_str_eq(tw_templates_name(t, tw_templates_final(t, first)),
		"GET /p/{name}");
	tw_templates_free(t);
}
END_TEST

TW_TESTS("capture/templates", forms, order_does_not_matter,
	provisional_numbers_settle)
