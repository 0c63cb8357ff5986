#include "harness/manifests/kustomize.h"

/* Folders that one kustomization may come to, however they are shared. */
#define FOLDERS_MAX 1000

static const char *const names[] = {
	"kustomization.yaml", "kustomization.yml", "Kustomization"};

const char *tw_kustomize_file(
	struct tw_manifests *m, struct tw_files *files, const char *dir)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *path = tw_arena_printf(
			&m->arena, "%s%s%s", dir, *dir ? "/" : "", names[i]);

		if (tw_files_kind(files, path) == TW_FILE_REGULAR)
			return path;
	}
	return NULL;
}

int tw_kust_load(struct tw_kust *k, const char *path, struct tw_pos pos,
	struct tw_yaml_docs *docs)
{
	const struct tw_yaml_options options = {.duplicates = true};
	struct tw_error error;
	struct tw_buf buf = {0};
	struct tw_diag *d;
	int line, status;

	path = tw_arena_strdup(&k->m->arena, path);
	if (tw_files_read(k->files, path, &buf, &error)) {
		error.pos = pos;
		tw_diag_error(k->diags, &error);
		tw_buf_release(&buf);
		return -1;
	}
	k->m->files++;
	if (tw_template_found(tw_buf_text(&buf), buf.n, &line)) {
		d = tw_diag(k->diags, TW_ERROR, pos,
			"'%s' is a template that is not rendered (line %d)",
			path, line);
		d->rule = "unrendered-template";
		status = -1;
	} else {
		status = tw_yaml_parse(&k->m->arena, path, tw_buf_text(&buf),
			buf.n, &options, k->diags, docs);
	}
	tw_buf_release(&buf);
	return status;
}

static void add_resource(struct tw_kust *k, struct tw_yaml *doc)
{
	const char *kind = tw_yaml_text(tw_yaml_get(doc, "kind"));
	struct tw_yaml *items = tw_yaml_get(doc, "items");
	struct tw_kust_resource it = {.doc = tw_yaml_copy(&k->m->arena, doc)};

	if (!tw_yaml_is(doc, TW_YAML_MAPPING)) {
		tw_diag(k->diags, TW_ERROR, doc->pos,
			"a resource has to be a mapping");
		return;
	}
	if (kind && !strcmp(kind, "List")) {
		for (size_t i = 0; i < tw_yaml_count(items); i++)
			add_resource(k, tw_yaml_item(items, i));
		return;
	}
	it.name = tw_yaml_text(tw_yaml_path(doc, "metadata", "name", NULL));
	tw_vec_push(&k->resources, it);
}

static bool is_remote(const char *path)
{
	return strstr(path, "://") || strstr(path, "?ref=") ||
	       !strncmp(path, "git@", 4) || !strncmp(path, "github.com/", 11);
}

static int render(struct tw_kust *k, const char *dir, struct tw_pos pos);

static void note_unable(struct tw_kust *k, const char *what, struct tw_pos pos)
{
	k->unable->helm |= !strncmp(what, "helm", 4);
	if (k->unable->what)
		return;
	k->unable->what = what;
	k->unable->pos = pos;
}

#define INSTALL                                                                \
	"install kustomize or kubectl, which twinrig then runs for it, or "    \
	"render it yourself: topology.render: [kubectl, kustomize, %s]"

/* One entry of resources, bases or components. */
static int add_path(
	struct tw_kust *k, const char *dir, const struct tw_yaml *node)
{
	const char *text = tw_yaml_text(node);
	struct tw_yaml_docs docs = {0};
	struct tw_buf path = {0};
	struct tw_error error;
	struct tw_diag *d;
	int status = -1;

