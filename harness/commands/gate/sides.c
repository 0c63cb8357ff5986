#include "harness/commands/gate/gate.h"

#include <stdio.h>

/* What the baseline is read from, once it is known. */
struct origin {
	struct tw_files *files;
	const char *directory; /* on the disk, or NULL */
};

/* A path of the configuration, seen from where the program runs. */
static const char *from_here(struct tw_gate *gate, const char *path)
{
	return path[0] == '/' ? path
			      : tw_arena_printf(&gate->arena, "%s/%s",
					gate->setup.directory, path);
}

static int open_directory(
	struct tw_gate *gate, const char *path, struct origin *to)
{
	struct tw_error error;

	to->files = tw_files_directory_new(path, &error);
	if (!to->files) {
		tw_diag_error(&gate->setup.diags, &error);
		return TW_EXIT_RUN;
	}
	to->directory = path;
	gate->report.baseline.name = path;
	return 0;
}

/* No repository, or no other state to compare with, and nobody asked for one:
 * then there is no baseline, which the verdict says. */
static int without_baseline(struct tw_gate *gate, const struct tw_error *error,
	bool asked, const struct tw_text *ref)
{
	struct tw_diag *diag;

	if (asked) {
		tw_diag(&gate->setup.diags, TW_ERROR,
			ref->origin ? ref->origin->pos : (struct tw_pos){0},
			"baseline: %s", error->message);
		return TW_EXIT_RUN;
	}
	diag = tw_diag(&gate->setup.diags, TW_WARNING, (struct tw_pos){0},
		"there is no baseline: %s", error->message);
	tw_diag_hint(&gate->setup.diags, diag,
		"checks against a baseline stay inconclusive; give --baseline "
		"REF or DIR");
	return 0;
}

static int open_commit(
	struct tw_gate *gate, const struct tw_text *ref, struct origin *to)
{
	bool asked = ref->v && strcmp(ref->v, "merge-base");
	struct tw_git_commit commit;
	struct tw_error error;

	gate->git = tw_git_open(gate->setup.directory, &error);
	if (!gate->git ||
		tw_git_resolve(gate->git, ref->v ? ref->v : "merge-base",
			tw_git_env_process, NULL, &commit, &error))
		return without_baseline(gate, &error,
			asked || (gate->git && error.code == TW_E_RUN), ref);
	to->files = tw_git_files_new(
		gate->git, &commit, tw_git_prefix(gate->git), &error);
	if (!to->files)
		return without_baseline(gate, &error, asked, ref);
	gate->report.baseline.name = tw_arena_strdup(&gate->arena, commit.how);
	gate->report.baseline.revision =
		tw_arena_strdup(&gate->arena, commit.id);
	return 0;
}

static int open_baseline(struct tw_gate *gate, struct origin *to)
{
	const struct tw_config_side *side = &gate->setup.config.baseline;
	struct tw_text asked = {.v = gate->cli->baseline};
	struct tw_files *there;
	struct tw_error error;

	if (asked.v && !strncmp(asked.v, "stored:", 7))
		return tw_gate_open_stored(
			gate, asked.v + 7, &(struct tw_pos){0}, &to->files);
	if (asked.v) {
		there = tw_files_directory_new(asked.v, &error);
		tw_files_free(there);
		return there ? open_directory(gate, asked.v, to)
			     : open_commit(gate, &asked, to);
	}
	if (side->stored.v)
		return tw_gate_open_stored(gate, side->stored.v,
			&side->stored.origin->pos, &to->files);
	if (side->directory.v)
		return open_directory(
			gate, from_here(gate, side->directory.v), to);
	if (side->manifests.n || side->models.n || side->process.n) {
		to->directory = gate->setup.directory;
		to->files = tw_setup_files(&gate->setup);
		gate->report.baseline.name = "working tree, other files";
		return to->files ? 0 : TW_EXIT_RUN;
	}
	return open_commit(gate, &side->ref, to);
}

