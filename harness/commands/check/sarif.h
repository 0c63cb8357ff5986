/* Findings of a verb as a SARIF file. */
#ifndef TW_COMMANDS_CHECK_SARIF_H
#define TW_COMMANDS_CHECK_SARIF_H

#include "harness/report/sarif.h"

/* Adds the findings of diags (sorted) but those that `known` has (NULL:
 * none). */
void tw_sarif_findings(struct tw_sarif *sarif, const struct tw_diags *diags,
	const struct tw_diags *known);
/* Writes it with what is known of rules; "-": standard output. 0, or an exit
 * status. */
int tw_sarif_file(struct tw_sarif *sarif, const char *path);

/* Where the files of findings are, as seen from the root of the repository that
 * `directory` is in; without one, as seen from where the program runs; "" that
 * root itself. Lives in the arena. */
const char *tw_findings_root(const char *directory, struct tw_arena *arena);

/* Whether diags hold a finding of the same rule and message. */
bool tw_finding_is_known(
	const struct tw_diags *diags, const struct tw_diag *diag);

#endif
