/*
 * The work that the traffic brings, and workers against it, by Little's law (J.
 * D. C. Little, Operations Research 9, 1961): on average rate x time requests
 * hold a worker. Where that is more than there are workers the queue grows
 * until it is full, whatever its size.
 *
 * Rates of calls follow from those of the requests by the programs: times the
 * probability and the repeats of each step, by the shares of routes. The time
 * is a lower bound, so that a finding is certain: waits in queues, the network
 * and retries are left out, and the longest of parallel branches counts by its
 * mean. What stands behind a cache is left out, too.
 */
#include "harness/lint/load.h"

#include "harness/lint/budget.h"

static double often(const struct tw_step *step)
{
	return step->probability * step->repeat;
}

/* How long a call keeps its caller waiting. */
static double call_time(struct tw_load *l, const struct tw_step *step)
{
	const struct tw_channel *channel = &l->m->channels[step->channel];
	double limit = (double)tw_budget_outer(l->m, step) / TW_S;
	double before = 0, time = 0;

	for (uint32_t i = 0; i < channel->n_targets; i++) {
		const struct tw_target *target = &channel->targets[i];

		if (target->endpoint != TW_NONE && target->pool != TW_NONE)
			time += (target->share - before) *
				tw_load_time(l, target->endpoint);
		before = target->share;
	}
	return limit > 0 && time > limit ? limit : time;
}

static double list_time(struct tw_load *l, uint32_t first, bool computing);

/* computing: on a CPU alone. */
static double step_time(
	struct tw_load *l, const struct tw_step *step, bool computing)
{
	double time = 0;

	switch (step->kind) {
	case TW_STEP_CPU:
		return tw_dist_mean(step->law) / TW_S;
	case TW_STEP_WAIT:
		return computing ? 0 : tw_dist_mean(step->law) / TW_S;
	case TW_STEP_CALL:
		return computing ? 0 : call_time(l, step);
	default:
		break;
	}
	for (uint32_t i = 0;
		step->kind != TW_STEP_CACHE && i < step->n_branches; i++) {
		double one = list_time(
			l, l->m->branches[step->first + i], computing);

		if (step->kind == TW_STEP_SEQUENCE || computing)
			time += one;
		else if (step->kind == TW_STEP_PARALLEL && one > time)
			time = one;
	}
	return time;
}

static double list_time(struct tw_load *l, uint32_t first, bool computing)
{
	double time = 0;

	for (uint32_t at = first; at != TW_NONE; at = l->m->steps[at].next)
		time += often(&l->m->steps[at]) *
			step_time(l, &l->m->steps[at], computing);
	return time;
}

/* Calls in circles do not compile; the mark keeps one from looping here. */
double tw_load_time(struct tw_load *l, uint32_t endpoint)
{
	uint32_t program = l->m->endpoints[endpoint].program;

	if (l->time[endpoint] >= 0 || program == TW_NONE)
		return l->time[endpoint] >= 0 ? l->time[endpoint] : 0;
	l->time[endpoint] = 0;
	l->time[endpoint] = list_time(l, l->m->programs[program].step, false);
	return l->time[endpoint];
}

/* Whose workers a service's requests take: its pods may be another's. */
static uint32_t owner(const struct tw_model *m, uint32_t service)
{
	const struct tw_pool *pool = &m->pools[m->services[service].pool];

	return pool->n_replicas ? m->replicas[pool->replicas[0]].service
				: service;
}

static void add_rate(struct tw_load *l, uint32_t endpoint, double rate);

/* By the shares of a route. */
static void add_call(struct tw_load *l, uint32_t channel, double rate)
{
	const struct tw_channel *it = &l->m->channels[channel];
	double before = 0;

	for (uint32_t i = 0; i < it->n_targets; i++) {
		const struct tw_target *target = &it->targets[i];
		double part = rate * (target->share - before);

		before = target->share;
		if (target->endpoint == TW_NONE || target->pool == TW_NONE)
			continue;
		tw_vec_push(&l->calls,
			(struct tw_load_call){channel, target, part});
		add_rate(l, target->endpoint, part);
	}
}

