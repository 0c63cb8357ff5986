#include "plugins/common/json.h"

#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

/* The tokens of a text in one line, or its error. */
static void tokens(struct tw_json *json, char *to, size_t room)
{
	static const char marks[] = "?$zft   {}[]";
	size_t n = 0;

	while (tw_json_next(json) > TW_JSON_END && n < room - 64) {
		if (json->type == TW_JSON_NUMBER && json->is_integer)
			n += (size_t)snprintf(to + n, room - n, "%lld ",
				(long long)json->integer);
		else if (json->type == TW_JSON_NUMBER)
			n += (size_t)snprintf(to + n, room - n, "~%.*s ",
				(int)json->text.n, json->text.p);
		else if (json->type == TW_JSON_STRING ||
			 json->type == TW_JSON_KEY)
			n += (size_t)snprintf(to + n, room - n, "%s%.*s ",
				json->type == TW_JSON_KEY ? ":" : "'",
				(int)json->text.n, json->text.p);
		else
			n += (size_t)snprintf(
				to + n, room - n, "%c ", marks[json->type]);
	}
	to[n] = '\0';
	if (json->type == TW_JSON_ERROR)
		snprintf(to + n, room - n, "!%llu:%llu",
			(unsigned long long)json->line,
			(unsigned long long)json->column);
	else if (n)
		to[n - 1] = '\0';
}

static const struct {
	const char *text, *tokens;
} cases[] = {
	{"{\"a\":[1,-2,3.5e2,true,false,null]}",
		"{ :a [ 1 -2 ~3.5e2 t f z ] }"},
	{"\xef\xbb\xbf [ ] ", "[ ]"},
	{"9223372036854775807", "9223372036854775807"},
	{"-9223372036854775808", "-9223372036854775808"},
	{"9223372036854775808", "~9223372036854775808"},
	{"\"\\u00e9\\n\\\"\\ud83d\\ude00\\ud800x\"",
		"'\xc3\xa9\n\"\xf0\x9f\x98\x80\xef\xbf\xbdx"},
	{"\"abcdefgh\\tijklmnopqrstuvwxyz\"", "'abcdefgh\tijklmnopqrstuvwxyz"},
	{"{}", "{ }"},
	{"0", "0"},
	{"", "!1:1"},
	{"[1,]", "[ 1 !1:4"},
	{"[1 2]", "[ 1 !1:4"},
	{"{\"a\" 1}", "{ !1:6"},
	{"{\"a\":1,}", "{ :a 1 !1:8"},
	{"{a:1}", "{ !1:2"},
	{"[01]", "[ 0 !1:3"},
	{"[1.]", "[ !1:4"},
	{"[1e]", "[ !1:4"},
	{"[-]", "[ !1:3"},
	{"\"a\nb\"", "!1:3"},
	{"\"\\x\"", "!1:2"},
	{"\"\\u12g4\"", "!1:2"},
	{"\"\xc0\x80\"", "!1:2"},
	{"\"\xed\xa0\x80\"", "!1:2"},
	{"\"\xf4\x90\x80\x80\"", "!1:2"},
	{"[1]\n\n x", "[ 1 ] !3:2"},
	{"nul", "!1:4"},
	{"\"abc", "!1:5"},
	{"[", "[ !1:2"},
	{"]", "!1:1"},
};

START_TEST(reads_and_refuses)
{
	char got[512];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tw_json json;

		tw_json_init_text(&json, cases[i].text, strlen(cases[i].text));
		tokens(&json, got, sizeof got);
		ck_assert_msg(!strcmp(got, cases[i].tokens), "%s: %s, not %s",
			cases[i].text, got, cases[i].tokens);
		if (json.type == TW_JSON_ERROR)
			ck_assert_ptr_nonnull(json.error);
		tw_json_release(&json);
	}
}
END_TEST

/* A source that gives `step` bytes at a time: every token is cut somewhere. */
struct drip {
	struct twinrig_source source;
	const char *text;
	size_t size, given, step;
	char window[4096];
};

static int drip_more(struct twinrig_source *source, size_t used)
{
	struct drip *drip = (struct drip *)(void *)source;
	size_t left = drip->size - drip->given;
	size_t n = left < drip->step ? left : drip->step;

	memmove(drip->window, drip->window + used, source->size - used);
	source->size -= used;
	source->data = drip->window;
	ck_assert(source->size + n <= sizeof drip->window);
	memcpy(drip->window + source->size, drip->text + drip->given, n);
	drip->given += n;
	source->size += n;
	return n > 0;
}

START_TEST(windows_do_not_matter)
{
	char whole[512], pieces[512];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t step = 1; step < 9; step++) {
			struct drip drip = {.text = cases[i].text,
				.size = strlen(cases[i].text),
				.step = step};
			struct tw_json json;

			drip.source.struct_size = sizeof drip.source;
			drip.source.more = drip_more;
			tw_json_init_text(&json, drip.text, drip.size);
			tokens(&json, whole, sizeof whole);
			tw_json_release(&json);
			tw_json_init(&json, &drip.source);
			tokens(&json, pieces, sizeof pieces);
			tw_json_release(&json);
			ck_assert_str_eq(whole, pieces);
		}
}
END_TEST

START_TEST(depth_is_limited)
{
	char deep[2 * TW_JSON_DEPTH + 3];
	struct tw_json json;

	memset(deep, '[', TW_JSON_DEPTH);
	memset(deep + TW_JSON_DEPTH, ']', TW_JSON_DEPTH);
	tw_json_init_text(&json, deep, 2 * TW_JSON_DEPTH);
	ck_assert_int_eq(tw_json_next(&json), TW_JSON_ARRAY);
	ck_assert(tw_json_skip(&json));
	ck_assert_int_eq(tw_json_next(&json), TW_JSON_END);
	memset(deep, '[', TW_JSON_DEPTH + 1);
	tw_json_reset(&json, deep, TW_JSON_DEPTH + 1);
	tw_json_next(&json);
	ck_assert(!tw_json_skip(&json));
	ck_assert_str_eq(json.error, "nested too deeply");
	tw_json_release(&json);
}
END_TEST

START_TEST(skips_values)
{
	static const char text[] = "{\"a\":{\"b\":[1,{}]},\"c\":7}";
	struct tw_json json;

	tw_json_init_text(&json, text, sizeof text - 1);
	tw_json_next(&json);
	ck_assert_int_eq(tw_json_next(&json), TW_JSON_KEY);
	ck_assert(tw_json_skip(&json));
	ck_assert_int_eq(tw_json_next(&json), TW_JSON_KEY);
	ck_assert(tw_json_is(&json, "c"));
	ck_assert(!tw_json_is(&json, "cc") && !tw_json_is(&json, ""));
	ck_assert_int_eq(tw_json_next(&json), TW_JSON_NUMBER);
	tw_json_release(&json);
}
END_TEST

TW_TESTS("plugins/json", reads_and_refuses, windows_do_not_matter,
	depth_is_limited, skips_values)
