/*
 * Private to the compiler of models (compile.c and its parts): the model
 * while it is being made.
 */
#ifndef TW_MODEL_BUILD_H
#define TW_MODEL_BUILD_H

#include "twins/model/model.h"

struct build_endpoint {
	const char *name;
	const struct tw_spec_endpoint *spec; /* NULL: nobody described it */
};

struct build_service {
	struct tw_spec_service *spec;
	TW_VEC(struct build_endpoint) endpoints;
	uint32_t alias; /* of the service that owns its pods; TW_NONE */
};

struct build {
	struct tw_spec *spec;
	struct tw_model *model;
	struct tw_diags *diags;
	struct build_service *services;
	TW_VEC(struct tw_program) programs;
	TW_VEC(struct tw_step) steps;
	TW_VEC(uint32_t) branches;
	TW_VEC(struct tw_cache) caches;
	TW_VEC(struct tw_channel) channels;
	TW_VEC(struct tw_carry) carry; /* by step, where there are conditions */
	TW_VEC(struct tw_key_carry) key_carry; /* by step, where keys are */
	TW_VEC(struct tw_pool) pools;
	TW_VEC(struct tw_revision) revisions;
	TW_VEC(struct tw_replica) replicas;
	TW_VEC(struct tw_node) nodes;
	TW_VEC(struct tw_node_group) groups;
	TW_VEC(const char *) zones;
	TW_VEC(const char *) regions;
	TW_VEC(uint32_t) region_of; /* by zone */
};

/* A vector of the build becomes an array of the model. */
#define build_take(b, field)                                                   \
	do {                                                                   \
		(b)->model->field = (b)->field.v;                              \
		(b)->model->n_##field = (uint32_t)(b)->field.n;                \
	} while (0)

#define build_push(b, field, ...)                                              \
	tw_vec_push_in(&(b)->model->arena, &(b)->field, __VA_ARGS__)

struct tw_pos build_pos(const struct tw_origin *origin);

/* ground.c: nodes, zones and links; then revisions and replicas. */
void build_ground(struct build *b);
void build_replicas(struct build *b);

/* pods.c: what the scheduler sees of a node and of a workload's pods. */
const struct tw_node_spec *build_node_spec(struct build *b,
	const struct tw_spec_node *from, const char *name, const char *zone);
void build_pod_spec(struct build *b, const struct tw_spec_workload *workload,
	struct tw_revision *to);
/* Where it asks for others of its own revision: a label that tells them, which
 * Kubernetes' controllers give (pod-template-hash). It has its name. */
void build_revision_keys(struct build *b, struct tw_revision *to);

/* Of the pod, by the workload: what it asks of a node, `it` being its revision;
 * and that it bears a node's pressure, where its class does. */
void build_pod_resources(struct tw_arena *arena,
	const struct tw_spec_workload *workload, const struct tw_revision *it,
	struct tw_pod_spec *to);
void build_bear_pressure(struct tw_arena *arena,
	const struct tw_spec_workload *workload, struct tw_pod_spec *to);
/* resize.c: what the kernel enforces. */
void build_cgroup(
	const struct tw_spec_workload *workload, struct tw_revision *revision);

/* probes.c: what the kubelet asks; after the replicas. */
void build_probes(struct build *b);

/* Of a probe, where it is given and `to` is not on yet. */
void build_probe(const struct tw_spec_probe *from, struct tw_probe_plan *to);

/* containers.c: images, before the containers of any pod; what the kubelet
 * does before a pod's containers run. */
void build_pulls(struct build *b);
void build_containers(struct build *b, const struct tw_revision *revision,
	struct tw_pod_life *to);

/* Jobs and CronJobs (jobs.c): what the model says that their pods do, NULL: it
 * says nothing, and what a run needs of it. */
bool build_is_job(const char *kind);
const struct tw_spec_job *build_job_spec(
	const struct build *b, const struct tw_revision *revision);
const struct tw_job *build_job(
	struct build *b, const struct tw_revision *revision);

/* workloads.c: how many names a workload's pods have where `initial` are there
 * when a run begins, `desired` later, and `most` may be asked for; then what
 * the control plane manages, after the replicas. */
