/*
 * The volume plugins of the scheduler: VolumeRestrictions, NodeVolumeLimits,
 * VolumeBinding, VolumeZone. What they say comes from whoever knows the pod's
 * claims (bindings.h); a pod without claims asks nothing.
 */
#include "twins/cluster/scheduler.h"

struct tw_sched_reason tw_sched_volumes_refuse(
	const struct tw_sched_volumes *volumes, uint32_t node)
{
	static const enum tw_sched_volume_plugin plugins[] = {
		TW_VOLUME_RESTRICTIONS, TW_VOLUME_LIMITS, TW_VOLUME_BINDING,
		TW_VOLUME_ZONE};
	struct tw_sched_reason it = {TW_SCHED_OK, NULL};

	if (volumes && volumes->unbound)
		return (struct tw_sched_reason){
			TW_SCHED_UNRESOLVABLE, volumes->unbound};
	for (size_t i = 0; volumes && i < sizeof plugins / sizeof *plugins &&
			   it.status == TW_SCHED_OK;
		i++)
		it = volumes->filter(volumes, plugins[i], node);
	return it;
}

static bool has_volumes(struct tw_sched_cycle *cycle, uint32_t slot)
{
	(void)slot;
	return cycle->s->volumes != NULL;
}

static struct tw_sched_reason ask(const struct tw_sched_cycle *cycle,
	enum tw_sched_volume_plugin plugin, uint32_t node)
{
	return cycle->s->volumes->filter(cycle->s->volumes, plugin, node);
}

static struct tw_sched_reason restrictions(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	(void)slot;
	return ask(cycle, TW_VOLUME_RESTRICTIONS, node);
}

static struct tw_sched_reason limits(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	(void)slot;
	return ask(cycle, TW_VOLUME_LIMITS, node);
}

static struct tw_sched_reason binding(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	(void)slot;
	if (cycle->s->volumes->unbound)
		return (struct tw_sched_reason){
			TW_SCHED_UNRESOLVABLE, cycle->s->volumes->unbound};
	return ask(cycle, TW_VOLUME_BINDING, node);
}

static struct tw_sched_reason zone(
	const struct tw_sched_cycle *cycle, uint32_t slot, uint32_t node)
{
	(void)slot;
	return ask(cycle, TW_VOLUME_ZONE, node);
}

const struct tw_sched_plugin tw_sched_volume_restrictions = {
	.name = "VolumeRestrictions",
	.pre_filter = has_volumes,
	.filter = restrictions,
};

const struct tw_sched_plugin tw_sched_volume_limits = {
	.name = "NodeVolumeLimits",
	.pre_filter = has_volumes,
	.filter = limits,
};

const struct tw_sched_plugin tw_sched_volume_binding = {
	.name = "VolumeBinding",
	.pre_filter = has_volumes,
	.filter = binding,
};

const struct tw_sched_plugin tw_sched_volume_zone = {
	.name = "VolumeZone",
	.pre_filter = has_volumes,
	.filter = zone,
};
