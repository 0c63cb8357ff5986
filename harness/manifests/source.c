/*
 * What a pattern names: files, globs, folders, kustomizations.
 */
#include "harness/manifests/custom.h"
#include "harness/manifests/reader.h"

struct tw_manifests *tw_manifests_new(void)
{
	struct tw_manifests *m = tw_calloc(1, sizeof *m);

	tw_arena_init(&m->arena);
	tw_map_init(&m->by_id, &m->arena);
	tw_map_init(&m->kept, &m->arena);
	tw_map_init(&m->seen, &m->arena);
	tw_map_init(&m->charts, &m->arena);
	tw_map_init(&m->projects, &m->arena);
	return m;
}

void tw_manifests_free(struct tw_manifests *m)
{
	if (!m)
		return;
	tw_vec_release(&m->objects);
	tw_vec_release(&m->edges);
	tw_vec_release(&m->addresses);
	tw_vec_release(&m->outsiders);
	tw_customs_release(m);
	tw_manifest_places_free(m->places);
	tw_map_release(&m->linked);
	tw_arena_release(&m->arena);
	tw_free(m);
}

static bool is_manifest_name(const char *path)
{
	return tw_text_ends(path, ".yaml") || tw_text_ends(path, ".yml") ||
	       tw_text_ends(path, ".json");
}

static bool is_kustomization_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return !strcmp(name, "kustomization.yaml") ||
	       !strcmp(name, "kustomization.yml") ||
	       !strcmp(name, "Kustomization");
}

/* The folder of a path, "" for the root; in the arena. */
static const char *folder_of(struct tw_manifests *m, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? tw_arena_strndup(&m->arena, path, (size_t)(slash - path))
		     : "";
}

/* The chart that a template belongs to: the nearest folder above that has a
 * Chart.yaml, else the file's own. */
static const char *chart_of(
	struct tw_manifests *m, struct tw_files *files, const char *path)
{
	const char *own = folder_of(m, path);

	for (const char *dir = own;; dir = folder_of(m, dir)) {
		const char *chart = tw_arena_printf(
			&m->arena, "%s%sChart.yaml", dir, *dir ? "/" : "");

		if (tw_files_kind(files, chart) == TW_FILE_REGULAR)
			return dir;
		if (!*dir)
			return own;
	}
}

static const char *last_name(const char *dir)
{
	const char *slash = strrchr(dir, '/');

	return slash ? slash + 1 : dir;
}

static int tell_template(struct tw_manifests *m, struct tw_files *files,
	const char *path, int line, bool named, struct tw_diags *diags)
{
	struct tw_pos pos = {.file = path, .line = line};
	const char *chart = chart_of(m, files, path);
	struct tw_diag *d;

	m->templates++;
	if (!named && tw_map_get(&m->charts, chart))
		return 0;
	if (named)
		d = tw_diag(diags, TW_ERROR, pos,
			"'%s' is a template that is not rendered", path);
	else
		d = tw_diag(diags, TW_WARNING, pos,
			"'%s' and what is like it in '%s' are templates that "
			"are not rendered; they were passed over",
			path, *chart ? chart : ".");
	d->rule = "unrendered-template";
	tw_diag_hint(diags, d,
		"let twinrig render them: topology.render: [helm, template, "
		"%s, ./%s]",
		*chart ? last_name(chart) : "NAME", chart);
	tw_map_put(&m->charts, chart, m);
	return named ? -1 : 0;
}

/* Whether the text is a Compose file, by a look at it alone. */
static bool looks_like_compose(const char *path, const char *text, size_t n)
{
	const char *at = text, *end = text + n;
	bool services = false;

	if (tw_text_ends(path, ".json"))
		return false;
	while (at < end) {
		if (!strncmp(at, "services:", 9))
			services = true;
		if (!strncmp(at, "kind:", 5) || !strncmp(at, "apiVersion:", 11))
			return false;
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at)
			break;
		at++;
	}
	return services;
}