/* The configuration as the baseline has it, in its own diags. */
static void read_baseline_config(struct tw_gate *gate, struct tw_files *files)
{
	struct tw_setup *setup = &gate->baseline_setup;

	if (tw_files_kind(files, gate->setup.file) != TW_FILE_REGULAR)
		return;
	tw_diags_init(&setup->diags);
	tw_config_init(&setup->config);
	gate->has_baseline_setup = true;
	tw_config_read(&setup->config, files, gate->setup.file, &setup->diags);
	tw_cases_read_chaos(&setup->config, files, &setup->diags);
}

/* Checks and scenarios: the baseline's, unless it has none, the candidate's are
 * asked for or they are what is tried. */
static void choose_policy(struct tw_gate *gate)
{
	const struct tw_config *mine = &gate->setup.config;
	const struct tw_config *its = &gate->baseline_setup.config;
	const char *wanted = mine->gate.policy.v;

	gate->policy = mine;
	if (gate->cli->prove) {
		gate->report.policy = "the candidate's: they are what is tried";
	} else if (!gate->has_baseline) {
		gate->report.policy = "the candidate's: there is no baseline";
	} else if (!gate->has_baseline_setup) {
		gate->report.policy = "the candidate's: the baseline has no "
				      "configuration yet";
	} else if (gate->baseline_setup.diags.errors) {
		gate->report.policy = "the candidate's: the baseline's "
				      "configuration has errors";
	} else if (wanted && !strcmp(wanted, "candidate") &&
		   its->gate.policy.v &&
		   !strcmp(its->gate.policy.v, "candidate")) {
		gate->report.policy = "the candidate's: so the baseline says";
	} else {
		gate->policy = its;
		gate->report.policy = "the baseline's";
	}
}

static int load_candidate(struct tw_gate *gate)
{
	const struct tw_config_side *side = &gate->setup.config.candidate;
	const char *directory = side->directory.v
					? from_here(gate, side->directory.v)
					: gate->setup.directory;
	struct tw_error error;
	struct tw_files *files = tw_files_directory_new(directory, &error);

	if (!files) {
		tw_diag_error(&gate->setup.diags, &error);
		return TW_EXIT_RUN;
	}
	gate->report.candidate.name =
		side->directory.v ? side->directory.v : "working tree";
	if (tw_system_load(&gate->candidate, files, directory,
		    &gate->setup.config, side))
		return TW_EXIT_USAGE;
	return 0;
}

int tw_gate_open_sides(struct tw_gate *gate)
{
	struct origin origin = {0};
	const struct tw_config *config;
	int status = load_candidate(gate);
	int opened = open_baseline(gate, &origin);

	if (status || opened) {
		tw_files_free(origin.files);
		return status ? status : opened;
	}
	gate->has_baseline = origin.files;
	if (!origin.files) {
		gate->report.baseline.name = "none";
		choose_policy(gate);
		return 0;
	}
	read_baseline_config(gate, origin.files);
	choose_policy(gate);
	if (gate->has_baseline_setup && !gate->baseline_setup.diags.errors &&
		!gate->cli->prove)
		tw_gate_tell_policy_change(gate, origin.files);
	config = gate->has_baseline_setup && !gate->baseline_setup.diags.errors
			 ? &gate->baseline_setup.config
			 : &gate->setup.config;
	gate->baseline_config = config;
	if (tw_system_load(&gate->baseline, origin.files, origin.directory,
		    config, &gate->setup.config.baseline)) {
		tw_diag(&gate->setup.diags, TW_ERROR, (struct tw_pos){0},
			"the baseline (%s) cannot be read",
			gate->report.baseline.name);
		return TW_EXIT_RUN;
	}
	status = tw_gate_place_stored(gate);
	if (status)
		return status;
	return tw_system_beside(&gate->candidate, &gate->baseline, &gate->arena,
		       &gate->doubts)
		       ? TW_EXIT_USAGE
		       : 0;
}
