/*
 * What a gate found, as notes at lines of files: for annotations, code quality
 * reports and whoever else shows findings beside the code.
 *
 * A failed or inconclusive group points at what of the candidate had to be
 * undone for its scenario to pass (tw_counterfactual), where that is known;
 * else at its check. So does another tool's judge that counts. Groups that
 * point at one line are one note. Worst first: failed, inconclusive, then
 * findings that the baseline does not have.
 */
#ifndef TW_REPORT_NOTES_H
#define TW_REPORT_NOTES_H

#include "harness/report/report.h"

enum tw_note_level { TW_NOTE_ERROR, TW_NOTE_WARNING, TW_NOTE_NOTICE };

struct tw_note {
	enum tw_note_level level;
	struct tw_pos pos; /* file never NULL; line 0: the whole file */
	const char *rule;  /* "check-failed", a finding's: stable */
	const char *title; /* one line */
	const char *text;  /* several */
	uint64_t identity; /* the same while lines and figures move */
};

TW_VEC_TYPE(tw_notes, struct tw_note);

/* Where what is found in a scenario is shown: the candidate's line that has to
 * be undone for it to pass, or `otherwise`. */
struct tw_pos tw_notes_place(
	const struct tw_scenario_result *scenario, struct tw_pos otherwise);

/* Lives in the arena. Files are as seen from the root of the repository
 * (report->root). */
void tw_notes_of(const struct tw_report *report, struct tw_arena *arena,
	struct tw_notes *notes);

#endif
