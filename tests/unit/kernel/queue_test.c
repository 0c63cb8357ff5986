#include "tests/unit/test.h"

#include "twins/base/vector.h"
#include "twins/kernel/queue.h"
#include "twins/kernel/random.h"

/* A queue that is plainly right: all events in a list, the least is searched
 * for. */
struct plain_event {
	struct tw_event event;
	tw_event_id id;
	uint64_t order;
	bool gone;
};

struct plain {
	TW_VEC(struct plain_event) all;
	size_t first; /* all before are gone */
};

static bool plain_before(
	const struct plain_event *a, const struct plain_event *b)
{
	if (a->event.at != b->event.at)
		return a->event.at < b->event.at;
	if (a->event.class != b->event.class)
		return a->event.class < b->event.class;
	return a->order < b->order;
}

static struct plain_event *plain_first(struct plain *plain)
{
	struct plain_event *least = NULL;

	while (plain->first < plain->all.n && plain->all.v[plain->first].gone)
		plain->first++;
	for (size_t i = plain->first; i < plain->all.n; i++) {
		struct plain_event *e = &plain->all.v[i];

		if (!e->gone && (!least || plain_before(e, least)))
			least = e;
	}
	return least;
}

/* Both queues, driven by one sequence of draws. */
struct pair {
	struct tw_queue queue;
	struct plain plain;
	uint64_t seed;
	uint32_t n; /* draws so far */
	uint32_t lanes[4];
	tw_time delays[4];
	enum tw_class classes[4];
	tw_time spread; /* of times to come: small ones make ties */
};

static uint32_t roll(struct pair *pair, uint32_t bound)
{
	return tw_draw_below(pair->seed, 0, TW_DRAW_WORK, pair->n++, bound);
}

static void pair_init(struct pair *pair, uint64_t seed, tw_time spread)
{
	*pair = (struct pair){.seed = seed, .spread = spread};
	tw_queue_init(&pair->queue);
	for (uint32_t i = 0; i < 4; i++) {
		pair->delays[i] = (tw_time)i * spread / 2;
		pair->classes[i] =
			i & 1 ? TW_CLASS_TIMEOUT : TW_CLASS_COMPLETION;
		pair->lanes[i] = tw_queue_lane(
			&pair->queue, pair->delays[i], pair->classes[i]);
		ck_assert_uint_eq(pair->lanes[i], i);
	}
	ck_assert_uint_eq(
		tw_queue_lane(&pair->queue, pair->delays[2], pair->classes[2]),
		2);
}

static void pair_release(struct pair *pair)
{
	tw_queue_release(&pair->queue);
	tw_vec_release(&pair->plain.all);
}

static void pair_schedule(struct pair *pair)
{
	struct plain_event e = {.order = pair->plain.all.n};
	uint32_t lane = roll(pair, 8);

	e.event.kind = (uint16_t)roll(pair, 1000);
	e.event.a = roll(pair, UINT32_MAX);
	e.event.b = (uint64_t)roll(pair, UINT32_MAX) << 13;
	if (lane < 4) {
		e.event.at = pair->queue.now + pair->delays[lane];
		e.event.class = (uint16_t)pair->classes[lane];
		e.id = tw_queue_schedule_lane(&pair->queue, pair->lanes[lane],
			e.event.kind, e.event.a, e.event.b);
	} else {
		e.event.at =
			pair->queue.now + roll(pair, (uint32_t)pair->spread);
		e.event.class = (uint16_t)roll(pair, 4);
		e.id = tw_queue_schedule(&pair->queue, e.event.at,
			(enum tw_class)e.event.class, e.event.kind, e.event.a,
			e.event.b);
	}
	ck_assert_uint_ne(e.id, TW_NO_EVENT);
	tw_vec_push(&pair->plain.all, e);
}

