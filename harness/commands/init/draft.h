/*
 * A first twinrig.yaml and twin model for a system, from its manifests and,
 * where there is one, what a capture says of its entry.
 *
 * What is known: services, replicas, the call edges that the manifests give
 * away. What is assumed, and marked so (`assumed: true`, and in comments):
 *
 *  - every service does one thing, and calls all its callees side by side;
 *  - each works equally long, and so long that the entry's latency without
 *    load has the logged median (worked out by sampling the tree of calls:
 *    2001 samples, quantiles of one lognormal);
 *  - an endpoint of the entry that is faster than the calls makes none;
 *  - three nodes that hold all requests of the pods, half as much again.
 */
#ifndef TW_COMMANDS_INIT_DRAFT_H
#define TW_COMMANDS_INIT_DRAFT_H

#include "harness/manifests/manifests.h"
#include "twins/model/spec.h"

/* An endpoint of the entry, as the capture has it. */
struct tw_draft_endpoint {
	const char *name; /* "GET /product/{id}" */
	uint64_t requests;
	tw_time p50, p99; /* 0: not logged */
};

struct tw_draft_input {
	const struct tw_spec *spec; /* of the manifests, after
				     * tw_manifests_link(); no models */
	const struct tw_manifests *manifests;
	const char *const *patterns; /* topology.manifests */
	size_t n_patterns;
	const char *name;    /* of the model: twins/NAME.yaml */
	const char *entry;   /* "namespace/name"; NULL: it is found */
	const char *capture; /* its path; NULL: made-up traffic */
	const struct tw_draft_endpoint *endpoints;
	size_t n_endpoints;
	bool more_endpoints; /* there are some beyond these */
};

struct tw_draft {
	struct tw_buf config, model; /* the two files */
	const char *entry;	     /* in the spec */
	size_t services, reached;    /* that the entry's calls lead to */
	size_t edges;		     /* in the model */
	size_t callers;	 /* edges of workloads that no Service stands before */
	tw_time latency; /* of the entry without load, at the median */
	tw_time logged;	 /* what it was to be; 0: nothing is logged */
};

/* -1 with an error where there is no service to start from. */
int tw_draft_write(struct tw_draft *draft, const struct tw_draft_input *input,
	struct tw_error *error);
void tw_draft_release(struct tw_draft *draft);

/* Adds "name, name …" of the services that the entry's calls do not lead to,
 * eight at most. */
void tw_draft_unreached(const struct tw_draft_input *input, const char *entry,
	struct tw_buf *out);

/* The service through which requests come in: that of the first route, else
 * the exposed Service, else the uncalled one, which reaches most. NULL: there
 * is none. */
const struct tw_spec_service *tw_draft_entry(const struct tw_spec *spec);

#endif
