/*
 * Where replicas stand. Among the nodes that a replica fits on by its requests
 * it takes the one with the fewest replicas of the same workload, then the
 * zone with the fewest, then the one whose name, hashed with the replica's, is
 * smallest. So workloads are spread as kube-scheduler's default topology
 * constraints want it (hostname, then zone; pkg/scheduler, PodTopologySpread
 * system defaulting), and, as long as there is room, where one workload
 * stands does not depend on any other: a change of one disturbs nobody else,
 * which keeps the two sides of a comparison comparable. Affinities and taints
 * are not looked at.
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
