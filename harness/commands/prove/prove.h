/*
 * `twinrig gate --prove`: what would this gate have caught? Mutation testing
 * for gates. The candidate stands for both sides: as it is, and as a mutant
 * (mutants.h); the gate's own checks and judges decide, in its own scenarios,
 * by its own runs and seed.
 *
 *	prove.c		the order of things, which sizes are tried, A/A
 *	judge.c		one mutant of one size: what the gate says
 *	simulate.c	its runs in the model
 *	live.c		its runs of a real process, made worse at its sockets
 *	store.c		what need not be tried again
 *	report.c	the table and JSON; page.c HTML, junit.c
 *
 * The largest size of a mutant is tried first, then the next. If these are not
 * caught the gate is blind to it; else the size from which it is caught is
 * bisected, as if all larger ones were caught, too; then the same for each
 * check that failed at one of these sizes. A mutant in one scenario stands
 * beside the others as they are without it, in the correction for many checks.
 *
 * A/A: blocks of runs of the candidate itself, each compared with each: gates
 * that fail there are false alarms. In simulation their draws are their own.
 *
 * What a size came to is stored, and runs are; the same proof answers at once,
 * and one that ran out of time goes on.
 */
#ifndef TW_COMMANDS_PROVE_PROVE_H
#define TW_COMMANDS_PROVE_PROVE_H

#include "harness/commands/gate/gate.h"
#include "harness/commands/prove/mutants.h"

/* A check of the gate, a judge that gates, or what a process has beside. */
struct tw_proved_check {
	const char *text;
	size_t first;	/* mutants that it catches at the smallest size that
			 * the gate does */
	size_t catches; /* mutants that it catches at any size */
	const char *fails_anyway; /* a scenario in which it fails without a
				   * change, too: it counts nowhere there */
};

/* A mutant of one size, in all scenarios. */
struct tw_proved_test {
	bool tried;
	bool doubted; /* a check that passes without it cannot tell with it */
	/* By check: 1 + the first scenario in which it failed; 0: none. */
	size_t *scenarios;
};

enum tw_proved {
	TW_PROVED_CAUGHT,
	TW_PROVED_UNTRIED, /* time was up */
	TW_PROVED_DOUBTED, /* not caught, yet no pass: the gate is inconclusive
			    * at the largest size */
	TW_PROVED_BLIND,   /* it passes at every size that was tried */
	TW_PROVED_OUTCOMES
};

extern const char *const tw_proved_names[TW_PROVED_OUTCOMES];

struct tw_proved_mutant {
	const struct tw_mutant *mutant;
	struct tw_proved_test tests[TW_MUTANT_SIZES];
	size_t n_tests; /* that were tried */
	/* Another shard's; of a merge: no shard has what it would come to
	 * next. */
	bool elsewhere;
	enum tw_proved outcome;
	size_t size; /* place in its sizes: the smallest caught */
	/* By check: 1 + the smallest size at which it failed; 0: none. */
	size_t *from;
};

struct tw_proof {
	TW_VEC(struct tw_proved_check) checks;
	TW_VEC(struct tw_proved_mutant) mutants;
	TW_VEC(const char *) scenarios;
	size_t outcomes[TW_PROVED_OUTCOMES];
	size_t skipped; /* scenarios with a search or a rollout */
	size_t runs;
	uint64_t seed;
	const char *process; /* the service that a process is; NULL: none */
	double late;	     /* share of its sends, in the worst run */
	bool too_late;	     /* more than a verdict bears */
	/* A/A; pairs share blocks, so that they are not independent. */
	size_t blocks, pairs, false_alarms, undecided;
	bool alarmed;	  /* more than chance */
	bool out_of_time; /* sizes are left that were not tried */
	size_t trials;	  /* that all of it rests on */
	int status;
};

/* 0 nothing is blind; 1 something is; 4 A/A gates fail more often than chance,
 * or time was up; or the exit status with which it ended. */
int tw_gate_prove(struct tw_gate *gate);

/* The smallest size at which a check was seen to fail is that from which it
 * does: the next smaller one was tried, too. */
bool tw_proved_exactly(const struct tw_proved_mutant *it, size_t check);
/* "+20%": of its kind. */
const char *tw_proved_size(
	const struct tw_proved_mutant *it, size_t at, struct tw_arena *arena);
/* One line: what was caught, and the false alarms. */
const char *tw_proof_headline(
	const struct tw_proof *proof, struct tw_arena *arena);

/* brief: one line, and a row for each mutant that is not caught. */
void tw_proof_terminal(const struct tw_proof *proof, bool brief, bool colour,
	struct tw_arena *arena, struct tw_buf *out);
void tw_proof_json(const struct tw_proof *proof, struct tw_arena *arena,
	struct tw_buf *out);
void tw_proof_junit(const struct tw_proof *proof, const char *config,
	bool strict, struct tw_arena *arena, struct tw_buf *out);
void tw_proof_page(const struct tw_proof *proof, struct tw_arena *arena,
	struct tw_buf *out);

#endif
