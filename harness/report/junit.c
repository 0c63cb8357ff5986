/*
 * For the test views of CI systems. What the readers have in common decides
 * the shape: one level of suites (dorny drops nested ones), one outcome child
 * a case (GitLab, EnricoMi and mikepenz rank several differently), the
 * message also as the first line of the text (GitLab reads the text alone),
 * totals on the suites (EnricoMi adds those up), unique names (GitLab drops
 * doubles), and no figures in names, so that histories hold together.
 *
 * `strict` leaves out what the schema of Jenkins' xUnit plugin (junit-10.xsd)
 * does not know: file and line of a case, which annotations are put at by
 * others, and `skipped` of the root. Jenkins' own junit step ignores them.
 *
 * fail is <failure>, inconclusive <error>, muted <skipped>. `time` is virtual
 * time, shared out evenly: the same in every run of the gate.
 */
#include "harness/report/markup.h"
#include "harness/report/opinion.h"

struct doc {
	struct tw_buf *out;
	struct tw_arena arena;
	const struct tw_report *report;
	struct tw_map names; /* of this suite: name -> how often */
};

/* One case of a suite. */
struct entry {
	const char *classname, *name, *file;
	int line;
	double time;
	const char *outcome; /* "failure", "error", "skipped" or NULL */
	const char *type, *message, *text;
	const char *out; /* of a pass; NULL: nothing */
};

TW_VEC_TYPE(entries, struct entry);

struct suite {
	const char *name;
	struct entries entries;
};

static void totals(
	struct tw_buf *out, const struct suite *suites, size_t n, bool skips)
{
	size_t failures = 0, errors = 0, skipped = 0, tests = 0;
	double time = 0;

	for (size_t s = 0; s < n; s++)
		for (size_t i = 0; i < suites[s].entries.n; i++) {
			const struct entry *e = &suites[s].entries.v[i];

			tests++;
			time += e->time;
			if (!e->outcome)
				continue;
			failures += e->outcome[0] == 'f';
			errors += e->outcome[0] == 'e';
			skipped += e->outcome[0] == 's';
		}
	tw_buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"",
		tests, failures, errors);
	if (skips)
		tw_buf_printf(out, " skipped=\"%zu\"", skipped);
	tw_buf_printf(out, " time=\"%.3f\"", time);
}

static void write_entry(struct tw_buf *out, const struct entry *e, bool strict)
{
	tw_buf_add_text(out, "    <testcase");
	tw_markup_attribute(out, "classname", e->classname);
	tw_markup_attribute(out, "name", e->name);
	if (!strict)
		tw_markup_attribute(out, "file", e->file);
	if (!strict && e->line)
		tw_buf_printf(out, " line=\"%d\"", e->line);
	tw_buf_printf(out, " time=\"%.3f\"", e->time);
	if (!e->outcome && !e->out) {
		tw_buf_add_text(out, "/>\n");
		return;
	}
	if (!e->outcome) {
		tw_buf_add_text(out, ">\n      <system-out>");
		tw_markup_text(out, e->out);
		tw_buf_add_text(out, "</system-out>\n    </testcase>\n");
		return;
	}
	tw_buf_printf(out, ">\n      <%s", e->outcome);
	tw_markup_attribute(out, "message", e->message);
	if (e->outcome[0] != 's')
		tw_markup_attribute(out, "type", e->type);
	tw_buf_add_char(out, '>');
	tw_markup_text(out, e->message);
	tw_buf_add_char(out, '\n');
	tw_markup_text(out, e->text);
	tw_buf_printf(out, "</%s>\n    </testcase>\n", e->outcome);
}

static void write_suite(
	struct tw_buf *out, const struct suite *suite, bool strict)
{
	tw_buf_add_text(out, "  <testsuite");
	tw_markup_attribute(out, "name", suite->name);
	totals(out, suite, 1, true);
	tw_buf_add_text(out, ">\n");
	for (size_t i = 0; i < suite->entries.n; i++)
		write_entry(out, &suite->entries.v[i], strict);
	tw_buf_add_text(out, "  </testsuite>\n");
}

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

