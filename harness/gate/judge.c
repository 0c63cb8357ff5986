#include "harness/gate/judge.h"

#include "harness/gate/blame.h"
#include "harness/gate/stats.h"
#include "twins/base/assert.h"
#include "twins/kernel/fmath.h"

#include <stdio.h>
#include <stdlib.h>

const char *const tw_verdict_names[3] = {"pass", "inconclusive", "fail"};

const char *const tw_reason_names[TW_REASONS] = {
	[TW_REASON_WITHIN] = "within",
	[TW_REASON_IDENTICAL] = "identical",
	[TW_REASON_BEYOND] = "beyond",
	[TW_REASON_NO_RECOVERY] = "no-recovery",
	[TW_REASON_NOISE] = "noise",
	[TW_REASON_MANY] = "many-checks",
	[TW_REASON_ONE_RUN] = "one-run",
	[TW_REASON_NO_DATA] = "no-data",
	[TW_REASON_GONE] = "gone",
	[TW_REASON_NEW] = "new",
	[TW_REASON_NO_BASELINE] = "no-baseline",
	[TW_REASON_FEW_SAMPLES] = "few-samples",
	[TW_REASON_SHORT_RUN] = "short-run",
	[TW_REASON_ASSUMED] = "assumed",
};

/* A ratio rests on at least this many calls in all (judge.h). */
#define RATIO_CALLS 60

/* What is at hand for one group. */
struct judging {
	const struct tw_check *check;
	const struct tw_group_key *key;
	struct tw_runs baseline, candidate;
	const struct tw_judge_options *options;
	struct tw_arena *arena;
	struct tw_group *group;
	enum tw_unit unit;
	bool relative;

	size_t n; /* values: runs, or pools of them */
	size_t valid;
	bool short_of;	/* too few samples for a pass */
	bool identical; /* each value the same on both sides */
	size_t never;	/* runs in which the candidate never recovered ... */
	size_t unseen;	/* ... and too short to be sure of it */
	struct tw_sample *b, *c;
	double *excess, *difference;
};

static double confidence_of(const struct tw_judge_options *options)
{
	return options->confidence > 0 ? options->confidence : TW_CONFIDENCE;
}

static void decide(struct judging *j, enum tw_verdict verdict,
	enum tw_reason reason, const char *why, const char *advice)
{
	j->group->verdict = verdict;
	j->group->reason = reason;
	j->group->why = why;
	j->group->advice = advice;
}

static struct tw_sample *sample_runs(
	const struct judging *j, struct tw_runs runs, size_t pool)
{
	size_t n = runs.n / pool;
	struct tw_sample *samples =
		tw_new_array(j->arena, n + 1, struct tw_sample);

	for (size_t i = 0; i < n; i++) {
		size_t first = i * pool;

		/* The last pool takes what is left over. */
		samples[i] = tw_measure(j->check, j->key, runs, first,
			i + 1 < n ? pool : runs.n - first);
	}
	return samples;
}

static void take_samples(struct judging *j, size_t pool)
{
	j->n = j->candidate.n / pool;
	j->c = sample_runs(j, j->candidate, pool);
	j->b = j->baseline.n
		       ? sample_runs(j, j->baseline, pool)
		       : tw_new_array(j->arena, j->n + 1, struct tw_sample);
	j->group->pool = pool;
}

static void count_calls(struct judging *j)
{
	for (size_t i = 0; i < j->n; i++) {
		j->group->baseline_calls += j->b[i].calls;
		j->group->candidate_calls += j->c[i].calls;
	}
}

static bool has_fault_end(struct tw_runs runs)
{
	for (size_t i = 0; i < runs.n; i++)
		if (tw_measure_sees_end(runs.v[i]))
			return true;
	return false;
}

