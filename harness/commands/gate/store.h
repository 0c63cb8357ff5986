/*
 * Private to `twinrig gate` and `merge`: trials that need not be run again,
 * and where they are kept.
 *
 *	store.c	what determines the gate
 *	record.c	what is kept of it at its end
 *	trials.c	each trial from where it is stored, or run
 *	stored.c	a stored gate as the baseline: may it be compared?
 *	shard.c	a part of the trials, and the parts put together
 */
#ifndef TW_COMMANDS_GATE_STORE_H
#define TW_COMMANDS_GATE_STORE_H

#include "harness/baseline/record.h"
#include "harness/baseline/shard.h"
#include "harness/baseline/trial_key.h"
#include "harness/commands/progress.h"
#include "harness/commands/input/scenario.h"
#include "harness/gate/measure.h"
#include "harness/trial/trial.h"

struct tw_gate;

/* Bytes of trials beside the two sides' that a gate writes: about a third of
 * it on the disk. */
#define TW_GATE_ASIDE_MOST (UINT64_C(128) << 20)

struct tw_gate_flow {
	const struct tw_flow *flow;
	enum tw_flow_side side;
	uint32_t replication;
	char digest[TW_DIGEST_TEXT];
};

struct tw_gate_store {
	struct tw_archive *archive; /* NULL: nothing is kept */
	struct tw_diags diags;	    /* about storing: told, and in no report */
	bool keeps;		    /* what is run is written there too */
	struct tw_filing filing;
	char inputs[2][TW_DIGEST_TEXT]; /* by enum tw_flow_side */
	TW_VEC(struct tw_gate_flow) flows;
	size_t taken, ran;
	/* Of counterfactuals and mutants, which no other count tells of. */
	size_t ran_aside, taken_aside;
	uint64_t bytes_aside; /* of these, written */
	bool full;	      /* no more of them is */
	struct tw_buf begins; /* "fault.SCENARIO TAB ns" a line */
	struct tw_buf kpis;   /* lines of kpi.c */

	struct tw_record stored; /* that is the baseline */
	bool has_stored;

	uint32_t shard, shards;	       /* 0, 0: all is run here */
	size_t ordinal;		       /* of the next trial */
	struct tw_shard part;	       /* what this shard ran */
	TW_VEC(struct tw_shard) parts; /* of a merge */
	TW_VEC(size_t) missing;	       /* numbers of shards that lack a trial */
};

/* Trials of one case in one variant: seen[i] is that of trials[i]. */
struct tw_gate_batch {
	const struct tw_case *one;
	const struct tw_flow *flow;
	double factor; /* of assumed values */
	const struct tw_trial *trials;
	size_t n;
	struct tw_observation *seen;
	struct tw_progress *progress;
	/* A candidate that is none of the two sides (counterfactuals): what it
	 * is made from. Run or taken here, never by shards, and of no run of
	 * the record; NULL: the sides themselves. */
	const char *aside;
};

/* The archive, opened once; NULL with the reason. */
struct tw_archive *tw_gate_archive(
	struct tw_gate *gate, struct tw_error *error);
/* Once both sides and the checks are read: what determines the gate. 0, or
 * the exit status with which it ends. */
int tw_gate_store_open(struct tw_gate *gate);
/* 0, or the exit status. Without --shard all are there afterwards. */
int tw_gate_trials(struct tw_gate *gate, const struct tw_gate_batch *batch);
/* What a case is, in the gate's identity. */
void tw_gate_identify_case(struct tw_gate *gate, const struct tw_case *one,
	const struct tw_flow *flow, enum tw_flow_side side,
	const struct tw_scenario *scenario);
/* Keeps what cannot be run again: a real process's. */
void tw_gate_keep(struct tw_gate *gate, const struct tw_case *one,
	enum tw_flow_side side, struct tw_runs runs);
/* Storing failed: a warning, once, and no more of it. */
void tw_gate_store_failed(struct tw_gate *gate, const struct tw_error *error);
/* The checks as a record has them. */
void tw_gate_checks_text(const struct tw_gate *gate, struct tw_buf *out);
/* Once the report is told. Failing is a warning. */
void tw_gate_store_finish(struct tw_gate *gate);
void tw_gate_store_release(struct tw_gate *gate);

/* stored.c: opens the record; its files are where the baseline is read
 * from. */
int tw_gate_open_stored(struct tw_gate *gate, const char *name,
	const struct tw_pos *pos, struct tw_files **files);
/* Once the baseline is compiled: its pods stand where they stood as the
 * candidate's. Does nothing where the baseline is no stored one. */
int tw_gate_place_stored(struct tw_gate *gate);
/* Whatever can be said before a trial; then of a trial that it lacks. 0, or
 * the exit status. */
int tw_gate_stored_fits(struct tw_gate *gate);
int tw_gate_stored_lacks(struct tw_gate *gate,
	const struct tw_gate_batch *batch, const struct tw_trial *trial,
	const char *key);

/* shard.c */
int tw_gate_shard_open(struct tw_gate *gate);
/* May this trial be left to another shard? Counts it. */
bool tw_gate_shard_skips(struct tw_gate *gate);
/* The bytes that a part of a merge has; NULL: none, which is noted. */
const struct tw_str *tw_gate_shard_find(struct tw_gate *gate, const char *key);
/* At the end: writes the part, or says what is missing. */
int tw_gate_shard_finish(struct tw_gate *gate);
int tw_gate_merge_missing(struct tw_gate *gate);

#endif
