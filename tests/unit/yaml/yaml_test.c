#include "harness/yaml/yaml.h"

#include "tests/unit/test.h"

#include <stdio.h>

struct read {
	struct tw_arena arena;
	struct tw_diags diags;
	struct tw_yaml_docs docs;
	struct tw_buf told; /* the findings as they are printed */
	int rc;
};

static struct read parse_n(
	const char *text, size_t n, const struct tw_yaml_options *options)
{
	struct read r = {0};

	tw_arena_init(&r.arena);
	tw_diags_init(&r.diags);
	r.rc = tw_yaml_parse(
		&r.arena, "x.yaml", text, n, options, &r.diags, &r.docs);
	for (size_t i = 0; i < r.diags.list.n; i++)
		tw_diag_print(&r.diags, r.diags.list.v[i], false, &r.told);
	return r;
}

static struct read parse(const char *text)
{
	return parse_n(text, strlen(text), NULL);
}

static void done(struct read *r)
{
	tw_buf_release(&r->told);
	tw_diags_release(&r->diags);
	tw_arena_release(&r->arena);
}

static void expect_place(
	const struct tw_yaml *node, int line, int column, int width)
{
	ck_assert_ptr_nonnull(node);
	ck_assert_int_eq(node->pos.line, line);
	ck_assert_int_eq(node->pos.column, column);
	ck_assert_int_eq(node->pos.width, width);
}

/* Parses, and expects errors whose printed form has `told` in it. */
static void expect_error(
	const char *text, int line, int column, const char *told)
{
	struct read r = parse(text);

	ck_assert_int_eq(r.rc, -1);
	ck_assert_uint_ge(r.diags.list.n, 1);
	ck_assert_msg(
		strstr(tw_buf_text(&r.told), told), "%s", tw_buf_text(&r.told));
	ck_assert_int_eq(r.diags.list.v[0]->pos.line, line);
	ck_assert_int_eq(r.diags.list.v[0]->pos.column, column);
	done(&r);
}

START_TEST(positions)
{
	struct read r = parse("a:\n  - x: \"größe\"\n    y: 12\n");
	struct tw_yaml *item = tw_yaml_item(tw_yaml_get(r.docs.v[0], "a"), 0);

	ck_assert_int_eq(r.rc, 0);
	expect_place(item, 2, 5, 1);
	expect_place(tw_yaml_get(item, "x"), 2, 8, 7);
	expect_place(tw_yaml_get(item, "y"), 3, 8, 2);
	expect_place(tw_yaml_find(item, "y")->key, 3, 5, 1);
	done(&r);
}
END_TEST

START_TEST(crlf_and_marks)
{
	static const char utf16[] = "\xff\xfe"
				    "a\0:\0 \0"
				    "1\0\n\0\xe4\0:\0 \0"
				    "2\0";
	struct read r = parse("\xef\xbb\xbf"
			      "a: 1\r\nb: 2\r\n");

	ck_assert_int_eq(r.rc, 0);
	expect_place(tw_yaml_get(r.docs.v[0], "a"), 1, 4, 1);
	expect_place(tw_yaml_get(r.docs.v[0], "b"), 2, 4, 1);
	ck_assert_uint_eq(tw_yaml_get(r.docs.v[0], "b")->n, 1);
	done(&r);
	r = parse_n(utf16, sizeof utf16 - 1, NULL);
	ck_assert_int_eq(r.rc, 0);
	expect_place(tw_yaml_get(r.docs.v[0], "ä"), 2, 4, 1);
	done(&r);
}
END_TEST

START_TEST(documents)
{
	struct read r =
		parse("---\n# nothing\n---\na: 1\n---\n---\n- b\n...\n");

	ck_assert_int_eq(r.rc, 0);
	ck_assert_uint_eq(r.docs.n, 2);
	ck_assert(tw_yaml_is(r.docs.v[0], TW_YAML_MAPPING));
	ck_assert(tw_yaml_is(r.docs.v[1], TW_YAML_SEQUENCE));
	done(&r);
	r = parse("");
	ck_assert_int_eq(r.rc, 0);
	ck_assert_uint_eq(r.docs.n, 0);
	done(&r);
}
END_TEST