static void add_group(struct doc *doc, struct suite *suite,
	const struct tw_scenario_result *scenario,
	const struct tw_check_result *check, const struct tw_group *group)
{
	static const char *const types[] = {"", "Inconclusive", "CheckFailed"};
	static const char *const outcomes[] = {NULL, "error", "failure"};
	struct entry e = {
		.classname = tw_arena_printf(
			&doc->arena, "twinrig.%s", scenario->name),
		.name = unique(doc,
			tw_evidence_name(check->check, group, &doc->arena)),
		.file = check->check->pos.file ? check->check->pos.file
					       : doc->report->config,
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
	tw_vec_push_in(&doc->arena, &suite->entries, e);
}

/* One case a judge; what is told alone is skipped, as a muted check is. */
static void add_opinion(struct doc *doc, struct suite *suite,
	const struct tw_scenario_result *scenario, const struct tw_opinion *it)
{
	static const char *const types[] = {"", "Inconclusive", "CheckFailed"};
	static const char *const outcomes[] = {NULL, "error", "failure"};
	struct entry e = {
		.classname = tw_arena_printf(
			&doc->arena, "twinrig.%s", scenario->name),
		.name = unique(doc, tw_opinion_name(it, &doc->arena)),
		.file = it->file,
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
	tw_vec_push_in(&doc->arena, &suite->entries, e);
}

static void add_scenario(struct doc *doc,
	const struct tw_scenario_result *scenario, struct suite *suite)
{
	suite->name = scenario->name;
	tw_map_init(&doc->names, &doc->arena);
	for (size_t c = 0; c < scenario->checks.n; c++)
		for (size_t i = 0; i < scenario->checks.v[c]->groups.n; i++)
			add_group(doc, suite, scenario, scenario->checks.v[c],
				scenario->checks.v[c]->groups.v[i]);
	for (size_t i = 0; i < scenario->opinions.n; i++)
		add_opinion(doc, suite, scenario, scenario->opinions.v[i]);
	for (size_t i = 0; i < suite->entries.n; i++)
		suite->entries.v[i].time =
			scenario->seconds / (double)suite->entries.n;
}

/* What concerns the gate as a whole: always the same cases. */
static void add_gate(struct doc *doc, struct suite *suite)
{
	const struct tw_gate_result *gate = doc->report->gate;
	struct entry e = {
		.classname = "twinrig.gate",
		.name = "the evidence carries a verdict",
		.file = doc->report->config,
	};
	struct tw_buf text = {0};

	suite->name = "gate";
	if (gate->reasons.n) {
		e.outcome = "error";
		e.type = "Inconclusive";
		e.message = gate->reasons.v[0].text;
		for (size_t i = 0; i < gate->reasons.n; i++) {
			const struct tw_gate_reason *r = &gate->reasons.v[i];

			if (i)
				tw_buf_printf(&text, "%s\n", r->text);
			if (r->advice)
				tw_buf_printf(&text, "%s\n", r->advice);
		}
		e.text = tw_arena_strdup(&doc->arena, tw_buf_text(&text));
	}
	tw_buf_release(&text);
	tw_vec_push_in(&doc->arena, &suite->entries, e);
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

static void add_live(struct doc *doc, struct suite *suite)
{
	const struct tw_report_live *live = doc->report->live;
	struct entry runs = {
		.classname = "twinrig.live",
		.name = tw_arena_printf(&doc->arena,
			"%s starts, serves and stays up", live->service),
		.file = doc->report->config,
	};
	struct entry answers = {
		.classname = "twinrig.live",
		.name = tw_arena_printf(
			&doc->arena, "%s answers as recorded", live->service),
		.file = doc->report->config,
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
	tw_vec_push_in(&doc->arena, &suite->entries, runs);
	tw_vec_push_in(&doc->arena, &suite->entries, answers);
}

static void write_junit(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	const struct tw_gate_result *gate = report->gate;
	struct doc doc = {.out = out, .report = report};
	struct suite *suites;
	size_t n = 0;

	tw_arena_init(&doc.arena);
	suites = tw_new_array(&doc.arena, gate->scenarios.n + 2, struct suite);
	for (size_t i = 0; i < gate->scenarios.n; i++)
		add_scenario(&doc, gate->scenarios.v[i], &suites[n++]);
	if (report->live)
		add_live(&doc, &suites[n++]);
	add_gate(&doc, &suites[n++]);
	tw_buf_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			     "<testsuites name=\"twinrig\"");
	totals(out, suites, n, !options->strict);
	tw_buf_add_text(out, ">\n");
	for (size_t i = 0; i < n; i++)
		write_suite(out, &suites[i], options->strict);
	tw_buf_add_text(out, "</testsuites>\n");
	tw_arena_release(&doc.arena);
}

const struct tw_report_kind tw_report_junit = {
	.name = "junit",
	.option = "--junit",
	.help = "JUnit XML, for the test views of CI systems",
	.write = write_junit,
};
