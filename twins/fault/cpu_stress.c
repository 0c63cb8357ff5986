#include "twins/fault/kinds.h"

#include "twins/kernel/fmath.h"
#include "twins/world/cpu.h"

/*
 * Threads in the container that compute for nobody (Chaos Mesh StressChaos,
 * stress-ng --cpu and --cpu-load): they share the replica's cores with its
 * requests and spend its quota. A load below 100% counts as so many whole
 * threads, rounded up.
 */
static const struct tw_fault_param params[] = {
	{"workers", TW_PARAM_COUNT, false, "1", "threads that compute", NULL},
	{"load", TW_PARAM_RATIO, false, "100%", "of each of them", NULL},
};

/* Beyond this a node's `cpu` is not known (twins/world/cpu.c). */
#define CORES_MAX INT64_C(1000000000)

static void set(
	const struct tw_fault *fault, struct tw_world *world, uint32_t threads)
{
	const bool *hit = tw_fault_replicas_hit(fault, world);

	for (uint32_t r = 0; r < world->model->n_replicas; r++)
		if (hit[r])
			tw_cpu_stress(world, r, threads);
}

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	double workers = (double)tw_fault_value(fault, "workers")->integer;

	if (workers > 1e6)
		workers = 1e6;
	set(fault, world,
		(uint32_t)tw_ceil(
			workers * tw_fault_value(fault, "load")->real));
}

static void stop(const struct tw_fault *fault, struct tw_world *world)
{
	set(fault, world, 0);
}

/* Where cores have no bound there is nothing to take away. */
static const char *lacks(
	const struct tw_fault *fault, const struct tw_model *model)
{
	for (uint32_t n = 0; n < model->n_nodes; n++)
		if (model->nodes[n].cpu < CORES_MAX)
			return NULL;
	for (uint32_t r = 0; r < model->n_replicas; r++) {
		const struct tw_replica *it = &model->replicas[r];

		if ((!fault->picks || fault->picks[r]) &&
			it->service != TW_NONE &&
			(model->services[it->service].cpus ||
				model->revisions[it->revision].cpu_quota))
			return NULL;
	}
	return "cpu-stress finds no bound of cores there: limits, a model's "
	       "'cpus', or nodes with 'cpu' say how many there are";
}

const struct tw_fault_kind tw_fault_cpu_stress = {
	.name = "cpu-stress",
	.help = "threads compute for nobody in replicas",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_SERVICE | TW_SELECT_REPLICA | TW_SELECT_NODE |
		     TW_SELECT_ZONE | TW_SELECT_REGION,
	.needs = ~0U,
	.lacks = lacks,
	.setup = tw_fault_ensure_cpu,
	.start = start,
	.stop = stop,
};
