#include "tests/unit/test.h"

#include "twins/base/error.h"
#include "twins/base/hash.h"
#include "twins/base/units.h"
#include "twins/base/vector.h"

#include <stdio.h>

START_TEST(map_keeps_the_order_of_insertion)
{
	struct tw_map map;
	char key[16];

	tw_map_init(&map, NULL);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof key, "k%d", (i * 7919) % 1000);
		ck_assert(tw_map_put(&map, key, &map));
	}
	ck_assert(!tw_map_put(&map, "k5", NULL));
	ck_assert_ptr_null(tw_map_get(&map, "k5"));
	ck_assert_ptr_eq(tw_map_get(&map, "k6"), &map);
	ck_assert_str_eq(map.v[1].key, "k919");
	ck_assert_uint_eq(map.n, 1000);
	tw_map_release(&map);
}
END_TEST

static void is_duration(const char *text, int64_t ns)
{
	tw_time t;

	ck_assert_msg(tw_parse_duration(tw_str_of(text), &t), "%s", text);
	ck_assert_int_eq(t, ns);
}

START_TEST(durations_are_exact)
{
	static const char *const bad[] = {
		"",
		"5",
		"ms",
		"1.5",
		"1 s",
		"1sm",
		"abc",
		"--1s",
		"1e3s",
		"9999999999h",
		"-",
	};
	tw_time t;

	is_duration("0", 0);
	is_duration("250ms", 250 * TW_MS);
	is_duration("0.3ms", 300000);
	is_duration("1h30m", 90 * TW_MIN);
	is_duration("10\xc2\xb5s", 10000);
	is_duration("-1.5s", -1500 * TW_MS);
	is_duration("1m30s", 90 * TW_S);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!tw_parse_duration(tw_str_of(bad[i]), &t), "%s",
			bad[i]);
}
END_TEST

static void is_quantity(const char *text, int64_t thousandths)
{
	int64_t q;

	ck_assert_msg(tw_parse_quantity(tw_str_of(text), &q), "%s", text);
	ck_assert_int_eq(q, thousandths);
}

START_TEST(quantities_are_those_of_kubernetes)
{
	static const char *const bad[] = {
		"", "beefy", "1 Gi", "0x10", "1.2.3", "1KI", "m"};
	int64_t q;

	is_quantity("500m", 500);
	is_quantity("2", 2000);
	is_quantity("0.5", 500);
	is_quantity("1Ki", 1024000);
	is_quantity("128Mi", INT64_C(128) * 1024 * 1024 * 1000);
	is_quantity("1e3", 1000000);
	is_quantity("100u", 1); /* rounded up */
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!tw_parse_quantity(tw_str_of(bad[i]), &q), "%s",
			bad[i]);
}
END_TEST

START_TEST(times_are_shown_short)
{
	char to[TW_TIME_TEXT];

	ck_assert_str_eq(tw_time_text(0, to), "0s");
	ck_assert_str_eq(tw_time_text(1234567, to), "1.235ms");
	ck_assert_str_eq(tw_time_text(250 * TW_MS, to), "250ms");
	ck_assert_str_eq(tw_time_text(150 * TW_S, to), "2m30s");
	ck_assert_str_eq(tw_time_text(-1500 * TW_MS, to), "-1.5s");
	ck_assert_str_eq(tw_time_text(999999999, to), "1000ms");
}
END_TEST

START_TEST(reals_read_back)
{
	char to[TW_REAL_TEXT];
	double back;

	ck_assert_str_eq(tw_real_text(0.1, to), "0.1");
	ck_assert_str_eq(tw_real_text(1.0 / 3, to), "0.3333333333333333");
	ck_assert(tw_parse_real(TW_STR("-1.5e3"), &back));
	ck_assert(back == -1500);
	ck_assert(!tw_parse_real(TW_STR("nan"), &back));
	ck_assert(!tw_parse_real(TW_STR("1e999"), &back));
}
END_TEST

START_TEST(globs)
{
	ck_assert(tw_glob_match("shop/*", "shop/cart"));
	ck_assert(!tw_glob_match("shop/*", "shop/a/b"));
	ck_assert(tw_glob_match("shop/**", "shop/a/b"));
	ck_assert(tw_glob_match("**/x.yaml", "a/b/x.yaml"));
	ck_assert(tw_glob_match("deploy/*.yaml", "deploy/a.yaml"));
	ck_assert(!tw_glob_match("deploy/*.yaml", "deploy/a.yml"));
	ck_assert(tw_glob_match("*", ""));
	ck_assert(tw_glob_match("a?c", "abc"));
	ck_assert(!tw_glob_match("a?c", "a/c"));
}
END_TEST

START_TEST(nearest_word)
{
	static const char *const words[] = {"services", "defaults", "nodes"};

	ck_assert_str_eq(tw_nearest("servces", words, 3), "services");
	ck_assert_str_eq(tw_nearest("ndoes", words, 3), "nodes");
	ck_assert_ptr_null(tw_nearest("zzzzzz", words, 3));
}
END_TEST

START_TEST(a_diagnosis_has_the_line_and_a_caret)
{
	struct tw_diags diags;
	struct tw_buf out = {0};
	struct tw_diag *diag;
	static const char text[] = "version: 1\nservces:\n  a: 1\n";
	static const char *const words[] = {"services"};

	tw_diags_init(&diags);
	tw_diags_source(&diags, "t.yaml", text, sizeof text - 1);
	diag = tw_diag(&diags, TW_ERROR, (struct tw_pos){"t.yaml", 2, 1, 7},
		"unknown key '%s'", "servces");
	tw_diag_nearest(&diags, diag, "servces", words, 1);
	tw_diag_print(&diags, diag, false, &out);
	ck_assert_str_eq(tw_buf_text(&out),
		"t.yaml:2:1: error: unknown key 'servces'\n"
		"    2 | servces:\n"
		"      | ^~~~~~~\n"
		"      = did you mean 'services'?\n");
	tw_buf_release(&out);
	tw_diags_release(&diags);
}
END_TEST

TW_TESTS("base", map_keeps_the_order_of_insertion, durations_are_exact,
	quantities_are_those_of_kubernetes, times_are_shown_short,
	reals_read_back, globs, nearest_word,
	a_diagnosis_has_the_line_and_a_caret)
