#include "twins/model/spec.h"

#include "twins/base/assert.h"

#include <string.h>

const char *tw_source_name(enum tw_source source)
{
	static const char *const names[] = {
		[TW_FROM_ASSUMED] = "assumed",
		[TW_FROM_LOG] = "log",
		[TW_FROM_TRACE] = "trace",
		[TW_FROM_MODEL] = "model",
		[TW_FROM_MANIFEST] = "manifest",
		[TW_FROM_OVERRIDE] = "override",
	};

	tw_assert(source < sizeof names / sizeof *names);
	return names[source];
}

struct tw_spec *tw_spec_new(void)
{
	struct tw_spec *spec = tw_calloc(1, sizeof *spec);

	tw_arena_init(&spec->arena);
	tw_map_init(&spec->services, &spec->arena);
	tw_map_init(&spec->workloads, &spec->arena);
	tw_map_init(&spec->namespaces, &spec->arena);
	tw_map_init(&spec->priorities, &spec->arena);
	tw_map_init(&spec->metrics, &spec->arena);
	tw_map_init(&spec->polite, &spec->arena);
	spec->rollout_at = -1;
	return spec;
}

void tw_spec_free(struct tw_spec *spec)
{
	if (!spec)
		return;
	tw_arena_release(&spec->arena);
	tw_free(spec);
}

const struct tw_origin *tw_spec_origin(struct tw_spec *spec,
	enum tw_source source, struct tw_pos pos, const char *detail)
{
	struct tw_origin *origin = tw_new(&spec->arena, struct tw_origin);

	origin->source = source;
	origin->pos = pos;
	if (pos.file)
		origin->pos.file = tw_arena_strdup(&spec->arena, pos.file);
	if (detail)
		origin->detail = tw_arena_strdup(&spec->arena, detail);
	return origin;
}

const char *tw_spec_key(
	struct tw_spec *spec, const char *namespace, const char *name)
{
	if (!namespace && strchr(name, '/'))
		return tw_arena_strdup(&spec->arena, name);
	return tw_arena_printf(
		&spec->arena, "%s/%s", namespace ? namespace : "default", name);
}

/* The only service of that plain name in any namespace, or NULL. */
static struct tw_spec_service *only_named(
	const struct tw_spec *spec, const char *name)
{
	struct tw_spec_service *found = NULL;

	for (size_t i = 0; i < spec->services.n; i++) {
		struct tw_spec_service *service = spec->services.v[i].value;

		if (strcmp(service->name, name))
			continue;
		if (found)
			return NULL;
		found = service;
	}
	return found;
}

struct tw_spec_service *tw_spec_find_service(
	const struct tw_spec *spec, const char *namespace, const char *name)
{
	struct tw_buf key = {0};
	struct tw_spec_service *service;

	if (!namespace && strchr(name, '/'))
		return tw_map_get(&spec->services, name);
	tw_buf_printf(&key, "%s/%s", namespace ? namespace : "default", name);
	service = tw_map_get(&spec->services, tw_buf_text(&key));
	tw_buf_release(&key);
	if (!service && !namespace)
		service = only_named(spec, name);
	return service;
}

struct tw_spec_service *tw_spec_service(struct tw_spec *spec,
	const char *namespace, const char *name, const struct tw_origin *origin)
{
	struct tw_spec_service *service =
		tw_spec_find_service(spec, namespace, name);
	const char *slash;

	if (service)
		return service;
	service = tw_new(&spec->arena, struct tw_spec_service);
	service->key = tw_spec_key(spec, namespace, name);
	slash = strchr(service->key, '/');
	service->namespace = tw_arena_strndup(
		&spec->arena, service->key, (size_t)(slash - service->key));
	service->name = slash + 1;
	service->origin = origin;
	tw_map_init(&service->endpoints, &spec->arena);
	tw_map_put(&spec->services, service->key, service);
	return service;
}

struct tw_spec_service *tw_spec_find_external(
	const struct tw_spec *spec, const char *host)
{
	struct tw_buf key = {0};
	struct tw_spec_service *found;

	for (size_t i = 0; i < spec->services.n; i++) {
		struct tw_spec_service *it = spec->services.v[i].value;

		if (it->external_name.v && !strcmp(it->external_name.v, host))
			return it;
	}
	tw_buf_printf(&key, "external/%s", host);
	found = tw_map_get(&spec->services, tw_buf_text(&key));
	tw_buf_release(&key);
	return found;
}

