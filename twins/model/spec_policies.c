/* The fields of policies, and of what else stands between two services. */
#include "twins/model/spec_walk.h"

static const struct tw_field policy_fields[] = {
	TW_FIELD(tw_spec_policy, path_prefix, TEXT),
	TW_FIELD(tw_spec_policy, path_exact, TEXT),
	TW_FIELD(tw_spec_policy, rewrite, TEXT),
	TW_FIELD(tw_spec_policy, respond, INT),
	TW_FIELD(tw_spec_policy, inject.delay, INT),
	TW_FIELD(tw_spec_policy, inject.delay_share, REAL),
	TW_FIELD(tw_spec_policy, inject.abort, INT),
	TW_FIELD(tw_spec_policy, inject.abort_share, REAL),
	TW_FIELD(tw_spec_policy, timeout, INT),
	TW_FIELD(tw_spec_policy, try_timeout, INT),
	TW_FIELD(tw_spec_policy, retries, INT),
	TW_FIELD(tw_spec_policy, host_retries, INT),
	TW_FIELD(tw_spec_policy, retry_on, INT),
	TW_FIELD(tw_spec_policy, backoff_base, INT),
	TW_FIELD(tw_spec_policy, backoff_max, INT),
	TW_FIELD(tw_spec_policy, backoff_multiplier, REAL),
	TW_FIELD(tw_spec_policy, backoff_jitter, REAL),
	TW_FIELD(tw_spec_policy, push_back, INT),
	TW_FIELD(tw_spec_policy, rate_limited_backoff, INT),
	TW_FIELD(tw_spec_policy, balancer, INT),
	TW_FIELD(tw_spec_policy, connections.protocol, INT),
	TW_FIELD(tw_spec_policy, connections.max_streams, INT),
	TW_FIELD(tw_spec_policy, connections.max_requests, INT),
	TW_FIELD(tw_spec_policy, connections.idle_timeout, INT),
	TW_FIELD(tw_spec_policy, connections.connect_timeout, INT),
	TW_FIELD(tw_spec_policy, connections.tls, INT),
	TW_FIELD(tw_spec_policy, breaker.max_connections, INT),
	TW_FIELD(tw_spec_policy, breaker.max_pending_requests, INT),
	TW_FIELD(tw_spec_policy, breaker.max_requests, INT),
	TW_FIELD(tw_spec_policy, breaker.max_retries, INT),
	TW_FIELD(tw_spec_policy, budget.ratio, REAL),
	TW_FIELD(tw_spec_policy, budget.min_concurrency, INT),
	TW_FIELD(tw_spec_policy, budget.interval, INT),
	TW_FIELD(tw_spec_policy, budget.min_per_second, REAL),
	TW_FIELD(tw_spec_policy, throttle.max_tokens, INT),
	TW_FIELD(tw_spec_policy, throttle.token_ratio, REAL),
	TW_FIELD(tw_spec_policy, outlier.consecutive_5xx, INT),
	TW_FIELD(tw_spec_policy, outlier.consecutive_gateway_failure, INT),
	TW_FIELD(tw_spec_policy, outlier.consecutive_local_origin_failure, INT),
	TW_FIELD(tw_spec_policy, outlier.split_external_local_origin_errors,
		INT),
	TW_FIELD(tw_spec_policy, outlier.interval, INT),
	TW_FIELD(tw_spec_policy, outlier.base_ejection_time, INT),
	TW_FIELD(tw_spec_policy, outlier.max_ejection_time, INT),
	TW_FIELD(tw_spec_policy, outlier.max_ejection_percent, REAL),
	TW_FIELD(tw_spec_policy, outlier.always_eject_one_host, INT),
	TW_FIELD(tw_spec_policy, outlier.success_rate_stdev_factor, REAL),
	TW_FIELD(tw_spec_policy, outlier.success_rate_minimum_hosts, INT),
	TW_FIELD(tw_spec_policy, outlier.success_rate_request_volume, INT),
	TW_FIELD(tw_spec_policy, outlier.failure_percentage_threshold, REAL),
	TW_FIELD(tw_spec_policy, outlier.failure_percentage_minimum_hosts, INT),
	TW_FIELD(
		tw_spec_policy, outlier.failure_percentage_request_volume, INT),
	TW_FIELD(tw_spec_policy, outlier.panic_threshold, REAL),
	TW_FIELD(tw_spec_policy, locality.failover, INT),
	TW_FIELD(tw_spec_policy, locality.overprovisioning, REAL),
	TW_FIELD(tw_spec_policy, rate_limit.max_tokens, INT),
	TW_FIELD(tw_spec_policy, rate_limit.tokens_per_fill, INT),
	TW_FIELD(tw_spec_policy, rate_limit.fill_interval, INT),
	TW_FIELD(tw_spec_policy, rate_limit.at, INT),
	TW_FIELD(tw_spec_policy, app_breaker.failure_rate, REAL),
	TW_FIELD(tw_spec_policy, app_breaker.slow_rate, REAL),
	TW_FIELD(tw_spec_policy, app_breaker.slow_call, INT),
	TW_FIELD(tw_spec_policy, app_breaker.window, INT),
	TW_FIELD(tw_spec_policy, app_breaker.min_calls, INT),
	TW_FIELD(tw_spec_policy, app_breaker.open_for, INT),
	TW_FIELD(tw_spec_policy, app_breaker.half_open_calls, INT),
	TW_FIELD(tw_spec_policy, bulkhead.max_calls, INT),
	TW_FIELD(tw_spec_policy, bulkhead.max_wait, INT),
	TW_FIELD(tw_spec_policy, bulkhead.queue, INT),
	TW_FIELD(tw_spec_policy, propagate_deadline, INT),
	TW_FIELD(tw_spec_policy, balancing.hash_header, TEXT),
	TW_FIELD(tw_spec_policy, balancing.hash_cookie, TEXT),
	TW_FIELD(tw_spec_policy, balancing.hash_query, TEXT),
	TW_FIELD(tw_spec_policy, balancing.hash_source_ip, INT),
	TW_FIELD(tw_spec_policy, balancing.minimum_ring_size, INT),
	TW_FIELD(tw_spec_policy, balancing.maximum_ring_size, INT),
	TW_FIELD(tw_spec_policy, balancing.table_size, INT),
	TW_FIELD(tw_spec_policy, balancing.session_timeout, INT),
	TW_FIELD(tw_spec_policy, balancing.choice_count, INT),
	TW_FIELD(tw_spec_policy, balancing.active_request_bias, REAL),
	TW_FIELD(tw_spec_policy, balancing.slow_start_window, INT),
	TW_FIELD(tw_spec_policy, balancing.slow_start_aggression, REAL),
	TW_FIELD(tw_spec_policy, balancing.slow_start_min_weight, REAL),
	TW_FIELD_END,
};

