/* Notes at lines: where they point, how many are told, and how they are
 * written for those who show them. */
#include "harness/report/notes.h"
#include "tests/unit/test.h"

#include "tests/unit/gate/fixture.h"

struct told {
	struct fixture f;
	struct tw_gate_result gate;
	struct tw_report report;
	struct tw_notes notes;
	TW_VEC(const struct tw_diag *) findings;
};

static void told_init(struct told *t)
{
	*t = (struct told){0};
	fixture_init(&t->f, 2);
	t->report = (struct tw_report){
		.config = "twinrig.yaml", .gate = &t->gate, .root = ""};
	for (size_t run = 0; run < 2; run++) {
		add_calls(&t->f.b, run, "GET /", 1000, 10 * TW_MS, 1);
		add_calls(&t->f.b, run, "GET /cart", 1000, 10 * TW_MS, 1);
		add_calls(&t->f.c, run, "GET /", 1000, 10 * TW_MS, 500);
		add_calls(&t->f.c, run, "GET /cart", 1000, 10 * TW_MS, 500);
	}
}

static void told_release(struct told *t)
{
	tw_vec_release(&t->findings);
	fixture_release(&t->f);
}

static struct tw_scenario_result *add_scenario(
	struct told *t, const char *name, const char *check)
{
	struct tw_scenario_result *s =
		tw_new(&t->f.arena, struct tw_scenario_result);

	s->name = name;
	tw_vec_push_in(&t->f.arena, &s->checks, judge(&t->f, check));
	s->verdict = s->checks.v[0]->verdict;
	tw_vec_push_in(&t->f.arena, &t->gate.scenarios, s);
	return s;
}

static void collect(struct told *t)
{
	t->report.new_findings = t->findings.v;
	t->report.n_new_findings = t->findings.n;
	tw_notes_of(&t->report, &t->f.arena, &t->notes);
}

static struct tw_counterfactual *undo_at(
	struct told *t, const char *file, int line, bool of_baseline)
{
	struct tw_counterfactual *c =
		tw_new(&t->f.arena, struct tw_counterfactual);
	struct tw_undo *undo = tw_new_array(&t->f.arena, 2, struct tw_undo);

	undo[0] = (struct tw_undo){.pos = {"deploy/other.yaml", 1, 1, 1}};
	undo[1] = (struct tw_undo){.pos = {file, line, 3, 1},
		.found = true,
		.is_baselines = of_baseline};
	c->undos = undo;
	c->n = 2;
	c->text = "with `timeout: 2s` restored it passes";
	return c;
}

START_TEST(points_at_what_has_to_be_undone)
{
	struct told t;

	told_init(&t);
	add_scenario(&t, "loss", "ratio(errors) by (endpoint) <= baseline")
		->undone = undo_at(&t, "deploy/mesh.yaml", 31, false);
	add_scenario(&t, "steady", "ratio(errors) <= baseline");
	collect(&t);
	/* Two groups at one line are one note. */
	ck_assert_uint_eq(t.notes.n, 2);
	ck_assert_str_eq(t.notes.v[0].pos.file, "deploy/mesh.yaml");
	ck_assert_int_eq(t.notes.v[0].pos.line, 31);
	ck_assert_int_eq(t.notes.v[0].level, TW_NOTE_ERROR);
	ck_assert_str_eq(t.notes.v[0].title, "twinrig: loss fails");
	ck_assert_ptr_nonnull(strstr(t.notes.v[0].text, "[GET /cart]"));
	ck_assert_ptr_nonnull(strstr(t.notes.v[0].text, "undo: with"));
	/* Nothing to undo is known: the check's own place. */
	ck_assert_str_eq(t.notes.v[1].pos.file, "twinrig.yaml");
	told_release(&t);
}
END_TEST

START_TEST(a_line_of_the_baseline_is_no_place)
{
	struct told t;

	told_init(&t);
	t.report.root = "shop";
	add_scenario(&t, "loss", "ratio(errors) <= baseline")->undone =
		undo_at(&t, "deploy/mesh.yaml", 31, true);
	collect(&t);
	ck_assert_str_eq(t.notes.v[0].pos.file, "shop/twinrig.yaml");
	told_release(&t);
}
END_TEST

