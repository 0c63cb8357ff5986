/*
 * What judging yields: plain data, for the reports and for storing. A tree:
 * gate, scenarios, checks, groups. Everything lives in the arena that was
 * given to the judge; strings of observations are copied into it.
 */
#ifndef TW_GATE_VERDICT_H
#define TW_GATE_VERDICT_H

#include "harness/gate/check.h"
#include "harness/gate/smallest.h"

struct tw_scene;

/* The worst of several is the largest. */
enum tw_verdict {
	TW_VERDICT_PASS,
	TW_VERDICT_INCONCLUSIVE,
	TW_VERDICT_FAIL,
};

extern const char *const tw_verdict_names[3];

/* Why a group is judged as it is. */
enum tw_reason {
	TW_REASON_WITHIN,      /* pass: the interval is within the limit */
	TW_REASON_IDENTICAL,   /* pass: each run measured exactly the same */
	TW_REASON_BEYOND,      /* fail: the interval is beyond the limit */
	TW_REASON_NO_RECOVERY, /* fail: in some run it never held again */
	TW_REASON_NOISE,       /* the interval has the limit inside */
	TW_REASON_MANY,	       /* beyond, but not after Holm's correction */
	TW_REASON_ONE_RUN,     /* no interval without a second run */
	TW_REASON_NO_DATA,     /* nothing matched, on either side */
	TW_REASON_GONE, /* calls in the baseline, none in the candidate */
	TW_REASON_NEW,	/* calls in the candidate alone: a pass, of which
			 * nothing is known, where other groups compare */
	TW_REASON_NO_BASELINE, /* a relative check, and nothing to relate to */
	TW_REASON_FEW_SAMPLES, /* too few calls for this measure */
	TW_REASON_BELOW_NOISE, /* a margin smaller than the baseline's noise */
	TW_REASON_SHORT_RUN,   /* the run ended before it could be seen */
	TW_REASON_ASSUMED,     /* changes with assumed values doubled/halved */
	TW_REASONS,
};

/* "within", "no-data" ...: stable, for machines. */
extern const char *const tw_reason_names[TW_REASONS];

/* What about an edge changed. */
enum tw_cause {
	TW_CAUSE_NONE,
	TW_CAUSE_RETRIES,   /* more tries a call */
	TW_CAUSE_CALLS,	    /* more calls for the same work of the caller */
	TW_CAUSE_TIMEOUT,   /* calls given up on a callee that is no slower */
	TW_CAUSE_ERRORS,    /* errors that the callee itself began */
	TW_CAUSE_UNREACHED, /* no connection: dropped, cut off, nobody there */
	TW_CAUSE_REFUSED,   /* refused at once: queue full, nobody ready */
	TW_CAUSE_WORK,	    /* the callee works longer on one try */
	TW_CAUSE_QUEUE,	    /* longer waits for the same load: less capacity */
	TW_CAUSE_NETWORK,   /* longer on the way */
	TW_CAUSE_BACKOFF,   /* longer pauses between tries */
	TW_CAUSE_THROTTLED, /* the callee's CPU quota is spent more often */
	TW_CAUSE_CPU,	    /* the callee waits longer for a core */
	TW_CAUSE_OOM,	    /* the callee is killed for want of memory */
	TW_CAUSES,
};

/* "retries" ...; and in words: "more tries a call". */
extern const char *const tw_cause_names[TW_CAUSES];
extern const char *const tw_cause_texts[TW_CAUSES];

/* One quantity of an edge, on both sides, per root request or per call. */
struct tw_delta {
	double before, after;
};

/* Caller to callee's endpoint; zones and windows added up. */
struct tw_edge {
	const char *caller, *service, *endpoint;
	struct tw_delta calls;	   /* a root request */
	struct tw_delta tries;	   /* a call; 1 without retries */
	struct tw_delta errors;	   /* of calls, a root request */
	struct tw_delta timeouts;  /* of calls, a root request */
	struct tw_delta refused;   /* of calls, a root request */
	struct tw_delta unreached; /* of calls, a root request */
	struct tw_delta latency;   /* ns a call */
	struct tw_delta queue;	   /* ns a try, at the callee */
	struct tw_delta work;	   /* ns a try, at the callee */
	struct tw_delta network;   /* ns a call */
	struct tw_delta backoff;   /* ns a call */
	struct tw_delta stalled;   /* ns a try, of cpu steps at the callee
				    * beyond their demand */
	struct tw_delta ooms;	   /* kills of the callee, a run */
	struct tw_delta throttled; /* share of the callee's time with
				    * something to compute */
	bool differs;  /* a differing field names the caller or the callee */
	bool outside;  /* the caller is the outside */
	double weight; /* its own share of what changed; see blame.h */
	enum tw_cause cause;
};

