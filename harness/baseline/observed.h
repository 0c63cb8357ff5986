/*
 * An observation as bytes: what is kept in git, and what the shards of a gate
 * hand over. Equal observations give equal bytes, and the bytes that are
 * accepted give themselves again (so they may be named by a hash of them).
 *
 *	"TWOB", TW_OBSERVED_VERSION, a hash of the tables of fields (8 bytes),
 *	the fields of the observation, names (each once, in order of first
 *	use), cells, gauges, examples, a hash of all bytes before it (8 bytes).
 *
 * Numbers are varints (bytes.h). Slices are stored column by column, with runs
 * of zeros as a zero and their length - 1; a histogram as its buckets
 * (distance from the one before, count) and its exact min, max and sum.
 *
 * What fields there are stands in tables, one row a counter. A new row changes
 * the hash of the tables, and with it the format: bytes written by a program
 * that knows other counters are refused and never half understood.
 */
#ifndef TW_BASELINE_OBSERVED_H
#define TW_BASELINE_OBSERVED_H

#include "twins/base/error.h"
#include "twins/observe/observation.h"

#define TW_OBSERVED_VERSION 2

/* Bytes in memory that one observation may come to when it is read. */
#define TW_OBSERVED_MAX ((size_t)512 << 20)

/* "1-3f9a...": the version and the hash of the tables. */
#define TW_OBSERVED_FORMAT 24
char *tw_observed_format(char to[static TW_OBSERVED_FORMAT]);

/* Appends. The observation must be sorted (tw_observation_sort()). */
void tw_observed_write(const struct tw_observation *obs, struct tw_buf *out);

/*
 * Foreign input: -1 and TW_E_RUN with what is wrong, and where, for whatever
 * is not exactly what tw_observed_write() makes; *obs is then not to be
 * released. Else *obs is initialised here.
 */
int tw_observed_read(const void *p, size_t n, struct tw_observation *obs,
	struct tw_error *error);

#endif
