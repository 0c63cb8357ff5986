/*
 * The keys of twin models: what a proxy does with the replicas of a service,
 * the groups of a policy (twins/model/policy.h).
 */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

/* ---- connections ------------------------------------------------------- */

static const char *const protocols[] = {
	[TW_HTTP1] = "http1", [TW_HTTP2] = "http2", NULL};

static const char *const tls_versions[] = {
	[TW_TLS_NONE] = "none",
	[TW_TLS_1_3] = "1.3",
	[TW_TLS_1_2] = "1.2",
	NULL,
};

static const struct tw_row connection_rows[] = {
	{.name = "protocol",
		.type = TW_ROW_ENUM,
		AT(tw_spec_connections, protocol),
		.choices = protocols,
		.otherwise = "http1",
		.help = "http1 carries one request at a time on a connection"},
	{.name = "max-streams",
		.type = TW_ROW_INT,
		AT(tw_spec_connections, max_streams),
		.min = 1,
		.max = 1e9,
		.help = "http2: requests at once on a connection; no bound if "
			"not given"},
	{.name = "max-requests",
		.type = TW_ROW_INT,
		AT(tw_spec_connections, max_requests),
		.otherwise = "0",
		.max = 1e9,
		.help = "on a connection in its life; 1: no keep-alive; 0: no "
			"bound"},
	{.name = "idle-timeout",
		.type = TW_ROW_DURATION,
		AT(tw_spec_connections, idle_timeout),
		.otherwise = "1h",
		.help = "after which a connection without requests is closed; "
			"0s: never"},
	{.name = "connect-timeout",
		.type = TW_ROW_DURATION,
		AT(tw_spec_connections, connect_timeout),
		.otherwise = "5s",
		.min = 1,
		.help = "for setting one up"},
	{.name = "tls",
		.type = TW_ROW_ENUM,
		AT(tw_spec_connections, tls),
		.choices = tls_versions,
		.otherwise = "none",
		.help = "setting one up takes a round trip, and one more with "
			"1.3 or two with 1.2"},
	{0},
};

const struct tw_table tw_connections_table = {
	.name = "connections",
	.help = "connections of a caller's replica to each replica that it "
		"calls",
	.rows = connection_rows,
};

/* ---- circuit breaker --------------------------------------------------- */

static const struct tw_row breaker_rows[] = {
	{.name = "max-connections",
		.type = TW_ROW_INT,
		AT(tw_spec_breaker, max_connections),
		.min = 1,
		.max = 1e9,
		.help = "open at once; one to each replica is allowed all the "
			"same; no bound if not given"},
	{.name = "max-pending-requests",
		.type = TW_ROW_INT,
		AT(tw_spec_breaker, max_pending_requests),
		.max = 1e9,
		.help = "that wait for a connection; more are answered 503; no "
			"bound if not given"},
	{.name = "max-requests",
		.type = TW_ROW_INT,
		AT(tw_spec_breaker, max_requests),
		.max = 1e9,
		.help = "at work at once, of one caller's replica; more are "
			"answered 503 at once; no bound if not given"},
	{.name = "max-retries",
		.type = TW_ROW_INT,
		AT(tw_spec_breaker, max_retries),
		.max = 1e9,
		.help = "under way at once, back-off included; no bound if "
			"not given"},
	{0},
};

const struct tw_table tw_breaker_table = {
	.name = "circuit-breaker",
	.help = "bounds of what one caller's replica has under way "
		"(Envoy's thresholds)",
	.rows = breaker_rows,
};

/* ---- retry budgets ----------------------------------------------------- */

static const struct tw_row budget_rows[] = {
	{.name = "ratio",
		.type = TW_ROW_RATIO,
		AT(tw_spec_retry_budget, ratio),
		.otherwise = "20%",
		.help = "of the requests that may be retries"},
	{.name = "min-concurrency",
		.type = TW_ROW_INT,
		AT(tw_spec_retry_budget, min_concurrency),
		.otherwise = "3",
		.max = 1e9,
		.help = "retries that are allowed at once at any time; without "
			"an interval"},
	{.name = "interval",
		.type = TW_ROW_DURATION,
		AT(tw_spec_retry_budget, interval),
		.min = 10,
		.help = "count over this span (Linkerd's ttl), not what is at "
			"work at once (Envoy)"},
	{.name = "min-per-second",
		.type = TW_ROW_RATE,
		AT(tw_spec_retry_budget, min_per_second),
		.help = "retries that are allowed at any time; with an "
			"interval, 10/s if not given"},
	{0},
};

static void check_budget(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_spec_retry_budget *it = base;
	const char *wrong = NULL;

	if (it->interval.origin && it->min_concurrency.origin)
		wrong = "min-concurrency";
	if (!it->interval.origin && it->min_per_second.origin)
		wrong = "min-per-second";
	if (wrong)
		tw_diag(reader->diags, TW_ERROR,
			tw_yaml_find(node, wrong)->key->pos,
			"'%s' is for a budget %s an interval", wrong,
			it->interval.origin ? "without" : "with");
}

