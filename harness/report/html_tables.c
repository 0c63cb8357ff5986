#include "harness/report/html.h"

#include "harness/report/markup.h"
#include "harness/report/recovery.h"

/* Header cells of a table, split at '|'. On a phone it is wider than the page:
 * it is scrolled by keys, and so has to be reached and have a name. */
static void begin_table(
	struct tw_html *html, const char *label, const char *names)
{
	tw_buf_printf(html->out,
		"<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
		"aria-label=\"%s\"><table>\n<thead><tr>",
		label);
	for (const char *end; *names; names = *end ? end + 1 : end) {
		end = names + strcspn(names, "|");
		tw_buf_printf(html->out, "<th scope=\"col\">%.*s</th>",
			(int)(end - names), names);
	}
	tw_buf_add_text(html->out, "</tr></thead>\n<tbody>\n");
}

static void end_table(struct tw_html *html)
{
	tw_buf_add_text(html->out, "</tbody></table></div>\n");
}

static void cells(struct tw_html *html, const char *const *values, size_t n)
{
	tw_buf_add_text(html->out, "<tr>");
	for (size_t i = 0; i < n; i++) {
		tw_buf_add_text(html->out,
			i ? "<td>" : "<th scope=\"row\" class=\"wide\">");
		tw_markup_text(html->out, values[i] ? values[i] : "(none)");
		tw_buf_add_text(html->out, i ? "</td>" : "</th>");
	}
	tw_buf_add_text(html->out, "</tr>\n");
}

static void title(struct tw_html *html, const char *text)
{
	tw_buf_add_text(html->out, "<div class=\"card\">");
	tw_html_element(html, "h3", text);
	tw_buf_add_char(html->out, '\n');
}

static void end_card(struct tw_html *html)
{
	tw_buf_add_text(html->out, "</div>\n");
}

static void differences(struct tw_html *html)
{
	const struct tw_report *r = html->report;

	if (!r->n_differences && !r->is_same)
		return;
	title(html, "Fields that differ");
	if (r->is_same) {
		tw_html_element(html, "p",
			"Nothing that is read: both sides are the same.");
		end_card(html);
		return;
	}
	begin_table(html, "Fields that differ",
		"field|baseline|candidate|modelled");
	for (size_t i = 0; i < r->n_differences && tw_html_room(html); i++) {
		const struct tw_difference *d = &r->differences[i];
		const char *const values[] = {d->path, d->before, d->after,
			d->modelled ? "yes" : "no"};

		cells(html, values, 4);
	}
	end_table(html);
	end_card(html);
}

static void reach(struct tw_html *html)
{
	const struct tw_report *r = html->report;

	if (!r->n_reach)
		return;
	title(html, "Pairs that can talk on one side alone");
	begin_table(html, "Who can talk to whom",
		"from|to|called|baseline|candidate");
	for (size_t i = 0; i < r->n_reach && tw_html_room(html); i++) {
		const struct tw_report_reach *it = &r->reach[i];
		const char *const values[] = {it->from, it->to,
			it->called ? "yes" : "no", it->before, it->after};

		cells(html, values, 5);
	}
	end_table(html);
	end_card(html);
}

void tw_html_live(struct tw_html *html)
{
	const struct tw_report_live *l = html->report->live;

	if (!l)
		return;
	title(html, "The real build");
	tw_html_element(html, "p",
		tw_arena_printf(&html->arena,
			"%s: %llu requests, %llu answers compared, %llu "
			"differ",
			l->service, (unsigned long long)l->requests,
			(unsigned long long)l->compared,
			(unsigned long long)l->different));
	if (l->trouble)
		tw_html_element(html, "p", l->trouble);
	if (l->n_diffs)
		begin_table(html, "Answers that differ",
			"request|where|was|is|such requests");
	for (size_t i = 0; i < l->n_diffs && tw_html_room(html); i++) {
		const struct tw_report_diff *d = &l->diffs[i];
		const char *const values[] = {d->request, d->path, d->before,
			d->after,
			tw_arena_printf(&html->arena, "%llu",
				(unsigned long long)d->count)};

		cells(html, values, 5);
	}
	if (l->n_diffs)
		end_table(html);
	end_card(html);
}

static void maps(struct tw_html *html)
{
	struct tw_buf text = {0};

	tw_recovery_maps(html->report->gate, &text);
	if (text.n && tw_html_room(html)) {
		title(html, "How large a fault is survived");
		tw_html_element(html, "pre", tw_buf_text(&text));
		end_card(html);
	}
	tw_buf_release(&text);
}

static void assumed(struct tw_html *html)
{
	const struct tw_report *r = html->report;

	if (!r->n_assumed)
		return;
	title(html, "Values that nobody wrote down");
	begin_table(html, "Assumed values", "field|value|why");
	for (size_t i = 0; i < r->n_assumed && tw_html_room(html); i++) {
		const char *const values[] = {r->assumed[i].path,
			r->assumed[i].value, r->assumed[i].why};

		cells(html, values, 3);
	}
	end_table(html);
	end_card(html);
}

static void findings(struct tw_html *html)
{
	static const char *const severities[] = {"error", "warning", "note"};
	const struct tw_diags *diags = html->report->findings;

	if (!diags || !diags->list.n)
		return;
	title(html, "Findings in the candidate's files");
	begin_table(html, "Findings", "where|severity|finding|hint");
	for (size_t i = 0; i < diags->list.n && tw_html_room(html); i++) {
		const struct tw_diag *d = diags->list.v[i];
		const char *const values[] = {
			!d->pos.file   ? "-"
			: !d->pos.line ? d->pos.file
				       : tw_arena_printf(&html->arena,
						 "%s:%d:%d", d->pos.file,
						 d->pos.line, d->pos.column),
			severities[d->severity], d->message,
			d->hint ? d->hint : ""};

		cells(html, values, 4);
	}
	end_table(html);
	end_card(html);
}

/* How complete the traffic was, and where the model's values come from. */
static void sources(struct tw_html *html)
{
	const struct tw_report *r = html->report;

	if (!r->traffic && !r->n_origins)
		return;
	title(html, "Traffic and model");
	if (r->traffic)
		tw_html_element(html, "p",
			tw_arena_printf(&html->arena,
				"%llu exchanges read, %llu malformed, %llu "
				"without an endpoint, %llu replayed",
				(unsigned long long)r->traffic->read,
				(unsigned long long)r->traffic->malformed,
				(unsigned long long)r->traffic->unrouted,
				(unsigned long long)r->traffic->replayed));
	for (size_t i = 0; i < r->n_origins; i++) {
		tw_buf_add_text(html->out, i ? ", " : "<p>Values from: ");
		tw_buf_printf(html->out, "%llu ",
			(unsigned long long)r->origins[i].count);
		tw_markup_text(html->out, r->origins[i].name);
	}
	if (r->n_origins)
		tw_buf_add_text(html->out, "</p>\n");
	end_card(html);
}

void tw_html_tables(struct tw_html *html)
{
	tw_buf_add_text(html->out,
		"<section id=\"model\" aria-labelledby=\"model-title\">\n"
		"<h2 id=\"model-title\">Model and inputs</h2>\n");
	maps(html);
	differences(html);
	reach(html);
	assumed(html);
	findings(html);
	sources(html);
	tw_buf_add_text(html->out, "</section>\n");
}
