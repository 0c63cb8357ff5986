/*
 * For a person at a terminal, or in the log of a job: 100 columns, the worst
 * first, and for each failed group who is guilty and how to see it again.
 */
#include "harness/report/evidence.h"
#include "harness/report/opinion.h"
#include "harness/report/recovery.h"
#include "harness/report/timeline.h"
#include "harness/report/told.h"

#define COLUMNS 100

struct page {
	struct tw_buf *out;
	struct tw_arena arena;
	struct tw_told told;
	bool colour, verbose;
};

#define TITLE		  28 /* columns of a row; see scenario_block() */
#define VALUE		  9
#define DIFFERENCE	  31
#define BEFORE_DIFFERENCE (10 + TITLE + 2 * (1 + VALUE) + 2)

enum ink { PLAIN, RED, YELLOW, GREEN, BOLD, DIM };

static void ink(struct page *page, enum ink ink)
{
	static const char *const codes[] = {"\x1b[0m", "\x1b[31;1m",
		"\x1b[33;1m", "\x1b[32m", "\x1b[1m", "\x1b[2m"};

	if (page->colour)
		tw_buf_add_text(page->out, codes[ink]);
}

static enum ink ink_of(enum tw_verdict verdict)
{
	static const enum ink inks[] = {GREEN, YELLOW, RED};

	return inks[verdict];
}

static const char *word_of(enum tw_verdict verdict)
{
	static const char *const words[] = {"pass", "????", "FAIL"};

	return words[verdict];
}