/* Its kind; that of what has no manifest is a Deployment. */
const char *build_kind(const struct tw_spec_workload *workload);
int64_t build_slots(const struct build *b,
	const struct tw_spec_workload *workload, int64_t most, int64_t initial,
	int64_t desired);
void build_workloads(struct build *b);

/* volumes.c: claims, and which replicas have them; after these. */
void build_volumes(struct build *b);

/* starts.c: which services wait for which. */
void build_starts(struct build *b);

/* sets.c: what the ReplicaSet of a revision is called, into to->set, and what
 * stands before the ordinals of its pods (NULL: to->name). `turn`: of a
 * restart, from 1; 0: of none. workload NULL: its service has no manifest. */
const char *build_set(struct build *b, const struct tw_spec_workload *workload,
	uint64_t turn, struct tw_revision *to);

/* autoscalers.c: what may grow, before there are replicas; and how many there
 * are when a run begins, of `n` that the manifest asks for. After the workloads
 * the autoscalers themselves. */
void build_growth(struct build *b);
int64_t build_initial(const struct build *b,
	const struct tw_spec_workload *workload, int64_t n);
void build_autoscalers(struct build *b);
/* Whether anybody knows what its pods use. */
bool build_knows_cpu(const struct build *b, const struct tw_workload *workload);
bool build_knows_memory(
	const struct build *b, const struct tw_workload *workload);

/* verticals.c: how pods that are there when a run begins were admitted, before
 * there are replicas; after the workloads the VerticalPodAutoscalers. */
const struct tw_spec_workload *build_admitted(
	struct build *b, const struct tw_spec_workload *workload);
void build_verticals(struct build *b);

/* passages.c: what NetworkPolicies close; after the replicas. */
void build_reach(struct build *b);

/* programs.c: the endpoints that calls and routes name but nobody described;
 * then every program. */
void build_missing_endpoints(struct build *b);
void build_programs(struct build *b);
uint32_t build_find_service(
	const struct build *b, const struct tw_spec_service *service);

/* channels.c */
void build_policies(struct build *b); /* tells what is wrong with them */
void build_pools(struct build *b);
uint32_t build_channel(struct build *b, uint32_t caller, uint32_t endpoint);
bool build_policy_fits(const struct tw_spec_policy *policy, const char *caller,
	const struct tw_spec_service *callee, const char *endpoint);

/* upstreams.c: a target's balancer, and what its proxies keep. */
void build_upstream(const struct tw_model *model, struct tw_arena *arena,
	const struct tw_channel *channel, struct tw_target *target);
/* localities.c */
void build_locality(const struct tw_model *model, struct tw_arena *arena,
	const struct tw_spec_locality *from, struct tw_locality *to);
/* Whether a rule speaks of the route at all. */
bool build_is_route(const struct tw_spec_policy *policy);
/* The next policy from *from on that fits, whatever it asks of requests. */
const struct tw_spec_policy *build_next_policy(const struct tw_model *model,
	uint32_t caller, uint32_t endpoint, size_t *from);
/* The channel under one policy (NULL: none). */
void build_resolve(const struct tw_model *model, struct tw_arena *arena,
	uint32_t caller, uint32_t endpoint, const struct tw_spec_policy *policy,
	struct tw_channel *to);
/* Where calls to an endpoint go that are sent to a service (NULL: its own). */
struct tw_target build_target(const struct tw_model *model, uint32_t endpoint,
	const char *service, const char *subset,
	const struct tw_spec_policy *policy);

/* variants.c: what depends on the request, and what the proxy does first. */
uint32_t build_same_endpoint(const struct tw_model *model, uint32_t service,
	uint32_t endpoint, const struct tw_spec_policy *policy);
const struct tw_aside *build_aside(
	struct tw_arena *arena, const struct tw_spec_policy *policy);
void build_mirrors(struct build *b, uint32_t channel);
void build_variants(struct build *b, uint32_t channel);

/* lookups.c: names that callers ask for; after the channels. */
void build_lookups(struct build *b);

/* cycles.c: a call that leads back to itself is an error. */
void build_check_cycles(struct build *b);

#endif
