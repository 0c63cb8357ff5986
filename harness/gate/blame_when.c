/* When a group began to differ, in which window, and by which requests. */
#include "harness/gate/blame.h"

#include "twins/base/hash.h"

/* The series of one slice that stands for the check's measure. */
static double slice_part(
	const struct tw_check *check, const struct tw_slice *slice)
{
	const struct tw_check *of = check->inner ? check->inner : check;

	switch (of->metric) {
	case TW_METRIC_ERRORS:
	case TW_METRIC_SHED:
	case TW_METRIC_OVERFLOW:
	case TW_METRIC_LIMITED:
	case TW_METRIC_REJECTED:
		return slice->errors;
	case TW_METRIC_TIMEOUTS:
		return slice->timeouts;
	case TW_METRIC_REQUESTS:
	case TW_METRIC_RETRIES:
	case TW_METRIC_DENIED:
	case TW_METRIC_EJECTIONS:
	case TW_METRIC_CONNECTS:
		return slice->count;
	default:
		return (double)slice->latency_sum;
	}
}

TW_VEC_TYPE(series, double);

static void add_slices(const struct tw_check *check,
	const struct tw_group_key *key, struct tw_runs runs, double sign,
	struct series *to)
{
	for (size_t r = 0; r < runs.n; r++)
		for (size_t i = 0; i < runs.v[r]->cells.n; i++) {
			const struct tw_cell *cell = &runs.v[r]->cells.v[i];

			if (!tw_measure_takes(check, key, cell))
				continue;
			while (to->n < cell->slices.n)
				tw_vec_push(to, 0);
			for (size_t k = 0; k < cell->slices.n; k++)
				to->v[k] += sign * slice_part(check,
							   &cell->slices.v[k]);
		}
}

tw_time tw_blame_first_slice(const struct tw_check *check,
	const struct tw_group_key *key, struct tw_runs baseline,
	struct tw_runs candidate)
{
	struct series series = {0};
	double sum = 0, most = 0;
	tw_time at = TW_NEVER;

	add_slices(check, key, candidate, 1, &series);
	add_slices(check, key, baseline, -1, &series);
	for (size_t i = 0; i < series.n; i++) {
		sum += series.v[i];
		most = sum > most ? sum : most;
		most = -sum > most ? -sum : most;
	}
	sum = 0;
	for (size_t i = 0; i < series.n && most > 0; i++) {
		sum += series.v[i];
		if (sum >= most / 50 || -sum >= most / 50) {
			at = (tw_time)i * candidate.v[0]->slice;
			break;
		}
	}
	tw_vec_release(&series);
	return at;
}

const char *tw_blame_window(const struct tw_check *check,
	const struct tw_group_key *key, struct tw_runs baseline,
	struct tw_runs candidate)
{
	bool at_most = check->compare == TW_LE || check->compare == TW_LT;
	const char *worst = NULL;
	size_t seen = 0;
	double most = 0;

	if (check->inner || key->labels[TW_LABEL_WINDOW])
		return NULL;
	for (size_t i = 0; i < 3; i++) {
		struct tw_group_key one = *key;
		struct tw_sample b, c;
		double grew;

		one.labels[TW_LABEL_WINDOW] = tw_window_names[i];
		b = tw_measure(check, &one, baseline, 0, baseline.n);
		c = tw_measure(check, &one, candidate, 0, candidate.n);
		seen += b.present || c.present;
		grew = at_most ? c.value - b.value : b.value - c.value;
		if (grew > most) {
			most = grew;
			worst = tw_window_names[i];
		}
	}
	return seen > 1 ? worst : NULL;
}

/* Or may have been: beyond what the sample would hold nothing is known. */
static bool was_there(
	const struct tw_observation *obs, const struct tw_example *example)
{
	if (obs->failed_below && tw_hash_mix(example->key) >= obs->failed_below)
		return true;
	for (size_t i = 0; i < obs->failed.n; i++)
		if (obs->failed.v[i].position == example->position)
			return true;
	return false;
}

void tw_blame_examples(struct tw_arena *arena, bool errors,
	struct tw_runs baseline, struct tw_runs candidate,
	struct tw_blame *blame)
{
	for (size_t r = 0; r < candidate.n; r++)
		for (size_t i = 0; i < candidate.v[r]->failed.n; i++) {
			const struct tw_example *e =
				&candidate.v[r]->failed.v[i];
			bool bad = e->status < 100 || e->status >= 400;

			if (blame->examples.n == TW_BLAME_EXAMPLES)
				return;
			if ((errors && !bad) ||
				(r < baseline.n && was_there(baseline.v[r], e)))
				continue;
			tw_vec_push_in(arena, &blame->examples,
				(struct tw_failed_request){e->position, e->at,
					e->latency,
					tw_arena_strdup(arena, e->service),
					tw_arena_strdup(arena, e->endpoint),
					tw_arena_strdup(
						arena, e->why ? e->why : ""),
					e->status, r});
		}
}