/* Of any event that ever was, often one that is gone. */
static void pair_cancel(struct pair *pair)
{
	size_t n = pair->plain.all.n - pair->plain.first;
	struct plain_event *e;

	if (!n)
		return;
	e = &pair->plain.all.v[pair->plain.first + roll(pair, (uint32_t)n)];
	ck_assert(tw_queue_pending(&pair->queue, e->id) == !e->gone);
	ck_assert(tw_queue_cancel(&pair->queue, e->id) == !e->gone);
	ck_assert(!tw_queue_cancel(&pair->queue, e->id));
	e->gone = true;
}

static void pair_pop(struct pair *pair)
{
	struct plain_event *e = plain_first(&pair->plain);
	struct tw_event got;

	ck_assert_int_eq(
		tw_queue_next(&pair->queue), e ? e->event.at : TW_NEVER);
	if (!e) {
		ck_assert(!tw_queue_pop(&pair->queue, &got));
		return;
	}
	ck_assert(tw_queue_pop(&pair->queue, &got));
	ck_assert_int_eq(got.at, e->event.at);
	ck_assert_int_eq(pair->queue.now, got.at);
	ck_assert_uint_eq(got.class, e->event.class);
	ck_assert_uint_eq(got.kind, e->event.kind);
	ck_assert_uint_eq(got.a, e->event.a);
	ck_assert_uint_eq(got.b, e->event.b);
	e->gone = true;
}

/* Schedules, cancels and pops in the given proportions. */
static void play(struct pair *pair, int steps, uint32_t schedule,
	uint32_t cancel, uint32_t pop)
{
	for (int i = 0; i < steps; i++) {
		uint32_t what = roll(pair, schedule + cancel + pop);

		if (what < schedule)
			pair_schedule(pair);
		else if (what < schedule + cancel)
			pair_cancel(pair);
		else
			pair_pop(pair);
	}
}

static void drain(struct pair *pair)
{
	while (tw_queue_live(&pair->queue))
		pair_pop(pair);
	pair_pop(pair);
	ck_assert_ptr_null(plain_first(&pair->plain));
}

START_TEST(the_order_is_that_of_a_plain_list)
{
	static const tw_time spreads[] = {1, 2, 10, 1000, 1000000};

	for (uint64_t seed = 0; seed < 60; seed++) {
		struct pair pair;

		pair_init(&pair, seed, spreads[seed % 5]);
		play(&pair, 600, 5, 1, 2);
		play(&pair, 600, 2, 3, 3);
		play(&pair, 300, 1, 0, 1);
		drain(&pair);
		play(&pair, 300, 3, 2, 1);
		drain(&pair);
		pair_release(&pair);
	}
}
END_TEST

START_TEST(a_storm_of_cancels_keeps_the_order)
{
	static const tw_time spreads[] = {50, 2000000000};

	for (int i = 0; i < 2; i++) {
		struct pair pair;

		pair_init(&pair, 99, spreads[i]);
		for (int round = 0; round < 5; round++) {
			play(&pair, 1500, 1, 0, 0);
			play(&pair, 3000, 0, 1, 0);
			play(&pair, 200, 1, 1, 1);
		}
		drain(&pair);
		pair_release(&pair);
	}
}
END_TEST

/* Bursts of work much nearer than all that waits: what was looked at has to
 * stand back, again and again. */
START_TEST(the_near_overtakes_the_far)
{
	struct pair pair;

	pair_init(&pair, 7, 1000000000);
	play(&pair, 1500, 1, 0, 0);
	for (int round = 0; round < 20; round++) {
		pair.spread = round % 3 ? 20 : 3000;
		play(&pair, 150, 1, 0, 0);
		play(&pair, 300, 1, 1, 5);
		pair.spread = 1000000000;
		play(&pair, 20, 1, 0, 1);
	}
	drain(&pair);
	pair_release(&pair);
}
END_TEST

/*
 * A quarter of a million events at one instant, each of which is followed by
 * one a step later, in turns of the classes: what is quadratic in the ties
 * would run into the deadline (about 10^11 moves).
 */
