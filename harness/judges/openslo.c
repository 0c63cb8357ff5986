/*
 * OpenSLO (openslo.com, v1): objectives of SLOs, and burn rate alerts by
 * several windows (Google, The Site Reliability Workbook, chapter 5, "6:
 * Multiwindow, Multi-Burn-Rate Alerts").
 *
 * The indicator of an SLO is a measure: a ratio of what is bad, ratio(errors),
 * for a ratioMetric; for a thresholdMetric anything over time, which the
 * objective's op and value make good or bad, interval by interval. An
 * objective is met where the good share of the run reaches its target
 * (Occurrences), or that of the intervals does (Timeslices).
 *
 * A burn rate is the bad share over a window / what the target leaves. An
 * alert fires where the rate over its lookback window and, that it be still
 * so, over a twelfth of it, passes the threshold for as long as alertAfter
 * says. A run is shorter than such windows: they are scaled down so that the
 * longest of the file is the run (`compress:` says otherwise), and count what
 * there is of them at the run's beginning.
 *
 * timeWindow is scaled likewise: longer than the run it is the run, and what
 * the run spends of its budget is told; shorter (`compress:`), a calendar's
 * windows follow one another from the run's beginning, each with a budget of
 * its own, and a rolling one is the worst that ends at any time.
 */
#include "harness/judges/openslo.h"
#include "harness/judges/openslo_parts.h"
#include "twins/kernel/fmath.h"

/* One SLO on the runs that a judge is asked about. */
struct judging {
	const struct tw_judge_question *q;
	const struct tw_slo *slo;
	double compress;
};

static bool is_good(const struct tw_slo_objective *o, double v)
{
	return o->op == -2   ? v < o->value
	       : o->op == -1 ? v <= o->value
	       : o->op == 1  ? v >= o->value
			     : v > o->value;
}

/* The bad share of each slice, and how many calls it rests on. */
static void slices_of(const struct judging *j, const struct tw_slo_objective *o,
	const struct tw_observation *run, struct tw_slo_slices *to)
{
	struct tw_arena *arena = j->q->arena;
	struct tw_series values = {0};

	tw_series_of(o->of.measure, run, 0, arena, &values);
	tw_series_calls(o->of.measure, run, arena, &to->calls);
	for (size_t i = 0; i < values.n; i++) {
		double v = values.v[i];

		if (v == v && !o->of.is_ratio)
			v = !is_good(o,
				tw_judge_scaled(j->q->setup, o->of.measure, v));
		tw_vec_push_in(arena, &to->bad, v);
	}
	to->slice = run->slice;
}

/* ---- what a stretch of slices comes to ---------------------------------- */

struct share {
	double bad, all;
};

/* Of slices [from, to), by the SLO's budgeting. */
static struct share share_of(const struct tw_slo *slo,
	const struct tw_slo_objective *o, const struct tw_slo_slices *s,
	size_t from, size_t to)
{
	struct share share = {0}, part = {0};
	/* An interval of a thresholdMetric is one occurrence. */
	bool counts = o->of.is_ratio;

	for (size_t i = from; i < to; i++) {
		double weight = counts ? s->calls.v[i] : 1;

		if (s->bad.v[i] != s->bad.v[i])
			continue;
		part.bad += weight * s->bad.v[i];
		part.all += weight;
	}
	if (slo->budgeting == TW_SLO_OCCURRENCES || !(part.all > 0))
		return part;
	/* One slice of time, however many calls it has. */
	share.all = 1;
	share.bad = part.bad / part.all;
	if (slo->budgeting == TW_SLO_TIMESLICES && o->slice_target >= 0)
		share.bad = 1 - share.bad < o->slice_target;
	return share;
}

static size_t width_of(tw_time window, double compress, tw_time slice)
{
	size_t n = (size_t)((double)window / compress / (double)slice + 0.5);

	return n ? n : 1;
}

/* The bad share of slices [from, to): NaN without any. */
static double bad_between(const struct judging *j,
	const struct tw_slo_objective *o, const struct tw_slo_slices *s,
	size_t from, size_t to)
{
	size_t width =
		j->slo->budgeting == TW_SLO_OCCURRENCES
			? to - from
			: width_of(o->slice_window, j->compress, s->slice);
	struct share sum = {0};

	for (size_t i = from; i < to; i += width) {
		struct share part = share_of(
			j->slo, o, s, i, i + width < to ? i + width : to);

		sum.bad += part.bad;
		sum.all += part.all;
	}
	return sum.all > 0 ? sum.bad / sum.all : NAN;
}

/*
 * The windows of a run in which an objective has to hold. One that is longer
 * than the run is the run. A calendar's follow one another from the run's
 * beginning on, and the last one is as long as there is run left; a rolling
 * one ends at each slice.
 */
struct windows {
	size_t width, step, n;
};

