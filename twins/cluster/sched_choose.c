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

static void find_feasible(struct tw_sched_cycle *cycle,
	struct tw_sched_kind *kind, uint32_t start, uint32_t wanted)
{
	struct others others = find_others(cycle);
	const uint32_t *turns = cycle->s->turns.v;
	uint32_t n = (uint32_t)cycle->s->nodes.n, node = start;

	for (uint32_t i = 0; i < n && cycle->n_feasible < wanted;
		i++, node = node + 1 < n ? node + 1 : 0) {
		const struct tw_sched_answer *it = &kind->answers[node];

		if (it->turn != turns[node])
			tw_sched_kind_ask(cycle, kind, node);
		if (it->status == TW_SCHED_OK &&
			(!others.n || others_agree(cycle, &others, node)))
			cycle->feasible[cycle->n_feasible++] = node;
	}
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
		scores[i] = kind->answers[cycle->feasible[i]].raw[raw];
	tw_sched_plugins[slot]->normalise(cycle, slot, scores);
	return true;
}

/* As tw_sched_total() has them, but for what is the same for all. */
static void find_totals(
	struct tw_sched_cycle *cycle, const struct tw_sched_kind *kind)
{
	int64_t *totals = cycle->s->totals, *scores = cycle->s->scores;
	size_t raw = 0;

	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		totals[i] = kind->answers[cycle->feasible[i]].sum;
	for (uint32_t p = 0; tw_sched_plugins[p]; p++) {
		const struct tw_sched_plugin *it = tw_sched_plugins[p];

		if ((!it->score && !it->score_all) ||
			(it->of_node && !it->normalise))
			continue;
		if (it->of_node ? !score_kept(cycle, kind, p, raw++)
				: !tw_sched_score(cycle, it, scores))
			continue;
		for (uint32_t i = 0; i < cycle->n_feasible; i++)
			totals[i] += it->weight * scores[i];
	}
}

static uint32_t best_of(struct tw_sched_cycle *cycle,
	const struct tw_sched_kind *kind, uint64_t hash)
{
	const int64_t *totals = cycle->s->totals;
	uint32_t best = NOWHERE;
	int64_t most = INT64_MIN;
	uint64_t luck = 0;

	/* With one node there is nothing to score. */
	if (cycle->n_feasible == 1)
		return cycle->feasible[0];
	find_totals(cycle, kind);
	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		uint32_t node = cycle->feasible[i];
		uint64_t mine;

		if (totals[i] < most)
			continue;
		mine = tw_hash_combine(hash, cycle->s->nodes.v[node].hash);
		if (totals[i] == most && mine >= luck)
			continue;
		best = node;
		most = totals[i];
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
