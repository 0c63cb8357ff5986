#include "harness/commands/input/system.h"

#include "harness/commands/input/render.h"
#include "twins/fault/fault.h"
#include "twins/twin.h"

void tw_system_init(struct tw_system *system)
{
	*system = (struct tw_system){0};
	tw_diags_init(&system->diags);
	tw_inputs_init(&system->inputs);
	system->manifests = tw_manifests_new();
	system->spec = tw_spec_new();
}

void tw_system_release(struct tw_system *system)
{
	tw_model_free(system->model);
	tw_spec_free(system->spec);
	tw_manifests_free(system->manifests);
	tw_files_free(system->files);
	tw_inputs_release(&system->inputs);
	tw_diags_release(&system->diags);
	*system = (struct tw_system){0};
}

static void add_manifests(
	struct tw_system *system, const struct tw_texts *patterns)
{
	for (size_t i = 0; i < patterns->n; i++)
		tw_manifests_add(system->manifests, system->files,
			patterns->v[i].v, patterns->v[i].origin->pos,
			&system->diags);
}

static void add_rendered(struct tw_system *system, struct tw_files *files,
	const struct tw_texts *command)
{
	struct tw_buf out = {0};

	if (!tw_render(
		    files, system->directory, command, &out, &system->diags)) {
		tw_inputs_made(&system->inputs, command->v[0].v,
			tw_buf_text(&out), out.n);
		tw_manifests_add_text(system->manifests, command->v[0].v,
			tw_buf_text(&out), out.n, &system->diags);
	}
	tw_buf_release(&out);
}

static void note_input(void *context, const char *path, const char *p, size_t n)
{
	tw_inputs_file(context, path, p, n);
}

static void note_texts(struct tw_system *system, const char *name,
	const struct tw_texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		tw_inputs_setting(&system->inputs, name, texts->v[i].v);
}

/* Whatever of the configuration the spec is made by. */
static void note_settings(struct tw_system *system,
	const struct tw_config *config, const struct tw_config_side *which)
{
	const struct tw_config_topology *topology = &config->topology;

	note_texts(system, "manifests",
		which->manifests.n ? &which->manifests : &topology->manifests);
	note_texts(system, "models",
		which->models.n ? &which->models : &topology->models);
	if (config->traffic.entry.v)
		tw_inputs_setting(
			&system->inputs, "entry", config->traffic.entry.v);
}

/* Whether the control plane has anything to do in some scenario. */
static bool is_managed(const struct tw_config *config)
{
	for (size_t i = 0; i < config->scenarios.n; i++) {
		const struct tw_config_scenario *it = config->scenarios.v[i];

		for (size_t k = 0; k < it->faults.n; k++) {
			const char *name = it->faults.v[k]->kind;
			const struct tw_fault_kind *kind =
				name ? tw_fault_kind(name) : NULL;

			if (kind && kind->manages)
				return true;
		}
	}
	return false;
}

static const char *arg_of(const struct tw_config_fault *fault, const char *name)
{
	for (size_t i = 0; i < fault->args.n; i++)
		if (!strcmp(fault->args.v[i].name, name))
			return fault->args.v[i].value;
	return NULL;
}

/* A whole number that it has; `otherwise` where it has none. */
static int64_t number_of(const struct tw_config_fault *fault, const char *name,
	int64_t otherwise)
{
	const char *text = arg_of(fault, name);
	int64_t n;

	return text && tw_parse_int(tw_str_of(text), &n) ? n : otherwise;
}

/* Pods need names before the twin is made: those that `scale` and restarts ask
 * for. What is wrong in them is told when the scenario is compiled. */
static void grow_for(
	const struct tw_config_scenario *scenario, struct tw_spec *spec)
{
	int64_t restarts = 0;

	for (size_t k = 0; k < scenario->faults.n; k++) {
		const struct tw_config_fault *fault = scenario->faults.v[k];
		const char *workload = arg_of(fault, "workload");
		int64_t most = number_of(fault, "replicas", -1);

		if (!workload || !fault->kind)
			continue;
		if (strchr(workload, '{'))
			workload = "*";
		if (!strcmp(fault->kind, "scale") && most >= 0 &&
			most <= 1000000)
			tw_spec_may_grow_named(spec, workload, most);
		if (strcmp(fault->kind, "rollout-restart"))
			continue;
		restarts += number_of(fault, "times", 1);
		tw_spec_may_restart(
			spec, workload, restarts > 1000 ? 1000 : restarts);
	}
}

static void grow(const struct tw_config *config, struct tw_spec *spec)
{
	for (size_t i = 0; i < config->scenarios.n; i++)
		grow_for(config->scenarios.v[i], spec);
}

int tw_system_load(struct tw_system *system, struct tw_files *files,
	const char *directory, const struct tw_config *config,
	const struct tw_config_side *which)
{
	const struct tw_config_topology *topology = &config->topology;

	system->files =
		tw_files_watched_new(files, note_input, &system->inputs);
	system->directory = directory;
	system->kustomize =
		(struct tw_kustomize){files, directory, &system->inputs};
	tw_kustomize_use(&system->kustomize, system->manifests);
	note_settings(system, config, which);
	for (size_t i = 0; i < config->scenarios.n; i++)
		system->manifests->rollouts |=
			config->scenarios.v[i]->rollout.origin != NULL;
	system->manifests->managed = is_managed(config);
	if (which->manifests.n) {
		add_manifests(system, &which->manifests);
	} else {
		add_manifests(system, &topology->manifests);
		if (topology->render.n)
			add_rendered(system, files, &topology->render);
	}
	tw_manifests_spec(system->manifests, system->spec, &system->diags);
	tw_config_read_models(
		which->models.n ? &which->models : &topology->models,
		system->files, system->spec, &system->diags);
	return tw_system_compile(system, config);
}

int tw_system_compile(struct tw_system *system, const struct tw_config *config)
{
	system->manifests->entry = config->traffic.entry.v;
	system->edges = tw_manifests_link(
		system->manifests, system->spec, &system->diags);
	tw_spec_link(system->spec);
	grow(config, system->spec);
	if (system->manifests->managed || tw_spec_may_press(system->spec))
		tw_spec_manage(system->spec);
	/* Also where there are errors: it may find more of them. */
	system->model = tw_twin_model(system->spec, &system->diags);
	return system->model && !system->diags.errors ? 0 : -1;
}

/* Calls of the baseline for which the candidate has no address any more. */
static int compare_addresses(struct tw_system *now,
	const struct tw_system *baseline, struct tw_arena *arena,
	struct tw_manifest_doubts *doubts)
{
	char with[TW_DIGEST_TEXT];
	struct tw_diags again;

	if (!tw_manifests_compare(baseline->manifests, baseline->spec,
		    now->manifests, now->spec, arena, doubts))
		return 0;
	/* Its trials are now also made by what they are compared with. */
	tw_inputs_setting(&now->inputs, "compared with",
		tw_inputs_digest(&baseline->inputs, with));
	/* Its findings were told when it was compiled first. */
	tw_diags_init(&again);
	tw_model_free(now->model);
	now->model = tw_twin_model(now->spec, &again);
	tw_diags_release(&again);
	return now->model ? 0 : -1;
}

int tw_system_beside(struct tw_system *now, const struct tw_system *baseline,
	struct tw_arena *arena, struct tw_manifest_doubts *doubts)
{
	if (compare_addresses(now, baseline, arena, doubts))
		return -1;
	tw_twin_place_after(now->model, baseline->model);
	return 0;
}