static int add_file(struct tw_manifests *m, struct tw_files *files,
	const char *path, bool named, struct tw_pos pos, struct tw_diags *diags)
{
	struct tw_error error;
	struct tw_buf buf = {0};
	const char *name;
	int line = 0, status = 0;

	if (tw_map_get(&m->seen, path))
		return 0;
	name = tw_arena_strdup(&m->arena, path);
	tw_map_put(&m->seen, name, m);
	if (tw_files_read(files, path, &buf, &error)) {
		error.pos = pos;
		tw_diag_error(diags, &error);
		return -1;
	}
	m->files++;
	if (tw_template_found(tw_buf_text(&buf), buf.n, &line)) {
		tw_diags_source(diags, name, tw_buf_text(&buf), buf.n);
		status = tell_template(m, files, name, line, named, diags);
	} else if (looks_like_compose(path, tw_buf_text(&buf), buf.n)) {
		tw_compose_add(m, files, name, named);
	} else {
		status = tw_objects_add_text(
			m, name, tw_buf_text(&buf), buf.n, named, pos, diags);
	}
	tw_buf_release(&buf);
	return status;
}

static int tell_empty(const char *dir, struct tw_pos pos, bool folders,
	struct tw_diags *diags)
{
	struct tw_diag *d = tw_diag(diags, TW_ERROR, pos,
		"'%s' has no YAML or JSON files", *dir ? dir : ".");

	if (folders)
		tw_diag_hint(diags, d,
			"for those in the folders below: %s%s**/*.yaml", dir,
			*dir ? "/" : "");
	return -1;
}

static int add_folder(struct tw_manifests *m, struct tw_files *files,
	const char *dir, struct tw_pos pos, struct tw_diags *diags)
{
	struct tw_file_list list = {0};
	struct tw_error error;
	bool folders = false;
	size_t found = 0;
	int status = 0;

	if (tw_kustomize_file(m, files, dir))
		return tw_kustomize_add(m, files, dir, pos, diags);
	if (tw_files_list(files, dir, &list, &error)) {
		error.pos = pos;
		tw_diag_error(diags, &error);
		tw_file_list_release(&list);
		return -1;
	}
	for (size_t i = 0; i < list.list.n; i++) {
		const struct tw_file_entry *e = &list.list.v[i];
		const char *path = tw_arena_printf(
			&m->arena, "%s%s%s", dir, *dir ? "/" : "", e->name);

		folders |= e->kind == TW_FILE_DIRECTORY;
		if (e->kind != TW_FILE_REGULAR || !is_manifest_name(e->name))
			continue;
		found++;
		if (add_file(m, files, path, false, pos, diags))
			status = -1;
	}
	tw_file_list_release(&list);
	return found ? status : tell_empty(dir, pos, folders, diags);
}

static int tell_nothing(
	const char *pattern, struct tw_pos pos, struct tw_diags *diags)
{
	struct tw_diag *d =
		tw_diag(diags, TW_ERROR, pos, "no file matches '%s'", pattern);

	d->hint = "paths are relative to the folder of twinrig.yaml; '**' "
		  "reaches into folders";
	return -1;
}

/* One entry of a glob. Folders with a kustomization are rendered. */
static int add_match(struct tw_manifests *m, struct tw_files *files,
	const struct tw_file_entry *e, struct tw_pos pos,
	struct tw_diags *diags)
{
	if (e->kind == TW_FILE_DIRECTORY)
		return tw_kustomize_file(m, files, e->name)
			       ? tw_kustomize_add(m, files, e->name, pos, diags)
			       : 0;
	if (e->kind != TW_FILE_REGULAR || !is_manifest_name(e->name))
		return 0;
	if (!is_kustomization_name(e->name))
		return add_file(m, files, e->name, false, pos, diags);
	m->passed++;
	return 0;
}

/* Kustomization files among those of a glob: what they would change is not
 * changed. */
