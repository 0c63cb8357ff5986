/*
 * The spec: the system under test as typed, mutable data. Manifests, Compose
 * files, twin models and captures are read into one spec, each field with its
 * origin; tw_model_compile() (twins/model/model.h) makes the flat, read-only
 * model of it that a twin runs.
 *
 * A field whose origin is NULL was given by nobody: the compiler takes the
 * default that stands beside it here. Everything lives in the spec's arena.
 *
 * Names. A service and a workload are known by "namespace/name"; where nobody
 * gives a namespace it is "default" (Kubernetes) or the project (Compose).
 * Units. Times: ns. CPU: thousandths of a core. Memory: bytes. Ratios: 0..1.
 */
#ifndef TW_MODEL_SPEC_H
#define TW_MODEL_SPEC_H

#include "twins/base/error.h"
#include "twins/base/map.h"
#include "twins/base/units.h"
#include "twins/base/vector.h"
#include "twins/model/autoscaler.h"
#include "twins/model/dns.h"
#include "twins/model/images.h"
#include "twins/model/netpol.h"
#include "twins/model/pod.h"
#include "twins/model/policy.h"
#include "twins/model/route.h"
#include "twins/model/selector.h"

/* ---- behaviour ------------------------------------------------------- */

enum tw_step_kind {
	TW_STEP_CPU,	  /* time on a CPU: law */
	TW_STEP_WAIT,	  /* time off it: law */
	TW_STEP_CALL,	  /* a call to another service */
	TW_STEP_PARALLEL, /* children side by side; done when all are */
	TW_STEP_SEQUENCE, /* children one after the other */
	TW_STEP_CACHE,	  /* children where a cache has not got it: hit, keys */
	TW_STEP_FILL,	  /* made by the compiler: the end of such children */
};

struct tw_spec_step;
TW_VEC_TYPE(tw_spec_steps, struct tw_spec_step *);

struct tw_spec_step {
	enum tw_step_kind kind;
	struct tw_law law;	/* cpu, wait */
	struct tw_text service; /* call: "namespace/name" */
	struct tw_text
		endpoint; /* call: NULL: the callee's only or default one */
	struct tw_labels headers; /* call: those that it sets */
	struct tw_int timeout;	  /* call: the caller's own; default none */
	struct tw_int retries;	  /* call: the caller's own; default none */
	bool optional; /* call: its failure does not fail the caller */
	struct tw_real probability; /* of being done at all; default 1 */
	struct tw_int repeat;	    /* times, one after the other; default 1 */
	struct tw_real hit;	    /* cache: of a warm one; default 1 */
	struct tw_int keys;  /* cache: that are asked for; default TW_KEYS */
	struct tw_int local; /* cache: 1: each replica has its own */
	struct tw_spec_steps children;
	const struct tw_origin *origin; /* of the step itself (the edge) */
};

/* Nobody's figure. */
#define TW_KEYS 1000

struct tw_spec_endpoint {
	const char *name; /* "GET /product/{id}", "Package.Service/Method" */
	struct tw_spec_steps steps;
	struct tw_real errors; /* ratio that fails by itself; default 0 */
	struct tw_int status;  /* of those failures; default 500 */
	/* Bytes on the wire: what limited bandwidth and lost packets cost. */
	struct tw_int request_bytes; /* default TW_REQUEST_BYTES */
	struct tw_int answer_bytes;  /* default TW_ANSWER_BYTES */
	const struct tw_origin *origin;
};

/* Nobody's figures: a request with its headers in one packet, an answer of
 * some kilobytes of JSON in three. */
#define TW_REQUEST_BYTES 1024
#define TW_ANSWER_BYTES	 4096

/* ---- services -------------------------------------------------------- */

struct tw_spec_port {
	struct tw_text name; /* of the Service's port */
	struct tw_int port;
	struct tw_text target_name; /* a named targetPort */
	struct tw_int target;	    /* a numbered one; default: port */
	struct tw_text protocol;    /* "TCP" */
	const struct tw_origin *origin;
};

TW_VEC_TYPE(tw_spec_ports, struct tw_spec_port);

struct tw_spec_subset { /* DestinationRule */
	const char *name;
	struct tw_labels labels;
	const struct tw_origin *origin;
};

