#include "harness/gate/measure_parts.h"

#include "harness/gate/quantile.h"

#include "twins/base/assert.h"

#include <stdlib.h>

static const char *cell_label(const struct tw_cell_key *key, int label)
{
	switch ((enum tw_check_label)label) {
	case TW_LABEL_SERVICE:
		return key->service;
	case TW_LABEL_ENDPOINT:
		return key->endpoint;
	case TW_LABEL_CALLER:
		return key->caller;
	case TW_LABEL_ZONE:
		return key->zone;
	case TW_LABEL_SIDE:
		return tw_side_names[key->side];
	case TW_LABEL_WINDOW:
		return tw_window_names[key->window];
	default:
		tw_unreachable();
	}
}

const struct tw_check *tw_check_selecting(const struct tw_check *check)
{
	return check->inner ? check->inner : check;
}

static bool names(const struct tw_check *check, enum tw_check_label label)
{
	return check->by[label] ||
	       tw_check_names(tw_check_selecting(check), label);
}

bool tw_check_is_gauge(const struct tw_check *check)
{
	return tw_metric_is_gauge(tw_check_selecting(check)->metric);
}

/* The defaults of check.h: the client's side, and the outside as caller
 * where nobody is named. */
static bool defaults_take(
	const struct tw_check *check, const struct tw_cell_key *key)
{
	if (key->side == TW_SERVER)
		return names(check, TW_LABEL_SIDE) &&
		       !tw_metric_is_callers(tw_check_selecting(check)->metric);
	return names(check, TW_LABEL_SERVICE) ||
	       names(check, TW_LABEL_CALLER) ||
	       !strcmp(key->caller, TW_OUTSIDE);
}

static bool selectors_take(
	const struct tw_check *check, const struct tw_cell_key *key)
{
	for (int i = 0; i < TW_LABELS; i++)
		if (!tw_check_selects(tw_check_selecting(check),
			    (enum tw_check_label)i, cell_label(key, i)))
			return false;
	return true;
}

bool tw_measure_takes(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_cell *cell)
{
	for (int i = 0; i < TW_LABELS; i++)
		if (group->labels[i] &&
			strcmp(group->labels[i], cell_label(&cell->key, i)))
			return false;
	return defaults_take(check, &cell->key) &&
	       selectors_take(check, &cell->key);
}

bool tw_slice_is_warmup(const struct tw_observation *obs, size_t slice)
{
	return (tw_time)(slice + 1) * obs->slice <= obs->warmup;
}

enum tw_window tw_slice_window(const struct tw_observation *obs, size_t slice)
{
	tw_time middle = (tw_time)slice * obs->slice + obs->slice / 2;

	if (middle < obs->fault_start)
		return TW_WINDOW_BEFORE;
	return middle < obs->fault_end ? TW_WINDOW_DURING : TW_WINDOW_AFTER;
}

bool tw_gauge_takes(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_gauge *gauge)
{
	const char *service = group->labels[TW_LABEL_SERVICE];

	return (!service || !strcmp(service, gauge->service)) &&
	       tw_check_selects(tw_check_selecting(check), TW_LABEL_SERVICE,
		       gauge->service);
}

bool tw_window_takes(const struct tw_check *check,
	const struct tw_group_key *group, enum tw_window window)
{
	const char *name = tw_window_names[window];
	const char *wanted = group->labels[TW_LABEL_WINDOW];

	return (!wanted || !strcmp(wanted, name)) &&
	       tw_check_selects(
		       tw_check_selecting(check), TW_LABEL_WINDOW, name);
}

int tw_labels_compare(
	const char *const a[TW_LABELS], const char *const b[TW_LABELS])
{
	for (int i = 0; i < TW_LABELS; i++) {
		int order = a[i] && b[i] ? strcmp(a[i], b[i]) : 0;

		if (order)
			return order;
	}
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct tw_group_key *x = a, *y = b;

	return tw_labels_compare(x->labels, y->labels);
}

static void add_key(struct tw_arena *arena, struct tw_group_keys *keys,
	const struct tw_group_key *key)
{
	for (size_t i = 0; i < keys->n; i++)
		if (!compare_keys(&keys->v[i], key))
			return;
	tw_vec_push_in(arena, keys, *key);
}

