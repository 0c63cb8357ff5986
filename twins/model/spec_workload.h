/*
 * A workload of the spec (spec.h, which tells names and units): the pods that
 * one controller makes of one template. Fields and defaults are those of
 * Kubernetes' apps/v1, batch/v1 and core/v1 where nothing else is said.
 */
#ifndef TW_MODEL_SPEC_WORKLOAD_H
#define TW_MODEL_SPEC_WORKLOAD_H

#include "twins/base/map.h"
#include "twins/model/pod.h"
#include "twins/model/value.h"
#include "twins/model/volumes.h"

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
	struct tw_texts claims; /* "namespace/name" that its pods mount */
	struct tw_spec_claims claim_templates; /* StatefulSet */
	/* Templates of generic ephemeral volumes, by the volume's name: a claim
	 * of each pod, which goes with it. */
	struct tw_spec_claims ephemeral;
	struct tw_int local_storage; /* 1: an emptyDir, which a drain asks */
	struct tw_int pre_stop;	     /* ns that its longest preStop sleeps; 0 */
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
	/* Its podFailurePolicy, rule by rule, as "Ignore DisruptionTarget;
	 * FailJob In 42 43; Count NotIn 1"; a successPolicy's succeededCount
	 * (default: no policy). "Failed" where its pods are replaced only when
	 * they have ended. */
	struct tw_text failure_policy;
	struct tw_int success_count;
	struct tw_text replacement;
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

#endif