START_TEST(goes_on_after_an_error)
{
	struct read r = parse("a: [1\n---\nb: 2\n---\nc: @\n---\nd: 'x\n---\n"
			      "e: 1\n");

	ck_assert_int_eq(r.rc, -1);
	ck_assert_uint_eq(r.diags.errors, 3);
	ck_assert_int_eq(r.diags.list.v[0]->pos.line, 1);
	ck_assert_int_eq(r.diags.list.v[1]->pos.line, 5);
	ck_assert_int_eq(r.diags.list.v[2]->pos.line, 7);
	ck_assert_uint_eq(r.docs.n, 2);
	expect_place(tw_yaml_get(r.docs.v[1], "e"), 9, 4, 1);
	done(&r);
}
END_TEST

START_TEST(says_what_is_wrong)
{
	expect_error("a:\n\tb: 1\n", 2, 1, "a tab must not indent");
	expect_error("a: [1, 2\nb: 3\n", 1, 4, "no ']'");
	expect_error("a: {x: 1\nb: 3\n", 1, 4, "no '}'");
	expect_error("a: {x: y{z} w}\n", 1, 9, "in quotes");
	expect_error("a: `b`\n", 1, 4, "cannot begin with '`'");
	expect_error("a: b: c\n", 1, 5, "not expected here");
	expect_error("a: \"b\nc: d\n", 1, 4, "not closed before the file");
	expect_error("a: 1\n b: 2\n", 2, 3, "not expected here");
	expect_error("a:\n    b: 1\n  c: 2\n", 3, 3, "expected a key");
	expect_error("a: *\n", 1, 5, "the name of an anchor");
	expect_error("a: \"\\q\"\n", 1, 5, "no such escape");
	expect_error("a: x\n{{ if }}\n: b\n", 2, 1, "render it first");
	expect_error("a: {{ .Values.b }}\n", 1, 5, "rendered first");
	expect_error("a: 'x\n---\nb: 1\n", 1, 4, "before the document ends");
}
END_TEST

START_TEST(bad_bytes)
{
	expect_error("a: 1\nb: \x80\n", 2, 4, "not UTF-8");
	expect_error("a: 1\nb: \x01\n", 2, 4, "U+0001");
	expect_error("b: \xc0\x80\n", 1, 4, "not UTF-8");
	expect_error("b: \xed\xa0\x80\n", 1, 4, "not UTF-8");
}
END_TEST

START_TEST(anchors_are_shared)
{
	struct read r = parse("a: &x {b: 1}\nc: *x\nd: &x 2\ne: *x\n");
	struct tw_yaml *root = r.docs.v[0];

	ck_assert_int_eq(r.rc, 0);
	ck_assert_ptr_eq(tw_yaml_get(root, "a"), tw_yaml_get(root, "c"));
	ck_assert_str_eq(tw_yaml_text(tw_yaml_get(root, "e")), "2");
	done(&r);
	expect_error("a: *x\n", 1, 4, "no anchor '&x'");
	expect_error("a: &x [*x]\n", 1, 8, "inside of what it stands for");
}
END_TEST

START_TEST(merges)
{
	struct read r = parse("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\n"
			      "z:\n  <<: [*x, *y]\n  c: 3\n"
			      "t: {\"<<\": 1}\n");
	struct tw_yaml *z = tw_yaml_get(r.docs.v[0], "z");

	ck_assert_int_eq(r.rc, 0);
	ck_assert_uint_eq(tw_yaml_count(z), 3);
	ck_assert_str_eq(tw_yaml_text(tw_yaml_get(z, "a")), "1");
	ck_assert_str_eq(tw_yaml_text(tw_yaml_get(z, "b")), "1");
	ck_assert_str_eq(tw_yaml_text(tw_yaml_get(z, "c")), "3");
	ck_assert(!tw_yaml_find(z, "c")->merged);
	ck_assert(tw_yaml_find(z, "b")->merged);
	ck_assert_ptr_nonnull(tw_yaml_path(r.docs.v[0], "t", "<<", NULL));
	done(&r);
	expect_error("a: {<<: 1}\n", 1, 9, "takes a mapping");
}
END_TEST

