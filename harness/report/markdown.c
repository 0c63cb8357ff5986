/*
 * For a job summary of GitHub and a note of GitLab on a merge request: the
 * same facts, worst first, below 65,000 bytes whatever the size of the gate:
 * what does not fit is counted.
 */
#include "harness/report/opinion.h"
#include "harness/report/recovery.h"
#include "harness/report/timeline.h"
#include "harness/report/told.h"

struct md {
	struct tw_buf *out;
	struct tw_arena arena;
	const struct tw_report *report;
	size_t start, left_out;
	struct tw_told told;
};

/* Names come from files: nothing in them may become markup. */
static void literal(struct tw_buf *out, const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20)
			tw_buf_add_char(out, ' ');
		else if (*s == '<')
			tw_buf_add_text(out, "&lt;");
		else if (*s == '>')
			tw_buf_add_text(out, "&gt;");
		else if (*s == '&')
			tw_buf_add_text(out, "&amp;");
		else if (*s == '@')
			tw_buf_add_text(out, "&#64;"); /* no mentions */
		else if (strchr("\\`*_{}[]|~#!", *s))
			tw_buf_printf(out, "\\%c", *s);
		else
			tw_buf_add_char(out, *s);
	}
}

/* Between backticks, also in a table; more of them than are inside. */
static void code(struct tw_buf *out, const char *s)
{
	size_t run = 0, longest = 0;

	for (const char *p = s; *p; p++) {
		run = *p == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		tw_buf_add_char(out, '`');
	if (longest)
		tw_buf_add_char(out, ' ');
	for (; *s; s++) {
		if (*s == '|')
			tw_buf_add_char(out, '\\');
		tw_buf_add_char(out, (unsigned char)*s < 0x20 ? ' ' : *s);
	}
	if (longest)
		tw_buf_add_char(out, ' ');
	for (size_t i = 0; i <= longest; i++)
		tw_buf_add_char(out, '`');
}

static const char *mark(enum tw_verdict verdict, bool muted)
{
	static const char *const marks[] = {"\xe2\x9c\x85 pass",
		"\xe2\x9a\xa0\xef\xb8\x8f inconclusive", "\xe2\x9d\x8c fail"};

	return muted ? "muted" : marks[verdict];
}

/* Room for a part of about this size, with the end kept free. */
static bool room(const struct md *md, size_t n)
{
	return md->out->n - md->start + n < TW_MARKDOWN_MAX - 1000;
}

/* What was added since `at` goes again where it does not fit. */
static bool keep(struct md *md, size_t at)
{
	if (room(md, 0))
		return true;
	md->out->n = at;
	md->out->p[at] = '\0';
	md->left_out++;
	return false;
}

static void row(struct md *md, const struct tw_check_result *check,
	const struct tw_group *g)
{
	enum tw_unit unit = tw_check_unit(check->check);
	char value[TW_VALUE_TEXT];
	bool limit = g->has_candidate &&
		     (g->has_baseline || !check->check->limit.baseline);

	tw_buf_printf(md->out, "| %s | ",
		g->verdict == TW_VERDICT_PASS && !tw_evidence_is_quiet(g)
			? "new"
			: mark(g->verdict, check->check->muted));
	code(md->out, check->check->text);
	tw_buf_add_text(md->out, " | ");
	literal(md->out, g->title[0] ? g->title : "all");
	tw_buf_printf(md->out, " | %s",
		g->has_baseline ? tw_value_text(unit, g->baseline, value)
				: "-");
	tw_buf_printf(md->out, " | %s",
		g->has_candidate ? tw_value_text(unit, g->candidate, value)
				 : "-");
	tw_buf_printf(md->out, " | %s",
		tw_evidence_difference(check->check, g, &md->arena));
	tw_buf_printf(md->out, " | %s | %s |\n",
		limit ? tw_value_text(unit, g->limit, value) : "-",
		g->has_detects
			? tw_evidence_catches_of(check->check, g, &md->arena)
			: "-");
}

static void table_head(struct md *md)
{
	tw_buf_add_text(md->out,
		"\n| | check | group | baseline | candidate | difference"
		" [95%] | limit | catches |\n"
		"|---|---|---|--:|--:|---|--:|--:|\n");
}

static void table(struct md *md, const struct tw_scenario_result *scenario,
	const struct tw_check_result **order, bool passed)
{
	bool begun = false;

	for (size_t c = 0; c < scenario->checks.n; c++)
		for (size_t i = 0; i < order[c]->groups.n; i++) {
			const struct tw_group *g = order[c]->groups.v[i];
			size_t at = md->out->n;

			if (tw_evidence_is_quiet(g) != passed)
				continue;
			if (!begun)
				table_head(md);
			row(md, order[c], g);
			begun = keep(md, at) || begun;
		}
}

static void details(struct md *md, const struct tw_scenario_result *scenario,
	const struct tw_check_result *check, const struct tw_group *g)
{
	struct tw_evidence_lines lines = {0};
	size_t at = md->out->n;
	bool *shown, any = false;

	tw_evidence_of(scenario, check, g, &md->arena, &lines);
	shown = tw_new_array(&md->arena, lines.n + 1, bool);
	tw_told_choose(&md->told, g, &lines, shown);
	for (size_t i = 0; i < lines.n; i++)
		any |= shown[i];
	if (!any)
		return;
	tw_buf_add_text(md->out, "\n**");
	literal(md->out, g->title[0] ? g->title : "all");
	tw_buf_add_text(md->out, "**: ");
	code(md->out, check->check->text);
	tw_buf_add_text(md->out, "\n\n");
	for (size_t i = 0; i < lines.n; i++) {
		const struct tw_evidence_line *l = &lines.v[i];

		if (!shown[i])
			continue;
		if (!l->head[0])
			tw_buf_add_text(md->out, "  - ");
		else
			tw_buf_printf(md->out, "- *%s*: ", l->head);
		if (!strcmp(l->head, "again"))
			code(md->out, l->text);
		else
			literal(md->out, l->text + strspn(l->text, " "));
		tw_buf_add_char(md->out, '\n');
	}
	keep(md, at);
}

static void opinions(struct md *md, const struct tw_scenario_result *scenario)
{
	for (size_t i = 0; i < scenario->opinions.n; i++) {
		const struct tw_opinion *it = scenario->opinions.v[i];
		size_t at = md->out->n;

		tw_buf_printf(md->out, "\n%s ",
			it->gates ? mark(it->verdict, false) : "says:");
		literal(md->out, tw_opinion_text(it, &md->arena));
		tw_buf_add_text(md->out, "\n\n");
		for (size_t k = 0; k < it->lines.n; k++) {
			if (it->lines.v[k].verdict == TW_VERDICT_PASS)
				continue;
			tw_buf_add_text(md->out, "- ");
			literal(md->out, tw_opinion_line_text(it,
						 &it->lines.v[k], &md->arena));
			tw_buf_add_char(md->out, '\n');
		}
		if (tw_opinion_again(scenario, it))
			tw_buf_printf(md->out, "- *again*: `%s`\n",
				tw_opinion_again(scenario, it));
		keep(md, at);
	}
}

/* Beyond what the checks look at. */
static void findings(struct md *md, const struct tw_scenario_result *scenario)
{
	for (size_t i = 0; i < scenario->findings.n; i++) {
		size_t at = md->out->n;

		tw_buf_add_text(md->out, i ? "- " : "\nAlso changed:\n\n- ");
		literal(md->out, tw_evidence_finding(
					 &scenario->findings.v[i], &md->arena));
		tw_buf_add_char(md->out, '\n');
		keep(md, at);
	}
}

static void scenario_part(
	struct md *md, const struct tw_scenario_result *scenario)
{
	const struct tw_check_result **order;
	size_t passed = 0, at = md->out->n;

	tw_buf_printf(md->out, "\n### %s ", mark(scenario->verdict, false));
	literal(md->out, scenario->name);
	if (scenario->stopped)
		tw_buf_printf(md->out, " (%s)",
			tw_evidence_stopped(scenario, &md->arena));
	tw_buf_add_char(md->out, '\n');
	if (scenario->faults && scenario->faults[0]) {
		tw_buf_add_char(md->out, '\n');
		literal(md->out, scenario->faults);
		tw_buf_add_char(md->out, '\n');
	}
	if (!keep(md, at))
		return;
	tw_told_scenario(&md->told, scenario);
	tw_evidence_order(scenario, &md->arena, &order);
	table(md, scenario, order, false);
	for (size_t c = 0; c < scenario->checks.n; c++)
		for (size_t i = 0; i < order[c]->groups.n; i++) {
			if (tw_evidence_is_quiet(order[c]->groups.v[i]))
				passed++;
			else
				details(md, scenario, order[c],
					order[c]->groups.v[i]);
		}
	opinions(md, scenario);
	findings(md, scenario);
	if (!passed)
		return;
	at = md->out->n;
	tw_buf_printf(
		md->out, "\n<details><summary>%zu passed</summary>\n", passed);
	table(md, scenario, order, true);
	tw_buf_add_text(md->out, "\n</details>\n");
}

static void side(
	struct md *md, const char *name, const struct tw_report_side *s)
{
	if (!s->name)
		return;
	tw_buf_printf(md->out, "%s ", name);
	literal(md->out, s->name);
	if (s->revision) {
		tw_buf_add_text(md->out, " (");
		code(md->out,
			tw_arena_strndup(&md->arena, s->revision,
				strlen(s->revision) < 12 ? strlen(s->revision)
							 : 12));
		tw_buf_add_char(md->out, ')');
	}
	tw_buf_add_text(md->out, ", ");
}

static void head(struct md *md)
{
	static const char *const titles[] = {"\xe2\x9c\x85 twinrig: pass",
		"\xe2\x9a\xa0\xef\xb8\x8f twinrig: inconclusive",
		"\xe2\x9d\x8c twinrig: fail"};
	const struct tw_report *r = md->report;

	/* By which a script finds the note that it wrote before. */
	tw_buf_add_text(md->out, "<!-- twinrig -->\n");
	tw_buf_printf(md->out, "## %s\n\n%s\n\n", titles[r->gate->verdict],
		tw_evidence_counts(r->gate, &md->arena));
	side(md, "baseline", &r->baseline);
	side(md, "candidate", &r->candidate);
	tw_buf_printf(md->out, "%s runs of each, seed %llu\n",
		tw_evidence_runs(r, &md->arena), (unsigned long long)r->seed);
	for (size_t i = 0; i < r->gate->reasons.n; i++) {
		const struct tw_gate_reason *reason = &r->gate->reasons.v[i];

		tw_buf_add_text(md->out, "\n> ");
		literal(md->out, reason->text);
		if (reason->advice) {
			tw_buf_add_text(md->out, "  \n> ");
			literal(md->out, reason->advice);
		}
		tw_buf_add_char(md->out, '\n');
	}
}

static void live(struct md *md, const struct tw_report_live *l)
{
	tw_buf_add_text(md->out, "\n### live: ");
	literal(md->out, l->service);
	tw_buf_printf(md->out,
		"\n\n%llu requests, %llu answers compared, %llu differ\n",
		(unsigned long long)l->requests,
		(unsigned long long)l->compared,
		(unsigned long long)l->different);
	if (l->trouble) {
		tw_buf_add_text(md->out, "\n- ");
		literal(md->out, l->trouble);
		tw_buf_add_char(md->out, '\n');
	}
	for (size_t i = 0; i < l->n_diffs && i < 10; i++) {
		const struct tw_report_diff *d = &l->diffs[i];
		size_t at = md->out->n;

		tw_buf_add_text(md->out, "- ");
		code(md->out, d->request);
		tw_buf_add_text(md->out, ": ");
		code(md->out, d->path);
		tw_buf_add_text(md->out, " was ");
		code(md->out, d->before);
		tw_buf_add_text(md->out, ", is ");
		code(md->out, d->after);
		tw_buf_printf(md->out, " (%llu like it)\n",
			(unsigned long long)d->count);
		keep(md, at);
	}
}

static void differences(struct md *md)
{
	const struct tw_report *r = md->report;
	size_t blind = 0;

	if (r->is_same)
		tw_buf_add_text(md->out,
			"\nNothing that is read differs: both sides are the "
			"same.\n");
	if (!r->n_differences)
		return;
	for (size_t i = 0; i < r->n_differences; i++)
		blind += !r->differences[i].modelled;
	tw_buf_printf(md->out,
		"\n<details><summary>%zu field%s differ%s, %zu not modelled"
		"</summary>\n\n| field | baseline | candidate | modelled |\n"
		"|---|---|---|---|\n",
		r->n_differences, r->n_differences == 1 ? "" : "s",
		r->n_differences == 1 ? "s" : "", blind);
	for (size_t i = 0; i < r->n_differences; i++) {
		const struct tw_difference *d = &r->differences[i];
		size_t at = md->out->n;

		tw_buf_add_text(md->out, "| ");
		literal(md->out, d->path);
		tw_buf_add_text(md->out, " | ");
		literal(md->out, d->before ? d->before : "(none)");
		tw_buf_add_text(md->out, " | ");
		literal(md->out, d->after ? d->after : "(none)");
		tw_buf_add_text(
			md->out, d->modelled ? " | yes |\n" : " | **no** |\n");
		if (!keep(md, at))
			break;
	}
	tw_buf_add_text(md->out, "\n</details>\n");
}

static void reach(struct md *md)
{
	const struct tw_report *r = md->report;

	if (!r->n_reach)
		return;
	tw_buf_printf(md->out,
		"\n<details open><summary>%zu pair%s can talk on one side "
		"alone</summary>\n\n| from | to | called | baseline | "
		"candidate |\n|---|---|---|---|---|\n",
		r->n_reach, r->n_reach == 1 ? "" : "s");
	for (size_t i = 0; i < r->n_reach; i++) {
		const struct tw_report_reach *it = &r->reach[i];
		size_t at = md->out->n;

		tw_buf_add_text(md->out, "| ");
		literal(md->out, it->from);
		tw_buf_add_text(md->out, " | ");
		literal(md->out, it->to);
		tw_buf_add_text(md->out, it->called ? " | yes | " : " |  | ");
		literal(md->out, it->before);
		tw_buf_add_text(md->out, " | ");
		literal(md->out, it->after);
		tw_buf_add_text(md->out, " |\n");
		if (!keep(md, at))
			break;
	}
	tw_buf_add_text(md->out, "\n</details>\n");
}

static void maps_part(struct md *md)
{
	struct tw_buf text = {0};

	tw_recovery_maps(md->report->gate, &text);
	if (text.n && room(md, text.n + 20))
		tw_buf_printf(md->out, "\n```\n%s```\n", tw_buf_text(&text));
	tw_buf_release(&text);
}

#define TIMELINE_LINES 40

static void timeline_part(
	struct md *md, const struct tw_scenario_result *scenario)
{
	struct tw_timeline_lines lines = {0};

	if (!scenario || !room(md, 400))
		return;
	tw_timeline_text(
		scenario->timeline, TIMELINE_LINES, &md->arena, &lines);
	tw_buf_add_text(md->out, "\n<details><summary>timeline of the "
				 "candidate in ");
	literal(md->out, scenario->name);
	tw_buf_add_text(
		md->out, ", run 1</summary>\n\n| time | what |\n|---|---|\n");
	for (size_t i = 0; i < lines.n; i++) {
		size_t at = md->out->n;

		tw_buf_printf(md->out, "| %s | ", lines.v[i].time);
		literal(md->out, lines.v[i].text);
		tw_buf_add_text(md->out, " |\n");
		if (!keep(md, at))
			break;
	}
	tw_buf_add_text(md->out, "\n</details>\n");
}

static void write_markdown(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	struct md md = {.out = out, .report = report, .start = out->n};
	const struct tw_scenario_result **order;

	(void)options;
	tw_arena_init(&md.arena);
	tw_told_init(&md.told, &md.arena, false);
	head(&md);
	tw_evidence_scenarios(report->gate, &md.arena, &order);
	for (size_t i = 0; i < report->gate->scenarios.n; i++)
		scenario_part(&md, order[i]);
	timeline_part(&md, tw_timeline_worst(order, report->gate->scenarios.n));
	maps_part(&md);
	if (report->live && room(&md, 400))
		live(&md, report->live);
	if (room(&md, 400))
		differences(&md);
	if (room(&md, 400))
		reach(&md);
	if (md.left_out)
		tw_buf_printf(out,
			"\n%zu more rows did not fit here: see the JUnit or "
			"JSON report.\n",
			md.left_out);
	tw_arena_release(&md.arena);
}

const struct tw_report_kind tw_report_markdown = {
	.name = "markdown",
	.option = "--markdown",
	.help = "for a job summary or a note on a merge request",
	.write = write_markdown,
};
