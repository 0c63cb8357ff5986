/*
 * Work that is done side by side and merged by index, so that the result does
 * not depend on how many threads there are, or on which was first.
 */
#ifndef TW_TRIAL_PARALLEL_H
#define TW_TRIAL_PARALLEL_H

#include <stddef.h>

/* One per core that this process may use, at least one. */
size_t tw_threads_default(void);

/*
 * Calls work(context, i) once for each i < n, on up to `threads` threads (the
 * caller's own is one of them), each i as soon as a thread is free. Returns
 * when all are done. Calls for different i must not share what they change.
 */
void tw_parallel(
	size_t n, size_t threads, void (*work)(void *, size_t), void *context);

#endif
