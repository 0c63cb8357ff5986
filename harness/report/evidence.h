/*
 * What several forms of a report say alike: the facts of one group as lines
 * of plain text with a short heading each.
 */
#ifndef TW_REPORT_EVIDENCE_H
#define TW_REPORT_EVIDENCE_H

#include "harness/report/report.h"

struct tw_evidence_line {
	const char *head; /* "guilty"; "" continues the one before */
	const char *text;
};

TW_VEC_TYPE(tw_evidence_lines, struct tw_evidence_line);

/* Why the group is not a pass: what was measured, who is guilty, which edges
 * contribute, when, which requests, what to do. Lives in the arena. */
void tw_evidence_of(const struct tw_scenario_result *scenario,
	const struct tw_check_result *check, const struct tw_group *group,
	struct tw_arena *arena, struct tw_evidence_lines *lines);

/* Whether a group needs no word: a pass, and not one that is new. */
bool tw_evidence_is_quiet(const struct tw_group *group);
bool tw_evidence_check_is_quiet(const struct tw_check_result *check);

/* A file, NULL the configuration, as seen from the repository's root. */
const char *tw_evidence_file(const struct tw_report *report, const char *file,
	struct tw_arena *arena);

/* "ratio(errors) by (zone) <= baseline [a]": without figures, so that it
 * stays the same from run to run. */
const char *tw_evidence_name(const struct tw_check *check,
	const struct tw_group *group, struct tw_arena *arena);

/* "+4.3pp [+3.9pp, +4.7pp]", "never", "-": the group's difference. */
const char *tw_evidence_difference(const struct tw_check *check,
	const struct tw_group *group, struct tw_arena *arena);

/* What the check would have caught, 9 times in 10: of its groups the largest
 * of the smallest regressions ("+4.1ms"); NULL where nothing tells. */
const char *tw_evidence_catches(
	const struct tw_check_result *check, struct tw_arena *arena);

/* The same of one group, alone and as a sentence; it has_detects. */
const char *tw_evidence_catches_of(const struct tw_check *check,
	const struct tw_group *group, struct tw_arena *arena);
const char *tw_evidence_group_catches(const struct tw_check *check,
	const struct tw_group *group, struct tw_arena *arena);

/* Checks of a scenario, worst first; ties as they were written. */
void tw_evidence_order(const struct tw_scenario_result *scenario,
	struct tw_arena *arena, const struct tw_check_result ***order);
/* Scenarios, worst first; ties as they were written. */
void tw_evidence_scenarios(const struct tw_gate_result *gate,
	struct tw_arena *arena, const struct tw_scenario_result ***order);

/* What else changed: "shop/a -> shop/b GET /: mean latency 3.1ms -> 3.6ms". */
const char *tw_evidence_finding(
	const struct tw_finding *finding, struct tw_arena *arena);

/* "8", "8 to 32". */
const char *tw_evidence_runs(
	const struct tw_report *report, struct tw_arena *arena);
/* "8 runs, all decided", "12 runs, the time was up"; NULL: as many as there
 * were to be. */
const char *tw_evidence_stopped(
	const struct tw_scenario_result *scenario, struct tw_arena *arena);

/* "2 failed, 1 inconclusive, 14 passed, 1 muted". */
const char *tw_evidence_counts(
	const struct tw_gate_result *gate, struct tw_arena *arena);

#endif
