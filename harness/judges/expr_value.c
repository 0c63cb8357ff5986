/* What a condition comes to. */
#include "harness/judges/expr_tree.h"

#include "twins/base/units.h"
#include "twins/kernel/fmath.h"

#include <stdio.h>
#include <string.h>

struct scope {
	const struct tw_expr_value *result;
	const struct tw_expr_value *item; /* #; NULL: outside of {...} */
	struct tw_arena *arena;
	const char *why;
};

static bool evaluate(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to);

static bool fails(struct scope *s, const char *why)
{
	if (!s->why)
		s->why = why;
	return false;
}

static struct tw_expr_value number(double v)
{
	return (struct tw_expr_value){.type = TW_EXPR_NUMBER, .number = v};
}

static struct tw_expr_value truth(bool v)
{
	return (struct tw_expr_value){.type = TW_EXPR_BOOL, .truth = v};
}

static bool want(struct scope *s, const struct tw_expr *e,
	enum tw_expr_type type, struct tw_expr_value *to)
{
	static const char *const names[] = {
		"nil", "true or false", "a number", "text", "a list"};

	if (!evaluate(s, e, to))
		return false;
	if (to->type == type)
		return true;
	return fails(s, tw_arena_printf(s->arena, "%s where %s is needed",
				names[to->type], names[type]));
}

static bool is_equal(
	const struct tw_expr_value *a, const struct tw_expr_value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case TW_EXPR_NIL:
		return true;
	case TW_EXPR_BOOL:
		return a->truth == b->truth;
	case TW_EXPR_NUMBER:
		return a->number == b->number;
	case TW_EXPR_TEXT:
		return a->text.n == b->text.n &&
		       !memcmp(a->text.p, b->text.p, a->text.n);
	case TW_EXPR_LIST:
		break;
	}
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!is_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

/* ---- operators ---------------------------------------------------------- */

static bool holds(const struct tw_expr_value *text,
	const struct tw_expr_value *part, enum tw_expr_op op)
{
	size_t n = text->text.n, k = part->text.n;
	const char *p = text->text.p, *q = part->text.p;

	if (k > n)
		return false;
	if (op == TW_OP_STARTS)
		return !memcmp(p, q, k);
	if (op == TW_OP_ENDS)
		return !memcmp(p + n - k, q, k);
	for (size_t i = 0; i + k <= n; i++)
		if (!memcmp(p + i, q, k))
			return true;
	return false;
}

static bool is_in(
	const struct tw_expr_value *value, const struct tw_expr_value *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (is_equal(value, &list->items[i]))
			return true;
	return false;
}

static bool compare(enum tw_expr_op op, int order, bool ordered)
{
	switch (op) {
	case TW_OP_LT:
		return ordered && order < 0;
	case TW_OP_LE:
		return ordered && order <= 0;
	case TW_OP_GT:
		return ordered && order > 0;
	default:
		return ordered && order >= 0;
	}
}

static bool ordered(struct scope *s, enum tw_expr_op op,
	const struct tw_expr_value *a, const struct tw_expr_value *b,
	struct tw_expr_value *to)
{
	size_t n = a->text.n < b->text.n ? a->text.n : b->text.n;
	int order;

	if (a->type == TW_EXPR_NUMBER && b->type == TW_EXPR_NUMBER) {
		order = (a->number > b->number) - (a->number < b->number);
		*to = truth(compare(op, order,
			a->number == a->number && b->number == b->number));
		return true;
	}
	if (a->type != TW_EXPR_TEXT || b->type != TW_EXPR_TEXT)
		return fails(s, "two numbers, or two texts, are compared");
	order = n ? memcmp(a->text.p, b->text.p, n) : 0;
	if (!order)
		order = (a->text.n > b->text.n) - (a->text.n < b->text.n);
	*to = truth(compare(op, order, true));
	return true;
}

/* What is left of a division, with the sign of what is divided. */
static double remainder_of(double a, double b)
{
	double q = a / b;
	double whole = q < 0 ? tw_ceil(q) : tw_floor(q);

	return a - whole * b;
}

static double power(double a, double b)
{
	double value = tw_pow(a < 0 ? -a : a, b);

	if (a >= 0)
		return value;
	if (b != tw_floor(b))
		return NAN;
	return remainder_of(b, 2) == 0 ? value : -value;
}

