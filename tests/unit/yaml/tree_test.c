#include "harness/yaml/yaml.h"

#include "tests/unit/test.h"

#include <stdio.h>

struct fixture {
	struct tw_arena arena;
	struct tw_diags diags;
};

static void start(struct fixture *f)
{
	tw_arena_init(&f->arena);
	tw_diags_init(&f->diags);
}

static void stop(struct fixture *f)
{
	tw_diags_release(&f->diags);
	tw_arena_release(&f->arena);
}

static struct tw_yaml *parse(struct fixture *f, const char *text)
{
	struct tw_yaml_docs docs = {0};

	ck_assert_int_eq(tw_yaml_parse(&f->arena, "x", text, strlen(text), NULL,
				 &f->diags, &docs),
		0);
	ck_assert_uint_eq(docs.n, 1);
	return docs.v[0];
}

static void tell(void *to, const char *path, const struct tw_yaml *leaf)
{
	tw_buf_printf(to, "%s=%s%s\n", path, leaf->value ? leaf->value : "{}",
		leaf->used ? " used" : "");
}

START_TEST(walks)
{
	struct tw_buf out = {0};
	struct tw_yaml *root;
	struct fixture f;

	start(&f);
	root = parse(&f, "spec:\n  containers:\n  - {name: a, image: i}\n"
			 "  - {name: a, image: j}\n  args: [x, y]\n"
			 "  labels: {app.io/name: z}\n  e: {}\n");
	tw_yaml_use(tw_yaml_path(root, "spec", "labels", "app.io/name", NULL));
	tw_yaml_use_all(tw_yaml_path(root, "spec", "args", NULL));
	tw_yaml_walk(root, tell, &out);
	ck_assert_str_eq(tw_buf_text(&out),
		"spec.containers[name=a].name=a\n"
		"spec.containers[name=a].image=i\n"
		"spec.containers[1].name=a\n"
		"spec.containers[1].image=j\n"
		"spec.args[0]=x used\n"
		"spec.args[1]=y used\n"
		"spec.labels['app.io/name']=z used\n"
		"spec.e={}\n");
	tw_buf_release(&out);
	stop(&f);
}
END_TEST

static void tell_difference(void *to, const char *path, const struct tw_yaml *a,
	const struct tw_yaml *b)
{
	tw_buf_printf(to, "%s: %s -> %s\n", path, a ? a->value : "none",
		b ? b->value : "none");
}

START_TEST(differences)
{
	struct tw_buf out = {0};
	struct fixture f;

	start(&f);
	tw_yaml_diff(parse(&f, "{c: [{name: x, v: 1}, {name: y, v: 2}], "
			       "d: 1, q: 1, n: }"),
		parse(&f, "{n: null, q: '1', e: 5, c: [{name: y, v: 3}, "
			  "{v: 1, name: x}]}"),
		tell_difference, &out);
	ck_assert_str_eq(tw_buf_text(&out), "q: 1 -> 1\ne: none -> 5\n"
					    "c[name=y].v: 2 -> 3\n"
					    "d: 1 -> none\n");
	tw_buf_release(&out);
	stop(&f);
}
END_TEST

struct taking {
	const char *only; /* the path that is taken; NULL: all, "": none */
	struct tw_buf asked;
};

static bool take(void *to, const char *path, const struct tw_yaml *a,
	const struct tw_yaml *b)
{
	struct taking *taking = to;

	tw_buf_printf(&taking->asked, "%s%s%s\n", path, a ? "" : " new",
		b ? "" : " gone");
	return !taking->only || !strcmp(taking->only, path);
}

START_TEST(mixes)
{
	static const char *const a = "{r: {n: 1, t: 2s}, c: [{name: x, v: 1}, "
				     "{name: y, v: 2}], q: [1, 2, 3], k: 1}";
	static const char *const b = "{c: [{name: y, v: 3}, {name: z, v: 4}], "
				     "q: [1, 5], k: 1, e: {f: 1}}";
	static const char *const rows[][2] = {
		{"", "{c: [{name: y, v: 3}, {name: z, v: 4}], q: [1, 5], k: 1, "
		     "e: {f: 1}}"},
		{"r", "{c: [{name: y, v: 3}, {name: z, v: 4}], q: [1, 5], k: 1,"
		      " e: {f: 1}, r: {n: 1, t: 2s}}"},
		{"c[name=y].v", "{c: [{name: y, v: 2}, {name: z, v: 4}], "
				"q: [1, 5], k: 1, e: {f: 1}}"},
		{"c[name=z]", "{c: [{name: y, v: 3}], q: [1, 5], k: 1, "
			      "e: {f: 1}}"},
		{"c[name=x]", "{c: [{name: y, v: 3}, {name: z, v: 4}, {name: x,"
			      " v: 1}], q: [1, 5], k: 1, e: {f: 1}}"},
		{"q[2]", "{c: [{name: y, v: 3}, {name: z, v: 4}], "
			 "q: [1, 5, 3], k: 1, e: {f: 1}}"},
		{"e", "{c: [{name: y, v: 3}, {name: z, v: 4}], q: [1, 5], "
		      "k: 1}"},
	};
	struct taking taking = {.only = ""};
	struct fixture f;
	struct tw_yaml *x, *y, *all;

	start(&f);
	x = parse(&f, a);
	y = parse(&f, b);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		tw_buf_clear(&taking.asked);
		taking.only = rows[i][0];
		ck_assert_msg(tw_yaml_equal(tw_yaml_mix(&f.arena, x, y, take,
						    &taking),
				      parse(&f, rows[i][1])),
			"%s", rows[i][0]);
		ck_assert_str_eq(tw_buf_text(&taking.asked),
			"c[name=y].v\nc[name=z] new\nc[name=x] gone\nq[1]\n"
			"q[2] gone\ne new\nr gone\n");
	}
	taking.only = NULL;
	all = tw_yaml_mix(&f.arena, x, y, take, &taking);
	ck_assert(tw_yaml_equal(tw_yaml_get(all, "r"), tw_yaml_get(x, "r")));
	ck_assert(tw_yaml_equal(tw_yaml_get(all, "q"), tw_yaml_get(x, "q")));
	ck_assert_ptr_null(tw_yaml_get(all, "e"));
	ck_assert_ptr_null(tw_yaml_mix(&f.arena, NULL, y, take, &taking));
	tw_buf_release(&taking.asked);
	stop(&f);
}
END_TEST

