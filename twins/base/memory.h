/*
 * Memory. Out of memory ends the program (exit status 3 with a message):
 * no caller checks for NULL.
 *
 * struct tw_arena is for what lives as long as one thing (a spec, a model, a
 * run): allocate freely, release once. Debug and sanitizer builds
 * (TW_ARENA_DEBUG) make each allocation a malloc(3) of its own, so that
 * sanitizers see overruns and uses after the release.
 */
#ifndef TW_BASE_MEMORY_H
#define TW_BASE_MEMORY_H

#include <stddef.h>

void *tw_malloc(size_t size);
void *tw_calloc(size_t n, size_t size);
void *tw_realloc(void *p, size_t size);
/* realloc of n elements of `size` bytes; overflow ends the program. */
void *tw_reallocarray(void *p, size_t n, size_t size);
char *tw_strdup(const char *s);
void tw_free(void *p);

/* A zeroed table of which most is never touched: where it is large its pages
 * come from the kernel one by one, and no sanitizer marks each of its bytes (a
 * run's tables of calls are 400 MB, of which a small system touches 100 KB).
 * What tw_reserve() gave is given back with the same n and size. */
void *tw_reserve(size_t n, size_t size);
void tw_unreserve(void *p, size_t n, size_t size);

struct tw_arena_block;

struct tw_arena {
	struct tw_arena_block *blocks;
	char *at;     /* next free byte of the newest block */
	char *end;    /* end of the newest block */
	size_t bytes; /* handed out so far */
};

void tw_arena_init(struct tw_arena *arena);
void tw_arena_release(struct tw_arena *arena);
/* The same, but a block is kept for what comes next: for what is done again
 * and again. */
void tw_arena_clear(struct tw_arena *arena);

/* Zeroed memory, aligned for any type. */
void *tw_arena_alloc(struct tw_arena *arena, size_t n, size_t size);
char *tw_arena_strdup(struct tw_arena *arena, const char *s);
char *tw_arena_strndup(struct tw_arena *arena, const char *s, size_t n);
char *tw_arena_printf(struct tw_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define tw_new(arena, type) ((type *)tw_arena_alloc((arena), 1, sizeof(type)))
#define tw_new_array(arena, n, type)                                           \
	((type *)tw_arena_alloc((arena), (n), sizeof(type)))

#endif