	if (!text) {
		tw_diag(k->diags, TW_ERROR, node->pos, "expected a path");
		return -1;
	}
	if (is_remote(text)) {
		d = tw_diag(k->diags, TW_ERROR, node->pos,
			"'%s' is on the network, and twinrig fetches nothing",
			text);
		tw_diag_hint(k->diags, d, INSTALL, *dir ? dir : ".");
		note_unable(k, text, node->pos);
		return -1;
	}
	if (tw_files_normalise(dir, text, &path, &error)) {
		error.pos = node->pos;
		tw_diag_error(k->diags, &error);
		goto out;
	}
	if (tw_files_kind(k->files, tw_buf_text(&path)) == TW_FILE_DIRECTORY) {
		status = render(k,
			tw_arena_strdup(&k->m->arena, tw_buf_text(&path)),
			node->pos);
		goto out;
	}
	status = tw_kust_load(k, tw_buf_text(&path), node->pos, &docs);
	for (size_t i = 0; i < docs.n; i++)
		add_resource(k, docs.v[i]);
out:
	tw_buf_release(&path);
	return status;
}

static int add_paths(struct tw_kust *k, const char *dir,
	const struct tw_yaml *kustomization, const char *field)
{
	const struct tw_yaml *list = tw_yaml_get(kustomization, field);
	int status = 0;

	for (size_t i = 0; i < tw_yaml_count(list); i++)
		if (add_path(k, dir, tw_yaml_item(list, i)))
			status = -1;
	return status;
}

/* A folder's own resources are changed by its own transformers only: they are
 * rendered apart and then added to what is there. A component changes what is
 * there. */
static int render_apart(struct tw_kust *k, const char *dir,
	struct tw_yaml *kustomization, bool component)
{
	struct tw_kust own = {.m = k->m,
		.files = k->files,
		.diags = k->diags,
		.from = k->from,
		.inside = k->inside,
		.rendered = k->rendered,
		.unable = k->unable};
	struct tw_kust *to = component ? k : &own;
	int status = 0;

	status |= add_paths(to, dir, kustomization, "resources");
	status |= add_paths(to, dir, kustomization, "bases");
	status |= tw_kust_generate(to, dir, kustomization);
	status |= add_paths(to, dir, kustomization, "components");
	status |= tw_kust_transform(to, dir, kustomization);
	if (!component) {
		for (size_t i = 0; i < own.resources.n; i++)
			tw_vec_push(&k->resources, own.resources.v[i]);
		tw_vec_release(&own.resources);
	}
	return status;
}

static int check_fields(
	struct tw_kust *k, const char *dir, const struct tw_yaml *kustomization)
{
	static const char *const known[] = {"apiVersion", "kind", "metadata",
		"resources", "bases", "components", "namespace", "namePrefix",
		"nameSuffix", "commonLabels", "labels", "commonAnnotations",
		"images", "replicas", "patches", "patchesStrategicMerge",
		"patchesJson6902", "configMapGenerator", "secretGenerator",
		"generatorOptions"};
	static const char *const harmless[] = {"configurations", "crds",
		"openapi", "sortOptions", "buildMetadata", "validators"};
	static const char *const unable[] = {"vars", "replacements",
		"generators", "transformers", "helmCharts", "helmGlobals",
		"helmChartInflationGenerator"};
	int status = 0;

	for (size_t i = 0; i < kustomization->pairs.n; i++) {
		const struct tw_yaml *key = kustomization->pairs.v[i].key;
		const char *name = tw_yaml_text(key);
		bool is_known = false, is_unable = false;
		struct tw_diag *d;

		for (size_t j = 0; name && j < sizeof known / sizeof *known;
			j++)
			is_known |= !strcmp(name, known[j]);
		for (size_t j = 0;
			name && j < sizeof harmless / sizeof *harmless; j++)
			is_known |= !strcmp(name, harmless[j]);
		for (size_t j = 0; name && j < sizeof unable / sizeof *unable;
			j++)
			is_unable |= !strcmp(name, unable[j]);
		if (is_known)
			continue;
		status = -1;
		if (!is_unable) {
			d = tw_diag(k->diags, TW_ERROR, key->pos,
				"unknown field '%s'", name ? name : "?");
			if (name)
				tw_diag_nearest(k->diags, d, name, known,
					sizeof known / sizeof *known);
			continue;
		}
		d = tw_diag(k->diags, TW_ERROR, key->pos,
			"'%s' is a field of kustomize that twinrig does not "
			"render",
			name);
		tw_diag_hint(k->diags, d, INSTALL, *dir ? dir : ".");
		note_unable(k, name, key->pos);
	}
	return status;
}

