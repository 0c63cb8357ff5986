#include "harness/report/html.h"

#include "harness/report/html_page.h"
#include "harness/report/html_parts.h"
#include "harness/report/markup.h"

static const char *const marks[] = {"\xe2\x9c\x93", "?", "\xe2\x9c\x97"};

void tw_html_element(struct tw_html *html, const char *name, const char *text)
{
	tw_buf_printf(html->out, "<%s>", name);
	tw_markup_text(html->out, text);
	tw_buf_printf(html->out, "</%s>", name);
}

bool tw_html_room(struct tw_html *html)
{
	if (html->out->n - html->start < TW_HTML_MAX)
		return true;
	html->left_out++;
	return false;
}

/* ---- verdicts ---------------------------------------------------------- */

static void chip(
	struct tw_html *html, enum tw_verdict verdict, const char *other)
{
	tw_buf_printf(html->out, "<span class=\"chip %s\">",
		other ? "muted" : tw_verdict_names[verdict]);
	if (!other)
		tw_buf_printf(html->out, "%s ", marks[verdict]);
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
	struct tw_map *told)
{
	struct tw_evidence_lines lines = {0};
	bool *shown, open = false;

	tw_evidence_of(scenario, check, group, &html->arena, &lines);
	shown = tw_new_array(&html->arena, lines.n + 1, bool);
	tw_evidence_unsaid(&lines, group, told, &html->arena, shown);
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
	if (scenario->scene && tw_html_library[0]) {
		tw_buf_add_text(
			html->out, "<a class=\"charts\" href=\"#seen-part\"");
		tw_markup_attribute(html->out, "data-scenario", scenario->name);
		tw_buf_add_text(html->out, ">see it drawn</a>");
	}
	tw_buf_add_text(html->out, "</header>\n");
}

