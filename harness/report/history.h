/*
 * What stored gates come to over time: for `twinrig history`, as a page. Plain
 * data; strings are the caller's.
 */
#ifndef TW_REPORT_HISTORY_H
#define TW_REPORT_HISTORY_H

#include "twins/base/text.h"
#include "twins/base/units.h"
#include "twins/base/vector.h"

/* Times, summed; and how often there was none. */
struct tw_history_times {
	size_t n, never;
	double sum; /* ns */
};

/* A real build against what the twin says of it: errors of the medians of its
 * endpoints, relative, and of its error ratio, absolute. */
struct tw_history_accuracy {
	bool known;
	double latency, errors;
};

struct tw_history_gate {
	const char *id, *when;
	const char *commit; /* "": no commit has what was judged */
	bool clean;	    /* judged as committed */
	const char *verdict;
	const char *why; /* the first failed group; "" */
	size_t more;	 /* failed groups beside it */
	uint64_t passed, failed, inconclusive;
	/* Of the candidate, over checks, groups and runs. */
	struct tw_history_times recovery, detection;
	struct tw_history_accuracy accuracy;
};

/* What is asked for, and used, by a candidate's replicas. */
struct tw_history_cost {
	bool known;
	double cpu_requested, cpu_used;	      /* cores; 0: not known */
	double memory_requested, memory_used; /* bytes; 0: not known */
};

/* What candidates measure is another from a gate on. */
struct tw_history_change {
	size_t gate; /* place in `gates` */
	const char *scenario, *check, *group;
	const char *before, *after;
	double p;
};

struct tw_history {
	TW_VEC(struct tw_history_gate) gates; /* the oldest first */
	size_t changed; /* gates of files that no commit has */
	/* Clean commits, each by its newest gate. */
	size_t commits, caught, inconclusive, passed;
	size_t mended; /* a gate passed after one or more that failed */
	struct tw_history_times recovery, detection;
	/* Failed groups: from the first fault to where the sides part. */
	struct tw_history_times showing;
	struct tw_history_cost cost;  /* of the newest gate that knows it */
	uint64_t compared, different; /* answers of real builds */
	/* Of the newest gate of a real build, and the mean of those before. */
	struct tw_history_accuracy accuracy, accuracy_before;
	TW_VEC(struct tw_history_change) changes;
	size_t series;	   /* that were long enough to be looked at */
	const char *proof; /* the newest self-test, in a line; NULL: none */
};

/* One self-contained page. */
void tw_history_html(const struct tw_history *history, struct tw_buf *out);

#endif
