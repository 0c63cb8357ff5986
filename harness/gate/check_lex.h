/*
 * Private to the parser of checks: tokens, and the errors that point at them.
 *
 *	check_lex.c	tokens
 *	check_parse.c	measures, selectors, groups; one function a rule
 *	check_inner.c	measures of slices, with a check or an objective in them
 *	check_limit.c	what is compared with what: quantities and limits
 *
 * The first error of syntax ends a check (`stopped`); errors of meaning are
 * all told (`failed`).
 */
#ifndef TW_GATE_CHECK_LEX_H
#define TW_GATE_CHECK_LEX_H

#include "harness/gate/check.h"

enum tw_token_kind {
	TW_TOKEN_END,
	TW_TOKEN_WORD,
	TW_TOKEN_NUMBER,
	TW_TOKEN_STRING,
	TW_TOKEN_SIGN,
};

struct tw_token {
	enum tw_token_kind kind;
	size_t at, n;
};

struct tw_quantity {
	enum {
		TW_Q_BAD,
		TW_Q_PLAIN,
		TW_Q_TIME,
		TW_Q_PERCENT,
		TW_Q_POINTS,
		TW_Q_RATE,
	} kind;
	double value; /* ns, ones, per second */
	struct tw_token token;
};

struct tw_lexer {
	struct tw_arena *arena;
	struct tw_diags *diags;
	struct tw_str text;
	struct tw_pos base;
	struct tw_token now;
	bool failed;  /* there was an error */
	bool stopped; /* of syntax: no further errors make sense */
};

/* On to the next token. */
void tw_lex_next(struct tw_lexer *ps);
struct tw_str tw_lex_text(const struct tw_lexer *ps, struct tw_token token);
bool tw_lex_is(const struct tw_lexer *ps, const char *text);
/* Where it is the token at hand, goes on. */
bool tw_lex_take(struct tw_lexer *ps, const char *text);
/* The index of the word at hand, which is taken, or -1. */
int tw_lex_word(struct tw_lexer *ps, const char *const *words, size_t n);

struct tw_pos tw_lex_pos(const struct tw_lexer *ps, size_t at, size_t n);
size_t tw_lex_characters(const char *p, size_t n);

struct tw_diag *tw_lex_complain(
	struct tw_lexer *ps, struct tw_token where, const char *message);
/* An error of syntax at the present token; at most one a check. */
struct tw_diag *tw_lex_expected(struct tw_lexer *ps, const char *what);
void tw_lex_expected_one_of(struct tw_lexer *ps, const char *what,
	const char *const *words, size_t n);
void tw_lex_expect(struct tw_lexer *ps, const char *sign);

/* check_parse.c: the parts that a measure with a check in it needs, too. */
void tw_check_parse_whole(struct tw_lexer *ps, struct tw_check *check);
void tw_check_parse_selectors(struct tw_lexer *ps, struct tw_check *check);
void tw_check_parse_by(struct tw_lexer *ps, struct tw_check *check);

/* check_inner.c: what stands in recovery_time(), recovers(), time() and
 * burn_rate(). */
void tw_check_parse_inner(struct tw_lexer *ps, struct tw_check *check);
void tw_check_parse_burn(struct tw_lexer *ps, struct tw_check *check);

/* check_limit.c: "250ms", and "<= baseline * 1.10 + 1ms". */
struct tw_quantity tw_lex_quantity(struct tw_lexer *ps);
void tw_check_parse_limit(struct tw_lexer *ps, struct tw_check *check);

#endif
