/* Lines of fields between tabs. */
#include "harness/baseline/record.h"

void tw_line_add(struct tw_buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\t')
			tw_buf_add_text(out, "\\t");
		else if (*text == '\n')
			tw_buf_add_text(out, "\\n");
		else if (*text == '\\')
			tw_buf_add_text(out, "\\\\");
		else
			tw_buf_add_char(out, *text);
	}
}

static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text != '\\' || !text[1]) {
			*to++ = *text;
			continue;
		}
		text++;
		*to++ = *text == 't' ? '\t' : *text == 'n' ? '\n' : *text;
	}
	*to = '\0';
}

size_t tw_line_next(char **at, char **v, size_t max)
{
	char *line = *at, *end;
	size_t n = 0;

	if (!*line)
		return 0;
	end = line + strcspn(line, "\n");
	*at = *end ? end + 1 : end;
	*end = '\0';
	while (n < max) {
		char *tab = n + 1 < max ? strchr(line, '\t') : NULL;

		v[n++] = line;
		if (!tab)
			break;
		*tab = '\0';
		line = tab + 1;
	}
	for (size_t i = 0; i < n; i++)
		unescape(v[i]);
	return n;
}
