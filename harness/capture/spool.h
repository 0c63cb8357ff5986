/*
 * The spool: a capture that was parsed once, as records sorted by time, which
 * any number of cursors read at once.
 *
 *	struct tw_spool *spool = tw_spool_new(&options);
 *	tw_spool_read(spool, "captures/peak.gor", &capture_options, &error);
 *	tw_spool_finish(spool, &error);
 *	... tw_replay_init(...) on each thread (harness/replay/replay.h)
 *	tw_spool_free(spool);
 *
 * Records (40 bytes) stay in memory up to options.memory, beyond that in a
 * temporary file that has no name; whole exchanges, where options.details
 * asks for them, always in such a file, redacted. After tw_spool_finish() the
 * spool is only read: threads may share it.
 *
 * Sides. A request may be routed by two specs at once, the baseline's (0) and
 * the candidate's (1), so that both replay the very same requests.
 *
 * Whose requests they are: where policies balance by a key of the request, each
 * different set of hashes that came is kept once, in memory alone, and records
 * say which; never the values.
 *
 * A time that is not exact (a log with whole seconds) is moved into
 * [time, time + resolution) by a draw keyed by the request's position:
 * arrivals within a second are then as a Poisson process would have them,
 * and the same on every run.
 */
#ifndef TW_HARNESS_CAPTURE_SPOOL_H
#define TW_HARNESS_CAPTURE_SPOOL_H

#include "harness/capture/capture.h"
#include "harness/capture/identity.h"
#include "harness/capture/redact.h"
#include "harness/capture/router.h"
#include "harness/capture/sizes.h"

#define TW_SPOOL_SIDES	  2
#define TW_SPOOL_MEMORY	  ((size_t)64 << 20)
#define TW_SPOOL_NONE	  UINT64_MAX
#define TW_SPOOL_UNROUTED UINT32_MAX
#define TW_SPOOL_WAY_IN	  "way in" /* what answers in a service's place */
#define TW_SPOOL_TOP	  10	   /* unrouted paths that are named */

struct tw_spool_options {
	/* router[1] NULL: one side only. router[0] NULL: nothing is routed;
	 * each request is of an inferred endpoint of no service. */
	const struct tw_router *router[TW_SPOOL_SIDES];
	bool details; /* keep whole exchanges: the live twin needs them */
	/* What users are told apart by, of both sides (tw_spool_keys()). */
	struct tw_key_sources keys[TW_SPOOL_SIDES];
	struct tw_redact *redact; /* of details; NULL: a fixed key */
	size_t memory;		  /* bytes of records; 0: TW_SPOOL_MEMORY */
};

struct tw_spool_record {
	int64_t time;	   /* ns since 1970 */
	uint64_t position; /* in the source: the n-th exchange, from 0 */
	uint64_t details;  /* offset; TW_SPOOL_NONE: not kept */
	uint32_t endpoint[TW_SPOOL_SIDES]; /* TW_SPOOL_UNROUTED, or an index
					    * for tw_spool_endpoint() */
	uint32_t who;			   /* for tw_spool_keys() */
	uint32_t unused;
};

/* Where a request goes: a service and an endpoint by their names, as the spec
 * has them; who compiles a model finds their indices there. */
struct tw_spool_endpoint {
	const char *service; /* "namespace/name"; NULL: not routed at all */
	const char *endpoint;
	bool inferred;	  /* the spec has no such endpoint */
	tw_traits traits; /* of its requests: a place of its own for each */
	int respond;	  /* the way in answers with this status; 0: no */
	uint64_t requests[TW_SPOOL_SIDES];
	struct tw_byte_count request_bytes, answer_bytes; /* where told */
};

struct tw_unrouted {
	const char *path; /* a template: "GET /favicon.ico" */
	uint64_t requests;
};

struct tw_spool_stats {
	uint64_t read, malformed, untimed;
	/* Between services (the caller is one of the spec's): not replayed,
	 * they are answers for the live twin. */
	uint64_t calls;
	uint64_t unrouted[TW_SPOOL_SIDES];
	int64_t first, last;		/* time of the first and last record */
	TW_VEC(struct tw_unrouted) top; /* side 0, most first */
};

/* A recorded call between services, for answers of the live twin. */
struct tw_spool_call {
	int64_t time;
	uint64_t details;
	const char *caller, *service; /* as recorded; service may be NULL */
	const char *method, *target;  /* as recorded, redacted */
	int status;
};

struct tw_spool;

struct tw_spool *tw_spool_new(const struct tw_spool_options *options);
void tw_spool_free(struct tw_spool *spool);

/* Reads one more capture (several play together, by their times). */
int tw_spool_read(struct tw_spool *spool, const char *path,
	const struct tw_capture_options *options, struct tw_error *error);
int tw_spool_read_memory(struct tw_spool *spool, const char *name,
	const void *p, size_t n, const struct tw_capture_options *options,
	struct tw_error *error);
/* Sorts. -1: TW_E_RUN, the temporary file failed. */
int tw_spool_finish(struct tw_spool *spool, struct tw_error *error);

uint64_t tw_spool_count(const struct tw_spool *spool); /* records */
const struct tw_spool_stats *tw_spool_stats(const struct tw_spool *spool);
/*
 * Completeness of a side: what can be replayed of all that the capture holds,
 * (read - calls - unrouted) / (read - calls + malformed), 0..1; 0 where there
 * is nothing.
 */
double tw_spool_completeness(const struct tw_spool *spool, int side);

size_t tw_spool_endpoints(const struct tw_spool *spool);
const struct tw_spool_endpoint *tw_spool_endpoint(
	const struct tw_spool *spool, size_t index);

/* Copies records [from, from + n) in order of (time, position). -1: I/O. */
int tw_spool_get(const struct tw_spool *spool, uint64_t from, size_t n,
	struct tw_spool_record *to, struct tw_error *error);
/* The first record at or after `time`. */
int tw_spool_seek(const struct tw_spool *spool, int64_t time, uint64_t *index,
	struct tw_error *error);

/* The hashes of a record's `who`, for each key of that side; NULL: none is
 * asked for. A hash is 0 where the capture did not tell. */
const uint64_t *tw_spool_keys(
	const struct tw_spool *spool, int side, uint32_t who);

/* The whole exchange; slices point into `scratch` (its own on each thread). */
int tw_spool_details(const struct tw_spool *spool, uint64_t details,
	struct tw_scratch *scratch, struct twinrig_exchange *exchange,
	struct tw_error *error);

/* In order of time. */
const struct tw_spool_call *tw_spool_calls(
	const struct tw_spool *spool, size_t *n);

#endif
