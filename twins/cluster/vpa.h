/*
 * VerticalPodAutoscalers in a run: the three programs of kubernetes/autoscaler,
 * vertical-pod-autoscaler 1.5.
 *
 *	recommender  each minute takes what metrics-server has of each pod, and
 *		     recommends (vpa_usage.h)
 *	updater	     each minute looks for pods that should have other
 *		     requests, and evicts them by the eviction API, so that
 *		     budgets hold, or resizes them as they run (vpa_update.h)
 *	admission    a pod that is created gets what is recommended then
 *
 * When in its minute either of the first two looks is drawn by its name.
 *
 * Pods that are there when a run begins were made as the status of their
 * VerticalPodAutoscaler says (model/verticals.c), and are older than 12 hours:
 * a difference of 10% is enough for them.
 *
 * Where the status has a recommendation the recommender has sampled for
 * `vpa-history`, which minutes do not move; else its history begins with the
 * run. Of a pod's containers the main one uses something; others have what the
 * status says. Resizes in place happen at once; one that has no room on its
 * node is tried at each look of the updater.
 */
#ifndef TW_CLUSTER_VPA_H
#define TW_CLUSTER_VPA_H

#include "twins/world/world.h"

/* After the autoscalers; nothing where the model has no verticals. */
void tw_vpa_init(struct tw_world *world);
void tw_vpa_release(struct tw_world *world);

/* The pod of this name is being created: it has the resources of its revision,
 * or those that are recommended. world->vpa is there. */
void tw_vpa_admit(struct tw_world *world, uint32_t replica);
/* Its container is killed for want of memory, now. */
void tw_vpa_oom(struct tw_world *world, uint32_t replica);

/* What `kubectl get vpa` shows. */
struct tw_vertical_view tw_vpa_view(
	const struct tw_world *world, uint32_t vertical);

/* TW_EV_VPA, and TW_EV_METRICS where no autoscaler reads them; false: another
 * kind. */
bool tw_vpa_event(struct tw_world *world, const struct tw_event *event);

#endif
