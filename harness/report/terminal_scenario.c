/* What a terminal shows of one scenario: its checks, worst first. */
#include "harness/report/opinion.h"
#include "harness/report/page.h"

#define VALUE 9	 /* columns of a figure */
#define REST  41 /* of a row without its title and the difference */

/* At 100 columns an interval stands beside its difference; at 80 below it. */
static size_t difference_columns(const struct tw_page *page)
{
	return page->columns > REST + 28 + 13 ? page->columns - REST - 28 : 13;
}

static size_t title_columns(const struct tw_page *page)
{
	return page->columns - REST - difference_columns(page);
}

static const char *word_of(enum tw_verdict verdict)
{
	static const char *const words[] = {"pass", "????", "FAIL"};

	return words[verdict];
}

static void verdict_word(
	struct tw_page *page, enum tw_verdict verdict, bool muted)
{
	tw_page_ink(page, muted ? TW_INK_DIM : tw_page_ink_of(verdict));
	tw_buf_add_text(page->out, muted ? "mute" : word_of(verdict));
	tw_page_ink(page, TW_INK_PLAIN);
}

static void verdict_cell(struct tw_page *page, const struct tw_check *check,
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
	size_t n = tw_page_characters(figure, strlen(figure));

	return n > VALUE ? n - VALUE : 0;
}

static void figure(struct tw_page *page, const char *s)
{
	tw_page_cell(page, s, VALUE + beyond(s), true);
}

/* Figures are never cut: an interval that has no room is returned, to be put
 * below its difference. */
static const char *difference_cell(struct tw_page *page, const char *text)
{
	const char *interval = strchr(text, '[');
	size_t columns = difference_columns(page);

	if (tw_page_characters(text, strlen(text)) < columns || !interval) {
		tw_page_cell(page, text, columns, false);
		return NULL;
	}
	tw_page_cell(page,
		tw_arena_strndup(
			&page->arena, text, (size_t)(interval - text) - 1),
		columns, false);
	return interval;
}

/* A title is never cut either, or two groups would look alike: one that has no
 * room stands above its figures. */
static void title_cell(
	struct tw_page *page, const struct tw_group *group, size_t columns)
{
	const char *title = group->title[0] ? group->title : "all";

	if (tw_page_characters(title, strlen(title)) > columns) {
		tw_page_wrapped(page, title, 10);
		tw_page_spaces(page, 10);
		title = "";
	}
	tw_page_cell(page, title, columns, false);
}

static void group_row(struct tw_page *page, const struct tw_check *check,
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
	title_cell(page, group,
		title_columns(page) - beyond(baseline) - beyond(candidate) -
			beyond(limit));
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
	tw_page_spaces(page, 10 + title_columns(page) + 2 * (1 + VALUE) + 2);
	tw_page_put(page, interval, strlen(interval));
	tw_buf_add_char(page->out, '\n');
}

static void evidence_line(
	struct tw_page *page, const struct tw_evidence_line *line)
{
	tw_page_spaces(page, 10);
	tw_page_ink(page, TW_INK_DIM);
	tw_page_cell(page, line->head, 10, false);
	tw_page_ink(page, TW_INK_PLAIN);
	if (!strcmp(line->head, "guilty"))
		tw_page_ink(page, TW_INK_BOLD);
	/* A command that is broken in two is none when it is copied. */
	if (!strcmp(line->head, "again"))
		tw_buf_printf(page->out, "%s\n", line->text);
	else
		tw_page_wrapped(page, line->text, 20);
	tw_page_ink(page, TW_INK_PLAIN);
}

