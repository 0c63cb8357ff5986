/*
 * Death for want of memory. A container at its limit is killed, and so is,
 * where the pods of a node use more than it has, the container with the most
 * points: thousandths of the node's memory that it uses plus its
 * oom_score_adj (Linux, mm/oom_kill.c, oom_badness; model/cgroup.h). It starts
 * again in place, after the back-off (crash.h) and the model's restart delay.
 */
#ifndef TW_CLUSTER_OOM_H
#define TW_CLUSTER_OOM_H

#include "twins/world/world.h"

/* TW_EV_OOM; false: another kind. */
bool tw_oom_event(struct tw_world *world, const struct tw_event *event);

#endif
