/*
 * Private to harness/manifests: calls of services, and what severs them.
 */
#ifndef TW_HARNESS_MANIFESTS_LINK_H
#define TW_HARNESS_MANIFESTS_LINK_H

#include "harness/manifests/edges.h"

/* Whether a service's own steps (its workloads' too) call one directly. */
bool tw_link_calls(const struct tw_spec *spec,
	const struct tw_spec_service *service, const char *callee);

/* Tells of each address that leads nowhere, and severs the calls that have no
 * other. By tw_manifests_link(), last. */
void tw_addresses_judge(
	struct tw_manifests *m, struct tw_spec *spec, struct tw_diags *diags);

/* Severs a call, at most once. True where it was not severed yet. */
bool tw_link_sever(struct tw_spec *spec, const char *caller, const char *callee,
	struct tw_pos pos, const char *why);

/* Adds a call to the endpoint that tw_manifests_link() made, or makes it. */
void tw_link_add_call(struct tw_manifests *m, struct tw_spec *spec,
	struct tw_spec_service *service, const char *callee, struct tw_pos pos);

/* An edge from a workload to what a model alone declares, once. */
void tw_link_outside(struct tw_manifests *m, const struct tw_spec *spec,
	const char *workload, const char *to, const char *detail,
	struct tw_pos pos);

/* Marks the limits of workloads whose service has what they bear on. */
void tw_link_limits(
	struct tw_manifests *m, const struct tw_spec_service *service);

/* Marks what probes wait for, where they act in a run (`probes: true`). */
void tw_link_probes(struct tw_manifests *m, const struct tw_spec *spec);

/* Marks imagePullPolicy, where a model has `images:` and pods come in a run. */
void tw_link_images(struct tw_manifests *m, const struct tw_spec *spec);

/* Takes the marks off autoscalers none of whose metrics the model knows: they
 * do nothing in a run. */
void tw_link_scalers(struct tw_manifests *m, const struct tw_spec *spec);
/* Likewise a VerticalPodAutoscaler that does nothing. */
void tw_link_verticals(struct tw_manifests *m, const struct tw_spec *spec);

/* Whether an address stands in a workload behind a service. */
bool tw_address_is_of(const struct tw_manifest_address *address,
	const struct tw_spec_service *service);

#endif
