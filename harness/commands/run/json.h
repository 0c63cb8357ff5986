/*
 * What `twinrig run` saw, for programs (docs/json.md): one object a trial.
 * Only ever grows within one version; the same trial gives the same bytes.
 */
#ifndef TW_COMMANDS_RUN_JSON_H
#define TW_COMMANDS_RUN_JSON_H

#include "harness/json/writer.h"
#include "twins/observe/observation.h"

#define TW_RUN_JSON_VERSION 1

/* Appends the object of one trial to the array that is open in `writer`. */
void tw_run_json(struct tw_json_writer *writer, const char *scenario,
	uint64_t seed, const struct tw_observation *seen);

#endif
