/*
 * Which endpoints of a Service a node's kube-proxy sends to.
 *
 * Source: Kubernetes 1.36, pkg/proxy/topology.go (CategorizeEndpoints); hints:
 * staging/src/k8s.io/endpointslice/trafficdist/trafficdist.go (PreferSameZone,
 * also as PreferClose, and PreferSameNode) and topologycache/topologycache.go
 * (topology-mode: Auto).
 *
 *	ready		Ready and not being deleted; or published all the same
 *	cluster		ready ones; of these, where every one has a hint and one
 *			is for this node (else: this zone), only those; where
 *			nobody is ready, those that serve and are being deleted
 *	local		ready ones of this node, else such as serve and are
 *			being deleted; nobody: what comes in is dropped
 *
 * A Service with a local policy (internalTrafficPolicy, or, for what comes from
 * outside to a NodePort or LoadBalancer, externalTrafficPolicy) uses the second
 * list, any other the first. From outside, the load balancer spreads over
 * nodes that have a local endpoint, not over endpoints.
 *
 * Callers with connections that a proxy of theirs keeps (upstream.h) choose by
 * what that proxy knows instead.
 */
#ifndef TW_WORLD_ENDPOINTS_H
#define TW_WORLD_ENDPOINTS_H

#include "twins/world/world.h"

struct tw_kube_endpoint {
	bool ready, serving, terminating, local;
	const uint32_t *zone_hints, *node_hints;
	uint32_t n_zone_hints, n_node_hints;
};

struct tw_kube_service {
	bool internal_local, external_local;
	bool external; /* can be reached from outside */
};

struct tw_kube_choice {
	bool *cluster, *local;	       /* by endpoint: is it of the list */
	bool uses_cluster, uses_local; /* which lists the Service has */
	bool any; /* some endpoint could be used, here or elsewhere */
};

/* Zones and nodes are numbers; `zone` TW_NONE: the node has no zone. The
 * arrays of *to have room for n. */
void tw_kube_choose(const struct tw_kube_service *service, uint32_t node,
	uint32_t zone, const struct tw_kube_endpoint *endpoints, uint32_t n,
	struct tw_kube_choice *to);

/* Endpoints by zone and CPU of the zones' nodes -> the zone that each is for;
 * false: hints are not given (fewer than two zones with nodes, fewer endpoints
 * than zones, or one zone would have to carry over 20% too much). TW_NONE: an
 * endpoint without a zone, for which nobody gets hints. */
bool tw_topology_hints(const uint32_t *zone_of, uint32_t n, const int64_t *cpu,
	uint32_t n_zones, uint32_t *hints);

/* ---- in a run ------------------------------------------------------- */

struct tw_pool_views;

/* Whether callers of the pool see different endpoints by where they are. */
bool tw_endpoints_differ(const struct tw_model *model, uint32_t pool);
/* After the pools; nothing for pools whose callers all see the same. */
void tw_endpoints_init(struct tw_world *world);

/* What a caller's replica (TW_NONE: outside) has of the pool; `key` says which
 * node an outside call comes to. Good until the pool changes. */
const struct tw_world_pool *tw_endpoints_for(
	struct tw_world *world, uint32_t pool, uint32_t from, uint64_t key);

#endif
