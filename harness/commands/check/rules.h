/*
 * What `check` may find, and what other readings tell with a rule's name: one
 * line each, for `check --list`, the manual and SARIF.
 */
#ifndef TW_COMMANDS_CHECK_RULES_H
#define TW_COMMANDS_CHECK_RULES_H

#include "harness/report/sarif.h"

TW_VEC_TYPE(tw_rules, struct tw_sarif_rule);

/* Every one, by name; released by the caller. */
struct tw_rules tw_rules_all(void);
/* As text, a line each. */
void tw_rules_list(struct tw_buf *out);

#endif
