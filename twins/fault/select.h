/*
 * Private to fault.c: selectors of a person become sets.
 */
#ifndef TW_FAULT_SELECT_H
#define TW_FAULT_SELECT_H

#include "twins/fault/fault.h"

/* The globs, NULL where not given, and where each was written. */
struct selection {
	const char *glob[9];
	struct tw_pos pos[9]; /* both by bit of enum tw_selector */
};

/* Fills in the sets of the fault; false where a selector, or all of them
 * together, fit nothing. */
bool select_all(struct tw_fault *fault, const struct selection *selection,
	struct tw_pos pos, struct tw_arena *arena, const struct tw_model *model,
	struct tw_diags *diags);

#endif
