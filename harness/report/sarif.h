/*
 * Findings as SARIF 2.1.0, for GitHub's code scanning and for editors.
 *
 * What GitHub asks of a file beyond the standard (docs, "SARIF support for code
 * scanning"): $schema and version; one run with tool.driver.name and rules with
 * an id, a shortDescription and a help text; of each result a ruleId, a message
 * and exactly one location with a relative URI and a region; at most 25,000
 * results a run. A twinrig run has at most 1000 of each severity.
 */
#ifndef TW_REPORT_SARIF_H
#define TW_REPORT_SARIF_H

#include "harness/gate/verdict.h"
#include "twins/base/error.h"

struct tw_sarif_rule {
	const char *id, *about; /* about: a noun phrase */
};

struct tw_sarif {
	const char *version;   /* of twinrig */
	const char *directory; /* that positions' files start from */
	const char *config;    /* where findings without a place are put */
	const struct tw_sarif_rule *rules; /* what is known of rules */
	size_t n_rules;
	TW_VEC(const struct tw_diag *) findings;
	const struct tw_gate_result *gate; /* NULL: none was made */
};

void tw_sarif_write(const struct tw_sarif *sarif, struct tw_buf *out);

#endif