static int render(struct tw_kust *k, const char *dir, struct tw_pos pos)
{
	const char *file = tw_kustomize_file(k->m, k->files, dir);
	struct tw_yaml_docs docs = {0};
	struct tw_kust_folder here = {dir, k->inside};
	const char *kind;
	int status;

	if (!file) {
		tw_diag(k->diags, TW_ERROR, pos,
			"'%s' has no kustomization.yaml", *dir ? dir : ".");
		return -1;
	}
	for (const struct tw_kust_folder *at = k->inside; at; at = at->outer)
		if (!strcmp(at->dir, dir)) {
			tw_diag(k->diags, TW_ERROR, pos,
				"the kustomization in '%s' leads back to "
				"itself",
				*dir ? dir : ".");
			return -1;
		}
	if (++*k->rendered > FOLDERS_MAX) {
		tw_diag(k->diags, TW_ERROR, pos,
			"a kustomization of more than %d folders", FOLDERS_MAX);
		return -1;
	}
	if (tw_kust_load(k, file, pos, &docs))
		return -1;
	if (!docs.n) {
		tw_diag(k->diags, TW_ERROR, (struct tw_pos){.file = file},
			"the kustomization is empty");
		return -1;
	}
	if (!tw_yaml_is(docs.v[0], TW_YAML_MAPPING)) {
		tw_diag(k->diags, TW_ERROR, docs.v[0]->pos,
			"expected a mapping");
		return -1;
	}
	k->inside = &here;
	kind = tw_yaml_text(tw_yaml_get(docs.v[0], "kind"));
	status = check_fields(k, dir, docs.v[0]);
	status |= render_apart(
		k, dir, docs.v[0], kind && !strcmp(kind, "Component"));
	k->inside = here.outer;
	return status;
}

/* Whether the program has to do it: what was met, in m's arena. */
static struct tw_kust_unable look_ahead(struct tw_manifests *m,
	struct tw_files *files, const char *dir, struct tw_pos pos)
{
	struct tw_kust_unable unable = {0};
	size_t rendered = 0, before = m->files;
	struct tw_diags diags;
	struct tw_kust k = {.m = m,
		.files = files,
		.diags = &diags,
		.from = pos,
		.rendered = &rendered,
		.unable = &unable};

	tw_diags_init(&diags);
	render(&k, dir, pos);
	tw_vec_release(&k.resources);
	tw_diags_release(&diags);
	m->files = before;
	return unable;
}

/* By the program. False where there is none. */
static bool add_by_program(struct tw_manifests *m, const char *dir,
	const struct tw_kust_unable *unable, struct tw_pos pos,
	struct tw_diags *diags, int *status)
{
	struct tw_kustomize_call call = {
		.dir = dir, .pos = pos, .helm = unable->helm};
	struct tw_buf out = {0};

	*status = m->kustomize(m->kustomize_context, &call, &out, diags);
	if (call.program) {
		tw_diag(diags, TW_NOTE, unable->pos,
			"rendered by '%s', since twinrig does not render "
			"'%s' by itself",
			call.program, unable->what);
		if (!*status)
			*status = tw_manifests_add_text(m,
				tw_arena_printf(&m->arena, "%s %s",
					call.program, *dir ? dir : "."),
				tw_buf_text(&out), out.n, diags);
	}
	tw_buf_release(&out);
	return call.program != NULL;
}

int tw_kustomize_add(struct tw_manifests *m, struct tw_files *files,
	const char *dir, struct tw_pos pos, struct tw_diags *diags)
{
	size_t rendered = 0;
	struct tw_kust k = {.m = m,
		.files = files,
		.diags = diags,
		.from = pos,
		.rendered = &rendered};
	size_t errors = diags->errors;
	struct tw_kust_unable unable = {0};
	int status;

	if (m->kustomize)
		unable = look_ahead(m, files, dir, pos);
	if (unable.what && add_by_program(m, dir, &unable, pos, diags, &status))
		return status;
	k.unable = &unable;
	status = render(&k, dir, pos);
	for (size_t i = 0; i < k.resources.n; i++)
		if (tw_objects_add(m, k.resources.v[i].doc, diags))
			status = -1;
	tw_vec_release(&k.resources);
	return status || diags->errors > errors ? -1 : 0;
}
