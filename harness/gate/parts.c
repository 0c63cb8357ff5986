/* Which part of an edge got worse, and whose doing it is. */
#include "harness/gate/edges.h"

/* Against the stream of extra load to where it was multiplied. */
static struct tw_blame_edge *climb(const struct tw_blaming *g,
	struct tw_blame_edge *e, enum tw_cause *cause)
{
	for (size_t steps = 0; steps < g->nodes.n; steps++) {
		const struct tw_blame_sums *b = &e->s[TW_BEFORE],
					   *a = &e->s[TW_AFTER];
		const struct tw_blame_node *from = g->nodes.v[e->from];
		double tries = tw_blame_growth(
			tw_blame_tries_per_call(b), tw_blame_tries_per_call(a));
		double load = tw_blame_growth(
			from->tries[TW_BEFORE], from->tries[TW_AFTER]);
		double calls =
			tw_blame_per(tw_blame_growth(b->calls, a->calls), load);
		struct tw_blame_edge *up = tw_blame_worst_caller(g, e->from);

		*cause = tries >= calls ? TW_CAUSE_RETRIES : TW_CAUSE_CALLS;
		if (!up || up == e || (tries >= load || calls >= load))
			return e;
		e = up;
	}
	return e;
}

struct tw_blame_edge *tw_blame_load_source(const struct tw_blaming *g,
	struct tw_blame_edge *e, enum tw_cause *cause)
{
	const struct tw_blame_node *node = g->nodes.v[e->to];
	double work[TW_SIDES], stall[TW_SIDES], held[TW_SIDES];
	double load =
		tw_blame_growth(node->tries[TW_BEFORE], node->tries[TW_AFTER]);
	double longer;
	struct tw_blame_edge *to;

	for (int side = 0; side < TW_SIDES; side++) {
		work[side] =
			tw_blame_per(node->worked[side], node->tries[side]);
		stall[side] =
			tw_blame_per(node->stalled[side], node->tries[side]);
		held[side] = work[side] + stall[side] +
			     tw_blame_callee_time(node, side);
	}
	longer = tw_blame_growth(held[TW_BEFORE], held[TW_AFTER]);
	*cause = TW_CAUSE_QUEUE;
	if (load >= TW_NOTABLE && load >= longer) {
		to = tw_blame_worst_caller(g, e->to);
		return to ? climb(g, to, cause) : e;
	}
	if (longer < TW_NOTABLE)
		return e;
	*cause = tw_blame_stall_cause(node);
	if (tw_blame_rise(stall[TW_BEFORE], stall[TW_AFTER]) >=
		tw_blame_rise(held[TW_BEFORE], held[TW_AFTER]) / 2)
		return e;
	*cause = TW_CAUSE_WORK;
	if (tw_blame_rise(work[TW_BEFORE], work[TW_AFTER]) >=
		tw_blame_rise(held[TW_BEFORE], held[TW_AFTER]) / 2)
		return e;
	*cause = TW_CAUSE_NONE; /* go on there */
	to = tw_blame_worst_callee(g, e->to, false);
	return to ? to : e;
}

static struct tw_blame_part largest(const struct tw_blame_part *parts, size_t n)
{
	struct tw_blame_part most = {0};

	for (size_t i = 0; i < n; i++)
		if (parts[i].size > most.size)
			most = parts[i];
	return most;
}

/* What calls beyond those of the baseline cost, spread over all calls. */
static double extra_calls(
	const struct tw_blaming *g, const struct tw_blame_edge *e)
{
	const struct tw_blame_sums *b = &e->s[TW_BEFORE], *a = &e->s[TW_AFTER];
	const struct tw_blame_node *from = g->nodes.v[e->from];
	double before = tw_blame_per(b->calls, from->tries[TW_BEFORE]);
	double after = tw_blame_per(a->calls, from->tries[TW_AFTER]);

	return tw_blame_per(tw_blame_rise(before, after), after) *
	       tw_blame_per(b->latency, b->calls);
}

/* Of calls that had somebody at work for them. */
static double timeouts(const struct tw_blame_edge *e)
{
	const struct tw_blame_sums *b = &e->s[TW_BEFORE], *a = &e->s[TW_AFTER];
	double more = tw_blame_rise(b->timeouts, a->timeouts);

	return tw_blame_rise(tw_blame_rise(b->unreached, a->unreached), more);
}

/* Time that a call spent on connections that did not come about: what is left
 * of it, where more of them did not. */
static double unreached_time(const struct tw_blame_edge *e)
{
	double rest[TW_SIDES];

	if (!(e->s[TW_AFTER].unreached > e->s[TW_BEFORE].unreached))
		return 0;
	for (int side = 0; side < TW_SIDES; side++) {
		const struct tw_blame_sums *s = &e->s[side];

		rest[side] = tw_blame_per(
			s->latency - s->network - s->backoff - s->served,
			s->calls);
		if (rest[side] < 0)
			rest[side] = 0;
	}
	return tw_blame_rise(rest[TW_BEFORE], rest[TW_AFTER]);
}

