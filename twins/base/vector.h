/*
 * Typed growing arrays.
 *
 *	TW_VEC(int) numbers = {0};
 *	tw_vec_push(&numbers, 7);
 *	for (size_t i = 0; i < numbers.n; i++) use(numbers.v[i]);
 *	tw_vec_release(&numbers);
 *
 * tw_vec_push_in() grows inside an arena instead (the old array stays there
 * until the arena goes); such a vector is not released.
 */
#ifndef TW_BASE_VECTOR_H
#define TW_BASE_VECTOR_H

#include "twins/base/memory.h"

#include <string.h>

#define TW_VEC(type)                                                           \
	struct {                                                               \
		type *v;                                                       \
		size_t n, cap;                                                 \
	}

/* The same with a tag, where a vector is passed by pointer. */
#define TW_VEC_TYPE(tag, type)                                                 \
	struct tag {                                                           \
		type *v;                                                       \
		size_t n, cap;                                                 \
	}

#define tw_vec_push(vec, ...)                                                  \
	do {                                                                   \
		if ((vec)->n == (vec)->cap) {                                  \
			(vec)->cap = (vec)->cap ? (vec)->cap * 2 : 8;          \
			(vec)->v = tw_reallocarray(                            \
				(vec)->v, (vec)->cap, sizeof *(vec)->v);       \
		}                                                              \
		(vec)->v[(vec)->n++] = (__VA_ARGS__);                          \
	} while (0)

#define tw_vec_push_in(arena, vec, ...)                                        \
	do {                                                                   \
		if ((vec)->n == (vec)->cap) {                                  \
			void *old_ = (vec)->v;                                 \
			(vec)->cap = (vec)->cap ? (vec)->cap * 2 : 4;          \
			(vec)->v = tw_arena_alloc(                             \
				(arena), (vec)->cap, sizeof *(vec)->v);        \
			if (old_)                                              \
				memcpy((vec)->v, old_,                         \
					(vec)->n * sizeof *(vec)->v);          \
		}                                                              \
		(vec)->v[(vec)->n++] = (__VA_ARGS__);                          \
	} while (0)

#define tw_vec_release(vec)                                                    \
	do {                                                                   \
		tw_free((vec)->v);                                             \
		(vec)->v = NULL;                                               \
		(vec)->n = (vec)->cap = 0;                                     \
	} while (0)

#endif
