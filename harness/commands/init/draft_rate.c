/*
 * How much made-up traffic a system that nobody measured is given: no more
 * than a quarter of what its tightest CPU limit carries by the assumed work,
 * so that it still holds where that is doubled.
 */
#include "harness/commands/init/draft_graph.h"

#include "twins/model/cgroup.h"

#define RATE_MAX  50.0
#define RATE_MIN  1.0
#define LOAD_MOST 0.25

/* Calls of each service a request; the graph has no circles. */
static double *visits_of(const struct tw_draft_graph *graph, size_t entry)
{
	size_t n = graph->nodes.n;
	double *visits = tw_calloc(n, sizeof *visits);
	double *now = tw_calloc(n, sizeof *now);

	now[entry] = 1;
	for (size_t depth = 0; depth < n; depth++) {
		double *next = tw_calloc(n, sizeof *next);

		for (size_t i = 0; i < n; i++) {
			const struct tw_draft_indices *to =
				&graph->nodes.v[i].callees;

			visits[i] += now[i];
			for (size_t k = 0; k < to->n; k++)
				if (to->v[k] < n)
					next[to->v[k]] += now[i];
		}
		tw_free(now);
		now = next;
	}
	tw_free(now);
	return visits;
}

/* Cores that its limits grant it; 0: there are none. */
static double limit_of(const struct tw_spec_service *service)
{
	double cores = 0;

	for (size_t i = 0; i < service->workloads.n; i++) {
		const struct tw_spec_workload *w = service->workloads.v[i];
		const struct tw_spec_container *c = tw_main_container(w);

		if (!c || !c->cpu_limit.origin)
			return 0;
		cores += (double)c->cpu_limit.v / 1000 *
			 (double)tw_int_or(w->replicas, 1);
	}
	return cores;
}

double tw_draft_rate(
	const struct tw_draft_graph *graph, size_t entry, double work)
{
	double *visits = visits_of(graph, entry);
	double rate = RATE_MAX;

	for (size_t i = 0; i < graph->nodes.n; i++) {
		double cores = limit_of(graph->nodes.v[i].service);
		double each = visits[i] * work / 1e9;

		if (cores > 0 && each > 0 && LOAD_MOST * cores / each < rate)
			rate = LOAD_MOST * cores / each;
	}
	tw_free(visits);
	rate = (double)(int)rate;
	return rate < RATE_MIN ? RATE_MIN : rate;
}
