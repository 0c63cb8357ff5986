/*
 * Other people's judges of a configuration, ready to be asked: each with its
 * file read and its metrics found (harness/judges).
 */
#ifndef TW_COMMANDS_INPUT_JUDGES_H
#define TW_COMMANDS_INPUT_JUDGES_H

#include "harness/config/config.h"
#include "harness/gate/verdict.h"
#include "harness/judges/judges.h"

struct tw_ready_judge {
	const struct tw_judge_kind *kind;
	const struct tw_config_judge *config;
	struct tw_judge_setup setup;
	void *data;
};

TW_VEC_TYPE(tw_ready_judges, struct tw_ready_judge);

/* Files are read from `files`. -1 where errors were added. All of it lives in
 * the arena; `texts`, where not NULL, gets what was read of the files. */
int tw_judges_read(const struct tw_config *config, struct tw_files *files,
	struct tw_arena *arena, struct tw_diags *diags,
	struct tw_ready_judges *to, struct tw_buf *texts);

/* What they say of one scenario, in the order in which they are written. */
void tw_judges_ask(const struct tw_ready_judges *judges,
	struct tw_runs baseline, struct tw_runs candidate,
	struct tw_arena *arena, struct tw_scenario_result *result);

/* Those that gate count, once the gate's own checks are concluded. */
void tw_judges_count(struct tw_gate_result *result);

#endif
