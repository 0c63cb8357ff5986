/*
 * The model: what a spec means, flat and read-only, made to be run. Things
 * refer to each other by index (uint32_t, TW_NONE: nothing); an index is a
 * place in an array here and never a key of a random draw: keys are hashes of
 * names.
 *
 *	struct tw_model *model = tw_model_compile(spec, &diags);
 *	if (!model)
 *		... the errors are in diags
 *
 * The model borrows names, laws' tables and origins: the spec must outlive it
 * and stay as it is. One model may be read by many twins, on many threads.
 *
 * Defaults of the spec are applied here and nowhere else. Times: ns.
 */
#ifndef TW_MODEL_MODEL_H
#define TW_MODEL_MODEL_H

#include "twins/model/keys.h"
#include "twins/model/spec.h"
#include "twins/model/traits.h"
#include "twins/model/upstream.h"

#define TW_NONE UINT32_MAX

/*
 * A step of a program. A sequence that is done once has no step of its own
 * unless it has a probability: its children stand in its place.
 */
struct tw_step {
	uint8_t kind; /* enum tw_step_kind */
	bool optional;
	bool once;	    /* done always and a single time */
	double probability; /* of being done at all */
	uint32_t repeat;    /* times, one after the other */
	uint32_t next;	    /* the step after it; TW_NONE: the end */
	uint32_t ordinal;   /* the n-th of its kind (call: to that endpoint)
			     * in its program, from 0: part of keys */
	uint32_t first;	    /* parallel, sequence: model->branches[first..] */
	uint32_t n_branches;
	uint32_t channel;	   /* call */
	uint32_t cache;		   /* cache, fill: model->caches */
	uint32_t retries;	   /* call: the application's own */
	tw_time timeout;	   /* call: the application's own; 0: none */
	const struct tw_dist *law; /* cpu, wait */
	const struct tw_origin *origin;
};

/* What a cache step asks (twins/world/cache.h). */
struct tw_cache {
	double hit;
	uint32_t keys;
	bool local; /* each replica has its own */
	uint32_t endpoint;
	uint32_t step; /* that asks it */
};

/* What an endpoint does, in one revision. */
struct tw_program {
	uint32_t endpoint;
	uint32_t step; /* the first; TW_NONE: nothing */
	double errors; /* ratio that fails by itself */
	int status;    /* of those failures */
	bool assumed;  /* nobody said what it does: it does nothing */
};

struct tw_endpoint {
	const char *name;
	uint64_t hash; /* of service and name */
	uint32_t service;
	uint32_t program;      /* where the revision has none of its own */
	uint32_t from_outside; /* channel */
	bool called;	       /* some program calls it */
	int64_t request_bytes, answer_bytes;
	bool request_given, answer_given; /* somebody said */
};

/* Whose hints endpoints have. */
enum tw_distribution {
	TW_DISTRIBUTE_EVENLY,
	TW_DISTRIBUTE_SAME_ZONE, /* trafficDistribution: PreferSameZone */
	TW_DISTRIBUTE_SAME_NODE, /* PreferSameNode */
	TW_DISTRIBUTE_TOPOLOGY,	 /* topology-mode: Auto */
};

struct tw_service {
	const char *key, *name;
	uint64_t hash;
	uint32_t first_endpoint, n_endpoints;
	uint32_t pool;	  /* all of its replicas */
	uint32_t workers; /* of each replica */
	uint32_t queue;
	int64_t cpus;	       /* cores that a replica can use at once, in
				* thousandths; 0: not given */
	uint8_t balancer;      /* enum tw_balancer */
	const uint32_t *after; /* services that are ready before it starts */
	uint32_t n_after;
	const struct tw_dist *restore; /* NULL: it has nothing to restore */
	bool is_async;	    /* a worker is held while it computes only */
	uint8_t order;	    /* enum tw_queue_order */
	bool drops;	    /* one whose caller has gone is not started */
	uint32_t in_flight; /* requests at work in a replica at once: of
			     * threads the workers */
	tw_time queue_time; /* that one may wait; 0: no bound */
	int64_t memory_base, memory_request, memory_leak; /* bytes */
	int64_t memory_limit; /* where the revision has none; 0: none */
	/* NULL: it never pauses, it is never slow. */
	const struct tw_dist *pause_every, *pause_for;
	const struct tw_dist *slow_enter, *slow_leave;
	double slow_factor;
	bool is_alias; /* its pods are another service's, which owns them */
	bool sidecar;  /* its calls go through Istio's proxy */
	bool external; /* on no node */
	/* world/endpoints.h */
	bool internal_local, external_local; /* traffic policies */
	bool exposed;			     /* NodePort, LoadBalancer */
	bool not_ready_too;		     /* publishNotReadyAddresses */
	bool headless;
	uint8_t distribution; /* enum tw_distribution */
	/* What the network lets through, where it does not let all:
	 * reach[revision of the replica][revision of the caller] is an enum
	 * tw_reach; the caller n_revisions is the outside. A row that is NULL:
	 * everybody. */
	const uint8_t *const *reach;
	const struct tw_spec_service *spec;
	tw_time gap;	     /* between requests that it takes; 0: all it can */
	tw_time retry_after; /* that it says with 429 and 503; 0: nothing */
	bool no_retry;
	int64_t burst;
};

