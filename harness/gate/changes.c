#include "harness/gate/changes.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/kernel/random.h"

#include <stdlib.h>

#define PERMUTATIONS 199

static double apart(double a, double b)
{
	return a < b ? b - a : a - b;
}

/*
 * The cut of v[0..n) with the largest energy statistic (its equation 5 with
 * alpha = 1): mk / (m + k) times twice the mean distance across, less the mean
 * distances within. One pass: as the cut moves over a value, its distances to
 * either side change sides. *best < 0: there is no room for a cut.
 */
static size_t best_cut(const double *v, size_t n, double *best)
{
	double across = 0, left = 0, right = 0;
	size_t at = 0;

	*best = -1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			right += apart(v[i], v[k]);
	for (size_t i = 0; i + 1 < n; i++) {
		double m = (double)(i + 1), k = (double)(n - i - 1), energy;
		double before = 0, after = 0;

		for (size_t j = 0; j < i; j++)
			before += apart(v[i], v[j]);
		for (size_t j = i + 1; j < n; j++)
			after += apart(v[i], v[j]);
		left += before;
		right -= after;
		across += after - before;
		if (i + 1 < TW_CHANGE_LEAST || n - i - 1 < TW_CHANGE_LEAST)
			continue;
		energy = m * k / (m + k) *
			 (2 * across / (m * k) - 2 * left / (m * (m - 1)) -
				 2 * right / (k * (k - 1)));
		if (energy > *best) {
			*best = energy;
			at = i + 1;
		}
	}
	return at;
}

/* One of n, by the seed and what it is drawn for. */
static size_t draw(uint64_t seed, uint64_t what, size_t n)
{
	return (size_t)(tw_hash_combine(tw_hash_mix(seed), what) % n);
}

static double chance(const double *v, size_t n, double seen, uint64_t seed)
{
	double *mixed = tw_calloc(n, sizeof *mixed);
	size_t as_large = 1;

	for (size_t i = 0; i < n; i++)
		mixed[i] = v[i];
	for (uint64_t p = 0; p < PERMUTATIONS; p++) {
		double best;

		for (size_t i = n - 1; i > 0; i--) {
			size_t k = draw(seed, p << 32 | i, i + 1);
			double t = mixed[i];

			mixed[i] = mixed[k];
			mixed[k] = t;
		}
		best_cut(mixed, n, &best);
		as_large += best >= seen;
	}
	tw_free(mixed);
	return (double)as_large / (PERMUTATIONS + 1);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *v, size_t n)
{
	double *sorted = tw_calloc(n, sizeof *sorted), middle;

	for (size_t i = 0; i < n; i++)
		sorted[i] = v[i];
	qsort(sorted, n, sizeof *sorted, compare);
	middle =
		n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
	tw_free(sorted);
	return middle;
}

static void cut(const double *values, size_t from, size_t to, double alpha,
	uint64_t seed, struct tw_changes *changes)
{
	double energy, p;
	size_t at;

	if (to - from < 2 * TW_CHANGE_LEAST)
		return;
	at = from + best_cut(values + from, to - from, &energy);
	if (!(energy > 0))
		return;
	p = chance(values + from, to - from, energy,
		tw_hash_combine(seed, from << 20 | to));
	if (p > alpha)
		return;
	cut(values, from, at, alpha, seed, changes);
	tw_vec_push(changes, ((struct tw_change){.at = at, .p = p}));
	cut(values, at, to, alpha, seed, changes);
}

void tw_changes_of(const double *values, size_t n, double alpha, uint64_t seed,
	struct tw_changes *to)
{
	size_t first = to->n;

	cut(values, 0, n, alpha, seed, to);
	for (size_t i = first; i < to->n; i++) {
		struct tw_change *it = &to->v[i];
		size_t from = i > first ? it[-1].at : 0;
		size_t end = i + 1 < to->n ? it[1].at : n;

		it->before = median(values + from, it->at - from);
		it->after = median(values + it->at, end - it->at);
	}
}
