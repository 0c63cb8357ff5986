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

#include "twins/base/vector.h"
#include "twins/model/value.h"

/*
 * Envoy, circuit_breaker.proto, CircuitBreakers.Thresholds; Istio,
 * DestinationRule connectionPool. What is not given has no bound (Istio's
 * default of 2^32 - 1; Envoy alone would have 1024, and 3 retries). What is
 * beyond a bound is answered 503 at once (flag UO); it is not tried again and
 * is no failure of a replica.
 */
struct tw_spec_breaker {
	struct tw_int max_connections; /* open at once; one to each replica is
					* allowed all the same */
	struct tw_int max_pending_requests; /* that wait for a connection */
	struct tw_int max_requests;	    /* at work at once */
	struct tw_int max_retries; /* under way at once, back-off included */
};

enum tw_http { TW_HTTP1, TW_HTTP2 };

enum tw_tls { TW_TLS_NONE, TW_TLS_1_3, TW_TLS_1_2 };

/*
 * Connections of a proxy to each replica (Envoy, conn_pool_base.cc). They are
 * there where this group or a bound of connections or of what waits for them
 * is given; else a request needs none. Setting one up takes a round trip (TCP)
 * and one more for TLS 1.3 or two for TLS 1.2 (RFC 8446, appendix E;
 * RFC 5246, 7.3); a request that waits for it starts its try's timeout then.
 */
