/*
 * The timeline of a run (twins/observe/timeline.h) in the forms that reports
 * share: JSON (docs/json.md) and lines of plain text.
 */
#ifndef TW_REPORT_TIMELINE_H
#define TW_REPORT_TIMELINE_H

#include "harness/gate/verdict.h"
#include "harness/json/writer.h"
#include "twins/observe/timeline.h"

/* An object: the value of a key that the caller has written. */
void tw_timeline_json(
	struct tw_json_writer *json, const struct tw_timeline *timeline);

struct tw_timeline_line {
	const char *time; /* "20.5s"; "" continues the line before */
	const char *text; /* "shop/cart  3 of 3 ready, 3 endpoints" */
};

TW_VEC_TYPE(tw_timeline_lines, struct tw_timeline_line);

/*
 * What happened in order of time: each workload that changed and the nodes as
 * they were at their turning points (the last, the fewest endpoints, and
 * some in between), and events, warnings first where there are
 * more than `most` lines in all. Where more than 40 workloads changed, all of
 * them together and the nodes come first. Lives in the arena; nothing where
 * nothing changed.
 */
void tw_timeline_text(const struct tw_timeline *timeline, size_t most,
	struct tw_arena *arena, struct tw_timeline_lines *lines);

/* Of these scenarios, worst first, the first one whose cluster changed; NULL:
 * it did in none. */
const struct tw_scenario_result *tw_timeline_worst(
	const struct tw_scenario_result *const *order, size_t n);

#endif
