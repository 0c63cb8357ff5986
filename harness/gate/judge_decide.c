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
		"at most", "less than", "at least", "more than", "within"};
	const char *sign = signs[j->check->compare];
	char value[TW_VALUE_TEXT], difference[TW_VALUE_TEXT];

	tw_value_text(j->unit, g->limit, value);
	if (!j->relative)
		return tw_arena_printf(j->arena, "%s %s", sign, value);
	tw_difference_text(j->unit, g->limit - g->baseline, difference);
	if (j->check->compare == TW_WITHIN)
		return tw_arena_printf(j->arena, "within %s of %s",
			tw_difference_text(j->unit, g->margin, difference) + 1,
			tw_value_text(j->unit, g->baseline, value));
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

/* So few events that their number is all there is to go by. */
static void decide_sparse(struct tw_judging *j)
{
	struct tw_group *g = j->group;
	uint64_t calls = g->candidate_calls;
	char more[TW_VALUE_TEXT];
	const char *advice = "more than 1000 runs would be needed: replay more "
			     "traffic, allow more, or group by fewer labels";

	g->calls_needed = 0;
	if (g->more_runs > TW_RUNS_CAP) {
		g->more_runs = 0;
	} else {
		g->calls_needed = calls + calls / j->valid * g->more_runs;
		advice = tw_arena_printf(j->arena,
			"%llu calls would decide it: about %zu more runs "
			"(--runs %zu), or that much more traffic",
			(unsigned long long)g->calls_needed, g->more_runs,
			g->more_runs + j->candidate.n);
	}
	tw_decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_FEW_SAMPLES,
		tw_arena_printf(j->arena,
			"%s; %llu calls leave room for %s more than allowed; "
			"must be %s",
			figures_text(j), (unsigned long long)calls,
			tw_value_text(j->unit, g->excess_high, more),
			allowed_text(j)),
		advice);
}

/* The baseline differs from itself by more than is allowed, and so would this
 * comparison: whatever it said would be luck. */
static bool is_below_noise(const struct tw_judging *j)
{
	const struct tw_group *g = j->group;
	double half = (g->excess_high - g->excess_low) / 2;

	return g->has_noise && g->margin > 0 && g->noise > g->margin &&
	       half > g->margin;
}

static void decide_below_noise(struct tw_judging *j)
{
	struct tw_group *g = j->group;
	double half = (g->excess_high - g->excess_low) / 2;
	double least = half < g->noise ? half : g->noise;
	double runs =
		(double)j->valid * (least / g->margin) * (least / g->margin);
	char noise[TW_VALUE_TEXT], margin[TW_VALUE_TEXT], room[TW_VALUE_TEXT];

	if (g->more_runs > TW_RUNS_CAP)
		g->more_runs = 0;
	else if (g->more_runs)
		runs = (double)(j->valid + g->more_runs);
	tw_difference_text(j->unit, least, room);
	tw_decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_BELOW_NOISE,
		tw_arena_printf(j->arena,
			"%s; the margin (%s) is below the noise: two sets of "
			"%zu runs of the baseline differ by up to %s",
			figures_text(j),
			tw_difference_text(j->unit, g->margin, margin),
			j->valid, tw_difference_text(j->unit, g->noise, noise)),
		runs > TW_RUNS_CAP
			? tw_arena_printf(j->arena,
				  "allow at least %s, or make more than %d "
				  "runs",
				  room, TW_RUNS_CAP)
			: tw_arena_printf(j->arena,
				  "allow at least %s, or make about %.0f runs "
				  "(--runs %.0f)",
				  room, tw_ceil(runs), tw_ceil(runs)));
}

/* Beyond a limit of its own, and yet no further from the baseline than runs of
 * the baseline are from each other: that is no change. */
static bool is_own_distance(const struct tw_judging *j)
{
	double *further;
	bool within;

	if ((j->check->aggregate != TW_AGG_DISTANCE &&
		    j->check->aggregate != TW_AGG_KS) ||
		j->relative || j->baseline.n < 2 ||
		!(j->group->baseline > j->group->limit))
		return false;
	further = tw_new_array(j->arena, j->valid, double);
	for (size_t i = 0; i < j->valid; i++)
		further[i] = j->difference[i] - j->kept[i];
	within = tw_interval_of(further, j->valid, j->confidence).low <= 0;
	return within;
}

static void decide_own_distance(struct tw_judging *j)
{
	char own[TW_VALUE_TEXT];

	tw_value_text(j->unit, j->group->baseline, own);
	tw_decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_BELOW_NOISE,
		tw_arena_printf(j->arena,
			"%s; two runs of the baseline itself are %s apart",
			why_text(j, "must be"), own),
		tw_arena_printf(j->arena,
			"allow more than %s, or what the baseline's runs "
			"differ by: `<= baseline + ...`",
			own));
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

/* Each run took the same times on both sides, to the nanosecond. */
static bool is_untouched(const struct tw_judging *j)
{
	bool same = true;

	for (size_t i = 0; same && i < j->n; i++) {
		struct tw_histogram b = {0}, c = {0};

		tw_measure_latency(j->check, j->key, j->baseline, i, &b);
		tw_measure_latency(j->check, j->key, j->candidate, i, &c);
		same = b.count == c.count && b.sum == c.sum && b.min == c.min &&
		       b.max == c.max;
		tw_histogram_release(&b);
		tw_histogram_release(&c);
	}
	return same;
}

bool tw_passes_as_equal(const struct tw_judging *j)
{
	const struct tw_group *g = j->group;

	if (!j->identical || !j->relative)
		return false;
	for (size_t k = 0; k < tw_judge_lines(j->check); k++)
		for (size_t i = 0; i < j->valid; i++)
			if (j->excess[k][i] > 0 ||
				(!(j->excess[k][i] < 0) &&
					(j->check->compare == TW_LT ||
						j->check->compare == TW_GT)))
				return false;
	/* Nothing failed, in so few calls that a rise beyond the margin would
	 * not have shown: of use only where the change does not reach these
	 * calls at all. Without a margin there is no rise to be seen. */
	return !(j->sparse && g->margin > 0 && g->excess_high > 0) ||
	       j->options->same_system || is_untouched(j);
}

void tw_decide_by_interval(struct tw_judging *j)
{
	struct tw_group *g = j->group;
	bool strict = j->check->compare == TW_LT || j->check->compare == TW_GT;
	bool fails = strict ? g->excess_low >= 0 : g->excess_low > 0;
	bool passes = strict ? g->excess_high < 0 : g->excess_high <= 0;

	/* The same in every run is not better, however few they are. */
	fails |= strict && j->identical && g->excess >= 0;

	if (fails && j->valid > 1 && is_own_distance(j))
		decide_own_distance(j);
	else if (fails && j->valid > 1)
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
	else if (j->sparse)
		decide_sparse(j);
	else if (is_below_noise(j))
		decide_below_noise(j);
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
