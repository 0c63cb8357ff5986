/* What other people's judges say, as lines for every form of a report. */
#ifndef TW_REPORT_OPINION_H
#define TW_REPORT_OPINION_H

#include "harness/report/evidence.h"

/* "kayenta canary.json: Fail, score 33.33 (pass 95, marginal 75)", and whether
 * that counts. */
const char *tw_opinion_text(
	const struct tw_opinion *opinion, struct tw_arena *arena);
/* "High_Latency: High; mean 3.2, was 1.1 ... (canary.json:12)". */
const char *tw_opinion_line_text(const struct tw_opinion *opinion,
	const struct tw_opinion_line *line, struct tw_arena *arena);
/* The command that gives it again, where it counts and does not pass and no
 * group of the scenario says it; or NULL. */
const char *tw_opinion_again(const struct tw_scenario_result *scenario,
	const struct tw_opinion *opinion);
/* Without figures: what a history of test results is kept under. */
const char *tw_opinion_name(
	const struct tw_opinion *opinion, struct tw_arena *arena);

#endif
