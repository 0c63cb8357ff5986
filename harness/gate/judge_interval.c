/* From the values of a group to intervals, noise and power. */
#include "harness/gate/judging.h"

#include "harness/gate/rates.h"
#include "twins/base/assert.h"
#include "twins/kernel/fmath.h"

/* "Would have caught" means: 9 times in 10. */
#define POWER 0.9

static double alpha_of(const struct tw_judging *j)
{
	return (1 - j->confidence) / 2;
}

/* Events of a ratio on one side, in all runs. */
static struct tw_rate events(const struct tw_sample *samples, size_t n)
{
	struct tw_rate rate = {0};

	for (size_t i = 0; i < n; i++) {
		rate.x += samples[i].part;
		rate.n += samples[i].calls;
	}
	return rate;
}

/* Counted is what is rarer, the calls that went so or those that did not. */
static uint64_t rarer(struct tw_rate rate)
{
	return rate.x <= rate.n - rate.x ? rate.x : rate.n - rate.x;
}

/* What there is to count, where that says more than the spread of the runs. */
struct numbers {
	struct tw_rate b, c;
	bool paired; /* these are mended and broken requests */
};

/*
 * With few events their number says more than how it differs between runs; so
 * it does, where requests are the same on both sides, with few that differ.
 */
static bool numbers_of(const struct tw_judging *j, struct numbers *n)
{
	const struct tw_pairs *pairs = j->group->pairs;
	struct tw_rate b, c = events(j->c, j->n);

	b = j->relative ? events(j->b, j->n) : (struct tw_rate){0};
	*n = (struct numbers){b, c, false};
	if (j->check->aggregate != TW_AGG_RATIO || c.x > c.n || b.x > b.n)
		return false;
	/* All of them are known, and they are what was counted. */
	if (j->relative && pairs && pairs->share >= 1 &&
		pairs->broken + b.x == pairs->mended + c.x) {
		*n = (struct numbers){
			{pairs->mended, b.n}, {pairs->broken, c.n}, true};
		return pairs->mended + pairs->broken < TW_SPARSE_PAIRS;
	}
	return rarer(c) + rarer(b) < TW_SPARSE;
}

/* Of pairs the difference is known as it is: what a line allows beyond it
 * follows from the baseline. */
static struct tw_line line_of(
	const struct tw_judging *j, bool lower, const struct numbers *n)
{
	double baseline = j->group->baseline;
	struct tw_line line = tw_judge_line(j->check, baseline, lower);

	if (n->paired)
		line = (struct tw_line){
			1, line.add + (line.factor - 1) * baseline, line.sign};
	return line;
}

/* What the numbers of events alone admit for a line's excess. */
static struct tw_bounds bounds_of(
	double alpha, struct tw_line line, const struct numbers *n)
{
	struct tw_bounds of, excess;

	of = n->b.n ? tw_rate_difference(n->c, n->b, line.factor, alpha)
		    : tw_rate_exact(n->c.x, n->c.n, alpha);
	excess.low = line.sign > 0 ? of.low - line.add : line.add - of.high;
	excess.high = line.sign > 0 ? of.high - line.add : line.add - of.low;
	return excess;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* The level at which the numbers alone would just not put it beyond. */
static double chance_of(struct tw_line line, const struct numbers *n)
{
	double low = -40, high = -1; /* powers of 2 */

	for (int i = 0; i < 30; i++) {
		double middle = (low + high) / 2;
		double alpha = tw_exp(middle * 0.6931471805599453);

		if (bounds_of(alpha * 0.999, line, n).low > 0)
			high = middle;
		else
			low = middle;
	}
	return tw_exp(high * 0.6931471805599453);
}

static void widen(struct tw_judging *j, struct tw_interval *i,
	struct tw_line line, const struct numbers *n)
{
	struct tw_bounds bounds = bounds_of(alpha_of(j), line, n);

	j->sparse = true;
	if (i->low > bounds.low)
		i->low = bounds.low;
	if (i->high < bounds.high)
		i->high = bounds.high;
	i->p = larger(i->p, chance_of(line, n));
}

/* Of the excess over a line. */
static struct tw_interval interval_of(struct tw_judging *j, bool lower)
{
	struct tw_interval i;
	struct numbers n;

	if (j->pooled)
		return tw_judge_pooled(j, lower);
	i = tw_interval_of(j->excess[lower], j->valid, j->confidence);
	if (numbers_of(j, &n))
		widen(j, &i, line_of(j, lower, &n), &n);
	return i;
}

/* Of several lines: fail beyond one of them, pass within all. */
static void join(struct tw_interval *to, const struct tw_interval *i)
{
	if (i->mean > to->mean) {
		to->mean = i->mean;
		to->sd = i->sd;
	}
	to->low = i->low > to->low ? i->low : to->low;
	to->high = i->high > to->high ? i->high : to->high;
	to->p = i->p < to->p ? i->p : to->p;
}

/* Were there so many runs, with as large a part of the calls. */
static bool numbers_would_do(
	const struct tw_judging *j, struct numbers n, size_t runs)
{
	uint64_t now = j->valid;

	n.b = (struct tw_rate){n.b.x * runs / now, n.b.n * runs / now};
	n.c = (struct tw_rate){n.c.x * runs / now, n.c.n * runs / now};
	for (size_t i = 0; i < tw_judge_lines(j->check); i++) {
		struct tw_bounds bounds =
			bounds_of(alpha_of(j), line_of(j, i, &n), &n);

		if (bounds.low <= 0 && bounds.high > 0)
			return false;
	}
	return true;
}

static size_t runs_for_numbers(
	const struct tw_judging *j, const struct numbers *n)
{
	size_t low = j->valid, high = TW_RUNS_CAP + 1;

	if (numbers_would_do(j, *n, low))
		return low;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (numbers_would_do(j, *n, middle))
			high = middle;
		else
			low = middle;
	}
	return high;
}

