/* What one run saw, as tables for a person. */
#ifndef TW_COMMANDS_RUN_TEXT_H
#define TW_COMMANDS_RUN_TEXT_H

#include "twins/observe/observation.h"

/* On standard output. */
void tw_run_text(
	const char *name, int64_t seed, const struct tw_observation *seen);

#endif
