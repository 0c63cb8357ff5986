#include "harness/gate/blame.h"

#include "twins/base/assert.h"

#include <stdio.h>
#include <stdlib.h>

const char *const tw_cause_names[TW_CAUSES] = {
	[TW_CAUSE_NONE] = "none",
	[TW_CAUSE_RETRIES] = "retries",
	[TW_CAUSE_CALLS] = "calls",
	[TW_CAUSE_TIMEOUT] = "timeout",
	[TW_CAUSE_ERRORS] = "errors",
	[TW_CAUSE_UNREACHED] = "unreached",
	[TW_CAUSE_REFUSED] = "refused",
	[TW_CAUSE_WORK] = "work",
	[TW_CAUSE_QUEUE] = "queue",
	[TW_CAUSE_NETWORK] = "network",
	[TW_CAUSE_BACKOFF] = "backoff",
	[TW_CAUSE_THROTTLED] = "throttled",
	[TW_CAUSE_CPU] = "cpu",
	[TW_CAUSE_OOM] = "oom",
};

const char *const tw_cause_texts[TW_CAUSES] = {
	[TW_CAUSE_NONE] = "nothing of its own",
	[TW_CAUSE_RETRIES] = "more tries a call",
	[TW_CAUSE_CALLS] = "more calls for the same work",
	[TW_CAUSE_TIMEOUT] =
		"more calls time out on a callee that is no slower",
	[TW_CAUSE_ERRORS] = "more errors that begin at the callee",
	[TW_CAUSE_UNREACHED] = "more calls that reach nobody",
	[TW_CAUSE_REFUSED] = "more calls refused at once",
	[TW_CAUSE_WORK] = "longer work on one try at the callee",
	[TW_CAUSE_QUEUE] = "longer waits at the callee for the same load",
	[TW_CAUSE_NETWORK] = "longer on the way",
	[TW_CAUSE_BACKOFF] = "longer pauses between tries",
	[TW_CAUSE_THROTTLED] = "the callee is throttled by its CPU limit",
	[TW_CAUSE_CPU] = "the callee waits for a core",
	[TW_CAUSE_OOM] = "the callee is killed for want of memory",
};

enum { BEFORE, AFTER, SIDES };

/* A change of less than this is weather. */
#define NOTABLE 1.05

/* Sums of one series, a root request. */
struct sums {
	double calls, errors, timeouts, refused, unreached, retries;
	double backoff, network;
	double latency;				       /* client, ns */
	double tries, queued, worked, stalled, served; /* server */
	double failed, shed; /* server: tries; failed otherwise than by shed */
};

struct edge {
	const char *caller, *service, *endpoint;
	struct sums s[SIDES];
	size_t from, to; /* nodes */
	double own[TW_CAUSES];
};

struct node {
	const char *name;
	double tries[SIDES], worked[SIDES], stalled[SIDES], failed[SIDES];
	double computing[SIDES], throttled[SIDES]; /* ns a root request */
	double ooms[SIDES];
	double callees[SIDES], callees_failed[SIDES]; /* of its calls */
};

struct tw_blaming {
	struct tw_arena *arena;
	const struct tw_judge_options *options;
	struct tw_runs baseline, candidate;
	bool built;
	struct tw_map by_key, by_name;
	TW_VEC(struct edge *) edges;
	TW_VEC(struct node *) nodes;
	bool errors; /* the check is about calls that end badly */
};

static size_t node_of(struct tw_blaming *g, const char *name)
{
	struct node *node = tw_map_get(&g->by_name, name);

	if (!node) {
		node = tw_new(g->arena, struct node);
		node->name = tw_arena_strdup(g->arena, name);
		tw_map_put(&g->by_name, name, node);
		tw_vec_push_in(g->arena, &g->nodes, node);
	}
	for (size_t i = 0; i < g->nodes.n; i++)
		if (g->nodes.v[i] == node)
			return i;
	tw_unreachable();
}

static struct edge *edge_of(struct tw_blaming *g, const struct tw_cell_key *key)
{
	const char *name = tw_arena_printf(g->arena, "%s\n%s\n%s", key->caller,
		key->service, key->endpoint);
	struct edge *edge = tw_map_get(&g->by_key, name);