/* Nothing to compare: true, and the group is decided. */
static bool no_data(struct judging *j)
{
	struct tw_group *g = j->group;

	if (j->check->aggregate == TW_AGG_RECOVERY && j->candidate.n &&
		!has_fault_end(j->candidate))
		decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_DATA,
			"no fault ends within what is judged of this "
			"scenario",
			"name the scenarios that the check is for "
			"(scenarios: [...]), or let the fault end earlier");
	else if (!g->candidate_calls && !g->baseline_calls)
		decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_DATA,
			"no call matched, on either side",
			"let the traffic reach it, or mend the selectors");
	else if (!g->candidate_calls)
		decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_GONE,
			tw_arena_printf(j->arena,
				"%llu calls in the baseline, none in the "
				"candidate",
				(unsigned long long)g->baseline_calls),
			"a call was dropped, a route lost or a name changed: "
			"if meant, accept it with the next baseline");
	else if (j->relative && !j->baseline.n)
		decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_BASELINE,
			"there is no baseline to compare with",
			"give one (--baseline), or check against a constant");
	else if (j->relative && !g->baseline_calls)
		decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NEW,
			tw_arena_printf(j->arena,
				"%llu calls in the candidate, none in the "
				"baseline",
				(unsigned long long)g->candidate_calls),
			"nothing to compare with yet: add a check against a "
			"constant for it");
	else
		return false;
	return true;
}

/* Runs that are added up to one value, so that a quantile has its samples;
 * 0 where not even two pools have enough. */
static size_t pool_size(const struct judging *j, uint64_t needed)
{
	uint64_t least = UINT64_MAX;
	size_t pool;

	for (size_t i = 0; i < j->n; i++) {
		if (j->c[i].calls < least)
			least = j->c[i].calls;
		if (j->relative && j->b[i].calls < least)
			least = j->b[i].calls;
	}
	if (least >= needed)
		return 1;
	if (!least)
		return 0;
	pool = (size_t)((needed + least - 1) / least);
	return j->n / pool >= 2 ? pool : 0;
}

static void need_samples(struct judging *j)
{
	const struct tw_check *check = j->check;
	struct tw_group *g = j->group;
	uint64_t calls = g->candidate_calls;
	double limit = check->limit.add;

	if (j->relative && g->baseline_calls < calls)
		calls = g->baseline_calls;
	if (check->aggregate == TW_AGG_QUANTILE) {
		size_t pool;

		g->calls_needed = tw_samples_needed(check->quantile);
		pool = pool_size(j, g->calls_needed);
		j->short_of = !pool;
		if (pool > 1)
			take_samples(j, pool);
	} else if (check->aggregate == TW_AGG_RATIO) {
		g->calls_needed = RATIO_CALLS;
		if (!j->relative && limit > 0 && limit < 1 &&
			3 / limit > RATIO_CALLS)
			g->calls_needed = (uint64_t)(3 / limit);
		j->short_of = calls < g->calls_needed;
	}
}

static double limit_of(const struct judging *j, double baseline)
{
	const struct tw_limit *limit = &j->check->limit;

	return limit->baseline ? limit->factor * baseline + limit->add
			       : limit->add;
}

static double oriented(const struct judging *j, double excess)
{
	bool at_most = j->check->compare == TW_LE || j->check->compare == TW_LT;

	return at_most ? excess : -excess;
}

/* A pair of values into the excess; what never recovered is counted. */
static void add_pair(struct judging *j, size_t i)
{
	const struct tw_sample *b = &j->b[i], *c = &j->c[i];
	double limit;

	if (!c->present || (j->relative && !b->present))
		return;
	limit = limit_of(j, b->value);
	if (c->censored && !(j->relative && b->censored)) {
		j->never++;
		j->unseen += c->value <= limit;
	}
	if (b->present && (c->value < b->value || c->value > b->value ||
				  c->censored != b->censored))
		j->identical = false;
	j->excess[j->valid] = oriented(j, c->value - limit);
	j->difference[j->valid] = c->value - b->value;
	if (j->relative && c->censored && b->censored)
		j->excess[j->valid] = 0;
	j->valid++;
}

static void summarise(struct judging *j)
{
	struct tw_group *g = j->group;
	size_t nb = 0, nc = 0;
	double limits = 0;

	for (size_t i = 0; i < j->n; i++) {
		const struct tw_sample *b = &j->b[i], *c = &j->c[i];

		if (c->present) {
			g->candidate += c->censored ? HUGE_VAL : c->value;
			nc++;
		}
		if (b->present) {
			g->baseline += b->censored ? HUGE_VAL : b->value;
			limits += limit_of(j, b->value);
			nb++;
		}
	}
	g->has_candidate = nc > 0;
	g->has_baseline = nb > 0;
	g->candidate /= (double)(nc ? nc : 1);
	g->baseline /= (double)(nb ? nb : 1);
	g->limit = j->relative ? limits / (double)(nb ? nb : 1)
			       : j->check->limit.add;
}

