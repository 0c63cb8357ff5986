/*
 * Runs a fuzz target on each file of its corpus, so that no clang is needed:
 *
 *	x_replay FOLDER|FILE...
 *
 * Each input is named before it runs, so that the last name is the one that
 * crashed or ran out of time. An empty corpus is a failure: it would
 * test nothing.
 */
#include "tests/fuzz/fuzz.h"

#include "twins/base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEADLINE_SECONDS = 20 };

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t n = 0, got;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	do {
		data = tw_realloc(data, n + 65536);
		got = fread(data + n, 1, 65536, file);
		n += got;
	} while (got);
	fclose(file);
	/* Exactly n bytes, so that a sanitizer sees a read past the end. */
	data = tw_realloc(data, n ? n : 1);
	fprintf(stderr, "%s\n", path);
	alarm(DEADLINE_SECONDS);
	LLVMFuzzerTestOneInput(data, n);
	alarm(0);
	tw_free(data);
	return 1;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The number of inputs that were run, -1 on an error. */
static int replay(const char *path)
{
	struct dirent **entries;
	struct stat st;
	int n, total = 0;

	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return replay_file(path);
	n = scandir(path, &entries, visible, alphasort);
	if (n < 0)
		return -1;
	for (int i = 0; i < n; i++) {
		char child[4096];
		int ran;

		snprintf(
			child, sizeof child, "%s/%s", path, entries[i]->d_name);
		ran = total < 0 ? -1 : replay(child);
		total = ran < 0 ? -1 : total + ran;
		free(entries[i]);
	}
	free(entries);
	return total;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int ran = replay(argv[i]);

		if (ran < 0)
			return 1;
		total += ran;
	}
	printf("%d inputs\n", total);
	if (total == 0)
		fprintf(stderr, "no corpus\n");
	return total == 0;
}