	if (edge)
		return edge;
	edge = tw_new(g->arena, struct edge);
	edge->caller = tw_arena_strdup(g->arena, key->caller);
	edge->service = tw_arena_strdup(g->arena, key->service);
	edge->endpoint = tw_arena_strdup(g->arena, key->endpoint);
	edge->from = node_of(g, edge->caller);
	edge->to = node_of(g, edge->service);
	tw_map_put(&g->by_key, name, edge);
	tw_vec_push_in(g->arena, &g->edges, edge);
	return edge;
}

static void add_cell(struct sums *s, const struct tw_cell *cell, double scale)
{
	double latency = (double)cell->latency.sum;

	if (cell->key.side == TW_CLIENT) {
		s->calls += scale * (double)cell->count;
		s->errors += scale * (double)cell->errors;
		s->timeouts += scale * (double)cell->timeouts;
		s->refused += scale * (double)cell->shed;
		s->unreached += scale * (double)cell->unreached;
		s->retries += scale * (double)cell->retries;
		s->backoff += scale * (double)cell->backoff;
		s->network += scale * (double)cell->network;
		s->latency += scale * latency;
	} else {
		s->tries += scale * (double)cell->count;
		s->failed += scale * (double)(cell->errors - cell->shed);
		s->shed += scale * (double)cell->shed;
		s->queued += scale * (double)cell->queued;
		s->worked += scale * (double)cell->worked;
		s->stalled += scale * (double)cell->stalled;
		s->served += scale * latency;
	}
}

static void add_gauge(struct tw_blaming *g, const struct tw_gauge *gauge,
	int side, double scale)
{
	struct tw_gauge_slice sum = tw_gauge_total(gauge);
	size_t at = node_of(g, gauge->service); /* may move the nodes */
	struct node *node = g->nodes.v[at];

	node->computing[side] += scale * (double)sum.computing;
	node->throttled[side] += scale * (double)sum.throttled;
	node->ooms[side] += (double)sum.ooms;
}

static void add_side(struct tw_blaming *g, struct tw_runs runs, int side)
{
	uint64_t roots = 0;

	for (size_t r = 0; r < runs.n; r++)
		roots += runs.v[r]->arrivals;
	for (size_t r = 0; r < runs.n && roots; r++) {
		for (size_t i = 0; i < runs.v[r]->cells.n; i++) {
			const struct tw_cell *cell = &runs.v[r]->cells.v[i];

			add_cell(&edge_of(g, &cell->key)->s[side], cell,
				1 / (double)roots);
		}
		for (size_t i = 0; i < runs.v[r]->gauges.n; i++)
			add_gauge(g, &runs.v[r]->gauges.v[i], side,
				1 / (double)roots);
	}
}

static void sum_nodes(struct tw_blaming *g)
{
	for (size_t i = 0; i < g->edges.n; i++) {
		const struct edge *e = g->edges.v[i];
		struct node *to = g->nodes.v[e->to],
			    *from = g->nodes.v[e->from];

		for (int side = 0; side < SIDES; side++) {
			to->tries[side] += e->s[side].tries;
			to->worked[side] += e->s[side].worked;
			to->stalled[side] += e->s[side].stalled;
			to->failed[side] += e->s[side].failed;
			from->callees[side] += e->s[side].latency;
			from->callees_failed[side] += e->s[side].errors;
		}
	}
}

static double per(double sum, double n)
{
	return n > 0 ? sum / n : 0;
}

static double rise(double before, double after)
{
	return after > before ? after - before : 0;
}

/* after / before; something out of nothing is a lot. */
static double growth(double before, double after)
{
	if (before > 0)
		return after / before;
	return after > 0 ? 1e9 : 1;
}

static double tries_per_call(const struct sums *s)
{
	return s->calls > 0 ? (s->calls + s->retries) / s->calls : 1;
}

static double callee_time(const struct node *node, int side)
{
	return per(node->callees[side], node->tries[side]);
}

static bool is_slower(const struct edge *e)
{
	const struct sums *b = &e->s[BEFORE], *a = &e->s[AFTER];

	return growth(per(b->served, b->tries), per(a->served, a->tries)) >=
	       NOTABLE;
}

static double throttled_share(const struct node *node, int side)
{
	return per(node->throttled[side], node->computing[side]);
}

