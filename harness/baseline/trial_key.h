/*
 * The name of a trial's result: a hash of all that determines it. Two trials
 * of one key give the same observation, to the byte, on any machine.
 */
#ifndef TW_BASELINE_TRIAL_KEY_H
#define TW_BASELINE_TRIAL_KEY_H

#include "harness/baseline/digest.h"
#include "harness/trial/flow.h"
#include "twins/fault/fault.h"

/* A hash of the sources that make a model and run it, so that a program with
 * other rules never takes what this one stored for its own. */
extern const char tw_semantics[];
/* The same of those that judge: of outcomes that are stored. */
extern const char tw_judging[];

struct tw_trial_identity {
	const char *inputs; /* tw_inputs_digest() of the side */
	const char *faults; /* tw_faults_digest() */
	const char *flow;   /* tw_flow_digest() */
	double factor;	    /* of assumed values: 1 as they are */
	uint64_t seed;
	uint32_t replication;
};

char *tw_trial_key(const struct tw_trial_identity *identity,
	char to[static TW_DIGEST_TEXT]);

/* What goes wrong in a scenario, compiled for a model of the side; NULL:
 * nothing. */
char *tw_faults_digest(
	const struct tw_scenario *scenario, char to[static TW_DIGEST_TEXT]);

/*
 * The arrivals of one side of a flow, each with where it goes by name, and
 * from when on they count: what a trial sees of a capture, whatever file it
 * stood in. Costs a pass over it.
 */
char *tw_flow_digest(const struct tw_flow *flow, enum tw_flow_side side,
	uint64_t seed, uint32_t replication, char to[static TW_DIGEST_TEXT]);

#endif
