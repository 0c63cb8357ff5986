/* Private to `twinrig gate --prove`: what its parts share (prove.h). */
#ifndef TW_COMMANDS_PROVE_RUN_H
#define TW_COMMANDS_PROVE_RUN_H

#include "harness/commands/prove/prove.h"

#define TW_PROVE_BLOCKS 8 /* of A/A runs */

/* gate->runs runs of one thing in one scenario; seen NULL: none. */
struct tw_prove_block {
	struct tw_observation *seen;
	size_t n;
	/* Of a process. */
	uint64_t compared, different; /* answers */
	bool broken;		      /* it did not play to the end */
};

/* One scenario of the gate. */
struct tw_prove_stage {
	const struct tw_case *one;
	const struct tw_flow *flow; /* of a simulation */
	size_t rounds;		    /* of a process, that were played */
	struct tw_scenario scenario;
	struct tw_prove_block blocks[TW_PROVE_BLOCKS]; /* the candidate as it
							* is */
	struct tw_scenario_result *same; /* block 0 against itself */
	bool *fails;			 /* checks that fail even so */
	bool known;			 /* they are, and what is reached */
};

/* A mutant to be tried at one of its sizes. */
struct tw_prove_try {
	struct tw_proved_mutant *it;
	size_t size;
	struct tw_prove_block block; /* in the scenario at hand */
	bool left;		     /* it needs no other scenario */
};

struct tw_proving;

/* Where runs come from. All return 0, or the exit status: a try that could not
 * be played has no runs. */
struct tw_prove_player {
	int (*open)(struct tw_proving *p);
	void (*close)(struct tw_proving *p);
	void (*list)(struct tw_proving *p, struct tw_mutants *to);
	/* Block b of the candidate as it is. */
	int (*own)(
		struct tw_proving *p, struct tw_prove_stage *stage, size_t b);
	/* These; *control is block 0, or what was played in turns with them. */
	int (*play)(struct tw_proving *p, struct tw_prove_stage *stage,
		struct tw_prove_try *tries, size_t n,
		const struct tw_prove_block **control);
	size_t blocks;	/* of A/A runs */
	bool together;	/* all tries at a time */
	bool one_scene; /* what is caught in a scenario is not tried in others:
			 * time is dear */
	tw_time budget; /* where nobody gives one */
};

extern const struct tw_prove_player tw_prove_simulated, tw_prove_process;

struct tw_proving {
	struct tw_gate *gate;
	struct tw_proof *proof;
	const struct tw_prove_player *player;
	void *data; /* the player's */
	TW_VEC(struct tw_prove_stage) stages;
	struct tw_progress progress;
	double confidence;
	size_t threads;
	tw_time deadline;
	bool out_of_time;
	char base[TW_DIGEST_TEXT]; /* of all that determines the proof */
	size_t recalled, kept;	   /* outcomes that were stored, and are */
};

void tw_prove_block_release(struct tw_prove_block *block);
bool tw_prove_time_is_up(struct tw_proving *p);
/* Of one run of a process. */
void tw_prove_note_late(struct tw_proof *proof, double late);
/* A scenario without a search or a rollout. */
bool tw_prove_is_plain(const struct tw_case *one);

/* judge.c: is one of the gate's scenarios of use here? */
int tw_prove_know(struct tw_proving *p, struct tw_prove_stage *stage);
/* "test KIND WHERE SIZE": what it is stored by. */
const char *tw_prove_name(
	const struct tw_prove_try *try, struct tw_arena *arena);
/* Tries them all, or recalls what they came to. 0, or the exit status. */
int tw_prove_try(struct tw_proving *p, struct tw_prove_try *tries, size_t n);
int tw_prove_false_alarms(struct tw_proving *p);

/* store.c: once the stages are there. */
void tw_prove_store_open(struct tw_proving *p);
/* Mutants are dealt to the shards in turn; the A/A runs are as one more. */
bool tw_prove_is_mine(const struct tw_proving *p, size_t mutant);
/* Of a merge: no shard has what this mutant came to. */
void tw_prove_lacks(struct tw_proving *p, size_t mutant);
/* Once all is recalled: 0, or the exit status where a shard is missing. Where
 * all are there it ran out of time. */
int tw_prove_merge_missing(struct tw_proving *p);
/* What was kept by this name; false: nothing. */
bool tw_prove_recall(struct tw_proving *p, const char *name, struct tw_buf *to);
void tw_prove_keep(
	struct tw_proving *p, const char *name, const struct tw_buf *text);
/* A run by this name, which no file need be read for again. */
bool tw_prove_recall_run(
	struct tw_proving *p, const char *name, struct tw_observation *to);
void tw_prove_keep_run(struct tw_proving *p, const char *name,
	const struct tw_observation *run);
/* What goes with it and is in no observation. */
bool tw_prove_recall_rest(
	struct tw_proving *p, const char *name, struct tw_buf *to);
void tw_prove_keep_rest(
	struct tw_proving *p, const char *name, const struct tw_buf *text);
/* The whole as it is told. */
void tw_prove_store_finish(struct tw_proving *p, const struct tw_buf *json);

#endif
