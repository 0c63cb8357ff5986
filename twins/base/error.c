#include "twins/base/error.h"

#include "twins/base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define KEPT_A_SEVERITY 1000
#define LINE_SHOWN	160 /* characters of a source line that are shown */

int tw_fail(struct tw_error *error, enum tw_code code, const char *format, ...)
{
	va_list args;

	*error = (struct tw_error){.code = code};
	va_start(args, format);
	vsnprintf(error->message, sizeof error->message, format, args);
	va_end(args);
	return -1;
}

int tw_fail_at(
	struct tw_error *error, struct tw_pos pos, const char *format, ...)
{
	va_list args;

	*error = (struct tw_error){.code = TW_E_USAGE, .pos = pos};
	va_start(args, format);
	vsnprintf(error->message, sizeof error->message, format, args);
	va_end(args);
	return -1;
}

void tw_diags_init(struct tw_diags *diags)
{
	*diags = (struct tw_diags){0};
	tw_arena_init(&diags->arena);
	tw_map_init(&diags->sources, &diags->arena);
}

void tw_diags_release(struct tw_diags *diags)
{
	tw_vec_release(&diags->list);
	tw_arena_release(&diags->arena);
	*diags = (struct tw_diags){0};
}

void tw_diags_source(
	struct tw_diags *diags, const char *file, const char *text, size_t n)
{
	struct tw_str *source = tw_new(&diags->arena, struct tw_str);

	source->p = tw_arena_strndup(&diags->arena, text, n);
	source->n = n;
	tw_map_put(&diags->sources, file, source);
}

__attribute__((format(printf, 2, 0))) static char *format_in(
	struct tw_arena *arena, const char *format, va_list args)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	tw_assert(n >= 0);
	text = tw_arena_alloc(arena, (size_t)n + 1, 1);
	vsnprintf(text, (size_t)n + 1, format, args);
	return text;
}

static bool is_full(struct tw_diags *diags, enum tw_severity severity)
{
	size_t kept = 0;

	if (diags->list.n < KEPT_A_SEVERITY)
		return false;
	for (size_t i = 0; i < diags->list.n; i++)
		kept += diags->list.v[i]->severity == severity;
	return kept >= KEPT_A_SEVERITY;
}

struct tw_diag *tw_diag(struct tw_diags *diags, enum tw_severity severity,
	struct tw_pos pos, const char *format, ...)
{
	struct tw_diag *diag = tw_new(&diags->arena, struct tw_diag);
	va_list args;

	diag->severity = severity;
	diag->pos = pos;
	if (pos.file)
		diag->pos.file = tw_arena_strdup(&diags->arena, pos.file);
	va_start(args, format);
	diag->message = format_in(&diags->arena, format, args);
	va_end(args);
	diags->errors += severity == TW_ERROR;
	diags->warnings += severity == TW_WARNING;
	if (is_full(diags, severity))
		diags->dropped++;
	else
		tw_vec_push(&diags->list, diag);
	return diag;
}

void tw_diag_hint(
	struct tw_diags *diags, struct tw_diag *diag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	diag->hint = format_in(&diags->arena, format, args);
	va_end(args);
}

void tw_diag_nearest(struct tw_diags *diags, struct tw_diag *diag,
	const char *word, const char *const *candidates, size_t n)
{
	const char *nearest = tw_nearest(word, candidates, n);

	if (nearest)
		tw_diag_hint(diags, diag, "did you mean '%s'?", nearest);
}

void tw_diag_error(struct tw_diags *diags, const struct tw_error *error)
{
	tw_diag(diags, TW_ERROR, error->pos, "%s", error->message);
}

struct sortable {
	struct tw_diag *diag;
	size_t file_rank, index;
};

