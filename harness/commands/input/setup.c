#include "harness/commands/input/setup.h"

#include "harness/commands/input/scenario.h"

#include <stdio.h>

#define DEFAULT_FILE "twinrig.yaml"

struct tw_files *tw_setup_files(struct tw_setup *setup)
{
	struct tw_error error;
	struct tw_files *files =
		tw_files_directory_new(setup->directory, &error);

	if (!files)
		tw_diag_error(&setup->diags, &error);
	return files;
}

static int load_plugins(struct tw_setup *setup, const struct tw_cli *cli)
{
	struct tw_error error;

	if (!cli->plugins ||
		!tw_plugins_load(&setup->plugins, cli->plugins, &error))
		return 0;
	tw_diag_error(&setup->diags, &error);
	return -1;
}

int tw_setup_open(struct tw_setup *setup, const struct tw_cli *cli)
{
	const char *path = cli->config ? cli->config : DEFAULT_FILE;
	const char *slash = strrchr(path, '/');
	struct tw_files *files;
	int status = -1;

	*setup = (struct tw_setup){0};
	tw_diags_init(&setup->diags);
	tw_config_init(&setup->config);
	tw_plugins_init(&setup->plugins);
	setup->file = slash ? slash + 1 : path;
	setup->directory = ".";
	if (slash)
		setup->directory = tw_arena_strndup(&setup->config.arena, path,
			slash == path ? 1 : (size_t)(slash - path));
	files = tw_setup_files(setup);
	if (!files || load_plugins(setup, cli)) {
		tw_files_free(files);
		return -1;
	}
	if (tw_files_kind(files, setup->file) == TW_FILE_REGULAR)
		status = tw_config_read(&setup->config, files, setup->file,
				 &setup->diags) |
			 tw_cases_read_chaos(
				 &setup->config, files, &setup->diags);
	else
		tw_diag_hint(&setup->diags,
			tw_diag(&setup->diags, TW_ERROR,
				(struct tw_pos){.file = path},
				"there is no such file"),
			"'twinrig init' drafts one from the manifests here");
	tw_files_free(files);
	return status;
}

void tw_setup_release(struct tw_setup *setup)
{
	tw_config_release(&setup->config);
	tw_plugins_release(&setup->plugins);
	tw_diags_release(&setup->diags);
}

void tw_diags_show(struct tw_diags *diags, const struct tw_cli *cli)
{
	struct tw_buf out = {0};

	tw_diags_sort(diags);
	for (size_t i = 0; i < diags->list.n; i++) {
		const struct tw_diag *diag = diags->list.v[i];

		if (diag->severity == TW_ERROR || cli->verbose ||
			(diag->severity == TW_WARNING && !cli->quiet))
			tw_diag_print(diags, diag, cli->colour_errors, &out);
	}
	if (diags->dropped)
		tw_buf_printf(&out, "twinrig: %zu more findings not shown\n",
			diags->dropped);
	fputs(tw_buf_text(&out), stderr);
	tw_buf_release(&out);
}
