/*
 * What a report has said already, and does not say again: within a scenario
 * the lines of another group, and of a cause that an earlier scenario told all
 * but its name.
 */
#ifndef TW_REPORT_TOLD_H
#define TW_REPORT_TOLD_H

#include "harness/report/evidence.h"

struct tw_told {
	struct tw_arena *arena;
	bool verbose; /* causes are told each time */
	const struct tw_scenario_result *scenario; /* at hand */
	struct tw_map said;			   /* of it */
	struct tw_map causes; /* -> char *: the first scenario with it */
};

/* For one report. */
void tw_told_init(struct tw_told *told, struct tw_arena *arena, bool verbose);
/* Before its lines. */
void tw_told_scenario(
	struct tw_told *told, const struct tw_scenario_result *scenario);

/*
 * Of a group's lines (tw_evidence_of()), which to show: a heading with its
 * continuations as a whole. "guilty" is rewritten where the cause was told.
 * Reports show the figures of a plain fail in its row, so that "measured" is
 * left out there. `shown` has room for lines->n.
 */
void tw_told_choose(struct tw_told *told, const struct tw_group *group,
	struct tw_evidence_lines *lines, bool *shown);

#endif