/* Why cpu steps at a node take longer than their demand: its own quota, or
 * the node that it shares. */
static enum tw_cause stall_cause(const struct node *node)
{
	return growth(throttled_share(node, BEFORE),
		       throttled_share(node, AFTER)) >= NOTABLE
		       ? TW_CAUSE_THROTTLED
		       : TW_CAUSE_CPU;
}

/* The call of this node whose time (or errors) grew most, for one try of the
 * node; NULL where none did. */
static struct edge *worst_callee(
	const struct tw_blaming *g, size_t node, bool errors)
{
	const struct node *from = g->nodes.v[node];
	struct edge *worst = NULL;
	double most = 0;

	for (size_t i = 0; i < g->edges.n; i++) {
		struct edge *e = g->edges.v[i];
		double grew =
			errors ? rise(e->s[BEFORE].errors, e->s[AFTER].errors)
			       : rise(per(e->s[BEFORE].latency,
					      from->tries[BEFORE]),
					 per(e->s[AFTER].latency,
						 from->tries[AFTER]));

		if (e->from != node || e->to == node || grew <= most)
			continue;
		most = grew;
		worst = e;
	}
	return worst;
}

/* The edge into this node that brings most of its extra tries. */
static struct edge *worst_caller(const struct tw_blaming *g, size_t node)
{
	struct edge *worst = NULL;
	double most = 0;

	for (size_t i = 0; i < g->edges.n; i++) {
		struct edge *e = g->edges.v[i];
		double grew = rise(e->s[BEFORE].tries, e->s[AFTER].tries);

		if (e->to != node || grew <= most)
			continue;
		most = grew;
		worst = e;
	}
	return worst;
}

/* Against the stream of extra load to where it was multiplied. */
static struct edge *climb(
	const struct tw_blaming *g, struct edge *e, enum tw_cause *cause)
{
	for (size_t steps = 0; steps < g->nodes.n; steps++) {
		const struct sums *b = &e->s[BEFORE], *a = &e->s[AFTER];
		const struct node *from = g->nodes.v[e->from];
		double tries = growth(tries_per_call(b), tries_per_call(a));
		double load = growth(from->tries[BEFORE], from->tries[AFTER]);
		double calls = per(growth(b->calls, a->calls), load);
		struct edge *up = worst_caller(g, e->from);

		*cause = tries >= calls ? TW_CAUSE_RETRIES : TW_CAUSE_CALLS;
		if (!up || up == e || (tries >= load || calls >= load))
			return e;
		e = up;
	}
	return e;
}

/* Whose doing is it that work waits at this edge's callee? */
static struct edge *load_source(
	const struct tw_blaming *g, struct edge *e, enum tw_cause *cause)
{
	const struct node *node = g->nodes.v[e->to];
	double work[SIDES], stall[SIDES], held[SIDES];
	double load = growth(node->tries[BEFORE], node->tries[AFTER]);
	double longer;
	struct edge *to;

	for (int side = 0; side < SIDES; side++) {
		work[side] = per(node->worked[side], node->tries[side]);
		stall[side] = per(node->stalled[side], node->tries[side]);
		held[side] = work[side] + stall[side] + callee_time(node, side);
	}
	longer = growth(held[BEFORE], held[AFTER]);
	*cause = TW_CAUSE_QUEUE;
	if (load >= NOTABLE && load >= longer) {
		to = worst_caller(g, e->to);
		return to ? climb(g, to, cause) : e;
	}
	if (longer < NOTABLE)
		return e;
	*cause = stall_cause(node);
	if (rise(stall[BEFORE], stall[AFTER]) >=
		rise(held[BEFORE], held[AFTER]) / 2)
		return e;
	*cause = TW_CAUSE_WORK;
	if (rise(work[BEFORE], work[AFTER]) >=
		rise(held[BEFORE], held[AFTER]) / 2)
		return e;
	*cause = TW_CAUSE_NONE; /* go on there */
	to = worst_callee(g, e->to, false);
	return to ? to : e;
}

/* Parts of what got worse at an edge, a call; the largest says where to go. */
struct part {
	double size;
	enum tw_cause cause; /* TW_CAUSE_NONE: the callees' */
};

static struct part largest(const struct part *parts, size_t n)
{
	struct part most = {0};