struct tw_blame_part tw_blame_time_part(
	const struct tw_blaming *g, const struct tw_blame_edge *e)
{
	const struct tw_blame_sums *b = &e->s[TW_BEFORE], *a = &e->s[TW_AFTER];
	const struct tw_blame_node *to = g->nodes.v[e->to];
	double tries = tw_blame_tries_per_call(a);
	const struct tw_blame_part parts[] = {
		{tw_blame_rise(tw_blame_callee_time(to, TW_BEFORE),
			 tw_blame_callee_time(to, TW_AFTER)) *
				tries,
			TW_CAUSE_NONE},
		{tw_blame_rise(tw_blame_per(b->worked, b->tries),
			 tw_blame_per(a->worked, a->tries)) *
				tries,
			TW_CAUSE_WORK},
		{tw_blame_rise(tw_blame_per(b->queued, b->tries),
			 tw_blame_per(a->queued, a->tries)) *
				tries,
			TW_CAUSE_QUEUE},
		{tw_blame_rise(tw_blame_per(b->stalled, b->tries),
			 tw_blame_per(a->stalled, a->tries)) *
				tries,
			tw_blame_stall_cause(to)},
		{tw_blame_rise(tw_blame_per(b->network, b->calls),
			 tw_blame_per(a->network, a->calls)),
			TW_CAUSE_NETWORK},
		{tw_blame_rise(tw_blame_tries_per_call(b), tries) *
				tw_blame_per(b->served, b->tries),
			TW_CAUSE_RETRIES},
		{extra_calls(g, e), TW_CAUSE_CALLS},
		{unreached_time(e), TW_CAUSE_UNREACHED},
		{tw_blame_rise(tw_blame_per(b->backoff, b->calls),
			 tw_blame_per(a->backoff, a->calls)),
			TW_CAUSE_BACKOFF},
	};
	struct tw_blame_part most =
		largest(parts, sizeof parts / sizeof *parts);

	if (most.cause == TW_CAUSE_BACKOFF &&
		tw_blame_growth(tw_blame_tries_per_call(b), tries) >=
			TW_NOTABLE)
		most.cause = TW_CAUSE_RETRIES;
	return most;
}

/* By the callee's queue, or since nobody was ready. */
static double refusals(const struct tw_blame_edge *e)
{
	double calls =
		tw_blame_rise(e->s[TW_BEFORE].refused, e->s[TW_AFTER].refused);
	double tries = tw_blame_rise(e->s[TW_BEFORE].shed, e->s[TW_AFTER].shed);

	return calls > tries ? calls : tries;
}

struct tw_blame_part tw_blame_error_part(
	const struct tw_blaming *g, const struct tw_blame_edge *e)
{
	const struct tw_blame_sums *b = &e->s[TW_BEFORE], *a = &e->s[TW_AFTER];
	const struct tw_blame_node *to = g->nodes.v[e->to];
	double failed = tw_blame_rise(b->failed, a->failed);
	double callees = tw_blame_rise(
		to->callees_failed[TW_BEFORE], to->callees_failed[TW_AFTER]);
	double theirs = callees < failed ? callees : failed;
	const struct tw_blame_part parts[] = {
		{theirs, TW_CAUSE_NONE},
		{failed - theirs, TW_CAUSE_ERRORS},
		{timeouts(e), TW_CAUSE_TIMEOUT},
		{refusals(e), TW_CAUSE_REFUSED},
		{tw_blame_rise(b->unreached, a->unreached), TW_CAUSE_UNREACHED},
	};

	return largest(parts, sizeof parts / sizeof *parts);
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-';
}

static bool mentions(const char *path, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = path; n && (at = strstr(at, name)); at++)
		if ((at == path || !is_name_char(at[-1])) &&
			!is_name_char(at[n]))
			return true;
	return false;
}

bool tw_blame_names_service(const char *path, const char *service)
{
	const char *bare = strchr(service, '/');

	return mentions(path, service) || (bare && mentions(path, bare + 1));
}

/* Whether a field is about what a service's replicas may use. */
static bool is_about_cpu(const char *path)
{
	return strstr(path, "limits.cpu") || strstr(path, "requests.cpu") ||
	       strstr(path, "cpu_limit") || strstr(path, "cpus");
}

static bool is_about_memory(const char *path)
{
	return strstr(path, "limits.memory") || strstr(path, "memory_") ||
	       strstr(path, "mem_limit");
}

