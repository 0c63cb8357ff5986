/*
 * Timeouts and retries along the calls.
 */
#include "harness/lint/budget.h"

struct search {
	const struct tw_lint_context *c;
	struct tw_budget budget;
	/* The inner call that takes longest. */
	const struct tw_step *longest;
	tw_time longest_time;
};

static const struct tw_channel *channel_of(
	const struct tw_lint_context *c, const struct tw_step *step)
{
	return &c->model->channels[step->channel];
}

/* Where the limit that tw_budget_outer() gives was written. */
static const struct tw_origin *outer_origin(
	const struct tw_lint_context *c, const struct tw_step *step)
{
	const struct tw_channel *channel = channel_of(c, step);
	tw_time outer = tw_budget_outer(c->model, step);

	if (channel->policy && channel->try_timeout == outer &&
		channel->policy->try_timeout.origin)
		return channel->policy->try_timeout.origin;
	if (channel->policy && channel->timeout == outer &&
		channel->policy->timeout.origin)
		return channel->policy->timeout.origin;
	return step->origin;
}

static void find_longest(void *to, uint32_t program, const struct tw_step *step)
{
	struct search *s = to;
	tw_time worst = tw_budget_call(&s->budget, step);

	(void)program;
	if (worst > s->longest_time) {
		s->longest = step;
		s->longest_time = worst;
	}
}

/* "3 tries of 800ms and up to 75ms between them" */
static void describe(const struct tw_lint_context *c,
	const struct tw_step *step, struct tw_buf *out)
{
	const struct tw_channel *channel = channel_of(c, step);
	char text[TW_TIME_TEXT];
	uint32_t tries = channel->retries + 1;

	tw_buf_printf(out, "its call to %s may take ",
		tw_budget_callee(c->model, step));
	if (channel->try_timeout && !channel->timeout)
		tw_buf_printf(out, "%u %s of %s and the waits between them",
			tries, tries > 1 ? "tries" : "try",
			tw_time_text(channel->try_timeout, text));
	else
		tw_buf_printf(out, "%s",
			tw_time_text(channel->timeout ? channel->timeout
						      : step->timeout,
				text));
}

static void check_timeout(
	void *to, uint32_t program, const struct tw_step *step)
{
	struct search *s = to;
	const struct tw_lint_context *c = s->c;
	const struct tw_channel *channel = channel_of(c, step);
	tw_time outer = tw_budget_outer(c->model, step);
	tw_time inner = tw_budget_inner(&s->budget, step);
	char limit[TW_TIME_TEXT], worst[TW_TIME_TEXT];
	struct tw_buf text = {0};
	struct tw_diag *diag;

	if (!outer || inner <= outer)
		return;
	s->longest = NULL;
	s->longest_time = 0;
	tw_budget_walk_program(c->model,
		c->model->endpoints[channel->endpoint].program, find_longest,
		s);
	if (s->longest)
		describe(c, s->longest, &text);
	diag = tw_lint_find(c, "timeout-shorter-than-inner", NULL,
		outer_origin(c, step),
		"%s gives %s %s, which may itself wait %s%s%s",
		tw_budget_caller(c->model, program),
		tw_budget_callee(c->model, step), tw_time_text(outer, limit),
		tw_time_text(inner, worst), text.n ? ": " : "",
		tw_buf_text(&text));
	diag->why = "the caller gives up, and retries, while the callee still "
		    "works for nobody";
	diag->hint = "make the outer timeout the longer one, or the inner "
		     "tries fewer or shorter";
	tw_buf_release(&text);
}

/* One finding a place: a policy serves many calls. */
static bool is_told(const struct tw_lint_context *c, const char *rule,
	const struct tw_origin *origin)
{
	for (size_t i = 0; origin && i < c->diags->list.n; i++) {
		const struct tw_diag *it = c->diags->list.v[i];

		if (it->rule && !strcmp(it->rule, rule) &&
			it->pos.line == origin->pos.line &&
			it->pos.column == origin->pos.column && it->pos.file &&
			origin->pos.file &&
			!strcmp(it->pos.file, origin->pos.file))
			return true;
	}
	return false;
}

static void check_timeout_once(
	void *to, uint32_t program, const struct tw_step *step)
{
	struct search *s = to;

	if (!is_told(s->c, "timeout-shorter-than-inner",
		    outer_origin(s->c, step)))
		check_timeout(to, program, step);
}

void tw_lint_timeouts(const struct tw_lint_context *c)
{
	struct search s = {.c = c};

	if (!c->model)
		return;
	tw_budget_init(&s.budget, c->model);
	tw_budget_walk(c->model, check_timeout_once, &s);
	tw_budget_release(&s.budget);
}

