/*
 * The rules of the spec (spec.h, which tells names and units): what lies
 * between a caller and a callee, and the way in.
 */
#ifndef TW_MODEL_SPEC_POLICY_H
#define TW_MODEL_SPEC_POLICY_H

#include "twins/model/policy.h"
#include "twins/model/route.h"

/* ---- channels: what lies between a caller and a callee --------------- */

/* What a retry is made for (Envoy's x-envoy-retry-on, Gateway API's codes). */
enum tw_retry_on {
	TW_RETRY_5XX = 1 << 0,		   /* any 5xx, reset, connect failure */
	TW_RETRY_GATEWAY_ERROR = 1 << 1,   /* 502, 503, 504 */
	TW_RETRY_CONNECT_FAILURE = 1 << 2, /* nobody there */
	TW_RETRY_RESET = 1 << 3,	   /* reset, and a try's timeout */
	TW_RETRY_REFUSED = 1 << 4,	   /* shed before any work: 503 */
	TW_RETRY_RETRIABLE_4XX = 1 << 5,   /* 409 */
	TW_RETRY_TIMEOUT = 1 << 6,	   /* a try's own timeout */
	TW_RETRY_UNAVAILABLE = 1 << 7,	   /* gRPC 14, of calls of gRPC */
};

struct tw_spec_destination {
	struct tw_text service; /* NULL: the policy's own callee */
	struct tw_text subset;	/* NULL: all of it */
	struct tw_int weight;	/* default: equal shares */
};

/*
 * What a route asks of a request beyond service, method and path. Which of
 * them hold is known of captured requests, and of calls inside as far as the
 * model says which headers go on (tw_spec.propagate): twins/model/traits.h.
 */
enum tw_condition_of {
	TW_CONDITION_HEADER, /* `name` without regard to case */
	TW_CONDITION_QUERY,  /* a parameter of the query */
	TW_CONDITION_PATH,   /* without the query */
};

enum tw_condition_is {
	TW_CONDITION_EXACT,
	TW_CONDITION_PREFIX,
	TW_CONDITION_REGEX, /* the whole: twins/base/regex.h */
	TW_CONDITION_PRESENT,
};

struct tw_spec_condition {
	enum tw_condition_of of;
	enum tw_condition_is is;
	bool negated;	      /* it must not hold */
	const char *name;     /* header, query; NULL: path */
	struct tw_text value; /* NULL: present */
	const struct tw_origin *origin;
};

TW_VEC_TYPE(tw_spec_conditions, struct tw_spec_condition);

/* A copy of the request; its answer is thrown away. */
struct tw_spec_mirror {
	struct tw_text service; /* NULL: the policy's own callee */
	struct tw_text subset;
	struct tw_real share; /* of the requests; default 1 */
};

/*
 * What the caller's proxy does before its router sees the request: delays,
 * aborts (Istio `fault:`; Envoy's fault filter), answers. So retries, route
 * timeouts and outlier detection take no part in it; the caller's application
 * sees it.
 */
struct tw_spec_inject {
	struct tw_int delay;	    /* ns */
	struct tw_real delay_share; /* of the requests; default 1 */
	struct tw_int abort;	    /* the status */
	struct tw_real abort_share; /* default 1 */
};

/*
 * One rule. The VirtualService, DestinationRule, HTTPRoute and twin models'
 * `policies:` become such rules in file order, and those of manifests stand
 * before those of models.
 *
 * A rule speaks of the route (timeouts, retries, destinations) and of what a
 * proxy does with the replicas (the groups of policy.h). The route of a call
 * is that of the first rule that fits it, and each group that of the first
 * rule that fits and gives a field of that group. A rule that gives groups
 * alone says nothing of the route.
 */
