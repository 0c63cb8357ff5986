/*
 * What two systems differ in by who can talk to whom (twins/model/reach.h).
 */
#ifndef TW_COMMANDS_GATE_REACH_H
#define TW_COMMANDS_GATE_REACH_H

#include "harness/commands/input/system.h"
#include "harness/report/report.h"

/*
 * Pairs that could talk and cannot now, and the reverse: those that the
 * model's calls use come first. In the arena; *n: how many.
 */
const struct tw_report_reach *tw_reach_differences(
	const struct tw_system *baseline, const struct tw_system *candidate,
	struct tw_arena *arena, size_t *n);

#endif
