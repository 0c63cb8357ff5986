/* `twinrig check --baseline REF`. */
#ifndef TW_COMMANDS_CHECK_AGAINST_H
#define TW_COMMANDS_CHECK_AGAINST_H

#include "harness/commands/command.h"

/* The exit status: 0 whatever differs, TW_EXIT_USAGE where there are errors,
 * TW_EXIT_RUN where the baseline cannot be read. */
int tw_check_against(const struct tw_cli *cli);

#endif