static bool arithmetic(struct scope *s, enum tw_expr_op op,
	const struct tw_expr_value *a, const struct tw_expr_value *b,
	struct tw_expr_value *to)
{
	double x = a->number, y = b->number;

	if (op == TW_OP_ADD && a->type == TW_EXPR_TEXT &&
		b->type == TW_EXPR_TEXT) {
		to->type = TW_EXPR_TEXT;
		to->text.n = a->text.n + b->text.n;
		to->text.p = tw_arena_printf(s->arena, "%.*s%.*s",
			(int)a->text.n, a->text.p, (int)b->text.n, b->text.p);
		return true;
	}
	if (a->type != TW_EXPR_NUMBER || b->type != TW_EXPR_NUMBER)
		return fails(s, "only numbers can be reckoned with");
	if ((op == TW_OP_DIV || op == TW_OP_MOD) && y == 0 && op == TW_OP_MOD)
		return fails(s, "a division by 0");
	*to = number(op == TW_OP_ADD   ? x + y
		     : op == TW_OP_SUB ? x - y
		     : op == TW_OP_MUL ? x * y
		     : op == TW_OP_DIV ? x / y
		     : op == TW_OP_MOD ? remainder_of(x, y)
				       : power(x, y));
	return true;
}

static bool indexed(struct scope *s, const struct tw_expr_value *list,
	const struct tw_expr_value *at, struct tw_expr_value *to)
{
	double i = at->number;

	if (list->type != TW_EXPR_LIST)
		return fails(s, "there is nothing in it to look up");
	if (at->type != TW_EXPR_NUMBER || i != tw_floor(i))
		return fails(s, "a list is looked up by a whole number");
	if (i < 0)
		i += (double)list->n;
	if (!(i >= 0 && i < (double)list->n))
		return fails(s, "the list has no such item");
	*to = list->items[(size_t)i];
	return true;
}

/* Those that need not look at their right side. */
static bool lazy(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to)
{
	if (e->function == TW_OP_ELSE) {
		if (!evaluate(s, e->args.v[0], to))
			return false;
		return to->type != TW_EXPR_NIL || evaluate(s, e->args.v[1], to);
	}
	return want(s, e->args.v[0], TW_EXPR_BOOL, to) &&
	       (to->truth == (e->function == TW_OP_OR) ||
		       want(s, e->args.v[1], TW_EXPR_BOOL, to));
}

static bool binary(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to)
{
	enum tw_expr_op op = (enum tw_expr_op)e->function;
	struct tw_expr_value a, b;

	if (op == TW_OP_OR || op == TW_OP_AND || op == TW_OP_ELSE)
		return lazy(s, e, to);
	if (!evaluate(s, e->args.v[0], &a) || !evaluate(s, e->args.v[1], &b))
		return false;
	if (op == TW_OP_EQ || op == TW_OP_NE) {
		*to = truth(is_equal(&a, &b) == (op == TW_OP_EQ));
		return true;
	}
	if (op == TW_OP_IN || op == TW_OP_NOT_IN) {
		if (b.type != TW_EXPR_LIST)
			return fails(s, "`in` wants a list");
		*to = truth(is_in(&a, &b) == (op == TW_OP_IN));
		return true;
	}
	if (op == TW_OP_CONTAINS || op == TW_OP_STARTS || op == TW_OP_ENDS) {
		if (a.type != TW_EXPR_TEXT || b.type != TW_EXPR_TEXT)
			return fails(s, "that is asked of two texts");
		*to = truth(holds(&a, &b, op));
		return true;
	}
	if (op == TW_OP_INDEX)
		return indexed(s, &a, &b, to);
	if (op >= TW_OP_LE && op <= TW_OP_GT)
		return ordered(s, op, &a, &b, to);
	return arithmetic(s, op, &a, &b, to);
}

static bool unary(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to)
{
	if (e->function == TW_OP_NOT) {
		if (!want(s, e->args.v[0], TW_EXPR_BOOL, to))
			return false;
		to->truth = !to->truth;
		return true;
	}
	if (!want(s, e->args.v[0], TW_EXPR_NUMBER, to))
		return false;
	if (e->function == TW_OP_MINUS)
		to->number = -to->number;
	return true;
}

/* ---- functions ---------------------------------------------------------- */

