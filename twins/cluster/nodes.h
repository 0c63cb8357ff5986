/*
 * The life of nodes as the control plane sees it: the node lifecycle
 * controller and the taint eviction controller on the virtual clock.
 *
 *	lease		a node renews its own every 10 s, at a phase that is
 *			drawn by its name
 *	monitor		each 5 s the controller looks; a node whose lease it
 *			has not seen renewed for the grace period (40 s, 50 s
 *			since 1.31: versions.h) is Unknown
 *	Unknown		its pods are unready at once, and leave the callers'
 *			lists endpoint_delay later; taint unreachable:NoSchedule
 *			(where the model gives the grace, it is that long after
 *			the node's death, and callers know at once)
 *	NoExecute	from the next look on the node waits for its taint
 *			unreachable:NoExecute: one node of a zone each 10 s
 *			(0.1/s, the first at once)
 *	evicted		a pod is deleted tolerationSeconds after that taint:
 *			its own, 300 s where it says nothing (admission plugin
 *			DefaultTolerationSeconds); DaemonSets' pods never are
 *	back		Ready at once, the taints NoSchedule go at once, the
 *			taints NoExecute at the next look; its deleted pods are
 *			gone, the others run again restart_delay later
 *
 * A zone where more than 2 nodes and at least 55% of them are not ready is
 * partly disrupted: 0.01 nodes/s are tainted NoExecute if it has more than 50
 * nodes, else none. One without any ready node is fully disrupted: 0.1/s, as a
 * healthy one; where all zones are, none anywhere, and NoExecute taints are
 * taken back.
 *
 * What is deleted on a lost node stays until the node is back, and keeps its
 * name: a Deployment has made another one by then, a StatefulSet waits.
 *
 * Source: Kubernetes 1.36, pkg/controller/nodelifecycle/
 * node_lifecycle_controller.go and config (monitor period 5 s, eviction rate
 * 0.1/s, secondary 0.01/s, unhealthy zone threshold 0.55, large cluster size
 * threshold 50), scheduler/rate_limited_queue.go (burst 1); pkg/controller/
 * tainteviction/taint_eviction.go; kubelet nodeLeaseDurationSeconds 40, renewed
 * each quarter of it; pkg/controller/util/node.MarkPodsNotReady;
 *pkg/controller/ podgc/gc_controller.go (gcTerminating, gcCheckPeriod 20 s).
 */
#ifndef TW_CLUSTER_NODES_H
#define TW_CLUSTER_NODES_H

#include "twins/cluster/pods.h"

/* After the pods. `aligned`: leases are renewed at multiples of 10 s, and the
 * monitor looks at multiples of 5 s. */
void tw_nodes_init(struct tw_world *world, bool aligned);
void tw_nodes_release(struct tw_world *world);

/* The machine is dead (its pods are dealt with by life.c), or there again. */
void tw_nodes_lost(struct tw_world *world, uint32_t node);
void tw_nodes_back(struct tw_world *world, uint32_t node);
/* Its kubelet works and reports Ready=False, or True again. */
void tw_nodes_report(struct tw_world *world, uint32_t node, bool ready);

/* The machine dies at `at`. */
void tw_nodes_lose_at(struct tw_world *world, uint32_t node, tw_time at);

/* kubectl cordon and uncordon. */
void tw_nodes_cordon(struct tw_world *world, uint32_t node, bool cordoned);
/* It runs, is Ready and takes pods in; always where nobody watches nodes. */
bool tw_nodes_is_sound(const struct tw_world *world, uint32_t node);

/* The taint out-of-service, by a person's hand: pods that do not tolerate it go
 * at once; where the node is not ready their objects are removed with the next
 * look of the garbage collector (each 20 s), and their volumes are detached
 * (volumes.h). */
void tw_nodes_set_out_of_service(
	struct tw_world *world, uint32_t node, bool out);
bool tw_nodes_is_out_of_service(const struct tw_world *world, uint32_t node);

/* It reports MemoryPressure=True, or False again: the taint NoSchedule. */
void tw_nodes_press(struct tw_world *world, uint32_t node, bool pressed);

/* TW_EV_NODES, TW_EV_EVICT; false: another kind. */
bool tw_nodes_event(struct tw_world *world, const struct tw_event *event);

/* When the node renewed its lease last, at or before `at`. */
tw_time tw_nodes_renewed(
	const struct tw_world *world, uint32_t node, tw_time at);

#endif
