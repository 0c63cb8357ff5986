/*
 * The thresholds of a k6 script: `thresholds: { ... }` is cut out of it. What
 * JavaScript and YAML write alike is then read as YAML; what is computed there
 * is not.
 */
#include "harness/judges/judges.h"

/* Comments become blanks, so that lines stay where they are. */
static const char *past_comment(const char *at, struct tw_buf *out)
{
	bool line = at[1] == '/';

	for (at += 2; *at; at++) {
		if (line && *at == '\n')
			return at;
		if (!line && at[0] == '*' && at[1] == '/')
			return at + 2;
		if (*at == '\n')
			tw_buf_add_char(out, '\n');
	}
	return at;
}

/* A quoted text, as it is. */
static const char *past_text(const char *at, struct tw_buf *out)
{
	char quote = *at == '`' ? '\'' : *at, end = *at;

	tw_buf_add_char(out, quote);
	for (at++; *at && *at != end; at++)
		tw_buf_add_char(out, *at);
	tw_buf_add_char(out, quote);
	return *at ? at + 1 : at;
}

static const char *start_of(const char *text)
{
	for (const char *at = text; (at = strstr(at, "thresholds")); at++) {
		const char *end = at + 10;

		if (*end == '\'' || *end == '"')
			end++;
		end += strspn(end, " \t");
		if (*end == ':')
			return end + 1;
	}
	return NULL;
}

void tw_k6_script(const char *text, struct tw_buf *out)
{
	const char *start = start_of(text), *at = text;
	int depth = 0;

	for (; start && at < start; at++)
		if (*at == '\n')
			tw_buf_add_char(out, '\n');
	if (!start)
		return;
	tw_buf_add_text(out, "thresholds: ");
	for (at = start; *at;) {
		if (at[0] == '/' && (at[1] == '/' || at[1] == '*')) {
			at = past_comment(at, out);
			continue;
		}
		if (*at == '\'' || *at == '"' || *at == '`') {
			at = past_text(at, out);
			continue;
		}
		depth += *at == '{' || *at == '[';
		depth -= *at == '}' || *at == ']';
		/* Tabs are no indentation in YAML. */
		tw_buf_add_char(out, *at == '\t' ? ' ' : *at);
		if (*at == ':' && at[1] != ' ' && at[1] != '\n')
			tw_buf_add_char(out, ' ');
		at++;
		if (depth <= 0 && (at[-1] == '}' || at[-1] == ';'))
			break;
	}
	tw_buf_add_char(out, '\n');
}
