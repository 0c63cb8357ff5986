/*
 * gRPC's service configs where manifests hold them: in the value of an
 * environment variable or an argument, and in a ConfigMap that a pod mounts
 * or projects. They are known by their content. What is in a program's own
 * source nobody sees here.
 */
#include "harness/config/grpc_config.h"
#include "harness/manifests/reader.h"

/* A value that may be one, before it is parsed at all. */
static bool is_likely(const char *text)
{
	return text && (strstr(text, "\"methodConfig\"") ||
			       strstr(text, "\"loadBalancingConfig\""));
}

/* NULL: it is none. What is no JSON is somebody else's affair. */
static struct tw_yaml *parse(struct tw_manifest_reader *r, const char *text)
{
	struct tw_yaml_docs docs = {0};
	struct tw_diags ignored;
	bool good;

	tw_diags_init(&ignored);
	good = !tw_yaml_parse(&r->spec->arena, "service config", text,
		strlen(text), NULL, &ignored, &docs);
	tw_diags_release(&ignored);
	return good && docs.n == 1 && tw_grpc_config_is(docs.v[0]) ? docs.v[0]
								   : NULL;
}

/* For the clients in the pods of a workload, whatever they call. */
static void add(struct tw_manifest_reader *r,
	const struct tw_spec_workload *pods, const char *text,
	const struct tw_origin *origin)
{
	struct tw_yaml *config = is_likely(text) ? parse(r, text) : NULL;
	struct tw_grpc_config to = {.spec = r->spec,
		.diags = r->diags,
		.source = TW_FROM_MANIFEST,
		.callee = "**",
		.at = origin,
		.severity = TW_WARNING};

	if (!config)
		return;
	tw_manifests_use(r->m, origin->pos);
	for (size_t i = 0; i < r->spec->services.n; i++) {
		const struct tw_spec_service *it = r->spec->services.v[i].value;
		bool theirs = false;

		for (size_t k = 0; k < it->workloads.n; k++)
			theirs |= it->workloads.v[k] == pods;
		if (!theirs)
			continue;
		to.caller = it->key;
		tw_grpc_config_read(&to, config);
	}
}

static void add_map(struct tw_manifest_reader *r,
	const struct tw_spec_workload *pods, const char *name)
{
	struct tw_object *map = name ? tw_manifests_find(r->m, "ConfigMap",
					       pods->namespace, name)
				     : NULL;
	struct tw_yaml *data = map ? tw_yaml_get(map->doc, "data") : NULL;

	for (size_t i = 0;
		tw_yaml_is(data, TW_YAML_MAPPING) && i < data->pairs.n; i++) {
		struct tw_yaml *value = data->pairs.v[i].value;

		add(r, pods, tw_yaml_text(value),
			tw_manifest_origin(r, value,
				tw_arena_printf(
					&r->m->arena, "ConfigMap %s", name)));
	}
}

static void read_volumes(
	struct tw_manifest_reader *r, const struct tw_object *object)
{
	struct tw_yaml *of = tw_yaml_get(object->doc, "spec");
	struct tw_yaml *pod = tw_yaml_path(of, "template", "spec", NULL);
	struct tw_yaml *volumes = tw_yaml_get(pod ? pod : of, "volumes");
	const struct tw_spec_workload *pods = tw_map_get(
		&r->spec->workloads, tw_arena_printf(&r->m->arena, "%s/%s",
					     object->namespace, object->name));

	if (!pods || strcmp(pods->kind, object->kind) != 0)
		return;
	for (size_t i = 0; i < tw_yaml_count(volumes); i++) {
		struct tw_yaml *it = tw_yaml_item(volumes, i);
		struct tw_yaml *sources =
			tw_yaml_path(it, "projected", "sources", NULL);

		add_map(r, pods,
			tw_yaml_text(
				tw_yaml_path(it, "configMap", "name", NULL)));
		for (size_t k = 0; k < tw_yaml_count(sources); k++)
			add_map(r, pods,
				tw_yaml_text(
					tw_yaml_path(tw_yaml_item(sources, k),
						"configMap", "name", NULL)));
	}
}

void tw_manifests_find_grpc(struct tw_manifest_reader *r)
{
	for (size_t i = 0; i < r->spec->workloads.n; i++) {
		const struct tw_spec_workload *pods =
			r->spec->workloads.v[i].value;

		for (size_t c = 0; c < pods->containers.n; c++) {
			const struct tw_spec_container *it =
				pods->containers.v[c];

			for (size_t k = 0; k < it->env.n; k++)
				add(r, pods, it->env.v[k].value.v,
					it->env.v[k].value.origin);
			for (size_t k = 0; k < it->args.n; k++)
				add(r, pods, it->args.v[k].v,
					it->args.v[k].origin);
		}
	}
	for (size_t i = 0; i < r->m->objects.n; i++)
		read_volumes(r, r->m->objects.v[i]);
}