static void gauge_groups(const struct tw_check *check,
	const struct tw_observation *obs, struct tw_arena *arena,
	struct tw_group_keys *keys)
{
	const struct tw_group_key any = {0};

	for (size_t i = 0; i < obs->gauges.n; i++) {
		const struct tw_gauge *gauge = &obs->gauges.v[i];
		struct tw_group_key key = {0};

		if (!tw_gauge_takes(check, &any, gauge))
			continue;
		if (check->by[TW_LABEL_SERVICE])
			key.labels[TW_LABEL_SERVICE] = gauge->service;
		for (size_t k = 0; k < gauge->slices.n; k++) {
			enum tw_window window = tw_slice_window(obs, k);

			if (tw_slice_is_warmup(obs, k) ||
				!tw_window_takes(check, &any, window))
				continue;
			if (check->by[TW_LABEL_WINDOW])
				key.labels[TW_LABEL_WINDOW] =
					tw_window_names[window];
			add_key(arena, keys, &key);
		}
	}
}

static void cell_groups(const struct tw_check *check,
	const struct tw_observation *obs, struct tw_arena *arena,
	struct tw_group_keys *keys)
{
	const struct tw_group_key any = {0};

	for (size_t i = 0; i < obs->cells.n; i++) {
		const struct tw_cell *cell = &obs->cells.v[i];
		struct tw_group_key key = {0};

		if (!cell->count || !tw_measure_takes(check, &any, cell))
			continue;
		for (int k = 0; k < TW_LABELS; k++)
			if (check->by[k])
				key.labels[k] = cell_label(&cell->key, k);
		add_key(arena, keys, &key);
	}
}

static const struct tw_threshold *threshold_of(
	const struct tw_check *check, const struct tw_observation *obs)
{
	const char *condition = check->inner ? check->inner->text : "";

	for (size_t i = 0; i < obs->thresholds.n; i++)
		if (!strcmp(obs->thresholds.v[i].condition, condition))
			return &obs->thresholds.v[i];
	return NULL;
}

static struct tw_sample threshold_sample(const struct tw_check *check,
	struct tw_runs runs, size_t first, size_t n)
{
	struct tw_sample sample = {0};
	size_t seen = 0;

	for (size_t i = first; i < first + n; i++) {
		const struct tw_threshold *it = threshold_of(check, runs.v[i]);

		if (!it)
			continue;
		seen++;
		sample.present = true;
		sample.value += it->value;
		sample.calls += it->trials;
	}
	if (seen)
		sample.value /= (double)seen;
	return sample;
}

void tw_measure_groups(const struct tw_check *check, struct tw_runs runs,
	struct tw_arena *arena, struct tw_group_keys *keys)
{
	for (size_t i = 0; i < runs.n; i++) {
		if (check->aggregate == TW_AGG_RECOVERS) {
			if (threshold_of(check, runs.v[i]))
				add_key(arena, keys, &(struct tw_group_key){0});
			continue;
		}
		if (tw_check_is_gauge(check))
			gauge_groups(check, runs.v[i], arena, keys);
		else
			cell_groups(check, runs.v[i], arena, keys);
	}
	if (keys->n)
		qsort(keys->v, keys->n, sizeof *keys->v, compare_keys);
}

/* All matching cells of some runs, added up. */
struct sum {
	uint64_t count, part; /* part: errors, timeouts, retries … */
	double seconds;	      /* for rates */
	bool latencies;	      /* are to be added up */
	struct tw_histogram latency;
};

static uint64_t part_of(const struct tw_cell *cell, enum tw_metric metric)
{
	switch (metric) {
	case TW_METRIC_ERRORS:
		return cell->errors;
	case TW_METRIC_TIMEOUTS:
		return cell->timeouts;
	case TW_METRIC_RETRIES:
		return cell->retries;
	case TW_METRIC_SHED:
		return cell->shed;
	case TW_METRIC_OVERFLOW:
		return cell->overflow;
	case TW_METRIC_DENIED:
		return cell->denied;
	case TW_METRIC_EJECTIONS:
		return cell->ejections;
	case TW_METRIC_CONNECTS:
		return cell->connects;
	case TW_METRIC_LIMITED:
		return cell->limited;
	case TW_METRIC_REJECTED:
		return cell->rejected;
	default:
		return 0;
	}
}

