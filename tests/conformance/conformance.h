/*
 * Conformance: what reference implementations answer, as data, put to the
 * code that a run uses. A folder holds a file a family:
 *
 *	{"family": F, "semantics": {...}, "cases": [{"name", "in", "want"}]}
 *
 * or, in folders of its own, whole runs that were recorded: {"case": NAME,
 * "inputs": {...}, "observed": {...}, "derived": {...}}; their family is
 * "recorded", their kind the folder's name, `in` their inputs and `want` what
 * was observed.
 *
 * An adapter reads `in`, asks the twin's own functions, and compares with
 * `want`. Files of our own are in tests/conformance/cases.
 */
#ifndef TW_TESTS_CONFORMANCE_H
#define TW_TESTS_CONFORMANCE_H

#include "harness/yaml/yaml.h"

struct conformance {
	struct tw_arena arena; /* of this case */
	struct tw_yaml *file;  /* the whole family, for what cases share */
	struct tw_yaml *in, *want;
	struct tw_buf difference; /* what an adapter found; empty: passed */
	const char *skipped; /* why the reference is not followed, or NULL */
};

/* One line of difference. */
void conformance_differs(struct conformance *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Compare, and tell where they differ. `what` names the value. */
void conformance_int(struct conformance *c, const char *what,
	const struct tw_yaml *want, int64_t got);
void conformance_bool(struct conformance *c, const char *what,
	const struct tw_yaml *want, bool got);
void conformance_text(struct conformance *c, const char *what,
	const struct tw_yaml *want, const char *got);

/* Of a mapping, with a default where the key is missing or null. */
int64_t conformance_get_int(
	const struct tw_yaml *map, const char *key, int64_t otherwise);
double conformance_get_real(
	const struct tw_yaml *map, const char *key, double otherwise);
bool conformance_get_bool(
	const struct tw_yaml *map, const char *key, bool otherwise);
const char *conformance_get_text(
	const struct tw_yaml *map, const char *key, const char *otherwise);

/* Adapters: a family, and NULL or the kind (`in.kind`) that it is for. */
struct conformance_adapter {
	const char *family, *kind;
	void (*run)(struct conformance *c);
};

/* Ends with a row whose family is NULL. */
extern const struct conformance_adapter conformance_deployment[];
extern const struct conformance_adapter conformance_endpoints[];
extern const struct conformance_adapter conformance_kubelet[];
extern const struct conformance_adapter conformance_networkpolicy[];
extern const struct conformance_adapter conformance_scheduler[];
extern const struct conformance_adapter conformance_envoy[];
extern const struct conformance_adapter conformance_hpa[];
extern const struct conformance_adapter conformance_hpa_sync[];
extern const struct conformance_adapter conformance_recorded_hpa[];
extern const struct conformance_adapter conformance_kayenta[];
extern const struct conformance_adapter conformance_argo[];

extern const struct conformance_adapter conformance_nodeloss[];
extern const struct conformance_adapter conformance_scheduling[];
extern const struct conformance_adapter conformance_eviction[];
extern const struct conformance_adapter conformance_rollout[];

#endif
