/*
 * What one run saw: mergeable, with no knowledge of checks. The twin's taps
 * fill it in; harness/gate reads it; harness/baseline stores it: a new counter
 * of any struct here is a row in the tables of harness/baseline/observed.c.
 *
 * A *cell* is one series of calls: caller, service, endpoint, zone, side and
 * fault window. The caller's side counts calls as the caller saw them (all
 * tries together); the server's side counts tries as a replica saw them.
 * Traffic from outside has the caller "outside".
 */
#ifndef TW_OBSERVE_OBSERVATION_H
#define TW_OBSERVE_OBSERVATION_H

#include "twins/base/map.h"
#include "twins/base/units.h"
#include "twins/base/vector.h"
#include "twins/observe/histogram.h"
#include "twins/observe/timeline.h"

#define TW_OUTSIDE "outside"

enum tw_side { TW_CLIENT, TW_SERVER };

/* Before the first fault of the scenario, while at least one is on, after the
 * last. A run without faults is all TW_WINDOW_BEFORE. A call belongs to the
 * window in which it began. */
enum tw_window { TW_WINDOW_BEFORE, TW_WINDOW_DURING, TW_WINDOW_AFTER };

struct tw_cell_key {
	const char *caller, *service, *endpoint; /* names, never NULL */
	const char *zone; /* the replica's (server), the caller's (client);
			   * "" for the outside */
	enum tw_side side;
	enum tw_window window;
};

/* Counts of one slice of time (observation->slice) by when calls ended. */
struct tw_slice {
	uint32_t count, errors, timeouts;
	tw_time latency_max;
	int64_t latency_sum; /* ns */
};

/* What a cell has seen of the slice under way: of use while a run goes on. It
 * is added to the cell's sums, its histogram's and its slices when the slice
 * is closed (tw_cell_close). */
struct tw_tally {
	uint32_t count, errors, timeouts;
	tw_time min, max;
	int64_t sum;
};

struct tw_cell {
	struct tw_cell_key key;
	struct tw_tally tally;
	uint64_t count;	    /* calls (client) or tries (server) that ended */
	uint64_t errors;    /* ended otherwise than well, timeouts included */
	uint64_t timeouts;  /* errors because the time was up */
	uint64_t shed;	    /* refused: queue full, nobody ready */
	uint64_t unreached; /* client: errors, time-outs too, whose last try
			     * got no connection */
	uint64_t retries;   /* client: tries beyond the first */
	uint64_t overflow;  /* client: tries refused by a circuit breaker */
	uint64_t denied;    /* client: retries that no budget was left for */
	uint64_t limited;   /* client: tries refused by a rate limit */
	uint64_t rejected;  /* client: calls refused by the application */
	uint64_t connects;  /* client: connections that were set up */
	uint64_t ejections; /* client: of replicas, by callers' proxies */
	uint64_t abandoned; /* server: worked for a caller who had gone */
	int64_t queued;	    /* server: ns waited in replicas' queues, summed */
	int64_t worked;	    /* server: ns of cpu and wait steps, summed */
	int64_t stalled;    /* server: ns that cpu steps took beyond their
			     * demand, for want of a core or of quota, summed */
	int64_t backoff;    /* client: ns between tries, summed */
	int64_t network;    /* client: ns on the way, both directions, summed */
	struct tw_histogram latency; /* of all that ended, errors included */
	TW_VEC(struct tw_slice) slices;
};

/* One service over time, per slice. */
struct tw_gauge_slice {
	uint32_t replicas;    /* that should be there, at the slice's end */
	uint32_t unavailable; /* the most at once */
	uint32_t queue;	      /* the longest queue of one replica */
	uint32_t ooms;	      /* containers killed for want of memory */
	int64_t busy;	      /* worker-ns in use */
	int64_t capacity;     /* worker-ns there */
	int64_t computing;    /* replica-ns with something to compute (where the
			       * CPU is shared; else 0) */
	int64_t throttled;    /* of these: the quota was spent */
	int64_t cpu;	      /* core-ns in use */
	int64_t memory;	      /* bytes: the most of one replica; 0: not
			       * modelled */
};

struct tw_gauge {
	const char *service;
	TW_VEC(struct tw_gauge_slice) slices;
};

/* All slices as one: sums, the largest of what is a maximum, the replicas at
 * the end. */
struct tw_gauge_slice tw_gauge_total(const struct tw_gauge *gauge);

/* Of a replica: it went away before its callers had heard of it. */
#define TW_WHY_STOPPING "was stopping, and still listed"

/* A root request that went wrong; a bounded sample, the same whatever else
 * happens: those with the smallest hash (tw_hash_mix) of the key, so that a
 * request that is in the sample of one side would be in that of the other. */
struct tw_example {
	uint64_t key;	   /* the same on both sides of a comparison */
	uint64_t position; /* in the source */
	tw_time at;	   /* of the arrival */
	tw_time latency;
	const char *service, *endpoint;
	const char *why; /* where it began to fail; "": not known */
	int status;
};

/* A container that was killed: the first ones of a run. */
struct tw_incident {
	tw_time at, back; /* back: ns until it was ready again */
	const char *replica;
	const char *cause; /* "OOMKilled: 271Mi of 256Mi" */
};

#define TW_INCIDENTS 50

