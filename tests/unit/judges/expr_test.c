#include "harness/judges/expr.h"

#include "tests/unit/test.h"

#include <math.h>
#include <string.h>

static struct tw_arena arena;
static struct tw_diags diags;

static void start(void)
{
	tw_arena_init(&arena);
	tw_diags_init(&diags);
}

static void stop(void)
{
	tw_diags_release(&diags);
	tw_arena_release(&arena);
}

/* 't', 'f': a truth; 'n': nil; '#': a number; '"': text; '[': a list; '!': it
 * cannot be evaluated; '?': it does not parse. */
static char of(const char *text, const struct tw_expr_value *result)
{
	const struct tw_expr *e =
		tw_expr_parse(&arena, text, (struct tw_pos){0}, &diags);
	struct tw_expr_value v;
	const char *why;

	if (!e)
		return '?';
	if (!tw_expr_evaluate(e, result, &arena, &v, &why)) {
		ck_assert(*why);
		return '!';
	}
	return v.type == TW_EXPR_BOOL ? (v.truth ? 't' : 'f')
				      : "n?#\"[{"[v.type];
}

struct row {
	const char *text;
	char want;
};

/* On the result [0.96]. */
static void expect(const struct row *rows, size_t n)
{
	struct tw_expr_value item = {.type = TW_EXPR_NUMBER, .number = 0.96};
	struct tw_expr_value result = {
		.type = TW_EXPR_LIST, .items = &item, .n = 1};

	start();
	for (size_t i = 0; i < n; i++) {
		char got = of(rows[i].text, &result);

		ck_assert_msg(got == rows[i].want, "%s: %c instead of %c",
			rows[i].text, got, rows[i].want);
	}
	stop();
}

