/*
 * What the runs of one scenario saw, small enough to draw: who called whom,
 * how long it took, and what happened when, of both sides. Gathered from the
 * observations, which are gone by the time a report is written.
 *
 * Its size depends on the number of services and endpoints, not of requests:
 * distributions have 16 steps an octave, lines at most TW_SCENE_POINTS points.
 */
#ifndef TW_REPORT_SCENE_H
#define TW_REPORT_SCENE_H

#include "harness/gate/measure.h"

struct tw_json_writer;

/* Slices are put together until there are no more points than this. */
#define TW_SCENE_POINTS 180
/* Distributions of single calls, the most frequent first; those of requests
 * from outside come on top, up to as many again. */
#define TW_SCENE_LATENCIES 24

enum { TW_SCENE_BASELINE, TW_SCENE_CANDIDATE, TW_SCENE_SIDES };

struct tw_scene_fault {
	const char *label;
	tw_time at, end; /* end TW_NEVER: it does not */
};

/* Caller to callee, endpoints and zones added up; of all runs together. */
struct tw_scene_count {
	uint64_t calls, errors, timeouts, retries, unreached;
	int64_t latency; /* ns, summed */
};

struct tw_scene_call {
	const char *caller, *service;
	struct tw_scene_count side[TW_SCENE_SIDES];
};

/* A step of a distribution: `count` values, none of them below `low`. */
struct tw_scene_step {
	int64_t low; /* ns */
	uint64_t count;
};

TW_VEC_TYPE(tw_scene_steps, struct tw_scene_step);

struct tw_scene_latency {
	const char *caller, *service, *endpoint; /* endpoint "": all */
	struct tw_scene_steps side[TW_SCENE_SIDES];
	int64_t max[TW_SCENE_SIDES];
	uint64_t calls; /* of both sides */
};

/* A service in one point of time; of all runs together. */
struct tw_scene_point {
	uint64_t count, errors; /* calls that ended, as callers saw them */
	int64_t latency;	/* ns, summed */
	tw_time worst;		/* of a single call */
	uint32_t queue, unavailable, replicas; /* the most in any run */
	uint32_t ooms;
};

struct tw_scene_line {
	const char *service; /* "": what users see, all entries together */
	struct tw_scene_point *side[TW_SCENE_SIDES]; /* scene->n_points */
};

struct tw_scene_event {
	int side;
	size_t run; /* from 0 */
	tw_time at, back;
	const char *what, *where;
};

struct tw_scene {
	size_t runs[TW_SCENE_SIDES];
	tw_time point; /* width of a point of time */
	size_t n_points;
	tw_time duration, warmup;
	/* For the caller to set. */
	const struct tw_scene_fault *faults;
	size_t n_faults;

	TW_VEC(struct tw_scene_call) calls;	     /* by names */
	TW_VEC(struct tw_scene_latency *) latencies; /* users' first */
	TW_VEC(struct tw_scene_line *) lines;	     /* users' first, names */
	TW_VEC(struct tw_scene_event) events;	     /* by time */
	uint64_t n_events[TW_SCENE_SIDES];	     /* all there were */
};

/* Everything lives in the arena; names are copied. */
struct tw_scene *tw_scene_of(struct tw_runs baseline, struct tw_runs candidate,
	struct tw_arena *arena);

/* As one object, on one line whatever the writer does elsewhere. */
void tw_scene_json(struct tw_json_writer *writer, const struct tw_scene *scene);

#endif