TW_VEC_TYPE(tw_spec_subsets, struct tw_spec_subset);

enum tw_balancer {
	TW_BALANCE_ROUND_ROBIN,
	TW_BALANCE_RANDOM,
	TW_BALANCE_LEAST_REQUEST, /* power of two choices */
	TW_BALANCE_RING_HASH,	  /* by a key of the request: keys.h */
	TW_BALANCE_MAGLEV,
};

enum tw_concurrency {
	TW_THREADS, /* a worker is held until the answer is ready */
	TW_ASYNC,   /* a worker is held while it computes only */
};

enum tw_queue_order {
	TW_FIFO,
	TW_LIFO,
	TW_ADAPTIVE_LIFO, /* last in, first out while the queue stands */
};

/* What a replica does with one in its queue whose caller has gone. */
enum tw_abandoned { TW_ABANDONED_SERVE, TW_ABANDONED_DROP };

struct tw_spec_job_call {
	struct tw_text service, endpoint; /* "namespace/name"; NULL: the only */
	struct tw_real rate;		  /* calls/s of each pod */
	const struct tw_origin *origin;
};

/* What pods of a Job or a CronJob do; without `runs` it is not run. */
struct tw_spec_job {
	struct tw_law runs;   /* ns that a pod runs */
	struct tw_int cpu;    /* thousandths of a core that it keeps busy */
	struct tw_real fails; /* share of pods that fail; default 0 */
	TW_VEC(struct tw_spec_job_call *) calls;
};

/* What an init container does. */
struct tw_spec_init {
	const char *name;
	struct tw_law runs;   /* until it has ended; one that stays
			       * (restartPolicy: Always): until it is up;
			       * default: no time */
	struct tw_real fails; /* share of its runs that fail; default 0 */
	const struct tw_origin *origin;
};

struct tw_spec_workload;
TW_VEC_TYPE(tw_spec_workload_refs, struct tw_spec_workload *);

struct tw_spec_service {
	const char *key; /* "namespace/name" */
	const char *namespace, *name;
	const struct tw_origin *origin; /* of the Service object, or of the
					 * first mention in a model */
	bool has_object; /* a Service (or Compose service) declares it */
	bool has_selector;
	struct tw_labels selector;
	struct tw_text type; /* "ClusterIP" … */
	struct tw_text external_name;
	bool sidecar;	     /* its pods have Istio's proxy: channels.c */
	bool external;	     /* outside the cluster: it stands on no node */
	struct tw_real rate; /* requests/s that it takes; more: 429 */
	struct tw_int burst; /* of them at once; default: those of a second */
	/* Said with answers 429 and 503: Retry-After, x-ratelimit-reset,
	 * grpc-retry-pushback-ms. */
	struct tw_int retry_after; /* ns; default: nothing is said */
	struct tw_int no_retry;	   /* it says so (a push-back below 0) */
	bool headless;
	/* "Local" or "Cluster"; default: Cluster. */
	struct tw_text internal_policy, external_policy;
	/* trafficDistribution, or of the annotation topology-mode "Auto";
	 * default: none. */
	struct tw_text distribution;
	struct tw_int publish_not_ready; /* 1: it is; default 0 */
	struct tw_spec_ports ports;
	struct tw_spec_subsets subsets;
	struct tw_spec_workload_refs workloads; /* set by tw_spec_link() */