static tw_time within(tw_time t, tw_time low, tw_time high)
{
	return t < low ? low : t < high ? t : high;
}

/* How long the windows that count lasted, from the warm-up's end on. */
static double window_seconds(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_observation *obs)
{
	tw_time from = within(obs->warmup, 0, obs->duration);
	tw_time start = within(obs->fault_start, from, obs->duration);
	tw_time end = within(obs->fault_end, start, obs->duration);
	tw_time total = 0;

	if (tw_window_takes(check, group, TW_WINDOW_BEFORE))
		total += start - from;
	if (tw_window_takes(check, group, TW_WINDOW_DURING))
		total += end - start;
	if (tw_window_takes(check, group, TW_WINDOW_AFTER))
		total += obs->duration - end;
	return (double)total / 1e9;
}

static void add_run(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_observation *obs,
	struct sum *sum)
{
	for (size_t i = 0; i < obs->cells.n; i++) {
		const struct tw_cell *cell = &obs->cells.v[i];

		if (!cell->count || !tw_measure_takes(check, group, cell))
			continue;
		sum->count += cell->count;
		if (check->metric == TW_METRIC_SLOW)
			sum->part += tw_histogram_above(
				&cell->latency, group->threshold);
		else if (check->metric == TW_METRIC_REQUESTS)
			sum->part += cell->count;
		else
			sum->part += part_of(cell, check->metric);
		if (sum->latencies)
			tw_histogram_merge(&sum->latency, &cell->latency);
	}
	sum->seconds += window_seconds(check, group, obs);
}

static struct tw_sample cells_sample(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t first,
	size_t n)
{
	struct tw_sample sample = {0};
	struct sum sum = {.latencies = check->metric == TW_METRIC_LATENCY};

	for (size_t i = first; i < first + n; i++)
		add_run(check, group, runs.v[i], &sum);
	sample.calls = sum.count;
	sample.part = sum.part;
	sample.present = sum.count > 0;
	if (sample.present && check->aggregate == TW_AGG_QUANTILE)
		sample.value = tw_quantile(&sum.latency, check->quantile);
	else if (sample.present && check->aggregate == TW_AGG_MEAN)
		sample.value = tw_histogram_mean(&sum.latency);
	else if (sample.present && check->aggregate == TW_AGG_MAX)
		sample.value = (double)sum.latency.max;
	else if (sample.present && check->aggregate == TW_AGG_RATIO)
		sample.value = (double)sum.part / (double)sum.count;
	else if (sample.present && check->aggregate == TW_AGG_COUNT)
		sample.value = (double)sum.part / (double)n;
	else if (sample.present && sum.seconds > 0)
		sample.value = (double)sum.count / sum.seconds;
	tw_histogram_release(&sum.latency);
	return sample;
}

static void add_share(const struct tw_check *check,
	const struct tw_gauge_slice *slice, struct tw_gauge_sum *sum)
{
	bool throttled = check->metric == TW_METRIC_THROTTLED;

	sum->busy += throttled ? slice->throttled : slice->busy;
	sum->capacity += throttled ? slice->computing : slice->capacity;
}

static double share_of(const struct tw_gauge_sum *sum)
{
	/* Work waits and nobody is there: as busy as can be. */
	if (!sum->capacity)
		return sum->busy ? 1 : 0;
	return (double)sum->busy / (double)sum->capacity;
}

void tw_gauge_add(const struct tw_check *check,
	const struct tw_gauge_slice *slice, struct tw_gauge_sum *sum)
{
	uint32_t value = check->metric == TW_METRIC_QUEUE ? slice->queue
							  : slice->unavailable;

	if (check->metric == TW_METRIC_OOM_KILLS)
		value = sum->killed += slice->ooms;
	if (check->aggregate == TW_AGG_MAX &&
		(check->metric == TW_METRIC_UTILIZATION ||
			check->metric == TW_METRIC_THROTTLED)) {
		struct tw_gauge_sum one = {0};
		double share;

		add_share(check, slice, &one);
		share = share_of(&one);
		sum->worst = share > sum->worst ? share : sum->worst;
	}
	sum->slices++;
	if (value > sum->max)
		sum->max = value;
	add_share(check, slice, sum);
}