	for (size_t i = 0; i < n; i++)
		if (parts[i].size > most.size)
			most = parts[i];
	return most;
}

/* What calls beyond those of the baseline cost, spread over all calls. */
static double extra_calls(const struct tw_blaming *g, const struct edge *e)
{
	const struct sums *b = &e->s[BEFORE], *a = &e->s[AFTER];
	const struct node *from = g->nodes.v[e->from];
	double before = per(b->calls, from->tries[BEFORE]);
	double after = per(a->calls, from->tries[AFTER]);

	return per(rise(before, after), after) * per(b->latency, b->calls);
}

/* Of calls that had somebody at work for them. */
static double timeouts(const struct edge *e)
{
	const struct sums *b = &e->s[BEFORE], *a = &e->s[AFTER];
	double more = rise(b->timeouts, a->timeouts);

	return rise(rise(b->unreached, a->unreached), more);
}

/* Time that a call spent on connections that did not come about: what is left
 * of it, where more of them did not. */
static double unreached_time(const struct edge *e)
{
	double rest[SIDES];

	if (!(e->s[AFTER].unreached > e->s[BEFORE].unreached))
		return 0;
	for (int side = 0; side < SIDES; side++) {
		const struct sums *s = &e->s[side];

		rest[side] =
			per(s->latency - s->network - s->backoff - s->served,
				s->calls);
		if (rest[side] < 0)
			rest[side] = 0;
	}
	return rise(rest[BEFORE], rest[AFTER]);
}

static struct part time_part(const struct tw_blaming *g, const struct edge *e)
{
	const struct sums *b = &e->s[BEFORE], *a = &e->s[AFTER];
	const struct node *to = g->nodes.v[e->to];
	double tries = tries_per_call(a);
	const struct part parts[] = {
		{rise(callee_time(to, BEFORE), callee_time(to, AFTER)) * tries,
			TW_CAUSE_NONE},
		{rise(per(b->worked, b->tries), per(a->worked, a->tries)) *
				tries,
			TW_CAUSE_WORK},
		{rise(per(b->queued, b->tries), per(a->queued, a->tries)) *
				tries,
			TW_CAUSE_QUEUE},
		{rise(per(b->stalled, b->tries), per(a->stalled, a->tries)) *
				tries,
			stall_cause(to)},
		{rise(per(b->network, b->calls), per(a->network, a->calls)),
			TW_CAUSE_NETWORK},
		{rise(tries_per_call(b), tries) * per(b->served, b->tries),
			TW_CAUSE_RETRIES},
		{extra_calls(g, e), TW_CAUSE_CALLS},
		{unreached_time(e), TW_CAUSE_UNREACHED},
		{rise(per(b->backoff, b->calls), per(a->backoff, a->calls)),
			TW_CAUSE_BACKOFF},
	};
	struct part most = largest(parts, sizeof parts / sizeof *parts);

	if (most.cause == TW_CAUSE_BACKOFF &&
		growth(tries_per_call(b), tries) >= NOTABLE)
		most.cause = TW_CAUSE_RETRIES;
	return most;
}

/* By the callee's queue, or since nobody was ready. */
static double refusals(const struct edge *e)
{
	double calls = rise(e->s[BEFORE].refused, e->s[AFTER].refused);
	double tries = rise(e->s[BEFORE].shed, e->s[AFTER].shed);

	return calls > tries ? calls : tries;
}