static int compare(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;
	const struct tw_pos *p = &x->diag->pos, *q = &y->diag->pos;

	if (x->file_rank != y->file_rank)
		return x->file_rank < y->file_rank ? -1 : 1;
	if (p->line != q->line)
		return p->line < q->line ? -1 : 1;
	if (p->column != q->column)
		return p->column < q->column ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

void tw_diags_sort(struct tw_diags *diags)
{
	size_t n = diags->list.n;
	struct sortable *v = tw_calloc(n, sizeof *v);
	struct tw_map ranks;

	tw_map_init(&ranks, NULL);
	for (size_t i = 0; i < n; i++) {
		struct tw_diag *diag = diags->list.v[i];
		const char *file = diag->pos.file ? diag->pos.file : "";

		tw_map_put(&ranks, file, NULL);
		v[i] = (struct sortable){diag,
			(size_t)(tw_map_find(&ranks, file, strlen(file)) -
				 ranks.v),
			i};
	}
	qsort(v, n, sizeof *v, compare);
	for (size_t i = 0; i < n; i++)
		diags->list.v[i] = v[i].diag;
	tw_map_release(&ranks);
	tw_free(v);
}

static struct tw_str line_of(const struct tw_diags *diags, struct tw_pos pos)
{
	const struct tw_str *source =
		pos.file ? tw_map_get(&diags->sources, pos.file) : NULL;
	struct tw_str line = {0};
	const char *end;

	if (!source || pos.line < 1)
		return line;
	line.p = source->p;
	end = source->p + source->n;
	for (int i = 1; i < pos.line; i++) {
		const char *newline =
			memchr(line.p, '\n', (size_t)(end - line.p));

		if (!newline)
			return (struct tw_str){0};
		line.p = newline + 1;
	}
	while (line.p + line.n < end && line.p[line.n] != '\n' &&
		line.p[line.n] != '\r')
		line.n++;
	return line;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/*
 * The line (a window of it where it is long) and the caret below. Tabs are
 * kept in the caret's line, so that both indent alike; other control bytes
 * are shown as '?', so that a file cannot steer the terminal.
 */
static void print_line(
	struct tw_str line, struct tw_pos pos, bool colour, struct tw_buf *out)
{
	struct tw_buf caret = {0};
	int first = pos.column > LINE_SHOWN - 40 ? pos.column - 60 : 1;
	int column = 0;
	int width = pos.width > 0 ? pos.width : 1;

	tw_buf_printf(out, "%5d | %s", pos.line, first > 1 ? "..." : "");
	if (first > 1)
		tw_buf_add_text(&caret, "   ");
	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];

		column += !is_continuation(c);
		if (column < first)
			continue;
		if (column >= first + LINE_SHOWN) {
			tw_buf_add_text(out, "...");
			break;
		}
		tw_buf_add_char(out,
			((unsigned char)c < ' ' && c != '\t') || c == 127 ? '?'
									  : c);
		if (column < pos.column && !is_continuation(c))
			tw_buf_add_char(&caret, c == '\t' ? '\t' : ' ');
	}
	for (; column < pos.column - 1; column++)
		tw_buf_add_char(&caret, ' ');
	tw_buf_printf(out, "\n      | %s%s^", tw_buf_text(&caret),
		colour ? "\033[1;32m" : "");
	for (int i = 1; i < width && i < LINE_SHOWN / 2; i++)
		tw_buf_add_char(out, '~');
	tw_buf_add_text(out, colour ? "\033[0m\n" : "\n");
	tw_buf_release(&caret);
}

static const char *severity_word(enum tw_severity severity, bool colour)
{
	switch (severity) {
	case TW_ERROR:
		return colour ? "\033[1;31merror\033[0m" : "error";
	case TW_WARNING:
		return colour ? "\033[1;33mwarning\033[0m" : "warning";
	case TW_NOTE:
		return colour ? "\033[1;36mnote\033[0m" : "note";
	}
	tw_unreachable();
}

void tw_diag_print(const struct tw_diags *diags, const struct tw_diag *diag,
	bool colour, struct tw_buf *out)
{
	struct tw_str line = line_of(diags, diag->pos);

	if (diag->pos.file && diag->pos.line > 0)
		tw_buf_printf(out, "%s:%d:%d: ", diag->pos.file, diag->pos.line,
			diag->pos.column > 0 ? diag->pos.column : 1);
	else if (diag->pos.file)
		tw_buf_printf(out, "%s: ", diag->pos.file);
	tw_buf_printf(out, "%s: %s", severity_word(diag->severity, colour),
		diag->message);
	if (diag->rule)
		tw_buf_printf(out, " [%s]", diag->rule);
	tw_buf_add_char(out, '\n');
	if (line.p && diag->pos.column > 0)
		print_line(line, diag->pos, colour, out);
	if (diag->why)
		tw_buf_printf(out, "      = %s\n", diag->why);
	if (diag->hint)
		tw_buf_printf(out, "      = %s\n", diag->hint);
}
