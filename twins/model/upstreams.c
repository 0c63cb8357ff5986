/*
 * The groups of policies that make up an upstream: each comes from the first
 * rule that fits the call and gives a field of it.
 */
#include "twins/model/build.h"

#include "twins/base/hash.h"

#include <string.h>

enum group {
	CONNECTIONS,
	BREAKER,
	BUDGET,
	THROTTLE,
	OUTLIER,
	LOCALITY,
	LIMIT,
	APP_BREAKER,
	BULKHEAD,
	BALANCING,
	GROUPS
};

static bool gives(const struct tw_spec_policy *p, enum group group)
{
	switch (group) {
	case CONNECTIONS:
		return tw_spec_gives(p, &p->connections, sizeof p->connections);
	case BREAKER:
		return tw_spec_gives(p, &p->breaker, sizeof p->breaker);
	case BUDGET:
		return tw_spec_gives(p, &p->budget, sizeof p->budget);
	case THROTTLE:
		return tw_spec_gives(p, &p->throttle, sizeof p->throttle);
	case OUTLIER:
		return tw_spec_gives(p, &p->outlier, sizeof p->outlier);
	case LOCALITY:
		return p->locality.shares.n || p->locality.failovers.n ||
		       p->locality.priority.n ||
		       tw_spec_gives(p, &p->locality, sizeof p->locality);
	case LIMIT:
		return tw_spec_gives(p, &p->rate_limit, sizeof p->rate_limit);
	case APP_BREAKER:
		return tw_spec_gives(p, &p->app_breaker, sizeof p->app_breaker);
	case BULKHEAD:
		return tw_spec_gives(p, &p->bulkhead, sizeof p->bulkhead);
	case BALANCING:
		return p->balancer.origin || p->balancing.weights.n ||
		       tw_spec_gives(p, &p->balancing, sizeof p->balancing);
	case GROUPS:
		break;
	}
	return false;
}

static bool gives_groups(const struct tw_spec_policy *p)
{
	for (int g = 0; g < GROUPS; g++)
		if (gives(p, (enum group)g))
			return true;
	return false;
}

static bool gives_route(const struct tw_spec_policy *p)
{
	return p->timeout.origin || p->try_timeout.origin ||
	       p->retries.origin || p->host_retries.origin ||
	       p->retry_on.origin || p->retry_codes.n ||
	       p->backoff_base.origin || p->backoff_max.origin ||
	       p->backoff_multiplier.origin || p->backoff_jitter.origin ||
	       p->push_back.origin || p->rate_limited_backoff.origin ||
	       p->propagate_deadline.origin || p->destinations.n ||
	       p->conditions.n || p->rewrite.origin || p->respond.origin ||
	       p->mirrors.n || p->inject.delay.origin || p->inject.abort.origin;
}

bool build_is_route(const struct tw_spec_policy *p)
{
	return !p->subset && (gives_route(p) || !gives_groups(p));
}

static bool subset_fits(
	const struct tw_spec_policy *policy, const struct tw_pool *pool)
{
	if (!policy->subset)
		return true;
	return pool->subset && tw_glob_match(policy->subset, pool->subset);
}

/* The number of the rule of each group, from 1; 0: none. A proxy's cluster is
 * that of the service which a route leads to. */
static void find_groups(const struct tw_model *model,
	const struct tw_channel *channel, const struct tw_target *target,
	size_t found[static GROUPS])
{
	const struct tw_spec *spec = model->spec;
	const struct tw_pool *pool = &model->pools[target->pool];
	const struct tw_spec_service *callee =
		model->services[pool->service].spec;
	const char *endpoint = model->endpoints[target->endpoint].name;

	for (size_t i = 0; i < spec->policies.n; i++) {
		const struct tw_spec_policy *p = spec->policies.v[i];

		if ((p->conditions.n && p != channel->policy) ||
			!build_policy_fits(p,
				tw_model_caller_name(model, channel->caller),
				callee, endpoint) ||
			!subset_fits(p, pool))
			continue;
		for (int g = 0; g < GROUPS; g++)
			if (!found[g] && gives(p, (enum group)g))
				found[g] = i + 1;
	}
}