static void take_intervals(struct judging *j)
{
	struct tw_group *g = j->group;
	double confidence = confidence_of(j->options);
	struct tw_interval i;
	double *shown = j->difference;

	g->runs = j->valid * g->pool;
	if (!j->valid)
		return;
	if (!j->relative) {
		/* Of the candidate itself: the excess, moved and turned. */
		for (size_t k = 0; k < j->valid; k++)
			shown[k] =
				oriented(j, j->excess[k]) + j->check->limit.add;
	}
	i = tw_interval_of(j->excess, j->valid, confidence);
	g->excess = i.mean;
	g->excess_low = i.low;
	g->excess_high = i.high;
	g->p = i.p;
	if (i.n > 1 && i.low <= 0 && i.high > 0) {
		size_t runs = tw_runs_needed(&i, confidence);

		g->more_runs = runs > TW_RUNS_CAP ? TW_RUNS_CAP + 1
						  : (runs - j->valid) * g->pool;
	}
	i = tw_interval_of(shown, j->valid, confidence);
	g->has_interval = j->valid > 1 && !j->never;
	g->low = i.low;
	g->high = i.high;
}

static const char *allowed_text(const struct judging *j)
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

static const char *figures_text(const struct judging *j)
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

static const char *why_text(const struct judging *j, const char *what)
{
	return tw_arena_printf(
		j->arena, "%s; %s %s", figures_text(j), what, allowed_text(j));
}

static void decide_never(struct judging *j)
{
	const char *count = tw_arena_printf(j->arena,
		"in %zu of %zu runs it never held again after the fault",
		j->never, j->valid);

	if (j->unseen == j->never)
		decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_SHORT_RUN,
			tw_arena_printf(j->arena,
				"%s, but these ended before the limit", count),
			"let the traffic go on longer after the fault");
	else
		decide(j, TW_VERDICT_FAIL, TW_REASON_NO_RECOVERY, count, NULL);
	j->group->p = 0;
}

static const char *samples_text(const struct judging *j)
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

static void decide_noise(struct judging *j)
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
	decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NOISE,
		why_text(j, "too noisy to say whether it is"), advice);
}

/* With equal values on both sides the candidate is within any limit that the
 * baseline itself would meet. */
static bool passes_as_equal(const struct judging *j)
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

static void decide_by_interval(struct judging *j)
{
	struct tw_group *g = j->group;
	bool strict = j->check->compare == TW_LT || j->check->compare == TW_GT;
	bool fails = strict ? g->excess_low >= 0 : g->excess_low > 0;
	bool passes = strict ? g->excess_high < 0 : g->excess_high <= 0;

	if (fails && j->valid > 1)
		decide(j, TW_VERDICT_FAIL, TW_REASON_BEYOND,
			why_text(j, "must be"), NULL);
	else if (j->short_of)
		decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_FEW_SAMPLES,
			samples_text(j),
			"replay more traffic (loop, a longer capture), make "
			"more runs, or check a lower quantile or fewer labels");
	else if (j->valid < 2)
		decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_ONE_RUN,
			why_text(j,
				"one run says nothing about the next; to be"),
			"make at least two runs (--runs 8)");
	else if (passes)
		decide(j, TW_VERDICT_PASS, TW_REASON_WITHIN,
			why_text(j, "must be"), NULL);
	else
		decide_noise(j);
}

static void copy_key(struct judging *j)
{
	struct tw_buf title = {0};

	for (int i = 0; i < TW_LABELS; i++) {
		if (!j->key->labels[i])
			continue;
		j->group->labels[i] =
			tw_arena_strdup(j->arena, j->key->labels[i]);
		tw_buf_printf(&title, "%s%s", title.n ? ", " : "",
			i == TW_LABEL_ZONE && !j->key->labels[i][0]
				? "no zone"
				: j->key->labels[i]);
	}
	j->group->title = tw_arena_strdup(j->arena, tw_buf_text(&title));
	tw_buf_release(&title);
}

