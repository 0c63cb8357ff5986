#include "harness/commands/init/draft_graph.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"

#include <stdlib.h>

/* A second Service in front of the same pods ("frontend-external"): the one
 * of the workload's name stands for them, else the first. */
static bool is_second(
	const struct tw_spec *spec, const struct tw_spec_service *it)
{
	const struct tw_spec_workload *pods =
		it->workloads.n ? it->workloads.v[0] : NULL;
	const struct tw_spec_service *first = NULL;

	if (!pods || !strcmp(it->name, pods->name))
		return false;
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *other = spec->services.v[i].value;

		if (!tw_spec_is_backed_by(other, pods))
			continue;
		if (!strcmp(other->name, pods->name))
			return true;
		if (!first)
			first = other;
	}
	return first != it;
}

bool tw_draft_is_load(const char *name)
{
	static const char *const words[] = {
		"loadgen", "load-gen", "loadtest", "load-test", "locust", "k6"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(name, words[i]))
			return true;
	return !strcmp(name, "load");
}

static void add_calls(
	struct tw_draft_node *node, const struct tw_spec_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		const struct tw_spec_step *it = steps->v[i];

		if (it->kind == TW_STEP_CALL && it->service.v)
			tw_vec_push(&node->calls, it);
		add_calls(node, &it->children);
	}
}

static void add_node(
	struct tw_draft_graph *graph, const struct tw_spec_service *service)
{
	struct tw_draft_node node = {.service = service};

	for (size_t i = 0; i < service->endpoints.n; i++) {
		const struct tw_spec_endpoint *it =
			service->endpoints.v[i].value;

		add_calls(&node, &it->steps);
	}
	tw_vec_push(&graph->nodes, node);
}

static size_t find_key(const struct tw_draft_graph *graph, const char *key)
{
	for (size_t i = 0; i < graph->nodes.n; i++)
		if (!strcmp(graph->nodes.v[i].service->key, key))
			return i;
	return SIZE_MAX;
}

size_t tw_draft_find(
	const struct tw_draft_graph *graph, const struct tw_spec_service *it)
{
	return find_key(graph, it->key);
}

static bool is_called(const struct tw_draft_graph *graph, const char *key)
{
	for (size_t i = 0; i < graph->nodes.n; i++)
		for (size_t k = 0; k < graph->nodes.v[i].calls.n; k++)
			if (!strcmp(graph->nodes.v[i].calls.v[k]->service.v,
				    key))
				return true;
	return false;
}

void tw_draft_graph_init(
	struct tw_draft_graph *graph, const struct tw_spec *spec)
{
	*graph = (struct tw_draft_graph){.spread = 4};
	for (size_t i = 0; i < spec->services.n; i++)
		if (!is_second(spec, spec->services.v[i].value))
			add_node(graph, spec->services.v[i].value);
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *it = spec->services.v[i].value;

		if (find_key(graph, it->key) == SIZE_MAX &&
			is_called(graph, it->key))
			add_node(graph, it);
	}
	for (size_t i = 0; i < graph->nodes.n; i++) {
		struct tw_draft_node *node = &graph->nodes.v[i];

		for (size_t k = 0; k < node->calls.n; k++) {
			size_t to =
				find_key(graph, node->calls.v[k]->service.v);

			tw_vec_push(&node->callees, to);
			if (to == SIZE_MAX)
				continue;
			graph->nodes.v[to].called = true;
			graph->nodes.v[to].needed |=
				!tw_draft_is_load(node->service->name);
		}
	}
}

void tw_draft_graph_release(struct tw_draft_graph *graph)
{
	for (size_t i = 0; i < graph->nodes.n; i++) {
		tw_vec_release(&graph->nodes.v[i].calls);
		tw_vec_release(&graph->nodes.v[i].callees);
	}
	tw_vec_release(&graph->nodes);
	tw_free(graph->inner);
	tw_free(graph->factor);
}

