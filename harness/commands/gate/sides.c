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

static void traffic_text(
	const struct tw_config_traffic *traffic, struct tw_buf *out)
{
	for (size_t i = 0; i < traffic->capture.n; i++)
		tw_buf_printf(out, " capture %s\n", traffic->capture.v[i].v);
	tw_buf_printf(out,
		" speed %.17g rate %.17g loop %lld from %lld to %lld for %lld "
		"warmup %lld entry %s users %lld skew %.17g\n",
		tw_real_or(traffic->speed, 1), tw_real_or(traffic->rate, 0),
		(long long)tw_int_or(traffic->loop, 1),
		(long long)tw_int_or(traffic->from, 0),
		(long long)tw_int_or(traffic->to, -1),
		(long long)tw_int_or(traffic->duration, 0),
		(long long)tw_int_or(traffic->warmup, 0),
		traffic->entry.v ? traffic->entry.v : "",
		(long long)tw_int_or(traffic->users.count, 0),
		tw_real_or(traffic->users.skew, 0));
}

static void scenario_text(
	const struct tw_config_scenario *it, struct tw_buf *out)
{
	const struct tw_config_search *search = &it->search;

	tw_buf_printf(out, "scenario %s rollout %lld\n", it->name.v,
		(long long)tw_int_or(it->rollout, -1));
	traffic_text(&it->traffic, out);
	for (size_t k = 0; k < it->each.n; k++)
		tw_buf_printf(out, " each %s %s\n", it->each.v[k].name,
			it->each.v[k].of.v);
	for (size_t k = 0; k < it->faults.n; k++) {
		const struct tw_config_fault *fault = it->faults.v[k];

		tw_buf_printf(out, " %s", fault->kind);
		for (size_t j = 0; j < fault->args.n; j++)
			tw_buf_printf(out, " %s=%s", fault->args.v[j].name,
				fault->args.v[j].value);
		tw_buf_add_char(out, '\n');
	}
	for (size_t k = 0; k < it->chaos.n; k++)
		tw_buf_printf(out, " chaos %s at %lld for %lld\n",
			it->chaos.v[k].v, (long long)tw_int_or(it->chaos_at, 0),
			(long long)tw_int_or(it->chaos_for, 0));
	if (search->origin)
		tw_buf_printf(out,
			" search %s %s from %s to %s steps %lld within %lld\n",
			search->fault.v ? search->fault.v : "",
			search->trigger.v ? search->trigger.v : "",
			search->from.v ? search->from.v : "",
			search->to.v ? search->to.v : "",
			(long long)tw_int_or(search->steps, 0),
			(long long)tw_int_or(search->within, 0));
}

/* What the gate asks, as one text: checks, scenarios, traffic, and how they
 * are judged. */
static void policy_text(const struct tw_config *config, struct tw_buf *out)
{
	for (size_t i = 0; i < config->gate.checks.n; i++) {
		const struct tw_config_check *check = config->gate.checks.v[i];

		tw_buf_printf(out, "check %s %s\n", check->check.v,
			check->mute.v ? check->mute.v : "");
		for (size_t k = 0; k < check->scenarios.n; k++)
			tw_buf_printf(out, " in %s\n", check->scenarios.v[k].v);
	}
	for (size_t i = 0; i < config->gate.judges.n; i++) {
		const struct tw_config_judge *judge = config->gate.judges.v[i];

		tw_buf_printf(out, "judge %s%s%s%s %d\n",
			judge->kayenta.v ? judge->kayenta.v : "",
			judge->k6.v ? judge->k6.v : "",
			judge->argo.v ? judge->argo.v : "",
			judge->openslo.v ? judge->openslo.v : "", judge->gates);
	}
	traffic_text(&config->traffic, out);
	for (size_t i = 0; i < config->scenarios.n; i++)
		scenario_text(config->scenarios.v[i], out);
	tw_buf_printf(out,
		"runs %lld to %lld seed %lld budget %lld inconclusive %s "
		"completeness %.17g confidence %.17g\n",
		(long long)tw_int_or(config->gate.runs, 8),
		(long long)tw_int_or(config->gate.max_runs, 0),
		(long long)tw_int_or(config->gate.seed, 1),
		(long long)tw_int_or(config->gate.budget, 0),
		config->gate.inconclusive.v ? config->gate.inconclusive.v : "",
		tw_real_or(config->gate.completeness, 0.95),
		tw_real_or(config->gate.confidence, 0.95));
}

/* A change of the gate's own rules is a case for a person: it must not pass
 * unseen with the change that it would let through. */
static void tell_policy_change(struct tw_gate *gate)
{
	struct tw_buf before = {0}, after = {0};
	struct tw_diag *diag;

	policy_text(&gate->baseline_setup.config, &before);
	policy_text(&gate->setup.config, &after);
	if (strcmp(tw_buf_text(&before), tw_buf_text(&after))) {
		diag = tw_diag(&gate->candidate.diags, TW_WARNING,
			(struct tw_pos){.file = gate->setup.file},
			"this change edits the gate: its checks, scenarios, "
			"traffic or how they are judged");
		diag->rule = "gate-changed";
		diag->why = gate->policy == &gate->setup.config
				    ? "it is judged by its own rules"
				    : "it is judged by the baseline's; the new "
				      "ones count once it is merged";
	}
	tw_buf_release(&before);
	tw_buf_release(&after);
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
		tell_policy_change(gate);
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
