/*
 * Custom resources: which there are, and which addresses lead to what their
 * operators make of them.
 */
#include "harness/manifests/custom.h"

#include <string.h>

/* Groups of Kubernetes itself have no dot, or end in k8s.io. */
static bool is_custom(const struct tw_object *object)
{
	return strchr(object->group, '.') &&
	       !tw_text_ends(object->group, ".k8s.io");
}

void tw_custom_add(struct tw_manifests *m, const struct tw_object *object)
{
	if (is_custom(object))
		tw_vec_push(&m->customs,
			((struct tw_manifest_custom){.group = object->group,
				.kind = object->kind,
				.namespace = object->namespace,
				.name = object->name,
				.pos = object->doc->pos}));
}

/* An object of a cluster says who made it. */
static void find_owner(struct tw_manifests *m, const struct tw_object *object,
	const struct tw_yaml *reference)
{
	const char *kind = tw_yaml_text(tw_yaml_get(reference, "kind"));
	const char *name = tw_yaml_text(tw_yaml_get(reference, "name"));

	for (size_t i = 0; kind && name && i < m->customs.n; i++) {
		struct tw_manifest_custom *it = &m->customs.v[i];

		if (!strcmp(it->kind, kind) && !strcmp(it->name, name) &&
			!strcmp(it->namespace, object->namespace))
			tw_vec_push(&it->owns, object);
	}
}

void tw_custom_owners(struct tw_manifests *m)
{
	for (size_t i = 0; m->customs.n && i < m->objects.n; i++) {
		const struct tw_object *object = m->objects.v[i];
		const struct tw_yaml *list = tw_yaml_path(
			object->doc, "metadata", "ownerReferences", NULL);

		for (size_t k = 0; k < tw_yaml_count(list); k++)
			find_owner(m, object, tw_yaml_item(list, k));
	}
}

struct tw_manifest_custom *tw_custom_owner(
	struct tw_manifests *m, const char *key)
{
	const char *slash = strchr(key, '/');
	struct tw_manifest_custom *best = NULL;
	size_t longest = 0;

	for (size_t i = 0; slash && i < m->customs.n; i++) {
		struct tw_manifest_custom *it = &m->customs.v[i];
		size_t n = strlen(it->name);

		if (strncmp(key, it->namespace, (size_t)(slash - key)) ||
			it->namespace[slash - key] ||
			strncmp(slash + 1, it->name, n) ||
			(slash[1 + n] && slash[1 + n] != '-') || n <= longest)
			continue;
		best = it;
		longest = n;
	}
	return best;
}

void tw_custom_reach(struct tw_manifests *m, struct tw_manifest_custom *it,
	const struct tw_manifest_address *address, const char *key)
{
	tw_vec_push(&it->reached,
		((struct tw_manifest_reached){.host = address->host,
			.key = tw_arena_strdup(&m->arena, key),
			.workload = address->workload,
			.name = address->name,
			.pos = address->pos}));
}

/* ---- what a model says of them -------------------------------------- */

static const struct tw_spec_service *model_of(
	const struct tw_spec *spec, const struct tw_manifest_reached *it)
{
	const struct tw_spec_service *to = tw_map_get(&spec->services, it->key);

	if (!to || !to->endpoints.n)
		to = tw_spec_find_external(spec, it->host);
	if (!to || !to->endpoints.n)
		to = tw_spec_find_external(spec, strchr(it->key, '/') + 1);
	return to && to->endpoints.n ? to : NULL;
}

static void tell(const struct tw_manifest_custom *of,
	const struct tw_manifest_reached *it, struct tw_diags *diags)
{
	struct tw_diag *diag = tw_diag(diags, TW_NOTE, it->pos,
		"%s calls %s (%s), which an operator makes of %s %s/%s, and "
		"nothing says how that behaves",
		it->workload, it->host, it->name, of->kind, of->namespace,
		of->name);

	diag->rule = "custom-resource-not-modelled";
	diag->why = tw_arena_printf(&diags->arena, "%s %s is at %s:%d",
		of->kind, of->name, of->pos.file ? of->pos.file : "",
		of->pos.line);
	tw_diag_hint(diags, diag,
		"in a twin model: external: {%s: {latency: 2ms}}, or services: "
		"{%s: {replicas: 3, endpoints: …}}",
		it->host, it->key);
}

void tw_custom_link(
	struct tw_manifests *m, struct tw_spec *spec, struct tw_diags *diags)
{
	for (size_t i = 0; i < m->customs.n; i++) {
		struct tw_manifest_custom *of = &m->customs.v[i];

		for (size_t k = 0; k < of->reached.n; k++) {
			struct tw_manifest_reached *it = &of->reached.v[k];
			const struct tw_spec_service *to = model_of(spec, it);

			it->modelled = to ? to->origin : NULL;
			if (to)
				tw_link_outside(m, spec, it->workload, to->key,
					it->name, it->pos);
			else
				tell(of, it, diags);
		}
	}
}

void tw_customs_release(struct tw_manifests *m)
{
	for (size_t i = 0; i < m->customs.n; i++) {
		tw_vec_release(&m->customs.v[i].reached);
		tw_vec_release(&m->customs.v[i].owns);
	}
	tw_vec_release(&m->customs);
}
