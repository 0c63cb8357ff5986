/* From the interval of a group to its verdict, with words for both. */
#include "harness/gate/judging.h"

#include "harness/gate/stats.h"
#include "twins/kernel/fmath.h"

#include <stdio.h>

void tw_decide(struct tw_judging *j, enum tw_verdict verdict,
	enum tw_reason reason, const char *why, const char *advice)
{
	j->group->verdict = verdict;
	j->group->reason = reason;
	j->group->why = why;
	j->group->advice = advice;
}

static const char *allowed_text(const struct tw_judging *j)
{
	const struct tw_group *g = j->group;
	static const char *const signs[] = {
		"at most", "less than", "at least", "more than"};
	const char *sign = signs[j->check->compare];
	char value[TW_VALUE_TEXT], difference[TW_VALUE_TEXT];

	tw_value_text(j->unit, g->limit, value);
	if (!j->relative)
		return tw_arena_printf(j->arena, "%s %s", sign, value);
	tw_difference_text(j->unit, g->limit - g->baseline, difference);
	return tw_arena_printf(j->arena, "%s %s (%s)", sign, value, difference);
}

static const char *figures_text(const struct tw_judging *j)
{
	const struct tw_group *g = j->group;
	char b[TW_VALUE_TEXT], c[TW_VALUE_TEXT], d[TW_VALUE_TEXT];
	char low[TW_VALUE_TEXT], high[TW_VALUE_TEXT];
	const char *interval = "";
	bool of_difference = j->relative;

	if (g->has_interval && g->high > g->low) {
		char *(*text)(enum tw_unit, double, char *) =
			of_difference ? tw_difference_text : tw_value_text;

		interval = tw_arena_printf(j->arena, " [%s, %s]",
			text(j->unit, g->low, low),
			text(j->unit, g->high, high));
	}
	tw_value_text(j->unit, g->candidate, c);
	if (!of_difference)
		return tw_arena_printf(j->arena, "%s%s", c, interval);
	tw_value_text(j->unit, g->baseline, b);
	if (g->candidate < HUGE_VAL && g->baseline < HUGE_VAL)
		tw_difference_text(j->unit, g->candidate - g->baseline, d);
	else
		snprintf(d, sizeof d, "-");
	return tw_arena_printf(j->arena, "%s, was %s: %s%s", c, b, d, interval);
}

static const char *why_text(const struct tw_judging *j, const char *what)
{
	return tw_arena_printf(
		j->arena, "%s; %s %s", figures_text(j), what, allowed_text(j));
}

void tw_decide_never(struct tw_judging *j)
{
	const char *count = tw_arena_printf(j->arena,
		"in %zu of %zu runs it never held again after the fault",
		j->never, j->valid);

	if (j->unseen == j->never)
		tw_decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_SHORT_RUN,
			tw_arena_printf(j->arena,
				"%s, but these ended before the limit", count),
			"let the traffic go on longer after the fault");
	else
		tw_decide(
			j, TW_VERDICT_FAIL, TW_REASON_NO_RECOVERY, count, NULL);
	j->group->p = 0;
}

static const char *samples_text(const struct tw_judging *j)
{
	const struct tw_group *g = j->group;

	return tw_arena_printf(j->arena,
		j->check->aggregate == TW_AGG_QUANTILE
			? "%s; too few calls to know this quantile (%llu; "
			  "%llu are needed in each of two runs or pools)"
			: "%s; too few calls (%llu; %llu are needed)",
		figures_text(j),
		(unsigned long long)(j->relative && g->baseline_calls <
							     g->candidate_calls
					     ? g->baseline_calls
					     : g->candidate_calls),
		(unsigned long long)g->calls_needed);
}

static void decide_noise(struct tw_judging *j)
{
	struct tw_group *g = j->group;
	const char *advice;

	if (g->more_runs > TW_RUNS_CAP) {
		g->more_runs = 0;
		advice = "more than 1000 runs would be needed: the candidate "
			 "sits right at the limit";
	} else {
		advice = tw_arena_printf(j->arena,
			"about %zu more runs would decide it (--runs %zu)",
			g->more_runs, g->more_runs + j->candidate.n);
	}
	tw_decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NOISE,
		why_text(j, "too noisy to say whether it is"), advice);
}

bool tw_passes_as_equal(const struct tw_judging *j)
{
	if (!j->identical || !j->relative)
		return false;
	for (size_t i = 0; i < j->valid; i++)
		if (j->excess[i] > 0 ||
			(!(j->excess[i] < 0) &&
				(j->check->compare == TW_LT ||
					j->check->compare == TW_GT)))
			return false;
	return true;
}

void tw_decide_by_interval(struct tw_judging *j)
{
	struct tw_group *g = j->group;
	bool strict = j->check->compare == TW_LT || j->check->compare == TW_GT;
	bool fails = strict ? g->excess_low >= 0 : g->excess_low > 0;
	bool passes = strict ? g->excess_high < 0 : g->excess_high <= 0;

	if (fails && j->valid > 1)
		tw_decide(j, TW_VERDICT_FAIL, TW_REASON_BEYOND,
			why_text(j, "must be"), NULL);
	else if (j->short_of)
		tw_decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_FEW_SAMPLES,
			samples_text(j),
			"replay more traffic (loop, a longer capture), make "
			"more runs, or check a lower quantile or fewer labels");
	else if (j->valid < 2)
		tw_decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_ONE_RUN,
			why_text(j,
				"one run says nothing about the next; to be"),
			"make at least two runs (--runs 8)");
	else if (passes)
		tw_decide(j, TW_VERDICT_PASS, TW_REASON_WITHIN,
			why_text(j, "must be"), NULL);
	else
		decide_noise(j);
}

void tw_decide_equal(struct tw_judging *j)
{
	tw_decide(j, TW_VERDICT_PASS, TW_REASON_IDENTICAL,
		tw_arena_printf(
			j->arena, "%s: the same in every run", figures_text(j)),
		NULL);
}
