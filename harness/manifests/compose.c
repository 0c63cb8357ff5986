/*
 * Compose projects: which files, their variables, what they extend.
 */
#include "harness/manifests/compose.h"

#define EXTENDS_MAX 16

static struct tw_compose_project *project_of(
	struct tw_manifests *m, struct tw_files *files, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *dir = slash ? tw_arena_strndup(&m->arena, path,
					  (size_t)(slash - path))
				: "";
	struct tw_compose_project *project = tw_map_get(&m->projects, dir);

	if (project)
		return project;
	project = tw_new(&m->arena, struct tw_compose_project);
	project->dir = dir;
	project->files = files;
	tw_variables_init(&project->vars, &m->arena);
	tw_map_put(&m->projects, dir, project);
	return project;
}

void tw_compose_add(struct tw_manifests *m, struct tw_files *files,
	const char *path, bool named)
{
	struct tw_compose_project *project = project_of(m, files, path);

	tw_vec_push_in(
		&m->arena, named ? &project->named : &project->passing, path);
}

/* ---- one file --------------------------------------------------------- */

static int read_text(struct tw_compose_project *project, const char *path,
	struct tw_buf *out, struct tw_error *error)
{
	struct tw_buf full = {0};
	int status = tw_files_normalise(project->dir, path, &full, error);

	if (!status)
		status = tw_files_read(
			project->files, tw_buf_text(&full), out, error);
	tw_buf_release(&full);
	return status;
}

/* `- KEY=value` and `- KEY` as a mapping; a KEY alone takes the project's
 * variable and is left out where there is none. */
static struct tw_yaml *to_map(struct tw_arena *arena,
	const struct tw_variables *vars, struct tw_yaml *list)
{
	struct tw_yaml *map = tw_yaml_new(arena, TW_YAML_MAPPING);

	map->pos = list->pos;
	for (size_t i = 0; i < list->items.n; i++) {
		struct tw_yaml *item = list->items.v[i], *node;
		const char *text = tw_yaml_text(item);
		const char *eq = text ? strchr(text, '=') : NULL;
		const char *key, *value;

		if (!text)
			continue;
		key = eq ? tw_arena_strndup(arena, text, (size_t)(eq - text))
			 : text;
		value = eq ? eq + 1 : tw_map_get(&vars->values, key);
		if (!value)
			continue;
		node = tw_yaml_new_text(arena, value);
		node->pos = item->pos;
		tw_yaml_put(arena, map, key, node);
	}
	return map;
}

/* `- cart` as `cart: {condition: service_started}` (the default). */
static struct tw_yaml *names_to_map(
	struct tw_arena *arena, struct tw_yaml *list)
{
	struct tw_yaml *map = tw_yaml_new(arena, TW_YAML_MAPPING);

	map->pos = list->pos;
	for (size_t i = 0; i < list->items.n; i++) {
		struct tw_yaml *node;
		const char *name = tw_yaml_text(list->items.v[i]);

		if (!name)
			continue;
		node = tw_yaml_new_plain(arena, "service_started");
		node->pos = list->items.v[i]->pos;
		tw_yaml_put(arena, map, name, node);
	}
	return map;
}

/* A mapping's variables without a value (`KEY:`) come from the project. */
static void fill_map(struct tw_arena *arena, const struct tw_variables *vars,
	struct tw_yaml *map)
{
	for (size_t i = 0; i < map->pairs.n; i++) {
		struct tw_yaml_pair *pair = &map->pairs.v[i];
		const char *key = tw_yaml_text(pair->key);
		const char *value = key ? tw_map_get(&vars->values, key) : NULL;
		struct tw_yaml *node;

		if (!tw_yaml_is_null(pair->value) || !value)
			continue;
		node = tw_yaml_new_text(arena, value);
		node->pos = pair->value->pos;
		pair->value = node;
	}
}

static void settle_forms(struct tw_arena *arena,
	const struct tw_variables *vars, struct tw_yaml *service)
{
	struct tw_yaml *env = tw_yaml_get(service, "environment");
	struct tw_yaml *after = tw_yaml_get(service, "depends_on");

	if (tw_yaml_is(env, TW_YAML_SEQUENCE))
		tw_yaml_put(arena, service, "environment",
			to_map(arena, vars, env));
	else if (tw_yaml_is(env, TW_YAML_MAPPING))
		fill_map(arena, vars, env);
	if (tw_yaml_is(after, TW_YAML_SEQUENCE))
		tw_yaml_put(arena, service, "depends_on",
			names_to_map(arena, after));
}

struct tw_yaml *tw_compose_load(struct tw_manifests *m,
	struct tw_compose_project *project, const char *path, struct tw_pos pos,
	struct tw_diags *diags)
{
	const struct tw_yaml_options options = {.duplicates = true};
	struct tw_yaml_docs docs = {0};
	struct tw_yaml *root, *services;
	struct tw_error error;
	struct tw_buf buf = {0};
	int status;

