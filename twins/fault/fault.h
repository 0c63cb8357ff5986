/*
 * Faults: what goes wrong, when, and where. A kind is a file with a vtable
 * and a row in the list of fault.c; to add one changes nothing else.
 *
 * A fault says where by selectors (globs over names, several with commas
 * between; several selectors on one fault must all fit):
 *	service    replicas of it; calls to it
 *	endpoint   calls to it
 *	from, to   calls by its caller, to its callee ("outside" is a caller);
 *		   for a partition also zones
 *	replica, node, zone, region  the replicas there
 * and when by `at` (default 0s) and `for` (default: to the end of the run).
 * `after` counts `at` from the end of an earlier fault, called by its `name`
 * or "previous"; `every` and `times` make several of one.
 *
 * `mode` and `value` pick some of the replicas (nodes) that fit, others in each
 * run: those of service, replica, node and zone; else those of `from`; else
 * those of `to`. The words and what they pick are Chaos Mesh's (SelectorMode,
 * pkg/selector/generic: percentages are rounded down). Faults
 * of one name pick the same.
 *
 * `probability` is per try for what happens to calls (`unit: connection`: per
 * pair of replicas, thrown once), per arrival for surge, and per target for
 * what happens to replicas, nodes and zones. Draws are keyed by a hash of what
 * the person wrote and by the try or the target, so a fault hits the same
 * requests on both sides of a comparison.
 */
#ifndef TW_FAULT_FAULT_H
#define TW_FAULT_FAULT_H

#include "twins/model/model.h"

struct tw_effect;
struct tw_fault;
struct tw_world;

enum tw_param_type {
	TW_PARAM_DURATION,  /* "800ms" -> ns */
	TW_PARAM_RATIO,	    /* "5%", "0.05" */
	TW_PARAM_FACTOR,    /* "2x", "2" */
	TW_PARAM_STATUS,    /* 200..599 */
	TW_PARAM_FLAG,	    /* true, false */
	TW_PARAM_GLOB,	    /* a selector */
	TW_PARAM_NAME,	    /* a text */
	TW_PARAM_CHOICE,    /* integer: place in `choices` */
	TW_PARAM_COUNT,	    /* a whole number from 1 */
	TW_PARAM_WHOLE,	    /* a whole number from 0 */
	TW_PARAM_RATE,	    /* "100/s", "60/min" -> 1/s */
	TW_PARAM_BANDWIDTH, /* "10Mbit/s", "1MB/s" -> bytes/s */
	TW_PARAM_BYTES,	    /* "200Mi" */
	TW_PARAM_AMOUNT,    /* "3": integer; "30%": integer 0, real 0.3 */
};

enum tw_selector {
	TW_SELECT_SERVICE = 1 << 0,
	TW_SELECT_ENDPOINT = 1 << 1,
	TW_SELECT_FROM = 1 << 2,
	TW_SELECT_TO = 1 << 3,
	TW_SELECT_REPLICA = 1 << 4,
	TW_SELECT_NODE = 1 << 5,
	TW_SELECT_ZONE = 1 << 6,
	TW_SELECT_REGION = 1 << 7,
	TW_SELECT_WORKLOAD = 1 << 8,
};

struct tw_fault_param {
	const char *name;
	enum tw_param_type type;
	bool required;
	const char *otherwise; /* as a person would write it; NULL: none */
	const char *help;
	const char *const *choices; /* up to NULL */
};

struct tw_fault_kind {
	const char *name;
	const char *help;
	const struct tw_fault_param *params; /* beside the common ones */
	size_t n_params;
	unsigned selectors; /* enum tw_selector, or-ed: that it knows */
	unsigned needs;	    /* at least one of these; 0: none */
	bool instant;	    /* happens at once: `every` needs no `for` */
	bool zones;	    /* `from` and `to` may be zones */
	bool passage;	    /* happens to calls on their way: knows `unit` */
	bool manages;	    /* the control plane acts on it: the model must be
			     * managed (tw_spec_manage()) */
	/* What is not there for it to act on, or NULL; may be NULL. */
	const char *(*lacks)(
		const struct tw_fault *fault, const struct tw_model *model);
	/* Fills in fault->effect, and the end where `for` is not given. */
	void (*prepare)(struct tw_fault *fault, const struct tw_model *model);
	/* Before anything is in flight; may be NULL, as start and stop. */
	void (*setup)(const struct tw_fault *fault, struct tw_world *world);
	void (*start)(const struct tw_fault *fault, struct tw_world *world);
	void (*stop)(const struct tw_fault *fault, struct tw_world *world);
};

/* What a person wrote, key by key. */
struct tw_fault_arg {
	const char *name, *value;
	struct tw_pos name_pos, value_pos;
};

/* The value of a parameter: the one that its type says. */
struct tw_fault_value {
	bool given;	 /* false: it has its default, if there is one */
	int64_t integer; /* duration, status, flag, choice, count, amount */
	double real;	 /* ratio, factor, rate, bandwidth, amount */
	const char *text;
};

enum tw_fault_mode {
	TW_MODE_ALL,
	TW_MODE_ONE,
	TW_MODE_FIXED,
	TW_MODE_FIXED_PERCENT,
	TW_MODE_RANDOM_MAX_PERCENT,
};

struct tw_fault {
	const struct tw_fault_kind *kind;
	const char *name;   /* NULL: nobody named it */
	uint64_t turn;	    /* of `times`, from 0 */
	const char *label;  /* "latency to=shop/cart at=10s": for people */
	uint64_t hash;	    /* of its content: keys its draws */
	tw_time at, end;    /* end TW_NEVER: never ends */
	tw_time lasts;	    /* `for`; 0: not given */
	double probability; /* default 1 */
	const struct tw_fault_value *values; /* in the order of kind->params */
	/* Selectors, resolved. An array NULL: any. */
	const bool *callers;   /* by service; [n_services] is the outside */
	const bool *callees;   /* by service; [n_services] likewise */
	const bool *endpoints; /* by endpoint */
	const bool *replicas;  /* by replica, from `replica`, `service` */
	const bool *nodes;     /* by node, from `node` and `zone` */
	const bool *workloads; /* by workload of the model */
	const bool *from_zones, *to_zones; /* by zone; [n_zones] is the outside
					    */
	enum tw_fault_mode mode;
	const struct tw_fault_value *amount; /* of the mode */
	const bool *picks; /* by replica: that the mode picks from */
	bool picks_callers;
	struct tw_effect *effect; /* made of these; the kind adds the rest */
};

const struct tw_fault_kind *const *tw_fault_kinds(size_t *n);
/* NULL: there is none of that name. */
const struct tw_fault_kind *tw_fault_kind(const char *name);
/* The parameters that every kind has. */
const struct tw_fault_param *tw_fault_common(size_t *n);

/* A scenario: the faults of one timeline, compiled for one model. Read-only
 * once made; many twins may share it. */
struct tw_scenario {
	struct tw_arena arena;
	TW_VEC(struct tw_fault *) faults;
	tw_time start, end; /* of the first and last; TW_NEVER, 0: no faults */
};

void tw_scenario_init(struct tw_scenario *scenario);
void tw_scenario_release(struct tw_scenario *scenario);

/*
 * Adds a fault to the scenario; false where it is wrong: kinds, parameters,
 * values and selectors that are misspelt or fit nothing are all told, with
 * what may have been meant.
 */
bool tw_scenario_add(struct tw_scenario *scenario, const char *kind,
	struct tw_pos kind_pos, const struct tw_fault_arg *args, size_t n,
	const struct tw_model *model, struct tw_diags *diags);

#endif