/* What a replica runs. A workload has one revision until it is rolled out. */
struct tw_revision {
	const char *name; /* of the workload */
	uint32_t service; /* that owns its replicas */
	uint32_t first_replica, n_replicas;
	int64_t cpu, memory;	   /* requests: thousandths, bytes */
	tw_time cpu_quota;	   /* core-ns each 100 ms; 0: no limit */
	uint64_t cpu_shares;	   /* weight on a node that is short of CPU */
	const uint32_t *own_nodes; /* DaemonSet: the node of each replica */
	const struct tw_pod_spec *pod;	/* as the scheduler sees it */
	const struct tw_labels *labels; /* of its pods */
	int64_t memory_limit;		/* bytes; 0: none */
	bool each_node;			/* DaemonSet: replica i on node i */
	const uint32_t *programs; /* by endpoint, TW_NONE: the endpoint's own;
				   * NULL: all are */
	const struct tw_spec_workload *spec; /* NULL: nobody declared it */
	/* Its containers' resources: `spec`, or a copy of it as a
	 * VerticalPodAutoscaler admitted the pods. */
	const struct tw_spec_workload *resources;
	const char *set;  /* its ReplicaSet, "cart-7c8d9f5b6"; NULL: it has no
			   * such thing */
	uint32_t copies;  /* made by a restart of the pods of this revision;
			   * TW_NONE: by no restart */
	uint32_t initial; /* of its replicas, the first ones are there when a
			   * run begins: all, but where it is managed: the
			   * others are names for pods that may come */
};

struct tw_replica {
	const char *name; /* as it is shown: "namespace/workload-ordinal", or
			   * "namespace/replicaset-ordinal" where a workload
			   * has several */
	const char *key;  /* what its draws and its place are keyed by: the
			   * same whatever else changes; the pods of a rollout
			   * "namespace/workload-new-ordinal" */
	uint64_t hash;	  /* of the key */
	uint32_t revision, service;
	uint32_t ordinal;
};

/* The replicas that a caller may choose among: a service or a subset. */
struct tw_pool {
	uint32_t service;
	const char *subset; /* NULL: the whole service */
	const uint32_t *replicas;
	uint32_t n_replicas;
};

struct tw_target {
	uint32_t endpoint, pool;
	uint8_t balancer; /* enum tw_balancer */
	double share;	  /* cumulative: of this target and all before it */
	const struct tw_upstream *upstream; /* NULL: nothing is kept */
};

/* Another channel for the same calls, where their traits are as wanted: the
 * first that fits applies, else the channel itself. */
struct tw_variant {
	struct tw_wanted wanted;
	uint32_t channel; /* TW_NONE: the condition is beyond the limit */
};

struct tw_mirror {
	uint32_t channel; /* without a policy, but for the timeout */
	double share;
};

/* What the caller's proxy does with a call before its router has it. */
struct tw_aside {
	const struct tw_lookup *lookup; /* the caller's own; NULL: none */
	const struct tw_mirror *mirrors;
	uint32_t n_mirrors;
	int respond; /* answers itself with this status; 0: no */
	int abort;
	double abort_share, delay_share; /* 0: never */
	tw_time delay;
};

/*
 * From a caller to an endpoint, with the one policy that applies. A target's
 * endpoint is the called one, or that of the same name in the service to
 * which a route sends the call.
 */
