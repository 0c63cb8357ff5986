#include "harness/gate/smallest.h"

#include <string.h>

/* Up to so many, all pairs are tried. */
#define FEW 6

/* False also where no test is left. */
static bool try(struct tw_smallest *it, const bool *undone)
{
	if (it->tests >= it->most)
		return false;
	it->tests++;
	return it->passes(it->context, undone);
}

static bool is_spent(const struct tw_smallest *it)
{
	return it->tests >= it->most;
}

static void take(struct tw_smallest *it, const bool *undone)
{
	it->n_found = 0;
	for (size_t i = 0; i < it->n; i++) {
		it->found[i] = undone[i];
		it->n_found += undone[i];
	}
}

static bool try_alone(struct tw_smallest *it, bool *undone)
{
	for (size_t i = 0; i < it->n; i++) {
		bool passes;

		if (is_spent(it))
			break;
		undone[i] = true;
		passes = try(it, undone);
		it->alone[i] = passes ? TW_ALONE_YES : TW_ALONE_NO;
		if (passes && !it->n_found)
			take(it, undone);
		undone[i] = false;
	}
	return it->n_found;
}

static bool try_pairs(struct tw_smallest *it, bool *undone)
{
	for (size_t i = 0; i < it->n; i++)
		for (size_t k = i + 1; k < it->n; k++) {
			bool passes;

			undone[i] = undone[k] = true;
			passes = try(it, undone);
			if (passes)
				take(it, undone);
			undone[i] = undone[k] = false;
			if (passes)
				return true;
		}
	return false;
}

/* The part-th of `parts` of the members found so far, or all but it. */
static void divide(const struct tw_smallest *it, size_t part, size_t parts,
	bool rest, bool *undone)
{
	size_t from = part * it->n_found / parts;
	size_t to = (part + 1) * it->n_found / parts, at = 0;

	for (size_t i = 0; i < it->n; i++) {
		undone[i] = it->found[i] && (at >= from && at < to) != rest;
		at += it->found[i];
	}
}

/* One round of subsets, or of complements; true where one was taken. */
static bool reduce(
	struct tw_smallest *it, size_t parts, bool rest, bool *undone)
{
	for (size_t part = 0; part < parts && !is_spent(it); part++) {
		divide(it, part, parts, rest, undone);
		if (try(it, undone)) {
			take(it, undone);
			return true;
		}
	}
	return false;
}

static void narrow(struct tw_smallest *it, bool *undone)
{
	size_t parts = 2;

	while (it->n_found > 1 && !is_spent(it)) {
		/* Single members were tried already. */
		if (parts < it->n_found && reduce(it, parts, false, undone)) {
			parts = 2;
		} else if (parts > 2 || it->n_found > 2) {
			if (reduce(it, parts, true, undone))
				parts = parts > 3 ? parts - 1 : 2;
			else if (parts < it->n_found)
				parts = parts * 2 < it->n_found ? parts * 2
								: it->n_found;
			else
				break;
		} else {
			break;
		}
	}
}

bool tw_smallest_find(struct tw_smallest *it)
{
	bool *undone = tw_calloc(it->n + 1, sizeof *undone);

	it->n_found = it->tests = 0;
	memset(it->found, 0, it->n * sizeof *it->found);
	for (size_t i = 0; i < it->n; i++)
		it->alone[i] = TW_ALONE_UNTRIED;
	if (!try_alone(it, undone) && it->n > 1 && !is_spent(it) &&
		!(it->n <= FEW && it->n > 2 && try_pairs(it, undone))) {
		memset(undone, true, it->n * sizeof *undone);
		if (try(it, undone)) {
			take(it, undone);
			narrow(it, undone);
		}
	}
	it->minimal = it->n_found == 1 || !is_spent(it);
	tw_free(undone);
	return it->n_found;
}