static uint32_t bound(struct tw_int field)
{
	int64_t v = tw_int_or(field, UINT32_MAX);

	return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

static void set_budget(
	struct tw_upstream *to, const struct tw_spec_retry_budget *from)
{
	to->budget = from->interval.origin || from->min_per_second.origin
			     ? TW_BUDGET_SPAN
			     : TW_BUDGET_AT_ONCE;
	to->budget_ratio = tw_real_or(from->ratio, 0.2);
	to->budget_min = (uint32_t)tw_int_or(from->min_concurrency, 3);
	to->budget_interval = tw_int_or(from->interval, 10 * TW_S);
	to->budget_rate = tw_real_or(from->min_per_second, 10);
}

/* Thousandths: the gRPC document has them rounded to three places. */
static void set_throttle(
	struct tw_upstream *to, const struct tw_spec_retry_throttle *from)
{
	to->max_tokens = 1000 * tw_int_or(from->max_tokens, 10);
	to->token_ratio =
		(int64_t)(1000 * tw_real_or(from->token_ratio, 0.1) + 0.5);
}

static void set_names(const struct tw_model *model, struct tw_upstream *to,
	const size_t found[static GROUPS])
{
	const struct tw_pool *pool = &model->pools[to->pool];

	to->hash = tw_hash_combine(
		to->caller == TW_NONE ? 0 : model->services[to->caller].hash,
		model->services[pool->service].hash);
	if (pool->subset)
		to->hash =
			tw_hash_combine(to->hash, tw_hash_name(pool->subset));
	to->identity = to->hash;
	for (int g = 0; g < GROUPS; g++)
		to->identity = tw_hash_combine(to->identity, found[g]);
}

/* Envoy, outlier_detection.proto; what differs: policy.h. */
static void set_outlier(
	struct tw_outlier *to, const struct tw_spec_outlier *from)
{
	tw_time base = tw_int_or(from->base_ejection_time, 30 * TW_S);
	tw_time max = 300 * TW_S;

	*to = (struct tw_outlier){
		.on = true,
		.consecutive_5xx =
			(uint32_t)tw_int_or(from->consecutive_5xx, 5),
		.consecutive_gateway = (uint32_t)tw_int_or(
			from->consecutive_gateway_failure, 0),
		.consecutive_local = (uint32_t)tw_int_or(
			from->consecutive_local_origin_failure, 5),
		.split_local =
			tw_int_or(from->split_external_local_origin_errors, 0),
		.interval = tw_int_or(from->interval, 10 * TW_S),
		.base = base,
		.max = tw_int_or(
			from->max_ejection_time, base > max ? base : max),
		.max_percent = tw_real_or(from->max_ejection_percent, 0.1),
		.always_one = tw_int_or(from->always_eject_one_host, 0),
		.stdev_factor =
			tw_real_or(from->success_rate_stdev_factor, 1.9),
		.rate_hosts = (uint32_t)tw_int_or(
			from->success_rate_minimum_hosts, 5),
		.rate_volume = (uint32_t)tw_int_or(
			from->success_rate_request_volume, 100),
		.failure_threshold =
			tw_real_or(from->failure_percentage_threshold, 0),
		.failure_hosts = (uint32_t)tw_int_or(
			from->failure_percentage_minimum_hosts, 5),
		.failure_volume = (uint32_t)tw_int_or(
			from->failure_percentage_request_volume, 50),
		.panic = tw_real_or(from->panic_threshold, 0.5),
	};
}

static void set_connections(
	struct tw_connections *to, const struct tw_spec_connections *from)
{
	bool http2 = tw_int_or(from->protocol, TW_HTTP1) == TW_HTTP2;
	uint32_t life = bound(from->max_requests);

	*to = (struct tw_connections){
		.on = true,
		.http2 = http2,
		.streams = http2 ? bound(from->max_streams) : 1,
		.max_requests = life ? life : UINT32_MAX,
		.round_trips = 1 + (uint32_t)tw_int_or(from->tls, TW_TLS_NONE),
		.idle = tw_int_or(from->idle_timeout, TW_H),
		.connect_timeout = tw_int_or(from->connect_timeout, 5 * TW_S),
	};
}

/* What is given bounds who waits; nothing given: nobody does. */
static void set_bulkhead(
	struct tw_upstream *to, const struct tw_spec_bulkhead *from)
{
	bool waits = from->queue.origin || tw_int_or(from->max_wait, 0);

	to->max_calls = (uint32_t)tw_int_or(from->max_calls, 25);
	to->max_wait = tw_int_or(from->max_wait, 0);
	to->max_waiting = waits ? bound(from->queue) : 0;
}

static const struct tw_spec_policy *rule(
	const struct tw_model *model, const size_t *found, enum group group)
{
	return found[group] ? model->spec->policies.v[found[group] - 1] : NULL;
}

/* NULL: all alike. */
static const double *weights_of(const struct tw_model *model,
	struct tw_arena *arena, const struct tw_pool *pool,
	const struct tw_spec_balancing *from)
{
	double *weights;

	if (!from->weights.n)
		return NULL;
	weights = tw_new_array(arena, pool->n_replicas, double);
	for (uint32_t i = 0; i < pool->n_replicas; i++) {
		weights[i] = 1;
		for (size_t w = from->weights.n; w-- > 0;)
			if (tw_model_name_fits(from->weights.v[w].replica,
				    model->replicas[pool->replicas[i]].key))
				weights[i] = (double)tw_int_or(
					from->weights.v[w].weight, 1);
	}
	return weights;
}

/* The way in to a service that has entries knows its pods (an ingress
 * controller, a gateway): the Service's own balancing is not asked. */
static bool has_entry(const struct tw_model *model, const char *service)
{
	for (size_t i = 0; i < model->spec->entries.n; i++) {
		const struct tw_spec_entry *it = model->spec->entries.v[i];

		if (it->service.v && !strcmp(it->service.v, service))
			return true;
	}
	return false;
}

/* A sidecar balances by itself, and so does the way in. */
static bool has_affinity(const struct tw_model *model, uint32_t caller,
	const struct tw_pool *pool)
{
	const struct tw_service *to = &model->services[pool->service];

	/* A headless one has no address that kube-proxy could serve. */
	if (!to->spec->session_affinity.origin || to->spec->headless)
		return false;
	return caller == TW_NONE ? !has_entry(model, to->key)
				 : !model->services[caller].sidecar;
}

static void set_keys(const struct tw_model *model, struct tw_balancing *to,
	uint32_t caller, const struct tw_pool *pool,
	const struct tw_spec_balancing *from)
{
	const struct tw_key_source client = {TW_KEY_SOURCE, ""};
	struct tw_key_source source;

	to->key = TW_KEYS_MAX;
	if (tw_key_source_of(from, &source)) {
		to->key = tw_key_number(&model->keys, source);
		to->sessions = from->session_timeout.origin != NULL;
		to->session = from->session_timeout.v;
	} else if (has_affinity(model, caller, pool)) {
		to->key = tw_key_number(&model->keys, client);
		to->sessions = to->kube_proxy = true;
		to->session =
			model->services[pool->service].spec->session_affinity.v;
	}
}

static void set_balancing(const struct tw_model *model, struct tw_arena *arena,
	struct tw_upstream *upstream, uint8_t balancer,
	const struct tw_spec_policy *policy)
{
	static const struct tw_spec_balancing none;
	const struct tw_pool *pool = &model->pools[upstream->pool];
	struct tw_balancing *to = &upstream->balancing;
	const struct tw_spec_balancing *from =
		policy ? &policy->balancing : &none;

	*to = (struct tw_balancing){
		.balancer = balancer,
		.choices = (uint32_t)tw_int_or(from->choice_count, 2),
		.bias = tw_real_or(from->active_request_bias, 1),
		.slow_start = tw_int_or(from->slow_start_window, 0),
		.aggression = tw_real_or(from->slow_start_aggression, 1),
		.min_weight = tw_real_or(from->slow_start_min_weight, 0.1),
		.weights = weights_of(model, arena, pool, from),
		.min_ring = (uint32_t)tw_int_or(from->minimum_ring_size, 1024),
		.max_ring = (uint32_t)tw_int_or(
			from->maximum_ring_size, 8 * 1024 * 1024),
		.table = (uint32_t)tw_int_or(from->table_size, 65537),
	};
	set_keys(model, to, upstream->caller, pool, from);
}

/* A balancer that knows the replicas from one request to the next. */
static bool is_stateful(const struct tw_balancing *by)
{
	return by->balancer >= TW_BALANCE_LEAST_REQUEST || by->slow_start ||
	       by->weights || by->sessions;
}

static void set_limit(struct tw_rate_limit *to,
	const struct tw_spec_rate_limit *from, size_t rule)
{
	*to = (struct tw_rate_limit){
		.on = true,
		.at_callee =
			tw_int_or(from->at, TW_LIMIT_CALLER) == TW_LIMIT_CALLEE,
		.rule = (uint32_t)rule,
		.max_tokens = tw_int_or(from->max_tokens, 1),
		.per_fill = tw_int_or(from->tokens_per_fill, 1),
		.interval = tw_int_or(from->fill_interval, TW_S),
	};
}

/* resilience4j, CircuitBreakerConfig. Its window of calls cuts min_calls. */
static void set_app_breaker(
	struct tw_app_breaker *to, const struct tw_spec_app_breaker *from)
{
	uint32_t window = (uint32_t)tw_int_or(from->window, 100);
	uint32_t least = (uint32_t)tw_int_or(from->min_calls, 100);

	*to = (struct tw_app_breaker){
		.on = true,
		.failure_rate = tw_real_or(from->failure_rate, 0.5),
		.slow_rate = tw_real_or(from->slow_rate, 1),
		.slow_call = tw_int_or(from->slow_call, 60 * TW_S),
		.open_for = tw_int_or(from->open_for, 60 * TW_S),
		.window = window,
		.min_calls = least < window ? least : window,
		.half_open = (uint32_t)tw_int_or(from->half_open_calls, 10),
	};
}

static void set_more_groups(const struct tw_model *model,
	struct tw_arena *arena, const size_t *found, struct tw_upstream *to)
{
	const struct tw_spec_policy *p = rule(model, found, LOCALITY);

	if (p)
		build_locality(model, arena, &p->locality, &to->locality);
	p = rule(model, found, LIMIT);
	if (p)
		set_limit(&to->rate_limit, &p->rate_limit, found[LIMIT]);
	p = rule(model, found, APP_BREAKER);
	if (p)
		set_app_breaker(&to->app_breaker, &p->app_breaker);
	to->max_calls = UINT32_MAX;
	p = rule(model, found, BULKHEAD);
	if (p)
		set_bulkhead(to, &p->bulkhead);
}

static void set_groups(const struct tw_model *model, const size_t *found,
	struct tw_upstream *to)
{
	static const struct tw_spec_connections none;
	const struct tw_spec_policy *p;

	to->max_connections = to->max_pending = UINT32_MAX;
	to->max_requests = to->max_retries = UINT32_MAX;
	p = rule(model, found, BREAKER);
	if (p) {
		to->max_connections = bound(p->breaker.max_connections);
		to->max_pending = bound(p->breaker.max_pending_requests);
		to->max_requests = bound(p->breaker.max_requests);
		to->max_retries = bound(p->breaker.max_retries);
	}
	p = rule(model, found, CONNECTIONS);
	if (p || to->max_connections != UINT32_MAX ||
		to->max_pending != UINT32_MAX)
		set_connections(&to->connections, p ? &p->connections : &none);
	p = rule(model, found, BUDGET);
	if (p)
		set_budget(to, &p->budget);
	p = rule(model, found, THROTTLE);
	if (p)
		set_throttle(to, &p->throttle);
	p = rule(model, found, OUTLIER);
	if (p)
		set_outlier(&to->outlier, &p->outlier);
}

/* Round robin and random need no state of their own, and so does what has one
 * replica. */
static bool is_plain(const struct tw_model *model,
	const struct tw_channel *channel, const size_t *found,
	const struct tw_target *target)
{
	const struct tw_spec_policy *p = rule(model, found, BALANCING);

	for (int g = 0; g < GROUPS; g++)
		if (found[g] && g != BALANCING)
			return false;
	if (model->pools[target->pool].n_replicas < 2)
		return true;
	return target->balancer < TW_BALANCE_LEAST_REQUEST &&
	       !(p && (tw_int_or(p->balancing.slow_start_window, 0) ||
			      p->balancing.weights.n ||
			      p->balancing.session_timeout.origin)) &&
	       !has_affinity(
		       model, channel->caller, &model->pools[target->pool]);
}

void build_upstream(const struct tw_model *model, struct tw_arena *arena,
	const struct tw_channel *channel, struct tw_target *target)
{
	size_t found[GROUPS] = {0};
	const struct tw_spec_policy *balancing;
	struct tw_upstream *to;

	if (target->pool == TW_NONE || target->endpoint == TW_NONE)
		return;
	find_groups(model, channel, target, found);
	balancing = rule(model, found, BALANCING);
	target->balancer =
		model->services[model->pools[target->pool].service].balancer;
	if (balancing)
		target->balancer = (uint8_t)tw_int_or(
			balancing->balancer, target->balancer);
	if (is_plain(model, channel, found, target))
		return;
	to = tw_new(arena, struct tw_upstream);
	to->caller = channel->caller;
	to->pool = target->pool;
	set_names(model, to, found);
	set_groups(model, found, to);
	set_more_groups(model, arena, found, to);
	set_balancing(model, arena, to, target->balancer, balancing);
	to->per_host = to->locality.on || to->outlier.on ||
		       to->connections.on || is_stateful(&to->balancing);
	target->upstream = to;
}
