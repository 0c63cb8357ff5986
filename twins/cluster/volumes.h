/*
 * Volumes in a run: the attach/detach controller, and the kubelet that waits
 * for it.
 *
 *	bound		the claims of a pod that wait are bound where it is put
 *			(bindings.h); its volumes are attached to its node, and
 *			its containers start when all are (storage: attach)
 *	exclusive	a volume that is not ReadWriteMany or ReadOnlyMany is
 *			attached to one node at a time; a pod elsewhere waits:
 *			FailedAttachVolume, "Multi-Attach error"
 *	detached	when no pod of its node has it any more: `detach` later
 *	node lost	a pod that nobody ends keeps its volume attached. Once
 *			its object is removed by force the controller waits 6
 *			minutes for an unmount that does not come; then it
 *			detaches by force. With the taint node.kubernetes.io/
 *			out-of-service (nodes.h) it waits for nothing
 *
 * A pod that comes back to the node of its volume before that is detached finds
 * it there. Volumes of many nodes are mounted without being attached.
 *
 * Source: Kubernetes 1.36, pkg/controller/volume/attachdetach/reconciler/
 * reconciler.go (attach and detach, reportMultiAttachError; maxWaitForUnmount
 * Duration of attach_detach_controller.go: 6 minutes); documentation, "Forced
 * storage detach on timeout" and "Non-graceful node shutdown handling"; of the
 * reconciler hasOutOfServiceTaint. Left out: SELinux contexts, resizing, and
 *what fails in a driver.
 */
#ifndef TW_CLUSTER_VOLUMES_H
#define TW_CLUSTER_VOLUMES_H

#include "twins/cluster/bindings.h"
#include "twins/world/world.h"

/* After the pods; nothing where no pod has a claim. */
void tw_volumes_init(struct tw_world *world);

/* Whether it has claims. */
bool tw_volumes_has_any(const struct tw_world *world, uint32_t replica);

/* For the scheduler, while it looks for a node for the pod: tw_volumes_asked()
 * with NULL afterwards. `to` has to last until then. */
void tw_volumes_ask(
	struct tw_world *world, uint32_t replica, struct tw_pod_volumes *to);
void tw_volumes_asked(struct tw_world *world);

/* For the cluster autoscaler: whether the pod could have its volumes on the
 * node. Of a node that is not there yet nobody knows how many volumes it may
 * have (a CSINode that is missing sets no limit), and a pod that moves does
 * not stand in its own way. */
enum tw_volumes_of { TW_VOLUMES_NODE, TW_VOLUMES_NEW_NODE, TW_VOLUMES_MOVE };
bool tw_volumes_fit(struct tw_world *world, uint32_t replica, uint32_t node,
	enum tw_volumes_of what);

/* The pod was put on its node. */
void tw_volumes_bind(struct tw_world *world, uint32_t replica, uint32_t node);
/* Its kubelet wants to start it: true where all of its volumes are there; else
 * tw_kubelet_start() is called again when they are. */
bool tw_volumes_are_there(struct tw_world *world, uint32_t replica);
/* It has left the node. */
void tw_volumes_leave(struct tw_world *world, uint32_t replica, uint32_t node);
/* Its object is gone, and so are its ephemeral claims: their volumes are
 * detached in the usual time, and the next pod of that name has new ones. */
void tw_volumes_gone(struct tw_world *world, uint32_t replica);
/* The node is there again, or out of service: what nobody uses there is
 * unmounted. */
void tw_volumes_node_back(struct tw_world *world, uint32_t node);

/* TW_EV_VOLUME; false: another kind. */
bool tw_volumes_event(struct tw_world *world, const struct tw_event *event);

#endif