	struct tw_map endpoints;   /* name -> struct tw_spec_endpoint * */
	struct tw_int workers;	   /* per replica; default: spec->workers */
	struct tw_int queue;	   /* per replica; default: spec->queue */
	struct tw_int queue_order; /* enum tw_queue_order; default FIFO */
	struct tw_int queue_time;  /* ns that one may wait; default no bound */
	struct tw_int abandoned;   /* enum tw_abandoned; default: served */
	struct tw_int concurrency; /* enum tw_concurrency; default threads */
	struct tw_int in_flight; /* asynchronous: requests at work in a replica
				  * at once; default no bound */
	/* Memory of a replica, bytes; where none of the first three is given
	 * it is not modelled. */
	struct tw_int memory_base, memory_request, memory_leak;
	struct tw_int memory_limit; /* where no manifest says */
	/* A replica stands still for `pause_for`, `pause_every` after it ran
	 * on from the pause before. */
	struct tw_law pause_every, pause_for;
	/* Its work takes `slow_factor` times as long for `slow_leave`,
	 * `slow_enter` after the last time. */
	struct tw_real slow_factor;
	struct tw_law slow_enter, slow_leave;
	struct tw_int cpus;	/* thousandths of cores that a replica can use
				 * at once; default: as many as it has threads */
	struct tw_int replicas; /* where no workload says; default 1 */
	struct tw_int balancer; /* enum tw_balancer; default round robin */
	/* Kubernetes, Service sessionAffinity ClientIP with timeoutSeconds: ns
	 * after its last request for which a client's go to one replica. Of
	 * callers without a sidecar; the outside only where no entry (a way in
	 * that knows the pods itself) leads here. */
	struct tw_int session_affinity;
	struct tw_spec_job job;
	TW_VEC(struct tw_spec_init *) init; /* of its pods */
	struct tw_texts starts_after; /* services: one pod of each is ready
				       * before a process of this one starts */
	struct tw_law restore; /* of a pod that replaces a lost one and finds
				* no other: its data, from a backup */
	struct tw_law startup; /* of a pod, from its container's start until
				* it listens; default: restart_delay */
	int64_t most; /* pods that something may ask for in the run, where no
		       * workload is its own */
	int64_t restarts; /* of those pods, likewise (tw_spec_may_restart()) */
};

/* ---- workloads ------------------------------------------------------- */

enum tw_probe_kind {
	TW_PROBE_NONE,
	TW_PROBE_HTTP,
	TW_PROBE_TCP,
	TW_PROBE_GRPC,
	TW_PROBE_EXEC,
};

/* Defaults: core/v1 Probe (initialDelaySeconds 0, period 10 s, timeout 1 s,
 * success 1, failure 3). */
struct tw_spec_probe {
	enum tw_probe_kind kind;
	struct tw_text path;			      /* http */
	struct tw_text port_name;		      /* a named port */
	struct tw_int port;			      /* or a number */
	struct tw_int initial_delay, period, timeout; /* ns */
	struct tw_int success, failure;		      /* thresholds */
	const struct tw_origin *origin;
};

struct tw_spec_env {
	const char *name;
	struct tw_text value; /* v NULL: valueFrom that could not be read */
};

struct tw_spec_container_port {
	struct tw_text name;
	struct tw_int port;
	enum tw_protocol protocol;
};

struct tw_spec_container {
	const char *name;
	struct tw_text image;
	bool is_init;
	bool is_sidecar; /* an init container that stays (restartPolicy) */
	struct tw_text pull_policy; /* imagePullPolicy; default: images.h */
	TW_VEC(struct tw_spec_container_port) ports;
	TW_VEC(struct tw_spec_env) env;
	TW_VEC(struct tw_text) args;		    /* command, then args */
	struct tw_int cpu_request, cpu_limit;	    /* thousandths */
	struct tw_int memory_request, memory_limit; /* bytes */
	struct tw_spec_probe readiness, liveness, startup;
	const struct tw_origin *origin;
};

/* What resolv.conf of its pods says (dns.h). */
struct tw_spec_resolver {
	struct tw_text policy; /* dnsPolicy; default ClusterFirst */
	struct tw_int host_network;
	struct tw_texts searches;		/* dnsConfig */
	struct tw_int ndots, timeout, attempts; /* its options; timeout: ns */
};