START_TEST(scenarios_at_one_line_are_named_together)
{
	struct told t;

	told_init(&t);
	for (int i = 0; i < 2; i++)
		add_scenario(
			&t, i ? "slow" : "loss", "ratio(errors) <= baseline")
			->undone = undo_at(&t, "a.yaml", 3, false);
	collect(&t);
	ck_assert_uint_eq(t.notes.n, 1);
	ck_assert_str_eq(t.notes.v[0].title, "twinrig: loss, slow fail");
	told_release(&t);
}
END_TEST

static void add_findings(struct told *t, size_t n, const char *message)
{
	for (size_t i = 0; i < n; i++) {
		struct tw_pos pos = {"deploy/a.yaml", (int)i + 1, 1, 1};
		struct tw_diag *d =
			tw_diag(&t->f.diags, TW_WARNING, pos, "%s", message);

		d->rule = "odd";
		tw_vec_push(&t->findings, d);
	}
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* GitHub drops what is beyond 10 of a level without a word. */
START_TEST(at_most_ten_of_a_level)
{
	static const struct tw_report_options plain = {0};
	struct told t;
	struct tw_buf out = {0};

	told_init(&t);
	add_scenario(&t, "loss", "ratio(errors) <= baseline");
	add_findings(&t, 25, "odd: 100%\nof a, b");
	collect(&t);
	tw_report_github.write(&t.report, &plain, &out);
	ck_assert_uint_eq(count(tw_buf_text(&out), "::error "), 1);
	ck_assert_uint_eq(count(tw_buf_text(&out), "::warning "), 10);
	ck_assert_uint_eq(count(tw_buf_text(&out), "\n"), 11);
	ck_assert_ptr_nonnull(
		strstr(tw_buf_text(&out), "title=twinrig%3A 16 more::"));
	ck_assert_ptr_nonnull(
		strstr(tw_buf_text(&out), "::odd: 100%25%0Aof a, b"));
	tw_buf_clear(&out);
	t.report.n_new_findings = 10;
	tw_report_github.write(&t.report, &plain, &out);
	ck_assert_uint_eq(count(tw_buf_text(&out), "::warning "), 10);
	ck_assert_ptr_null(strstr(tw_buf_text(&out), " more::"));
	tw_buf_release(&out);
	told_release(&t);
}
END_TEST

/* What is too long ends between two characters, not within one. */
START_TEST(a_long_note_ends_with_a_whole_character)
{
	static const struct tw_report_options plain = {0};
	struct told t;
	struct tw_buf out = {0}, words = {0};

	told_init(&t);
	tw_buf_add_char(&words, '-');
	for (int i = 0; i < 3000; i++)
		tw_buf_add_text(&words, "\u00e9");
	add_findings(&t, 1, tw_buf_text(&words));
	collect(&t);
	tw_report_github.write(&t.report, &plain, &out);
	ck_assert_uint_lt(out.n, 5000);
	ck_assert_str_eq(tw_buf_text(&out) + out.n - 3, "\u00e9\n");
	tw_buf_release(&words);
	tw_buf_release(&out);
	told_release(&t);
}
END_TEST

START_TEST(every_fingerprint_is_another)
{
	struct told t;

	told_init(&t);
	add_findings(&t, 30, "the same words");
	collect(&t);
	ck_assert_uint_eq(t.notes.n, 30);
	for (size_t i = 0; i < t.notes.n; i++)
		for (size_t k = 0; k < i; k++)
			ck_assert_uint_ne(
				t.notes.v[i].identity, t.notes.v[k].identity);
	told_release(&t);
}
END_TEST

TW_TESTS("report/notes", points_at_what_has_to_be_undone,
	a_line_of_the_baseline_is_no_place,
	scenarios_at_one_line_are_named_together, at_most_ten_of_a_level,
	a_long_note_ends_with_a_whole_character, every_fingerprint_is_another)