enum {
	LEN,
	ABS,
	CEIL,
	FLOOR,
	ROUND,
	MIN,
	MAX,
	SUM,
	INT,
	FLOAT,
	STRING,
	ALL,
	ANY,
	NONE,
	ONE,
	FILTER,
	MAP,
	COUNT,
	AS_INT,
	AS_FLOAT,
	IS_NAN,
	IS_INF,
	IS_NIL,
	DEFAULT
};

static const char *const functions[] = {"len", "abs", "ceil", "floor", "round",
	"min", "max", "sum", "int", "float", "string", "all", "any", "none",
	"one", "filter", "map", "count", "asInt", "asFloat", "isNaN", "isInf",
	"isNil", "default"};

int tw_expr_function(const char *name)
{
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (!strcmp(functions[i], name))
			return (int)i;
	return -1;
}

static bool as_number(struct scope *s, const struct tw_expr *e, bool whole,
	struct tw_expr_value *to)
{
	struct tw_expr_value v;

	if (!evaluate(s, e, &v))
		return false;
	if (v.type == TW_EXPR_TEXT && tw_parse_real(v.text, &v.number))
		v.type = TW_EXPR_NUMBER;
	if (v.type != TW_EXPR_NUMBER)
		return fails(s, "that is no number");
	if (whole)
		v.number =
			v.number < 0 ? tw_ceil(v.number) : tw_floor(v.number);
	*to = number(v.number);
	return true;
}

/* min, max, sum: of a list, or of the arguments. */
static bool folded(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to)
{
	struct tw_expr_value list, v;
	bool one = e->args.n == 1;
	size_t n;

	if (one && !want(s, e->args.v[0], TW_EXPR_LIST, &list))
		return false;
	n = one ? list.n : e->args.n;
	if (!n && e->function != SUM)
		return fails(s, "there is no least or largest of nothing");
	*to = number(0);
	for (size_t i = 0; i < n; i++) {
		if (one)
			v = list.items[i];
		else if (!evaluate(s, e->args.v[i], &v))
			return false;
		if (v.type != TW_EXPR_NUMBER)
			return fails(s, "that is no number");
		if (e->function == SUM)
			to->number += v.number;
		else if (!i || (e->function == MIN ? v.number < to->number
						   : v.number > to->number))
			to->number = v.number;
	}
	return true;
}

/* all, any, none, one, count, filter, map: over each item as #. */
static bool over_items(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to)
{
	const struct tw_expr_value *outer = s->item;
	struct tw_expr_value list, v, *kept;
	size_t yes = 0;

	if (e->args.n != 2)
		return fails(s, "it wants a list and {...}");
	if (!want(s, e->args.v[0], TW_EXPR_LIST, &list))
		return false;
	kept = tw_new_array(s->arena, list.n + 1, struct tw_expr_value);
	for (size_t i = 0; i < list.n; i++) {
		s->item = &list.items[i];
		if (e->function == MAP
				? !evaluate(s, e->args.v[1], &kept[i])
				: !want(s, e->args.v[1], TW_EXPR_BOOL, &v)) {
			s->item = outer;
			return false;
		}
		if (e->function != MAP && v.truth)
			kept[yes++] = list.items[i];
	}
	s->item = outer;
	if (e->function == MAP || e->function == FILTER)
		*to = (struct tw_expr_value){.type = TW_EXPR_LIST,
			.items = kept,
			.n = e->function == MAP ? list.n : yes};
	else if (e->function == COUNT)
		*to = number((double)yes);
	else
		*to = truth(e->function == ALL	  ? yes == list.n
			    : e->function == ANY  ? yes > 0
			    : e->function == NONE ? !yes
						  : yes == 1);
	return true;
}

static bool default_of(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to)
{
	if (e->args.n != 2)
		return fails(s, "default() wants a value and another for nil");
	return evaluate(s, e->args.v[0], to) &&
	       (to->type != TW_EXPR_NIL || evaluate(s, e->args.v[1], to));
}

static bool rounded(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to)
{
	double v;

	if (!want(s, e->args.v[0], TW_EXPR_NUMBER, to))
		return false;
	v = to->number;
	to->number = e->function == ABS	    ? (v < 0 ? -v : v)
		     : e->function == CEIL  ? tw_ceil(v)
		     : e->function == FLOOR ? tw_floor(v)
		     : v < 0		    ? -tw_round(-v)
					    : tw_round(v);
	return true;
}

