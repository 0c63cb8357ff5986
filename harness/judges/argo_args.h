/*
 * Arguments of an AnalysisTemplate: `{{args.name}}` stands for the value that
 * spec.args gives it. One without a value, which a Rollout would have given,
 * cannot be known here and is an error.
 */
#ifndef TW_JUDGES_ARGO_ARGS_H
#define TW_JUDGES_ARGO_ARGS_H

#include "harness/yaml/yaml.h"

struct tw_argo_args {
	struct tw_arena *arena;
	const struct tw_yaml *list; /* spec.args; NULL: none */
};

/* The node's text with its arguments put in; NULL with an error. */
const char *tw_argo_resolved(const struct tw_argo_args *args,
	const struct tw_yaml *node, struct tw_diags *diags);

#endif
