#include "harness/commands/output.h"

#include "harness/commands/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

size_t tw_output_columns(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ? 0 : size.ws_col;
}

/* Half a report would be read as a whole one, or break who reads it. */
static void take_away(const char *path)
{
	struct stat st;

	if (!lstat(path, &st) && S_ISREG(st.st_mode))
		unlink(path);
}

int tw_output_write(const char *path, const struct tw_buf *text)
{
	bool is_stdout = !path || !strcmp(path, "-");
	FILE *file = is_stdout ? stdout : fopen(path, "wb");
	bool failed = !file;
	int error = errno;

	if (file) {
		failed = text->n && fwrite(text->p, text->n, 1, file) != 1;
		error = errno;
		if (is_stdout ? fflush(file) : fclose(file)) {
			error = failed ? error : errno;
			failed = true;
		}
		if (failed && !is_stdout)
			take_away(path);
	}
	if (failed)
		fprintf(stderr, "twinrig: %s: %s\n",
			is_stdout ? "standard output" : path, strerror(error));
	return failed ? TW_EXIT_RUN : 0;
}