START_TEST(ties_cost_what_others_do)
{
	enum { TIED = 250000, INSTANTS = 8 };
	struct tw_queue queue;
	struct tw_event event;

	tw_queue_init(&queue);
	for (uint32_t i = 0; i < TIED; i++)
		tw_queue_schedule(&queue, 1, (enum tw_class)(i % 4), 0, i, 0);
	for (uint32_t i = 0; i < INSTANTS * TIED; i++) {
		uint32_t place = i % TIED, class = place / (TIED / 4);

		tw_queue_pop(&queue, &event);
		if (event.at != 1 + i / TIED || event.class != class ||
			event.a != place % (TIED / 4) * 4 + class)
			ck_abort_msg("the order is wrong at %u", i);
		tw_queue_schedule(&queue, event.at + 1,
			(enum tw_class)event.class, 0, event.a, 0);
	}
	tw_queue_release(&queue);
}
END_TEST

START_TEST(ties_go_by_class_then_first_come)
{
	static const char expected[] = "wWcCtTaA";
	struct tw_queue queue;
	struct tw_event event;
	uint32_t lane;

	tw_queue_init(&queue);
	lane = tw_queue_lane(&queue, 5, TW_CLASS_TIMEOUT);
	tw_queue_schedule(&queue, 5, TW_CLASS_ARRIVAL, 'a', 0, 0);
	tw_queue_schedule_lane(&queue, lane, 't', 0, 0);
	tw_queue_schedule(&queue, 5, TW_CLASS_TIMEOUT, 'T', 0, 0);
	tw_queue_schedule(&queue, 5, TW_CLASS_WORLD, 'w', 0, 0);
	tw_queue_schedule(&queue, 5, TW_CLASS_COMPLETION, 'c', 0, 0);
	tw_queue_schedule(&queue, 5, TW_CLASS_WORLD, 'W', 0, 0);
	tw_queue_schedule(&queue, 5, TW_CLASS_ARRIVAL, 'A', 0, 0);
	tw_queue_schedule(&queue, 5, TW_CLASS_COMPLETION, 'C', 0, 0);
	for (int i = 0; expected[i]; i++) {
		ck_assert(tw_queue_pop(&queue, &event));
		ck_assert_int_eq(event.kind, expected[i]);
	}
	tw_queue_release(&queue);
}
END_TEST

START_TEST(an_old_id_never_touches_the_slots_next_event)
{
	struct tw_queue queue;
	struct tw_event event;
	tw_event_id old, id;

	tw_queue_init(&queue);
	ck_assert(!tw_queue_cancel(&queue, TW_NO_EVENT));
	ck_assert(!tw_queue_cancel(&queue, 12345));
	old = tw_queue_schedule(&queue, 1, TW_CLASS_TIMEOUT, 0, 0, 0);
	ck_assert(tw_queue_cancel(&queue, old));
	for (int i = 0; i < 1000; i++) {
		id = tw_queue_schedule(&queue, i, TW_CLASS_TIMEOUT, 1, 0, 0);
		ck_assert_uint_ne(id, old);
		ck_assert(!tw_queue_cancel(&queue, old));
		ck_assert(tw_queue_pop(&queue, &event));
		ck_assert(!tw_queue_pending(&queue, id));
		old = id;
	}
	ck_assert_int_eq(tw_queue_next(&queue), TW_NEVER);
	tw_queue_release(&queue);
}
END_TEST

/* A million timeouts, ten at a time, nearly all cancelled: by lane and
 * without. The memory is that of ten. */
