#include "twins/cluster/probe_ticks.h"

#include "twins/base/hash.h"
#include "twins/cluster/pods_inner.h"
#include "twins/cluster/versions.h"
#include "twins/kernel/random.h"

static tw_time later(tw_time a, tw_time b)
{
	return a > b ? a : b;
}

static tw_time earlier(tw_time a, tw_time b)
{
	return a < b ? a : b;
}

tw_time tw_probe_tick(tw_time base, tw_time period, tw_time after)
{
	if (after < base)
		return base;
	return base + ((after - base) / period + 1) * period;
}

tw_time tw_probe_base(const struct tw_world *world, uint32_t replica,
	uint64_t worker, tw_time period)
{
	const struct tw_pod *pod = world->replicas[replica].managed
					   ? tw_pod_of(world, replica)
					   : NULL;
	uint64_t key =
		tw_hash_combine(world->model->replicas[replica].hash, worker);
	tw_time admitted = pod ? pod->admitted : 0;

	if (pod && !pod->ticks_drawn)
		return admitted;
	if (admitted)
		key = tw_hash_combine(key, (uint64_t)admitted);
	return admitted +
	       (tw_time)((double)period *
			 tw_draw(world->seed, key, TW_DRAW_ARRIVAL, 1));
}

tw_time tw_probe_first(
	tw_time base, const struct tw_probe_plan *plan, tw_time begun)
{
	return tw_probe_tick(
		base, plan->period, begun + later(plan->delay, TW_PROBE_SEEN));
}

bool tw_probe_outcome(tw_time base, const struct tw_probe_plan *plan,
	tw_time begun, tw_time up, tw_time *at)
{
	tw_time first = tw_probe_first(base, plan, begun);
	tw_time failures =
		up <= first ? 0
			    : (up - first + plan->period - 1) / plan->period;

	if (failures < plan->failure) {
		*at = first + plan->period * failures;
		return true;
	}
	*at = first + plan->period * (plan->failure - 1);
	return false;
}

struct tw_readiness tw_readiness_of(const struct tw_world *world,
	uint32_t replica, tw_time delay, tw_time period)
{
	return (struct tw_readiness){
		.base = tw_probe_base(
			world, replica, TW_WORKER_READINESS, period),
		.delay = delay,
		.period = period,
		.begun = tw_pod_of(world, replica)->begun,
		.startup = pod_life(world, replica)->starts.on,
		.shifts = tw_kubernetes_of(world->model->kubernetes)
				  ->asking_shifts_ticks,
	};
}

/* The first of its syncs that is later than `after`. */
static tw_time sync_after(const struct tw_readiness *it, tw_time after)
{
	if (it->startup)
		return TW_NEVER;
	if (after < it->begun + TW_PROBE_SYNCED)
		return it->begun + TW_PROBE_SYNCED;
	return after < it->begun + TW_PROBE_SYNCED_AGAIN
		       ? it->begun + TW_PROBE_SYNCED_AGAIN
		       : TW_NEVER;
}

tw_time tw_readiness_first(const struct tw_readiness *it, tw_time now)
{
	tw_time delayed = it->begun + it->delay;
	tw_time after = later(delayed, now), sync = sync_after(it, after);
	tw_time shifted = it->startup ? now : it->begun + TW_PROBE_SYNCED_AGAIN;

	if (it->startup && now > delayed)
		return now;
	if (!it->shifts)
		return earlier(
			sync, tw_probe_tick(it->base, it->period,
				      later(after, it->begun + TW_PROBE_SEEN)));
	return sync != TW_NEVER ? sync
				: tw_probe_tick(shifted, it->period, after);
}

tw_time tw_readiness_next(const struct tw_readiness *it, tw_time now)
{
	tw_time sync = sync_after(it, now);

	if (!it->shifts)
		return earlier(sync, tw_probe_tick(it->base, it->period, now));
	return sync != TW_NEVER ? sync : now + it->period;
}
