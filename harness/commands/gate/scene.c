/* What a report that draws needs to know of a scenario's runs. */
#include "harness/commands/gate/gate.h"

#include "harness/report/scene.h"

static void list_faults(
	struct tw_gate *gate, const struct tw_case *one, struct tw_scene *scene)
{
	struct tw_scenario scenario;
	struct tw_scene_fault *faults;

	tw_case_compile(
		one, gate->candidate.model, &scenario, &gate->setup.diags);
	faults = tw_new_array(
		&gate->arena, scenario.faults.n + 1, struct tw_scene_fault);
	for (size_t i = 0; i < scenario.faults.n; i++)
		faults[i] = (struct tw_scene_fault){
			tw_arena_strdup(
				&gate->arena, scenario.faults.v[i]->label),
			scenario.faults.v[i]->at, scenario.faults.v[i]->end};
	scene->faults = faults;
	scene->n_faults = scenario.faults.n;
	tw_scenario_release(&scenario);
}

void tw_gate_draw(struct tw_gate *gate, const struct tw_case *one,
	struct tw_runs baseline, struct tw_runs candidate,
	struct tw_scenario_result *result)
{
	struct tw_scene *scene;

	/* The runs of a search are each of another fault. */
	if (!(gate->cli->html || gate->cli->json) || tw_case_is_search(one))
		return;
	scene = tw_scene_of(baseline, candidate, &gate->arena);
	list_faults(gate, one, scene);
	result->scene = scene;
}
