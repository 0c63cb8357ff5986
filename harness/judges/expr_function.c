/* The functions of a condition. */
#include "harness/judges/expr_eval.h"

#include "twins/base/units.h"

#include <math.h>
#include <string.h>

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
	FIND,
	AS_INT,
	AS_FLOAT,
	IS_NAN,
	IS_INF,
	IS_NIL,
	DEFAULT,
	FIRST,
	LAST,
	MEAN,
	MEDIAN,
	KEYS,
	VALUES,
	LOWER,
	UPPER,
	TRIM
};

static const char *const functions[] = {"len", "abs", "ceil", "floor", "round",
	"min", "max", "sum", "int", "float", "string", "all", "any", "none",
	"one", "filter", "map", "count", "find", "asInt", "asFloat", "isNaN",
	"isInf", "isNil", "default", "first", "last", "mean", "median", "keys",
	"values", "lower", "upper", "trim"};

bool tw_expr_takes_predicate(int function)
{
	return function >= ALL && function <= FIND;
}

int tw_expr_function(const char *name)
{
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (!strcmp(functions[i], name))
			return (int)i;
	return -1;
}

/* A text has to be a whole number where one is wanted (strconv.ParseInt). */
static bool parse_number(struct tw_str text, bool whole, double *to)
{
	int64_t v;

	if (!whole)
		return tw_parse_real(text, to);
	if (!tw_parse_int(text, &v))
		return false;
	*to = (double)v;
	return true;
}

static bool as_number(struct tw_expr_scope *s, const struct tw_expr *e,
	bool whole, struct tw_expr_value *to)
{
	struct tw_expr_value v;

	if (!tw_expr_eval(s, e, &v))
		return false;
	if (v.type == TW_EXPR_TEXT && parse_number(v.text, whole, &v.number))
		v.type = TW_EXPR_NUMBER;
	if (v.type != TW_EXPR_NUMBER)
		return tw_expr_fails(s, "that is no number");
	if (whole)
		v.number = trunc(v.number);
	*to = tw_expr_number(v.number);
	return true;
}

/* min, max, sum: of a list, or of the arguments. */
static bool folded(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	struct tw_expr_value list, v;
	bool one = e->args.n == 1;
	size_t n;

	if (one && !tw_expr_want(s, e->args.v[0], TW_EXPR_LIST, &list))
		return false;
	n = one ? list.n : e->args.n;
	if (!n && e->function != SUM)
		return tw_expr_fails(
			s, "there is no least or largest of nothing");
	*to = tw_expr_number(0);
	for (size_t i = 0; i < n; i++) {
		if (one)
			v = list.items[i];
		else if (!tw_expr_eval(s, e->args.v[i], &v))
			return false;
		if (v.type != TW_EXPR_NUMBER)
			return tw_expr_fails(s, "that is no number");
		if (e->function == SUM)
			to->number += v.number;
		else if (!i || (e->function == MIN ? v.number < to->number
						   : v.number > to->number))
			to->number = v.number;
	}
	return true;
}

