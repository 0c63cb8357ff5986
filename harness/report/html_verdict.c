#include "harness/report/html.h"

#include "harness/report/html_parts.h"
#include "harness/report/markup.h"
#include "harness/report/opinion.h"
#include "harness/report/told.h"

/* ---- verdicts ---------------------------------------------------------- */

static void chip(
	struct tw_html *html, enum tw_verdict verdict, const char *other)
{
	tw_buf_printf(html->out, "<span class=\"chip %s\">",
		other ? "muted" : tw_verdict_names[verdict]);
	if (!other)
		tw_buf_printf(html->out, "%s ", tw_html_marks[verdict]);
	tw_buf_printf(html->out, "%s</span>",
		other ? other : tw_verdict_names[verdict]);
}

static void figure(struct tw_html *html, const char *name, const char *text)
{
	tw_buf_printf(
		html->out, "<td class=\"number\" data-name=\"%s\">", name);
	tw_markup_text(html->out, text);
	tw_buf_add_text(html->out, "</td>");
}

static void row(struct tw_html *html, const struct tw_check_result *check,
	const struct tw_group *g)
{
	enum tw_unit unit = tw_check_unit(check->check);
	char value[TW_VALUE_TEXT];
	bool limit = g->has_candidate &&
		     (g->has_baseline || !check->check->limit.baseline);

	tw_buf_add_text(html->out, "<tr><th scope=\"row\">");
	tw_markup_text(html->out, g->title[0] ? g->title : "all");
	tw_buf_add_text(html->out, "</th><td class=\"verdict\">");
	chip(html, g->verdict,
		check->check->muted ? "muted"
		: g->verdict == TW_VERDICT_PASS && !tw_evidence_is_quiet(g)
			? "new"
			: NULL);
	tw_buf_add_text(html->out, "</td>");
	figure(html, "baseline",
		g->has_baseline ? tw_value_text(unit, g->baseline, value)
				: "-");
	figure(html, "candidate",
		g->has_candidate ? tw_value_text(unit, g->candidate, value)
				 : "-");
	tw_buf_add_text(html->out,
		"<td class=\"interval\" data-name=\"difference [95%]\">");
	tw_markup_text(html->out,
		tw_evidence_difference(check->check, g, &html->arena));
	tw_buf_add_text(html->out, "</td>");
	figure(html, "limit",
		limit ? tw_value_text(unit, g->limit, value) : "-");
	figure(html, "catches",
		g->has_detects
			? tw_evidence_catches_of(check->check, g, &html->arena)
			: "-");
	tw_buf_add_text(html->out, "</tr>\n");
}

/* The groups of a check that are quiet, or those that are not. */
static size_t table(
	struct tw_html *html, const struct tw_check_result *check, bool quiet)
{
	size_t n = 0;

	for (size_t i = 0; i < check->groups.n; i++) {
		if (tw_evidence_is_quiet(check->groups.v[i]) != quiet ||
			!tw_html_room(html))
			continue;
		if (!n++) {
			tw_buf_add_text(html->out,
				"<div class=\"scroll\"><table class=\"groups\">"
				"<caption><code>");
			tw_markup_text(html->out, check->check->text);
			tw_buf_add_text(html->out,
				"</code></caption>\n<thead><tr>"
				"<th scope=\"col\">group</th>"
				"<th scope=\"col\">verdict</th>"
				"<th scope=\"col\" "
				"class=\"number\">baseline</th>"
				"<th scope=\"col\" "
				"class=\"number\">candidate</th>"
				"<th scope=\"col\">difference [95%]</th>"
				"<th scope=\"col\" class=\"number\">limit</th>"
				"<th scope=\"col\" class=\"number\">catches"
				"</th>"
				"</tr></thead>\n<tbody>\n");
		}
		row(html, check, check->groups.v[i]);
	}
	if (n)
		tw_buf_add_text(html->out, "</tbody></table></div>\n");
	return n;
}

/* ---- why --------------------------------------------------------------- */

static void evidence_line(
	struct tw_html *html, const struct tw_evidence_line *line, bool open)
{
	bool code = !strcmp(line->head, "again");

	if (line->head[0]) {
		tw_buf_add_text(html->out, open ? "</dd>\n<dt>" : "<dt>");
		tw_markup_text(html->out, line->head);
		tw_buf_printf(html->out, "</dt><dd%s>",
			!strcmp(line->head, "guilty") ? " class=\"guilty\""
						      : "");
	} else {
		tw_buf_add_text(html->out, "<br>");
	}
	if (code)
		tw_html_element(html, "code", line->text);
	else
		tw_markup_text(html->out, line->text + strspn(line->text, " "));
}

