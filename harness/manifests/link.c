/*
 * Edges into behaviour, where no model says what a service does.
 */
#include "harness/manifests/link.h"

#include "harness/manifests/custom.h"

#include <stdlib.h>

/* The edges by their ends: there may be many thousands. */
TW_VEC_TYPE(numbers, size_t);

struct ends {
	struct tw_arena arena;
	struct tw_map from; /* key of a workload -> struct numbers * */
	struct tw_map to;   /* keys of services */
};

static void find_ends(const struct tw_manifests *m, struct ends *ends)
{
	tw_arena_init(&ends->arena);
	tw_map_init(&ends->from, &ends->arena);
	tw_map_init(&ends->to, &ends->arena);
	for (size_t i = 0; i < m->edges.n; i++) {
		const struct tw_manifest_edge *it = &m->edges.v[i];
		struct numbers *list = tw_map_get(&ends->from, it->from);

		if (!list) {
			list = tw_new(&ends->arena, struct numbers);
			tw_map_put(&ends->from, it->from, list);
		}
		tw_vec_push_in(&ends->arena, list, i);
		tw_map_put(&ends->to, it->to, ends);
	}
}

static const struct tw_spec_workload *workload_of(
	const struct tw_spec *spec, const char *key)
{
	return tw_map_get(&spec->workloads, key);
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

/* `no`: services that do not reach it, from one question to the next; whom a
 * service calls itself changes nothing of that. */
static bool closes_circle(const struct tw_spec *spec,
	const struct tw_spec_service *service, const char *to,
	struct tw_map *no)
{
	if (!reaches(spec, to, service->key, no))
		return false;
	/* Who was on the way is among them. */
	tw_map_release(no);
	tw_map_init(no, NULL);
	return true;
}

static void add_call(struct tw_manifests *m, struct tw_spec *spec,
	const struct tw_manifest_edge *edge, struct tw_spec_steps *to)
{
	const struct tw_origin *origin =
		tw_spec_origin(spec, TW_FROM_ASSUMED, edge->pos, edge->detail);
	struct tw_spec_step *step = tw_spec_step(spec, TW_STEP_CALL, origin);

	tw_set_text(&step->service, edge->to, origin);
	tw_vec_push_in(&spec->arena, to, step);
	tw_manifests_use(m, edge->pos);
}

static int by_number(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return x < y ? -1 : x > y;
}

/* Edges that start at the service's workloads, in their order. */
static struct numbers edges_of(
	struct ends *ends, const struct tw_spec_service *service)
{
	struct numbers all = {0};

	for (size_t i = 0; i < service->workloads.n; i++) {
		const struct numbers *some =
			tw_map_get(&ends->from, service->workloads.v[i]->key);

		for (size_t k = 0; some && k < some->n; k++)
			tw_vec_push_in(&ends->arena, &all, some->v[k]);
	}
	if (all.n)
		qsort(all.v, all.n, sizeof *all.v, by_number);
	return all;
}

/* One call for each of them. */
static size_t add_calls(struct tw_manifests *m, struct tw_spec *spec,
	struct ends *ends, const struct tw_spec_service *service,
	struct tw_spec_steps *to, struct tw_diags *diags)
{
	struct numbers all = edges_of(ends, service);
	struct tw_map no;

	tw_map_init(&no, NULL);
	for (size_t i = 0; i < all.n; i++) {
		const struct tw_manifest_edge *edge = &m->edges.v[all.v[i]];

		/* A workload twice behind the service calls once. */
		if (edge->telemetry || (i && all.v[i] == all.v[i - 1]))
			continue;
		if (closes_circle(spec, service, edge->to, &no))
			tw_diag(diags, TW_NOTE, edge->pos,
				"the call from %s to %s would close a circle "
				"and was left out",
				service->key, edge->to);
		else
			add_call(m, spec, edge, to);
	}
	tw_map_release(&no);
	return to->n;
}

/* Whether anything can call a service that has no behaviour yet. */
static bool is_reached(const struct tw_manifests *m, const struct tw_spec *spec,
	const struct ends *ends, const struct tw_spec_service *service)
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
	return tw_map_get(&ends->to, service->key) != NULL;
}

static bool shares_pods(const struct tw_spec_service *service,
	const struct tw_spec_service *other)
{
	for (size_t k = 0; k < other->workloads.n; k++)
		if (tw_spec_is_backed_by(service, other->workloads.v[k]))
			return true;
	return false;
}

/* Its pods are those of a service that a model describes, or requests reach. */
static bool is_shown_elsewhere(const struct tw_manifests *m,
	const struct tw_spec *spec, const struct ends *ends,
	const struct tw_spec_service *service)
{
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *other = spec->services.v[i].value;

		/* What costs most is asked last. */
		if (other != service && shares_pods(service, other) &&
			((other->endpoints.n &&
				 !tw_map_get(&m->linked, other->key)) ||
				is_reached(m, spec, ends, other)))
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
		if (tw_spec_is_backed_by(spec->services.v[i].value, workload))
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
	struct ends ends;
	size_t used = 0;

	tw_manifests_use_jobs(m, spec);
	tw_spec_link(spec);
	for (size_t i = 0; i < m->outsiders.n; i++)
		link_outsider(m, spec, &m->outsiders.v[i], diags);
	tw_custom_link(m, spec, diags);
	find_ends(m, &ends);
	for (size_t i = 0; i < spec->services.n; i++) {
		struct tw_spec_service *service = spec->services.v[i].value;
		struct tw_spec_steps steps = {0};

		tw_link_limits(m, service);
		if (service->endpoints.n ||
			(is_shown_elsewhere(m, spec, &ends, service) &&
				!is_reached(m, spec, &ends, service)) ||
			!add_calls(m, spec, &ends, service, &steps, diags))
			continue;
		used += steps.n;
		set_steps(spec, service, &steps);
		tw_map_put(&m->linked, service->key, service);
	}
	tw_arena_release(&ends.arena);
	tw_link_scalers(m, spec);
	tw_link_verticals(m, spec);
	tw_link_images(m, spec);
	tw_link_probes(m, spec);
	if (spec->dns.origin)
		use_resolver(m, spec);
	tw_addresses_judge(m, spec, diags);
	return used;
}
