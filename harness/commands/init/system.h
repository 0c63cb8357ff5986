/*
 * `twinrig init`, apart from the command line: reads what is here, drafts,
 * and writes the two files.
 */
#ifndef TW_COMMANDS_INIT_SYSTEM_H
#define TW_COMMANDS_INIT_SYSTEM_H

#include "twins/base/error.h"

struct tw_init {
	const char *directory;	     /* where twinrig.yaml will stand */
	const char *const *patterns; /* of manifests, relative to it; none:
				      * they are looked for */
	size_t n_patterns;
	const char *capture; /* relative to it; NULL: none */
	bool force;	     /* overwrite */
};

/* Findings go to diags, and what was done, for a person, to `told`. -1 where
 * an error was added; nothing is written then. */
int tw_init_system(const struct tw_init *init, struct tw_diags *diags,
	struct tw_buf *told);

#endif