void tw_judge_group(const struct tw_check *check,
	const struct tw_group_key *key, struct tw_runs baseline,
	struct tw_runs candidate, const struct tw_judge_options *options,
	struct tw_arena *arena, struct tw_group *group)
{
	struct judging j = {
		.check = check,
		.key = key,
		.baseline = baseline,
		.candidate = candidate,
		.options = options,
		.arena = arena,
		.group = group,
		.unit = tw_check_unit(check),
		.relative = check->limit.baseline,
		.identical = baseline.n > 0,
	};

	tw_assert(!baseline.n || baseline.n == candidate.n);
	*group = (struct tw_group){.p = 1, .pool = 1};
	copy_key(&j);
	take_samples(&j, 1);
	count_calls(&j);
	if (no_data(&j)) {
		if (group->reason == TW_REASON_NEW)
			summarise(&j); /* to be shown */
		return;
	}
	need_samples(&j);
	j.excess = tw_new_array(arena, j.n, double);
	j.difference = tw_new_array(arena, j.n, double);
	for (size_t i = 0; i < j.n; i++)
		add_pair(&j, i);
	summarise(&j);
	take_intervals(&j);
	if (!j.valid)
		decide(&j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_DATA,
			"no run has calls on both sides", NULL);
	else if (j.never)
		decide_never(&j);
	else if (passes_as_equal(&j) &&
		 (options->same_system || (j.valid > 1 && !j.short_of)))
		decide(&j, TW_VERDICT_PASS, TW_REASON_IDENTICAL,
			tw_arena_printf(arena, "%s: the same in every run",
				figures_text(&j)),
			NULL);
	else
		decide_by_interval(&j);
}

static int compare_groups(const void *a, const void *b)
{
	const struct tw_group *x = *(struct tw_group *const *)a;
	const struct tw_group *y = *(struct tw_group *const *)b;

	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? 1 : -1;
	for (int i = 0; i < TW_LABELS; i++) {
		int order = x->labels[i] && y->labels[i]
				    ? strcmp(x->labels[i], y->labels[i])
				    : 0;

		if (order)
			return order;
	}
	return 0;
}

/* A selector whose value no series has: the nearest one that there is. */
static const char *suggest(const struct tw_check *check, struct tw_runs runs,
	struct tw_arena *arena)
{
	const struct tw_check *selecting = check->inner ? check->inner : check;

	for (size_t i = 0; i < selecting->selectors.n; i++) {
		const struct tw_check_selector *s = &selecting->selectors.v[i];
		TW_VEC(const char *) known = {0};
		const char *near;

		if (s->match != TW_MATCH_EQ || !runs.n)
			continue;
		for (size_t k = 0; k < runs.v[0]->cells.n; k++) {
			const struct tw_cell_key *key =
				&runs.v[0]->cells.v[k].key;
			const char *value =
				s->label == TW_LABEL_SERVICE	? key->service
				: s->label == TW_LABEL_CALLER	? key->caller
				: s->label == TW_LABEL_ENDPOINT ? key->endpoint
								: NULL;

			if (value)
				tw_vec_push(&known, value);
		}
		near = known.n ? tw_nearest(s->value, known.v, known.n) : NULL;
		if (near)
			near = strcmp(near, s->value)
				       ? tw_arena_printf(arena,
						 "did you mean %s=\"%s\"?",
						 tw_check_label_names[s->label],
						 near)
				       : NULL;
		tw_vec_release(&known);
		if (near)
			return near;
	}
	return NULL;
}

/* Failures that no baseline excuses: of a group that is new, its limit with a
 * baseline of nothing. */
static bool fails_anew(const struct tw_check *check, const struct tw_group *g)
{
	return tw_check_unit(check) == TW_UNIT_RATIO &&
	       (check->compare == TW_LE || check->compare == TW_LT) &&
	       g->candidate > check->limit.add;
}

/*
 * A group that the candidate alone has, beside others that both have: there is
 * nothing to compare it with, and that is no reason to doubt the rest. It is
 * listed as new and has no say, unless it fails more than a baseline of
 * nothing would allow.
 */
