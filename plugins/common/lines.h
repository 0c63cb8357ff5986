/*
 * Streams whose records are lines.
 */
#ifndef TW_PLUGINS_COMMON_LINES_H
#define TW_PLUGINS_COMMON_LINES_H

#include "plugins/twinrig-plugin.h"

/* One line, without its newline; numbers begin at 1. 0: go on. */
typedef int tw_line(void *context, const char *line, size_t n, uint64_t number);

/* Each line of the source, and what stands behind the last newline, which may
 * be nothing. -1 where the source fails or `take` says so. */
int tw_lines_each(struct twinrig_source *source, tw_line *take, void *context);

#endif