/* What was said of another group of the scenario is not said again. */
static void evidence(struct tw_page *page,
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

static void check_block(struct tw_page *page,
	const struct tw_scenario_result *scenario,
	const struct tw_check_result *check)
{
	size_t passed = 0;

	tw_page_spaces(page, 6);
	tw_page_ink(page, TW_INK_BOLD);
	tw_page_wrapped(page, check->check->text, 6);
	tw_page_ink(page, TW_INK_PLAIN);
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
static void power_row(struct tw_page *page, const struct tw_check_result *check)
{
	const char *catches = tw_evidence_catches(check, &page->arena);

	if (!catches)
		return;
	tw_page_spaces(page, 10);
	tw_page_ink(page, TW_INK_DIM);
	tw_buf_add_text(page->out, "catches ");
	tw_page_cell(page, catches, VALUE, false);
	tw_buf_add_char(page->out, ' ');
	tw_page_cell(
		page, check->check->text, page->columns - 19 - VALUE, false);
	tw_page_ink(page, TW_INK_PLAIN);
	while (page->out->n && page->out->p[page->out->n - 1] == ' ')
		page->out->p[--page->out->n] = '\0';
	tw_buf_add_char(page->out, '\n');
}

/* What does not pass line by line; the rest by number. */
static void opinion_block(struct tw_page *page,
	const struct tw_scenario_result *scenario,
	const struct tw_opinion *opinion)
{
	const char *again = tw_opinion_again(scenario, opinion);
	size_t passed = 0;

	tw_buf_add_text(page->out, "  ");
	tw_page_ink(page,
		opinion->gates ? tw_page_ink_of(opinion->verdict) : TW_INK_DIM);
	tw_buf_add_text(
		page->out, opinion->gates ? word_of(opinion->verdict) : "says");
	tw_page_ink(page, TW_INK_PLAIN);
	tw_buf_add_text(page->out, "  ");
	tw_page_wrapped(page, tw_opinion_text(opinion, &page->arena), 8);
	for (size_t i = 0; i < opinion->lines.n; i++) {
		const struct tw_opinion_line *line = &opinion->lines.v[i];

		if (line->verdict == TW_VERDICT_PASS && !page->verbose) {
			passed++;
			continue;
		}
		tw_page_spaces(page, 10);
		tw_page_wrapped(page,
			tw_opinion_line_text(opinion, line, &page->arena), 12);
	}
	if (passed && opinion->verdict != TW_VERDICT_PASS) {
		tw_page_spaces(page, 10);
		tw_buf_printf(page->out, "%zu other%s pass\n", passed,
			passed == 1 ? "" : "s");
	}
	/* A command is never broken. */
	if (again)
		tw_buf_printf(page->out, "          again     %s\n", again);
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
	struct tw_page *page, const struct tw_scenario_result *scenario)
{
	size_t n = scenario->findings.n, shown = page->verbose ? n : 3;

	if (is_blamed(scenario) && !page->verbose)
		return;
	for (size_t i = 0; i < n && i < shown; i++) {
		tw_page_spaces(page, 10);
		tw_page_ink(page, TW_INK_DIM);
		tw_page_cell(page, i ? "" : "changed", 10, false);
		tw_page_ink(page, TW_INK_PLAIN);
		tw_page_wrapped(page,
			tw_evidence_finding(
				&scenario->findings.v[i], &page->arena),
			20);
	}
	if (n > shown) {
		tw_page_spaces(page, 20);
		tw_buf_printf(page->out, "... %zu more (all of them with -v)\n",
			n - shown);
	}
}

/* "FAIL  node-loss  (8 runs, all decided)  node-down node=worker-1". */
static void title(struct tw_page *page, const struct tw_scenario_result *it)
{
	const char *word = it->verdict == TW_VERDICT_INCONCLUSIVE
				   ? "INCONCLUSIVE"
				   : word_of(it->verdict);
	const char *stopped = "";
	size_t column;

	if (it->stopped)
		stopped = tw_arena_printf(&page->arena, "  (%s)",
			tw_evidence_stopped(it, &page->arena));
	tw_buf_add_char(page->out, '\n');
	tw_page_ink(page, tw_page_ink_of(it->verdict));
	tw_buf_add_text(page->out, word);
	tw_page_ink(page, TW_INK_PLAIN);
	tw_buf_add_text(page->out, "  ");
	tw_page_ink(page, TW_INK_BOLD);
	tw_page_put(page, it->name, strlen(it->name));
	tw_page_ink(page, TW_INK_PLAIN);
	tw_buf_add_text(page->out, stopped);
	if (!it->faults || !it->faults[0]) {
		tw_buf_add_char(page->out, '\n');
		return;
	}
	tw_buf_add_text(page->out, "  ");
	column = strlen(word) + 2 +
		 tw_page_characters(it->name, strlen(it->name)) +
		 strlen(stopped) + 2;
	tw_page_wrapped_from(page, it->faults, column, 6);
}

static void headings(struct tw_page *page)
{
	static const char whole[] = "difference [95% interval]";
	size_t columns = difference_columns(page);

	tw_page_spaces(page, 10 + title_columns(page));
	tw_page_ink(page, TW_INK_DIM);
	tw_buf_printf(page->out, " %*s %*s  %-*s%*s\n", VALUE, "baseline",
		VALUE, "candidate", (int)columns,
		columns > sizeof whole ? whole : "difference", VALUE, "limit");
	tw_page_ink(page, TW_INK_PLAIN);
}

void tw_terminal_scenario(
	struct tw_page *page, const struct tw_scenario_result *scenario)
{
	const struct tw_check_result **order;
	size_t passed = 0, groups = 0;

	title(page, scenario);
	if (scenario->verdict != TW_VERDICT_PASS || page->verbose)
		headings(page);
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
		opinion_block(page, scenario, scenario->opinions.v[i]);
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
