/* What is measured slice by slice: when something holds, and holds again. */
#include "harness/gate/measure_parts.h"

/* One slice of everything that the inner check selects. */
struct slice_sum {
	struct tw_slice calls;
	struct tw_gauge_sum gauge;
};

TW_VEC_TYPE(slice_sums, struct slice_sum);

static struct slice_sum *slice_at(struct slice_sums *sums, size_t i)
{
	while (sums->n <= i)
		tw_vec_push(sums, (struct slice_sum){0});
	return &sums->v[i];
}

static void slice_cells(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_observation *obs,
	struct slice_sums *sums)
{
	for (size_t i = 0; i < obs->cells.n; i++) {
		const struct tw_cell *cell = &obs->cells.v[i];

		if (!tw_measure_takes(check, group, cell))
			continue;
		for (size_t k = 0; k < cell->slices.n; k++) {
			const struct tw_slice *from = &cell->slices.v[k];
			struct tw_slice *to = &slice_at(sums, k)->calls;

			to->count += from->count;
			to->errors += from->errors;
			to->timeouts += from->timeouts;
			to->latency_sum += from->latency_sum;
			if (from->latency_max > to->latency_max)
				to->latency_max = from->latency_max;
		}
	}
}

static void slice_gauges(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_observation *obs,
	struct slice_sums *sums)
{
	for (size_t i = 0; i < obs->gauges.n; i++) {
		const struct tw_gauge *gauge = &obs->gauges.v[i];

		if (!tw_gauge_takes(check, group, gauge))
			continue;
		for (size_t k = 0; k < gauge->slices.n; k++)
			tw_gauge_add(check->inner, &gauge->slices.v[k],
				&slice_at(sums, k)->gauge);
	}
}

/* false: there was nothing to measure in this slice. */
static bool slice_value(const struct tw_check *inner,
	const struct tw_observation *obs, const struct slice_sum *sum,
	double *value)
{
	const struct tw_slice *calls = &sum->calls;

	switch (inner->metric) {
	case TW_METRIC_REQUESTS:
		*value = (double)calls->count / ((double)obs->slice / 1e9);
		return true; /* no traffic is a rate, too */
	case TW_METRIC_UNAVAILABLE:
	case TW_METRIC_QUEUE:
	case TW_METRIC_OOM_KILLS:
	case TW_METRIC_UTILIZATION:
	case TW_METRIC_THROTTLED:
		*value = tw_gauge_value(inner, &sum->gauge);
		return sum->gauge.slices > 0;
	case TW_METRIC_LATENCY:
		*value = inner->aggregate == TW_AGG_MAX
				 ? (double)calls->latency_max
				 : (double)calls->latency_sum /
					   (double)(calls->count ? calls->count
								 : 1);
		return calls->count > 0;
	default:
		*value = (double)(inner->metric == TW_METRIC_TIMEOUTS
					  ? calls->timeouts
					  : calls->errors) /
			 (double)(calls->count ? calls->count : 1);
		return calls->count > 0;
	}
}

static bool holds(enum tw_compare compare, double value, double limit)
{
	switch (compare) {
	case TW_LE:
		return value <= limit;
	case TW_LT:
		return value < limit;
	case TW_GE:
		return value >= limit;
	default:
		return value > limit;
	}
}

static struct tw_sample recovery_of(const struct tw_check *check,
	const struct tw_observation *obs, const struct slice_sums *sums)
{
	const struct tw_check *inner = check->inner;
	struct tw_sample sample = {0};
	size_t first = (size_t)(obs->fault_end / obs->slice);
	size_t last = (size_t)((obs->duration + obs->slice - 1) / obs->slice);
	bool held = true;
	tw_time since = 0;

	for (size_t i = first; i < sums->n && i < last; i++) {
		const struct slice_sum *sum = &sums->v[i];
		double value;
		bool now;

		if (!slice_value(inner, obs, sum, &value))
			continue;
		sample.present = true;
		sample.calls += tw_check_is_gauge(check) ? 1 : sum->calls.count;
		now = holds(inner->compare, value, inner->limit.add);
		if (now && !held)
			since = (tw_time)i * obs->slice - obs->fault_end;
		held = now;
	}
	sample.censored = sample.present && !held;
	sample.value = (double)(held ? since : obs->duration - obs->fault_end);
	if (sample.value < 0 || !sample.present)
		sample.value = 0;
	return sample;
}

bool tw_measure_sees_end(const struct tw_observation *obs)
{
	return obs->fault_start != TW_NEVER && obs->fault_end < obs->duration &&
	       obs->fault_end >= obs->warmup;
}

struct tw_sample tw_measure_recovery(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t first,
	size_t n)
{
	struct tw_sample sample = {0};
	size_t seen = 0;

	for (size_t i = first; i < first + n; i++) {
		const struct tw_observation *obs = runs.v[i];
		struct slice_sums sums = {0};
		struct tw_sample one;

		if (!tw_measure_sees_end(obs))
			continue;
		if (tw_check_is_gauge(check))
			slice_gauges(check, group, obs, &sums);
		else
			slice_cells(check, group, obs, &sums);
		one = recovery_of(check, obs, &sums);
		tw_vec_release(&sums);
		if (!one.present)
			continue;
		seen++;
		sample.present = true;
		sample.censored |= one.censored;
		sample.calls += one.calls;
		sample.value += one.value;
	}
	if (seen)
		sample.value /= (double)seen;
	return sample;
}

/* The slices of a run that are judged: in the windows that count, from the
 * warm-up on. */
