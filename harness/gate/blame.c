#include "harness/gate/edges.h"

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
/* One step of the walk from e. The same edge: e is guilty of *cause. */
static struct tw_blame_edge *follow(const struct tw_blaming *g,
	struct tw_blame_edge *e, bool *errors, enum tw_cause *cause)
{
	struct tw_blame_part part =
		*errors ? tw_blame_error_part(g, e) : tw_blame_time_part(g, e);
	struct tw_blame_edge *to;

	*cause = part.cause;
	if (!(part.size > 0))
		return NULL;
	if (part.cause == TW_CAUSE_TIMEOUT && tw_blame_is_slower(e)) {
		*errors = false;
		part = tw_blame_time_part(g, e);
		*cause = part.cause;
		if (!(part.size > 0)) {
			*cause = TW_CAUSE_TIMEOUT;
			return e;
		}
	}
	if (part.cause == TW_CAUSE_NONE) {
		to = tw_blame_worst_callee(g, e->to, *errors);
		return to ? to : e;
	}
	if (part.cause == TW_CAUSE_QUEUE || part.cause == TW_CAUSE_REFUSED ||
		part.cause == TW_CAUSE_CPU) {
		to = tw_blame_load_source(g, e, cause);
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

static struct tw_blame_edge *walk_step(const struct tw_blaming *g,
	struct tw_blame_edge *e, bool *errors, enum tw_cause *cause)
{
	struct tw_blame_edge *to = follow(g, e, errors, cause);

	if (to && *cause != TW_CAUSE_NONE && tw_blame_resource_cause(g, to))
		*cause = tw_blame_resource_cause(g, to);
	return to;
}
/* A differing field names the callee; or the caller, where the cause is what
 * callers decide: time-outs, retries, which calls they make. */
static bool differs(const struct tw_blaming *g, const struct tw_blame_edge *e,
	enum tw_cause cause)
{
	bool callers = cause == TW_CAUSE_RETRIES || cause == TW_CAUSE_CALLS ||
		       cause == TW_CAUSE_TIMEOUT ||
		       cause == TW_CAUSE_UNREACHED || cause == TW_CAUSE_BACKOFF;

	for (size_t i = 0; i < g->options->n_differences; i++) {
		const char *path = g->options->differences[i].path;

		if (tw_blame_names_service(path, e->service) ||
			(callers && tw_blame_names_service(path, e->caller)))
			return true;
	}
	return false;
}

static struct tw_delta delta(double before, double after)
{
	return (struct tw_delta){before, after};
}

#define DELTA(part, whole)                                                     \
	delta(tw_blame_per(b->part, b->whole), tw_blame_per(a->part, a->whole))

static struct tw_edge shown(
	const struct tw_blaming *g, const struct tw_blame_edge *e, double total)
{
	const struct tw_blame_sums *b = &e->s[TW_BEFORE], *a = &e->s[TW_AFTER];
	const struct tw_blame_node *to_node = g->nodes.v[e->to];
	struct tw_edge to = {
		.caller = e->caller,
		.service = e->service,
		.endpoint = e->endpoint,
		.calls = delta(b->calls, a->calls),
		.tries = delta(
			tw_blame_tries_per_call(b), tw_blame_tries_per_call(a)),
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
		.ooms = delta(tw_blame_per(to_node->ooms[TW_BEFORE],
				      (double)g->baseline.n),
			tw_blame_per(to_node->ooms[TW_AFTER],
				(double)g->candidate.n)),
		.throttled = delta(tw_blame_throttled_share(to_node, TW_BEFORE),
			tw_blame_throttled_share(to_node, TW_AFTER)),
		.outside = !strcmp(e->caller, TW_OUTSIDE),
	};

	to.weight = tw_blame_per(tw_blame_own_total(e, &to.cause), total);
	to.differs = differs(g, e, to.cause);
	return to;
}

/* Where the walk starts: of the edges that the group looks at, the one that
 * got worse most; where it looks at none, of the entries. */
static struct tw_blame_edge *start_of(const struct tw_blaming *g,
	const struct tw_check *check, const struct tw_group_key *key)
{
	struct tw_blame_edge *worst = NULL;
	double most = 0;

	for (int entries = 0; entries < 2 && !worst; entries++)
		for (size_t i = 0; i < g->edges.n; i++) {
			struct tw_blame_edge *e = g->edges.v[i];
			struct tw_cell cell = {.key = {e->caller, e->service,
						       e->endpoint, "", 0, 0}};
			struct tw_group_key looser = *key;
			double grew =
				g->errors
					? tw_blame_rise(e->s[TW_BEFORE].errors,
						  e->s[TW_AFTER].errors)
					: tw_blame_rise(e->s[TW_BEFORE].latency,
						  e->s[TW_AFTER].latency);

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

static bool on_path(const struct tw_blame_edge *const *path, size_t n,
	const struct tw_blame_edge *edge)
{
	for (size_t i = 0; i < n; i++)
		if (path[i] == edge)
			return true;
	return false;
}

#define MAX_PATH 32

struct walk {
	const struct tw_blame_edge *path[MAX_PATH];
	size_t n;
	const struct tw_blame_edge *guilty; /* or NULL */
	enum tw_cause cause;
};

static void walk(
	const struct tw_blaming *g, struct tw_blame_edge *e, struct walk *w)
{
	bool errors = g->errors;

	while (e && w->n < MAX_PATH) {
		struct tw_blame_edge *to;

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
	const struct tw_blame_edge *best = NULL;
	enum tw_cause cause, best_cause = TW_CAUSE_NONE;
	double total = 0, most = 0;

	if (w->guilty && differs(g, w->guilty, w->cause))
		return;
	for (size_t i = 0; i < g->edges.n; i++)
		total += tw_blame_own_total(g->edges.v[i], &cause);
	for (size_t i = 0; i < g->edges.n; i++) {
		const struct tw_blame_edge *e = g->edges.v[i];
		double own = tw_blame_own_total(e, &cause);

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

static bool same_edge(const struct tw_edge *x, const struct tw_blame_edge *y)
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
		total += tw_blame_own_total(g->edges.v[i], &cause);
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

const char *tw_blame_figures(struct tw_arena *arena, const struct tw_edge *e)
{
	enum tw_unit unit;
	struct tw_delta d = cause_delta(e, &unit);
	char before[TW_VALUE_TEXT], after[TW_VALUE_TEXT];

	return tw_arena_printf(arena, "%s -> %s%s",
		tw_value_text(unit, d.before, before),
		tw_value_text(unit, d.after, after),
		e->cause == TW_CAUSE_THROTTLED ? " of its time at work"
		: e->cause == TW_CAUSE_OOM     ? " times a run"
		: unit == TW_UNIT_RATIO	       ? " of root requests"
					       : "");
}

static const char *guilty_text(struct tw_arena *arena, const struct tw_edge *e)
{
	return tw_arena_printf(arena, "%s -> %s %s: %s (%s)", e->caller,
		e->service, e->endpoint, tw_cause_texts[e->cause],
		tw_blame_figures(arena, e));
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
struct tw_blame *tw_blame(struct tw_blaming *g, const struct tw_check *check,
	const struct tw_group_key *key)
{
	const struct tw_check *of = check->inner ? check->inner : check;
	struct tw_blame *blame = tw_new(g->arena, struct tw_blame);
	struct walk w = {0};

	tw_blame_build(g);
	g->errors = of->metric == TW_METRIC_ERRORS ||
		    of->metric == TW_METRIC_TIMEOUTS ||
		    of->metric == TW_METRIC_SHED;
	tw_blame_charge(g);
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
