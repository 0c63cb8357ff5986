/*
 * Limits count where the model says what they bear on: work on a CPU, memory.
 */
#include "harness/manifests/link.h"

#include "twins/model/cgroup.h"

static bool computes(const struct tw_spec_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++)
		if (steps->v[i]->kind == TW_STEP_CPU ||
			computes(&steps->v[i]->children))
			return true;
	return false;
}

static bool any_computes(const struct tw_map *endpoints)
{
	for (size_t i = 0; i < endpoints->n; i++) {
		const struct tw_spec_endpoint *it = endpoints->v[i].value;

		if (computes(&it->steps))
			return true;
	}
	return false;
}

static bool has_memory(const struct tw_spec_service *service)
{
	return service->memory_base.origin || service->memory_request.origin ||
	       service->memory_leak.origin;
}

static void use_field(struct tw_manifests *m, struct tw_int field)
{
	if (field.origin && field.origin->pos.file)
		tw_manifests_use(m, field.origin->pos);
}

void tw_link_limits(
	struct tw_manifests *m, const struct tw_spec_service *service)
{
	for (size_t i = 0; i < service->workloads.n; i++) {
		const struct tw_spec_workload *it = service->workloads.v[i];
		const struct tw_spec_container *main = tw_main_container(it);

		if (!main)
			continue;
		if (any_computes(&service->endpoints) ||
			any_computes(&it->behaviour)) {
			use_field(m, main->cpu_limit);
			use_field(m, it->cpu_limit);
		}
		if (has_memory(service)) {
			use_field(m, main->memory_limit);
			use_field(m, it->memory_limit);
		}
	}
}