static const char *const round_trips[] = {
	"a: 1\nb:\n- x\n- y: 2\n  z:\n  - 3\n",
	"a: '1'\nb: \"x\\ty\"\nc: |\n  one\n\n   two\nd: |-\n  end\n",
	"a: {}\nb: []\nc: ''\nd: ~\ne:\n",
	"'yes': 'no'\n\"#\": '- x'\n\" lead\": 'trail '\n",
	"a: ' x\n\n  y'\nb: >\n  folded\n  text\n\n  more\n",
	"- - - deep\n  - er\n- größe ✓\n- !!str 12\n- !custom x\n",
	"a: \"\\0\\x85\\u2028\"\n",
	"a: |+\n  keep\n\n\nb: |2\n   lead\n",
	"x: &x {p: 1}\ny: *x\nz: {<<: *x, q: 2}\n",
	"just text\n",
};

START_TEST(emits_what_reads_the_same)
{
	for (size_t i = 0; i < sizeof round_trips / sizeof *round_trips; i++) {
		struct tw_buf once = {0}, twice = {0};
		struct tw_yaml *first, *second;
		struct fixture f;

		start(&f);
		first = parse(&f, round_trips[i]);
		tw_yaml_emit(first, &once);
		second = parse(&f, tw_buf_text(&once));
		ck_assert_msg(tw_yaml_equal(first, second), "%s\n%s",
			round_trips[i], once.p);
		tw_yaml_emit(second, &twice);
		ck_assert_str_eq(once.p, twice.p);
		tw_buf_release(&once);
		tw_buf_release(&twice);
		stop(&f);
	}
}
END_TEST

START_TEST(equality)
{
	struct fixture f;

	start(&f);
	ck_assert(tw_yaml_equal(
		parse(&f, "{a: 1, b: x}"), parse(&f, "b: 'x'\na: 1\n")));
	ck_assert(!tw_yaml_equal(parse(&f, "a: 1"), parse(&f, "a: '1'")));
	ck_assert(!tw_yaml_equal(parse(&f, "a: 1"), parse(&f, "b: 1")));
	ck_assert(!tw_yaml_equal(parse(&f, "[1, 2]"), parse(&f, "[2, 1]")));
	ck_assert(!tw_yaml_equal(parse(&f, "[1]"), NULL));
	stop(&f);
}
END_TEST

START_TEST(builds)
{
	struct tw_yaml *root, *list, *copy;
	struct tw_buf out = {0};
	struct fixture f;

	start(&f);
	root = tw_yaml_new(&f.arena, TW_YAML_MAPPING);
	list = tw_yaml_new(&f.arena, TW_YAML_SEQUENCE);
	tw_yaml_append(&f.arena, list, tw_yaml_new_text(&f.arena, "yes"));
	tw_yaml_append(&f.arena, list, tw_yaml_new_plain(&f.arena, "250ms"));
	tw_yaml_put(&f.arena, root, "on", list);
	tw_yaml_put(&f.arena, root, "x", tw_yaml_new_text(&f.arena, "a: b"));
	copy = tw_yaml_copy(&f.arena, root);
	tw_yaml_put(&f.arena, root, "x", tw_yaml_new_plain(&f.arena, "1"));
	ck_assert(tw_yaml_remove(root, "on"));
	ck_assert(!tw_yaml_remove(root, "on"));
	tw_yaml_emit(copy, &out);
	ck_assert_str_eq(out.p, "\"on\":\n- \"yes\"\n- 250ms\nx: 'a: b'\n");
	tw_buf_clear(&out);
	tw_yaml_emit(root, &out);
	ck_assert_str_eq(out.p, "x: 1\n");
	tw_buf_release(&out);
	stop(&f);
}
END_TEST

TW_TESTS("yaml/tree", walks, differences, mixes, emits_what_reads_the_same,
	equality, builds)
