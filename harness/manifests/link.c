/*
 * Edges into behaviour, where no model says what a service does.
 */
#include "harness/manifests/link.h"

#include "harness/manifests/custom.h"

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

void tw_manifests_use(struct tw_manifests *m, struct tw_pos pos)
{
	for (size_t i = 0; i < m->objects.n; i++)
		if (use_at(m->objects.v[i]->doc, pos))
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

static bool calls(const struct tw_spec *spec, const struct tw_spec_steps *steps,
	const char *to, struct tw_map *seen);

/* Whether one service's requests can reach another by the steps so far. */
static bool reaches(const struct tw_spec *spec, const char *from,
	const char *to, struct tw_map *seen)
{
	const struct tw_spec_service *service =
		tw_map_get(&spec->services, from);

	if (!strcmp(from, to))
		return true;
	if (!service || !tw_map_put(seen, from, seen))
		return false;
	for (size_t i = 0; i < service->endpoints.n; i++) {
		const struct tw_spec_endpoint *endpoint =
			service->endpoints.v[i].value;

		if (calls(spec, &endpoint->steps, to, seen))
			return true;
	}
	return false;
}

static bool calls(const struct tw_spec *spec, const struct tw_spec_steps *steps,
	const char *to, struct tw_map *seen)
{
	for (size_t i = 0; i < steps->n; i++) {
		const struct tw_spec_step *step = steps->v[i];

		if (step->kind == TW_STEP_CALL && step->service.v &&
			reaches(spec, step->service.v, to, seen))
			return true;
		if (calls(spec, &step->children, to, seen))
			return true;
	}
	return false;
}

static bool closes_circle(const struct tw_spec *spec,
	const struct tw_spec_service *service, const char *to)
{
	struct tw_map seen;
	bool yes;

	tw_map_init(&seen, NULL);
	yes = reaches(spec, to, service->key, &seen);
	tw_map_release(&seen);
	return yes;
}

/* One call for each edge that starts at the service's workloads. */
static size_t add_calls(struct tw_manifests *m, struct tw_spec *spec,
	const struct tw_spec_service *service, struct tw_spec_steps *to,
	struct tw_diags *diags)
{
	for (size_t i = 0; i < m->edges.n; i++) {
		const struct tw_manifest_edge *edge = &m->edges.v[i];
		const struct tw_origin *origin;
		struct tw_spec_step *step;

		if (edge->telemetry ||
			!is_in_front(service, workload_of(spec, edge->from)))
			continue;
		if (closes_circle(spec, service, edge->to)) {
			tw_diag(diags, TW_NOTE, edge->pos,
				"the call from %s to %s would close a circle "
				"and was left out",
				service->key, edge->to);
			continue;
		}
		origin = tw_spec_origin(
			spec, TW_FROM_ASSUMED, edge->pos, edge->detail);
		step = tw_spec_step(spec, TW_STEP_CALL, origin);
		tw_set_text(&step->service, edge->to, origin);
		tw_vec_push_in(&spec->arena, to, step);
		tw_manifests_use(m, edge->pos);
	}
	return to->n;
}

/* Whether anything can call a service that has no behaviour yet. */
static bool is_reached(const struct tw_manifests *m, const struct tw_spec *spec,
	const struct tw_spec_service *service)
{
	if (m->entry && tw_spec_find_service(spec, NULL, m->entry) == service)
		return true;
	for (size_t i = 0; i < spec->entries.n; i++)
		if (spec->entries.v[i]->service.v &&
			!strcmp(spec->entries.v[i]->service.v, service->key))
			return true;
	for (size_t i = 0; i < spec->services.n; i++)
		if (tw_link_calls(
			    spec, spec->services.v[i].value, service->key))
			return true;
	for (size_t i = 0; i < m->edges.n; i++)
		if (!strcmp(m->edges.v[i].to, service->key))
			return true;
	return false;
}

static bool shares_pods(const struct tw_spec_service *service,
	const struct tw_spec_service *other)
{
	for (size_t k = 0; k < other->workloads.n; k++)
		if (is_in_front(service, other->workloads.v[k]))
			return true;
	return false;
}

/* Its pods are those of a service that a model describes, or requests reach. */
static bool is_shown_elsewhere(const struct tw_manifests *m,
	const struct tw_spec *spec, const struct tw_spec_service *service)
{
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *other = spec->services.v[i].value;

		/* What costs most is asked last. */
		if (other != service && shares_pods(service, other) &&
			((other->endpoints.n &&
				 !tw_map_get(&m->linked, other->key)) ||
				is_reached(m, spec, other)))
			return true;
	}
	return false;
}

/* Side by side, or the one call as it is. */
static void set_steps(struct tw_spec *spec, struct tw_spec_service *service,
	const struct tw_spec_steps *steps)
{
	const struct tw_origin *origin = steps->v[0]->origin;
	struct tw_spec_endpoint *endpoint =
		tw_spec_endpoint(spec, service, TW_MANIFESTS_ENDPOINT, origin);
	struct tw_spec_step *parallel;

	if (steps->n == 1) {
		endpoint->steps = *steps;
		return;
	}
	parallel = tw_spec_step(spec, TW_STEP_PARALLEL, origin);
	parallel->children = *steps;
	tw_vec_push_in(&spec->arena, &endpoint->steps, parallel);
}

