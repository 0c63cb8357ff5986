#include "plugins/common/lines.h"

#include <string.h>

int tw_lines_each(struct twinrig_source *source, tw_line *take, void *context)
{
	uint64_t number = 1;
	/* A line that is longer than a window is looked through once. */
	size_t used = 0, searched = 0;
	int got;

	while ((got = source->more(source, used)) > 0) {
		const char *at = source->data, *end = at + source->size;
		const char *newline = memchr(
			at + searched, '\n', (size_t)(end - at) - searched);

		while (newline) {
			if (take(context, at, (size_t)(newline - at), number++))
				return -1;
			at = newline + 1;
			newline = memchr(at, '\n', (size_t)(end - at));
		}
		used = (size_t)(at - source->data);
		searched = (size_t)(end - at);
	}
	if (got < 0)
		return -1;
	return take(context, source->data, source->size, number) ? -1 : 0;
}
