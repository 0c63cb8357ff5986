/*
 * Life and death of replicas and nodes, and what callers learn of it.
 *
 *	a replica dies	its tries are reset, connections to it are refused;
 *			it leaves the callers' lists endpoint_delay later
 *	a node dies	nobody there answers any more; its replicas leave the
 *			lists after node_grace
 *	one is ready	it is listed endpoint_delay later
 */
#ifndef TW_CLUSTER_LIFE_H
#define TW_CLUSTER_LIFE_H

#include "twins/world/world.h"

/* restart: ns until it is ready again; TW_NEVER: somebody else sees to it. A
 * replica that is down already stays as it is. */
void tw_cluster_kill(struct tw_world *world, uint32_t replica, tw_time restart);
/* Its container dies by itself or its kubelet's hand ("OOMKilled: ..."), which
 * is an incident; it is started again after the back-off of crash loops
 * (crash.h), and ready the model's restart delay later, or as kubelet.h has it.
 */
void tw_cluster_crash(
	struct tw_world *world, uint32_t replica, const char *cause);
#define TW_LIVENESS_FAILED "Unhealthy: liveness probe failed"
#define TW_STARTUP_FAILED  "Unhealthy: startup probe failed"
/* A dead replica is ready after `delay`, if its node is there. */
void tw_cluster_restart(
	struct tw_world *world, uint32_t replica, tw_time delay);
void tw_cluster_node_down(struct tw_world *world, uint32_t node);
/* The network to it is down: nobody there answers, as on a dead one, but what
 * runs there goes on. */
void tw_cluster_node_cut(struct tw_world *world, uint32_t node);
/* Of one that died the containers start again, as kubelet.h has it, or are
 * ready restart_delay later; of one that was cut off they can be reached at
 * once. */
void tw_cluster_node_up(struct tw_world *world, uint32_t node);

/* TW_EV_RESTART, TW_EV_LIST; false: another kind. */
bool tw_cluster_event(struct tw_world *world, const struct tw_event *event);

#endif
