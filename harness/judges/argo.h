/*
 * Argo Rollouts' analysis (github.com/argoproj/argo-rollouts, v1.10;
 * analysis/analysis.go, utils/evaluate, docs/features/analysis.md): from
 * measurements to the phase of a metric, from metrics to that of a run.
 */
#ifndef TW_JUDGES_ARGO_H
#define TW_JUDGES_ARGO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tw_argo_phase {
	TW_ARGO_NONE, /* not begun */
	TW_ARGO_PENDING,
	TW_ARGO_RUNNING,
	TW_ARGO_SUCCESSFUL,
	TW_ARGO_INCONCLUSIVE,
	TW_ARGO_ERROR,
	TW_ARGO_FAILED,
};
extern const char *const tw_argo_phase_names[7];

static inline bool tw_argo_is_complete(enum tw_argo_phase phase)
{
	return phase >= TW_ARGO_SUCCESSFUL;
}

/* Limits of a metric. */
struct tw_argo_limits {
	int64_t count;	  /* measurements; 0: one without an interval, else
			   * no end */
	int64_t interval; /* ns; 0: none */
	int64_t failure, inconclusive; /* more than this many; failure < 0:
					* never */
	int64_t consecutive_error;
	int64_t consecutive_success; /* 0: not asked for */
};

#define TW_ARGO_LIMITS                                                         \
	{                                                                      \
		.consecutive_error = 4                                         \
	}

/* What there is of a metric so far. */
struct tw_argo_counts {
	enum tw_argo_phase phase; /* a complete one stays */
	int64_t count;		  /* measurements but errors */
	int64_t successful, failed, inconclusive;
	int64_t consecutive_error, consecutive_success;
	enum tw_argo_phase last; /* of the last measurement; NONE: there is
				  * none */
};

/* Which limit it was: a word for the message, or NULL. */
struct tw_argo_assessed {
	enum tw_argo_phase phase;
	const char *limit;
};

struct tw_argo_assessed tw_argo_assess(const struct tw_argo_limits *limits,
	const struct tw_argo_counts *counts, bool terminating);

/* A condition's truth. */
enum tw_argo_truth {
	TW_ARGO_ABSENT,
	TW_ARGO_FALSE,
	TW_ARGO_TRUE,
	TW_ARGO_BROKEN, /* it cannot be evaluated */
};

/* The phase of one measurement. */
enum tw_argo_phase tw_argo_evaluate(
	enum tw_argo_truth success, enum tw_argo_truth failure);

/* Adds a measurement's phase to the counts. */
void tw_argo_count(struct tw_argo_counts *counts, enum tw_argo_phase phase);

/* Is b strictly worse than a? */
bool tw_argo_is_worse(enum tw_argo_phase a, enum tw_argo_phase b);
enum tw_argo_phase tw_argo_worst(enum tw_argo_phase a, enum tw_argo_phase b);

/* Whether metrics that are not dry runs end the run early. */
struct tw_argo_part {
	enum tw_argo_phase phase;
	bool dry_run;
};
bool tw_argo_terminates(bool asked, enum tw_argo_phase run,
	const struct tw_argo_part *parts, size_t n);

#endif
