/*
 * `twinrig gate --prove`: what would this gate have caught? Mutation testing
 * for gates. The candidate stands for both sides: as it is, and as a mutant
 * (mutants.h); the gate's own checks and judges decide, in its own scenarios,
 * by its own runs and seed.
 *
 * The largest size of a mutant is tried first, then the next. If these are not
 * caught the gate is blind to it; else the size from which it is caught is
 * bisected, as if all larger ones were caught, too. Scenarios are tried in
 * their order until one fails; the others stand in the correction for many
 * checks as passed.
 *
 * A/A: blocks of runs of the candidate itself with draws of their own, each
 * compared with each: gates that fail there are false alarms.
 */
#ifndef TW_COMMANDS_PROVE_H
#define TW_COMMANDS_PROVE_H

#include "harness/commands/gate.h"
#include "harness/commands/mutants.h"

/* A check of the gate, or a judge that gates. */
struct tw_proved_check {
	const char *text;
	size_t caught; /* mutants at the smallest size that the gate catches */
	const char *fails_anyway; /* a scenario in which it fails without a
				   * change, too: it counts nowhere there */
};

struct tw_proved_mutant {
	const struct tw_mutant *mutant;
	bool caught;
	bool doubted;	      /* not caught, yet no pass either: the gate is
			       * inconclusive at the largest size */
	size_t size;	      /* place in its sizes: the smallest caught */
	size_t tests;	      /* sizes that were tried */
	const char *scenario; /* where it was caught */
	const bool *checks;   /* which failed there, by place */
};

struct tw_proof {
	TW_VEC(struct tw_proved_check) checks;
	TW_VEC(struct tw_proved_mutant) mutants;
	size_t blind;	/* mutants that pass at any size */
	size_t doubted; /* that make the gate inconclusive, no more */
	size_t scenarios, skipped; /* with a search or a rollout */
	size_t runs;
	uint64_t seed;
	/* A/A */
	size_t blocks, pairs, false_alarms, undecided;
	size_t trials; /* that were run */
};

/* 0 nothing is blind; 1 something is; 4 A/A gates fail more often than alpha
 * allows; or the exit status with which it ended. */
int tw_gate_prove(struct tw_gate *gate);

void tw_proof_terminal(const struct tw_proof *proof, bool colour,
	struct tw_arena *arena, struct tw_buf *out);
void tw_proof_json(const struct tw_proof *proof, struct tw_arena *arena,
	struct tw_buf *out);

#endif