static void tell_kustomizations(const struct tw_file_list *list,
	const char *pattern, struct tw_pos pos, struct tw_diags *diags)
{
	const char *first = NULL;
	size_t n = 0;
	struct tw_diag *d;

	for (size_t i = 0; i < list->list.n; i++) {
		const struct tw_file_entry *e = &list->list.v[i];

		if (e->kind != TW_FILE_REGULAR ||
			!is_kustomization_name(e->name))
			continue;
		first = first ? first : e->name;
		n++;
	}
	if (!n)
		return;
	d = tw_diag(diags, TW_WARNING, pos,
		"'%s' matches %zu kustomization file%s ('%s'%s): the files are "
		"read as they stand, not as it would change them",
		pattern, n, n > 1 ? "s" : "", first, n > 1 ? ", …" : "");
	d->hint = "name the folder instead to have it rendered";
}

static bool is_glob(const char *pattern)
{
	return strpbrk(pattern, "*?") != NULL;
}

/* A single file or folder. */
static int add_path(struct tw_manifests *m, struct tw_files *files,
	const char *path, struct tw_pos pos, struct tw_diags *diags)
{
	enum tw_file_kind kind = tw_files_kind(files, path);
	struct tw_buf normal = {0};
	struct tw_error error;
	int status;

	if (kind != TW_FILE_REGULAR && kind != TW_FILE_DIRECTORY)
		return tell_nothing(path, pos, diags);
	if (tw_files_normalise("", path, &normal, &error)) {
		error.pos = pos;
		tw_diag_error(diags, &error);
		tw_buf_release(&normal);
		return -1;
	}
	path = tw_arena_strdup(&m->arena, tw_buf_text(&normal));
	tw_buf_release(&normal);
	if (kind == TW_FILE_DIRECTORY)
		status = add_folder(m, files, path, pos, diags);
	else if (is_kustomization_name(path))
		status = tw_kustomize_add(
			m, files, folder_of(m, path), pos, diags);
	else
		status = add_file(m, files, path, true, pos, diags);
	return status;
}

int tw_manifests_add(struct tw_manifests *m, struct tw_files *files,
	const char *pattern, struct tw_pos pos, struct tw_diags *diags)
{
	struct tw_file_list list = {0};
	struct tw_error error;
	int status = 0;

	if (!is_glob(pattern))
		return add_path(m, files, pattern, pos, diags);
	if (tw_files_glob(files, pattern, &list, &error)) {
		error.pos = pos;
		tw_diag_error(diags, &error);
		tw_file_list_release(&list);
		return -1;
	}
	if (!list.list.n)
		status = tell_nothing(pattern, pos, diags);
	tell_kustomizations(&list, pattern, pos, diags);
	for (size_t i = 0; i < list.list.n; i++)
		if (add_match(m, files, &list.list.v[i], pos, diags))
			status = -1;
	tw_file_list_release(&list);
	return status;
}

int tw_manifests_add_text(struct tw_manifests *m, const char *name,
	const char *text, size_t n, struct tw_diags *diags)
{
	struct tw_pos pos = {.file = tw_arena_strdup(&m->arena, name)};
	int line;

	m->files++;
	if (tw_template_found(text, n, &line)) {
		struct tw_diag *d;

		pos.line = line;
		d = tw_diag(diags, TW_ERROR, pos,
			"the output of '%s' is a template itself", name);
		d->hint = "the command has to write finished manifests";
		return -1;
	}
	return tw_objects_add_text(m, pos.file, text, n, true, pos, diags);
}

int tw_manifests_read(struct tw_manifests *m, struct tw_files *files,
	const struct tw_manifest_pattern *patterns, size_t n,
	struct tw_spec *spec, struct tw_diags *diags)
{
	int status = 0;

	for (size_t i = 0; i < n; i++)
		if (tw_manifests_add(
			    m, files, patterns[i].text, patterns[i].pos, diags))
			status = -1;
	if (tw_manifests_spec(m, spec, diags))
		status = -1;
	return status;
}
