/*
 * What the control plane did in a run, as a person would follow it: how many
 * pods of each workload were in which phase, how many endpoints callers saw,
 * how many nodes were there, and events in Kubernetes' words (core/v1 Event).
 *
 * Bounded, whatever happens. A row has at most TW_TIMELINE_POINTS points: when
 * it is full every other one goes, and from then on what happens within a step
 * twice as wide becomes one point. Events are aggregated as client-go does
 * (tools/record/events_cache.go): the same words about the same object are
 * counted; from the eleventh different message of one reason about it on they
 * are one event. The first TW_TIMELINE_EVENTS are kept, at most
 * TW_TIMELINE_REASON of one reason, the rest counted.
 */
#ifndef TW_OBSERVE_TIMELINE_H
#define TW_OBSERVE_TIMELINE_H

#include "twins/base/units.h"
#include "twins/base/vector.h"

#include <stdbool.h>

struct tw_observation;

#define TW_TIMELINE_POINTS 240
#define TW_TIMELINE_EVENTS 300
/* Of these of one reason, so that what a large cluster does first does not
 * hide what it does next. */
#define TW_TIMELINE_REASON 60
/* Different messages of one reason about one object (maxEvents). */
#define TW_TIMELINE_ALIKE 10

/* Pods of a workload from `at` on, until the next point. Of nodes: `desired`
 * is how many there are, `ready` how many of them are ready. */
struct tw_timeline_point {
	tw_time at;
	uint32_t desired;
	uint32_t pending;     /* no node, or its container was not started */
	uint32_t starting;    /* runs, not ready */
	uint32_t ready;	      /* as the control plane sees it */
	uint32_t terminating; /* deleted, not gone */
	uint32_t endpoints;   /* that callers see */
	uint32_t restarts;    /* of containers, so far */
};

struct tw_timeline_row {
	const char *name; /* of the workload, or TW_TIMELINE_NODES */
	tw_time step;	  /* what is closer together than that is one point */
	TW_VEC(struct tw_timeline_point) points;
};

#define TW_TIMELINE_NODES "nodes"

struct tw_timeline_event {
	tw_time at, last; /* the first and the last of `count` */
	const char *kind; /* "Pod" */
	const char *object;
	const char *reason; /* "FailedScheduling" */
	const char *message;
	uint32_t count;
	uint32_t warning; /* 1: Warning; 0: Normal */
};

struct tw_timeline {
	TW_VEC(struct tw_timeline_row) rows; /* in the model's order */
	TW_VEC(struct tw_timeline_event) events;
	uint64_t n_events; /* all, each time counted */
};

void tw_timeline_release(struct tw_timeline *timeline);

/* The row is so from point->at on (not before its last point). */
void tw_timeline_add(
	struct tw_timeline_row *row, const struct tw_timeline_point *point);
/* Counts it, and keeps it where there is room; names are interned in the
 * observation that the timeline is of. */
void tw_timeline_say(
	struct tw_observation *obs, const struct tw_timeline_event *event);

/* Whether there is anything to tell: an event, or a row that changed. */
bool tw_timeline_tells(const struct tw_timeline *timeline);

/* A copy whose strings and arrays live in the arena. */
struct tw_timeline *tw_timeline_copy(
	const struct tw_timeline *timeline, struct tw_arena *arena);

#endif
