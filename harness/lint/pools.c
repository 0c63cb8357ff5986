/*
 * Workers and queues against what callers can have open at once. Each worker
 * of a caller has at most as many calls open to a callee as its program sends
 * side by side; here it counts as one, so the bound is a lower one.
 *
 * Only limits that a person gave are doubted: the defaults are assumptions.
 */
#include "harness/lint/budget.h"

struct pool {
	const struct tw_model *model;
	bool *calls; /* [caller service * n_services + callee service] */
};

static void note_call(void *to, uint32_t program, const struct tw_step *step)
{
	struct pool *p = to;
	const struct tw_model *m = p->model;
	uint32_t caller = m->endpoints[m->programs[program].endpoint].service;
	uint32_t callee =
		m->endpoints[m->channels[step->channel].endpoint].service;

	p->calls[(size_t)caller * m->n_services + callee] = true;
}

static uint64_t replicas(const struct tw_model *m, uint32_t service)
{
	return m->pools[m->services[service].pool].n_replicas;
}

static void check_service(
	const struct tw_lint_context *c, const struct pool *p, uint32_t callee)
{
	const struct tw_model *m = p->model;
	const struct tw_service *s = &m->services[callee];
	uint64_t room = replicas(m, callee) * ((uint64_t)s->workers + s->queue);
	const struct tw_origin *origin = s->spec->queue.origin
						 ? s->spec->queue.origin
						 : s->spec->workers.origin;
	uint64_t open = 0;
	struct tw_diag *diag;

	for (uint32_t i = 0; i < m->n_services; i++)
		if (p->calls[(size_t)i * m->n_services + callee] &&
			!m->services[i].is_alias)
			open += replicas(m, i) * m->services[i].workers;
	if (!origin || !room || open <= room)
		return;
	diag = tw_lint_find(c, "queue-too-small", NULL, origin,
		"%s holds %llu requests (%llu replicas of %u workers and a "
		"queue of %u), and its callers can have %llu open at once",
		s->key, (unsigned long long)room,
		(unsigned long long)replicas(m, callee), s->workers, s->queue,
		(unsigned long long)open);
	diag->why = "what does not fit is shed with 503 when it is slow";
	diag->hint = "more replicas, workers or queue, or fewer workers in "
		     "the callers";
}

void tw_lint_queues(const struct tw_lint_context *c)
{
	struct pool p = {.model = c->model};

	if (!c->model)
		return;
	p.calls = tw_calloc(
		(size_t)c->model->n_services * c->model->n_services + 1,
		sizeof *p.calls);
	tw_budget_walk(c->model, note_call, &p);
	for (uint32_t i = 0; i < c->model->n_services; i++)
		if (!c->model->services[i].is_alias)
			check_service(c, &p, i);
	tw_free(p.calls);
}
