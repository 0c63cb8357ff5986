/*
 * Models are read in two rounds over all files: the first makes every service
 * known, full names before plain ones, so that "cart" in one file is the
 * "shop/cart" of another whatever their order.
 */
#include "harness/config/tables.h"

struct models {
	struct tw_spec *spec;
	struct tw_diags *diags;
	struct tw_yaml_docs docs; /* in the spec's arena */
	struct tw_files *files;
};

/* A file of assumed values says so: `assumed: true`. */
static enum tw_source source_of(const struct tw_yaml *doc)
{
	bool assumed = false;

	tw_yaml_bool(tw_yaml_get(doc, "assumed"), &assumed);
	return assumed ? TW_FROM_ASSUMED : TW_FROM_MODEL;
}

static void register_services(struct models *models, bool full)
{
	struct tw_schema_reader reader = {.arena = &models->spec->arena,
		.diags = models->diags,
		.source = TW_FROM_MODEL};

	for (size_t i = 0; i < models->docs.n; i++) {
		const struct tw_yaml *services =
			tw_yaml_get(models->docs.v[i], "services");

		if (!tw_yaml_is(services, TW_YAML_MAPPING))
			continue;
		reader.source = source_of(models->docs.v[i]);
		for (size_t k = 0; k < services->pairs.n; k++) {
			const struct tw_yaml *key = services->pairs.v[k].key;
			const char *name = tw_yaml_text(key);

			if (name && *name && full == !!strchr(name, '/'))
				tw_spec_service(models->spec, NULL, name,
					tw_schema_origin(&reader, key));
		}
	}
}

static void read_docs(struct models *models)
{
	struct tw_schema_reader reader = {.arena = &models->spec->arena,
		.diags = models->diags,
		.source = TW_FROM_MODEL,
		.context = models->spec,
		.files = models->files};

	register_services(models, true);
	register_services(models, false);
	for (size_t i = 0; i < models->docs.n; i++) {
		reader.source = source_of(models->docs.v[i]);
		tw_schema_read(&reader, &tw_model_table, models->spec,
			models->docs.v[i]);
	}
}

int tw_config_parse_model(struct tw_spec *spec, const char *file,
	const char *text, size_t n, struct tw_diags *diags)
{
	struct models models = {.spec = spec, .diags = diags};
	size_t errors = diags->errors;

	tw_yaml_parse(&spec->arena, file, text, n, NULL, diags, &models.docs);
	read_docs(&models);
	return diags->errors > errors ? -1 : 0;
}

static void add_file(struct models *models, struct tw_files *files,
	const char *path, struct tw_pos pos)
{
	struct tw_buf text = {0};
	struct tw_error error;

	if (tw_files_read(files, path, &text, &error)) {
		error.pos = pos;
		tw_diag_error(models->diags, &error);
	} else {
		tw_yaml_parse(&models->spec->arena, path, tw_buf_text(&text),
			text.n, NULL, models->diags, &models->docs);
	}
	tw_buf_release(&text);
}

/* A file that two patterns name is read once. */
static void add_pattern(struct models *models, struct tw_files *files,
	const struct tw_text *pattern, struct tw_map *seen)
{
	struct tw_pos pos = pattern->origin->pos;
	struct tw_file_list found = {0};
	struct tw_error error;
	size_t n = 0;

	if (tw_files_glob(files, pattern->v, &found, &error)) {
		error.pos = pos;
		tw_diag_error(models->diags, &error);
	}
	for (size_t i = 0; i < found.list.n; i++) {
		const struct tw_file_entry *entry = &found.list.v[i];

		if (entry->kind == TW_FILE_DIRECTORY)
			continue;
		n++;
		if (tw_map_put(seen, entry->name, models))
			add_file(models, files, entry->name, pos);
	}
	if (!n && !found.list.n)
		tw_diag(models->diags, TW_ERROR, pos, "no file matches '%s'",
			pattern->v);
	else if (!n)
		tw_diag(models->diags, TW_ERROR, pos,
			"'%s' is a folder: name the files in it", pattern->v)
			->hint = "such as twins/*.yaml";
	tw_file_list_release(&found);
}

int tw_config_read_models(const struct tw_texts *patterns,
	struct tw_files *files, struct tw_spec *spec, struct tw_diags *diags)
{
	struct models models = {
		.spec = spec, .diags = diags, .files = files};
	size_t errors = diags->errors;
	struct tw_map seen;

	tw_map_init(&seen, NULL);
	for (size_t i = 0; i < patterns->n; i++)
		add_pattern(&models, files, &patterns->v[i], &seen);
	tw_map_release(&seen);
	read_docs(&models);
	return diags->errors > errors ? -1 : 0;
}
