/*
 * What a proxy does with the replicas of a service: the groups of fields of a
 * policy (struct tw_spec_policy), in Envoy's words. Each is a part of Envoy's
 * cluster, so its state is one proxy's own: a caller's replica and the pool
 * that it calls. The outside is one proxy.
 *
 * A field that nobody gave has the default that stands beside it. A group of
 * which nobody gave a field is not there.
 */
#ifndef TW_MODEL_POLICY_H
#define TW_MODEL_POLICY_H

#include "twins/model/value.h"

/*
 * Envoy, circuit_breaker.proto, CircuitBreakers.Thresholds; Istio,
 * DestinationRule connectionPool. What is not given has no bound (Istio's
 * default of 2^32 - 1; Envoy alone would have 1024, and 3 retries). What is
 * beyond a bound is answered 503 at once (flag UO); it is not tried again and
 * is no failure of a replica.
 */
struct tw_spec_breaker {
	struct tw_int max_requests; /* at work at once */
	struct tw_int max_retries;  /* under way at once, back-off included */
};

/*
 * A retry budget; it stands beside max_retries, which it overrides (Envoy,
 * Thresholds.retry_budget).
 *  - Envoy's: retries under way at once are at most ratio * requests at work
 *    (and waiting for a connection), but min_concurrency at any time.
 *  - With an interval, Linkerd's (ServiceProfile retryBudget; Gateway API
 *    XBackendTrafficPolicy): in any such span retries are at most ratio *
 *    requests, and min_per_second besides.
 */
struct tw_spec_retry_budget {
	struct tw_real ratio;	       /* default 0.2, all three */
	struct tw_int min_concurrency; /* default 3 (Envoy) */
	struct tw_int interval;	       /* Linkerd's ttl, 10 s there */
	struct tw_real min_per_second; /* with interval; default 10 */
};

/*
 * gRPC A6, retryThrottling: a try that failed takes a token, one that went
 * well gives token_ratio back; no retries at or below half of max_tokens.
 * Failed is what the policy would try again.
 */
struct tw_spec_retry_throttle {
	struct tw_int max_tokens;   /* required, 1 to 1000 */
	struct tw_real token_ratio; /* default 0.1; to the thousandth */
};

#endif
