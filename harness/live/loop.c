#include "harness/live/loop.h"

#include "twins/base/assert.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/timerfd.h>
#endif

static tw_time monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * TW_S + ts.tv_nsec;
}

#ifdef __linux__

static void on_alarm(uv_poll_t *alarm, int status, int events)
{
	struct tw_live_loop *loop = alarm->data;
	uint64_t expirations;

	(void)status;
	(void)events;
	/* EAGAIN: re-armed between the expiry and this read. */
	if (read(loop->alarm_fd, &expirations, sizeof expirations) > 0)
		loop->armed = TW_NEVER;
}

static int alarm_open(struct tw_live_loop *loop, struct tw_error *error)
{
	loop->alarm_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->alarm_fd < 0)
		return tw_fail(
			error, TW_E_RUN, "timerfd_create: %s", strerror(errno));
	uv_poll_init(&loop->uv, &loop->alarm, loop->alarm_fd);
	loop->alarm.data = loop;
	uv_poll_start(&loop->alarm, UV_READABLE, on_alarm);
	return 0;
}

/* The instant is absolute: nothing accumulates, and one that has passed
 * already fires at once. */
static void alarm_set(struct tw_live_loop *loop, tw_time at)
{
	struct itimerspec spec = {0};
	int failed;

	if (at != TW_NEVER) {
		tw_time absolute = at + loop->origin;

		if (absolute < 1) /* zero would disarm it */
			absolute = 1;
		spec.it_value.tv_sec = absolute / TW_S;
		spec.it_value.tv_nsec = absolute % TW_S;
	}
	failed =
		timerfd_settime(loop->alarm_fd, TFD_TIMER_ABSTIME, &spec, NULL);
	tw_assert(!failed);
}

static void alarm_close(struct tw_live_loop *loop)
{
	uv_close((uv_handle_t *)&loop->alarm, NULL);
	uv_run(&loop->uv, UV_RUN_NOWAIT);
	close(loop->alarm_fd);
}

#else

static void on_timer(uv_timer_t *timer)
{
	struct tw_live_loop *loop = timer->data;

	loop->armed = TW_NEVER;
}

static int alarm_open(struct tw_live_loop *loop, struct tw_error *error)
{
	(void)error;
	uv_timer_init(&loop->uv, &loop->timer);
	loop->timer.data = loop;
	return 0;
}

/* Rounded up, at least 1 ms: a timer of zero that is set again until it is
 * due starves the sockets. */
static void alarm_set(struct tw_live_loop *loop, tw_time at)
{
	tw_time wait = at == TW_NEVER ? 0 : at - tw_live_loop_now(loop);

	uv_timer_stop(&loop->timer);
	if (at == TW_NEVER)
		return;
	uv_update_time(&loop->uv);
	uv_timer_start(&loop->timer, on_timer,
		wait < TW_MS ? 1 : (uint64_t)((wait + TW_MS - 1) / TW_MS), 0);
}

static void alarm_close(struct tw_live_loop *loop)
{
	uv_close((uv_handle_t *)&loop->timer, NULL);
	uv_run(&loop->uv, UV_RUN_NOWAIT);
}

#endif

static tw_time clock_of(const struct tw_live_loop *loop)
{
	return monotonic() - loop->origin;
}

tw_time tw_live_loop_now(const struct tw_live_loop *loop)
{
	tw_time now = clock_of(loop);

	return now < 0 ? 0 : now;
}

/* Instants handled between two looks at the sockets: a twin that falls behind
 * must not starve what comes in. */
#define BATCH 256

/* The next instant due by `until`, by itself, so that its own lateness is
 * known. False: there is none. */
static bool handle_one(struct tw_live_loop *loop, tw_time until)
{
	tw_time next, late;

	if (!loop->started)
		return false;
	next = loop->driven.next(loop->driven.context);
	if (next > until)
		return false;
	late = clock_of(loop) - next;
	tw_histogram_record(&loop->lateness, late);
	if (next > loop->at)
		loop->at = next;
	loop->driven.advance(loop->driven.context, loop->at);
	return true;
}

/* All that is due goes first: an arrival at 5 ms is taken in before an answer
 * that came at 6 ms, though both are seen at once. */
tw_time tw_live_loop_stamp(struct tw_live_loop *loop)
{
	tw_time now = clock_of(loop);

	while (handle_one(loop, now))
		;
	if (now > loop->at)
		loop->at = now;
	return loop->at;
}

static void settle(struct tw_live_loop *loop)
{
	for (int i = 0; i < BATCH; i++)
		if (!handle_one(loop, clock_of(loop)))
			return;
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct tw_live_loop *loop = prepare->data;
	tw_time next = TW_NEVER;

	settle(loop);
	if (loop->started)
		next = loop->driven.next(loop->driven.context);
	if (next != loop->armed)
		alarm_set(loop, next);
	loop->armed = next;
}

int tw_live_loop_init(struct tw_live_loop *loop, struct tw_error *error)
{
	int status;

	memset(loop, 0, sizeof *loop);
	status = uv_loop_init(&loop->uv);
	if (status)
		return tw_fail(
			error, TW_E_RUN, "event loop: %s", uv_strerror(status));
	if (alarm_open(loop, error)) {
		uv_loop_close(&loop->uv);
		return -1;
	}
	uv_prepare_init(&loop->uv, &loop->prepare);
	loop->prepare.data = loop;
	uv_prepare_start(&loop->prepare, on_prepare);
	uv_timer_init(&loop->uv, &loop->limit);
	loop->limit.data = loop;
	loop->armed = TW_NEVER;
	loop->origin = monotonic();
	return 0;
}

void tw_live_loop_release(struct tw_live_loop *loop)
{
	int open;

	uv_close((uv_handle_t *)&loop->prepare, NULL);
	uv_close((uv_handle_t *)&loop->limit, NULL);
	alarm_close(loop);
	/* A close is told a turn later, and what it frees may close more. */
	for (int turn = 0; turn < 10 && uv_loop_alive(&loop->uv); turn++)
		uv_run(&loop->uv, UV_RUN_NOWAIT);
	open = uv_loop_close(&loop->uv);
	tw_assert(!open);
	tw_histogram_release(&loop->lateness);
}

void tw_live_loop_start(struct tw_live_loop *loop,
	const struct tw_live_driven *driven, tw_time lead)
{
	loop->driven = *driven;
	loop->origin = monotonic() + lead;
	loop->at = 0;
	loop->started = true;
}

void tw_live_loop_halt(struct tw_live_loop *loop)
{
	loop->started = false;
}

static void on_limit(uv_timer_t *limit)
{
	struct tw_live_loop *loop = limit->data;

	loop->over = true;
}

bool tw_live_loop_run(struct tw_live_loop *loop, tw_time limit)
{
	loop->stop = loop->over = false;
	uv_update_time(&loop->uv);
	if (limit != TW_NEVER)
		uv_timer_start(&loop->limit, on_limit,
			(uint64_t)((limit + TW_MS - 1) / TW_MS), 0);
	while (!loop->stop && !loop->over)
		uv_run(&loop->uv, UV_RUN_ONCE);
	uv_timer_stop(&loop->limit);
	return loop->stop;
}

/* uv_stop() too: within a prepare callback it keeps the wait from coming. */
void tw_live_loop_stop(struct tw_live_loop *loop)
{
	loop->stop = true;
	uv_stop(&loop->uv);
}
