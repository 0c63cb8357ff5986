/*
 * Text for a terminal: columns, colours, lines broken between words.
 */
#ifndef TW_REPORT_PAGE_H
#define TW_REPORT_PAGE_H

#include "harness/report/told.h"

/* Where nobody says how wide it is: a file, the log of a job. Of a terminal at
 * most as many, and at least the others. */
#define TW_PAGE_COLUMNS	      100
#define TW_PAGE_COLUMNS_LEAST 72

enum tw_ink {
	TW_INK_PLAIN,
	TW_INK_RED,
	TW_INK_YELLOW,
	TW_INK_GREEN,
	TW_INK_BOLD,
	TW_INK_DIM,
};

struct tw_page {
	struct tw_buf *out;
	struct tw_arena arena;
	struct tw_told told;
	size_t columns; /* tw_page_columns() */
	bool colour, verbose;
};

/* As the options ask for, within the bounds. */
size_t tw_page_columns(const struct tw_report_options *options);

/* What follows is in it; nothing where the page has no colours. */
void tw_page_ink(struct tw_page *page, enum tw_ink ink);
enum tw_ink tw_page_ink_of(enum tw_verdict verdict);
/* Of UTF-8, in n bytes. */
size_t tw_page_characters(const char *s, size_t n);
void tw_page_spaces(struct tw_page *page, size_t n);
/* Control characters would move the cursor: names come from files. */
void tw_page_put(struct tw_page *page, const char *s, size_t n);
/* Text from column `indent` on, broken between words; the cursor stands at
 * the indent already. Ends the line. */
void tw_page_wrapped(struct tw_page *page, const char *s, size_t indent);
/* The same, the cursor standing at `column`. */
void tw_page_wrapped_from(
	struct tw_page *page, const char *s, size_t column, size_t indent);
/* In a column of this width; what is too long loses its middle. */
void tw_page_cell(
	struct tw_page *page, const char *s, size_t width, bool right);

/* terminal.c: the first line. */
void tw_terminal_verdict(
	struct tw_page *page, const struct tw_gate_result *gate);
/* terminal_brief.c: it, and a line for whatever does not pass. */
void tw_terminal_brief(struct tw_page *page, const struct tw_report *report);
/* terminal_scenario.c */
void tw_terminal_scenario(
	struct tw_page *page, const struct tw_scenario_result *scenario);

#endif