static struct windows windows_of(
	const struct judging *j, tw_time slice, size_t n)
{
	const struct tw_slo *slo = j->slo;
	struct windows w = {n, n ? n : 1, n};

	if (!slo->window ||
		(double)slo->window / j->compress >= (double)slice * (double)n)
		return w;
	w.width = width_of(slo->window, j->compress, slice);
	w.step = slo->calendar ? w.width : 1;
	return w;
}

/* The least good window: its good share and where it begins; NaN: no data. */
static double least_good(const struct judging *j,
	const struct tw_slo_objective *o, const struct tw_slo_slices *s,
	size_t *where)
{
	struct windows w = windows_of(j, s->slice, s->bad.n);
	double least = NAN;

	for (size_t from = 0; from < w.n; from += w.step) {
		size_t to = from + w.width < w.n ? from + w.width : w.n;
		double bad = bad_between(j, o, s, from, to);

		if (bad == bad && (least != least || 1 - bad < least)) {
			least = 1 - bad;
			*where = from;
		}
		if (to == w.n && !j->slo->calendar)
			break;
	}
	return least;
}

static enum tw_verdict of_runs(size_t bad, size_t without, size_t runs)
{
	return without	     ? TW_VERDICT_INCONCLUSIVE
	       : bad == runs ? TW_VERDICT_FAIL
	       : bad	     ? TW_VERDICT_INCONCLUSIVE
			     : TW_VERDICT_PASS;
}

static const char *outcome(size_t missed, size_t without)
{
	return without ? "no data" : missed ? "missed" : "met";
}

/* "in the window from 30s on", "it spends 0.3% of the budget of 28d" */
static const char *window_text(const struct judging *j,
	const struct tw_slo_objective *o, double good, tw_time from,
	tw_time length)
{
	const struct tw_slo *slo = j->slo;
	struct tw_arena *arena = j->q->arena;
	char at[TW_TIME_TEXT];
	double share;

	if (!slo->window)
		return "";
	share = (double)length * j->compress / (double)slo->window;
	if (share < 1)
		return tw_arena_printf(arena,
			"; a run spends %.3g%% of the budget of %s",
			(1 - good) / (1 - o->target) * share * 100,
			slo->window_text);
	return tw_arena_printf(arena, "; worst in the %s of %s from %s on",
		slo->calendar ? "calendar window" : "window", slo->window_text,
		tw_time_text(from, at));
}

static void judge_objective(
	const struct judging *j, const struct tw_slo_objective *o)
{
	struct tw_arena *arena = j->q->arena;
	struct tw_runs runs = j->q->candidate;
	size_t missed = 0, without = 0, where = 0;
	double worst = 2;
	tw_time from = 0, length = 0;

	for (size_t i = 0; i < runs.n; i++) {
		struct tw_slo_slices slices = {0};
		double good;

		slices_of(j, o, runs.v[i], &slices);
		good = least_good(j, o, &slices, &where);
		without += good != good;
		missed += good < o->target;
		if (good < worst) {
			worst = good;
			from = (tw_time)where * slices.slice +
			       runs.v[i]->warmup;
			length = (tw_time)slices.bad.n * slices.slice;
		}
	}
	tw_judge_answer(j->q,
		(struct tw_opinion_line){.name = tw_arena_printf(arena, "%s %s",
						 j->slo->name, o->name),
			.verdict = of_runs(missed, without, runs.n),
			.answer = outcome(missed, without),
			.text = worst > 1
					? "nothing was measured"
					: tw_arena_printf(arena,
						  "good %.4g%% at worst, "
						  "target "
						  "%.6g%%; missed in %zu of "
						  "%zu runs%s",
						  worst * 100, o->target * 100,
						  missed, runs.n,
						  window_text(j, o, worst, from,
							  length)),
			.pos = o->pos});
}

/* ---- composites --------------------------------------------------------- */

/*
 * How much of a composite's budget a run spends; above 1 it is missed. The
 * specification says how objectives add up and leaves open what the whole may
 * miss:
 *
 *	Occurrences	each objective spends the composite's budget as it
 *			spends its own, times its weight
 *	RatioTimeslices	what is missing of each, times its weight, is missing
 *			of the whole, which may miss what they may together
 *	Timeslices	a slice is bad where it is for any of them; likewise
 */
static double spent_together(
	const struct judging *j, const struct tw_observation *run)
{
	const struct tw_slo *slo = j->slo;
	double spent = 0, missing = 0, budget = 0;
	struct tw_series any = {0};

	for (size_t k = 0; k < slo->objectives.n; k++) {
		const struct tw_slo_objective *o = &slo->objectives.v[k];
		struct tw_slo_slices s = {0};
		double bad;

		slices_of(j, o, run, &s);
		bad = bad_between(j, o, &s, 0, s.bad.n);
		spent += o->weight * bad / (1 - o->target);
		missing += o->weight * bad;
		budget +=
			(slo->budgeting == TW_SLO_TIMESLICES ? 1 : o->weight) *
			(1 - o->target);
		for (size_t i = 0; i < s.bad.n; i++) {
			double one = share_of(slo, o, &s, i, i + 1).bad;

			if (i == any.n)
				tw_vec_push_in(j->q->arena, &any, 0);
			any.v[i] = one > any.v[i] ? one : any.v[i];
		}
	}
	if (slo->budgeting == TW_SLO_OCCURRENCES)
		return spent;
	if (slo->budgeting == TW_SLO_TIMESLICES) {
		missing = 0;
		for (size_t i = 0; i < any.n; i++)
			missing += any.v[i] / (double)any.n;
	}
	return missing / budget;
}