struct tw_spec_workload {
	const char *key; /* "namespace/name" where that is unique in the spec,
			  * else "namespace/kind/name" */
	const char *namespace, *name;
	const char *kind; /* "Deployment", "StatefulSet", "compose" … */
	const struct tw_origin *origin;
	struct tw_int replicas;	 /* default 1; a DaemonSet: one a node */
	struct tw_labels labels; /* of its pods */
	struct tw_pod_spec pod;	 /* what the scheduler looks at */
	struct tw_spec_resolver resolver;
	struct tw_text injection; /* annotation sidecar.istio.io/inject */
	TW_VEC(struct tw_spec_container *) containers;
	struct tw_text strategy; /* "RollingUpdate", "Recreate" … */
	struct tw_text max_surge, max_unavailable; /* "25%" or a number */
	struct tw_int termination_grace;	   /* ns; default 30 s */
	struct tw_text restart_policy; /* "Always" (default), "Never", ... */
	struct tw_int pre_stop; /* ns that its longest preStop sleeps; 0 */
	struct tw_int progress_deadline; /* ns; default 600 s */
	struct tw_int min_ready; /* ns until ready is available; default 0 */
	struct tw_int paused;	 /* 1: its template is not rolled out */
	struct tw_int history_limit; /* old revisions that are kept; 10 */
	uint64_t template_hash; /* of its pod template as it was written; 0 */
	/* StatefulSet: "OrderedReady" (default), "Parallel"; ordinals below
	 * the partition stay as they are (default 0). */
	struct tw_text pod_management;
	struct tw_int partition;
	/* Job; defaults: 1, as parallelism or 1, 6, none (ns). */
	struct tw_int parallelism, completions, backoff_limit, deadline;
	/* CronJob: five fields; "Allow" (default), "Forbid", "Replace"; ns;
	 * 1: suspended. */
	struct tw_text schedule, concurrency;
	struct tw_int starting_deadline, suspend;
	/* In a rollout (tw_spec_rollout()): the workload as it was, and how
	 * many pods it had; -1: this one does not change. */
	struct tw_spec_workload *replaces;
	int64_t had;
	int64_t most;	  /* pods that something may ask for in the run
			   * (tw_spec_may_grow()); 0: nothing does */
	int64_t restarts; /* that it may be asked for (tw_spec_may_restart()) */
	/* Of the pod itself, beside its containers'. */
	struct tw_int cpu_request, cpu_limit;	    /* thousandths */
	struct tw_int memory_request, memory_limit; /* bytes */
	struct tw_map behaviour; /* endpoint -> struct tw_spec_endpoint *: where
				  * this revision differs from its service */
};

/* ---- channels: what lies between a caller and a callee --------------- */

/* What a retry is made for (Envoy's x-envoy-retry-on, Gateway API's codes). */
enum tw_retry_on {
	TW_RETRY_5XX = 1 << 0,		   /* any 5xx, reset, connect failure */
	TW_RETRY_GATEWAY_ERROR = 1 << 1,   /* 502, 503, 504 */
	TW_RETRY_CONNECT_FAILURE = 1 << 2, /* nobody there */
	TW_RETRY_RESET = 1 << 3,	   /* reset, and a try's timeout */
	TW_RETRY_REFUSED = 1 << 4,	   /* shed before any work: 503 */
	TW_RETRY_RETRIABLE_4XX = 1 << 5,   /* 409 */
	TW_RETRY_TIMEOUT = 1 << 6,	   /* a try's own timeout */
	TW_RETRY_UNAVAILABLE = 1 << 7,	   /* gRPC 14, of calls of gRPC */
};

struct tw_spec_destination {
	struct tw_text service; /* NULL: the policy's own callee */
	struct tw_text subset;	/* NULL: all of it */
	struct tw_int weight;	/* default: equal shares */
};

/*
 * What a route asks of a request beyond service, method and path. Which of
 * them hold is known of captured requests, and of calls inside as far as the
 * model says which headers go on (tw_spec.propagate): twins/model/traits.h.
 */
enum tw_condition_of {
	TW_CONDITION_HEADER, /* `name` without regard to case */
	TW_CONDITION_QUERY,  /* a parameter of the query */
	TW_CONDITION_PATH,   /* without the query */
};

enum tw_condition_is {
	TW_CONDITION_EXACT,
	TW_CONDITION_PREFIX,
	TW_CONDITION_REGEX, /* the whole: twins/base/regex.h */
	TW_CONDITION_PRESENT,
};

struct tw_spec_condition {
	enum tw_condition_of of;
	enum tw_condition_is is;
	bool negated;	      /* it must not hold */
	const char *name;     /* header, query; NULL: path */
	struct tw_text value; /* NULL: present */
	const struct tw_origin *origin;
};

TW_VEC_TYPE(tw_spec_conditions, struct tw_spec_condition);

