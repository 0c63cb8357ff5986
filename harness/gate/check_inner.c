/*
 * Measures of slices of a run: with a check in them that holds or does not in
 * each slice, or with an objective.
 */
#include "harness/gate/check_lex.h"

static void wrong(struct tw_lexer *ps, const struct tw_check *check,
	struct tw_token inner, const char *what)
{
	tw_diag(ps->diags, TW_ERROR, tw_lex_pos(ps, inner.at, inner.n),
		"%s() %s", tw_metric_names[check->metric], what);
	ps->failed = true;
}

/* What slices cannot tell. */
static void refuse_inner(struct tw_lexer *ps, const struct tw_check *check,
	struct tw_token inner)
{
	const struct tw_check *it = check->inner;

	if (it->limit.baseline)
		wrong(ps, check, inner,
			check->aggregate == TW_AGG_TIME
				? "needs a constant in it"
				: "needs a constant in it: what counts as "
				  "recovered");
	if (it->aggregate == TW_AGG_QUANTILE)
		wrong(ps, check, inner,
			"knows no quantiles: slices keep mean and "
			"max(latency) only");
	if (it->aggregate == TW_AGG_COUNT || it->aggregate == TW_AGG_DISTANCE ||
		it->aggregate == TW_AGG_KS || it->aggregate == TW_AGG_SHIFT)
		wrong(ps, check, inner,
			"takes mean, max, ratio, rate, utilization or "
			"throttled");
	if (it->aggregate == TW_AGG_RATIO && it->metric != TW_METRIC_ERRORS &&
		it->metric != TW_METRIC_TIMEOUTS)
		wrong(ps, check, inner,
			"knows errors and timeouts alone of the ratios: slices "
			"keep these");
}

void tw_check_parse_inner(struct tw_lexer *ps, struct tw_check *check)
{
	struct tw_token start;

	check->metric = check->aggregate == TW_AGG_RECOVERS ? TW_METRIC_RECOVERS
			: check->aggregate == TW_AGG_TIME   ? TW_METRIC_TIME
							  : TW_METRIC_RECOVERY;
	tw_lex_expect(ps, "(");
	start = ps->now;
	if (check->aggregate == TW_AGG_RECOVERS && tw_lex_take(ps, ")"))
		return;
	if (tw_lex_is(ps, "recovery_time") || tw_lex_is(ps, "recovers")) {
		tw_lex_expected(
			ps, "a check that is not about recovery itself");
		return;
	}
	if (tw_lex_is(ps, "time") || tw_lex_is(ps, "burn_rate")) {
		tw_lex_expected(ps, "a check of one slice of time");
		return;
	}
	check->inner = tw_new(ps->arena, struct tw_check);
	tw_check_parse_whole(ps, check->inner);
	if (ps->stopped)
		return;
	start.n = ps->now.at - start.at;
	refuse_inner(ps, check, start);
	if (check->aggregate == TW_AGG_RECOVERS)
		tw_check_write(check->inner, ps->arena);
	for (int i = 0; i < TW_LABELS; i++)
		if (check->inner->by[i]) {
			check->inner->by[i] = false;
			check->by[i] = true;
		}
	tw_lex_expect(ps, ")");
}

static void parse_objective(struct tw_lexer *ps, struct tw_check *check)
{
	struct tw_quantity q = tw_lex_quantity(ps);

	check->objective = q.value;
	if (!ps->stopped && q.kind != TW_Q_BAD &&
		((q.kind != TW_Q_PERCENT && q.kind != TW_Q_PLAIN) ||
			q.value <= 0 || q.value >= 1))
		tw_lex_complain(ps, q.token,
			"an objective is a share below 100%, such as 99.9%");
}

static void parse_window(struct tw_lexer *ps, struct tw_check *check)
{
	struct tw_quantity q = tw_lex_quantity(ps);

	check->span = q.value;
	if (!ps->stopped && q.kind != TW_Q_BAD &&
		(q.kind != TW_Q_TIME || q.value < 1e9))
		tw_lex_complain(ps, q.token,
			"a window is a time of a second or more, such as 60s");
}

/* "burn_rate(errors{...}, 99.9%, 60s)" */
void tw_check_parse_burn(struct tw_lexer *ps, struct tw_check *check)
{
	static const char *const metrics[] = {"errors", "timeouts"};
	int metric;

	tw_lex_expect(ps, "(");
	metric = tw_lex_word(ps, metrics, 2);
	if (metric < 0) {
		tw_lex_expected_one_of(ps,
			"what burns the budget: errors or timeouts", metrics,
			2);
		return;
	}
	check->metric = metric ? TW_METRIC_TIMEOUTS : TW_METRIC_ERRORS;
	tw_check_parse_selectors(ps, check);
	tw_check_parse_by(ps, check);
	tw_lex_expect(ps, ",");
	parse_objective(ps, check);
	if (tw_lex_take(ps, ","))
		parse_window(ps, check);
	tw_lex_expect(ps, ")");
}
