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

/* The requests of one run that failed, of those that both sides would know. */
struct failed {
	const struct tw_example **v;
	size_t n;
};

static int by_key(const void *a, const void *b)
{
	const struct tw_example *x = *(const struct tw_example *const *)a;
	const struct tw_example *y = *(const struct tw_example *const *)b;

	return (x->key > y->key) - (x->key < y->key);
}

static struct failed failed_of(const struct tw_check *check,
	const struct tw_group_key *group, const struct tw_observation *obs,
	uint64_t below)
{
	struct failed failed = {
		tw_calloc(obs->failed.n + 1, sizeof *failed.v), 0};

	for (size_t i = 0; i < obs->failed.n; i++) {
		const struct tw_example *e = &obs->failed.v[i];

		if ((!below || tw_hash_mix(e->key) < below) &&
			takes(check, group, obs, e))
			failed.v[failed.n++] = e;
	}
	qsort(failed.v, failed.n, sizeof *failed.v, by_key);
	return failed;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

static void note_broken(struct tw_pairs *pairs,
	const struct tw_example *example, struct tw_arena *arena)
{
	pairs->broken++;
	for (size_t i = 0; i < pairs->requests.n; i++) {
		struct tw_broken_request *known = &pairs->requests.v[i];

		if (known->position == example->position) {
			known->runs++;
			return;
		}
	}
	tw_vec_push_in(arena, &pairs->requests,
		((struct tw_broken_request){example->position, example->service,
			example->endpoint, 1}));
}

static void compare(const struct failed *b, const struct failed *c,
	struct tw_pairs *pairs, struct tw_arena *arena)
{
	size_t i = 0, k = 0;

	while (i < b->n || k < c->n) {
		uint64_t x = i < b->n ? b->v[i]->key : UINT64_MAX;
		uint64_t y = k < c->n ? c->v[k]->key : UINT64_MAX;

		if (k == c->n || (i < b->n && x < y)) {
			pairs->mended++;
			i++;
		} else if (i == b->n || y < x) {
			note_broken(pairs, c->v[k++], arena);
		} else {
			i++;
			k++;
		}
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
	struct tw_pairs *pairs;
	double shares = 0;

	if (!baseline.n || baseline.n != candidate.n ||
		!is_of_requests(check, group, baseline) ||
		!is_of_requests(check, group, candidate))
		return NULL;
	pairs = tw_new(arena, struct tw_pairs);
	for (size_t r = 0; r < candidate.n; r++) {
		uint64_t below = lesser(baseline.v[r]->failed_below,
			candidate.v[r]->failed_below);
		struct failed b = failed_of(check, group, baseline.v[r], below);
		struct failed c =
			failed_of(check, group, candidate.v[r], below);

		compare(&b, &c, pairs, arena);
		shares += below ? (double)below / 18446744073709551616.0 : 1;
		tw_free(b.v);
		tw_free(c.v);
	}
	pairs->share = shares / (double)candidate.n;
	pairs->p = tw_mcnemar(pairs->broken, pairs->mended);
	name(pairs, arena);
	return pairs;
}
