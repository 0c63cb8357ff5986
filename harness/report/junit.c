/*
 * A gate as JUnit XML (junit_xml.h): a scenario is a suite, a group of a check
 * a case; fail is <failure>, inconclusive <error>, muted <skipped>. `time` is
 * virtual time, shared out evenly: the same in every run of the gate.
 */
#include "harness/report/junit_xml.h"
#include "harness/report/markup.h"
#include "harness/report/opinion.h"

struct doc {
	struct tw_arena arena;
	const struct tw_report *report;
	struct tw_map names; /* of this suite: name -> how often */
};

/* Two checks may differ in their figures alone: the second gets its rank. */
static const char *unique(struct doc *doc, const char *name)
{
	size_t *seen = tw_map_get(&doc->names, name);

	if (seen)
		return tw_arena_printf(
			&doc->arena, "%s (%zu)", name, ++*seen + 1);
	tw_map_put(&doc->names, name, tw_new(&doc->arena, size_t));
	return name;
}

static const char *evidence_text(struct doc *doc,
	const struct tw_scenario_result *scenario,
	const struct tw_check_result *check, const struct tw_group *group)
{
	struct tw_evidence_lines lines = {0};
	struct tw_buf text = {0};
	const char *result;

	tw_evidence_of(scenario, check, group, &doc->arena, &lines);
	tw_buf_printf(&text, "%-9s %s\n", "check", check->check->text);
	if (scenario->faults && *scenario->faults)
		tw_buf_printf(&text, "%-9s %s\n", "faults", scenario->faults);
	for (size_t i = 0; i < lines.n; i++)
		tw_buf_printf(
			&text, "%-9s %s\n", lines.v[i].head, lines.v[i].text);
	result = tw_arena_strdup(&doc->arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return result;
}

/* Readers look for it from the repository's root on. */
static const char *file_of(struct doc *doc, const char *file)
{
	return tw_evidence_file(doc->report, file, &doc->arena);
}

static void add_group(struct doc *doc, struct tw_junit_suite *suite,
	const struct tw_scenario_result *scenario,
	const struct tw_check_result *check, const struct tw_group *group)
{
	static const char *const types[] = {"", "Inconclusive", "CheckFailed"};
	static const char *const outcomes[] = {NULL, "error", "failure"};
	struct tw_junit_case e = {
		.classname = tw_arena_printf(
			&doc->arena, "twinrig.%s", scenario->name),
		.name = unique(doc,
			tw_evidence_name(check->check, group, &doc->arena)),
		.file = file_of(doc, check->check->pos.file),
		.line = check->check->pos.file ? check->check->pos.line : 0,
		.outcome = outcomes[group->verdict],
		.type = types[group->verdict],
		.text = "",
	};

	if (check->check->muted) {
		e.outcome = "skipped";
		e.message = tw_arena_printf(&doc->arena, "muted (%s): %s",
			tw_verdict_names[group->verdict], group->why);
	} else {
		e.message = tw_arena_printf(&doc->arena, "%s%s%s",
			group->title[0] ? group->title : "",
			group->title[0] ? ": " : "", group->why);
	}
	if (group->verdict == TW_VERDICT_PASS && group->has_detects)
		e.out = tw_evidence_group_catches(
			check->check, group, &doc->arena);
	if (e.outcome && group->verdict != TW_VERDICT_PASS)
		e.text = evidence_text(doc, scenario, check, group);
	tw_vec_push_in(&doc->arena, &suite->cases, e);
}

/* One case a judge; what is told alone is skipped, as a muted check is. */
static void add_opinion(struct doc *doc, struct tw_junit_suite *suite,
	const struct tw_scenario_result *scenario, const struct tw_opinion *it)
{
	static const char *const types[] = {"", "Inconclusive", "CheckFailed"};
	static const char *const outcomes[] = {NULL, "error", "failure"};
	struct tw_junit_case e = {
		.classname = tw_arena_printf(
			&doc->arena, "twinrig.%s", scenario->name),
		.name = unique(doc, tw_opinion_name(it, &doc->arena)),
		.file = file_of(doc, it->file),
		.outcome = it->gates ? outcomes[it->verdict] : "skipped",
		.type = types[it->verdict],
		.message = tw_opinion_text(it, &doc->arena),
		.text = "",
	};
	struct tw_buf text = {0};

	for (size_t i = 0; i < it->lines.n; i++)
		if (it->lines.v[i].verdict != TW_VERDICT_PASS)
			tw_buf_printf(&text, "%s\n",
				tw_opinion_line_text(
					it, &it->lines.v[i], &doc->arena));
	if (e.outcome)
		e.text = tw_arena_strdup(&doc->arena, tw_buf_text(&text));
	tw_buf_release(&text);
	tw_vec_push_in(&doc->arena, &suite->cases, e);
}

static void add_scenario(struct doc *doc,
	const struct tw_scenario_result *scenario, struct tw_junit_suite *suite)
{
	suite->name = scenario->name;
	tw_map_init(&doc->names, &doc->arena);
	for (size_t c = 0; c < scenario->checks.n; c++)
		for (size_t i = 0; i < scenario->checks.v[c]->groups.n; i++)
			add_group(doc, suite, scenario, scenario->checks.v[c],
				scenario->checks.v[c]->groups.v[i]);
	for (size_t i = 0; i < scenario->opinions.n; i++)
		add_opinion(doc, suite, scenario, scenario->opinions.v[i]);
	for (size_t i = 0; i < suite->cases.n; i++)
		suite->cases.v[i].time =
			scenario->seconds / (double)suite->cases.n;
}

/* What concerns the gate as a whole: always the same cases. */
static void add_gate(struct doc *doc, struct tw_junit_suite *suite)
{
	const struct tw_gate_result *gate = doc->report->gate;
	struct tw_junit_case e = {
		.classname = "twinrig.gate",
		.name = "the evidence carries a verdict",
		.file = file_of(doc, NULL),
	};
	struct tw_buf text = {0};

	suite->name = "gate";
	if (gate->reasons.n) {
		e.outcome = "error";
		e.type = "Inconclusive";
		e.message = gate->reasons.v[0].text;
		for (size_t i = 0; i < gate->reasons.n; i++) {
			const struct tw_gate_reason *r = &gate->reasons.v[i];

			if (r->fails) {
				e.outcome = "failure";
				e.type = "Failed";
			}
			if (i)
				tw_buf_printf(&text, "%s\n", r->text);
			if (r->advice)
				tw_buf_printf(&text, "%s\n", r->advice);
		}
		e.text = tw_arena_strdup(&doc->arena, tw_buf_text(&text));
	}
	tw_buf_release(&text);
	tw_vec_push_in(&doc->arena, &suite->cases, e);
}

static const char *live_text(struct doc *doc, const struct tw_report_live *live)
{
	struct tw_buf text = {0};
	const char *result;

	for (size_t i = 0; i < live->n_diffs; i++) {
		const struct tw_report_diff *d = &live->diffs[i];

		tw_buf_printf(&text,
			"request %llu %s: %s was %s, is %s (%llu like it)\n",
			(unsigned long long)d->position, d->request, d->path,
			d->before, d->after, (unsigned long long)d->count);
	}
	result = tw_arena_strdup(&doc->arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return result;
}

static void add_live(struct doc *doc, struct tw_junit_suite *suite)
{
	const struct tw_report_live *live = doc->report->live;
	struct tw_junit_case runs = {
		.classname = "twinrig.live",
		.name = tw_arena_printf(&doc->arena,
			"%s starts, serves and stays up", live->service),
		.file = file_of(doc, NULL),
	};
	struct tw_junit_case answers = {
		.classname = "twinrig.live",
		.name = tw_arena_printf(
			&doc->arena, "%s answers as recorded", live->service),
		.file = file_of(doc, NULL),
	};

	suite->name = "live";
	if (live->trouble) {
		runs.outcome = "failure";
		runs.type = "CandidateFailed";
		runs.message = live->trouble;
		runs.text = "";
	}
	if (live->different) {
		answers.outcome = "failure";
		answers.type = "AnswersDiffer";
		answers.message = tw_arena_printf(&doc->arena,
			"%llu of %llu answers differ from the recorded ones",
			(unsigned long long)live->different,
			(unsigned long long)live->compared);
		answers.text = live_text(doc, live);
	} else if (!live->compared) {
		answers.outcome = "error";
		answers.type = "Inconclusive";
		answers.message = "no answer was compared";
		answers.text = "";
	}
	tw_vec_push_in(&doc->arena, &suite->cases, runs);
	tw_vec_push_in(&doc->arena, &suite->cases, answers);
}

static void write_junit(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	const struct tw_gate_result *gate = report->gate;
	struct doc doc = {.report = report};
	struct tw_junit_suite *suites;
	size_t n = 0;

	tw_arena_init(&doc.arena);
	suites = tw_new_array(
		&doc.arena, gate->scenarios.n + 2, struct tw_junit_suite);
	for (size_t i = 0; i < gate->scenarios.n; i++)
		add_scenario(&doc, gate->scenarios.v[i], &suites[n++]);
	if (report->live)
		add_live(&doc, &suites[n++]);
	add_gate(&doc, &suites[n++]);
	tw_junit_write(suites, n, options->strict, out);
	tw_arena_release(&doc.arena);
}

const struct tw_report_kind tw_report_junit = {
	.name = "junit",
	.option = "--junit",
	.help = "JUnit XML, for the test views of CI systems",
	.write = write_junit,
};