struct tw_failed_request {
	uint64_t position; /* in the traffic, from 0 */
	tw_time at, latency;
	const char *service, *endpoint;
	const char *why; /* where it began to fail; "": not known */
	int status;
	size_t run;
};

/* A request that failed in the candidate and not in the baseline. */
struct tw_broken_request {
	uint64_t position; /* in the traffic, from 0 */
	const char *service, *endpoint;
	size_t runs; /* in which it did */
};

/* The same requests on both sides, of all runs. */
struct tw_pairs {
	uint64_t broken; /* failed in the candidate alone: a run and request */
	uint64_t mended; /* failed in the baseline alone, likewise */
	/* Requests: dropped since they flip between runs of one side; of the
	 * others those that failed on one side alone, in each of its runs. */
	uint64_t noise, broke, mends;
	double share; /* of all requests that these are a sample of; 1: all */
	double p;     /* exact McNemar, one-sided: `broke` against `mends` */
	/* That fail in no run of the baseline; most runs first. */
	TW_VEC(struct tw_broken_request) requests;
};

/* Who is to blame: the edge at the end of the walk (blame.h). */
struct tw_blame {
	TW_VEC(struct tw_edge) edges; /* by weight, the largest first */
	TW_VEC(size_t) path;	      /* from the entry to the guilty edge */
	const struct tw_edge *guilty; /* NULL where nothing stands out */
	const char *text;	      /* one sentence, "" without a guilty */
	const char *window;	      /* of the faults, where the difference is
				       * largest; NULL where there is but one */
	tw_time first_slice; /* when it began to differ; TW_NEVER: unknown */
	TW_VEC(struct tw_failed_request) examples;
};

struct tw_group {
	const char *labels[TW_LABELS]; /* NULL: not grouped by this one */
	const char *title; /* labels' values, joined; "" without groups */
	enum tw_verdict verdict;
	enum tw_reason reason;
	const char *why;    /* a sentence with figures */
	const char *advice; /* NULL where there is nothing to be done */

	/* Means over the runs; in tw_check_unit(). Infinite: never. */
	bool has_baseline, has_candidate;
	double baseline, candidate;
	double limit; /* valid where has_candidate and, if the limit is
		       * relative, has_baseline */

	/* Of candidate - baseline; for a constant, of the candidate. */
	bool has_interval;
	double low, high;
	/* Of what decides: candidate beyond limit; above 0 is too much. */
	double excess, excess_low, excess_high;
	double p; /* one-sided, of no excess: small speaks for a fail */

	/* How far the limit is from the baseline; below 0: better than it. */
	double margin;
	/* What two sets of as many runs of the baseline differ by, at most. */
	bool has_noise;
	double noise;
	/* The smallest regression that would have failed with a probability
	 * of 90%: of the difference; for a constant, beyond the limit. */
	bool has_detects;
	double detects;

	size_t runs;	  /* pairs of runs that had data */
	size_t pool;	  /* runs that a value needs; 1 as a rule. More: the
			   * quantile is that of all runs together */
	size_t more_runs; /* to decide, by the variance seen; 0: unknown */
	uint64_t baseline_calls, candidate_calls, calls_needed;

	/* Of errors that users see, where requests are the same on both sides;
	 * NULL: of other checks. */
	const struct tw_pairs *pairs;
	struct tw_blame *blame; /* NULL: passed, or nothing to compare */
};

struct tw_check_result {
	const struct tw_check *check;
	enum tw_verdict verdict; /* the worst of its groups */
	const char *suggestion;	 /* "did you mean service 'x'?", or NULL */
	TW_VEC(struct tw_group *) groups; /* worst first, then by labels */
};

/* Of a search: how many runs of each side did not recover from each size of
 * the trigger, at one load. */
