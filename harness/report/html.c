#include "harness/report/html.h"

#include "harness/report/html_page.h"
#include "harness/report/html_parts.h"
#include "harness/report/markup.h"

const char *const tw_html_marks[] = {"\xe2\x9c\x93", "?", "\xe2\x9c\x97"};

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
		tw_arena_printf(&html->arena, "%s of each side, seed %llu",
			tw_evidence_runs(r, &html->arena),
			(unsigned long long)r->seed));
	fact(html, "checks",
		r->default_checks ? "the default ones" : r->policy);
	fact(html, "made by",
		tw_arena_printf(&html->arena, "twinrig %s", r->version));
	tw_buf_add_text(html->out, "</dl>\n");
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
		verdict, verdict, tw_html_marks[gate->verdict], verdict,
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
	"<div class=\"card\" id=\"pods-card\"><h3>Pods and nodes</h3>\n"
	"<p class=\"soft\">In the candidate's first run.</p>\n"
	"<div id=\"pods-choose\"></div>\n"
	"<div id=\"pods\" tabindex=\"0\" role=\"group\" "
	"aria-label=\"Pods over time; arrow keys go from change to change\">"
	"</div>\n"
	"<p class=\"told\" id=\"pods-told\" aria-live=\"polite\"></p>"
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

	tw_html_page_begin(
		html->out, tw_arena_printf(&html->arena, "twinrig: %s, %s",
				   tw_verdict_names[gate->verdict],
				   tw_evidence_counts(gate, &html->arena)));
}

static void write_html(const struct tw_report *report,
	const struct tw_report_options *options, struct tw_buf *out)
{
	struct tw_html html = {.out = out, .report = report, .start = out->n};

	(void)options;
	tw_arena_init(&html.arena);
	head(&html);
	banner(&html);
	tw_buf_add_text(out, "<main id=\"main\" tabindex=\"-1\">\n");
	tw_html_verdict(&html);
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
