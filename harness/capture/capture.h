/*
 * Captured traffic, whatever its format: known by content, read as a stream
 * of exchanges, with an account of what was read and what was not.
 */
#ifndef TW_HARNESS_CAPTURE_H
#define TW_HARNESS_CAPTURE_H

#include "harness/plugin/plugin.h"
#include "plugins/twinrig-plugin.h"
#include "twins/base/error.h"
#include "twins/base/units.h"

#define TW_CAPTURE_MALFORMED 20 /* kept with their place; all are counted */

struct tw_malformed {
	const char *file;
	uint64_t line; /* 0: unknown */
	const char *message;
};

/* What was in a capture: add several files up by reading them into one. */
struct tw_capture_report {
	struct tw_arena arena;
	uint64_t files, bytes; /* bytes as stored */
	uint64_t read, malformed;
	uint64_t untimed;  /* exchanges without an instant of their own */
	uint64_t left_out; /* records that another one stands for */
	const char *left_out_why; /* the first one's reason; NULL: none is */
	TW_VEC(struct tw_malformed) first; /* the first malformed ones */
	const char *format;		   /* the last file's; NULL: none */
};

void tw_capture_report_init(struct tw_capture_report *report);
void tw_capture_report_release(struct tw_capture_report *report);

struct tw_capture_options {
	const struct tw_plugins *plugins;
	const char *format; /* of --format; NULL: by content */
};

/* An exchange, valid during the call. One without an instant has that of the
 * exchange before it; one from before 1970 is malformed. 0: go on; 1: enough,
 * stop without an error. */
typedef int tw_capture_exchange(
	void *context, const struct twinrig_exchange *exchange);

/*
 * Reads a file, "-" (standard input), or each file of a directory in the
 * order of their names, one level deep. -1 with an error that names the file
 * where one cannot be opened, is of no known or of an ambiguous format, or
 * breaks off; what came before has been handed over then.
 */
int tw_capture_read(const char *path, const struct tw_capture_options *options,
	tw_capture_exchange *exchange, void *context,
	struct tw_capture_report *report, struct tw_error *error);

/* The same from memory; `name` stands for the file in messages. */
int tw_capture_read_memory(const char *name, const void *p, size_t n,
	const struct tw_capture_options *options, tw_capture_exchange *exchange,
	void *context, struct tw_capture_report *report,
	struct tw_error *error);

#endif
