/*
 * What is stored, read once, for all that `twinrig history` shows. Each figure
 * is defined at its member (harness/report/history.h) and on the page.
 */
#ifndef TW_COMMANDS_STORED_HISTORY_READ_H
#define TW_COMMANDS_STORED_HISTORY_READ_H

#include "harness/commands/stored/shelf.h"
#include "harness/report/history.h"

/* In the arena. Gates that cannot be read are told on standard error. */
void tw_history_read(
	struct tw_shelf *shelf, struct tw_arena *arena, struct tw_history *to);

#endif
