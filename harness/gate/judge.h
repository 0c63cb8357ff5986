/*
 * From observations to a verdict: pure functions of stored data. The same
 * observations, checks and options give the same bytes.
 *
 * How a group is decided. In each run i the excess is
 *
 *	e_i = candidate_i - (factor * baseline_i + add)     for <= and <
 *
 * with its sign turned for >= and >; above 0 is too much. The interval of
 * the mean of e (Student, 95% two-sided, paired by run; stats.h) decides:
 *
 *	pass		it ends at or below 0		(non-inferior)
 *	fail		it begins above 0
 *	inconclusive	0 is inside; says how many more runs would decide,
 *			by the variance seen, up to 1000 in all
 *
 * At a true excess of exactly 0 a false pass and a false fail happen in at
 * most 2.5% of gates each. A constant limit is decided in the same way, by
 * the candidate's runs alone.
 *
 * Around that rule:
 *  - Runs that measure exactly the same on both sides pass a limit that the
 *    baseline itself meets: common random numbers make "no effect" exact.
 *  - One run has no interval: inconclusive, unless both sides are the same
 *    system (options->same_system) and measured the same.
 *  - No data never passes: nothing matched, or calls on one side alone. Of
 *    several groups, one that is new in the candidate is listed as new and
 *    has no say in a relative check (checks against a constant judge it),
 *    unless it is a ratio beyond what a baseline of nothing would allow.
 *  - `within` has two lines, one above and one below the baseline: pass within
 *    both, fail beyond one (two one-sided tests).
 *  - A quantile is Harrell and Davis' (quantile.h), of each run. It needs 5,
 *    29, 59, 299, 2995 calls (p50 ... p99.9). Where a run has fewer, it is
 *    that of all runs together, and the runs are the blocks of a bootstrap
 *    (judge_pool.c); with fewer calls than two such numbers a pass becomes
 *    inconclusive and says what is missing. A fail stays: too few samples can
 *    hide a regression, hardly make one in every run.
 *  - A ratio needs 60 calls in all (rule of three: 0 of 60 bounds a ratio by
 *    5%). With fewer than 30 events on both sides together their number says
 *    more than how it differs between runs (with none, the runs do not differ
 *    at all): the interval is then at least Newcombe's of the difference, or
 *    the exact one under a constant limit (rates.h). So "none of 400 failed"
 *    does not pass a margin of 0.1pp, which it could not have seen. Where the
 *    same requests are on both sides (pairs.h) it is those that differ, below
 *    100, that count, instead of those that fail: twenty that fail on both
 *    sides say nothing of a change. It does
 *    where each call took the same time on both sides: the change does not
 *    reach those.
 *  - Noise: two sets of as many runs of the baseline differ by up to
 *    group->noise. A margin below that is refused (inconclusive, with what to
 *    allow or how many runs to make), unless pairing made the comparison
 *    finer than that. A distance under a constant limit that runs of the
 *    baseline are apart themselves fails only where it is more than they are.
 *  - Power: group->detects is the smallest regression that would have failed
 *    in 9 of 10 such gates, by the spread of the pairs; where these do not
 *    differ, by that of the baseline.
 *  - recovery_time that never holds again in some run fails where the rest
 *    of that run was longer than the limit, else it is inconclusive: the run
 *    was too short. In a relative check a run that recovers on neither side
 *    has no excess, and the rest of the run stands for "never" of the
 *    baseline alone.
 *  - Many checks: a fail must survive Holm's step-down correction over all
 *    groups of the gate (S. Holm, Scand. J. Statist. 6, 1979), or it becomes
 *    inconclusive, so that a gate of a hundred groups is not red by chance.
 *    Passes need no correction: all of them must pass (intersection-union).
 *
 * The verdict of a check, a scenario, the gate is its worst part: fail,
 * inconclusive, pass. Muted checks are judged and have no say.
 */
#ifndef TW_GATE_JUDGE_H
#define TW_GATE_JUDGE_H

