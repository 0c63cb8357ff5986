/* From the runs of one group to its interval. */
#include "harness/gate/judging.h"

#include "harness/gate/pairs.h"

#include "twins/base/assert.h"
#include "twins/kernel/fmath.h"

static struct tw_sample *sample_runs(
	const struct tw_judging *j, struct tw_runs runs)
{
	struct tw_sample *samples =
		tw_new_array(j->arena, j->n + 1, struct tw_sample);

	for (size_t i = 0; i < runs.n; i++)
		samples[i] = tw_measure(j->check, j->key, runs, i, 1);
	return samples;
}

/* Of the candidate from the baseline; beside it that of the baseline from
 * itself, the next run. */
static void take_distances(struct tw_judging *j)
{
	struct tw_runs b = j->baseline;

	j->b = tw_new_array(j->arena, j->n + 1, struct tw_sample);
	j->c = tw_new_array(j->arena, j->n + 1, struct tw_sample);
	for (size_t i = 0; i < b.n; i++) {
		j->c[i] = tw_measure_distance(
			j->check, j->key, b, i, j->candidate, i);
		if (b.n > 1)
			j->b[i] = tw_measure_distance(
				j->check, j->key, b, (i + 1) % b.n, b, i);
	}
}

/* What the candidate's calls take for one of the baseline's: of the baseline
 * itself that is 1. Its runs differ by what each is of the first one. */
static void take_shifts(struct tw_judging *j)
{
	struct tw_runs b = j->baseline;

	j->own = tw_new_array(j->arena, j->n + 1, double);
	for (size_t i = 0; i < b.n; i++) {
		struct tw_sample first =
			tw_measure_distance(j->check, j->key, b, 0, b, i);

		j->own[i] = first.present ? first.value : 1;
		j->b[i] = (struct tw_sample){.present = first.calls > 0,
			.value = 1,
			.calls = first.calls};
	}
}

static void take_samples(struct tw_judging *j)
{
	j->n = j->candidate.n;
	if (tw_check_is_distance(j->check)) {
		take_distances(j);
		if (j->check->aggregate == TW_AGG_SHIFT)
			take_shifts(j);
		return;
	}
	j->c = sample_runs(j, j->candidate);
	j->b = sample_runs(j, j->baseline);
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
	else if (tw_check_is_distance(j->check) && !j->baseline.n)
		tw_decide(j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_BASELINE,
			"there is no baseline to be apart from",
			"give one (--baseline)");
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

/* Runs that are added up so that a quantile has its samples; 0 where not even
 * two such pools have enough. */
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

	if (j->relative && g->baseline_calls < calls)
		calls = g->baseline_calls;
	if (check->aggregate == TW_AGG_QUANTILE) {
		g->calls_needed = tw_samples_needed(check->quantile);
		g->pool = pool_size(j, g->calls_needed);
		j->short_of = !g->pool;
		j->pooled = g->pool > 1;
		if (!g->pool)
			g->pool = 1;
	} else if (check->aggregate == TW_AGG_RATIO) {
		g->calls_needed = TW_RATIO_CALLS;
		j->short_of = calls < g->calls_needed;
	}
}

struct tw_line tw_judge_line(
	const struct tw_check *check, double baseline, bool lower)
{
	const struct tw_limit *limit = &check->limit;
	double size = (limit->factor - 1) * baseline + limit->add;
	struct tw_line line = {limit->factor, limit->add, 1};

	if (!limit->baseline)
		line.factor = 0;
	if (check->compare == TW_GE || check->compare == TW_GT) {
		line.sign = -1;
		if (limit->floor > 0 && -size < limit->floor)
			line = (struct tw_line){1, -limit->floor, -1};
		return line;
	}
	if (limit->floor > 0 && size < limit->floor)
		line = (struct tw_line){1, limit->floor, 1};
	if (lower)
		line = (struct tw_line){2 - line.factor, -line.add, -1};
	return line;
}

static double limit_of(const struct tw_judging *j, double baseline)
{
	struct tw_line line = tw_judge_line(j->check, baseline, false);

	return line.factor * baseline + line.add;
}

/* Quotients are as far apart as their logarithms: the mean of 1.25 and 0.8 is
 * no change. */
