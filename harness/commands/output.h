/* Where a command writes what it was asked for. */
#ifndef TW_COMMANDS_OUTPUT_H
#define TW_COMMANDS_OUTPUT_H

#include "twins/base/text.h"

/* Of the terminal that standard output is; 0: it is none. */
size_t tw_output_columns(void);

/* To a file, or standard output where the path is "-" or NULL. 0, or
 * TW_EXIT_RUN: why is said on standard error. */
int tw_output_write(const char *path, const struct tw_buf *text);

#endif
