/*
 * A tree by precedence climbing (Pratt, "Top down operator precedence", POPL
 * 1973), then a walk over it.
 */
#include "harness/judges/expr_tree.h"

#include "twins/base/units.h"

#include <stdlib.h>
#include <string.h>

#define DEEPEST 200
#define LETS	8

struct parser {
	struct tw_arena *arena;
	struct tw_diags *diags;
	struct tw_pos pos;
	const char *text, *at;
	int depth;
	bool failed;
	struct named {
		const char *name;
		struct tw_expr *value;
	} lets[LETS];
	size_t n_lets;
};

static struct tw_expr *broken(struct parser *p, const char *what)
{
	struct tw_pos pos = p->pos;

	if (!p->failed) {
		pos.column += (int)(p->at - p->text);
		tw_diag(p->diags, TW_ERROR, pos, "condition: %s", what);
	}
	p->failed = true;
	return NULL;
}

static struct tw_expr *node(struct parser *p, enum tw_expr_kind kind)
{
	struct tw_expr *e = tw_new(p->arena, struct tw_expr);

	e->kind = kind;
	return e;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void skip(struct parser *p)
{
	while (is_space(*p->at))
		p->at++;
}

/* A word is not the start of a longer one. */
static bool accept(struct parser *p, const char *token)
{
	size_t n = strlen(token);

	skip(p);
	if (strncmp(p->at, token, n) != 0)
		return false;
	if (is_letter(token[0]) && (is_letter(p->at[n]) || is_digit(p->at[n])))
		return false;
	p->at += n;
	return true;
}

static struct tw_expr *expression(struct parser *p, int least);

/* ---- operands ----------------------------------------------------------- */

static struct tw_expr *number(struct parser *p)
{
	struct tw_expr *e = node(p, TW_EXPR_LITERAL);
	size_t n = strspn(p->at, "0123456789_");
	char text[64];
	size_t k = 0;

	/* 1..3 is a range. */
	if (p->at[n] == '.' && p->at[n + 1] != '.')
		n += 1 + strspn(p->at + n + 1, "0123456789_");
	if ((p->at[n] == 'e' || p->at[n] == 'E') && n)
		n += 1 + strspn(p->at + n + 1, "+-0123456789");
	if (n >= sizeof text)
		return broken(p, "a number of so many digits");
	for (size_t i = 0; i < n; i++)
		if (p->at[i] != '_')
			text[k++] = p->at[i];
	text[k] = '\0';
	e->value.type = TW_EXPR_NUMBER;
	if (!tw_parse_real((struct tw_str){text, k}, &e->value.number))
		return broken(p, "no number");
	p->at += n;
	return e;
}

static struct tw_expr *quoted(struct parser *p)
{
	struct tw_expr *e = node(p, TW_EXPR_LITERAL);
	char quote = *p->at++;
	struct tw_buf text = {0};

	while (*p->at && *p->at != quote) {
		if (*p->at == '\\' && quote != '`' && p->at[1]) {
			p->at++;
			tw_buf_add_char(&text, *p->at == 'n'   ? '\n'
					       : *p->at == 't' ? '\t'
							       : *p->at);
		} else {
			tw_buf_add_char(&text, *p->at);
		}
		p->at++;
	}
	e->value.type = TW_EXPR_TEXT;
	e->value.text = (struct tw_str){
		tw_arena_strndup(p->arena, tw_buf_text(&text), text.n), text.n};
	tw_buf_release(&text);
	if (!*p->at)
		return broken(p, "a text without its end");
	p->at++;
	return e;
}

/* Of all(), filter() ...: {...}, or as it is; not evaluated yet. */
static struct tw_expr *predicate(struct parser *p)
{
	struct tw_expr *e;

