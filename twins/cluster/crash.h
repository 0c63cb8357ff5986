/*
 * The kubelet's back-off between restarts of a container (CrashLoopBackOff):
 * none before the first, then 10 s, doubled with each crash up to 300 s;
 * forgotten once it has run for more than 600 s (Kubernetes 1.36,
 * pkg/kubelet/kubelet.go, backOffPeriod and MaxCrashLoopBackOff;
 * client-go/util/flowcontrol/backoff.go).
 */
#ifndef TW_CLUSTER_CRASH_H
#define TW_CLUSTER_CRASH_H

#include "twins/world/world.h"

#define TW_CRASH_INITIAL (10 * TW_S)
#define TW_CRASH_MAX	 (300 * TW_S)

/* A failure at `now`: the delay that holds from now on. */
tw_time tw_backoff_next(
	struct tw_backoff *backoff, tw_time now, tw_time initial, tw_time max);
/* Does it hold at `now`? */
bool tw_backoff_waits(
	const struct tw_backoff *backoff, tw_time now, tw_time max);

/* The container ended at `now`: how long until it is started again. */
tw_time tw_crash(struct tw_backoff *backoff, tw_time now);

#endif
