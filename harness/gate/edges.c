/* The sums of edges and nodes, a root request, and who calls whom most. */
#include "harness/gate/edges.h"

#include "twins/base/assert.h"

static size_t node_of(struct tw_blaming *g, const char *name)
{
	struct tw_blame_node *node = tw_map_get(&g->by_name, name);

	if (!node) {
		node = tw_new(g->arena, struct tw_blame_node);
		node->name = tw_arena_strdup(g->arena, name);
		tw_map_put(&g->by_name, name, node);
		tw_vec_push_in(g->arena, &g->nodes, node);
	}
	for (size_t i = 0; i < g->nodes.n; i++)
		if (g->nodes.v[i] == node)
			return i;
	tw_unreachable();
}

static struct tw_blame_edge *edge_of(
	struct tw_blaming *g, const struct tw_cell_key *key)
{
	const char *name = tw_arena_printf(g->arena, "%s\n%s\n%s", key->caller,
		key->service, key->endpoint);
	struct tw_blame_edge *edge = tw_map_get(&g->by_key, name);

	if (edge)
		return edge;
	edge = tw_new(g->arena, struct tw_blame_edge);
	edge->caller = tw_arena_strdup(g->arena, key->caller);
	edge->service = tw_arena_strdup(g->arena, key->service);
	edge->endpoint = tw_arena_strdup(g->arena, key->endpoint);
	edge->from = node_of(g, edge->caller);
	edge->to = node_of(g, edge->service);
	tw_map_put(&g->by_key, name, edge);
	tw_vec_push_in(g->arena, &g->edges, edge);
	return edge;
}

static void add_cell(
	struct tw_blame_sums *s, const struct tw_cell *cell, double scale)
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
	struct tw_blame_node *node = g->nodes.v[at];

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
		const struct tw_blame_edge *e = g->edges.v[i];
		struct tw_blame_node *to = g->nodes.v[e->to],
				     *from = g->nodes.v[e->from];

		for (int side = 0; side < TW_SIDES; side++) {
			to->tries[side] += e->s[side].tries;
			to->worked[side] += e->s[side].worked;
			to->stalled[side] += e->s[side].stalled;
			to->failed[side] += e->s[side].failed;
			from->callees[side] += e->s[side].latency;
			from->callees_failed[side] += e->s[side].errors;
		}
	}
}
struct tw_blame_edge *tw_blame_worst_callee(
	const struct tw_blaming *g, size_t node, bool errors)
{
	const struct tw_blame_node *from = g->nodes.v[node];
	struct tw_blame_edge *worst = NULL;
	double most = 0;

	for (size_t i = 0; i < g->edges.n; i++) {
		struct tw_blame_edge *e = g->edges.v[i];
		double grew =
			errors ? tw_blame_rise(e->s[TW_BEFORE].errors,
					 e->s[TW_AFTER].errors)
			       : tw_blame_rise(
					 tw_blame_per(e->s[TW_BEFORE].latency,
						 from->tries[TW_BEFORE]),
					 tw_blame_per(e->s[TW_AFTER].latency,
						 from->tries[TW_AFTER]));

		if (e->from != node || e->to == node || grew <= most)
			continue;
		most = grew;
		worst = e;
	}
	return worst;
}

struct tw_blame_edge *tw_blame_worst_caller(
	const struct tw_blaming *g, size_t node)
{
	struct tw_blame_edge *worst = NULL;
	double most = 0;

	for (size_t i = 0; i < g->edges.n; i++) {
		struct tw_blame_edge *e = g->edges.v[i];
		double grew = tw_blame_rise(
			e->s[TW_BEFORE].tries, e->s[TW_AFTER].tries);

		if (e->to != node || grew <= most)
			continue;
		most = grew;
		worst = e;
	}
	return worst;
}
void tw_blame_build(struct tw_blaming *g)
{
	if (g->built)
		return;
	g->built = true;
	add_side(g, g->baseline, TW_BEFORE);
	add_side(g, g->candidate, TW_AFTER);
	sum_nodes(g);
}
