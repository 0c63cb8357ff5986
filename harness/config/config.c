#include "harness/config/tables.h"

void tw_config_init(struct tw_config *config)
{
	*config = (struct tw_config){0};
	tw_arena_init(&config->arena);
}

void tw_config_release(struct tw_config *config)
{
	tw_arena_release(&config->arena);
	*config = (struct tw_config){0};
}

/* Whether a check's glob can mean a scenario; of a name that is one of many
 * ("slow-{to}") what stands before the brace counts. */
static bool means(const char *pattern, const char *name)
{
	size_t fixed = strcspn(name, "{"), plain = strcspn(pattern, "*?[");

	if (!name[fixed])
		return tw_glob_match(pattern, name);
	return !strncmp(pattern, name, fixed < plain ? fixed : plain);
}

/* A check of no scenario would be asked nowhere, and nobody would miss it. */
static void find_scenarios(const struct tw_config *config,
	const struct tw_texts *patterns, struct tw_diags *diags)
{
	size_t n = config->scenarios.n;
	const char **names = tw_calloc(n + 1, sizeof *names);

	for (size_t k = 0; k < n; k++) {
		const struct tw_config_scenario *it = config->scenarios.v[k];

		/* A search under several loads is as many scenarios. */
		names[k] = it->search.load.n ? tw_arena_printf(&diags->arena,
						       "%s{load}", it->name.v)
					     : it->name.v;
	}
	/* Where none is written there is one. */
	if (!n)
		names[n++] = "steady";
	for (size_t i = 0; i < patterns->n; i++) {
		const struct tw_text *it = &patterns->v[i];
		const char *near;
		bool found = false;

		for (size_t k = 0; k < n; k++)
			found |= means(it->v, names[k]);
		if (found)
			continue;
		near = tw_nearest(it->v, names, n);
		tw_diag(diags, TW_ERROR, it->origin->pos,
			"no scenario is called '%s': it would be asked nowhere",
			it->v)
			->hint = near ? tw_arena_printf(&diags->arena,
						"did you mean '%s'?", near)
				      : NULL;
	}
	tw_free(names);
}

static void find_all_scenarios(
	const struct tw_config *config, struct tw_diags *diags)
{
	for (size_t i = 0; i < config->gate.checks.n; i++)
		find_scenarios(
			config, &config->gate.checks.v[i]->scenarios, diags);
	for (size_t i = 0; i < config->gate.judges.n; i++)
		find_scenarios(
			config, &config->gate.judges.v[i]->scenarios, diags);
}

int tw_config_parse(struct tw_config *config, const char *file,
	const char *text, size_t n, struct tw_diags *diags)
{
	struct tw_schema_reader reader = {.arena = &config->arena,
		.diags = diags,
		.source = TW_FROM_OVERRIDE,
		.context = config};
	struct tw_yaml_docs docs = {0};
	size_t errors = diags->errors;

	config->file = tw_arena_strdup(&config->arena, file);
	tw_yaml_parse(&config->arena, file, text, n, NULL, diags, &docs);
	if (!docs.n && diags->errors == errors)
		tw_diag(diags, TW_ERROR, (struct tw_pos){.file = config->file},
			"the file is empty")
			->hint = "it starts with 'version: 1'";
	if (docs.n > 1)
		tw_diag(diags, TW_ERROR, docs.v[1]->pos,
			"a second document: this file has one");
	if (docs.n)
		tw_schema_read(&reader, &tw_config_table, config, docs.v[0]);
	if (diags->errors == errors)
		find_all_scenarios(config, diags);
	return diags->errors > errors ? -1 : 0;
}

int tw_config_read(struct tw_config *config, struct tw_files *files,
	const char *path, struct tw_diags *diags)
{
	struct tw_buf text = {0};
	struct tw_error error;
	int rc = -1;

	if (tw_files_read(files, path, &text, &error))
		tw_diag_error(diags, &error);
	else
		rc = tw_config_parse(
			config, path, tw_buf_text(&text), text.n, diags);
	tw_buf_release(&text);
	return rc;
}

const char *tw_config_fill(struct tw_arena *arena, const char *text,
	const char *name, const char *value)
{
	const char *braced = tw_arena_printf(arena, "{%s}", name), *at;
	struct tw_buf out = {0};
	const char *filled;

	while ((at = strstr(text, braced))) {
		tw_buf_add(&out, text, (size_t)(at - text));
		tw_buf_add_text(&out, value);
		text = at + strlen(braced);
	}
	tw_buf_add_text(&out, text);
	filled = tw_arena_strdup(arena, tw_buf_text(&out));
	tw_buf_release(&out);
	return filled;
}

void tw_config_schema_json(enum tw_config_file which, struct tw_buf *out)
{
	if (which == TW_CONFIG_FILE)
		tw_schema_json(&tw_config_table, "twinrig.yaml", out);
	else
		tw_schema_json(&tw_model_table, "twinrig twin model", out);
}

void tw_config_help(enum tw_config_file which, struct tw_buf *out)
{
	tw_schema_help(
		which == TW_CONFIG_FILE ? &tw_config_table : &tw_model_table,
		out);
}
