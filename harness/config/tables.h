/* The roots of the tables; for the files of this folder. */
#ifndef TW_HARNESS_CONFIG_TABLES_H
#define TW_HARNESS_CONFIG_TABLES_H

#include "harness/config/config.h"

/* Read into a struct tw_config. */
extern const struct tw_table tw_config_table;
/* Read into a struct tw_spec, which is the reader's context, too. */
extern const struct tw_table tw_model_table;

/* Groups of twinrig.yaml. */
extern const struct tw_table tw_traffic_table, tw_scenario_table,
	tw_candidate_table, tw_baseline_table, tw_gate_table;
void *tw_config_scenario_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value);

/* Parts of the model's table: `add` and `table` of a row each. */
extern const struct tw_table tw_service_table, tw_policy_table, tw_entry_table;
/* Endpoints of a service (model_endpoints.c). */
extern const struct tw_table tw_endpoint_table;
void *tw_endpoint_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value);
/* Group of a service; `base` is the service. */
extern const struct tw_table tw_job_table;
/* Init containers of a service (model_images.c). */
extern const struct tw_table tw_init_table;
void *tw_init_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value);
extern const struct tw_table tw_images_table, tw_storage_table;
void tw_images_read(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node);
/* Groups of a policy. */
extern const struct tw_table tw_connections_table, tw_breaker_table,
	tw_budget_table, tw_throttle_table, tw_outlier_table,
	tw_balancing_table, tw_locality_table, tw_limit_table,
	tw_app_breaker_table, tw_bulkhead_table;
void *tw_service_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value);
void *tw_policy_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value);
void *tw_entry_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value);

/* Conditions of routes (model_match.c): `base` is the struct itself. */
void tw_headers_read(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node);
void tw_query_read(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node);
void tw_labels_read(struct tw_schema_reader *reader, const char *name,
	struct tw_yaml *node, struct tw_labels *to);

extern const struct tw_table tw_dns_table, tw_external_table, tw_grpc_table;
void *tw_grpc_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value);
void tw_dns_read(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node);
void *tw_external_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value);

/* model_autoscaling.c; a metric is read into a struct tw_spec_metric. */
extern const struct tw_table tw_autoscaling_table, tw_metric_table;
void *tw_metric_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value);

/* enum tw_balancer -> its name, up to NULL. */
extern const char *const tw_balancer_names[];

#endif