struct tw_spec_policy {
	const char *caller;   /* "namespace/name" glob; NULL: any */
	const char *callee;   /* "namespace/name" glob; never NULL */
	const char *endpoint; /* glob over endpoint names; NULL: any */
	const char *subset;   /* groups: of the destination; NULL: any */
	uint32_t group;	      /* that of a VirtualService's rules; 0: none */
	bool grpc;	      /* calls of gRPC alone; of `endpoint` the method
			       * is enough where one's name has no service */
	struct tw_text path_prefix,
		path_exact;		      /* of VirtualServices; matched
					       * against the path of the endpoint's name */
	struct tw_spec_conditions conditions; /* all must hold */
	struct tw_text rewrite; /* of the path: the prefix's (path_prefix, or
				 * all that comes) or the whole's (path_exact)
				 * replacement */
	struct tw_int respond;	/* the proxy answers itself: the status of a
				 * redirect or a direct response */
	TW_VEC(struct tw_spec_mirror) mirrors;
	struct tw_spec_inject inject;
	struct tw_int timeout;	   /* all tries together */
	struct tw_int try_timeout; /* one try */
	struct tw_int retries;	   /* beyond the first try */
	/* How often a retry chooses again where it came upon a replica that
	 * the call has tried; then it takes it all the same. Envoy,
	 * RetryPolicy.host_selection_retry_max_attempts with the predicate
	 * previous_hosts; default 0. */
	struct tw_int host_retries;
#define TW_ISTIO_HOST_RETRIES 5	    /* Istio's, of every route with retries */
	struct tw_int retry_on;	    /* enum tw_retry_on, or-ed */
	TW_VEC(int) retry_codes;    /* HTTP statuses, beside retry_on */
	struct tw_int backoff_base; /* default 25 ms (Envoy RetryBackOff) */
	struct tw_int backoff_max;  /* default 10 * base */
	/* Where given, the pause before retry N is base * multiplier^(N-1), at
	 * most max, times a uniform in [1 - jitter, 1 + jitter) (gRPC A6). */
	struct tw_real backoff_multiplier;
	struct tw_real backoff_jitter; /* default 0.2 (gRPC A6) */
	/* Where a callee says with 429 or 503 when to come back (retry_after
	 * of a service): gRPC A6, grpc-retry-pushback-ms: exactly then, and
	 * the back-off begins anew; not at all where it says so. Envoy,
	 * RetryPolicy.rate_limited_retry_back_off (Retry-After,
	 * x-ratelimit-reset): uniform in [t, 1.5 t) where t is not over its
	 * max_interval (300 s there), which is this field. */
	struct tw_int push_back;	    /* default false */
	struct tw_int rate_limited_backoff; /* ns; default: not looked at */
	struct tw_spec_connections connections;
	struct tw_spec_breaker breaker;
	struct tw_spec_retry_budget budget;
	struct tw_spec_retry_throttle throttle;
	struct tw_spec_outlier outlier;
	struct tw_spec_locality locality;
	struct tw_spec_rate_limit rate_limit;
	struct tw_spec_app_breaker app_breaker;
	struct tw_spec_bulkhead bulkhead;
	struct tw_int propagate_deadline; /* of the route: gRPC: what is left of
					   * its timeout bounds the calls that
					   * the callee makes; default false */
	struct tw_spec_balancing balancing; /* and `balancer`: one group */
	struct tw_int balancer;		    /* enum tw_balancer */
	TW_VEC(struct tw_spec_destination) destinations;
	const struct tw_origin *origin;
};

/*
 * Calls that cannot arrive: the address that the caller has of the callee
 * leads to no service, or to a port that nobody opens. Each try fails at once
 * (503, no host), whatever the policy says.
 */
struct tw_spec_severed {
	const char *caller; /* "namespace/name"; "outside": requests from it */
	const char *callee; /* "namespace/name" */
	struct tw_text why; /* a sentence */
};

/* ---- the way in ------------------------------------------------------ */

/* Ingress, HTTPRoute, VirtualService on a gateway, or a model's `entry:`.
 * Which rule wins is decided by twins/model/route.h. */
struct tw_spec_entry {
	const char *host;   /* "*.shop.example", NULL: any */
	const char *method; /* NULL: any */
	const char *path;   /* "/"; templates: "/product/{id}" */
	enum tw_path_match match;
	struct tw_spec_conditions conditions; /* all must hold */
	struct tw_text rewrite; /* of the path, as in struct tw_spec_policy */
	/* Entries of one ordered list (a VirtualService's) have the same group
	 * and are tried in their order, whatever their paths; 0: none. */
	uint32_t group;
	struct tw_text service; /* "namespace/name" */
	struct tw_int respond;	/* no service: the way in answers itself */
	struct tw_int port;
	struct tw_text port_name;
	struct tw_int weight;
	const struct tw_origin *origin;
};

#endif
