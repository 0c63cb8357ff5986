/*
 * Errors request by request: the baseline and the candidate have the same
 * requests (in simulation by their key, live by their place in the capture), so
 * that it can be said which broke.
 *
 * Noise first. Where there are several runs each side is its own A/A test: a
 * request that fails in some of a side's runs and not in others would flip
 * without any change. It is dropped, on whichever side it flips, and McNemar's
 * test looks at what is left: those that broke in every run, and those that
 * were mended in every run. To look at the baseline's runs alone would be
 * wrong: what fails now and then fails more often in one of n runs of the
 * candidate than in all n of the baseline, so that chance would look like
 * breakage. Treating both sides alike makes either way as likely where nothing
 * changed, whatever the requests' own rates are, and the test exact.
 *
 * Requests of one run share its weather; the test names and counts, and what
 * decides are the runs.
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