static struct part error_part(const struct tw_blaming *g, const struct edge *e)
{
	const struct sums *b = &e->s[BEFORE], *a = &e->s[AFTER];
	const struct node *to = g->nodes.v[e->to];
	double failed = rise(b->failed, a->failed);
	double callees =
		rise(to->callees_failed[BEFORE], to->callees_failed[AFTER]);
	double theirs = callees < failed ? callees : failed;
	const struct part parts[] = {
		{theirs, TW_CAUSE_NONE},
		{failed - theirs, TW_CAUSE_ERRORS},
		{timeouts(e), TW_CAUSE_TIMEOUT},
		{refusals(e), TW_CAUSE_REFUSED},
		{rise(b->unreached, a->unreached), TW_CAUSE_UNREACHED},
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

/* "shop/cart" or, where a path leaves the namespace out, "cart". */
static bool names_service(const char *path, const char *service)
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
static enum tw_cause resource_cause(
	const struct tw_blaming *g, const struct edge *e)
{
	const struct node *node = g->nodes.v[e->to];
	bool throttled = stall_cause(node) == TW_CAUSE_THROTTLED;
	bool killed = growth(node->ooms[BEFORE], node->ooms[AFTER]) >= NOTABLE;

	for (size_t i = 0; i < g->options->n_differences; i++) {
		const char *path = g->options->differences[i].path;

		if (!names_service(path, e->service))
			continue;
		if (throttled && is_about_cpu(path))
			return TW_CAUSE_THROTTLED;
		if (killed && is_about_memory(path))
			return TW_CAUSE_OOM;
	}
	return TW_CAUSE_NONE;
}

/* One step of the walk from e. The same edge: e is guilty of *cause. */
static struct edge *follow(const struct tw_blaming *g, struct edge *e,
	bool *errors, enum tw_cause *cause)
{
	struct part part = *errors ? error_part(g, e) : time_part(g, e);
	struct edge *to;

	*cause = part.cause;
	if (!(part.size > 0))
		return NULL;
	if (part.cause == TW_CAUSE_TIMEOUT && is_slower(e)) {
		*errors = false;
		part = time_part(g, e);
		*cause = part.cause;
		if (!(part.size > 0)) {
			*cause = TW_CAUSE_TIMEOUT;
			return e;
		}
	}
	if (part.cause == TW_CAUSE_NONE) {
		to = worst_callee(g, e->to, *errors);
		return to ? to : e;
	}
	if (part.cause == TW_CAUSE_QUEUE || part.cause == TW_CAUSE_REFUSED ||
		part.cause == TW_CAUSE_CPU) {
		to = load_source(g, e, cause);
		if (part.cause == TW_CAUSE_CPU && *cause == TW_CAUSE_QUEUE)
			*cause = TW_CAUSE_CPU;
		if (part.cause == TW_CAUSE_REFUSED && *cause == TW_CAUSE_QUEUE)
			*cause = TW_CAUSE_REFUSED;
		if (*cause == TW_CAUSE_NONE)
			*errors = false;
		return to;
	}
	return e;
}

static struct edge *walk_step(const struct tw_blaming *g, struct edge *e,
	bool *errors, enum tw_cause *cause)
{
	struct edge *to = follow(g, e, errors, cause);

	if (to && *cause != TW_CAUSE_NONE && resource_cause(g, to))
		*cause = resource_cause(g, to);
	return to;
}

/* What each edge is guilty of by itself, in time and in errors. */
static void charge_all(struct tw_blaming *g)
{
	for (size_t i = 0; i < g->edges.n; i++) {
		struct edge *e = g->edges.v[i];
		const struct sums *b = &e->s[BEFORE], *a = &e->s[AFTER];
		const struct node *to = g->nodes.v[e->to];
		double waited = rise(per(b->queued, b->tries),
					per(a->queued, a->tries)) *
				a->tries;
		double failed = rise(b->failed, a->failed) -
				rise(to->callees_failed[BEFORE],
					to->callees_failed[AFTER]);
		enum tw_cause cause;
		struct edge *source = load_source(g, e, &cause);

		if (g->errors) {
			if (!is_slower(e))
				e->own[TW_CAUSE_TIMEOUT] += timeouts(e);
			else
				source->own[cause] += timeouts(e);
			e->own[TW_CAUSE_ERRORS] += failed > 0 ? failed : 0;
			source->own[cause] += refusals(e);
			e->own[TW_CAUSE_UNREACHED] +=
				rise(b->unreached, a->unreached);
			continue;
		}
		source->own[cause] += waited;
		e->own[TW_CAUSE_WORK] += rise(per(b->worked, b->tries),
						 per(a->worked, a->tries)) *
					 a->tries;
		e->own[stall_cause(to)] += rise(per(b->stalled, b->tries),
						   per(a->stalled, a->tries)) *
					   a->tries;
		e->own[TW_CAUSE_NETWORK] += rise(per(b->network, b->calls),
						    per(a->network, a->calls)) *
					    a->calls;
		e->own[TW_CAUSE_CALLS] += extra_calls(g, e) * a->calls;
		e->own[TW_CAUSE_UNREACHED] += unreached_time(e) * a->calls;
		e->own[TW_CAUSE_RETRIES] +=
			rise(tries_per_call(b), tries_per_call(a)) * a->calls *
				per(b->served, b->tries) +
			rise(b->backoff, a->backoff);
	}
}

static void charge(struct tw_blaming *g)
{
	for (size_t i = 0; i < g->edges.n; i++)
		memset(g->edges.v[i]->own, 0, sizeof g->edges.v[i]->own);
	charge_all(g);
	for (size_t i = 0; i < g->edges.n; i++) {
		struct edge *e = g->edges.v[i];
		double sum = 0;

		if (!resource_cause(g, e))
			continue;
		for (int k = TW_CAUSE_NONE + 1; k < TW_CAUSES; k++) {
			sum += e->own[k];
			e->own[k] = 0;
		}
		e->own[resource_cause(g, e)] = sum;
	}
}

static double own_total(const struct edge *e, enum tw_cause *cause)
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

/* A differing field names the callee; or the caller, where the cause is what
 * callers decide: time-outs, retries, which calls they make. */
static bool differs(
	const struct tw_blaming *g, const struct edge *e, enum tw_cause cause)
{
	bool callers = cause == TW_CAUSE_RETRIES || cause == TW_CAUSE_CALLS ||
		       cause == TW_CAUSE_TIMEOUT ||
		       cause == TW_CAUSE_UNREACHED || cause == TW_CAUSE_BACKOFF;

	for (size_t i = 0; i < g->options->n_differences; i++) {
		const char *path = g->options->differences[i].path;

		if (names_service(path, e->service) ||
			(callers && names_service(path, e->caller)))
			return true;
	}
	return false;
}

static struct tw_delta delta(double before, double after)
{
	return (struct tw_delta){before, after};
}

#define DELTA(part, whole) delta(per(b->part, b->whole), per(a->part, a->whole))

static struct tw_edge shown(
	const struct tw_blaming *g, const struct edge *e, double total)
{
	const struct sums *b = &e->s[BEFORE], *a = &e->s[AFTER];
	const struct node *to_node = g->nodes.v[e->to];
	struct tw_edge to = {
		.caller = e->caller,
		.service = e->service,
		.endpoint = e->endpoint,
		.calls = delta(b->calls, a->calls),
		.tries = delta(tries_per_call(b), tries_per_call(a)),
		.errors = delta(b->errors, a->errors),
		.timeouts = delta(b->timeouts, a->timeouts),
		.refused = delta(b->refused, a->refused),
		.unreached = delta(b->unreached, a->unreached),
		.latency = DELTA(latency, calls),
		.queue = DELTA(queued, tries),
		.work = DELTA(worked, tries),
		.network = DELTA(network, calls),
		.backoff = DELTA(backoff, calls),
		.stalled = DELTA(stalled, tries),
		.ooms = delta(per(to_node->ooms[BEFORE], (double)g->baseline.n),
			per(to_node->ooms[AFTER], (double)g->candidate.n)),
		.throttled = delta(throttled_share(to_node, BEFORE),
			throttled_share(to_node, AFTER)),
		.outside = !strcmp(e->caller, TW_OUTSIDE),
	};

	to.weight = per(own_total(e, &to.cause), total);
	to.differs = differs(g, e, to.cause);
	return to;
}

/* Where the walk starts: of the edges that the group looks at, the one that
 * got worse most; where it looks at none, of the entries. */
static struct edge *start_of(const struct tw_blaming *g,
	const struct tw_check *check, const struct tw_group_key *key)
{
	struct edge *worst = NULL;
	double most = 0;

	for (int entries = 0; entries < 2 && !worst; entries++)
		for (size_t i = 0; i < g->edges.n; i++) {
			struct edge *e = g->edges.v[i];
			struct tw_cell cell = {.key = {e->caller, e->service,
						       e->endpoint, "", 0, 0}};
			struct tw_group_key looser = *key;
			double grew = g->errors ? rise(e->s[BEFORE].errors,
							  e->s[AFTER].errors)
						: rise(e->s[BEFORE].latency,
							  e->s[AFTER].latency);

			looser.labels[TW_LABEL_ZONE] = NULL;
			looser.labels[TW_LABEL_SIDE] = NULL;
			looser.labels[TW_LABEL_WINDOW] = NULL;
			if (entries ? strcmp(e->caller, TW_OUTSIDE) != 0
				    : !tw_measure_takes(check, &looser, &cell))
				continue;
			if (grew > most) {
				most = grew;
				worst = e;
			}
		}
	return worst;
}

static bool on_path(
	const struct edge *const *path, size_t n, const struct edge *edge)
{
	for (size_t i = 0; i < n; i++)
		if (path[i] == edge)
			return true;
	return false;
}

#define MAX_PATH 32

struct walk {
	const struct edge *path[MAX_PATH];
	size_t n;
	const struct edge *guilty; /* or NULL */
	enum tw_cause cause;
};

static void walk(const struct tw_blaming *g, struct edge *e, struct walk *w)
{
	bool errors = g->errors;

	while (e && w->n < MAX_PATH) {
		struct edge *to;

		w->path[w->n++] = e;
		to = walk_step(g, e, &errors, &w->cause);
		if (to == e || (to && w->cause != TW_CAUSE_NONE)) {
			w->guilty = w->cause != TW_CAUSE_NONE ? to : NULL;
			if (w->guilty && to != e && w->n < MAX_PATH &&
				!on_path(w->path, w->n, to))
				w->path[w->n++] = to;
			return;
		}
		if (!to || on_path(w->path, w->n, to))
			return;
		e = to;
	}
}

/* A difference has its cause in what differs: where the walk ended at an
 * edge that no differing field names and another one has a good share by
 * itself, that one is it. */
static void prefer_what_differs(const struct tw_blaming *g, struct walk *w)
{
	const struct edge *best = NULL;
	enum tw_cause cause, best_cause = TW_CAUSE_NONE;
	double total = 0, most = 0;

	if (w->guilty && differs(g, w->guilty, w->cause))
		return;
	for (size_t i = 0; i < g->edges.n; i++)
		total += own_total(g->edges.v[i], &cause);
	for (size_t i = 0; i < g->edges.n; i++) {
		const struct edge *e = g->edges.v[i];
		double own = own_total(e, &cause);

		if (own < total / 10 || own <= most || !differs(g, e, cause))
			continue;
		most = own;
		best = e;
		best_cause = cause;
	}
	if (!best)
		return;
	w->guilty = best;
	w->cause = best_cause;
}

static int compare_edges(const void *a, const void *b)
{
	const struct tw_edge *x = a, *y = b;
	int order;

	if (x->weight < y->weight || x->weight > y->weight)
		return x->weight < y->weight ? 1 : -1;
	order = strcmp(x->caller, y->caller);
	order = order ? order : strcmp(x->service, y->service);
	return order ? order : strcmp(x->endpoint, y->endpoint);
}

static bool same_edge(const struct tw_edge *x, const struct edge *y)
{
	return !strcmp(x->caller, y->caller) &&
	       !strcmp(x->service, y->service) &&
	       !strcmp(x->endpoint, y->endpoint);
}

/* The listed edges: the heaviest, the guilty one and those of the path. */
static void list_edges(
	struct tw_blaming *g, const struct walk *w, struct tw_blame *blame)
{
	TW_VEC(struct tw_edge) all = {0};
	enum tw_cause cause;
	double total = 0;

	for (size_t i = 0; i < g->edges.n; i++)
		total += own_total(g->edges.v[i], &cause);
	for (size_t i = 0; i < g->edges.n; i++)
		tw_vec_push(&all, shown(g, g->edges.v[i], total));
	if (all.n)
		qsort(all.v, all.n, sizeof *all.v, compare_edges);
	for (size_t i = 0; i < all.n; i++) {
		bool guilty = w->guilty && same_edge(&all.v[i], w->guilty);
		bool walked = false;

		for (size_t k = 0; k < w->n; k++)
			walked = walked || same_edge(&all.v[i], w->path[k]);
		if (guilty)
			all.v[i].cause = w->cause;
		if (guilty || walked ||
			(i < TW_BLAME_EDGES && all.v[i].weight > 0))
			tw_vec_push_in(g->arena, &blame->edges, all.v[i]);
	}
	tw_vec_release(&all);
	for (size_t i = 0; i < blame->edges.n; i++)
		if (w->guilty && same_edge(&blame->edges.v[i], w->guilty))
			blame->guilty = &blame->edges.v[i];
	for (size_t k = 0; k < w->n; k++)
		for (size_t i = 0; i < blame->edges.n; i++)
			if (same_edge(&blame->edges.v[i], w->path[k]))
				tw_vec_push_in(g->arena, &blame->path, i);
}

static struct tw_delta cause_delta(const struct tw_edge *e, enum tw_unit *unit)
{
	*unit = TW_UNIT_TIME;
	switch (e->cause) {
	case TW_CAUSE_WORK:
		return e->work;
	case TW_CAUSE_QUEUE:
		return e->queue;
	case TW_CAUSE_NETWORK:
		return e->network;
	case TW_CAUSE_BACKOFF:
		return e->backoff;
	case TW_CAUSE_CPU:
		return e->stalled;
	case TW_CAUSE_OOM:
		*unit = TW_UNIT_COUNT;
		return e->ooms;
	case TW_CAUSE_THROTTLED:
		*unit = TW_UNIT_RATIO;
		return e->throttled;
	case TW_CAUSE_RETRIES:
		*unit = TW_UNIT_COUNT;
		return e->tries;
	case TW_CAUSE_CALLS:
		*unit = TW_UNIT_COUNT;
		return e->calls;
	case TW_CAUSE_TIMEOUT:
		*unit = TW_UNIT_RATIO;
		return e->timeouts;
	case TW_CAUSE_UNREACHED:
		*unit = TW_UNIT_RATIO;
		return e->unreached;
	case TW_CAUSE_REFUSED:
		*unit = TW_UNIT_RATIO;
		return e->refused;
	default:
		*unit = TW_UNIT_RATIO;
		return e->errors;
	}
}

static const char *guilty_text(struct tw_arena *arena, const struct tw_edge *e)
{
	enum tw_unit unit;
	struct tw_delta d = cause_delta(e, &unit);
	char before[TW_VALUE_TEXT], after[TW_VALUE_TEXT];

	return tw_arena_printf(arena, "%s -> %s %s: %s (%s -> %s%s)", e->caller,
		e->service, e->endpoint, tw_cause_texts[e->cause],
		tw_value_text(unit, d.before, before),
		tw_value_text(unit, d.after, after),
		e->cause == TW_CAUSE_THROTTLED ? " of its time at work"
		: e->cause == TW_CAUSE_OOM     ? " times a run"
		: unit == TW_UNIT_RATIO	       ? " of root requests"
					       : "");
}

struct tw_blaming *tw_blaming_new(struct tw_runs baseline,
	struct tw_runs candidate, const struct tw_judge_options *options,
	struct tw_arena *arena)
{
	struct tw_blaming *g = tw_new(arena, struct tw_blaming);

	g->arena = arena;
	g->options = options;
	g->baseline = baseline;
	g->candidate = candidate;
	tw_map_init(&g->by_key, arena);
	tw_map_init(&g->by_name, arena);
	return g;
}

static void build(struct tw_blaming *g)
{
	if (g->built)
		return;
	g->built = true;
	add_side(g, g->baseline, BEFORE);
	add_side(g, g->candidate, AFTER);
	sum_nodes(g);
}

struct tw_blame *tw_blame(struct tw_blaming *g, const struct tw_check *check,
	const struct tw_group_key *key)
{
	const struct tw_check *of = check->inner ? check->inner : check;
	struct tw_blame *blame = tw_new(g->arena, struct tw_blame);
	struct walk w = {0};

	build(g);
	g->errors = of->metric == TW_METRIC_ERRORS ||
		    of->metric == TW_METRIC_TIMEOUTS ||
		    of->metric == TW_METRIC_SHED;
	charge(g);
	walk(g, start_of(g, check, key), &w);
	prefer_what_differs(g, &w);
	list_edges(g, &w, blame);
	blame->text = blame->guilty ? guilty_text(g->arena, blame->guilty) : "";
	blame->first_slice =
		tw_blame_first_slice(check, key, g->baseline, g->candidate);
	blame->window = tw_blame_window(check, key, g->baseline, g->candidate);
	tw_blame_examples(
		g->arena, g->errors, g->baseline, g->candidate, blame);
	return blame;
}