static void settle_new(struct tw_check_result *result, struct tw_arena *arena)
{
	bool others = false;

	for (size_t i = 0; i < result->groups.n; i++)
		others |= result->groups.v[i]->has_baseline &&
			  result->groups.v[i]->has_candidate;
	for (size_t i = 0; others && i < result->groups.n; i++) {
		struct tw_group *g = result->groups.v[i];

		if (g->reason != TW_REASON_NEW)
			continue;
		if (fails_anew(result->check, g)) {
			g->why = tw_arena_printf(arena,
				"%s, and it fails more than %s allows without "
				"a baseline",
				g->why, result->check->text);
			continue;
		}
		g->verdict = TW_VERDICT_PASS;
	}
}

static void worst_of_check(struct tw_check_result *result)
{
	result->verdict = TW_VERDICT_PASS;
	for (size_t i = 0; i < result->groups.n; i++)
		if (result->groups.v[i]->verdict > result->verdict)
			result->verdict = result->groups.v[i]->verdict;
	if (result->groups.n)
		qsort(result->groups.v, result->groups.n,
			sizeof *result->groups.v, compare_groups);
}

static struct tw_check_result *judge_check(const struct tw_check *check,
	struct tw_runs baseline, struct tw_runs candidate,
	const struct tw_judge_options *options, struct tw_blaming *blaming,
	struct tw_arena *arena)
{
	struct tw_check_result *result = tw_new(arena, struct tw_check_result);
	struct tw_group_keys keys = {0};
	bool matched;

	result->check = check;
	tw_measure_groups(check, baseline, arena, &keys);
	tw_measure_groups(check, candidate, arena, &keys);
	matched = keys.n > 0;
	if (!matched) {
		tw_vec_push_in(arena, &keys, (struct tw_group_key){0});
		result->suggestion = suggest(check, candidate, arena);
	}
	for (size_t i = 0; i < keys.n; i++) {
		struct tw_group *group = tw_new(arena, struct tw_group);

		tw_judge_group(check, &keys.v[i], baseline, candidate, options,
			arena, group);
		if (group->verdict != TW_VERDICT_PASS && group->has_candidate &&
			group->has_baseline)
			group->blame = tw_blame(blaming, check, &keys.v[i]);
		tw_vec_push_in(arena, &result->groups, group);
	}
	settle_new(result, arena);
	worst_of_check(result);
	return result;
}

static void worst_of_scenario(struct tw_scenario_result *result)
{
	result->verdict = TW_VERDICT_PASS;
	for (size_t i = 0; i < result->checks.n; i++)
		if (!result->checks.v[i]->check->muted &&
			result->checks.v[i]->verdict > result->verdict)
			result->verdict = result->checks.v[i]->verdict;
}

struct tw_scenario_result *tw_judge_scenario(const char *name,
	const struct tw_check *const *checks, size_t n_checks,
	struct tw_runs baseline, struct tw_runs candidate,
	const struct tw_judge_options *options, struct tw_arena *arena)
{
	struct tw_scenario_result *result =
		tw_new(arena, struct tw_scenario_result);
	struct tw_blaming *blaming =
		tw_blaming_new(baseline, candidate, options, arena);

	result->name = tw_arena_strdup(arena, name);
	result->faults = "";
	result->runs = candidate.n;
	for (size_t i = 0; i < candidate.n; i++)
		result->seconds += (double)(candidate.v[i]->duration -
					    candidate.v[i]->warmup) /
				   1e9;
	for (size_t i = 0; i < n_checks; i++)
		if (tw_check_applies(checks[i], name))
			tw_vec_push_in(arena, &result->checks,
				judge_check(checks[i], baseline, candidate,
					options, blaming, arena));
	worst_of_scenario(result);
	return result;
}

int tw_gate_status(enum tw_verdict verdict, enum tw_inconclusive_as as)
{
	static const int inconclusive[] = {
		[TW_INCONCLUSIVE_OWN] = 4,
		[TW_INCONCLUSIVE_FAIL] = 1,
		[TW_INCONCLUSIVE_PASS] = 0,
	};

	if (verdict == TW_VERDICT_INCONCLUSIVE)
		return inconclusive[as];
	return verdict == TW_VERDICT_FAIL;
}
