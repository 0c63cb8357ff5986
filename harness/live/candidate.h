/*
 * A real build in the twin: the candidate process is started in the
 * environment of its own manifest, gets the requests of a capture at their
 * instants, and its own calls come back into the twin, so that policies,
 * latency and faults of its channels are those of the simulation. What it
 * answers is compared with what was recorded.
 *
 * One call is one run in real time. Everything that it made (process, ports)
 * is gone when it returns, however it went.
 *
 * What is real: the candidate, its CPU and its sockets. What is the model:
 * the way from its caller to it and from it to its dependencies, and the
 * dependencies' time and failures. Their content is recorded
 * (harness/live/answers.h).
 */
#ifndef TW_LIVE_CANDIDATE_H
#define TW_LIVE_CANDIDATE_H

#include "harness/live/answers.h"
#include "harness/live/diff.h"
#include "harness/live/server.h"
#include "harness/live/traffic.h"
#include "harness/live/worse.h"
#include "twins/observe/observation.h"
#include "twins/twin.h"

struct tw_live_options {
	const struct tw_model *model;
	uint32_t service;		       /* that the candidate is */
	const struct tw_live_traffic *traffic; /* of this candidate, scheduled;
						* only read */
	const struct tw_scenario *scenario;    /* NULL: nothing goes wrong */
	uint64_t seed;
	uint32_t replication;
	tw_time slice;	/* of the observation; 0: 1 s */
	tw_time warmup; /* requests before are sent; what ends before it is
			 * over is not observed, their answers are not
			 * compared */

	const char *const *argv;     /* NULL at the end; {port} is filled in */
	const char *dir;	     /* NULL: ours */
	const struct tw_labels *env; /* beside the manifest's; NULL: none */
	uint16_t port;		     /* 0: a free one */
	const struct tw_live_worse *worse; /* NULL: as it is */
	const char *const *ignore;	   /* paths of answers, see diff.h */
	size_t n_ignore;

	tw_time ready;	  /* it may take to be ready; 0: 30 s */
	tw_time deadline; /* for one answer; 0: 10 s */
	tw_time late;	  /* p99 of lateness that a verdict bears; 0: 10 ms */

	/* Progress, one line each without its end; NULL: none. */
	void (*log)(void *context, const char *line);
	void *context;
};

/* How it ended: all but the first are findings about the candidate. */
enum tw_live_end {
	TW_LIVE_PLAYED,
	TW_LIVE_NOT_STARTED, /* could not be executed, or its port is taken */
	TW_LIVE_EXITED,	     /* before it was ready */
	TW_LIVE_NEVER_READY,
	TW_LIVE_CRASHED, /* ended while it was needed */
	TW_LIVE_HUNG,	 /* no answer at all for a whole deadline */
};

const char *tw_live_end_name(enum tw_live_end end);

/* A call of the candidate that nothing was recorded for. */
struct tw_live_miss {
	const char *service, *method, *target;
	uint64_t count; /* of calls with this service, method and path */
};

struct tw_live_result {
	struct tw_arena arena;
	enum tw_live_end end;
	const char *why;      /* one sentence, "" where it was played */
	struct tw_buf output; /* the last of what it wrote */

	/* What the twin saw, as in a simulation; empty where nothing was
	 * played. Requests that a service made (their caller is in the
	 * capture) count as arrivals here. */
	struct tw_observation observation;
	bool observed;

	struct tw_diff diff;
	uint64_t requests;			   /* scheduled */
	uint64_t sent, answered, timeouts, failed; /* failed: refused, reset,
						    * not HTTP */
	uint64_t given_up; /* the twin's caller did not wait longer */
	uint64_t worsened; /* requests and calls that options->worse hit */

	uint64_t calls;			   /* of the candidate */
	uint64_t answers[TW_ANSWER_KINDS]; /* of them */
	uint64_t unmodelled;		   /* of them: no endpoint fits,
					    * answered without delay */
	TW_VEC(struct tw_live_miss *) misses;
	struct tw_live_server_counts server;

	struct tw_histogram lateness; /* ns, of sends and of answers to calls */
	bool late;	 /* the run carries no verdict: twinrig was too slow */
	tw_time cpu;	 /* of twinrig itself while it played */
	tw_time elapsed; /* of playing */
	tw_time ready_after;
	TW_VEC(const char *) unknown_env; /* variables without a value */
};

/* -1 only where the world failed us, not the candidate; *result is to be
 * released in any case. */
int tw_live_run(const struct tw_live_options *options,
	struct tw_live_result *result, struct tw_error *error);
void tw_live_result_release(struct tw_live_result *result);

#endif
