#include "harness/commands/progress.h"

#include <stdio.h>
#include <unistd.h>

#define WIDTH 40

void tw_progress_start(
	struct tw_progress *progress, const struct tw_cli *cli, size_t all)
{
	*progress = (struct tw_progress){.all = all};
	progress->shown =
		!cli->quiet && !cli->no_progress && isatty(STDERR_FILENO);
}

void tw_progress_tick(void *context)
{
	struct tw_progress *progress = context;
	size_t filled;

	progress->done++;
	if (!progress->shown)
		return;
	filled = progress->all ? progress->done * WIDTH / progress->all : 0;
	fputs("\r[", stderr);
	for (size_t i = 0; i < WIDTH; i++)
		fputc(i < filled ? '#' : '.', stderr);
	fprintf(stderr, "] %zu of %zu trials", progress->done, progress->all);
	fflush(stderr);
}

void tw_progress_end(struct tw_progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
}
