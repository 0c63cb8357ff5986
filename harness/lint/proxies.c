/*
 * What proxies keep, against itself: an ejection that leaves nobody, retries
 * that a breaker never grants.
 */
#include "harness/lint/rules.h"

/* Each rule once, whatever channels it applies to. */
static const struct tw_origin *first_of(
	const struct tw_int *a, const struct tw_int *b, const struct tw_int *c)
{
	return a->origin ? a->origin : b->origin ? b->origin : c->origin;
}

/* The rule that gives outlier detection its share: the first that fits gives
 * the whole group, so the model has the outcome and the spec the place. */
static const struct tw_origin *place_of(
	const struct tw_lint_context *c, const struct tw_outlier *by)
{
	for (size_t i = 0; i < c->spec->policies.n; i++) {
		const struct tw_spec_outlier *it =
			&c->spec->policies.v[i]->outlier;

		if (it->max_ejection_percent.origin &&
			it->max_ejection_percent.v >= by->max_percent &&
			it->max_ejection_percent.v <= by->max_percent)
			return it->max_ejection_percent.origin;
		if (it->always_eject_one_host.origin && by->always_one)
			return first_of(&it->always_eject_one_host,
				&it->consecutive_5xx, &it->interval);
	}
	return NULL;
}

static void check_ejection(
	const struct tw_lint_context *c, const struct tw_upstream *upstream)
{
	const struct tw_model *m = c->model;
	const struct tw_outlier *by = &upstream->outlier;
	const struct tw_pool *pool = &m->pools[upstream->pool];
	const struct tw_origin *origin;
	struct tw_diag *diag;

	/* In panic nobody is left out. */
	if (!by->on || !pool->n_replicas || by->panic > 0 ||
		(by->max_percent < 1 &&
			!(by->always_one && pool->n_replicas == 1)))
		return;
	origin = place_of(c, by);
	if (!origin)
		return;
	diag = tw_lint_find(c, "ejection-leaves-nobody",
		"ejection-leaves-nobody", origin,
		"every replica of %s (%u) may be ejected at once",
		m->services[pool->service].key, pool->n_replicas);
	diag->why = "calls are answered 503 then, and without panic there is "
		    "no way back before the ejection is over";
	diag->hint = "a lower maxEjectionPercent, or minHealthPercent "
		     "(panic-threshold)";
}

static void check_retries(const struct tw_lint_context *c,
	const struct tw_channel *channel, const struct tw_upstream *upstream)
{
	const struct tw_spec_policy *policy = channel->policy;
	struct tw_diag *diag;

	if (!channel->retries || !policy || upstream->budget ||
		upstream->max_retries)
		return;
	diag = tw_lint_find(c, "retries-never-granted", "retries-never-granted",
		policy->retries.origin,
		"no retry to %s is ever made: its circuit breaker allows none",
		c->model->services[c->model->endpoints[channel->endpoint]
					   .service]
			.key);
	diag->why = "max-retries is 0";
	diag->hint = "max-retries above 0, or a retry budget";
}

/* Envoy, load_balancing/panic_threshold: "all hosts", the bad ones too. */
static void check_panic(const struct tw_lint_context *c,
	const struct tw_channel *channel, const struct tw_upstream *upstream)
{
	const struct tw_outlier *by = &upstream->outlier;
	const struct tw_pool *pool = &c->model->pools[upstream->pool];
	uint32_t n = pool->n_replicas;
	uint32_t most = (uint32_t)(by->max_percent * n);
	const struct tw_origin *origin;
	struct tw_diag *diag;

	(void)channel;
	if (by->always_one && !most)
		most = 1;
	if (!by->on || n < 2 || !most ||
		(double)(n - most) >= by->panic * (double)n)
		return;
	origin = place_of(c, by);
	if (!origin)
		return;
	diag = tw_lint_find(c, "panic-undoes-ejection",
		"panic-undoes-ejection", origin,
		"%u of the %u replicas of %s may be ejected, and below %.3g%% "
		"all are used again",
		most, n, c->model->services[pool->service].key,
		100 * by->panic);
	diag->why = "a fault of many replicas sends the requests back to them";
	diag->hint = "a lower maxEjectionPercent, or a lower minHealthPercent "
		     "(panic-threshold)";
}