static size_t characters(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

static void spaces(struct page *page, size_t n)
{
	while (n--)
		tw_buf_add_char(page->out, ' ');
}

/* Control characters would move the cursor: names come from files. */
static void put(struct page *page, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tw_buf_add_char(page->out,
			(unsigned char)s[i] < 0x20 || s[i] == 0x7f ? ' '
								   : s[i]);
}

/* Text from column `indent` on, broken between words; the cursor stands at
 * the indent already. Ends the line. */
static void wrapped(struct page *page, const char *s, size_t indent)
{
	size_t column = indent;

	while (*s) {
		size_t n = strcspn(s, " \n"), width = characters(s, n);

		if (column > indent && column + 1 + width > COLUMNS) {
			tw_buf_add_char(page->out, '\n');
			spaces(page, indent);
			column = indent;
		} else if (column > indent) {
			tw_buf_add_char(page->out, ' ');
			column++;
		}
		put(page, s, n);
		column += width;
		s += n;
		/* Runs of spaces are kept within a line: they align. */
		if (*s)
			s++;
		while (*s == ' ' && column < COLUMNS) {
			tw_buf_add_char(page->out, ' ');
			column++;
			s++;
		}
	}
	tw_buf_add_char(page->out, '\n');
}

/* In a column of this width; what is too long loses its middle. */
static void cell(struct page *page, const char *s, size_t width, bool right)
{
	size_t n = strlen(s), size = characters(s, n);

	if (right && size < width)
		spaces(page, width - size);
	if (size <= width) {
		put(page, s, n);
	} else {
		size_t head = (width - 3) / 2, tail = width - 3 - head;
		size_t i = 0, k = n;

		for (size_t c = 0; c < head; c++)
			for (i++; ((unsigned char)s[i] & 0xc0) == 0x80;)
				i++;
		for (size_t c = 0; c < tail; c++)
			for (k--; ((unsigned char)s[k] & 0xc0) == 0x80;)
				k--;
		put(page, s, i);
		tw_buf_add_text(page->out, "...");
		put(page, s + k, n - k);
	}
	if (!right && size < width)
		spaces(page, width - size);
}

static void verdict_word(struct page *page, enum tw_verdict verdict, bool muted)
{
	ink(page, muted ? DIM : ink_of(verdict));
	tw_buf_add_text(page->out, muted ? "mute" : word_of(verdict));
	ink(page, PLAIN);
}

static void verdict_cell(struct page *page, const struct tw_check *check,
	const struct tw_group *group)
{
	tw_buf_add_text(page->out, "  ");
	if (group->verdict == TW_VERDICT_PASS && !tw_evidence_is_quiet(group))
		tw_buf_add_text(page->out, "new ");
	else
		verdict_word(page, group->verdict, check->muted);
	tw_buf_add_text(page->out, "    ");
}

/* Columns that a figure needs beyond its own: the title gives them. */
static size_t beyond(const char *figure)
{
	size_t n = characters(figure, strlen(figure));

	return n > VALUE ? n - VALUE : 0;
}

static void figure(struct page *page, const char *s)
{
	cell(page, s, VALUE + beyond(s), true);
}

/* Figures are never cut: an interval that has no room is returned, to be put
 * below its difference. */
static const char *difference_cell(struct page *page, const char *text)
{
	const char *interval = strchr(text, '[');

	if (characters(text, strlen(text)) < DIFFERENCE || !interval) {
		cell(page, text, DIFFERENCE, false);
		return NULL;
	}
	cell(page,
		tw_arena_strndup(
			&page->arena, text, (size_t)(interval - text) - 1),
		DIFFERENCE, false);
	return interval;
}

static void group_row(struct page *page, const struct tw_check *check,
	const struct tw_group *group)
{
	enum tw_unit unit = tw_check_unit(check);
	char baseline[TW_VALUE_TEXT] = "-", candidate[TW_VALUE_TEXT] = "-";
	char limit[TW_VALUE_TEXT] = "-";
	const char *interval;

	if (group->has_baseline)
		tw_value_text(unit, group->baseline, baseline);
	if (group->has_candidate)
		tw_value_text(unit, group->candidate, candidate);
	if (group->has_candidate &&
		(group->has_baseline || !check->limit.baseline))
		tw_value_text(unit, group->limit, limit);
	verdict_cell(page, check, group);
	cell(page, group->title[0] ? group->title : "all",
		TITLE - beyond(baseline) - beyond(candidate) - beyond(limit),
		false);
	tw_buf_add_char(page->out, ' ');
	figure(page, baseline);
	tw_buf_add_char(page->out, ' ');
	figure(page, candidate);
	tw_buf_add_text(page->out, "  ");
	interval = difference_cell(
		page, tw_evidence_difference(check, group, &page->arena));
	figure(page, limit);
	tw_buf_add_char(page->out, '\n');
	if (!interval)
		return;
	spaces(page, BEFORE_DIFFERENCE);
	put(page, interval, strlen(interval));
	tw_buf_add_char(page->out, '\n');
}

static void evidence_line(
	struct page *page, const struct tw_evidence_line *line)
{
	spaces(page, 10);
	ink(page, DIM);
	cell(page, line->head, 10, false);
	ink(page, PLAIN);
	if (!strcmp(line->head, "guilty"))
		ink(page, BOLD);
	wrapped(page, line->text, 20);
	ink(page, PLAIN);
}

/* What was said of another group of the scenario is not said again. */
static void evidence(struct page *page,
	const struct tw_scenario_result *scenario,
	const struct tw_check_result *check, const struct tw_group *group)
{
	struct tw_evidence_lines lines = {0};
	bool *shown;

	tw_evidence_of(scenario, check, group, &page->arena, &lines);
	shown = tw_new_array(&page->arena, lines.n + 1, bool);
	tw_told_choose(&page->told, group, &lines, shown);
	for (size_t i = 0; i < lines.n; i++)
		if (shown[i])
			evidence_line(page, &lines.v[i]);
}

static void check_block(struct page *page,
	const struct tw_scenario_result *scenario,
	const struct tw_check_result *check)
{
	size_t passed = 0;

	spaces(page, 6);
	ink(page, BOLD);
	wrapped(page, check->check->text, 6);
	ink(page, PLAIN);
	for (size_t i = 0; i < check->groups.n; i++) {
		const struct tw_group *group = check->groups.v[i];

		if (tw_evidence_is_quiet(group) && !page->verbose) {
			passed++;
			continue;
		}
		group_row(page, check->check, group);
		if (!tw_evidence_is_quiet(group))
			evidence(page, scenario, check, group);
	}
	if (passed) {
		tw_buf_add_text(page->out, "  ");
		verdict_word(page, TW_VERDICT_PASS, check->check->muted);
		tw_buf_printf(page->out, "    %zu other%s\n", passed,
			passed == 1 ? "" : "s");
	}
}

/* What a check that passed would have caught. */
static void power_row(struct page *page, const struct tw_check_result *check)
{
	const char *catches = tw_evidence_catches(check, &page->arena);

	if (!catches)
		return;
	spaces(page, 10);
	ink(page, DIM);
	tw_buf_add_text(page->out, "catches ");
	cell(page, catches, VALUE, false);
	tw_buf_add_char(page->out, ' ');
	cell(page, check->check->text, COLUMNS - 19 - VALUE, false);
	ink(page, PLAIN);
	while (page->out->n && page->out->p[page->out->n - 1] == ' ')
		page->out->p[--page->out->n] = '\0';
	tw_buf_add_char(page->out, '\n');
}

/* What does not pass line by line; the rest by number. */
static void opinion_block(struct page *page, const struct tw_opinion *opinion)
{
	size_t passed = 0;

	tw_buf_add_text(page->out, "  ");
	ink(page, opinion->gates ? ink_of(opinion->verdict) : DIM);
	tw_buf_add_text(
		page->out, opinion->gates ? word_of(opinion->verdict) : "says");
	ink(page, PLAIN);
	tw_buf_add_text(page->out, "  ");
	wrapped(page, tw_opinion_text(opinion, &page->arena), 8);
	for (size_t i = 0; i < opinion->lines.n; i++) {
		const struct tw_opinion_line *line = &opinion->lines.v[i];

		if (line->verdict == TW_VERDICT_PASS && !page->verbose) {
			passed++;
			continue;
		}
		spaces(page, 10);
		wrapped(page, tw_opinion_line_text(opinion, line, &page->arena),
			12);
	}
	if (passed && opinion->verdict != TW_VERDICT_PASS) {
		spaces(page, 10);
		tw_buf_printf(page->out, "%zu other%s pass\n", passed,
			passed == 1 ? "" : "s");
	}
}

static bool is_blamed(const struct tw_scenario_result *scenario)
{
	for (size_t c = 0; c < scenario->checks.n; c++) {
		const struct tw_check_result *check = scenario->checks.v[c];

		for (size_t i = 0; i < check->groups.n; i++)
			if (!tw_evidence_is_quiet(check->groups.v[i]) &&
				check->groups.v[i]->blame &&
				check->groups.v[i]->blame->guilty)
				return true;
	}
	return false;
}

/* What else changed: where somebody is guilty the edges say it. */
static void findings_rows(
	struct page *page, const struct tw_scenario_result *scenario)
{
	size_t n = scenario->findings.n, shown = page->verbose ? n : 3;

	if (is_blamed(scenario) && !page->verbose)
		return;
	for (size_t i = 0; i < n && i < shown; i++) {
		spaces(page, 10);
		ink(page, DIM);
		cell(page, i ? "" : "changed", 10, false);
		ink(page, PLAIN);
		wrapped(page,
			tw_evidence_finding(
				&scenario->findings.v[i], &page->arena),
			20);
	}
	if (n > shown) {
		spaces(page, 20);
		tw_buf_printf(page->out, "... %zu more (all of them with -v)\n",
			n - shown);
	}
}

static void scenario_block(
	struct page *page, const struct tw_scenario_result *scenario)
{
	const struct tw_check_result **order;
	size_t passed = 0, groups = 0;

	tw_buf_add_char(page->out, '\n');
	ink(page, ink_of(scenario->verdict));
	tw_buf_add_text(page->out, scenario->verdict == TW_VERDICT_INCONCLUSIVE
					   ? "INCONCLUSIVE"
					   : word_of(scenario->verdict));
	ink(page, PLAIN);
	tw_buf_add_text(page->out, "  ");
	ink(page, BOLD);
	put(page, scenario->name, strlen(scenario->name));
	ink(page, PLAIN);
	if (scenario->stopped)
		tw_buf_printf(page->out, "  (%s)",
			tw_evidence_stopped(scenario, &page->arena));
	if (scenario->faults && scenario->faults[0]) {
		tw_buf_add_text(page->out, "  ");
		wrapped(page, scenario->faults, 6);
	} else {
		tw_buf_add_char(page->out, '\n');
	}
	if (scenario->verdict != TW_VERDICT_PASS || page->verbose) {
		spaces(page, 10);
		ink(page, DIM);
		spaces(page, TITLE);
		tw_buf_printf(page->out, " %*s %*s  %-*s%*s\n", VALUE,
			"baseline", VALUE, "candidate", DIFFERENCE,
			"difference [95% interval]", VALUE, "limit");
		ink(page, PLAIN);
	}
	tw_told_scenario(&page->told, scenario);
	tw_evidence_order(scenario, &page->arena, &order);
	for (size_t i = 0; i < scenario->checks.n; i++) {
		if (tw_evidence_check_is_quiet(order[i]) && !page->verbose) {
			passed++;
			groups += order[i]->groups.n;
			continue;
		}
		check_block(page, scenario, order[i]);
	}
	for (size_t i = 0; i < scenario->opinions.n; i++)
		opinion_block(page, scenario->opinions.v[i]);
	if (!passed) {
		findings_rows(page, scenario);
		return;
	}
	tw_buf_add_text(page->out, "  ");
	verdict_word(page, TW_VERDICT_PASS, false);
	tw_buf_printf(page->out, "    %zu check%s, %zu group%s\n", passed,
		passed == 1 ? "" : "s", groups, groups == 1 ? "" : "s");
	for (size_t i = 0; i < scenario->checks.n; i++)
		if (tw_evidence_check_is_quiet(order[i]))
			power_row(page, order[i]);
	findings_rows(page, scenario);
}

static void headed(struct page *page, const char *head, const char *text)
{
	cell(page, head, 11, false);
	wrapped(page, text, 11);
}

static void side_line(
	struct page *page, const char *head, const struct tw_report_side *side)
{
	if (!side->name)
		return;
	headed(page, head,
		side->revision ? tw_arena_printf(&page->arena, "%s (%.12s)",
					 side->name, side->revision)
			       : side->name);
}

static void top(struct page *page, const struct tw_report *report)
{
	static const char *const words[] = {"PASS", "INCONCLUSIVE", "FAIL"};
	const struct tw_gate_result *gate = report->gate;

	ink(page, ink_of(gate->verdict));
	tw_buf_add_text(page->out, words[gate->verdict]);
	ink(page, PLAIN);
	tw_buf_printf(
		page->out, "  %s\n\n", tw_evidence_counts(gate, &page->arena));
	side_line(page, "baseline", &report->baseline);
	side_line(page, "candidate", &report->candidate);
	headed(page, "runs",
		tw_arena_printf(&page->arena, "%s of each, seed %llu",
			tw_evidence_runs(report, &page->arena),
			(unsigned long long)report->seed));
	if (report->policy)
		headed(page, "checks", report->policy);
	for (size_t i = 0; i < gate->reasons.n; i++) {
		const struct tw_gate_reason *r = &gate->reasons.v[i];

		tw_buf_add_char(page->out, '\n');
		ink(page, YELLOW);
		tw_buf_add_text(page->out, "????");
		ink(page, PLAIN);
		tw_buf_add_text(page->out, "  ");
		wrapped(page, r->text, 6);
		if (r->advice) {
			spaces(page, 6);
			wrapped(page, r->advice, 6);
		}
	}
}

static void live_block(struct page *page, const struct tw_report_live *live)
{
	tw_buf_add_char(page->out, '\n');
	headed(page, "live",
		tw_arena_printf(&page->arena,
			"%s: %llu requests, %llu answers compared, %llu differ",
			live->service, (unsigned long long)live->requests,
			(unsigned long long)live->compared,
			(unsigned long long)live->different));
	if (live->trouble) {
		ink(page, RED);
		headed(page, "", live->trouble);
		ink(page, PLAIN);
	}
	for (size_t i = 0; i < live->n_diffs && i < 5; i++) {
		const struct tw_report_diff *d = &live->diffs[i];

		headed(page, "",
			tw_arena_printf(&page->arena,
				"%s (request %llu): %s was %s, is %s; %llu "
				"like it",
				d->request, (unsigned long long)d->position,
				d->path, d->before, d->after,
				(unsigned long long)d->count));
	}
}

static void differences_block(struct page *page, const struct tw_report *r)
{
	size_t blind = 0;

	if (!r->n_differences)
		return;
	for (size_t i = 0; i < r->n_differences; i++)
		blind += !r->differences[i].modelled;
	tw_buf_add_char(page->out, '\n');
	headed(page, "differs",
		tw_arena_printf(&page->arena,
			"%zu field%s, %zu of them not modelled",
			r->n_differences, r->n_differences == 1 ? "" : "s",
			blind));
	for (size_t i = 0; i < r->n_differences; i++) {
		const struct tw_difference *d = &r->differences[i];

		if (i == 12 && !page->verbose) {
			headed(page, "", "... (all of them with -v)");
			break;
		}
		headed(page, d->modelled ? "" : " unseen",
			tw_arena_printf(&page->arena, "%s: %s -> %s", d->path,
				d->before ? d->before : "(none)",
				d->after ? d->after : "(none)"));
	}
}

static void reach_block(struct page *page, const struct tw_report *r)
{
	for (size_t i = 0; i < r->n_reach; i++) {
		const struct tw_report_reach *it = &r->reach[i];

		if (i == 12 && !page->verbose) {
			headed(page, "",
				tw_arena_printf(&page->arena,
					"... %zu more (all of them with -v)",
					r->n_reach - i));
			return;
		}
		headed(page, i ? "" : "reach",
			tw_arena_printf(&page->arena, "%s -> %s %s%s: %s",
				it->from, it->to,
				it->lost ? "is cut off"
					 : "can talk now and could not",
				it->called ? ", and is called" : "",
				it->lost ? it->after : it->before));
	}
}

static void bottom(struct page *page, const struct tw_report *report)
{
	const struct tw_report_traffic *t = report->traffic;
	struct tw_buf text = {0};

	if (report->live)
		live_block(page, report->live);
	differences_block(page, report);
	reach_block(page, report);
	if (t)
		headed(page, "traffic",
			tw_arena_printf(&page->arena,
				"%llu exchanges read, %llu malformed, %llu "
				"unrouted, %llu replayed",
				(unsigned long long)t->read,
				(unsigned long long)t->malformed,
				(unsigned long long)t->unrouted,
				(unsigned long long)t->replayed));
	for (size_t i = 0; i < report->n_origins; i++)
		tw_buf_printf(&text, "%s%llu %s", i ? ", " : "",
			(unsigned long long)report->origins[i].count,
			report->origins[i].name);
	if (text.n)
		headed(page, "model",
			tw_arena_printf(&page->arena, "values from: %s",
				tw_buf_text(&text)));
	tw_buf_release(&text);
	for (size_t i = 0; i < report->n_assumed && i < 5; i++)
		headed(page, i ? "" : "assumed",
			tw_arena_printf(&page->arena, "%s = %s",
				report->assumed[i].path,
				report->assumed[i].value));
	if (report->n_assumed > 5)
		headed(page, "",
			tw_arena_printf(&page->arena, "... %zu more",
				report->n_assumed - 5));
}

static void maps_block(struct page *page, const struct tw_gate_result *gate)
{
	struct tw_buf text = {0};

	tw_recovery_maps(gate, &text);
	if (text.n)
		tw_buf_printf(page->out, "\n%s", tw_buf_text(&text));
	tw_buf_release(&text);
}

#define TIMELINE_LINES 16

static void timeline_block(
	struct page *page, const struct tw_scenario_result *scenario)
{
	struct tw_timeline_lines lines = {0};

	if (!scenario ||
		(scenario->verdict == TW_VERDICT_PASS && !page->verbose))
		return;
	tw_timeline_text(scenario->timeline,
		page->verbose ? SIZE_MAX : TIMELINE_LINES, &page->arena,
		&lines);
	tw_buf_printf(page->out, "\ntimeline of the candidate in %s, run 1\n",
		scenario->name);
	for (size_t i = 0; i < lines.n; i++) {
		tw_buf_printf(page->out, "%9s  ", lines.v[i].time);
		wrapped(page, lines.v[i].text, 11);
	}
}

static void write_terminal(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	struct page page = {.out = out,
		.colour = options->colour,
		.verbose = options->verbose};
	const struct tw_scenario_result **order;

	tw_arena_init(&page.arena);
	tw_told_init(&page.told, &page.arena, page.verbose);
	top(&page, report);
	tw_evidence_scenarios(report->gate, &page.arena, &order);
	for (size_t i = 0; i < report->gate->scenarios.n; i++)
		scenario_block(&page, order[i]);
	timeline_block(
		&page, tw_timeline_worst(order, report->gate->scenarios.n));
	maps_block(&page, report->gate);
	bottom(&page, report);
	tw_arena_release(&page.arena);
}

const struct tw_report_kind tw_report_terminal = {
	.name = "terminal",
	.help = "a table for people, on standard output",
	.write = write_terminal,
};