static void judge_composite(const struct judging *j)
{
	struct tw_arena *arena = j->q->arena;
	struct tw_runs runs = j->q->candidate;
	size_t missed = 0, without = 0;
	double worst = -1;

	for (size_t i = 0; i < runs.n; i++) {
		double spent = spent_together(j, runs.v[i]);

		without += spent != spent;
		missed += spent > 1;
		worst = spent > worst ? spent : worst;
	}
	tw_judge_answer(j->q,
		(struct tw_opinion_line){.name = tw_arena_printf(arena,
						 "%s composite", j->slo->name),
			.verdict = of_runs(missed, without, runs.n),
			.answer = outcome(missed, without),
			.text = worst < 0
					? "nothing was measured"
					: tw_arena_printf(arena,
						  "its %zu objectives spend "
						  "%.4g%% of its budget at "
						  "worst; missed in %zu of %zu "
						  "runs",
						  j->slo->objectives.n,
						  worst * 100, missed, runs.n),
			.pos = j->slo->pos});
}

/* ---- alerts ------------------------------------------------------------- */

static void judge_alert(const struct judging *j,
	const struct tw_slo_objective *o, const struct tw_slo_alert *alert)
{
	struct tw_arena *arena = j->q->arena;
	struct tw_runs runs = j->q->candidate;
	struct tw_slo_rule rule = {.threshold = alert->threshold,
		.at_least = alert->at_least,
		.budget = 1 - o->target,
		.window = (tw_time)((double)alert->lookback / j->compress),
		.after = (tw_time)((double)alert->after / j->compress)};
	size_t fired = 0;
	double most = 0;
	tw_time first = TW_NEVER;
	char at[TW_TIME_TEXT];

	for (size_t i = 0; i < runs.n; i++) {
		struct tw_slo_slices slices = {0};
		struct tw_slo_burn burn;

		slices_of(j, o, runs.v[i], &slices);
		burn = tw_slo_burn_of(&slices, &rule);
		fired += burn.fires_at != TW_NEVER;
		if (burn.most > most)
			most = burn.most;
		if (burn.fires_at != TW_NEVER &&
			(first == TW_NEVER ||
				burn.fires_at + runs.v[i]->warmup < first))
			first = burn.fires_at + runs.v[i]->warmup;
	}
	tw_judge_answer(j->q,
		(struct tw_opinion_line){
			.name = tw_arena_printf(arena, "%s %s %s", j->slo->name,
				o->name, alert->name),
			.verdict = of_runs(fired, 0, runs.n),
			.answer = fired ? "fires" : "silent",
			.text = tw_arena_printf(arena,
				"burns %.4gx at most, threshold %.4gx; fires "
				"in %zu of %zu runs%s%s",
				most, alert->threshold, fired, runs.n,
				fired ? ", first at " : "",
				fired ? tw_time_text(first, at) : ""),
			.pos = alert->pos});
}

static double compression(const struct tw_slos *slos,
	const struct tw_judge_setup *setup, struct tw_runs runs)
{
	double by = runs.n ? (double)slos->longest /
				     (double)tw_series_length(runs.v[0])
			   : 1;

	if (setup->compress > 0)
		return setup->compress;
	return by > 1 ? by : 1;
}

static void judge_slo(const struct judging *j)
{
	const struct tw_slo *slo = j->slo;

	for (size_t k = 0; k < slo->objectives.n; k++) {
		const struct tw_slo_objective *o = &slo->objectives.v[k];

		judge_objective(j, o);
		for (size_t a = 0; a < slo->alerts.n; a++)
			judge_alert(j, o, &slo->alerts.v[a]);
	}
	if (slo->composite)
		judge_composite(j);
}

static void judge_slos(void *data, const struct tw_judge_question *q)
{
	const struct tw_slos *slos = data;
	struct tw_opinion *to = q->answer;
	double compress = compression(slos, q->setup, q->candidate);
	size_t bad = 0;

	for (size_t i = 0; i < slos->list.n; i++)
		judge_slo(&(struct judging){q, &slos->list.v[i], compress});
	for (size_t i = 0; i < to->lines.n; i++)
		bad += to->lines.v[i].verdict != TW_VERDICT_PASS;
	to->answer = bad ? tw_arena_printf(q->arena,
				   "%zu of %zu objectives and alerts are not "
				   "as they should be",
				   bad, to->lines.n)
			 : "objectives met, no alert";
}

const struct tw_judge_kind tw_judge_openslo = {
	.name = "openslo",
	.read = tw_slo_read,
	.judge = judge_slos,
};
