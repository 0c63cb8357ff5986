/*
 * What differs between two sides, object by object and leaf by leaf.
 */
#include "harness/manifests/reader.h"

struct differ {
	struct tw_arena *arena;
	struct tw_manifest_changes *changes;
	const struct tw_object *a, *b;
};

static const char *shown(struct differ *d, const struct tw_object *object,
	const char *path, const struct tw_yaml *leaf)
{
	const char *text;

	if (!leaf)
		return NULL;
	if (!strcmp(object->kind, "Secret") &&
		(!strncmp(path, "data", 4) || !strncmp(path, "stringData", 10)))
		return "(secret)";
	text = tw_yaml_text(leaf);
	if (!text)
		return leaf->kind == TW_YAML_SEQUENCE  ? "[]"
		       : leaf->kind == TW_YAML_MAPPING ? "{}"
						       : "null";
	return tw_arena_strdup(d->arena, text);
}

static struct tw_pos pos_of(const struct tw_yaml *node)
{
	return node ? node->pos : (struct tw_pos){0};
}

static bool is_used(const struct tw_yaml *node)
{
	return node && node->used;
}

static void add_leaf(void *to, const char *path, const struct tw_yaml *a,
	const struct tw_yaml *b)
{
	struct differ *d = to;
	struct tw_manifest_change change = {.object = d->b,
		.path = tw_arena_strdup(d->arena, path),
		.before = shown(d, d->a, path, a),
		.after = shown(d, d->b, path, b),
		.before_pos = pos_of(a),
		.after_pos = pos_of(b),
		.modelled = is_used(a) || is_used(b)};

	if (strcmp(path, "status") && strncmp(path, "status.", 7))
		tw_vec_push_in(d->arena, &d->changes->list, change);
}

/* An object that only one side has. */
static void add_object(
	struct differ *d, const struct tw_object *object, bool is_new)
{
	struct tw_manifest_change change = {.object = object,
		.path = "",
		.before = is_new ? NULL : "present",
		.after = is_new ? "present" : NULL,
		.modelled =
			object->modelled || tw_manifests_is_used(object->doc)};

	if (is_new)
		change.after_pos = object->doc->pos;
	else
		change.before_pos = object->doc->pos;
	tw_vec_push_in(d->arena, &d->changes->list, change);
}

void tw_manifests_diff(const struct tw_manifests *a,
	const struct tw_manifests *b, struct tw_arena *arena,
	struct tw_manifest_changes *changes)
{
	struct differ d = {.arena = arena, .changes = changes};

	for (size_t i = 0; i < b->objects.n; i++) {
		d.b = b->objects.v[i];
		d.a = tw_map_get(&a->by_id, d.b->id);
		if (d.a)
			tw_yaml_diff(d.a->doc, d.b->doc, add_leaf, &d);
		else
			add_object(&d, d.b, true);
	}
	for (size_t i = 0; i < a->objects.n; i++)
		if (!tw_map_get(&b->by_id, a->objects.v[i]->id))
			add_object(&d, a->objects.v[i], false);
}
