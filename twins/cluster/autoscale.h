/*
 * Autoscalers in a run. Each HorizontalPodAutoscaler is looked at once a sync
 * period (15 s, plus what a sync takes: client-go's queue counts from its
 * end), from a moment that is drawn by its name; it reads the metrics as they
 * are by then (metrics.h), decides (hpa.h), and scales its workload
 * (workloads.h). New pods take their time to start, so that what it does shows
 * late. Before there is anything to be read it is not asked.
 *
 * KEDA's operator looks at a ScaledObject that may sleep once a polling
 * interval: it wakes the workload where a trigger is above its activation
 * value, and puts it to sleep when none was for the cooldown period
 * (keda.sh/docs, "Scaling Deployments": pollingInterval, cooldownPeriod).
 *
 * What a manifest says of its target's size holds when a run begins, within
 * the autoscaler's bounds: the cluster has been there for long.
 */
#ifndef TW_CLUSTER_AUTOSCALE_H
#define TW_CLUSTER_AUTOSCALE_H

#include "twins/world/world.h"

/* After the workloads; nothing where there is no autoscaler. */
void tw_autoscale_init(struct tw_world *world);
void tw_autoscale_release(struct tw_world *world);

/* TW_EV_AUTOSCALE, TW_EV_METRICS; false: another kind. */
bool tw_autoscale_event(struct tw_world *world, const struct tw_event *event);

#endif
