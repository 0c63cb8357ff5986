/*
 * Private to harness/lint: what the traffic brings, on average (load.c). Rates
 * of calls follow from those of the requests by the programs: times the
 * probability and the repeats of each step, by the shares of routes. Times are
 * lower bounds: waits in queues, the network and retries are left out, the
 * longest of parallel branches counts by its mean, and what stands behind a
 * cache not at all.
 */
#ifndef TW_HARNESS_LINT_LOAD_H
#define TW_HARNESS_LINT_LOAD_H

#include "harness/lint/rules.h"

/* A call of some step, or of the outside. */
struct tw_load_call {
	uint32_t channel;
	const struct tw_target *target;
	double rate; /* a second, of all callers */
};

struct tw_load {
	const struct tw_lint_context *c;
	const struct tw_model *m;
	double *time; /* of each endpoint, s; below 0: not known yet */
	double *busy; /* of each service: workers held on average */
	double *sum;  /* of each service: requests a second */
	TW_VEC(struct tw_load_call) calls;
};

/* Of a context that has a model and rates. */
void tw_load_init(struct tw_load *load, const struct tw_lint_context *c);
void tw_load_release(struct tw_load *load);
/* How long an answer takes, at least on average; s. */
double tw_load_time(struct tw_load *load, uint32_t endpoint);

#endif