static void need_runs(struct tw_judging *j)
{
	struct tw_group *g = j->group;
	struct numbers n;
	size_t runs;

	if (j->valid < 2 || j->interval.low > 0 || j->interval.high <= 0)
		return;
	runs = j->interval.sd > 0 ? tw_runs_needed(&j->interval, j->confidence)
				  : j->valid;
	if (numbers_of(j, &n)) {
		size_t counts = runs_for_numbers(j, &n);

		runs = counts > runs ? counts : runs;
	}
	g->more_runs = runs > TW_RUNS_CAP ? TW_RUNS_CAP + 1 : runs - j->valid;
}

/* Of what is shown: the difference, or the candidate itself. */
static void show(struct tw_judging *j)
{
	struct tw_group *g = j->group;
	struct tw_interval i;
	struct tw_line plain = {j->relative ? 1 : 0, 0, 1};
	struct numbers n;

	if (j->pooled) {
		struct tw_line line =
			tw_judge_line(j->check, g->baseline, false);

		/* The excess, moved and turned back. */
		i = j->interval;
		g->low =
			line.sign > 0 ? i.low + g->margin : -i.high - g->margin;
		g->high =
			line.sign > 0 ? i.high + g->margin : -i.low - g->margin;
		if (!j->relative) {
			g->low = line.sign * (line.sign > 0 ? i.low : i.high) +
				 line.add;
			g->high = line.sign * (line.sign > 0 ? i.high : i.low) +
				  line.add;
		}
		return;
	}
	i = tw_interval_of(j->difference, j->valid, j->confidence);
	if (numbers_of(j, &n))
		widen(j, &i, plain, &n);
	g->low = i.low;
	g->high = i.high;
	if (tw_judge_is_shift(j)) {
		g->low = tw_exp(i.low) - (j->relative ? 1 : 0);
		g->high = tw_exp(i.high) - (j->relative ? 1 : 0);
	}
}

/*
 * What the baseline's runs differ by among themselves: its comparison with
 * itself. Pairs share their random numbers, so that they usually differ by
 * less; where there is nothing to see in them, a regression would still bring
 * about as much.
 */
static double spread_of(const struct tw_judging *j)
{
	struct tw_interval b;

	if (!j->identical)
		return j->interval.sd;
	/* All there is in the excess now is the margin's part of it. */
	b = tw_interval_of(j->kept, j->valid, j->confidence);
	return larger(j->interval.sd, b.sd * sqrt(2));
}

/*
 * A regression of times makes their spread larger in proportion: `sd` was seen
 * where the candidate is, and would be this much where it is caught.
 */
static double catches(const struct tw_judging *j, double sd)
{
	const struct tw_group *g = j->group;
	double limit = g->limit, seen = g->candidate, scale = 1, beyond = 0;

	for (int i = 0; i < 4; i++) {
		double there;

		beyond = tw_detectable(
			sd * scale, j->valid, j->confidence, POWER);
		there = limit + beyond;
		if (j->unit != TW_UNIT_TIME || !j->relative || !(limit > 0))
			break;
		scale = sqrt((there * there + limit * limit) /
			     (seen * seen + limit * limit));
		scale = scale > 1 ? scale : 1;
	}
	return beyond;
}

static void find_power(struct tw_judging *j)
{
	struct tw_group *g = j->group;
	struct numbers n;
	struct tw_line line;
	double beyond, rate;

	if (j->valid < 2 || j->never || !(j->interval.sd < HUGE_VAL))
		return;
	if (j->relative && j->baseline.n) {
		g->noise = tw_noise_floor(j->kept, j->valid, j->confidence);
		g->has_noise = true;
	}
	beyond = catches(j, spread_of(j));
	if (tw_judge_is_shift(j))
		beyond = g->limit * (tw_exp(beyond) - 1);
	g->detects = (j->relative ? g->margin : 0) + beyond;
	g->has_detects = g->detects < HUGE_VAL;
	if (!numbers_of(j, &n) || j->check->compare == TW_GE ||
		j->check->compare == TW_GT)
		return;
	line = line_of(j, false, &n);
	rate = tw_rate_detectable(
		n.b, n.c.n, line.factor, line.add, alpha_of(j), POWER);
	if (j->relative)
		rate -= (double)n.b.x / (double)n.b.n;
	else
		rate -= j->check->limit.add;
	if (rate > g->detects)
		g->detects = rate;
}

/* As it is told: of a shift a share of the limit. */
static double excess_of(const struct tw_judging *j, double of)
{
	return tw_judge_is_shift(j) && of < 700 ? tw_exp(of) - 1 : of;
}

void tw_judge_intervals(struct tw_judging *j)
{
	struct tw_group *g = j->group;

	j->interval = interval_of(j, false);
	if (tw_judge_lines(j->check) > 1) {
		struct tw_interval lower = interval_of(j, true);

		join(&j->interval, &lower);
	}
	g->excess = excess_of(j, j->interval.mean);
	g->excess_low = excess_of(j, j->interval.low);
	g->excess_high = excess_of(j, j->interval.high);
	g->p = tw_look_p(&j->options->look, j->interval.p);
	need_runs(j);
	show(j);
	g->has_interval = j->valid > 1 && !j->never;
	find_power(j);
}
