/*
 * Private to the evaluation of conditions:
 *
 *	expr_value.c	the walk over the tree, operators
 *	expr_function.c	functions by name
 */
#ifndef TW_JUDGES_EXPR_EVAL_H
#define TW_JUDGES_EXPR_EVAL_H

#include "harness/judges/expr_tree.h"

struct tw_expr_scope {
	const struct tw_expr_value *result;
	const struct tw_expr_value *item; /* #; NULL: outside of {...} */
	struct tw_arena *arena;
	const char *why;
};

bool tw_expr_eval(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to);
bool tw_expr_call(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to);
/* False, always; the first reason is kept. */
bool tw_expr_fails(struct tw_expr_scope *s, const char *why);
/* Evaluates to this type, or fails. */
bool tw_expr_want(struct tw_expr_scope *s, const struct tw_expr *e,
	enum tw_expr_type type, struct tw_expr_value *to);

static inline struct tw_expr_value tw_expr_number(double v)
{
	return (struct tw_expr_value){.type = TW_EXPR_NUMBER, .number = v};
}

static inline struct tw_expr_value tw_expr_truth(bool v)
{
	return (struct tw_expr_value){.type = TW_EXPR_BOOL, .truth = v};
}

#endif
