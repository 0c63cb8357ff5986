/*
 * Admission: the resources of a pod that is made under a
 * VerticalPodAutoscaler. Pods that have the same ones are of one class of the
 * scheduler, as those of a revision are.
 */
#include "twins/cluster/vpa_parts.h"

#include "twins/world/memory.h"

#include <string.h>

static bool same_int(struct tw_int a, struct tw_int b)
{
	return tw_int_or(a, -1) == tw_int_or(b, -1);
}

static bool same_resources(
	const struct tw_spec_workload *a, const struct tw_spec_workload *b)
{
	for (size_t i = 0; i < a->containers.n; i++) {
		const struct tw_spec_container *x = a->containers.v[i];
		const struct tw_spec_container *y = b->containers.v[i];

		if (!same_int(x->cpu_request, y->cpu_request) ||
			!same_int(x->cpu_limit, y->cpu_limit) ||
			!same_int(x->memory_request, y->memory_request) ||
			!same_int(x->memory_limit, y->memory_limit))
			return false;
	}
	return true;
}

static const struct tw_revision *base_of(
	const struct tw_world *world, uint32_t replica)
{
	return &world->model
			->revisions[world->model->replicas[replica].revision];
}

/* One that some pod of the revision has, or had. */
static const struct tw_revision *known_size(const struct tw_world *world,
	const struct tw_revision *base, const struct tw_spec_workload *like)
{
	const struct tw_resized *all = world->resized;

	for (uint32_t i = 0; i < base->n_replicas; i++) {
		const struct tw_revision *it = all->of[base->first_replica + i];

		if (it && same_resources(it->resources, like))
			return it;
	}
	return NULL;
}

const struct tw_revision *tw_vpa_sized(
	struct tw_world *world, uint32_t vertical, uint32_t replica)
{
	const struct tw_vertical *it = &world->model->verticals[vertical];
	const struct tw_revision *base = base_of(world, replica), *known;
	const struct tw_spec_workload *wanted;
	struct tw_revision *to;

	if (!base->spec)
		return NULL;
	wanted = tw_spec_admitted(&world->arena, base->spec, it,
		(const struct tw_advice(*)[TW_VERTICAL_RESOURCES])world->vpa
			->all[vertical]
			.advice);
	if (same_resources(wanted, base->resources))
		return NULL;
	known = known_size(world, base, wanted);
	if (known)
		return known;
	to = tw_new(&world->arena, struct tw_revision);
	tw_revision_resize(&world->arena, base, wanted, to);
	return to;
}

/* The scheduler's class of a size: another pod's, or a new one. */
static uint32_t class_of(struct tw_world *world, uint32_t replica,
	const struct tw_revision *size)
{
	uint32_t revision = world->model->replicas[replica].revision;
	struct tw_scheduler *s = &world->pods->scheduler;
	struct tw_resized *all = world->resized;
	struct tw_sched_class class;

	for (uint32_t i = 0; i < size->n_replicas; i++)
		if (all->of[size->first_replica + i] == size)
			return all->class_of[size->first_replica + i];
	class = s->classes.v[revision];
	class.pod = size->pod;
	tw_vec_push(&all->revisions, revision);
	return tw_scheduler_add_class(s, &class);
}

void tw_vpa_set_size(struct tw_world *world, uint32_t replica,
	const struct tw_revision *size)
{
	if (size)
		world->resized->class_of[replica] =
			class_of(world, replica, size);
	world->resized->of[replica] = size;
	tw_memory_relimit(world, replica);
}

void tw_vpa_admit(struct tw_world *world, uint32_t replica)
{
	uint32_t vertical = tw_vpa_of(world, replica);

	if (vertical == TW_NONE)
		return;
	world->vpa->pods[replica] = (struct tw_vpa_pod){0};
	if (world->model->verticals[vertical].mode != TW_VERTICAL_OFF)
		tw_vpa_set_size(
			world, replica, tw_vpa_sized(world, vertical, replica));
}
