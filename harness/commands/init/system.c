#include "harness/commands/init/system.h"

#include "harness/commands/init/capture.h"
#include "harness/commands/input/kustomize.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct work {
	const struct tw_init *init;
	struct tw_diags *diags;
	struct tw_files *files;
	struct tw_kustomize kustomize;
	struct tw_manifests *manifests;
	struct tw_spec *spec;
	struct tw_init_log log;
	struct tw_draft draft;
	const char *patterns[16];
	size_t n_patterns;
	const char *name; /* of the model */
	const char *config_path, *model_path, *model_folder;
};

/* ---- where the manifests are ------------------------------------------ */

/* How many services a pattern gives; what is wrong with it does not count. */
static size_t services_of(struct work *w, const char *pattern)
{
	struct tw_manifests *m = tw_manifests_new();
	struct tw_spec *spec = tw_spec_new();
	struct tw_pos pos = {0};
	struct tw_diags diags;
	size_t n = 0;

	tw_diags_init(&diags);
	tw_kustomize_use(&w->kustomize, m);
	if (!tw_manifests_add(m, w->files, pattern, pos, &diags))
		tw_manifests_spec(m, spec, &diags);
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *it = spec->services.v[i].value;

		n += it->has_object && it->workloads.n;
	}
	tw_diags_release(&diags);
	tw_spec_free(spec);
	tw_manifests_free(m);
	return n;
}

/* The first usual place that has services with pods. */
static int find_manifests(struct work *w)
{
	static const char *const places[] = {"kubernetes-manifests",
		"deploy/kubernetes/manifests", "deploy", "k8s", "kubernetes",
		"manifests", "kustomize", "deployment", "release", ".",
		"deploy/**/*.yaml", "k8s/**/*.yaml", "kubernetes/**/*.yaml",
		"manifests/**/*.yaml"};
	struct tw_diag *diag;

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (!strchr(places[i], '*') && strcmp(places[i], ".") &&
			tw_files_kind(w->files, places[i]) != TW_FILE_DIRECTORY)
			continue;
		if (!services_of(w, places[i]))
			continue;
		w->patterns[w->n_patterns++] = places[i];
		return 0;
	}
	diag = tw_diag(w->diags, TW_ERROR, (struct tw_pos){0},
		"no manifests were found in '%s'", w->init->directory);
	diag->hint = "name them: twinrig init deploy/*.yaml, a kustomize "
		     "folder, or a Compose file";
	return -1;
}

static int read_manifests(struct work *w)
{
	int status = 0;

	for (size_t i = 0; i < w->init->n_patterns && i < 16; i++)
		w->patterns[w->n_patterns++] = w->init->patterns[i];
	if (!w->n_patterns && find_manifests(w))
		return -1;
	for (size_t i = 0; i < w->n_patterns; i++) {
		struct tw_pos pos = {.file = "the command line"};

		status |= tw_manifests_add(
			w->manifests, w->files, w->patterns[i], pos, w->diags);
	}
	status |= tw_manifests_spec(w->manifests, w->spec, w->diags);
	if (!status)
		tw_manifests_link(w->manifests, w->spec, w->diags);
	return status;
}

/* ---- the files -------------------------------------------------------- */

static const char *join(struct work *w, const char *name)
{
	if (!strcmp(w->init->directory, ".") || *name == '/')
		return tw_arena_strdup(&w->manifests->arena, name);
	return tw_arena_printf(
		&w->manifests->arena, "%s/%s", w->init->directory, name);
}

/* The folder's own name, for the model's file: letters, digits and '-'. */
static const char *system_name(struct work *w)
{
	char *full = realpath(w->init->directory, NULL);
	const char *slash = full ? strrchr(full, '/') : NULL;
	char *name = tw_arena_strdup(
		&w->manifests->arena, slash && slash[1] ? slash + 1 : "system");

	for (char *at = name; *at; at++) {
		bool fine = (*at >= 'a' && *at <= 'z') ||
			    (*at >= 'A' && *at <= 'Z') ||
			    (*at >= '0' && *at <= '9');

		if (!fine)
			*at = '-';
	}
	free(full);
	return *name == '-' ? "system" : name;
}

static int check_free(struct work *w, const char *path)
{
	struct tw_diag *diag;

	if (w->init->force || access(path, F_OK))
		return 0;
	diag = tw_diag(w->diags, TW_ERROR, (struct tw_pos){.file = path},
		"there is such a file already");
	diag->hint = "--force overwrites it";
	return -1;
}

static int write_file(
	struct work *w, const char *path, const struct tw_buf *text)
{
	FILE *file = fopen(path, "w");
	bool failed = !file;

	if (file) {
		failed = fwrite(text->p, 1, text->n, file) != text->n;
		failed |= fclose(file) != 0;
	}
	if (failed)
		tw_diag(w->diags, TW_ERROR, (struct tw_pos){.file = path},
			"cannot be written: %s", strerror(errno));
	return failed ? -1 : 0;
}

