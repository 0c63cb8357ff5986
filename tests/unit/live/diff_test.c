#include "harness/live/diff.h"
#include "harness/live/json_tree.h"

#include "tests/unit/test.h"

static struct tw_diff_answer answer(int status, const char *body)
{
	struct tw_diff_answer a = {.status = status};

	if (body) {
		a.body = tw_str_of(body);
		a.body_size = a.body.n;
	}
	return a;
}

static bool same(struct tw_diff *diff, const char *want, const char *got)
{
	struct tw_diff_answer a = answer(200, want), b = answer(200, got);

	return tw_diff_compare(diff, "GET /x", diff->compared, &a, &b);
}

/* Each row: what was recorded, what came, and the one group that results;
 * path NULL: none. */
static const struct {
	const char *want, *got, *path;
	enum tw_diff_kind kind;
} rows[] = {
	{"{\"a\":1,\"b\":2}", "{ \"b\": 2, \"a\": 1 }", NULL, 0},
	{"{\"a\":1}", "{\"a\":1.0}", NULL, 0},
	{"{\"a\":1e0}", "{\"a\":1}", NULL, 0},
	{"{\"a\":1}", "{}", "$.a", TW_DIFF_MISSING},
	{"{}", "{\"a\":null}", "$.a", TW_DIFF_EXTRA},
	{"{\"a\":1}", "{\"a\":\"1\"}", "$.a", TW_DIFF_TYPE},
	{"{\"a\":1}", "{\"a\":2}", "$.a", TW_DIFF_VALUE},
	{"{\"a\":null}", "{\"a\":false}", "$.a", TW_DIFF_TYPE},
	{"{\"a\":true}", "{\"a\":false}", "$.a", TW_DIFF_VALUE},
	/* Beyond a double's 53 bits. */
	{"[9007199254740993]", "[9007199254740992]", "$[*]", TW_DIFF_VALUE},
	{"[1,2]", "[1,2,3]", "$", TW_DIFF_SIZE},
	{"{\"l\":[1,2,3]}", "{\"l\":[3,1,2]}", "$.l", TW_DIFF_ORDER},
	{"{\"l\":[{\"i\":1},{\"i\":2}]}", "{\"l\":[{\"i\":1},{\"i\":3}]}",
		"$.l[*].i", TW_DIFF_VALUE},
	{"{\"p\":{\"17\":{\"q\":1},\"18\":{\"q\":1}}}",
		"{\"p\":{\"17\":{\"q\":1},\"18\":{\"q\":2}}}", "$.p.*.q",
		TW_DIFF_VALUE},
	{"{\"p\":{\"17\":1,\"18\":1}}", "{\"p\":{\"17\":1}}", "$.p.*",
		TW_DIFF_MISSING},
	{"{\"a\":1}", "<html>", "$", TW_DIFF_TYPE},
	{"plain", "plain", NULL, 0},
	{"plain", "other", "$", TW_DIFF_BYTES},
	{"", "", NULL, 0},
	{"", "x", "$", TW_DIFF_BYTES},
	{"[1,", "[1,", NULL, 0},
};

START_TEST(tells_what_differs)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tw_diff diff;

		tw_diff_init(&diff, NULL, 0);
		ck_assert_msg(
			same(&diff, rows[i].want, rows[i].got) == !rows[i].path,
			"%s", rows[i].want);
		ck_assert_uint_eq(diff.groups.n, rows[i].path ? 1 : 0);
		ck_assert_uint_eq(diff.differing, diff.groups.n);
		if (rows[i].path) {
			ck_assert_str_eq(diff.groups.v[0]->path, rows[i].path);
			ck_assert_str_eq(
				tw_diff_kind_name(diff.groups.v[0]->kind),
				tw_diff_kind_name(rows[i].kind));
		}
		tw_diff_release(&diff);
	}
}
END_TEST

/* An ignored path, and whether it hides "$.l[*].ts" in the body below. */
static const struct {
	const char *path;
	bool hides;
} ignored[] = {
	{"$.l[*].ts", true},
	{"body.l[*].ts", true},
	{"$.l[0].ts", true},
	{"$.l", true},
	{"$..ts", true},
	{"$", true},
	{"body", true},
	{"$.*[*].t?", true},
	{"$.l[*].id", false},
	{"$.ts", false},
	{"headers.ts", false},
	{"$.l[*].ts.x", false},
};

