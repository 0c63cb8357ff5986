/*
 * A progress bar on standard error, where that is a terminal and nobody
 * minds. It never touches a result.
 */
#ifndef TW_COMMANDS_PROGRESS_H
#define TW_COMMANDS_PROGRESS_H

#include "harness/commands/command.h"

struct tw_progress {
	size_t done, all;
	bool shown;
};

void tw_progress_start(
	struct tw_progress *progress, const struct tw_cli *cli, size_t all);
void tw_progress_tick(void *progress); /* one more is done */
void tw_progress_end(struct tw_progress *progress);

#endif
