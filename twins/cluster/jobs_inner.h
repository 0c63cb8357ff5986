/*
 * What the Job controllers (jobs.c) and what their pods do (job_work.c) share.
 */
#ifndef TW_CLUSTER_JOBS_INNER_H
#define TW_CLUSTER_JOBS_INNER_H

#include "twins/cluster/workloads.h"

/* `what` of a wake-up: the rest is a number. */
enum job_what {
	JOB_CREATED,
	JOB_START,
	JOB_AGAIN,
	JOB_DEADLINE,
	JOB_POD,
	JOB_CALL,
};

#define JOB_BITS 3

struct job_work { /* of a pod */
	bool runs;
	bool waits;    /* failed, and runs again in the same pod */
	bool counted;  /* how its pod ended, or that it will, is seen */
	bool fails;    /* its pod ended because it failed */
	bool stops;    /* its pod is being deleted */
	uint32_t turn; /* counts its runs, so that an old end means nothing */
	uint32_t calls;
	uint32_t restarts; /* of this pod */
	struct tw_backoff crash;
	tw_time ends; /* what it does now: runs, or waits */
};

struct job {
	struct job_work *work; /* by ordinal */
	uint32_t active;       /* Jobs that run */
	uint32_t to_do;	       /* pods that have to succeed yet */
	uint32_t failures;     /* since the last Job started */
	uint32_t in_a_row;     /* of them: since a pod succeeded */
	uint32_t seen_succeeded, seen_failed, seen_ignored;
	const char *fatal;	    /* why a failure ends it; NULL: none does */
	tw_time not_before;	    /* of the next pod */
	tw_time missed;		    /* start that Forbid put off; TW_NEVER */
	uint32_t round;		    /* counts starts */
	uint32_t succeeded, failed; /* pods of jobs, all in all */
	uint32_t ignored;	    /* of those that failed */
	uint32_t done;		    /* succeeded since the last Job started */
};

struct job *job_of(const struct tw_world *world, uint32_t workload);
const struct tw_revision *job_revision(
	const struct tw_world *world, uint32_t workload);
void job_wake(struct tw_world *world, uint32_t workload, tw_time at,
	enum job_what what, uint32_t number);

/* ---- what its pods do (job_work.c) ---------------------------------- */

/* Those whose container was started begin, those that are gone end. */
void job_see_pods(struct tw_world *world, uint32_t workload);
/* JOB_POD and JOB_CALL, with their numbers. */
void job_end_work(struct tw_world *world, uint32_t workload, uint32_t ordinal);
void job_call(struct tw_world *world, uint32_t workload, uint32_t number);

#endif