const struct tw_table tw_budget_table = {
	.name = "retry-budget",
	.help = "how many retries there may be beside the requests; instead "
		"of max-retries",
	.rows = budget_rows,
	.check = check_budget,
};

static const struct tw_row throttle_rows[] = {
	{.name = "max-tokens",
		.type = TW_ROW_INT,
		AT(tw_spec_retry_throttle, max_tokens),
		.required = true,
		.min = 1,
		.max = 1000,
		.help = "a failure takes one; no retries at half of them or "
			"fewer"},
	{.name = "token-ratio",
		.type = TW_ROW_REAL,
		AT(tw_spec_retry_throttle, token_ratio),
		.otherwise = "0.1",
		.min = 0.001,
		.max = 1000,
		.help = "what a success gives back"},
	{0},
};

const struct tw_table tw_throttle_table = {
	.name = "retry-throttling",
	.help = "gRPC's retryThrottling",
	.rows = throttle_rows,
};

/* ---- outlier detection ------------------------------------------------- */

static const struct tw_row outlier_rows[] = {
	{.name = "consecutive-5xx",
		.type = TW_ROW_INT,
		AT(tw_spec_outlier, consecutive_5xx),
		.otherwise = "5",
		.max = 1e9,
		.help = "answers 5xx in a row; 0: off"},
	{.name = "consecutive-gateway-failure",
		.type = TW_ROW_INT,
		AT(tw_spec_outlier, consecutive_gateway_failure),
		.otherwise = "0",
		.max = 1e9,
		.help = "answers 502, 503 or 504 in a row; 0: off"},
	{.name = "consecutive-local-origin-failure",
		.type = TW_ROW_INT,
		AT(tw_spec_outlier, consecutive_local_origin_failure),
		.otherwise = "5",
		.max = 1e9,
		.help = "failed connections, resets and timeouts in a row, "
			"where these count by themselves; 0: off"},
	{.name = "split-external-local-origin-errors",
		.type = TW_ROW_SWITCH,
		AT(tw_spec_outlier, split_external_local_origin_errors),
		.otherwise = "false",
		.help = "count failed connections, resets and timeouts by "
			"themselves, not as 503 and 504"},
	{.name = "interval",
		.type = TW_ROW_DURATION,
		AT(tw_spec_outlier, interval),
		.otherwise = "10s",
		.min = TW_MS,
		.help = "between two sweeps"},
	{.name = "base-ejection-time",
		.type = TW_ROW_DURATION,
		AT(tw_spec_outlier, base_ejection_time),
		.otherwise = "30s",
		.min = TW_MS,
		.help = "of the first ejection; twice as long for the second, "
			"and so on"},
	{.name = "max-ejection-time",
		.type = TW_ROW_DURATION,
		AT(tw_spec_outlier, max_ejection_time),
		.min = TW_MS,
		.help = "the longest; 300s, or the base, if not given"},
	{.name = "max-ejection-percent",
		.type = TW_ROW_RATIO,
		AT(tw_spec_outlier, max_ejection_percent),
		.otherwise = "10%",
		.help = "of the replicas that may be ejected at once"},
	{.name = "always-eject-one-host",
		.type = TW_ROW_SWITCH,
		AT(tw_spec_outlier, always_eject_one_host),
		.otherwise = "false",
		.help = "one may be, whatever share it is"},
	{.name = "success-rate-stdev-factor",
		.type = TW_ROW_REAL,
		AT(tw_spec_outlier, success_rate_stdev_factor),
		.otherwise = "1.9",
		.max = 1000,
		.help = "below the mean of the success rates by so many "
			"standard deviations; 0: off"},
	{.name = "success-rate-minimum-hosts",
		.type = TW_ROW_INT,
		AT(tw_spec_outlier, success_rate_minimum_hosts),
		.otherwise = "5",
		.max = 1e9,
		.help = "replicas that must have the volume"},
	{.name = "success-rate-request-volume",
		.type = TW_ROW_INT,
		AT(tw_spec_outlier, success_rate_request_volume),
		.otherwise = "100",
		.max = 1e9,
		.help = "requests in the interval that a replica must have"},
	{.name = "failure-percentage-threshold",
		.type = TW_ROW_RATIO,
		AT(tw_spec_outlier, failure_percentage_threshold),
		.help = "failures of the requests in an interval from which on "
			"a replica is ejected; off if not given"},
	{.name = "failure-percentage-minimum-hosts",
		.type = TW_ROW_INT,
		AT(tw_spec_outlier, failure_percentage_minimum_hosts),
		.otherwise = "5",
		.max = 1e9,
		.help = "replicas that must have the volume"},
	{.name = "failure-percentage-request-volume",
		.type = TW_ROW_INT,
		AT(tw_spec_outlier, failure_percentage_request_volume),
		.otherwise = "50",
		.max = 1e9,
		.help = "requests in the interval that a replica must have"},
	{.name = "panic-threshold",
		.type = TW_ROW_RATIO,
		AT(tw_spec_outlier, panic_threshold),
		.otherwise = "50%",
		.help = "where fewer of the replicas than this are not "
			"ejected, all are used"},
	{0},
};

