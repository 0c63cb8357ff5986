/*
 * A spec in transition: the pods of one, rolled out to those of another.
 */
#include "twins/model/model.h"

#include <string.h>

/* Kinds with a controller that replaces old pods by new ones. */
static bool is_rolled(const struct tw_spec_workload *workload)
{
	return !strcmp(workload->kind, "Deployment") ||
	       !strcmp(workload->kind, "StatefulSet") ||
	       !strcmp(workload->kind, "DaemonSet");
}

/* What the old pods do, where the service's behaviour differs by now: the old
 * behaviour becomes the old workload's own. */
static void keep_behaviour(struct tw_spec *to, const struct tw_spec *from,
	struct tw_spec_workload *old, const struct tw_spec_workload *was)
{
	tw_map_init(&old->behaviour, &to->arena);
	for (size_t s = 0; s < from->services.n; s++) {
		const struct tw_spec_service *service =
			from->services.v[s].value;

		for (size_t w = 0; w < service->workloads.n; w++) {
			if (service->workloads.v[w] != was)
				continue;
			for (size_t e = 0; e < service->endpoints.n; e++)
				tw_map_put(&old->behaviour,
					service->endpoints.v[e].key,
					service->endpoints.v[e].value);
		}
	}
	for (size_t e = 0; e < was->behaviour.n; e++)
		tw_map_put(&old->behaviour, was->behaviour.v[e].key,
			was->behaviour.v[e].value);
}

static void replace(struct tw_spec *to, const struct tw_spec *from,
	struct tw_spec_workload *now, const struct tw_spec_workload *was)
{
	struct tw_spec_workload *old =
		tw_new(&to->arena, struct tw_spec_workload);

	*old = *was;
	keep_behaviour(to, from, old, was);
	old->had = tw_int_or(was->replicas, 1);
	tw_map_put(&to->workloads,
		tw_arena_printf(&to->arena, "%s\n(old)", was->key), old);
	now->replaces = old;
	now->had = 0;
	now->key = tw_arena_printf(&to->arena, "%s-new", was->key);
}

void tw_spec_manage(struct tw_spec *spec)
{
	spec->managed = true;
}

bool tw_spec_may_press(const struct tw_spec *spec)
{
	bool nodes = false, services = false;

	for (size_t i = 0; i < spec->nodes.n; i++)
		nodes |= spec->nodes.v[i]->memory.origin ||
			 spec->nodes.v[i]->object;
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *it = spec->services.v[i].value;

		services |= it->memory_base.origin ||
			    it->memory_request.origin || it->memory_leak.origin;
	}
	return nodes && services;
}

void tw_spec_may_grow(
	struct tw_spec *spec, struct tw_spec_workload *workload, int64_t n)
{
	spec->managed = true;
	if (n > workload->most)
		workload->most = n;
}

void tw_spec_may_grow_named(struct tw_spec *spec, const char *glob, int64_t n)
{
	tw_spec_manage(spec);
	for (size_t i = 0; i < spec->workloads.n; i++) {
		struct tw_spec_workload *it = spec->workloads.v[i].value;

		if (tw_model_name_fits(glob, it->key))
			tw_spec_may_grow(spec, it, n);
	}
	for (size_t i = 0; i < spec->services.n; i++) {
		struct tw_spec_service *it = spec->services.v[i].value;

		if (tw_model_name_fits(glob, it->key) && n > it->most)
			it->most = n;
	}
}

/* A Service that the new manifests do not have stands until its pods go. */
static void keep_services(struct tw_spec *to, const struct tw_spec *from)
{
	for (size_t i = 0; i < from->services.n; i++) {
		struct tw_spec_service *service;

		if (tw_map_get(&to->services, from->services.v[i].key))
			continue;
		service = tw_new(&to->arena, struct tw_spec_service);
		*service = *(struct tw_spec_service *)from->services.v[i].value;
		tw_map_put(&to->services, service->key, service);
	}
}

/* Pods of the start were admitted by what was there then. */
static void keep_verticals(struct tw_spec *to, const struct tw_spec *from)
{
	for (size_t i = 0; i < to->verticals.n; i++) {
		struct tw_spec_vertical *it = to->verticals.v[i];
		const struct tw_spec_workload *target =
			tw_spec_vertical_target(to, it);

		it->in_rollout = true;
		it->before = target ? tw_spec_vertical_of(from, target) : NULL;
	}
}

/* A workload that the new manifests do not have is deleted, as by a tool that
 * prunes: the garbage collector takes its pods all at once, in no order of
 * the controller's. */
static size_t keep_until_deleted(struct tw_spec *to, const struct tw_spec *from)
{
	size_t n = 0;

	for (size_t i = 0; i < from->workloads.n; i++) {
		const struct tw_spec_workload *was = from->workloads.v[i].value;
		struct tw_spec_workload *gone;

		if (tw_map_get(&to->workloads, was->key) ||
			(strcmp(was->kind, "Deployment") &&
				strcmp(was->kind, "StatefulSet")))
			continue;
		gone = tw_new(&to->arena, struct tw_spec_workload);
		*gone = *was;
		keep_behaviour(to, from, gone, was);
		gone->kind = "Deployment";
		gone->had = tw_int_or(was->replicas, 1);
		gone->replicas = (struct tw_int){0, was->origin};
		tw_map_put(&to->workloads, gone->key, gone);
		n++;
	}
	return n;
}

void tw_spec_may_restart(struct tw_spec *spec, const char *glob, int64_t n)
{
	tw_spec_manage(spec);
	for (size_t i = 0; i < spec->workloads.n; i++) {
		struct tw_spec_workload *it = spec->workloads.v[i].value;

		if (tw_model_name_fits(glob, it->key) && n > it->restarts)
			it->restarts = n;
	}
	for (size_t i = 0; i < spec->services.n; i++) {
		struct tw_spec_service *it = spec->services.v[i].value;

		if (tw_model_name_fits(glob, it->key) && n > it->restarts)
			it->restarts = n;
	}
}

size_t tw_spec_rollout(struct tw_spec *to, const struct tw_spec *from,
	tw_time at, bool (*changed)(void *context, const char *workload),
	void *context)
{
	size_t n = to->workloads.n;
	size_t changes = keep_until_deleted(to, from);

	to->rollout_at = at;
	keep_services(to, from);
	keep_verticals(to, from);
	for (size_t i = 0; i < n; i++) {
		struct tw_spec_workload *now = to->workloads.v[i].value;
		const struct tw_spec_workload *was =
			tw_map_get(&from->workloads, to->workloads.v[i].key);

		if (!is_rolled(now) || (was && strcmp(was->kind, now->kind)))
			continue;
		if (was && changed(context, was->key))
			replace(to, from, now, was);
		else if (!was)
			now->had = 0;
		else if (tw_int_or(was->replicas, 1) !=
			 tw_int_or(now->replicas, 1))
			now->had = tw_int_or(was->replicas, 1);
		changes += now->had >= 0;
	}
	tw_spec_link(to);
	return changes;
}
