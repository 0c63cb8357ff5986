/*
 * What a caller's proxies do with the replicas of a pool (Envoy's upstream
 * cluster), where a policy asks for more than to send: compiled from the
 * groups of policies (policy.h), defaults applied. Each proxy keeps a state of
 * its own (twins/world/upstream.h).
 *
 * Two that are alike in caller, pool and policies are the same one, whatever
 * endpoints are called.
 */
#ifndef TW_MODEL_UPSTREAM_H
#define TW_MODEL_UPSTREAM_H

#include "twins/base/units.h"

#include <stdbool.h>
#include <stdint.h>

enum tw_budget_kind { TW_BUDGET_NONE, TW_BUDGET_AT_ONCE, TW_BUDGET_SPAN };

struct tw_outlier {
	bool on;
	uint32_t consecutive_5xx, consecutive_gateway, consecutive_local;
	bool split_local;
	tw_time interval, base, max;
	double max_percent; /* 0..1 */
	bool always_one;
	double stdev_factor; /* 0: off */
	uint32_t rate_hosts, rate_volume;
	double failure_threshold; /* 0..1; 0: off */
	uint32_t failure_hosts, failure_volume;
	double panic; /* 0..1 */
};

struct tw_balancing {
	uint8_t balancer; /* enum tw_balancer */
	uint32_t choices;
	double bias;
	tw_time slow_start; /* 0: none */
	double aggression, min_weight;
	const double *weights; /* of the pool's replicas; NULL: all alike */
	/* Of the requests' keys (keys.h); TW_KEYS_MAX: none. */
	uint32_t key;
	uint32_t min_ring, max_ring, table;
	bool sessions;
	bool kube_proxy; /* chooses among those that it would (endpoints.h) */
	tw_time session; /* 0: for ever */
};

struct tw_connections {
	bool on, http2;
	uint32_t streams;      /* at once on one */
	uint32_t max_requests; /* UINT32_MAX: no bound */
	uint32_t round_trips;  /* to set one up */
	tw_time idle, connect_timeout;
};

/* A label that replicas are told apart by. */
struct tw_level_label {
	const char *key;
	const char *value; /* that is asked for; NULL: the proxy's own */
};

/* Levels of replicas by place, or parts of the requests of each zone (and the
 * outside, last) to each zone. */
struct tw_locality {
	bool on, failover;
	uint32_t overprovisioning; /* percent */
	uint32_t n_levels;
	const uint8_t *levels; /* [from * n_zones + to]; NULL: by labels */
	const struct tw_level_label *labels; /* n_levels - 1 */
	const double *weights; /* [from * n_zones + to]; NULL: none */
	const uint32_t *rules; /* of each weight: zones of one rule share it */
};

struct tw_rate_limit {
	bool on, at_callee;
	uint32_t rule; /* that says it */
	int64_t max_tokens, per_fill;
	tw_time interval;
};

struct tw_app_breaker {
	bool on;
	double failure_rate, slow_rate;
	tw_time slow_call, open_for;
	uint32_t window, min_calls, half_open;
};

struct tw_upstream {
	uint32_t caller, pool;
	uint64_t hash;	   /* of the names of caller and pool: for draws */
	uint64_t identity; /* of these and of which rules apply */
	bool per_host;	   /* it keeps a state for each replica */
	/* Breaker. UINT32_MAX: no bound. */
	uint32_t max_connections, max_pending, max_requests, max_retries;
	struct tw_connections connections;
	/* Retry budget. */
	uint8_t budget; /* enum tw_budget_kind */
	double budget_ratio;
	uint32_t budget_min; /* Envoy's min_concurrency */
	double budget_rate;  /* Linkerd's minRetriesPerSecond */
	tw_time budget_interval;
	/* Throttle, in thousandths of a token; 0: none. */
	int64_t max_tokens, token_ratio;
	struct tw_outlier outlier;
	struct tw_balancing balancing;
	struct tw_locality locality;
	struct tw_rate_limit rate_limit;
	struct tw_app_breaker app_breaker;
	uint32_t max_calls;   /* bulkhead; UINT32_MAX: none */
	uint32_t max_waiting; /* for it; UINT32_MAX: no bound */
	tw_time max_wait;     /* 0: no bound */
};

#endif
