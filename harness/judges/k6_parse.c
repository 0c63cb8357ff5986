/* One threshold: from text to what it asks, and whether a value meets it. */
#include "harness/judges/k6.h"

#include "twins/base/text.h"
#include "twins/base/units.h"

#include <string.h>

static const char *const methods[] = {
	"avg", "min", "max", "med", "p", "count", "rate", "value"};
static const char *const ops[] = {"<=", ">=", "===", "==", "!=", "<", ">"};
static const enum tw_k6_op codes[] = {
	TW_K6_LE, TW_K6_GE, TW_K6_EQ, TW_K6_EQ, TW_K6_NE, TW_K6_LT, TW_K6_GT};

/* Where it is wrong, and what should be there. */
static bool wrong(struct tw_k6_wrong *to, const char *text, const char *at,
	size_t width, const char *what)
{
	*to = (struct tw_k6_wrong){
		(size_t)(at - text), width ? width : 1, what};
	return false;
}

static const char *after_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t' || *at == '\n')
		at++;
	return at;
}

/* The number in p(...), without a blank, as k6 wants it; *at goes on behind
 * it. */
static bool percentile(
	const char *text, const char **at, double *to, struct tw_k6_wrong *why)
{
	const char *now = *at;
	size_t n;

	if (*now != '(')
		return wrong(why, text, now, 0, "a percentile is p(95)");
	now++;
	n = strspn(now, "0123456789.");
	if (!n || !tw_parse_real((struct tw_str){now, n}, to) || *to > 100)
		return wrong(why, text, now, n, "a number from 0 to 100");
	now += n;
	if (*now != ')')
		return wrong(why, text, now, 0, "')' after the percentile");
	*at = now + 1;
	return true;
}

bool tw_k6_parse(
	const char *text, struct tw_k6_threshold *to, struct tw_k6_wrong *why)
{
	const char *at = after_blanks(text);
	size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"),
	       i = 0;

	while (i < 8 && (strlen(methods[i]) != n || strncmp(methods[i], at, n)))
		i++;
	if (i == 8)
		return wrong(why, text, at, n,
			"a method: avg, min, max, med, p(N), count, rate or "
			"value");
	to->method = (enum tw_k6_method)i;
	at += n;
	if (to->method == TW_K6_P && !percentile(text, &at, &to->p, why))
		return false;
	at = after_blanks(at);
	for (i = 0; i < 7 && strncmp(at, ops[i], strlen(ops[i])); i++)
		;
	if (i == 7)
		return wrong(why, text, at, 0,
			"an operator: <, <=, >, >=, ==, === or !=");
	to->op = codes[i];
	at = after_blanks(at + strlen(ops[i]));
	n = strspn(at, "+-.0123456789eE");
	if (!n || !tw_parse_real((struct tw_str){at, n}, &to->limit))
		return wrong(why, text, at, n, "a number");
	at = after_blanks(at + n);
	if (*at)
		return wrong(why, text, at, strlen(at),
			"the end: a number has no unit here, and one "
			"threshold asks one thing");
	return true;
}

bool tw_k6_holds(const struct tw_k6_threshold *t, double value)
{
	switch (t->op) {
	case TW_K6_LT:
		return value < t->limit;
	case TW_K6_LE:
		return value <= t->limit;
	case TW_K6_GT:
		return value > t->limit;
	case TW_K6_GE:
		return value >= t->limit;
	case TW_K6_EQ:
		return value == t->limit;
	case TW_K6_NE:
		return value != t->limit;
	}
	return false;
}