static size_t reach(struct tw_draft_graph *graph, size_t at)
{
	struct tw_draft_node *node = &graph->nodes.v[at];
	size_t n = 1;

	if (node->reached)
		return 0;
	node->reached = true;
	for (size_t i = 0; i < node->callees.n; i++)
		if (node->callees.v[i] != SIZE_MAX)
			n += reach(graph, node->callees.v[i]);
	return n;
}

size_t tw_draft_reach(struct tw_draft_graph *graph, size_t entry)
{
	for (size_t i = 0; i < graph->nodes.n; i++)
		graph->nodes.v[i].reached = false;
	return reach(graph, entry);
}

/* ---- how long it takes ------------------------------------------------ */

struct sampling {
	const struct tw_draft_graph *graph;
	struct tw_dist work; /* of median 1 s */
	uint64_t sample;
	double *known; /* of each node in this sample; < 0: not yet */
};

static double draw(const struct sampling *s, size_t node)
{
	uint64_t h = tw_hash_combine(
		s->sample, tw_hash_name(s->graph->nodes.v[node].service->key));
	double u = ((double)(h >> 11) + 0.5) / 9007199254740992.0; /* 2^53 */

	return tw_dist_quantile(&s->work, u) / (double)TW_S;
}

static double calls_take(struct sampling *s, size_t at);

static double takes(struct sampling *s, size_t at)
{
	if (s->known[at] < 0)
		s->known[at] = draw(s, at) + calls_take(s, at);
	return s->known[at];
}

static double calls_take(struct sampling *s, size_t at)
{
	const struct tw_draft_node *node = &s->graph->nodes.v[at];
	double longest = 0;

	for (size_t i = 0; i < node->callees.n; i++) {
		double one = node->callees.v[i] != SIZE_MAX
				     ? takes(s, node->callees.v[i])
				     : 0;

		longest = one > longest ? one : longest;
	}
	return longest;
}

void tw_draft_sample(struct tw_draft_graph *graph, size_t entry)
{
	struct sampling s = {.graph = graph};
	struct tw_quantile median = {0.5, TW_S},
			   high = {0.99,
				   (tw_time)((double)TW_S * graph->spread)};
	struct tw_error error;
	int status = tw_dist_lognormal(&s.work, median, high, &error);

	tw_assert(!status);
	graph->inner =
		tw_reallocarray(graph->inner, TW_DRAFT_SAMPLES, sizeof(double));
	graph->factor = tw_reallocarray(
		graph->factor, TW_DRAFT_SAMPLES, sizeof(double));
	s.known = tw_reallocarray(NULL, graph->nodes.n, sizeof(double));
	for (s.sample = 0; s.sample < TW_DRAFT_SAMPLES; s.sample++) {
		for (size_t i = 0; i < graph->nodes.n; i++)
			s.known[i] = -1;
		graph->factor[s.sample] = draw(&s, entry);
		graph->inner[s.sample] = calls_take(&s, entry);
	}
	tw_free(s.known);
}

static int compare(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

double tw_draft_median(
	const struct tw_draft_graph *graph, double own, double unit, bool calls)
{
	double *sums = tw_reallocarray(NULL, TW_DRAFT_SAMPLES, sizeof(double));
	double median;

	for (size_t i = 0; i < TW_DRAFT_SAMPLES; i++)
		sums[i] = own * graph->factor[i] +
			  (calls ? unit * graph->inner[i] : 0);
	qsort(sums, TW_DRAFT_SAMPLES, sizeof *sums, compare);
	median = sums[TW_DRAFT_SAMPLES / 2];
	tw_free(sums);
	return median;
}

double tw_draft_mean(const struct tw_draft_graph *graph)
{
	struct tw_quantile low = {0.5, TW_S};
	struct tw_quantile high = {
		0.99, (tw_time)((double)TW_S * graph->spread)};
	struct tw_error error;
	struct tw_dist law;

	if (tw_dist_lognormal(&law, low, high, &error))
		return 1;
	return tw_dist_mean(&law) / (double)TW_S;
}
