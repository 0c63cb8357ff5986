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
#include "twins/model/selector.h"
#include "twins/model/spec_policy.h"
#include "twins/model/spec_service.h"
#include "twins/model/spec_workload.h"
#include "twins/model/vertical.h"
#include "twins/model/volumes.h"

/* ---- the ground it stands on ----------------------------------------- */

struct tw_spec_node {
	const char
		*name; /* count 3 of "worker": worker-1, worker-2, worker-3 */
	struct tw_int count;   /* default 1 */
	struct tw_text zone;   /* default "a" */
	struct tw_text region; /* default: its label, else none is known */
	struct tw_int cpu;     /* thousandths */
	struct tw_int memory;  /* bytes */
	struct tw_int disk;    /* bytes, for containers; default no bound */
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
	TW_VEC(struct tw_spec_class *) classes;
	TW_VEC(struct tw_spec_volume *) volumes;
	struct tw_spec_claims claims;
	struct tw_spec_storage storage;
	tw_time rollout_at;	  /* of tw_spec_rollout(); < 0: none */
	bool managed;		  /* the control plane acts in the run */
	bool probes;		  /* those of manifests act in the run */
	struct tw_map priorities; /* PriorityClass -> int64_t * */
	struct tw_map polite;	  /* PriorityClasses that never preempt */
	int64_t usual_priority;	  /* of the globalDefault one */
	TW_VEC(struct tw_spec_autoscaler *) autoscalers;
	TW_VEC(struct tw_spec_vertical *) verticals;
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
/* Likewise of a VerticalPodAutoscaler. */
struct tw_spec_workload *tw_spec_vertical_target(
	const struct tw_spec *spec, const struct tw_spec_vertical *it);
const struct tw_spec_vertical *tw_spec_vertical_of(
	const struct tw_spec *spec, const struct tw_spec_workload *workload);
/* How a pod of the workload is admitted: the workload, or a copy of it in the
 * arena whose containers' requests, and the limits with them, are what is
 * recommended (by container of `it`, then resource). */
const struct tw_spec_workload *tw_spec_admitted(struct tw_arena *arena,
	const struct tw_spec_workload *workload, const struct tw_vertical *it,
	const struct tw_advice (*advice)[TW_VERTICAL_RESOURCES]);
struct tw_spec_step *tw_spec_step(struct tw_spec *spec, enum tw_step_kind kind,
	const struct tw_origin *origin);

/* Whether any step of any of these endpoints (name -> endpoint) needs a CPU. */
bool tw_spec_computes(const struct tw_map *endpoints);
/* Whether the service's pods are the workload's (tw_spec_link()). */
bool tw_spec_is_backed_by(const struct tw_spec_service *service,
	const struct tw_spec_workload *workload);

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
