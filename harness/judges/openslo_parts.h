/*
 * Private to OpenSLO's judge:
 *
 *	openslo_read.c	documents to what is to be judged
 *	openslo.c	objectives, composites and alerts, run by run
 *	burn.c		burn rates by two windows (openslo.h)
 */
#ifndef TW_JUDGES_OPENSLO_PARTS_H
#define TW_JUDGES_OPENSLO_PARTS_H

#include "harness/judges/judges.h"

struct tw_slo_alert {
	const char *name;
	double threshold;
	bool at_least; /* gte; else gt */
	tw_time lookback, after;
	struct tw_pos pos;
};

enum tw_slo_budgeting {
	TW_SLO_OCCURRENCES,
	TW_SLO_TIMESLICES,
	TW_SLO_RATIO_TIMESLICES,
};

/* What an objective looks at: the SLO's own, or of a composite each its own. */
struct tw_slo_indicator {
	const struct tw_check *measure;
	bool is_ratio; /* of what is bad */
};

struct tw_slo_objective {
	const char *name;
	struct tw_slo_indicator of;
	double target, slice_target;
	tw_time slice_window; /* 0: a slice of the run */
	double weight;	      /* in a composite */
	int op; /* of a thresholdMetric: -2 lt, -1 lte, 1 gte, 2 gt */
	double value;
	bool has_value;
	struct tw_pos pos;
};

struct tw_slo {
	const char *name;
	struct tw_pos pos;
	enum tw_slo_budgeting budgeting;
	bool composite;
	/* timeWindow: 0: none. A calendar's windows follow one another and
	 * each has its own budget, a rolling one ends at any time. */
	tw_time window;
	bool calendar;
	const char *window_text; /* "28d" */
	TW_VEC(struct tw_slo_objective) objectives;
	TW_VEC(struct tw_slo_alert) alerts;
};

struct tw_slos {
	TW_VEC(struct tw_slo) list;
	tw_time longest; /* lookback of all alerts */
};

/* tw_judge_kind.read */
void *tw_slo_read(struct tw_arena *arena, const struct tw_yaml_docs *docs,
	struct tw_judge_setup *setup, struct tw_diags *diags);

#endif
