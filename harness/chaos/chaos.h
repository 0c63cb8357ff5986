/*
 * Experiments of other tools as faults: what a team already has need not be
 * written again.
 *
 *	Chaos Mesh   chaos-mesh.org/v1alpha1: PodChaos, NetworkChaos, HTTPChaos,
 *		     DNSChaos, StressChaos; Schedule with "@every" or "every N
 *		     minutes"; Workflow with Serial, Parallel, Suspend, Schedule
 *		     and these. Read from YAML, several documents a file.
 *	Toxiproxy    its configuration or what GET /proxies answers: proxies
 *		     with `enabled` and toxics. Read from JSON.
 *
 * What a file is shows by its content. What cannot be simulated is told with
 * its place: a warning where the rest of the experiment stands without it, an
 * error where nothing would be left. Experiments begin together, unless a
 * Workflow puts them in order; who reads a scenario shifts them (`at`) and
 * ends what has no end of its own (`lasts`).
 *
 * Pods are selected as Kubernetes does, by the labels of workloads' pods; of a
 * service without a workload (a model alone) by the labels app, name and
 * app.kubernetes.io/name, as if its pods had them with its name.
 */
#ifndef TW_HARNESS_CHAOS_H
#define TW_HARNESS_CHAOS_H

#include "twins/fault/fault.h"

struct tw_chaos_label {
	const char *key;
	TW_VEC(const char *) values; /* one of these */
	bool negated, exists;	     /* turned round; whatever the value */
};

/* Some pods, and the parameter of the fault that they are. */
struct tw_chaos_pods {
	const char *as; /* "service": these pods; "from", "to": services */
	struct tw_pos pos;
	TW_VEC(const char *) namespaces;
	TW_VEC(struct tw_chaos_label) labels;
	TW_VEC(const char *) names; /* globs of services or DNS names; or */
	TW_VEC(const char *) pods;  /* "namespace/pod" */
	bool dns;		    /* names are patterns of DNS names */
	const char *namespace_of;   /* of the experiment: where none is said */
};

struct tw_chaos_fault {
	const char *kind;
	struct tw_pos pos;
	TW_VEC(struct tw_fault_arg) args;
	tw_time at, lasts; /* lasts 0: no end of its own */
	tw_time every;	   /* 0: once */
	int64_t times;	   /* 0: as often as there is time */
	bool instant;	   /* has no length */
	struct tw_chaos_pods *sides[2];
	size_t n_sides;
};

TW_VEC_TYPE(tw_chaos_faults, struct tw_chaos_fault *);

/* Adds the faults of one file; all in the arena. -1 where an error was added
 * to diags. */
int tw_chaos_parse(struct tw_arena *arena, const char *file, const char *text,
	size_t n, struct tw_diags *diags, struct tw_chaos_faults *to);

/* Adds one to a scenario of this model, `at` later; open ends are `lasts` after
 * that (0: left open). -1 where an error was added. */
int tw_chaos_add(const struct tw_chaos_fault *fault, tw_time at, tw_time lasts,
	const struct tw_model *model, struct tw_scenario *to,
	struct tw_diags *diags);

#endif
