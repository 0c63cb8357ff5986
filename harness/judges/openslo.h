/* Burn rates by two windows, of slices of one run. */
#ifndef TW_JUDGES_OPENSLO_H
#define TW_JUDGES_OPENSLO_H

#include "harness/judges/series.h"

struct tw_slo_slices {
	struct tw_series bad;	/* share of each slice, 0 .. 1; NaN: no call */
	struct tw_series calls; /* of each slice */
	tw_time slice;		/* ns */
};

struct tw_slo_rule {
	double threshold;
	bool at_least;	/* fires at the threshold too */
	double budget;	/* bad share that the objective allows */
	tw_time window; /* the long one; the short one is a twelfth of it */
	tw_time after;	/* for so long */
};

struct tw_slo_burn {
	double most;	  /* the largest of min(long, short) */
	tw_time fires_at; /* from the first slice; TW_NEVER: it does not */
};

struct tw_slo_burn tw_slo_burn_of(
	const struct tw_slo_slices *slices, const struct tw_slo_rule *rule);

#endif