/* What is not quiet, with its reasons; how many are. */
static size_t told_part(struct tw_html *html,
	const struct tw_scenario_result *scenario,
	const struct tw_check_result **order)
{
	struct tw_map told;
	size_t passed = 0;

	tw_map_init(&told, &html->arena);
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
		"<div class=\"scroll\"><table class=\"overview\">\n<thead><tr>"
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

/* ---- the page ---------------------------------------------------------- */

static void fact(struct tw_html *html, const char *name, const char *value)
{
	if (!value)
		return;
	tw_html_element(html, "dt", name);
	tw_html_element(html, "dd", value);
	tw_buf_add_char(html->out, '\n');
}

static const char *side_text(
	struct tw_html *html, const struct tw_report_side *side)
{
	if (!side->name || !side->revision)
		return side->name;
	return tw_arena_printf(
		&html->arena, "%s (%.12s)", side->name, side->revision);
}

static void facts(struct tw_html *html)
{
	const struct tw_report *r = html->report;

	tw_buf_add_text(html->out, "<dl class=\"facts\">\n");
	fact(html, "baseline", side_text(html, &r->baseline));
	fact(html, "candidate", side_text(html, &r->candidate));
	fact(html, "runs",
		tw_arena_printf(&html->arena, "%zu of each side, seed %llu",
			r->runs, (unsigned long long)r->seed));
	fact(html, "checks",
		r->default_checks ? "the default ones" : r->policy);
	fact(html, "made by",
		tw_arena_printf(&html->arena, "twinrig %s", r->version));
	tw_buf_add_text(html->out, "</dl>\n");
}

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

static void banner(struct tw_html *html)
{
	const struct tw_gate_result *gate = html->report->gate;
	const char *verdict = tw_verdict_names[gate->verdict];

	tw_buf_printf(html->out,
		"<a class=\"skip\" href=\"#main\">To the verdict</a>\n"
		"<header>\n<div class=\"banner %s\"><h1 class=\"%s\">"
		"<span aria-hidden=\"true\">%s</span> %s</h1><p>%s</p>"
		"<button type=\"button\" id=\"theme\" hidden>Theme: auto"
		"</button></div>\n",
		verdict, verdict, marks[gate->verdict], verdict,
		tw_evidence_counts(gate, &html->arena));
	facts(html);
	tw_buf_printf(html->out,
		"<nav aria-label=\"Parts of this page\"><ul>\n"
		"<li><a href=\"#main\">Verdict</a></li>\n%s"
		"<li><a href=\"#model\">Model and inputs</a></li>\n"
		"<li><a href=\"#words\">What the figures mean</a></li>\n"
		"</ul></nav>\n</header>\n",
		tw_html_has_scenes(html->report)
			? "<li><a href=\"#seen-part\">What the runs saw</a>"
			  "</li>\n"
			: "");
}

static const char places[] =
	"<section id=\"seen-part\" aria-labelledby=\"seen-title\">\n"
	"<h2 id=\"seen-title\">What the runs saw</h2>\n"
	"<div class=\"no-charts note\"><p>%s</p></div>\n"
	"<div class=\"charts\">\n<div id=\"choose\"></div>\n"
	"<div class=\"card\"><h3>Who calls whom</h3>\n"
	"<p class=\"soft\">Thickness: number of calls. Dashed: got worse. "
	"Double, with a \xe2\x9c\x97: blamed.</p>\n"
	"<div class=\"scroll\" id=\"graph\" tabindex=\"0\" role=\"group\" "
	"aria-label=\"Graph of calls\"></div>\n"
	"<p class=\"told\" id=\"graph-told\" aria-live=\"polite\"></p></div>\n"
	"<div class=\"card\"><h3>How long it took</h3>\n"
	"<p class=\"legend-here\"></p>\n<div id=\"latency-choose\"></div>\n"
	"<div id=\"latency\"></div></div>\n"
	"<div class=\"card\"><h3>What happened when</h3>\n"
	"<p class=\"legend-here\" data-faults></p>\n<div "
	"id=\"timeline-choose\"></div>\n"
	"<div id=\"timeline\" tabindex=\"0\" role=\"group\" "
	"aria-label=\"Lines over time; arrow keys move a cursor\"></div>\n"
	"<p class=\"told\" id=\"timeline-told\" aria-live=\"polite\"></p>"
	"</div>\n"
	"<div class=\"card\"><h3>Event log</h3>\n<div id=\"events\"></div>"
	"</div>\n</div>\n</section>\n";

static void seen_part(struct tw_html *html)
{
	if (tw_html_has_scenes(html->report))
		tw_buf_printf(html->out, places,
			tw_html_library[0] ? "The charts are drawn by a script "
					     "in this page, which was not let "
					     "run here."
					   : "This twinrig was built without a "
					     "charting library (see its "
					     "README): there are no charts.");
}

/* At the end, so that the page is there before they run. */
static void scripts(struct tw_html *html)
{
	if (!tw_html_has_scenes(html->report) || !tw_html_library[0])
		return;
	tw_html_data(html);
	tw_buf_add_text(html->out, "<script>\n");
	tw_buf_add_text(html->out, tw_html_library);
	tw_buf_add_text(html->out, "</script>\n<script>\n");
	tw_buf_add_text(html->out, tw_html_script);
	tw_buf_add_text(html->out, "</script>\n");
}

static void head(struct tw_html *html)
{
	const struct tw_gate_result *gate = html->report->gate;

	tw_html_page_begin(html->out,
		tw_arena_printf(&html->arena, "twinrig: %s, %s",
			tw_verdict_names[gate->verdict],
			tw_evidence_counts(gate, &html->arena)));
}

static void write_html(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	struct tw_html html = {.out = out, .report = report, .start = out->n};
	const struct tw_scenario_result **order;

	(void)options;
	tw_arena_init(&html.arena);
	head(&html);
	banner(&html);
	tw_buf_add_text(out,
		"<main id=\"main\" tabindex=\"-1\">\n<section "
		"aria-labelledby=\"verdict-title\">\n<h2 id=\"verdict-title\">"
		"Verdict</h2>\n");
	reasons(&html);
	tw_evidence_scenarios(report->gate, &html.arena, &order);
	overview(&html, order, report->gate->scenarios.n);
	for (size_t i = 0; i < report->gate->scenarios.n; i++)
		scenario_part(&html, order[i], i == 0);
	tw_buf_add_text(out, "</section>\n");
	seen_part(&html);
	tw_html_tables(&html);
	tw_html_words(&html);
	if (html.left_out)
		tw_buf_printf(out,
			"<p class=\"note\">%zu more rows did not fit here: see "
			"the JUnit or JSON report.</p>\n",
			html.left_out);
	tw_buf_add_text(out, "</main>\n");
	scripts(&html);
	tw_html_page_end(out);
	tw_arena_release(&html.arena);
}

const struct tw_report_kind tw_report_html = {
	.name = "html",
	.option = "--html",
	.help = "one page with charts, to be read in a browser",
	.write = write_html,
};
