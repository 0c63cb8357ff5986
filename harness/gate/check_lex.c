/*
 * The lexer of checks: where it is, the token at hand, and errors that point.
 */
#include "harness/gate/check_lex.h"

#include <stdio.h>

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

size_t tw_lex_characters(const char *p, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)p[i] & 0xc0) != 0x80;
	return count;
}

/* In a scalar of several lines the column of a later line is unknown here
 * (indentation was folded away): the line is right, the column the base's. */
struct tw_pos tw_lex_pos(const struct tw_lexer *ps, size_t at, size_t n)
{
	struct tw_pos pos = ps->base;
	size_t line = 0;

	for (size_t i = 0; i < at && i < ps->text.n; i++) {
		if (ps->text.p[i] != '\n')
			continue;
		pos.line++;
		line = i + 1;
	}
	pos.column += (int)tw_lex_characters(ps->text.p + line, at - line);
	pos.width = (int)tw_lex_characters(ps->text.p + at, n);
	if (pos.width < 1)
		pos.width = 1;
	return pos;
}

struct tw_diag *tw_lex_complain(
	struct tw_lexer *ps, struct tw_token where, const char *message)
{
	ps->failed = true;
	return tw_diag(ps->diags, TW_ERROR, tw_lex_pos(ps, where.at, where.n),
		"%s", message);
}

static size_t number_end(struct tw_str s, size_t i)
{
	bool plain = true; /* digits and points alone so far */

	for (; i < s.n; i++) {
		char c = s.p[i];

		if (is_digit(c) || c == '.' || c == '%' ||
			(unsigned char)c >= 0x80)
			continue;
		if ((c == '+' || c == '-') && plain && i &&
			(s.p[i - 1] == 'e' || s.p[i - 1] == 'E') &&
			i + 1 < s.n && is_digit(s.p[i + 1])) {
			plain = false;
			continue;
		}
		if (c == '/' && i + 1 < s.n && s.p[i + 1] == 's')
			continue;
		if (!is_letter(c))
			break;
		plain = plain && (c == 'e' || c == 'E');
	}
	return i;
}

static size_t string_end(struct tw_str s, size_t i, char quote)
{
	for (; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == quote)
			return i + 1;
	}
	return 0;
}

void tw_lex_next(struct tw_lexer *ps)
{
	struct tw_str s = ps->text;
	size_t i = ps->now.at + ps->now.n, end;
	enum tw_token_kind kind = TW_TOKEN_SIGN;

	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' ||
				  s.p[i] == '\r'))
		i++;
	end = i + 1;
	if (i >= s.n) {
		kind = TW_TOKEN_END;
		end = i;
	} else if (is_letter(s.p[i])) {
		kind = TW_TOKEN_WORD;
		while (end < s.n &&
			(is_letter(s.p[end]) || is_digit(s.p[end]) ||
				s.p[end] == '.'))
			end++;
	} else if (is_digit(s.p[i]) || s.p[i] == '.') {
		kind = TW_TOKEN_NUMBER;
		end = number_end(s, i);
	} else if (s.p[i] == '"' || s.p[i] == '\'') {
		kind = TW_TOKEN_STRING;
		end = string_end(s, i + 1, s.p[i]);
	} else if (end < s.n && strchr("<>=!", s.p[i]) &&
		   (s.p[end] == '=' || s.p[end] == '~')) {
		end++;
	} else {
		while (end < s.n && ((unsigned char)s.p[end] & 0xc0) == 0x80)
			end++;
	}
	if (kind == TW_TOKEN_STRING && !end) {
		ps->now = (struct tw_token){TW_TOKEN_END, i, 1};
		if (!ps->stopped)
			tw_lex_complain(
				ps, ps->now, "a quote that is never closed");
		ps->stopped = true;
		end = s.n;
	}
	ps->now = (struct tw_token){kind, i, end - i};
}

struct tw_str tw_lex_text(const struct tw_lexer *ps, struct tw_token token)
{
	return (struct tw_str){ps->text.p + token.at, token.n};
}

bool tw_lex_is(const struct tw_lexer *ps, const char *text)
{
	return ps->now.kind != TW_TOKEN_END &&
	       ps->now.kind != TW_TOKEN_STRING &&
	       tw_str_equal(tw_lex_text(ps, ps->now), text);
}

bool tw_lex_take(struct tw_lexer *ps, const char *text)
{
	if (ps->stopped || !tw_lex_is(ps, text))
		return false;
	tw_lex_next(ps);
	return true;
}

struct tw_diag *tw_lex_expected(struct tw_lexer *ps, const char *what)
{
	struct tw_str found = tw_lex_text(ps, ps->now);
	struct tw_diag *diag = NULL;

	if (!ps->stopped) {
		ps->failed = true;
		diag = tw_diag(ps->diags, TW_ERROR,
			tw_lex_pos(ps, ps->now.at, ps->now.n),
			ps->now.kind == TW_TOKEN_END
				? "expected %s, found the end"
				: "expected %s, found '%.*s'",
			what, (int)(found.n < 80 ? found.n : 80), found.p);
	}
	ps->stopped = true;
	return diag;
}

void tw_lex_expected_one_of(struct tw_lexer *ps, const char *what,
	const char *const *words, size_t n)
{
	char *word = tw_arena_strndup(ps->arena, ps->text.p + ps->now.at,
		ps->now.kind == TW_TOKEN_WORD ? ps->now.n : 0);
	struct tw_diag *diag = tw_lex_expected(ps, what);

	if (diag)
		tw_diag_nearest(ps->diags, diag, word, words, n);
}

void tw_lex_expect(struct tw_lexer *ps, const char *sign)
{
	char what[16];

	if (tw_lex_take(ps, sign))
		return;
	snprintf(what, sizeof what, "'%s'", sign);
	tw_lex_expected(ps, what);
}

int tw_lex_word(struct tw_lexer *ps, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!ps->stopped && ps->now.kind == TW_TOKEN_WORD &&
			tw_str_equal(tw_lex_text(ps, ps->now), words[i])) {
			tw_lex_next(ps);
			return (int)i;
		}
	return -1;
}