/* A try that waits longer for its connection than it may take at all: the
 * retry comes only when the time is up, if there is any left. */
static void check_connect(const struct tw_lint_context *c,
	const struct tw_channel *channel, const struct tw_upstream *upstream)
{
	const struct tw_spec_policy *policy = channel->policy;
	tw_time limit = channel->timeout, given;
	char first[TW_TIME_TEXT], second[TW_TIME_TEXT];
	struct tw_diag *diag;

	given = upstream->connections.connect_timeout;
	if (!upstream->connections.on || !limit || !policy ||
		!channel->retries || given < limit)
		return;
	diag = tw_lint_find(c, "connect-outlasts-timeout",
		"connect-outlasts-timeout", policy->timeout.origin,
		"a connection to %s may take %s, and all tries together %s",
		c->model->services[c->model->endpoints[channel->endpoint]
					   .service]
			.key,
		tw_time_text(given, first), tw_time_text(limit, second));
	diag->why = "a replica that does not answer costs the whole time: no "
		    "retry comes";
	diag->hint = "a connectTimeout (connect-timeout) well below it";
}

typedef void check_upstream(const struct tw_lint_context *c,
	const struct tw_channel *channel, const struct tw_upstream *upstream);

static void check_outlier(const struct tw_lint_context *c,
	const struct tw_channel *channel, const struct tw_upstream *upstream)
{
	(void)channel;
	check_ejection(c, upstream);
}

static void walk(const struct tw_lint_context *c, check_upstream *check)
{
	for (uint32_t i = 0; c->model && i < c->model->n_channels; i++) {
		const struct tw_channel *channel = &c->model->channels[i];

		for (uint32_t t = 0; t < channel->n_targets; t++)
			if (channel->targets[t].upstream)
				check(c, channel, channel->targets[t].upstream);
	}
}

void tw_lint_ejections(const struct tw_lint_context *c)
{
	walk(c, check_outlier);
}

void tw_lint_grants(const struct tw_lint_context *c)
{
	walk(c, check_retries);
}

void tw_lint_panic(const struct tw_lint_context *c)
{
	walk(c, check_panic);
}

void tw_lint_connects(const struct tw_lint_context *c)
{
	walk(c, check_connect);
}

/* ---- budgets of nothing ----------------------------------------------- */

static bool has_retries(const struct tw_lint_context *c, size_t rule)
{
	const struct tw_spec_policy *p = c->spec->policies.v[rule];

	for (uint32_t i = 0; i < c->model->n_channels; i++) {
		const struct tw_channel *it = &c->model->channels[i];
		const char *callee =
			c->model->services[c->model->endpoints[it->endpoint]
						   .service]
				.key;

		if (it->retries && tw_model_name_fits(p->callee, callee))
			return true;
	}
	return false;
}

void tw_lint_budgets(const struct tw_lint_context *c)
{
	for (size_t i = 0; c->model && i < c->spec->policies.n; i++) {
		const struct tw_spec_policy *p = c->spec->policies.v[i];
		const struct tw_origin *origin = first_of(
			&p->budget.min_concurrency, &p->budget.interval,
			&p->throttle.max_tokens);
		struct tw_diag *diag;

		if (p->budget.ratio.origin)
			origin = p->budget.ratio.origin;
		if (!origin || origin->source == TW_FROM_ASSUMED ||
			has_retries(c, i))
			continue;
		diag = tw_lint_find(c, "budget-without-retries", NULL, origin,
			"this bounds retries to '%s', and nothing is tried "
			"again there",
			p->callee);
		diag->why = "it changes nothing";
		diag->hint = "`retries` in the policy of the route";
	}
}
