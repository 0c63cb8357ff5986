/*
 * Which service and endpoint a captured request is for.
 *
 * The way in decides the service: the spec's entries (Ingress, HTTPRoute,
 * VirtualService on a gateway, `entry:`), by twins/model/route.h; what no
 * entry takes goes to `fallback` (traffic.entry), where one is given. Where
 * the exchange itself names the service that answered, that counts. Several
 * entries with the same match share the requests by their weights, by a hash
 * of the request's position.
 *
 * Entries that ask for headers or query values take the requests of which that
 * is known to hold; among entries of the same match those that ask for more
 * come first (Gateway API v1, HTTPRouteRule: precedence). Entries of one group
 * (a VirtualService's) are tried in their order instead. An entry with
 * `respond` answers itself. A `rewrite` decides the path that the service sees.
 *
 * The names of the service's endpoints are the templates that decide the
 * endpoint. A service without endpoints gets inferred ones (templates.h). A
 * service with endpoints of which none fits takes the request to its endpoint
 * "default", where it has one; else the request is not routed.
 */
#ifndef TW_HARNESS_CAPTURE_ROUTER_H
#define TW_HARNESS_CAPTURE_ROUTER_H

#include "plugins/twinrig-plugin.h"
#include "twins/model/traits.h"

struct tw_router;

/* Borrows the spec; it is only read. fallback: "namespace/name" or "name", or
 * NULL. */
struct tw_router *tw_router_new(
	const struct tw_spec *spec, const char *fallback);
void tw_router_free(struct tw_router *router);

struct tw_routed {
	const struct tw_spec_service *service;
	/* NULL: the service has no endpoints, so infer one. */
	const struct tw_spec_endpoint *endpoint;
	tw_traits traits; /* by the spec's conditions */
	int respond;	  /* TW_ANSWERED: the status */
	const char *path; /* TW_ANSWERED: of the entry */
};

enum tw_route_result {
	TW_ROUTED,
	TW_ANSWERED,	/* the way in answers itself */
	TW_NO_SERVICE,	/* no entry takes it */
	TW_NO_ENDPOINT, /* the service has no such endpoint; service is set */
};

enum tw_route_result tw_router_route(const struct tw_router *router,
	const struct twinrig_exchange *exchange, uint64_t position,
	struct tw_routed *routed);

/* Whether the spec has a service of that name ("cart", "shop/cart", or a
 * host such as "cart.shop.svc.cluster.local"); else NULL. */
const struct tw_spec_service *tw_router_service(
	const struct tw_router *router, struct twinrig_text name);

#endif
