#include "twins/base/memory.h"

#include "twins/base/assert.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_SIZE (64 * 1024)
#define ALIGNMENT  16
/* From here on a table is mapped. */
#define MAPPED_SIZE ((size_t)1024 * 1024)

struct tw_arena_block {
	struct tw_arena_block *next;
	_Alignas(ALIGNMENT) char data[];
};

static _Noreturn void out_of_memory(size_t size)
{
	fprintf(stderr, "twinrig: out of memory (%zu bytes asked)\n", size);
	exit(3);
}

void *tw_malloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		out_of_memory(size);
	return p;
}

void *tw_calloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		out_of_memory(n);
	return p;
}

void *tw_realloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		out_of_memory(size);
	return p;
}

void *tw_reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		out_of_memory(SIZE_MAX);
	return tw_realloc(p, bytes);
}

char *tw_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(tw_malloc(n), s, n);
}

void tw_free(void *p)
{
	free(p);
}

void *tw_reserve(size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes))
		out_of_memory(SIZE_MAX);
	if (bytes < MAPPED_SIZE)
		return tw_calloc(n, size);
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		out_of_memory(bytes);
	return p;
}

void tw_unreserve(void *p, size_t n, size_t size)
{
	if (!p || n * size < MAPPED_SIZE)
		free(p);
	else
		munmap(p, n * size);
}

void tw_arena_init(struct tw_arena *arena)
{
	*arena = (struct tw_arena){0};
}

void tw_arena_release(struct tw_arena *arena)
{
	struct tw_arena_block *block = arena->blocks;

	while (block) {
		struct tw_arena_block *next = block->next;

		free(block);
		block = next;
	}
	*arena = (struct tw_arena){0};
}

void tw_arena_clear(struct tw_arena *arena)
{
	struct tw_arena_block *kept = NULL, *block = arena->blocks;
	char *data = arena->end ? arena->end - BLOCK_SIZE : NULL;

	while (block) {
		struct tw_arena_block *next = block->next;

		if (block->data == data)
			kept = block;
		else
			free(block);
		block = next;
	}
	if (!kept) {
		*arena = (struct tw_arena){0};
		return;
	}
	memset(data, 0, (size_t)(arena->at - data));
	kept->next = NULL;
	*arena = (struct tw_arena){
		.blocks = kept, .at = data, .end = data + BLOCK_SIZE};
}

static struct tw_arena_block *add_block(struct tw_arena *arena, size_t size)
{
	struct tw_arena_block *block =
		tw_calloc(1, sizeof(struct tw_arena_block) + size);

	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *tw_arena_alloc(struct tw_arena *arena, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) ||
		bytes > SIZE_MAX - BLOCK_SIZE)
		out_of_memory(SIZE_MAX);
	arena->bytes += bytes;
#ifdef TW_ARENA_DEBUG
	return add_block(arena, bytes)->data;
#else
	bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (bytes > BLOCK_SIZE / 4)
		return add_block(arena, bytes)->data;
	if ((size_t)(arena->end - arena->at) < bytes) {
		arena->at = add_block(arena, BLOCK_SIZE)->data;
		arena->end = arena->at + BLOCK_SIZE;
	}
	arena->at += bytes;
	return arena->at - bytes;
#endif
}

char *tw_arena_strdup(struct tw_arena *arena, const char *s)
{
	return tw_arena_strndup(arena, s, strlen(s));
}

char *tw_arena_strndup(struct tw_arena *arena, const char *s, size_t n)
{
	char *copy = tw_arena_alloc(arena, n + 1, 1);

	if (n)
		memcpy(copy, s, n);
	return copy;
}

char *tw_arena_printf(struct tw_arena *arena, const char *format, ...)
{
	va_list args;
	va_list again;
	char *text;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	tw_assert(n >= 0);
	text = tw_arena_alloc(arena, (size_t)n + 1, 1);
	vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	return text;
}
