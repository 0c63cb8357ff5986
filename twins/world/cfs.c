#include "twins/world/cfs.h"

/* Periods are numbered from the one that 0 lies in (or its end, where the
 * phase is 0): never negative. */
static int64_t period_of(const struct tw_cfs *cfs, tw_time t)
{
	return (t - cfs->phase + TW_CFS_PERIOD) / TW_CFS_PERIOD;
}

static tw_core_time whole(const struct tw_cfs *cfs)
{
	return (tw_core_time)cfs->quota * TW_CORE;
}

void tw_cfs_init(struct tw_cfs *cfs, tw_time quota, tw_time phase)
{
	*cfs = (struct tw_cfs){.quota = quota, .phase = phase};
	cfs->left = whole(cfs);
}

void tw_cfs_set_quota(struct tw_cfs *cfs, tw_time quota, tw_time now)
{
	tw_core_time used = cfs->quota && cfs->period == period_of(cfs, now)
				    ? whole(cfs) - cfs->left
				    : 0;

	cfs->quota = quota;
	cfs->period = period_of(cfs, now);
	cfs->left = used < whole(cfs) ? whole(cfs) - used : 0;
}

tw_time tw_cfs_period_end(const struct tw_cfs *cfs, tw_time now)
{
	return period_of(cfs, now) * TW_CFS_PERIOD + cfs->phase;
}

void tw_cfs_spend(struct tw_cfs *cfs, tw_time from, tw_time to, uint64_t cores)
{
	int64_t period = period_of(cfs, to);
	tw_core_time used;

	if (period != cfs->period) {
		tw_time start = tw_cfs_period_end(cfs, to) - TW_CFS_PERIOD;

		cfs->period = period;
		cfs->left = whole(cfs);
		if (start > from)
			from = start;
	}
	used = (tw_core_time)cores * (uint64_t)(to - from);
	cfs->left -= used < cfs->left ? used : cfs->left;
}

/* Rounded up: at that ns it is spent. */
static tw_time until_spent(tw_core_time left, uint64_t cores)
{
	return (tw_time)((left + cores - 1) / cores);
}

tw_time tw_cfs_spent_at(const struct tw_cfs *cfs, tw_time now, uint64_t cores)
{
	tw_time end = tw_cfs_period_end(cfs, now), at;

	if (!cfs->quota || !cores)
		return TW_NEVER;
	at = now + until_spent(cfs->left, cores);
	if (at < end)
		return at;
	at = until_spent(whole(cfs), cores);
	return at < TW_CFS_PERIOD ? end + at : TW_NEVER;
}
