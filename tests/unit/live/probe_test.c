/*
 * Two probes can be under way when the first says ready: the second one is
 * answered while the run plays.
 */
#include "harness/live/run.h"
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

/* A run whose loop plays two instants and gets an answer between them. */
struct stage {
	struct tw_live_run run;
	uv_timer_t timer;
	tw_time instants[2];
	size_t done;
	int status; /* of the answer */
};

static tw_time stage_next(void *context)
{
	const struct stage *s = context;

	return s->done < 2 ? s->instants[s->done] : TW_NEVER;
}

static void stage_advance(void *context, tw_time at)
{
	struct stage *s = context;

	(void)at;
	if (++s->done == 2)
		tw_live_loop_stop(&s->run.loop);
}

static void answer(uv_timer_t *timer)
{
	struct stage *s = timer->data;
	struct tw_live_response response = {
		.failure = TW_LIVE_ANSWERED, .status = s->status};

	tw_live_on_answer(&s->run, TW_LIVE_PROBE, &response);
}

static void stage_init(struct stage *s, int status)
{
	struct tw_error error;

	*s = (struct stage){.instants = {0, 60 * TW_MS}, .status = status};
	ck_assert_int_eq(tw_live_loop_init(&s->run.loop, &error), 0);
	uv_timer_init(&s->run.loop.uv, &s->timer);
	s->timer.data = s;
	uv_timer_start(&s->timer, answer, 5, 0);
}

static void stage_release(struct stage *s)
{
	uv_close((uv_handle_t *)&s->timer, NULL);
	tw_live_loop_release(&s->run.loop);
}

/* While it waits, ready is what it waits for. */
START_TEST(an_answer_ends_the_wait)
{
	struct stage s;

	stage_init(&s, 399);
	ck_assert(tw_live_loop_run(&s.run.loop, 10 * TW_S));
	stage_release(&s);
	stage_init(&s, 503);
	ck_assert(!tw_live_loop_run(&s.run.loop, 50 * TW_MS));
	stage_release(&s);
}
END_TEST

START_TEST(a_late_answer_does_not_end_the_run)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_live_driven driven = {
		.next = stage_next, .advance = stage_advance};
	struct tw_model *model;
	struct stage s;

	b_endpoint(spec, b_service(spec, "cart", 1, 1, 0), "*");
	b_node(spec, "node", 1, "a");
	model = b_model(spec);
	stage_init(&s, 200);
	driven.context = &s;
	s.run.twin = tw_twin_new(model, &(struct tw_options){.seed = 1});
	tw_live_loop_start(&s.run.loop, &driven, 0);
	ck_assert(tw_live_loop_run(&s.run.loop, 10 * TW_S));
	ck_assert_uint_eq(s.done, 2);
	stage_release(&s);
	tw_twin_free(s.run.twin);
	tw_model_free(model);
	tw_spec_free(spec);
}
END_TEST

TW_TESTS("live/probe", an_answer_ends_the_wait,
	a_late_answer_does_not_end_the_run)
