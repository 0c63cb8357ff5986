/* The page of `twinrig history --html`. */
#ifndef TW_COMMANDS_HISTORY_PAGE_H
#define TW_COMMANDS_HISTORY_PAGE_H

#include "harness/commands/shelf.h"

/* To a file, "-": standard output. 0, or the exit status. */
int tw_history_page(struct tw_shelf *shelf, const char *path);

#endif
