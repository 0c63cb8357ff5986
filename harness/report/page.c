#include "harness/report/page.h"

#include <string.h>

size_t tw_page_columns(const struct tw_report_options *options)
{
	size_t n = options->columns;

	if (!n || n > TW_PAGE_COLUMNS)
		return TW_PAGE_COLUMNS;
	return n < TW_PAGE_COLUMNS_LEAST ? TW_PAGE_COLUMNS_LEAST : n;
}

void tw_page_ink(struct tw_page *page, enum tw_ink ink)
{
	static const char *const codes[] = {"\x1b[0m", "\x1b[31;1m",
		"\x1b[33;1m", "\x1b[32m", "\x1b[1m", "\x1b[2m"};

	if (page->colour)
		tw_buf_add_text(page->out, codes[ink]);
}

size_t tw_page_characters(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

void tw_page_spaces(struct tw_page *page, size_t n)
{
	while (n--)
		tw_buf_add_char(page->out, ' ');
}

void tw_page_put(struct tw_page *page, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tw_buf_add_char(page->out,
			(unsigned char)s[i] < 0x20 || s[i] == 0x7f ? ' '
								   : s[i]);
}

void tw_page_wrapped(struct tw_page *page, const char *s, size_t indent)
{
	tw_page_wrapped_from(page, s, indent, indent);
}

void tw_page_wrapped_from(
	struct tw_page *page, const char *s, size_t column, size_t indent)
{
	size_t begin = column;

	while (*s) {
		size_t n = strcspn(s, " \n"), width = tw_page_characters(s, n);

		if (column > begin && column + 1 + width > page->columns) {
			tw_buf_add_char(page->out, '\n');
			tw_page_spaces(page, indent);
			column = begin = indent;
		} else if (column > begin) {
			tw_buf_add_char(page->out, ' ');
			column++;
		}
		tw_page_put(page, s, n);
		column += width;
		s += n;
		/* Runs of spaces are kept within a line: they align. */
		if (*s)
			s++;
		while (*s == ' ' && column < page->columns) {
			tw_buf_add_char(page->out, ' ');
			column++;
			s++;
		}
	}
	tw_buf_add_char(page->out, '\n');
}

void tw_page_cell(struct tw_page *page, const char *s, size_t width, bool right)
{
	size_t n = strlen(s), size = tw_page_characters(s, n);

	if (right && size < width)
		tw_page_spaces(page, width - size);
	if (size <= width) {
		tw_page_put(page, s, n);
	} else {
		size_t head = (width - 3) / 2, tail = width - 3 - head;
		size_t i = 0, k = n;

		for (size_t c = 0; c < head; c++)
			for (i++; ((unsigned char)s[i] & 0xc0) == 0x80;)
				i++;
		for (size_t c = 0; c < tail; c++)
			for (k--; ((unsigned char)s[k] & 0xc0) == 0x80;)
				k--;
		tw_page_put(page, s, i);
		tw_buf_add_text(page->out, "...");
		tw_page_put(page, s + k, n - k);
	}
	if (!right && size < width)
		tw_page_spaces(page, width - size);
}

enum tw_ink tw_page_ink_of(enum tw_verdict verdict)
{
	static const enum tw_ink inks[] = {
		TW_INK_GREEN, TW_INK_YELLOW, TW_INK_RED};

	return inks[verdict];
}
