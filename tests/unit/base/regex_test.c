#include "twins/base/regex.h"
#include "tests/unit/test.h"

static bool matches(const char *pattern, const char *text)
{
	struct tw_arena arena;
	const struct tw_regex *regex;
	const char *why = NULL;
	size_t at = 0;
	bool result;

	tw_arena_init(&arena);
	regex = tw_regex_compile(&arena, tw_str_of(pattern), &at, &why);
	ck_assert_msg(regex != NULL, "/%s/: %s at %zu", pattern, why, at);
	result = tw_regex_match(regex, text);
	tw_arena_release(&arena);
	return result;
}

START_TEST(table)
{
	static const struct {
		const char *pattern, *yes, *no;
	} rows[] = {
		{"abc", "abc", "abcd"},
		{"abc", "abc", "xabc"},
		{"", "", "a"},
		{"shop/.+", "shop/cart", "shop/"},
		{"shop/.*", "shop/", "shop"},
		{"a?b", "b", "aab"},
		{"(ab)+", "abab", "aba"},
		{"(ab)*", "", "a"},
		{"a|b|cd", "cd", "c"},
		{"a|b|cd", "a", "ab"},
		{"x(a|bc)*y", "xabcbcay", "xaby"},
		{"(a|b)?c*", "bccc", "abc"},
		{"((a|b)+|c)d", "abbad", "cd d"},
		{"((a|b)+|c)d", "cd", "cad"},
		{"(?:a|b)c", "bc", "abc"},
		{"[a-c]+", "abcb", "abd"},
		{"[^/]+", "abc", "a/c"},
		{"[]a]+", "a]", "b"},
		{"[a\\]b]", "]", "c"},
		{"[a-]+", "a-a", "b"},
		{"\\d+\\.\\d", "12.5", "12x5"},
		{"\\w+", "a_9", "a-9"},
		{"\\W", "-", "a"},
		{"GET /product/{id}", "GET /product/{id}", "GET /product/1"},
		{"^a$", "a", "aa"},
		{".", "\xc3\xa9", "ab"},
		{"[\xc3\xa0-\xc3\xa9]", "\xc3\xa9", "e"},
		{"a**", "aaa", "b"},
		{"(a*)*b", "aab", "aac"},
		{"a+?", "a", "b"},
		{"|a", "", "b"},
		{"()", "", "a"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_msg(matches(rows[i].pattern, rows[i].yes),
			"/%s/ against '%s'", rows[i].pattern, rows[i].yes);
		ck_assert_msg(!matches(rows[i].pattern, rows[i].no),
			"/%s/ against '%s'", rows[i].pattern, rows[i].no);
	}
}
END_TEST

START_TEST(wrong)
{
	static const struct {
		const char *pattern;
		size_t at;
	} rows[] = {
		{"a(b", 1},
		{"ab)", 2},
		{"[ab", 0},
		{"*a", 0},
		{"a|+", 2},
		{"a\\", 2},
		{"a{2}", 1},
		{"(?=a)", 1},
		{"[z-a]", 1},
		{"\\k", 1},
		{"a$b", 1},
	};
	struct tw_arena arena;

	tw_arena_init(&arena);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *why = NULL;
		size_t at = 99;

		ck_assert_ptr_null(tw_regex_compile(
			&arena, tw_str_of(rows[i].pattern), &at, &why));
		ck_assert_ptr_nonnull(why);
		ck_assert_msg(
			at == rows[i].at, "/%s/: at %zu", rows[i].pattern, at);
	}
	tw_arena_release(&arena);
}
END_TEST

/* Exponential in a backtracking matcher: 2^60 ways here. */
START_TEST(linear)
{
	char pattern[200] = "", text[100] = "";

	for (int i = 0; i < 60; i++) {
		memcpy(pattern + 2 * i, "a?", 2);
		pattern[120 + i] = text[i] = 'a';
	}
	ck_assert(matches(pattern, text));
	ck_assert(!matches("(a+)+b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}
END_TEST

TW_TESTS("base/regex", table, wrong, linear)
