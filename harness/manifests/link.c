/*
 * Edges into behaviour, where no model says what a service does.
 */
#include "harness/manifests/reader.h"

static bool same_pos(struct tw_pos a, struct tw_pos b)
{
	return a.line == b.line && a.column == b.column && a.file && b.file &&
	       !strcmp(a.file, b.file);
}

/* Marks the scalar that stands at a position. */
static bool use_at(struct tw_yaml *node, struct tw_pos pos)
{
	if (node->kind == TW_YAML_SCALAR) {
		if (!same_pos(node->pos, pos))
			return false;
		tw_yaml_use(node);
		return true;
	}
	for (size_t i = 0; i < node->items.n; i++)
		if (use_at(node->items.v[i], pos))
			return true;
	for (size_t i = 0; i < node->pairs.n; i++)
		if (use_at(node->pairs.v[i].value, pos))
			return true;
	return false;
}

static void use_edge(
	struct tw_manifests *m, const struct tw_manifest_edge *edge)
{
	for (size_t i = 0; i < m->objects.n; i++)
		if (use_at(m->objects.v[i]->doc, edge->pos))
			return;
}

static const struct tw_spec_workload *workload_of(
	const struct tw_spec *spec, const char *key)
{
	return tw_map_get(&spec->workloads, key);
}

static bool is_in_front(const struct tw_spec_service *service,
	const struct tw_spec_workload *workload)
{
	for (size_t i = 0; i < service->workloads.n; i++)
		if (service->workloads.v[i] == workload)
			return true;
	return false;
}

/* One call for each edge that starts at the service's workloads. */
static size_t add_calls(struct tw_manifests *m, struct tw_spec *spec,
	const struct tw_spec_service *service, struct tw_spec_steps *to)
{
	for (size_t i = 0; i < m->edges.n; i++) {
		const struct tw_manifest_edge *edge = &m->edges.v[i];
		const struct tw_origin *origin;
		struct tw_spec_step *step;

		if (!is_in_front(service, workload_of(spec, edge->from)))
			continue;
		origin = tw_spec_origin(
			spec, TW_FROM_ASSUMED, edge->pos, edge->detail);
		step = tw_spec_step(spec, TW_STEP_CALL, origin);
		tw_set_text(&step->service, edge->to, origin);
		tw_vec_push_in(&spec->arena, to, step);
		use_edge(m, edge);
	}
	return to->n;
}

size_t tw_manifests_link(struct tw_manifests *m, struct tw_spec *spec)
{
	size_t used = 0;

	tw_spec_link(spec);
	for (size_t i = 0; i < spec->services.n; i++) {
		struct tw_spec_service *service = spec->services.v[i].value;
		struct tw_spec_steps calls = {0};
		struct tw_spec_endpoint *endpoint;
		struct tw_spec_step *parallel;
		size_t n;

		if (service->endpoints.n ||
			!(n = add_calls(m, spec, service, &calls)))
			continue;
		used += n;
		endpoint = tw_spec_endpoint(spec, service,
			TW_MANIFESTS_ENDPOINT, calls.v[0]->origin);
		if (n == 1) {
			endpoint->steps = calls;
			continue;
		}
		parallel = tw_spec_step(
			spec, TW_STEP_PARALLEL, calls.v[0]->origin);
		parallel->children = calls;
		tw_vec_push_in(&spec->arena, &endpoint->steps, parallel);
	}
	return used;
}
