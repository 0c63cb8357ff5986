/*
 * Private to the HTML report:
 *
 *	html.c		the page
 *	html_verdict.c	what was decided, and why, worst first
 *	html_tables.c	what stands beside it: fields that differ, ...
 *	html_words.c	what each figure means
 *	html_data.c	what the charts are drawn from
 *	html/		style and script; the charts' library (html_parts.h)
 *
 * One file that needs nothing else: no network, no script to be read. The
 * script draws the charts, everything else is markup. What is too long is
 * left out and counted, as in Markdown.
 */
#ifndef TW_REPORT_HTML_H
#define TW_REPORT_HTML_H

#include "harness/report/evidence.h"

/* Words and figures stay below this, the charts' data too. */
#define TW_HTML_MAX	 600000
#define TW_HTML_DATA_MAX 1000000

struct tw_html {
	struct tw_buf *out;
	struct tw_arena arena;
	const struct tw_report *report;
	size_t start, left_out; /* rows that did not fit */
};

/* `<name>text</name>` */
void tw_html_element(struct tw_html *html, const char *name, const char *text);
/* Is there room for one row more? Counts where there is not. */
bool tw_html_room(struct tw_html *html);

/* Whether anything can be drawn. */
bool tw_html_has_scenes(const struct tw_report *report);
/* By enum tw_verdict: a tick, a question mark, a cross. */
extern const char *const tw_html_marks[3];

void tw_html_verdict(struct tw_html *html);
/* Of a real build: what it did, and how its answers differ; nothing where
 * there is none. */
void tw_html_live(struct tw_html *html);
void tw_html_data(struct tw_html *html);
void tw_html_tables(struct tw_html *html);
void tw_html_words(struct tw_html *html);

#endif
