/*
 * The groups of policies that make up an upstream: each comes from the first
 * rule that fits the call and gives a field of it.
 */
#include "twins/model/build.h"

#include "twins/base/hash.h"

#include <string.h>

/* What a rule of each group is looked for by. */
enum group { BREAKER, BUDGET, THROTTLE, GROUPS };

static bool gives(const struct tw_spec_policy *p, enum group group)
{
	switch (group) {
	case BREAKER:
		return tw_spec_gives(p, &p->breaker, sizeof p->breaker);
	case BUDGET:
		return tw_spec_gives(p, &p->budget, sizeof p->budget);
	case THROTTLE:
		return tw_spec_gives(p, &p->throttle, sizeof p->throttle);
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
	       p->retries.origin || p->retry_on.origin || p->retry_codes.n ||
	       p->backoff_base.origin || p->backoff_max.origin ||
	       p->backoff_multiplier.origin || p->backoff_jitter.origin ||
	       p->balancer.origin || p->destinations.n || p->conditions.n ||
	       p->rewrite.origin || p->respond.origin || p->mirrors.n ||
	       p->inject.delay.origin || p->inject.abort.origin;
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
static bool find_groups(const struct tw_model *model,
	const struct tw_channel *channel, const struct tw_target *target,
	size_t found[static GROUPS])
{
	const struct tw_spec *spec = model->spec;
	const struct tw_pool *pool = &model->pools[target->pool];
	const char *callee = model->services[pool->service].key;
	const char *endpoint = model->endpoints[target->endpoint].name;
	bool any = false;

	for (size_t i = 0; i < spec->policies.n; i++) {
		const struct tw_spec_policy *p = spec->policies.v[i];

		if ((p->conditions.n && p != channel->policy) ||
			!build_policy_fits(p,
				tw_model_caller_name(model, channel->caller),
				callee, endpoint) ||
			!subset_fits(p, pool))
			continue;
		for (int g = 0; g < GROUPS; g++)
			if (!found[g] && gives(p, (enum group)g)) {
				found[g] = i + 1;
				any = true;
			}
	}
	return any;
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

const struct tw_upstream *build_upstream(const struct tw_model *model,
	struct tw_arena *arena, const struct tw_channel *channel,
	const struct tw_target *target)
{
	struct tw_spec_policy *const *policies = model->spec->policies.v;
	size_t found[GROUPS] = {0};
	struct tw_upstream *to;

	if (target->pool == TW_NONE || target->endpoint == TW_NONE ||
		!find_groups(model, channel, target, found))
		return NULL;
	to = tw_new(arena, struct tw_upstream);
	to->caller = channel->caller;
	to->pool = target->pool;
	set_names(model, to, found);
	to->max_requests = to->max_retries = UINT32_MAX;
	if (found[BREAKER]) {
		const struct tw_spec_breaker *breaker =
			&policies[found[BREAKER] - 1]->breaker;

		to->max_requests = bound(breaker->max_requests);
		to->max_retries = bound(breaker->max_retries);
	}
	if (found[BUDGET])
		set_budget(to, &policies[found[BUDGET] - 1]->budget);
	if (found[THROTTLE])
		set_throttle(to, &policies[found[THROTTLE] - 1]->throttle);
	return to;
}