static void check_outlier(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct tw_spec_outlier *it = base;

	if (it->max_ejection_time.origin &&
		it->max_ejection_time.v <
			tw_int_or(it->base_ejection_time, 30 * TW_S))
		tw_diag(reader->diags, TW_ERROR,
			tw_yaml_find(node, "max-ejection-time")->key->pos,
			"'max-ejection-time' is shorter than "
			"'base-ejection-time'");
}

const struct tw_table tw_outlier_table = {
	.name = "outlier-detection",
	.help = "which replicas a caller's replica passes over for a while",
	.rows = outlier_rows,
	.check = check_outlier,
};

/* ---- rate limit -------------------------------------------------------- */

static const char *const limit_places[] = {
	[TW_LIMIT_CALLER] = "caller", [TW_LIMIT_CALLEE] = "callee", NULL};

static const struct tw_row limit_rows[] = {
	{.name = "max-tokens",
		.type = TW_ROW_INT,
		AT(tw_spec_rate_limit, max_tokens),
		.required = true,
		.min = 1,
		.max = 1e9,
		.help = "tries that are let through at once"},
	{.name = "tokens-per-fill",
		.type = TW_ROW_INT,
		AT(tw_spec_rate_limit, tokens_per_fill),
		.otherwise = "1",
		.min = 1,
		.max = 1e9,
		.help = "that each interval gives back"},
	{.name = "fill-interval",
		.type = TW_ROW_DURATION,
		AT(tw_spec_rate_limit, fill_interval),
		.otherwise = "1s",
		.min = TW_MS,
		.help = "between two fills"},
	{.name = "at",
		.type = TW_ROW_ENUM,
		AT(tw_spec_rate_limit, at),
		.choices = limit_places,
		.otherwise = "caller",
		.help = "a bucket of each caller's replica, or of each replica "
			"of the callee"},
	{0},
};

const struct tw_table tw_limit_table = {
	.name = "rate-limit",
	.help = "a token bucket (Envoy's local rate limit); tries beyond it "
		"are answered 429",
	.rows = limit_rows,
};

/* ---- in the application ------------------------------------------------ */

static const struct tw_row app_breaker_rows[] = {
	{.name = "failure-rate",
		.type = TW_ROW_RATIO,
		AT(tw_spec_app_breaker, failure_rate),
		.otherwise = "50%",
		.help = "of the last calls that opens it"},
	{.name = "slow-rate",
		.type = TW_ROW_RATIO,
		AT(tw_spec_app_breaker, slow_rate),
		.otherwise = "100%",
		.help = "of slow calls that opens it"},
	{.name = "slow-call",
		.type = TW_ROW_DURATION,
		AT(tw_spec_app_breaker, slow_call),
		.otherwise = "60s",
		.help = "from how long on a call is slow"},
	{.name = "window",
		.type = TW_ROW_INT,
		AT(tw_spec_app_breaker, window),
		.otherwise = "100",
		.min = 1,
		.max = 1000000,
		.help = "calls that are looked at"},
	{.name = "min-calls",
		.type = TW_ROW_INT,
		AT(tw_spec_app_breaker, min_calls),
		.otherwise = "100",
		.min = 1,
		.max = 1000000,
		.help = "before it may open"},
	{.name = "open-for",
		.type = TW_ROW_DURATION,
		AT(tw_spec_app_breaker, open_for),
		.otherwise = "60s",
		.help = "until some calls are tried again"},
	{.name = "half-open-calls",
		.type = TW_ROW_INT,
		AT(tw_spec_app_breaker, half_open_calls),
		.otherwise = "10",
		.min = 1,
		.max = 1000000,
		.help = "that decide whether it closes"},
	{0},
};

const struct tw_table tw_app_breaker_table = {
	.name = "application-breaker",
	.help = "resilience4j's circuit breaker in the calling application",
	.rows = app_breaker_rows,
};

static const struct tw_row bulkhead_rows[] = {
	{.name = "max-calls",
		.type = TW_ROW_INT,
		AT(tw_spec_bulkhead, max_calls),
		.otherwise = "25",
		.min = 1,
		.max = 1e9,
		.help = "calls of a caller's replica at once, all tries "
			"together"},
	{.name = "max-wait",
		.type = TW_ROW_DURATION,
		AT(tw_spec_bulkhead, max_wait),
		.help = "more wait so long for their turn (maxWaitDuration; "
			"haproxy's `timeout queue`); with a queue any time if "
			"not given, else none"},
	{.name = "queue",
		.type = TW_ROW_INT,
		AT(tw_spec_bulkhead, queue),
		.max = 1e9,
		.help = "so many may wait (queueCapacity; haproxy's "
			"`maxqueue`); with a max-wait any number if not given, "
			"else none"},
	{0},
};

const struct tw_table tw_bulkhead_table = {
	.name = "bulkhead",
	.help = "resilience4j's bulkhead in the calling application",
	.rows = bulkhead_rows,
	.as_text = "max-calls",
};
