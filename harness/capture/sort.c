#include "harness/capture/sort.h"

#include <stdlib.h>

#define BLOCK 4096 /* records of a run that are read at once */
#define SIZE  sizeof(struct tw_spool_record)

void tw_sort_init(struct tw_sort *sort, size_t memory)
{
	*sort = (struct tw_sort){.memory = memory};
	sort->chunk_max = memory / SIZE < 1024 ? 1024 : memory / SIZE;
	tw_store_init(&sort->store, memory);
}

void tw_sort_release(struct tw_sort *sort)
{
	tw_vec_release(&sort->chunk);
	tw_vec_release(&sort->runs);
	tw_store_release(&sort->store);
}

static bool before(
	const struct tw_spool_record *a, const struct tw_spool_record *b)
{
	return a->time != b->time ? a->time < b->time
				  : a->position < b->position;
}

static int compare(const void *a, const void *b)
{
	return before(a, b) ? -1 : before(b, a);
}

static int flush(struct tw_sort *sort, struct tw_error *error)
{
	struct tw_spool_record *v = sort->chunk.v;
	size_t n = sort->chunk.n, i = 1;

	while (i < n && before(&v[i - 1], &v[i]))
		i++;
	if (i < n)
		qsort(v, n, SIZE, compare);
	tw_vec_push(&sort->runs, tw_store_size(&sort->store) / SIZE);
	sort->chunk.n = 0;
	return tw_store_add(&sort->store, v, n * SIZE, error);
}

int tw_sort_add(struct tw_sort *sort, const struct tw_spool_record *record,
	struct tw_error *error)
{
	if (sort->chunk.n == sort->chunk_max && flush(sort, error))
		return -1;
	tw_vec_push(&sort->chunk, *record);
	return 0;
}

struct run {
	uint64_t next, end; /* records not read yet */
	size_t at, n;	    /* in block */
	struct tw_spool_record *block;
};

static int refill(
	const struct tw_store *store, struct run *run, struct tw_error *error)
{
	run->at = 0;
	run->n = run->end - run->next < BLOCK ? (size_t)(run->end - run->next)
					      : BLOCK;
	if (tw_store_get(
		    store, run->next * SIZE, run->block, run->n * SIZE, error))
		return -1;
	run->next += run->n;
	return 0;
}

static struct run *runs_open(struct tw_sort *sort, struct tw_error *error)
{
	struct run *runs = tw_calloc(sort->runs.n, sizeof *runs);

	for (size_t i = 0; i < sort->runs.n; i++) {
		runs[i].next = sort->runs.v[i];
		runs[i].end = i + 1 < sort->runs.n
				      ? sort->runs.v[i + 1]
				      : tw_store_size(&sort->store) / SIZE;
		runs[i].block = tw_calloc(BLOCK, SIZE);
	}
	for (size_t i = 0; i < sort->runs.n; i++)
		if (refill(&sort->store, &runs[i], error)) {
			runs[0].n = SIZE_MAX;
			break;
		}
	return runs;
}

static void runs_close(struct run *runs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tw_free(runs[i].block);
	tw_free(runs);
}

static int merge_into(struct tw_sort *sort, struct run *runs,
	struct tw_store *merged, struct tw_error *error)
{
	for (;;) {
		struct run *least = NULL;

		for (size_t i = 0; i < sort->runs.n; i++)
			if (runs[i].n &&
				(!least || before(&runs[i].block[runs[i].at],
						   &least->block[least->at])))
				least = &runs[i];
		if (!least)
			return 0;
		if (tw_store_add(merged, &least->block[least->at], SIZE, error))
			return -1;
		if (++least->at == least->n &&
			refill(&sort->store, least, error))
			return -1;
	}
}

static int merge(struct tw_sort *sort, struct tw_error *error)
{
	struct run *runs = runs_open(sort, error);
	struct tw_store merged;
	int result;

	tw_store_init(&merged, sort->memory);
	result = runs[0].n == SIZE_MAX ? -1
				       : merge_into(sort, runs, &merged, error);
	runs_close(runs, sort->runs.n);
	if (result) {
		tw_store_release(&merged);
		return -1;
	}
	tw_store_release(&sort->store);
	sort->store = merged;
	return 0;
}

/* Whether each run begins after the one before it ends. */
static int runs_follow(
	struct tw_sort *sort, bool *follow, struct tw_error *error)
{
	*follow = true;
	for (size_t i = 1; i < sort->runs.n; i++) {
		struct tw_spool_record pair[2];

		if (tw_store_get(&sort->store, (sort->runs.v[i] - 1) * SIZE,
			    pair, sizeof pair, error))
			return -1;
		*follow &= before(&pair[0], &pair[1]);
	}
	return 0;
}

int tw_sort_finish(struct tw_sort *sort, struct tw_error *error)
{
	bool follow;

	if (sort->chunk.n && flush(sort, error))
		return -1;
	tw_vec_release(&sort->chunk);
	if (runs_follow(sort, &follow, error))
		return -1;
	return follow ? 0 : merge(sort, error);
}
