#include "harness/commands/input/render.h"

#include "harness/process/process.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAID_MAX 2000 /* bytes of what a failed command said that are shown */

static int remove_one(
	const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int make_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return 0;
}

static int write_file(const char *path, const struct tw_buf *content)
{
	FILE *file = fopen(path, "wb");
	int failed;

	if (!file)
		return -1;
	failed = content->n && fwrite(content->p, content->n, 1, file) != 1;
	return fclose(file) || failed ? -1 : 0;
}

/* All files of the tree below `root`. */
static int copy_out(
	struct tw_files *files, const char *root, struct tw_error *error)
{
	struct tw_file_list list = {0};
	struct tw_buf path = {0}, content = {0};
	int status = tw_files_glob(files, "**", &list, error);

	for (size_t i = 0; !status && i < list.list.n; i++) {
		if (list.list.v[i].kind != TW_FILE_REGULAR)
			continue;
		tw_buf_clear(&path);
		tw_buf_clear(&content);
		tw_buf_printf(&path, "%s/%s", root, list.list.v[i].name);
		status = tw_files_read(
			files, list.list.v[i].name, &content, error);
		if (!status &&
			(make_parents(path.p) || write_file(path.p, &content)))
			status = tw_fail(error, TW_E_RUN, "%s: %s", path.p,
				strerror(errno));
	}
	tw_buf_release(&path);
	tw_buf_release(&content);
	tw_file_list_release(&list);
	return status;
}

static void run_command(const char *directory, const struct tw_texts *command,
	struct tw_buf *out, struct tw_diags *diags)
{
	const char **argv = tw_calloc(command->n + 1, sizeof *argv);
	struct tw_process_options options = {.argv = argv, .dir = directory};
	struct tw_buf said = {0};
	struct tw_process_exit end;
	struct tw_error error;
	struct tw_diag *diag = NULL;

	for (size_t i = 0; i < command->n; i++)
		argv[i] = command->v[i].v;
	if (tw_process_run(&options, out, &said, &end, &error)) {
		diag = tw_diag(diags, TW_ERROR, command->v[0].origin->pos,
			"render: %s", error.message);
	} else if (end.status || end.signal) {
		struct tw_buf how = {0};

		tw_process_exit_text(end, &how);
		diag = tw_diag(diags, TW_ERROR, command->v[0].origin->pos,
			"render: '%s' %s", argv[0], tw_buf_text(&how));
		tw_buf_release(&how);
	}
	if (diag && said.n)
		tw_diag_hint(diags, diag, "it said: %s",
			tw_buf_text(&said) +
				(said.n > SAID_MAX ? said.n - SAID_MAX : 0));
	tw_buf_release(&said);
	tw_free(argv);
}

int tw_render(struct tw_files *files, const char *directory,
	const struct tw_texts *command, struct tw_buf *out,
	struct tw_diags *diags)
{
	const char *base = getenv("TMPDIR");
	size_t errors = diags->errors;
	struct tw_buf copy = {0};
	struct tw_error error = {0};

	if (directory) {
		run_command(directory, command, out, diags);
		return diags->errors == errors ? 0 : -1;
	}
	tw_buf_printf(&copy, "%s/twinrig-render-XXXXXX",
		base && *base ? base : "/tmp");
	if (!mkdtemp(copy.p)) {
		tw_fail(&error, TW_E_RUN, "%s: %s", copy.p, strerror(errno));
	} else {
		if (!copy_out(files, copy.p, &error))
			run_command(copy.p, command, out, diags);
		nftw(copy.p, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	}
	if (error.code)
		tw_diag(diags, TW_ERROR, command->v[0].origin->pos,
			"render: %s", error.message);
	tw_buf_release(&copy);
	return diags->errors == errors ? 0 : -1;
}
