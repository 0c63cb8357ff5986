/*
 * What a proxy, or an application, lets through at once against what the
 * traffic needs, by Little's law: rate x time calls are under way on average.
 * What finds no room is refused: of Poisson arrivals the part that Erlang's
 * formula gives (A. K. Erlang, 1917), here of a lower bound of the load.
 */
#include "harness/lint/load.h"

#define REFUSED 0.01 /* of the calls, from which on it is told */

/* One upstream: all calls of a caller's replica to a pool. */
struct bound {
	const struct tw_upstream *upstream;
	double rate; /* a second, of one caller's replica */
	double busy; /* calls under way on average */
};

TW_VEC_TYPE(bounds, struct bound);

/* Erlang's B: B(0) = 1, B(n) = a B(n-1) / (n + a B(n-1)). */
static double refused(double a, uint32_t room)
{
	double b = 1;

	for (uint32_t n = 1; n <= room && b > 1e-12; n++)
		b = a * b / (n + a * b);
	return b;
}

static double callers(const struct tw_model *m, uint32_t caller)
{
	uint32_t n = caller == TW_NONE
			     ? 1
			     : m->pools[m->services[caller].pool].n_replicas;

	return n ? n : 1;
}

static struct bound *bound_of(
	struct bounds *all, const struct tw_upstream *upstream)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].upstream->identity == upstream->identity)
			return &all->v[i];
	tw_vec_push(all, (struct bound){.upstream = upstream});
	return &all->v[all->n - 1];
}

static void add_calls(struct tw_load *l, struct bounds *all)
{
	for (size_t i = 0; i < l->calls.n; i++) {
		const struct tw_load_call *it = &l->calls.v[i];
		struct bound *bound;
		double rate;

		if (!it->target->upstream)
			continue;
		bound = bound_of(all, it->target->upstream);
		rate = it->rate / callers(l->m, bound->upstream->caller);
		bound->rate += rate;
		bound->busy += rate * tw_load_time(l, it->target->endpoint);
	}
}

/* The first rule that gives a field this value: the model has the outcome, the
 * spec the place. */
static const struct tw_origin *place_of(
	const struct tw_lint_context *c, size_t offset, int64_t value)
{
	for (size_t i = 0; i < c->spec->policies.n; i++) {
		const struct tw_int *it =
			(const void *)((const char *)c->spec->policies.v[i] +
				       offset);

		if (it->origin && it->v == value)
			return it->origin;
	}
	return NULL;
}

#define PLACE(c, field, value)                                                 \
	place_of(c, offsetof(struct tw_spec_policy, field), value)

static void tell(struct tw_load *l, const struct bound *it, uint32_t room,
	const char *what, const struct tw_origin *origin)
{
	const struct tw_model *m = l->m;
	double share = refused(it->busy, room);
	struct tw_diag *diag;

	if (share < REFUSED || !origin)
		return;
	diag = tw_lint_find(l->c, "breaker-below-load", NULL, origin,
		"%s lets %u calls to %s through at once, and the traffic "
		"keeps %.3g under way: %.3g a second of %.3g ms each, of each "
		"replica of %s",
		what, room,
		m->services[m->pools[it->upstream->pool].service].key, it->busy,
		it->rate, 1000 * it->busy / it->rate,
		tw_model_caller_name(m, it->upstream->caller));
	diag->why = tw_arena_printf(&l->c->diags->arena,
		"by Erlang's formula some %.3g%% of them are refused at once, "
		"more where answers take longer",
		100 * share);
	diag->hint = "a higher bound, or more replicas of the caller";
}

/* Requests wait for a connection: there the mean alone counts. */
static void tell_connections(struct tw_load *l, const struct bound *it)
{
	const struct tw_upstream *u = it->upstream;
	const struct tw_model *m = l->m;
	double room = (double)u->max_connections * u->connections.streams;
	const struct tw_origin *origin =
		PLACE(l->c, breaker.max_connections, u->max_connections);
	struct tw_diag *diag;

	/* One to each replica is made in any case. */
	if (u->max_connections < m->pools[u->pool].n_replicas)
		room = (double)m->pools[u->pool].n_replicas *
		       u->connections.streams;
	if (!u->connections.on || u->max_connections == UINT32_MAX ||
		it->busy <= room || !origin)
		return;
	diag = tw_lint_find(l->c, "breaker-below-load", NULL, origin,
		"%.0f requests find room on connections to %s at once, and "
		"the traffic keeps %.3g under way: %.3g a second of %.3g ms "
		"each, of each replica of %s",
		room, m->services[m->pools[u->pool].service].key, it->busy,
		it->rate, 1000 * it->busy / it->rate,
		tw_model_caller_name(m, u->caller));
	diag->why = "what waits for a connection grows without end, or to "
		    "max-pending-requests";
	diag->hint = "more connections, HTTP/2, or more replicas of the caller";
}

static void tell_limit(struct tw_load *l, const struct bound *it)
{
	const struct tw_rate_limit *by = &it->upstream->rate_limit;
	const struct tw_model *m = l->m;
	double room = (double)by->per_fill * TW_S / (double)by->interval;
	double rate = it->rate;
	const struct tw_spec_policy *rule;
	struct tw_diag *diag;

	if (!by->on || by->rule == 0)
		return;
	rule = l->c->spec->policies.v[by->rule - 1];
	if (by->at_callee)
		rate *= callers(m, it->upstream->caller) /
			(double)m->pools[it->upstream->pool].n_replicas;
	if (rate <= room)
		return;
	diag = tw_lint_find(l->c, "limit-below-load", NULL,
		rule->rate_limit.max_tokens.origin,
		"this limit lets %.3g requests a second to %s through, and "
		"the traffic brings %.3g to each bucket",
		room, m->services[m->pools[it->upstream->pool].service].key,
		rate);
	diag->why = "all beyond it is answered 429";
	diag->hint = "more tokens-per-fill, or a shorter fill-interval";
}

static void tell_breakers(struct tw_load *l, const struct bound *it)
{
	const struct tw_upstream *u = it->upstream;

	if (u->max_requests != UINT32_MAX)
		tell(l, it, u->max_requests, "the circuit breaker",
			PLACE(l->c, breaker.max_requests, u->max_requests));
	if (u->max_calls != UINT32_MAX)
		tell(l, it, u->max_calls, "the bulkhead",
			PLACE(l->c, bulkhead.max_calls, u->max_calls));
	tell_connections(l, it);
}

static void each_bound(const struct tw_lint_context *c,
	void (*tell_of)(struct tw_load *l, const struct bound *it))
{
	struct bounds all = {0};
	struct tw_load l;

	if (!c->model || !c->n_rates)
		return;
	tw_load_init(&l, c);
	add_calls(&l, &all);
	for (size_t i = 0; i < all.n; i++)
		tell_of(&l, &all.v[i]);
	tw_vec_release(&all);
	tw_load_release(&l);
}

void tw_lint_bounds(const struct tw_lint_context *c)
{
	each_bound(c, tell_breakers);
}

void tw_lint_limits(const struct tw_lint_context *c)
{
	each_bound(c, tell_limit);
}