START_TEST(maps_patterns_and_names)
{
	static const struct row rows[] = {
		{"'v1.2' matches '^v[0-9]+[.]'", 't'},
		{"'shop/cart' matches 'cart$' and not ('b' matches 'a')", 't'},
		{"'xay' matches 'a|b' && !('xay' matches '^a')", 't'},
		{"'a' matches '('", '!'},
		{"1 matches 'a'", '!'},
		{"{a: 1, \"b\": 2}.b == 2 && {'a': 1}['a'] == 1", 't'},
		{"{a: 1}.c == nil and 'a' in {a: 1} and len({}) == 0", 't'},
		{"{a: 1, b: 2} == {b: 2, a: 1}", 't'},
		{"{a: 1} == {a: 2}", 'f'},
		{"{a: 1}", '{'},
		{"nil?.a == nil and {a: {b: 3}}?.a?.b == 3", 't'},
		{"nil.a", '!'},
		{"all([{v: 1}, {v: 2}], {.v > 0})", 't'},
		{"any([{v: 1}, {v: 2}], .v > 1)", 't'},
		{"map([{v: 1}, {v: 2}], {#.v + 1}) == [2, 3]", 't'},
		{"find([1, 5, 7], {# > 4}) == 5 and find([], {true}) == nil",
			't'},
		{"1..3 == [1, 2, 3] and len(1..10) == 10 and 2..1 == []", 't'},
		{"1..1e9", '!'},
		{"result | len() == 1", '?'},
		{"[3, 1, 2] | filter({# > 1}) | len()", '#'},
		{"let x = result[0]; let y = x * 2; y > x", 't'},
		{"let x = 1; z", '?'},
		{"mean([1, 2, 6]) == 3 and median([9, 1, 2, 4]) == 3", 't'},
		{"first([4, 5]) == 4 and last([4, 5]) == 5", 't'},
		{"first([]) == nil", 't'},
		{"keys({a: 1}) == ['a'] and values({a: 1}) == [1]", 't'},
		{"lower('aBc') + upper('d') + trim(' e ') == 'abcDe'", 't'},
		{"1 + 1..3 == [2, 3]", 't'},
		{"{a 1}", '?'},
		{"{a: 1", '?'},
	};

	expect(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(conditions)
{
	static const struct row rows[] = {
		{"result[0] >= 0.95", 't'},
		{"result[0] > 0.96", 'f'},
		{"result[1] == nil", '!'},
		{"result[-1] == 0.96", 't'},
		{"len(result) == 1 && !isNaN(result[0])", 't'},
		{"all(result, {# < 1})", 't'},
		{"any(result, {# < 0.5})", 'f'},
		{"none(result, # > 1)", 't'},
		{"one(result, {# > 0})", 't'},
		{"one([1, 2], {# > 0})", 'f'},
		{"count(result, {# > 0}) == 1", 't'},
		{"filter(result, {# > 1}) == []", 't'},
		{"map(result, {# * 100})[0] == 96", 't'},
		{"1 + 2 * 3 == 7", 't'},
		{"(1 + 2) * 3 == 9", 't'},
		{"2 ** 3 ** 2 == 512", 't'},
		{"-7 % 3 == -1", 't'},
		{"10 - 2 - 3 == 5", 't'},
		{"not true or true", 't'},
		{"!(true || false) and true", 'f'},
		{"true || false && false", 't'},
		{"1 < 2 == true", 't'},
		{"result[0] > 0.9 ? \"yes\" : 1", '"'},
		{"false ? 1 : true ? 2 : 3", '#'},
		{"nil ?? 5 == 5", 't'},
		{"default(nil, 3) == 3", 't'},
		{"default(2, 3) == 3", 'f'},
		{"isNil(nil)", 't'},
		{"asInt(\"7\") == 7", 't'},
		{"asFloat(\"0.5\") * 2 == 1", 't'},
		{"asInt(3.9)", '#'},
		{"asInt(1.123) == 1", 't'},
		{"asInt('1.1')", '!'},
		{"asFloat('1.1') == '1.1'", '!'},
		{"2 in [2, 2]", 't'},
		{"isInf(1 / 0)", 't'},
		{"isNaN(0 / 0)", 't'},
		{"0 / 0 == 0 / 0", 'f'},
		{"\"abc\" contains 'b'", 't'},
		{"'abc' startsWith 'ab'", 't'},
		{"'abc' endsWith 'ab'", 'f'},
		{"'a' < 'b'", 't'},
		{"'a' + 'b' == 'ab'", 't'},
		{"1 in [1, 2]", 't'},
		{"3 not in [1, 2]", 't'},
		{"min(3, 1, 2) == 1", 't'},
		{"max([3, 1]) == 3 and sum([1, 2]) == 3", 't'},
		{"round(2.5) + floor(-0.5) + ceil(0.1) + abs(-1) == 4", 't'},
		{"1_000 == 1e3", 't'},
		{"string(5) == \"5\"", 't'},
		{"result", '['},
		{"nil", 'n'},
		{"result > 1", '!'},
		{"result.name == 1", '!'},
		{"1 && true", '!'},
		{"!1", '!'},
		{"'a' > 1", '!'},
		{"true + 1", '!'},
		{"5 % 0", '!'},
		{"#", '!'},
		{"asInt('x')", '!'},
		{"max([])", '!'},
		{"len(1)", '!'},
		{"", '?'},
		{"1 +", '?'},
		{"(1", '?'},
		{"[1, 2", '?'},
		{"foo > 1", '?'},
		{"1 2", '?'},
		{"result[0", '?'},
		{"'abc", '?'},
		{"1 ? 2", '?'},
		{"orx", '?'},
	};

	expect(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(what_is_not_looked_at_cannot_fail)
{
	struct tw_expr_value none = {.type = TW_EXPR_LIST};

	start();
	ck_assert_int_eq(of("len(result) == 0 || result[0] > 1", &none), 't');
	ck_assert_int_eq(of("len(result) > 0 && result[0] > 1", &none), 'f');
	ck_assert_int_eq(of("result[0] > 1 || true", &none), '!');
	ck_assert_int_eq(of("true ? 1 : result[0]", &none), '#');
	ck_assert_int_eq(of("all(result, {# > 1})", &none), 't');
	stop();
}
END_TEST

START_TEST(errors_point)
{
	struct tw_pos at = {"t.yaml", 3, 10, 0};

	start();
	ck_assert_ptr_null(
		tw_expr_parse(&arena, "result[0] > foo(1)", at, &diags));
	ck_assert_uint_eq(diags.errors, 1);
	ck_assert_int_eq(diags.list.v[0]->pos.column, 22);
	ck_assert_int_eq(diags.list.v[0]->pos.line, 3);
	stop();
}
END_TEST

START_TEST(depth_is_bounded)
{
	char text[2001];

	start();
	memset(text, '(', 2000);
	text[2000] = '\0';
	ck_assert_ptr_null(
		tw_expr_parse(&arena, text, (struct tw_pos){0}, &diags));
	ck_assert_uint_eq(diags.errors, 1);
	stop();
}
END_TEST

TW_TESTS("judges/expr", maps_patterns_and_names, conditions,
	what_is_not_looked_at_cannot_fail, errors_point, depth_is_bounded)
