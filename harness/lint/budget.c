#include "harness/lint/budget.h"

void tw_budget_init(struct tw_budget *budget, const struct tw_model *model)
{
	budget->model = model;
	budget->worst = tw_reallocarray(
		NULL, model->n_programs + 1, sizeof *budget->worst);
	for (uint32_t i = 0; i < model->n_programs; i++)
		budget->worst[i] = -1;
}

void tw_budget_release(struct tw_budget *budget)
{
	tw_free(budget->worst);
	budget->worst = NULL;
}

static tw_time add(tw_time a, tw_time b)
{
	return a > TW_NEVER - b ? TW_NEVER : a + b;
}

static tw_time times(tw_time a, int64_t n)
{
	return a && n > TW_NEVER / a ? TW_NEVER : a * n;
}

static tw_time larger(tw_time a, tw_time b)
{
	return a > b ? a : b;
}

/* The smaller of two limits, of which 0 is none. */
static tw_time limit(tw_time a, tw_time b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

static const struct tw_channel *channel_of(
	const struct tw_model *model, const struct tw_step *step)
{
	return &model->channels[step->channel];
}

/* Envoy waits up to (2^n - 1) * base before retry n, the maximum at most
 * (router_filter: x-envoy-max-retries). */
static tw_time backoffs(const struct tw_channel *channel)
{
	tw_time sum = 0, one = channel->backoff_base;

	for (uint32_t n = 0; n < channel->retries && n < 64; n++) {
		sum = add(sum, one > channel->backoff_max ? channel->backoff_max
							  : one);
		one = add(times(one, 2), channel->backoff_base);
	}
	return sum;
}

tw_time tw_budget_outer(
	const struct tw_model *model, const struct tw_step *step)
{
	const struct tw_channel *channel = channel_of(model, step);

	return limit(
		limit(channel->try_timeout, channel->timeout), step->timeout);
}

tw_time tw_budget_inner(struct tw_budget *budget, const struct tw_step *step)
{
	const struct tw_channel *channel = channel_of(budget->model, step);
	tw_time worst = 0;

	for (uint32_t i = 0; i < channel->n_targets; i++) {
		uint32_t endpoint = channel->targets[i].endpoint;

		if (endpoint == TW_NONE)
			continue; /* a route to nowhere */
		worst = larger(worst,
			tw_budget_program(budget,
				budget->model->endpoints[endpoint].program));
	}
	return worst;
}

tw_time tw_budget_call(struct tw_budget *budget, const struct tw_step *step)
{
	const struct tw_channel *channel = channel_of(budget->model, step);
	tw_time inner = tw_budget_inner(budget, step);
	tw_time one = channel->try_timeout ? channel->try_timeout : inner;
	tw_time all = one ? add(times(one, (int64_t)channel->retries + 1),
				    backoffs(channel))
			  : 0;

	if (channel->timeout && (!all || all > channel->timeout))
		all = channel->timeout;
	if (step->timeout && (!all || all > step->timeout))
		all = step->timeout;
	return times(all, (int64_t)step->retries + 1);
}

static tw_time worst_of_steps(struct tw_budget *budget, uint32_t first)
{
	const struct tw_model *model = budget->model;
	tw_time sum = 0;

	for (uint32_t at = first; at != TW_NONE; at = model->steps[at].next) {
		const struct tw_step *step = &model->steps[at];
		tw_time one = 0;

		if (step->kind == TW_STEP_CALL)
			one = tw_budget_call(budget, step);
		for (uint32_t i = 0; i < step->n_branches; i++) {
			tw_time branch = worst_of_steps(
				budget, model->branches[step->first + i]);

			one = step->kind == TW_STEP_PARALLEL
				      ? larger(one, branch)
				      : add(one, branch);
		}
		sum = add(sum, times(one, step->repeat));
	}
	return sum;
}

/* Calls in circles do not compile; the mark keeps one from looping here. */
tw_time tw_budget_program(struct tw_budget *budget, uint32_t program)
{
	if (program == TW_NONE)
		return 0;
	if (budget->worst[program] < 0) {
		budget->worst[program] = 0;
		budget->worst[program] = worst_of_steps(
			budget, budget->model->programs[program].step);
	}
	return budget->worst[program];
}

static void walk(const struct tw_model *model, uint32_t program, uint32_t first,
	tw_budget_visit *visit, void *to)
{
	for (uint32_t at = first; at != TW_NONE; at = model->steps[at].next) {
		const struct tw_step *step = &model->steps[at];

		if (step->kind == TW_STEP_CALL)
			visit(to, program, step);
		for (uint32_t i = 0; i < step->n_branches; i++)
			walk(model, program, model->branches[step->first + i],
				visit, to);
	}
}

void tw_budget_walk_program(const struct tw_model *model, uint32_t program,
	tw_budget_visit *visit, void *to)
{
	if (program != TW_NONE)
		walk(model, program, model->programs[program].step, visit, to);
}

void tw_budget_walk(
	const struct tw_model *model, tw_budget_visit *visit, void *to)
{
	for (uint32_t i = 0; i < model->n_programs; i++)
		tw_budget_walk_program(model, i, visit, to);
}

const char *tw_budget_callee(
	const struct tw_model *model, const struct tw_step *step)
{
	const struct tw_channel *channel = channel_of(model, step);

	return model->services[model->endpoints[channel->endpoint].service].key;
}

const char *tw_budget_caller(const struct tw_model *model, uint32_t program)
{
	uint32_t endpoint = model->programs[program].endpoint;

	return model->services[model->endpoints[endpoint].service].key;
}