#include "harness/gate/looks.h"
#include "harness/gate/measure.h"
#include "harness/gate/verdict.h"

struct tw_judge_options {
	double confidence;   /* 0: TW_CONFIDENCE */
	struct tw_look look; /* this one of several (looks.h); zeroed: alone */
	bool interim;	  /* only to know whether to go on: nobody is blamed */
	bool same_system; /* no field differs: equal is equal, in one run too */
	const struct tw_difference *differences;
	size_t n_differences;
};

/*
 * One scenario. baseline.n is 0 where there is none, else candidate.n; run i
 * of both had the same traffic, faults and random numbers. Checks that do
 * not apply to the scenario are left out. Everything returned lives in the
 * arena or is the checks'.
 */
struct tw_scenario_result *tw_judge_scenario(const char *name,
	const struct tw_check *const *checks, size_t n_checks,
	struct tw_runs baseline, struct tw_runs candidate,
	const struct tw_judge_options *options, struct tw_arena *arena);

/* One group of one check, for what is finer than a scenario. */
void tw_judge_group(const struct tw_check *check,
	const struct tw_group_key *key, struct tw_runs baseline,
	struct tw_runs candidate, const struct tw_judge_options *options,
	struct tw_arena *arena, struct tw_group *group);

/* What speaks against trusting the gate as a whole. Zeroed: nothing. */
struct tw_evidence {
	/* Of the traffic: read and replayed; floor as a ratio (0.95). */
	uint64_t exchanges, replayed;
	double floor;
	/* Of a real-time run: share of requests sent late, and what is
	 * still fine (0.01). */
	double late, late_floor;
	uint64_t
		overflow; /* refused since too much was in flight, both sides */
	/* Calls that met a route whose conditions nobody could tell, in all
	 * runs of the baseline and of the candidate. */
	uint64_t undecided[2];
	const char *untold[2]; /* those conditions; NULL or "": none */
	const struct tw_difference *differences;
	size_t n_differences;
	/* Requests that found an endpoint, all runs; 0: not known. Both sides
	 * have the same traffic. */
	uint64_t offered_baseline, offered_candidate;
	/* Sentences: calls of which nobody can know where they go now. */
	const char *const *doubts;
	size_t n_doubts;
	/* A sentence: what was not rolled out when a run ended; or NULL. */
	const char *unfinished;
	/* A sentence: what of the candidate would not start; or NULL. */
	const char *not_started;
	/* Checks came from the candidate since the baseline has none. */
	bool no_baseline;
	/* The same scenarios judged with the assumed values halved, doubled,
	 * ... : where a verdict changes it rests on what was assumed. */
	const struct tw_gate_result *const *assumed;
	size_t n_assumed;
	const char *assumed_names; /* "work of shop/cart, ...", or NULL */
};

/*
 * The gate as a whole from its scenarios (result->scenarios, filled in by the
 * caller): Holm, assumed values, reasons, counts and the verdict. Call it once
 * for each variant first (with empty evidence), then for the gate itself.
 */
void tw_gate_conclude(struct tw_gate_result *result,
	const struct tw_evidence *evidence, double confidence,
	struct tw_arena *arena);

/*
 * Whether more runs would be for nothing: each group passed, or failed so
 * clearly that it still would among all groups of `scenarios` such scenarios,
 * or is inconclusive for something that runs do not cure. Muted checks do not
 * count.
 */
bool tw_scenario_decided(const struct tw_scenario_result *scenario,
	size_t scenarios, double confidence);

/* gate.inconclusive: the exit status for that verdict. */
enum tw_inconclusive_as {
	TW_INCONCLUSIVE_OWN,  /* 4 */
	TW_INCONCLUSIVE_FAIL, /* 1 */
	TW_INCONCLUSIVE_PASS, /* 0 */
};

int tw_gate_status(enum tw_verdict verdict, enum tw_inconclusive_as as);

#endif