	if (tw_files_read(project->files, path, &buf, &error)) {
		error.pos = pos;
		tw_diag_error(diags, &error);
		tw_buf_release(&buf);
		return NULL;
	}
	status = tw_yaml_parse(&m->arena, path, tw_buf_text(&buf), buf.n,
		&options, diags, &docs);
	tw_buf_release(&buf);
	if (status || !docs.n)
		return NULL;
	root = tw_yaml_copy(&m->arena, docs.v[0]);
	if (tw_interpolate_tree(&project->vars, root, diags))
		return NULL;
	services = tw_yaml_get(root, "services");
	if (!tw_yaml_is(services, TW_YAML_MAPPING)) {
		tw_diag(diags, TW_ERROR, services ? services->pos : root->pos,
			"'services' has to be a mapping");
		return NULL;
	}
	for (size_t i = 0; i < services->pairs.n; i++)
		settle_forms(
			&m->arena, &project->vars, services->pairs.v[i].value);
	return root;
}

/* ---- extends ---------------------------------------------------------- */

static struct tw_yaml *extended(struct tw_manifests *m,
	struct tw_compose_project *project, struct tw_yaml *root,
	struct tw_yaml *service, int depth, struct tw_diags *diags);

/* `extends: NAME` or `{file, service}`, itself with what it extends. */
static struct tw_yaml *base_of(struct tw_manifests *m,
	struct tw_compose_project *project, struct tw_yaml *root,
	struct tw_yaml *extends, int depth, struct tw_diags *diags)
{
	struct tw_yaml *file = tw_yaml_get(extends, "file");
	struct tw_yaml *service = tw_yaml_get(extends, "service");
	const char *name = tw_yaml_text(service ? service : extends);
	struct tw_yaml *found;
	struct tw_buf path = {0};
	struct tw_error error;

	if (!name || depth == EXTENDS_MAX) {
		tw_diag(diags, TW_ERROR, extends->pos,
			name ? "'extends' leads back to itself"
			     : "'extends' needs a service");
		return NULL;
	}
	if (tw_yaml_text(file)) {
		if (tw_files_normalise(
			    project->dir, tw_yaml_text(file), &path, &error)) {
			error.pos = file->pos;
			tw_diag_error(diags, &error);
			return NULL;
		}
		root = tw_compose_load(m, project,
			tw_arena_strdup(&m->arena, tw_buf_text(&path)),
			file->pos, diags);
		tw_buf_release(&path);
		if (!root)
			return NULL;
	}
	found = tw_yaml_get(tw_yaml_get(root, "services"), name);
	if (!tw_yaml_is(found, TW_YAML_MAPPING)) {
		tw_diag(diags, TW_ERROR, extends->pos,
			"there is no service '%s' to extend", name);
		return NULL;
	}
	return extended(m, project, root, tw_yaml_copy(&m->arena, found),
		depth + 1, diags);
}

static struct tw_yaml *extended(struct tw_manifests *m,
	struct tw_compose_project *project, struct tw_yaml *root,
	struct tw_yaml *service, int depth, struct tw_diags *diags)
{
	struct tw_yaml *extends = tw_yaml_get(service, "extends");
	struct tw_yaml *base;

	if (!extends)
		return service;
	base = base_of(m, project, root, extends, depth, diags);
	if (!base)
		return service;
	tw_yaml_remove(service, "extends");
	/* Start order and links are not inherited (Compose specification). */
	tw_yaml_remove(base, "depends_on");
	tw_yaml_remove(base, "links");
	tw_compose_merge(&m->arena, base, service);
	base->pos = service->pos;
	return base;
}

/* ---- a project -------------------------------------------------------- */

static bool is_named(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return !strcmp(slash ? slash + 1 : path, name);
}

static const char *pick_one(
	const struct tw_compose_paths *from, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < from->n; k++)
			if (is_named(from->v[k], names[i]))
				return from->v[k];
	return NULL;
}

/* As `docker compose` without -f: the default file and its override. */
static void pick(struct tw_manifests *m, struct tw_compose_project *project,
	struct tw_diags *diags)
{
	static const char *const defaults[] = {"compose.yaml", "compose.yml",
		"docker-compose.yaml", "docker-compose.yml"};
	static const char *const overrides[] = {"compose.override.yaml",
		"compose.override.yml", "docker-compose.override.yaml",
		"docker-compose.override.yml"};
	const struct tw_compose_paths *all = &project->passing;
	const char *first = pick_one(all, defaults, 4);
	const char *second = pick_one(all, overrides, 4);
	struct tw_pos pos = {0};
	struct tw_diag *d;

	if (!first && all->n)
		first = all->v[0];
	if (first)
		tw_vec_push_in(&m->arena, &project->named, first);
	if (second && second != first)
		tw_vec_push_in(&m->arena, &project->named, second);
	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i] == first || all->v[i] == second)
			continue;
		m->passed++;
		pos.file = all->v[i];
		d = tw_diag(diags, TW_NOTE, pos,
			"this Compose file was passed over: '%s' is the "
			"folder's project",
			first);
		d->hint = "name the files that belong together, in order";
	}
}

