/*
 * Private to blame.c, edges.c and parts.c: the edges of two sides, added up.
 *
 *	edges.c	the sums, from observations; who calls whom most
 *	parts.c	which part of an edge got worse, and whose doing it is
 *	blame.c	the walk to the guilty edge, and what is told of it
 */
#ifndef TW_GATE_EDGES_H
#define TW_GATE_EDGES_H

#include "harness/gate/blame.h"

enum { TW_BEFORE, TW_AFTER, TW_SIDES };

/* A change of less than this is weather. */
#define TW_NOTABLE 1.05

/* Sums of one series, a root request. */
struct tw_blame_sums {
	double calls, errors, timeouts, refused, unreached, retries;
	double backoff, network;
	double latency;				       /* client, ns */
	double tries, queued, worked, stalled, served; /* server */
	double failed, shed; /* server: tries; failed otherwise than by shed */
};

struct tw_blame_edge {
	const char *caller, *service, *endpoint;
	struct tw_blame_sums s[TW_SIDES];
	size_t from, to; /* nodes */
	double own[TW_CAUSES];
};

struct tw_blame_node {
	const char *name;
	double tries[TW_SIDES], worked[TW_SIDES], stalled[TW_SIDES],
		failed[TW_SIDES];
	double computing[TW_SIDES], throttled[TW_SIDES]; /* ns a root request */
	double ooms[TW_SIDES];
	double callees[TW_SIDES], callees_failed[TW_SIDES]; /* of its calls */
};

struct tw_blaming {
	struct tw_arena *arena;
	const struct tw_judge_options *options;
	struct tw_runs baseline, candidate;
	bool built;
	struct tw_map by_key, by_name;
	TW_VEC(struct tw_blame_edge *) edges;
	TW_VEC(struct tw_blame_node *) nodes;
	bool errors; /* the check is about calls that end badly */
};

static inline double tw_blame_per(double sum, double n)
{
	return n > 0 ? sum / n : 0;
}

static inline double tw_blame_rise(double before, double after)
{
	return after > before ? after - before : 0;
}

/* after / before; something out of nothing is a lot. */
static inline double tw_blame_growth(double before, double after)
{
	if (before > 0)
		return after / before;
	return after > 0 ? 1e9 : 1;
}

static inline double tw_blame_tries_per_call(const struct tw_blame_sums *s)
{
	return s->calls > 0 ? (s->calls + s->retries) / s->calls : 1;
}

static inline double tw_blame_callee_time(
	const struct tw_blame_node *node, int side)
{
	return tw_blame_per(node->callees[side], node->tries[side]);
}

static inline bool tw_blame_is_slower(const struct tw_blame_edge *e)
{
	const struct tw_blame_sums *b = &e->s[TW_BEFORE], *a = &e->s[TW_AFTER];

	return tw_blame_growth(tw_blame_per(b->served, b->tries),
		       tw_blame_per(a->served, a->tries)) >= TW_NOTABLE;
}

static inline double tw_blame_throttled_share(
	const struct tw_blame_node *node, int side)
{
	return tw_blame_per(node->throttled[side], node->computing[side]);
}

/* Why cpu steps at a node take longer than their demand: its own quota, or
 * the node that it shares. */
static inline enum tw_cause tw_blame_stall_cause(
	const struct tw_blame_node *node)
{
	return tw_blame_growth(tw_blame_throttled_share(node, TW_BEFORE),
		       tw_blame_throttled_share(node, TW_AFTER)) >= TW_NOTABLE
		       ? TW_CAUSE_THROTTLED
		       : TW_CAUSE_CPU;
}

/* Adds up both sides; once. */
void tw_blame_build(struct tw_blaming *g);

/* The call of this node whose time (or errors) grew most, for one try of the
 * node; NULL where none did. */
struct tw_blame_edge *tw_blame_worst_callee(
	const struct tw_blaming *g, size_t node, bool errors);
/* The edge into this node that brings most of its extra tries. */
struct tw_blame_edge *tw_blame_worst_caller(
	const struct tw_blaming *g, size_t node);

/* Parts of what got worse at an edge, a call; the largest says where to go. */
struct tw_blame_part {
	double size;
	enum tw_cause cause; /* TW_CAUSE_NONE: the callees' */
};
struct tw_blame_part tw_blame_time_part(
	const struct tw_blaming *g, const struct tw_blame_edge *e);
struct tw_blame_part tw_blame_error_part(
	const struct tw_blaming *g, const struct tw_blame_edge *e);

/* Whose doing is it that work waits at this edge's callee? */
struct tw_blame_edge *tw_blame_load_source(const struct tw_blaming *g,
	struct tw_blame_edge *e, enum tw_cause *cause);
enum tw_cause tw_blame_resource_cause(
	const struct tw_blaming *g, const struct tw_blame_edge *e);
/* "shop/cart" or, where a path leaves the namespace out, "cart". */
bool tw_blame_names_service(const char *path, const char *service);
/* What each edge is guilty of by itself: edge->own. */
void tw_blame_charge(struct tw_blaming *g);
double tw_blame_own_total(const struct tw_blame_edge *e, enum tw_cause *cause);

#endif