static const struct tw_field destination_fields[] = {
	TW_FIELD(tw_spec_destination, service, TEXT),
	TW_FIELD(tw_spec_destination, subset, TEXT),
	TW_FIELD(tw_spec_destination, weight, INT),
	TW_FIELD_END,
};

static const struct tw_field mirror_fields[] = {
	TW_FIELD(tw_spec_mirror, service, TEXT),
	TW_FIELD(tw_spec_mirror, subset, TEXT),
	TW_FIELD(tw_spec_mirror, share, REAL),
	TW_FIELD_END,
};

static const struct tw_field condition_fields[] = {
	TW_FIELD(tw_spec_condition, value, TEXT),
	TW_FIELD_END,
};

void tw_walk_conditions(
	struct tw_walk *walk, const struct tw_spec_conditions *conditions)
{
	for (size_t i = 0; i < conditions->n; i++) {
		struct tw_spec_condition *it = &conditions->v[i];
		size_t mark = tw_walk_enter(walk, "conditions[%zu:%s]", i,
			it->name ? it->name : "path");

		tw_walk_fields(walk, condition_fields, it);
		tw_walk_leave(walk, mark);
	}
}

void tw_walk_policy(
	struct tw_walk *walk, size_t i, struct tw_spec_policy *policy)
{
	size_t mark = tw_walk_enter(walk, "policies[%zu:%s->%s]", i,
		policy->caller ? policy->caller : "*", policy->callee);

