/*
 * Unrendered Go templates. Most of them parse as YAML, into nonsense:
 * `{{ x }}` is a mapping in a mapping. So they are found in the text, by what
 * a template does and a manifest does not: a directive where YAML expects a
 * key or a value, or Helm's own names inside one. Braces inside quotes, block
 * scalars (alert rules, dashboards) and comments are left alone unless Helm's
 * names are in them.
 */
#include "harness/manifests/reader.h"

static const char *const helm_words[] = {".Values", ".Release.", ".Chart.",
	".Capabilities.", ".Template.", "include \"", "template \"",
	"define \"", "tpl "};

static bool says_helm(struct tw_str inside)
{
	for (size_t i = 0; i < sizeof helm_words / sizeof *helm_words; i++)
		if (memmem(inside.p, inside.n, helm_words[i],
			    strlen(helm_words[i])))
			return true;
	return false;
}

/* Helm's names between any `{{` and `}}` of a line. */
static bool has_helm_words(struct tw_str line)
{
	const char *at = line.p, *end = line.p + line.n;

	while ((at = memmem(at, (size_t)(end - at), "{{", 2))) {
		const char *stop = memmem(at, (size_t)(end - at), "}}", 2);

		if (!stop)
			stop = end;
		if (says_helm((struct tw_str){at, (size_t)(stop - at)}))
			return true;
		at += 2;
	}
	return false;
}

/* A directive that starts the line, a value or an item. */
static bool has_bare_directive(struct tw_str line)
{
	struct tw_str text = tw_str_trim(line);
	const char *at;

	while (text.n >= 2 && text.p[0] == '-' && text.p[1] == ' ')
		text = tw_str_trim((struct tw_str){text.p + 2, text.n - 2});
	if (tw_str_starts(text, "{{"))
		return true;
	at = memmem(text.p, text.n, ": {{", 4);
	return at && !memchr(text.p, '"', (size_t)(at - text.p)) &&
	       !memchr(text.p, '\'', (size_t)(at - text.p));
}

static size_t indent_of(struct tw_str line)
{
	size_t i = 0;

	while (i < line.n && line.p[i] == ' ')
		i++;
	return i;
}

/* Whether a block scalar starts at the end of the line: `key: |-`. */
static bool opens_block(struct tw_str line)
{
	struct tw_str text = tw_str_trim(line);
	size_t n = text.n;

	while (n && (text.p[n - 1] == '-' || text.p[n - 1] == '+' ||
			    (text.p[n - 1] >= '1' && text.p[n - 1] <= '9')))
		n--;
	if (!n || (text.p[n - 1] != '|' && text.p[n - 1] != '>'))
		return false;
	return n == 1 || text.p[n - 2] == ' ';
}

bool tw_template_found(const char *text, size_t n, int *line)
{
	const char *at = text, *end = text + n;
	size_t block = SIZE_MAX; /* indentation of the key that opened one */

	if (!memmem(text, n, "{{", 2))
		return false;
	for (*line = 1; at < end; ++*line) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		struct tw_str it = {at, (size_t)((stop ? stop : end) - at)};
		struct tw_str trimmed = tw_str_trim(it);

		at = stop ? stop + 1 : end;
		if (!trimmed.n || trimmed.p[0] == '#')
			continue;
		if (block != SIZE_MAX && indent_of(it) <= block)
			block = SIZE_MAX;
		if (has_helm_words(it) ||
			(block == SIZE_MAX && has_bare_directive(it)))
			return true;
		if (block == SIZE_MAX && opens_block(it))
			block = indent_of(it);
	}
	return false;
}
