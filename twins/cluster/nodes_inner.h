/*
 * Private to the files that make up a node's life: nodes.c (conditions, leases
 * and the monitor), node_zones.c (which node is tainted NoExecute, and when),
 * taint_eviction.c (what that does to its pods).
 */
#ifndef TW_CLUSTER_NODES_INNER_H
#define TW_CLUSTER_NODES_INNER_H

#include "twins/cluster/nodes.h"

#define TW_NODE_NOT_READY      "node.kubernetes.io/not-ready"
#define TW_NODE_UNREACHABLE    "node.kubernetes.io/unreachable"
#define TW_NODE_OUT_OF_SERVICE "node.kubernetes.io/out-of-service"

/* What a TW_EV_NODES is about. */
enum { NODES_MONITOR, NODES_TAINT, NODES_SILENT, NODES_DIES, NODES_COLLECT };

enum ready { READY, READY_UNKNOWN, READY_FALSE };

struct node {
	enum ready ready; /* its condition */
	bool fails;	  /* its kubelet reports Ready=False */
	bool cordoned;
	bool pressed; /* MemoryPressure */
	bool out_of_service;
	bool no_schedule;
	bool no_execute;
	bool waits;		   /* for NoExecute */
	uint32_t turn;		   /* of its NoExecute taint: counts them */
	const char *taint;	   /* key of the taint NoExecute */
	tw_time silent_at;	   /* when it has been silent for too long */
	struct tw_node_spec *spec; /* NULL: as the model has it */
};

enum zone_state { ZONE_NORMAL, ZONE_PARTIAL, ZONE_FULL };

struct zone {
	enum zone_state state;
	tw_time every; /* between two nodes; TW_NEVER: none is tainted */
	tw_time next;  /* before which there is no token */
	tw_time armed; /* the event for the next one; TW_NEVER */
	TW_VEC(uint32_t) queue; /* nodes */
};

struct tw_nodes {
	struct node *all;
	struct zone *zones;
	uint32_t *sizes, *unready; /* of zones, as counted last */
	tw_time phase;		   /* of the monitor */
	tw_time monitored; /* the next look; TW_NEVER: nobody needs one */
	bool all_disrupted;
	bool aligned;
};

static inline struct node *node_at(const struct tw_world *world, uint32_t node)
{
	return &world->nodes->all[node];
}

static inline void node_tap(struct tw_world *world, enum tw_tap_kind kind,
	uint32_t node, const char *cause)
{
	tw_world_tap(world, .kind = kind, .service = TW_NONE,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE,
		.node = world->model->nodes[node].name, .cause = cause);
}

/* nodes.c: the scheduler sees it as it is by now, and who waits is tried
 * again. */
void tw_nodes_show(struct tw_world *world, uint32_t at);
/* How long a node may be silent, ns. */
tw_time tw_nodes_grace(const struct tw_world *world);

/* node_zones.c: the node waits for its taint NoExecute. */
void tw_zones_wait(struct tw_world *world, uint32_t at);
/* It waits no more, and has none. */
void tw_zones_untaint(struct tw_world *world, uint32_t at);
/* NODES_TAINT: a zone's next node, if it may have one by now. */
void tw_zones_taint_next(struct tw_world *world, uint32_t zone);
/* How many of each zone's nodes are ready, and what follows of it. */
void tw_zones_see(struct tw_world *world);
void tw_zones_init(struct tw_world *world);
void tw_zones_release(struct tw_world *world);

/* taint_eviction.c: the node was tainted NoExecute. */
void tw_taint_evict_later(struct tw_world *world, uint32_t at);
/* Whoever does not tolerate the taint goes at once; DaemonSets' pods stay. */
void tw_taint_evict_now(struct tw_world *world, uint32_t at, const char *key);
/* TW_EV_EVICT: nothing comes of it where pod or taint is another by now. */
void tw_taint_evict(struct tw_world *world, uint32_t replica, uint64_t turns);

#endif
