/*
 * Private to harness/manifests: the two kinds of patch that kustomize has.
 */
#ifndef TW_HARNESS_MANIFESTS_PATCH_H
#define TW_HARNESS_MANIFESTS_PATCH_H

#include "harness/yaml/yaml.h"

/*
 * Strategic merge (apimachinery strategicpatch): mappings merge, null
 * removes, `$patch: delete` and `replace` are obeyed, lists whose items have a
 * merge key merge by it and all others are replaced. `builtin` false: a
 * custom resource, whose lists are always replaced. Changes `target`, which
 * nothing else shares. False where the patch deletes the whole object.
 */
bool tw_patch_merge(struct tw_arena *arena, struct tw_yaml *target,
	const struct tw_yaml *patch, bool builtin);

/* RFC 6902: a list of {op, path, value | from}. -1 with an error that has the
 * operation's position. */
int tw_patch_json(struct tw_arena *arena, struct tw_yaml *target,
	const struct tw_yaml *operations, struct tw_error *error);

#endif