START_TEST(ignores_paths)
{
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
		struct tw_diff diff;

		tw_diff_init(&diff, &ignored[i].path, 1);
		ck_assert_msg(
			same(&diff, "{\"l\":[{\"ts\":1}]}",
				"{\"l\":[{\"ts\":2}]}") == ignored[i].hides,
			"%s", ignored[i].path);
		tw_diff_release(&diff);
	}
}
END_TEST

START_TEST(counts_a_path_once_an_answer)
{
	struct tw_diff diff;

	tw_diff_init(&diff, NULL, 0);
	for (int i = 0; i < 3; i++)
		same(&diff, "[{\"a\":1},{\"a\":2}]", "[{\"a\":3},{\"a\":4}]");
	same(&diff, "[]", "[]");
	ck_assert_uint_eq(diff.groups.n, 1);
	ck_assert_uint_eq(diff.groups.v[0]->count, 3);
	ck_assert_str_eq(diff.groups.v[0]->expected, "1");
	ck_assert_str_eq(diff.groups.v[0]->actual, "3");
	ck_assert_uint_eq(diff.compared, 4);
	ck_assert_uint_eq(diff.differing, 3);
	ck_assert_uint_eq(diff.endpoints.v[0]->differing, 3);
	tw_diff_release(&diff);
}
END_TEST

START_TEST(another_status_hides_the_body)
{
	struct tw_diff_answer a = answer(200, "{}"), b = answer(503, "oh"),
			      none = answer(0, "connection reset");
	struct tw_diff diff;

	tw_diff_init(&diff, NULL, 0);
	ck_assert(!tw_diff_compare(&diff, "e", 7, &a, &b));
	ck_assert(!tw_diff_compare(&diff, "e", 8, &a, &none));
	ck_assert_uint_eq(diff.groups.n, 2);
	ck_assert_str_eq(diff.groups.v[0]->path, "status");
	ck_assert_str_eq(diff.groups.v[0]->actual, "503");
	ck_assert_uint_eq(diff.groups.v[0]->position, 7);
	ck_assert_int_eq(diff.groups.v[1]->kind, TW_DIFF_NO_ANSWER);
	tw_diff_release(&diff);
}
END_TEST

START_TEST(an_unknown_body_is_not_compared)
{
	struct tw_diff_answer a = answer(200, NULL), b = answer(200, "x");
	struct tw_diff diff;

	tw_diff_init(&diff, NULL, 0);
	ck_assert(tw_diff_compare(&diff, "e", 0, &a, &b));
	ck_assert_uint_eq(diff.bodiless, 1);
	tw_diff_release(&diff);
}
END_TEST

START_TEST(compares_the_media_type)
{
	struct tw_diff_answer a = answer(200, "x"), b = answer(200, "x");
	struct tw_http_header json = {TW_STR("Content-Type"),
		TW_STR("application/json; charset=utf-8")};
	struct tw_http_header plain = {
		TW_STR("content-type"), TW_STR("application/json")};
	struct tw_http_header html = {
		TW_STR("content-type"), TW_STR("text/html")};
	struct tw_diff diff;

	tw_diff_init(&diff, NULL, 0);
	tw_vec_push(&a.headers, json);
	tw_vec_push(&b.headers, plain);
	ck_assert(tw_diff_compare(&diff, "e", 0, &a, &b));
	b.headers.v[0] = html;
	ck_assert(!tw_diff_compare(&diff, "e", 0, &a, &b));
	ck_assert_str_eq(diff.groups.v[0]->path, "headers.content-type");
	tw_vec_release(&a.headers);
	tw_vec_release(&b.headers);
	tw_diff_release(&diff);
}
END_TEST

TW_TESTS("live/diff", tells_what_differs, ignores_paths,
	counts_a_path_once_an_answer, another_status_hides_the_body,
	an_unknown_body_is_not_compared, compares_the_media_type)