struct tw_spec_service *tw_spec_external(
	struct tw_spec *spec, const char *host, const struct tw_origin *origin)
{
	struct tw_spec_service *it = tw_spec_find_external(spec, host);

	if (!it)
		it = tw_spec_service(spec, "external", host, origin);
	it->external = true;
	return it;
}

struct tw_spec_workload *tw_spec_workload(struct tw_spec *spec,
	const char *kind, const char *namespace, const char *name,
	const struct tw_origin *origin)
{
	const char *key = tw_spec_key(spec, namespace, name);
	struct tw_spec_workload *workload = tw_map_get(&spec->workloads, key);
	const char *slash = strchr(key, '/');

	if (workload && strcmp(workload->kind, kind)) {
		key = tw_arena_printf(&spec->arena, "%.*s/%s/%s",
			(int)(slash - key), key, kind, slash + 1);
		workload = tw_map_get(&spec->workloads, key);
	}
	if (workload)
		return workload;
	workload = tw_new(&spec->arena, struct tw_spec_workload);
	workload->key = key;
	workload->namespace = tw_arena_strndup(
		&spec->arena, key, (size_t)(strchr(key, '/') - key));
	workload->name = strrchr(key, '/') + 1;
	workload->kind = tw_arena_strdup(&spec->arena, kind);
	workload->origin = origin;
	workload->had = -1;
	tw_map_init(&workload->behaviour, &spec->arena);
	tw_map_put(&spec->workloads, key, workload);
	return workload;
}

struct tw_spec_endpoint *tw_spec_endpoint(struct tw_spec *spec,
	struct tw_spec_service *service, const char *name,
	const struct tw_origin *origin)
{
	struct tw_spec_endpoint *endpoint =
		tw_map_get(&service->endpoints, name);

	if (endpoint)
		return endpoint;
	endpoint = tw_new(&spec->arena, struct tw_spec_endpoint);
	endpoint->name = tw_arena_strdup(&spec->arena, name);
	endpoint->origin = origin;
	tw_map_put(&service->endpoints, name, endpoint);
	return endpoint;
}

struct tw_spec_step *tw_spec_step(struct tw_spec *spec, enum tw_step_kind kind,
	const struct tw_origin *origin)
{
	struct tw_spec_step *step = tw_new(&spec->arena, struct tw_spec_step);

	step->kind = kind;
	step->origin = origin;
	return step;
}

/* Among equals the later one stands: files are read in the user's order. */
static bool gives_way(const struct tw_origin *old, const struct tw_origin *new)
{
	return !old || old->source <= new->source;
}

bool tw_set_int(struct tw_int *field, int64_t v, const struct tw_origin *origin)
{
	if (!gives_way(field->origin, origin))
		return field->v == v;
	*field = (struct tw_int){v, origin};
	return true;
}

bool tw_set_real(
	struct tw_real *field, double v, const struct tw_origin *origin)
{
	if (!gives_way(field->origin, origin))
		return field->v == v;
	*field = (struct tw_real){v, origin};
	return true;
}

bool tw_set_text(
	struct tw_text *field, const char *v, const struct tw_origin *origin)
{
	if (!gives_way(field->origin, origin))
		return field->v && v && !strcmp(field->v, v);
	*field = (struct tw_text){v, origin};
	return true;
}

bool tw_set_law(struct tw_law *field, const struct tw_dist *v,
	const struct tw_origin *origin)
{
	if (!gives_way(field->origin, origin))
		return tw_dist_equal(&field->v, v);
	*field = (struct tw_law){*v, origin};
	return true;
}

static bool has_label(const struct tw_labels *labels, struct tw_label wanted)
{
	for (size_t i = 0; i < labels->n; i++)
		if (!strcmp(labels->v[i].key, wanted.key) &&
			!strcmp(labels->v[i].value, wanted.value))
			return true;
	return false;
}

bool tw_labels_match(
	const struct tw_labels *selector, const struct tw_labels *labels)
{
	for (size_t i = 0; i < selector->n; i++)
		if (!has_label(labels, selector->v[i]))
			return false;
	return true;
}