struct tw_recovery_map {
	const char *scenario;  /* without its load */
	const char *trigger;   /* "for" … */
	const char *condition; /* "" for the default */
	double load;
	size_t n;
	const char *const *sizes; /* as a person would write them */
	size_t runs;
	bool has_baseline;
	const size_t *lost[2]; /* [baseline, candidate][size] */
};

/* A field in which the candidate differs, and what comes of undoing it. */
struct tw_undo {
	const char *path; /* "apps/Deployment shop/cart spec.replicas" */
	const char *text; /* "`replicas: 3` restored" */
	const char *before, *after; /* NULL: not there; short */
	struct tw_pos pos;   /* the candidate's line, or the baseline's */
	bool is_baselines;   /* the line is the baseline's */
	enum tw_alone alone; /* undone by itself: do the checks pass? */
	bool found;	     /* of the smallest set */
};

/* The smallest change of the candidate with which a failed scenario passes:
 * the same traffic, faults and random numbers. */
struct tw_counterfactual {
	const struct tw_undo *undos; /* in the order they were tried */
	size_t n, n_found;
	size_t tests; /* made, of at most `most` */
	size_t most;
	bool minimal;	     /* none of the set can be left out */
	bool baseline_fails; /* so it does, as it is: nothing was tried */
	const char *text;    /* a sentence */
};

/* What somebody else's judge says of a scenario (harness/judges). */
struct tw_opinion_line {
	const char *name;	 /* of a metric, threshold, objective */
	const char *answer;	 /* in its own words: "High", "Failed" */
	const char *text;	 /* with figures */
	enum tw_verdict verdict; /* what that comes to */
	struct tw_pos pos;	 /* in its own file */
};

struct tw_opinion {
	const char *judge;  /* "kayenta" */
	const char *file;   /* its rules */
	const char *answer; /* in its own words: "Fail, score 50 of 95" */
	enum tw_verdict verdict;
	bool gates; /* counts; else it is told alone */
	TW_VEC(struct tw_opinion_line) lines;
};

/* Of an edge, beyond what checks look at (explore.h). */
struct tw_finding {
	const char *caller, *service, *endpoint;
	const char *what; /* "mean latency" … */
	enum tw_unit unit;
	double before, after;
	double low, high; /* of the difference, 95% */
	double p;	  /* two-sided */
	double size;	  /* of the difference, relative to the baseline */
};

struct tw_scenario_result {
	const char *name;
	const char *faults; /* in words; "" without: for the caller to set */
	size_t runs;
	const char *stopped; /* why there are no more: "decided", "runs",
			      * "time"; NULL: there was one look alone */
	size_t look, looks;  /* that ended it, of so many; 0: one look alone */
	enum tw_verdict verdict; /* the worst of its checks, muted left out */
	TW_VEC(struct tw_check_result *) checks;     /* as they were written */
	TW_VEC(struct tw_finding) findings;	     /* largest first */
	TW_VEC(const struct tw_recovery_map *) maps; /* for the caller */
	const char *reproduce; /* a command line; NULL: for the caller */
	/* Of the candidate's first run, where its cluster changed; or NULL. */
	const struct tw_timeline *timeline;
	TW_VEC(const struct tw_opinion *) opinions; /* for the caller */
	double seconds; /* of virtual time judged, a side */
	/* Of a failed one; NULL: not looked for. For the caller. */
	const struct tw_counterfactual *undone;
	/* What there is to draw (harness/report/scene.h); NULL: for the
	 * caller. */
	const struct tw_scene *scene;
};

/* A field in which baseline and candidate differ. */
struct tw_difference {
	const char *path; /* "services.shop/cart.replicas" */
	const char *before, *after;
	bool modelled;	/* the twin behaves differently for it, in these runs */
	bool unreached; /* not modelled for this alone: no request came there */
};

/* The name of the one reason that fails. */
#define TW_REASON_NOT_STARTED "not-started"

/* Why the whole gate is not to be trusted, or (`fails`) why the candidate is
 * refused whatever its checks say. */
struct tw_gate_reason {
	const char *name; /* "blind", "incomplete", "late", ...: stable */
	const char *text, *advice;
	bool fails;
};

struct tw_gate_result {
	enum tw_verdict verdict;
	TW_VEC(struct tw_scenario_result *) scenarios;
	TW_VEC(struct tw_gate_reason) reasons;
	size_t passed, failed, inconclusive, muted; /* groups */
};

#endif