START_TEST(duplicate_keys)
{
	static const struct tw_yaml_options manifests = {.duplicates = true};
	static const char text[] = "a: 1\nb: 1\na: 2\n";
	struct read r = parse_n(text, sizeof text - 1, &manifests);

	ck_assert_int_eq(r.rc, 0);
	ck_assert_uint_eq(r.diags.warnings, 1);
	ck_assert_uint_eq(tw_yaml_count(r.docs.v[0]), 2);
	ck_assert_str_eq(tw_yaml_text(tw_yaml_get(r.docs.v[0], "a")), "2");
	done(&r);
	expect_error(text, 3, 1, "'a' is here a second time");
}
END_TEST

/* More keys than the index needs to start. */
START_TEST(large_mappings)
{
	struct tw_buf text = {0};
	struct read r;

	for (int i = 0; i < 3000; i++)
		tw_buf_printf(&text, "k%d: %d\n", i, i);
	tw_buf_add_text(&text, "k7: 0\n");
	r = parse(tw_buf_text(&text));
	ck_assert_uint_eq(r.diags.errors, 1);
	ck_assert_str_eq(
		tw_yaml_text(tw_yaml_get(r.docs.v[0], "k2999")), "2999");
	ck_assert_ptr_null(tw_yaml_get(r.docs.v[0], "k3000"));
	ck_assert(tw_yaml_remove(r.docs.v[0], "k0"));
	ck_assert_ptr_null(tw_yaml_get(r.docs.v[0], "k0"));
	ck_assert_str_eq(
		tw_yaml_text(tw_yaml_get(r.docs.v[0], "k2999")), "2999");
	done(&r);
	tw_buf_release(&text);
}
END_TEST

START_TEST(limits)
{
	struct tw_yaml_options few = {.max_nodes = 5, .max_bytes = 40};
	struct tw_buf text = {0};
	struct read r;

	for (int i = 0; i < 101; i++)
		tw_buf_add_char(&text, '[');
	expect_error(tw_buf_text(&text), 1, 101, "nested too deep");
	tw_buf_clear(&text);
	tw_buf_add_text(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 10; i++) {
		tw_buf_printf(&text, "a%d: &a%d [*a%d", i, i, i - 1);
		for (int j = 1; j < 10; j++)
			tw_buf_printf(&text, ", *a%d", i - 1);
		tw_buf_add_text(&text, "]\n");
	}
	r = parse(tw_buf_text(&text));
	ck_assert_ptr_nonnull(strstr(tw_buf_text(&r.told), "too many nodes"));
	ck_assert_int_eq(r.diags.list.v[0]->pos.line, 6);
	done(&r);
	r = parse_n("[1, 2, 3, 4, 5]", 15, &few);
	ck_assert_ptr_nonnull(strstr(tw_buf_text(&r.told), "too many nodes"));
	done(&r);
	r = parse_n(tw_buf_text(&text), text.n, &few);
	ck_assert_ptr_nonnull(strstr(tw_buf_text(&r.told), "limit for YAML"));
	done(&r);
	tw_buf_release(&text);
}
END_TEST

/* Each alias is cheap, but what hangs on it would be 200 levels deep. */
START_TEST(deep_by_aliases)
{
	struct tw_buf text = {0};
	struct read r;

	tw_buf_add_text(&text, "a0: &a0 x\n");
	for (int i = 1; i < 120; i++)
		tw_buf_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	r = parse(tw_buf_text(&text));
	ck_assert_ptr_nonnull(
		strstr(tw_buf_text(&r.told), "nested too deep by aliases"));
	done(&r);
	tw_buf_release(&text);
}
END_TEST

