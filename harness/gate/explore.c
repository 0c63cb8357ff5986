#include "harness/gate/explore.h"

#include "harness/gate/stats.h"

#include <stdlib.h>

/* What matters: relative to the baseline, and at least this much. */
static const struct quantity {
	const char *name;
	enum tw_unit unit;
	double share, least;
} quantities[] = {
	{"mean latency", TW_UNIT_TIME, 0.05, 0.1e6},
	{"errors", TW_UNIT_RATIO, 0.05, 0.001},
	{"retries", TW_UNIT_RATIO, 0.05, 0.01},
	{"calls", TW_UNIT_RATE, 0.05, 0.1},
};

#define QUANTITIES (sizeof quantities / sizeof *quantities)

/* One edge of one run, all windows together. */
struct sums {
	uint64_t count, errors, retries;
	double latency; /* ns, summed */
};

struct edge {
	const struct tw_cell_key *key;
	struct sums *sums[2]; /* [side][run] */
};

TW_VEC_TYPE(edges, struct edge);

static bool same_edge(const struct tw_cell_key *a, const struct tw_cell_key *b)
{
	return !strcmp(a->caller, b->caller) &&
	       !strcmp(a->service, b->service) &&
	       !strcmp(a->endpoint, b->endpoint);
}

static struct edge *edge_of(struct edges *edges, const struct tw_cell_key *key,
	size_t runs, struct tw_arena *arena)
{
	struct edge edge = {.key = key};

	/* Cells are sorted by these: it is the last one, or nearly. */
	for (size_t i = edges->n; i-- > 0;)
		if (same_edge(edges->v[i].key, key))
			return &edges->v[i];
	for (int side = 0; side < 2; side++)
		edge.sums[side] = tw_new_array(arena, runs, struct sums);
	tw_vec_push_in(arena, edges, edge);
	return &edges->v[edges->n - 1];
}

static void add_runs(struct edges *edges, struct tw_runs runs, int side,
	struct tw_arena *arena)
{
	for (size_t r = 0; r < runs.n; r++)
		for (size_t i = 0; i < runs.v[r]->cells.n; i++) {
			const struct tw_cell *cell = &runs.v[r]->cells.v[i];
			struct sums *sums;

			if (cell->key.side != TW_CLIENT || !cell->count)
				continue;
			sums = &edge_of(edges, &cell->key, runs.n, arena)
					->sums[side][r];
			sums->count += cell->count;
			sums->errors += cell->errors;
			sums->retries += cell->retries;
			sums->latency += (double)cell->latency.sum;
		}
}

static double value_of(const struct sums *sums, size_t quantity, double seconds)
{
	double count = (double)sums->count;

	switch (quantity) {
	case 0:
		return sums->latency / count;
	case 1:
		return (double)sums->errors / count;
	case 2:
		return (double)sums->retries / count;
	default:
		return count / seconds;
	}
}

/* false: there is nothing to compare, or too little to matter. */
static bool look(const struct edge *edge, size_t quantity,
	struct tw_runs candidate, struct tw_arena *arena,
	struct tw_finding *finding)
{
	const struct quantity *it = &quantities[quantity];
	size_t n = candidate.n;
	double *d = tw_new_array(arena, n, double), size;
	struct tw_interval i;

	*finding =
		(struct tw_finding){.what = it->name, .unit = it->unit, .p = 1};
	for (size_t r = 0; r < n; r++) {
		const struct tw_observation *obs = candidate.v[r];
		double seconds = (double)(obs->duration - obs->warmup) / 1e9;
		double b, c;

		if (!edge->sums[0][r].count || !edge->sums[1][r].count ||
			!(seconds > 0))
			return false;
		b = value_of(&edge->sums[0][r], quantity, seconds);
		c = value_of(&edge->sums[1][r], quantity, seconds);
		finding->before += b / (double)n;
		finding->after += c / (double)n;
		d[r] = c - b;
	}
	i = tw_interval_of(d, n, TW_CONFIDENCE);
	/* Two-sided: nobody said which way. */
	finding->p = i.sd > 0 ? 2 * (i.p < 0.5 ? i.p : 1 - i.p)
		     : i.mean < 0 || i.mean > 0 ? 0
						: 1;
	finding->low = i.low;
	finding->high = i.high;
	size = i.mean < 0 ? -i.mean : i.mean;
	finding->size = finding->before > 0 ? size / finding->before : 1e9;
	return size > it->least && size > it->share * finding->before;
}

static int by_size(const void *a, const void *b)
{
	const struct tw_finding *x = a, *y = b;
	int d;

	if (x->size < y->size || x->size > y->size)
		return x->size > y->size ? -1 : 1;
	d = strcmp(x->service, y->service);
	d = d ? d : strcmp(x->endpoint, y->endpoint);
	d = d ? d : strcmp(x->caller, y->caller);
	return d ? d : strcmp(x->what, y->what);
}

void tw_explore(struct tw_runs baseline, struct tw_runs candidate,
	struct tw_arena *arena, struct tw_scenario_result *result)
{
	struct edges edges = {0};
	struct tw_finding finding;
	double *p, kept;
	size_t tested = 0;

	if (candidate.n < 2 || baseline.n != candidate.n)
		return;
	add_runs(&edges, baseline, 0, arena);
	add_runs(&edges, candidate, 1, arena);
	p = tw_new_array(arena, edges.n * QUANTITIES + 1, double);
	for (size_t i = 0; i < edges.n; i++)
		for (size_t q = 0; q < QUANTITIES; q++) {
			const struct tw_cell_key *key = edges.v[i].key;
			bool matters = look(
				&edges.v[i], q, candidate, arena, &finding);

			p[tested++] = finding.p;
			if (!matters)
				continue;
			finding.caller = tw_arena_strdup(arena, key->caller);
			finding.service = tw_arena_strdup(arena, key->service);
			finding.endpoint =
				tw_arena_strdup(arena, key->endpoint);
			tw_vec_push_in(arena, &result->findings, finding);
		}
	kept = tw_false_discovery(p, tested, TW_EXPLORE_RATE);
	tested = 0;
	for (size_t i = 0; i < result->findings.n; i++)
		if (result->findings.v[i].p <= kept)
			result->findings.v[tested++] = result->findings.v[i];
	result->findings.n = tested;
	if (tested)
		qsort(result->findings.v, tested, sizeof *result->findings.v,
			by_size);
	if (tested > TW_EXPLORE_MAX)
		result->findings.n = TW_EXPLORE_MAX;
}
