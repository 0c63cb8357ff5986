/*
 * The environment of a candidate: that of its own container, in which the
 * names of other Services become listeners on loopback.
 *
 * A value names a Service by its DNS name ("catalog", "catalog.shop",
 * "catalog.shop.svc.cluster.local"), alone, with a port, in a URL or in a list
 * of them. A bare "catalog" without a port counts only in a variable whose
 * name says that it is an address (…HOST, …ADDR, …URL, …), since "users" may
 * as well be the name of a database. X_HOST with a bare name takes X_PORT
 * along.
 *
 * Beside that: NAME_SERVICE_HOST, NAME_SERVICE_PORT and NAME_PORT of every
 * dependency, as the kubelet injects them; the candidate's own port in PORT,
 * in variables that hold the container's port, and wherever `{port}` stands.
 *
 * Of this program's own environment the candidate gets PATH, HOME, USER,
 * TMPDIR, LANG, TZ and LD_LIBRARY_PATH: no token of a pipeline reaches it
 * unless `env:` says so, and no proxy variable.
 */
#ifndef TW_LIVE_ENVIRONMENT_H
#define TW_LIVE_ENVIRONMENT_H

#include "twins/model/spec.h"

/* A Service that the candidate calls, by one of its ports. */
struct tw_live_dependency {
	const struct tw_spec_service *service;
	int64_t port;	   /* of the Service */
	uint16_t listener; /* on 127.0.0.1 */
};

TW_VEC_TYPE(tw_live_dependencies, struct tw_live_dependency);

/* Adds it unless it is there; port 0: the Service's first. */
void tw_live_depend(struct tw_live_dependencies *to,
	const struct tw_spec_service *service, int64_t port);

/* What is started: its container, NULL where no workload is known. */
const struct tw_spec_container *tw_live_container(
	const struct tw_spec_service *service);

/* Adds the Services that env values and arguments name. */
void tw_live_find_dependencies(const struct tw_spec *spec,
	const struct tw_spec_service *candidate,
	struct tw_live_dependencies *to);

/* The port that the container listens on; 0: nobody says. */
int64_t tw_live_container_port(const struct tw_spec_service *candidate);

struct tw_live_environment {
	struct tw_arena arena;
	TW_VEC(const char *) v;	      /* "NAME=value"; ends with NULL */
	TW_VEC(const char *) unknown; /* variables without a readable value */
};

/* `extra` (may be NULL) is what the person gave: it wins, and takes {port}. */
void tw_live_environment_init(struct tw_live_environment *environment,
	const struct tw_spec *spec, const struct tw_spec_service *candidate,
	const struct tw_live_dependencies *dependencies, uint16_t port,
	const struct tw_labels *extra);
void tw_live_environment_release(struct tw_live_environment *environment);

/* `text` with the candidate's port for each {port}; in the arena. */
const char *tw_live_fill_port(
	struct tw_arena *arena, const char *text, uint16_t port);

#endif