	if (!accept(p, "{"))
		return expression(p, 0);
	e = expression(p, 0);
	if (e && !accept(p, "}"))
		return broken(p, "expected }");
	return e;
}

/* Up to `end`. */
static bool arguments(struct parser *p, struct tw_expr *to, const char *end)
{
	if (accept(p, end))
		return true;
	do {
		bool asks = to->kind == TW_EXPR_CALL && to->args.n == 1 &&
			    tw_expr_takes_predicate(to->function);
		struct tw_expr *arg = asks ? predicate(p) : expression(p, 0);

		if (!arg)
			return false;
		tw_vec_push_in(p->arena, &to->args, arg);
	} while (accept(p, ","));
	if (accept(p, end))
		return true;
	broken(p, "expected , or the end of a list");
	return false;
}

static struct tw_expr *literal(struct parser *p, enum tw_expr_type type, bool v)
{
	struct tw_expr *e = node(p, TW_EXPR_LITERAL);

	e->value.type = type;
	e->value.truth = v;
	return e;
}

static struct tw_expr *name(struct parser *p)
{
	const char *from = p->at;
	struct tw_expr *e;

	if (accept(p, "true"))
		return literal(p, TW_EXPR_BOOL, true);
	if (accept(p, "false"))
		return literal(p, TW_EXPR_BOOL, false);
	if (accept(p, "nil"))
		return literal(p, TW_EXPR_NIL, false);
	if (accept(p, "result"))
		return node(p, TW_EXPR_RESULT);
	while (is_letter(*p->at) || is_digit(*p->at))
		p->at++;
	for (size_t i = p->n_lets; i > 0; i--)
		if (strlen(p->lets[i - 1].name) == (size_t)(p->at - from) &&
			!strncmp(p->lets[i - 1].name, from,
				(size_t)(p->at - from)))
			return p->lets[i - 1].value;
	e = node(p, TW_EXPR_CALL);
	e->name = tw_arena_strndup(p->arena, from, (size_t)(p->at - from));
	e->function = tw_expr_function(e->name);
	if (e->function < 0) {
		p->at = from;
		return broken(p, tw_arena_printf(p->arena,
					 "'%s' is not known here: there is "
					 "`result`, and functions",
					 e->name));
	}
	if (!accept(p, "("))
		return broken(p, "expected ( after a function");
	return arguments(p, e, ")") ? e : NULL;
}

/* {name: 1, "other": 2}: the key, then the value of each. */
static bool entries(struct parser *p, struct tw_expr *to)
{
	if (accept(p, "}"))
		return true;
	do {
		struct tw_expr *key, *value;
		const char *from;

		skip(p);
		from = p->at;
		if (*p->at == '"' || *p->at == '\'' || *p->at == '`') {
			key = quoted(p);
		} else {
			while (is_letter(*p->at) || is_digit(*p->at))
				p->at++;
			key = literal(p, TW_EXPR_TEXT, false);
			key->value.text =
				(struct tw_str){from, (size_t)(p->at - from)};
		}
		if (!key || p->at == from || !accept(p, ":")) {
			broken(p, "expected a key and : of a map");
			return false;
		}
		value = expression(p, 0);
		if (!value)
			return false;
		tw_vec_push_in(p->arena, &to->args, key);
		tw_vec_push_in(p->arena, &to->args, value);
	} while (accept(p, ","));
	if (accept(p, "}"))
		return true;
	broken(p, "expected , or }");
	return false;
}

static struct tw_expr *grouped(struct parser *p)
{
	struct tw_expr *e;

