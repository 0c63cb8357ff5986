/*
 * configMapGenerator and secretGenerator. Secrets get their keys alone.
 */
#include "harness/manifests/kustomize.h"

static struct tw_yaml *object_new(
	struct tw_arena *arena, const char *kind, const struct tw_yaml *it)
{
	struct tw_yaml *doc = tw_yaml_new(arena, TW_YAML_MAPPING);
	struct tw_yaml *meta = tw_yaml_new(arena, TW_YAML_MAPPING);
	const char *name = tw_yaml_text(tw_yaml_get(it, "name"));
	const char *namespace = tw_yaml_text(tw_yaml_get(it, "namespace"));

	doc->pos = meta->pos = it->pos;
	tw_yaml_put(arena, doc, "apiVersion", tw_yaml_new_text(arena, "v1"));
	tw_yaml_put(arena, doc, "kind", tw_yaml_new_text(arena, kind));
	tw_yaml_put(
		arena, meta, "name", tw_yaml_new_text(arena, name ? name : ""));
	if (namespace)
		tw_yaml_put(arena, meta, "namespace",
			tw_yaml_new_text(arena, namespace));
	tw_yaml_put(arena, doc, "metadata", meta);
	return doc;
}

static void put(struct tw_kust *k, struct tw_yaml *data, struct tw_str key,
	struct tw_str value, const struct tw_yaml *at, bool secret)
{
	struct tw_arena *arena = &k->m->arena;
	struct tw_yaml *node;

	if (secret)
		value = TW_STR("");
	node = tw_yaml_new_text(
		arena, tw_arena_strndup(arena, value.p, value.n));
	node->pos = at->pos;
	tw_yaml_put(arena, data, tw_arena_strndup(arena, key.p, key.n), node);
}

static struct tw_str slice(const char *p, const char *end)
{
	return (struct tw_str){p, (size_t)(end - p)};
}

/* "KEY=value"; quotes around the value are taken off. */
static void put_line(struct tw_kust *k, struct tw_yaml *data,
	struct tw_str line, const struct tw_yaml *at, bool secret)
{
	const char *eq = line.n ? memchr(line.p, '=', line.n) : NULL;
	struct tw_str value;

	if (!eq || *line.p == '#')
		return;
	value = slice(eq + 1, line.p + line.n);
	if (value.n >= 2 && (*value.p == '"' || *value.p == '\'') &&
		value.p[value.n - 1] == *value.p) {
		value.p++;
		value.n -= 2;
	}
	put(k, data, slice(line.p, eq), value, at, secret);
}

/* A file of `files` ("key=path" or "path") or, with lines, of `envs`. */
static int put_file(struct tw_kust *k, const char *dir, struct tw_yaml *data,
	const struct tw_yaml *at, bool lines, bool secret)
{
	const char *text = tw_yaml_text(at), *eq, *slash;
	struct tw_buf path = {0}, content = {0};
	struct tw_error error;
	struct tw_str key, rest;
	int status = -1;

	if (!text) {
		tw_diag(k->diags, TW_ERROR, at->pos, "expected a path");
		return -1;
	}
	eq = lines ? NULL : strchr(text, '=');
	if (tw_files_normalise(dir, eq ? eq + 1 : text, &path, &error) ||
		tw_files_read(k->files, tw_buf_text(&path), &content, &error)) {
		error.pos = at->pos;
		tw_diag_error(k->diags, &error);
		goto out;
	}
	status = 0;
	rest = (struct tw_str){tw_buf_text(&content), content.n};
	if (!lines) {
		slash = strrchr(text, '/');
		key = eq ? slice(text, eq)
			 : tw_str_of(slash ? slash + 1 : text);
		put(k, data, key, rest, at, secret);
	}
	while (lines && rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;

		put_line(k, data, tw_str_trim((struct tw_str){rest.p, n}), at,
			secret);
		rest.p += end ? n + 1 : n;
		rest.n -= end ? n + 1 : n;
	}
out:
	tw_buf_release(&path);
	tw_buf_release(&content);
	return status;
}

static int fill(struct tw_kust *k, const char *dir, const struct tw_yaml *it,
	struct tw_yaml *data, bool secret)
{
	const struct tw_yaml *literals = tw_yaml_get(it, "literals");
	const struct tw_yaml *files = tw_yaml_get(it, "files");
	const struct tw_yaml *envs = tw_yaml_get(it, "envs");
	const struct tw_yaml *env = tw_yaml_get(it, "env");
	int status = 0;

	for (size_t i = 0; i < tw_yaml_count(envs); i++)
		status |= put_file(
			k, dir, data, tw_yaml_item(envs, i), true, secret);
	if (env)
		status |= put_file(k, dir, data, env, true, secret);
	for (size_t i = 0; i < tw_yaml_count(files); i++)
		status |= put_file(
			k, dir, data, tw_yaml_item(files, i), false, secret);
	for (size_t i = 0; i < tw_yaml_count(literals); i++)
		put_line(k, data, tw_yaml_str(tw_yaml_item(literals, i)),
			tw_yaml_item(literals, i), secret);
	return status;
}

static struct tw_kust_resource *find(
	struct tw_kust *k, const char *kind, const char *name)
{
	for (size_t i = 0; i < k->resources.n; i++) {
		struct tw_kust_resource *it = &k->resources.v[i];
		const char *has = tw_yaml_text(tw_yaml_get(it->doc, "kind"));

		if (has && it->name && !strcmp(has, kind) &&
			!strcmp(it->name, name))
			return it;
	}
	return NULL;
}

/* `behavior: merge` and `replace` change the one that a base generated. */
static int generate(struct tw_kust *k, const char *dir,
	const struct tw_yaml *it, const char *kind)
{
	const char *name = tw_yaml_text(tw_yaml_get(it, "name"));
	const char *how = tw_yaml_text(tw_yaml_get(it, "behavior"));
	struct tw_kust_resource *old;
	struct tw_yaml *doc, *data;
	bool create = !how || !strcmp(how, "create");

	if (!name) {
		tw_diag(k->diags, TW_ERROR, it->pos,
			"a generator needs a 'name'");
		return -1;
	}
	old = create ? NULL : find(k, kind, name);
	doc = old ? old->doc : object_new(&k->m->arena, kind, it);
	data = tw_yaml_get(doc, "data");
	if (!tw_yaml_is(data, TW_YAML_MAPPING) ||
		(how && !strcmp(how, "replace"))) {
		data = tw_yaml_new(&k->m->arena, TW_YAML_MAPPING);
		data->pos = it->pos;
		tw_yaml_put(&k->m->arena, doc, "data", data);
	}
	if (!old) {
		struct tw_kust_resource made = {.doc = doc, .name = name};

		tw_vec_push(&k->resources, made);
	}
	return fill(k, dir, it, data, !strcmp(kind, "Secret"));
}

int tw_kust_generate(
	struct tw_kust *k, const char *dir, struct tw_yaml *kustomization)
{
	const struct tw_yaml *maps =
		tw_yaml_get(kustomization, "configMapGenerator");
	const struct tw_yaml *secrets =
		tw_yaml_get(kustomization, "secretGenerator");
	int status = 0;

	for (size_t i = 0; i < tw_yaml_count(maps); i++)
		status |= generate(k, dir, tw_yaml_item(maps, i), "ConfigMap");
	for (size_t i = 0; i < tw_yaml_count(secrets); i++)
		status |= generate(k, dir, tw_yaml_item(secrets, i), "Secret");
	return status;
}
