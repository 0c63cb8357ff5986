/*
 * Between scheduling.c, which replays what was recorded of a scheduler, and
 * scheduling_attempt.c, which compares one attempt.
 */
#ifndef TW_TESTS_CONFORMANCE_SCHEDULING_H
#define TW_TESTS_CONFORMANCE_SCHEDULING_H

#include "tests/conformance/system.h"

#include "twins/cluster/nodes.h"
#include "twins/cluster/workloads.h"

#define NOWHERE UINT32_MAX

struct workload {
	const char *name; /* of the object */
	uint32_t revision;
	size_t action; /* that made it */
	double start;  /* s after it is bound; < 0: never */
};

struct replay {
	struct conformance *c;
	struct system system;
	struct tw_model *model;
	struct tw_world world;
	TW_VEC(struct workload) workloads;
	struct tw_map pods; /* recorded name -> 1 + replica, as a pointer */
	struct tw_yaml *ops;
	size_t next_action;
	double offset; /* of the script's clock */
};

/* Is the text of this key in the mapping that one? */
bool replay_is(const struct tw_yaml *map, const char *key, const char *is);
/* NOWHERE, and a difference: there is none. */
uint32_t replay_node(const struct replay *it, const char *name);
/* TW_NONE: it was not seen. */
uint32_t replay_pod(const struct replay *it, const char *name);
/* One that is seen for the first time is made. */
uint32_t replay_pod_made(struct replay *it, const char *name);
void replay_bind(
	struct replay *it, const char *name, uint32_t replica, uint32_t node);

/* The operation `at`, an attempt: the twin's own, and what it says. */
void replay_attempt(struct replay *it, size_t at);

#endif