START_TEST(large_block_scalar)
{
	struct tw_buf text = {0};
	struct read r;

	tw_buf_add_text(&text, "a: |\n");
	for (int i = 0; i < 4000; i++)
		tw_buf_add_text(&text,
			"  fifty bytes of text, more or less, a line here\n");
	tw_buf_add_text(&text, "b: 1\n");
	r = parse(tw_buf_text(&text));
	ck_assert_int_eq(r.rc, 0);
	ck_assert_uint_eq(tw_yaml_get(r.docs.v[0], "a")->n, 4000 * 47);
	expect_place(tw_yaml_get(r.docs.v[0], "b"), 4002, 4, 1);
	done(&r);
	tw_buf_release(&text);
}
END_TEST

START_TEST(reads_json)
{
	struct read r = parse("{\n\t\"a\": [1, true, null, \"x\\u00e9\"],\n"
			      "\t\"b\": {\"c\": -1.5e3}\n}\n");
	struct tw_yaml *root, *a;
	double real;

	ck_assert_msg(!r.rc, "%s", tw_buf_text(&r.told));
	root = r.docs.v[0];
	a = tw_yaml_get(root, "a");
	ck_assert_str_eq(tw_yaml_text(tw_yaml_item(a, 3)), "xé");
	ck_assert(tw_yaml_is_null(tw_yaml_item(a, 2)));
	ck_assert(tw_yaml_real(tw_yaml_path(root, "b", "c", NULL), &real));
	ck_assert_double_eq(real, -1500);
	done(&r);
}
END_TEST

static const struct {
	const char *text;
	bool is_int;
	int64_t value;
} integers[] = {
	{"0", true, 0},
	{"-12", true, -12},
	{"+3", true, 3},
	{"0x1F", true, 31},
	{"0o17", true, 15},
	{"0644", true, 420},
	{"0b101", true, 5},
	{"1_000", true, 1000},
	{"9223372036854775807", true, INT64_MAX},
	{"-9223372036854775808", true, INT64_MIN},
	{"9223372036854775808", false, 0},
	{"08", false, 0},
	{"1.5", false, 0},
	{"_1", false, 0},
	{"0x", false, 0},
	{"'1'", false, 0},
	{"!!str 1", false, 0},
	{"-", false, 0},
	{"12a", false, 0},
};

START_TEST(all_integers)
{
	for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
		struct read r = parse(integers[i].text);
		int64_t value = 77;

		ck_assert_int_eq(r.rc, 0);
		ck_assert_msg(
			tw_yaml_int(r.docs.v[0], &value) == integers[i].is_int,
			"%s", integers[i].text);
		ck_assert_int_eq(
			value, integers[i].is_int ? integers[i].value : 77);
		done(&r);
	}
}
END_TEST

START_TEST(meanings)
{
	struct read r = parse("[yes, Off, 'true', ~, '', 1.5, text, {}, 7]");
	struct tw_yaml **item = r.docs.v[0]->items.v;
	bool truth = false;
	double real;

	ck_assert(tw_yaml_bool(item[0], &truth) && truth);
	ck_assert(tw_yaml_bool(item[1], &truth) && !truth);
	ck_assert(!tw_yaml_bool(item[2], &truth));
	ck_assert(tw_yaml_is_null(item[3]) && tw_yaml_is_null(NULL));
	ck_assert(!tw_yaml_is_null(item[4]));
	ck_assert_ptr_null(tw_yaml_text(item[3]));
	ck_assert_str_eq(tw_yaml_text(item[4]), "");
	ck_assert(tw_yaml_real(item[5], &real) && real == 1.5);
	ck_assert(tw_yaml_real(item[8], &real) && real == 7);
	ck_assert_str_eq(tw_yaml_kind_name(item[0]), "a truth value");
	ck_assert_str_eq(tw_yaml_kind_name(item[2]), "text");
	ck_assert_str_eq(tw_yaml_kind_name(item[3]), "nothing");
	ck_assert_str_eq(tw_yaml_kind_name(item[5]), "a number");
	ck_assert_str_eq(tw_yaml_kind_name(item[7]), "a mapping");
	done(&r);
}
END_TEST

TW_TESTS("yaml", positions, crlf_and_marks, documents, goes_on_after_an_error,
	says_what_is_wrong, bad_bytes, anchors_are_shared, merges,
	duplicate_keys, large_mappings, limits, deep_by_aliases,
	large_block_scalar, reads_json, all_integers, meanings)