START_TEST(memory_follows_what_is_pending)
{
	struct tw_queue queue;
	struct tw_event event;
	tw_event_id ids[10] = {0};
	uint32_t lane, fired = 0;
	size_t bytes;

	tw_queue_init(&queue);
	lane = tw_queue_lane(&queue, TW_S, TW_CLASS_TIMEOUT);
	for (uint32_t i = 0; i < 1000000; i++) {
		tw_queue_cancel(&queue, ids[i % 10]);
		ids[i % 10] =
			i % 3 ? tw_queue_schedule_lane(&queue, lane, 1, i, 0)
			      : tw_queue_schedule(&queue, queue.now + TW_S,
					TW_CLASS_TIMEOUT, 1, i, 0);
		tw_queue_schedule(
			&queue, queue.now + 100, TW_CLASS_COMPLETION, 2, 0, 0);
		fired += tw_queue_pop(&queue, &event) && event.kind == 2;
	}
	ck_assert_uint_eq(fired, 1000000);
	ck_assert_uint_eq(tw_queue_live(&queue), 10);
	bytes = tw_queue_bytes(&queue);
	ck_assert_uint_lt(bytes, 16384);
	tw_queue_release(&queue);
}
END_TEST

START_TEST(advancing_stops_short_of_what_is_due)
{
	struct tw_queue queue;
	struct tw_event event;

	tw_queue_init(&queue);
	tw_queue_schedule(&queue, 100, TW_CLASS_WORLD, 0, 0, 0);
	ck_assert_int_eq(tw_queue_next(&queue), 100);
	tw_queue_advance(&queue, 40);
	ck_assert_int_eq(queue.now, 40);
	/* Earlier than what was already the next. */
	tw_queue_schedule(&queue, 50, TW_CLASS_WORLD, 7, 0, 0);
	ck_assert(tw_queue_pop(&queue, &event));
	ck_assert_int_eq(event.at, 50);
	tw_queue_advance(&queue, 100);
	ck_assert(tw_queue_pop(&queue, &event));
	ck_assert_int_eq(event.at, 100);
	tw_queue_release(&queue);
}
END_TEST

static void fails(void (*wrong)(struct tw_queue *))
{
	struct tw_queue queue;

	tw_queue_init(&queue);
	tw_queue_schedule(&queue, 10, TW_CLASS_WORLD, 0, 0, 0);
	tw_queue_advance(&queue, 5);
	wrong(&queue);
}

static void in_the_past(struct tw_queue *queue)
{
	tw_queue_schedule(queue, 4, TW_CLASS_WORLD, 0, 0, 0);
}

static void never(struct tw_queue *queue)
{
	tw_queue_schedule(queue, TW_NEVER, TW_CLASS_WORLD, 0, 0, 0);
}

static void too_far(struct tw_queue *queue)
{
	tw_queue_advance(queue, 11);
}

START_TEST(the_past_is_asserted)
{
	fails(in_the_past);
}
END_TEST

START_TEST(never_is_asserted)
{
	fails(never);
}
END_TEST

START_TEST(jumping_over_an_event_is_asserted)
{
	fails(too_far);
}
END_TEST

/* As TW_TESTS, with tests that end by SIGABRT. */
int main(void)
{
	Suite *suite = suite_create("kernel/queue");
	TCase *tcase = tcase_create("kernel/queue");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, TW_TEST_DEADLINE);
	tcase_add_test(tcase, the_order_is_that_of_a_plain_list);
	tcase_add_test(tcase, a_storm_of_cancels_keeps_the_order);
	tcase_add_test(tcase, the_near_overtakes_the_far);
	tcase_add_test(tcase, ties_cost_what_others_do);
	tcase_add_test(tcase, ties_go_by_class_then_first_come);
	tcase_add_test(tcase, an_old_id_never_touches_the_slots_next_event);
	tcase_add_test(tcase, memory_follows_what_is_pending);
	tcase_add_test(tcase, advancing_stops_short_of_what_is_due);
	tcase_add_test_raise_signal(tcase, the_past_is_asserted, 6);
	tcase_add_test_raise_signal(tcase, never_is_asserted, 6);
	tcase_add_test_raise_signal(
		tcase, jumping_over_an_event_is_asserted, 6);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
