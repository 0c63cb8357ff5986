#include "harness/live/loop.h"

#include "tests/unit/test.h"

/* Instants that are due one after the other. */
struct script {
	struct tw_live_loop loop;
	tw_time instants[8];
	size_t n, done;
	tw_time seen[8], wall[8];
	size_t stamps;
	tw_time stamp;
};

static tw_time script_next(void *context)
{
	struct script *s = context;

	return s->done < s->n ? s->instants[s->done] : TW_NEVER;
}

static void script_advance(void *context, tw_time at)
{
	struct script *s = context;

	while (s->done < s->n && s->instants[s->done] <= at) {
		s->seen[s->done] = at;
		s->wall[s->done++] = tw_live_loop_now(&s->loop);
	}
	if (s->done == s->n)
		tw_live_loop_stop(&s->loop);
}

static void start(struct script *s)
{
	struct tw_live_driven driven = {script_next, script_advance, s};
	struct tw_error error;

	ck_assert_int_eq(tw_live_loop_init(&s->loop, &error), 0);
	tw_live_loop_start(&s->loop, &driven, 0);
}

START_TEST(handles_instants_at_their_time)
{
	struct script s = {
		.instants = {0, 5 * TW_MS, 5 * TW_MS, 7 * TW_MS, 40 * TW_MS},
		.n = 5};

	start(&s);
	ck_assert(tw_live_loop_run(&s.loop, 10 * TW_S));
	for (size_t i = 0; i < s.n; i++) {
		ck_assert_int_eq(s.seen[i], s.instants[i]);
		ck_assert_int_ge(s.wall[i], s.instants[i]);
	}
	ck_assert_uint_eq(s.loop.lateness.count, 4);
	tw_live_loop_halt(&s.loop);
	tw_live_loop_release(&s.loop);
}
END_TEST

START_TEST(a_lead_delays_the_start)
{
	struct script s = {.instants = {0}, .n = 1};
	struct tw_live_driven driven = {script_next, script_advance, &s};
	struct tw_error error;
	uint64_t before = uv_hrtime();

	ck_assert_int_eq(tw_live_loop_init(&s.loop, &error), 0);
	tw_live_loop_start(&s.loop, &driven, 30 * TW_MS);
	ck_assert_int_eq(tw_live_loop_now(&s.loop), 0);
	ck_assert(tw_live_loop_run(&s.loop, 10 * TW_S));
	ck_assert_uint_ge(uv_hrtime() - before, 30 * TW_MS);
	tw_live_loop_release(&s.loop);
}
END_TEST

START_TEST(the_limit_ends_a_wait)
{
	struct script s = {.instants = {3600 * TW_S}, .n = 1};

	start(&s);
	ck_assert(!tw_live_loop_run(&s.loop, 20 * TW_MS));
	ck_assert_uint_eq(s.done, 0);
	tw_live_loop_release(&s.loop);
}
END_TEST

static void on_timer(uv_timer_t *timer)
{
	struct script *s = timer->data;

	/* Busy while an instant falls due. */
	while (tw_live_loop_now(&s->loop) < 210 * TW_MS)
		;
	s->stamp = tw_live_loop_stamp(&s->loop);
	s->stamps = s->done;
}

START_TEST(what_is_due_goes_before_what_came_in)
{
	/* Far apart: a busy machine wakes late. */
	struct script s = {.instants = {200 * TW_MS, 2 * TW_S}, .n = 2};
	uv_timer_t timer;

	start(&s);
	uv_timer_init(&s.loop.uv, &timer);
	timer.data = &s;
	uv_timer_start(&timer, on_timer, 1, 0);
	ck_assert(tw_live_loop_run(&s.loop, 10 * TW_S));
	ck_assert_uint_eq(s.stamps, 1);
	ck_assert_int_eq(s.seen[0], 200 * TW_MS);
	ck_assert_int_gt(s.stamp, 200 * TW_MS);
	ck_assert_int_ge(s.loop.lateness.max, 5 * TW_MS);
	uv_close((uv_handle_t *)&timer, NULL);
	tw_live_loop_release(&s.loop);
}
END_TEST

TW_TESTS("live/loop", handles_instants_at_their_time, a_lead_delays_the_start,
	the_limit_ends_a_wait, what_is_due_goes_before_what_came_in)
