/*
 * Private to harness/manifests: one rule of a route, whatever object it comes
 * from, and what it becomes in the spec: a way in, a policy, or both.
 */
#ifndef TW_HARNESS_MANIFESTS_RULE_H
#define TW_HARNESS_MANIFESTS_RULE_H

#include "harness/manifests/reader.h"

/* Callers: what comes from outside the cluster, and every service inside. */
#define TW_CALLER_OUTSIDE "outside"
#define TW_CALLER_MESH	  "*/*"

/* Envoy's caller sees a try's timeout under these conditions (Envoy,
 * x-envoy-retry-on: 5xx, gateway-error and reset cover read timeouts). */
#define TW_RETRY_WITH_TIMEOUT(bit) ((bit) | TW_RETRY_TIMEOUT)

struct tw_rule {
	const char *host, *method; /* NULL: any */
	const char *path;	   /* NULL: any */
	enum tw_path_match match;
	struct tw_int port;
	struct tw_text port_name;
	/* Timeouts, retries and destinations (all with a service). */
	struct tw_spec_policy policy;
	const struct tw_origin *origin;
};

/* The destination that a rule stands for: the first that gets anything. NULL
 * where there is none. */
const char *tw_rule_service(const struct tw_rule *rule);
/* A way in, and the policy from outside to it where the rule says more than
 * where to go. */
void tw_rule_entry(struct tw_manifest_reader *r, const struct tw_rule *rule);
void tw_rule_policy(struct tw_manifest_reader *r, const struct tw_rule *rule,
	const char *caller, const char *callee);
void tw_rule_destination(struct tw_manifest_reader *r, struct tw_rule *rule,
	const char *service, struct tw_yaml *subset, struct tw_yaml *weight,
	const struct tw_yaml *at);

#endif
