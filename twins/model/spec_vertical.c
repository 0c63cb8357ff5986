/*
 * VerticalPodAutoscalers: their fields, whom they are about, and how a pod is
 * admitted under one.
 */
#include "twins/model/spec_walk.h"

#include "twins/base/memory.h"

#include <string.h>

/* ---- fields --------------------------------------------------------- */

static const struct tw_field vertical_fields[] = {
	TW_FIELD(tw_spec_vertical, target_kind, TEXT),
	TW_FIELD(tw_spec_vertical, target_name, TEXT),
	TW_FIELD(tw_spec_vertical, mode, TEXT),
	TW_FIELD(tw_spec_vertical, min_replicas, INT),
	TW_FIELD(tw_spec_vertical, recommender, TEXT),
	TW_FIELD_END,
};

static const struct tw_field container_fields[] = {
	TW_FIELD(tw_spec_vertical_container, mode, TEXT),
	TW_FIELD(tw_spec_vertical_container, values, TEXT),
	TW_FIELD(tw_spec_vertical_container, resources, TEXT),
	TW_FIELD_END,
};

static const struct tw_field bound_fields[] = {
	TW_FIELD(tw_spec_bound, min, INT),
	TW_FIELD(tw_spec_bound, max, INT),
	TW_FIELD_END,
};

static const struct tw_field requirement_fields[] = {
	TW_FIELD(tw_spec_vertical_requirement, resources, TEXT),
	TW_FIELD(tw_spec_vertical_requirement, change, TEXT),
	TW_FIELD_END,
};

static const struct tw_field advice_fields[] = {
	TW_FIELD(tw_spec_advice, target, INT),
	TW_FIELD(tw_spec_advice, lower, INT),
	TW_FIELD(tw_spec_advice, upper, INT),
	TW_FIELD(tw_spec_advice, uncapped, INT),
	TW_FIELD_END,
};

static const char *const names[TW_VERTICAL_RESOURCES] = {"cpu", "memory"};

static void walk_container(
	struct tw_walk *walk, struct tw_spec_vertical_container *it)
{
	size_t mark = tw_walk_enter(walk, "containers.%s", it->name);

	tw_walk_fields(walk, container_fields, it);
	for (int r = 0; r < TW_VERTICAL_RESOURCES; r++) {
		size_t inner = tw_walk_enter(walk, "%s", names[r]);

		tw_walk_fields(walk, bound_fields, &it->bounds[r]);
		tw_walk_leave(walk, inner);
	}
	tw_walk_leave(walk, mark);
}

static void walk_advice(
	struct tw_walk *walk, struct tw_spec_vertical_advice *it)
{
	size_t mark = tw_walk_enter(walk, "recommendation.%s", it->name);

	for (int r = 0; r < TW_VERTICAL_RESOURCES; r++) {
		size_t inner = tw_walk_enter(walk, "%s", names[r]);

		tw_walk_fields(walk, advice_fields, &it->of[r]);
		tw_walk_leave(walk, inner);
	}
	tw_walk_leave(walk, mark);
}

void tw_walk_verticals(struct tw_walk *walk, struct tw_spec *spec)
{
	for (size_t i = 0; i < spec->verticals.n; i++) {
		struct tw_spec_vertical *it = spec->verticals.v[i];
		size_t mark = tw_walk_enter(walk, "verticals.%s", it->key);

		tw_walk_fields(walk, vertical_fields, it);
		for (size_t k = 0; k < it->containers.n; k++)
			walk_container(walk, &it->containers.v[k]);
		for (size_t k = 0; k < it->requirements.n; k++) {
			size_t inner =
				tw_walk_enter(walk, "requirements[%zu]", k);

			tw_walk_fields(walk, requirement_fields,
				&it->requirements.v[k]);
			tw_walk_leave(walk, inner);
		}
		for (size_t k = 0; k < it->advice.n; k++)
			walk_advice(walk, &it->advice.v[k]);
		tw_walk_leave(walk, mark);
	}
}

/* ---- whom it is about ----------------------------------------------- */

static bool is_about(const struct tw_spec_vertical *it,
	const struct tw_spec_workload *workload)
{
	return it->target_name.v &&
	       !strcmp(it->namespace, workload->namespace) &&
	       !strcmp(it->target_name.v, workload->name) &&
	       (!it->target_kind.v ||
		       !strcmp(it->target_kind.v, workload->kind));
}

struct tw_spec_workload *tw_spec_vertical_target(
	const struct tw_spec *spec, const struct tw_spec_vertical *it)
{
	for (size_t w = 0; w < spec->workloads.n; w++)
		/* The pods of before, in a rollout, have another key. */
		if (!strchr(spec->workloads.v[w].key, '\n') &&
			is_about(it, spec->workloads.v[w].value))
			return spec->workloads.v[w].value;
	return NULL;
}

