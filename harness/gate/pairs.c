#include "harness/gate/pairs.h"

#include "harness/gate/rates.h"
#include "twins/base/hash.h"

#include <stdlib.h>

/* What a cell of this request would be called. */
static bool takes(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_observation *obs,
	const struct tw_example *example)
{
	struct tw_cell cell = {
		.key = {TW_OUTSIDE, example->service, example->endpoint, "",
			TW_CLIENT, TW_WINDOW_BEFORE}};

	if (example->at >= obs->fault_end)
		cell.key.window = TW_WINDOW_AFTER;
	else if (example->at >= obs->fault_start)
		cell.key.window = TW_WINDOW_DURING;
	if (obs->fault_start == TW_NEVER)
		cell.key.window = TW_WINDOW_BEFORE;
	return tw_measure_takes(check, group, &cell);
}

/* Are the calls that count requests from outside, and nothing else? */
static bool is_of_requests(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs)
{
	if (check->metric != TW_METRIC_ERRORS ||
		(check->aggregate != TW_AGG_RATIO &&
			check->aggregate != TW_AGG_COUNT))
		return false;
	for (size_t r = 0; r < runs.n; r++)
		for (size_t i = 0; i < runs.v[r]->cells.n; i++) {
			const struct tw_cell *cell = &runs.v[r]->cells.v[i];

			if (tw_measure_takes(check, group, cell) &&
				(cell->key.side != TW_CLIENT ||
					strcmp(cell->key.caller, TW_OUTSIDE)))
				return false;
		}
	return true;
}

/* A request that failed in a run of a side. */
struct failure {
	const struct tw_example *example;
	size_t run;
	int side; /* 0: the baseline's */
};

TW_VEC_TYPE(failures, struct failure);

static int by_key(const void *a, const void *b)
{
	const struct failure *x = a, *y = b;

	if (x->example->key != y->example->key)
		return x->example->key > y->example->key ? 1 : -1;
	if (x->run != y->run)
		return x->run > y->run ? 1 : -1;
	return x->side - y->side;
}

static void add_failures(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs runs, int side,
	uint64_t below, struct failures *to)
{
	for (size_t r = 0; r < runs.n; r++)
		for (size_t i = 0; i < runs.v[r]->failed.n; i++) {
			const struct tw_example *e = &runs.v[r]->failed.v[i];

			if ((!below || tw_hash_mix(e->key) < below) &&
				takes(check, group, runs.v[r], e))
				tw_vec_push(to, ((struct failure){e, r, side}));
		}
}

/* All that failed below it are known of every run; 0: all are. */
static uint64_t known_below(struct tw_runs runs, uint64_t below)
{
	for (size_t r = 0; r < runs.n; r++) {
		uint64_t own = runs.v[r]->failed_below;

		if (own && (!below || own < below))
			below = own;
	}
	return below;
}

static void note_broken(struct tw_pairs *pairs,
	const struct tw_example *example, size_t runs, struct tw_arena *arena)
{
	for (size_t i = 0; i < pairs->requests.n; i++) {
		struct tw_broken_request *known = &pairs->requests.v[i];

		if (known->position == example->position) {
			known->runs = known->runs > runs ? known->runs : runs;
			return;
		}
	}
	tw_vec_push_in(arena, &pairs->requests,
		((struct tw_broken_request){example->position, example->service,
			example->endpoint, runs}));
}

/* The failures of one request, in all runs of both sides. */
static void settle(const struct failure *v, size_t n, size_t runs,
	struct tw_pairs *pairs, struct tw_arena *arena)
{
	size_t failed[2] = {0}, both = 0;
	bool flips = false;

	for (size_t i = 0; i < n; i++) {
		failed[v[i].side]++;
		both += i && v[i].run == v[i - 1].run;
	}
	pairs->broken += failed[1] - both;
	pairs->mended += failed[0] - both;
	for (int side = 0; side < 2; side++)
		flips |= failed[side] && failed[side] < runs;
	pairs->noise += flips;
	pairs->broke += !flips && !failed[0];
	pairs->mends += !flips && !failed[1];
	if (!failed[0])
		note_broken(pairs, v[0].example, failed[1], arena);
}

static void compare(const struct failures *all, size_t runs,
	struct tw_pairs *pairs, struct tw_arena *arena)
{
	for (size_t i = 0, end; i < all->n; i = end) {
		end = i + 1;
		while (end < all->n &&
			all->v[end].example->key == all->v[i].example->key)
			end++;
		settle(&all->v[i], end - i, runs, pairs, arena);
	}
}

static int by_runs(const void *a, const void *b)
{
	const struct tw_broken_request *x = a, *y = b;

	if (x->runs != y->runs)
		return x->runs > y->runs ? -1 : 1;
	return (x->position > y->position) - (x->position < y->position);
}

/* The first ones; their names outlive the observations. */
static void name(struct tw_pairs *pairs, struct tw_arena *arena)
{
	if (pairs->requests.n)
		qsort(pairs->requests.v, pairs->requests.n,
			sizeof *pairs->requests.v, by_runs);
	if (pairs->requests.n > TW_PAIRS_NAMED)
		pairs->requests.n = TW_PAIRS_NAMED;
	for (size_t i = 0; i < pairs->requests.n; i++) {
		struct tw_broken_request *it = &pairs->requests.v[i];

		it->service = tw_arena_strdup(arena, it->service);
		it->endpoint = tw_arena_strdup(arena, it->endpoint);
	}
}

const struct tw_pairs *tw_pairs_of(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs baseline,
	struct tw_runs candidate, struct tw_arena *arena)
{
	struct failures all = {0};
	struct tw_pairs *pairs;
	uint64_t below;

	if (!baseline.n || baseline.n != candidate.n ||
		!is_of_requests(check, group, baseline) ||
		!is_of_requests(check, group, candidate))
		return NULL;
	pairs = tw_new(arena, struct tw_pairs);
	below = known_below(candidate, known_below(baseline, 0));
	add_failures(check, group, baseline, 0, below, &all);
	add_failures(check, group, candidate, 1, below, &all);
	if (all.n)
		qsort(all.v, all.n, sizeof *all.v, by_key);
	compare(&all, candidate.n, pairs, arena);
	tw_vec_release(&all);
	pairs->share = below ? (double)below / 18446744073709551616.0 : 1;
	pairs->p = tw_mcnemar(pairs->broke, pairs->mends);
	name(pairs, arena);
	return pairs;
}
