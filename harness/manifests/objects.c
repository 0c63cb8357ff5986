/*
 * Documents and their identities.
 */
#include "harness/manifests/reader.h"

#include <stdlib.h>

const char *tw_objects_group(
	struct tw_arena *arena, const char *api_version, const char **version)
{
	const char *slash = strrchr(api_version, '/');

	*version = slash ? slash + 1 : api_version;
	return slash ? tw_arena_strndup(arena, api_version,
			       (size_t)(slash - api_version))
		     : "";
}

/* Groups that a kind has had: one identity for all of them, so that a move
 * from extensions/v1beta1 to apps/v1 is a change of one object. */
static const char *canonical_group(const char *group, const char *kind)
{
	static const char *const workloads[] = {
		"Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"};

	if (strcmp(group, "extensions"))
		return group;
	if (!strcmp(kind, "Ingress") || !strcmp(kind, "NetworkPolicy"))
		return "networking.k8s.io";
	for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
		if (!strcmp(kind, workloads[i]))
			return "apps";
	return group;
}

struct tw_object *tw_objects_put(struct tw_manifests *m, const char *group,
	const char *version, const char *kind, const char *namespace,
	const char *name, struct tw_yaml *doc, struct tw_diags *diags)
{
	struct tw_object *object, *old;
	const char *id;

	group = canonical_group(group, kind);
	id = tw_arena_printf(&m->arena, "%s%s%s %s/%s", group,
		*group ? "/" : "", kind, namespace, name);
	old = tw_map_get(&m->by_id, id);
	if (old) {
		struct tw_diag *d;

		if (tw_yaml_equal(old->doc, doc))
			return old;
		d = tw_diag(diags, TW_WARNING, doc->pos,
			"%s %s/%s is declared twice; this one wins", kind,
			namespace, name);
		tw_diag_hint(diags, d, "the other one is at %s:%d",
			old->doc->pos.file ? old->doc->pos.file : "?",
			old->doc->pos.line);
		object = old;
	} else {
		object = tw_new(&m->arena, struct tw_object);
		tw_vec_push(&m->objects, object);
		tw_map_put(&m->by_id, id, object);
	}
	*object = (struct tw_object){.group = group,
		.version = version,
		.kind = kind,
		.namespace = namespace,
		.name = name,
		.id = id,
		.doc = doc};
	return object;
}

struct tw_object *tw_manifests_find(const struct tw_manifests *m,
	const char *kind, const char *namespace, const char *name)
{
	for (size_t i = 0; i < m->objects.n; i++) {
		struct tw_object *it = m->objects.v[i];

		if (!strcmp(it->kind, kind) && !strcmp(it->name, name) &&
			(!namespace || !strcmp(it->namespace, namespace)) &&
			strcmp(it->group, "compose") != 0)
			return it;
	}
	return NULL;
}

/* Groups whose objects have a name, or the API server refuses them. */
static bool is_known_group(const char *group)
{
	return !strchr(group, '.') || tw_text_ends(group, ".k8s.io") ||
	       !strcmp(group, "networking.istio.io");
}

/* `items` of kind: List, and of XxxList. */
static int add_list(
	struct tw_manifests *m, struct tw_yaml *items, struct tw_diags *diags)
{
	int status = 0;

	for (size_t i = 0; i < tw_yaml_count(items); i++)
		if (tw_objects_add(m, tw_yaml_item(items, i), diags))
			status = -1;
	return status;
}

int tw_objects_add(
	struct tw_manifests *m, struct tw_yaml *doc, struct tw_diags *diags)
{
	const char *kind = tw_yaml_text(tw_yaml_get(doc, "kind"));
	const char *api = tw_yaml_text(tw_yaml_get(doc, "apiVersion"));
	struct tw_yaml *meta = tw_yaml_get(doc, "metadata");
	struct tw_yaml *items = tw_yaml_get(doc, "items");
	const char *name = tw_yaml_text(tw_yaml_get(meta, "name"));
	const char *namespace = tw_yaml_text(tw_yaml_get(meta, "namespace"));
	const char *group, *version;
	struct tw_diag *d;

	if (!kind) {
		d = tw_diag(diags, TW_ERROR, doc->pos,
			"this document has no 'kind'");
		d->hint = "a Kubernetes object has apiVersion, kind and "
			  "metadata";
		return -1;
	}
	if (!api) {
		tw_diag(diags, TW_ERROR, tw_yaml_get(doc, "kind")->pos,
			"this %s has no 'apiVersion'", kind);
		return -1;
	}
	if (tw_text_ends(kind, "List") && tw_yaml_is(items, TW_YAML_SEQUENCE))
		return add_list(m, items, diags);
	if (!strcmp(kind, "List"))
		return add_list(m, items, diags);
	if (!name)
		name = tw_yaml_text(tw_yaml_get(meta, "generateName"));
	group = tw_objects_group(&m->arena, api, &version);
	if (!name && !is_known_group(group)) /* a tool's configuration */
		name = tw_arena_printf(&m->arena, "%s:%d",
			doc->pos.file ? doc->pos.file : "", doc->pos.line);
	if (!name) {
		tw_diag(diags, TW_ERROR, meta ? meta->pos : doc->pos,
			"this %s has no 'metadata.name'", kind);
		return -1;
	}
	tw_objects_put(m, group, version, kind,
		namespace && *namespace ? namespace : "default", name, doc,
		diags);
	return 0;
}

static bool has_object(const struct tw_yaml_docs *docs)
{
	for (size_t i = 0; i < docs->n; i++)
		if (tw_yaml_get(docs->v[i], "kind") ||
			(tw_yaml_get(docs->v[i], "apiVersion") &&
				tw_yaml_get(docs->v[i], "metadata")))
			return true;
	return false;
}

int tw_objects_add_text(struct tw_manifests *m, const char *file,
	const char *text, size_t n, bool named, struct tw_pos pos,
	struct tw_diags *diags)
{
	const struct tw_yaml_options options = {.duplicates = true};
	struct tw_yaml_docs docs = {0};
	struct tw_diag *d;
	int status;

	status =
		tw_yaml_parse(&m->arena, file, text, n, &options, diags, &docs);
	if (!has_object(&docs)) {
		if (!named || status) {
			m->passed++;
			return status;
		}
		d = tw_diag(diags, TW_ERROR, pos,
			"'%s' holds no Kubernetes object and no Compose "
			"project",
			file);
		d->hint = "name the files that are deployed";
		return -1;
	}
	for (size_t i = 0; i < docs.n; i++)
		if (tw_objects_add(m, docs.v[i], diags))
			status = -1;
	return status;
}
