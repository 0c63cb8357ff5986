/*
 * The route matcher: which rule a request falls under, by host, method and
 * path. It serves the way in (entries -> service) and the endpoints of a
 * service (templates -> endpoint).
 *
 * Which rule wins (Gateway API v1 HTTPRouteRule, Ingress v1 pathType):
 *  1. host: an exact name, then the longest "*.suffix", then rules without a
 *     host. The most specific host that has rules decides alone, as Envoy's
 *     virtual hosts do. A request whose host is unknown (an access log) is
 *     matched as if every rule had no host;
 *  2. path: exact; then template, where a literal segment beats {name}, from
 *     left to right; then the longest prefix;
 *  3. a rule with a method before one without;
 *  4. the rule that was added first.
 *
 * Prefixes go by whole segments: "/shop" fits "/shop" and "/shop/a", never
 * "/shopping". "{name}" fits one segment that is not empty. Nothing is
 * decoded; the query and the fragment do not take part. Hosts are compared
 * without case and port. What a rule asks of headers and the query is for the
 * caller to tell (tw_routes_match_if): rules that ask for more are added first.
 */
#ifndef TW_MODEL_ROUTE_H
#define TW_MODEL_ROUTE_H

#include "twins/base/text.h"

#define TW_ROUTE_SEGMENTS 64 /* of a path in a rule */

enum tw_path_match { TW_PATH_PREFIX, TW_PATH_EXACT, TW_PATH_TEMPLATE };

struct tw_route_rule {
	const char *host; /* "shop.example", "*.example"; NULL, "", "*": any */
	const char *method; /* NULL: any */
	const char *path;   /* NULL: "/" */
	enum tw_path_match match;
	uint32_t value; /* what a match gives */
};

struct tw_routes;

struct tw_routes *tw_routes_new(void);
void tw_routes_free(struct tw_routes *routes); /* NULL is fine */

/* Copies the rule. False: its path does not begin with '/', or is too deep. */
bool tw_routes_add(struct tw_routes *routes, const struct tw_route_rule *rule);

/*
 * Adds an endpoint by its name: "GET /product/{id}", "/health" (any method),
 * or a gRPC method "Package.Service/Method" (a POST). False where the name
 * is none of these: no request over HTTP can be told to be for it.
 */
bool tw_routes_add_endpoint(
	struct tw_routes *routes, const char *name, uint32_t value);

/* host.p NULL: unknown. `path` may carry a query. */
bool tw_routes_match(const struct tw_routes *routes, struct tw_str host,
	struct tw_str method, struct tw_str path, uint32_t *value);

/* The same among the rules whose value passes `fits`. */
struct tw_route_filter {
	bool (*fits)(void *context, uint32_t value);
	void *context;
};

bool tw_routes_match_if(const struct tw_routes *routes, struct tw_str host,
	struct tw_str method, struct tw_str path,
	const struct tw_route_filter *filter, uint32_t *value);

#endif
