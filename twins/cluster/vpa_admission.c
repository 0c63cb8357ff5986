/*
 * Admission: the resources of a pod that is made under a
 * VerticalPodAutoscaler. Pods that have the same ones are of one class of the
 * scheduler, as those of a revision are.
 */
#include "twins/cluster/vpa_parts.h"

#include "twins/base/assert.h"
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

/* One that pods of the revision have, or had: most likely the last. */
static const struct tw_vpa_size *known_size(const struct tw_world *world,
	uint32_t revision, const struct tw_spec_workload *like)
{
	const struct tw_vpa *vpa = world->vpa;

	for (size_t i = vpa->sizes.n; i--;)
		if (vpa->sizes.v[i].of == revision &&
			same_resources(vpa->sizes.v[i].is->resources, like))
			return &vpa->sizes.v[i];
	return NULL;
}

/* Pods of it are of a class of their own. */
static const struct tw_revision *add_size(struct tw_world *world,
	uint32_t revision, const struct tw_spec_workload *resources)
{
	struct tw_scheduler *s = &world->pods->scheduler;
	struct tw_sched_class class = s->classes.v[revision];
	struct tw_revision *to = tw_new(&world->arena, struct tw_revision);
	uint32_t number;

	tw_revision_resize(&world->arena, &world->model->revisions[revision],
		resources, to);
	class.pod = to->pod;
	number = tw_scheduler_add_class(s, &class);
	tw_vec_push(&world->resized->revisions, revision);
	tw_assert(tw_class_revision(world, number) == revision);
	tw_vec_push(&world->vpa->sizes,
		((struct tw_vpa_size){to, revision, number}));
	return to;
}

const struct tw_revision *tw_vpa_sized(
	struct tw_world *world, uint32_t vertical, uint32_t replica)
{
	const struct tw_vertical *it = &world->model->verticals[vertical];
	uint32_t revision = world->model->replicas[replica].revision;
	const struct tw_revision *base = &world->model->revisions[revision];
	const struct tw_spec_workload *wanted;
	const struct tw_vpa_size *known;

	if (!base->spec)
		return NULL;
	wanted = tw_spec_admitted(&world->arena, base->spec, it,
		(const struct tw_advice(*)[TW_VERTICAL_RESOURCES])world->vpa
			->all[vertical]
			.advice);
	if (same_resources(wanted, base->resources))
		return NULL;
	known = known_size(world, revision, wanted);
	return known ? known->is : add_size(world, revision, wanted);
}

static uint32_t class_of(
	const struct tw_world *world, const struct tw_revision *size)
{
	size_t i = world->vpa->sizes.n - 1;

	while (world->vpa->sizes.v[i].is != size)
		i--;
	return world->vpa->sizes.v[i].class;
}

void tw_vpa_set_size(struct tw_world *world, uint32_t replica,
	const struct tw_revision *size)
{
	if (size)
		world->resized->class_of[replica] = class_of(world, size);
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
