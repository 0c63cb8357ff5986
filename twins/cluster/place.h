/*
 * Where replicas stand: each on the node that is least allocated by requests
 * (CPU first, then memory), among those that it fits on; between equals the
 * one whose name, hashed with the replica's, is smallest. The largest pods do
 * not come first: the order is that of the model, as pods come in the order
 * of their creation.
 *
 * This is the plain case of kube-scheduler's LeastAllocated, without its
 * affinities, taints and topology constraints.
 */
#ifndef TW_CLUSTER_PLACE_H
#define TW_CLUSTER_PLACE_H

#include "twins/model/model.h"

/* node_of: model->n_replicas entries; TW_NONE where a replica fits nowhere.
 * Returns how many do not. */
uint32_t tw_place(const struct tw_model *model, uint32_t *node_of);

/* Warns of replicas that fit nowhere. */
void tw_place_check(const struct tw_model *model, struct tw_diags *diags);

#endif
