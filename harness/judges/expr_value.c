/* What a condition comes to. */
#include "harness/judges/expr_eval.h"

#include "twins/base/regex.h"
#include "twins/base/units.h"
#include "twins/kernel/fmath.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of a range. */
#define MOST 10000

bool tw_expr_fails(struct tw_expr_scope *s, const char *why)
{
	if (!s->why)
		s->why = why;
	return false;
}

bool tw_expr_want(struct tw_expr_scope *s, const struct tw_expr *e,
	enum tw_expr_type type, struct tw_expr_value *to)
{
	static const char *const names[] = {
		"nil", "true or false", "a number", "text", "a list", "a map"};

	if (!tw_expr_eval(s, e, to))
		return false;
	if (to->type == type)
		return true;
	return tw_expr_fails(
		s, tw_arena_printf(s->arena, "%s where %s is needed",
			   names[to->type], names[type]));
}

/* NULL: no such key. */
static const struct tw_expr_value *entry_of(
	const struct tw_expr_value *map, const struct tw_expr_value *key)
{
	for (size_t i = 0; key->type == TW_EXPR_TEXT && i < map->n; i++)
		if (map->keys[i].text.n == key->text.n &&
			!memcmp(map->keys[i].text.p, key->text.p, key->text.n))
			return &map->items[i];
	return NULL;
}

/* expr-lang does not compare a number with a text or a truth. */
static bool is_comparable(
	const struct tw_expr_value *a, const struct tw_expr_value *b)
{
	return a->type == b->type || a->type == TW_EXPR_NIL ||
	       b->type == TW_EXPR_NIL || a->type >= TW_EXPR_LIST ||
	       b->type >= TW_EXPR_LIST;
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
	case TW_EXPR_MAP:
		break;
	}
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct tw_expr_value *other =
			a->type == TW_EXPR_MAP ? entry_of(b, &a->keys[i])
					       : &b->items[i];

		if (!other || !is_equal(&a->items[i], other))
			return false;
	}
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

static bool ordered(struct tw_expr_scope *s, enum tw_expr_op op,
	const struct tw_expr_value *a, const struct tw_expr_value *b,
	struct tw_expr_value *to)
{
	size_t n = a->text.n < b->text.n ? a->text.n : b->text.n;
	int order;

	if (a->type == TW_EXPR_NUMBER && b->type == TW_EXPR_NUMBER) {
		order = (a->number > b->number) - (a->number < b->number);
		*to = tw_expr_truth(compare(op, order,
			a->number == a->number && b->number == b->number));
		return true;
	}
	if (a->type != TW_EXPR_TEXT || b->type != TW_EXPR_TEXT)
		return tw_expr_fails(
			s, "two numbers, or two texts, are compared");
	order = n ? memcmp(a->text.p, b->text.p, n) : 0;
	if (!order)
		order = (a->text.n > b->text.n) - (a->text.n < b->text.n);
	*to = tw_expr_truth(compare(op, order, true));
	return true;
}

static double power(double a, double b)
{
	double value = tw_pow(a < 0 ? -a : a, b);

	if (a >= 0)
		return value;
	if (b != floor(b))
		return NAN;
	return fmod(b, 2) == 0 ? value : -value;
}

static bool arithmetic(struct tw_expr_scope *s, enum tw_expr_op op,
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
		return tw_expr_fails(s, "only numbers can be reckoned with");
	if ((op == TW_OP_DIV || op == TW_OP_MOD) && y == 0 && op == TW_OP_MOD)
		return tw_expr_fails(s, "a division by 0");
	*to = tw_expr_number(op == TW_OP_ADD   ? x + y
			     : op == TW_OP_SUB ? x - y
			     : op == TW_OP_MUL ? x * y
			     : op == TW_OP_DIV ? x / y
			     : op == TW_OP_MOD ? fmod(x, y)
					       : power(x, y));
	return true;
}

