/*
 * The bytes of a capture: a file, a pipe or memory, gzip undone (known by its
 * first two bytes; several members one after the other are one stream), as
 * the window of twinrig-plugin.h.
 */
#ifndef TW_HARNESS_CAPTURE_STREAM_H
#define TW_HARNESS_CAPTURE_STREAM_H

#include "plugins/twinrig-plugin.h"
#include "twins/base/error.h"

#define TW_STREAM_WINDOW ((size_t)1 << 20)
#define TW_STREAM_PROBE	 ((size_t)64 << 10)
/* The longest record that a reader may ask to see as a whole. */
#define TW_STREAM_RECORD ((size_t)1 << 30)

struct tw_stream {
	struct twinrig_source source; /* what a reader gets */
	uint64_t bytes;		      /* read so far, as stored */
	bool compressed;
	const char *failure; /* why more() said -1; NULL: it did not */

	/* The source's own. */
	int fd;
	bool owns_fd, primed, ended;
	size_t held; /* in the buffer for the probe, not given yet */
	char *buffer;
	size_t cap;
	const char *memory; /* fd -1: what is still to be given */
	size_t memory_left;
	struct tw_inflate *inflate;
};

/* "-": standard input. Fails where it cannot be opened. */
int tw_stream_open(
	struct tw_stream *source, const char *path, struct tw_error *error);
void tw_stream_open_memory(struct tw_stream *source, const void *p, size_t n);
void tw_stream_release(struct tw_stream *source);

/* The first bytes, up to TW_STREAM_PROBE, without taking them; *whole: that
 * is all of it. -1: source->failure. */
int tw_stream_probe(
	struct tw_stream *source, const char **data, size_t *n, bool *whole);

#endif
