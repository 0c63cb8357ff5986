/*
 * What a measure is compared with: quantities with their units, margins and
 * the limit that they make.
 */
#include "harness/gate/check_lex.h"

static bool suffixed(struct tw_str s, const char *suffix, double *value)
{
	size_t n = strlen(suffix);

	return s.n > n && !memcmp(s.p + s.n - n, suffix, n) &&
	       tw_parse_real((struct tw_str){s.p, s.n - n}, value);
}

struct tw_quantity tw_lex_quantity(struct tw_lexer *ps)
{
	struct tw_str s = tw_lex_text(ps, ps->now);
	struct tw_quantity q = {.token = ps->now};
	tw_time ns;

	if (ps->stopped || ps->now.kind != TW_TOKEN_NUMBER) {
		tw_lex_expected(ps, "a quantity (250ms, 1%, 0.1pp, 3, 100/s)");
		return q;
	}
	if (tw_parse_real(s, &q.value) || suffixed(s, "x", &q.value)) {
		q.kind = TW_Q_PLAIN;
	} else if (suffixed(s, "pp", &q.value)) {
		q.kind = TW_Q_POINTS;
		q.value /= 100;
	} else if (tw_parse_percent(s, &q.value)) {
		q.kind = TW_Q_PERCENT;
	} else if (suffixed(s, "/s", &q.value)) {
		q.kind = TW_Q_RATE;
	} else if (tw_parse_duration(s, &ns)) {
		q.kind = TW_Q_TIME;
		q.value = (double)ns;
	} else {
		tw_diag_hint(ps->diags,
			tw_lex_complain(ps, ps->now, "this is no quantity"),
			"for instance 250ms, 1.5s, 1%%, 0.1pp, 3 or 100/s");
	}
	tw_lex_next(ps);
	return q;
}

/* What a trigger is measured in shows by what it is compared with. */
static void take_unit(struct tw_check *check, const struct tw_quantity *q)
{
	if (check->metric == TW_METRIC_RECOVERS && q->kind == TW_Q_PLAIN)
		check->trigger = TW_UNIT_COUNT;
}

/* The unit that a constant of this kind of number must have. */
static void check_dimension(struct tw_lexer *ps, const struct tw_check *check,
	const struct tw_quantity *q, bool margin)
{
	struct tw_diag *diag;
	char text[TW_REAL_TEXT];

	if (q->kind == TW_Q_BAD || (q->kind == TW_Q_PLAIN && !(q->value > 0)))
		return;
	switch (tw_check_unit(check)) {
	case TW_UNIT_TIME:
		if (q->kind == TW_Q_TIME)
			return;
		diag = tw_lex_complain(ps, q->token, "this must be a duration");
		if (q->kind == TW_Q_PLAIN)
			tw_diag_hint(ps->diags, diag, "%sms? %ss?",
				tw_real_text(q->value, text), text);
		return;
	case TW_UNIT_RATIO:
		if (q->kind == TW_Q_PLAIN ||
			q->kind == (margin ? TW_Q_POINTS : TW_Q_PERCENT))
			return;
		diag = tw_lex_complain(ps, q->token,
			margin ? "this must be percentage points or a share"
			       : "this must be a percentage or a share");
		if (q->kind == TW_Q_POINTS)
			tw_diag_hint(ps->diags, diag, "%s%%",
				tw_real_text(q->value * 100, text));
		return;
	case TW_UNIT_RATE:
		if (q->kind != TW_Q_PLAIN && q->kind != TW_Q_RATE)
			tw_lex_complain(
				ps, q->token, "this must be a rate: 100/s");
		return;
	case TW_UNIT_COUNT:
		if (q->kind != TW_Q_PLAIN)
			tw_lex_complain(
				ps, q->token, "this must be a plain number");
		return;
	}
}

static void check_finite(
	struct tw_lexer *ps, struct tw_check *check, struct tw_token token)
{
	/* Beyond what any measure could reach, and within what stays exact
	 * when it is written in another unit. */
	const double most = 1e18;
	struct tw_limit *limit = &check->limit;

	if (limit->factor >= 0 && limit->factor <= most &&
		limit->floor <= most && limit->add >= -most &&
		limit->add <= most)
		return;
	tw_lex_complain(ps, token,
		limit->factor < 0 ? "less than nothing of the baseline"
				  : "too large");
	*limit = (struct tw_limit){0};
}

static void parse_factor(struct tw_lexer *ps, struct tw_check *check)
{
	struct tw_quantity q = tw_lex_quantity(ps);

	if (q.kind == TW_Q_PLAIN || q.kind == TW_Q_PERCENT)
		check->limit.factor = q.value;
	else if (q.kind != TW_Q_BAD)
		tw_lex_complain(
			ps, q.token, "a factor is a plain number, as in 1.10");
}

static void parse_margin(
	struct tw_lexer *ps, struct tw_check *check, double sign)
{
	struct tw_quantity q = tw_lex_quantity(ps);

	if (q.kind == TW_Q_PERCENT) {
		check->limit.factor += sign * q.value;
		check->limit.share += q.value;
		return;
	}
	take_unit(check, &q);
	check_dimension(ps, check, &q, true);
	check->limit.add += sign * q.value;
}

/* "max(10%, 5ms)": the larger of the two. */
static void parse_larger(
	struct tw_lexer *ps, struct tw_check *check, double sign)
{
	struct tw_quantity a, b;

