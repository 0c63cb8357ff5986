#include "harness/commands/gate/gate.h"

#include "twins/twin.h"

static bool is_rolled(void *context, const char *workload)
{
	const struct tw_gate *gate = context;

	for (size_t i = 0; i < gate->rolled.n; i++)
		if (!strcmp(gate->rolled.v[i], workload))
			return true;
	return false;
}

struct tw_model *tw_gate_transition(struct tw_gate *gate,
	const struct tw_spec *candidate, const struct tw_spec *baseline,
	const struct tw_model *baseline_model, tw_time at,
	struct tw_spec **spec)
{
	struct tw_diags diags;
	struct tw_model *model;

	*spec = tw_spec_copy(candidate);
	tw_spec_rollout(*spec, baseline, at, is_rolled, gate);
	/* What it has to say was said of the two sides. */
	tw_diags_init(&diags);
	model = tw_twin_model(*spec, &diags);
	tw_diags_release(&diags);
	if (model)
		tw_twin_place_after(model, baseline_model);
	return model;
}
