/*
 * Which replicas stand on which node, so that what happens to a node asks its
 * own replicas only, and not all of the cluster.
 *
 * Replicas are given in the model's order, whatever the order in which they
 * came.
 */
#ifndef TW_WORLD_STANDING_H
#define TW_WORLD_STANDING_H

#include "twins/world/world.h"

TW_VEC_TYPE(tw_standing, uint32_t);

/* From where world->replicas stand. */
void tw_standing_init(struct tw_world *world);

/* The replica stands on the node from now on; TW_NONE: nowhere. The only way
 * to change its `node` in a run. */
void tw_stand(struct tw_world *world, uint32_t replica, uint32_t node);

/* The replicas of a node as they are now: a copy, which stays as it is while
 * they come and go. To be released by tw_vec_release(). */
struct tw_standing tw_standing_on(const struct tw_world *world, uint32_t node);

/* How many they are. */
uint32_t tw_standing_count(const struct tw_world *world, uint32_t node);

#endif
