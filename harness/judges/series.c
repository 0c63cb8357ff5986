#include "harness/judges/series.h"

#include "harness/gate/measure_parts.h"
#include "twins/kernel/fmath.h"

bool tw_series_has_time(const struct tw_check *m)
{
	if (m->inner || m->quantile > 0 || tw_metric_is_gauge(m->metric))
		return false;
	if (m->aggregate == TW_AGG_MEAN || m->aggregate == TW_AGG_MAX)
		return m->metric == TW_METRIC_LATENCY;
	if (m->aggregate == TW_AGG_RATIO)
		return m->metric == TW_METRIC_ERRORS ||
		       m->metric == TW_METRIC_TIMEOUTS;
	return m->aggregate == TW_AGG_RATE;
}

/* ns to seconds; what is no time stays. */
static double in_units(const struct tw_check *m, double value)
{
	return tw_check_unit(m) == TW_UNIT_TIME ? value / 1e9 : value;
}

struct tally {
	uint64_t count, errors, timeouts;
	int64_t sum;
	tw_time max;
};

static void add_slice(struct tally *to, const struct tw_slice *slice)
{
	to->count += slice->count;
	to->errors += slice->errors;
	to->timeouts += slice->timeouts;
	to->sum += slice->latency_sum;
	if (slice->latency_max > to->max)
		to->max = slice->latency_max;
}

static double value_of(
	const struct tw_check *m, const struct tally *tally, double seconds)
{
	double n = (double)tally->count;

	if (m->aggregate == TW_AGG_RATE)
		return n / seconds;
	if (!tally->count)
		return NAN;
	if (m->aggregate == TW_AGG_MEAN)
		return in_units(m, (double)tally->sum / n);
	if (m->aggregate == TW_AGG_MAX)
		return in_units(m, (double)tally->max);
	return (double)(m->metric == TW_METRIC_ERRORS ? tally->errors
						      : tally->timeouts) /
	       n;
}

void tw_series_of(const struct tw_check *m, const struct tw_observation *run,
	tw_time interval, struct tw_arena *arena, struct tw_series *to)
{
	static const struct tw_group_key any = {0};
	size_t n = (size_t)(run->duration / run->slice), from = 0;
	size_t step =
		interval > run->slice ? (size_t)(interval / run->slice) : 1;

	if (!tw_series_has_time(m)) {
		const struct tw_observation *one[] = {run};

		tw_vec_push_in(arena, to,
			tw_series_whole(m, (struct tw_runs){one, 1}, 0, 1));
		return;
	}
	while (from < n && tw_slice_is_warmup(run, from))
		from++;
	for (; from + step <= n; from += step) {
		struct tally tally = {0};

		for (size_t i = 0; i < run->cells.n; i++) {
			const struct tw_cell *cell = &run->cells.v[i];

			for (size_t k = from;
				tw_measure_takes(m, &any, cell) &&
				k < from + step && k < cell->slices.n;
				k++)
				add_slice(&tally, &cell->slices.v[k]);
		}
		tw_vec_push_in(arena, to,
			value_of(m, &tally,
				(double)(step * (size_t)run->slice) / 1e9));
	}
}

void tw_series_calls(const struct tw_check *m, const struct tw_observation *run,
	struct tw_arena *arena, struct tw_series *to)
{
	static const struct tw_group_key any = {0};
	size_t n = (size_t)(run->duration / run->slice);

	for (size_t k = 0; k < n; k++) {
		double calls = 0;

		for (size_t i = 0; i < run->cells.n; i++) {
			const struct tw_cell *cell = &run->cells.v[i];

			if (k < cell->slices.n &&
				tw_measure_takes(m, &any, cell))
				calls += cell->slices.v[k].count;
		}
		if (!tw_slice_is_warmup(run, k))
			tw_vec_push_in(arena, to, calls);
	}
}

double tw_series_whole(
	const struct tw_check *m, struct tw_runs runs, size_t first, size_t n)
{
	static const struct tw_group_key any = {0};
	struct tw_sample sample = tw_measure(m, &any, runs, first, n);

	return sample.present && !sample.censored ? in_units(m, sample.value)
						  : NAN;
}

tw_time tw_series_length(const struct tw_observation *run)
{
	return run->duration - run->warmup;
}

const struct tw_check *tw_series_parse(struct tw_arena *arena,
	struct tw_str text, struct tw_pos pos, struct tw_diags *diags)
{
	struct tw_check *check = tw_new(arena, struct tw_check);
	struct tw_buf whole = {0};
	int status;

	/* Any limit would do: it is not looked at. */
	tw_buf_add(&whole, text.p, text.n);
	tw_buf_add_text(&whole, " <= baseline");
	status = tw_check_parse(check, arena,
		(struct tw_str){
			tw_arena_strndup(arena, whole.p, whole.n), whole.n},
		pos, diags);
	tw_buf_release(&whole);
	if (status)
		return NULL;
	for (int i = 0; i < TW_LABELS; i++)
		if (check->by[i]) {
			tw_diag(diags, TW_ERROR, pos,
				"a judge's metric is one series: name what it "
				"is of in {...}, without `by`");
			return NULL;
		}
	return check;
}
