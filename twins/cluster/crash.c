#include "twins/cluster/crash.h"

static bool is_over(const struct tw_backoff *backoff, tw_time now, tw_time max)
{
	return !backoff->delay || now - backoff->last > 2 * max;
}

tw_time tw_backoff_next(
	struct tw_backoff *backoff, tw_time now, tw_time initial, tw_time max)
{
	if (is_over(backoff, now, max))
		backoff->delay = initial;
	else
		backoff->delay =
			2 * backoff->delay < max ? 2 * backoff->delay : max;
	backoff->last = now;
	return backoff->delay;
}

bool tw_backoff_waits(
	const struct tw_backoff *backoff, tw_time now, tw_time max)
{
	return !is_over(backoff, now, max) &&
	       now - backoff->last < backoff->delay;
}

/* The delay of the crash before is served after this one; the next one is
 * counted from the start that follows. */
tw_time tw_crash(struct tw_backoff *backoff, tw_time now)
{
	tw_time wait = is_over(backoff, now, TW_CRASH_MAX) ? 0 : backoff->delay;

	tw_backoff_next(backoff, now + wait, TW_CRASH_INITIAL, TW_CRASH_MAX);
	return wait;
}
