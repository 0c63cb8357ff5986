/*
 * Private to the kinds of faults: what they share.
 */
#ifndef TW_FAULT_KINDS_H
#define TW_FAULT_KINDS_H

#include "twins/fault/fault.h"
#include "twins/world/effects.h"

extern const struct tw_fault_kind tw_fault_error, tw_fault_latency,
	tw_fault_node_down, tw_fault_partition, tw_fault_replica_kill,
	tw_fault_slow, tw_fault_surge, tw_fault_zone_down;

#define TW_FAULT_PARAMS(table)                                                 \
	.params = (table), .n_params = sizeof(table) / sizeof *(table)

/* What the person gave for a parameter of the kind, or its default. */
const struct tw_fault_value *tw_fault_value(
	const struct tw_fault *fault, const char *name);

/* start and stop of a kind that is an effect. */
void tw_fault_start_effect(
	const struct tw_fault *fault, struct tw_world *world);
void tw_fault_stop_effect(const struct tw_fault *fault, struct tw_world *world);

/* Is this replica (node) one that the fault hits? The coin of `probability`
 * falls the same way each time. */
bool tw_fault_hits_replica(const struct tw_fault *fault,
	const struct tw_world *world, uint32_t replica);
bool tw_fault_hits_node(const struct tw_fault *fault,
	const struct tw_world *world, uint32_t node);

/* start and stop of what takes nodes down. */
void tw_fault_nodes_down(const struct tw_fault *fault, struct tw_world *world);
void tw_fault_nodes_up(const struct tw_fault *fault, struct tw_world *world);

#endif
