#include "plugins/common/scratch.h"

#include "plugins/common/text.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 65536

struct tw_scratch_block {
	struct tw_scratch_block *next;
	size_t size;
	max_align_t data[];
};

void tw_scratch_reset(struct tw_scratch *scratch)
{
	struct tw_scratch_block *first = scratch->blocks;

	if (!first)
		return;
	/* Keeps one block of the usual size: the memory of one big record is
	 * not held for ever. */
	while (first && (first->next || first->size > BLOCK)) {
		struct tw_scratch_block *next = first->next;

		free(first);
		first = next;
	}
	scratch->blocks = first;
	scratch->at = first ? (char *)first->data : NULL;
	scratch->end = first ? scratch->at + first->size : NULL;
}

void tw_scratch_release(struct tw_scratch *scratch)
{
	while (scratch->blocks) {
		struct tw_scratch_block *next = scratch->blocks->next;

		free(scratch->blocks);
		scratch->blocks = next;
	}
	scratch->at = scratch->end = NULL;
}

void *tw_scratch_alloc(struct tw_scratch *scratch, size_t size)
{
	size_t align = alignof(max_align_t);
	struct tw_scratch_block *block;
	void *p;

	if (size > PTRDIFF_MAX - BLOCK)
		return NULL;
	size = (size + align - 1) / align * align;
	if (!scratch->at || (size_t)(scratch->end - scratch->at) < size) {
		size_t room = size > BLOCK ? size : BLOCK;

		block = malloc(sizeof *block + room);
		if (!block)
			return NULL;
		block->next = scratch->blocks;
		block->size = room;
		scratch->blocks = block;
		scratch->at = (char *)block->data;
		scratch->end = scratch->at + room;
	}
	p = scratch->at;
	scratch->at += size;
	return p;
}

struct twinrig_text tw_scratch_copy(
	struct tw_scratch *scratch, struct twinrig_text text)
{
	char *p;

	if (!text.p)
		return text;
	p = tw_scratch_alloc(scratch, text.n ? text.n : 1);
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
	size_t size = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (headers[i].name.n == size &&
			tw_text_is_nocase(headers[i].name, name))
			return headers[i].value;
	return (struct twinrig_text){NULL, 0};
}
