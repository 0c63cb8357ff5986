/*
 * Memory for one record: bump allocation, all dropped at once by the reset,
 * which keeps the memory for the next record.
 */
#ifndef TW_PLUGINS_COMMON_POOL_H
#define TW_PLUGINS_COMMON_POOL_H

#include "plugins/twinrig-plugin.h"

struct tw_pool_block;

struct tw_pool {
	struct tw_pool_block *blocks;
	char *at, *end;
};

void tw_pool_reset(struct tw_pool *pool);
void tw_pool_release(struct tw_pool *pool);

/* Aligned for any type; NULL when memory is out. */
void *tw_pool_alloc(struct tw_pool *pool, size_t size);
/* A copy. p NULL stays NULL; {NULL, 0} when memory is out. */
struct twinrig_text tw_pool_copy(
	struct tw_pool *pool, struct twinrig_text text);

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
