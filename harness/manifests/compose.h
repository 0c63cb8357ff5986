/*
 * Private to harness/manifests: Compose projects. A folder is a project; its
 * name is `name:`, COMPOSE_PROJECT_NAME of `.env`, the folder's own, or
 * "default". The services become objects of the group "compose".
 */
#ifndef TW_HARNESS_MANIFESTS_COMPOSE_H
#define TW_HARNESS_MANIFESTS_COMPOSE_H

#include "harness/manifests/interpolate.h"

TW_VEC_TYPE(tw_compose_paths, const char *);

struct tw_compose_project {
	const char *dir;
	struct tw_files *files;		 /* outlives tw_manifests_spec() */
	struct tw_compose_paths named;	 /* one by one, in order */
	struct tw_compose_paths passing; /* met by a glob or in a folder */
	struct tw_variables vars;
	struct tw_yaml *root; /* all files merged */
	const char *name;
};

/* A file, interpolated, its services in map form. NULL with an error. */
struct tw_yaml *tw_compose_load(struct tw_manifests *m,
	struct tw_compose_project *project, const char *path, struct tw_pos pos,
	struct tw_diags *diags);
/* Compose's merge of a later file, or of a service over the one that it
 * extends: mappings by key, lists of ports and the like one after the other,
 * commands and tests replaced. Changes `base`. */
void tw_compose_merge(
	struct tw_arena *arena, struct tw_yaml *base, struct tw_yaml *over);

#endif
