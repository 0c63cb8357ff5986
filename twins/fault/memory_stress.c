#include "twins/fault/kinds.h"

#include "twins/world/memory.h"

/* Something in the container takes memory beside its requests (Chaos Mesh
 * StressChaos, stress-ng --vm): at the limit the container is killed, and what
 * took it is gone with it. */
static const struct tw_fault_param params[] = {
	{"size", TW_PARAM_BYTES, true, NULL, "how much, such as 200Mi", NULL},
};

static void set(
	const struct tw_fault *fault, struct tw_world *world, int64_t bytes)
{
	const bool *hit = tw_fault_replicas_hit(fault, world);

	for (uint32_t r = 0; r < world->model->n_replicas; r++)
		if (hit[r])
			tw_memory_set_extra(world, r, bytes);
}

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	set(fault, world, tw_fault_value(fault, "size")->integer);
}

static void stop(const struct tw_fault *fault, struct tw_world *world)
{
	set(fault, world, 0);
}

static const char *lacks(
	const struct tw_fault *fault, const struct tw_model *model)
{
	for (uint32_t r = 0; r < model->n_replicas; r++) {
		uint32_t service = model->replicas[r].service;
		const struct tw_service *it =
			service == TW_NONE ? NULL : &model->services[service];

		if ((!fault->picks || fault->picks[r]) && it &&
			(it->memory_base || it->memory_request ||
				it->memory_leak))
			return NULL;
	}
	return "memory-stress finds no service whose memory is modelled: a "
	       "model says so with 'memory'";
}

const struct tw_fault_kind tw_fault_memory_stress = {
	.name = "memory-stress",
	.help = "something takes memory in replicas",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_SERVICE | TW_SELECT_REPLICA | TW_SELECT_NODE |
		     TW_SELECT_ZONE | TW_SELECT_REGION,
	.needs = ~0U,
	.lacks = lacks,
	.start = start,
	.stop = stop,
};
