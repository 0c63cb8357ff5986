/*
 * What stored gates come to over time: for `twinrig history`, as a page. Plain
 * data; strings are the caller's.
 */
#ifndef TW_REPORT_HISTORY_H
#define TW_REPORT_HISTORY_H

#include "twins/base/text.h"
#include "twins/base/units.h"
#include "twins/base/vector.h"

struct tw_history_gate {
	const char *id, *when;
	const char *commit; /* "": no commit has what was judged */
	bool clean;	    /* judged as committed */
	const char *verdict;
	const char *why; /* the first failed group; "" */
	size_t more;	 /* failed groups beside it */
	uint64_t passed, failed, inconclusive;
	/* recovery_time of the candidate: their mean where any was finite. */
	size_t recovered, never;
	double recovery; /* ns, summed */
};

/* What is asked for, and used, by a candidate's replicas. */
struct tw_history_cost {
	bool known;
	double cpu_requested, cpu_used; /* cores */
	double memory_requested;	/* bytes */
};

struct tw_history {
	TW_VEC(struct tw_history_gate) gates; /* the oldest first */
	size_t changed; /* gates of files that no commit has */
	/* Clean commits, each by its newest gate. */
	size_t commits, caught, inconclusive, passed;
	size_t recovered, never; /* of candidates, over checks and groups */
	double recovery;	 /* ns, summed */
	/* Failed groups: from the first fault to where the sides part. */
	size_t shown;
	int64_t showing;	     /* ns, summed */
	struct tw_history_cost cost; /* of the newest gate that knows it */
};

/* One self-contained page. */
void tw_history_html(const struct tw_history *history, struct tw_buf *out);

#endif
