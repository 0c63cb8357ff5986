/*
 * The directory of ready replicas: what callers see, which is what the
 * cluster published a while ago.
 */
#ifndef TW_WORLD_DIRECTORY_H
#define TW_WORLD_DIRECTORY_H

#include "twins/world/world.h"

void tw_directory_init(struct tw_world *world);
/* What callers see of the replica from now on: enum tw_seen, or-ed. It is
 * listed where it serves and is not being deleted; where a Service has nobody
 * like that, those of its replicas that serve and are being deleted are
 * (pkg/proxy/topology.go), and where it has publishNotReadyAddresses all that
 * are there. */
void tw_directory_list(struct tw_world *world, uint32_t replica, uint8_t seen);

#endif