/* A copy of the request; its answer is thrown away. */
struct tw_spec_mirror {
	struct tw_text service; /* NULL: the policy's own callee */
	struct tw_text subset;
	struct tw_real share; /* of the requests; default 1 */
};

/*
 * What the caller's proxy does before its router sees the request: delays,
 * aborts (Istio `fault:`; Envoy's fault filter), answers. So retries, route
 * timeouts and outlier detection take no part in it; the caller's application
 * sees it.
 */
struct tw_spec_inject {
	struct tw_int delay;	    /* ns */
	struct tw_real delay_share; /* of the requests; default 1 */
	struct tw_int abort;	    /* the status */
	struct tw_real abort_share; /* default 1 */
};

/*
 * One rule. The VirtualService, DestinationRule, HTTPRoute and twin models'
 * `policies:` become such rules in file order, and those of manifests stand
 * before those of models.
 *
 * A rule speaks of the route (timeouts, retries, destinations) and of what a
 * proxy does with the replicas (the groups of policy.h). The route of a call
 * is that of the first rule that fits it, and each group that of the first
 * rule that fits and gives a field of that group. A rule that gives groups
 * alone says nothing of the route.
 */
struct tw_spec_policy {
	const char *caller;   /* "namespace/name" glob; NULL: any */
	const char *callee;   /* "namespace/name" glob; never NULL */
	const char *endpoint; /* glob over endpoint names; NULL: any */
	const char *subset;   /* groups: of the destination; NULL: any */
	uint32_t group;	      /* that of a VirtualService's rules; 0: none */
	bool grpc;	      /* calls of gRPC alone; of `endpoint` the method
			       * is enough where one's name has no service */
	struct tw_text path_prefix,
		path_exact;		      /* of VirtualServices; matched
					       * against the path of the endpoint's name */
	struct tw_spec_conditions conditions; /* all must hold */
	struct tw_text rewrite; /* of the path: the prefix's (path_prefix, or
				 * all that comes) or the whole's (path_exact)
				 * replacement */
	struct tw_int respond;	/* the proxy answers itself: the status of a
				 * redirect or a direct response */
	TW_VEC(struct tw_spec_mirror) mirrors;
	struct tw_spec_inject inject;
	struct tw_int timeout;	   /* all tries together */
	struct tw_int try_timeout; /* one try */
	struct tw_int retries;	   /* beyond the first try */
	/* How often a retry chooses again where it came upon a replica that
	 * the call has tried; then it takes it all the same. Envoy,
	 * RetryPolicy.host_selection_retry_max_attempts with the predicate
	 * previous_hosts; default 0. */
	struct tw_int host_retries;
#define TW_ISTIO_HOST_RETRIES 5	    /* Istio's, of every route with retries */
	struct tw_int retry_on;	    /* enum tw_retry_on, or-ed */
	TW_VEC(int) retry_codes;    /* HTTP statuses, beside retry_on */
	struct tw_int backoff_base; /* default 25 ms (Envoy RetryBackOff) */
	struct tw_int backoff_max;  /* default 10 * base */
	/* Where given, the pause before retry N is base * multiplier^(N-1), at
	 * most max, times a uniform in [1 - jitter, 1 + jitter) (gRPC A6). */
	struct tw_real backoff_multiplier;
	struct tw_real backoff_jitter; /* default 0.2 (gRPC A6) */
	/* Where a callee says with 429 or 503 when to come back (retry_after
	 * of a service): gRPC A6, grpc-retry-pushback-ms: exactly then, and
	 * the back-off begins anew; not at all where it says so. Envoy,
	 * RetryPolicy.rate_limited_retry_back_off (Retry-After,
	 * x-ratelimit-reset): uniform in [t, 1.5 t) where t is not over its
	 * max_interval (300 s there), which is this field. */
	struct tw_int push_back;	    /* default false */
	struct tw_int rate_limited_backoff; /* ns; default: not looked at */
	struct tw_spec_connections connections;
	struct tw_spec_breaker breaker;
	struct tw_spec_retry_budget budget;
	struct tw_spec_retry_throttle throttle;
	struct tw_spec_outlier outlier;
	struct tw_spec_locality locality;
	struct tw_spec_rate_limit rate_limit;
	struct tw_spec_app_breaker app_breaker;
	struct tw_spec_bulkhead bulkhead;
	struct tw_int propagate_deadline; /* of the route: gRPC: what is left of
					   * its timeout bounds the calls that
					   * the callee makes; default false */
	struct tw_spec_balancing balancing; /* and `balancer`: one group */
	struct tw_int balancer;		    /* enum tw_balancer */
	TW_VEC(struct tw_spec_destination) destinations;
	const struct tw_origin *origin;
};

