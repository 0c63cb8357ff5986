/*
 * Why a group is worse: which edge (caller -> service endpoint) is guilty.
 *
 * Each edge's quantities are compared between baseline and candidate, all
 * runs and windows added up, so that what an edge does itself is told from
 * what it merely suffers:
 *
 *	tries a call, calls for one try of the caller, time-outs of calls to a
 *	callee that is no slower, errors that began at the callee, calls that
 *	got no connection (and the time they took), work a try,
 *	time on the way, pauses between tries; waits in the queue are charged
 *	to whoever brought the load: an edge whose tries a call rose, or a
 *	slower callee that keeps the workers busy, else to the callee (less
 *	capacity).
 *
 * The guilty edge is found by a walk. It starts where the check looks: the
 * entry edge that got worse most, or the edge of the group. At an edge the
 * largest of its parts (own errors, callees' errors, queue, work, callees'
 * time, network, back-off) says where to go: down to the callee that brought
 * most of it; up, against the stream of extra load, to the edge that
 * multiplied it; or nowhere, where the part is the edge's own: that edge is
 * guilty, and the part is the cause. The walk never visits an edge twice.
 *
 * `weight` is an edge's own part by itself, as a share of all own parts in
 * time (or in errors, for ratios of errors): what "contributes most" lists.
 */
#ifndef TW_GATE_BLAME_H
#define TW_GATE_BLAME_H

#include "harness/gate/judge.h"

/* Edges listed. */
#define TW_BLAME_EDGES	  8
#define TW_BLAME_EXAMPLES 5

/* The edges of two sides; added up when first needed, for all groups of a
 * scenario. Lives in the arena; the runs and options stay the caller's. */
struct tw_blaming;

struct tw_blaming *tw_blaming_new(struct tw_runs baseline,
	struct tw_runs candidate, const struct tw_judge_options *options,
	struct tw_arena *arena);

struct tw_blame *tw_blame(struct tw_blaming *blaming,
	const struct tw_check *check, const struct tw_group_key *key);

/* What of an edge changed by its cause: "1.026 -> 2.247", "0% -> 4% of root
 * requests". */
const char *tw_blame_figures(struct tw_arena *arena, const struct tw_edge *e);

/* The start of the slice in which the difference, added up over time, first
 * reaches a fiftieth of its largest extent; TW_NEVER where there is none. */
tw_time tw_blame_first_slice(const struct tw_check *check,
	const struct tw_group_key *key, struct tw_runs baseline,
	struct tw_runs candidate);
/* The window of the faults in which the difference is largest, or NULL. */
const char *tw_blame_window(const struct tw_check *check,
	const struct tw_group_key *key, struct tw_runs baseline,
	struct tw_runs candidate);
/* Requests of the candidate's sample that are not in the baseline's; only
 * those that failed where `errors`. */
void tw_blame_examples(struct tw_arena *arena, bool errors,
	struct tw_runs baseline, struct tw_runs candidate,
	struct tw_blame *blame);

#endif
