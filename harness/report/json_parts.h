/*
 * Private to the JSON report: json.c (the whole, and what was compared) and
 * json_scenario.c (one scenario: checks, groups, blame, judges).
 */
#ifndef TW_HARNESS_REPORT_JSON_PARTS_H
#define TW_HARNESS_REPORT_JSON_PARTS_H

#include "harness/json/writer.h"
#include "harness/report/report.h"

/* `file`, `line` and `column` of the object that is open, where known. */
void tw_report_json_position(struct tw_json_writer *w, struct tw_pos pos);
/* An element; `scenes`: with what its runs saw. */
void tw_report_json_scenario(struct tw_json_writer *w,
	const struct tw_scenario_result *s, bool scenes);

#endif
