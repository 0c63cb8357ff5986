/*
 * Private to judging: what is at hand for one group.
 *
 *	judge.c		scenarios and checks
 *	judge_group.c	from the runs of a group to its interval
 *	judge_decide.c	from the interval to a verdict, and its words
 */
#ifndef TW_GATE_JUDGING_H
#define TW_GATE_JUDGING_H

#include "harness/gate/judge.h"

struct tw_judging {
	const struct tw_check *check;
	const struct tw_group_key *key;
	struct tw_runs baseline, candidate;
	const struct tw_judge_options *options;
	struct tw_arena *arena;
	struct tw_group *group;
	enum tw_unit unit;
	bool relative;

	size_t n; /* values: runs, or pools of them */
	size_t valid;
	bool short_of;	/* too few samples for a pass */
	bool identical; /* each value the same on both sides */
	size_t never;	/* runs in which the candidate never recovered ... */
	size_t unseen;	/* ... and too short to be sure of it */
	struct tw_sample *b, *c;
	double *excess, *difference;
};

void tw_decide(struct tw_judging *j, enum tw_verdict verdict,
	enum tw_reason reason, const char *why, const char *advice);
/* In some run it never held again. */
void tw_decide_never(struct tw_judging *j);
void tw_decide_by_interval(struct tw_judging *j);
/* With equal values on both sides the candidate is within any limit that the
 * baseline itself would meet. */
bool tw_passes_as_equal(const struct tw_judging *j);
void tw_decide_equal(struct tw_judging *j);

#endif
