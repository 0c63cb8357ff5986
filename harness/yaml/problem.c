/*
 * libyaml says what its scanner saw; a person wants to know what to mend. Each
 * of its problems (scanner.c, parser.c of libyaml 0.2.5) that people run into
 * has a row; the others are passed on in its own words.
 */
#include "harness/yaml/tree.h"

enum place {
	AT_PROBLEM,
	AT_CONTEXT, /* where what is unfinished begins */
	AT_OPENING, /* the same, and tell the line where it showed */
};

struct row {
	const char *problem; /* as libyaml words it */
	const char *context; /* part of its context, or NULL: any */
	enum place place;
	const char *message;
	const char *hint;
};

static const struct row rows[] = {
	{"did not find expected ',' or ']'", NULL, AT_OPENING,
		"this list has no ']' where one is due", "expected ',' or ']'"},
	{"did not find expected ',' or '}'", NULL, AT_OPENING,
		"this mapping has no '}' where one is due",
		"expected ',' or '}'"},
	{"did not find expected node content", NULL, AT_PROBLEM,
		"expected a value here", NULL},
	{"did not find expected '-' indicator", NULL, AT_PROBLEM,
		"expected '- ' of the list that begins above",
		"items of one list start in the same column"},
	{"did not find expected key", NULL, AT_PROBLEM,
		"expected a key of the mapping that begins above",
		"keys of one mapping start in the same column; a value with "
		"a quote or a bracket in it may need quotes"},
	{"did not find expected <document start>", NULL, AT_PROBLEM,
		"the document ends before this line",
		"the indentation is less than that of the first line, or "
		"'---' is missing"},
	{"mapping values are not allowed in this context", NULL, AT_PROBLEM,
		"a ':' that starts a value is not expected here",
		"put a value that has ': ' in it in quotes, or check the "
		"indentation of this line and the one above"},
	{"mapping keys are not allowed in this context", NULL, AT_PROBLEM,
		"a '?' that starts a key is not expected here", NULL},
	{"block sequence entries are not allowed in this context", NULL,
		AT_PROBLEM, "a '- ' is not expected here",
		"a list starts on a line of its own, below its key"},
	{"could not find expected ':'", NULL, AT_CONTEXT,
		"expected ':' after this key",
		"or this line belongs to the value above and must be "
		"indented further"},
	{"found unexpected end of stream", "quoted", AT_CONTEXT,
		"this quoted text is not closed before the file ends", NULL},
	{"found unexpected document indicator", "quoted", AT_CONTEXT,
		"this quoted text is not closed before the document ends",
		NULL},
	{"found unknown escape character", NULL, AT_PROBLEM,
		"there is no such escape in double quotes",
		"write \\\\ for a backslash, or use single quotes"},
	{"found a tab character that violates indentation", NULL, AT_PROBLEM,
		"a tab must not indent YAML", "use blanks"},
	{"found a tab character where an indentation space is expected", NULL,
		AT_PROBLEM, "a tab must not indent YAML", "use blanks"},
	{"did not find expected alphabetic or numeric character", "alias",
		AT_PROBLEM, "expected the name of an anchor after '*'",
		"put a value that begins with '*' in quotes"},
	{"did not find expected alphabetic or numeric character", "anchor",
		AT_PROBLEM, "expected the name of an anchor after '&'",
		"put a value that begins with '&' in quotes"},
	{"did not find expected comment or line break", "block scalar",
		AT_PROBLEM, "expected the end of the line after '|' or '>'",
		"the text starts on the next line"},
	{"found undefined tag handle", NULL, AT_PROBLEM,
		"the tag's handle is not declared",
		"put a value that begins with '!' in quotes"},
	{"found incompatible YAML document", NULL, AT_PROBLEM,
		"only YAML 1.1 and 1.2 are read", NULL},
};

static const struct row *row_of(const yaml_parser_t *parser)
{
	const char *context = parser->context ? parser->context : "";

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].problem, parser->problem) &&
			(!rows[i].context || strstr(context, rows[i].context)))
			return &rows[i];
	return NULL;
}

static struct tw_str line_at(struct tw_str text, size_t line)
{
	const char *end;

	for (; line && text.n; line--) {
		end = memchr(text.p, '\n', text.n);
		if (!end)
			return (struct tw_str){text.p + text.n, 0};
		text.n -= (size_t)(end + 1 - text.p);
		text.p = end + 1;
	}
	end = text.n ? memchr(text.p, '\n', text.n) : NULL;
	if (end)
		text.n = (size_t)(end - text.p);
	return text;
}

/* The byte at a column, which counts characters; NUL behind the end. */
static char char_at(struct tw_str line, size_t column)
{
	for (size_t i = 0; i < line.n; i++) {
		if ((line.p[i] & 0xc0) == 0x80)
			continue;
		if (!column--)
			return line.p[i];
	}
	return '\0';
}

/* "found character that cannot start any token" */
static struct tw_diag *bad_start(
	struct tw_diags *diags, struct tw_pos pos, char c)
{
	struct tw_diag *diag;

	if (c == '\t') {
		diag = tw_diag(
			diags, TW_ERROR, pos, "a tab must not indent YAML");
		diag->hint = "use blanks";
		return diag;
	}
	diag = tw_diag(
		diags, TW_ERROR, pos, "a value cannot begin with '%c'", c);
	diag->hint = "put it in quotes";
	return diag;
}

static struct tw_diag *by_row(struct tw_diags *diags, struct tw_pos pos,
	const struct row *row, int problem_line)
{
	struct tw_diag *diag =
		tw_diag(diags, TW_ERROR, pos, "%s", row->message);

	if (row->place == AT_OPENING && problem_line == pos.line) {
		diag->message = row->hint;
		diag->hint = "a value that has a bracket, a brace or ', ' in "
			     "it must be in quotes";
	} else if (row->place == AT_OPENING) {
		tw_diag_hint(diags, diag, "%s, at the latest in line %d",
			row->hint, problem_line);
	} else {
		diag->hint = row->hint;
	}
	return diag;
}

/* What is not closed shows at its opening, if that is on another line. */
static yaml_mark_t mark_of(const yaml_parser_t *parser, const struct row *row)
{
	if (!row || row->place == AT_PROBLEM || !parser->context)
		return parser->problem_mark;
	if (row->place == AT_OPENING &&
		parser->context_mark.line == parser->problem_mark.line)
		return parser->problem_mark;
	return parser->context_mark;
}

void tw_yaml_problem(struct tw_diags *diags, const char *file,
	struct tw_str text, int line, const yaml_parser_t *parser)
{
	const char *problem = parser->problem ? parser->problem : "not YAML";
	const struct row *row = parser->problem ? row_of(parser) : NULL;
	yaml_mark_t mark = mark_of(parser, row);
	struct tw_pos pos = {
		file, line + (int)mark.line, (int)mark.column + 1, 1};
	struct tw_str shown = line_at(text, mark.line);
	struct tw_diag *diag;
	char c = char_at(shown, mark.column);

	if (row)
		diag = by_row(
			diags, pos, row, line + (int)parser->problem_mark.line);
	else if (strstr(problem, "cannot start any token") && c)
		diag = bad_start(diags, pos, c);
	else
		diag = tw_diag(diags, TW_ERROR, pos, "%s%s%s", problem,
			parser->context ? ", " : "",
			parser->context ? parser->context : "");
	if (memmem(shown.p, shown.n, "{{", 2))
		diag->hint = "this looks like a template: render it first "
			     "(topology.render)";
}