static bool asked(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to)
{
	struct tw_expr_value v;

	if (!evaluate(s, e->args.v[0], &v))
		return false;
	if (e->function == IS_NIL)
		*to = truth(v.type == TW_EXPR_NIL);
	else if (v.type != TW_EXPR_NUMBER)
		return fails(s, "that is no number");
	else if (e->function == IS_NAN)
		*to = truth(v.number != v.number);
	else
		*to = truth(v.number == v.number && v.number - v.number != 0);
	return true;
}

static bool length_of(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to)
{
	struct tw_expr_value v;

	if (!evaluate(s, e->args.v[0], &v))
		return false;
	if (v.type != TW_EXPR_LIST && v.type != TW_EXPR_TEXT)
		return fails(s, "len() wants a list or text");
	*to = number((double)(v.type == TW_EXPR_LIST ? v.n : v.text.n));
	return true;
}

static bool text_of(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to)
{
	char text[TW_REAL_TEXT];

	if (!evaluate(s, e->args.v[0], to))
		return false;
	if (to->type == TW_EXPR_NUMBER)
		to->text = tw_str_of(tw_arena_strdup(
			s->arena, tw_real_text(to->number, text)));
	else if (to->type == TW_EXPR_BOOL)
		to->text = tw_str_of(to->truth ? "true" : "false");
	else if (to->type == TW_EXPR_NIL)
		to->text = tw_str_of("nil");
	else if (to->type == TW_EXPR_LIST)
		return fails(s, "a list is no text");
	to->type = TW_EXPR_TEXT;
	return true;
}

static bool called(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to)
{
	if (e->function >= ALL && e->function <= COUNT)
		return over_items(s, e, to);
	if (e->function == DEFAULT)
		return default_of(s, e, to);
	if (e->function == MIN || e->function == MAX || e->function == SUM)
		return folded(s, e, to);
	if (e->args.n != 1)
		return fails(s, tw_arena_printf(s->arena,
					"%s() wants one value", e->name));
	switch (e->function) {
	case LEN:
		return length_of(s, e, to);
	case INT:
	case AS_INT:
		return as_number(s, e->args.v[0], true, to);
	case FLOAT:
	case AS_FLOAT:
		return as_number(s, e->args.v[0], false, to);
	case STRING:
		return text_of(s, e, to);
	case IS_NAN:
	case IS_INF:
	case IS_NIL:
		return asked(s, e, to);
	default:
		return rounded(s, e, to);
	}
}

/* ---- the walk ----------------------------------------------------------- */

static bool listed(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to)
{
	struct tw_expr_value *items =
		tw_new_array(s->arena, e->args.n + 1, struct tw_expr_value);

	for (size_t i = 0; i < e->args.n; i++)
		if (!evaluate(s, e->args.v[i], &items[i]))
			return false;
	*to = (struct tw_expr_value){
		.type = TW_EXPR_LIST, .items = items, .n = e->args.n};
	return true;
}

static bool evaluate(
	struct scope *s, const struct tw_expr *e, struct tw_expr_value *to)
{
	*to = (struct tw_expr_value){.type = TW_EXPR_NIL};
	switch (e->kind) {
	case TW_EXPR_LITERAL:
		*to = e->value;
		return true;
	case TW_EXPR_RESULT:
		*to = *s->result;
		return true;
	case TW_EXPR_ITEM:
		if (!s->item)
			return fails(s, "# stands outside of {...}");
		*to = *s->item;
		return true;
	case TW_EXPR_ARRAY:
		return listed(s, e, to);
	case TW_EXPR_UNARY:
		return unary(s, e, to);
	case TW_EXPR_BINARY:
		return binary(s, e, to);
	case TW_EXPR_CHOICE:
		return want(s, e->args.v[0], TW_EXPR_BOOL, to) &&
		       evaluate(s, e->args.v[to->truth ? 1 : 2], to);
	case TW_EXPR_CALL:
		return called(s, e, to);
	}
	return false;
}

bool tw_expr_evaluate(const struct tw_expr *expr,
	const struct tw_expr_value *result, struct tw_arena *arena,
	struct tw_expr_value *to, const char **why)
{
	struct scope s = {.result = result, .arena = arena};
	bool done = evaluate(&s, expr, to);

	*why = s.why ? s.why : "";
	return done;
}