static void read_variables(struct tw_manifests *m, struct tw_compose_project *p,
	struct tw_diags *diags)
{
	struct tw_buf text = {0};
	struct tw_error error;

	if (!read_text(p, ".env", &text, &error))
		tw_variables_parse(&p->vars,
			tw_arena_printf(&m->arena, "%s%s.env", p->dir,
				*p->dir ? "/" : ""),
			(struct tw_str){tw_buf_text(&text), text.n}, diags);
	tw_buf_release(&text);
}

static const char *project_name(
	struct tw_manifests *m, const struct tw_compose_project *p)
{
	const char *name = tw_yaml_text(tw_yaml_get(p->root, "name"));
	const char *slash = strrchr(p->dir, '/');
	char *clean;
	size_t n = 0;

	if (!name)
		name = tw_map_get(&p->vars.values, "COMPOSE_PROJECT_NAME");
	if (!name)
		name = slash ? slash + 1 : p->dir;
	clean = tw_arena_strdup(&m->arena, name);
	for (const char *at = name; *at; at++) {
		char c = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a')
						  : *at;

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '-' || c == '_')
			clean[n++] = c;
	}
	clean[n] = '\0';
	return n ? clean : "default";
}

/* `env_file` stands below `environment`. */
static void add_env_file(struct tw_manifests *m, struct tw_compose_project *p,
	struct tw_yaml *service, const struct tw_yaml *node,
	struct tw_diags *diags)
{
	const struct tw_yaml *path = tw_yaml_get(node, "path");
	struct tw_yaml *env = tw_yaml_get(service, "environment");
	struct tw_variables own;
	struct tw_buf text = {0};
	struct tw_error error;

	if (!path)
		path = node;
	if (!tw_yaml_text(path))
		return;
	if (read_text(p, tw_yaml_text(path), &text, &error)) {
		tw_diag(diags, TW_WARNING, path->pos,
			"'%s' is not there: its variables are unknown",
			tw_yaml_text(path));
		tw_buf_release(&text);
		return;
	}
	tw_variables_init(&own, &m->arena);
	tw_variables_parse(&own, tw_yaml_text(path),
		(struct tw_str){tw_buf_text(&text), text.n}, diags);
	tw_buf_release(&text);
	if (!tw_yaml_is(env, TW_YAML_MAPPING)) {
		env = tw_yaml_new(&m->arena, TW_YAML_MAPPING);
		env->pos = node->pos;
		tw_yaml_put(&m->arena, service, "environment", env);
	}
	for (size_t i = 0; i < own.values.n; i++) {
		struct tw_yaml *value =
			tw_yaml_new_text(&m->arena, own.values.v[i].value);

		value->pos = node->pos;
		if (!tw_yaml_get(env, own.values.v[i].key))
			tw_yaml_put(&m->arena, env, own.values.v[i].key, value);
	}
}

static void add_service(struct tw_manifests *m, struct tw_compose_project *p,
	const struct tw_yaml_pair *pair, struct tw_diags *diags)
{
	const char *name = tw_yaml_text(pair->key);
	struct tw_yaml *service, *env_file;

	if (!name || !tw_yaml_is(pair->value, TW_YAML_MAPPING)) {
		tw_diag(diags, TW_ERROR, pair->key->pos,
			"a service has to be a mapping");
		return;
	}
	service = extended(m, p, p->root, pair->value, 0, diags);
	env_file = tw_yaml_get(service, "env_file");
	if (tw_yaml_text(env_file) || tw_yaml_is(env_file, TW_YAML_MAPPING))
		add_env_file(m, p, service, env_file, diags);
	for (size_t i = tw_yaml_is(env_file, TW_YAML_SEQUENCE)
				? tw_yaml_count(env_file)
				: 0;
		i-- > 0;)
		add_env_file(m, p, service, tw_yaml_item(env_file, i), diags);
	service->pos = pair->key->pos;
	tw_objects_put(
		m, "compose", "", "Service", p->name, name, service, diags);
}

static int finish(struct tw_manifests *m, struct tw_compose_project *p,
	struct tw_diags *diags)
{
	struct tw_yaml *services;

	if (!p->named.n)
		pick(m, p, diags);
	read_variables(m, p, diags);
	for (size_t i = 0; i < p->named.n; i++) {
		struct tw_pos pos = {.file = p->named.v[i]};
		struct tw_yaml *root =
			tw_compose_load(m, p, p->named.v[i], pos, diags);

		if (!root)
			return -1;
		if (p->root)
			tw_compose_merge(&m->arena, p->root, root);
		else
			p->root = root;
	}
	if (!p->root)
		return 0;
	p->name = project_name(m, p);
	services = tw_yaml_get(p->root, "services");
	for (size_t i = 0; i < tw_yaml_count(services); i++)
		add_service(m, p, &services->pairs.v[i], diags);
	return 0;
}

int tw_compose_finish(struct tw_manifests *m, struct tw_diags *diags)
{
	int status = 0;

	for (size_t i = 0; i < m->projects.n; i++)
		if (finish(m, m->projects.v[i].value, diags))
			status = -1;
	return status;
}
