/*
 * A service of the spec (spec.h, which tells names and units): what its
 * requests do, step by step, and what a replica of it is like.
 */
#ifndef TW_MODEL_SPEC_SERVICE_H
#define TW_MODEL_SPEC_SERVICE_H

#include "twins/base/map.h"
#include "twins/model/selector.h"
#include "twins/model/value.h"

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
	struct tw_int exit_code; /* of those; default 1 */
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

#endif
