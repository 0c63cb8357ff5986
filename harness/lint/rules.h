/* Private to harness/lint: the rules, and what they share. */
#ifndef TW_HARNESS_LINT_RULES_H
#define TW_HARNESS_LINT_RULES_H

#include "harness/lint/lint.h"

void tw_lint_selectors(const struct tw_lint_context *context);
void tw_lint_subsets(const struct tw_lint_context *context);
void tw_lint_ports(const struct tw_lint_context *context);
void tw_lint_duplicate_ports(const struct tw_lint_context *context);
void tw_lint_routes(const struct tw_lint_context *context);
void tw_lint_probes(const struct tw_lint_context *context);
void tw_lint_liveness(const struct tw_lint_context *context);
void tw_lint_startups(const struct tw_lint_context *context);
void tw_lint_missing_images(const struct tw_lint_context *context);
void tw_lint_pull_policies(const struct tw_lint_context *context);
void tw_lint_init(const struct tw_lint_context *context);
void tw_lint_grace(const struct tw_lint_context *context);
void tw_lint_timeouts(const struct tw_lint_context *context);
void tw_lint_tries(const struct tw_lint_context *context);
void tw_lint_retries(const struct tw_lint_context *context);
void tw_lint_reach(const struct tw_lint_context *context);
void tw_lint_names(const struct tw_lint_context *context);
void tw_lint_pools(const struct tw_lint_context *context);
void tw_lint_bounds(const struct tw_lint_context *context);
void tw_lint_limits(const struct tw_lint_context *context);
void tw_lint_panic(const struct tw_lint_context *context);
void tw_lint_budgets(const struct tw_lint_context *context);
void tw_lint_connects(const struct tw_lint_context *context);
void tw_lint_keys(const struct tw_lint_context *context);
void tw_lint_affinity(const struct tw_lint_context *context);
void tw_lint_weights(const struct tw_lint_context *context);
void tw_lint_try_timeouts(const struct tw_lint_context *context);
void tw_lint_effects(const struct tw_lint_context *context);
void tw_lint_shadows(const struct tw_lint_context *context);
void tw_lint_headers(const struct tw_lint_context *context);
void tw_lint_queues(const struct tw_lint_context *context);
void tw_lint_ejections(const struct tw_lint_context *context);
void tw_lint_grants(const struct tw_lint_context *context);
void tw_lint_cpu(const struct tw_lint_context *context);
void tw_lint_unused_limits(const struct tw_lint_context *context);
void tw_lint_memory(const struct tw_lint_context *context);
void tw_lint_scaler_targets(const struct tw_lint_context *context);
void tw_lint_blind_scalers(const struct tw_lint_context *context);
void tw_lint_stuck_scalers(const struct tw_lint_context *context);
void tw_lint_scaler_room(const struct tw_lint_context *context);
void tw_lint_vertical_targets(const struct tw_lint_context *context);
void tw_lint_vertical_rivals(const struct tw_lint_context *context);
void tw_lint_vertical_idle(const struct tw_lint_context *context);
void tw_lint_vertical_bounds(const struct tw_lint_context *context);
void tw_lint_vertical_room(const struct tw_lint_context *context);
void tw_lint_disruptions(const struct tw_lint_context *context);
void tw_lint_priorities(const struct tw_lint_context *context);
void tw_lint_surges(const struct tw_lint_context *context);
void tw_lint_idle_policies(const struct tw_lint_context *context);
void tw_lint_policy_peers(const struct tw_lint_context *context);
void tw_lint_policy_ports(const struct tw_lint_context *context);
void tw_lint_idle_budgets(const struct tw_lint_context *context);
void tw_lint_double_budgets(const struct tw_lint_context *context);
void tw_lint_shared_volumes(const struct tw_lint_context *context);
void tw_lint_surging_volumes(const struct tw_lint_context *context);
void tw_lint_unbound_claims(const struct tw_lint_context *context);
void tw_lint_missing_claims(const struct tw_lint_context *context);

/* A warning of a rule at an origin; where diags has one of this rule (or of
 * `alias`, if not NULL) there, that one. */
struct tw_diag *tw_lint_find(const struct tw_lint_context *context,
	const char *rule, const char *alias, const struct tw_origin *origin,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Whether anything in a namespace is a declared workload or Service. */
bool tw_lint_has_workloads(const struct tw_spec *spec, const char *namespace);
bool tw_lint_has_services(const struct tw_spec *spec, const char *namespace);

/* "namespace/name" -> a service that is declared or has behaviour. */
const struct tw_spec_service *tw_lint_service(
	const struct tw_spec *spec, const char *key);

#endif