struct tw_channel {
	uint32_t caller; /* service; TW_NONE: outside */
	uint32_t endpoint;
	const struct tw_target *targets;
	uint32_t n_targets;
	uint32_t retries;      /* beyond the first try */
	uint32_t host_retries; /* choices again of a retry */
	uint32_t retry_on;     /* enum tw_retry_on, or-ed */
	const int *retry_codes;
	uint32_t n_retry_codes;
	tw_time timeout;     /* all tries and back-offs; 0: none */
	tw_time try_timeout; /* 0: none */
	tw_time backoff_base, backoff_max;
	bool propagate_deadline;
	double backoff_multiplier; /* 0: Envoy's back-off */
	double backoff_jitter;
	bool push_back;	   /* gRPC's; any of both: a service may say */
	tw_time reset_max; /* Envoy's; 0: not looked at */
	const struct tw_spec_policy *policy; /* NULL: none fits */
	const struct tw_variant *variants;
	uint32_t n_variants;
	const struct tw_aside *aside; /* NULL: nothing */
};

struct tw_node {
	const char *name;
	uint64_t hash;
	uint32_t zone;
	int64_t cpu, memory; /* allocatable: thousandths, bytes */
	bool assumed;
	bool spare; /* not there when a run begins (struct tw_node_group) */
	const struct tw_node_spec *spec; /* as the scheduler sees it */
};

/* Nodes of one shape that the cluster autoscaler adds and removes. */
struct tw_node_group {
	const char *name;
	uint32_t first, n; /* nodes, n at most */
	uint32_t min;
	tw_time provisioning;
};

/* What a controller looks after in the run (twins/cluster/workloads.h). */
struct tw_job_call {
	uint32_t endpoint;
	tw_time gap; /* between calls of a pod */
};

enum tw_failure_action { TW_FAILURE_COUNTS, TW_FAILURE_IGNORED, TW_FAILURE_FATAL };

/* A rule of a podFailurePolicy: pods that were disrupted, or that failed with
 * one of the codes, or with none of them. */
struct tw_failure_rule {
	enum tw_failure_action action;
	bool disrupted, none_of;
	const uint8_t *codes;
	uint32_t n_codes;
};

/* A Job, or what a CronJob starts. */
struct tw_job {
	const struct tw_dist *runs; /* ns that a pod runs */
	uint32_t threads;	    /* that compute meanwhile */
	double fails;		    /* share of pods */
	const struct tw_job_call *calls;
	uint32_t n_calls;
	uint32_t parallelism, completions, backoff_limit;
	bool any;	  /* no completions: one pod's success is enough */
	bool suspended;	  /* a Job: it makes no pods */
	bool restarts;	  /* restartPolicy: OnFailure */
	bool only_failed; /* a pod is replaced when it has ended */
	uint32_t success_count; /* succeeded pods that are enough; 0: all */
	uint8_t exit_code;	/* of pods that fail */
	const struct tw_failure_rule *rules;
	uint32_t n_rules;
	tw_time deadline; /* activeDeadlineSeconds; TW_NEVER: none */
	/* CronJob: when it starts, ns from the run's begin, in order. */
	const tw_time *starts;
	uint32_t n_starts;
	uint8_t concurrency;	   /* enum tw_concurrency_policy */
	tw_time starting_deadline; /* TW_NEVER: none */
};

enum tw_concurrency_policy { TW_CRON_ALLOW, TW_CRON_FORBID, TW_CRON_REPLACE };

/* Pods of a Job, or of all of a CronJob's that run side by side, that have
 * names. */
#define TW_JOB_SLOTS 16

struct tw_workload {
	const char *name;  /* "namespace/name" */
	const char *kind;  /* "Deployment"; of what has no manifest, too */
	uint32_t service;  /* TW_NONE: none */
	uint32_t revision; /* the new one */
	uint32_t old;	   /* before the rollout; TW_NONE: the same */
	const uint32_t *revisions; /* all, in the model's order: the new one,
				    * that of before, what restarts make */
	uint32_t n_revisions;
	uint32_t had, desired;	 /* pods; before and after it is rolled out */
	bool changes;		 /* rolled out at rollout_at */
	bool keeps_size;	 /* then, too: an autoscaler's, and its manifest
				  * says nothing of a size */
	bool paused, was_paused; /* after and before it is rolled out */
	uint32_t history;	 /* old revisions that it keeps */
	/* Of a Deployment. */
	const char *surge, *unavailable; /* "25%" or a number of pods */
	bool recreate;
	tw_time progress_deadline; /* 0: none */
	tw_time min_ready;
	/* Of a StatefulSet, whose maxUnavailable counts too. */
	bool parallel;
	bool on_delete; /* of a DaemonSet too: nobody rolls it out */
	uint32_t partition;
	const struct tw_job *job;	     /* NULL: it is none */
	const struct tw_spec_workload *spec; /* NULL: nobody declared it */
};