double tw_gauge_value(
	const struct tw_check *check, const struct tw_gauge_sum *sum)
{
	if (check->metric != TW_METRIC_UTILIZATION &&
		check->metric != TW_METRIC_THROTTLED)
		return (double)sum->max;
	return check->aggregate == TW_AGG_MAX ? sum->worst : share_of(sum);
}

void tw_measure_latency(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t run,
	struct tw_histogram *to)
{
	struct sum sum = {.latencies = true};

	tw_assert(run < runs.n);
	add_run(check, group, runs.v[run], &sum);
	tw_histogram_merge(to, &sum.latency);
	tw_histogram_release(&sum.latency);
}

static struct tw_sample gauges_sample(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t first,
	size_t n)
{
	struct tw_gauge_sum sum = {0};

	for (size_t r = first; r < first + n; r++) {
		const struct tw_observation *obs = runs.v[r];

		for (size_t i = 0; i < obs->gauges.n; i++) {
			const struct tw_gauge *gauge = &obs->gauges.v[i];

			if (!tw_gauge_takes(check, group, gauge))
				continue;
			sum.killed = 0;
			for (size_t k = 0; k < gauge->slices.n; k++)
				if (!tw_slice_is_warmup(obs, k) &&
					tw_window_takes(check, group,
						tw_slice_window(obs, k)))
					tw_gauge_add(check, &gauge->slices.v[k],
						&sum);
		}
	}
	return (struct tw_sample){
		.present = sum.slices > 0,
		.value = tw_gauge_value(check, &sum),
		.calls = sum.slices,
	};
}

int64_t tw_measure_threshold(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs baseline,
	struct tw_runs candidate)
{
	struct tw_histogram all = {0};
	double threshold;

	if (check->metric != TW_METRIC_SLOW)
		return 0;
	if (!(check->quantile > 0))
		return (int64_t)check->above;
	for (size_t i = 0; i < baseline.n; i++)
		tw_measure_latency(check, group, baseline, i, &all);
	for (size_t i = 0; i < candidate.n; i++)
		tw_measure_latency(check, group, candidate, i, &all);
	threshold = tw_quantile(&all, check->quantile);
	tw_histogram_release(&all);
	return (int64_t)threshold;
}

struct tw_sample tw_measure_distance(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs a, size_t run_a,
	struct tw_runs b, size_t run_b)
{
	struct tw_histogram x = {0}, y = {0};
	struct tw_sample sample = {0};

	tw_measure_latency(check, group, a, run_a, &x);
	tw_measure_latency(check, group, b, run_b, &y);
	sample.calls = y.count;
	sample.present = x.count && y.count;
	if (sample.present)
		sample.value = check->aggregate == TW_AGG_KS
				       ? tw_distance_ks(&x, &y)
			       : check->aggregate == TW_AGG_SHIFT
				       ? tw_distance_shift(&x, &y)
				       : tw_distance_wasserstein(&x, &y);
	tw_histogram_release(&x);
	tw_histogram_release(&y);
	return sample;
}

struct tw_sample tw_measure(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, size_t first,
	size_t n)
{
	tw_assert(first + n <= runs.n);
	if (check->aggregate == TW_AGG_RECOVERS)
		return threshold_sample(check, runs, first, n);
	if (check->aggregate == TW_AGG_RECOVERY)
		return tw_measure_recovery(check, group, runs, first, n);
	if (check->aggregate == TW_AGG_TIME)
		return tw_measure_time(check, group, runs, first, n);
	if (check->aggregate == TW_AGG_BURN)
		return tw_measure_burn(check, group, runs, first, n);
	if (tw_check_is_gauge(check))
		return gauges_sample(check, group, runs, first, n);
	return cells_sample(check, group, runs, first, n);
}