/* What an autoscaler did. Counts are replicas. */
struct tw_scaling {
	const char *name;     /* "namespace/name" */
	const char *workload; /* that it scales */
	uint32_t min, max;
	uint32_t had;	      /* at the start */
	uint32_t most, last;  /* that it asked for */
	uint32_t most_wanted; /* by its metrics, before any bound */
	uint32_t rescales;
	uint32_t syncs;	    /* that could read something, or should */
	uint32_t blind;	    /* of these: no metric could be used */
	uint32_t saturated; /* of these: more than max was wanted */
	tw_time first;	    /* rescale; 0: none */
};

/* Of a container's resource: thousandths, bytes; 0: nothing was. */
struct tw_recommended {
	int64_t first;		      /* target, when one was there first */
	int64_t target, lower, upper; /* at the end */
};

/* What a VerticalPodAutoscaler did. */
struct tw_vertical_seen {
	const char *name, *workload, *mode;
	struct tw_recommended cpu, memory; /* of the main container */
	uint32_t evictions, resizes;	   /* pods */
	uint32_t refused;		   /* evictions, by budgets */
	uint32_t too_few; /* looks at too few pods for any to be evicted */
	uint32_t ooms;	  /* of its pods */
};

/* What a search over many runs came to: the smallest trigger after which the
 * condition ("": the default) did not hold again; ns or as it is. */
struct tw_threshold {
	const char *condition;
	double value;
	uint64_t trials;
};

struct tw_observation {
	struct tw_arena arena; /* names live here */
	struct tw_map names;   /* interned */
	tw_time slice;	       /* width of a slice: 1 s */
	tw_time duration;      /* from 0 to the end of the traffic */
	tw_time warmup; /* nothing that ended before is in here: 0: all is */
	tw_time fault_start, fault_end;	  /* TW_NEVER, 0 where none */
	TW_VEC(struct tw_cell) cells;	  /* in a canonical order: by key */
	TW_VEC(struct tw_gauge) gauges;	  /* in the model's order */
	TW_VEC(struct tw_example) failed; /* at most TW_EXAMPLES */
	/* All that failed with a hash below this are in there; 0: all. */
	uint64_t failed_below;
	TW_VEC(struct tw_threshold) thresholds;	   /* of a search alone */
	TW_VEC(struct tw_incident) incidents;	   /* at most TW_INCIDENTS */
	uint64_t n_incidents;			   /* all of them */
	TW_VEC(struct tw_scaling) scalings;	   /* in the model's order */
	TW_VEC(struct tw_vertical_seen) verticals; /* likewise */
	struct tw_timeline timeline;
	uint64_t arrivals;  /* root requests offered */
	uint64_t completed; /* that had their outcome; = arrivals (conservation)
			     */
	uint64_t events;    /* handled by the kernel */
	uint64_t overflow; /* refused because work in flight was at its bound */
	uint64_t peak_in_flight;
	/* Calls with a route whose conditions nobody could tell: it was not
	 * taken; and which of the model's conditions those were. */
	uint64_t undecided;
	uint32_t untold;
	/* Deployments that changed in the run, those of them that were as they
	 * should be at its end, and pods that no node had room for then. */
	uint64_t rollouts, rolled_out, pending;
	uint64_t deadlines; /* of these that were not: past their deadline */
	/* Of the rollouts that were not at their end: those of which a new pod
	 * does not start (tw_kubelet_is_stuck()) or has long found no node, where
	 * nothing that is under way makes room; and such pods. */
	uint64_t stuck, stuck_pods;
	uint64_t evicted;   /* pods, by taints of their nodes */
	uint64_t preempted; /* pods, by others of higher priority */
	/* Nodes that somebody drained, those that were empty in the end, and
	 * evictions that budgets did not allow. */
	uint64_t drains, drained, refused_evictions;
	uint64_t late_completions; /* from outside, after the twin gave up */
};

#define TW_EXAMPLES 256

void tw_observation_init(struct tw_observation *obs, tw_time slice);
void tw_observation_release(struct tw_observation *obs);

/* The interned copy of a name. */
const char *tw_observation_name(struct tw_observation *obs, const char *name);

/* Finds or adds; valid until the next one is added. Names must be interned. */
struct tw_cell *tw_observation_cell(
	struct tw_observation *obs, const struct tw_cell_key *key);

/* Counts one that ended, in the slice under way. */
static inline void tw_cell_count(
	struct tw_cell *cell, tw_time latency, bool failed, bool timed_out)
{
	struct tw_tally *tally = &cell->tally;

	tally->count++;
	tally->errors += failed;
	tally->timeouts += timed_out;
	tally->sum += latency;
	if (latency > tally->max)
		tally->max = latency;
	if (latency < tally->min)
		tally->min = latency;
	tw_histogram_tally(&cell->latency, latency);
}

/* The slice with this number is over: what was counted in it is added up. */
void tw_cell_close(struct tw_cell *cell, uint32_t slice);
/* All but its key, as if nothing had been seen. */
void tw_cell_forget(struct tw_cell *cell);

/* Keeps it where there is room; names must be interned. */
void tw_observation_incident(
	struct tw_observation *obs, const struct tw_incident *incident);

/* By key: what makes two observations comparable, byte for byte. */
void tw_observation_sort(struct tw_observation *obs);

#endif
