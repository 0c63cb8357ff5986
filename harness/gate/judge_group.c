/* From the runs of one group to its interval. */
#include "harness/gate/judging.h"

#include "harness/gate/stats.h"
#include "twins/base/assert.h"
#include "twins/kernel/fmath.h"

/* A ratio rests on at least this many calls in all (judge.h). */
#define RATIO_CALLS 60

static double confidence_of(const struct tw_judge_options *options)
{
	return options->confidence > 0 ? options->confidence : TW_CONFIDENCE;
}

static struct tw_sample *sample_runs(
	const struct tw_judging *j, struct tw_runs runs, size_t pool)
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

static void take_samples(struct tw_judging *j, size_t pool)
{
	j->n = j->candidate.n / pool;
	j->c = sample_runs(j, j->candidate, pool);
	j->b = j->baseline.n
		       ? sample_runs(j, j->baseline, pool)
		       : tw_new_array(j->arena, j->n + 1, struct tw_sample);
	j->group->pool = pool;
}

static void count_calls(struct tw_judging *j)
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
static bool no_data(struct tw_judging *j)
{
	struct tw_group *g = j->group;

	if (j->check->aggregate == TW_AGG_RECOVERY && j->candidate.n &&
		!has_fault_end(j->candidate))
		tw_decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_DATA,
			"no fault ends within what is judged of this "
			"scenario",
			"name the scenarios that the check is for "
			"(scenarios: [...]), or let the fault end earlier");
	else if (!g->candidate_calls && !g->baseline_calls)
		tw_decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_DATA,
			"no call matched, on either side",
			"let the traffic reach it, or mend the selectors");
	else if (!g->candidate_calls)
		tw_decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_GONE,
			tw_arena_printf(j->arena,
				"%llu calls in the baseline, none in the "
				"candidate",
				(unsigned long long)g->baseline_calls),
			"a call was dropped, a route lost or a name changed: "
			"if meant, accept it with the next baseline");
	else if (j->relative && !j->baseline.n)
		tw_decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_BASELINE,
			"there is no baseline to compare with",
			"give one (--baseline), or check against a constant");
	else if (j->relative && !g->baseline_calls)
		tw_decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NEW,
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
static size_t pool_size(const struct tw_judging *j, uint64_t needed)
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

static void need_samples(struct tw_judging *j)
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

static double limit_of(const struct tw_judging *j, double baseline)
{
	const struct tw_limit *limit = &j->check->limit;

	return limit->baseline ? limit->factor * baseline + limit->add
			       : limit->add;
}

static double oriented(const struct tw_judging *j, double excess)
{
	bool at_most = j->check->compare == TW_LE || j->check->compare == TW_LT;

	return at_most ? excess : -excess;
}

/* A pair of values into the excess; what never recovered is counted. */
static void add_pair(struct tw_judging *j, size_t i)
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

static void summarise(struct tw_judging *j)
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

static void take_intervals(struct tw_judging *j)
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

static void copy_key(struct tw_judging *j)
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
	struct tw_judging j = {
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
		tw_decide(&j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_DATA,
			"no run has calls on both sides", NULL);
	else if (j.never)
		tw_decide_never(&j);
	else if (tw_passes_as_equal(&j) &&
		 (options->same_system || (j.valid > 1 && !j.short_of)))
		tw_decide_equal(&j);
	else
		tw_decide_by_interval(&j);
}
