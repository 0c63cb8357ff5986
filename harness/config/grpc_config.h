/*
 * gRPC's service configs (grpc/service_config/service_config.proto as JSON;
 * doc/service_config.md) as policies of a caller's calls: the same words as
 * elsewhere in a model.
 *
 *	timeout			timeout, propagate-deadline (a deadline goes
 *				with the call)
 *	retryPolicy		retries = maxAttempts - 1, at most 4 (gRFC A6),
 *				backoff = initialBackoff, backoff-max,
 *				backoff-multiplier, jitter 20%, retry-on,
 *				push-back
 *	  perAttemptRecvTimeout	try-timeout, and a retry when it is over
 *	retryThrottling		retry-throttling
 *	loadBalancingConfig	round_robin, least_request_experimental
 *
 * Statuses are HTTP's here: google/rpc/code.proto names those that gRPC's are
 * mapped to. A method's own entry counts before that of its service, and this
 * before the one of an empty name (service_config.md).
 *
 * Told of, and not modelled: hedgingPolicy, waitForReady, other balancers
 * (pick_first, which is gRPC's default, too).
 */
#ifndef TW_HARNESS_CONFIG_GRPC_CONFIG_H
#define TW_HARNESS_CONFIG_GRPC_CONFIG_H

#include "harness/config/schema.h"

struct tw_grpc_config {
	struct tw_spec *spec;
	struct tw_diags *diags;
	enum tw_source source;
	const char *caller, *callee; /* globs of services, in the arena */
	/* Where a text in a text stands: its own positions are of no use. */
	const struct tw_origin *at;
	enum tw_severity severity; /* of what gRPC would refuse */
};

/* Whether a document is one: `methodConfig` or `loadBalancingConfig`. */
bool tw_grpc_config_is(const struct tw_yaml *node);
void tw_grpc_config_read(
	const struct tw_grpc_config *config, struct tw_yaml *node);
/* The HTTP status of a gRPC one, by name or number; 0: there is no such. */
int tw_grpc_status(const char *word);

#endif
