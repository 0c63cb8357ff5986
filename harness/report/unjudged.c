/*
 * What a pipeline is told of a gate that could not be made: the errors, where
 * its people look. Without it a note on a merge request would go on telling the
 * verdict of the commit before.
 */
#include "harness/report/report.h"

#define MOST 50

/* In a fence, where nothing has a meaning; what could end it has none left. */
static void line(struct tw_buf *out, const struct tw_diag *diag)
{
	size_t at = out->n;

	if (diag->pos.file && diag->pos.line > 0)
		tw_buf_printf(out, "%s:%d:%d: ", diag->pos.file, diag->pos.line,
			diag->pos.column);
	else if (diag->pos.file)
		tw_buf_printf(out, "%s: ", diag->pos.file);
	tw_buf_add_text(out, diag->message);
	if (diag->hint)
		tw_buf_printf(out, " (%s)", diag->hint);
	for (; at < out->n; at++)
		if (out->p[at] == '~' || (unsigned char)out->p[at] < ' ')
			out->p[at] = ' ';
	tw_buf_add_char(out, '\n');
}

void tw_report_unjudged(const struct tw_report *report, struct tw_buf *out)
{
	tw_buf_add_text(out, "<!-- twinrig -->\n## ❌ twinrig: no verdict\n\n"
			     "The gate could not be made:\n\n~~~\n");
	for (size_t i = 0; i < report->n_new_findings && i < MOST; i++)
		if (out->n < TW_MARKDOWN_MAX - 4000)
			line(out, report->new_findings[i]);
	tw_buf_add_text(out, "~~~\n");
}