void tw_link_add_call(struct tw_manifests *m, struct tw_spec *spec,
	struct tw_spec_service *service, const char *callee, struct tw_pos pos)
{
	const struct tw_origin *origin =
		tw_spec_origin(spec, TW_FROM_ASSUMED, pos, NULL);
	struct tw_spec_step *step = tw_spec_step(spec, TW_STEP_CALL, origin);
	struct tw_spec_endpoint *endpoint =
		tw_spec_endpoint(spec, service, TW_MANIFESTS_ENDPOINT, origin);

	tw_set_text(
		&step->service, tw_arena_strdup(&spec->arena, callee), origin);
	tw_vec_push_in(&spec->arena, &endpoint->steps, step);
	tw_map_put(&m->linked, service->key, service);
}

static const char *front_of(
	const struct tw_spec *spec, const struct tw_spec_workload *workload)
{
	for (size_t i = 0; i < spec->services.n; i++)
		if (is_in_front(spec->services.v[i].value, workload))
			return spec->services.v[i].key;
	return NULL;
}

void tw_link_outside(struct tw_manifests *m, const struct tw_spec *spec,
	const char *workload, const char *to, const char *detail,
	struct tw_pos pos)
{
	for (size_t i = 0; i < m->edges.n; i++)
		if (!strcmp(m->edges.v[i].from, workload) &&
			!strcmp(m->edges.v[i].to, to))
			return;
	tw_vec_push(&m->edges, ((struct tw_manifest_edge){.from = workload,
				       .from_service = front_of(spec,
					       workload_of(spec, workload)),
				       .to = to,
				       .source = TW_EDGE_ENV,
				       .detail = detail,
				       .pos = pos}));
}

/* An edge to what a model or a ServiceEntry declares outside; of others the
 * reader of `check` learns that they are there. */
static void link_outsider(struct tw_manifests *m, struct tw_spec *spec,
	struct tw_manifest_outsider *it, struct tw_diags *diags)
{
	const struct tw_spec_service *to =
		tw_spec_find_external(spec, it->host);
	struct tw_diag *diag;

	it->modelled = to && to->endpoints.n;
	if (!it->modelled) {
		diag = tw_diag(diags, TW_NOTE, it->pos,
			"%s calls %s (%s), and nothing says how that behaves",
			it->workload, it->host, it->name);
		diag->rule = "external-not-modelled";
		tw_diag_hint(diags, diag,
			"in a model: external: {%s: {latency: {p50: …, p99: "
			"…}}}",
			it->host);
	}
	if (to)
		tw_link_outside(
			m, spec, it->workload, to->key, it->name, it->pos);
}

/* What look-ups depend on, where a model has `dns:`. */
static void use_resolver(struct tw_manifests *m, const struct tw_spec *spec)
{
	for (size_t i = 0; i < spec->names.n; i++)
		tw_manifests_use(m, spec->names.v[i].host.origin->pos);
	for (size_t i = 0; i < m->objects.n; i++) {
		struct tw_yaml *of = tw_yaml_get(m->objects.v[i]->doc, "spec");
		struct tw_yaml *pod =
			tw_yaml_path(of, "template", "spec", NULL);
		struct tw_yaml *config;

		if (!pod)
			pod = of;
		config = tw_yaml_get(pod, "dnsConfig");
		if (tw_yaml_get(pod, "dnsPolicy"))
			tw_yaml_use(tw_yaml_get(pod, "dnsPolicy"));
		if (config) {
			tw_yaml_use_all(tw_yaml_get(config, "options"));
			tw_yaml_use_all(tw_yaml_get(config, "searches"));
		}
	}
}

size_t tw_manifests_link(
	struct tw_manifests *m, struct tw_spec *spec, struct tw_diags *diags)
{
	size_t used = 0;

	tw_manifests_use_jobs(m, spec);
	tw_spec_link(spec);
	for (size_t i = 0; i < m->outsiders.n; i++)
		link_outsider(m, spec, &m->outsiders.v[i], diags);
	tw_custom_link(m, spec, diags);
	for (size_t i = 0; i < spec->services.n; i++) {
		struct tw_spec_service *service = spec->services.v[i].value;
		struct tw_spec_steps steps = {0};

		tw_link_limits(m, service);
		if (service->endpoints.n ||
			(is_shown_elsewhere(m, spec, service) &&
				!is_reached(m, spec, service)) ||
			!add_calls(m, spec, service, &steps, diags))
			continue;
		used += steps.n;
		set_steps(spec, service, &steps);
		tw_map_put(&m->linked, service->key, service);
	}
	tw_link_scalers(m, spec);
	tw_link_images(m, spec);
	tw_link_probes(m, spec);
	if (spec->dns.origin)
		use_resolver(m, spec);
	tw_addresses_judge(m, spec, diags);
	return used;
}