/* A metric of an autoscaler, and what it is in the twin. */
struct tw_autoscaler_metric {
	enum tw_hpa_source source;
	enum tw_hpa_target type;
	const char *name, *object;
	const char *container;	    /* NULL: all of a pod's */
	int64_t target, activation; /* per cent or thousandths */
	bool is_cpu, is_memory;
	/* Of what is neither cpu nor memory. */
	enum tw_measure measure;
	uint32_t service; /* TW_NONE: no service's */
	int64_t value;	  /* thousandths: TW_MEASURE_VALUE */
};

/* An autoscaler (twins/cluster/autoscale.h). */
struct tw_autoscaler {
	const char *name; /* "namespace/name" */
	const char *kind;
	uint64_t hash;
	uint32_t workload;
	int64_t min, max;
	double up_tolerance, down_tolerance;
	bool has_behavior;
	struct tw_hpa_rules up, down;
	const struct tw_autoscaler_metric *metrics; /* those that are known */
	uint32_t n_metrics;
	/* KEDA. */
	bool wakes;   /* from `idle` pods, and puts to sleep */
	int64_t idle; /* how many it leaves then */
	tw_time polling, cooldown;
};

struct tw_autoscaling {
	tw_time sync_period, downscale, cpu_init, ready_delay;
	tw_time metric_resolution, scrape_interval, rate_window;
	bool metrics_server;
	/* The cluster autoscaler. */
	tw_time scan_interval, unneeded_time, after_add;
	double least_used;
	bool random_expander;
};

/* A PodDisruptionBudget. */
struct tw_pod_budget {
	const char *name; /* without its namespace */
	/* One of them, "25%" or a number of pods; NULL: the other. */
	const char *min_available, *max_unavailable;
	bool always_allow;  /* unready pods may be evicted whatever it says */
	const bool *covers; /* by revision */
};

struct tw_probe_plan {
	bool on;
	bool served; /* as a request: httpGet, grpc */
	tw_time delay, period, timeout;
	uint32_t success, failure; /* thresholds */
};

struct tw_probe_plans {
	struct tw_probe_plan readiness, liveness, startup;
};

/* A container of a pod. */
enum tw_container_kind {
	TW_CONTAINER_INIT,    /* the next one starts when it has ended well */
	TW_CONTAINER_SIDECAR, /* when it is up, by its startup probe */
	TW_CONTAINER_MAIN,
};

struct tw_container {
	const char *name;
	uint64_t hash;
	uint32_t image;		    /* of model->pulls; TW_NONE: it has none */
	uint8_t kind;		    /* enum tw_container_kind */
	uint8_t pull;		    /* enum tw_pull_policy */
	const struct tw_dist *runs; /* NULL: no time */
	double fails;
	struct tw_probe_plan startup; /* of a sidecar */
};

/* How pods of a revision start and stop. */
struct tw_pod_life {
	/* In the order in which the kubelet starts them, where images or init
	 * containers take time; n 0: all start at once. */
	const struct tw_container *containers;
	uint32_t n_containers, n_init;
	bool never_restarts;	       /* restartPolicy: Never */
	const struct tw_dist *startup; /* until it listens */
	/* Of any kind, exec too: whether they find a process that listens. */
	struct tw_probe_plan starts, liveness; /* startup probe, liveness */
	bool probed;			       /* by a readiness probe */
	tw_time probe_delay, probe_period;
	uint32_t probe_success;
	tw_time pre_stop, grace;
};

