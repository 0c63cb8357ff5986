/* Private to expr.c and expr_value.c: the tree between the two. */
#ifndef TW_JUDGES_EXPR_TREE_H
#define TW_JUDGES_EXPR_TREE_H

#include "harness/judges/expr.h"

enum tw_expr_kind {
	TW_EXPR_LITERAL,
	TW_EXPR_RESULT,
	TW_EXPR_ITEM, /* # */
	TW_EXPR_ARRAY,
	TW_EXPR_OBJECT,
	TW_EXPR_UNARY,
	TW_EXPR_BINARY,
	TW_EXPR_CHOICE,
	TW_EXPR_CALL,
};

#define TW_BIND_PREFIX 8

enum tw_expr_op {
	TW_OP_NOT,
	TW_OP_MINUS,
	TW_OP_PLUS,
	TW_OP_OR,
	TW_OP_AND,
	TW_OP_ELSE,
	TW_OP_EQ,
	TW_OP_NE,
	TW_OP_LE,
	TW_OP_GE,
	TW_OP_LT,
	TW_OP_GT,
	TW_OP_IN,
	TW_OP_NOT_IN,
	TW_OP_CONTAINS,
	TW_OP_STARTS,
	TW_OP_ENDS,
	TW_OP_ADD,
	TW_OP_SUB,
	TW_OP_MUL,
	TW_OP_DIV,
	TW_OP_MOD,
	TW_OP_POW,
	TW_OP_INDEX,
	TW_OP_MAYBE, /* ?. */
	TW_OP_MATCHES,
	TW_OP_RANGE,
};

struct tw_expr {
	enum tw_expr_kind kind;
	int function; /* enum tw_expr_op, or a place in the table of functions
		       */
	const char *name;
	struct tw_expr_value value;
	TW_VEC(const struct tw_expr *) args;
};

/* The place of a function; -1: there is none. */
int tw_expr_function(const char *name);
/* Its second argument is asked of each item: all, filter … */
bool tw_expr_takes_predicate(int function);

#endif