/* all, any, none, one, count, filter, map: over each item as #. */
static bool over_items(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	const struct tw_expr_value *outer = s->item;
	struct tw_expr_value list, v, *kept;
	size_t yes = 0;

	if (e->args.n != 2)
		return tw_expr_fails(s, "it wants a list and {...}");
	if (!tw_expr_want(s, e->args.v[0], TW_EXPR_LIST, &list))
		return false;
	kept = tw_new_array(s->arena, list.n + 1, struct tw_expr_value);
	for (size_t i = 0; i < list.n; i++) {
		s->item = &list.items[i];
		if (e->function == MAP
				? !tw_expr_eval(s, e->args.v[1], &kept[i])
				: !tw_expr_want(
					  s, e->args.v[1], TW_EXPR_BOOL, &v)) {
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
		*to = tw_expr_number((double)yes);
	else if (e->function == FIND)
		*to = yes ? kept[0]
			  : (struct tw_expr_value){.type = TW_EXPR_NIL};
	else
		*to = tw_expr_truth(e->function == ALL	  ? yes == list.n
				    : e->function == ANY  ? yes > 0
				    : e->function == NONE ? !yes
							  : yes == 1);
	return true;
}

static bool default_of(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	if (e->args.n != 2)
		return tw_expr_fails(
			s, "default() wants a value and another for nil");
	return tw_expr_eval(s, e->args.v[0], to) &&
	       (to->type != TW_EXPR_NIL || tw_expr_eval(s, e->args.v[1], to));
}

static bool rounded(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	double v;

	if (!tw_expr_want(s, e->args.v[0], TW_EXPR_NUMBER, to))
		return false;
	v = to->number;
	to->number = e->function == ABS	    ? (v < 0 ? -v : v)
		     : e->function == CEIL  ? ceil(v)
		     : e->function == FLOOR ? floor(v)
					    : round(v);
	return true;
}

static bool asked(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	struct tw_expr_value v;

	if (!tw_expr_eval(s, e->args.v[0], &v))
		return false;
	if (e->function == IS_NIL)
		*to = tw_expr_truth(v.type == TW_EXPR_NIL);
	else if (v.type != TW_EXPR_NUMBER)
		return tw_expr_fails(s, "that is no number");
	else if (e->function == IS_NAN)
		*to = tw_expr_truth(v.number != v.number);
	else
		*to = tw_expr_truth(
			v.number == v.number && v.number - v.number != 0);
	return true;
}

static bool length_of(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	struct tw_expr_value v;

	if (!tw_expr_eval(s, e->args.v[0], &v))
		return false;
	if (v.type != TW_EXPR_LIST && v.type != TW_EXPR_TEXT &&
		v.type != TW_EXPR_MAP)
		return tw_expr_fails(s, "len() wants a list, a map or text");
	*to = tw_expr_number((double)(v.type == TW_EXPR_TEXT ? v.text.n : v.n));
	return true;
}

static bool text_of(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	char text[TW_REAL_TEXT];

	if (!tw_expr_eval(s, e->args.v[0], to))
		return false;
	if (to->type == TW_EXPR_NUMBER)
		to->text = tw_str_of(tw_arena_strdup(
			s->arena, tw_real_text(to->number, text)));
	else if (to->type == TW_EXPR_BOOL)
		to->text = tw_str_of(to->truth ? "true" : "false");
	else if (to->type == TW_EXPR_NIL)
		to->text = tw_str_of("nil");
	else if (to->type == TW_EXPR_LIST || to->type == TW_EXPR_MAP)
		return tw_expr_fails(s, "a list is no text");
	to->type = TW_EXPR_TEXT;
	return true;
}

/* first and last of nothing are nil. */
static bool end_of(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	struct tw_expr_value list;

	if (!tw_expr_want(s, e->args.v[0], TW_EXPR_LIST, &list))
		return false;
	if (list.n)
		*to = list.items[e->function == FIRST ? 0 : list.n - 1];
	return true;
}

static bool middle_of(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	struct tw_expr_value list;
	double *v, sum = 0;

	if (!tw_expr_want(s, e->args.v[0], TW_EXPR_LIST, &list))
		return false;
	v = tw_new_array(s->arena, list.n + 1, double);
	for (size_t i = 0; i < list.n; i++) {
		size_t k = i;

		if (list.items[i].type != TW_EXPR_NUMBER)
			return tw_expr_fails(s, "that is no number");
		sum += list.items[i].number;
		for (; k && v[k - 1] > list.items[i].number; k--)
			v[k] = v[k - 1];
		v[k] = list.items[i].number;
	}
	if (!list.n)
		*to = tw_expr_number(0);
	else if (e->function == MEAN)
		*to = tw_expr_number(sum / (double)list.n);
	else
		*to = tw_expr_number((v[(list.n - 1) / 2] + v[list.n / 2]) / 2);
	return true;
}

static bool parts_of(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	struct tw_expr_value map;

	if (!tw_expr_want(s, e->args.v[0], TW_EXPR_MAP, &map))
		return false;
	*to = (struct tw_expr_value){.type = TW_EXPR_LIST,
		.items = e->function == KEYS ? map.keys : map.items,
		.n = map.n};
	return true;
}

static bool letters_of(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	char *p;

	if (!tw_expr_want(s, e->args.v[0], TW_EXPR_TEXT, to))
		return false;
	if (e->function == TRIM) {
		to->text = tw_str_trim(to->text);
		return true;
	}
	p = tw_arena_strndup(s->arena, to->text.p, to->text.n);
	for (size_t i = 0; i < to->text.n; i++) {
		bool lower = p[i] >= 'a' && p[i] <= 'z';
		bool upper = p[i] >= 'A' && p[i] <= 'Z';

		if (e->function == LOWER ? upper : lower)
			p[i] ^= 0x20;
	}
	to->text.p = p;
	return true;
}

bool tw_expr_call(struct tw_expr_scope *s, const struct tw_expr *e,
	struct tw_expr_value *to)
{
	if (tw_expr_takes_predicate(e->function))
		return over_items(s, e, to);
	if (e->function == DEFAULT)
		return default_of(s, e, to);
	if (e->function == MIN || e->function == MAX || e->function == SUM)
		return folded(s, e, to);
	if (e->args.n != 1)
		return tw_expr_fails(
			s, tw_arena_printf(
				   s->arena, "%s() wants one value", e->name));
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
	case FIRST:
	case LAST:
		return end_of(s, e, to);
	case MEAN:
	case MEDIAN:
		return middle_of(s, e, to);
	case KEYS:
	case VALUES:
		return parts_of(s, e, to);
	case LOWER:
	case UPPER:
	case TRIM:
		return letters_of(s, e, to);
	default:
		return rounded(s, e, to);
	}
}