static bool slice_counts(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_observation *obs,
	size_t i)
{
	return !tw_slice_is_warmup(obs, i) &&
	       (tw_time)i * obs->slice < obs->duration &&
	       tw_window_takes(check, group, tw_slice_window(obs, i));
}

struct tw_sample tw_measure_time(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t first,
	size_t n)
{
	const struct tw_check *inner = check->inner;
	struct tw_sample sample = {0};

	for (size_t r = first; r < first + n; r++) {
		const struct tw_observation *obs = runs.v[r];
		struct slice_sums sums = {0};

		if (tw_check_is_gauge(check))
			slice_gauges(check, group, obs, &sums);
		else
			slice_cells(check, group, obs, &sums);
		for (size_t i = 0; i < sums.n; i++) {
			double value;

			if (!slice_counts(check, group, obs, i) ||
				!slice_value(inner, obs, &sums.v[i], &value))
				continue;
			sample.present = true;
			sample.calls += tw_check_is_gauge(check)
						? 1
						: sums.v[i].calls.count;
			if (holds(inner->compare, value, inner->limit.add))
				sample.value += (double)obs->slice;
		}
		tw_vec_release(&sums);
	}
	sample.value /= (double)n;
	return sample;
}

/* The largest share of a run's calls that burnt, in a window of `span`; a
 * window that is cut off by the run's ends does not count unless there is no
 * other. */
static double worst_window(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_observation *obs,
	const struct slice_sums *sums)
{
	size_t width = (size_t)(check->span / (double)obs->slice + 0.5);
	uint64_t calls = 0, burnt = 0;
	double worst = 0;

	if (!(check->span > 0) || width > sums->n)
		width = sums->n;
	for (size_t i = 0; i < sums->n; i++) {
		const struct tw_slice *in = &sums->v[i].calls;
		bool timeouts = check->metric == TW_METRIC_TIMEOUTS;

		if (slice_counts(check, group, obs, i)) {
			calls += in->count;
			burnt += timeouts ? in->timeouts : in->errors;
		}
		if (i >= width && slice_counts(check, group, obs, i - width)) {
			in = &sums->v[i - width].calls;
			calls -= in->count;
			burnt -= timeouts ? in->timeouts : in->errors;
		}
		if (i + 1 >= width && calls &&
			(double)burnt / (double)calls > worst)
			worst = (double)burnt / (double)calls;
	}
	return worst;
}

struct tw_sample tw_measure_burn(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t first,
	size_t n)
{
	struct tw_sample sample = {0};

	for (size_t r = first; r < first + n; r++) {
		struct slice_sums sums = {0};

		slice_cells(check, group, runs.v[r], &sums);
		for (size_t i = 0; i < sums.n; i++)
			if (slice_counts(check, group, runs.v[r], i))
				sample.calls += sums.v[i].calls.count;
		sample.value += worst_window(check, group, runs.v[r], &sums) /
				(1 - check->objective);
		tw_vec_release(&sums);
	}
	sample.present = sample.calls > 0;
	sample.value /= (double)n;
	return sample;
}

/* ---- alerts ------------------------------------------------------------- */

bool tw_check_rings(const struct tw_check *check)
{
	return check->aggregate == TW_AGG_RECOVERY ||
	       check->aggregate == TW_AGG_TIME ||
	       (check->aggregate == TW_AGG_BURN && !check->limit.baseline);
}

/* The burn rate of the window that ends with slice i. */
static bool burn_value(const struct tw_check *check,
	const struct tw_observation *obs, const struct slice_sums *sums,
	size_t i, double *value)
{
	size_t width = (size_t)(check->span / (double)obs->slice + 0.5);
	uint64_t calls = 0, burnt = 0;

	if (!(check->span > 0) || width > i + 1)
		width = i + 1;
	for (size_t k = i + 1 - width; k <= i; k++) {
		const struct tw_slice *in = &sums->v[k].calls;

		calls += in->count;
		burnt += check->metric == TW_METRIC_TIMEOUTS ? in->timeouts
							     : in->errors;
	}
	if (calls)
		*value = (double)burnt / (double)calls / (1 - check->objective);
	return calls > 0;
}

/* Does it ring at the end of slice i? False in *known: nothing is there to be
 * seen. */
static bool rings(const struct tw_check *check,
	const struct tw_observation *obs, const struct slice_sums *sums,
	size_t i, bool *known)
{
	const struct tw_check *inner = check->inner;
	double value;

	if (check->aggregate == TW_AGG_BURN) {
		*known = burn_value(check, obs, sums, i, &value);
		return *known &&
		       !holds(check->compare, value, check->limit.add);
	}
	*known = slice_value(inner, obs, &sums->v[i], &value);
	return *known && holds(inner->compare, value, inner->limit.add) ==
				 (check->aggregate == TW_AGG_TIME);
}

struct tw_sample tw_measure_detection(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_observation *obs)
{
	struct slice_sums sums = {0};
	struct tw_sample sample = {.censored = true};

	if (obs->fault_start == TW_NEVER || obs->fault_start >= obs->duration)
		return (struct tw_sample){0};
	if (tw_check_is_gauge(check))
		slice_gauges(check, group, obs, &sums);
	else
		slice_cells(check, group, obs, &sums);
	for (size_t i = (size_t)(obs->fault_start / obs->slice);
		sample.censored && i < sums.n &&
		(tw_time)i * obs->slice < obs->duration;
		i++) {
		bool known;

		sample.censored = !rings(check, obs, &sums, i, &known);
		sample.present = sample.present || known;
		sample.value = (double)((tw_time)(i + 1) * obs->slice -
					obs->fault_start);
	}
	tw_vec_release(&sums);
	return sample;
}