static int write_files(struct work *w)
{
	if (mkdir(w->model_folder, 0777) && errno != EEXIST) {
		tw_diag(w->diags, TW_ERROR,
			(struct tw_pos){.file = w->model_folder},
			"the folder cannot be made: %s", strerror(errno));
		return -1;
	}
	if (write_file(w, w->model_path, &w->draft.model))
		return -1;
	return write_file(w, w->config_path, &w->draft.config);
}

/* ---- what a person reads ---------------------------------------------- */

static void tell_kept(struct work *w, struct tw_buf *told)
{
	const struct tw_map *kept = &w->manifests->kept;

	if (!kept->n)
		return;
	tw_buf_add_text(told, "  not modelled yet:");
	for (size_t i = 0; i < kept->n; i++)
		tw_buf_printf(told, "%s %zu %s", i ? "," : "",
			*(const size_t *)kept->v[i].value, kept->v[i].key);
	tw_buf_add_char(told, '\n');
}

static void tell(
	struct work *w, const struct tw_draft_input *input, struct tw_buf *told)
{
	const struct tw_draft *d = &w->draft;
	char a[TW_TIME_TEXT], b[TW_TIME_TEXT];

	tw_buf_printf(told, "wrote %s and %s\n", w->config_path, w->model_path);
	tw_buf_printf(told, "  manifests:");
	for (size_t i = 0; i < w->n_patterns; i++)
		tw_buf_printf(told, " %s", w->patterns[i]);
	tw_buf_printf(told,
		"\n  %zu services with %zu calls that the manifests give away",
		d->services, d->edges + d->callers);
	if (d->callers)
		tw_buf_printf(told, " (%zu of a load generator or the like)",
			d->callers);
	tw_buf_printf(told,
		"\n  requests come in at %s and reach %zu of %zu services\n",
		d->entry, d->reached, d->services);
	if (d->reached < d->services) {
		tw_buf_add_text(told, "  out of reach: ");
		tw_draft_unreached(input, d->entry, told);
		tw_buf_add_text(told,
			"\n  traces, or calls in a model, would tell who calls "
			"them\n");
	}
	tell_kept(w, told);
	if (w->init->capture)
		tw_buf_printf(told, "  %llu requests of %zu kinds in %s%s\n",
			(unsigned long long)w->log.requests, w->log.endpoints.n,
			w->init->capture, w->log.more ? ", the busiest" : "");
	tw_buf_printf(told,
		"  without load the entry's median is %s%s%s%s; all work is "
		"assumed\n",
		tw_time_text(d->latency, a), d->logged ? " (logged: " : "",
		d->logged ? tw_time_text(d->logged, b) : "",
		d->logged ? ")" : "");
	tw_buf_add_text(told, "next: twinrig check, then twinrig gate\n");
}

static int run(struct work *w, struct tw_buf *told)
{
	struct tw_draft_input input = {.spec = w->spec,
		.manifests = w->manifests,
		.capture = w->init->capture};
	struct tw_error error;

	if (read_manifests(w))
		return -1;
	w->name = system_name(w);
	w->config_path = join(w, "twinrig.yaml");
	w->model_folder = join(w, "twins");
	w->model_path = tw_arena_printf(
		&w->manifests->arena, "%s/%s.yaml", w->model_folder, w->name);
	if (check_free(w, w->config_path) | check_free(w, w->model_path))
		return -1;
	if (w->init->capture &&
		tw_init_log_read(&w->log, join(w, w->init->capture), &error)) {
		tw_diag_error(w->diags, &error);
		return -1;
	}
	input.patterns = w->patterns;
	input.n_patterns = w->n_patterns;
	input.name = w->name;
	input.endpoints = w->log.endpoints.v;
	input.n_endpoints = w->log.endpoints.n;
	input.more_endpoints = w->log.more;
	if (tw_draft_write(&w->draft, &input, &error)) {
		tw_diag_error(w->diags, &error);
		return -1;
	}
	if (write_files(w))
		return -1;
	tell(w, &input, told);
	return 0;
}

int tw_init_system(
	const struct tw_init *init, struct tw_diags *diags, struct tw_buf *told)
{
	struct work w = {.init = init, .diags = diags};
	struct tw_error error;
	int status;

	w.files = tw_files_directory_new(init->directory, &error);
	if (!w.files) {
		tw_diag_error(diags, &error);
		return -1;
	}
	w.kustomize = (struct tw_kustomize){w.files, init->directory, NULL};
	w.manifests = tw_manifests_new();
	tw_kustomize_use(&w.kustomize, w.manifests);
	w.spec = tw_spec_new();
	tw_init_log_init(&w.log);
	status = run(&w, told);
	tw_draft_release(&w.draft);
	tw_init_log_release(&w.log);
	tw_spec_free(w.spec);
	tw_manifests_free(w.manifests);
	tw_files_free(w.files);
	return status;
}