/*
 * Calls that cannot arrive: the address that the caller has of the callee
 * leads to no service, or to a port that nobody opens. Each try fails at once
 * (503, no host), whatever the policy says.
 */
struct tw_spec_severed {
	const char *caller; /* "namespace/name"; "outside": requests from it */
	const char *callee; /* "namespace/name" */
	struct tw_text why; /* a sentence */
};

/* ---- the way in ------------------------------------------------------ */

/* Ingress, HTTPRoute, VirtualService on a gateway, or a model's `entry:`.
 * Which rule wins is decided by twins/model/route.h. */
struct tw_spec_entry {
	const char *host;   /* "*.shop.example", NULL: any */
	const char *method; /* NULL: any */
	const char *path;   /* "/"; templates: "/product/{id}" */
	enum tw_path_match match;
	struct tw_spec_conditions conditions; /* all must hold */
	struct tw_text rewrite; /* of the path, as in struct tw_spec_policy */
	/* Entries of one ordered list (a VirtualService's) have the same group
	 * and are tried in their order, whatever their paths; 0: none. */
	uint32_t group;
	struct tw_text service; /* "namespace/name" */
	struct tw_int respond;	/* no service: the way in answers itself */
	struct tw_int port;
	struct tw_text port_name;
	struct tw_int weight;
	const struct tw_origin *origin;
};

/* ---- the ground it stands on ----------------------------------------- */

struct tw_spec_node {
	const char
		*name; /* count 3 of "worker": worker-1, worker-2, worker-3 */
	struct tw_int count;   /* default 1 */
	struct tw_text zone;   /* default "a" */
	struct tw_text region; /* default: its label, else none is known */
	struct tw_int cpu;     /* thousandths */
	struct tw_int memory;  /* bytes */
	struct tw_int pods;    /* at most; default 110 (kubelet, maxPods) */
	/* The cluster autoscaler's: count is how many there are at first. */
	struct tw_int min, max;	    /* default: count */
	struct tw_int provisioning; /* ns; default TW_PROVISIONING */
	struct tw_labels labels;    /* beside those that every node has */
	struct tw_taints taints;
	/* A Node object: all that a kubelet reports. NULL: a model's. */
	const struct tw_node_spec *object;
	const struct tw_origin *origin;
};

/* Round trip time between zones; each direction is half of one draw. */
struct tw_spec_link {
	const char *from, *to; /* zones; "*": any. "same": within a zone,
				* "cross": between two, "cross-region": of two
				* regions */
	bool regions;	       /* from and to are regions */
	struct tw_law rtt;
	const struct tw_origin *origin;
};

/* An object that the twin does not model (yet): kept and named. */
struct tw_spec_kept {
	const char *group, *kind, *namespace, *name;
	struct tw_pos pos;
};

#define TW_KUBERNETES 36 /* 1.36 */

/* A PodDisruptionBudget. */
struct tw_spec_budget {
	const char *namespace, *name;
	bool has_selector; /* without one it selects nothing */
	struct tw_label_selector selector;
	/* One of them: "25%" or a number of pods. */
	struct tw_text min_available, max_unavailable;
	struct tw_text unhealthy; /* unhealthyPodEvictionPolicy */
	const struct tw_origin *origin;
};

