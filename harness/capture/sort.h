/* Sorting records by (time, position) that need not fit into memory: sorted
 * runs in a store, then one merge, or none where the runs follow each other. */
#ifndef TW_HARNESS_CAPTURE_SORT_H
#define TW_HARNESS_CAPTURE_SORT_H

#include "harness/capture/spool.h"
#include "harness/capture/store.h"

struct tw_sort {
	TW_VEC(struct tw_spool_record) chunk;
	size_t chunk_max;
	struct tw_store store; /* the runs; after finish() all in order */
	TW_VEC(uint64_t) runs; /* index of the first record of each */
	size_t memory;
};

void tw_sort_init(struct tw_sort *sort, size_t memory);
void tw_sort_release(struct tw_sort *sort);
int tw_sort_add(struct tw_sort *sort, const struct tw_spool_record *record,
	struct tw_error *error);
int tw_sort_finish(struct tw_sort *sort, struct tw_error *error);

#endif