double tw_judge_apart(const struct tw_judging *j, double value, double limit)
{
	if (!tw_judge_is_shift(j) || !(limit > 0))
		return value - limit;
	return tw_log(value / limit);
}

/* A pair of values into the excess; what never recovered is counted. */
static void add_pair(struct tw_judging *j, size_t i)
{
	const struct tw_sample *b = &j->b[i], *c = &j->c[i];

	if (!c->present || (j->relative && !b->present))
		return;
	if (c->censored && !(j->relative && b->censored)) {
		j->never++;
		j->unseen += c->value <= limit_of(j, b->value);
	}
	if (b->present && (c->value < b->value || c->value > b->value ||
				  c->censored != b->censored))
		j->identical = false;
	for (size_t k = 0; k < tw_judge_lines(j->check); k++) {
		struct tw_line line = tw_judge_line(j->check, b->value, k);

		j->excess[k][j->valid] =
			line.sign * tw_judge_apart(j, c->value,
					    line.factor * b->value + line.add);
		if (j->relative && c->censored && b->censored)
			j->excess[k][j->valid] = 0;
	}
	j->difference[j->valid] = tw_judge_is_shift(j) ? tw_log(c->value)
				  : j->relative	       ? c->value - b->value
						       : c->value;
	j->kept[j->valid] = j->own ? j->own[i] : b->value;
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
	if (tw_judge_is_shift(j) && j->valid) {
		g->candidate = 0;
		for (size_t i = 0; i < j->valid; i++)
			g->candidate += j->difference[i] / (double)j->valid;
		g->candidate = tw_exp(g->candidate);
	}
	g->baseline /= (double)(nb ? nb : 1);
	g->limit = j->relative ? limits / (double)(nb ? nb : 1)
			       : j->check->limit.add;
	g->margin = g->limit - g->baseline;
	if (j->check->compare == TW_GE || j->check->compare == TW_GT)
		g->margin = -g->margin;
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

static double confidence_of(const struct tw_judge_options *options)
{
	double level =
		options->confidence > 0 ? options->confidence : TW_CONFIDENCE;

	return options->look.alpha > 0
		       ? 1 - 2 * tw_look_level(&options->look, (1 - level) / 2)
		       : level;
}

static void make_room(struct tw_judging *j)
{
	for (size_t k = 0; k < tw_judge_lines(j->check); k++)
		j->excess[k] = tw_new_array(j->arena, j->n, double);
	j->difference = tw_new_array(j->arena, j->n, double);
	j->kept = tw_new_array(j->arena, j->n, double);
}

void tw_judge_group(const struct tw_check *check,
	const struct tw_group_key *key, struct tw_runs baseline,
	struct tw_runs candidate, const struct tw_judge_options *options,
	struct tw_arena *arena, struct tw_group *group)
{
	struct tw_group_key own = *key;
	struct tw_judging j = {
		.check = check,
		.key = &own,
		.baseline = baseline,
		.candidate = candidate,
		.options = options,
		.arena = arena,
		.group = group,
		.unit = tw_check_unit(check),
		.relative = check->limit.baseline,
		.identical = baseline.n > 0,
		.confidence = confidence_of(options),
	};

	tw_assert(!baseline.n || baseline.n == candidate.n);
	*group = (struct tw_group){.p = 1, .pool = 1};
	own.threshold = tw_measure_threshold(check, key, baseline, candidate);
	copy_key(&j);
	take_samples(&j);
	count_calls(&j);
	if (no_data(&j)) {
		if (group->reason == TW_REASON_NEW)
			summarise(&j); /* to be shown */
		return;
	}
	need_samples(&j);
	make_room(&j);
	for (size_t i = 0; i < j.n; i++)
		add_pair(&j, i);
	summarise(&j);
	group->runs = j.valid;
	if (!j.valid) {
		tw_decide(&j, TW_VERDICT_INCONCLUSIVE, TW_REASON_NO_DATA,
			"no run has calls on both sides", NULL);
		return;
	}
	group->pairs = tw_pairs_of(check, &own, baseline, candidate, arena);
	tw_judge_intervals(&j);
	if (j.never)
		tw_decide_never(&j);
	else if (tw_passes_as_equal(&j) &&
		 (options->same_system || (j.valid > 1 && !j.short_of)))
		tw_decide_equal(&j);
	else
		tw_decide_by_interval(&j);
}