struct tw_spec {
	struct tw_arena arena;
	struct tw_map services;	 /* key -> struct tw_spec_service * */
	struct tw_map workloads; /* key -> struct tw_spec_workload * */
	TW_VEC(struct tw_spec_policy *) policies;
	TW_VEC(struct tw_spec_severed) severed;
	TW_VEC(struct tw_spec_entry *) entries;
	TW_VEC(struct tw_spec_node *) nodes;
	TW_VEC(struct tw_spec_link *) links;
	struct tw_map namespaces; /* name -> struct tw_labels *, of those that
				   * are declared */
	struct tw_netpols netpols;
	TW_VEC(struct tw_spec_budget *) budgets;
	tw_time rollout_at;	  /* of tw_spec_rollout(); < 0: none */
	bool managed;		  /* the control plane acts in the run */
	bool probes;		  /* those of manifests act in the run */
	struct tw_map priorities; /* PriorityClass -> int64_t * */
	struct tw_map polite;	  /* PriorityClasses that never preempt */
	int64_t usual_priority;	  /* of the globalDefault one */
	TW_VEC(struct tw_spec_autoscaler *) autoscalers;
	struct tw_map metrics; /* name -> struct tw_spec_metric * */
	struct tw_spec_autoscaling autoscaling;
	TW_VEC(struct tw_spec_kept) kept;
	struct tw_spec_names names; /* that manifests show */
	struct tw_spec_dns dns;
	struct tw_spec_images images;
	/* Headers that services pass on to those that they call, globs; beside
	 * those that tracing passes on anyway (twins/model/traits.h). */
	struct tw_texts propagate;
	struct tw_int workers; /* of every service; default 64 */
	struct tw_int queue;   /* default 1024 */
	struct tw_int clock;   /* ns of the day (a Monday, the first of a month)
				* when a run begins; default 0 */
	struct tw_int endpoint_delay; /* ns from a death to its leaving the
				       * callers' lists; default 1 s */
	struct tw_int node_grace;     /* ns from a node's death to its pods'
				       * endpoints leaving; default: as its
				       * lease and the release have it */
	struct tw_int kubernetes;     /* the release, 1.N; default 1.36 */
	struct tw_int restart_delay;  /* ns from a replica's death to its being
				       * ready again; default 10 s */
};

struct tw_spec *tw_spec_new(void);
void tw_spec_free(struct tw_spec *spec);

/* An origin in the spec's arena; detail may be NULL. */
const struct tw_origin *tw_spec_origin(struct tw_spec *spec,
	enum tw_source source, struct tw_pos pos, const char *detail);

/* "name" or "namespace/name" -> "namespace/name" (in the arena). */
const char *tw_spec_key(
	struct tw_spec *spec, const char *namespace, const char *name);

/* Finds or adds. `namespace` NULL: `name` may be "namespace/name"; a plain
 * name is the only service so named, else "default/name". */
struct tw_spec_service *tw_spec_service(struct tw_spec *spec,
	const char *namespace, const char *name,
	const struct tw_origin *origin);
struct tw_spec_service *tw_spec_find_service(
	const struct tw_spec *spec, const char *namespace, const char *name);
/* What stands outside the cluster under a host's name: an ExternalName Service
 * of that host, or the service "external/HOST". The second adds that one. */
struct tw_spec_service *tw_spec_find_external(
	const struct tw_spec *spec, const char *host);
struct tw_spec_service *tw_spec_external(
	struct tw_spec *spec, const char *host, const struct tw_origin *origin);
struct tw_spec_workload *tw_spec_workload(struct tw_spec *spec,
	const char *kind, const char *namespace, const char *name,
	const struct tw_origin *origin);
struct tw_spec_endpoint *tw_spec_endpoint(struct tw_spec *spec,
	struct tw_spec_service *service, const char *name,
	const struct tw_origin *origin);
/* The workload that an autoscaler scales: NULL where nothing declares it. */
struct tw_spec_workload *tw_spec_scaled(
	const struct tw_spec *spec, const struct tw_spec_autoscaler *scaler);
/* The first autoscaler of a workload (by what it replaces in a rollout, too);
 * NULL: none. */
const struct tw_spec_autoscaler *tw_spec_scaler_of(
	const struct tw_spec *spec, const struct tw_spec_workload *workload);
/* What bounds its replicas: KEDA's HPA does not go below 1 by itself. */
void tw_spec_scaler_bounds(
	const struct tw_spec_autoscaler *scaler, int64_t *min, int64_t *max);
struct tw_spec_step *tw_spec_step(struct tw_spec *spec, enum tw_step_kind kind,
	const struct tw_origin *origin);

