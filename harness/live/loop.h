/*
 * Real time: the loop that drives a passive twin by the machine's monotonic
 * clock. libuv polls the sockets; the earliest deadline of the twin is one
 * absolute timerfd on Linux, because libuv's timers count in milliseconds.
 *
 * Instants are nanoseconds since the loop's start, the model's zero. Before
 * each wait the loop handles what is due, one instant after the other, each
 * with its own model time; how late it was handled is recorded. What comes in
 * from a socket is stamped with tw_live_loop_stamp().
 *
 * One thread. The struct must not move while it is in use.
 */
#ifndef TW_LIVE_LOOP_H
#define TW_LIVE_LOOP_H

#include "twins/base/error.h"
#include "twins/base/units.h"
#include "twins/observe/histogram.h"

#include <uv.h>

/* What is driven: the twin, or a test. */
struct tw_live_driven {
	/* The earliest instant with something to do; TW_NEVER: none. */
	tw_time (*next)(void *context);
	/* Does all that is due by `at`, which never decreases. */
	void (*advance)(void *context, tw_time at);
	void *context;
};

struct tw_live_loop {
	uv_loop_t uv;
	uv_prepare_t prepare;
	uv_poll_t alarm;  /* the timerfd; Linux */
	uv_timer_t timer; /* elsewhere */
	uv_timer_t limit; /* of a run */
	int alarm_fd;
	tw_time armed;	/* what the alarm is set to; TW_NEVER: unset */
	tw_time origin; /* of the monotonic clock, at the model's zero */
	tw_time at;	/* the newest instant handled or stamped */
	struct tw_live_driven driven;
	struct tw_histogram lateness; /* ns, one for each instant handled */
	bool started, stop, over;
};

int tw_live_loop_init(struct tw_live_loop *loop, struct tw_error *error);
/* Closes the loop; asserts that all else that used it was closed before. */
void tw_live_loop_release(struct tw_live_loop *loop);

/* From now on `driven` is driven; its zero is this moment plus `lead`. Until
 * then the clock is negative and nothing is due. */
void tw_live_loop_start(struct tw_live_loop *loop,
	const struct tw_live_driven *driven, tw_time lead);
/* Drives nothing any more: the driven one may be freed. */
void tw_live_loop_halt(struct tw_live_loop *loop);

/* Waits and handles until tw_live_loop_stop() or until the monotonic clock
 * passes now + limit: false. */
bool tw_live_loop_run(struct tw_live_loop *loop, tw_time limit);
void tw_live_loop_stop(struct tw_live_loop *loop);

/* The clock: ns since the start, 0 where that is yet to come. */
tw_time tw_live_loop_now(const struct tw_live_loop *loop);
/*
 * The instant of what just came in: max(clock, newest instant handled), so
 * that it never lies before the twin's now. What is due by then is handled
 * first. Not from within the driven one's own functions.
 */
tw_time tw_live_loop_stamp(struct tw_live_loop *loop);

#endif
