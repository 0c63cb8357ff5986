/*
 * The directory of ready replicas: what callers see, which is what the
 * cluster published a while ago.
 */
#ifndef TW_WORLD_DIRECTORY_H
#define TW_WORLD_DIRECTORY_H

#include "twins/world/world.h"

void tw_directory_init(struct tw_world *world);
/* Callers see (or no longer see) the replica from now on. */
void tw_directory_list(struct tw_world *world, uint32_t replica, bool listed);

#endif