static bool indexed(struct tw_expr_scope *s, const struct tw_expr_value *list,
	const struct tw_expr_value *at, struct tw_expr_value *to)
{
	double i = at->number;

	if (list->type == TW_EXPR_MAP) {
		const struct tw_expr_value *found = entry_of(list, at);

		/* As there: what a map does not have is nil. */
		if (found)
			*to = *found;
		return true;
	}
	if (list->type != TW_EXPR_LIST)
		return tw_expr_fails(s, "there is nothing in it to look up");
	if (at->type != TW_EXPR_NUMBER || i != floor(i))
		return tw_expr_fails(
			s, "a list is looked up by a whole number");
	if (i < 0)
		i += (double)list->n;
	if (!(i >= 0 && i < (double)list->n))
		return tw_expr_fails(s, "the list has no such item");
	*to = list->items[(size_t)i];
	return true;
}

/* RE2's search: anywhere in the text, unless it says where. */
static bool matches(struct tw_expr_scope *s, const struct tw_expr_value *text,
	const struct tw_expr_value *pattern, struct tw_expr_value *to)
{
	struct tw_str p = pattern->text;
	bool from = p.n && p.p[0] == '^';
	bool upto = p.n > 1 && p.p[p.n - 1] == '$' && p.p[p.n - 2] != '\\';
	const struct tw_regex *regex;
	const char *why, *whole;
	size_t at;

	if (text->type != TW_EXPR_TEXT || pattern->type != TW_EXPR_TEXT)
		return tw_expr_fails(s, "`matches` is asked of two texts");
	whole = tw_arena_printf(s->arena, "%s(%.*s)%s", from ? "" : "(.|\n)*",
		(int)(p.n - from - upto), p.p + from, upto ? "" : "(.|\n)*");
	regex = tw_regex_compile(s->arena, tw_str_of(whole), &at, &why);
	if (!regex)
		return tw_expr_fails(
			s, tw_arena_printf(s->arena, "the pattern '%.*s': %s",
				   (int)p.n, p.p, why));
	*to = tw_expr_truth(tw_regex_match(
		regex, tw_arena_strndup(s->arena, text->text.p, text->text.n)));
	return true;
}

/* 1..3: whole numbers, both ends in it. */
static bool ranged(struct tw_expr_scope *s, const struct tw_expr_value *a,
	const struct tw_expr_value *b, struct tw_expr_value *to)
{
	struct tw_expr_value *items;
	size_t n;

	if (a->type != TW_EXPR_NUMBER || b->type != TW_EXPR_NUMBER ||
		a->number != floor(a->number) || b->number != floor(b->number))
		return tw_expr_fails(s, "a range is of two whole numbers");
	if (!(b->number - a->number < MOST))
		return tw_expr_fails(s, "a range of so many numbers");
	n = b->number < a->number ? 0 : (size_t)(b->number - a->number) + 1;
	items = tw_new_array(s->arena, n + 1, struct tw_expr_value);
	for (size_t i = 0; i < n; i++)
		items[i] = tw_expr_number(a->number + (double)i);
	*to = (struct tw_expr_value){
		.type = TW_EXPR_LIST, .items = items, .n = n};
	return true;
}

/* Those that need not look at their right side. */
static bool lazy(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	if (e->function == TW_OP_ELSE) {
		if (!tw_expr_eval(s, e->args.v[0], to))
			return false;
		return to->type != TW_EXPR_NIL ||
		       tw_expr_eval(s, e->args.v[1], to);
	}
	return tw_expr_want(s, e->args.v[0], TW_EXPR_BOOL, to) &&
	       (to->truth == (e->function == TW_OP_OR) ||
		       tw_expr_want(s, e->args.v[1], TW_EXPR_BOOL, to));
}

