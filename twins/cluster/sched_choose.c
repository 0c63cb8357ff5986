/*
 * A decision: which of the nodes that fit is the best (scheduler.h).
 */
#include "twins/cluster/scheduler.h"

#include "twins/base/hash.h"

#define NOWHERE UINT32_MAX

/*
 * numFeasibleNodesToFind (pkg/scheduler/schedule_one.go): all below 100 nodes;
 * else a percentage, 50 - n/125 but at least 5, and at least 100 nodes. It
 * looks from another node on each time; here from one that the pod's class
 * names.
 */
uint32_t tw_scheduler_enough(const struct tw_scheduler *s)
{
	uint32_t n = (uint32_t)s->nodes.n;
	uint32_t percent = s->options.percentage_to_score;
	uint32_t wanted;

	if (n < 100 || percent >= 100)
		return n;
	if (!percent)
		percent = n / 125 < 45 ? 50 - n / 125 : 5;
	wanted = (uint32_t)((uint64_t)n * percent / 100);
	return wanted < 100 ? 100 : wanted;
}

/* ---- where it may go ------------------------------------------------ */

/* Plugins that look beyond the node, and have something to say. */
struct others {
	uint32_t slots[16];
	uint32_t n;
};

static struct others find_others(const struct tw_sched_cycle *cycle)
{
	struct others others = {.n = 0};

	for (uint32_t i = 0; tw_sched_plugins[i]; i++)
		if (!tw_sched_plugins[i]->of_node &&
			tw_sched_plugins[i]->filter && !cycle->idle[i])
			others.slots[others.n++] = i;
	return others;
}

static bool others_agree(const struct tw_sched_cycle *cycle,
	const struct others *others, uint32_t node)
{
	for (uint32_t i = 0; i < others->n; i++) {
		uint32_t slot = others->slots[i];

		if (tw_sched_plugins[slot]->filter(cycle, slot, node).status !=
			TW_SCHED_OK)
			return false;
	}
	return true;
}

static void find_between(struct tw_sched_cycle *cycle,
	struct tw_sched_kind *kind, const struct others *others, uint32_t node,
	uint32_t end, uint32_t wanted)
{
	const int16_t *sums = kind->sums;
	uint32_t *feasible = cycle->feasible, n = cycle->n_feasible;
	int32_t *totals = cycle->s->totals;

	for (; node < end && n < wanted; node++) {
		int16_t sum = sums[node];

		if (sum <= TW_SCHED_REFUSED) {
			if (sum == TW_SCHED_UNASKED)
				sum = tw_sched_kind_ask(cycle, kind, node);
			if (sum == TW_SCHED_REFUSED)
				continue;
		}
		if (others->n && !others_agree(cycle, others, node))
			continue;
		feasible[n] = node;
		totals[n++] = sum;
	}
	cycle->n_feasible = n;
}

/* With what each scores by itself. */
static void find_feasible(struct tw_sched_cycle *cycle,
	struct tw_sched_kind *kind, uint32_t start, uint32_t wanted)
{
	struct others others = find_others(cycle);
	uint32_t n = (uint32_t)cycle->s->nodes.n;

	find_between(cycle, kind, &others, start, n, wanted);
	find_between(cycle, kind, &others, 0, start, wanted);
}

/* ---- where it had best go ------------------------------------------- */

/* Where nobody has anything but 0 to say, all are the same once normalised,
 * and nothing is decided by that. */
static bool score_kept(struct tw_sched_cycle *cycle,
	const struct tw_sched_kind *kind, uint32_t slot, size_t raw)
{
	int64_t *scores = cycle->s->scores;

	if (!kind->tells[raw])
		return false;
	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		scores[i] = kind->raw[cycle->feasible[i]][raw];
	tw_sched_plugins[slot]->normalise(cycle, slot, scores);
	return true;
}

/* Whether its scores are to be added. */
static bool score_others(struct tw_sched_cycle *cycle, uint32_t slot)
{
	const struct tw_sched_plugin *it = tw_sched_plugins[slot];

	if (!tw_sched_pre_score(cycle, it) ||
		(it->add_all && it->add_all(cycle, slot, (int32_t)it->weight,
					cycle->s->totals)))
		return false;
	tw_sched_score_all(cycle, it, cycle->s->scores);
	return true;
}

/* As tw_sched_total() has them, but for what is the same for all. */
static void find_totals(
	struct tw_sched_cycle *cycle, const struct tw_sched_kind *kind)
{
	int32_t *totals = cycle->s->totals;
	const int64_t *scores = cycle->s->scores;
	size_t raw = 0;

	for (uint32_t p = 0; tw_sched_plugins[p]; p++) {
		const struct tw_sched_plugin *it = tw_sched_plugins[p];

		if ((!it->score && !it->score_all) ||
			(it->of_node && !it->normalise))
			continue;
		if (it->of_node ? !score_kept(cycle, kind, p, raw++)
				: !score_others(cycle, p))
			continue;
		for (uint32_t i = 0; i < cycle->n_feasible; i++)
			totals[i] += (int32_t)(it->weight * scores[i]);
	}
}

static uint32_t best_of(struct tw_sched_cycle *cycle,
	const struct tw_sched_kind *kind, uint64_t hash)
{
	const int32_t *totals = cycle->s->totals;
	const uint64_t *lucks = cycle->s->lucks.v;
	uint32_t best = NOWHERE;
	int32_t most = INT32_MIN;
	uint64_t luck = UINT64_MAX;

	/* With one node there is nothing to score. */
	if (cycle->n_feasible == 1)
		return cycle->feasible[0];
	find_totals(cycle, kind);
	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		most = totals[i] > most ? totals[i] : most;
	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		uint32_t node = cycle->feasible[i];
		uint64_t mine;

		if (totals[i] != most)
			continue;
		mine = tw_hash_combine_mixed(hash, lucks[node]);
		if (best != NOWHERE && mine >= luck)
			continue;
		best = node;
		luck = mine;
	}
	return best;
}

/* ---- the decision --------------------------------------------------- */

static void see_scratch(struct tw_scheduler *s)
{
	uint32_t n = (uint32_t)s->nodes.n;

	if (s->n_scratch >= n)
		return;
	s->feasible = tw_reallocarray(s->feasible, n, sizeof *s->feasible);
	s->totals = tw_reallocarray(s->totals, n, sizeof *s->totals);
	s->scores = tw_reallocarray(s->scores, n, sizeof *s->scores);
	s->n_scratch = n;
}

uint32_t tw_scheduler_choose(struct tw_scheduler *s, uint32_t class,
	uint64_t hash, struct tw_buf *why)
{
	uint32_t wanted = tw_scheduler_enough(s), n = (uint32_t)s->nodes.n;
	uint32_t node = NOWHERE;
	struct tw_sched_cycle cycle;

	see_scratch(s);
	tw_sched_cycle_begin(&cycle, s, class);
	cycle.feasible = s->feasible;
	tw_sched_pre_filter(&cycle);
	if (n) {
		struct tw_sched_kind *kind = tw_sched_kind_open(&cycle);

		find_feasible(&cycle, kind,
			wanted < n ? (uint32_t)(hash % n) : 0, wanted);
		if (cycle.n_feasible)
			node = best_of(&cycle, kind, hash);
	}
	if (node == NOWHERE && why)
		tw_sched_explain(&cycle, why);
	tw_sched_cycle_end(&cycle);
	return node;
}
