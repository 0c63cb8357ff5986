/*
 * One side of a comparison, read whole: configuration, manifests and models
 * become a spec, the spec a model. What is wrong in its files is in diags,
 * all of it.
 */
#ifndef TW_COMMANDS_INPUT_SYSTEM_H
#define TW_COMMANDS_INPUT_SYSTEM_H

#include "harness/baseline/inputs.h"
#include "harness/commands/input/kustomize.h"
#include "harness/config/config.h"
#include "harness/files/files.h"
#include "harness/manifests/manifests.h"
#include "twins/model/model.h"

struct tw_system {
	struct tw_diags diags;
	struct tw_files *files;	       /* whose readings go to inputs */
	struct tw_kustomize kustomize; /* reads them untold */
	struct tw_inputs inputs;       /* what it was made from */
	const char *directory;	       /* on the disk; NULL: in git */
	struct tw_manifests *manifests;
	struct tw_spec *spec;
	struct tw_model *model; /* NULL: it could not be made */
	size_t edges;		/* that manifests gave and no model did */
};

void tw_system_init(struct tw_system *system);
void tw_system_release(struct tw_system *system);

/*
 * Reads what the topology of a configuration names, and what `which`
 * (candidate or baseline) names instead of it, from `files`, which the side
 * owns from now on. -1 where there were errors; what could be read is there.
 */
int tw_system_load(struct tw_system *system, struct tw_files *files,
	const char *directory, const struct tw_config *config,
	const struct tw_config_side *which);

/* The end of it, once manifests and models are in the spec: links them and
 * makes the model. */
int tw_system_compile(struct tw_system *system, const struct tw_config *config);

/*
 * A candidate stands where its baseline stood: calls whose addresses it lost
 * are severed, its replicas are placed after the baseline's. Doubts live in
 * the arena. -1: it cannot be compiled so.
 */
int tw_system_beside(struct tw_system *now, const struct tw_system *baseline,
	struct tw_arena *arena, struct tw_manifest_doubts *doubts);

#endif
