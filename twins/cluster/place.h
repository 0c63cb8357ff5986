/*
 * Where replicas stand when a run begins: kube-scheduler's choice
 * (scheduler.h), pod by pod: higher priority first, then in the model's order,
 * as if everything had been applied to an empty cluster. A DaemonSet's pods
 * stand on their own nodes, where they fit.
 *
 * Where one system is compared with another, the second one's cluster was the
 * first one's: a pod of the same name and the same demands stays where it was,
 * and only what is new or changed is scheduled. So a change of one workload
 * moves no other, as it would not in a cluster. Claims stay bound (bindings.h),
 * so that what is scheduled again goes to where its volumes are.
 */
#ifndef TW_CLUSTER_PLACE_H
#define TW_CLUSTER_PLACE_H

#include "twins/model/model.h"

/* Fills model->node_of. Returns how many replicas fit nowhere. */
uint32_t tw_place(struct tw_model *model);
/* The same, from where `before` stands. */
uint32_t tw_place_after(struct tw_model *model, const struct tw_model *before);
/* As it was once: `nodes` has the name of the node that each replica stood on,
 * by its key. Those that it has not, or whose node is gone, stand nowhere.
 * Claims are bound where their pods stand. */
void tw_place_as(struct tw_model *model, const struct tw_map *nodes);

struct tw_scheduler;

/* A scheduler with the model's nodes and a class for each revision, in the
 * same order; nothing is placed. */
void tw_place_classes(struct tw_scheduler *s, const struct tw_model *model);

/* Warns of replicas that fit nowhere, with kube-scheduler's reason. */
void tw_place_check(struct tw_model *model, struct tw_diags *diags);

#endif