	if (accept(p, "(")) {
		e = expression(p, 0);
		if (e && !accept(p, ")"))
			return broken(p, "expected )");
		return e;
	}
	if (accept(p, "[")) {
		e = node(p, TW_EXPR_ARRAY);
		return arguments(p, e, "]") ? e : NULL;
	}
	if (accept(p, "{")) {
		e = node(p, TW_EXPR_OBJECT);
		return entries(p, e) ? e : NULL;
	}
	skip(p);
	/* .name in {...}: of the item. */
	if (p->at[0] == '.' && is_letter(p->at[1]))
		return node(p, TW_EXPR_ITEM);
	if (accept(p, "#"))
		return node(p, TW_EXPR_ITEM);
	skip(p);
	return broken(p, *p->at ? "expected a value here"
				: "it ends where a value is expected");
}

static struct tw_expr *operand(struct parser *p)
{
	skip(p);
	if (is_digit(*p->at) || (*p->at == '.' && is_digit(p->at[1])))
		return number(p);
	if (*p->at == '"' || *p->at == '\'' || *p->at == '`')
		return quoted(p);
	if (is_letter(*p->at))
		return name(p);
	return grouped(p);
}

/* ---- operators ---------------------------------------------------------- */

static struct tw_expr *two(
	struct parser *p, int op, struct tw_expr *a, struct tw_expr *b)
{
	struct tw_expr *e = node(p, TW_EXPR_BINARY);

	e->function = op;
	tw_vec_push_in(p->arena, &e->args, a);
	tw_vec_push_in(p->arena, &e->args, b);
	return e;
}

static struct tw_expr *indexed(struct parser *p, struct tw_expr *of)
{
	while (of && !p->failed) {
		struct tw_expr *at;

		if (accept(p, "[")) {
			at = expression(p, 0);
			if (!at || !accept(p, "]"))
				return broken(p, "expected ]");
			of = two(p, TW_OP_INDEX, of, at);
		} else if ((p->at[0] == '.' && is_letter(p->at[1])) ||
			   (p->at[0] == '?' && p->at[1] == '.' &&
				   is_letter(p->at[2]))) {
			bool maybe = p->at[0] == '?';
			const char *from = p->at += 1 + maybe;

			while (is_letter(*p->at) || is_digit(*p->at))
				p->at++;
			at = literal(p, TW_EXPR_TEXT, false);
			at->value.text =
				(struct tw_str){from, (size_t)(p->at - from)};
			of = two(p, maybe ? TW_OP_MAYBE : TW_OP_INDEX, of, at);
		} else {
			break;
		}
	}
	return of;
}

static struct tw_expr *prefixed(struct parser *p)
{
	static const struct {
		const char *text;
		int op;
	} signs[] = {{"not", TW_OP_NOT}, {"!", TW_OP_NOT}, {"-", TW_OP_MINUS},
		{"+", TW_OP_PLUS}};

	skip(p);
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		struct tw_expr *e, *of;

		if (!accept(p, signs[i].text))
			continue;
		of = expression(p, TW_BIND_PREFIX);
		if (!of)
			return NULL;
		e = node(p, TW_EXPR_UNARY);
		e->function = signs[i].op;
		tw_vec_push_in(p->arena, &e->args, of);
		return e;
	}
	return indexed(p, operand(p));
}

/* Longer ones first. */
static const struct {
	const char *text;
	int op, binds;
} operators[] = {
	{"||", TW_OP_OR, 2},
	{"or", TW_OP_OR, 2},
	{"&&", TW_OP_AND, 3},
	{"and", TW_OP_AND, 3},
	{"??", TW_OP_ELSE, 1},
	{"==", TW_OP_EQ, 4},
	{"!=", TW_OP_NE, 4},
	{"<=", TW_OP_LE, 4},
	{">=", TW_OP_GE, 4},
	{"<", TW_OP_LT, 4},
	{">", TW_OP_GT, 4},
	{"not in", TW_OP_NOT_IN, 4},
	{"in", TW_OP_IN, 4},
	{"contains", TW_OP_CONTAINS, 4},
	{"startsWith", TW_OP_STARTS, 4},
	{"endsWith", TW_OP_ENDS, 4},
	{"matches", TW_OP_MATCHES, 4},
	{"..", TW_OP_RANGE, 5},
	{"+", TW_OP_ADD, 6},
	{"-", TW_OP_SUB, 6},
	{"**", TW_OP_POW, 9},
	{"^", TW_OP_POW, 9},
	{"*", TW_OP_MUL, 7},
	{"/", TW_OP_DIV, 7},
	{"%", TW_OP_MOD, 7},
};

