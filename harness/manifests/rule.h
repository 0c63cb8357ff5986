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
	uint32_t group; /* of struct tw_spec_entry */
	struct tw_int port;
	struct tw_text port_name;
	/* Conditions, rewrite, answers, mirrors, faults, timeouts, retries and
	 * destinations (all with a service). */
	struct tw_spec_policy policy;
	const struct tw_origin *origin;
};

/*
 * One condition (match.c). `is` with a value, or present; the value's node is
 * marked. A pattern that is wrong is an error and the condition is not added.
 */
void tw_rule_condition(struct tw_manifest_reader *r, struct tw_rule *rule,
	enum tw_condition_of of, const char *name, enum tw_condition_is is,
	struct tw_yaml *value, bool negated);
/* Istio's StringMatch: {exact: …}, {prefix: …}, {regex: …}, {}: present. */
void tw_rule_string_match(struct tw_manifest_reader *r, struct tw_rule *rule,
	enum tw_condition_of of, const char *name, struct tw_yaml *match,
	bool negated);
/* The Gateway API's list of {type, name, value}. */
void tw_rule_value_matches(struct tw_manifest_reader *r, struct tw_rule *rule,
	enum tw_condition_of of, struct tw_yaml *list);
/* A share such as 10 (percent); nothing where the node is NULL. */
void tw_rule_percent(
	struct tw_manifest_reader *r, struct tw_yaml *node, struct tw_real *to);
/* A mirror of requests to "namespace/name". */
void tw_rule_mirror(struct tw_manifest_reader *r, struct tw_rule *rule,
	const char *service, struct tw_yaml *subset, struct tw_real share,
	const struct tw_yaml *at);

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
