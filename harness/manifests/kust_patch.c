/*
 * Which resources a kustomization's patches are for.
 */
#include "harness/manifests/kustomize.h"
#include "harness/manifests/patch.h"

#include <regex.h>
#include <stdio.h>

/* Names of targets are regular expressions, anchored at both ends. */
static bool fits(const char *pattern, const char *text)
{
	size_t anchored_size;
	char *anchored;
	regex_t regex;
	bool yes;

	if (!pattern || !*pattern)
		return true;
	if (!text)
		return false;
	if (!strpbrk(pattern, "*.|[(+?^$"))
		return !strcmp(pattern, text);
	anchored_size = strlen(pattern) + 5;
	anchored = tw_malloc(anchored_size);
	snprintf(anchored, anchored_size, "^(%s)$", pattern);
	yes = !regcomp(&regex, anchored, REG_EXTENDED | REG_NOSUB);
	if (yes) {
		yes = !regexec(&regex, text, 0, NULL, 0);
		regfree(&regex);
	}
	tw_free(anchored);
	return yes;
}

static const char *field(const struct tw_yaml *node, const char *key)
{
	return tw_yaml_text(tw_yaml_get(node, key));
}

/* "app=cart,tier=backend", equality alone. */
static bool labels_fit(const char *selector, const struct tw_yaml *labels)
{
	struct tw_str rest;

	if (!selector)
		return true;
	rest = tw_str_of(selector);
	while (rest.n) {
		const char *comma = memchr(rest.p, ',', rest.n);
		size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
		struct tw_str part = tw_str_trim((struct tw_str){rest.p, n});
		bool found = false;

		for (size_t i = 0; labels && i < labels->pairs.n; i++) {
			const char *key = tw_yaml_text(labels->pairs.v[i].key);
			const char *value =
				tw_yaml_text(labels->pairs.v[i].value);
			size_t k = key ? strlen(key) : 0;

			found |= key && value &&
				 part.n == k + 1 + strlen(value) &&
				 !memcmp(part.p, key, k) && part.p[k] == '=' &&
				 !memcmp(part.p + k + 1, value, strlen(value));
		}
		if (!found)
			return false;
		rest.p += comma ? n + 1 : n;
		rest.n -= comma ? n + 1 : n;
	}
	return true;
}

/* `target:` of a patch. */
static bool is_target(struct tw_kust *k, const struct tw_kust_resource *it,
	const struct tw_yaml *target)
{
	const char *api = field(it->doc, "apiVersion"), *version = "";
	const char *group =
		api ? tw_objects_group(&k->m->arena, api, &version) : "";
	const struct tw_yaml *meta = tw_yaml_get(it->doc, "metadata");
	const char *name = field(target, "name");

	return fits(field(target, "group"), group) &&
	       fits(field(target, "version"), version) &&
	       fits(field(target, "kind"), field(it->doc, "kind")) &&
	       (fits(name, it->name) || fits(name, field(meta, "name"))) &&
	       fits(field(target, "namespace"), field(meta, "namespace")) &&
	       labels_fit(field(target, "labelSelector"),
		       tw_yaml_get(meta, "labels")) &&
	       labels_fit(field(target, "annotationSelector"),
		       tw_yaml_get(meta, "annotations"));
}

/* A strategic merge patch names its object itself. */
static bool is_named(
	const struct tw_kust_resource *it, const struct tw_yaml *patch)
{
	const struct tw_yaml *meta = tw_yaml_get(patch, "metadata");
	const char *kind = field(patch, "kind");
	const char *name = field(meta, "name");
	const char *namespace = field(meta, "namespace");
	const char *has = field(tw_yaml_get(it->doc, "metadata"), "namespace");

	if (!kind || !name || !it->name ||
		strcmp(kind, field(it->doc, "kind") ? field(it->doc, "kind")
						    : "") != 0)
		return false;
	if (namespace && has && strcmp(namespace, has) != 0)
		return false;
	return !strcmp(name, it->name) ||
	       fits(name, field(tw_yaml_get(it->doc, "metadata"), "name"));
}

static bool is_builtin(struct tw_kust *k, const struct tw_yaml *doc)
{
	const char *api = field(doc, "apiVersion"), *version;
	const char *group =
		api ? tw_objects_group(&k->m->arena, api, &version) : "";

	return !strchr(group, '.') ||
	       (tw_text_ends(group, ".k8s.io") &&
		       strncmp(group, "gateway.", 8) != 0);
}

/* Identity stays what it was: a patch with a target may call itself
 * anything. */
static bool merge_one(struct tw_kust *k, struct tw_kust_resource *it,
	const struct tw_yaml *patch)
{
	struct tw_arena *arena = &k->m->arena;
	struct tw_yaml *own = tw_yaml_get(it->doc, "metadata");
	const char *name = field(own, "name");
	bool stays =
		tw_patch_merge(arena, it->doc, patch, is_builtin(k, it->doc));

	own = tw_yaml_get(it->doc, "metadata");
	if (stays && name && own &&
		strcmp(name, field(own, "name") ? field(own, "name") : "") != 0)
		tw_yaml_put(arena, own, "name", tw_yaml_new_text(arena, name));
	return stays;
}

