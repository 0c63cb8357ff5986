/*
 * What a candidate measured, gate after gate, and when that changed.
 */
#ifndef TW_COMMANDS_STORED_HISTORY_SERIES_H
#define TW_COMMANDS_STORED_HISTORY_SERIES_H

#include "harness/commands/stored/shelf.h"
#include "harness/report/history.h"

/* One scenario, check and group: its values, oldest first. */
struct tw_series {
	const char *scenario, *check, *group, *kind;
	TW_VEC(double) values;
	TW_VEC(size_t) gates; /* of which gate each is: its place */
};

struct tw_series_list {
	struct tw_arena arena;
	struct tw_map known;
	TW_VEC(struct tw_series *) list;
};

void tw_series_init(struct tw_series_list *all);
void tw_series_release(struct tw_series_list *all);

/* What a gate judged of a candidate; "never" and what was not measured are left
 * out. Gates in order of time. */
void tw_series_add(struct tw_series_list *all, const struct tw_judged *judged,
	size_t gate);

/*
 * The changes of all series: those kept at a false discovery rate of 5% over
 * all series that are long enough (gate/changes.h, gate/stats.h), which are
 * counted. Texts are the arena's.
 */
void tw_series_changes(struct tw_series_list *all, struct tw_arena *arena,
	struct tw_history *to);

#endif
