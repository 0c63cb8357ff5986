/*
 * `topology.render`: a command whose output are manifests. It runs on the
 * side's own tree: the directory itself, or a temporary copy of what git has
 * there, which is gone afterwards.
 */
#ifndef TW_COMMANDS_INPUT_RENDER_H
#define TW_COMMANDS_INPUT_RENDER_H

#include "harness/config/schema.h"
#include "harness/files/files.h"

/* Appends what the command wrote. `directory` NULL: the files are copied out.
 * -1 where it could not be run or failed: a finding at the command's place,
 * with the end of what it said. */
int tw_render(struct tw_files *files, const char *directory,
	const struct tw_texts *command, struct tw_buf *out,
	struct tw_diags *diags);

#endif