/* Sets a field unless a stronger source has set it. False where the stronger
 * one stays and says something else: the caller warns. */
bool tw_set_int(struct tw_int *field, int64_t v, const struct tw_origin *);
bool tw_set_real(struct tw_real *field, double v, const struct tw_origin *);
bool tw_set_text(
	struct tw_text *field, const char *v, const struct tw_origin *);
bool tw_set_law(struct tw_law *field, const struct tw_dist *v,
	const struct tw_origin *);

/* Whether a rule gives any field of a group: tw_spec_gives(p, &p->breaker,
 * sizeof p->breaker). */
bool tw_spec_gives(
	const struct tw_spec_policy *policy, const void *group, size_t size);

/* The field, or the default where nobody set it. */
static inline int64_t tw_int_or(struct tw_int field, int64_t otherwise)
{
	return field.origin ? field.v : otherwise;
}

static inline double tw_real_or(struct tw_real field, double otherwise)
{
	return field.origin ? field.v : otherwise;
}

bool tw_labels_match(
	const struct tw_labels *selector, const struct tw_labels *labels);

/* Joins Services to the workloads that their selectors select. Call it once
 * all files are read (again is fine). */
void tw_spec_link(struct tw_spec *spec);

/* The control plane acts in a run of it: every workload has its controller,
 * and names for pods that replace others. */
void tw_spec_manage(struct tw_spec *spec);
/* Whether a node may come to be short of memory (cluster/eviction.h): a model
 * gives that of nodes and of services. */
bool tw_spec_may_press(const struct tw_spec *spec);
/* Likewise; and the workload may be asked to have `n` pods. */
void tw_spec_may_grow(
	struct tw_spec *spec, struct tw_spec_workload *workload, int64_t n);
/* Likewise all of them, and services without one, whose names fit the glob. */
void tw_spec_may_grow_named(struct tw_spec *spec, const char *glob, int64_t n);
/* Likewise, n times in one run: each restart is a revision of its own. */
void tw_spec_may_restart(struct tw_spec *spec, const char *glob, int64_t n);

/*
 * Makes `to` a system in transition: its Deployments' pods are those of
 * `from`, and at `at` (ns) what differs is rolled out. `changed` tells whether
 * the pod template of a Deployment ("namespace/name") differs between the two;
 * where it does, the old workload joins `to` under its own name and the new
 * one's pods are called "name-new". Deployments and StatefulSets that `to` does
 * not have are deleted then, and Services stay. Other kinds, and everything
 * that is not a pod, are as `to` has them from the start. `from` must outlive
 * `to`. Returns how many Deployments change.
 */
size_t tw_spec_rollout(struct tw_spec *to, const struct tw_spec *from,
	tw_time at, bool (*changed)(void *context, const char *workload),
	void *context);

/*
 * Walks every field that was given, in a fixed order, with a path such as
 * "services.shop/cart.workers" or "policies[2].timeout". Exactly one of the
 * four pointers is set. What the differences, the provenance and the scaling
 * of assumed values are made of: a new field is added to one table, in
 * spec_fields.c, spec_services.c, spec_policies.c or spec_cluster.c.
 */
struct tw_spec_field {
	const char *path;
	struct tw_int *integer;
	struct tw_real *real;
	struct tw_text *text;
	struct tw_law *law;
};

typedef void tw_spec_visit(void *context, const struct tw_spec_field *field);
void tw_spec_walk(struct tw_spec *spec, tw_spec_visit *visit, void *context);

const struct tw_origin *tw_spec_field_origin(const struct tw_spec_field *field);
/* The value as a person would write it, e.g. "lognormal p50=1.8ms p99=7ms". */
void tw_spec_field_text(const struct tw_spec_field *field, struct tw_buf *out);

/* Multiplies every assumed time (laws of assumed origin) by the factor: what
 * tells whether a verdict rests on a guess. Returns how many there are. */
size_t tw_spec_scale_assumed(struct tw_spec *spec, double factor);

/* A copy whose fields can be changed without touching the first. Names and
 * origins are shared: the first must outlive it. */
struct tw_spec *tw_spec_copy(const struct tw_spec *spec);

#endif
