/*
 * What changed beyond what the checks look at: each edge's latency, errors,
 * retries and calls, candidate against baseline, paired by run. A list to read,
 * not a verdict: nothing here was asked for beforehand, so that it is kept at a
 * false discovery rate (stats.h) instead of a level each, and what is too small
 * to matter is left out.
 */
#ifndef TW_GATE_EXPLORE_H
#define TW_GATE_EXPLORE_H

#include "harness/gate/measure.h"
#include "harness/gate/verdict.h"

/* Of what is listed, so much is there by chance, in the mean. */
#define TW_EXPLORE_RATE 0.05
#define TW_EXPLORE_MAX	20

/* At least two runs of each side, or nothing is found. Worst first. */
void tw_explore(struct tw_runs baseline, struct tw_runs candidate,
	struct tw_arena *arena, struct tw_scenario_result *result);

#endif