static void add_calls(struct tw_load *l, uint32_t first, double rate)
{
	for (uint32_t at = first; at != TW_NONE; at = l->m->steps[at].next) {
		const struct tw_step *step = &l->m->steps[at];
		double each = rate * often(step);

		for (uint32_t i = 0;
			step->kind != TW_STEP_CACHE && i < step->n_branches;
			i++)
			add_calls(l, l->m->branches[step->first + i], each);
		if (step->kind == TW_STEP_CALL)
			add_call(l, step->channel, each);
	}
}

static void add_rate(struct tw_load *l, uint32_t endpoint, double rate)
{
	const struct tw_endpoint *it = &l->m->endpoints[endpoint];
	uint32_t service = owner(l->m, it->service);
	double hold = 0;

	if (it->program != TW_NONE)
		hold = l->m->services[service].is_async
			       ? list_time(l, l->m->programs[it->program].step,
					 true)
			       : tw_load_time(l, endpoint);
	l->busy[service] += rate * hold;
	l->sum[service] += rate;
	if (it->program != TW_NONE)
		add_calls(l, l->m->programs[it->program].step, rate);
}

/* Where a person would change it: the workers, else the replicas. */
static const struct tw_origin *place(
	const struct tw_spec *spec, const struct tw_service *s)
{
	if (s->spec->workers.origin)
		return s->spec->workers.origin;
	for (size_t i = 0; i < s->spec->workloads.n; i++)
		if (s->spec->workloads.v[i]->replicas.origin)
			return s->spec->workloads.v[i]->replicas.origin;
	return spec->workers.origin ? spec->workers.origin : s->spec->origin;
}

static void judge(struct tw_load *l, uint32_t service)
{
	const struct tw_service *s = &l->m->services[service];
	uint32_t replicas = l->m->pools[s->pool].n_replicas;
	double room = (double)replicas * s->workers;
	double busy = l->busy[service], rate = l->sum[service];
	struct tw_diag *diag;

	if (!replicas || busy <= room)
		return;
	diag = tw_lint_find(l->c, "pool-too-small", NULL, place(l->c->spec, s),
		"%s has %.0f workers (%u replicas of %u), and the traffic "
		"keeps "
		"%.0f busy: %.3g requests a second of %.3g ms each",
		s->key, room, replicas, s->workers, busy, rate,
		1000 * busy / rate);
	diag->why = "its queue grows until it is full, then requests are shed "
		    "with 503";
	tw_diag_hint(l->c->diags, diag,
		"at least %.0f workers a replica, or %.0f replicas, or shorter "
		"work",
		(double)(int64_t)(busy / replicas) + 1,
		(double)(int64_t)(busy / s->workers) + 1);
}

/* What comes in from outside: without the shares of its channel's route, which
 * the router has followed. */
static void add_arrivals(struct tw_load *l)
{
	const struct tw_lint_context *c = l->c;

	for (size_t i = 0; i < c->n_rates; i++) {
		uint32_t service = tw_model_service(l->m, c->rates[i].service);
		uint32_t endpoint = service == TW_NONE
					    ? TW_NONE
					    : tw_model_endpoint(l->m, service,
						      c->rates[i].endpoint);

		if (endpoint != TW_NONE)
			add_call(l, l->m->endpoints[endpoint].from_outside,
				c->rates[i].rate);
	}
}

void tw_load_init(struct tw_load *l, const struct tw_lint_context *c)
{
	const struct tw_model *m = c->model;

	*l = (struct tw_load){.c = c, .m = m};
	l->time = tw_calloc(m->n_endpoints + 1, sizeof *l->time);
	l->busy = tw_calloc(m->n_services + 1, sizeof *l->busy);
	l->sum = tw_calloc(m->n_services + 1, sizeof *l->sum);
	for (uint32_t i = 0; i < m->n_endpoints; i++)
		l->time[i] = -1;
	add_arrivals(l);
}

void tw_load_release(struct tw_load *l)
{
	tw_vec_release(&l->calls);
	tw_free(l->time);
	tw_free(l->busy);
	tw_free(l->sum);
}

void tw_lint_pools(const struct tw_lint_context *c)
{
	struct tw_load l;

	if (!c->model || !c->n_rates)
		return;
	tw_load_init(&l, c);
	for (uint32_t i = 0; i < c->model->n_services; i++)
		judge(&l, i);
	tw_load_release(&l);
}
