/*
 * Rollouts that stand beside AnalysisTemplates: how many pods each step of the
 * canary gives to the new version, and in how many rounds of the controller.
 */
#ifndef TW_JUDGES_ARGO_ROLLOUT_H
#define TW_JUDGES_ARGO_ROLLOUT_H

#include "harness/yaml/yaml.h"

struct tw_argo_rollout {
	const char *name;
	const char *steps; /* a sentence */
	struct tw_pos pos;
};

/* A document of kind Rollout with a canary strategy; false: it is none. In the
 * arena. */
bool tw_argo_rollout_read(struct tw_arena *arena, const struct tw_yaml *doc,
	struct tw_argo_rollout *to);

#endif