struct tw_spec_connections {
	struct tw_int protocol;	       /* enum tw_http; default HTTP/1.1:
					* one request at a time */
	struct tw_int max_streams;     /* HTTP/2: at once; default no bound
					* (Envoy 2^31 - 1; the peer may say) */
	struct tw_int max_requests;    /* in its life; default 0: no bound; 1:
					* no keep-alive */
	struct tw_int idle_timeout;    /* default 1 h (HttpProtocolOptions) */
	struct tw_int connect_timeout; /* default 5 s (Cluster) */
	struct tw_int tls;	       /* enum tw_tls; default none */
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

/*
 * Envoy, outlier_detection.proto and outlier_detection_impl.cc; Istio,
 * DestinationRule outlierDetection. A replica that answers badly is ejected:
 * the balancer passes it over until base_ejection_time * (times ejected), at
 * most max_ejection_time, has gone by at a sweep; sweeps come each interval
 * from the start of the run on. At each sweep a replica that was back for an
 * interval has one time less. No more than max_ejection_percent are ejected at
 * once, but always one where always_eject_one_host.
 *
 * A timeout counts as 504 and a connection that failed or was reset as 503;
 * with split_external_local_origin_errors these count by themselves.
 */
struct tw_spec_outlier {
	struct tw_int consecutive_5xx;		   /* default 5; 0: off */
	struct tw_int consecutive_gateway_failure; /* 502, 503, 504; default
						    * 0: off */
	struct tw_int consecutive_local_origin_failure;	  /* default 5 */
	struct tw_int split_external_local_origin_errors; /* default false */
	struct tw_int interval;				  /* default 10 s */
	struct tw_int base_ejection_time;		  /* default 30 s */
	struct tw_int max_ejection_time;     /* default 300 s, or base */
	struct tw_real max_ejection_percent; /* default 10% */
	struct tw_int always_eject_one_host; /* default false */
	/* At a sweep, of replicas with so many requests since the last: below
	 * mean - factor * standard deviation of the success rates; where there
	 * are so many such replicas. */
	struct tw_real success_rate_stdev_factor;  /* default 1.9; 0: off */
	struct tw_int success_rate_minimum_hosts;  /* default 5 */
	struct tw_int success_rate_request_volume; /* default 100 */
	/* The same, at or above a ratio of failures. Envoy has 85% and does
	 * not enforce it; here it is on where it is given. */
	struct tw_real failure_percentage_threshold;	 /* default: off */
	struct tw_int failure_percentage_minimum_hosts;	 /* default 5 */
	struct tw_int failure_percentage_request_volume; /* default 50 */
	/* Where fewer of the listed replicas than this are not ejected, all of
	 * them are used (Envoy, load_balancing/panic_threshold). Istio switches
	 * it off (minHealthPercent 0). */
	struct tw_real panic_threshold; /* default 50% */
};

/*
 * Places (Envoy, load_balancing/priority and locality_weight; Istio,
 * localityLbSetting and loadbalancer.go). With failover replicas are in levels;
 * each takes what its health carries of the requests, which is overprovisioning
 * (1.4) times the share of it that is not ejected, and the next one the rest.
 *  - Without more: the proxy's own zone; its region; the region that it fails
 *    over to, where one is given; all others.
 *  - With priority (Istio's failoverPriority), labels: replicas that agree with
 *    the proxy in all of them first, then those that agree in all but the last,
 *    and so on. "key=value" asks for that value, whatever the proxy has. Labels
 *    are those of the pod and of its node.
 * Shares say instead what part of the requests of a place goes to which. A
 * place is a zone, or "REGION/ZONE", where both may be "*"; a part for several
 * zones is theirs by the number of their replicas (applyLocalityWeights).
 */
struct tw_spec_zone_share {
	const char *from; /* of the proxy; "*": any; "outside" */
	const char *to;
	struct tw_int weight;
};

/* Levels that a proxy tells apart, less one (twins/traffic/priority.h). */
#define TW_LEVEL_LABELS 15

struct tw_spec_failover {
	const char *from; /* region of the proxy */
	struct tw_text to;
};

struct tw_spec_locality {
	struct tw_int failover;		 /* default false */
	struct tw_real overprovisioning; /* default 1.4 */
	TW_VEC(struct tw_spec_zone_share) shares;
	TW_VEC(struct tw_spec_failover) failovers;
	TW_VEC(struct tw_text) priority; /* at most TW_LEVEL_LABELS */
};

/*
 * Envoy, local_ratelimit: a bucket of max_tokens, filled with tokens_per_fill
 * each fill_interval; a try takes one, and is answered 429 without. It is not
 * tried again by the policy (x-envoy-ratelimited). At the caller's proxy, or at
 * each replica of the callee, whoever calls.
 */
enum tw_limit_at { TW_LIMIT_CALLER, TW_LIMIT_CALLEE };

struct tw_spec_rate_limit {
	struct tw_int max_tokens;      /* required */
	struct tw_int tokens_per_fill; /* default 1 */
	struct tw_int fill_interval;   /* default 1 s */
	struct tw_int at;	       /* enum tw_limit_at; default caller */
};

/*
 * resilience4j in the calling application, around all tries of a call.
 *  - CircuitBreakerConfig: over the last `window` calls, once there are
 *    min_calls, a ratio of failures or of slow calls at or above its threshold
 *    opens it: calls fail at once. After open_for, half_open_calls are let
 *    through, and decide by the same thresholds.
 *  - BulkheadConfig: no more than max_calls at once. More fail at once, or wait
 *    first come first served: up to max_wait (maxWaitDuration, 0 there), and
 *    no more than `queue` of them (ThreadPoolBulkheadConfig.queueCapacity,
 *    100 there). So do requests at a proxy in front: haproxy's `maxconn` with
 *    `timeout queue` and `maxqueue`.
 */
struct tw_spec_app_breaker {
	struct tw_real failure_rate;   /* default 50% */
	struct tw_real slow_rate;      /* default 100% */
	struct tw_int slow_call;       /* default 60 s */
	struct tw_int window;	       /* default 100 calls */
	struct tw_int min_calls;       /* default 100 */
	struct tw_int open_for;	       /* default 60 s */
	struct tw_int half_open_calls; /* default 10 */
};

struct tw_spec_bulkhead {
	struct tw_int max_calls; /* default 25 */
	struct tw_int max_wait;	 /* ns; default: none, or with a queue any */
	struct tw_int queue;	 /* default: none, or with max_wait any */
};

/* A replica's weight (Envoy, LbEndpoint.load_balancing_weight). */
struct tw_spec_weight {
	const char *replica;  /* glob of "namespace/workload-ordinal", or of the
			       * name alone; the first that fits counts */
	struct tw_int weight; /* 1 where none fits */
};

/*
 * How a replica is chosen, beside the balancer's name.
 *  - Envoy, least_request: the least busy of choice_count random ones, as this
 *    proxy counts; where weights differ, by w / (requests + 1)^bias.
 *  - Envoy, SlowStartConfig: a replica listed for t < window has the weight
 *    max(min_weight_percent, (t / window)^(1 / aggression)). Of round robin
 *    and least request.
 *  - weights: of all but random, which knows none in Envoy.
 *  - hash_*: one of them: what ring hash and Maglev, and sessions, tell users
 *    by (keys.h). A request without such a key is sent at random.
 *  - Envoy, RingHashLbConfig: the ring has at least minimum_ring_size places,
 *    at most maximum_ring_size; MaglevLbConfig: table_size, a prime.
 *  - session_timeout: who was sent to a replica is sent there again, until
 *    nothing came of him for this long (0: always), or it is not listed.
 */
struct tw_spec_balancing {
	struct tw_text hash_header, hash_cookie, hash_query;
	struct tw_int hash_source_ip;
	struct tw_int minimum_ring_size; /* default 1024 */
	struct tw_int maximum_ring_size; /* default 8 M (2^23) */
	struct tw_int table_size;	 /* default 65537 */
	struct tw_int session_timeout;	 /* default: no sessions */
	TW_VEC(struct tw_spec_weight) weights;
	struct tw_int choice_count;	      /* default 2 */
	struct tw_real active_request_bias;   /* default 1 */
	struct tw_int slow_start_window;      /* default 0: none */
	struct tw_real slow_start_aggression; /* default 1 */
	struct tw_real slow_start_min_weight; /* default 10% */
};

#endif
