/*
 * Experiments of Chaos Mesh and proxies of Toxiproxy. Whatever the bytes,
 * reading ends, what is refused has a finding, and what is accepted can be
 * put into a scenario, or is told.
 */
#include "harness/chaos/chaos.h"
#include "tests/fuzz/fuzz.h"
#include "tests/twin_builder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_chaos_faults faults = {0};
	struct tw_scenario scenario;
	struct tw_arena arena;
	struct tw_diags diags;
	struct tw_model *model;
	int rc;

	b_endpoint(spec, b_service(spec, "cart", 2, 1, 1), "GET /cart");
	model = b_model(spec);
	tw_arena_init(&arena);
	tw_diags_init(&diags);
	tw_scenario_init(&scenario);
	rc = tw_chaos_parse(
		&arena, "fuzz", (const char *)data, n, &diags, &faults);
	tw_assert((rc != 0) == (diags.errors > 0));
	for (size_t i = 0; i < faults.n; i++) {
		size_t before = scenario.faults.n, errors = diags.errors;

		/* After the end of what lasts, a fault is left out. */
		if (!tw_chaos_add(faults.v[i], TW_S, TW_MIN, model, &scenario,
			    &diags))
			tw_assert(scenario.faults.n > before ||
				  faults.v[i]->at >= TW_MIN);
		else
			tw_assert(diags.errors > 0 || errors > 0);
	}
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	tw_arena_release(&arena);
	tw_model_free(model);
	tw_spec_free(spec);
	return 0;
}
