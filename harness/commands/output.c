#include "harness/commands/output.h"

#include "harness/commands/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

size_t tw_output_columns(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ? 0 : size.ws_col;
}

int tw_output_write(const char *path, const struct tw_buf *text)
{
	bool is_stdout = !path || !strcmp(path, "-");
	FILE *file = is_stdout ? stdout : fopen(path, "wb");
	bool failed;

	failed = !file;
	if (file) {
		failed = text->n && fwrite(text->p, text->n, 1, file) != 1;
		failed |= is_stdout ? fflush(file) : fclose(file);
	}
	if (failed)
		fprintf(stderr, "twinrig: %s: %s\n",
			is_stdout ? "standard output" : path, strerror(errno));
	return failed ? TW_EXIT_RUN : 0;
}
