/* A small system and a scenario for tests of faults. */
#ifndef TW_TESTS_FAULT_BED_H
#define TW_TESTS_FAULT_BED_H

#include "tests/twin_builder.h"
#include "tests/unit/test.h"

struct bed {
	struct tw_spec *spec;
	struct tw_model *model;
	struct tw_scenario scenario;
	struct tw_diags diags;
	struct tw_observation obs;
};

/* web (1 ms) calls cart (2 ms); two nodes in each of two zones. */
static inline struct bed lay(int carts)
{
	struct bed bed = {.spec = tw_spec_new()};
	struct tw_spec *spec = bed.spec;
	struct tw_spec_endpoint *home =
		b_endpoint(spec, b_service(spec, "web", 4, 100, 100), "GET /");

	b_work(spec, &home->steps, TW_STEP_CPU, b_constant(TW_MS));
	b_call(spec, &home->steps, "cart", "Get");
	b_work(spec,
		&b_endpoint(
			spec, b_service(spec, "cart", carts, 100, 100), "Get")
			 ->steps,
		TW_STEP_CPU, b_constant(2 * TW_MS));
	b_node(spec, "w", 2, "a");
	b_node(spec, "x", 2, "b");
	bed.model = b_model(spec);
	tw_scenario_init(&bed.scenario);
	tw_diags_init(&bed.diags);
	return bed;
}

static inline void clear(struct bed *bed)
{
	tw_scenario_release(&bed->scenario);
	tw_diags_release(&bed->diags);
	tw_model_free(bed->model);
	tw_spec_free(bed->spec);
}

static inline bool add(struct bed *bed, const char *kind, const char *args)
{
	return b_fault(&bed->scenario, bed->model, kind, args, &bed->diags);
}

/* One request every 10 ms for 10 s. */
static inline struct tw_cell run(struct bed *bed, const char *service)
{
	b_run(bed->model, &(struct tw_options){.scenario = &bed->scenario},
		(struct b_traffic){.n = 1000,
			.gap = 10 * TW_MS,
			.regular = true,
			.endpoint = tw_model_endpoint(bed->model,
				tw_model_service(bed->model, "web"), NULL)},
		&bed->obs);
	return b_sum(&bed->obs, service, TW_CLIENT, NULL);
}

static inline void done(struct bed *bed, struct tw_cell *cell)
{
	tw_histogram_release(&cell->latency);
	tw_observation_release(&bed->obs);
	clear(bed);
}

static inline bool says(const struct bed *bed, const char *text)
{
	for (size_t i = 0; i < bed->diags.list.n; i++) {
		const struct tw_diag *it = bed->diags.list.v[i];

		if (strstr(it->message, text) ||
			(it->hint && strstr(it->hint, text)))
			return true;
	}
	return false;
}

#endif
