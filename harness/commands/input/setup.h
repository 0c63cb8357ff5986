/*
 * The configuration and where it stands: the root of everything relative.
 */
#ifndef TW_COMMANDS_INPUT_SETUP_H
#define TW_COMMANDS_INPUT_SETUP_H

#include "harness/commands/command.h"
#include "harness/config/config.h"
#include "harness/files/files.h"
#include "harness/plugin/plugin.h"

struct tw_setup {
	struct tw_diags diags;
	struct tw_config config;
	struct tw_plugins plugins; /* with those of --plugins */
	const char *directory;	   /* of the file; "." */
	const char *file;	   /* its name there */
};

/* Reads -c FILE or ./twinrig.yaml. -1 where there were errors: in diags. */
int tw_setup_open(struct tw_setup *setup, const struct tw_cli *cli);
void tw_setup_release(struct tw_setup *setup);

/* The working tree below the directory; NULL with an error in diags. */
struct tw_files *tw_setup_files(struct tw_setup *setup);

/* Prints findings to standard error: errors and warnings, notes too with
 * --verbose, errors alone with --quiet. */
void tw_diags_show(struct tw_diags *diags, const struct tw_cli *cli);

#endif
