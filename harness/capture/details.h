/* A whole exchange as bytes, for the spool's store: of this machine and this
 * run only, never a file format. */
#ifndef TW_HARNESS_CAPTURE_DETAILS_H
#define TW_HARNESS_CAPTURE_DETAILS_H

#include "harness/capture/store.h"
#include "plugins/common/scratch.h"

/* Appends; *offset is its place. `scratch` is reused. */
int tw_details_add(struct tw_store *store, struct tw_buf *scratch,
	const struct twinrig_exchange *exchange, uint64_t *offset,
	struct tw_error *error);

/* Slices point into the pool, which the caller resets. */
int tw_details_get(const struct tw_store *store, uint64_t offset,
	struct tw_scratch *pool, struct twinrig_exchange *exchange,
	struct tw_error *error);

#endif
