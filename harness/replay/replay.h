/*
 * When each request of a capture is sent: open loop, at the recorded instants,
 * stretched, repeated and cut as asked. A pure function of (spool, options):
 * the same arrivals on every run, on any thread.
 *
 *	struct tw_replay replay;
 *	tw_replay_init(&replay, spool, &options, &error);
 *	while (tw_replay_next(&replay, &arrival))
 *		...
 *	if (replay.failed) ... replay.error
 *	tw_replay_release(&replay);
 *
 * Time in a replay begins at 0 with the window's first instant: `from`, or
 * the first record. Requests are never dropped to hold a rate: `rate` scales
 * time so that the mean over the window is that rate, and keeps the pattern.
 *
 * Passes. Each pass plays the window again, as long as the window is (where
 * nobody gave an end: to the last record, and one mean gap more, so that
 * passes do not collide). Its requests have the same positions and the next
 * pass number: keys differ, and so do draws.
 */
#ifndef TW_HARNESS_REPLAY_H
#define TW_HARNESS_REPLAY_H

#include "harness/capture/spool.h"
#include "twins/base/units.h"

#define TW_REPLAY_BLOCK 1024

/* A part of the run in which there is `factor` times the traffic: whole
 * copies of each request, and one more by a draw for the fraction. Copies
 * arrive within the gap to the window's next request, at keyed instants. A
 * factor below 1 leaves requests out. */
struct tw_replay_surge {
	tw_time at, until; /* of the run */
	double factor;	   /* >= 0 */
};

struct tw_replay_options {
	int side;	  /* whose endpoints */
	double speed;	  /* 2: twice as fast; 0: 1 */
	double rate;	  /* requests/s in the mean; 0: as recorded; with it
			   * `speed` is not used */
	uint32_t loop;	  /* passes; 0: 1, or until `duration` where given */
	tw_time from, to; /* of the capture, from its first record; to 0: all */
	tw_time duration; /* of the run; 0: to the end of the last pass */
	const struct tw_replay_surge *surges;
	size_t n_surges;
};

struct tw_arrival_record {
	tw_time at;	   /* of the run */
	uint32_t endpoint; /* tw_spool_endpoint() */
	uint32_t pass;	   /* from 0 */
	uint32_t copy;	   /* 0: the request itself; 1...: a surge's copies */
	uint64_t position; /* in the source */
	uint64_t details;  /* tw_spool_details(), or TW_SPOOL_NONE */
	uint32_t who;	   /* tw_spool_keys() */
};

struct tw_replay {
	const struct tw_spool *spool;
	struct tw_replay_options options;
	uint64_t first, end; /* records of the window */
	uint64_t arrivals;   /* given so far */
	tw_time length;	     /* of one pass, of the run */
	tw_time duration;    /* of the run; TW_NEVER: not bounded */
	uint32_t passes;     /* UINT32_MAX: until the duration */
	bool failed;
	struct tw_error error;

	/* Its own. */
	double scale; /* run time / capture time */
	int64_t origin;
	uint64_t index;
	uint32_t pass;
	size_t at, n;
	struct tw_spool_record block[TW_REPLAY_BLOCK];
	TW_VEC(struct tw_arrival_record) copies; /* a heap, earliest first */
	struct tw_arrival_record held;
	bool has_held, ended;
};

/* -1: the options make no sense (TW_E_USAGE), or the spool cannot be read. */
int tw_replay_init(struct tw_replay *replay, const struct tw_spool *spool,
	const struct tw_replay_options *options, struct tw_error *error);
void tw_replay_release(struct tw_replay *replay);

/* In order of (at, pass, position, copy). false: no more, or failed. */
bool tw_replay_next(
	struct tw_replay *replay, struct tw_arrival_record *arrival);

/* The run's length: the duration, or the end of the last pass. */
tw_time tw_replay_duration(const struct tw_replay *replay);

#endif
