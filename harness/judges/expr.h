/*
 * The condition language of Argo Rollouts' metrics, as far as what a metric of
 * the twin can be needs it: expr-lang (github.com/expr-lang/expr) on `result`.
 *
 *	result[0] >= 0.95        len(result) > 0 && !isNaN(result[0])
 *	all(result, {# < 0.5})   default(result, 0) < 5 ? true : false
 *
 * Values are numbers, text, true, false, nil, lists and maps of these.
 * Operators, loosest first: | (x | f() is f(x)); ?: and ??; or, ||; and, &&;
 * == != < <= > >= in, not in, contains, startsWith, endsWith, matches; 1..3;
 * + -; * / %; ** ^; not, !, -; [i], .name, ?.name. Functions: len abs ceil
 * floor round min max sum mean median int float string lower upper trim first
 * last keys values, all any none one filter map count find with {...} in which
 * # is the item and .name a part of it; and Argo's own asInt asFloat isNaN
 * isInf isNil default. `let x = ...; ...` names a value.
 * What cannot be evaluated (an index
 * beyond the list, text compared with a number, an unknown name) is an error
 * of the measurement, as there.
 */
#ifndef TW_JUDGES_EXPR_H
#define TW_JUDGES_EXPR_H

#include "twins/base/error.h"
#include "twins/base/memory.h"
#include "twins/base/text.h"
#include "twins/base/vector.h"

enum tw_expr_type {
	TW_EXPR_NIL,
	TW_EXPR_BOOL,
	TW_EXPR_NUMBER,
	TW_EXPR_TEXT,
	TW_EXPR_LIST,
	TW_EXPR_MAP, /* keys are texts */
};

struct tw_expr_value {
	enum tw_expr_type type;
	bool truth;
	double number;
	struct tw_str text;
	const struct tw_expr_value *items; /* of a list or map */
	const struct tw_expr_value *keys;
	size_t n;
};

struct tw_expr;

/* NULL with an error, whose column counts from `pos`. Lives in the arena, as
 * does what it is evaluated to. */
const struct tw_expr *tw_expr_parse(struct tw_arena *arena, const char *text,
	struct tw_pos pos, struct tw_diags *diags);

/* False where it cannot be evaluated, with the reason. */
bool tw_expr_evaluate(const struct tw_expr *expr,
	const struct tw_expr_value *result, struct tw_arena *arena,
	struct tw_expr_value *to, const char **why);

#endif
