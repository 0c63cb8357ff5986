/*
 * The kustomize program, else kubectl, for what we do not render of it
 * ourselves (harness/manifests/kustomize.h says what that is).
 */
#ifndef TW_COMMANDS_INPUT_KUSTOMIZE_H
#define TW_COMMANDS_INPUT_KUSTOMIZE_H

#include "harness/baseline/inputs.h"
#include "harness/files/files.h"
#include "harness/manifests/manifests.h"

struct tw_kustomize {
	struct tw_files *files;
	const char *directory;	  /* of them, on the disk; NULL: in git */
	struct tw_inputs *inputs; /* gets what it wrote; NULL: nobody does */
};

/* Before anything is added to the manifests; *it is used while that is. */
void tw_kustomize_use(struct tw_kustomize *it, struct tw_manifests *manifests);

#endif