	tw_lex_expect(ps, "(");
	a = tw_lex_quantity(ps);
	tw_lex_expect(ps, ",");
	b = tw_lex_quantity(ps);
	tw_lex_expect(ps, ")");
	if (ps->stopped || a.kind == TW_Q_BAD || b.kind == TW_Q_BAD)
		return;
	if (a.kind != TW_Q_PERCENT) {
		struct tw_quantity swap = a;

		a = b;
		b = swap;
	}
	if (a.kind != TW_Q_PERCENT || b.kind == TW_Q_PERCENT) {
		tw_lex_complain(ps, b.token,
			"max() takes a share of the baseline and an absolute "
			"margin, as in max(10%, 5ms)");
		return;
	}
	take_unit(check, &b);
	check_dimension(ps, check, &b, true);
	check->limit.factor += sign * a.value;
	check->limit.share = a.value;
	check->limit.floor = b.value;
}

/* "+ 10%", "+ 1ms", "+ max(10%, 1ms)": what stands after the sign. */
static void parse_allowance(
	struct tw_lexer *ps, struct tw_check *check, double sign)
{
	struct tw_token token = ps->now;

	if (!tw_lex_take(ps, "max")) {
		parse_margin(ps, check, sign);
		return;
	}
	if (check->limit.factor < 1 || check->limit.factor > 1 ||
		check->limit.add < 0 || check->limit.add > 0 ||
		check->limit.floor > 0)
		tw_lex_complain(ps, token,
			"max() stands alone: it is the whole margin");
	if ((check->compare == TW_GE || check->compare == TW_GT) == (sign > 0))
		tw_lex_complain(ps, token,
			"max() allows to be worse: `<= baseline + max()`, `>= "
			"baseline - max()`");
	parse_larger(ps, check, sign);
	if (tw_lex_is(ps, "+") || tw_lex_is(ps, "-"))
		tw_lex_complain(ps, ps->now,
			"max() stands alone: it is the whole margin");
}

/* "within 5% of baseline" */
static void parse_within(struct tw_lexer *ps, struct tw_check *check)
{
	struct tw_token start = ps->now;

	check->compare = TW_WITHIN;
	check->limit = (struct tw_limit){.baseline = true, .factor = 1};
	parse_allowance(ps, check, 1);
	while (!ps->stopped && tw_lex_take(ps, "+"))
		parse_allowance(ps, check, 1);
	tw_lex_expect(ps, "of");
	tw_lex_expect(ps, "baseline");
	start.n = ps->now.at - start.at;
	if (!ps->stopped && check->limit.factor >= 2)
		tw_lex_complain(ps, start,
			"within 100% or more: below it there is nothing left "
			"to be within");
	else if (!ps->stopped && !(check->limit.factor > 1) &&
		 !(check->limit.add > 0) && !(check->limit.floor > 0))
		tw_lex_complain(ps, start,
			"measured values are never exactly equal: say how far "
			"apart they may be");
	check_finite(ps, check, start);
}

static void parse_limit(struct tw_lexer *ps, struct tw_check *check)
{
	static const char *const words[] = {"baseline"};
	struct tw_token start = ps->now;

	if (ps->stopped)
		return;
	if (ps->now.kind == TW_TOKEN_NUMBER) {
		struct tw_quantity q = tw_lex_quantity(ps);

		if (!tw_lex_is(ps, "*")) {
			take_unit(check, &q);
			check_dimension(ps, check, &q, false);
			check->limit.add = q.value;
			check_finite(ps, check, start);
			return;
		}
		tw_lex_next(ps);
		if (q.kind != TW_Q_PLAIN && q.kind != TW_Q_PERCENT)
			tw_lex_complain(
				ps, q.token, "a factor is a plain number");
		check->limit.factor = q.value;
		tw_lex_expect(ps, "baseline");
	} else if (tw_lex_take(ps, "baseline")) {
		check->limit.factor = 1;
		if (tw_lex_take(ps, "*"))
			parse_factor(ps, check);
	} else {
		tw_lex_expected_one_of(
			ps, "a constant or 'baseline'", words, 1);
		return;
	}
	check->limit.baseline = true;
	while (!ps->stopped && (tw_lex_is(ps, "+") || tw_lex_is(ps, "-"))) {
		double sign = tw_lex_is(ps, "+") ? 1 : -1;

		tw_lex_next(ps);
		parse_allowance(ps, check, sign);
	}
	start.n = ps->now.at - start.at;
	check_finite(ps, check, start);
}

static void parse_compare(struct tw_lexer *ps, struct tw_check *check)
{
	static const char *const signs[] = {"<=", "<", ">=", ">"};
	size_t i = 0;
	struct tw_diag *diag;

	while (i < 4 && !tw_lex_take(ps, signs[i]))
		i++;
	check->compare = i < 4 ? (enum tw_compare)i : TW_LE;
	if (i < 4)
		return;
	diag = tw_lex_expected(ps, "'<=', '<', '>=', '>' or 'within'");
	if (diag && (tw_lex_is(ps, "=") || tw_lex_is(ps, "==")))
		tw_diag_hint(ps->diags, diag,
			"measured values are never exactly equal: say '<=', "
			"'>=' or 'within 5%% of baseline'");
}

void tw_check_parse_limit(struct tw_lexer *ps, struct tw_check *check)
{
	if (tw_lex_take(ps, "within")) {
		parse_within(ps, check);
		return;
	}
	parse_compare(ps, check);
	parse_limit(ps, check);
}
