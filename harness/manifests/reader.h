/*
 * Private to harness/manifests: what the readers of the kinds share.
 *
 * A reader marks a node as used (tw_yaml_use) exactly where the twin behaves
 * differently for its value. What is read for the static findings or for
 * later alone stays unmarked, so that a difference there counts as not
 * modelled.
 */
#ifndef TW_HARNESS_MANIFESTS_READER_H
#define TW_HARNESS_MANIFESTS_READER_H

#include "harness/manifests/manifests.h"
#include "twins/model/pod.h"

struct tw_manifest_reader {
	struct tw_manifests *m;
	struct tw_spec *spec;
	struct tw_diags *diags;
	const struct tw_object *object;
};

/* An origin TW_FROM_MANIFEST at a node (NULL: the object). */
const struct tw_origin *tw_manifest_origin(struct tw_manifest_reader *r,
	const struct tw_yaml *node, const char *detail);

/* An error at the node, or at the object where it is NULL. */
struct tw_diag *tw_manifest_error(struct tw_manifest_reader *r,
	const struct tw_yaml *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct tw_diag *tw_manifest_note(struct tw_manifest_reader *r,
	const struct tw_yaml *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The value of a node into a field; nothing where the node is NULL or null,
 * an error where it is of another type or out of bounds. True where the field
 * was set; the caller marks the node where the twin honours it.
 */
bool tw_manifest_int(struct tw_manifest_reader *r, const struct tw_yaml *node,
	int64_t min, int64_t max, struct tw_int *to);
/* Whole seconds, as Kubernetes writes them, in ns. */
bool tw_manifest_seconds(struct tw_manifest_reader *r,
	const struct tw_yaml *node, int64_t min, struct tw_int *to);
/* "10s", as Istio and the Gateway API write them. */
bool tw_manifest_duration(struct tw_manifest_reader *r,
	const struct tw_yaml *node, struct tw_int *to);
/* A quantity in thousandths (CPU) or whole units (memory). */
bool tw_manifest_quantity(struct tw_manifest_reader *r,
	const struct tw_yaml *node, bool thousandths, struct tw_int *to);
bool tw_manifest_text(struct tw_manifest_reader *r, const struct tw_yaml *node,
	struct tw_text *to);
/* A mapping of strings, in the file's order. Marks nothing. */
void tw_manifest_labels(struct tw_manifest_reader *r, const struct tw_yaml *map,
	struct tw_labels *to);

/* "TCP" (where it is NULL), "UDP", "SCTP". */
void tw_manifest_protocol(struct tw_manifest_reader *r,
	const struct tw_yaml *node, enum tw_protocol *to);
/* matchLabels and matchExpressions (netpol.c). Marks nothing. */
void tw_manifest_selector(struct tw_manifest_reader *r,
	const struct tw_yaml *node, struct tw_label_selector *to);

/* A PodSpec and a Node as the scheduler sees them (pod.c). Marks nothing. */
void tw_manifest_pod(struct tw_manifest_reader *r, const struct tw_yaml *spec,
	const struct tw_labels *labels, struct tw_pod_spec *to);
void tw_manifest_node(struct tw_manifest_reader *r, const struct tw_yaml *doc,
	struct tw_node_spec *to);
bool tw_manifest_taint_effect(struct tw_manifest_reader *r,
	const struct tw_yaml *node, enum tw_taint_effect *to);
/* The text, "" where there is none. */
const char *tw_manifest_keep_text(
	struct tw_manifest_reader *r, const struct tw_yaml *node);
/* With its tag: ":latest" where it has none. */
const char *tw_manifest_image(struct tw_manifest_reader *r, const char *name);
struct tw_node_term tw_manifest_node_term(
	struct tw_manifest_reader *r, const struct tw_yaml *it);
void tw_manifest_node_affinity(struct tw_manifest_reader *r,
	const struct tw_yaml *affinity, struct tw_node_affinity *to);

/* An annotation of the object; NULL: it has none. */
struct tw_yaml *tw_manifest_annotation(
	struct tw_manifest_reader *r, const char *name);

/* A copy of a text in the spec's arena; NULL stays NULL. */
const char *tw_manifest_keep(struct tw_manifest_reader *r, const char *text);

/* An object's part by the readers' table (read.c). */
void tw_read_workload(struct tw_manifest_reader *r);
void tw_read_job(struct tw_manifest_reader *r);
/* One of these words (up to NULL), which then counts as honoured, or an error
 * that names them. */
void tw_manifest_word(struct tw_manifest_reader *r, struct tw_yaml *node,
	const char *what, const char *const *words, struct tw_text *to);
/* What the API server refuses (refused.c). A Job's spec may be a CronJob's. */
void tw_refused_workload(struct tw_manifest_reader *r);
void tw_refused_job(struct tw_manifest_reader *r, const struct tw_yaml *spec);
void tw_refused_service(struct tw_manifest_reader *r);
/* Fields of Jobs that a model runs count as modelled. After the models. */
void tw_manifests_use_jobs(struct tw_manifests *m, const struct tw_spec *spec);
/* metadata and spec of a pod (template) into the workload. */
void tw_read_pod(struct tw_manifest_reader *r, struct tw_yaml *meta,
	struct tw_yaml *pod, struct tw_spec_workload *workload);
void tw_read_service(struct tw_manifest_reader *r);
void tw_read_ingress(struct tw_manifest_reader *r);
void tw_read_http_route(struct tw_manifest_reader *r);
void tw_read_grpc_route(struct tw_manifest_reader *r);
void tw_read_virtual_service(struct tw_manifest_reader *r);
void tw_read_destination_rule(struct tw_manifest_reader *r);
/* traffic_policy.c: of a DestinationRule; subset NULL: all of the host. */
void tw_read_traffic_policy(struct tw_manifest_reader *r,
	struct tw_yaml *policy, const char *callee, const char *subset);
/* affinity.c: what users are told apart by: Istio's consistentHash, a
 * Service's sessionAffinity, an Ingress' annotations (of nginx). */
void tw_consistent_hash(struct tw_manifest_reader *r, struct tw_yaml *from,
	struct tw_spec_policy *to);
void tw_session_affinity(
	struct tw_manifest_reader *r, struct tw_spec_service *service);
void tw_ingress_affinity(struct tw_manifest_reader *r, const char *callee);
void tw_read_service_entry(struct tw_manifest_reader *r);
/* Once pods are linked to their services. */
void tw_mesh_find(struct tw_spec *spec);
void tw_read_service_profile(struct tw_manifest_reader *r);
/* Annotations: of a route (the object), and of all Services. */
void tw_linkerd_route(struct tw_manifest_reader *r, struct tw_spec_policy *to);
void tw_linkerd_services(struct tw_manifest_reader *r);
void tw_read_compose(struct tw_manifest_reader *r);
void tw_read_node(struct tw_manifest_reader *r);
/* Warns of each field that its kind does not have (fields.c). */
void tw_manifest_fields(struct tw_manifest_reader *r);
void tw_read_priority_class(struct tw_manifest_reader *r);
/* autoscaler.c: HorizontalPodAutoscaler v1, v2beta2 and v2. keda.c. */
void tw_read_autoscaler(struct tw_manifest_reader *r);
void tw_read_scaled_object(struct tw_manifest_reader *r);
/* A new one of the object's name; `behavior` of its v2 form; and whether the
 * target's own `replicas` counts no more. */
struct tw_spec_autoscaler *tw_manifest_scaler(struct tw_manifest_reader *r);
void tw_manifest_behavior(struct tw_manifest_reader *r, struct tw_yaml *node,
	struct tw_spec_autoscaler *to);
/* vertical.c: VerticalPodAutoscaler. */
void tw_read_vertical(struct tw_manifest_reader *r);
void tw_read_budget(struct tw_manifest_reader *r);
/* volumes.c */
void tw_read_storage_class(struct tw_manifest_reader *r);
void tw_read_persistent_volume(struct tw_manifest_reader *r);
void tw_read_claim(struct tw_manifest_reader *r);
void tw_read_pod_volumes(struct tw_manifest_reader *r, struct tw_yaml *pod,
	struct tw_spec_workload *workload);
void tw_read_claim_templates(struct tw_manifest_reader *r, struct tw_yaml *spec,
	struct tw_spec_workload *workload);
void tw_read_namespace(struct tw_manifest_reader *r);
void tw_read_network_policy(struct tw_manifest_reader *r);

/* `spec.containers` and `spec.initContainers` of a pod (container.c). */
void tw_read_containers(struct tw_manifest_reader *r, struct tw_yaml *pod_spec,
	struct tw_spec_workload *workload);

/* The first object of a kind, or NULL. Without a namespace: of any. */
struct tw_object *tw_manifests_find(const struct tw_manifests *m,
	const char *kind, const char *namespace, const char *name);

/*
 * The service that a host name means, seen from a namespace: "cart",
 * "cart.shop", "cart.shop.svc", "cart.shop.svc.cluster.local" (and with a
 * final dot). NULL where no object declares such a service.
 */
struct tw_spec_service *tw_manifests_host(
	struct tw_spec *spec, const char *namespace, struct tw_str host);
/* The key that it would have: Kubernetes' search rules without the check.
 * NULL for what is no name of the cluster ("*", "shop.example.com"). */
const char *tw_manifests_host_key(
	struct tw_spec *spec, const char *namespace, struct tw_str host);

/* Marks the scalar at a position, as tw_yaml_use() does (places.c). */
void tw_manifests_use(struct tw_manifests *m, struct tw_pos pos);
void tw_manifest_places_free(struct tw_manifest_places *places);

/* gRPC's service configs (grpc.c), once pods are linked. */
void tw_manifests_find_grpc(struct tw_manifest_reader *r);
/* The edges of everything that was read (edges.c). */
void tw_manifests_find_edges(struct tw_manifest_reader *r);

/*
 * Adds the documents of a text (objects.c). explicit: the file was named, so
 * that a text without objects is an error. 0, or -1 with an error added.
 */
int tw_objects_add_text(struct tw_manifests *m, const char *file,
	const char *text, size_t n, bool named, struct tw_pos pos,
	struct tw_diags *diags);
/* Adds one document (List kinds are taken apart). */
int tw_objects_add(
	struct tw_manifests *m, struct tw_yaml *doc, struct tw_diags *diags);
/* Adds or replaces one object; a second of the same identity is a warning. */
struct tw_object *tw_objects_put(struct tw_manifests *m, const char *group,
	const char *version, const char *kind, const char *namespace,
	const char *name, struct tw_yaml *doc, struct tw_diags *diags);
/* "apps/v1" -> "apps"; "v1" -> "". In the arena. */
const char *tw_objects_group(
	struct tw_arena *arena, const char *api_version, const char **version);

/* Whether a text is an unrendered Go template, and at which line. */
bool tw_template_found(const char *text, size_t n, int *line);

/* Remembers a file of its folder's project. named: by itself, not by a glob
 * or a folder. The doc is NULL where the file is not parsed yet. */
void tw_compose_add(struct tw_manifests *m, struct tw_files *files,
	const char *path, bool named);
/* Merges the files of each project; its services become objects. */
int tw_compose_finish(struct tw_manifests *m, struct tw_diags *diags);

/* The kustomization file of a folder in m's arena, or NULL. */
const char *tw_kustomize_file(
	struct tw_manifests *m, struct tw_files *files, const char *dir);
/* Renders a folder and adds the objects. */
int tw_kustomize_add(struct tw_manifests *m, struct tw_files *files,
	const char *dir, struct tw_pos pos, struct tw_diags *diags);

#endif
