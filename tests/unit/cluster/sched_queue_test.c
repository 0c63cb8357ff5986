/*
 * The scheduling queue: who is tried, when, and in which order.
 */
#include "tests/unit/test.h"

#include "twins/cluster/sched_queue.h"

static uint32_t take(struct tw_sched_queue *queue)
{
	struct tw_sched_waiting it;

	return tw_sched_queue_take(queue, &it) ? it.pod : UINT32_MAX;
}

/* Higher priority first, then who came first. */
START_TEST(order)
{
	static const int64_t priorities[] = {0, 5, 0, 7, 5, 0, 7};
	static const uint32_t expected[] = {3, 6, 1, 4, 0, 2, 5};
	struct tw_sched_queue queue = {.next_check = TW_NEVER};

	for (uint32_t i = 0; i < 7; i++)
		tw_sched_queue_add(&queue, i, 0, priorities[i]);
	for (uint32_t i = 0; i < 7; i++)
		ck_assert_uint_eq(take(&queue), expected[i]);
	ck_assert_uint_eq(take(&queue), UINT32_MAX);
	tw_sched_queue_release(&queue);
}
END_TEST

START_TEST(backoff)
{
	ck_assert_int_eq(tw_sched_backoff(1), TW_S);
	ck_assert_int_eq(tw_sched_backoff(2), 2 * TW_S);
	ck_assert_int_eq(tw_sched_backoff(4), 8 * TW_S);
	ck_assert_int_eq(tw_sched_backoff(5), 10 * TW_S);
	ck_assert_int_eq(tw_sched_backoff(5000), 10 * TW_S);
}
END_TEST

/* Who failed waits for an event, and for the end of the back-off; or for five
 * minutes. */
START_TEST(parked)
{
	struct tw_sched_queue queue = {.next_check = TW_NEVER};
	struct tw_sched_waiting it;

	tw_sched_queue_add(&queue, 4, 0, 0);
	tw_sched_queue_take(&queue, &it);
	tw_sched_queue_park(&queue, &it, 2, 10 * TW_S);
	ck_assert_int_eq(tw_sched_queue_advance(&queue, 60 * TW_S), 310 * TW_S);
	ck_assert_uint_eq(take(&queue), UINT32_MAX);
	tw_sched_queue_wake(&queue, 60 * TW_S);
	ck_assert_int_eq(queue.next_check, 60 * TW_S);
	ck_assert_int_eq(tw_sched_queue_advance(&queue, 60 * TW_S), TW_NEVER);
	ck_assert(tw_sched_queue_take(&queue, &it));
	tw_sched_queue_park(&queue, &it, 3, 60 * TW_S);
	tw_sched_queue_wake(&queue, 61 * TW_S);
	ck_assert_int_eq(tw_sched_queue_advance(&queue, 61 * TW_S), 64 * TW_S);
	ck_assert_uint_eq(take(&queue), UINT32_MAX);
	tw_sched_queue_advance(&queue, 64 * TW_S);
	ck_assert_uint_eq(take(&queue), 4);
	tw_sched_queue_release(&queue);
}
END_TEST

TW_TESTS("cluster/sched_queue", order, backoff, parked)
