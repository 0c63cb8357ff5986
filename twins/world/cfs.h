/*
 * CFS bandwidth: the quota of CPU time that a container may use in each period
 * (Linux, Documentation/scheduler/sched-bwc.rst). n busy threads spend it n
 * times as fast; when it is spent all of them stand still until the period
 * ends, and nothing is carried over (no burst).
 *
 * Periods lie on a grid whose phase is the container's own: the kernel starts
 * each timer at a random offset (kernel/sched/fair.c, init_cfs_bandwidth,
 * Linux 6.3). The kernel hands the quota out in slices of 5 ms a CPU; here it
 * is spent exactly.
 *
 * Nothing happens at the end of a period by itself: the quota is worked out
 * when somebody asks.
 */
#ifndef TW_WORLD_CFS_H
#define TW_WORLD_CFS_H

#include "twins/base/units.h"

/* cpu.cfs_period_us of the kubelet (pkg/kubelet/cm/helpers_linux.go,
 * QuotaPeriod). */
#define TW_CFS_PERIOD (100 * TW_MS)

/* Rates and shares of cores: 2^-32 of a core. */
#define TW_CORE (UINT64_C(1) << 32)
__extension__ typedef unsigned __int128 tw_core_time; /* ns * 2^-32 cores */

struct tw_cfs {
	tw_time quota;	   /* ns of one core a period; 0: no limit */
	tw_time phase;	   /* of the grid: 0 .. period - 1 */
	int64_t period;	   /* that `left` is of */
	tw_core_time left; /* may still be used in it */
};

void tw_cfs_init(struct tw_cfs *cfs, tw_time quota, tw_time phase);
/* Another quota from `now` on: what is left of this period's is that of the new
 * one less what was used. */
void tw_cfs_set_quota(struct tw_cfs *cfs, tw_time quota, tw_time now);
/* `cores` were in use all the time from `from` to `to`. Whoever asks has not
 * let them run on beyond tw_cfs_spent_at(). */
void tw_cfs_spend(struct tw_cfs *cfs, tw_time from, tw_time to, uint64_t cores);
/* Nothing is left in this period (as of the last tw_cfs_spend). */
static inline bool tw_cfs_is_spent(const struct tw_cfs *cfs)
{
	return cfs->quota && !cfs->left;
}
/* When `cores` in use from `now` on will have spent it; TW_NEVER: they never
 * do, each period has enough for them. */
tw_time tw_cfs_spent_at(const struct tw_cfs *cfs, tw_time now, uint64_t cores);
/* The end of the period that `now` lies in. */
tw_time tw_cfs_period_end(const struct tw_cfs *cfs, tw_time now);

#endif
