/* Private to the draft: who calls whom, and how long that takes. */
#ifndef TW_COMMANDS_INIT_DRAFT_GRAPH_H
#define TW_COMMANDS_INIT_DRAFT_GRAPH_H

#include "harness/commands/init/draft.h"

#define TW_DRAFT_SAMPLES 2001

/* By its name: "loadgenerator", "load-test", "k6". It stands for users. */
bool tw_draft_is_load(const char *name);

TW_VEC_TYPE(tw_draft_indices, size_t);

struct tw_draft_node {
	const struct tw_spec_service *service;
	TW_VEC(const struct tw_spec_step *) calls;
	struct tw_draft_indices callees; /* of each call */
	bool called;
	bool needed; /* called by another than a load generator */
	bool reached;
};

struct tw_draft_graph {
	TW_VEC(struct tw_draft_node) nodes;
	double *inner;	/* of each sample: the entry's calls, in units of the
			 * work of one service */
	double *factor; /* of each sample: the entry's own work, likewise */
	double spread;	/* p99 / p50 of all work */
};

void tw_draft_graph_init(
	struct tw_draft_graph *graph, const struct tw_spec *spec);
void tw_draft_graph_release(struct tw_draft_graph *graph);
/* SIZE_MAX where there is none. */
size_t tw_draft_find(
	const struct tw_draft_graph *graph, const struct tw_spec_service *it);
/* Marks what the entry's calls lead to; returns how many, with the entry. */
size_t tw_draft_reach(struct tw_draft_graph *graph, size_t entry);
/* Fills in `inner` and `factor`. */
void tw_draft_sample(struct tw_draft_graph *graph, size_t entry);
/* The median of own work of `own` and, where it calls, calls whose services
 * each work `unit`. */
double tw_draft_median(const struct tw_draft_graph *graph, double own,
	double unit, bool calls);

/* The mean of work whose median is 1. */
double tw_draft_mean(const struct tw_draft_graph *graph);

/* Requests a second for traffic that is made up; work: ns, the mean of one
 * service (draft_rate.c). */
double tw_draft_rate(
	const struct tw_draft_graph *graph, size_t entry, double work);

#endif