const struct tw_spec_vertical *tw_spec_vertical_of(
	const struct tw_spec *spec, const struct tw_spec_workload *workload)
{
	for (size_t i = 0; i < spec->verticals.n; i++)
		if (is_about(spec->verticals.v[i], workload))
			return spec->verticals.v[i];
	return NULL;
}

/* ---- what it says --------------------------------------------------- */

enum tw_vertical_mode tw_spec_vertical_mode(const struct tw_spec_vertical *it)
{
	const char *mode = it->mode.v ? it->mode.v : "Recreate";

	if (!strcmp(mode, "Off"))
		return TW_VERTICAL_OFF;
	if (!strcmp(mode, "Initial"))
		return TW_VERTICAL_INITIAL;
	return strcmp(mode, "InPlaceOrRecreate") ? TW_VERTICAL_RECREATE
						 : TW_VERTICAL_IN_PLACE;
}

const struct tw_spec_vertical_container *tw_spec_vertical_policy(
	const struct tw_spec_vertical *it, const char *container)
{
	const struct tw_spec_vertical_container *any = NULL;

	for (size_t i = 0; i < it->containers.n; i++) {
		if (!strcmp(it->containers.v[i].name, container))
			return &it->containers.v[i];
		if (!strcmp(it->containers.v[i].name, "*"))
			any = &it->containers.v[i];
	}
	return any;
}

bool tw_spec_vertical_controls(const struct tw_spec_vertical *it,
	const char *container, enum tw_vertical_resource resource)
{
	const struct tw_spec_vertical_container *policy =
		tw_spec_vertical_policy(it, container);

	if (!policy)
		return true;
	if (policy->mode.v && !strcmp(policy->mode.v, "Off"))
		return false;
	return !policy->resources.v ||
	       strstr(policy->resources.v, names[resource]);
}

/* ---- admission ------------------------------------------------------ */

/* In proportion (utils/vpa/limit_and_request_scaling.go, 1.5): thousandths are
 * cut off, bytes rounded up. Without a request the limit is the target. */
static int64_t scaled(enum tw_vertical_resource resource, int64_t limit,
	int64_t request, int64_t target)
{
	__int128 product = (__int128)limit * target;

	if (!request || request == limit)
		return target;
	if (resource == TW_VERTICAL_MEMORY)
		product += request - 1;
	return (int64_t)(product / request);
}

static void admit(struct tw_spec_container *to,
	const struct tw_vertical_container *it, const struct tw_advice *advice,
	const struct tw_origin *origin)
{
	for (int r = 0; r < TW_VERTICAL_RESOURCES; r++) {
		bool cpu = r == TW_VERTICAL_CPU;
		struct tw_int *request =
			cpu ? &to->cpu_request : &to->memory_request;
		struct tw_int *limit = cpu ? &to->cpu_limit : &to->memory_limit;
		int64_t target = advice[r].target;
		int64_t was = tw_int_or(*request, tw_int_or(*limit, 0));

		if (!advice[r].has || !it->controls[r])
			continue;
		if (limit->origin && it->limits)
			limit->v = scaled((enum tw_vertical_resource)r,
				limit->v, was, target);
		else if (limit->origin && target > limit->v)
			target = limit->v; /* a request is no more than it */
		*request = (struct tw_int){
			target, request->origin ? request->origin : origin};
	}
}

const struct tw_spec_workload *tw_spec_admitted(struct tw_arena *arena,
	const struct tw_spec_workload *workload, const struct tw_vertical *it,
	const struct tw_advice (*advice)[TW_VERTICAL_RESOURCES])
{
	struct tw_spec_workload *to;
	bool any = false;

	for (uint32_t c = 0; c < it->n_containers; c++)
		for (int r = 0; r < TW_VERTICAL_RESOURCES; r++)
			any |= advice[c][r].has &&
			       it->containers[c].controls[r];
	if (!any)
		return workload;
	to = tw_new(arena, struct tw_spec_workload);
	*to = *workload;
	to->containers.v = tw_new_array(
		arena, workload->containers.n, struct tw_spec_container *);
	to->containers.cap = workload->containers.n;
	for (size_t i = 0; i < workload->containers.n; i++) {
		struct tw_spec_container *container =
			tw_new(arena, struct tw_spec_container);

		*container = *workload->containers.v[i];
		to->containers.v[i] = container;
		for (uint32_t c = 0; c < it->n_containers; c++)
			if (!strcmp(container->name, it->containers[c].name))
				admit(container, &it->containers[c], advice[c],
					workload->origin);
	}
	return to;
}
