#include "harness/report/markup.h"

/* A code point that XML 1.0 admits (2.2) at p, in bytes; 0: none. */
static size_t xml_char(const unsigned char *p)
{
	size_t n;

	if (p[0] < 0x80)
		return p[0] >= 0x20 || p[0] == '\t' || p[0] == '\n' ||
		       p[0] == '\r';
	n = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
	    : p[0] >= 0xe0 && p[0] <= 0xef ? 3
	    : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
					   : 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
		(p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	/* U+FFFE and U+FFFF. */
	if (p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe)
		return 0;
	return n;
}

static void escaped(struct tw_buf *out, const char *s, bool attribute)
{
	while (*s) {
		size_t n = xml_char((const unsigned char *)s);

		if (!n)
			tw_buf_add_text(out, "\xef\xbf\xbd");
		else if (*s == '<')
			tw_buf_add_text(out, "&lt;");
		else if (*s == '>')
			tw_buf_add_text(out, "&gt;");
		else if (*s == '&')
			tw_buf_add_text(out, "&amp;");
		else if (*s == '"' && attribute)
			tw_buf_add_text(out, "&quot;");
		else if (*s == '\r' ||
			 (attribute && (*s == '\n' || *s == '\t')))
			tw_buf_printf(out, "&#%d;", *s);
		else
			tw_buf_add(out, s, n);
		s += n ? n : 1;
	}
}

void tw_markup_text(struct tw_buf *out, const char *s)
{
	escaped(out, s, false);
}

void tw_markup_attribute(
	struct tw_buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	tw_buf_printf(out, " %s=\"", name);
	escaped(out, value, true);
	tw_buf_add_char(out, '"');
}
