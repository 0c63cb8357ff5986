/*
 * The search for metastable states: how large a trigger is the smallest from
 * which a system does not recover, at a load.
 *
 * A scenario with `search` has a fault one of whose parameters is scaled over
 * a grid of sizes. In each run, of each side, bisection over the grid finds
 * the smallest size after which the condition of a `recovers()` check does
 * not hold again within the time given, counted from the end of the faults:
 * that what does not recover from one size does not from a larger one is
 * supposed. That takes at most 1 + log2 of the sizes trials, and one without
 * the fault. A run that recovers from them all counts as one step more.
 */
#ifndef TW_COMMANDS_RUN_SEARCH_H
#define TW_COMMANDS_RUN_SEARCH_H

#include "harness/commands/input/scenario.h"
#include "harness/gate/verdict.h"
#include "harness/trial/trial.h"

struct tw_search {
	const struct tw_case *one;
	const struct tw_flow *flow;
	const struct tw_model *model[2]; /* by side; [baseline] may be NULL */
	const struct tw_check *const *checks; /* recovers() alone count */
	size_t n_checks;
	size_t runs, threads;
	uint64_t seed;
};

/* The checks of a search: recovers() where the case has one, else all other.
 * A copy of each with the unit of its trigger. In the arena. */
size_t tw_search_checks(const struct tw_case *one,
	const struct tw_check *const *checks, size_t n, struct tw_arena *arena,
	const struct tw_check ***to);

/*
 * Observations of the runs without the fault, those of the candidate first,
 * each with the thresholds that were found: to[2 * runs], or to[runs] where
 * there is no baseline. Adds a map a check; all of it in the arena but the
 * observations. -1 where an error was added to diags.
 */
int tw_search_run(const struct tw_search *search, struct tw_arena *arena,
	struct tw_diags *diags, struct tw_observation *to,
	struct tw_scenario_result *maps);

#endif
