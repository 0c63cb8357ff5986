/*
 * Memory for one record: bump allocation, all dropped at once by the reset,
 * which keeps the memory for the next record.
 */
#ifndef TW_PLUGINS_COMMON_SCRATCH_H
#define TW_PLUGINS_COMMON_SCRATCH_H

#include "plugins/twinrig-plugin.h"

struct tw_scratch_block;

struct tw_scratch {
	struct tw_scratch_block *blocks;
	char *at, *end;
};

void tw_scratch_reset(struct tw_scratch *scratch);
void tw_scratch_release(struct tw_scratch *scratch);

/* Aligned for any type; NULL when memory is out. */
void *tw_scratch_alloc(struct tw_scratch *scratch, size_t size);
/* A copy. p NULL stays NULL; {NULL, 0} when memory is out. */
struct twinrig_text tw_scratch_copy(
	struct tw_scratch *scratch, struct twinrig_text text);

/* A list of headers that grows; keeps its memory when n is set to 0. */
struct tw_header_list {
	struct twinrig_header *v;
	size_t n, cap;
};

/* -1 when memory is out. */
int tw_header_list_add(struct tw_header_list *list, struct twinrig_text name,
	struct twinrig_text value);
void tw_header_list_release(struct tw_header_list *list);
/* The first value of a name, without case; {NULL, 0}: there is none. */
struct twinrig_text tw_header_find(
	const struct twinrig_header *headers, size_t n, const char *name);

#endif
