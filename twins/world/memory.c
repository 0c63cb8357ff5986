#include "twins/world/memory.h"

static void tell(
	struct tw_world *world, uint32_t replica, enum tw_oom_kind kind)
{
	tw_queue_schedule(&world->queue, tw_world_now(world), TW_CLASS_WORLD,
		TW_EV_OOM, replica,
		(uint64_t)world->replicas[replica].life << 1 | kind);
}

/* Once, until somebody has looked. */
static void watch(struct tw_world *world, uint32_t node)
{
	struct tw_node_pressure *it = &world->node_pressure[node];

	if (it->told || world->node_memory[node] <= it->threshold)
		return;
	it->told = true;
	tw_queue_schedule(&world->queue, tw_world_now(world), TW_CLASS_WORLD,
		TW_EV_PRESSURE, node, TW_PRESSURE_RISEN);
}

static void change(struct tw_world *world, uint32_t replica, int64_t by)
{
	struct tw_world_replica *it = &world->replicas[replica];
	struct tw_world_service *service = &world->services[it->service];
	struct tw_memory *memory = it->memory;
	int64_t room = it->node == TW_NONE
			       ? INT64_MAX
			       : world->model->nodes[it->node].memory;

	memory->used += by;
	if (memory->used > service->memory)
		service->memory = memory->used;
	if (it->node != TW_NONE) {
		world->node_memory[it->node] += by;
		if (world->node_pressure && by > 0)
			watch(world, it->node);
	}
	if (by <= 0 || memory->told)
		return;
	if (memory->limit && memory->used > memory->limit) {
		memory->told = true;
		tell(world, replica, TW_OOM_CONTAINER);
	} else if (it->node != TW_NONE && world->node_memory[it->node] > room) {
		memory->told = true;
		tell(world, replica, TW_OOM_NODE);
	}
}

void tw_memory_relimit(struct tw_world *world, uint32_t replica)
{
	struct tw_memory *it = world->replicas[replica].memory;

	if (!it)
		return;
	it->limit = tw_world_revision(world, replica)->memory_limit;
	if (!it->limit)
		it->limit =
			world->model->services[world->replicas[replica].service]
				.memory_limit;
	if (it->limit && it->used > it->limit && !it->told) {
		it->told = true;
		tell(world, replica, TW_OOM_CONTAINER);
	}
}

void tw_memory_enter(struct tw_world *world, uint32_t replica)
{
	struct tw_memory *it = world->replicas[replica].memory;

	if (!it)
		return;
	it->inside++;
	change(world, replica, it->request);
}

void tw_memory_leave(struct tw_world *world, uint32_t replica)
{
	struct tw_memory *it = world->replicas[replica].memory;

	if (!it)
		return;
	it->inside--;
	change(world, replica, it->leak - it->request);
}

void tw_memory_reset(struct tw_world *world, uint32_t replica)
{
	struct tw_memory *it = world->replicas[replica].memory;

	if (!it)
		return;
	it->inside = 0;
	it->extra = 0;
	it->told = false;
	change(world, replica, -it->used);
}

void tw_memory_start(struct tw_world *world, uint32_t replica)
{
	struct tw_memory *it = world->replicas[replica].memory;

	if (it)
		change(world, replica, it->base);
}

bool tw_memory_set_extra(
	struct tw_world *world, uint32_t replica, int64_t bytes)
{
	struct tw_memory *it = world->replicas[replica].memory;
	int64_t more;

	if (!it)
		return false;
	if (world->replicas[replica].health != TW_UP)
		return true;
	more = bytes - it->extra;
	it->extra = bytes;
	change(world, replica, more);
	return true;
}

void tw_memory_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;

	world->node_memory =
		tw_new_array(&world->arena, model->n_nodes, int64_t);
	for (uint32_t r = 0; r < model->n_replicas; r++) {
		const struct tw_replica *from = &model->replicas[r];
		const struct tw_service *s;
		struct tw_memory *it;

		if (from->service == TW_NONE)
			continue;
		s = &model->services[from->service];
		if (!s->memory_base && !s->memory_request && !s->memory_leak)
			continue;
		it = tw_new(&world->arena, struct tw_memory);
		it->base = s->memory_base;
		it->request = s->memory_request;
		it->leak = s->memory_leak;
		world->replicas[r].memory = it;
		tw_memory_relimit(world, r);
		if (world->replicas[r].health == TW_UP)
			tw_memory_start(world, r);
	}
}
