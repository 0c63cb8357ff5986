/*
 * Text for a terminal: columns, colours, lines broken between words.
 */
#ifndef TW_REPORT_PAGE_H
#define TW_REPORT_PAGE_H

#include "harness/report/told.h"

#define TW_PAGE_COLUMNS 100

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
	bool colour, verbose;
};

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
/* In a column of this width; what is too long loses its middle. */
void tw_page_cell(
	struct tw_page *page, const char *s, size_t width, bool right);

/* terminal_scenario.c */
void tw_terminal_scenario(
	struct tw_page *page, const struct tw_scenario_result *scenario);

#endif
