/*
 * Traffic of a case: from captures, routed to the endpoints of both sides, or
 * made up where there is none. A capture is read once and kept for all cases
 * that use it.
 */
#ifndef TW_COMMANDS_INPUT_TRAFFIC_H
#define TW_COMMANDS_INPUT_TRAFFIC_H

#include "harness/capture/spool.h"
#include "harness/config/config.h"
#include "harness/trial/flow.h"

struct tw_traffic;

/* Borrows the specs and the plugins; baseline NULL: there is only one side.
 * `directory` is where relative paths of captures start. */
struct tw_traffic *tw_traffic_new(const struct tw_spec *baseline,
	const struct tw_spec *candidate, const struct tw_plugins *plugins,
	const char *directory);
void tw_traffic_free(struct tw_traffic *traffic);

/* The flow of a case; it belongs to *traffic. NULL where an error was added. */
const struct tw_flow *tw_traffic_flow(struct tw_traffic *traffic,
	const struct tw_config_traffic *config, struct tw_diags *diags);

/* Tells where a side's model cannot carry the traffic (rule pool-too-small),
 * at the mean rate of each endpoint. */
void tw_traffic_lint(const struct tw_flow *flow, enum tw_flow_side side,
	const struct tw_spec *spec, const struct tw_model *model,
	struct tw_diags *diags);

/* How much of the captures reached the twins, summed over them. */
struct tw_completeness {
	uint64_t exchanges; /* that were in the captures, malformed too */
	uint64_t malformed, unrouted;
	uint64_t replayable; /* the rest */
};

struct tw_completeness tw_traffic_completeness(
	const struct tw_traffic *traffic);

#endif