static void evidence(struct tw_html *html,
	const struct tw_scenario_result *scenario,
	const struct tw_check_result *check, const struct tw_group *group,
	struct tw_told *told)
{
	struct tw_evidence_lines lines = {0};
	bool *shown, open = false;

	tw_evidence_of(scenario, check, group, &html->arena, &lines);
	shown = tw_new_array(&html->arena, lines.n + 1, bool);
	tw_told_choose(told, group, &lines, shown);
	for (size_t i = 0; i < lines.n; i++) {
		if (!shown[i])
			continue;
		if (!open) {
			tw_html_element(html, "h4",
				group->title[0] ? group->title : "all");
			tw_buf_add_text(html->out, "\n<dl class=\"evidence\">");
		}
		evidence_line(html, &lines.v[i], open);
		open = true;
	}
	if (open)
		tw_buf_add_text(html->out, "</dd>\n</dl>\n");
}

static void passed_part(struct tw_html *html,
	const struct tw_check_result **order, size_t n, size_t passed)
{
	tw_buf_printf(
		html->out, "<details><summary>%zu passed</summary>\n", passed);
	for (size_t c = 0; c < n; c++)
		table(html, order[c], true);
	tw_buf_add_text(html->out, "</details>\n");
}

static void scenario_head(
	struct tw_html *html, const struct tw_scenario_result *scenario)
{
	tw_buf_add_text(html->out, "<header>");
	tw_html_element(html, "h3", scenario->name);
	chip(html, scenario->verdict, NULL);
	if (scenario->faults && scenario->faults[0]) {
		tw_buf_add_text(html->out, "<span class=\"soft\">");
		tw_markup_text(html->out, scenario->faults);
		tw_buf_add_text(html->out, "</span>");
	}
	if (scenario->stopped) {
		tw_buf_add_text(html->out, "<span class=\"soft\">");
		tw_markup_text(
			html->out, tw_evidence_stopped(scenario, &html->arena));
		tw_buf_add_text(html->out, "</span>");
	}
	if (scenario->scene && tw_html_library[0]) {
		tw_buf_add_text(
			html->out, "<a class=\"charts\" href=\"#seen-part\"");
		tw_markup_attribute(html->out, "data-scenario", scenario->name);
		tw_buf_add_text(html->out, ">see it drawn</a>");
	}
	tw_buf_add_text(html->out, "</header>\n");
}

/* What other people's judges say of it. */
static void opinions(
	struct tw_html *html, const struct tw_scenario_result *scenario)
{
	for (size_t i = 0; i < scenario->opinions.n && tw_html_room(html);
		i++) {
		const struct tw_opinion *it = scenario->opinions.v[i];

		tw_buf_add_text(html->out, "<h4>");
		chip(html, it->verdict, NULL);
		tw_buf_add_char(html->out, ' ');
		tw_markup_text(html->out, tw_opinion_text(it, &html->arena));
		tw_buf_add_text(html->out,
			it->gates ? "</h4>\n" : " (has no say)</h4>\n");
		if (tw_opinion_again(scenario, it)) {
			tw_buf_add_text(html->out, "<p>again: ");
			tw_html_element(
				html, "code", tw_opinion_again(scenario, it));
			tw_buf_add_text(html->out, "</p>\n");
		}
		if (!it->lines.n)
			continue;
		tw_buf_add_text(html->out, "<ul>\n");
		for (size_t k = 0; k < it->lines.n; k++) {
			tw_html_element(html, "li",
				tw_opinion_line_text(
					it, &it->lines.v[k], &html->arena));
			tw_buf_add_char(html->out, '\n');
		}
		tw_buf_add_text(html->out, "</ul>\n");
	}
}

/* What is not quiet, with its reasons; how many are. */
static size_t told_part(struct tw_html *html,
	const struct tw_scenario_result *scenario,
	const struct tw_check_result **order)
{
	struct tw_told told;
	size_t passed = 0;

	/* Each scenario is unfolded by itself, and needs all of its reasons. */
	tw_told_init(&told, &html->arena, true);
	tw_told_scenario(&told, scenario);
	for (size_t c = 0; c < scenario->checks.n; c++) {
		table(html, order[c], false);
		for (size_t i = 0; i < order[c]->groups.n; i++) {
			const struct tw_group *g = order[c]->groups.v[i];

			if (tw_evidence_is_quiet(g))
				passed++;
			else if (tw_html_room(html))
				evidence(html, scenario, order[c], g, &told);
		}
	}
	return passed;
}

