/*
 * PodTopologySpread: between its filter (sched_spread.c) and its score
 * (sched_spread_score.c).
 */
#ifndef TW_CLUSTER_SCHED_SPREAD_H
#define TW_CLUSTER_SCHED_SPREAD_H

#include "twins/cluster/scheduler.h"

struct tw_spread_constraint {
	const struct tw_spread *spread;
	const struct tw_sched_list *counted; /* classes whose pods count */
	const struct tw_topology *topology;
	int64_t *pods; /* by domain; the last: of nodes without the key */
	bool *known;   /* likewise: the domain counts at all */
	size_t which;  /* of the pod's spreads */
	int64_t *on;   /* by node, of a hostname that is scored */
	bool marks;    /* they are the scheduler's marks */
	uint32_t n_known;
	uint32_t *first; /* score: by domain, the first feasible one of it */
	int64_t least;	 /* filter: pods of the emptiest domain */
	bool self;	 /* filter: the pod itself counts */
	double weight;
};

struct tw_spread_state {
	struct tw_spread_constraint *constraints;
	size_t n;
	bool all_keys; /* a node needs all of the topology keys */
	bool marked;   /* some constraint counts in marks */
	bool *out; /* score: by node, feasible but without a key; NULL: none */
	struct tw_spreads usual; /* of pods without constraints */
};

/* The place of a node's domain in the arrays. */
static inline uint32_t tw_spread_domain(
	const struct tw_spread_constraint *it, uint32_t node)
{
	return it->topology->slot_of[node];
}

static inline bool tw_spread_has_key(
	const struct tw_spread_constraint *it, uint32_t node)
{
	return it->topology->domain_of[node] != UINT32_MAX;
}

static inline bool tw_spread_has_keys(
	const struct tw_spread_state *state, uint32_t node)
{
	for (size_t i = 0; i < state->n; i++)
		if (!tw_spread_has_key(&state->constraints[i], node))
			return false;
	return true;
}

bool tw_spread_is_hostname(const struct tw_spread_constraint *it);

/* The constraints that filter, or those that score, of the cycle's pod. */
struct tw_spread_state *tw_spread_begin(struct tw_sched_cycle *cycle,
	const struct tw_spreads *spreads, bool do_not_schedule);
/* Pods that count: by node where `on` is there, else by domain. */
void tw_spread_count(struct tw_sched_cycle *cycle,
	const struct tw_spread_state *state, struct tw_spread_constraint *it);

/* Of struct tw_sched_plugin. */
bool tw_spread_pre_score(struct tw_sched_cycle *cycle, uint32_t slot);
void tw_spread_score_all(
	struct tw_sched_cycle *cycle, uint32_t slot, int64_t *scores);
void tw_spread_normalise(
	const struct tw_sched_cycle *cycle, uint32_t slot, int64_t *scores);
bool tw_spread_add_all(struct tw_sched_cycle *cycle, uint32_t slot,
	int32_t weight, int32_t *totals);

#endif