static bool binary(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	enum tw_expr_op op = (enum tw_expr_op)e->function;
	struct tw_expr_value a, b;

	if (op == TW_OP_OR || op == TW_OP_AND || op == TW_OP_ELSE)
		return lazy(s, e, to);
	if (!tw_expr_eval(s, e->args.v[0], &a) ||
		!tw_expr_eval(s, e->args.v[1], &b))
		return false;
	if (op == TW_OP_EQ || op == TW_OP_NE) {
		if (!is_comparable(&a, &b))
			return tw_expr_fails(s, "mismatched types");
		*to = tw_expr_truth(is_equal(&a, &b) == (op == TW_OP_EQ));
		return true;
	}
	if (op == TW_OP_IN || op == TW_OP_NOT_IN) {
		if (b.type != TW_EXPR_LIST && b.type != TW_EXPR_MAP)
			return tw_expr_fails(s, "`in` wants a list or a map");
		*to = tw_expr_truth(
			(b.type == TW_EXPR_MAP
					? entry_of(&b, &a) != NULL
					: is_in(&a, &b)) == (op == TW_OP_IN));
		return true;
	}
	if (op == TW_OP_CONTAINS || op == TW_OP_STARTS || op == TW_OP_ENDS) {
		if (a.type != TW_EXPR_TEXT || b.type != TW_EXPR_TEXT)
			return tw_expr_fails(s, "that is asked of two texts");
		*to = tw_expr_truth(holds(&a, &b, op));
		return true;
	}
	if (op == TW_OP_MATCHES)
		return matches(s, &a, &b, to);
	if (op == TW_OP_RANGE)
		return ranged(s, &a, &b, to);
	/* ?. of nothing is nothing. */
	if (op == TW_OP_MAYBE && a.type == TW_EXPR_NIL)
		return true;
	if (op == TW_OP_INDEX || op == TW_OP_MAYBE)
		return indexed(s, &a, &b, to);
	if (op >= TW_OP_LE && op <= TW_OP_GT)
		return ordered(s, op, &a, &b, to);
	return arithmetic(s, op, &a, &b, to);
}

static bool unary(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	if (e->function == TW_OP_NOT) {
		if (!tw_expr_want(s, e->args.v[0], TW_EXPR_BOOL, to))
			return false;
		to->truth = !to->truth;
		return true;
	}
	if (!tw_expr_want(s, e->args.v[0], TW_EXPR_NUMBER, to))
		return false;
	if (e->function == TW_OP_MINUS)
		to->number = -to->number;
	return true;
}

/* ---- the walk ----------------------------------------------------------- */

static bool listed(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	struct tw_expr_value *items =
		tw_new_array(s->arena, e->args.n + 1, struct tw_expr_value);

	for (size_t i = 0; i < e->args.n; i++)
		if (!tw_expr_eval(s, e->args.v[i], &items[i]))
			return false;
	*to = (struct tw_expr_value){
		.type = TW_EXPR_LIST, .items = items, .n = e->args.n};
	return true;
}

/* Keys are texts, one after the other their values. */
static bool mapped(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	size_t n = e->args.n / 2;
	struct tw_expr_value *items =
		tw_new_array(s->arena, n + 1, struct tw_expr_value);
	struct tw_expr_value *keys =
		tw_new_array(s->arena, n + 1, struct tw_expr_value);

	for (size_t i = 0; i < n; i++)
		if (!tw_expr_want(
			    s, e->args.v[2 * i], TW_EXPR_TEXT, &keys[i]) ||
			!tw_expr_eval(s, e->args.v[2 * i + 1], &items[i]))
			return false;
	*to = (struct tw_expr_value){
		.type = TW_EXPR_MAP, .items = items, .keys = keys, .n = n};
	return true;
}

bool tw_expr_eval(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
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
			return tw_expr_fails(s, "# stands outside of {...}");
		*to = *s->item;
		return true;
	case TW_EXPR_ARRAY:
		return listed(s, e, to);
	case TW_EXPR_OBJECT:
		return mapped(s, e, to);
	case TW_EXPR_UNARY:
		return unary(s, e, to);
	case TW_EXPR_BINARY:
		return binary(s, e, to);
	case TW_EXPR_CHOICE:
		return tw_expr_want(s, e->args.v[0], TW_EXPR_BOOL, to) &&
		       tw_expr_eval(s, e->args.v[to->truth ? 1 : 2], to);
	case TW_EXPR_CALL:
		return tw_expr_call(s, e, to);
	}
	return false;
}

bool tw_expr_evaluate(const struct tw_expr *expr,
	const struct tw_expr_value *result, struct tw_arena *arena,
	struct tw_expr_value *to, const char **why)
{
	struct tw_expr_scope s = {.result = result, .arena = arena};
	bool done = tw_expr_eval(&s, expr, to);

	*why = s.why ? s.why : "";
	return done;
}