static bool is_quiet(const struct tw_scenario_result *scenario)
{
	for (size_t c = 0; c < scenario->checks.n; c++)
		if (!tw_evidence_check_is_quiet(scenario->checks.v[c]))
			return false;
	return true;
}

/* The first is open: what is worst is read first. */
static void scenario_part(struct tw_html *html,
	const struct tw_scenario_result *scenario, bool first)
{
	const struct tw_check_result **order;
	bool folded = !first && !is_quiet(scenario);
	size_t passed;

	tw_buf_add_text(html->out, "<article class=\"card\">\n");
	scenario_head(html, scenario);
	tw_evidence_order(scenario, &html->arena, &order);
	if (folded)
		tw_buf_add_text(html->out,
			"<details><summary>what was found</summary>\n");
	passed = told_part(html, scenario, order);
	opinions(html, scenario);
	if (folded)
		tw_buf_add_text(html->out, "</details>\n");
	if (passed)
		passed_part(html, order, scenario->checks.n, passed);
	tw_buf_add_text(html->out, "</article>\n");
}

/* The guilty call of the worst group, or else what it is about. */
static const char *in_short(
	struct tw_html *html, const struct tw_scenario_result *scenario)
{
	const struct tw_check_result **order;
	const char *text = "";

	tw_evidence_order(scenario, &html->arena, &order);
	for (size_t c = 0; c < scenario->checks.n; c++)
		for (size_t i = 0; i < order[c]->groups.n; i++) {
			const struct tw_group *g = order[c]->groups.v[i];

			if (g->verdict == TW_VERDICT_PASS ||
				order[c]->check->muted)
				continue;
			if (g->blame && g->blame->guilty)
				return g->blame->text;
			if (!text[0])
				text = tw_evidence_name(
					order[c]->check, g, &html->arena);
		}
	return text;
}

/* All scenarios at a glance, where there are several. */
static void overview(
	struct tw_html *html, const struct tw_scenario_result **order, size_t n)
{
	if (n < 2)
		return;
	tw_buf_add_text(html->out,
		"<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
		"aria-label=\"All scenarios\"><table class=\"overview\">\n"
		"<thead><tr>"
		"<th scope=\"col\">scenario</th><th scope=\"col\">verdict</th>"
		"<th scope=\"col\">guilty</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < n && tw_html_room(html); i++) {
		tw_buf_add_text(html->out, "<tr><th scope=\"row\">");
		tw_markup_text(html->out, order[i]->name);
		tw_buf_add_text(html->out, "</th><td>");
		chip(html, order[i]->verdict, NULL);
		tw_buf_add_text(html->out, "</td>");
		tw_html_element(html, "td", in_short(html, order[i]));
		tw_buf_add_text(html->out, "</tr>\n");
	}
	tw_buf_add_text(html->out, "</tbody></table></div>\n");
}

/* ---- the part ---------------------------------------------------------- */

static void reasons(struct tw_html *html)
{
	const struct tw_gate_result *gate = html->report->gate;

	for (size_t i = 0; i < gate->reasons.n; i++) {
		tw_buf_add_text(html->out, "<div class=\"note\">");
		tw_html_element(html, "p", gate->reasons.v[i].text);
		if (gate->reasons.v[i].advice)
			tw_html_element(html, "p", gate->reasons.v[i].advice);
		tw_buf_add_text(html->out, "</div>\n");
	}
}

void tw_html_verdict(struct tw_html *html)
{
	const struct tw_gate_result *gate = html->report->gate;
	const struct tw_scenario_result **order;

	tw_buf_add_text(html->out,
		"<section aria-labelledby=\"verdict-title\">\n"
		"<h2 id=\"verdict-title\">Verdict</h2>\n");
	reasons(html);
	tw_html_live(html);
	tw_evidence_scenarios(gate, &html->arena, &order);
	overview(html, order, gate->scenarios.n);
	for (size_t i = 0; i < gate->scenarios.n; i++)
		scenario_part(html, order[i], i == 0);
	tw_buf_add_text(html->out, "</section>\n");
}