static struct tw_expr *choice(struct parser *p, struct tw_expr *condition)
{
	struct tw_expr *e = node(p, TW_EXPR_CHOICE), *a, *b;

	a = expression(p, 0);
	if (!a || !accept(p, ":"))
		return broken(p, "expected : of ?:");
	b = expression(p, 0);
	if (!b)
		return NULL;
	tw_vec_push_in(p->arena, &e->args, condition);
	tw_vec_push_in(p->arena, &e->args, a);
	tw_vec_push_in(p->arena, &e->args, b);
	return e;
}

static struct tw_expr *continued(
	struct parser *p, struct tw_expr *left, int least, bool *more)
{
	const char *from;

	skip(p);
	from = p->at;
	*more = true;
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		bool right = operators[i].op == TW_OP_POW;
		struct tw_expr *b;

		if (!accept(p, operators[i].text))
			continue;
		if (operators[i].binds < least) {
			p->at = from;
			break;
		}
		b = expression(p, operators[i].binds + !right);
		return b ? two(p, operators[i].op, left, b) : NULL;
	}
	if (p->at == from && least == 0 && accept(p, "?"))
		return choice(p, left);
	*more = false;
	return left;
}

/* Not the first half of ||. */
static bool is_pipe(struct parser *p)
{
	skip(p);
	return p->at[0] == '|' && p->at[1] != '|';
}

/* x | f(y) is f(x, y). */
static struct tw_expr *piped(struct parser *p, struct tw_expr *left)
{
	const char *from;
	struct tw_expr *e;

	p->at++;
	skip(p);
	from = p->at;
	while (is_letter(*p->at) || is_digit(*p->at))
		p->at++;
	e = node(p, TW_EXPR_CALL);
	e->name = tw_arena_strndup(p->arena, from, (size_t)(p->at - from));
	e->function = tw_expr_function(e->name);
	if (e->function < 0 || !accept(p, "("))
		return broken(p, "expected a function after |");
	tw_vec_push_in(p->arena, &e->args, left);
	return arguments(p, e, ")") ? e : NULL;
}

/* let x = ...; each before the expression proper. */
static bool lets(struct parser *p)
{
	while (accept(p, "let")) {
		struct named *to = &p->lets[p->n_lets];
		const char *from;

		if (p->n_lets == LETS)
			return broken(p, "so many names") != NULL;
		skip(p);
		from = p->at;
		while (is_letter(*p->at) || is_digit(*p->at))
			p->at++;
		to->name = tw_arena_strndup(
			p->arena, from, (size_t)(p->at - from));
		if (p->at == from || !accept(p, "="))
			return broken(p, "expected a name and = of let") !=
			       NULL;
		to->value = expression(p, 0);
		if (!to->value)
			return false;
		if (!accept(p, ";"))
			return broken(p, "expected ; after let") != NULL;
		p->n_lets++;
	}
	return true;
}

static struct tw_expr *expression(struct parser *p, int least)
{
	struct tw_expr *left = NULL;
	bool more = true;

	if (++p->depth > DEEPEST)
		broken(p, "it is nested too deeply");
	else
		left = prefixed(p);
	while (left && more && !p->failed)
		left = continued(p, left, least, &more);
	while (left && least == 0 && !p->failed && is_pipe(p))
		left = piped(p, left);
	p->depth--;
	return p->failed ? NULL : left;
}

const struct tw_expr *tw_expr_parse(struct tw_arena *arena, const char *text,
	struct tw_pos pos, struct tw_diags *diags)
{
	struct parser p = {.arena = arena,
		.diags = diags,
		.pos = pos,
		.text = text,
		.at = text};
	struct tw_expr *e = lets(&p) ? expression(&p, 0) : NULL;

	skip(&p);
	if (e && *p.at)
		return broken(&p, "what does this belong to?");
	return e;
}