static size_t apply_merge(struct tw_kust *k, const struct tw_yaml *patch,
	const struct tw_yaml *target)
{
	size_t kept = 0, hits = 0;

	for (size_t i = 0; i < k->resources.n; i++) {
		struct tw_kust_resource it = k->resources.v[i];

		if (target ? is_target(k, &it, target) : is_named(&it, patch)) {
			hits++;
			if (!merge_one(k, &it, patch))
				continue;
		}
		k->resources.v[kept++] = it;
	}
	k->resources.n = kept;
	return hits;
}

static int apply_json(struct tw_kust *k, const struct tw_yaml *operations,
	const struct tw_yaml *target, size_t *hits)
{
	struct tw_error error;

	for (size_t i = 0; i < k->resources.n; i++) {
		struct tw_kust_resource *it = &k->resources.v[i];

		if (!is_target(k, it, target))
			continue;
		++*hits;
		if (tw_patch_json(&k->m->arena, it->doc, operations, &error)) {
			tw_diag_error(k->diags, &error);
			return -1;
		}
	}
	return 0;
}

/* The documents of a patch: inline text, or those of a file. Positions of
 * inline text are those of the block it stands in. */
static int load_patch(struct tw_kust *k, const char *dir,
	const struct tw_yaml *text, const struct tw_yaml *path,
	struct tw_yaml_docs *docs)
{
	const struct tw_yaml_options options = {.duplicates = true};
	struct tw_buf file = {0};
	struct tw_error error;
	const char *name;
	int status;

	if (text) {
		name = tw_arena_printf(&k->m->arena, "%s (patch at line %d)",
			text->pos.file ? text->pos.file : dir, text->pos.line);
		return tw_yaml_parse(&k->m->arena, name, text->value, text->n,
			&options, k->diags, docs);
	}
	if (tw_files_normalise(dir, tw_yaml_text(path), &file, &error)) {
		error.pos = path->pos;
		tw_diag_error(k->diags, &error);
		tw_buf_release(&file);
		return -1;
	}
	status = tw_kust_load(k, tw_buf_text(&file), path->pos, docs);
	tw_buf_release(&file);
	return status;
}

/* One entry of the three lists. A patch whose target is nowhere is an error,
 * as in kustomize, where the object is named; a target may select none. */
static int apply_patch(struct tw_kust *k, const char *dir,
	const struct tw_yaml *at, const struct tw_yaml *text,
	const struct tw_yaml *path, const struct tw_yaml *target)
{
	struct tw_yaml_docs docs = {0};
	size_t hits = 0;
	int status;

	if (!tw_yaml_text(text) && !tw_yaml_text(path)) {
		tw_diag(k->diags, TW_ERROR, at->pos,
			"a patch needs 'patch' or 'path'");
		return -1;
	}
	status = load_patch(
		k, dir, tw_yaml_text(text) ? text : NULL, path, &docs);
	for (size_t i = 0; i < docs.n && !status; i++) {
		if (tw_yaml_is(docs.v[i], TW_YAML_SEQUENCE)) {
			if (!target) {
				tw_diag(k->diags, TW_ERROR, at->pos,
					"a JSON patch needs a 'target'");
				return -1;
			}
			status = apply_json(k, docs.v[i], target, &hits);
			continue;
		}
		hits = apply_merge(k, docs.v[i], target);
		if (!hits && !target) {
			struct tw_yaml *meta =
				tw_yaml_get(docs.v[i], "metadata");

			tw_diag(k->diags, TW_ERROR, docs.v[i]->pos,
				"no %s '%s' to patch",
				field(docs.v[i], "kind")
					? field(docs.v[i], "kind")
					: "object",
				field(meta, "name") ? field(meta, "name")
						    : "?");
			status = -1;
		}
	}
	return status;
}

int tw_kust_merge_patches(
	struct tw_kust *k, const char *dir, struct tw_yaml *kustomization)
{
	const struct tw_yaml *old =
		tw_yaml_get(kustomization, "patchesStrategicMerge");
	const struct tw_yaml *list = tw_yaml_get(kustomization, "patches");
	int status = 0;

	for (size_t i = 0; i < tw_yaml_count(old); i++) {
		const struct tw_yaml *it = tw_yaml_item(old, i);
		const char *text = tw_yaml_text(it);
		bool is_inline = text && strchr(text, '\n');

		status |= apply_patch(k, dir, it, is_inline ? it : NULL,
			is_inline ? NULL : it, NULL);
	}
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		const struct tw_yaml *it = tw_yaml_item(list, i);

		status |= apply_patch(k, dir, it, tw_yaml_get(it, "patch"),
			tw_yaml_get(it, "path"), tw_yaml_get(it, "target"));
	}
	return status;
}

int tw_kust_json_patches(
	struct tw_kust *k, const char *dir, struct tw_yaml *kustomization)
{
	const struct tw_yaml *list =
		tw_yaml_get(kustomization, "patchesJson6902");
	int status = 0;

	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		const struct tw_yaml *it = tw_yaml_item(list, i);

		status |= apply_patch(k, dir, it, tw_yaml_get(it, "patch"),
			tw_yaml_get(it, "path"), tw_yaml_get(it, "target"));
	}
	return status;
}
