#include "harness/trial/parallel.h"

#include "twins/base/assert.h"
#include "twins/base/memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define THREADS_MAX 256

struct crew {
	size_t n;
	atomic_size_t next;
	void (*work)(void *, size_t);
	void *context;
};

size_t tw_threads_default(void)
{
	cpu_set_t cpus;
	int n = 1;

	if (!sched_getaffinity(0, sizeof cpus, &cpus))
		n = CPU_COUNT(&cpus);
	return n > 1 ? (size_t)n : 1;
}

static void *take_turns(void *p)
{
	struct crew *crew = p;
	size_t i;

	while ((i = atomic_fetch_add(&crew->next, 1)) < crew->n)
		crew->work(crew->context, i);
	return NULL;
}

void tw_parallel(
	size_t n, size_t threads, void (*work)(void *, size_t), void *context)
{
	struct crew crew = {.n = n, .work = work, .context = context};
	pthread_t others[THREADS_MAX];
	size_t started = 0;

	if (threads > n)
		threads = n;
	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	atomic_init(&crew.next, 0);
	/* A thread that cannot be had is no error: the others do its part. */
	while (started + 1 < threads &&
		!pthread_create(&others[started], NULL, take_turns, &crew))
		started++;
	take_turns(&crew);
	for (size_t i = 0; i < started; i++)
		tw_assert(!pthread_join(others[i], NULL));
}
