/*
 * Private to harness/manifests: what is looked up while edges are found, so
 * that a system of thousands of workloads is not searched pair by pair.
 */
#ifndef TW_HARNESS_MANIFESTS_EDGE_INDEX_H
#define TW_HARNESS_MANIFESTS_EDGE_INDEX_H

#include "harness/manifests/edges.h"

TW_VEC_TYPE(tw_edge_workloads, const struct tw_spec_workload *);

struct tw_edge_index {
	struct tw_arena arena;
	struct tw_map fronts;	/* key of a workload -> its service */
	struct tw_map edges;	/* "from to" -> the edge's number + 1 */
	struct tw_map labelled; /* "namespace key=value" -> workloads */
};

/* Of all workloads and services of the spec; of no edge. */
struct tw_edge_index *tw_edge_index_new(const struct tw_spec *spec);
void tw_edge_index_free(struct tw_edge_index *index);

/* The service in front of a workload: the one of its own name, else the first
 * that selects it; or NULL. */
struct tw_spec_service *tw_edge_front(const struct tw_edge_index *index,
	const struct tw_spec_workload *workload);

/* Those of a namespace that have all of the labels (one at least), in the
 * spec's order. They live in the index. */
struct tw_edge_workloads tw_edge_workloads_of(struct tw_edge_index *index,
	const char *namespace, const struct tw_labels *labels);

/* Where m->edges has an edge of these ends, *at is its number; else it is
 * `next` from now on, and this is false. */
bool tw_edge_find(struct tw_edge_index *index, const char *from, const char *to,
	size_t next, size_t *at);

#endif
