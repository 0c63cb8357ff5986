#include "twins/fault/kinds.h"

#include "twins/kernel/fmath.h"
#include "twins/world/capacity.h"

/* A dependency gets slow and small together: work takes `latency` times as
 * long, and each replica has `capacity` of its workers (at least one). */
static const struct tw_fault_param params[] = {
	{"capacity", TW_PARAM_RATIO, false, "50%", "of workers that is left",
		NULL},
	{"latency", TW_PARAM_FACTOR, false, "2x",
		"how many times as long cpu and wait steps take", NULL},
};

static void resize(struct tw_world *world, const bool *hit, double share)
{
	for (uint32_t r = 0; r < world->model->n_replicas; r++) {
		struct tw_world_replica *it = &world->replicas[r];
		const struct tw_service *service =
			&world->model->services[it->service];
		double workers = tw_floor(service->workers * share);

		if (!hit[r])
			continue;
		tw_world_touch(world, &world->services[it->service]);
		it->capacity->resize(world, r,
			workers < 1 ? 1 : (uint32_t)workers, service->queue);
	}
}

static void prepare(struct tw_fault *fault, const struct tw_model *model)
{
	(void)model;
	fault->effect->on = TW_ON_WORK;
	fault->effect->probability = 1; /* its coin is that of the replica */
	fault->effect->factor = tw_fault_value(fault, "latency")->real;
}

static void start(const struct tw_fault *fault, struct tw_world *world)
{
	const bool *hit = tw_fault_replicas_hit(fault, world);

	resize(world, hit, tw_fault_value(fault, "capacity")->real);
	tw_effect_add(world, fault->effect, hit);
}

static void stop(const struct tw_fault *fault, struct tw_world *world)
{
	resize(world, tw_fault_replicas_hit(fault, world), 1);
	tw_fault_stop_effect(fault, world);
}

const struct tw_fault_kind tw_fault_brown_out = {
	.name = "brown-out",
	.help = "a dependency loses capacity and speed together",
	TW_FAULT_PARAMS(params),
	.selectors = TW_SELECT_SERVICE | TW_SELECT_REPLICA | TW_SELECT_NODE |
		     TW_SELECT_ZONE | TW_SELECT_REGION,
	.needs = ~0U,
	.prepare = prepare,
	.start = start,
	.stop = stop,
};
