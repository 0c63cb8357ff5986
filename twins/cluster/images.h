/*
 * Images on nodes, and their pulls, where a model has `images:`
 * (model/images.h). A node has those of the pods that stand there when a run
 * begins, those that its Node object lists, and what was pulled since; none is
 * ever collected.
 *
 * A node has so many pulls under way at once (serializeImagePulls: one), first
 * come first served, and none twice: who wants an image that is under way
 * waits for it. A pull asks the registry (latency), then loads the bytes:
 * min(bandwidth / pulls of the node, registry-bandwidth / all pulls). It goes
 * on where its pod is deleted meanwhile, and ends where its node dies.
 *
 * Source: Kubernetes 1.36, pkg/kubelet/images/{image_manager.go,puller.go};
 * KubeletConfiguration serializeImagePulls (true), maxParallelImagePulls.
 */
#ifndef TW_CLUSTER_IMAGES_H
#define TW_CLUSTER_IMAGES_H

#include "twins/world/world.h"

enum tw_image_state {
	TW_IMAGE_PRESENT,
	TW_IMAGE_PULLED, /* from now on: tw_kubelet_pulled() is called */
	TW_IMAGE_NEVER,	 /* it is not there, and may not be pulled */
};

/* After the pods; nothing where no model has `images:`. */
void tw_images_init(struct tw_world *world);
void tw_images_release(struct tw_world *world);

/* The kubelet of a pod's node needs the image of a container now. */
enum tw_image_state tw_images_ensure(struct tw_world *world, uint32_t replica,
	const struct tw_container *container);

/* The node is dead: its pulls end. */
void tw_images_node_down(struct tw_world *world, uint32_t node);
/* Another machine stands there: it has what the Node object lists. */
void tw_images_replaced(struct tw_world *world, uint32_t node);
/* Images that fit a glob cannot be pulled from now on, or can again. */
void tw_images_registry(struct tw_world *world, const char *glob, bool down);

/* TW_EV_PULL; false: another kind. */
bool tw_images_event(struct tw_world *world, const struct tw_event *event);

#endif
