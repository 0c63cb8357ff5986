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

static void walk(const struct tw_lint_context *c, bool ejections)
{
	for (uint32_t i = 0; c->model && i < c->model->n_channels; i++) {
		const struct tw_channel *channel = &c->model->channels[i];

		for (uint32_t t = 0; t < channel->n_targets; t++) {
			const struct tw_upstream *it =
				channel->targets[t].upstream;

			if (it && ejections)
				check_ejection(c, it);
			else if (it)
				check_retries(c, channel, it);
		}
	}
}

void tw_lint_ejections(const struct tw_lint_context *c)
{
	walk(c, true);
}

void tw_lint_grants(const struct tw_lint_context *c)
{
	walk(c, false);
}
