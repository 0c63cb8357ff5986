/*
 * Who can talk to whom, by what the manifests say and without a run: a
 * Service's selector, its ports and those of the pods, NetworkPolicies on
 * both sides, and whether the caller may look up names.
 *
 * The compiler asks for pairs of workloads, a comparison of two systems for
 * what workloads may call.
 */
#ifndef TW_MODEL_REACH_H
#define TW_MODEL_REACH_H

#include "twins/model/spec.h"

enum tw_reach {
	TW_REACH_OPEN,
	TW_REACH_DROPPED, /* a NetworkPolicy drops what is sent */
	TW_REACH_NO_NAME, /* one that keeps the caller from the DNS */
	TW_REACH_NO_PORT, /* no pod has the port that targetPort names */
	TW_REACH_NO_PODS, /* the selector selects none */
};

struct tw_reach_answer {
	enum tw_reach how;
	bool by_ingress;	    /* DROPPED: the callee's side */
	const struct tw_netpol *by; /* DROPPED, NO_NAME */
};

/* A system whose manifests do not change meanwhile. */
struct tw_reach_map;

struct tw_reach_map *tw_reach_map_new(const struct tw_spec *spec);
void tw_reach_map_free(struct tw_reach_map *map);

/*
 * From the pods of a workload (NULL: from outside) to those of another that
 * are behind `service`, on one of its ports (NULL: on any of them; the best
 * answer counts).
 */
struct tw_reach_answer tw_reach_judge(struct tw_reach_map *map,
	const struct tw_spec_workload *from,
	const struct tw_spec_service *service, const struct tw_spec_port *port,
	const struct tw_spec_workload *to);

/* The same, whatever is behind the Service: of several workloads the best
 * answer counts. */
struct tw_reach_answer tw_reach_best(struct tw_reach_map *map,
	const struct tw_spec_workload *from,
	const struct tw_spec_service *service, const struct tw_spec_port *port);

/* "dropped: no ingress rule of NetworkPolicy shop/cart admits it". */
void tw_reach_text(const struct tw_reach_answer *answer, struct tw_buf *out);

#endif
