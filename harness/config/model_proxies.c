/*
 * The keys of twin models: what a proxy does with the replicas of a service,
 * the groups of a policy (twins/model/policy.h).
 */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

/* ---- circuit breaker --------------------------------------------------- */

static const struct tw_row breaker_rows[] = {
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