	tw_walk_fields(walk, policy_fields, policy);
	for (size_t j = 0; j < policy->destinations.n; j++) {
		size_t inner = tw_walk_enter(walk, "destinations[%zu]", j);

		tw_walk_fields(
			walk, destination_fields, &policy->destinations.v[j]);
		tw_walk_leave(walk, inner);
	}
	for (size_t j = 0; j < policy->mirrors.n; j++) {
		size_t inner = tw_walk_enter(walk, "mirrors[%zu]", j);

		tw_walk_fields(walk, mirror_fields, &policy->mirrors.v[j]);
		tw_walk_leave(walk, inner);
	}
	for (size_t j = 0; j < policy->locality.shares.n; j++) {
		struct tw_spec_zone_share *it = &policy->locality.shares.v[j];
		const struct tw_field weight = {"weight", TW_FIELD_INT, 0};
		size_t inner = tw_walk_enter(
			walk, "locality.shares[%s->%s]", it->from, it->to);

		tw_walk_field(walk, &weight, &it->weight);
		tw_walk_leave(walk, inner);
	}
	for (size_t j = 0; j < policy->locality.failovers.n; j++) {
		struct tw_spec_failover *it = &policy->locality.failovers.v[j];
		const struct tw_field to = {"to", TW_FIELD_TEXT, 0};
		size_t inner =
			tw_walk_enter(walk, "locality.failover[%s]", it->from);

		tw_walk_field(walk, &to, &it->to);
		tw_walk_leave(walk, inner);
	}
	for (size_t j = 0; j < policy->locality.priority.n; j++) {
		const struct tw_field label = {"label", TW_FIELD_TEXT, 0};
		size_t inner = tw_walk_enter(walk, "locality.priority[%zu]", j);

		tw_walk_field(walk, &label, &policy->locality.priority.v[j]);
		tw_walk_leave(walk, inner);
	}
	for (size_t j = 0; j < policy->balancing.weights.n; j++) {
		struct tw_spec_weight *it = &policy->balancing.weights.v[j];
		const struct tw_field weight = {"weight", TW_FIELD_INT, 0};
		size_t inner = tw_walk_enter(walk, "weights[%s]", it->replica);

		tw_walk_field(walk, &weight, &it->weight);
		tw_walk_leave(walk, inner);
	}
	tw_walk_conditions(walk, &policy->conditions);
	tw_walk_leave(walk, mark);
}

void tw_walk_severed(struct tw_walk *walk, struct tw_spec_severed *severed)
{
	const struct tw_field why = {"severed", TW_FIELD_TEXT, 0};
	size_t mark = tw_walk_enter(
		walk, "calls[%s->%s]", severed->caller, severed->callee);

	tw_walk_field(walk, &why, &severed->why);
	tw_walk_leave(walk, mark);
}

static bool is_given(const struct tw_field *field, const void *at)
{
	switch (field->kind) {
	case TW_FIELD_INT:
		return ((const struct tw_int *)at)->origin;
	case TW_FIELD_REAL:
		return ((const struct tw_real *)at)->origin;
	case TW_FIELD_TEXT:
		return ((const struct tw_text *)at)->origin;
	case TW_FIELD_LAW:
		return ((const struct tw_law *)at)->origin;
	}
	return false;
}

bool tw_spec_gives(
	const struct tw_spec_policy *policy, const void *group, size_t size)
{
	size_t from = (size_t)((const char *)group - (const char *)policy);

	for (const struct tw_field *field = policy_fields; field->name; field++)
		if (field->offset >= from && field->offset < from + size &&
			is_given(field, (const char *)policy + field->offset))
			return true;
	return false;
}
