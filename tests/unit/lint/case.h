/* One finding of a case, or none. */
#ifndef TW_TESTS_UNIT_LINT_CASE_H
#define TW_TESTS_UNIT_LINT_CASE_H

#include "tests/unit/manifests/side.h"

#include "harness/config/config.h"
#include "harness/lint/lint.h"
#include "twins/cluster/place.h"

/* How often each rule speaks about a case; the others must not. */
struct lint_case {
	const char *name;
	const char *manifests, *model;
	const char *rule; /* NULL: nothing to find */
	const char *said;
};

static inline size_t count(const struct tw_diags *diags, const char *rule)
{
	size_t n = 0;

	for (size_t i = 0; i < diags->list.n; i++) {
		const char *has = diags->list.v[i]->rule;

		if (!has)
			continue;
		for (const struct tw_lint_rule *it = tw_lint_rules; it->name;
			it++)
			n += !strcmp(has, it->name) &&
			     (!rule || !strcmp(rule, has));
	}
	return n;
}

/* rate: of requests to GET / of web; 0: not known. */
static inline void run(const struct lint_case *it, double rate)
{
	struct side s;
	struct tw_model *model;
	struct tw_buf text = {0};

	side_start(&s);
	side_file(&s, "a.yaml", it->manifests);
	side_read(&s, "a.yaml");
	if (it->model)
		tw_config_parse_model(s.spec, "m.yaml", it->model,
			strlen(it->model), &s.diags);
	tw_manifests_link(s.m, s.spec, &s.diags);
	model = tw_model_compile(s.spec, &s.diags);
	if (model)
		tw_place(model);
	tw_lint(s.spec, model, &s.diags);
	if (rate > 0)
		tw_lint_load(s.spec, model,
			&(struct tw_lint_rate){"default/web", "GET /", rate}, 1,
			&s.diags);
	for (size_t i = 0; i < s.diags.list.n; i++)
		tw_diag_print(&s.diags, s.diags.list.v[i], false, &text);
	if (it->rule)
		ck_assert_msg(count(&s.diags, it->rule) == 1, "%s:\n%s",
			it->name, tw_buf_text(&text));
	ck_assert_msg(count(&s.diags, NULL) == (it->rule != NULL), "%s:\n%s",
		it->name, tw_buf_text(&text));
	ck_assert_msg(!it->said || strstr(tw_buf_text(&text), it->said),
		"%s: '%s' in\n%s", it->name, it->said, tw_buf_text(&text));
	tw_buf_release(&text);
	tw_model_free(model);
	side_end(&s);
}

static inline void run_all(const struct lint_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		run(&cases[i], 0);
}

#endif
