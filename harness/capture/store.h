/*
 * Bytes that grow beyond memory: kept in memory up to a limit, then in a
 * temporary file ($TMPDIR, else /tmp) that is unlinked at once, so that
 * nothing stays behind, whatever ends the program. Reading is thread-safe
 * once writing is over.
 */
#ifndef TW_HARNESS_CAPTURE_STORE_H
#define TW_HARNESS_CAPTURE_STORE_H

#include "twins/base/error.h"
#include "twins/base/text.h"

struct tw_store {
	struct tw_buf memory; /* what is not in the file yet */
	size_t limit;
	int fd; /* -1: all is in memory */
	uint64_t in_file;
};

void tw_store_init(struct tw_store *store, size_t limit);
void tw_store_release(struct tw_store *store);
int tw_store_add(struct tw_store *store, const void *p, size_t n,
	struct tw_error *error);
uint64_t tw_store_size(const struct tw_store *store);
/* Exactly n bytes at `offset`; beyond the end is an error. */
int tw_store_get(const struct tw_store *store, uint64_t offset, void *to,
	size_t n, struct tw_error *error);

#endif