void tw_lint_tries(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->policies.n; i++) {
		const struct tw_spec_policy *p = c->spec->policies.v[i];
		int64_t retries = tw_int_or(p->retries, 0);
		struct tw_diag *diag;
		char all[TW_TIME_TEXT], one[TW_TIME_TEXT];

		if (retries < 1 || !p->timeout.origin || !p->timeout.v ||
			!p->try_timeout.origin || !p->try_timeout.v ||
			p->timeout.v > p->try_timeout.v ||
			is_told(c, "retries-never-happen", p->retries.origin))
			continue;
		diag = tw_lint_find(c, "retries-never-happen", NULL,
			p->retries.origin,
			"the timeout of %s for all tries ends with the first "
			"try of %s: a try that times out is never repeated",
			tw_time_text(p->timeout.v, all),
			tw_time_text(p->try_timeout.v, one));
		diag->hint = "timeout covers all tries and the waits between "
			     "them";
	}
}

/* ---- retries that multiply -------------------------------------------- */

/* A budget over a span leaves its ratio of retries, but for the least rate; at
 * once it is a share of what is at work. */
static double tries_of(const struct tw_channel *channel)
{
	const struct tw_upstream *upstream =
		channel->n_targets ? channel->targets[0].upstream : NULL;

	if (upstream && upstream->budget &&
		upstream->budget_ratio < channel->retries)
		return upstream->budget_ratio;
	return channel->retries;
}

#define FACTOR_TOLD 4 /* two hops with one retry each */

struct path {
	const struct tw_lint_context *c;
	double *worst; /* of each program: the largest factor below it */
	const struct tw_step **next; /* the call that it goes by */
	bool *called;
};

static double own_factor(
	const struct tw_lint_context *c, const struct tw_step *step)
{
	return (tries_of(channel_of(c, step)) + 1) *
	       ((double)step->retries + 1);
}

static double worst_factor(struct path *p, uint32_t program);

static void visit_factor(void *to, uint32_t program, const struct tw_step *step)
{
	struct path *p = to;
	uint32_t callee =
		p->c->model->endpoints[channel_of(p->c, step)->endpoint]
			.program;
	double factor = own_factor(p->c, step) * worst_factor(p, callee);

	if (callee != TW_NONE)
		p->called[callee] = true;
	if (factor > p->worst[program]) {
		p->worst[program] = factor;
		p->next[program] = step;
	}
}

static double worst_factor(struct path *p, uint32_t program)
{
	if (program == TW_NONE)
		return 1;
	if (p->worst[program] == 0) {
		p->worst[program] = 1;
		tw_budget_walk_program(p->c->model, program, visit_factor, p);
	}
	return p->worst[program];
}

/* "a -(3)-> b -(3)-> c", and how many of its hops retry. */
static size_t describe_path(struct path *p, uint32_t program,
	struct tw_buf *out, const struct tw_origin **first)
{
	const struct tw_model *model = p->c->model;
	size_t hops = 0;

	tw_buf_add_text(out, tw_budget_caller(model, program));
	while (program != TW_NONE && p->next[program]) {
		const struct tw_step *step = p->next[program];
		const struct tw_channel *channel = channel_of(p->c, step);
		double factor = own_factor(p->c, step);

		if (factor > 1) {
			if (!hops++)
				*first = channel->retries
						 ? channel->policy->retries
							   .origin
						 : step->origin;
			tw_buf_printf(out, " -(%.0f tries)-> %s", factor,
				tw_budget_callee(model, step));
		} else {
			tw_buf_printf(
				out, " -> %s", tw_budget_callee(model, step));
		}
		program = model->endpoints[channel->endpoint].program;
	}
	return hops;
}

void tw_lint_retries(const struct tw_lint_context *c)
{
	struct path p = {.c = c};
	uint32_t n = c->model ? c->model->n_programs : 0;

	p.worst = tw_calloc(n + 1, sizeof *p.worst);
	p.next = tw_calloc(n + 1, sizeof *p.next);
	p.called = tw_calloc(n + 1, sizeof *p.called);
	for (uint32_t i = 0; i < n; i++)
		worst_factor(&p, i);
	for (uint32_t i = 0; i < n; i++) {
		const struct tw_origin *origin = NULL;
		struct tw_buf text = {0};
		struct tw_diag *diag;

		if (p.called[i] || p.worst[i] < FACTOR_TOLD ||
			describe_path(&p, i, &text, &origin) < 2 ||
			is_told(c, "retry-amplification", origin)) {
			tw_buf_release(&text);
			continue;
		}
		diag = tw_lint_find(c, "retry-amplification", NULL, origin,
			"one request may become %.0f at the end of %s",
			p.worst[i], tw_buf_text(&text));
		diag->why = "when the last service fails or is slow, its load "
			    "is multiplied by that and it cannot recover";
		diag->hint = "retry at one place of a path only, or with a "
			     "budget";
		tw_buf_release(&text);
	}
	tw_free(p.worst);
	tw_free(p.next);
	tw_free(p.called);
}
