/*
 * The system of a recorded run: its objects, which are JSON, written out as
 * manifests and read as a user's are, with a model's text beside them.
 */
#ifndef TW_TESTS_CONFORMANCE_SYSTEM_H
#define TW_TESTS_CONFORMANCE_SYSTEM_H

#include "tests/conformance/conformance.h"

#include "harness/config/config.h"
#include "harness/manifests/manifests.h"
#include "twins/twin.h"

struct system {
	struct conformance *c;
	struct tw_buf text;
	struct tw_files *files;
	struct tw_manifests *manifests;
	struct tw_diags diags;
	struct tw_spec *spec;
};

void system_init(struct system *s, struct conformance *c);
/* As it was, on one line: JSON is YAML. */
void system_write(const struct tw_yaml *node, struct tw_buf *to);
/* An object, or a list of them. */
void system_add(struct system *s, const struct tw_yaml *object);
/* After all objects: s->spec, under the control plane's care. */
void system_read(struct system *s, const char *model);
/* NULL, and a difference, where it cannot be compiled. */
struct tw_model *system_compile(struct system *s);
void system_release(struct system *s);

/* Is it a workload, or a Pod? */
bool system_makes_pods(const struct tw_yaml *object);
/* Annotations of an object's pods; NULL: none. */
struct tw_yaml *system_annotations(const struct tw_yaml *object);
/* `annotation`: seconds; `otherwise` where it is not there or no number. */
double system_seconds(const struct tw_yaml *annotations, const char *annotation,
	double otherwise);

/* Whose a pod is: "ReplicaSet/web-za-5d4d67d98d" is of "web-za",
 * "StatefulSet/db-za" of "db-za". */
const char *system_owner(struct conformance *c, const char *owner);

/* The revision of "default/name"; TW_NONE: none. */
uint32_t system_revision(const struct tw_model *model, const char *name);
/* The k-th pod of the revision stands on the node when a run begins. Not of a
 * DaemonSet, whose pods have theirs. */
void system_stand(struct tw_model *model, uint32_t revision, uint32_t k,
	const char *node);

/* An observer's run that nobody sends requests to. */
bool system_no_arrivals(void *context, struct tw_arrival *arrival);

#endif
