/*
 * Private to the kinds of faults: what they share.
 */
#ifndef TW_FAULT_KINDS_H
#define TW_FAULT_KINDS_H

#include "twins/fault/fault.h"
#include "twins/world/effects.h"

extern const struct tw_fault_kind tw_fault_bandwidth, tw_fault_black_hole,
	tw_fault_brown_out, tw_fault_cache_flush, tw_fault_connection_storm,
	tw_fault_cpu_stress, tw_fault_memory_stress, tw_fault_pause,
	tw_fault_dns_error, tw_fault_error, tw_fault_latency, tw_fault_loss,
	tw_fault_node_down, tw_fault_out_of_service, tw_fault_partition,
	tw_fault_refuse, tw_fault_replica_kill, tw_fault_reset, tw_fault_slow,
	tw_fault_slow_close, tw_fault_surge, tw_fault_throttle,
	tw_fault_zone_down, tw_fault_region_down, tw_fault_cordon,
	tw_fault_delete_pod, tw_fault_drain, tw_fault_node_not_ready,
	tw_fault_registry_down, tw_fault_scale, tw_fault_spot_interruption,
	tw_fault_uncordon, tw_fault_rollout_pause, tw_fault_rollout_restart,
	tw_fault_rollout_resume, tw_fault_rollout_undo;

#define TW_FAULT_PARAMS(table)                                                 \
	.params = (table), .n_params = sizeof(table) / sizeof *(table)

/* What happens to calls from a caller to a replica, on their way. */
#define TW_FAULT_ON_PASSAGE                                                    \
	.selectors = TW_SELECT_SERVICE | TW_SELECT_ENDPOINT | TW_SELECT_FROM | \
		     TW_SELECT_TO | TW_SELECT_REPLICA | TW_SELECT_NODE |       \
		     TW_SELECT_ZONE | TW_SELECT_REGION,                        \
	.needs = ~0U, .passage = true, .start = tw_fault_start_effect,         \
	.stop = tw_fault_stop_effect

/* What happens in replicas, to what they do of an endpoint. */
#define TW_FAULT_ON_REPLICA                                                    \
	.selectors = TW_SELECT_SERVICE | TW_SELECT_ENDPOINT |                  \
		     TW_SELECT_REPLICA | TW_SELECT_NODE | TW_SELECT_ZONE |     \
		     TW_SELECT_REGION,                                         \
	.needs = ~0U, .start = tw_fault_start_effect,                          \
	.stop = tw_fault_stop_effect

/* A row: on which way; what it is where nobody says. */
#define TW_FAULT_DIRECTION(otherwise)                                          \
	{                                                                      \
		"direction", TW_PARAM_CHOICE, false, (otherwise),              \
			"which messages", tw_fault_directions                  \
	}
extern const char *const tw_fault_directions[];
/* enum tw_way, or-ed, of that parameter. */
unsigned tw_fault_ways(const struct tw_fault *fault);

/* What the person gave for a parameter of the kind, or its default. */
const struct tw_fault_value *tw_fault_value(
	const struct tw_fault *fault, const char *name);

/* start and stop of a kind that is an effect. */
void tw_fault_start_effect(
	const struct tw_fault *fault, struct tw_world *world);
void tw_fault_stop_effect(const struct tw_fault *fault, struct tw_world *world);

/* Which replicas (nodes) the fault hits, in the world's arena: the selectors,
 * the mode, and for each the coin of `probability`, which falls the same way
 * each time. */
const bool *tw_fault_replicas_hit(
	const struct tw_fault *fault, struct tw_world *world);
const bool *tw_fault_nodes_hit(
	const struct tw_fault *fault, struct tw_world *world);

/* setup of a kind that bears on the CPU of the replicas it hits. */
void tw_fault_ensure_cpu(const struct tw_fault *fault, struct tw_world *world);

/* start and stop of what takes nodes down. */
extern const struct tw_fault_param tw_fault_nodes_down_params[];
#define TW_FAULT_NODES_DOWN                                                    \
	.params = tw_fault_nodes_down_params, .n_params = 1, .manages = true,  \
	.start = tw_fault_nodes_down, .stop = tw_fault_nodes_up
void tw_fault_nodes_down(const struct tw_fault *fault, struct tw_world *world);
void tw_fault_nodes_up(const struct tw_fault *fault, struct tw_world *world);

#endif
