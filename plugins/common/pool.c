#include "plugins/common/pool.h"

#include "plugins/common/text.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 65536

struct tw_pool_block {
	struct tw_pool_block *next;
	size_t size;
	max_align_t data[];
};

void tw_pool_reset(struct tw_pool *pool)
{
	struct tw_pool_block *first = pool->blocks;

	if (!first)
		return;
	/* Keeps one block of the usual size: the memory of one big record is
	 * not held for ever. */
	while (first && (first->next || first->size > BLOCK)) {
		struct tw_pool_block *next = first->next;

		free(first);
		first = next;
	}
	pool->blocks = first;
	pool->at = first ? (char *)first->data : NULL;
	pool->end = first ? pool->at + first->size : NULL;
}

void tw_pool_release(struct tw_pool *pool)
{
	while (pool->blocks) {
		struct tw_pool_block *next = pool->blocks->next;

		free(pool->blocks);
		pool->blocks = next;
	}
	pool->at = pool->end = NULL;
}

void *tw_pool_alloc(struct tw_pool *pool, size_t size)
{
	size_t align = alignof(max_align_t);
	struct tw_pool_block *block;
	void *p;

	if (size > PTRDIFF_MAX - BLOCK)
		return NULL;
	size = (size + align - 1) / align * align;
	if (!pool->at || (size_t)(pool->end - pool->at) < size) {
		size_t room = size > BLOCK ? size : BLOCK;

		block = malloc(sizeof *block + room);
		if (!block)
			return NULL;
		block->next = pool->blocks;
		block->size = room;
		pool->blocks = block;
		pool->at = (char *)block->data;
		pool->end = pool->at + room;
	}
	p = pool->at;
	pool->at += size;
	return p;
}

struct twinrig_text tw_pool_copy(struct tw_pool *pool, struct twinrig_text text)
{
	char *p;

	if (!text.p)
		return text;
	p = tw_pool_alloc(pool, text.n ? text.n : 1);
	if (!p)
		return (struct twinrig_text){NULL, 0};
	memcpy(p, text.p, text.n);
	return (struct twinrig_text){p, text.n};
}

int tw_header_list_add(struct tw_header_list *list, struct twinrig_text name,
	struct twinrig_text value)
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 16;
		void *v = realloc(list->v, cap * sizeof *list->v);

		if (!v)
			return -1;
		list->v = v;
		list->cap = cap;
	}
	list->v[list->n++] = (struct twinrig_header){name, value};
	return 0;
}

void tw_header_list_release(struct tw_header_list *list)
{
	free(list->v);
	*list = (struct tw_header_list){0};
}

struct twinrig_text tw_header_find(
	const struct twinrig_header *headers, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (tw_text_is_nocase(headers[i].name, name))
			return headers[i].value;
	return (struct twinrig_text){NULL, 0};
}