struct tw_model {
	struct tw_arena arena;
	const struct tw_spec *spec;
	struct tw_service *services;
	struct tw_endpoint *endpoints;
	struct tw_program *programs;
	struct tw_step *steps;
	uint32_t *branches; /* first steps of parallel branches */
	struct tw_cache *caches;
	struct tw_channel *channels;
	struct tw_revision *revisions;
	struct tw_replica *replicas;
	struct tw_pool *pools;
	struct tw_node *nodes;
	const char **zones;	   /* names */
	const char **regions;	   /* names; "": of zones that tell none */
	const uint32_t *region_of; /* by zone */
	uint32_t n_services, n_endpoints, n_programs, n_steps, n_branches,
		n_caches, n_channels, n_revisions, n_replicas, n_pools, n_nodes,
		n_zones, n_regions;
	struct tw_dns dns;
	bool deadlines; /* some channel propagates its deadline */
	/* Round trips, [from * (n_zones + 1) + to]; index n_zones is the
	 * outside. NULL: none, it takes no time. */
	const struct tw_dist **rtt;
	/* Where replicas stand, TW_NONE: nowhere; set by tw_place(). */
	uint32_t *node_of;
	const struct tw_probe_plans *probes; /* by revision; NULL: none */
	/* Where the control plane acts in the run: what it manages. */
	const struct tw_workload *workloads;
	uint32_t n_workloads;
	const uint32_t *workload_of;	 /* by revision; TW_NONE: nobody's */
	const struct tw_pod_life *lives; /* by revision; NULL: not managed */
	const struct tw_autoscaler *autoscalers;
	uint32_t n_autoscalers;
	struct tw_autoscaling autoscaling;
	const struct tw_vertical *verticals;
	uint32_t n_verticals;
	struct tw_vertical_setting vertical_setting;
	const struct tw_node_group *groups;
	uint32_t n_groups;
	const struct tw_pod_budget *budgets;
	uint32_t n_budgets;
	struct tw_pulls pulls;
	struct tw_storage storage;
	uint32_t n_rollouts; /* workloads that change at rollout_at */
	tw_time rollout_at;
	tw_time endpoint_delay, restart_delay;
	tw_time node_grace; /* 0: by leases and the release */
	int kubernetes;	    /* the release 1.N */
	bool closed;	    /* some service's `reach` is there */
	struct tw_conditions conditions;
	const struct tw_carry *carry; /* by step; NULL: no conditions */
	struct tw_key_sources keys;   /* that requests carry; none: n is 0 */
	const struct tw_key_carry *key_carry; /* by step; NULL: no keys */

	struct tw_map service_of; /* key -> struct tw_service * */
	struct tw_map channel_of; /* "caller endpoint" -> channel */
};

/* NULL where the spec has errors: they are in diags. Notes and warnings say
 * what was assumed. */
struct tw_model *tw_model_compile(struct tw_spec *spec, struct tw_diags *diags);
void tw_model_free(struct tw_model *model);

/* What its pods are where they have these resources (`to->resources`): all that
 * follows from requests and limits. `from` may be `to`. */
void tw_revision_resize(struct tw_arena *arena, const struct tw_revision *from,
	const struct tw_spec_workload *resources, struct tw_revision *to);

/* By "namespace/name"; a name alone where only one service has it. */
uint32_t tw_model_service(const struct tw_model *model, const char *name);
/* `endpoint` NULL: the only one. */
uint32_t tw_model_endpoint(
	const struct tw_model *model, uint32_t service, const char *endpoint);

/* What a call from `caller` (TW_NONE: outside) to an endpoint meets. The ones
 * that programs make, and those from outside to every endpoint, are compiled;
 * for any other pair this works it out, without variants and mirrors. Arrays of
 * *to live in the arena. */
void tw_model_resolve(const struct tw_model *model, struct tw_arena *arena,
	uint32_t caller, uint32_t endpoint, struct tw_channel *to);
/* The compiled one, or TW_NONE. */
uint32_t tw_model_channel(
	const struct tw_model *model, uint32_t caller, uint32_t endpoint);

/* "outside" for TW_NONE. */
const char *tw_model_caller_name(const struct tw_model *model, uint32_t caller);

/*
 * Names for `each:`: "services", "nodes", "zones", "regions", "replicas",
 * "replicas of GLOB" (of services), "callees of GLOB", "callers of GLOB",
 * "endpoints of GLOB". Globs match "namespace/name" or the name alone. Appends
 * names in the model's order, each once. False: the selector is none of these.
 */
TW_VEC_TYPE(tw_names, const char *);
bool tw_model_each(const struct tw_model *model, const char *selector,
	struct tw_names *to);

/* Does a glob of a person fit a "namespace/name" (or its name alone)? */
bool tw_model_name_fits(const char *glob, const char *key);

#endif
