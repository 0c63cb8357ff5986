#include "tests/unit/manifests/side.h"

struct pair {
	struct side a, b;
	struct tw_arena arena;
	struct tw_manifest_changes changes;
};

static void compare(struct pair *p, const char *a, const char *b)
{
	*p = (struct pair){0};
	tw_arena_init(&p->arena);
	side_start(&p->a);
	side_start(&p->b);
	side_file(&p->a, "x.yaml", a);
	side_file(&p->b, "x.yaml", b);
	ck_assert_int_eq(side_read(&p->a, "x.yaml"), 0);
	ck_assert_int_eq(side_read(&p->b, "x.yaml"), 0);
	tw_manifests_link(p->a.m, p->a.spec, &p->a.diags);
	tw_manifests_link(p->b.m, p->b.spec, &p->b.diags);
	tw_manifests_diff(p->a.m, p->b.m, &p->arena, &p->changes);
}

static void end(struct pair *p)
{
	side_end(&p->a);
	side_end(&p->b);
	tw_arena_release(&p->arena);
}

#define WEB(replicas, image, container)                                        \
	SERVICE("web", "web")                                                  \
	SERVICE("db", "db")                                                    \
	SERVICE("db2", "db2") DEPLOYMENT("web", "web", replicas, container)

START_TEST(modelled_and_not)
{
	static const struct {
		const char *a, *b, *path;
		bool modelled;
	} cases[] = {
		{WEB("1", "", ""), WEB("2", "", ""), "spec.replicas", true},
		{WEB("1", "", "        command: [a]\n"),
			WEB("1", "", "        command: [b]\n"),
			"spec.template.spec.containers[name=main].command[0]",
			false},
		{WEB("1", "",
			 "        resources: {requests: {cpu: 1}, limits: "
			 "{memory: 1Gi}}\n"),
			WEB("1", "",
				"        resources: {requests: {cpu: 2}, "
				"limits: {memory: 1Gi}}\n"),
			"spec.template.spec.containers[name=main].resources."
			"requests.cpu",
			true},
		{WEB("1", "",
			 "        resources: {requests: {memory: 1}, limits: "
			 "{memory: 1Gi}}\n"),
			WEB("1", "",
				"        resources: {requests: {memory: 1}, "
				"limits: {memory: 2Gi}}\n"),
			"spec.template.spec.containers[name=main].resources."
			"limits.memory",
			false},
		{WEB("1", "", "        env: [{name: D, value: 'db:1'}]\n"),
			WEB("1", "",
				"        env: [{name: D, value: 'db2:1'}]\n"),
			"spec.template.spec.containers[name=main].env[name=D]."
			"value",
			true},
		{WEB("1", "", "        env: [{name: D, value: x}]\n"),
			WEB("1", "", "        env: [{name: D, value: y}]\n"),
			"spec.template.spec.containers[name=main].env[name=D]."
			"value",
			false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct pair p;

		compare(&p, cases[i].a, cases[i].b);
		ck_assert_uint_eq(p.changes.list.n, 1);
		ck_assert_str_eq(p.changes.list.v[0].path, cases[i].path);
		ck_assert_msg(p.changes.list.v[0].modelled == cases[i].modelled,
			"%s", cases[i].path);
		ck_assert_int_gt(p.changes.list.v[0].after_pos.line, 0);
		end(&p);
	}
}
END_TEST

START_TEST(objects_that_come_and_go)
{
	struct pair p;

	compare(&p, SERVICE("a", "a") SERVICE("gone", "a"),
		"apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: "
		"j}\n" SERVICE("a", "a"));
	ck_assert_uint_eq(p.changes.list.n, 2);
	ck_assert_str_eq(p.changes.list.v[0].object->kind, "Widget");
	ck_assert_ptr_null(p.changes.list.v[0].before);
	ck_assert(!p.changes.list.v[0].modelled);
	ck_assert_str_eq(p.changes.list.v[1].object->name, "gone");
	ck_assert_ptr_null(p.changes.list.v[1].after);
	ck_assert(p.changes.list.v[1].modelled);
	end(&p);
}
END_TEST

START_TEST(secrets_are_not_shown)
{
	struct pair p;

	compare(&p,
		"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
		"data: {k: aHVudGVyMg==}\n",
		"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
		"data: {k: aHVudGVyMw==}\n");
	ck_assert_uint_eq(p.changes.list.n, 1);
	ck_assert_str_eq(p.changes.list.v[0].before, "(secret)");
	ck_assert_str_eq(p.changes.list.v[0].after, "(secret)");
	end(&p);
}
END_TEST

TW_TESTS("manifests/diff", modelled_and_not, objects_that_come_and_go,
	secrets_are_not_shown)