/* The callee is throttled more, or killed more often, and what it may use is
 * what differs: then longer waits, time-outs, errors and more tries are what
 * comes of it. TW_CAUSE_NONE: it is not so. */
enum tw_cause tw_blame_resource_cause(
	const struct tw_blaming *g, const struct tw_blame_edge *e)
{
	const struct tw_blame_node *node = g->nodes.v[e->to];
	bool throttled = tw_blame_stall_cause(node) == TW_CAUSE_THROTTLED;
	bool killed = tw_blame_growth(node->ooms[TW_BEFORE],
			      node->ooms[TW_AFTER]) >= TW_NOTABLE;

	for (size_t i = 0; i < g->options->n_differences; i++) {
		const char *path = g->options->differences[i].path;

		if (!tw_blame_names_service(path, e->service))
			continue;
		if (throttled && is_about_cpu(path))
			return TW_CAUSE_THROTTLED;
		if (killed && is_about_memory(path))
			return TW_CAUSE_OOM;
	}
	return TW_CAUSE_NONE;
}
/* What each edge is guilty of by itself, in time and in errors. */
static void charge_all(struct tw_blaming *g)
{
	for (size_t i = 0; i < g->edges.n; i++) {
		struct tw_blame_edge *e = g->edges.v[i];
		const struct tw_blame_sums *b = &e->s[TW_BEFORE],
					   *a = &e->s[TW_AFTER];
		const struct tw_blame_node *to = g->nodes.v[e->to];
		double waited = tw_blame_rise(tw_blame_per(b->queued, b->tries),
					tw_blame_per(a->queued, a->tries)) *
				a->tries;
		double failed = tw_blame_rise(b->failed, a->failed) -
				tw_blame_rise(to->callees_failed[TW_BEFORE],
					to->callees_failed[TW_AFTER]);
		enum tw_cause cause;
		struct tw_blame_edge *source =
			tw_blame_load_source(g, e, &cause);

		if (g->errors) {
			if (!tw_blame_is_slower(e))
				e->own[TW_CAUSE_TIMEOUT] += timeouts(e);
			else
				source->own[cause] += timeouts(e);
			e->own[TW_CAUSE_ERRORS] += failed > 0 ? failed : 0;
			/* A wait is no refusal, whatever it comes from. */
			source->own[cause == TW_CAUSE_QUEUE ? TW_CAUSE_REFUSED
							    : cause] +=
				refusals(e);
			e->own[TW_CAUSE_UNREACHED] +=
				tw_blame_rise(b->unreached, a->unreached);
			continue;
		}
		source->own[cause] += waited;
		e->own[TW_CAUSE_WORK] +=
			tw_blame_rise(tw_blame_per(b->worked, b->tries),
				tw_blame_per(a->worked, a->tries)) *
			a->tries;
		e->own[tw_blame_stall_cause(to)] +=
			tw_blame_rise(tw_blame_per(b->stalled, b->tries),
				tw_blame_per(a->stalled, a->tries)) *
			a->tries;
		e->own[TW_CAUSE_NETWORK] +=
			tw_blame_rise(tw_blame_per(b->network, b->calls),
				tw_blame_per(a->network, a->calls)) *
			a->calls;
		e->own[TW_CAUSE_CALLS] += extra_calls(g, e) * a->calls;
		e->own[TW_CAUSE_UNREACHED] += unreached_time(e) * a->calls;
		e->own[TW_CAUSE_RETRIES] +=
			tw_blame_rise(tw_blame_tries_per_call(b),
				tw_blame_tries_per_call(a)) *
				a->calls * tw_blame_per(b->served, b->tries) +
			tw_blame_rise(b->backoff, a->backoff);
	}
}

void tw_blame_charge(struct tw_blaming *g)
{
	for (size_t i = 0; i < g->edges.n; i++)
		memset(g->edges.v[i]->own, 0, sizeof g->edges.v[i]->own);
	charge_all(g);
	for (size_t i = 0; i < g->edges.n; i++) {
		struct tw_blame_edge *e = g->edges.v[i];
		double sum = 0;

		if (!tw_blame_resource_cause(g, e))
			continue;
		for (int k = TW_CAUSE_NONE + 1; k < TW_CAUSES; k++) {
			sum += e->own[k];
			e->own[k] = 0;
		}
		e->own[tw_blame_resource_cause(g, e)] = sum;
	}
}

double tw_blame_own_total(const struct tw_blame_edge *e, enum tw_cause *cause)
{
	double total = 0, most = 0;

	*cause = TW_CAUSE_NONE;
	/* NONE is what was passed on to a callee, which has it as its own. */
	for (int i = TW_CAUSE_NONE + 1; i < TW_CAUSES; i++) {
		total += e->own[i];
		if (e->own[i] > most) {
			most = e->own[i];
			*cause = (enum tw_cause)i;
		}
	}
	return total;
}
