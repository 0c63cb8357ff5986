#include "twins/cluster/sched_queue.h"

void tw_sched_queue_release(struct tw_sched_queue *queue)
{
	tw_vec_release(&queue->active);
	tw_vec_release(&queue->parked);
}

tw_time tw_sched_backoff(uint32_t failures)
{
	tw_time wait = TW_SCHED_BACKOFF;

	for (uint32_t i = 1; i < failures && wait < TW_SCHED_BACKOFF_MAX; i++)
		wait *= 2;
	return wait < TW_SCHED_BACKOFF_MAX ? wait : TW_SCHED_BACKOFF_MAX;
}

/* ---- the active ones ------------------------------------------------ */

static bool goes_before(
	const struct tw_sched_waiting *a, const struct tw_sched_waiting *b)
{
	if (a->priority != b->priority)
		return a->priority > b->priority;
	return a->order < b->order;
}

static void swap(struct tw_sched_waiting *a, struct tw_sched_waiting *b)
{
	struct tw_sched_waiting it = *a;

	*a = *b;
	*b = it;
}

static void push(
	struct tw_sched_queue *queue, const struct tw_sched_waiting *waiting)
{
	size_t at = queue->active.n;

	tw_vec_push(&queue->active, *waiting);
	while (at && goes_before(&queue->active.v[at],
			     &queue->active.v[(at - 1) / 2])) {
		swap(&queue->active.v[at], &queue->active.v[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

void tw_sched_queue_add(struct tw_sched_queue *queue, uint32_t pod,
	uint32_t turn, int64_t priority)
{
	struct tw_sched_waiting it = {.pod = pod,
		.turn = turn,
		.priority = priority,
		.order = queue->n++};

	push(queue, &it);
}

bool tw_sched_queue_take(
	struct tw_sched_queue *queue, struct tw_sched_waiting *to)
{
	struct tw_sched_waiting *v = queue->active.v;
	size_t at = 0, n;

	if (!queue->active.n)
		return false;
	*to = v[0];
	n = --queue->active.n;
	v[0] = v[n];
	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= n)
			return true;
		if (child + 1 < n && goes_before(&v[child + 1], &v[child]))
			child++;
		if (!goes_before(&v[child], &v[at]))
			return true;
		swap(&v[child], &v[at]);
		at = child;
	}
}

/* ---- the others ----------------------------------------------------- */

void tw_sched_queue_park(struct tw_sched_queue *queue,
	const struct tw_sched_waiting *waiting, uint32_t failures, tw_time now)
{
	struct tw_sched_waiting it = *waiting;

	it.woken = false;
	it.failed_at = now;
	it.ready_at = now + tw_sched_backoff(failures);
	/* Who failed goes behind those that have waited since. */
	it.order = queue->n++;
	tw_vec_push(&queue->parked, it);
	if (now + TW_SCHED_UNSCHEDULABLE_MAX < queue->next_check)
		queue->next_check = now + TW_SCHED_UNSCHEDULABLE_MAX;
}

static tw_time due(const struct tw_sched_waiting *waiting)
{
	return waiting->woken ? waiting->ready_at
			      : waiting->failed_at + TW_SCHED_UNSCHEDULABLE_MAX;
}

tw_time tw_sched_queue_advance(struct tw_sched_queue *queue, tw_time now)
{
	size_t kept = 0;

	queue->next_check = TW_NEVER;
	for (size_t i = 0; i < queue->parked.n; i++) {
		const struct tw_sched_waiting it = queue->parked.v[i];

		if (due(&it) <= now) {
			push(queue, &it);
			continue;
		}
		if (due(&it) < queue->next_check)
			queue->next_check = due(&it);
		queue->parked.v[kept++] = it;
	}
	queue->parked.n = kept;
	return queue->next_check;
}

void tw_sched_queue_wake(struct tw_sched_queue *queue, tw_time now)
{
	for (size_t i = 0; i < queue->parked.n; i++) {
		struct tw_sched_waiting *it = &queue->parked.v[i];

		it->woken = true;
		if (it->ready_at < now)
			it->ready_at = now;
		if (it->ready_at < queue->next_check)
			queue->next_check = it->ready_at;
	}
}
