/*
 * Errors request by request: the baseline and the candidate have the same
 * requests (in simulation by their key, live by their place in the capture), so
 * that it can be said which broke. Requests of one run share its weather, so
 * that this names and counts them; what decides are the runs.
 */
#ifndef TW_GATE_PAIRS_H
#define TW_GATE_PAIRS_H

#include "harness/gate/measure.h"
#include "harness/gate/verdict.h"

/* Requests that are named. */
#define TW_PAIRS_NAMED 20

/* NULL where the check is not about errors of requests from outside alone. */
const struct tw_pairs *tw_pairs_of(const struct tw_check *check,
	const struct tw_group_key *group, struct tw_runs baseline,
	struct tw_runs candidate, struct tw_arena *arena);

#endif
